//! Trying other orders of placement: a few good guesses, then hill climbing from the best.

use super::{
    Plan, Problem, lower_bound,
    place::{Neighbors, in_order},
};

/// Most steps of the climb; fewer for graphs whose pairs would make it slow.
const STEPS: usize = 1500;

/// Pairs looked at in all steps together.
const WORK: usize = 60_000_000;

/// Returns the best plan found for any order of placement. Equal problems give equal plans.
///
/// The first orders are by size, by size times lifetime, by birth, and by birth from the last to
/// the first; then single buffers change places, keeping what is not worse, until the lower bound
/// (without shared memory) or the largest number of steps is reached.
#[must_use]
pub fn searched(problem: &Problem) -> Plan {
    let n = problem.buffers.len();
    let neighbors = Neighbors::of(problem);
    let natural: Vec<usize> = (0..n).collect();
    let sorted = |key: &dyn Fn(usize) -> i128| {
        let mut order = natural.clone();
        order.sort_by_key(|&i| key(i));
        order
    };
    let size = |i: usize| i128::from(problem.buffers[i].bytes);
    let birth = |i: usize| problem.buffers[i].first as i128;
    let span = |i: usize| {
        let b = &problem.buffers[i];
        (b.last - b.first + 1) as i128
    };
    let starts = [
        sorted(&|i| -size(i)),
        sorted(&|i| -size(i) * span(i)),
        sorted(&birth),
        sorted(&|i| -birth(i)),
    ];
    let mut best: Option<(Plan, Vec<usize>)> = None;
    for order in starts {
        let plan = in_order(problem, &neighbors, &order);
        if best.as_ref().is_none_or(|(b, _)| plan.peak < b.peak) {
            best = Some((plan, order));
        }
    }
    let Some((mut plan, mut order)) = best else {
        return Plan { offsets: Vec::new(), peak: 0 };
    };
    let floor = floor(problem);
    let mut random = SplitMix64(0x6b69_7473); // any fixed seed: results must repeat
    let steps = STEPS.min(WORK / neighbors.pairs().max(n).max(1));
    for _ in 0..steps {
        if plan.peak <= floor || n < 2 {
            break;
        }
        let (from, to) = (random.below(n), random.below(n));
        let moved = order.remove(from);
        order.insert(to, moved);
        let candidate = in_order(problem, &neighbors, &order);
        if candidate.peak <= plan.peak {
            plan = candidate;
        } else {
            let moved = order.remove(to);
            order.insert(from, moved);
        }
    }
    plan
}

/// Returns what no plan can go below: the largest buffer if memory may be shared.
fn floor(problem: &Problem) -> u32 {
    if problem.overlaps.is_empty() {
        lower_bound(problem)
    } else {
        problem.buffers.iter().map(|b| b.bytes).max().unwrap_or(0)
    }
}

/// The generator of Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators".
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the result is below n")]
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Buffer, Overlap, greedy};

    /// A random chain of layers with skips, as networks have.
    fn random_problem(seed: u64) -> Problem {
        let mut random = SplitMix64(seed);
        let n = 2 + random.below(14);
        let buffers: Vec<Buffer> = (0..n)
            .map(|i| Buffer {
                bytes: u32::try_from(1 + random.below(3000)).unwrap(),
                first: i,
                last: i + 1 + if random.below(4) == 0 { random.below(4) } else { 0 },
            })
            .collect();
        let mut overlaps = Vec::new();
        for i in 1..n {
            if buffers[i - 1].last == i && random.below(2) == 0 {
                let distance = u32::try_from(random.below(200)).unwrap();
                overlaps.push(Overlap { input: i - 1, output: i, distance });
            }
        }
        Problem { buffers, overlaps, align: 16 }
    }

    #[test]
    fn plans_keep_the_rules_and_the_bounds_on_random_problems() {
        for seed in 0..400 {
            let shared = random_problem(seed);
            let apart = shared.apart();
            let bound = lower_bound(&apart);
            let largest = shared.buffers.iter().map(|b| b.bytes).max().unwrap_or(0);
            let (first, better, best) = (greedy(&apart), searched(&apart), searched(&shared));
            assert_eq!(first.violation(&apart), None, "seed {seed}");
            assert_eq!(better.violation(&apart), None, "seed {seed}");
            assert_eq!(best.violation(&shared), None, "seed {seed}");
            assert!(bound <= better.peak && better.peak <= first.peak, "seed {seed}");
            assert!(largest <= best.peak, "seed {seed}");
        }
    }

    #[test]
    fn equal_problems_give_equal_plans() {
        let p = random_problem(7);
        assert_eq!(searched(&p), searched(&p));
        assert_eq!(searched(&Problem::default()).peak, 0);
    }
}
