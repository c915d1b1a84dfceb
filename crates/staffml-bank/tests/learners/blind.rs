//! Planted blind spots: topics a learner is sure of and gets wrong.
//!
//! Everywhere else the learner is right with the probability of a Rasch model whose skill varies by topic, and states a
//! confidence that follows it with noise. In a blind spot they are right one time in seven and as sure as somebody who
//! knows. They practice six weeks, twenty questions a day, chosen by the crate: on a track of some 85 topics that is about ten
//! answers for each. In two weeks one topic in five is asked once or never, and nobody could know what is wrong with it.

use std::sync::Arc;

use staffml_bank::Bank;
use staffml_bank::log::{Answer, DeviceId, Event, EventId, Moment, Outcome, TemplateRef};
use staffml_bank::model::Topic;
use staffml_bank::model::taxonomy::Track;
use staffml_bank::sched::{Aim, CONFIDENCES, Catalog, Performance};
use staffml_bank::session::{GapKind, gaps};
use staffml_bank::state::{Filter, State};

use crate::{Chance, is_long, logistic, share};

const DAYS: i64 = 42;
const PER_DAY: i64 = 20;
/// Right answers in a blind spot.
const BLIND: f64 = 0.15;

/// What is wrong with a learner, topic by topic.
struct Learner {
    skill: Vec<(Topic, f64)>,
    blind: Vec<Topic>,
}

/// Plays six weeks and returns the ranks of the planted topics in the first section of the report, from 1.
fn ranks(catalog: &Arc<Catalog>, bank: &Bank, seed: u64, planted: usize) -> Vec<Option<usize>> {
    let mut chance = Chance::new(seed);
    let on_track = |topic: &Topic| {
        catalog.items().iter().any(|i| i.topic == *topic && i.tracks.contains(&Track::Cloud))
    };
    let topics: Vec<Topic> = catalog.topics().iter().copied().filter(on_track).collect();
    let skill = topics.iter().map(|t| (*t, 0.3 + 0.8 * chance.normal())).collect();
    let mut learner = Learner { skill, blind: Vec::new() };
    while learner.blind.len() < planted {
        let topic = topics[chance.below(topics.len())];
        if !learner.blind.contains(&topic) {
            learner.blind.push(topic);
        }
    }
    let mut state = State::new(Arc::clone(catalog));
    state.allow_new(20);
    let filter = Filter::default().track(Track::Cloud);
    let mut seq = 0;
    let mut last = Moment::from_ms(0).study_day(0);
    for day in 0..DAYS {
        for n in 0..PER_DAY {
            let at = Moment::from_ms(1_772_352_000_000 + (day * 1440 + n * 3) * 60_000);
            last = at.study_day(0);
            let Ok(place) = state.next(&filter, last, Aim::Practice, &mut chance.0) else { break };
            seq += 1;
            let answer = answer(&learner, catalog, bank, place, &state, &mut chance);
            let id = EventId::new(at, u128::from(seq));
            state.apply(&Event::new(id, at, 0, DeviceId::new(1), seq, answer.into()));
        }
    }
    let report = gaps(&state, last, Some(Track::Cloud));
    let section: Vec<_> = report.iter().filter(|g| g.kind == GapKind::SureAndWrong).collect();
    let rank = |topic: &Topic| section.iter().position(|g| g.topic == Some(*topic)).map(|r| r + 1);
    learner.blind.iter().map(rank).collect()
}

fn answer(
    learner: &Learner,
    catalog: &Catalog,
    bank: &Bank,
    place: usize,
    state: &State,
    chance: &mut Chance,
) -> Answer {
    let item = &catalog.items()[place];
    let theta = learner.skill.iter().find(|(t, _)| *t == item.topic).map_or(0.0, |(_, s)| *s);
    let blind = learner.blind.contains(&item.topic);
    let p = if blind { BLIND } else { logistic(theta - item.difficulty) };
    // What it feels like: noisy everywhere, and in a blind spot like something one knows.
    let felt = if blind { 2.0 } else { theta - item.difficulty } + 0.7 * chance.normal();
    let felt = logistic(felt);
    let off = |f: &f64| (f - felt).abs();
    let confidence =
        CONFIDENCES.into_iter().min_by(|a, b| off(a).total_cmp(&off(b))).expect("five levels");
    let right = chance.happens(p);
    // Half of the wrong answers show a misconception of the item.
    let family = (!right && !item.families.is_empty() && chance.happens(0.5))
        .then(|| item.families[chance.below(item.families.len())]);
    let code = family.and_then(|f| {
        let family = bank.misconceptions.families().nth(f)?;
        Some(family.members[chance.below(family.members.len())].clone())
    });
    let outcome = match (right, &code) {
        (true, _) => Outcome::Correct,
        (false, Some(_)) => Outcome::Misconception,
        (false, None) => Outcome::Incorrect,
    };
    let class = if right {
        staffml_bank::grade::Class::Correct
    } else {
        staffml_bank::grade::Class::Incorrect
    };
    let time_s = item.time_s;
    let confidence_stated = Some(confidence);
    let (hints, tries, ms) = (0, 1, u64::from(time_s) * 1000);
    let performance =
        Performance { class: Some(class), hints, tries, ms, time_s, confidence: confidence_stated };
    let template = TemplateRef::new(&item.id, item.major);
    let mut answer = Answer::new(template, state.next_seed(place, 0), outcome, ms);
    answer.code = code.unwrap_or_default();
    answer.rated(performance.rating()).confident(confidence)
}

#[test]
fn planted_blind_spots_lead_the_gap_report() {
    let bank = Bank::embedded();
    let catalog = Arc::new(Catalog::of(&bank));
    let runs = if is_long() { 400 } else { 40 };
    for planted in [1, 3] {
        let found: Vec<Vec<Option<usize>>> =
            (0..runs).map(|seed| ranks(&catalog, &bank, 1000 + seed, planted)).collect();
        let top = |r: &Option<usize>| r.is_some_and(|r| r <= 3);
        let all = found.iter().filter(|run| run.iter().all(top)).count();
        let spots: Vec<&Option<usize>> = found.iter().flatten().collect();
        let single = spots.iter().filter(|r| top(r)).count();
        eprintln!(
            "blind spots, {planted} planted: all in the top 3 in {}; each in {}",
            share(all, found.len()),
            share(single, spots.len())
        );
        if planted == 1 {
            // The goal is nine in ten, and 400 runs, with a standard error of 1 %, are held to it. Forty have one of 3 to 5 %,
            // hence the distance. What is missed are topics of one hard item that practice hardly ever asks.
            let least = if is_long() { 90 } else { 80 };
            assert!(100 * all >= least * found.len(), "{all} of {}", found.len());
        }
    }
}
