//! What can be wrong with a request for signal processing: a buffer or a parameter.

use core::fmt;

use crate::error::Spaced;

/// The slices a caller lends.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Buffer {
    /// Samples.
    Input,
    /// Features.
    Output,
    /// Memory that holds nothing afterwards.
    Scratch,
}

impl fmt::Display for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Scratch => "scratch",
        })
    }
}

/// The numbers that describe a block.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// Samples per second.
    Rate,
    /// Length of a frame.
    Frame,
    /// Distance between the starts of two frames.
    Stride,
    /// Length of the transform.
    Fft,
    /// Lower edge of the filters.
    LowEdge,
    /// Upper edge of the filters.
    HighEdge,
    /// Cut-off frequency.
    Cutoff,
    /// Order of a filter.
    Order,
    /// Coefficients kept.
    Coefficients,
    /// Window of the normalisation.
    Normalisation,
    /// Interleaved axes.
    Axes,
    /// Factor on the samples.
    Scale,
    /// Loudness that becomes 0.
    NoiseFloor,
}

impl Parameter {
    const fn name_and_rule(self) -> (&'static str, &'static str) {
        match self {
            Self::Rate => ("sample rate", "it is finite and above 0 Hz"),
            Self::Frame => ("frame", "it has at least one sample"),
            Self::Stride => ("stride", "it is at least one sample, and at most the window"),
            Self::Fft => ("FFT length", "it is a power of two from 8 to 1024"),
            Self::LowEdge => ("lower edge", "it is at least 0 Hz and below the upper edge"),
            Self::HighEdge => ("upper edge", "it is at most half the sample rate"),
            Self::Cutoff => ("cut-off", "it lies between 0 and half the sample rate"),
            Self::Order => ("filter order", "it is 2, 4, 6 or 8"),
            Self::Coefficients => ("coefficients", "there is at least one and no more than filters"),
            Self::Normalisation => ("normalisation window", "it is odd, or 0 for none"),
            Self::Axes => ("axes", "there is at least one"),
            Self::Scale => ("scale", "it is finite"),
            Self::NoiseFloor => ("noise floor", "it is finite and below 12 dB"),
        }
    }
}

/// Why a block could not be made or run.
///
/// It holds integers only: formatting a float would bring panics into the image.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DspError {
    /// A slice does not have the length the block needs.
    #[error("{buffer}: needs {} elements, has {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)),
        if have > need { "too many" } else { "too few" })]
    Length {
        /// Which slice.
        buffer: Buffer,
        /// Elements needed.
        need: u32,
        /// Elements given.
        have: u32,
    },
    /// A parameter is outside its range.
    #[error("{} {found} (in thousandths) is refused: {}", parameter.name_and_rule().0, parameter.name_and_rule().1)]
    Parameter {
        /// Which one.
        parameter: Parameter,
        /// Its value in thousandths, towards zero; saturated, and 0 for what is not a number.
        found: i64,
    },
}

impl DspError {
    /// Refuses a parameter that is a real.
    pub(super) fn real(parameter: Parameter, value: f32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let found = (value * 1000.0) as i64;
        Self::Parameter { parameter, found }
    }

    /// Refuses a parameter that is a count.
    pub(super) fn count(parameter: Parameter, value: usize) -> Self {
        let found = i64::try_from(value).unwrap_or(i64::MAX).saturating_mul(1000);
        Self::Parameter { parameter, found }
    }
}

/// Returns an error unless the slice has exactly `need` elements.
pub(super) fn exactly(buffer: Buffer, need: usize, have: usize) -> Result<(), DspError> {
    if need == have { Ok(()) } else { Err(length(buffer, need, have)) }
}

/// Returns an error unless the slice has at least `need` elements.
pub(super) fn at_least(buffer: Buffer, need: usize, have: usize) -> Result<(), DspError> {
    if need <= have { Ok(()) } else { Err(length(buffer, need, have)) }
}

/// The two lengths as an error.
pub(super) fn length(buffer: Buffer, need: usize, have: usize) -> DspError {
    let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    DspError::Length { buffer, need: word(need), have: word(have) }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{Buffer, DspError, Parameter, exactly};

    #[test]
    fn texts_name_both_numbers() {
        let text = exactly(Buffer::Scratch, 1024, 1000).unwrap_err().to_string();
        assert_eq!(text, "scratch: needs 1 024 elements, has 1 000: 24 too few");
        let text = exactly(Buffer::Output, 10, 12).unwrap_err().to_string();
        assert_eq!(text, "output: needs 10 elements, has 12: 2 too many");
        let text = DspError::real(Parameter::Cutoff, 62.5).to_string();
        assert_eq!(
            text,
            "cut-off 62500 (in thousandths) is refused: it lies between 0 and half the sample rate"
        );
    }
}
