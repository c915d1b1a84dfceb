//! Placing buffers one by one, each at the lowest offset that no placed buffer forbids.

use super::{Plan, Problem, align_up};

/// How a buffer that lives at the same time constrains another.
#[derive(Debug, Clone, Copy)]
enum Relation {
    /// No common byte.
    Apart,
    /// The other is an input that dies when this one is written: this one stays `d` below it.
    Below(u32),
    /// The other is written when this one dies: this one stays `d` above its start.
    Above(u32),
}

/// For every buffer, the buffers that live at the same time.
pub(super) struct Neighbors(Vec<Vec<(usize, Relation)>>);

impl Neighbors {
    pub(super) fn of(problem: &Problem) -> Self {
        let buffers = &problem.buffers;
        let mut lists: Vec<Vec<(usize, Relation)>> = vec![Vec::new(); buffers.len()];
        // Sweep in the order of birth: only buffers that overlap in time are compared.
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&i| buffers[i].first);
        let mut alive: Vec<usize> = Vec::new();
        for &i in &order {
            alive.retain(|&j| buffers[j].last >= buffers[i].first);
            for &j in &alive {
                lists[i].push((j, Relation::Apart));
                lists[j].push((i, Relation::Apart));
            }
            alive.push(i);
        }
        for o in &problem.overlaps {
            for (other, relation) in &mut lists[o.output] {
                if *other == o.input {
                    *relation = Relation::Below(o.distance);
                }
            }
            for (other, relation) in &mut lists[o.input] {
                if *other == o.output {
                    *relation = Relation::Above(o.distance);
                }
            }
        }
        Self(lists)
    }

    /// Returns the number of pairs.
    pub(super) fn pairs(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// Places the buffers in the given order.
pub(super) fn in_order(problem: &Problem, neighbors: &Neighbors, order: &[usize]) -> Plan {
    let mut offsets: Vec<Option<u64>> = vec![None; problem.buffers.len()];
    let mut peak = 0_u64;
    let mut forbidden: Vec<(i64, i64)> = Vec::new();
    for &i in order {
        let size = i64::from(problem.buffers[i].bytes);
        // Offsets strictly between the two ends of a pair are forbidden.
        forbidden.clear();
        for &(j, relation) in &neighbors.0[i] {
            let Some(at) = offsets[j] else { continue };
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            let end = at.saturating_add(i64::from(problem.buffers[j].bytes));
            forbidden.push(match relation {
                Relation::Apart => (at - size, end),
                Relation::Below(d) => (at - size.min(i64::from(d)), end),
                Relation::Above(d) => (at - size, end.min(at + i64::from(d))),
            });
        }
        // In the order of their lower ends, an interval that ends below the offset stays below.
        forbidden.sort_unstable();
        let mut offset = 0_i64;
        for &(low, high) in &forbidden {
            if low < offset && offset < high {
                offset = aligned(high, problem.align);
            }
        }
        let at = u64::try_from(offset).unwrap_or(0);
        peak = peak.max(at + u64::from(problem.buffers[i].bytes));
        offsets[i] = Some(at);
    }
    Plan {
        offsets: offsets.into_iter().map(|o| clip(o.unwrap_or(0))).collect(),
        peak: clip(align_up(peak, problem.align)),
    }
}

fn aligned(n: i64, align: u32) -> i64 {
    i64::try_from(align_up(u64::try_from(n).unwrap_or(0), align)).unwrap_or(i64::MAX)
}

fn clip(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Places the largest buffer first, ties in the order of definition.
#[must_use]
pub fn greedy(problem: &Problem) -> Plan {
    let mut order: Vec<usize> = (0..problem.buffers.len()).collect();
    order.sort_by_key(|&i| core::cmp::Reverse(problem.buffers[i].bytes));
    in_order(problem, &Neighbors::of(problem), &order)
}

/// Returns the largest sum of sizes that live at the same time: what no plan without shared memory
/// can go below.
#[must_use]
pub fn lower_bound(problem: &Problem) -> u32 {
    let size = |bytes: u32| align_up(bytes.into(), problem.align);
    let mut changes: Vec<(usize, bool, u64)> = Vec::new();
    for b in &problem.buffers {
        changes.push((b.first, true, size(b.bytes)));
        changes.push((b.last + 1, false, size(b.bytes)));
    }
    changes.sort_unstable(); // at equal times, ends (false) come before births
    let (mut now, mut most) = (0_u64, 0_u64);
    for (_, born, bytes) in changes {
        now = if born { now + bytes } else { now - bytes };
        most = most.max(now);
    }
    clip(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Buffer, Overlap};

    fn problem(buffers: &[(u32, usize, usize)]) -> Problem {
        Problem {
            buffers: buffers
                .iter()
                .map(|&(bytes, first, last)| Buffer { bytes, first, last })
                .collect(),
            overlaps: Vec::new(),
            align: 16,
        }
    }

    #[test]
    fn buffers_that_never_meet_share_memory() {
        let p = problem(&[(100, 0, 1), (60, 1, 2), (100, 2, 3)]);
        let plan = greedy(&p);
        assert_eq!(plan.offsets, [0, 112, 0]);
        assert_eq!(plan.peak, 176); // 112 + 60, rounded up
        assert_eq!(lower_bound(&p), 112 + 64);
        assert_eq!(plan.violation(&p), None);
    }

    #[test]
    fn a_small_buffer_fills_the_first_gap() {
        // 0 and 1 live together; 2 dies early and leaves a gap between them for 3.
        let p = problem(&[(64, 0, 9), (48, 0, 2), (32, 0, 9), (48, 3, 9)]);
        let plan = greedy(&p);
        assert_eq!(plan.offsets, [0, 64, 112, 64]);
        assert_eq!(plan.violation(&p), None);
    }

    #[test]
    fn an_output_runs_into_the_dying_input_by_its_distance() {
        let mut p = problem(&[(1000, 0, 0), (1000, 0, 1)]);
        p.overlaps.push(Overlap { input: 0, output: 1, distance: 40 });
        let plan = searched_or_greedy(&p);
        assert_eq!(plan.offsets, [48, 0]); // 40 rounded up to 16
        assert_eq!(plan.peak, 1056); // 48 + 1000, rounded up
        assert_eq!(plan.violation(&p), None);
        let apart = greedy(&p.apart());
        assert!(apart.violation(&p).is_none());
        assert!(plan.violation(&p.apart()).is_some(), "sharing is visible to the check");
    }

    fn searched_or_greedy(p: &Problem) -> Plan {
        in_order(p, &Neighbors::of(p), &[1, 0])
    }
}
