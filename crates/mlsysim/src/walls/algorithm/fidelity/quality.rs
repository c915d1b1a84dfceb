//! What compressing costs in quality, from measurements of language models.
//!
//! Quality is told as the rise of the loss in nats per token, the logarithm of the ratio of two perplexities, since
//! that is comparable between models of different quality.

use super::{CompressIn, Method, Pattern};

pub(super) const SOURCE: &str = "perplexities of LLaMA 7B and 13B in the table of llama.cpp (2023) for bits, of Llama 2 \
7B, 13B and 70B in table 2 of Sun et al. (2023), Wanda, for sparsity";

/// A measured model: parameters, and the rise of its loss at each of a few grades of compression.
pub(super) type Measured<const GRADES: usize> = (f64, [f64; GRADES]);

/// Stored bits per weight, and perplexity at each of them, of LLaMA 7B and 13B on WikiText-2; the last is the original.
pub const QUANTIZED: ([f64; 6], [(f64, [f64; 6]); 2]) = (
    [4.5, 5.0, 5.5, 6.0, 8.5, 16.0],
    [
        (6.74e9, [6.1565, 6.0912, 5.9862, 5.9481, 5.9070, 5.9066]),
        (13.02e9, [5.3860, 5.3608, 5.2856, 5.2706, 5.2548, 5.2543]),
    ],
);

/// Perplexity of Llama 2 7B, 13B and 70B on WikiText-2: the original, half of the weights removed wherever they are,
/// two out of every four removed.
pub const SPARSE: [(f64, [f64; 3]); 3] =
    [(6.74e9, [5.12, 6.42, 11.02]), (13.02e9, [4.57, 5.56, 8.27]), (68.98e9, [3.12, 3.98, 5.16])];

/// Returns the rise of the loss in nats per token, and whether it lies outside what was measured.
///
/// Between two measured bit widths the logarithm of the rise, and between two measured sizes the rise itself, is taken
/// to be straight.
/// Below the fewest bits measured each bit less quadruples the rise, as the variance of rounding does.
/// The rise with sparsity follows `(s / (1 − s))²`, scaled to the value measured at one half; whole structures lose at
/// least what single weights do, so that value is a lower bound for them.
/// No compression loses nothing, and more never loses less.
#[must_use]
pub fn quality_loss(x: &CompressIn) -> (f64, bool) {
    match x.method {
        Method::Other => (0.0, false),
        Method::Quantization => {
            let bits = x.bits + (x.scale_bits + x.zero_bits) / x.group;
            if bits >= x.base_bits {
                return (0.0, false);
            }
            let (loss, outside) = by_size(x.parameters.0, &QUANTIZED.1, |row| at_bits(row, bits));
            (loss, outside || bits < QUANTIZED.0[0])
        }
        Method::Pruning => {
            if x.sparsity <= 0.0 {
                return (0.0, false);
            }
            let column = if x.pattern == Pattern::SemiStructured { 2 } else { 1 };
            let (half, outside) =
                by_size(x.parameters.0, &SPARSE, |row| libm::log(row[column] / row[0]));
            let odds = x.sparsity / (1.0 - x.sparsity);
            // A likelihood e^-700 times smaller is no likelihood; the bound keeps the loss a number.
            let loss = (half * odds * odds).min(700.0);
            let measured = (x.sparsity - 0.5).abs() < 1e-9 && x.pattern != Pattern::Structured;
            (loss, outside || !measured)
        }
    }
}

/// Between the two measured models nearest in size; whether the size lies outside all of them.
fn by_size<const N: usize>(
    parameters: f64,
    rows: &[Measured<N>],
    loss: impl Fn(&[f64; N]) -> f64,
) -> (f64, bool) {
    let (first, last) = (&rows[0], &rows[rows.len() - 1]);
    if parameters <= first.0 {
        return (loss(&first.1), parameters < first.0);
    }
    if parameters >= last.0 {
        return (loss(&last.1), parameters > last.0);
    }
    let above = rows.iter().position(|row| row.0 > parameters).unwrap_or(rows.len() - 1);
    let (low, high) = (&rows[above - 1], &rows[above]);
    let share = libm::log(parameters / low.0) / libm::log(high.0 / low.0);
    (loss(&low.1) * (1.0 - share) + loss(&high.1) * share, false)
}

/// The rise of the loss of one measured model at a bit width below its original.
fn at_bits(perplexity: &[f64; 6], bits: f64) -> f64 {
    let grades = &QUANTIZED.0;
    let original = perplexity[5];
    let rise = |grade: usize| libm::log(perplexity[grade] / original);
    if bits <= grades[0] {
        // A tenth of a bit is already past the point where nothing is left to lose.
        return (rise(0) * libm::exp2(2.0 * (grades[0] - bits))).min(700.0);
    }
    let above = grades.iter().position(|grade| *grade > bits).unwrap_or(5);
    let share = ((bits - grades[above - 1]) / (grades[above] - grades[above - 1])).min(1.0);
    if above == 5 {
        // The original has no rise, whose logarithm would not exist.
        return rise(4) * (1.0 - share);
    }
    libm::exp(libm::log(rise(above - 1)) * (1.0 - share) + libm::log(rise(above)) * share)
}
