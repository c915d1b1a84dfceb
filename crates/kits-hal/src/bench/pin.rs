//! The timestamp of the energy mode: a pin that an energy meter watches.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;

/// Marks a moment: by nothing in performance mode, by a pulse of a pin in energy mode.
///
/// Implementers owe: a pulse is a fall of at least one microsecond, after which the pin is high.
pub trait Stamp {
    /// Whether this is the energy mode; then laps are pulses and not lines.
    const ENERGY: bool;

    /// The implementer's error.
    type Error;

    /// Marks the moment.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn pulse(&mut self) -> Result<(), Self::Error>;
}

/// Performance mode: no pin, laps are printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPin;

impl Stamp for NoPin {
    const ENERGY: bool = false;

    type Error = core::convert::Infallible;

    fn pulse(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Energy mode: pulls a pin low for two microseconds.
#[derive(Debug)]
pub struct TimestampPin<O, D> {
    pin: O,
    delay: D,
}

impl<O: OutputPin, D: DelayNs> TimestampPin<O, D> {
    /// Takes the pin, which should be high already, and a delay.
    pub const fn new(pin: O, delay: D) -> Self {
        Self { pin, delay }
    }

    /// Gives both back.
    pub fn release(self) -> (O, D) {
        (self.pin, self.delay)
    }
}

impl<O: OutputPin, D: DelayNs> Stamp for TimestampPin<O, D> {
    const ENERGY: bool = true;

    type Error = O::Error;

    fn pulse(&mut self) -> Result<(), O::Error> {
        self.pin.set_low()?;
        self.delay.delay_us(2);
        self.pin.set_high()
    }
}
