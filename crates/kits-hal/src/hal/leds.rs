//! Lamps: one per class, or one of three colours.

use embedded_hal::digital::{OutputPin, PinState};

use super::indicator::{ANOMALY, Indicator};

/// Which level of a pin lights its lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Polarity {
    /// High lights it.
    ActiveHigh,
    /// Low lights it, as on the lamps of most small boards.
    ActiveLow,
}

impl Polarity {
    const fn level(self, lit: bool) -> PinState {
        match (self, lit) {
            (Self::ActiveHigh, true) | (Self::ActiveLow, false) => PinState::High,
            (Self::ActiveHigh, false) | (Self::ActiveLow, true) => PinState::Low,
        }
    }
}

/// Why lamps do not show a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LedError<E> {
    /// A pin refused.
    #[error("lamp {lamp}: {error:?}")]
    Pin {
        /// Index of the lamp; of three colours red is 0, green 1, blue 2.
        lamp: u8,
        /// The pin's error.
        error: E,
    },
    /// There is no lamp or colour for the class; all are dark.
    #[error("lamps: no lamp for class {class}, there are {have}")]
    NoSuchClass {
        /// The class to show.
        class: u8,
        /// Classes that can be shown.
        have: u8,
    },
}

/// One lamp per class.
///
/// ```no_run
/// # fn pins() -> [embedded_hal_mock::eh1::digital::Mock; 2] { unreachable!() }
/// use kits_hal::hal::{Indicator, LedBank, Polarity};
///
/// let mut lamps = LedBank::new(pins(), Polarity::ActiveLow);
/// lamps.show(Some(1), 90)?; // the second lamp on, the first off
/// lamps.show(None, 0)?; // all off
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LedBank<P, const N: usize> {
    pins: [P; N],
    polarity: Polarity,
}

impl<P: OutputPin, const N: usize> LedBank<P, N> {
    /// Takes the pins of class 0, 1, and so on. They are first written by the first `show`.
    pub const fn new(pins: [P; N], polarity: Polarity) -> Self {
        Self { pins, polarity }
    }

    /// Gives the pins back.
    pub fn release(self) -> [P; N] {
        self.pins
    }
}

impl<P: OutputPin, const N: usize> Indicator for LedBank<P, N> {
    type Error = LedError<P::Error>;

    fn show(&mut self, class: Option<u8>, _score: u8) -> Result<(), Self::Error> {
        for (pin, lamp) in self.pins.iter_mut().zip(0_u8..) {
            pin.set_state(self.polarity.level(class == Some(lamp)))
                .map_err(|error| LedError::Pin { lamp, error })?;
        }
        match class {
            Some(class) if usize::from(class) >= N => {
                let have = u8::try_from(N).unwrap_or(u8::MAX);
                Err(LedError::NoSuchClass { class, have })
            }
            _ => Ok(()),
        }
    }
}

/// A colour of a three-colour lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(missing_docs, reason = "the names say it")]
pub enum Color {
    Off,
    Red,
    Green,
    Blue,
    Yellow,
    Cyan,
    Magenta,
    White,
}

impl Color {
    /// Whether red, green and blue are lit.
    const fn parts(self) -> [bool; 3] {
        match self {
            Self::Off => [false, false, false],
            Self::Red => [true, false, false],
            Self::Green => [false, true, false],
            Self::Blue => [false, false, true],
            Self::Yellow => [true, true, false],
            Self::Cyan => [false, true, true],
            Self::Magenta => [true, false, true],
            Self::White => [true, true, true],
        }
    }
}

/// The colours of the labs: class 0 is idle or background and dark, then green, red, blue.
pub const LAB_COLORS: [Color; 4] = [Color::Off, Color::Green, Color::Red, Color::Blue];

/// A three-colour lamp: a colour per class, white for an [`ANOMALY`], dark for nothing.
#[derive(Debug)]
pub struct ColorLed<'c, R, G, B> {
    red: R,
    green: G,
    blue: B,
    polarity: Polarity,
    colors: &'c [Color],
}

impl<'c, R, G, B, E> ColorLed<'c, R, G, B>
where
    R: OutputPin<Error = E>,
    G: OutputPin<Error = E>,
    B: OutputPin<Error = E>,
{
    /// Takes the three pins and the colour of each class; [`LAB_COLORS`] are those of the labs.
    pub const fn new(red: R, green: G, blue: B, polarity: Polarity, colors: &'c [Color]) -> Self {
        Self { red, green, blue, polarity, colors }
    }

    /// Lights one colour.
    ///
    /// # Errors
    ///
    /// [`LedError::Pin`]; colours after the failed one keep their state.
    pub fn light(&mut self, color: Color) -> Result<(), LedError<E>> {
        let [red, green, blue] = color.parts().map(|lit| self.polarity.level(lit));
        let refused = |lamp| move |error| LedError::Pin { lamp, error };
        self.red.set_state(red).map_err(refused(0))?;
        self.green.set_state(green).map_err(refused(1))?;
        self.blue.set_state(blue).map_err(refused(2))
    }

    /// Gives the pins back.
    pub fn release(self) -> (R, G, B) {
        (self.red, self.green, self.blue)
    }
}

impl<R, G, B, E> Indicator for ColorLed<'_, R, G, B>
where
    R: OutputPin<Error = E>,
    G: OutputPin<Error = E>,
    B: OutputPin<Error = E>,
{
    type Error = LedError<E>;

    fn show(&mut self, class: Option<u8>, _score: u8) -> Result<(), Self::Error> {
        let color = match class {
            None => Some(Color::Off),
            Some(ANOMALY) => Some(Color::White),
            Some(class) => self.colors.get(usize::from(class)).copied(),
        };
        self.light(color.unwrap_or(Color::Off))?;
        match (color, class) {
            (None, Some(class)) => {
                let have = u8::try_from(self.colors.len()).unwrap_or(u8::MAX);
                Err(LedError::NoSuchClass { class, have })
            }
            _ => Ok(()),
        }
    }
}
