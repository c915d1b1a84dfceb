//! Requests to a text-generating service.

use super::{Law, Random};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{Hertz, Quantity, Seconds};
use alloc::vec::Vec;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// When it arrives.
    pub arrival: Seconds,
    /// Tokens of its prompt.
    pub prompt: u32,
    /// Tokens of its answer.
    pub output: u32,
}

/// When requests arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// At their stated times, whatever the service does.
    Open,
    /// As many at a time as there are callers; each sends its next request when the last is answered.
    Closed {
        /// Callers.
        concurrency: u32,
    },
}

/// The law of a stream of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Requests per second; the gaps are exponential.
    pub rate: Hertz,
    /// Law of the prompt lengths, in tokens.
    pub prompt: Law,
    /// Law of the answer lengths, in tokens.
    pub output: Law,
    /// Most tokens of prompt or answer; longer samples are cut.
    pub most: u32,
}

/// Returns `count` requests of a stream; lengths are rounded up to whole tokens, at least 1.
///
/// # Errors
///
/// [`Error::OutOfRange`] unless the rate is above 0, `most` at least 1 and the laws make sense.
///
/// # Examples
///
/// ```
/// use mlsysim::simulate::{Law, Traffic, requests};
/// use mlsysim::units::Hertz;
///
/// let chat = Traffic {
///     rate: Hertz(4.0),
///     prompt: Law::LogNormal { mean: 600.0, cv: 1.2 },
///     output: Law::Exponential { mean: 200.0 },
///     most: 4096,
/// };
/// let list = requests(&chat, 1000, 1)?;
/// assert_eq!(list.len(), 1000);
/// assert!(list.windows(2).all(|pair| pair[0].arrival.0 <= pair[1].arrival.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn requests(traffic: &Traffic, count: usize, seed: u64) -> Result<Vec<Request>> {
    const OP: &str = "simulate.requests";
    if !Range::POSITIVE.contains(traffic.rate.0) {
        let got = traffic.rate.into();
        return Err(Error::OutOfRange { op: OP, name: "rate", range: Range::POSITIVE, got });
    }
    if traffic.most == 0 {
        let got = Quantity::number(0.0);
        return Err(Error::OutOfRange { op: OP, name: "most", range: Range::COUNT_U32, got });
    }
    traffic.prompt.check(OP)?;
    traffic.output.check(OP)?;
    let mut random = Random::new(seed);
    let gaps = Law::Exponential { mean: 1.0 / traffic.rate.0 };
    let mut now = 0.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are cut to the range of u32 before"
    )]
    let length = |law: &Law, random: &mut Random| {
        libm::ceil(law.sample(random)).clamp(1.0, f64::from(traffic.most)) as u32
    };
    Ok((0..count)
        .map(|_| {
            now += gaps.sample(&mut random);
            let prompt = length(&traffic.prompt, &mut random);
            let output = length(&traffic.output, &mut random);
            Request { arrival: Seconds(now), prompt, output }
        })
        .collect())
}
