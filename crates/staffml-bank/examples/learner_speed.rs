//! Measures the state of a learner with many answers: the whole fold, one more event, the next question.
//!
//! Run with `cargo run --release -p staffml-bank --example learner_speed`.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use core::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use staffml_bank::Bank;
use staffml_bank::log::{Answer, DeviceId, Event, EventId, Mode, Moment, Outcome, TemplateRef};
use staffml_bank::sched::{Aim, Catalog, Rating};
use staffml_bank::session::gaps;
use staffml_bank::state::{Filter, State};
use staffml_bank::variant::rng::{SplitMix64, mix};

/// Prints the best mean of five rounds, in microseconds per call.
fn time(what: &str, n: u32, mut call: impl FnMut()) {
    let round = |_| {
        let start = Instant::now();
        (0..n).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(n)
    };
    let best = (0..5).map(round).fold(f64::INFINITY, f64::min);
    println!("{what:<44} {best:>9.2} µs");
}

fn main() {
    let catalog = Arc::new(Catalog::of(&Bank::embedded()));
    let ids: Vec<&str> = catalog.items().iter().map(|item| item.id.as_str()).collect();
    let event = |seq: u64| {
        let at = Moment::from_ms(1_700_000_000_000 + i64::try_from(seq).unwrap_or(0) * 600_000);
        let id = ids[usize::try_from(mix(seq) % ids.len() as u64).unwrap_or(0)];
        let right = !mix(seq ^ 1).is_multiple_of(3);
        let outcome = if right { Outcome::Correct } else { Outcome::Misconception };
        let rating = if right { Rating::Good } else { Rating::Again };
        let mut answer = Answer::new(TemplateRef::new(id, 1), seq, outcome, 40_000)
            .rated(rating)
            .confident(0.8)
            .within(Mode::Practice, "session");
        if !right {
            "bits-bytes".clone_into(&mut answer.code);
        }
        let id = EventId::new(at, u128::from(seq));
        Event::new(id, at, 0, DeviceId::new(1), seq + 1, answer.into())
    };
    let events: Vec<Event> = (0..100_000).map(event).collect();
    time("fold 100,000 events", 1, || {
        drop(black_box(State::fold(Arc::clone(&catalog), black_box(&events))));
    });
    let mut state = State::fold(Arc::clone(&catalog), &events[..10_000]);
    let today = events[10_000].study_day();
    let mut rng = SplitMix64::new(1);
    time("next question after 10,000 events", 200, || {
        let _ = black_box(state.next(&Filter::default(), today, Aim::Practice, &mut rng));
    });
    time("gap report after 10,000 events", 20, || drop(black_box(gaps(&state, today, None))));
    let mut rest = events[10_000..].iter();
    time("one more event", 1000, || {
        if let Some(event) = rest.next() {
            state.apply(event);
        }
    });
}
