//! Questions asked backwards: which period, which latency, which gate?

use super::energy::{Battery, DutyCycle, EnergyError, Input, require};

impl DutyCycle {
    /// Returns the shortest period, in milliseconds, with which `battery` lasts `hours`.
    ///
    /// `T = V × (I_sense t_sense + I_active t_active − I_sleep (t_sense + t_active)) / (P η − V I_sleep)`, with `P` the
    /// load that the battery bears for so long; at least `t_sense + t_active`. The period of `self` is not used.
    ///
    /// # Errors
    ///
    /// - [`EnergyError::BadInput`] if an input is out of range.
    /// - [`EnergyError::SleepTooDear`] if sleeping alone draws as much as the battery bears, so that no period is long enough.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::{Battery, DutyCycle};
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
    /// let cell = Battery { mah: 100.0, volts: 3.0, usable: 1.0, self_discharge_percent: 0.0 };
    /// // 300 mWh over 100 h are 3 mW; 3 mJ per inference then allow one a second.
    /// assert_eq!(cycle.shortest_period_ms(&cell, 100.0)?, 1000.0);
    /// # Ok::<(), kits_hal::board::EnergyError>(())
    /// ```
    pub fn shortest_period_ms(&self, battery: &Battery, hours: f32) -> Result<f32, EnergyError> {
        let busy_ms = self.sense_ms + self.active_ms;
        // Any valid period lets the inputs be checked.
        Self { period_ms: busy_ms.max(1.0), ..*self }.linear()?;
        let (asleep_mw, allowed_mw) = self.asleep_and_allowed(battery, hours)?;
        let over_sleep_uj = self.volts
            * (self.sense_ma * self.sense_ms + self.active_ma * self.active_ms
                - self.sleep_ua * busy_ms / 1000.0);
        Ok((over_sleep_uj / (allowed_mw - asleep_mw)).max(busy_ms)) // µJ/mW = ms
    }

    /// Returns the longest time for computing, in milliseconds, with which `battery` lasts `hours` at the period of `self`.
    ///
    /// The period bounds it. The active time of `self` is not used.
    ///
    /// # Errors
    ///
    /// - [`EnergyError::BadInput`] if an input is out of range.
    /// - [`EnergyError::SleepTooDear`] if sleeping alone draws as much as the battery bears.
    /// - [`EnergyError::Overrun`] if sensing alone exceeds the period.
    pub fn longest_active_ms(&self, battery: &Battery, hours: f32) -> Result<f32, EnergyError> {
        Self { active_ms: 0.0, ..*self }.energies()?;
        require(Input::Current, self.active_ma, self.active_ma * 1000.0 > self.sleep_ua)?;
        let (asleep_mw, allowed_mw) = self.asleep_and_allowed(battery, hours)?;
        let spare_uj = (allowed_mw - asleep_mw) * self.period_ms
            - self.volts * self.sense_ms * (self.sense_ma - self.sleep_ua / 1000.0);
        let over_sleep_mw = self.volts * (self.active_ma - self.sleep_ua / 1000.0);
        // Not `clamp`: it panics for a negative upper end, and that panic would be linked.
        Ok((spare_uj / over_sleep_mw).min(self.period_ms - self.sense_ms).max(0.0))
    }

    /// Returns the longest inference, in milliseconds, that stays within `budget_uj` microjoules: `t = E / (V I_active)`.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if an input is out of range, or the current is 0, which bounds nothing.
    pub fn latency_for_budget_ms(&self, budget_uj: f32) -> Result<f32, EnergyError> {
        require(Input::Volts, self.volts, self.volts > 0.0)?;
        require(Input::Current, self.active_ma, self.active_ma > 0.0)?;
        require(Input::Budget, budget_uj, budget_uj >= 0.0)?;
        Ok(budget_uj / (self.volts * self.active_ma))
    }

    /// Returns the load asleep and the load that the battery bears for `hours`, both behind the regulator, in milliwatts.
    fn asleep_and_allowed(&self, battery: &Battery, hours: f32) -> Result<(f32, f32), EnergyError> {
        require(Input::Life, hours, hours > 0.0)?;
        let asleep_mw = self.volts * self.sleep_ua / 1000.0;
        let allowed_mw = battery.load_for_mw(hours)? * self.regulator;
        if asleep_mw >= allowed_mw {
            let micro = |mw: f32| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a load past the range ends at it, a negative one at 0"
                )]
                let uw = (mw * 1000.0) as u32;
                uw
            };
            return Err(EnergyError::SleepTooDear {
                draws_uw: micro(asleep_mw),
                allowed_uw: micro(allowed_mw),
            });
        }
        Ok((asleep_mw, allowed_mw))
    }
}

impl Battery {
    /// Returns the load in milliwatts that empties the battery in `hours`: `C V u / t − self-discharge`.
    ///
    /// Negative if self-discharge alone is faster.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if an input is out of range.
    pub fn load_for_mw(&self, hours: f32) -> Result<f32, EnergyError> {
        self.life_hours(1.0)?; // checks the battery
        require(Input::Life, hours, hours > 0.0)?;
        Ok(self.mah * self.volts * self.usable / hours - self.self_discharge_mw())
    }
}

/// A cheap detector before a model: the model runs only on windows that the detector lets pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cascade {
    /// Energy of the detector for one window, in microjoules.
    pub gate_uj: f32,
    /// Energy of the model for one window, in microjoules.
    pub model_uj: f32,
    /// Share of windows that pass, 0 to 1.
    pub passed: f32,
}

impl Cascade {
    /// Returns the energy saved per window, in microjoules: `E_model (1 − r) − E_gate`; negative if the gate costs more.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if an energy is negative, or the share is not between 0 and 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::Cascade;
    ///
    /// let cascade = Cascade { gate_uj: 50.0, model_uj: 5_000.0, passed: 0.25 };
    /// assert_eq!(cascade.saved_uj()?, 3_700.0); // 5000 − 50 − 1250
    /// # Ok::<(), kits_hal::board::EnergyError>(())
    /// ```
    pub fn saved_uj(&self) -> Result<f32, EnergyError> {
        for energy in [self.gate_uj, self.model_uj] {
            require(Input::Budget, energy, energy >= 0.0)?;
        }
        require(Input::Passed, self.passed, (0.0..=1.0).contains(&self.passed))?;
        Ok(self.model_uj * (1.0 - self.passed) - self.gate_uj)
    }

    /// Returns the share of windows at which the gate stops paying: `1 − E_gate / E_model`; 0 if it never pays.
    ///
    /// # Errors
    ///
    /// As [`Cascade::saved_uj`], and if the model takes no energy.
    pub fn break_even(&self) -> Result<f32, EnergyError> {
        self.saved_uj()?;
        require(Input::Budget, self.model_uj, self.model_uj > 0.0)?;
        Ok((1.0 - self.gate_uj / self.model_uj).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{Battery, Cascade, DutyCycle, EnergyError, Input};

    const CELL: Battery =
        Battery { mah: 300.0, volts: 3.7, usable: 0.85, self_discharge_percent: 2.0 };
    const CYCLE: DutyCycle = DutyCycle {
        volts: 3.3,
        sense_ma: 2.0,
        sense_ms: 500.0,
        active_ma: 26.0,
        active_ms: 60.0,
        sleep_ua: 3.0,
        period_ms: 1000.0,
        regulator: 0.9,
    };

    /// Forwards: the life of the cycle that the inverse gave.
    fn life(cycle: DutyCycle) -> f32 {
        CELL.life_hours(cycle.energies().expect("valid").average_mw).expect("valid")
    }

    #[track_caller]
    fn close(got: f32, wanted: f32) {
        // Differences of terms of one size: two digits less than the 1e-7 of single precision.
        assert!((got - wanted).abs() <= 1e-4 * wanted.abs(), "{got} against {wanted}");
    }

    #[test]
    fn the_shortest_period_gives_the_life_asked_for() {
        for hours in [200.0, 500.0, 2_000.0, 8_000.0] {
            let period_ms = CYCLE.shortest_period_ms(&CELL, hours).expect("reachable");
            close(life(DutyCycle { period_ms, ..CYCLE }), hours);
        }
        // A short life bounds nothing: the period is as long as the work.
        assert_eq!(CYCLE.shortest_period_ms(&CELL, 1.0), Ok(560.0));
    }

    #[test]
    fn the_longest_latency_gives_the_life_asked_for() {
        let slow = DutyCycle { period_ms: 10_000.0, ..CYCLE };
        for hours in [200.0, 500.0, 1_000.0] {
            let active_ms = slow.longest_active_ms(&CELL, hours).expect("reachable");
            assert!(active_ms > 0.0 && active_ms < 9_500.0, "{active_ms}");
            close(life(DutyCycle { active_ms, ..slow }), hours);
        }
        assert_eq!(slow.longest_active_ms(&CELL, 0.5), Ok(9_500.0));
        // 5 × (300·3.7·0.85) / 2 mW of sensing: nothing is left for computing.
        let sensing = DutyCycle { sense_ma: 100.0, sense_ms: 5_000.0, ..slow };
        assert_eq!(sensing.longest_active_ms(&CELL, 1_000.0), Ok(0.0));
    }

    #[test]
    fn sleep_that_is_too_dear_is_named_with_both_loads() {
        // 3.3 V × 374 µA = 1234.2 µW; 943.5 mWh / 1000 h − 1110 · 0.02 / 730 = 0.913 mW, × 0.9 = 821.8 µW.
        let awake = DutyCycle { sleep_ua: 374.0, ..CYCLE };
        let error = awake.shortest_period_ms(&CELL, 1_000.0).expect_err("too much");
        assert_eq!(error, EnergyError::SleepTooDear { draws_uw: 1_234, allowed_uw: 821 });
        assert_eq!(
            error.to_string(),
            "duty cycle: asleep it draws 1 234 uW, the wanted life allows 821 uW: 413 uW too much: \
             ask for a shorter life or take a larger battery"
        );
    }

    #[test]
    fn a_budget_bounds_the_latency() {
        // 5148 µJ / (3.3 V × 26 mA) = 60 ms.
        close(CYCLE.latency_for_budget_ms(5_148.0).expect("valid"), 60.0);
        let error = CYCLE.latency_for_budget_ms(-1.0).expect_err("negative");
        assert!(matches!(error, EnergyError::BadInput { input: Input::Budget, .. }), "{error}");
    }

    #[test]
    fn a_gate_pays_until_its_break_even() {
        let cascade = Cascade { gate_uj: 500.0, model_uj: 5_000.0, passed: 0.0 };
        let share = cascade.break_even().expect("valid");
        close(share, 0.9);
        assert!(Cascade { passed: share - 0.01, ..cascade }.saved_uj().expect("valid") > 0.0);
        assert!(Cascade { passed: share + 0.01, ..cascade }.saved_uj().expect("valid") < 0.0);
        assert!(Cascade { passed: 1.5, ..cascade }.saved_uj().is_err());
        assert_eq!(Cascade { gate_uj: 6_000.0, ..cascade }.break_even(), Ok(0.0));
    }
}
