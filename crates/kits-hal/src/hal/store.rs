//! Where model bytes come from when they are not linked in: external flash, a slot for updates.

use crate::error::LoadError;
use crate::model::{Check, Model};

/// Bytes that can be read at any place.
///
/// Implementers owe: a read fills all of `out` or is an error; a range past [`len`](Self::len) is
/// an error; reading the same place twice gives the same bytes; after an error the store can be
/// read again.
pub trait ModelStore {
    /// The implementer's error.
    type Error;

    /// Fills `out` with the bytes from `at` on.
    ///
    /// # Errors
    ///
    /// The implementer's, also if the range ends past the store.
    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Self::Error>;

    /// Returns the bytes of the store.
    fn len(&self) -> u32;

    /// Returns whether there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<S: ModelStore + ?Sized> ModelStore for &mut S {
    type Error = S::Error;

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Self::Error> {
        S::read(self, at, out)
    }

    fn len(&self) -> u32 {
        S::len(self)
    }
}

/// Why a model could not be taken from a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError<E> {
    /// The store failed.
    #[error("model store: reading {bytes} B at {at} failed: {error:?}")]
    Read {
        /// First byte of the range.
        at: u32,
        /// Bytes of the range.
        bytes: u32,
        /// The store's error.
        error: E,
    },
    /// The range ends past the store.
    #[error("model store: {bytes} B at {at} asked for, store has {have} B")]
    OutOfRange {
        /// First byte of the range.
        at: u32,
        /// Bytes of the range.
        bytes: u32,
        /// Bytes of the store.
        have: u32,
    },
    /// The model is longer than the buffer.
    #[error("model store: model has {need} B, buffer has {have} B: {} B short", need.saturating_sub(*have))]
    BufferTooSmall {
        /// Bytes of the container.
        need: u32,
        /// Bytes of the buffer.
        have: u32,
    },
    /// The bytes are no valid model.
    #[error("model store: {0}")]
    Load(LoadError),
}

/// A store in memory.
#[derive(Debug, Clone, Copy)]
pub struct SliceStore<'d>(pub &'d [u8]);

impl ModelStore for SliceStore<'_> {
    type Error = StoreError<core::convert::Infallible>;

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Self::Error> {
        let from = usize::try_from(at).ok().and_then(|at| self.0.get(at..)?.get(..out.len()));
        let outside = StoreError::OutOfRange { at, bytes: clip(out.len()), have: self.len() };
        for (to, from) in out.iter_mut().zip(from.ok_or(outside)?) {
            *to = *from;
        }
        Ok(())
    }

    fn len(&self) -> u32 {
        clip(self.0.len())
    }
}

/// Copies the model at the start of `store` into `buffer` and checks all of it, checksum included.
///
/// The header is read first; the rest only if the length it gives fits store and buffer.
///
/// # Errors
///
/// [`StoreError`]; `buffer` then holds anything, and the store may be tried again.
///
/// ```
/// use kits_hal::hal::{SliceStore, StoreError, load_model};
///
/// let kit = include_bytes!("../../tests/golden/data/small.kit");
/// let mut slot = [0xFF; 8192]; // erased flash around it
/// slot[..kit.len()].copy_from_slice(kit);
///
/// let mut buffer = [0; 8192];
/// let model = load_model(&mut SliceStore(&slot), &mut buffer)?;
/// assert_eq!(model.len(), kit.len());
///
/// let short = load_model(&mut SliceStore(&slot), &mut buffer[..1000]).unwrap_err();
/// assert!(matches!(short, StoreError::BufferTooSmall { have: 1000, .. }));
/// # Ok::<(), StoreError<StoreError<core::convert::Infallible>>>(())
/// ```
pub fn load_model<'b, S: ModelStore>(
    store: &mut S,
    buffer: &'b mut [u8],
) -> Result<Model<'b>, StoreError<S::Error>> {
    /// Magic, version and total length.
    const HEAD: u32 = 12;
    let stored = store.len();
    let read = |store: &mut S, at, out: &mut [u8]| {
        let bytes = clip(out.len());
        store.read(at, out).map_err(|error| StoreError::Read { at, bytes, error })
    };
    if stored < HEAD {
        return Err(StoreError::Load(LoadError::Truncated { need: HEAD, have: stored }));
    }
    let mut head = [0; HEAD as usize];
    read(store, 0, &mut head)?;
    let [k, i, t, m, _, _, _, _, len @ ..] = head;
    if [k, i, t, m] != *b"KITM" {
        return Err(StoreError::Load(LoadError::BadMagic));
    }
    let need = u32::from_le_bytes(len);
    if need > stored {
        return Err(StoreError::Load(LoadError::Truncated { need, have: stored }));
    }
    let have = clip(buffer.len());
    let bytes = usize::try_from(need).ok().and_then(|need| buffer.get_mut(..need));
    let bytes = bytes.ok_or(StoreError::BufferTooSmall { need, have })?;
    read(store, 0, bytes)?;
    Model::parse(bytes, Check::Full).map_err(StoreError::Load)
}

fn clip(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
