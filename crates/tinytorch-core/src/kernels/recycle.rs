//! Buffers used again.
//!
//! A training step makes arrays of the same sizes again and again. Large ones come from the system, which hands out
//! pages full of zeros, one fault for every 4 KiB: more work than many an operation does with the memory.
//! Here the buffer of a dropped tensor waits on its thread for the next result of about its size.
//!
//! Only `f32` is kept: other types are not what large models compute in. A thread holds at most [`LIMIT`] bytes, and
//! lets go of everything when it would exceed that. Sizes have their most at different times of a step, and together these are
//! more than ever is in use: a large buffer that no waiting one serves takes the place of others that wait, until these
//! are a small share of what is in use. Fewer would be fewer bytes, and more pages to be filled with zeros in every step.

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

/// From this many elements on, a new buffer takes the place of others: smaller ones are many and hold little.
const LARGE: usize = 1 << 18;

/// For one byte that waits, so many in use are enough for a new buffer to take no place.
const SHARE: usize = 8;

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
    /// Bytes that wait.
    static HELD: Cell<usize> = const { Cell::new(0) };
    /// Bytes that were handed out and have not come back: too many if some were dropped elsewhere.
    static USED: Cell<usize> = const { Cell::new(0) };
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
        shelves[shelf].lent += 1;
        let found = shelves[shelf].waiting.pop();
        if found.is_none() && capacity >= LARGE {
            make_room(&mut shelves, capacity);
        }
        USED.set(USED.get() + capacity * size_of::<f32>());
        found
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

/// Lets go of buffers that wait beyond their share, for a new one of `n` elements: the smallest that holds it, or smaller ones,
/// the largest first.
fn make_room(shelves: &mut [Shelf], n: usize) {
    let spare = HELD.get().saturating_sub(USED.get() / SHARE);
    let mut wanted = spare.min(n * size_of::<f32>());
    let (own, _) = class(n);
    let larger = (own + 1..shelves.len()).find(|&i| !shelves[i].waiting.is_empty());
    for i in larger.into_iter().chain((0..own).rev()) {
        while wanted > 0 {
            let Some(buffer) = shelves[i].waiting.pop() else { break };
            let bytes = buffer.capacity() * size_of::<f32>();
            HELD.set(HELD.get() - bytes);
            wanted = wanted.saturating_sub(bytes);
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
        USED.set(USED.get().saturating_sub(bytes));
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
    fn a_large_buffer_takes_the_place_of_others() {
        let held_after = |waiting: &[usize], used: usize, wanted: usize| {
            let waiting = waiting.to_vec();
            let held = move || {
                let _used = (used > 0).then(|| buffer::<f32>(used));
                let mut all: Vec<_> = waiting.iter().map(|&n| buffer::<f32>(n)).collect();
                all.iter_mut().for_each(give);
                let sum = waiting.iter().sum::<usize>();
                assert_eq!([HELD.get(), USED.get()], [4 * sum, 4 * used]);
                assert!(buffer::<f32>(wanted).iter().all(|v| *v == 0.0));
                let held = SHELVES.with_borrow(|shelves| {
                    let waiting = shelves.iter().flat_map(|shelf| &shelf.waiting);
                    waiting.map(|buffer| 4 * buffer.capacity()).sum::<usize>()
                });
                assert_eq!(held, HELD.get());
                held / 4
            };
            std::thread::spawn(held).join().unwrap()
        };
        let n = LARGE;
        let smallest = held_after(&[4 * n, 2 * n, n / 2], 0, n);
        assert_eq!(smallest, 4 * n + n / 2, "the smallest that holds it");
        assert_eq!(held_after(&[n, n / 2, n / 4], 0, 2 * n), 0, "smaller ones together");
        assert_eq!(held_after(&[n, n, n / 2], 0, 2 * n), n / 2, "the largest first");
        assert_eq!(held_after(&[n, n], 0, n), n, "one that waits serves");
        assert_eq!(held_after(&[n, n / 2], 0, n / 4), n + n / 2, "small ones let nothing go");
        assert_eq!(held_after(&[n, n / 2], 2 * SHARE * n, 4 * n), n + n / 2, "a small share");
        assert_eq!(held_after(&[n, n / 2], SHARE * n, 4 * n), n / 2, "what is beyond the share");
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
