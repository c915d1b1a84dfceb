//! The rungs of the ladder as operations.

use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    ops::support::{check_room, on_floats, real_type, same_dtype},
    profile,
    slots::accel as slot,
};

/// One way to multiply two matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// [`matmul_naive`]
    Naive,
    /// [`matmul_ikj`]
    Ikj,
    /// [`matmul_tiled`] with tiles of this size.
    Tiled(usize),
    /// [`matmul_packed`]
    Packed,
    /// [`matmul_parallel`]
    Parallel,
    /// [`Tensor::matmul`], the product that the library itself uses.
    Library,
}

impl Variant {
    /// All of them from the slowest to the fastest, with tiles of 48: three of them fill 27 of the 32 KiB of a usual first cache.
    pub const LADDER: [Self; 6] =
        [Self::Naive, Self::Ikj, Self::Tiled(48), Self::Packed, Self::Parallel, Self::Library];

    /// Returns the name of the operation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "matmul_naive",
            Self::Ikj => "matmul_ikj",
            Self::Tiled(_) => "matmul_tiled",
            Self::Packed => "matmul_packed",
            Self::Parallel => "matmul_parallel",
            Self::Library => "matmul",
        }
    }

    /// Returns `a·b` computed this way.
    ///
    /// # Errors
    ///
    /// As the function of that name.
    #[track_caller]
    pub fn product(self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        match self {
            Self::Library => a.matmul(b),
            _ => Tensor::apply(Product(self), &[a, b]),
        }
    }
}

/// A product of two matrices in one of the ways.
#[derive(Debug)]
struct Product(Variant);

impl Op for Product {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        profile::products(out.numel(), inputs[0].dims()[1])
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let (op, a, b) = (self.name(), inputs[0], inputs[1]);
        same_dtype(op, a, b)?;
        if let Variant::Tiled(tile) = self.0 {
            slot::some_tile(op, tile)?;
        }
        let sizes = sizes(op, a, b)?;
        check_room(op, &[sizes[0], sizes[2]])?;
        saved.keep_if(saved.needs(1), a);
        saved.keep_if(saved.needs(0), b);
        on_floats(op, inputs, |t| {
            let (a, b) = (t[0].contiguous(), t[1].contiguous());
            let shape = Shape::clipped(&[sizes[0], sizes[2]]);
            Ok(real_type!(a.dtype(), T => {
                let (a, b) = (a.as_slice::<T>()?, b.as_slice::<T>()?);
                let out = match self.0 {
                    Variant::Naive => slot::matmul_naive(a, b, sizes),
                    Variant::Ikj => dispatch::matmul_ikj(a, b, sizes),
                    Variant::Tiled(tile) => dispatch::matmul_tiled(a, b, sizes, tile),
                    Variant::Packed => dispatch::matmul_packed(a, b, sizes),
                    Variant::Parallel | Variant::Library => dispatch::matmul_parallel(a, b, sizes),
                };
                Tensor::own(out?, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        // One product has one pair of gradients, g·bᵀ and aᵀ·g, however it was computed.
        Ok(dispatch::matmul_backward(
            grad,
            saved.input_shape(0).zip(saved.get(1).ok()),
            saved.input_shape(1).zip(saved.get(0).ok()),
        )?
        .into())
    }
}

/// Returns `[m, k, n]` of two matrices that fit.
fn sizes(op: &'static str, a: &Tensor, b: &Tensor) -> Result<[usize; 3]> {
    for (name, t) in [("a", a), ("b", b)] {
        if t.rank() != 2 {
            let got = format_args!("of shape {}, rank {}", t.shape(), t.rank());
            return Err(Error::argument(op, name, got, "a matrix, rank 2"));
        }
    }
    let ([m, k], [inner, n]) = ([a.dims()[0], a.dims()[1]], [b.dims()[0], b.dims()[1]]);
    if k != inner {
        return Err(Error::shapes(
            op,
            (a.shape(), b.shape()),
            format!("{k} columns meet {inner} rows"),
            "the columns of the left factor must be as many as the rows of the right one",
            "transpose one side with t()",
        ));
    }
    Ok([m, k, n])
}

/// Returns `a·b` by the definition: loops over rows, columns and the inner axis, in this order.
///
/// # Shapes
///
/// `a: [m, k]`, `b: [k, n]`, result `[m, n]`.
///
/// # Numerics
///
/// Each element is summed from its first term to its last and rounded after every step; 16-bit inputs in `f32`. The results of
/// [`matmul_ikj`] and [`matmul_tiled`] have the same bits.
///
/// # Cost
///
/// `2·m·k·n` operations, as all the others. Each step of the innermost loop reads `b` one row further down: a new line of the
/// cache each time.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless both have rank 2; [`Error::ShapeMismatch`] unless the inner sizes agree;
/// [`Error::DTypeMismatch`] or [`Error::DTypeUnsupported`] unless both hold one float type.
#[track_caller]
pub fn matmul_naive(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Variant::Naive.product(a, b)
}

/// Returns `a·b` with the innermost loop along rows: row `i` of the result is the sum of the rows of `b`, each times its element of
/// row `i` of `a`.
///
/// # Cost
///
/// Memory is read in the order in which it lies, and the compiler makes vectors of the innermost loop. Each row of `b` comes
/// from memory again for every row of `a` once `b` is larger than the cache.
///
/// # Errors
///
/// As [`matmul_naive`].
#[track_caller]
pub fn matmul_ikj(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Variant::Ikj.product(a, b)
}

/// Returns `a·b` in tiles of `tile` by `tile` elements, fewer at the borders.
///
/// # Cost
///
/// `2·m·k·n / tile` elements come from memory instead of `m·k·n`, if three tiles fit into the cache: see
/// [`largest_tile`](super::largest_tile).
///
/// # Errors
///
/// As [`matmul_naive`], and [`Error::InvalidArgument`] if `tile` is 0.
#[track_caller]
pub fn matmul_tiled(a: &Tensor, b: &Tensor, tile: usize) -> Result<Tensor> {
    Variant::Tiled(tile).product(a, b)
}

/// Returns `a·b` from packed panels with a tile of 8 by 32 sums in registers, on the widest vectors of this machine.
///
/// # Numerics
///
/// Sums of 192 products, rounded once for each product and sum where there is an instruction for that, are added up. An element
/// differs from that of [`matmul_naive`] by at most `k·ε·Σ|aᵢ·bᵢ|`.
///
/// # Cost
///
/// `m·k + k·n` elements are copied first; the innermost loop then reads 40 numbers for 512 operations.
///
/// # Errors
///
/// As [`matmul_naive`].
///
/// # Source
///
/// Goto & van de Geijn (2008), "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3).
#[track_caller]
pub fn matmul_packed(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Variant::Packed.product(a, b)
}

/// Returns the bits of [`matmul_packed`], with blocks of 64 rows shared between threads: those of the `rayon` pool it is called in.
///
/// Without the feature `parallel`, and below half a million multiplications, it stays on the calling thread.
///
/// # Errors
///
/// As [`matmul_naive`].
#[track_caller]
pub fn matmul_parallel(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Variant::Parallel.product(a, b)
}
