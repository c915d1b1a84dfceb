//! Splitting of work between threads.
//!
//! Work is cut into blocks whose size depends on the problem alone. Threads only decide who computes a block, never what
//! it contains, so results are the same bits for any number of threads. General products alone are cut by threads, and
//! only where their bits stay the same.

#[cfg(feature = "parallel")]
use super::team;

/// Cheap element operations below this count stay on the calling thread: waking a second one takes as long.
pub(crate) const GRAIN: usize = 1 << 16;

/// Elements of one block of an elementwise operation: 64 KiB of `f32`, so that a block stays in the second-level cache.
pub(crate) const BLOCK: usize = 1 << 14;

/// Calls `f(start, part)` for consecutive parts of `block` elements of `out`, on several threads if `parallel`.
pub(crate) fn blocks<T: Send>(
    out: &mut [T],
    block: usize,
    parallel: bool,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    let block = block.max(1);
    #[cfg(feature = "parallel")]
    if parallel && out.len() > block && several() {
        return shared(out, block, &f);
    }
    let _ = parallel;
    for (i, part) in out.chunks_mut(block).enumerate() {
        f(i * block, part);
    }
}

/// True if there is more than one thread to share work between: handing all of it to a single other one costs two wake-ups
/// and gains nothing.
#[cfg(feature = "parallel")]
pub(crate) fn several() -> bool {
    rayon::current_num_threads() > 1
}

/// The threaded half of [`blocks`].
///
/// The closure comes as a reference of unknown type: work sharing is compiled once for each type of elements, not once
/// for each of the many hundred loops, which took nine tenths of the time to build the crate.
#[cfg(feature = "parallel")]
fn shared<T: Send>(out: &mut [T], block: usize, f: &(dyn Fn(usize, &mut [T]) + Sync)) {
    let count = out.len().div_ceil(block);
    team::share(count, out.chunks_mut(block).enumerate(), &|(i, part)| f(i * block, part));
}

/// As [`blocks`], for two arrays cut in step: `f(i, part_of_a, part_of_b)`.
pub(crate) fn blocks2<A: Send, B: Send>(
    (a, a_block): (&mut [A], usize),
    (b, b_block): (&mut [B], usize),
    parallel: bool,
    f: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let (a_block, b_block) = (a_block.max(1), b_block.max(1));
    #[cfg(feature = "parallel")]
    if parallel && a.len() > a_block && several() {
        return shared2((a, a_block), (b, b_block), &f);
    }
    let _ = parallel;
    for (i, (pa, pb)) in a.chunks_mut(a_block).zip(b.chunks_mut(b_block)).enumerate() {
        f(i, pa, pb);
    }
}

/// Work on a part of each of two arrays.
#[cfg(feature = "parallel")]
type Work2<'a, A, B> = dyn Fn(usize, &mut [A], &mut [B]) + Sync + 'a;

/// The threaded half of [`blocks2`], as [`shared`] is of [`blocks`].
#[cfg(feature = "parallel")]
fn shared2<A: Send, B: Send>(
    (a, a_block): (&mut [A], usize),
    (b, b_block): (&mut [B], usize),
    f: &Work2<'_, A, B>,
) {
    let count = a.len().div_ceil(a_block);
    let parts = a.chunks_mut(a_block).zip(b.chunks_mut(b_block)).enumerate();
    team::share(count, parts, &|(i, (pa, pb))| f(i, pa, pb));
}

/// As [`blocks2`], for three arrays.
pub(crate) fn blocks3<T: Send>(
    (a, a_block): (&mut [T], usize),
    (b, b_block): (&mut [T], usize),
    (c, c_block): (&mut [T], usize),
    parallel: bool,
    f: impl Fn(usize, &mut [T], &mut [T], &mut [T]) + Sync,
) {
    let blocks = [a_block.max(1), b_block.max(1), c_block.max(1)];
    #[cfg(feature = "parallel")]
    if parallel && a.len() > blocks[0] && several() {
        return shared3([a, b, c], blocks, &f);
    }
    let _ = parallel;
    let parts = a.chunks_mut(blocks[0]).zip(b.chunks_mut(blocks[1])).zip(c.chunks_mut(blocks[2]));
    for (i, ((pa, pb), pc)) in parts.enumerate() {
        f(i, pa, pb, pc);
    }
}

/// Work on a part of each of three arrays.
#[cfg(feature = "parallel")]
type Work3<'a, T> = dyn Fn(usize, &mut [T], &mut [T], &mut [T]) + Sync + 'a;

/// The threaded half of [`blocks3`], as [`shared`] is of [`blocks`].
#[cfg(feature = "parallel")]
fn shared3<T: Send>([a, b, c]: [&mut [T]; 3], blocks: [usize; 3], f: &Work3<'_, T>) {
    let count = a.len().div_ceil(blocks[0]);
    let parts = a.chunks_mut(blocks[0]).zip(b.chunks_mut(blocks[1])).zip(c.chunks_mut(blocks[2]));
    team::share(count, parts.enumerate(), &|(i, ((pa, pb), pc))| f(i, pa, pb, pc));
}
