//! Wall 8 asked about a recorded machine.

use crate::convention::Convention;
use crate::error::Result;
use crate::registry::Hardware;
use crate::trace::Recorder;
use crate::units::BytesPerSecond;
use crate::walls::data::ingestion::{Balance, BalanceIn, BalanceOut};
use crate::walls::solve_traced;

/// Returns whether the recorded storage and link of `hardware` deliver `demand`.
///
/// - [`Convention::Reference`]: the link counts in one direction; without a recorded path the answer is unknown.
/// - [`Convention::Upstream030`]: the link counts as its maker states it; without a path it is an endless stall.
///
/// # Errors
///
/// As [`crate::walls::solve`].
pub fn ingestion<R: Recorder>(
    hardware: &Hardware,
    demand: BytesPerSecond,
    convention: Convention,
    trace: &mut R,
) -> Result<BalanceOut> {
    let link = hardware.host.map(|link| match convention {
        Convention::Reference => link.one_way(),
        Convention::Upstream030 => link.bandwidth,
    });
    let x = BalanceIn {
        demand,
        storage: hardware.storage.map_or(BytesPerSecond::ZERO, |storage| storage.bandwidth),
        link: link.unwrap_or(BytesPerSecond::ZERO),
        hit_rate: 0.0,
        cache: BytesPerSecond::ZERO,
        amplification: 1.0,
    };
    solve_traced::<Balance, _>(&x, convention, trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::{Direction, Link, Storage};
    use crate::trace::NoTrace;
    use crate::units::{Bytes, FlopPerSecond};
    use crate::walls::data::ingestion::{DataPath, Feed};

    #[test]
    fn a_link_carries_half_of_what_both_directions_carry() {
        let origin = Provenance::new(Basis::Datasheet, "a data sheet");
        let mut machine =
            Hardware::new("m", FlopPerSecond(1e12), BytesPerSecond(1e12), Bytes(1e9), origin);
        let ask = |machine: &Hardware, convention| {
            ingestion(machine, BytesPerSecond(40e9), convention, &mut NoTrace).unwrap()
        };
        assert_eq!(ask(&machine, Convention::Reference).feed, Feed::Unknown);
        machine.storage =
            Some(Storage { capacity: Bytes(1e12), bandwidth: BytesPerSecond(50e9), latency: None });
        machine.host = Some(Link {
            bandwidth: BytesPerSecond(64e9),
            direction: Direction::BothTogether,
            latency: None,
        });
        let out = ask(&machine, Convention::Reference);
        assert_eq!((out.feed, out.bottleneck), (Feed::Stalled, DataPath::Interconnect));
        let out = ask(&machine, Convention::Upstream030);
        assert_eq!((out.feed, out.bottleneck), (Feed::Flowing, DataPath::Storage));
    }
}
