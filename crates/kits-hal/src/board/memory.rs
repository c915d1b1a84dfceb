//! Memory regions of a board.

use super::provenance::{Provenance, Sourced};

/// What kind of memory a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RegionKind {
    /// Fast memory on the chip.
    Sram,
    /// Slower memory beside the chip, reached through a cache.
    Psram,
    /// The program's flash: code and weights are read in place.
    Flash,
    /// Further flash that can be mapped into the address space; nothing is placed there by default.
    Xip,
    /// The main memory of a single-board computer: everything is loaded there.
    Dram,
}

/// One block of contiguous memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Region {
    /// The name printed in reports; unique within a board.
    pub name: &'static str,
    /// What kind of memory it is.
    pub kind: RegionKind,
    /// First address, where the data sheet of the chip fixes one.
    pub base: Option<u32>,
    /// Size in bytes.
    pub bytes: Sourced<u64>,
    /// Latency factor in thousandths when weights or the arena lie here; `None` means no slowdown.
    pub slowdown_milli: Option<Sourced<u32>>,
}

impl Region {
    /// Whether tensors, buffers and the stack may be placed here.
    #[must_use]
    pub const fn holds_data(&self) -> bool {
        matches!(self.kind, RegionKind::Sram | RegionKind::Psram | RegionKind::Dram)
    }

    /// Whether weights may be placed here: flash first, else memory they are loaded into at start.
    #[must_use]
    pub const fn holds_weights(&self) -> bool {
        matches!(self.kind, RegionKind::Flash | RegionKind::Psram | RegionKind::Dram)
    }
}

/// How much of one region a program takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RegionUse {
    /// The name of the region.
    pub name: &'static str,
    /// What kind of memory it is.
    pub kind: RegionKind,
    /// Bytes taken.
    pub used: u64,
    /// Bytes there are.
    pub bytes: u64,
    /// The source of the size.
    pub from: Provenance,
}

impl RegionUse {
    /// Returns the bytes left over; 0 if the region is overfull.
    #[must_use]
    pub const fn free(&self) -> u64 {
        self.bytes.saturating_sub(self.used)
    }

    /// Returns the share taken in thousandths of a percent: 50 000 is half.
    #[must_use]
    pub fn milli_percent(&self) -> u64 {
        self.used.saturating_mul(100_000).checked_div(self.bytes).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Provenance, RegionKind, RegionUse};

    #[test]
    fn use_of_a_region() {
        let half = RegionUse {
            name: "RAM",
            kind: RegionKind::Sram,
            used: 131_072,
            bytes: 262_144,
            from: Provenance::Datasheet,
        };
        assert_eq!((half.free(), half.milli_percent()), (131_072, 50_000));
        let over = RegionUse { used: 262_145, ..half };
        assert_eq!((over.free(), over.milli_percent()), (0, 100_000));
        let empty = RegionUse { bytes: 0, ..half };
        assert_eq!((empty.free(), empty.milli_percent()), (0, 0));
    }
}
