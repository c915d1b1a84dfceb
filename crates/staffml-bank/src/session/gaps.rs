//! What a learner does not know that they do not know, and what closes each gap.
//!
//! Sections, in this order: sure and wrong · prerequisites never tried of what failed · cells never seen · mastered once
//! and now stale · right without confidence · areas with too few answers to say anything.
//! A gap closes when its cell is mastered, not with time.

use serde::Serialize;

use crate::bank::quota::quota;
use crate::log::StudyDay;
use crate::model::Topic;
use crate::model::taxonomy::{Area, Level, Track};
use crate::sched::{SURE, ancestors};
use crate::state::{CellState, State};

/// Answers an area needs before anything is said of it.
const ENOUGH: u32 = 5;
/// Right answers without confidence that make a topic lucky.
const LUCKY: u32 = 2;
/// Lines shown of cells never seen.
const UNSEEN: usize = 10;

/// What kind of gap it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GapKind {
    /// Sure and wrong.
    SureAndWrong,
    /// A prerequisite, never tried, of a topic that failed.
    Foundation,
    /// A cell never seen.
    Unseen,
    /// Mastered once, not remembered today.
    Stale,
    /// Right without confidence.
    Lucky,
    /// Too few answers in an area.
    Unknown,
}

impl GapKind {
    /// Returns the heading of its section.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::SureAndWrong => "Sure, and wrong",
            Self::Foundation => "Never tried, but needed by what went wrong",
            Self::Unseen => "Never seen",
            Self::Stale => "Mastered once, fading now",
            Self::Lucky => "Right without being sure",
            Self::Unknown => "Too few answers to say anything",
        }
    }
}

/// One gap.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Gap {
    /// What kind it is.
    pub kind: GapKind,
    /// The topic, or for [`GapKind::Unknown`] none.
    pub topic: Option<Topic>,
    /// The area.
    pub area: Area,
    /// The level, where it is about one cell.
    pub level: Option<Level>,
    /// Weight within its section; the list is ordered by it.
    pub weight: f64,
    /// What it is, in one clause.
    pub what: String,
    /// Families of misconceptions behind it, most frequent first.
    pub families: Vec<String>,
    /// The command that closes it.
    pub command: String,
}

/// Returns the gaps of a learner, section by section, the heaviest first. With a track, only its items count.
#[must_use]
pub fn gaps(state: &State, today: StudyDay, track: Option<Track>) -> Vec<Gap> {
    let look = Look { state, today, track };
    let mut out = look.sure_and_wrong();
    out.extend(look.foundations());
    out.extend(look.unseen());
    out.extend(look.stale());
    out.extend(look.lucky());
    out.extend(look.unknown());
    out
}

struct Look<'a> {
    state: &'a State,
    today: StudyDay,
    track: Option<Track>,
}

/// What the stated confidences of one topic say.
#[derive(Default)]
struct Tally {
    wrong: u32,
    sure: u32,
    confidence: f64,
    families: Vec<(usize, u32)>,
    lucky: u32,
    unsure: u32,
    failed: bool,
}

impl Look<'_> {
    fn is_mastered(&self, topic: Topic, level: Level) -> bool {
        self.state.cell_state(topic, level, self.today) == CellState::Mastered
    }

    /// Topics that have items on the track.
    fn topics(&self) -> Vec<Topic> {
        let on = |topic: &Topic| {
            self.state.catalog().items().iter().any(|item| {
                item.topic == *topic && self.track.is_none_or(|t| item.tracks.contains(&t))
            })
        };
        self.state.catalog().topics().iter().copied().filter(on).collect()
    }

    /// Stated confidences by topic; cells that are mastered by now are closed and left out.
    fn tallies(&self) -> Vec<(Topic, Tally)> {
        let mut closed: Vec<((Topic, Level), bool)> = Vec::new();
        let mut out: Vec<(Topic, Tally)> =
            self.topics().into_iter().map(|topic| (topic, Tally::default())).collect();
        for stated in self.state.stated() {
            let cell = (stated.topic, stated.level);
            let is_closed = match closed.iter().find(|(c, _)| *c == cell) {
                Some((_, is)) => *is,
                None => {
                    let is = self.is_mastered(stated.topic, stated.level);
                    closed.push((cell, is));
                    is
                }
            };
            let slot = out.iter_mut().find(|(topic, _)| *topic == stated.topic);
            let Some((_, tally)) = slot.filter(|_| !is_closed) else { continue };
            let sure = stated.confidence >= SURE;
            tally.sure += u32::from(sure);
            match (sure, stated.right) {
                (true, false) => {
                    tally.wrong += 1;
                    tally.confidence += stated.confidence;
                    if let Some(family) = stated.family {
                        match tally.families.iter_mut().find(|(f, _)| *f == family) {
                            Some((_, n)) => *n += 1,
                            None => tally.families.push((family, 1)),
                        }
                    }
                }
                (false, right) => {
                    tally.unsure += 1;
                    tally.lucky += u32::from(right);
                }
                (true, true) => {}
            }
            tally.failed |= !stated.right;
        }
        for (_, tally) in &mut out {
            tally.families.sort_by_key(|(f, n)| (core::cmp::Reverse(*n), *f));
        }
        out
    }

    fn name(&self, family: usize) -> Option<String> {
        Some(self.state.catalog().families().get(family)?.id.clone())
    }

    fn sure_and_wrong(&self) -> Vec<Gap> {
        let mut wrong = self.tallies();
        wrong.retain(|(_, tally)| tally.wrong > 0);
        // Of equally heavy ones, those that are wrong more often when sure come first.
        let share = |t: &Tally| f64::from(t.wrong) / f64::from(t.sure.max(1));
        wrong.sort_by(|a, b| share(&b.1).total_cmp(&share(&a.1)));
        let gap = |(topic, tally): (Topic, Tally)| {
            let mean = tally.confidence / f64::from(tally.wrong);
            let families: Vec<String> =
                tally.families.iter().filter_map(|(f, _)| self.name(*f)).collect();
            // A family seen twice is worth a drill of its own; else the topic is.
            let drill = tally.families.first().filter(|(_, n)| *n >= 2 && 2 * n >= tally.wrong);
            let family = drill.and_then(|(f, _)| self.name(*f));
            Gap {
                kind: GapKind::SureAndWrong,
                topic: Some(topic),
                area: topic.area(),
                level: None,
                weight: f64::from(tally.wrong) * mean,
                what: format!(
                    "wrong {} at a mean confidence of {:.0} %",
                    times(tally.wrong),
                    mean * 100.0
                ),
                families,
                command: match family {
                    Some(family) => format!("staffml drill --family {family}"),
                    None => format!("staffml drill --topic {topic}"),
                },
            }
        };
        sorted(wrong.into_iter().map(gap).collect())
    }

    fn foundations(&self) -> Vec<Gap> {
        let has_items = self.topics();
        let mut out: Vec<Gap> = Vec::new();
        for failed in self.failed() {
            for (distance, before) in ancestors(failed).into_iter().enumerate() {
                let tried =
                    Level::ALL.iter().any(|level| self.state.cell(before, *level).is_some());
                if tried || !has_items.contains(&before) {
                    continue;
                }
                if let Some(gap) = out.iter_mut().find(|g| g.topic == Some(before)) {
                    gap.weight += 1.0 / (1.0 + distance as f64);
                    continue;
                }
                out.push(Gap {
                    kind: GapKind::Foundation,
                    topic: Some(before),
                    area: before.area(),
                    level: None,
                    weight: 1.0 / (1.0 + distance as f64),
                    what: format!("comes before {failed}, which went wrong"),
                    families: Vec::new(),
                    command: format!("staffml practice --topic {before}"),
                });
            }
        }
        sorted(out)
    }

    /// Topics with a cell that was answered wrongly and is not mastered.
    fn failed(&self) -> Vec<Topic> {
        let mut out: Vec<Topic> = Vec::new();
        for (topic, level, cell) in self.state.cells() {
            if cell.right < cell.answers && !self.is_mastered(topic, level) && !out.contains(&topic)
            {
                out.push(topic);
            }
        }
        out
    }

    fn unseen(&self) -> Vec<Gap> {
        let mut cells: Vec<(Topic, Level, u32)> = Vec::new();
        for item in self.state.catalog().items() {
            if self.track.is_some_and(|t| !item.tracks.contains(&t))
                || self.state.cell(item.topic, item.level).is_some()
                || cells.iter().any(|(t, l, _)| (*t, *l) == (item.topic, item.level))
            {
                continue;
            }
            let tracks = self.track.map_or_else(|| Track::ALL.to_vec(), |track| vec![track]);
            let weight = tracks.iter().map(|t| quota(item.area(), *t)).sum();
            cells.push((item.topic, item.level, weight));
        }
        let gap = |(topic, level, weight): (Topic, Level, u32)| Gap {
            kind: GapKind::Unseen,
            topic: Some(topic),
            area: topic.area(),
            level: Some(level),
            weight: f64::from(weight),
            what: format!("no answer yet at {level}"),
            families: Vec::new(),
            command: format!("staffml practice --topic {topic} --level {level}"),
        };
        // Of equally weighty cells the lower levels come first.
        cells.sort_by_key(|(topic, level, _)| (*level, *topic));
        let mut out = sorted(cells.into_iter().map(gap).collect());
        out.truncate(UNSEEN);
        out
    }

    fn stale(&self) -> Vec<Gap> {
        let cells = self.state.cells().filter(|(topic, level, _)| {
            self.state.cell_state(*topic, *level, self.today) == CellState::Stale
        });
        let on = self.topics();
        let gap = |topic: Topic, level: Level| Gap {
            kind: GapKind::Stale,
            topic: Some(topic),
            area: topic.area(),
            level: Some(level),
            weight: f64::from(level.ordinal()),
            what: format!(
                "{level} was mastered, and is less than 80 % likely to be remembered today"
            ),
            families: Vec::new(),
            command: format!("staffml review --topic {topic}"),
        };
        sorted(cells.filter(|c| on.contains(&c.0)).map(|(t, l, _)| gap(t, l)).collect())
    }

    fn lucky(&self) -> Vec<Gap> {
        let lucky = self.tallies().into_iter();
        let lucky = lucky.filter(|(_, t)| t.lucky >= LUCKY && 2 * t.lucky >= t.unsure);
        let gap = |(topic, tally): (Topic, Tally)| Gap {
            kind: GapKind::Lucky,
            topic: Some(topic),
            area: topic.area(),
            level: None,
            weight: f64::from(tally.lucky),
            what: format!("right {} of {} without being sure", times(tally.lucky), tally.unsure),
            families: Vec::new(),
            command: format!("staffml practice --topic {topic}"),
        };
        sorted(lucky.map(gap).collect())
    }

    fn unknown(&self) -> Vec<Gap> {
        let topics = self.topics();
        let areas = Area::ALL.iter().copied().filter(|a| topics.iter().any(|t| t.area() == *a));
        let few = areas.filter(|area| self.state.n_area(*area) < ENOUGH);
        let gap = |area: Area| {
            let n = self.state.n_area(area);
            let track = self.track.map_or_else(String::new, |t| format!(" --track {t}"));
            Gap {
                kind: GapKind::Unknown,
                topic: None,
                area,
                level: None,
                weight: f64::from(ENOUGH - n),
                what: if n == 0 {
                    "no answers".to_owned()
                } else {
                    format!("answered {}", times(n))
                },
                families: Vec::new(),
                command: format!("staffml practice --area {area}{track}"),
            }
        };
        sorted(few.map(gap).collect())
    }
}

/// Heaviest first; equal ones keep their order.
fn sorted(mut gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    gaps
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::log::{Answer, DeviceId, Event, EventId, Moment, Outcome, TemplateRef};
    use crate::model::Misconceptions;
    use crate::sched::{Catalog, Item, Rating};

    fn state(answers: &[(&str, Outcome, &str, f64)]) -> State {
        let mut items = Vec::new();
        for (id, topic) in [
            ("roof", Topic::RooflineAnalysis),
            ("vram", Topic::VramBudgeting),
            ("kv", Topic::KvCacheManagement),
            ("flash", Topic::FlashAttention),
            ("tail", Topic::TailLatency),
        ] {
            let mut item = Item::new(id, topic, Level::L3);
            item.tracks = vec![Track::Cloud];
            items.push(item);
        }
        items[4].tracks = vec![Track::Edge];
        let catalog = Arc::new(Catalog::new(items, Misconceptions::embedded()));
        let mut state = State::new(catalog);
        for (n, (id, outcome, code, confidence)) in answers.iter().enumerate() {
            let n = n as u64;
            let at = Moment::from_ms(1_772_366_400_000 + i64::try_from(n).unwrap() * 60_000);
            let mut answer = Answer::new(TemplateRef::new(id, 1), n, *outcome, 1000);
            (*code).clone_into(&mut answer.code);
            let answer = answer.rated(Rating::Again).confident(*confidence);
            let id = EventId::new(at, u128::from(n));
            state.apply(&Event::new(id, at, 0, DeviceId::new(1), n + 1, answer.into()));
        }
        state
    }

    fn of(state: &State, kind: GapKind) -> Vec<(Option<Topic>, String)> {
        let today = Moment::from_ms(1_772_366_400_000).study_day(0);
        let found = gaps(state, today, Some(Track::Cloud)).into_iter().filter(|g| g.kind == kind);
        found.map(|g| (g.topic, g.command)).collect()
    }

    #[test]
    fn each_section_finds_its_own() {
        use Outcome::{Correct, Incorrect, Misconception};
        let state = state(&[
            ("kv", Misconception, "gqa-ignored", 0.95),
            ("kv", Misconception, "gqa-ignored", 0.8),
            ("flash", Incorrect, "", 0.95),
            ("flash", Incorrect, "", 0.3),
            ("tail", Incorrect, "", 0.95),
            ("roof", Correct, "", 0.3),
            ("roof", Correct, "", 0.1),
        ]);
        let drill = "staffml drill --family architecture-detail".to_owned();
        assert_eq!(
            of(&state, GapKind::SureAndWrong),
            [
                (Some(Topic::KvCacheManagement), drill),
                (Some(Topic::FlashAttention), "staffml drill --topic flash-attention".to_owned()),
            ],
            "1.75 before 0.95; tail latency is not on this track"
        );
        let before: Vec<_> = of(&state, GapKind::Foundation).into_iter().map(|g| g.0).collect();
        assert_eq!(
            before,
            [Some(Topic::VramBudgeting)],
            "before kv and, two steps away, before flash"
        );
        let unseen: Vec<_> = of(&state, GapKind::Unseen).into_iter().map(|g| g.0).collect();
        assert_eq!(unseen, [Some(Topic::VramBudgeting)]);
        assert_eq!(of(&state, GapKind::Lucky).len(), 1);
        let few: Vec<_> = of(&state, GapKind::Unknown).into_iter().map(|g| g.1).collect();
        assert_eq!(few.len(), 3, "compute, memory and optimization have two answers each");
        assert!(few[0].contains("--area compute"), "{few:?}");
    }

    #[test]
    fn an_empty_log_knows_nothing_and_says_so() {
        let state = state(&[]);
        assert!(of(&state, GapKind::SureAndWrong).is_empty());
        assert_eq!(of(&state, GapKind::Unseen).len(), 4);
        assert_eq!(of(&state, GapKind::Unknown).len(), 3);
    }
}
