//! Identity, history and classification.

use super::{Context, length};
use crate::model::head::{Classification, Day, Difficulty, Head, Review, Version};
use crate::model::taxonomy::{
    Bloom, Kind, Knowledge, Level, Mode, Phase, Principle, Status, Track, Zone,
};
use crate::model::{Topic, misconceptions::format_is_one};
use crate::read::{At, Table};

pub(super) fn kind(top: &Table<'_, '_>) -> Option<Kind> {
    top.need_keyword("kind")
}

pub(super) fn head(top: &Table<'_, '_>, context: Context<'_>, kind: Option<Kind>) -> Option<Head> {
    format_is_one(top);
    let report = |code, line, what: String, fix: &str| top.source().report(code, line, what, fix);
    let id = top.need_string("id");
    if let Some(id) = &id {
        if !is_id(&id.value) {
            let what = format!("`{}` is no identifier", id.value);
            report(
                "V-ID",
                id.line,
                what,
                "4 to 60 characters: lower case words and digits joined by hyphens",
            );
        }
        let stem = top.source().path().rsplit('/').next().and_then(|f| f.strip_suffix(".toml"));
        if stem != Some(id.value.as_str()) {
            let what = format!("`{}` stands in `{}`", id.value, top.source().path());
            report("V-ID-FILE", id.line, what, "name the file after the id");
        }
    }
    let version = top.need_string("version").and_then(|text| {
        let version = Version::parse(&text.value);
        if version.is_none() {
            report(
                "V-VERSION",
                text.line,
                format!("`{}` is no version", text.value),
                "write `1.0.0`",
            );
        }
        version
    });
    let title = top.need_string("title");
    if let Some(title) = &title {
        length(top, "V-TITLE", "the title", title, 4, 80);
        if title.value.trim_end().ends_with('.') {
            report("V-TITLE", title.line, "the title ends with a full stop".to_owned(), "drop it");
        }
    }
    let status = top.need_keyword::<Status>("status");
    let license = top.need_string("license");
    if let Some(license) = license.as_ref().filter(|l| !context.licenses.contains(&l.value)) {
        let what = format!("license `{}` is not allowed in this bank", license.value);
        report("V-LICENSE", license.line, what, &format!("one of {}", context.licenses.join(", ")));
    }
    let origin = top.need_keyword("origin");
    let contributor = top.string("contributor").map(|c| c.value);
    if origin == Some(crate::model::taxonomy::Origin::Contributed) && contributor.is_none() {
        report(
            "V-ORIGIN",
            top.line(),
            "contributed by nobody".to_owned(),
            "name the `contributor`",
        );
    }
    let authors = top.need("authors", top.strings("authors"));
    if let Some(authors) = authors.as_ref().filter(|a| a.value.is_empty()) {
        report("V-AUTHORS", authors.line, "no author".to_owned(), "name at least one");
    }
    let authors: Option<Vec<String>> =
        authors.map(|a| a.value.into_iter().map(|a| a.value).collect());
    let created = top.need("created", day(top, "created"));
    let updated = top.need("updated", day(top, "updated"));
    if let (Some(created), Some(updated)) = (&created, &updated)
        && updated.value < created.value
    {
        report(
            "V-DATE",
            updated.line,
            "updated before it was created".to_owned(),
            "correct the dates",
        );
    }
    let reviewed = review(top, authors.as_deref().unwrap_or_default());
    if status == Some(Status::Published) && reviewed.is_none() {
        report("V-REVIEW", top.line(), "published without review".to_owned(), "add `reviewed`");
    }
    Some(Head {
        id: id?.value,
        version: version?,
        kind: kind?,
        title: title?.value,
        status: status?,
        license: license?.value,
        origin: origin?,
        contributor,
        authors: authors?,
        created: created?.value,
        updated: updated?.value,
        reviewed,
    })
}

fn is_id(id: &str) -> bool {
    (4..=60).contains(&id.len()) && is_kebab(id)
}

fn is_kebab(text: &str) -> bool {
    text.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn day(top: &Table<'_, '_>, key: &str) -> Option<At<Day>> {
    top.date(key).map(|At { value: d, line }| At {
        value: Day { year: d.year, month: d.month, day: d.day },
        line,
    })
}

fn review(top: &Table<'_, '_>, authors: &[String]) -> Option<Review> {
    let table = top.table("reviewed")?;
    let by = table.need_string("by");
    let on = table.need("on", day(&table, "on"));
    let note = table.need_string("note");
    table.finish();
    if let Some(by) = by.as_ref().filter(|by| authors.contains(&by.value)) {
        let what = format!("`{}` reviewed their own template", by.value);
        top.source().report("V-REVIEW", by.line, what, "ask somebody else");
    }
    Some(Review { by: by?.value, on: on?.value, note: note?.value })
}

pub(super) fn classification(top: &Table<'_, '_>, kind: Kind) -> Option<Classification> {
    let report = |code, line, what: String, fix: &str| top.source().report(code, line, what, fix);
    let tracks = top.need("tracks", top.keywords::<Track>("tracks"));
    let level = top.need_keyword::<Level>("level");
    let area = top.need("area", top.keyword("area"));
    let topic = top.need("topic", top.keyword::<Topic>("topic"));
    let zone = top.need("zone", top.keyword::<Zone>("zone"));
    let bloom = top.need("bloom", top.keyword::<Bloom>("bloom"));
    let mode = top.need_keyword::<Mode>("mode");
    let phase = top.need_keyword::<Phase>("phase");
    let walls = top.numbers("walls");
    let walls = if kind == Kind::Numeric { top.need("walls", walls) } else { walls };
    let time = top.need("time_s", top.integer("time_s"));
    if let (Some(area), Some(topic)) = (&area, &topic)
        && topic.value.area() != area.value
    {
        let what = format!("topic `{}` is not in area `{}`", topic.value, area.value);
        report("V-TOPIC-AREA", topic.line, what, &format!("its area is `{}`", topic.value.area()));
    }
    if let Some(tracks) = &tracks {
        if tracks.value.is_empty() {
            report("V-TRACKS", tracks.line, "no track".to_owned(), "name at least one");
        }
        for (i, track) in tracks.value.iter().enumerate() {
            if tracks.value[..i].contains(track) {
                report("V-TRACKS", tracks.line, format!("track `{track}` twice"), "name it once");
            }
            if let Some(topic) = topic.as_ref().filter(|t| !t.value.applies_to(*track)) {
                let what = format!("topic `{}` does not apply to track `{track}`", topic.value);
                report("V-NOT-APPLICABLE", tracks.line, what, "drop the track or change the topic");
            }
        }
    }
    if let (Some(zone), Some(bloom)) = (&zone, &bloom)
        && !zone.value.admits(bloom.value)
    {
        let what = format!("zone `{}` does not admit `{}`", zone.value, bloom.value);
        let verbs: Vec<&str> =
            Bloom::ALL.iter().filter(|b| zone.value.admits(**b)).map(|b| b.name()).collect();
        report("V-ZONE-BLOOM", bloom.line, what, &format!("it admits {}", verbs.join(", ")));
    }
    let mut numbers = Vec::new();
    if let Some(walls) = &walls {
        if walls.value.is_empty() && kind == Kind::Numeric {
            report(
                "V-WALL",
                walls.line,
                "no wall".to_owned(),
                "a numeric template names at least one",
            );
        }
        for wall in &walls.value {
            match (1..=22_u8).find(|n| (f64::from(*n) - wall.value).abs() < 1e-9) {
                Some(n) => numbers.push(n),
                None => report(
                    "V-WALL",
                    wall.line,
                    format!("there is no wall {}", wall.value),
                    "1 to 22",
                ),
            }
        }
    }
    let seconds = time.as_ref().and_then(|t| u32::try_from(t.value).ok());
    if let Some(time) = &time
        && !seconds.is_some_and(|s| (20..=3600).contains(&s))
    {
        report("V-TIME", time.line, format!("{} s of answer time", time.value), "20 to 3600 s");
    }
    let tags = tags(top);
    let principles = top.keywords::<Principle>("principles").map_or_else(Vec::new, |p| p.value);
    let knowledge = top.keywords::<Knowledge>("knowledge").map_or_else(Vec::new, |k| k.value);
    let difficulty = top.table("difficulty").and_then(|table| difficulty(&table));
    Some(Classification {
        tracks: tracks?.value,
        level: level?,
        area: area?.value,
        topic: topic?.value,
        zone: zone?.value,
        bloom: bloom?.value,
        mode: mode?,
        phase: phase?,
        walls: numbers,
        principles,
        knowledge,
        tags,
        time_s: seconds?,
        difficulty,
    })
}

fn tags(top: &Table<'_, '_>) -> Vec<String> {
    let Some(list) = top.strings("tags") else {
        return Vec::new();
    };
    let report = |line, what: String, fix: &str| top.source().report("V-TAGS", line, what, fix);
    if list.value.len() > 8 {
        report(list.line, format!("{} tags", list.value.len()), "eight at most");
    }
    for tag in &list.value {
        // `chapter:kv-cache` names where a course uses the question.
        let sound = tag.value.split(':').count() <= 2 && tag.value.split(':').all(is_kebab);
        if !sound {
            let what = format!("`{}` is no tag", tag.value);
            report(tag.line, what, "lower case words and digits joined by hyphens");
        }
    }
    list.value.into_iter().map(|t| t.value).collect()
}

fn difficulty(table: &Table<'_, '_>) -> Option<Difficulty> {
    let number = |key, default| table.number(key).map_or(default, |n| n.value);
    let (a, b, c) = (number("a", 1.0), number("b", 0.0), number("c", 0.0));
    table.finish();
    let found = Difficulty::new(a, b, c);
    if found.is_none() {
        let what = format!("difficulty a = {a}, b = {b}, c = {c}");
        let fix = "a within 0.3 to 3, b within -4 to 4, c within 0 to 0.5";
        table.source().report("V-IRT", table.line(), what, fix);
    }
    found
}
