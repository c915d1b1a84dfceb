//! Measures reading, grading, drawing and loading on this machine.
//!
//! Run with `cargo run --release -p staffml-bank --example speed`.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use core::hint::black_box;
use std::time::Instant;

use staffml_bank::Bank;
use staffml_bank::grade::{Key, Tolerance};
use staffml_bank::oracle::Builtin;
use staffml_bank::quantity::{Dim, Expect, parse};
use staffml_bank::variant::{Draw, Style};

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
    let key = Key::new(140.0, "GB", Tolerance::relative(0.02))?
        .wrong("precision-doubled", 280.0)
        .wrong("training-state-included", 2240.0);
    assert!(key.grade("130.4 GiB").is_correct());
    for text in ["130.4 GiB", "1.4×10¹¹ B", "12 bananas"] {
        time(&format!("parse `{text}`"), 20_000, || {
            drop(black_box(parse(black_box(text), Expect::dim(Dim::INFO))));
        });
    }
    for text in ["130.4 GiB", "280 GB", "140 GiB", "3 GHz", "12 bananas"] {
        time(&format!("grade `{text}`"), 20_000, || drop(black_box(key.grade(black_box(text)))));
    }
    let bank = Bank::embedded();
    let template = bank.get("w02-roofline-time")?;
    let draw = Draw::seed(3);
    let question = staffml_bank::variant::instantiate(template, &Builtin, &draw)?;
    time("instantiate w02-roofline-time", 2_000, || {
        drop(black_box(staffml_bank::variant::instantiate(template, &Builtin, black_box(&draw))));
    });
    time("worked solution", 2_000, || drop(black_box(question.solution(Style::Plain))));
    time(&format!("load {} templates", bank.templates().len()), 50, || {
        drop(black_box(Bank::embedded()));
    });
    Ok(())
}
