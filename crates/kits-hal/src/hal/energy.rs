//! Energy: a meter that runs from start to stop.

use core::convert::Infallible;

use super::clock::Clock;

/// An amount of energy in microjoules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MicroJoules(pub u64);

/// Measures the energy drawn between two moments.
///
/// Implementers owe: a stop without a start is an error or 0, never the energy since power-up; a
/// second start begins anew; after an error the meter can be started again.
pub trait EnergyMeter {
    /// The implementer's error.
    type Error;

    /// Starts a measurement.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn start(&mut self) -> Result<(), Self::Error>;

    /// Ends the measurement and returns the energy since its start.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn stop(&mut self) -> Result<MicroJoules, Self::Error>;
}

impl<M: EnergyMeter + ?Sized> EnergyMeter for &mut M {
    type Error = M::Error;

    fn start(&mut self) -> Result<(), Self::Error> {
        M::start(self)
    }

    fn stop(&mut self) -> Result<MicroJoules, Self::Error> {
        M::stop(self)
    }
}

/// Estimates energy as time multiplied by a steady power, for boards without a meter.
///
/// `E = P · t`. The power is a figure of the board table or of a multimeter: the result is an
/// estimate and should be printed as one.
///
/// ```
/// use kits_hal::hal::{Clock, EnergyMeter, MicroJoules, SteadyDraw};
///
/// # struct Fake(core::cell::Cell<u64>);
/// # impl Clock for Fake { fn micros(&self) -> u64 { self.0.replace(self.0.get() + 50_000) } }
/// # let clock = Fake(core::cell::Cell::new(0));
/// let mut meter = SteadyDraw::new(clock, 20_000_000); // 20 mW
/// meter.start()?;
/// // ... 50 ms of work: 20 mW x 50 ms = 1 mJ
/// assert_eq!(meter.stop()?, MicroJoules(1_000));
/// # Ok::<(), core::convert::Infallible>(())
/// ```
#[derive(Debug, Clone)]
pub struct SteadyDraw<C> {
    clock: C,
    nanowatts: u64,
    started_us: Option<u64>,
}

impl<C: Clock> SteadyDraw<C> {
    /// Returns a meter that counts `nanowatts` for as long as it runs.
    pub const fn new(clock: C, nanowatts: u64) -> Self {
        Self { clock, nanowatts, started_us: None }
    }
}

impl<C: Clock> EnergyMeter for SteadyDraw<C> {
    type Error = Infallible;

    fn start(&mut self) -> Result<(), Infallible> {
        self.started_us = Some(self.clock.micros());
        Ok(())
    }

    fn stop(&mut self) -> Result<MicroJoules, Infallible> {
        let now = self.clock.micros();
        let spent_us = self.started_us.take().map_or(0, |start| now.saturating_sub(start));
        // nW · us = fJ; 10⁹ fJ = 1 uJ. Half a microjoule rounds up.
        let femtojoules = u128::from(self.nanowatts).saturating_mul(spent_us.into());
        let microjoules = femtojoules.saturating_add(500_000_000) / 1_000_000_000;
        Ok(MicroJoules(u64::try_from(microjoules).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use core::cell::Cell;

    use super::{Clock, EnergyMeter, MicroJoules, SteadyDraw};

    struct Steps(Cell<u64>);

    impl Clock for Steps {
        fn micros(&self) -> u64 {
            self.0.replace(self.0.get() + 1_500)
        }
    }

    #[test]
    fn energy_is_power_times_time_and_each_start_begins_anew() {
        let mut meter = SteadyDraw::new(Steps(Cell::new(7)), 3_000_000);
        assert_eq!(meter.stop(), Ok(MicroJoules(0)), "never started");
        meter.start().unwrap();
        meter.start().unwrap();
        // 3 mW for 1.5 ms = 4.5 uJ, half rounds up.
        assert_eq!(meter.stop(), Ok(MicroJoules(5)));
        assert_eq!(meter.stop(), Ok(MicroJoules(0)), "already stopped");
    }
}
