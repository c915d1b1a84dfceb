//! What a bank has, held against what a useful bank needs.
//!
//! ```
//! use staffml_bank::Bank;
//! use staffml_bank::bank::stats::Group;
//!
//! let tally = Bank::embedded().tally();
//! let memory = tally.iter().find(|line| line.group == Group::Area && line.name == "memory, cloud");
//! assert_eq!(memory.map(|line| line.need), Some(14));
//! ```

use serde::Serialize;

use super::Bank;
use super::quota::{
    Bound, CHAINS, ENTRY_LEVELS, FAMILY, TOPIC, WALL, chain_quota, kind_share, level_quota, quota,
};
use crate::model::taxonomy::{Area, Kind, Level, Status, Tier, Track, WALLS};
use crate::model::{Template, Topic};
use crate::sched::prerequisites;

/// What a [`Tally`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Group {
    /// Questions of an area on a track.
    Area,
    /// Questions of a level on a track.
    Level,
    /// Questions of a kind, as a share of all.
    Kind,
    /// Numeric questions of a wall.
    Wall,
    /// Levels on which a wall has numeric questions.
    WallLevels,
    /// Questions of a topic.
    Topic,
    /// Levels of a topic without prerequisites.
    EntryLevels,
    /// Primary chains, all or those of a track.
    Chain,
    /// Questions that declare a wrong turn of a family.
    Family,
}

impl Group {
    /// All groups, in the order of a tally.
    pub const ALL: [Self; 9] = [
        Self::Area,
        Self::Level,
        Self::Kind,
        Self::Wall,
        Self::WallLevels,
        Self::Topic,
        Self::EntryLevels,
        Self::Chain,
        Self::Family,
    ];

    /// Returns what is counted, as a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Area => "Questions by area and track",
            Self::Level => "Questions by level and track",
            Self::Kind => "Share of each kind",
            Self::Wall => "Numeric questions of each wall",
            Self::WallLevels => "Levels of the numeric questions of each wall",
            Self::Topic => "Questions of each topic",
            Self::EntryLevels => "Levels of each topic that has no prerequisites",
            Self::Chain => "Primary chains",
            Self::Family => "Questions that declare a wrong turn of each family",
        }
    }
}

/// One count with its quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tally {
    /// What is counted.
    pub group: Group,
    /// Of what: `memory, cloud`, `numeric`, `3 software`.
    pub name: String,
    /// How many there are.
    pub have: u32,
    /// Of how many, where the quota is a share of them.
    pub of: Option<u32>,
    /// How many there should be; for a share, in percent.
    pub need: u32,
    /// On which side of `need` a bank should be.
    pub bound: Bound,
}

impl Tally {
    fn least(group: Group, name: impl Into<String>, have: u32, need: u32) -> Self {
        Self { group, name: name.into(), have, of: None, need, bound: Bound::AtLeast }
    }

    /// Returns whether the quota is missed.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.missing() > 0
    }

    /// Returns how many more are needed to meet the quota: for a share that is too large, how many of the others.
    #[must_use]
    pub fn missing(&self) -> u32 {
        let (have, need) = (u64::from(self.have), u64::from(self.need));
        let n = match (self.of.map(u64::from), self.bound) {
            (None, Bound::AtLeast) => need.saturating_sub(have),
            (None, Bound::AtMost) => have.saturating_sub(need),
            (Some(0), Bound::AtLeast) => 1,
            // (have + n) / (of + n) >= need / 100
            (Some(of), Bound::AtLeast) => {
                (of * need).saturating_sub(100 * have).div_ceil(100_u64.saturating_sub(need).max(1))
            }
            // have / (of + n) <= need / 100
            (Some(of), Bound::AtMost) => {
                (100 * have).saturating_sub(of * need).div_ceil(need.max(1))
            }
        };
        u32::try_from(n).unwrap_or(u32::MAX)
    }
}

impl Bank {
    /// Returns every quota of a useful bank with what this one has, by group. Retired questions do not count.
    #[must_use]
    pub fn tally(&self) -> Vec<Tally> {
        let live: Vec<&Template> = self
            .templates()
            .iter()
            .map(AsRef::as_ref)
            .filter(|t| t.head.status != Status::Retired)
            .collect();
        let mut out = Vec::new();
        for area in Area::ALL {
            for track in Track::ALL {
                let is = |t: &Template| t.class.area == *area && t.class.tracks.contains(track);
                let name = format!("{area}, {track}");
                out.push(Tally::least(Group::Area, name, count(&live, is), quota(*area, *track)));
            }
        }
        for level in Level::ALL {
            for track in Track::ALL {
                let is = |t: &Template| t.class.level == *level && t.class.tracks.contains(track);
                let need = level_quota(*level, *track);
                let name = format!("{level}, {track}");
                out.push(Tally::least(Group::Level, name, count(&live, is), need));
            }
        }
        for kind in Kind::ALL {
            let (bound, need) = kind_share(*kind);
            let have = count(&live, |t| t.head.kind == *kind);
            let (name, of) = (kind.name().to_owned(), Some(count(&live, |_| true)));
            out.push(Tally { group: Group::Kind, name, have, of, need, bound });
        }
        let walls = || (1_u8..).zip(WALLS).map(|(n, name)| (n, format!("{n} {name}")));
        let is_of =
            |t: &Template, n: u8| t.head.kind == Kind::Numeric && t.class.walls.contains(&n);
        for (n, name) in walls() {
            out.push(Tally::least(Group::Wall, name, count(&live, |t| is_of(t, n)), WALL.0));
        }
        for (n, name) in walls() {
            out.push(Tally::least(Group::WallLevels, name, levels(&live, |t| is_of(t, n)), WALL.1));
        }
        for topic in Topic::ALL {
            let have = count(&live, |t| t.class.topic == *topic);
            out.push(Tally::least(Group::Topic, topic.name(), have, TOPIC));
        }
        for topic in Topic::ALL.iter().filter(|t| prerequisites(**t).is_empty()) {
            let have = levels(&live, |t| t.class.topic == *topic);
            out.push(Tally::least(Group::EntryLevels, topic.name(), have, ENTRY_LEVELS));
        }
        let primary = self.chains().iter().filter(|c| c.tier == Tier::Primary);
        out.push(Tally::least(Group::Chain, "all tracks", number(primary.clone().count()), CHAINS));
        for track in Track::ALL {
            let have = number(primary.clone().filter(|c| c.track == *track).count());
            out.push(Tally::least(Group::Chain, track.name(), have, chain_quota(*track)));
        }
        for family in self.misconceptions.families() {
            let declares = |t: &Template| {
                t.body.misconceptions().iter().any(|(_, declared)| declared.id == family.id)
            };
            out.push(Tally::least(
                Group::Family,
                family.id.as_str(),
                count(&live, declares),
                FAMILY,
            ));
        }
        out
    }
}

fn count(live: &[&Template], is: impl Fn(&Template) -> bool) -> u32 {
    number(live.iter().filter(|t| is(t)).count())
}

/// How many levels the questions stand on.
fn levels(live: &[&Template], is: impl Fn(&Template) -> bool) -> u32 {
    let on = |level: &&Level| live.iter().any(|t| t.class.level == **level && is(t));
    number(Level::ALL.iter().filter(on).count())
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use toml::{Table, Value};

    use super::*;
    use crate::bank::embedded::FILES;

    /// Everything that a tree of TOML declares as a misconception.
    fn declared(value: &Value, out: &mut BTreeSet<String>) {
        match value {
            Value::Table(table) => {
                for (key, inner) in table {
                    match inner {
                        Value::String(id) if key == "misconception" => {
                            out.insert(id.clone());
                        }
                        Value::Array(list) if key == "misconception" => {
                            let ids = list.iter().filter_map(|m| m.get("id")?.as_str());
                            out.extend(ids.map(str::to_owned));
                        }
                        _ => {}
                    }
                    declared(inner, out);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| declared(inner, out)),
            _ => {}
        }
    }

    /// Counts the shipped files as plain TOML, without model and query: group and name to number.
    fn counted() -> BTreeMap<(String, String), u32> {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let mut out: BTreeMap<(String, String), u32> = BTreeMap::new();
        let mut on: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        let registry = FILES.iter().find(|(path, _)| *path == "misconceptions.toml").unwrap().1;
        let registry = table(registry);
        for (path, text) in FILES {
            let mut add = |group: &str, name: String| {
                *out.entry((group.to_owned(), name)).or_default() += 1;
            };
            let file = table(text_of(path, text));
            let word = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            if path.starts_with("chains/") && word("tier") == "primary" {
                add("Chain", "all tracks".to_owned());
                add("Chain", word("track"));
            }
            if !path.starts_with("q/") {
                continue;
            }
            add("n", String::new());
            for track in file["tracks"].as_array().unwrap() {
                let track = track.as_str().unwrap();
                add("Area", format!("{}, {track}", word("area")));
                add("Level", format!("{}, {track}", word("level")));
            }
            add("Kind", word("kind"));
            add("Topic", word("topic"));
            let mut stands = |group: &str, name: String| {
                on.entry((group.to_owned(), name)).or_default().insert(word("level"));
            };
            stands("EntryLevels", word("topic"));
            if word("kind") == "numeric" {
                for wall in file["walls"].as_array().unwrap() {
                    let n = usize::try_from(wall.as_integer().unwrap()).unwrap();
                    let name = format!("{n} {}", WALLS[n - 1]);
                    add("Wall", name.clone());
                    stands("WallLevels", name);
                }
            }
            let mut ids = BTreeSet::new();
            declared(&Value::Table(file), &mut ids);
            for family in registry["family"].as_array().unwrap() {
                let members = family["members"].as_array().unwrap();
                if members.iter().any(|m| ids.contains(m.as_str().unwrap())) {
                    add("Family", family["id"].as_str().unwrap().to_owned());
                }
            }
        }
        out.extend(on.into_iter().map(|(key, levels)| (key, number(levels.len()))));
        out
    }

    /// The register of ids is no TOML.
    fn text_of<'t>(path: &str, text: &'t str) -> &'t str {
        if path.ends_with(".toml") { text } else { "" }
    }

    #[test]
    fn the_shipped_bank_is_counted_as_its_files_are() {
        let (bank, by_hand) = (Bank::embedded(), counted());
        assert!(bank.templates().iter().all(|t| t.head.status != Status::Retired));
        let n = by_hand[&("n".to_owned(), String::new())];
        for line in bank.tally() {
            let key = (format!("{:?}", line.group), line.name.clone());
            let have = by_hand.get(&key).copied().unwrap_or(0);
            assert_eq!(line.have, have, "{key:?}");
            assert_eq!(line.of, (line.group == Group::Kind).then_some(n), "{key:?}");
        }
    }

    #[test]
    fn a_tally_has_every_quota_once() {
        let tally = Bank::embedded().tally();
        let n = |group| tally.iter().filter(|line| line.group == group).count();
        // 13 areas and 6 levels on 5 tracks, 5 kinds, 22 walls, 87 topics, 12 of them entries, 24 families.
        assert_eq!(Group::ALL.map(n), [65, 30, 5, 22, 22, 87, 12, 6, 24]);
        let names: BTreeSet<(String, &str)> =
            tally.iter().map(|l| (format!("{:?}", l.group), l.name.as_str())).collect();
        assert_eq!(names.len(), tally.len());
    }

    /// The tally of a bank with only these of the shipped templates.
    fn small(ids: &[&str]) -> Vec<Tally> {
        Bank::embedded().only(ids).tally()
    }

    #[test]
    fn a_small_bank_misses_each_quota() {
        let (choice, card) = (small(&["c04-idle-multipliers"]), small(&["r13-bytes-per-format"]));
        for (one, two) in choice.iter().zip(&card) {
            assert!(one.is_short() || two.is_short() || one.need == 0, "{one:?}, {two:?}");
        }
        let kinds = |tally: &[Tally]| {
            let short = tally.iter().filter(|l| l.group == Group::Kind && l.is_short());
            short.map(|l| l.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&choice), ["numeric", "choice", "multi", "open"]);
        assert_eq!(kinds(&card), ["numeric", "recall", "multi", "open"]);
        assert!(small(&[]).iter().all(|l| l.is_short() || l.need == 0 || l.bound == Bound::AtMost));
    }

    #[test]
    fn what_is_missing_meets_the_quota_and_one_less_does_not() {
        for (bound, need) in [(Bound::AtLeast, 65), (Bound::AtMost, 15)] {
            for of in 0..60 {
                for have in 0..=of {
                    let line = |n: u32| {
                        let more = if bound == Bound::AtLeast { n } else { 0 };
                        let (have, of) = (have + more, Some(of + n));
                        let name = String::new();
                        Tally { group: Group::Kind, name, have, of, need, bound }
                    };
                    let n = line(0).missing();
                    assert_eq!(line(n).missing(), 0, "{have} of {of}");
                    assert!(n == 0 || line(n - 1).is_short(), "{have} of {of}");
                }
            }
        }
        let line = Tally::least(Group::Topic, "x", 1, 3);
        assert_eq!((line.missing(), line.is_short()), (2, true));
    }
}
