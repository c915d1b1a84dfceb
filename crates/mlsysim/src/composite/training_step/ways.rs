//! Which links a group of devices communicates over.

use super::plan::Plan;
use crate::walls::fleet::communication::collectives::{self, Path};

/// Members of a group that stand in one node, for neighbors `stride` devices apart.
#[inline]
fn per_node(stride: u64, ranks: u64, node: u64) -> f64 {
    if stride == 0 || !node.is_multiple_of(stride) {
        return 1.0;
    }
    let (mut a, mut b) = (ranks, node / stride);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    u32::try_from(a).map_or(1.0, f64::from)
}

/// The ways that messages take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    inside: Path,
    between: Path,
    node: u64,
}

impl Ways {
    pub(super) fn of(plan: &Plan) -> Self {
        let cluster = &plan.cluster;
        Self {
            inside: Path { bandwidth: cluster.intra_bandwidth.0, latency: cluster.intra_latency.0 },
            between: Path {
                bandwidth: cluster.inter_bandwidth.0,
                latency: cluster.inter_latency.0,
            },
            node: u64::from(cluster.node_devices),
        }
    }

    /// All-reduce of `message` bytes over a group.
    #[inline]
    pub(super) fn all_reduce(&self, message: f64, stride: u64, ranks: u64, ranks_f: f64) -> f64 {
        if ranks <= 1 {
            return 0.0;
        }
        let per_node = per_node(stride, ranks, self.node);
        collectives::two_tiers(message, ranks_f, per_node, self.inside, self.between)
    }

    /// The link that spans a group.
    #[inline]
    pub(super) fn spanning(&self, stride: u64, ranks: u64, ranks_f: f64) -> Path {
        if per_node(stride, ranks, self.node) >= ranks_f { self.inside } else { self.between }
    }
}

#[cfg(test)]
mod tests {
    use super::per_node;

    #[test]
    fn members_of_a_node_agree_with_numbering_the_devices() {
        for node in 1..=12_u32 {
            for stride in 1..=8_u32 {
                for ranks in 1..=8_u32 {
                    // Groups start at multiples of their extent; count how many share the node of the first, where
                    // all nodes see whole groups of that size.
                    let counted = f64::from(per_node_by_numbering(node, stride, ranks));
                    let here = per_node(stride.into(), ranks.into(), node.into());
                    assert!(
                        (here - counted).abs() < 0.5,
                        "{node} {stride} {ranks}: {here} {counted}"
                    );
                }
            }
        }
    }

    /// The largest size into which nodes cut every group evenly.
    fn per_node_by_numbering(node: u32, stride: u32, ranks: u32) -> u32 {
        let extent = stride * ranks;
        (1..=ranks)
            .rev()
            .find(|size| {
                ranks.is_multiple_of(*size)
                    && (0..node).all(|group| {
                        let start = group * extent;
                        (0..stride).all(|offset| {
                            (0..ranks / size).all(|part| {
                                let device = |k: u32| start + offset + (part * size + k) * stride;
                                (0..*size).all(|k| device(k) / node == device(0) / node)
                            })
                        })
                    })
            })
            .unwrap_or(1)
    }
}
