//! Wall 10 asked about a recorded network.

use crate::convention::Convention;
use crate::error::Result;
use crate::registry::{Fabric as FabricRecord, Wiring};
use crate::trace::Recorder;
use crate::walls::data::locality::{Fabric, FabricIn, FabricOut, Topology};
use crate::walls::solve_traced;

impl From<Wiring> for Topology {
    fn from(wiring: Wiring) -> Self {
        match wiring {
            Wiring::FatTree => Self::FatTree,
            Wiring::Dragonfly => Self::Dragonfly,
            Wiring::Torus3d => Self::Torus3d,
            Wiring::Ring => Self::Ring,
        }
    }
}

/// Returns what a recorded network leaves of a port's bandwidth when `nodes` nodes talk across it, wired as `topology`
/// says or, without one, as recorded.
///
/// # Errors
///
/// As [`crate::walls::solve`].
pub fn locality<R: Recorder>(
    fabric: &FabricRecord,
    topology: Option<Topology>,
    nodes: u32,
    convention: Convention,
    trace: &mut R,
) -> Result<FabricOut> {
    let x = FabricIn {
        link: fabric.bandwidth,
        topology: topology.unwrap_or_else(|| fabric.wiring.into()),
        nodes: f64::from(nodes),
        oversubscription: fabric.oversubscription,
        tiers: 3.0,
    };
    solve_traced::<Fabric, _>(&x, convention, trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::trace::NoTrace;
    use crate::units::BytesPerSecond;

    #[test]
    fn a_record_is_read_in_full() {
        let origin = Provenance::new(Basis::Datasheet, "a data sheet");
        let mut record = FabricRecord::new("f", BytesPerSecond(100e9), origin);
        record.wiring = Wiring::Ring;
        record.oversubscription = 2.0;
        let out = locality(&record, None, 8, Convention::Reference, &mut NoTrace).unwrap();
        // Two of four ports' worth crosses the cut, and the switches halve it.
        assert_eq!(out.effective_bandwidth, BytesPerSecond(25e9));
        let wired = Some(Topology::FatTree);
        let out = locality(&record, wired, 8, Convention::Reference, &mut NoTrace).unwrap();
        assert_eq!(out.effective_bandwidth, BytesPerSecond(50e9));
    }
}
