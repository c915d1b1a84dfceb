//! Energy of a duty cycle and the life of a battery.
//!
//! A device senses, computes, and sleeps for the rest of each period:
//! `E = V × (I_sense × t_sense + I_active × t_active + I_sleep × (T − t_sense − t_active))`.
//! The regulator loses a part: `P = E / T / η`.
//! A battery of `C` mAh at `V_b` of which the share `u` can be used lasts `C × V_b × u / (P + self-discharge)`.

use core::fmt;

use super::text::Grouped;

/// Hours of the month over which self-discharge is given: 365 days × 24 h / 12.
const HOURS_PER_MONTH: f32 = 730.0;

/// One period of a device that senses, computes and sleeps.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DutyCycle {
    /// Supply voltage in volts.
    pub volts: f32,
    /// Current while sensing, in milliamperes.
    pub sense_ma: f32,
    /// Time spent sensing in each period, in milliseconds.
    pub sense_ms: f32,
    /// Current while computing, in milliamperes.
    pub active_ma: f32,
    /// Time spent computing in each period, in milliseconds.
    pub active_ms: f32,
    /// Current asleep, in microamperes.
    pub sleep_ua: f32,
    /// The period, in milliseconds.
    pub period_ms: f32,
    /// Efficiency of the regulator, above 0 and at most 1.
    pub regulator: f32,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Battery {
    /// Capacity in milliampere-hours.
    pub mah: f32,
    /// Voltage in volts.
    pub volts: f32,
    /// Share of the capacity that can be drawn, above 0 and at most 1.
    pub usable: f32,
    /// Self-discharge in percent of the capacity per month.
    pub self_discharge_percent: f32,
}

/// Why a duty cycle or a battery gives no number.
///
/// It holds integers: formatting a float would bring panics into the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EnergyError {
    /// Sensing and computing together last longer than the period.
    Overrun {
        /// Microseconds by which they exceed it.
        by_us: u32,
    },
    /// Sleeping alone draws as much as the battery bears for the wanted life.
    SleepTooDear {
        /// Load asleep, in microwatts.
        draws_uw: u32,
        /// Load that the battery bears behind the regulator, in microwatts; 0 if self-discharge alone is faster.
        allowed_uw: u32,
    },
    /// An input is negative, not finite, or zero where it divides.
    BadInput {
        /// Which one.
        input: Input,
        /// Its value in thousandths, towards zero; `None` if it is infinite or not a number.
        milli: Option<i64>,
    },
}

/// The inputs of an energy calculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Input {
    /// A voltage.
    Volts,
    /// A current.
    Current,
    /// A duration.
    Time,
    /// The efficiency of the regulator.
    Regulator,
    /// The capacity of the battery.
    Capacity,
    /// The usable share of the battery.
    Usable,
    /// The self-discharge of the battery.
    SelfDischarge,
    /// The wanted life in hours.
    Life,
    /// An energy in microjoules.
    Budget,
    /// The share of windows that a gate lets pass.
    Passed,
}

impl fmt::Display for EnergyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overrun { by_us } => {
                let by = Grouped(u64::from(*by_us));
                write!(
                    f,
                    "duty cycle: sensing and computing exceed the period by {by} us: lengthen the period"
                )
            }
            Self::SleepTooDear { draws_uw, allowed_uw } => {
                let [draws, allowed, over] =
                    [*draws_uw, *allowed_uw, draws_uw.saturating_sub(*allowed_uw)]
                        .map(|uw| Grouped(uw.into()));
                write!(
                    f,
                    "duty cycle: asleep it draws {draws} uW, the wanted life allows {allowed} uW: {over} uW too much: \
                     ask for a shorter life or take a larger battery"
                )
            }
            Self::BadInput { input, milli } => {
                let (name, rule) = match input {
                    Input::Volts => ("volts", "above 0"),
                    Input::Current => ("current", "at least 0"),
                    Input::Time => ("time", "at least 0, and above 0 for the period"),
                    Input::Regulator => ("regulator efficiency", "above 0 and at most 1"),
                    Input::Capacity => ("battery capacity", "above 0"),
                    Input::Usable => ("usable share", "above 0 and at most 1"),
                    Input::SelfDischarge => ("self-discharge", "at least 0"),
                    Input::Life => ("battery life", "of hours above 0"),
                    Input::Budget => ("energy", "at least 0, and above 0 for the model"),
                    Input::Passed => ("share that passes", "from 0 to 1"),
                };
                write!(f, "duty cycle: {name} is ")?;
                match milli {
                    Some(milli) => {
                        let (sign, size) =
                            (if *milli < 0 { "-" } else { "" }, milli.unsigned_abs());
                        write!(f, "{sign}{}.{:03}", Grouped(size / 1000), size % 1000)?;
                    }
                    None => f.write_str("not finite")?,
                }
                write!(f, ": give a number {rule}")
            }
        }
    }
}

impl core::error::Error for EnergyError {}

/// Returns an error unless `value` is finite and `ok`.
pub(super) fn require(input: Input, value: f32, ok: bool) -> Result<(), EnergyError> {
    if value.is_finite() && ok {
        return Ok(());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a value past the range of i64 is shown as its end"
    )]
    let milli = value.is_finite().then_some((value * 1000.0) as i64);
    Err(EnergyError::BadInput { input, milli })
}

/// The energies of a duty cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Energies {
    /// Energy of one inference in microjoules, `V × I_active × t_active`.
    pub inference_uj: f32,
    /// Energy of one period in microjoules, before the regulator's losses.
    pub period_uj: f32,
    /// Average power drawn from the battery in milliwatts.
    pub average_mw: f32,
}

impl DutyCycle {
    /// Returns the energies of the cycle.
    ///
    /// # Errors
    ///
    /// - [`EnergyError::BadInput`] if an input is out of range.
    /// - [`EnergyError::Overrun`] if sensing and computing exceed the period.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::DutyCycle;
    ///
    /// let cycle = DutyCycle {
    ///     volts: 3.0,
    ///     sense_ma: 0.0,
    ///     sense_ms: 0.0,
    ///     active_ma: 10.0,
    ///     active_ms: 100.0,
    ///     sleep_ua: 0.0,
    ///     period_ms: 1000.0,
    ///     regulator: 1.0,
    /// };
    /// assert_eq!(cycle.energies()?.average_mw, 3.0); // 30 mW for a tenth of the time
    /// # Ok::<(), kits_hal::board::EnergyError>(())
    /// ```
    pub fn energies(&self) -> Result<Energies, EnergyError> {
        let energies = self.linear()?;
        let by_ms = self.sense_ms + self.active_ms - self.period_ms;
        if by_ms > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive; ends at an hour and more"
            )]
            let by_us = (by_ms * 1000.0) as u32;
            return Err(EnergyError::Overrun { by_us });
        }
        Ok(energies)
    }

    /// Returns the formula's value even where sensing and computing exceed the period.
    ///
    /// The excess counts as negative sleep, so use this only to compare with calculations that do not check;
    /// [`energies`](Self::energies) refuses such a cycle.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if an input is out of range.
    pub fn linear(&self) -> Result<Energies, EnergyError> {
        require(Input::Volts, self.volts, self.volts > 0.0)?;
        for current in [self.sense_ma, self.active_ma, self.sleep_ua] {
            require(Input::Current, current, current >= 0.0)?;
        }
        for time in [self.sense_ms, self.active_ms] {
            require(Input::Time, time, time >= 0.0)?;
        }
        require(Input::Time, self.period_ms, self.period_ms > 0.0)?;
        require(Input::Regulator, self.regulator, self.regulator > 0.0 && self.regulator <= 1.0)?;
        let asleep_ms = self.period_ms - self.sense_ms - self.active_ms;
        let inference_uj = self.volts * self.active_ma * self.active_ms; // V·mA·ms = µJ
        let rest_uc = self.sense_ma * self.sense_ms + self.sleep_ua * asleep_ms / 1000.0;
        let period_uj = inference_uj + self.volts * rest_uc;
        let average_mw = period_uj / self.period_ms / self.regulator; // µJ/ms = mW
        Ok(Energies { inference_uj, period_uj, average_mw })
    }
}

impl Battery {
    /// Returns how long the battery lasts under an average load of `average_mw`, in hours.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if an input is out of range, or neither load nor self-discharge empties the battery.
    pub fn life_hours(&self, average_mw: f32) -> Result<f32, EnergyError> {
        require(Input::Capacity, self.mah, self.mah > 0.0)?;
        require(Input::Volts, self.volts, self.volts > 0.0)?;
        require(Input::Usable, self.usable, self.usable > 0.0 && self.usable <= 1.0)?;
        require(
            Input::SelfDischarge,
            self.self_discharge_percent,
            self.self_discharge_percent >= 0.0,
        )?;
        let full_mwh = self.mah * self.volts;
        let drain_mw = average_mw + self.self_discharge_mw();
        require(Input::Current, average_mw, average_mw >= 0.0 && drain_mw > 0.0)?;
        Ok(full_mwh * self.usable / drain_mw)
    }

    /// Returns the power that self-discharge takes from a full battery, in milliwatts.
    pub(super) fn self_discharge_mw(&self) -> f32 {
        self.mah * self.volts * self.self_discharge_percent / 100.0 / HOURS_PER_MONTH
    }
}

#[cfg(test)]
#[path = "energy_tests.rs"]
mod tests;
