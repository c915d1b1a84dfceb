//! Energy, measured or modelled, never guessed.

use std::fs;
use std::path::PathBuf;

use crate::{Error, Result};

/// Energy of a run and where the figure is from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Energy {
    /// Joules counted by the processor (RAPL): the whole package, other programs included.
    Measured(f64),
    /// Joules from constants that the caller names.
    Modelled(f64),
}

impl Energy {
    /// Returns the energy of `flops` operations and `bytes` moved, at the given joules for each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a figure is negative or not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::bench::Energy;
    ///
    /// // Horowitz (2014), 45 nm: 3.7 pJ for a multiplication and 0.9 pJ for an addition in f32, 640 pJ for 4 bytes of DRAM.
    /// let energy = Energy::modelled(2e9, 4e6, (3.7e-12 + 0.9e-12) / 2.0, 160e-12)?;
    /// assert!((energy.joules() - 0.00524).abs() < 1e-9);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn modelled(flops: f64, bytes: f64, per_flop: f64, per_byte: f64) -> Result<Self> {
        for (name, value) in
            [("flops", flops), ("bytes", bytes), ("per_flop", per_flop), ("per_byte", per_byte)]
        {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::argument("energy", name, value, "finite and not negative"));
            }
        }
        Ok(Self::Modelled(flops * per_flop + bytes * per_byte))
    }

    /// Returns the joules.
    #[must_use]
    pub fn joules(self) -> f64 {
        match self {
            Self::Measured(joules) | Self::Modelled(joules) => joules,
        }
    }

    /// Returns `"measured"` or `"modelled"`.
    #[must_use]
    pub fn origin(self) -> &'static str {
        match self {
            Self::Measured(_) => "measured",
            Self::Modelled(_) => "modelled",
        }
    }
}

/// The energy counter of the first processor package, where the system shows it.
#[derive(Debug, Clone)]
pub struct EnergyCounter {
    file: PathBuf,
    /// Microjoules at which it starts again at 0.
    range: u64,
    start: u64,
}

impl EnergyCounter {
    /// Starts counting; `None` where there is no counter or it may not be read, as in most virtual machines.
    #[must_use]
    pub fn start() -> Option<Self> {
        let folder = PathBuf::from("/sys/class/powercap/intel-rapl:0");
        let number = |name: &str| -> Option<u64> {
            fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
        };
        Some(Self {
            range: number("max_energy_range_uj")?,
            start: number("energy_uj")?,
            file: folder.join("energy_uj"),
        })
    }

    /// Returns the energy since the start; `None` if the counter cannot be read any more.
    #[must_use]
    pub fn stop(self) -> Option<Energy> {
        let now: u64 = fs::read_to_string(&self.file).ok()?.trim().parse().ok()?;
        let spent = now.checked_sub(self.start).unwrap_or_else(|| {
            // It has started again at 0 once.
            self.range.saturating_sub(self.start).saturating_add(now)
        });
        Some(Energy::Measured(spent as f64 * 1e-6))
    }
}
