//! Eight-bit weights, packed once for all the products that they will take part in.

use super::requantize::Requantize;
use crate::nostd::prelude::*;
use crate::{Error, Result, kernels::int8::Packed};

/// Eight-bit weights [n, k] that rows of eight-bit activations are multiplied with.
///
/// Products have 32-bit sums and use what the processor has for them: AVX-512 VNNI, AVX2 or the dot products of ARM; the
/// bits are the same everywhere.
///
/// # Examples
///
/// ```
/// use tinytorch_core::quant::PackedWeights;
///
/// let w = PackedWeights::new(&[1, 0, -1, 2, 2, 127], [2, 3])?;
/// assert_eq!(w.product(&[1, 2, 3, -4, 5, -128])?, [-2, 387, 124, -16254]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedWeights(Packed);

impl PackedWeights {
    /// Packs row-major weights of `n` rows with `k` elements each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there are not `n · k` weights, or if `k` is so large that a sum could leave 32 bits.
    pub fn new(w: &[i8], [n, k]: [usize; 2]) -> Result<Self> {
        if n.checked_mul(k) != Some(w.len()) {
            let got = format!("[{n}, {k}] for {} weights", w.len());
            return Err(Error::argument("int8 product", "sizes", got, "sizes of all the weights"));
        }
        // 2¹⁷ products of −128 · −128 = 2¹⁴ give 2³¹.
        if k >= 1 << 17 {
            let need = "below 131072, so that no 32-bit sum can overflow";
            return Err(Error::argument("int8 product", "k", k, need));
        }
        Ok(Self(Packed::new(w, [n, k])))
    }

    /// Packs weights of a graph that was checked: their sums wrap where they must, and the result is exact.
    pub(super) fn checked(w: &[i8], outs: usize) -> Self {
        Self(Packed::new(w, [outs, w.len() / outs.max(1)]))
    }

    /// Returns the number of rows and the elements of each.
    #[must_use]
    pub fn sizes(&self) -> [usize; 2] {
        self.0.sizes()
    }

    /// Returns `Σₖ x[i, k]·w[j, k]` for each row `i` of `x` and each row `j` of the weights, row-major [m, n].
    ///
    /// # Cost
    ///
    /// m · n · k multiply-adds; `x` is copied once, the weights are read as they were packed. Large products are shared
    /// between threads.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `x` is not made of whole rows.
    pub fn product(&self, x: &[i8]) -> Result<Vec<i32>> {
        let [n, k] = self.sizes();
        if !x.len().is_multiple_of(k.max(1)) || (k == 0 && !x.is_empty()) {
            let need = format!("a multiple of {k}");
            return Err(Error::argument("int8 product", "length of x", x.len(), need));
        }
        let m = x.len() / k.max(1);
        let mut out = vec![0; m * n];
        self.0.product(x, m, &mut out, true);
        Ok(out)
    }

    /// Writes the codes of `Σₖ w[j, k]·(x[i, k] − z) + b[j]` for the rows `x` to `y`; `bias` is what [`shifted`] made.
    pub(crate) fn forward(
        &self,
        x: &[i8],
        bias: &[i32],
        rq: &Requantize,
        y: &mut [i8],
        parallel: bool,
    ) {
        let n = bias.len().max(1);
        let mut sums = vec![0; y.len()];
        self.0.product(x, y.len() / n, &mut sums, parallel);
        for (y, sums) in y.chunks_exact_mut(n).zip(sums.chunks_exact(n)) {
            let channels = sums.iter().zip(bias).zip(&rq.multipliers);
            for (y, ((sum, b), &m)) in y.iter_mut().zip(channels) {
                *y = rq.code(sum.wrapping_add(*b), m);
            }
        }
    }
}

/// Returns `b[j] − z · Σₖ w[j, k]`: what joins `Σₖ w[j, k]·x[i, k]` so that the zero point `z` leaves the inner loop.
pub(super) fn shifted(w: &[i8], bias: &[i32], zero: i32) -> Vec<i32> {
    let size = w.len() / bias.len().max(1);
    let sum = |row: &[i8]| row.iter().fold(0_i32, |sum, &w| sum.wrapping_add(i32::from(w)));
    let rows = (0..bias.len()).map(|j| sum(&w[j * size..(j + 1) * size]));
    bias.iter().zip(rows).map(|(b, sum)| b.wrapping_sub(zero.wrapping_mul(sum))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::graph::FusedActivation;
    use super::*;
    use crate::Rng;
    use crate::slots::quant::qlinear_forward;

    /// The zero point outside of the loop, the packed product and the blocks change no bit.
    #[test]
    fn the_layer_equals_the_slot() {
        let mut rng = Rng::seed(9);
        let mut codes =
            |n: usize| -> Vec<i8> { (0..n).map(|_| (rng.below(256) as i64 - 128) as i8).collect() };
        for [m, k, n] in [[1, 1, 1], [1, 64, 10], [9, 33, 40], [130, 17, 5]] {
            let (x, w) = (codes(m * k), codes(n * k));
            let bias: Vec<i32> = codes(n).into_iter().map(|b| 50 * i32::from(b)).collect();
            let scales: Vec<f32> = (0..n).map(|j| 0.01 + 0.003 * j as f32).collect();
            let rq = Requantize::new((0.02, -7), &scales, (0.3, 4), FusedActivation::Relu);
            let packed = PackedWeights::new(&w, [n, k]).unwrap();
            let mut y = vec![0; m * n];
            packed.forward(&x, &shifted(&w, &bias, -7), &rq, &mut y, true);
            for (x, y) in x.chunks(k).zip(y.chunks(n)) {
                let mut expected = vec![0; n];
                qlinear_forward(x, &w, &bias, &rq, &mut expected);
                assert_eq!(y, expected, "[{m}, {k}] with [{n}, {k}]");
            }
        }
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert!(PackedWeights::new(&[1; 5], [2, 3]).is_err());
        assert!(PackedWeights::new(&[], [usize::MAX, 2]).is_err());
        assert!(PackedWeights::new(&vec![1; 1 << 17], [1, 1 << 17]).is_err());
        let w = PackedWeights::new(&[1; 6], [2, 3]).unwrap();
        assert!(w.product(&[0; 4]).unwrap_err().to_string().contains("multiple of 3"));
        assert!(w.product(&[]).unwrap().is_empty());
        let empty = PackedWeights::new(&[], [2, 0]).unwrap();
        assert!(empty.product(&[1]).is_err());
        assert!(empty.product(&[]).unwrap().is_empty());
    }
}
