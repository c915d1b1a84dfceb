//! Cards: what is known of the memory of each template.

use std::collections::HashMap;

use crate::log::{Answer, Event, StudyDay, What};
use crate::sched::{Fsrs6, Memory, Rating, Scheduler};

/// After so many lapses a card is a leech and leaves the schedule.
const LEECH: u32 = 6;

/// What is known of one template.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Card {
    /// The memory.
    pub memory: Memory,
    /// How often it was reviewed.
    pub reviews: u32,
    /// How often it was forgotten, a day or more after the review before.
    pub lapses: u32,
    /// Study day of the last review.
    pub last: StudyDay,
    /// Major version of the template at the last review.
    pub major: u32,
    /// Whether it is out of the schedule: by the learner, or as a leech.
    pub suspended: bool,
}

impl Card {
    /// Returns the study day it is due, at a desired probability of recall.
    #[must_use]
    pub fn due(&self, fsrs: &Fsrs6, retention: f64) -> StudyDay {
        self.last.plus(fsrs.due_days(&self.memory, retention))
    }

    /// Returns the probability that it is known on a study day.
    #[must_use]
    pub fn retrievability(&self, fsrs: &Fsrs6, today: StudyDay) -> f64 {
        fsrs.retrievability(&self.memory, today.since(self.last))
    }
}

/// The cards of all templates ever answered.
#[derive(Debug, Clone, Default)]
pub struct Cards {
    fsrs: Fsrs6,
    cards: HashMap<String, Card>,
}

impl Cards {
    /// Returns no cards, for a scheduler.
    #[must_use]
    pub fn new(fsrs: Fsrs6) -> Self {
        Self { fsrs, cards: HashMap::new() }
    }

    /// Takes the next event in order.
    ///
    /// Answers without a rating, skipped questions and notes leave the cards as they are.
    pub fn apply(&mut self, event: &Event) {
        match &event.what {
            What::Answer(answer) => {
                if let Some(rating) = answer.rating {
                    self.review(answer, rating, event.study_day());
                }
            }
            What::Suspend(suspend) => {
                if let Some(card) = self.cards.get_mut(&suspend.template.id) {
                    card.suspended = suspend.on;
                    // Put back by hand: the lapses that made it a leech are forgiven.
                    card.lapses = if suspend.on { card.lapses } else { 0 };
                }
            }
            _ => {}
        }
    }

    fn review(&mut self, answer: &Answer, rating: Rating, today: StudyDay) {
        let major = answer.template.major;
        let Some(card) = self.cards.get_mut(&answer.template.id) else {
            let memory = self.fsrs.review(None, rating, 0);
            let card = Card { memory, reviews: 1, lapses: 0, last: today, major, suspended: false };
            self.cards.insert(answer.template.id.clone(), card);
            return;
        };
        let elapsed = today.since(card.last);
        card.memory = self.fsrs.review(Some(&card.memory), rating, elapsed);
        card.reviews = card.reviews.saturating_add(1);
        if rating == Rating::Again && elapsed >= 1 {
            card.lapses = card.lapses.saturating_add(1);
            card.suspended |= card.lapses >= LEECH;
        }
        // A clock that was years ahead once must not hold the card there.
        card.last = today;
        card.major = major;
    }

    /// Takes another scheduler and computes every memory anew from the reviews of its template.
    pub(super) fn refit<'a>(
        &mut self,
        fsrs: Fsrs6,
        reviews: impl Fn(&str) -> &'a [(Rating, StudyDay)],
    ) {
        self.fsrs = fsrs;
        for (id, card) in &mut self.cards {
            let mut memory: Option<Memory> = None;
            let mut last: Option<StudyDay> = None;
            for (rating, day) in reviews(id) {
                let elapsed = last.map_or(0, |last| day.since(last));
                memory = Some(self.fsrs.review(memory.as_ref(), *rating, elapsed));
                last = Some(*day);
            }
            card.memory = memory.unwrap_or(card.memory);
        }
    }

    /// Returns the scheduler.
    #[must_use]
    pub fn fsrs(&self) -> &Fsrs6 {
        &self.fsrs
    }

    /// Returns the card of a template.
    #[must_use]
    pub fn get(&self, template: &str) -> Option<&Card> {
        self.cards.get(template)
    }

    /// Returns the cards with their templates, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Card)> {
        self.cards.iter().map(|(id, card)| (id.as_str(), card))
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// Returns the templates due on a study day, longest overdue first, then by name.
    #[must_use]
    pub fn due(&self, today: StudyDay, retention: f64) -> Vec<&str> {
        let mut due: Vec<(StudyDay, &str)> = self
            .iter()
            .filter(|(_, card)| !card.suspended)
            .map(|(id, card)| (card.due(&self.fsrs, retention), id))
            .filter(|(day, _)| *day <= today)
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }
}
