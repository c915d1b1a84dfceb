//! Study plans: days with reviews first, then new items in the order of their prerequisites, then a gauntlet.

use serde::Serialize;

use super::gaps::{Gap, GapKind, gaps};
use crate::Bank;
use crate::log::StudyDay;
use crate::model::taxonomy::{Area, Level, Track};
use crate::model::{Plan, Topic};
use crate::sched::{Item, ancestors};
use crate::state::{CellState, State};

/// Most of a day that reviews may take, in percent.
const REVIEW_SHARE: u64 = 60;
/// Seconds of an item where the plan has none.
const USUAL_TIME_S: u64 = 120;
/// Minutes of a checkpoint (a quick gauntlet).
const CHECKPOINT_MINUTES: u64 = 10;

/// A study plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StudyPlan {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// Track; all tracks if absent.
    pub track: Option<Track>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Study days.
    pub days: u32,
    /// Minutes of a day.
    pub minutes: u32,
    /// Areas with their weights; all areas alike if empty.
    pub areas: Vec<(Area, u32)>,
    /// Topics to keep to; all if empty.
    pub topics: Vec<Topic>,
    /// Chains to walk, with the seconds each takes.
    pub chains: Vec<(String, u32)>,
    /// Days, from 1, that end with a gauntlet.
    pub checkpoints: Vec<u32>,
}

/// One day of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct PlanDay {
    /// Number, from 1.
    pub number: u32,
    /// Reviews expected.
    pub reviews: u32,
    /// Items to see for the first time, by place in the catalog.
    #[serde(skip)]
    pub new: Vec<usize>,
    /// The same by id.
    pub items: Vec<String>,
    /// The chain to walk after them.
    pub chain: Option<String>,
    /// Whether it ends with a gauntlet.
    pub checkpoint: bool,
    /// Minutes it takes.
    pub minutes: u32,
}

/// A plan laid out over its days.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Schedule {
    /// The plan.
    pub plan: StudyPlan,
    /// Its days from today on.
    pub days: Vec<PlanDay>,
    /// New items that do not fit.
    pub left_over: u32,
    /// What would make them fit; empty if they do.
    pub offers: Vec<Offer>,
}

/// A way to make a plan fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "offer", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Offer {
    /// More minutes a day.
    Minutes {
        /// Minutes of a day.
        minutes: u32,
    },
    /// More days.
    Days {
        /// Days in all.
        days: u32,
    },
    /// Leaving out an area.
    Drop {
        /// The area.
        area: Area,
        /// Items that would no longer be asked.
        items: u32,
        /// Cells that would then not be mastered.
        cells: u32,
    },
}

/// Returns the plans of a bank.
#[must_use]
pub fn plans(bank: &Bank) -> Vec<StudyPlan> {
    bank.plans().iter().map(|plan| StudyPlan::of(plan, bank)).collect()
}

/// Returns a plan of five days made from the gaps of a learner: their topics and what comes before them.
///
/// Nothing if there is no gap to close.
#[must_use]
pub fn from_gaps(state: &State, today: StudyDay, track: Option<Track>) -> Option<StudyPlan> {
    let wanted = |gap: &&Gap| gap.kind != GapKind::Unknown && gap.kind != GapKind::Unseen;
    let found = gaps(state, today, track);
    let mut topics: Vec<Topic> = Vec::new();
    for topic in found.iter().filter(wanted).filter_map(|gap| gap.topic) {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics.truncate(8);
    (!topics.is_empty()).then(|| StudyPlan {
        id: "from-gaps".to_owned(),
        title: "Closing gaps in five days".to_owned(),
        track,
        levels: Level::ALL.to_vec(),
        days: 5,
        minutes: 30,
        areas: Vec::new(),
        topics,
        chains: Vec::new(),
        checkpoints: vec![5],
    })
}

impl StudyPlan {
    /// Returns a plan as its file has it.
    #[must_use]
    pub fn of(plan: &Plan, bank: &Bank) -> Self {
        let seconds = |id: &String| {
            let members = bank.chain(id).map_or(&[][..], |chain| chain.members.as_slice());
            let times = members.iter().filter_map(|m| Some(bank.get(m).ok()?.class.time_s));
            Some((id.clone(), times.sum()))
        };
        Self {
            id: plan.id.clone(),
            title: plan.title.clone(),
            track: plan.track,
            levels: plan.levels.clone(),
            days: plan.days,
            minutes: plan.minutes_per_day,
            areas: plan.areas.clone(),
            topics: Vec::new(),
            chains: plan.chains.iter().filter_map(seconds).collect(),
            checkpoints: plan.checkpoints.clone(),
        }
    }

    /// Returns whether an item belongs to the plan.
    #[must_use]
    pub fn covers(&self, item: &Item) -> bool {
        self.track.is_none_or(|t| item.tracks.contains(&t))
            && self.levels.contains(&item.level)
            && (self.areas.is_empty() || self.areas.iter().any(|(a, _)| *a == item.area()))
            && (self.topics.is_empty() || self.topics.contains(&item.topic))
    }

    fn weight(&self, area: Area) -> u32 {
        self.areas.iter().find(|(a, _)| *a == area).map_or(1, |(_, w)| *w)
    }

    /// Lays the plan out from today on, `done` of its days being over.
    ///
    /// Reviews come first, as the scheduler forecasts them, up to six tenths of a day; then new items, areas in turn by
    /// weight and prerequisites before what needs them; then a checkpoint. Missed days are not piled up: what was not
    /// seen is spread over the days that are left.
    #[must_use]
    pub fn schedule(&self, state: &State, today: StudyDay, done: u32) -> Schedule {
        let mut queue = self.queue(state, today);
        let left = self.days.saturating_sub(done).max(1);
        let mean = self.mean_time(state);
        let mut days: Vec<PlanDay> = Vec::new();
        let mut introduced: Vec<u32> = Vec::new(); // by day, for their first reviews
        for number in 1..=left {
            let day = today.plus(number - 1);
            let checkpoint = self.checkpoints.contains(&(done + number));
            let mut seconds = u64::from(self.minutes) * 60;
            if checkpoint {
                seconds = seconds.saturating_sub(CHECKPOINT_MINUTES * 60);
            }
            let chain = self.chain_of(done + number);
            if let Some((_, time)) = chain {
                seconds = seconds.saturating_sub(u64::from(*time));
            }
            let known = self.reviews_on(state, today, day);
            // A new item comes back about two days after its first good answer, and about ten days after that.
            let back = |days: u32| {
                let then = usize::try_from(number.checked_sub(days + 1)?).ok()?;
                introduced.get(then).copied()
            };
            let fresh = back(2).unwrap_or(0) + back(12).unwrap_or(0);
            let most = seconds * REVIEW_SHARE / 100 / mean;
            let reviews = u64::from(known + fresh).min(most);
            let mut free = seconds.saturating_sub(reviews * mean);
            let mut new = Vec::new();
            while let Some(place) = queue.first().copied() {
                let time = state.catalog().item(place).map_or(USUAL_TIME_S, |i| i.time_s.into());
                if time > free {
                    break;
                }
                free -= time;
                new.push(place);
                queue.remove(0);
            }
            introduced.push(u32::try_from(new.len()).unwrap_or(u32::MAX));
            let used = u64::from(self.minutes) * 60 - free.min(u64::from(self.minutes) * 60);
            let id = |place: &usize| Some(state.catalog().item(*place)?.id.clone());
            days.push(PlanDay {
                number: done + number,
                reviews: u32::try_from(reviews).unwrap_or(u32::MAX),
                items: new.iter().filter_map(id).collect(),
                new,
                chain: chain.map(|(id, _)| id.clone()),
                checkpoint,
                minutes: u32::try_from(used.div_ceil(60)).unwrap_or(u32::MAX),
            });
        }
        let left_over = u32::try_from(queue.len()).unwrap_or(u32::MAX);
        let offers = if queue.is_empty() {
            Vec::new()
        } else {
            self.offers(state, today, &queue, mean, left)
        };
        Schedule { plan: self.clone(), days, left_over, offers }
    }

    /// Chains fill the days before the checkpoints, from the end: what they tie together has then been seen.
    fn chain_of(&self, day: u32) -> Option<&(String, u32)> {
        let quiet = (1..=self.days).rev().filter(|d| !self.checkpoints.contains(d));
        let (_, chain) = quiet.zip(self.chains.iter().rev()).find(|(d, _)| *d == day)?;
        Some(chain)
    }

    /// Items of the plan that are not seen yet and whose cells are not mastered, in the order to learn them.
    fn queue(&self, state: &State, today: StudyDay) -> Vec<usize> {
        let items = state.catalog().items().iter().enumerate();
        let open = items.filter(|(place, item)| {
            self.covers(item)
                && state.shown(*place).is_none()
                && state.cell_state(item.topic, item.level, today) != CellState::Mastered
        });
        let mut open: Vec<(usize, &Item)> = open.collect();
        // Depth in the graph of prerequisites and level together, so that neither runs far ahead.
        open.sort_by_key(|(place, item)| {
            (ancestors(item.topic).len() + usize::from(item.level.ordinal()), *place)
        });
        // Areas in turn, by weight: the next item is the one of the area that is furthest behind its share.
        let mut out = Vec::with_capacity(open.len());
        let mut taken: Vec<(Area, u32)> = Vec::new();
        while !open.is_empty() {
            let behind = |area: Area| {
                let n = taken.iter().find(|(a, _)| *a == area).map_or(0, |(_, n)| *n);
                // n/weight as a whole number, so that the order is exact.
                u64::from(n) * 5040 / u64::from(self.weight(area).max(1))
            };
            let best =
                open.iter().enumerate().min_by_key(|(i, (_, item))| (behind(item.area()), *i));
            let Some((i, _)) = best else { break };
            let (place, item) = open.remove(i);
            match taken.iter_mut().find(|(a, _)| *a == item.area()) {
                Some((_, n)) => *n += 1,
                None => taken.push((item.area(), 1)),
            }
            out.push(place);
        }
        out
    }

    /// Cards of the plan that fall due on a day; what is overdue falls due today.
    fn reviews_on(&self, state: &State, today: StudyDay, day: StudyDay) -> u32 {
        let items = state.catalog().items().iter().enumerate();
        let due = items.filter(|(place, item)| {
            self.covers(item)
                && !state.is_out(*place)
                && state.due_day(*place).is_some_and(|due| due.max(today) == day)
        });
        u32::try_from(due.count()).unwrap_or(u32::MAX)
    }

    fn mean_time(&self, state: &State) -> u64 {
        let times: Vec<u64> = state
            .catalog()
            .items()
            .iter()
            .filter(|item| self.covers(item))
            .map(|item| u64::from(item.time_s))
            .collect();
        let n = times.len() as u64;
        times.iter().sum::<u64>().checked_div(n).unwrap_or(USUAL_TIME_S).max(1)
    }

    /// More minutes, more days, or the area of least weight less.
    fn offers(
        &self,
        state: &State,
        today: StudyDay,
        queue: &[usize],
        mean: u64,
        left: u32,
    ) -> Vec<Offer> {
        let missing: u64 = queue
            .iter()
            .map(|place| state.catalog().item(*place).map_or(mean, |i| u64::from(i.time_s)))
            .sum();
        let share = |seconds: u64, of: u64| u32::try_from(seconds.div_ceil(of)).unwrap_or(u32::MAX);
        let more_minutes = share(missing, u64::from(left) * 60);
        let more_days = share(missing, u64::from(self.minutes.max(1)) * 60);
        let mut offers = vec![
            Offer::Minutes { minutes: self.minutes.saturating_add(more_minutes) },
            Offer::Days { days: self.days.saturating_add(more_days) },
        ];
        let item = |place: &usize| state.catalog().item(*place);
        let mut areas: Vec<Area> = queue.iter().filter_map(|p| Some(item(p)?.area())).collect();
        areas.sort_unstable();
        areas.dedup();
        areas.sort_by_key(|area| self.weight(*area));
        if let Some(area) = areas.first().copied() {
            let all = self.queue(state, today);
            let of: Vec<&Item> = all.iter().filter_map(item).filter(|i| i.area() == area).collect();
            let mut cells: Vec<(Topic, Level)> = of.iter().map(|i| (i.topic, i.level)).collect();
            cells.sort_unstable();
            cells.dedup();
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            offers.push(Offer::Drop { area, items: count(of.len()), cells: count(cells.len()) });
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Misconceptions;
    use crate::sched::Catalog;

    /// Sixty items of two minutes: two areas, two topics each, one needing the other.
    fn state() -> State {
        let topics = [
            Topic::KvCacheManagement,
            Topic::VramBudgeting,
            Topic::TailLatency,
            Topic::LatencyDecomposition,
        ];
        let items = (0..60).map(|i| {
            let mut item = Item::new(&format!("t{i:02}"), topics[i % 4], Level::ALL[i % 3]);
            item.tracks = vec![Track::Cloud];
            item
        });
        State::new(Arc::new(Catalog::new(items.collect(), Misconceptions::embedded())))
    }

    fn plan(days: u32, minutes: u32) -> StudyPlan {
        StudyPlan {
            days,
            minutes,
            areas: vec![(Area::Memory, 2), (Area::Latency, 1)],
            topics: Vec::new(),
            chains: vec![("a-chain".to_owned(), 240)],
            checkpoints: vec![days],
            ..plans(&Bank::embedded()).into_iter().find(|p| p.id == "first-week").unwrap()
        }
    }

    #[test]
    fn everything_is_seen_once_with_prerequisites_first() {
        let state = state();
        let schedule = plan(14, 30).schedule(&state, StudyDay::from_number(20_000), 0);
        let order: Vec<usize> = schedule.days.iter().flat_map(|d| d.new.clone()).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((order.len(), sorted.len(), schedule.left_over), (60, 60, 0));
        let first =
            |topic| order.iter().position(|p| state.catalog().items()[*p].topic == topic).unwrap();
        assert!(first(Topic::VramBudgeting) < first(Topic::KvCacheManagement));
        assert!(first(Topic::LatencyDecomposition) < first(Topic::TailLatency));
        // Weights 2 : 1 among the first thirty.
        let memory =
            order[..30].iter().filter(|p| state.catalog().items()[**p].area() == Area::Memory);
        assert_eq!(memory.count(), 20);
        assert!(schedule.days.iter().all(|d| d.minutes <= 30));
        assert!(schedule.days[2].reviews > 0, "the first new ones come back");
        assert!(schedule.days[13].checkpoint && schedule.days[12].chain.is_some());
    }

    #[test]
    fn what_does_not_fit_is_said_with_ways_out() {
        let state = state();
        let schedule = plan(3, 20).schedule(&state, StudyDay::from_number(20_000), 0);
        assert!(schedule.left_over > 30);
        let Some(Offer::Minutes { minutes }) = schedule.offers.first() else { panic!() };
        let roomy = plan(3, *minutes).schedule(&state, StudyDay::from_number(20_000), 0);
        assert!(
            roomy.left_over < schedule.left_over / 4,
            "{} of {}",
            roomy.left_over,
            schedule.left_over
        );
        assert_eq!(
            schedule.offers.last(),
            Some(&Offer::Drop { area: Area::Latency, items: 30, cells: 6 })
        );
        let late = plan(3, 20).schedule(&state, StudyDay::from_number(20_000), 2);
        assert_eq!(late.days.len(), 1, "missed days are not piled up");
    }

    #[test]
    fn the_nine_plans_are_sound() {
        let plans = plans(&Bank::embedded());
        assert_eq!(plans.len(), 9);
        for plan in &plans {
            assert!(plan.checkpoints.iter().all(|c| (1..=plan.days).contains(c)), "{}", plan.id);
            assert!(!plan.levels.is_empty() && plan.minutes >= 20);
        }
    }
}
