//! The fold: laws, speed of the next item, suspended cards, fitted schedulers.

use proptest::prelude::*;

use super::*;
use crate::Bank;
use crate::log::{Config, DeviceId, EventId, Moment, Outcome, Suspend, TemplateRef};
use crate::model::Misconceptions;
use crate::sched::{Aim, AnswerForm};
use crate::variant::rng::SplitMix64;

/// Noon of 2026-03-01 and `days` later.
fn at(days: u32) -> Moment {
    Moment::from_ms(1_772_366_400_000 + i64::from(days) * 86_400_000)
}

fn today(days: u32) -> StudyDay {
    at(days).study_day(0)
}

fn event(seq: u64, days: u32, what: impl Into<What>) -> Event {
    let at = Moment::from_ms(at(days).ms() + i64::try_from(seq).unwrap());
    Event::new(EventId::new(at, u128::from(seq)), at, 0, DeviceId::new(1), seq, what.into())
}

fn answer(id: &str, seed: u64, outcome: Outcome) -> Answer {
    let rating = if outcome.is_correct() { Rating::Good } else { Rating::Again };
    Answer::new(TemplateRef::new(id, 1), seed, outcome, 30_000).rated(rating)
}

/// Twelve items: six levels of an entry topic and of one that depends on it.
fn catalog() -> Arc<Catalog> {
    let mut items = Vec::new();
    for (topic, short) in [(Topic::VramBudgeting, "vram"), (Topic::KvCacheManagement, "kv")] {
        for level in Level::ALL {
            let mut item = Item::new(&format!("{short}-{}", level.ordinal()), topic, *level);
            item.computes = format!("{short}-{}", level.ordinal() / 2);
            item.families = vec![0, 2];
            items.push(item);
        }
    }
    Arc::new(Catalog::new(items, Misconceptions::embedded()))
}

#[test]
fn an_answer_reaches_every_estimate() {
    let mut state = State::new(catalog());
    let mut wrong = answer("kv-3", 5, Outcome::Misconception);
    "bits-bytes".clone_into(&mut wrong.code);
    state.apply(&event(1, 0, wrong.confident(0.95)));
    // b = −0.4: p = 1/(1 + e^−0.4) = 0.5987, K = 0.6
    let p = 1.0 / (1.0 + libm::exp(-0.4));
    assert!((state.skills().of(Area::Memory).area + 0.36 * p).abs() < 1e-12);
    let cell = state.cell(Topic::KvCacheManagement, Level::L3).unwrap();
    assert_eq!((cell.answers, cell.right), (1, 0));
    assert_eq!((state.profile().of(0).seen, state.profile().of(2).possible), (1, 1));
    let stated = state.stated()[0];
    assert!((stated.confidence - 0.95).abs() < 1e-12 && !stated.right && stated.family == Some(0));
    assert_eq!(state.days()[&today(0)].new, 1);
    assert_eq!(state.cards().get("kv-3").unwrap().reviews, 1);
    let place = state.catalog().place("kv-3").unwrap();
    assert_eq!(state.due_day(place), Some(today(1)));
    assert_eq!((state.due(today(0)), state.due(today(1))), (vec![], vec![place]));
}

#[test]
fn an_unknown_template_counts_as_a_day_and_no_more() {
    let mut state = State::new(catalog());
    state.apply(&event(1, 0, answer("long-gone", 5, Outcome::Correct)));
    assert_eq!((state.n_answers(), state.days()[&today(0)].answers), (1, 1));
    assert!(state.cells().next().is_none() && state.skills().global().abs() < 1e-15);
    assert!(state.cards().get("long-gone").is_some(), "its card waits for its bank");
}

#[test]
fn six_lapses_make_a_leech_with_its_family() {
    let mut state = State::new(catalog());
    for n in 0..7 {
        let mut wrong = answer("vram-3", n, Outcome::Misconception);
        if n > 2 { "bits-bytes" } else { "precision-doubled" }.clone_into(&mut wrong.code);
        state.apply(&event(n + 1, u32::try_from(n).unwrap() * 2, wrong));
    }
    let place = state.catalog().place("vram-3").unwrap();
    let unit_scale = state.catalog().family("unit-scale").unwrap();
    assert_eq!(state.leeches(), [(place, Some(unit_scale))]);
    assert!(state.is_out(place) && state.due(today(99)).is_empty());
    let filter = Filter::default().id("vram-3");
    let next =
        |state: &State| state.next(&filter, today(99), Aim::Practice, &mut SplitMix64::new(1));
    assert_eq!(next(&state), Err(Nothing::Resting));
    state.apply(&event(8, 20, Suspend::new(TemplateRef::new("vram-3", 1), false)));
    assert_eq!(next(&state), Ok(place));
}

#[test]
fn prerequisites_come_first_and_siblings_rest() {
    let mut state = State::new(catalog());
    let rank = |state: &State, id: &str| {
        let place = state.catalog().place(id).unwrap();
        let standing = state.standing(place, &state.catalog().items()[place], today(0));
        crate::sched::utility(&standing, 0.9, Aim::Practice)
    };
    assert!(rank(&state, "vram-1") > rank(&state, "kv-1"), "kv depends on vram");
    state.apply(&event(1, 0, answer("vram-2", 1, Outcome::Correct)));
    let drawn: Vec<String> = (0..60)
        .filter_map(|seed| {
            let place =
                state.next(&Filter::default(), today(0), Aim::Practice, &mut SplitMix64::new(seed));
            Some(state.catalog().item(place.ok()?)?.id.clone())
        })
        .collect();
    assert!(drawn.len() == 60 && !drawn.contains(&"vram-3".to_owned()), "a sibling of vram-2");
}

#[test]
fn new_items_of_a_day_are_limited() {
    let mut state = State::new(catalog());
    state.apply(&event(1, 0, Config::new("new-per-day".to_owned(), "2".to_owned())));
    for (seq, id) in [(2, "vram-1"), (3, "kv-1")] {
        state.apply(&event(seq, 0, answer(id, 1, Outcome::Correct)));
    }
    let next =
        |day| state.next(&Filter::default(), today(day), Aim::Practice, &mut SplitMix64::new(3));
    let place = next(0).unwrap();
    assert!(state.shown(place).is_some(), "only those seen may come");
    let one = |id, day| {
        let filter = Filter::default().id(id);
        state.next(&filter, today(day), Aim::Practice, &mut SplitMix64::new(3))
    };
    assert_eq!(one("kv-5", 0), Err(Nothing::NewIsUsedUp));
    assert!(one("kv-5", 1).is_ok());
    assert_eq!(one("nothing", 1), Err(Nothing::NoItem));
}

#[test]
fn seeds_are_not_used_again() {
    let mut state = State::new(catalog());
    let place = state.catalog().place("vram-1").unwrap();
    let mut seeds = std::collections::HashSet::new();
    for n in 0..30 {
        let seed = state.next_seed(place, 0);
        assert!(seeds.insert(seed), "seed {seed} twice");
        state.apply(&event(n + 1, 0, answer("vram-1", seed, Outcome::Correct)));
    }
    let broken = state.next_seed(place, 0);
    let note = crate::log::Broken::new(TemplateRef::new("vram-1", 1), broken, "no".to_owned());
    state.apply(&event(40, 0, note));
    assert_ne!(state.next_seed(place, 0), broken);
    assert_ne!(state.next_seed(place, 1), state.next_seed(place, 2));
}

#[test]
fn a_fitted_scheduler_counts_from_the_first_review() {
    let fitted = Fsrs6::default().parameters().map(|w| w * 1.1);
    let text = fitted.map(|w| w.to_string()).join(",");
    let reviews = [
        event(1, 0, answer("vram-1", 1, Outcome::Correct)),
        event(2, 4, answer("vram-1", 2, Outcome::Correct)),
        event(3, 5, answer("vram-1", 3, Outcome::Incorrect)),
    ];
    let config = event(4, 5, Config::new("fsrs".to_owned(), text));
    let after = State::fold(catalog(), reviews.iter().chain([&config]));
    let before = State::fold(catalog(), [&config].into_iter().chain(&reviews));
    let memory = |state: &State| state.cards().get("vram-1").unwrap().memory;
    assert_eq!(memory(&after), memory(&before));
    assert_ne!(memory(&after), memory(&State::fold(catalog(), &reviews)));
}

#[test]
fn a_mastered_cell_goes_stale() {
    let mut state = State::new(catalog());
    for (n, day) in [0, 0, 3, 9].into_iter().enumerate() {
        let n = n as u64;
        state.apply(&event(n + 1, day, answer("vram-1", n, Outcome::Correct)));
    }
    let cell = |day| state.cell_state(Topic::VramBudgeting, Level::L1, today(day));
    assert_eq!(cell(9), CellState::Mastered);
    assert_eq!(cell(2000), CellState::Stale);
    let counts = state.cell_counts(today(9), |_| true);
    assert_eq!((counts.mastered, counts.blank), (1, 11));
}

#[test]
fn choices_are_weaker_evidence_than_numbers() {
    let of = |options: Option<u32>| {
        let mut state = State::new(catalog());
        let mut right = answer("vram-1", 1, Outcome::Correct);
        right.options = options;
        state.apply(&event(1, 0, right));
        (state.skills().global(), state.cell(Topic::VramBudgeting, Level::L1).unwrap().known.0)
    };
    let (number, choice) = (of(None), of(Some(4)));
    assert!(number.0 > choice.0 && number.1 > choice.1);
    assert!((AnswerForm::Choice(4).guess() - 0.25).abs() < 1e-15);
}

/// A log as a busy learner has it: `n` answers to the items of the shipped bank.
pub(crate) fn busy(catalog: &Catalog, n: u64) -> Vec<Event> {
    let mut rng = SplitMix64::new(9);
    let items = catalog.items();
    (0..n)
        .map(|seq| {
            let item = &items[usize::try_from(rng.below(items.len() as u64)).unwrap()];
            let outcome = [Outcome::Correct, Outcome::Correct, Outcome::Misconception];
            let outcome = outcome[usize::try_from(rng.below(3)).unwrap()];
            let mut answer = answer(&item.id, rng.next_u64(), outcome);
            if outcome == Outcome::Misconception {
                "bits-bytes".clone_into(&mut answer.code);
            }
            let day = u32::try_from(seq / 40).unwrap();
            event(seq + 1, day, answer.confident(0.8).within(crate::log::Mode::Practice, "s"))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn one_by_one_is_the_fold_and_next_is_a_function_of_it(n in 0..120_u64, cut in 0..120_usize, seed: u64) {
        let catalog = Arc::new(Catalog::of(&Bank::embedded()));
        let events = busy(&catalog, n);
        let cut = cut.min(events.len());
        let mut step = State::fold(Arc::clone(&catalog), &events[..cut]);
        events[cut..].iter().for_each(|e| step.apply(e));
        let whole = State::fold(Arc::clone(&catalog), &events);
        let next = |state: &State| {
            let mut rng = SplitMix64::new(seed);
            state.next(&Filter::default(), today(4), Aim::Practice, &mut rng)
        };
        prop_assert_eq!(next(&step), next(&whole));
        prop_assert_eq!(step.skills(), whole.skills());
        prop_assert_eq!(step.profile(), whole.profile());
        prop_assert_eq!(step.due(today(9)), whole.due(today(9)));
        if let Ok(place) = next(&whole) {
            let utilities = catalog.items().iter().enumerate().map(|(p, item)| {
                crate::sched::utility(&whole.standing(p, item, today(4)), 0.9, Aim::Practice)
            });
            prop_assert!(utilities.into_iter().all(|u| (-0.3..=1.0).contains(&u)));
            prop_assert!(place < catalog.items().len());
        }
    }
}
