//! Module 17: acceleration.

use crate::{Result, kernels::packed, slots::accel as slot, tensor::Real};

#[cfg(feature = "course")]
use crate::course::{
    Slot, by_reference, fit,
    m17::{hook, slot as student},
};

/// What a student's slot makes of `f32`; other types are noted as served by the reference.
#[cfg(feature = "course")]
fn served<T: Real, const N: usize>(
    slot: &'static Slot,
    inputs: [&[T]; N],
    len: usize,
    ask: impl FnOnce([&[f32]; N]) -> Result<Option<Vec<f32>>>,
) -> Result<Option<Vec<T>>> {
    let mut slices = [&[][..]; N];
    for (to, from) in slices.iter_mut().zip(inputs) {
        let Some(from) = T::f32s(from) else {
            by_reference(slot);
            return Ok(None);
        };
        *to = from;
    }
    ask(slices)?.map(|out| fit(slot, out, len)).transpose()
}

/// Product along rows.
pub(crate) fn matmul_ikj<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::matmul_ikj, [a, b], sizes[0] * sizes[2], |[a, b]| {
        hook::matmul_ikj(a, b, sizes)
    })? {
        return Ok(out);
    }
    slot::matmul_ikj(a, b, sizes)
}

/// Product tile by tile.
pub(crate) fn matmul_tiled<T: Real>(
    a: &[T],
    b: &[T],
    sizes: [usize; 3],
    tile: usize,
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::matmul_tiled, [a, b], sizes[0] * sizes[2], |[a, b]| {
        hook::matmul_tiled(a, b, sizes, tile)
    })? {
        return Ok(out);
    }
    slot::matmul_tiled(a, b, sizes, tile)
}

/// Product by packed panels.
pub(crate) fn matmul_packed<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::matmul_packed, [a, b], sizes[0] * sizes[2], |[a, b]| {
        hook::matmul_packed(a, b, sizes)
    })? {
        return Ok(out);
    }
    Ok(packed::product(a, b, sizes, false))
}

/// Product by packed panels, shared between threads.
pub(crate) fn matmul_parallel<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::matmul_parallel, [a, b], sizes[0] * sizes[2], |[a, b]| {
        hook::matmul_parallel(a, b, sizes, threads())
    })? {
        return Ok(out);
    }
    Ok(packed::product(a, b, sizes, true))
}

/// Threads of the library.
#[cfg(feature = "course")]
fn threads() -> usize {
    #[cfg(feature = "parallel")]
    {
        rayon::current_num_threads()
    }
    #[cfg(not(feature = "parallel"))]
    1
}

/// GELU in one pass.
pub(crate) fn gelu_fused<T: Real>(x: &[T]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::gelu_fused, [x], x.len(), |[x]| hook::gelu_fused(x))? {
        return Ok(out);
    }
    Ok(slot::gelu_fused(x))
}

/// Attention of one head by tiles.
pub(crate) fn attention_tiled<T: Real>(
    [q, k, v]: [&[T]; 3],
    sizes: [usize; 3],
    tile: usize,
    causal: bool,
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = served(student::attention_tiled, [q, k, v], q.len(), |[q, k, v]| {
        hook::attention_tiled(q, k, v, sizes, tile, causal)
    })? {
        return Ok(out);
    }
    slot::attention_tiled(q, k, v, sizes, tile, causal)
}
