//! Placements of newcomers whose skill is known.
//!
//! Skills are drawn from N(0, 1), answers from the curve of what is asked. What twelve answers can tell is bounded: with
//! discrimination 1 each gives at most 1/4, so that the standard error with the prior is at least 1/√(1 + 12/4) = 0.5,
//! and within 0.5 of the truth lie at most 68 %. Nine in ten take single questions of discrimination 1.9 or more
//! (1/√(1 + 12·a²/4) ≤ 0.5/1.645), or some forty answers of discrimination 1: twelve questions in parts.

use std::sync::Arc;

use staffml_bank::Bank;
use staffml_bank::model::taxonomy::Kind;
use staffml_bank::sched::{AnswerForm, Catalog, Curve, Item, MOST_ITEMS, Placement};

use crate::{Chance, is_long, logistic, share};

struct Placed {
    within: usize,
    covered: usize,
    items: usize,
    answers: usize,
    squares: f64,
}

fn place(items: &[Item], runs: usize, seed: u64) -> Placed {
    let mut out = Placed { within: 0, covered: 0, items: 0, answers: 0, squares: 0.0 };
    for run in 0..runs {
        let mut chance = Chance::new(seed ^ (run as u64) << 20);
        let theta = chance.normal();
        let mut placement = Placement::default();
        let mut open: Vec<&Item> = items.iter().collect();
        while !placement.is_done() {
            let Some(item) = placement.next(open.iter().copied()) else { break };
            let mut score = |curve: &Curve| {
                let p = logistic(curve.discrimination * (theta - curve.difficulty));
                let p = curve.guess + (1.0 - curve.guess) * p;
                f64::from(u8::from(chance.happens(p)))
            };
            if item.parts.is_empty() {
                placement.record(item, score(&item.curve()));
            } else {
                let scores: Vec<f64> = item.parts.iter().map(score).collect();
                placement.record_parts(item, &scores);
            }
            open.retain(|i| i.id != item.id);
        }
        let found = placement.result();
        let off = (found.skill - theta).abs();
        assert!(found.n_items <= MOST_ITEMS);
        out.within += usize::from(off <= 0.5);
        out.covered += usize::from(off <= 1.645 * found.error);
        out.items += found.n_items;
        out.answers += found.n_answers;
        out.squares += off * off;
    }
    out
}

fn check(name: &str, items: &[Item], runs: usize, least: f64) {
    let found = place(items, runs, 77);
    let n = runs as f64;
    eprintln!(
        "placement, {name}: within 0.5 of the truth {}; mean error {:.3}; {:.1} items, {:.1} answers; 90 % interval holds {}",
        share(found.within, runs),
        libm::sqrt(found.squares / n),
        found.items as f64 / n,
        found.answers as f64 / n,
        share(found.covered, runs)
    );
    assert!(found.within as f64 >= least * n, "{name}: {} of {runs}", found.within);
    // A 90 % interval holds in 90 %; 400 runs have a standard error of 1.5 %.
    assert!((found.covered as f64 / n - 0.9).abs() < 0.05, "{name}: {} of {runs}", found.covered);
}

#[test]
fn placements_are_as_good_as_twelve_answers_allow() {
    let catalog = Arc::new(Catalog::of(&Bank::embedded()));
    let runs = if is_long() { 4000 } else { 400 };
    for (a, least) in [(1.0, 0.60), (1.7, 0.80), (2.5, 0.88)] {
        let single = catalog.items().iter().filter(|i| i.parts.is_empty());
        let numbers = single.filter(|i| i.form == AnswerForm::Numeric).cloned();
        let items: Vec<Item> = numbers
            .map(|mut item| {
                item.discrimination = a;
                item
            })
            .collect();
        check(&format!("single questions of discrimination {a}"), &items, runs, least);
    }
}

#[test]
fn twelve_questions_in_parts_place_nine_in_ten() {
    // The bank as it is: discrimination 1 everywhere, difficulties by level, options that can be guessed.
    let catalog = Arc::new(Catalog::of(&Bank::embedded()));
    let asked = |i: &&Item| matches!(i.kind, Kind::Numeric | Kind::Choice | Kind::Multi);
    let items: Vec<Item> = catalog.items().iter().filter(asked).cloned().collect();
    // 90 % is the goal, held over 4,000 runs; 400 runs have a standard error of 1.5 %.
    let (runs, least) = if is_long() { (4000, 0.90) } else { (400, 0.87) };
    check("questions in parts", &items, runs, least);
}
