//! Everything that follows from the log: cards, skill, mastery, profile, calibration, streaks.
//!
//! [`State`] is a pure fold over events in their order ([`State::apply`] takes one more), so it is never stored and two
//! machines with the same log have the same state.
//! It reads no clock: whatever depends on the day takes the day.

mod cards;
mod cell;
mod days;
mod next;
mod settings;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;

pub use cards::{Card, Cards};
pub use cell::{Cell, CellState};
pub use days::{DayCount, Streak, streak};
pub use next::{Filter, Nothing};
pub use settings::Settings;

use crate::log::{Answer, Event, Session, Skip, Step, StudyDay, What};
use crate::model::Topic;
use crate::model::taxonomy::{Area, Level};
use crate::sched::{Catalog, Fsrs6, Item, Profile, Rating, Scheduler as _, Skills};
use crate::variant::rng::{fnv1a64, mix};

/// Seeds of a template that are not used again.
const LAST_SEEDS: usize = 20;
/// Items back at which one shown is no longer recent.
const RECENT: usize = 10;

/// One answer with stated confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Stated {
    /// The confidence, 0 to 1.
    pub confidence: f64,
    /// Whether the answer was right.
    pub right: bool,
    /// The topic.
    pub topic: Topic,
    /// The level.
    pub level: Level,
    /// The family of misconceptions it showed, by place in the catalog.
    pub family: Option<usize>,
}

/// What was shown of one template.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Shown {
    /// Answers and skips.
    pub times: u32,
    /// First study day.
    pub first: Option<StudyDay>,
    /// Last study day.
    pub last: Option<StudyDay>,
    /// Whether the template changed its major version since it was last answered.
    pub changed: bool,
    seeds: VecDeque<u64>,
    families: Vec<(usize, u32)>,
}

/// A session as the log has it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Past {
    /// Its beginning.
    pub start: Session,
    /// When it began.
    pub at: crate::log::Moment,
    /// Its end, and when; absent if it was never ended.
    pub end: Option<(Session, crate::log::Moment)>,
    /// Skill over all areas before.
    pub skill_before: f64,
    /// Skill over all areas after its last answer.
    pub skill_after: f64,
    /// Its answers.
    pub answers: Vec<(crate::log::Moment, Answer)>,
    /// Questions passed over, or left when time was over.
    pub skipped: Vec<Skip>,
}

/// What follows from a log.
#[derive(Debug, Clone)]
pub struct State {
    catalog: Arc<Catalog>,
    settings: Settings,
    cards: Cards,
    reviews: HashMap<String, Vec<(Rating, StudyDay)>>,
    skills: Skills,
    cells: BTreeMap<(Topic, Level), Cell>,
    profile: Profile,
    stated: Vec<Stated>,
    days: BTreeMap<StudyDay, DayCount>,
    shown: Vec<Shown>,
    recent: VecDeque<usize>,
    broken: HashSet<(usize, u64)>,
    sessions: Vec<Past>,
    plan: Option<(crate::log::Plan, StudyDay)>,
    placed: Option<(crate::log::Placement, StudyDay)>,
    answers: u32,
}

/// How many cells are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CellCounts {
    /// Never tried.
    pub blank: u32,
    /// Tried.
    pub learning: u32,
    /// Mastered today.
    pub mastered: u32,
    /// Mastered once.
    pub stale: u32,
}

impl State {
    /// Returns the state of a learner without a log.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let n = catalog.items().len();
        Self {
            catalog,
            settings: Settings::default(),
            cards: Cards::default(),
            reviews: HashMap::new(),
            skills: Skills::default(),
            cells: BTreeMap::new(),
            profile: Profile::default(),
            stated: Vec::new(),
            days: BTreeMap::new(),
            shown: vec![Shown::default(); n],
            recent: VecDeque::new(),
            broken: HashSet::new(),
            sessions: Vec::new(),
            plan: None,
            placed: None,
            answers: 0,
        }
    }

    /// Returns the state after some events, which must be in their order.
    ///
    /// # Cost
    ///
    /// About a microsecond per event.
    #[must_use]
    pub fn fold<'a>(catalog: Arc<Catalog>, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::new(catalog);
        for event in events {
            state.apply(event);
        }
        state
    }

    /// Takes one more event, which must not be older than those before it.
    ///
    /// Erasing events cannot be taken one by one: the events they name must be left out of the fold from the start.
    pub fn apply(&mut self, event: &Event) {
        let day = event.study_day();
        self.cards.apply(event);
        match &event.what {
            What::Answer(answer) => self.answer(answer, event, day),
            What::Skip(skip) => {
                if let Some(place) = self.catalog.place(&skip.template.id) {
                    self.show(place, skip.seed, day);
                }
                if let Some(past) = self.session_mut(skip.session.as_deref()) {
                    past.skipped.push(skip.clone());
                }
            }
            What::Rubric(rubric) => {
                let count = self.days.entry(day).or_default();
                count.answers = count.answers.saturating_add(1);
                count.ms = count.ms.saturating_add(rubric.ms);
                if let Some(place) = self.catalog.place(&rubric.template.id) {
                    self.marked(place, rubric.seed, rubric.score, day);
                }
            }
            What::Session(session) => self.session(session, event),
            What::Config(config) => {
                self.settings.set(&config.key, &config.value);
                if let Some(scheduler) = self.settings.scheduler(&config.key) {
                    self.refit(scheduler);
                }
            }
            What::Plan(plan) => {
                self.plan = (plan.step == Step::Start).then(|| (plan.clone(), day));
            }
            What::Placement(placement) => {
                self.skills.place(placement.skill, &placement.areas);
                self.placed = Some((placement.clone(), day));
            }
            What::Broken(broken) => {
                if let Some(place) = self.catalog.place(&broken.template.id) {
                    self.broken.insert((place, broken.seed));
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, answer: &Answer, event: &Event, day: StudyDay) {
        if let Some(rating) = answer.rating {
            match self.reviews.get_mut(&answer.template.id) {
                Some(reviews) => reviews.push((rating, day)),
                None => {
                    self.reviews.insert(answer.template.id.clone(), vec![(rating, day)]);
                }
            }
        }
        let right = answer.outcome.is_correct();
        let count = self.days.entry(day).or_default();
        count.answers = count.answers.saturating_add(1);
        count.right = count.right.saturating_add(u32::from(right));
        count.ms = count.ms.saturating_add(answer.ms);
        self.answers = self.answers.saturating_add(1);
        let catalog = Arc::clone(&self.catalog);
        let place = catalog.place(&answer.template.id);
        let known = place.and_then(|place| Some((place, catalog.item(place)?)));
        if let Some((place, item)) = known {
            self.learn(answer, event, day, place, item);
        }
        let after = self.skills.global();
        if let Some(past) = self.session_mut(answer.session.as_deref()) {
            past.answers.push((event.at, answer.clone()));
            past.skill_after = after;
        }
    }

    fn learn(&mut self, answer: &Answer, event: &Event, day: StudyDay, place: usize, item: &Item) {
        let right = answer.outcome.is_correct();
        let form = answer.options.map_or(item.form, crate::sched::AnswerForm::Choice);
        let guess = form.guess_of_skill();
        self.skills.record(item.area(), item.difficulty, guess, answer.score());
        let variant = mix(fnv1a64(item.id.as_bytes()) ^ mix(answer.seed));
        let cell = self.cells.entry((item.topic, item.level)).or_default();
        cell.record(form, right, variant, day);
        let family = if right { None } else { self.catalog.family_of(&answer.code) };
        let moment = event.at.ms() as f64 / 86_400_000.0;
        self.profile.record(moment, &item.families, family);
        if let Some(confidence) = answer.confidence {
            let (topic, level) = (item.topic, item.level);
            self.stated.push(Stated { confidence, right, topic, level, family });
        }
        self.show(place, answer.seed, day);
        if let Some(shown) = self.shown.get_mut(place) {
            shown.changed = answer.template.major != item.major;
            if let Some(family) = family {
                match shown.families.iter_mut().find(|(f, _)| *f == family) {
                    Some((_, n)) => *n += 1,
                    None => shown.families.push((family, 1)),
                }
            }
        }
    }

    /// Marks of the learner's own text: weaker evidence than a number, never more.
    fn marked(&mut self, place: usize, seed: u64, score: f64, day: StudyDay) {
        let catalog = Arc::clone(&self.catalog);
        let Some(item) = catalog.item(place) else { return };
        let score = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
        self.skills.record(item.area(), item.difficulty, 0.0, score);
        let variant = mix(fnv1a64(item.id.as_bytes()) ^ mix(seed));
        let cell = self.cells.entry((item.topic, item.level)).or_default();
        cell.record(crate::sched::AnswerForm::Open, score >= 0.75, variant, day);
        self.show(place, seed, day);
    }

    /// Takes another scheduler: the memory of every card is computed anew from its reviews.
    fn refit(&mut self, scheduler: Fsrs6) {
        let reviews = core::mem::take(&mut self.reviews);
        self.cards.refit(scheduler, |id| reviews.get(id).map_or(&[][..], Vec::as_slice));
        self.reviews = reviews;
    }

    fn show(&mut self, place: usize, seed: u64, day: StudyDay) {
        let Some(shown) = self.shown.get_mut(place) else { return };
        shown.times = shown.times.saturating_add(1);
        if shown.first.is_none() {
            shown.first = Some(day);
            let count = self.days.entry(day).or_default();
            count.new = count.new.saturating_add(1);
        }
        shown.last = Some(day);
        shown.seeds.push_back(seed);
        if shown.seeds.len() > LAST_SEEDS {
            shown.seeds.pop_front();
        }
        self.recent.push_back(place);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    fn session(&mut self, session: &Session, event: &Event) {
        match session.step {
            Step::Start => self.sessions.push(Past {
                start: session.clone(),
                at: event.at,
                end: None,
                skill_before: self.skills.global(),
                skill_after: self.skills.global(),
                answers: Vec::new(),
                skipped: Vec::new(),
            }),
            Step::End => {
                if let Some(past) = self.session_mut(Some(&session.session)) {
                    past.end = Some((session.clone(), event.at));
                }
            }
        }
    }

    fn session_mut(&mut self, name: Option<&str>) -> Option<&mut Past> {
        let name = name?;
        // The session of an answer is nearly always the last one.
        self.sessions.iter_mut().rev().find(|past| past.start.session == name)
    }
}

/// What can be asked of a state.
impl State {
    /// Returns the catalog it is about.
    #[must_use]
    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Returns the learner's settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Allows so many new templates a day from now on, without writing it down as a setting.
    pub const fn allow_new(&mut self, per_day: u32) {
        self.settings.new_per_day = per_day;
    }

    /// Returns the scheduler in use.
    #[must_use]
    pub fn scheduler(&self) -> &Fsrs6 {
        self.cards.fsrs()
    }

    /// Returns the cards.
    #[must_use]
    pub const fn cards(&self) -> &Cards {
        &self.cards
    }

    /// Returns the reviews of every template, oldest first: what a scheduler can be fitted to.
    pub fn reviews(&self) -> impl Iterator<Item = (&str, &[(Rating, StudyDay)])> {
        self.reviews.iter().map(|(id, reviews)| (id.as_str(), reviews.as_slice()))
    }

    /// Returns the skills.
    #[must_use]
    pub const fn skills(&self) -> &Skills {
        &self.skills
    }

    /// Returns the profile of misconceptions.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Returns all answers with stated confidence, oldest first.
    #[must_use]
    pub fn stated(&self) -> &[Stated] {
        &self.stated
    }

    /// Returns the study days.
    #[must_use]
    pub const fn days(&self) -> &BTreeMap<StudyDay, DayCount> {
        &self.days
    }

    /// Returns how many answers there are.
    #[must_use]
    pub const fn n_answers(&self) -> u32 {
        self.answers
    }

    /// Returns the sessions, oldest first.
    #[must_use]
    pub fn sessions(&self) -> &[Past] {
        &self.sessions
    }

    /// Returns the study plan under way and the day it was begun.
    #[must_use]
    pub fn plan(&self) -> Option<(&crate::log::Plan, StudyDay)> {
        self.plan.as_ref().map(|(plan, day)| (plan, *day))
    }

    /// Returns the last placement and its day.
    #[must_use]
    pub fn placed(&self) -> Option<(&crate::log::Placement, StudyDay)> {
        self.placed.as_ref().map(|(placement, day)| (placement, *day))
    }

    /// Returns what was shown of the item at a place.
    #[must_use]
    pub fn shown(&self, place: usize) -> Option<&Shown> {
        self.shown.get(place).filter(|s| s.times > 0)
    }

    /// Returns the streak.
    #[must_use]
    pub fn streak(&self, today: StudyDay) -> Streak {
        streak(&self.days, today)
    }

    /// Returns a cell; one without answers is empty.
    #[must_use]
    pub fn cell(&self, topic: Topic, level: Level) -> Option<&Cell> {
        self.cells.get(&(topic, level))
    }

    /// Returns the cells with answers.
    pub fn cells(&self) -> impl Iterator<Item = (Topic, Level, &Cell)> {
        self.cells.iter().map(|((topic, level), cell)| (*topic, *level, cell))
    }

    /// Returns the probability that the item at a place is remembered, or nothing if it has no card.
    #[must_use]
    pub fn recall(&self, place: usize, today: StudyDay) -> Option<f64> {
        let card = self.cards.get(&self.catalog.item(place)?.id)?;
        Some(self.scheduler().retrievability(&card.memory, today.since(card.last)))
    }

    /// Returns what a cell counts as today.
    #[must_use]
    pub fn cell_state(&self, topic: Topic, level: Level, today: StudyDay) -> CellState {
        let Some(cell) = self.cell(topic, level) else { return CellState::Blank };
        let items = self.catalog.items().iter().enumerate();
        let here = items.filter(|(_, item)| item.topic == topic && item.level == level);
        let recalls: Vec<f64> = here.filter_map(|(place, _)| self.recall(place, today)).collect();
        let mean = recalls.iter().sum::<f64>() / recalls.len() as f64;
        cell.state((!recalls.is_empty()).then_some(mean))
    }

    /// Returns how many of the cells that have items, for some of them, are in each state.
    #[must_use]
    pub fn cell_counts(&self, today: StudyDay, wanted: impl Fn(&Item) -> bool) -> CellCounts {
        let mut cells: Vec<(Topic, Level)> = Vec::new();
        for item in self.catalog.items().iter().filter(|item| wanted(item)) {
            if !cells.contains(&(item.topic, item.level)) {
                cells.push((item.topic, item.level));
            }
        }
        let mut counts = CellCounts::default();
        for (topic, level) in cells {
            let slot = match self.cell_state(topic, level, today) {
                CellState::Blank => &mut counts.blank,
                CellState::Learning => &mut counts.learning,
                CellState::Mastered => &mut counts.mastered,
                CellState::Stale => &mut counts.stale,
            };
            *slot += 1;
        }
        counts
    }

    /// Returns the highest probability of being known among the levels of a topic; 0.2 if none was tried.
    #[must_use]
    pub fn topic_known(&self, topic: Topic) -> f64 {
        let tried = Level::ALL.iter().filter_map(|level| self.cell(topic, *level));
        tried.map(|cell| cell.known.0).fold(crate::sched::Mastery::default().0, f64::max)
    }

    /// Returns how many answers an area has.
    #[must_use]
    pub fn n_area(&self, area: Area) -> u32 {
        self.skills.of(area).n_area
    }

    /// Returns the places of due items, those forgotten most first.
    #[must_use]
    pub fn due(&self, today: StudyDay) -> Vec<usize> {
        let mut due: Vec<(f64, usize)> = (0..self.catalog.items().len())
            .filter(|place| self.is_due(*place, today))
            .filter_map(|place| Some((self.recall(place, today)?, place)))
            .collect();
        due.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        due.into_iter().map(|(_, place)| place).collect()
    }

    /// Returns the study day on which the item at a place is due, or nothing if it has no card.
    #[must_use]
    pub fn due_day(&self, place: usize) -> Option<StudyDay> {
        let item = self.catalog.item(place)?;
        let card = self.cards.get(&item.id)?;
        let days = self.scheduler().due_days(&card.memory, self.settings.retention);
        let days = if self.settings.fuzz {
            crate::sched::fuzzed(days, self.settings.salt, &item.id, u64::from(card.reviews))
        } else {
            days
        };
        Some(card.last.plus(days))
    }

    fn is_due(&self, place: usize, today: StudyDay) -> bool {
        !self.is_out(place) && self.due_day(place).is_some_and(|day| day <= today)
    }

    /// Returns whether the item at a place is out of the schedule: a leech, or suspended by the learner.
    #[must_use]
    pub fn is_out(&self, place: usize) -> bool {
        let card = self.catalog.item(place).and_then(|item| self.cards.get(&item.id));
        card.is_some_and(Card::is_out)
    }

    /// Returns the leeches with the family of misconceptions that each showed most: what to drill instead.
    #[must_use]
    pub fn leeches(&self) -> Vec<(usize, Option<usize>)> {
        let out = (0..self.catalog.items().len()).filter(|place| self.is_out(*place));
        let worst = |place: usize| {
            let families = &self.shown.get(place)?.families;
            families.iter().max_by_key(|(f, n)| (*n, core::cmp::Reverse(*f))).map(|(f, _)| *f)
        };
        out.map(|place| (place, worst(place))).collect()
    }
}
