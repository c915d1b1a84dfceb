//! What the protocol asks of a model.

use core::fmt;
use core::ops::ControlFlow;

use crate::board::Need;

/// Memory of a running benchmark, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MemoryUse {
    /// Activations.
    pub arena: u32,
    /// Working memory of the largest operator.
    pub scratch: u32,
    /// Deepest stack seen, where the image measures it.
    pub stack: Option<u32>,
}

/// A model as the benchmark protocol sees it: bytes in, numbers out.
///
/// Implementers owe: `infer` depends on nothing but its input, so that N runs give the result of
/// one; after an error it can be called again.
pub trait Benchmark {
    /// The implementer's error; its text is sent to the host.
    type Error: fmt::Display;

    /// Runs the model once.
    ///
    /// `input` is the whole input buffer, zeros where nothing was loaded.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn infer(&mut self, input: &[u8]) -> Result<(), Self::Error>;

    /// Hands each result of the last run to `each`, in order.
    fn results(&self, each: &mut dyn FnMut(f32));

    /// Returns what the model uses.
    fn memory(&self) -> MemoryUse {
        MemoryUse::default()
    }

    /// Runs the model once and tells `each` the index, name and microseconds of every operator.
    ///
    /// Returns `None` if operators cannot be told apart. Time spent in `each` is not counted.
    ///
    /// # Errors
    ///
    /// As [`infer`](Benchmark::infer). A `Break` ends the run and is no error.
    fn infer_by_operator(
        &mut self,
        input: &[u8],
        now_us: &mut dyn FnMut() -> u32,
        each: &mut dyn FnMut(u16, &str, u32) -> ControlFlow<()>,
    ) -> Result<Option<()>, Self::Error> {
        let _ = (input, now_us, each);
        Ok(None)
    }

    /// Returns what the program needs of a board, if it knows.
    fn need(&self) -> Option<Need> {
        None
    }
}

impl<M: Benchmark + ?Sized> Benchmark for &mut M {
    type Error = M::Error;

    fn infer(&mut self, input: &[u8]) -> Result<(), Self::Error> {
        M::infer(self, input)
    }

    fn results(&self, each: &mut dyn FnMut(f32)) {
        M::results(self, each);
    }

    fn memory(&self) -> MemoryUse {
        M::memory(self)
    }

    fn infer_by_operator(
        &mut self,
        input: &[u8],
        now_us: &mut dyn FnMut() -> u32,
        each: &mut dyn FnMut(u16, &str, u32) -> ControlFlow<()>,
    ) -> Result<Option<()>, Self::Error> {
        M::infer_by_operator(self, input, now_us, each)
    }

    fn need(&self) -> Option<Need> {
        M::need(self)
    }
}
