//! What scheduling needs to know of a template, and a catalog of that for a whole bank.
//!
//! Schedulers, estimators and selections work on [`Item`]s only: they can be tested, and simulated, without a bank.

use std::collections::HashMap;

use super::knowledge::AnswerForm;
use super::prerequisite::prerequisites;
use super::skill::level_difficulty;
use crate::Bank;
use crate::model::taxonomy::{Area, Kind, Level, Mode, Status, Track, Zone};
use crate::model::{Body, Computed, EdgeKind, Misconceptions, Multi, Part, Template, Topic};

/// How the chance to answer rises with skill: the item characteristic curve of three parameters.
///
/// ```text
/// p(θ) = c + (1−c) / (1 + e^(−a·(θ−b)))
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Discrimination `a`: how steep it is.
    pub discrimination: f64,
    /// Difficulty `b`: the skill at which it is halfway up.
    pub difficulty: f64,
    /// Guess chance `c`: where it starts.
    pub guess: f64,
}

impl Curve {
    /// Returns the chance to answer with the skill `theta`.
    #[must_use]
    pub fn chance(&self, theta: f64) -> f64 {
        let rise = libm::exp(-self.discrimination * (theta - self.difficulty));
        self.guess + (1.0 - self.guess) / (1.0 + rise)
    }

    /// Returns how much one answer tells about a skill near `theta` (Fisher information).
    #[must_use]
    pub fn information(&self, theta: f64) -> f64 {
        let (p, c) = (self.chance(theta), self.guess);
        if !(p > 0.0 && c < 1.0) {
            return 0.0;
        }
        let share = (p - c) / (1.0 - c);
        self.discrimination * self.discrimination * (1.0 - p) / p * share * share
    }
}

/// What scheduling knows of a template.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Item {
    /// Identifier of the template.
    pub id: String,
    /// Major version of the template.
    pub major: u32,
    /// Title.
    pub title: String,
    /// Tracks it is for.
    pub tracks: Vec<Track>,
    /// Level.
    pub level: Level,
    /// Topic; its area follows.
    pub topic: Topic,
    /// Which skills it exercises.
    pub zone: Zone,
    /// How one reasons.
    pub mode: Mode,
    /// Free words, as a chapter.
    pub tags: Vec<String>,
    /// Kind.
    pub kind: Kind,
    /// How it is answered when it is reviewed.
    pub form: AnswerForm,
    /// Difficulty `b`.
    pub difficulty: f64,
    /// Discrimination `a`.
    pub discrimination: f64,
    /// Curves of its parts, in the order they are asked; empty for a question without parts. A part as hard as the
    /// questions that ask for the same number alone; a decision as hard as the item.
    pub parts: Vec<Curve>,
    /// Expected answer time in seconds.
    pub time_s: u32,
    /// What it computes: items with equal text here are siblings. Empty if it computes nothing.
    pub computes: String,
    /// Families of its declared misconceptions, by place in the catalog, ascending.
    pub families: Vec<usize>,
}

impl Item {
    /// Returns an item with the difficulty of its level, answered by a number in two minutes, without tracks, tags and
    /// families.
    #[must_use]
    pub fn new(id: &str, topic: Topic, level: Level) -> Self {
        Self {
            id: id.to_owned(),
            major: 1,
            title: id.to_owned(),
            tracks: Vec::new(),
            level,
            topic,
            zone: Zone::Fluency,
            mode: Mode::NapkinMath,
            tags: Vec::new(),
            kind: Kind::Numeric,
            form: AnswerForm::Numeric,
            difficulty: level_difficulty(level),
            discrimination: 1.0,
            parts: Vec::new(),
            time_s: 120,
            computes: String::new(),
            families: Vec::new(),
        }
    }

    /// Returns its curve as a whole.
    #[must_use]
    pub fn curve(&self) -> Curve {
        Curve {
            discrimination: self.discrimination,
            difficulty: self.difficulty,
            guess: self.form.guess_of_skill(),
        }
    }

    /// Returns how much answering it tells about a skill near `theta`: all its parts together, if it has any.
    ///
    /// Parts count as independent of each other at a given skill: an answer that follows from an earlier slip is graded
    /// as right.
    #[must_use]
    pub fn information(&self, theta: f64) -> f64 {
        if self.parts.is_empty() {
            return self.curve().information(theta);
        }
        self.parts.iter().map(|part| part.information(theta)).sum()
    }

    /// Returns the area of its topic.
    #[must_use]
    pub const fn area(&self) -> Area {
        self.topic.area()
    }
}

/// A family of misconceptions as shown to learners.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FamilyNote {
    /// Identifier.
    pub id: String,
    /// What went wrong.
    pub what: String,
    /// What to do next time.
    pub remedy: String,
}

/// The items of a bank, ordered by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalog {
    items: Vec<Item>,
    place: HashMap<String, usize>,
    families: Vec<FamilyNote>,
    family_of: HashMap<String, usize>,
    topics: Vec<Topic>,
    /// Prerequisites beside those of the crate: topic, and what comes before it.
    edges: Vec<(Topic, Topic)>,
}

impl Catalog {
    /// Returns the catalog of a bank. Retired templates are not in it.
    #[must_use]
    pub fn of(bank: &Bank) -> Self {
        let mut catalog = Self::new(Vec::new(), &bank.misconceptions);
        let live = bank.templates().iter().filter(|t| t.head.status != Status::Retired);
        let live: Vec<&Template> = live.map(AsRef::as_ref).collect();
        let mut items: Vec<Item> = live.iter().map(|t| catalog.read(t)).collect();
        let alone = difficulties_alone(&items);
        for (item, template) in items.iter_mut().zip(&live) {
            if let Body::Multi(multi) = &template.body {
                item.parts = curves_of_parts(item, multi, &alone);
            }
        }
        catalog.set_items(items);
        let own = bank.edges().iter().filter(|e| e.kind == EdgeKind::Prerequisite);
        catalog.edges = own.map(|e| (e.to, e.from)).collect();
        catalog
    }

    /// Returns a catalog of these items. Of two items with one id the first stays.
    #[must_use]
    pub fn new(items: Vec<Item>, misconceptions: &Misconceptions) -> Self {
        let mut out = Self::default();
        for (i, family) in misconceptions.families().enumerate() {
            out.families.push(FamilyNote {
                id: family.id.clone(),
                what: family.what.clone(),
                remedy: family.remedy.clone(),
            });
            out.family_of.extend(family.members.iter().map(|m| (m.clone(), i)));
        }
        out.set_items(items);
        out
    }

    fn set_items(&mut self, mut items: Vec<Item>) {
        items.sort_by(|a, b| a.id.cmp(&b.id));
        items.dedup_by(|later, first| later.id == first.id);
        self.place = items.iter().enumerate().map(|(i, item)| (item.id.clone(), i)).collect();
        self.topics = Topic::ALL
            .iter()
            .copied()
            .filter(|topic| items.iter().any(|item| item.topic == *topic))
            .collect();
        self.items = items;
    }

    fn read(&self, template: &Template) -> Item {
        let class = &template.class;
        let mut item = Item::new(template.id(), class.topic, class.level);
        item.major = template.head.version.major;
        item.title.clone_from(&template.head.title);
        item.tracks.clone_from(&class.tracks);
        item.zone = class.zone;
        item.mode = class.mode;
        item.tags.clone_from(&class.tags);
        item.time_s = class.time_s;
        item.kind = template.head.kind;
        item.form = match &template.body {
            Body::Numeric(_) | Body::Multi(_) => AnswerForm::Numeric,
            Body::Choice(_) => AnswerForm::Choice(4),
            Body::Concept(options) => {
                AnswerForm::Choice(u32::try_from(options.len()).unwrap_or(u32::MAX))
            }
            // What a learner says of their own answer is as weak as a mark they give themselves.
            Body::Recall(_) | Body::Open(_) => AnswerForm::Open,
        };
        if let Some(measured) = &class.difficulty {
            (item.discrimination, item.difficulty) = (measured.a, measured.b);
        }
        item.computes = template.computed().map(|c| computes(c)).unwrap_or_default();
        let declared = template.body.misconceptions().into_iter();
        item.families = declared.filter_map(|(id, _)| self.family_of(id)).collect();
        item.families.sort_unstable();
        item.families.dedup();
        item
    }

    /// Returns the items, ordered by id.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Returns the item at a place.
    #[must_use]
    pub fn item(&self, place: usize) -> Option<&Item> {
        self.items.get(place)
    }

    /// Returns the place of an item.
    #[must_use]
    pub fn place(&self, id: &str) -> Option<usize> {
        self.place.get(id).copied()
    }

    /// Returns the families of misconceptions, in the order of the registry.
    #[must_use]
    pub fn families(&self) -> &[FamilyNote] {
        &self.families
    }

    /// Returns the place of a family by its id.
    #[must_use]
    pub fn family(&self, id: &str) -> Option<usize> {
        self.families.iter().position(|f| f.id == id)
    }

    /// Returns the family of a misconception, or of an undeclared slip that the grader names.
    #[must_use]
    pub fn family_of(&self, code: &str) -> Option<usize> {
        // The grader tells a slip of time units from a declared one.
        let code = if code == "time-scale" { "time-unit-slip" } else { code };
        self.family_of.get(code).copied()
    }

    /// Returns the topics that have items.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Returns the prerequisites of a topic that have items here; others nobody could fulfil.
    pub fn prerequisites(&self, topic: Topic) -> impl Iterator<Item = Topic> + '_ {
        let own = self.edges.iter().filter(move |(to, _)| *to == topic).map(|(_, from)| *from);
        let all = prerequisites(topic).iter().copied().chain(own);
        all.filter(|p| self.topics.binary_search(p).is_ok())
    }
}

fn computes(computed: &Computed) -> String {
    format!(
        "{}/{}",
        computed.answer.equation,
        computed.answer.output.as_deref().unwrap_or_default()
    )
}

/// Mean difficulty of the questions that ask for one number, by what they compute.
fn difficulties_alone(items: &[Item]) -> HashMap<String, f64> {
    let mut sums: HashMap<String, (f64, f64)> = HashMap::new();
    for item in items.iter().filter(|i| i.kind == Kind::Numeric) {
        let (sum, n) = sums.entry(item.computes.clone()).or_default();
        *sum += item.difficulty;
        *n += 1.0;
    }
    sums.into_iter().map(|(computes, (sum, n))| (computes, sum / n)).collect()
}

fn curves_of_parts(item: &Item, multi: &Multi, alone: &HashMap<String, f64>) -> Vec<Curve> {
    let curve = |difficulty, form: AnswerForm| Curve {
        discrimination: item.discrimination,
        difficulty,
        guess: form.guess_of_skill(),
    };
    let number = |part: &Part| {
        // Nobody asks for it alone: as a step of several, it is as hard as an item of the third level.
        let known = alone.get(&computes(&part.computed)).copied();
        curve(known.unwrap_or(level_difficulty(Level::L3)), AnswerForm::Numeric)
    };
    let mut curves: Vec<Curve> = multi.parts.iter().map(number).collect();
    curves.extend(multi.decision.as_ref().map(|decision| {
        let n_options = u32::try_from(decision.options.len()).unwrap_or(u32::MAX);
        curve(item.difficulty, AnswerForm::Choice(n_options))
    }));
    curves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_is_greatest_where_the_outcome_is_open() {
        let curve = |discrimination, difficulty, guess| Curve { discrimination, difficulty, guess };
        assert!((curve(1.0, 0.3, 0.0).information(0.3) - 0.25).abs() < 1e-15);
        assert!((curve(2.0, 0.3, 0.0).information(0.3) - 1.0).abs() < 1e-15);
        // p = 0.625, c = 0.25: 0.375/0.625·(0.375/0.75)² = 0.15
        assert!((curve(1.0, 0.0, 0.25).information(0.0) - 0.15).abs() < 1e-15);
        assert!(curve(1.0, 2.0, 0.0).information(0.0) < 0.12);
    }

    #[test]
    fn parts_are_as_hard_as_the_same_number_asked_alone() {
        let catalog = Catalog::of(&Bank::embedded());
        let item = |id: &str| catalog.item(catalog.place(id).unwrap()).unwrap();
        assert!(item("w02-flash-for-weights").parts.is_empty());
        let multi = item("m02-which-roof");
        for (i, part) in multi.parts.iter().enumerate() {
            let is_last = i + 1 == multi.parts.len();
            // The decision is as hard as the item (level 4: 0.4) and one of three can be guessed.
            assert!((part.guess - if is_last { 1.0 / 3.0 } else { 0.0 }).abs() < 1e-15);
            assert!(!is_last || (part.difficulty - 0.4).abs() < 1e-15);
        }
        // Its first number is the one that questions of the first level ask for.
        assert!((multi.parts[0].difficulty - level_difficulty(Level::L1)).abs() < 1e-15);
        let sum: f64 = multi.parts.iter().map(|p| p.information(0.5)).sum();
        assert!(
            (multi.information(0.5) - sum).abs() < 1e-15 && sum > multi.curve().information(0.5)
        );
    }

    #[test]
    fn the_shipped_bank_has_items_with_families() {
        let bank = Bank::embedded();
        let catalog = Catalog::of(&bank);
        assert_eq!(catalog.items().len(), bank.templates().len());
        let place = catalog.place("w02-flash-for-weights").unwrap();
        let item = catalog.item(place).unwrap();
        assert_eq!((item.level, item.area()), (Level::L1, Area::Memory));
        let names: Vec<&str> =
            item.families.iter().map(|f| catalog.families()[*f].id.as_str()).collect();
        assert_eq!(names, ["unit-scale", "number-format"]);
        assert_eq!(catalog.family_of("time-scale"), catalog.family("unit-scale"));
        assert_eq!(catalog.family_of("near-miss"), None);
    }
}
