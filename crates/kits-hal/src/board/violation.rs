//! Why a program does not fit: every demand that the board cannot meet, with both numbers.

use core::fmt;

use super::text::Grouped;
use super::{MAX_REGIONS, MAX_VIOLATIONS};

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Resource {
    /// Bytes of the named memory region.
    Memory(&'static str),
    /// Microseconds until the deadline of one inference.
    Deadline,
    /// Microseconds between the starts of two inferences.
    Period,
    /// Microjoules for one inference.
    Energy,
}

impl Resource {
    /// The unit of its numbers.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Memory(_) => "B",
            Self::Deadline | Self::Period => "us",
            Self::Energy => "uJ",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(name) => name,
            Self::Deadline => "deadline",
            Self::Period => "period",
            Self::Energy => "energy",
        })
    }
}

/// One demand that the board cannot meet: `RAM: needs 300 544 B, has 262 144 B: short by 38 400 B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Violation {
    /// What there is too little of.
    pub resource: Resource,
    /// How much is needed; for times and energies the high end of the estimate.
    pub need: u64,
    /// How much there is, or is allowed.
    pub have: u64,
}

impl Violation {
    /// Returns the amount lacking.
    #[must_use]
    pub const fn short_by(&self) -> u64 {
        self.need.saturating_sub(self.have)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.resource.unit();
        let (need, have, short) =
            (Grouped(self.need), Grouped(self.have), Grouped(self.short_by()));
        write!(
            f,
            "{}: needs {need} {unit}, has {have} {unit}: short by {short} {unit}",
            self.resource
        )
    }
}

/// The program does not fit the board: all violations, memory first.
///
/// `Display` prints one line per violation, each starting with the board's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FitError {
    /// The id of the board.
    pub board: &'static str,
    list: [Option<Violation>; MAX_VIOLATIONS],
}

impl FitError {
    /// Returns an error without violations, to be filled.
    pub(super) const fn new(board: &'static str) -> Self {
        Self { board, list: [None; MAX_VIOLATIONS] }
    }

    /// Adds a violation if `need` exceeds `have`.
    ///
    /// There is room for one violation of each region and each limit, which is as many as can arise.
    pub(super) fn demand(&mut self, resource: Resource, need: u64, have: u64) {
        if need > have
            && let Some(free) = self.list.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(Violation { resource, need, have });
        }
    }

    /// Whether nothing is violated.
    pub(super) fn is_empty(&self) -> bool {
        self.violations().next().is_none()
    }

    /// Returns the violations: regions of memory in the board's order, then deadline, period and energy.
    pub fn violations(&self) -> impl Iterator<Item = Violation> + '_ {
        self.list.iter().flatten().copied()
    }
}

// One slot for each region, and three for deadline, period and energy.
const _: () = assert!(MAX_VIOLATIONS == MAX_REGIONS + 3);

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.violations().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {violation}", self.board)?;
        }
        Ok(())
    }
}

impl core::error::Error for FitError {}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{FitError, Resource};

    #[test]
    fn each_violation_is_a_line() {
        let mut e = FitError::new("nano33ble");
        e.demand(Resource::Memory("flash"), 1_048_576, 1_048_576); // just fits
        e.demand(Resource::Memory("RAM"), 300_544, 262_144);
        e.demand(Resource::Deadline, 480_001, 250_000);
        e.demand(Resource::Energy, 901, 900);
        assert_eq!(
            e.to_string(),
            "nano33ble: RAM: needs 300 544 B, has 262 144 B: short by 38 400 B\n\
             nano33ble: deadline: needs 480 001 us, has 250 000 us: short by 230 001 us\n\
             nano33ble: energy: needs 901 uJ, has 900 uJ: short by 1 uJ"
        );
    }
}
