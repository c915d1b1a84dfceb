//! Buffers used again.
//!
//! A training step makes arrays of the same sizes again and again. Large ones come from the system, which hands out
//! pages full of zeros, one fault for every 4 KiB: more work than many an operation does with the memory.
//! Here the buffer of a dropped tensor waits on its thread for the next result of about its size.
//!
//! Only `f32` is kept: other types are not what large models compute in. A thread holds at most [`LIMIT`] bytes, and
//! lets go of everything when it would exceed that.

use core::{
    any::Any,
    cell::{Cell, RefCell},
    mem::take,
};

use super::map::Value;

/// Smaller buffers are left to the allocator, which is as fast for them.
const LEAST: usize = 1 << 12;

/// Bytes that one thread keeps at most.
const LIMIT: usize = 1 << 29;

/// Size classes between one power of two and the next.
const STEPS: usize = 4;

/// Buffers of one size class.
#[derive(Default)]
struct Shelf {
    waiting: Vec<Vec<f32>>,
    /// Handed out and not come back. Only so many are taken in: memory that was made elsewhere goes back to the allocator,
    /// or a shelf would grow with every result that nobody took from it.
    lent: usize,
}

thread_local! {
    static SHELVES: RefCell<Vec<Shelf>> = const { RefCell::new(Vec::new()) };
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// The shelf for buffers of `n` elements, and the capacity of all buffers there.
fn class(n: usize) -> (usize, usize) {
    // Between 2^(b-1) and 2^b lie STEPS classes.
    let b = usize::BITS - (n - 1).leading_zeros();
    let (top, step) = (1usize << b, (1usize << b) / 2 / STEPS);
    let below = (top - n) / step;
    (b as usize * STEPS - below, top - below * step)
}

/// Returns a vector of `n` elements with arbitrary values, for code that writes each of them.
pub(crate) fn buffer<T: Value>(n: usize) -> Vec<T> {
    let mut waiting: Option<Vec<f32>> = None;
    let slot: &mut dyn Any = &mut waiting;
    if n >= LEAST && slot.is::<Option<Vec<T>>>() {
        let found = found(n);
        waiting = Some(found);
        let slot: &mut dyn Any = &mut waiting;
        if let Some(out) = slot.downcast_mut::<Option<Vec<T>>>().and_then(Option::take) {
            return out;
        }
    }
    vec![T::default(); n]
}

/// As [`buffer`], filled with `value`.
pub(crate) fn filled<T: Value>(n: usize, value: T) -> Vec<T> {
    let mut out = buffer(n);
    out.fill(value);
    out
}

/// A waiting buffer cut to `n` elements, or a new one.
fn found(n: usize) -> Vec<f32> {
    let (shelf, capacity) = class(n);
    let waiting = SHELVES.try_with(|shelves| {
        let mut shelves = shelves.borrow_mut();
        if shelves.len() <= shelf {
            shelves.resize_with(shelf + 1, Shelf::default);
        }
        let shelf = &mut shelves[shelf];
        shelf.lent += 1;
        shelf.waiting.pop()
    });
    match waiting {
        Ok(Some(mut buffer)) => {
            HELD.set(HELD.get() - buffer.capacity() * size_of::<f32>());
            buffer.resize(n, 0.0);
            buffer
        }
        _ => {
            // The system's zeros: pages that nobody writes cost nothing.
            let mut fresh = vec![0.0; capacity];
            fresh.truncate(n);
            fresh
        }
    }
}

/// Keeps the memory of a vector that is no longer needed for a later [`buffer`].
pub(crate) fn keep<T: Value>(data: Vec<T>) {
    let mut slot = Some(data);
    let slot: &mut dyn Any = &mut slot;
    if let Some(Some(data)) = slot.downcast_mut::<Option<Vec<f32>>>() {
        give(data);
    }
}

/// Keeps the memory of a dropped tensor for a later [`buffer`].
pub(crate) fn give(data: &mut Vec<f32>) {
    let capacity = data.capacity();
    if capacity < LEAST || class(capacity).1 != capacity {
        return;
    }
    let bytes = capacity * size_of::<f32>();
    // Fails while the thread ends: then the buffer is dropped as any other.
    let _ = SHELVES.try_with(|shelves| {
        let mut shelves = shelves.borrow_mut();
        let shelf = class(capacity).0;
        if shelves.get(shelf).is_none_or(|shelf| shelf.lent == 0) || bytes > LIMIT {
            return;
        }
        if HELD.get() + bytes > LIMIT {
            HELD.set(0);
            shelves.iter_mut().for_each(|shelf| shelf.waiting.clear());
        }
        HELD.set(HELD.get() + bytes);
        shelves[shelf].lent -= 1;
        shelves[shelf].waiting.push(take(data));
    });
}

/// Lets go of everything that waits on this thread.
pub(crate) fn clear() {
    // A thread that ends lets go by itself.
    let _ = SHELVES.try_with(|shelves| {
        HELD.set(0);
        shelves.borrow_mut().iter_mut().for_each(|shelf| shelf.waiting = Vec::new());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_are_for_and_waste_little() {
        let mut before = 0;
        for n in LEAST..40_000 {
            let (shelf, capacity) = class(n);
            assert!(capacity >= n && capacity - n <= capacity / STEPS, "{n}: {capacity}");
            assert_eq!(class(capacity), (shelf, capacity), "a buffer returns to its shelf");
            assert!(shelf == before || shelf == before + 1 || n == LEAST);
            before = shelf;
        }
    }

    #[test]
    fn a_buffer_comes_back_until_it_is_let_go() {
        std::thread::spawn(|| {
            let mut first = buffer::<f32>(5000);
            first.fill(7.0);
            let at = first.as_ptr();
            give(&mut first);
            let again = buffer::<f32>(5100);
            assert_eq!((again.as_ptr(), again.len()), (at, 5100));
            assert_eq!(buffer::<f64>(5000), vec![0.0; 5000], "other types are always new");
            let other = filled::<f32>(5000, 2.0);
            assert_ne!(other.as_ptr(), at, "it is in use");
            keep(other);
            assert!(HELD.get() > 0);
            clear();
            assert!(
                HELD.get() == 0 && SHELVES.with_borrow(|s| s.iter().all(|s| s.waiting.is_empty()))
            );
        })
        .join()
        .unwrap();
    }

    #[test]
    fn memory_made_elsewhere_is_not_taken_in() {
        std::thread::spawn(|| {
            drop(buffer::<f32>(5000)); // lent one
            let (_, capacity) = class(5000);
            for kept in [true, false] {
                let mut other = Vec::with_capacity(capacity);
                give(&mut other);
                assert_eq!(other.capacity() == 0, kept);
            }
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_keeps_a_limited_amount() {
        std::thread::spawn(|| {
            for _ in 0..5 {
                let mut many: Vec<_> = (0..5).map(|_| buffer::<f32>(LIMIT / 16)).collect();
                many.iter_mut().for_each(give);
                assert!(HELD.get() <= LIMIT && HELD.get() > 0);
            }
        })
        .join()
        .unwrap();
    }
}
