//! What scheduling needs to know of a template, and a catalog of that for a whole bank.
//!
//! Schedulers, estimators and selections work on [`Item`]s only: they can be tested, and simulated, without a bank.

use std::collections::HashMap;

use super::knowledge::AnswerForm;
use super::prerequisite::prerequisites;
use super::skill::level_difficulty;
use crate::Bank;
use crate::model::taxonomy::{Area, Kind, Level, Mode, Status, Track, Zone};
use crate::model::{Body, EdgeKind, Misconceptions, Template, Topic};

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
            time_s: 120,
            computes: String::new(),
            families: Vec::new(),
        }
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
        let items = live.map(|t| catalog.read(t)).collect();
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
        if let Some(computed) = template.computed() {
            let output = computed.answer.output.as_deref().unwrap_or_default();
            item.computes = format!("{}/{output}", computed.answer.equation);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
