//! Running a model over a borrowed arena.

use core::ops::ControlFlow;

use crate::{
    dtype::Element,
    error::RunError,
    model::{
        Model, OpCode, TensorInfo,
        record::{TENSOR_CONSTANT, TENSOR_VARIABLE, TensorRecord},
    },
    observe::{Observer, Unobserved},
    fast,
    ops::{self, Mem},
};

/// Whether a stepped run has operators left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step {
    /// Operators are left.
    More,
    /// The outputs are ready.
    Done,
}

/// A model and the memory it runs in.
///
/// It holds references only: several sessions may share a model, and one arena may be lent to
/// several models in turn. The input tensors lie in the arena and a run may overwrite them: write
/// all inputs before every run.
///
/// ```
/// # #[cfg(feature = "convert")] {
/// use kits_hal::{Check, Model, Session};
///
/// let kit = include_bytes!("../tests/golden/data/small.kit");
/// let model = Model::parse(kit, Check::Full)?;
/// let mut arena = [0_u8; 1024];
/// let mut session = Session::new(&model, &mut arena)?;
/// session.input::<i8>(0)?.fill(-128);
/// session.run()?;
/// let scores: &[i8] = session.output(0)?;
/// assert_eq!(scores.len(), 10);
/// # }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session<'m, 'a> {
    model: Model<'m>,
    /// Activations, as far as they are in the first memory, then scratch.
    arena: &'a mut [u8],
    /// Activations in the second memory.
    slow: &'a mut [u8],
    /// Bytes of activations in `arena`.
    split: usize,
    next: u16,
    kernels: Kernels,
}

/// Runs one operator of a model over its activations and scratch.
type Kernels = for<'w> fn(&Model<'_>, u16, &'w mut Mem<'w>, &'w mut [i8]) -> Option<()>;

impl<'m, 'a> Session<'m, 'a> {
    /// Lends an arena to a model.
    ///
    /// A longer buffer is allowed; only its first [`Memory::total`](crate::Memory::total) bytes are used.
    ///
    /// # Errors
    ///
    /// [`RunError::ArenaTooSmall`] with both sizes. No other memory is needed later.
    pub fn new(model: &Model<'m>, arena: &'a mut [u8]) -> Result<Self, RunError> {
        Self::with(model, arena, fast::run)
    }

    /// As [`Session::new`], with the plain kernels: the arithmetic as it is defined, slower.
    ///
    /// Results are the same, bit for bit; it is here to check that.
    ///
    /// # Errors
    ///
    /// As [`Session::new`].
    pub fn plain(model: &Model<'m>, arena: &'a mut [u8]) -> Result<Self, RunError> {
        Self::with(model, arena, ops::run)
    }

    /// As [`Session::new`], for a model of the core set, with no other kernels linked.
    ///
    /// See [`Model::parse_core`].
    ///
    /// # Errors
    ///
    /// [`RunError::UnsupportedOp`] if the model has another operator; then as [`Session::new`].
    pub fn core(model: &Model<'m>, arena: &'a mut [u8]) -> Result<Self, RunError> {
        only_core(model)?;
        Self::with(model, arena, fast::run_core)
    }

    /// As [`Session::core`], with the plain kernels: the least flash, and slower.
    ///
    /// # Errors
    ///
    /// As [`Session::core`].
    pub fn core_plain(model: &Model<'m>, arena: &'a mut [u8]) -> Result<Self, RunError> {
        only_core(model)?;
        Self::with(model, arena, ops::run_core)
    }

    /// Lends a fast and a slow memory to a model that was planned for two regions.
    ///
    /// Each tensor lies in one of them; scratch is in the fast one. A model planned for one region
    /// takes nothing from `slow`.
    ///
    /// # Errors
    ///
    /// [`RunError::ArenaTooSmall`] for the fast memory and [`RunError::SlowTooSmall`] for the slow
    /// one, each with both sizes; [`Memory`](crate::Memory) tells them in advance.
    pub fn new2(
        model: &Model<'m>,
        fast: &'a mut [u8],
        slow: &'a mut [u8],
    ) -> Result<Self, RunError> {
        let split = model.first_bytes() as usize;
        let need = (model.arena_bytes() as usize).saturating_sub(split);
        let have = slow.len();
        let slow = slow
            .get_mut(..need)
            .ok_or(RunError::SlowTooSmall { need: clip(need), have: clip(have) })?;
        Self::lend(model, fast, slow, split, fast::run)
    }

    fn with(
        model: &Model<'m>,
        arena: &'a mut [u8],
        kernels: Kernels,
    ) -> Result<Self, RunError> {
        Self::lend(model, arena, &mut [], model.arena_bytes() as usize, kernels)
    }

    fn lend(
        model: &Model<'m>,
        arena: &'a mut [u8],
        slow: &'a mut [u8],
        split: usize,
        kernels: Kernels,
    ) -> Result<Self, RunError> {
        // The fast kernels round twice.
        #[cfg(feature = "single-round")]
        let kernels = if model.rounds_once() { ops::run } else { kernels };
        let need = model.arena_len().saturating_sub(slow.len());
        let have = arena.len();
        let arena = arena
            .get_mut(..need)
            .ok_or(RunError::ArenaTooSmall { need: clip(need), have: clip(have) })?;
        let mut session = Self { model: *model, arena, slow, split, next: 0, kernels };
        session.reset();
        Ok(session)
    }

    /// Sets every state that outlives a run (of an LSTM) to 0, as it was when the session began.
    ///
    /// Also forgets a run in progress. A model without states has nothing to reset.
    pub fn reset(&mut self) {
        self.restart();
        for index in 0..self.model.n_tensors() {
            let Some(t) = self.model.tensor_record(index) else { continue };
            if !t.has(TENSOR_VARIABLE) {
                continue;
            }
            let zero = t.zero.to_le_bytes();
            let width = if t.dtype().bytes() == 1 { 1 } else { zero.len() };
            let zero = zero.get(..width).unwrap_or(&[]);
            let state = self.bytes_mut(&t).unwrap_or_default();
            for (to, from) in state.iter_mut().zip(zero.iter().cycle()) {
                *to = *from;
            }
        }
    }

    /// Returns the model.
    #[must_use]
    pub const fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// Returns input `i` for writing.
    ///
    /// # Errors
    ///
    /// [`RunError::NoSuchTensor`], [`RunError::ElementType`] if the tensor holds another type, and
    /// [`RunError::ArenaMisaligned`] for elements wider than a byte.
    pub fn input<T: Element>(&mut self, i: u16) -> Result<&mut [T], RunError> {
        let tensor = self.model.input_tensor(i).ok_or(RunError::NoSuchTensor { index: i })?;
        let t = self.record(tensor)?;
        typed::<T>(&t)?;
        let bytes = self.bytes_mut(&t).ok_or(RunError::NoSuchTensor { index: tensor })?;
        let have = alignment(bytes);
        bytemuck::try_cast_slice_mut(bytes).map_err(|_| misaligned::<T>(have))
    }

    /// Copies `data` into input `i`.
    ///
    /// # Errors
    ///
    /// [`RunError::InputLength`] with both lengths, and those of [`Session::input`].
    pub fn set_input<T: Element>(&mut self, i: u16, data: &[T]) -> Result<(), RunError> {
        let input = self.input::<T>(i)?;
        if input.len() != data.len() {
            return Err(RunError::InputLength {
                index: u8::try_from(i).unwrap_or(u8::MAX),
                need: clip(input.len()),
                have: clip(data.len()),
            });
        }
        for (to, from) in input.iter_mut().zip(data) {
            *to = *from;
        }
        Ok(())
    }

    /// Returns output `i`, as the last run left it.
    ///
    /// # Errors
    ///
    /// As [`Session::input`].
    pub fn output<T: Element>(&self, i: u16) -> Result<&[T], RunError> {
        let tensor = self.model.output_tensor(i).ok_or(RunError::NoSuchTensor { index: i })?;
        let t = self.record(tensor)?;
        typed::<T>(&t)?;
        let bytes = self.tensor_bytes(tensor)?;
        let have = alignment(bytes);
        bytemuck::try_cast_slice(bytes).map_err(|_| misaligned::<T>(have))
    }

    /// Copies output `i` into `to`.
    ///
    /// # Errors
    ///
    /// [`RunError::OutputLength`] with both lengths, and those of [`Session::output`].
    pub fn read_output<T: Element>(&self, i: u16, to: &mut [T]) -> Result<(), RunError> {
        let output = self.output::<T>(i)?;
        if output.len() != to.len() {
            return Err(RunError::OutputLength {
                index: u8::try_from(i).unwrap_or(u8::MAX),
                need: clip(output.len()),
                have: clip(to.len()),
            });
        }
        for (to, from) in to.iter_mut().zip(output) {
            *to = *from;
        }
        Ok(())
    }

    /// Returns the elements of output `i` as real numbers: `scale · (q − zero_point)`.
    ///
    /// # Errors
    ///
    /// [`RunError::NoSuchTensor`].
    pub fn output_f32(&self, i: u16) -> Result<Reals<'_>, RunError> {
        let tensor = self.model.output_tensor(i).ok_or(RunError::NoSuchTensor { index: i })?;
        let info = self.model.output(i).ok_or(RunError::NoSuchTensor { index: i })?;
        Ok(Reals { bytes: self.tensor_bytes(tensor)?, info })
    }

    /// Returns the bytes of any tensor, for inspection while stepping.
    ///
    /// A tensor keeps its value only from the operator that writes it to its last reader.
    ///
    /// # Errors
    ///
    /// [`RunError::NoSuchTensor`].
    pub fn tensor_bytes(&self, tensor: u16) -> Result<&[u8], RunError> {
        let t = self.record(tensor)?;
        let bytes = if t.has(TENSOR_CONSTANT) {
            self.model.bytes().get(range(&t, 0))
        } else if t.at as usize >= self.split {
            self.slow.get(range(&t, self.split))
        } else {
            self.arena.get(range(&t, 0))
        };
        bytes.ok_or(RunError::NoSuchTensor { index: tensor })
    }

    /// Returns the first memory of the session: activations, then scratch.
    ///
    /// Between two steps only the tensors that a later operator reads are in use; whatever else is
    /// here may be overwritten.
    pub const fn memory_mut(&mut self) -> &mut [u8] {
        self.arena
    }

    /// Runs all operators.
    ///
    /// # Errors
    ///
    /// None for a checked model; see [`RunError::BrokenPlan`].
    pub fn run(&mut self) -> Result<(), RunError> {
        self.run_with(&mut Unobserved)
    }

    /// As [`Session::run`], for a model whose inputs keep their bytes: they need not be written
    /// again before the next run.
    ///
    /// # Errors
    ///
    /// [`RunError::InputsNotKept`] if the model was not converted so.
    pub fn run_keep_inputs(&mut self) -> Result<(), RunError> {
        if self.model.keeps_inputs() { self.run() } else { Err(RunError::InputsNotKept) }
    }

    /// Runs all operators and tells `observer` about each.
    ///
    /// # Errors
    ///
    /// [`RunError::Cancelled`] if the observer stops the run.
    pub fn run_with(&mut self, observer: &mut impl Observer) -> Result<(), RunError> {
        self.restart();
        for op in 0..self.model.n_operators() {
            let before = observer.now();
            self.op(op)?;
            let ticks = observer.now().wrapping_sub(before);
            if observer.after_op(op, ticks) == ControlFlow::Break(()) {
                self.restart();
                return Err(RunError::Cancelled { op });
            }
        }
        Ok(())
    }

    /// Runs all operators, stopping after the first that ends past the budget.
    ///
    /// `now_us` is a clock in microseconds; it may wrap.
    ///
    /// # Errors
    ///
    /// [`RunError::DeadlineMissed`] with the time spent and the budget.
    pub fn run_within(
        &mut self,
        budget_us: u32,
        mut now_us: impl FnMut() -> u32,
    ) -> Result<(), RunError> {
        self.restart();
        let start = now_us();
        for op in 0..self.model.n_operators() {
            self.op(op)?;
            let spent_us = now_us().wrapping_sub(start);
            if spent_us > budget_us {
                return Err(RunError::DeadlineMissed { op, spent_us, budget_us });
            }
        }
        Ok(())
    }

    /// Runs the next operator; after [`Step::Done`] the following call starts a new run.
    ///
    /// # Errors
    ///
    /// As [`Session::run`].
    pub fn step(&mut self) -> Result<Step, RunError> {
        if self.next < self.model.n_operators() {
            self.op(self.next)?;
            self.next = self.next.saturating_add(1);
        }
        if self.next < self.model.n_operators() {
            Ok(Step::More)
        } else {
            self.restart();
            Ok(Step::Done)
        }
    }

    /// Forgets a run in progress, so that the next step is the first operator.
    pub const fn restart(&mut self) {
        self.next = 0;
    }

    fn op(&mut self, op: u16) -> Result<(), RunError> {
        let first: &mut [i8] = bytemuck::must_cast_slice_mut(&mut *self.arena);
        let slow: &mut [i8] = bytemuck::must_cast_slice_mut(&mut *self.slow);
        first
            .split_at_mut_checked(self.split)
            .and_then(|(first, scratch)| {
                (self.kernels)(&self.model, op, &mut Mem::new(first, slow), scratch)
            })
            .ok_or(RunError::BrokenPlan { op })
    }

    /// Returns the bytes of a tensor that is not constant.
    fn bytes_mut(&mut self, t: &TensorRecord) -> Option<&mut [u8]> {
        if t.at as usize >= self.split {
            self.slow.get_mut(range(t, self.split))
        } else {
            self.arena.get_mut(range(t, 0))
        }
    }

    fn record(&self, tensor: u16) -> Result<TensorRecord, RunError> {
        self.model.tensor_record(tensor).ok_or(RunError::NoSuchTensor { index: tensor })
    }
}

/// The elements of a quantized tensor as real numbers.
#[derive(Debug, Clone, Copy)]
pub struct Reals<'s> {
    bytes: &'s [u8],
    info: TensorInfo,
}

impl<'s> Reals<'s> {
    /// Returns the elements in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = f32> + 's {
        let (bytes, info) = (self.bytes, self.info);
        let width = info.dtype.bytes() as usize;
        // Not `chunks_exact`: it divides by the width, and the panic for 0 would be linked.
        (0..info.len()).map(move |i| {
            let at = i.saturating_mul(width);
            info.real(bytes.get(at..at.saturating_add(width)).unwrap_or(&[]))
        })
    }

    /// Returns the number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.info.len()
    }

    /// Returns `true` for a tensor without elements; no checked model has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl TensorInfo {
    /// Returns the real number an element stands for.
    #[expect(clippy::cast_precision_loss, reason = "an i32 tensor is shown to 24 bits")]
    fn real(&self, element: &[u8]) -> f32 {
        use crate::dtype::DType;
        let zero = i32::from(self.zero_point);
        let q = match (self.dtype, element) {
            (DType::I8, [a]) => a.cast_signed().into(),
            (DType::U8, [a]) => (*a).into(),
            (DType::I16, [a, b]) => i16::from_le_bytes([*a, *b]).into(),
            (DType::I32, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]),
            (DType::F32, [a, b, c, d]) => return f32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0,
        };
        self.scale * q.wrapping_sub(zero) as f32
    }
}

/// Refuses a model with an operator outside the core set.
fn only_core(model: &Model<'_>) -> Result<(), RunError> {
    for op in 0..model.n_operators() {
        let code = model.op_record(op).map_or(u8::MAX, |record| record.code);
        if !OpCode::from_code(code).is_some_and(OpCode::is_core) {
            return Err(RunError::UnsupportedOp { op, code });
        }
    }
    Ok(())
}

/// Returns where a tensor lies in a memory whose first byte has offset `base`.
fn range(t: &TensorRecord, base: usize) -> core::ops::Range<usize> {
    let at = (t.at as usize).saturating_sub(base);
    at..at.saturating_add(t.len as usize)
}

fn typed<T: Element>(t: &TensorRecord) -> Result<(), RunError> {
    if t.dtype() == T::DTYPE {
        Ok(())
    } else {
        Err(RunError::ElementType { need: t.dtype(), have: T::DTYPE })
    }
}

/// Returns the largest power of two, up to 8, that divides the address.
fn alignment(bytes: &[u8]) -> u16 {
    1 << (bytes.as_ptr().addr() | 8).trailing_zeros()
}

#[expect(clippy::cast_possible_truncation, reason = "an alignment of at most 4")]
fn misaligned<T: Element>(have: u16) -> RunError {
    RunError::ArenaMisaligned { need: align_of::<T>() as u16, have }
}

fn clip(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
