//! Placing tensors in one block of memory, before the model ever runs.
//!
//! Time is the number of an operator. A buffer lives from the operator that writes it to its last
//! reader; buffers that live at the same time must not share bytes, and everything else may.
//! [`greedy`] places the largest first. [`searched`] tries other orders. Both can also let an output
//! run into an input that dies at the same operator, as far as [`Overlap::distance`] allows: the
//! kernel then overwrites only what it has read. [`two_regions`] divides them over two memories.
//!
//! Source: the greedy placement is that of Pisarchyk and Lee (2020), "Efficient Memory Management
//! for Deep Neural Net Inference", arXiv:2001.03288, section 4.

mod map;
mod place;
mod regions;
mod search;
mod svg;

pub use map::ascii_map;
pub use place::{greedy, lower_bound};
pub use regions::{Regions, two_regions};
pub use search::searched;
pub use svg::svg_map;

/// A block of memory that a tensor needs for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer {
    /// Length in bytes.
    pub bytes: u32,
    /// The operator that writes it; 0 for an input of the graph.
    pub first: usize,
    /// The last operator that reads it; the number of operators for an output of the graph.
    pub last: usize,
}

impl Buffer {
    /// Returns `true` if both must hold their values at the same time.
    #[must_use]
    pub const fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Permission for an output to run into the memory of an input that dies at the same operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Buffer that dies.
    pub input: usize,
    /// Buffer that is written.
    pub output: usize,
    /// The input must start at least this many bytes behind the start of the output.
    pub distance: u32,
}

/// What has to be placed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// Buffers in the order of their definition.
    pub buffers: Vec<Buffer>,
    /// Pairs that may share memory; at most one entry per pair.
    pub overlaps: Vec<Overlap>,
    /// Every offset is a multiple of it.
    pub align: u32,
}

impl Problem {
    /// Returns the same buffers without permission to share memory.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { overlaps: Vec::new(), ..self.clone() }
    }
}

/// Where every buffer lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Offset of each buffer.
    pub offsets: Vec<u32>,
    /// Bytes needed: the largest end, rounded up to the alignment.
    pub peak: u32,
}

impl Plan {
    /// Returns the first rule of `problem` that the plan breaks, or `None`.
    ///
    /// Independent of the planners: it looks at every pair of buffers.
    #[must_use]
    pub fn violation(&self, problem: &Problem) -> Option<String> {
        let range = |i: usize| {
            let start = u64::from(self.offsets[i]);
            (start, start + u64::from(problem.buffers[i].bytes))
        };
        for (i, a) in problem.buffers.iter().enumerate() {
            let (start, end) = range(i);
            if end > u64::from(self.peak) || start % u64::from(problem.align.max(1)) != 0 {
                return Some(format!(
                    "buffer {i} at {start}..{end} leaves the arena or is unaligned"
                ));
            }
            for (j, b) in problem.buffers.iter().enumerate().skip(i + 1) {
                let (other, other_end) = range(j);
                let apart = end <= other || other_end <= start;
                if !a.meets(b) || apart {
                    continue;
                }
                let shared = problem.overlaps.iter().any(|o| {
                    (o.input == i && o.output == j && start >= other + u64::from(o.distance))
                        || (o.input == j && o.output == i && other >= start + u64::from(o.distance))
                });
                if !shared {
                    return Some(format!(
                        "buffers {i} at {start}..{end} and {j} at {other}..{other_end} live together"
                    ));
                }
            }
        }
        None
    }
}

/// Rounds `n` up to a multiple of `align`.
pub(crate) fn align_up(n: u64, align: u32) -> u64 {
    n.next_multiple_of(u64::from(align.max(1)))
}
