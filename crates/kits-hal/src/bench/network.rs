//! A session as a benchmark: from the bytes of the serial port to the results of the model.

use core::ops::ControlFlow;

use super::device::{Benchmark, MemoryUse};
use crate::board::Need;
use crate::dtype::DType;
use crate::error::RunError;
use crate::exec::Session;
use crate::observe::Observer;

/// How the bytes of the input buffer become the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Preparation {
    /// One byte per element, as it is: int8 features, such as those of keyword spotting.
    Raw,
    /// One byte per element, an unsigned pixel: 128 is taken off for an int8 input.
    Pixels,
    /// Four bytes per element, an `f32` in little-endian order, quantized as the input tensor says.
    Floats,
}

/// Which numbers are the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// All outputs, dequantized.
    Outputs,
    /// One number: the mean squared difference of the input, as floats, and the output. An
    /// autoencoder that finds anomalies answers in this way.
    SquaredError,
}

/// A session that the protocol can run.
///
/// Each inference writes its input anew, because a run may overwrite it; that is part of the time.
#[derive(Debug)]
pub struct Network<'m, 'a> {
    session: Session<'m, 'a>,
    preparation: Preparation,
    answer: Answer,
    need: Need,
    stack: Option<StackGauge<'a>>,
    squared_error: f32,
}

/// Measures the deepest stack.
#[derive(Clone, Copy)]
struct StackGauge<'a>(&'a dyn Fn() -> Option<u32>);

impl core::fmt::Debug for StackGauge<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StackGauge")
    }
}

impl<'m, 'a> Network<'m, 'a> {
    /// Takes a session; the results are its outputs.
    #[must_use]
    pub fn new(session: Session<'m, 'a>, preparation: Preparation) -> Self {
        let need = Need::for_model(session.model());
        let answer = Answer::Outputs;
        Self { session, preparation, answer, need, stack: None, squared_error: 0.0 }
    }

    /// Sets what the results are.
    #[must_use]
    pub const fn with_answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// Sets what the whole program needs; without it only the model is counted.
    #[must_use]
    pub const fn with_need(mut self, need: Need) -> Self {
        self.need = need;
        self
    }

    /// Sets what measures the deepest stack, in bytes; it may not know.
    #[must_use]
    pub fn with_stack(mut self, deepest: &'a dyn Fn() -> Option<u32>) -> Self {
        self.stack = Some(StackGauge(deepest));
        self
    }

    /// Returns the length of the input buffer that fits the model, in bytes.
    #[must_use]
    pub fn input_bytes(&self) -> usize {
        let model = self.session.model();
        let elements = (0..model.n_inputs())
            .filter_map(|i| model.input(i))
            .fold(0_usize, |sum, tensor| sum.saturating_add(tensor.len()));
        elements.saturating_mul(self.preparation.width())
    }

    /// Writes the input tensors.
    fn fill(&mut self, bytes: &[u8]) -> Result<(), RunError> {
        let need = self.input_bytes();
        if bytes.len() != need {
            let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            return Err(RunError::InputLength {
                index: 0,
                need: clip(need),
                have: clip(bytes.len()),
            });
        }
        let mut rest = bytes;
        for index in 0..self.session.model().n_inputs() {
            let info = self.session.model().input(index);
            let info = info.ok_or(RunError::NoSuchTensor { index })?;
            let len = info.len().saturating_mul(self.preparation.width());
            let (mine, others) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            rest = others;
            match (self.preparation, info.dtype) {
                (Preparation::Raw | Preparation::Pixels, DType::U8) => {
                    self.session.set_input::<u8>(index, mine)?;
                }
                (Preparation::Raw, _) => {
                    let input = self.session.input::<i8>(index)?;
                    for (to, from) in input.iter_mut().zip(mine) {
                        *to = from.cast_signed();
                    }
                }
                (Preparation::Pixels, _) => {
                    let input = self.session.input::<i8>(index)?;
                    for (to, from) in input.iter_mut().zip(mine) {
                        *to = (from ^ 0x80).cast_signed(); // the pixel less 128
                    }
                }
                (Preparation::Floats, _) => {
                    let input = self.session.input::<i8>(index)?;
                    for (to, from) in input.iter_mut().zip(floats(mine)) {
                        *to = quantize(from, info.scale, info.zero_point);
                    }
                }
            }
        }
        Ok(())
    }

    /// The mean of `(input − output)²` over the elements that both have.
    fn error_of(&self, bytes: &[u8]) -> f32 {
        let Ok(output) = self.session.output_f32(0) else { return f32::NAN };
        let scale = self.session.model().input(0).map_or((1.0, 0), |t| (t.scale, t.zero_point));
        let squared = |(x, y): (f32, f32)| (x - y) * (x - y);
        let (sum, n) = match self.preparation {
            Preparation::Floats => mean(floats(bytes).zip(output.iter()).map(squared)),
            raw => {
                let element = move |byte: &u8| {
                    let q = match raw {
                        Preparation::Pixels => (byte ^ 0x80).cast_signed(),
                        _ => byte.cast_signed(),
                    };
                    scale.0 * (f32::from(q) - f32::from(scale.1))
                };
                mean(bytes.iter().map(element).zip(output.iter()).map(squared))
            }
        };
        if n == 0 { 0.0 } else { sum / n as f32 }
    }
}

impl Preparation {
    /// Bytes per element.
    const fn width(self) -> usize {
        match self {
            Self::Raw | Self::Pixels => 1,
            Self::Floats => 4,
        }
    }
}

impl Benchmark for Network<'_, '_> {
    type Error = RunError;

    fn infer(&mut self, input: &[u8]) -> Result<(), RunError> {
        self.fill(input)?;
        self.session.run()?;
        if self.answer == Answer::SquaredError {
            self.squared_error = self.error_of(input);
        }
        Ok(())
    }

    fn results(&self, each: &mut dyn FnMut(f32)) {
        if self.answer == Answer::SquaredError {
            each(self.squared_error);
            return;
        }
        for index in 0..self.session.model().n_outputs() {
            if let Ok(output) = self.session.output_f32(index) {
                output.iter().for_each(&mut *each);
            }
        }
    }

    fn memory(&self) -> MemoryUse {
        let memory = self.session.model().memory();
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        MemoryUse {
            arena: clip(memory.arena),
            scratch: clip(memory.scratch),
            stack: self.stack.and_then(|gauge| (gauge.0)()),
        }
    }

    fn infer_by_operator(
        &mut self,
        input: &[u8],
        now_us: &mut dyn FnMut() -> u32,
        each: &mut dyn FnMut(u16, &str, u32) -> ControlFlow<()>,
    ) -> Result<Option<()>, RunError> {
        self.fill(input)?;
        let model = *self.session.model();
        let name = |op| model.op(op).map_or("UNKNOWN", |info| info.name());
        let mut watch = Watch { now_us, each: &mut |op, us| each(op, name(op), us) };
        match self.session.run_with(&mut watch) {
            Ok(()) | Err(RunError::Cancelled { .. }) => Ok(Some(())),
            Err(error) => Err(error),
        }
    }

    fn need(&self) -> Option<Need> {
        Some(self.need)
    }
}

struct Watch<'w> {
    now_us: &'w mut dyn FnMut() -> u32,
    each: &'w mut dyn FnMut(u16, u32) -> ControlFlow<()>,
}

impl Observer for Watch<'_> {
    fn now(&mut self) -> u32 {
        (self.now_us)()
    }

    fn after_op(&mut self, op: u16, us: u32) -> ControlFlow<()> {
        (self.each)(op, us)
    }
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}

/// Sum and count.
fn mean(values: impl Iterator<Item = f32>) -> (f32, u32) {
    values.fold((0.0, 0), |(sum, n), v| (sum + v, n.saturating_add(1)))
}

/// `clamp(round(x / scale) + zero)`, halves away from zero; not-a-number becomes the zero point.
#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
fn quantize(x: f32, scale: f32, zero: i16) -> i8 {
    let steps = x / scale;
    let whole = steps as i32;
    let rest = steps - whole as f32;
    let away = if rest >= 0.5 {
        1
    } else if rest <= -0.5 {
        -1
    } else {
        0
    };
    let q = whole.saturating_add(away).saturating_add(zero.into());
    i8::try_from(q.clamp(-128, 127)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::quantize;

    #[test]
    fn halves_go_away_from_zero_and_the_ends_clamp() {
        for (x, expected) in [
            (0.0, -3),
            (0.25, -2), // half a step of 0.5
            (-0.25, -4),
            (0.249_999_98, -3),
            (-0.249_999_98, -3),
            (0.75, -1), // one step and a half
            (65.0, 127),
            (-1e30, -128),
            (f32::INFINITY, 127),
            (f32::NAN, -3),
        ] {
            assert_eq!(quantize(x, 0.5, -3), expected, "{x}");
        }
    }
}
