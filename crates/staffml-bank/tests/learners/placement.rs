//! Placements of newcomers whose skill is known.
//!
//! Skills are drawn from N(0, 1), answers from the item's own curve. What twelve items can tell is bounded: with
//! discrimination 1 each gives at most 1/4, so that the standard error with the prior is at least 1/√(1 + 12/4) = 0.5,
//! and within 0.5 of the truth lie at most 68 %. Nine in ten take items of discrimination 1.9 or more
//! (1/√(1 + 12·a²/4) ≤ 0.5/1.645).

use std::sync::Arc;

use staffml_bank::Bank;
use staffml_bank::sched::{Catalog, Item, MOST_ITEMS, Placement};

use crate::{Chance, is_long, logistic, share};

struct Placed {
    within: usize,
    covered: usize,
    items: usize,
    squares: f64,
}

fn place(items: &[Item], runs: usize, seed: u64) -> Placed {
    let mut out = Placed { within: 0, covered: 0, items: 0, squares: 0.0 };
    for run in 0..runs {
        let mut chance = Chance::new(seed ^ (run as u64) << 20);
        let theta = chance.normal();
        let mut placement = Placement::default();
        let mut open: Vec<&Item> = items.iter().collect();
        while !placement.is_done() {
            let Some(item) = placement.next(open.iter().copied()) else { break };
            let p = logistic(item.discrimination * (theta - item.difficulty));
            placement.record(item, f64::from(u8::from(chance.happens(p))));
            open.retain(|i| i.id != item.id);
        }
        let found = placement.result();
        let off = (found.skill - theta).abs();
        assert!(found.n_items <= MOST_ITEMS);
        out.within += usize::from(off <= 0.5);
        out.covered += usize::from(off <= 1.645 * found.error);
        out.items += found.n_items;
        out.squares += off * off;
    }
    out
}

#[test]
fn placements_are_as_good_as_twelve_items_allow() {
    let bank = Bank::embedded();
    let catalog = Arc::new(Catalog::of(&bank));
    let runs = if is_long() { 4000 } else { 400 };
    for (a, least) in [(1.0, 0.60), (1.7, 0.80), (2.5, 0.88)] {
        let items: Vec<Item> = catalog
            .items()
            .iter()
            .filter(|i| i.form == staffml_bank::sched::AnswerForm::Numeric)
            .cloned()
            .map(|mut item| {
                item.discrimination = a;
                item
            })
            .collect();
        let found = place(&items, runs, 77);
        let n = runs as f64;
        let bound = 1.0 / libm::sqrt(1.0 + 3.0 * a * a);
        eprintln!(
            "placement, discrimination {a}: within 0.5 of the truth {}; mean error {:.2} (bound {bound:.2}); {:.1} items; 90 % interval holds {}",
            share(found.within, runs),
            libm::sqrt(found.squares / n),
            found.items as f64 / n,
            share(found.covered, runs)
        );
        assert!(found.within as f64 >= least * n, "{} of {runs}", found.within);
        // A 90 % interval holds in 90 %; 400 runs have a standard error of 1.5 %.
        assert!((found.covered as f64 / n - 0.9).abs() < 0.05, "{} of {runs}", found.covered);
    }
}
