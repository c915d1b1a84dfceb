//! What a program needs from a board.

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
    /// Longest allowed inference, in microseconds.
    pub deadline_us: Option<u32>,
    /// Time between the starts of two inferences, in microseconds.
    pub period_us: Option<u32>,
    /// Largest allowed energy of one inference, in microjoules.
    pub budget_uj: Option<u32>,
}
