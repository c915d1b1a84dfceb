//! The next item, and the seed of its next variant.

use super::{Card, State};
use crate::log::StudyDay;
use crate::model::Topic;
use crate::model::taxonomy::{Area, Level, Mode, Track, Zone};
use crate::sched::{Aim, Item, Standing, draw_best, utility};
use crate::variant::rng::{SplitMix64, seed_for_review};

/// A prerequisite known with this probability is fulfilled.
const READY: f64 = 0.6;

/// Which items may be asked. An empty list admits everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Tracks; an item for one of them passes.
    pub tracks: Vec<Track>,
    /// Areas.
    pub areas: Vec<Area>,
    /// Topics.
    pub topics: Vec<Topic>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// Modes of reasoning.
    pub modes: Vec<Mode>,
    /// Families of misconceptions, by place in the catalog; an item that declares one of them passes.
    pub families: Vec<usize>,
    /// Tags.
    pub tags: Vec<String>,
    /// Ids.
    pub ids: Vec<String>,
}

/// Each of these admits one more; the first one excludes all others.
impl Filter {
    /// Admits a track.
    #[must_use]
    pub fn track(mut self, track: Track) -> Self {
        self.tracks.push(track);
        self
    }

    /// Admits an area.
    #[must_use]
    pub fn area(mut self, area: Area) -> Self {
        self.areas.push(area);
        self
    }

    /// Admits a topic.
    #[must_use]
    pub fn topic(mut self, topic: Topic) -> Self {
        self.topics.push(topic);
        self
    }

    /// Admits a level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.levels.push(level);
        self
    }

    /// Admits items that declare a family of misconceptions, by place in the catalog.
    #[must_use]
    pub fn family(mut self, family: usize) -> Self {
        self.families.push(family);
        self
    }

    /// Admits an item.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.ids.push(id.to_owned());
        self
    }
}

impl Filter {
    /// Returns whether an item passes.
    #[must_use]
    pub fn admits(&self, item: &Item) -> bool {
        fn any<T: PartialEq>(wanted: &[T], has: impl Fn(&T) -> bool) -> bool {
            wanted.is_empty() || wanted.iter().any(has)
        }
        any(&self.tracks, |t| item.tracks.contains(t))
            && any(&self.areas, |a| item.area() == *a)
            && any(&self.topics, |t| item.topic == *t)
            && any(&self.levels, |l| item.level == *l)
            && any(&self.zones, |z| item.zone == *z)
            && any(&self.modes, |m| item.mode == *m)
            && any(&self.families, |f| item.families.contains(f))
            && any(&self.tags, |t| item.tags.contains(t))
            && any(&self.ids, |id| item.id == *id)
    }
}

/// Why there is no next item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nothing {
    /// No item passes the filter.
    NoItem,
    /// Those that pass are out of the schedule, or have a sibling that was shown today.
    Resting,
    /// Only new items are left, and the day has had its share of them.
    NewIsUsedUp,
}

impl State {
    /// Returns the place of the item to ask next.
    ///
    /// Of equally useful items those with smaller ids come first; a draw among the five best is taken from `rng`.
    ///
    /// # Errors
    ///
    /// [`Nothing`] says why there is none.
    pub fn next(
        &self,
        filter: &Filter,
        today: StudyDay,
        aim: Aim,
        rng: &mut SplitMix64,
    ) -> Result<usize, Nothing> {
        let new_today = self.days.get(&today).map_or(0, |d| d.new);
        let may_be_new = new_today < self.settings.new_per_day;
        let mut why = Nothing::NoItem;
        let mut candidates: Vec<(usize, f64)> = Vec::new();
        let shown_today = self.shown_today(today);
        for (place, item) in self.catalog.items().iter().enumerate() {
            if !filter.admits(item) {
                continue;
            }
            let sibling = |other: &(usize, &str)| {
                other.0 != place && !item.computes.is_empty() && other.1 == item.computes
            };
            if self.is_out(place) || shown_today.iter().any(sibling) {
                why = why.max_of(Nothing::Resting);
            } else if self.shown(place).is_none() && !may_be_new {
                why = Nothing::NewIsUsedUp;
            } else {
                let standing = self.standing(place, item, today);
                candidates.push((place, utility(&standing, self.settings.retention, aim)));
            }
        }
        draw_best(&candidates, rng).ok_or(why)
    }

    /// Places and computations of the items shown today.
    fn shown_today(&self, today: StudyDay) -> Vec<(usize, &str)> {
        let items = self.catalog.items().iter().zip(&self.shown).enumerate();
        let today = items.filter(|(_, (_, shown))| shown.last == Some(today));
        today.map(|(place, (item, _))| (place, item.computes.as_str())).collect()
    }

    /// Returns where the learner stands with the item at a place.
    #[must_use]
    pub fn standing(&self, place: usize, item: &Item, today: StudyDay) -> Standing {
        let skill = self.skills.of(item.area());
        let cell = self.cell(item.topic, item.level);
        let near = |n: usize| self.recent.iter().rev().take(n);
        let sibling = |other: &usize| {
            let computes = self.catalog.item(*other).map_or("", |i| i.computes.as_str());
            !computes.is_empty() && computes == item.computes
        };
        let recent = if near(super::RECENT).any(|p| *p == place) {
            1.0
        } else if near(3).any(sibling) {
            0.5
        } else {
            0.0
        };
        Standing {
            recall: self.recall(place, today),
            p: skill.p_correct(item.difficulty, item.form.guess_of_skill()),
            known: cell.map_or_else(|| crate::sched::Mastery::default().0, |c| c.known.0),
            ready: self.is_ready(item.topic),
            weakness: self.profile.strongest(&item.families),
            recent,
        }
    }

    /// Returns whether the prerequisites of a topic are known.
    #[must_use]
    pub fn is_ready(&self, topic: Topic) -> bool {
        self.catalog.prerequisites(topic).all(|before| self.topic_known(before) >= READY)
    }

    /// Returns the seed of the next variant of the item at a place: another one than the last twenty and than those that
    /// could not be evaluated. `retry` counts variants that failed since.
    #[must_use]
    pub fn next_seed(&self, place: usize, retry: u64) -> u64 {
        let Some(item) = self.catalog.item(place) else { return 0 };
        let shown = self.shown.get(place);
        let first =
            u64::from(shown.map_or(0, |s| s.times)).wrapping_add(retry.wrapping_mul(1 << 32));
        let used = |seed: &u64| {
            shown.is_some_and(|s| s.seeds.contains(seed)) || self.broken.contains(&(place, *seed))
        };
        let seeds = (0..64)
            .map(|n| seed_for_review(self.settings.salt, &item.id, first.wrapping_add(n << 16)));
        let mut last = 0;
        for seed in seeds {
            last = seed;
            if !used(&seed) {
                break;
            }
        }
        last
    }
}

impl Nothing {
    /// The more telling of two reasons.
    const fn max_of(self, other: Self) -> Self {
        match (self, other) {
            (Self::NewIsUsedUp, _) | (_, Self::NewIsUsedUp) => Self::NewIsUsedUp,
            (Self::Resting, _) | (_, Self::Resting) => Self::Resting,
            _ => Self::NoItem,
        }
    }
}

impl Card {
    /// Returns whether the card is out of the schedule.
    #[must_use]
    pub const fn is_out(&self) -> bool {
        self.suspended
    }
}
