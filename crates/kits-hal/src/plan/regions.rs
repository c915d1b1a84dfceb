//! Two memories: which buffers lie in the small fast one, and where.
//!
//! A buffer belongs into the fast memory the more often its bytes are touched in a run. The fast
//! memory takes them in that order, each as long as a plan for all that are in it still fits; the
//! rest goes to the slow memory, which is then planned by itself.

use super::{Overlap, Plan, Problem, searched};

/// Buffers divided over two memories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// Whether each buffer of the problem lies in the fast memory.
    pub is_fast: Vec<bool>,
    /// Offset of each buffer in its own memory.
    pub offsets: Vec<u32>,
    /// Bytes of the fast memory in use.
    pub fast: u32,
    /// Bytes of the slow memory in use.
    pub slow: u32,
}

/// Divides buffers over a fast memory of `fast` bytes and a slow one of any length.
///
/// `touches` tells for every buffer how often a run reads or writes each of its bytes.
///
/// # Panics
///
/// If `touches` is shorter than the list of buffers.
#[must_use]
pub fn two_regions(problem: &Problem, touches: &[u32], fast: u32) -> Regions {
    let n = problem.buffers.len();
    let mut order: Vec<usize> = (0..n).collect();
    // Equal use: the smaller first, so that more of them fit.
    order.sort_by_key(|&i| (core::cmp::Reverse(touches[i]), problem.buffers[i].bytes));
    let mut is_fast = vec![false; n];
    let mut plan = Plan { offsets: Vec::new(), peak: 0 };
    for i in order {
        if problem.buffers[i].bytes > fast {
            continue;
        }
        is_fast[i] = true;
        let candidate = searched(&part(problem, &is_fast, true));
        if candidate.peak <= fast {
            plan = candidate;
        } else {
            is_fast[i] = false;
        }
    }
    let slow = searched(&part(problem, &is_fast, false));
    let (mut in_fast, mut in_slow) = (plan.offsets.iter(), slow.offsets.iter());
    let offsets = is_fast
        .iter()
        .map(|&f| if f { in_fast.next() } else { in_slow.next() }.copied().unwrap_or(0))
        .collect();
    Regions { is_fast, offsets, fast: plan.peak, slow: slow.peak }
}

/// Returns the buffers of one side, with the permissions among them.
fn part(problem: &Problem, is_fast: &[bool], side: bool) -> Problem {
    let mut number = vec![None; is_fast.len()];
    let mut buffers = Vec::new();
    for (i, &f) in is_fast.iter().enumerate() {
        if f == side {
            number[i] = Some(buffers.len());
            buffers.push(problem.buffers[i]);
        }
    }
    let overlaps = problem
        .overlaps
        .iter()
        .filter_map(|o| Some(Overlap { input: number[o.input]?, output: number[o.output]?, ..*o }))
        .collect();
    Problem { buffers, overlaps, align: problem.align }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Buffer;

    fn chain(sizes: &[u32]) -> Problem {
        let buffers = sizes
            .iter()
            .enumerate()
            .map(|(i, &bytes)| Buffer { bytes, first: i, last: i + 1 })
            .collect();
        Problem { buffers, overlaps: Vec::new(), align: 16 }
    }

    #[test]
    fn what_is_touched_most_lies_in_the_fast_memory() {
        // Neighbors live together: 64 + 64 fit, the large one and the idle one do not.
        let p = chain(&[64, 64, 1024, 64]);
        let r = two_regions(&p, &[9, 8, 99, 1], 128);
        assert_eq!(r.is_fast, [true, true, false, true]);
        assert_eq!((r.fast, r.slow), (128, 1024));
        // The last buffer meets none of the others in the fast memory: it shares.
        assert_eq!(r.offsets[3], 0);
        let r = two_regions(&p, &[9, 8, 99, 1], 64);
        assert_eq!(r.is_fast, [true, false, false, true]);
        assert_eq!((r.fast, r.slow), (64, 1024 + 64));
    }

    #[test]
    fn a_fast_memory_that_holds_everything_or_nothing() {
        let p = chain(&[100, 50, 30]);
        let all = two_regions(&p, &[1; 3], 10_000);
        assert_eq!((all.is_fast.as_slice(), all.slow), (&[true; 3][..], 0));
        let none = two_regions(&p, &[1; 3], 0);
        assert_eq!((none.is_fast.as_slice(), none.fast), (&[false; 3][..], 0));
        assert_eq!(none.slow, searched(&p).peak);
    }
}
