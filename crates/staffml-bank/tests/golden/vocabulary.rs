//! `taxonomy` and `misconceptions`: the closed lists are complete and in agreement.

use serde_json::Value;
use staffml_bank::model::taxonomy::{Area, Bloom, Level, Mode, Track, WALLS, Zone};
use staffml_bank::model::{Misconceptions, Topic};

use crate::report::{Report, each};

fn same<T: PartialEq + core::fmt::Debug>(got: &[T], want: &[T]) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{got:?} instead of {want:?}")) }
}

fn words(data: &Value) -> Vec<&str> {
    each(data).filter_map(|(_, v)| v.as_str()).collect()
}

pub(crate) fn taxonomy(report: &mut Report, data: &Value) {
    let names = |all: &[Track]| all.iter().map(|w| w.name()).collect::<Vec<_>>();
    report.case("tracks", same(&names(Track::ALL), &words(&data["tracks"])));
    let levels: Vec<&str> = Level::ALL.iter().map(|w| w.name()).collect();
    report.case("levels", same(&levels, &words(&data["levels"])));
    let areas: Vec<&str> = Area::ALL.iter().map(|w| w.name()).collect();
    report.case("areas", same(&areas, &words(&data["areas"])));
    let modes: Vec<&str> = Mode::ALL.iter().map(|w| w.name()).collect();
    report.case("modes", same(&modes, &words(&data["modes"])));
    report.case("walls", same(&WALLS, &words(&data["walls"])));
    let zones = data["zones"].as_object().cloned().unwrap_or_default();
    report.case(
        "zones",
        if zones.len() == Zone::ALL.len() { Ok(()) } else { Err("another number".into()) },
    );
    for (name, verbs) in &zones {
        let admitted = Zone::from_name(name).map(|zone| {
            Bloom::ALL.iter().filter(|b| zone.admits(**b)).map(|b| b.name()).collect::<Vec<_>>()
        });
        report.case(&format!("zone {name}"), same(&admitted.unwrap_or_default(), &words(verbs)));
    }
    let topics = data["topics"].as_object().cloned().unwrap_or_default();
    report.case(
        "topics",
        if topics.len() == Topic::ALL.len() { Ok(()) } else { Err("another number".into()) },
    );
    for (name, place) in &topics {
        let outcome =
            Topic::from_name(name).ok_or_else(|| "unknown".to_owned()).and_then(|topic| {
                same(&[topic.area().name()], &[place["area"].as_str().unwrap_or_default()])?;
                let mut tracks = words(&place["tracks"]);
                tracks.push("global");
                for track in Track::ALL {
                    if topic.applies_to(*track) != tracks.contains(&track.name()) {
                        return Err(format!("track {track}"));
                    }
                }
                Ok(())
            });
        report.case(&format!("topic {name}"), outcome);
    }
}

pub(crate) fn misconceptions(report: &mut Report, data: &Value) {
    let registry = Misconceptions::embedded();
    let n = registry.families().map(|f| f.members.len()).sum::<usize>();
    let listed = each(data).count();
    report
        .case("number", if n == listed { Ok(()) } else { Err(format!("{n} instead of {listed}")) });
    for (_, entry) in each(data) {
        let id = entry["id"].as_str().unwrap_or_default();
        let family = registry.family_of(id).map_or("none", |f| f.id.as_str());
        report.case(id, same(&[family], &[entry["family"].as_str().unwrap_or_default()]));
    }
}

pub(crate) fn families(report: &mut Report, data: &Value) {
    let registry = Misconceptions::embedded();
    for (id, entry) in data.as_object().into_iter().flatten() {
        let outcome = registry
            .families()
            .find(|f| f.id == *id)
            .ok_or_else(|| "unknown".to_owned())
            .and_then(|f| {
                same(&[f.what.as_str()], &[entry["what_went_wrong"].as_str().unwrap_or_default()])?;
                same(&[f.remedy.as_str()], &[entry["remedy"].as_str().unwrap_or_default()])?;
                same(
                    &f.members.iter().map(String::as_str).collect::<Vec<_>>(),
                    &words(&entry["members"]),
                )
            });
        report.case(id, outcome);
    }
}
