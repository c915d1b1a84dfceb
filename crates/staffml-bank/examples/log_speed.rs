//! Measures a log of 100,000 answers over three years: reading, ordering, folding, merging.
//!
//! Run with `cargo run --release -p staffml-bank --example log_speed`.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use core::hint::black_box;
use std::time::Instant;

use staffml_bank::log::{
    Answer, DeviceId, Event, EventId, Mode, Moment, Outcome, Record, TemplateRef, assemble, scan,
};
use staffml_bank::sched::Rating;
use staffml_bank::state::Cards;

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

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (mut hash, mut bytes) = (0, Vec::new());
    for n in 0..100_000_u64 {
        let at = Moment::from_ms(1_700_000_000_000 + i64::try_from(n)? * 1_000_000);
        let template = TemplateRef::new(&format!("w{:02}-template-number-{}", n % 22, n % 300), 1);
        let rating = Rating::ALL[usize::try_from(n % 4)?];
        let answer = Answer::new(template, n, Outcome::Correct, 41_000)
            .rated(rating)
            .confident(0.8)
            .typed("8.97 kB")
            .within(Mode::Practice, "01J000000000000000000000A1");
        let id = EventId::new(at, u128::from(n));
        let event = Event::new(id, at, 60, DeviceId::new(7), n + 1, answer.into());
        let record = Record::write(event, hash)?;
        hash = record.hash();
        bytes.extend_from_slice(record.line().as_bytes());
        bytes.push(b'\n');
    }
    println!("a log of 100,000 answers, {:.1} MB", f64::from(u32::try_from(bytes.len())?) / 1e6);
    time("read and check it, every line", 1, || {
        drop(black_box(assemble(vec![scan("log", &bytes)])));
    });
    let reading = assemble(vec![scan("log", &bytes)]);
    assert!(reading.events.len() == 100_000 && reading.problems.is_empty());
    time("bring 100,000 events in order", 1, || drop(black_box(reading.events.timeline())));
    let timeline = reading.events.timeline();
    time("fold 100,000 events to cards", 1, || {
        let mut cards = Cards::default();
        timeline.events.iter().for_each(|event| cards.apply(event));
        assert_eq!(black_box(cards).len(), 3300);
    });
    time("merge 100,000 events with themselves", 1, || {
        let mut events = reading.events.clone();
        black_box(events.merge(&reading.events));
    });
    Ok(())
}
