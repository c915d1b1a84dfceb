//! Products of eight-bit matrices with 32-bit sums: `a·wᵀ` for rows of activations and rows of weights.
//!
//! The weights are packed once: panels of [`LANES`] rows in which every row gives [`DEPTH`] elements in turn, the order in
//! which the instructions for eight-bit products read them. A [`Tile`] is one such instruction set; which one is used is
//! decided at run time. Sums wrap modulo 2³² in all of them, so every order of the terms gives the same bits, and all of
//! them those of [`product`](crate::slots::quant::product).

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod x86;

use super::par;
use crate::nostd::prelude::*;

/// Rows of weights side by side in a panel: two vectors of 512 bits hold one sum for each.
pub(crate) const LANES: usize = 32;

/// Elements of a row that lie side by side in a panel: as many as one instruction multiplies and adds.
pub(crate) const DEPTH: usize = 4;

/// Most rows of activations that a tile takes at once.
const ROWS: usize = 12;

/// Rows of activations that a thread takes at once.
const BLOCK: usize = 48;

/// Groups of [`DEPTH`] elements after which a panel is left: 64 KiB of it, which stay in the second-level cache.
const GROUPS: usize = 512;

/// Multiply-adds from which a product is shared between threads: some 30 µs on one. Waking a second thread for a product of
/// 128 x 128 x 128 was measured to take as long as the product.
const PARALLEL: usize = 1 << 22;

/// One group of every row of a panel.
pub(crate) type Group = [[i8; DEPTH]; LANES];

/// Eight-bit weights in the order in which products read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    n: usize,
    k: usize,
    /// Panels one after the other, each with `k / DEPTH` groups, rounded up; zeros stand for what is missing.
    panels: Vec<Group>,
    /// `-128 · Σₖ w[j, k]`: what an instruction that takes activations plus 128 adds too much, turned around.
    offsets: Vec<i32>,
}

impl Packed {
    /// Packs row-major weights [n, k].
    ///
    /// # Panics
    ///
    /// If there are not `n · k` weights, which callers in this crate check.
    pub(crate) fn new(w: &[i8], [n, k]: [usize; 2]) -> Self {
        assert_eq!(w.len(), n * k, "weights of a product");
        let groups = k.div_ceil(DEPTH);
        let mut panels = vec![[[0; DEPTH]; LANES]; n.div_ceil(LANES) * groups];
        let mut offsets = vec![0; n.div_ceil(LANES) * LANES];
        for (j, row) in w.chunks_exact(k.max(1)).enumerate() {
            let panel = &mut panels[j / LANES * groups..][..groups];
            for (to, from) in panel.iter_mut().zip(row.chunks(DEPTH)) {
                to[j % LANES][..from.len()].copy_from_slice(from);
            }
            let sum = row.iter().fold(0_i32, |sum, &w| sum.wrapping_add(i32::from(w)));
            offsets[j] = sum.wrapping_mul(-128);
        }
        Self { n, k, panels, offsets }
    }

    /// Rows of weights and elements of each.
    pub(crate) fn sizes(&self) -> [usize; 2] {
        [self.n, self.k]
    }

    /// Computes `out[i, j] = Σₖ a[i, k]·w[j, k]`, wrapping, for row-major `a: [m, k]` and `out: [m, n]`.
    ///
    /// # Panics
    ///
    /// If a slice has another length, which callers in this crate check.
    pub(crate) fn product(&self, a: &[i8], m: usize, out: &mut [i32], parallel: bool) {
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        {
            if let Some(tile) = x86::Vnni::new() {
                return self.with(tile, a, m, out, parallel);
            }
            if let Some(tile) = x86::Avx2::new() {
                return self.with(tile, a, m, out, parallel);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(tile) = neon::Dot::new() {
            return self.with(tile, a, m, out, parallel);
        }
        self.with(portable::Portable, a, m, out, parallel);
    }

    /// The product with one instruction set.
    fn with<T: Tile>(&self, tile: T, a: &[i8], m: usize, out: &mut [i32], parallel: bool) {
        let Self { n, k, .. } = *self;
        assert_eq!((a.len(), out.len()), (m * k, m * n), "operands of a product");
        if m == 0 || n == 0 {
            return;
        }
        let groups = k.div_ceil(DEPTH);
        let mut words = Vec::with_capacity(m * groups);
        for row in a.chunks_exact(k.max(1)) {
            let (whole, rest) = row.as_chunks::<DEPTH>();
            words.extend(whole.iter().map(|four| T::word(*four)));
            if !rest.is_empty() {
                let mut four = [0; DEPTH];
                four[..rest.len()].copy_from_slice(rest);
                words.push(T::word(four));
            }
        }
        let parallel = parallel && m * n * k >= PARALLEL;
        if m >= 2 * BLOCK || n <= LANES || !parallel {
            par::blocks(out, BLOCK * n, parallel, |at, out| {
                let first = at / n;
                self.panels(tile, &words[first * groups..], 0, (out, n));
            });
            return;
        }
        // Few rows: a thread takes panels instead, and what they give lies side by side until the end.
        let mut turned = vec![0; n.div_ceil(LANES) * LANES * m];
        par::blocks(&mut turned, LANES * m, parallel, |at, out| {
            self.panels(tile, &words, at / (LANES * m), (out, LANES));
        });
        for (panel, from) in turned.chunks_exact(LANES * m).enumerate() {
            let at = panel * LANES;
            let width = LANES.min(n - at);
            for (to, from) in out.chunks_exact_mut(n).zip(from.chunks_exact(LANES)) {
                to[at..at + width].copy_from_slice(&from[..width]);
            }
        }
    }

    /// Rows of `out`, `stride` apart, for the panels from `first` on that it has room for.
    fn panels<T: Tile>(
        &self,
        tile: T,
        words: &[T::Word],
        first: usize,
        (out, stride): (&mut [i32], usize),
    ) {
        let groups = self.k.div_ceil(DEPTH);
        let m = out.len() / stride;
        let panels = stride.div_ceil(LANES);
        let mut sums = [[0; LANES]; ROWS];
        for start in (0..groups.max(1)).step_by(GROUPS) {
            let depth = GROUPS.min(groups - start);
            for p in 0..panels {
                let (at, width) = (p * LANES, LANES.min(stride - p * LANES));
                let panel = &self.panels[(first + p) * groups + start..][..depth];
                let offsets = &self.offsets[(first + p) * LANES..][..LANES];
                for row in (0..m).step_by(T::ROWS) {
                    let rows = T::ROWS.min(m - row);
                    for (i, sums) in sums.iter_mut().enumerate().take(rows) {
                        if start > 0 {
                            let out = &out[(row + i) * stride + at..][..width];
                            sums[..width].copy_from_slice(out);
                        } else if T::OFFSET {
                            sums.copy_from_slice(offsets);
                        } else {
                            sums.fill(0);
                        }
                    }
                    let words = Words { words: &words[row * groups + start..], stride: groups };
                    tile.add(words, panel, &mut sums[..rows]);
                    for (i, sums) in sums.iter().enumerate().take(rows) {
                        let out = &mut out[(row + i) * stride + at..][..width];
                        out.copy_from_slice(&sums[..width]);
                    }
                }
            }
        }
    }
}

/// Some rows of activations, `stride` words apart, each word one group.
#[derive(Clone, Copy)]
struct Words<'a, W> {
    words: &'a [W],
    stride: usize,
}

impl<'a, W> Words<'a, W> {
    /// The first `len` words of row `i`.
    #[inline(always)]
    fn row(self, i: usize, len: usize) -> &'a [W] {
        &self.words[i * self.stride..][..len]
    }
}

/// An instruction set for eight-bit products.
///
/// A value of an implementing type shows that the processor has the instructions.
trait Tile: Copy + Sync {
    /// Four activations as the instructions want them.
    type Word: Copy + Sync + Send;

    /// Most rows of activations that [`add`](Self::add) takes, at most the constant of the same name here.
    const ROWS: usize;

    /// Whether [`word`](Self::word) adds 128 to each activation.
    const OFFSET: bool;

    /// Four activations, one after the other.
    fn word(four: [i8; DEPTH]) -> Self::Word;

    /// Adds the products of every row with every row of the panel to `sums`.
    fn add(self, a: Words<'_, Self::Word>, panel: &[Group], sums: &mut [[i32; LANES]]);
}

/// Calls `$f::<R>` for `R` rows.
#[cfg(any(target_arch = "aarch64", all(feature = "std", target_arch = "x86_64")))]
macro_rules! rows {
    ($f:ident($a:ident, $panel:ident, $sums:ident); $($rows:literal)*) => {
        match $sums.len() {
            $($rows => {
                if let Ok(sums) = <&mut [[i32; LANES]; $rows]>::try_from($sums) {
                    $f::<$rows>($a, $panel, sums);
                }
            })*
            _ => {}
        }
    };
}
#[cfg(any(target_arch = "aarch64", all(feature = "std", target_arch = "x86_64")))]
use rows;

#[cfg(test)]
mod tests;
