//! What a program needs from a board.

use super::cpu::Kernels;
use super::work::Work;
use crate::Model;

/// The demands of one program: memory, work and limits.
///
/// All memory is in bytes. A field left 0 or `None` is not demanded.
///
/// # Examples
///
/// ```
/// use kits_hal::board::{Board, Need};
///
/// let need = Need { model_bytes: 36_000, arena_bytes: 9_536, stack_bytes: 8_192, ..Need::default() };
/// assert!(Board::by_id("nano33ble")?.check(&need).is_ok());
/// # Ok::<(), kits_hal::board::UnknownBoard>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Need {
    /// The `.kit` container: weights and records, read in place.
    pub model_bytes: u32,
    /// Code and constants of the rest of the image.
    pub code_bytes: u32,
    /// Activations and kernel scratch.
    pub arena_bytes: u32,
    /// Room for the call stack.
    pub stack_bytes: u32,
    /// Frame buffers, sample windows and other static data.
    pub buffers: u32,
    /// Multiply-accumulates of one inference; 0 gives no time and no energy estimate.
    pub macs: u64,
    /// The same work by kind of layer, for a closer estimate of the time where the board's core has costs for it.
    pub work: Option<Work>,
    /// The class of kernels to count with; `None` takes the slowest that is known for the core.
    pub kernels: Option<Kernels>,
    /// Longest allowed inference, in microseconds.
    pub deadline_us: Option<u32>,
    /// Time between the starts of two inferences, in microseconds.
    pub period_us: Option<u32>,
    /// Largest allowed energy of one inference, in microjoules.
    pub budget_uj: Option<u32>,
}

impl Need {
    /// Returns what `model` itself demands: its container, its arena with scratch, and its work.
    ///
    /// Code, stack, buffers and limits are left open: they belong to the program around the model.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use kits_hal::board::{Board, Need};
    /// use kits_hal::{Check, Model};
    ///
    /// # let bytes: &[u8] = &[];
    /// let model = Model::parse(bytes, Check::Full)?;
    /// let need = Need { stack_bytes: 8_192, deadline_us: Some(250_000), ..Need::for_model(&model) };
    /// println!("{}", Board::by_id("nano33ble")?.check(&need)?);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_model(model: &Model<'_>) -> Self {
        let clip = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            model_bytes: clip(model.len()),
            arena_bytes: clip(model.arena_len()),
            macs: model.macs(),
            work: Some(Work::of(model)),
            ..Self::default()
        }
    }
}
