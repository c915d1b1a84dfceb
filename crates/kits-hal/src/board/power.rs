//! What a board draws, as found in its sources.

use super::provenance::{Sourced, Span};

/// The supply voltage of every board here, in millivolts; currents of the sources are given at it.
pub const SUPPLY_MV: u64 = 3300;

/// Power figures of a board, in nanowatts; `None` where no source gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Power {
    /// The chip alone, computing.
    pub chip_active: Option<Sourced<Span>>,
    /// The whole board, computing with its sensors on. Energy estimates use this, else `chip_active`.
    pub board_active: Option<Sourced<Span>>,
    /// The highest draw seen.
    pub peak: Option<Sourced<Span>>,
    /// Asleep with memory kept and a timer running.
    pub sleep: Option<Sourced<Span>>,
    /// Off, woken by a pin only.
    pub off: Option<Sourced<Span>>,
}

impl Power {
    /// No figure known.
    pub const UNKNOWN: Self =
        Self { chip_active: None, board_active: None, peak: None, sleep: None, off: None };

    /// Returns the draw to count while computing: that of the board, else that of the chip alone.
    #[must_use]
    pub const fn active(&self) -> Option<Sourced<Span>> {
        match self.board_active {
            Some(draw) => Some(draw),
            None => self.chip_active,
        }
    }
}

/// Returns the power in nanowatts of a current given in tenths of a microampere, at 3.3 V.
pub(super) const fn from_deci_ua(low: u64, high: u64) -> Span {
    // 0.1 µA × 3300 mV = 330 nW.
    Span::new(low.saturating_mul(SUPPLY_MV / 10), high.saturating_mul(SUPPLY_MV / 10))
}

/// Returns the power in nanowatts of a current given in tenths of a milliampere, at 3.3 V.
pub(super) const fn from_deci_ma(low: u64, high: u64) -> Span {
    from_deci_ua(low.saturating_mul(1000), high.saturating_mul(1000))
}

/// Returns the power in nanowatts of a power given in milliwatts.
pub(super) const fn from_mw(low: u64, high: u64) -> Span {
    Span::new(low.saturating_mul(1_000_000), high.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::{Span, from_deci_ma, from_deci_ua, from_mw};

    #[test]
    fn currents_become_powers() {
        // 0.4 µA × 3.3 V = 1.32 µW; 3.3 mA × 3.3 V = 10.89 mW.
        assert_eq!(from_deci_ua(4, 4), Span::one(1320));
        assert_eq!(from_deci_ma(33, 60), Span::new(10_890_000, 19_800_000));
        assert_eq!(from_mw(350, 410), Span::new(350_000_000, 410_000_000));
    }
}
