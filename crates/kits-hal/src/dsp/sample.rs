//! Samples as integers from a converter or as reals.

/// A sample of sound.
pub trait Sample: Copy {
    /// Returns the number as it is stored.
    fn value(self) -> f32;

    /// Returns the sample with full range scaled to −1..1; reals are taken to be scaled already.
    fn unit(self) -> f32;
}

impl Sample for i16 {
    fn value(self) -> f32 {
        self.into()
    }

    fn unit(self) -> f32 {
        f32::from(self) / 32768.0
    }
}

impl Sample for f32 {
    fn value(self) -> f32 {
        self
    }

    fn unit(self) -> f32 {
        self
    }
}
