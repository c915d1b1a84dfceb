//! Boards: what they have, what a program needs, and whether the two meet.
//!
//! A model that is too large should be refused before it is flashed, with the bytes that lack.
//! [`Board::by_id`] finds a board of the [`table`](BOARDS), a [`Need`] says what a program takes, and
//! [`Board::check`] answers with a [`FitReport`] or with a [`FitError`] that lists *every* violation.
//! Each number carries its [`Provenance`]: a data sheet, published runs, the labs, or an estimate.
//!
//! In reading order: [`Provenance`] and [`Span`], [`Region`], [`Core`], [`Power`], the table, [`Need`],
//! [`Work`], [`LayerCosts`], [`Placement`], [`FitReport`], [`Violation`], [`DutyCycle`], [`Cascade`],
//! [`LanguageModel`].
// Devices check themselves, so nothing here may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod cpu;
mod energy;
mod fit;
mod inverse;
mod language;
mod layers;
mod memory;
mod need;
mod place;
mod power;
mod provenance;
#[cfg(test)]
mod published;
mod runtime;
mod runtime_sizes;
mod table;
mod text;
mod violation;
mod work;

use core::fmt;

pub use cpu::{Core, Fpu, Kernels, MacCost, Simd};
pub use energy::{Battery, DutyCycle, Energies, EnergyError, Input};
pub use fit::{BatteryLife, FitReport};
pub use inverse::Cascade;
pub use language::{LANGUAGE_MODELS, LanguageModel, Talk, TalkReport, UnknownLanguageModel};
pub use layers::LayerCosts;
pub use memory::{Region, RegionKind, RegionUse};
pub use need::Need;
pub use place::Placement;
pub use power::{Power, SUPPLY_MV};
pub use provenance::{Provenance, Sourced, Span};
pub use runtime::Runtime;
pub use table::BOARDS;
pub use violation::{FitError, Resource, Violation};
pub use work::Work;

/// The most memory regions a board of the table has.
const MAX_REGIONS: usize = 4;

/// One violation for each region, and one each for deadline, period and energy.
const MAX_VIOLATIONS: usize = MAX_REGIONS + 3;

/// A board and what its sources say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Board {
    /// Short name, as given on command lines.
    pub id: &'static str,
    /// The name on the box.
    pub name: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// Kinds of processor cores; the first runs the model.
    pub cores: &'static [Core],
    /// A neural-network accelerator. This crate does not use it.
    pub npu: Option<&'static str>,
    /// Memory, flash first; at most four regions are considered.
    pub regions: &'static [Region],
    /// What it draws.
    pub power: Power,
    /// Bytes per second that a program reads from main memory, for single-board computers.
    pub read_bytes_per_s: Option<Sourced<Span>>,
    /// Price in US dollars.
    pub usd: Option<Sourced<Span>>,
    /// Sensors on the board or its usual kit; empty if none.
    pub sensors: &'static str,
    /// The emulated machine that stands in for the board.
    pub stand_in: Option<StandIn>,
}

/// A machine of the QEMU emulator that stands in for a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StandIn {
    /// The name to give to `-M`.
    pub machine: &'static str,
    /// Whether it models this very board; otherwise it only has the same core, and the linker script of the image sets
    /// the memory sizes of the real board.
    pub exact: bool,
}

impl Board {
    /// Returns the board of that id.
    ///
    /// # Errors
    ///
    /// [`UnknownBoard`] if there is none; its text lists the known ids.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::Board;
    ///
    /// let board = Board::by_id("nano33ble")?;
    /// assert_eq!(board.chip, "nRF52840");
    /// # Ok::<(), kits_hal::board::UnknownBoard>(())
    /// ```
    pub fn by_id(id: &str) -> Result<&'static Self, UnknownBoard> {
        BOARDS
            .iter()
            .find(|b| b.id == id)
            .ok_or_else(|| UnknownBoard { given: text::ShortText::new(id) })
    }
}

/// No board has the given id; the text names it and lists the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnknownBoard {
    given: text::ShortText,
}

impl fmt::Display for UnknownBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown board `{}`: known are ", self.given)?;
        for (i, board) in BOARDS.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(board.id)?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownBoard {}
