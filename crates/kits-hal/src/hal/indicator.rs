//! Showing a result: lamps and displays behind one trait.

/// The class number that stands for an anomaly; lamps show it in a colour of its own.
pub const ANOMALY: u8 = u8::MAX;

/// Shows what a model decided.
///
/// Implementers owe: `show(None, _)` shows that nothing was recognised; a class they cannot show
/// is an error and shows nothing; after an error the next call shows its whole result, whatever
/// the failed one left behind.
pub trait Indicator {
    /// The implementer's error.
    type Error;

    /// Shows class `class` with a score in percent, 0 to 100; higher scores count as 100.
    ///
    /// [`ANOMALY`] is a class like any other to those who do not treat it apart.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn show(&mut self, class: Option<u8>, score: u8) -> Result<(), Self::Error>;
}

impl<I: Indicator + ?Sized> Indicator for &mut I {
    type Error = I::Error;

    fn show(&mut self, class: Option<u8>, score: u8) -> Result<(), Self::Error> {
        I::show(self, class, score)
    }
}
