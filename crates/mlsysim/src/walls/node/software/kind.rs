//! What share of the peak good kernels of one kind of work reach.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::FlopPerSecond;
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};

const PALM: &str = "Chowdhery et al. (2022), PaLM, appendix B";
const DAO: &str = "Dao et al. (2022), FlashAttention";

labels! {
    /// A kind of work.
    pub enum Kind {
        /// Attention.
        Attention = "attention",
        /// The feed-forward part of a layer.
        Ffn = "ffn",
        /// A convolution.
        Conv = "conv",
        /// Anything else.
        Other = "other",
    }
}

record! {
    /// Work of one kind on a machine.
    pub struct KindIn {
        /// The kind of work.
        kind: Kind, "kind", ONE_OF_4, default 1.0;
        /// Whether attention is fused so that its scores never leave the chip.
        flash: bool, "flash", SHARE, default 0.0;
        /// How good the stack is as a whole: 0.5 is usual, and reaches what the literature reports.
        efficiency: f64, "e", EFFICIENCY, default 0.5;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
    }
}

record! {
    /// The share of the peak and its losses.
    pub struct KindOut {
        /// Share of the peak that the work reaches.
        mfu: f64, "η", SHARE;
        /// Rate that it reaches.
        achievable: FlopPerSecond, "Peak·η", NOT_NEGATIVE;
        /// Share of the units that have work.
        occupancy: f64, "η_occ", SHARE;
        /// Loss to units without work: `−ln η_occ`; upstream `1 − η_occ`.
        occupancy_loss: f64, "l_occ", NOT_NEGATIVE;
        /// Loss to everything else: `−ln(η/η_occ)`; upstream what is left of `1 − η`.
        stall_loss: f64, "l_mem", NOT_NEGATIVE;
    }
}

/// The equation `software.kind`.
#[derive(Debug, Clone, Copy)]
pub struct KindEfficiency;

impl Equation for KindEfficiency {
    type In = KindIn;
    type Out = KindOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "software.kind",
        wall: 3,
        also: &[1],
        question: "Which share of the peak do good kernels of this kind of work reach?",
        formula: "η = min(η_kind × e / 0.5, cap); l_occ + l_mem = −ln η",
        source: PALM,
        inputs: KindIn::FIELDS,
        outputs: KindOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &KindIn, convention: Convention, trace: &mut R) -> KindOut {
        let upstream = convention == Convention::Upstream030;
        let (usual, cap) = match (x.kind, x.flash) {
            (Kind::Attention, true) => (0.75, 0.85),
            (Kind::Attention, false) | (Kind::Other, _) => (0.30, 1.0),
            (Kind::Ffn, _) => (0.50, 0.60),
            (Kind::Conv, _) => (0.40, 0.55),
        };
        let mfu = (usual * (x.efficiency / 0.5)).min(cap);
        let source = if x.flash { DAO } else { PALM };
        trace.computed(
            "mfu",
            "η",
            mfu,
            "min(η_kind × e / 0.5, cap), η_kind 0.75 fused attention, 0.5 ffn, 0.4 conv, else 0.3",
            &["kind", "flash", "efficiency"],
            source,
        );
        let achievable = x.peak * mfu;
        trace.computed("achievable", "Peak·η", achievable, "Peak × η", &["peak", "mfu"], PALM);
        // A stack of efficiency e keeps a tenth more of the units busy than it uses.
        let busy = (1.1 * x.efficiency).min(1.0);
        // Units that have no work cannot reach more of the peak than there are busy ones.
        let occupancy = if upstream { busy } else { busy.max(mfu) };
        trace.computed(
            "occupancy",
            "η_occ",
            occupancy,
            "max(min(1.1 × e, 1), η)",
            &["efficiency", "mfu"],
            "mlsysim 0.3.0 (Python)",
        );
        let (occupancy_loss, stall_loss) = if upstream {
            (1.0 - occupancy, ((1.0 - mfu) - (1.0 - occupancy)).max(0.0))
        } else {
            ((-libm::log(occupancy)).max(0.0), libm::log(occupancy / mfu).max(0.0))
        };
        trace.computed(
            "occupancy_loss",
            "l_occ",
            occupancy_loss,
            "−ln η_occ",
            &["occupancy"],
            PALM,
        );
        trace.computed(
            "stall_loss",
            "l_mem",
            stall_loss,
            "−ln(η / η_occ)",
            &["mfu", "occupancy"],
            PALM,
        );
        KindOut { mfu, achievable, occupancy, occupancy_loss, stall_loss }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn kind(kind: Kind, flash: bool, efficiency: f64) -> KindOut {
        let x = KindIn { kind, flash, efficiency, peak: FlopPerSecond(1e15) };
        solve::<KindEfficiency>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn fused_attention_reaches_its_cap() {
        assert!((kind(Kind::Attention, true, 0.5).mfu - 0.75).abs() < 1e-15);
        assert!((kind(Kind::Attention, true, 1.0).mfu - 0.85).abs() < 1e-15);
        assert!((kind(Kind::Ffn, false, 0.5).achievable.0 - 0.5e15).abs() < 1.0);
    }

    #[test]
    fn losses_add_to_the_whole() {
        for efficiency in [0.05, 0.3, 0.5, 0.9, 1.0] {
            for work in [Kind::Attention, Kind::Ffn, Kind::Conv, Kind::Other] {
                let out = kind(work, true, efficiency);
                let sum = out.occupancy_loss + out.stall_loss;
                // Two logarithms, each rounded once.
                assert!((sum + libm::log(out.mfu)).abs() < 1e-14, "{work} {efficiency}");
            }
        }
    }
}
