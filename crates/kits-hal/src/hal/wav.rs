//! Sound files: 16-bit PCM in a RIFF/WAVE container, read in place.

use core::convert::Infallible;

use super::sample::SampleSource;

/// Why a WAVE file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WavError {
    /// It does not begin as a WAVE file does.
    #[error("sound file: not RIFF/WAVE")]
    NotWave,
    /// A part reaches past the end.
    #[error("sound file: a part needs {need} B, {have} B are left")]
    Truncated {
        /// Bytes of the part.
        need: u32,
        /// Bytes left in the file.
        have: u32,
    },
    /// The format or the data part is missing, or the data comes first.
    #[error("sound file: no format before the data, or no data")]
    MissingPart,
    /// The samples are not 16-bit PCM.
    #[error("sound file: format {format} with {bits} bits; only PCM (1) with 16 bits is read")]
    Encoding {
        /// The format's number.
        format: u16,
        /// Bits per value.
        bits: u16,
    },
    /// The number of channels is not the one asked for.
    #[error("sound file: expected {expected} channels, found {found}")]
    Channels {
        /// Channels of the source.
        expected: u16,
        /// Channels of the file.
        found: u16,
    },
    /// The sample rate is not the one asked for.
    #[error("sound file: expected {expected_milli} samples per 1000 s, found {found_hz} Hz")]
    Rate {
        /// Rate of the source, in thousandths of a hertz.
        expected_milli: u32,
        /// Rate of the file in hertz.
        found_hz: u32,
    },
}

/// The samples of a WAVE file, played once.
///
/// The rate is part of the type, because a model was trained at one rate; a file of another is
/// refused. Parts of the file other than format and data are skipped; a last, incomplete sample is
/// left out.
///
/// ```
/// use kits_hal::hal::{SampleSource, WavError, WavSource};
///
/// let mut file = *b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0\
///                   data\x04\0\0\0\x05\0\xff\xff";
/// let mut clip = WavSource::<1, 16_000_000>::new(&file)?;
/// let mut out = [[0]; 3];
/// assert_eq!(clip.read(&mut out), Ok(2));
/// assert_eq!(out[..2], [[5], [-1]]);
///
/// file[24] = 0x40; // 0x3E40 Hz
/// let refused = WavSource::<1, 16_000_000>::new(&file).unwrap_err();
/// assert_eq!(refused, WavError::Rate { expected_milli: 16_000_000, found_hz: 15_936 });
/// # Ok::<(), WavError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WavSource<'d, const CHANNELS: usize, const HZ_MILLI: u32> {
    rest: &'d [u8],
}

impl<'d, const CHANNELS: usize, const HZ_MILLI: u32> WavSource<'d, CHANNELS, HZ_MILLI> {
    /// Checks the headers of a file.
    ///
    /// # Errors
    ///
    /// [`WavError`].
    pub fn new(file: &'d [u8]) -> Result<Self, WavError> {
        let Some((head, mut rest)) = file.split_at_checked(12) else {
            return Err(WavError::NotWave);
        };
        if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
            return Err(WavError::NotWave);
        }
        let mut checked = false;
        // Each turn takes 8 bytes or more, so the loop ends.
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let [a, b, c, d, len @ ..] = *head;
            let len = u32::from_le_bytes(len);
            let have = u32::try_from(after.len()).unwrap_or(u32::MAX);
            let body =
                after.get(..len as usize).ok_or(WavError::Truncated { need: len, have })?;
            match &[a, b, c, d] {
                b"fmt " => {
                    Self::check(body)?;
                    checked = true;
                }
                b"data" if checked => return Ok(Self { rest: body }),
                b"data" => return Err(WavError::MissingPart),
                _ => {}
            }
            // Parts begin at even places.
            let next = (len as usize).saturating_add(len as usize % 2);
            rest = after.get(next..).unwrap_or_default();
        }
        Err(WavError::MissingPart)
    }

    fn check(format: &[u8]) -> Result<(), WavError> {
        let have = u32::try_from(format.len()).unwrap_or(u32::MAX);
        let Some(&[t0, t1, c0, c1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1]) =
            format.first_chunk::<16>()
        else {
            return Err(WavError::Truncated { need: 16, have });
        };
        let [format, found, bits] = [[t0, t1], [c0, c1], [b0, b1]].map(u16::from_le_bytes);
        if format != 1 || bits != 16 {
            return Err(WavError::Encoding { format, bits });
        }
        let expected = u16::try_from(CHANNELS).unwrap_or(u16::MAX);
        if found != expected {
            return Err(WavError::Channels { expected, found });
        }
        let found_hz = u32::from_le_bytes([r0, r1, r2, r3]);
        if u64::from(found_hz).saturating_mul(1000) != u64::from(HZ_MILLI) {
            return Err(WavError::Rate { expected_milli: HZ_MILLI, found_hz });
        }
        Ok(())
    }
}

impl<const CHANNELS: usize, const HZ_MILLI: u32> SampleSource<i16, CHANNELS>
    for WavSource<'_, CHANNELS, HZ_MILLI>
{
    type Error = Infallible;

    const HZ_MILLI: u32 = HZ_MILLI;

    fn read(&mut self, out: &mut [[i16; CHANNELS]]) -> Result<usize, Infallible> {
        let width = CHANNELS.saturating_mul(2);
        let mut n: usize = 0;
        for sample in out {
            let Some((bytes, rest)) = self.rest.split_at_checked(width).filter(|_| width > 0)
            else {
                break;
            };
            for (to, from) in sample.iter_mut().zip(bytes.as_chunks().0) {
                *to = i16::from_le_bytes(*from);
            }
            self.rest = rest;
            n = n.saturating_add(1);
        }
        Ok(n)
    }
}
