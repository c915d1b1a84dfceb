//! All rungs, measured against each other.

use core::fmt::Write as _;
use core::hint::black_box;
use std::time::Instant;

use crate::{
    DType, Error, Result, Rng, Tensor,
    autograd::no_grad,
    bench::{Comparison, Samples, compare_pairs},
    profile::Machine,
};

use super::{
    plot::{Dot, text_roofline},
    product::Variant,
    theory::matmul_intensity,
};

const OP: &str = "ladder";
/// Seconds that a sample takes at least.
const SAMPLE: f64 = 2e-3;

/// One way to multiply, at one size.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rung {
    /// The way.
    pub variant: Variant,
    /// Rows and columns of the three matrices.
    pub size: usize,
    /// Seconds of one product, one figure for each round.
    pub seconds: Samples,
    /// Billions of operations in a second, by the median.
    pub gflops: f64,
    /// Against the first variant of this size, pair by pair: a ratio of 0.1 is ten times as fast. `None` for the first itself,
    /// and for fewer than two rounds.
    pub against_first: Option<Comparison>,
    /// Operations for each byte, each matrix moved once.
    pub intensity: f64,
}

/// What all rungs reached.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ladder {
    /// The roof.
    pub machine: Machine,
    /// By size, then in the order of the variants.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// Multiplies random square matrices of each size in each way, all ways in turn, `rounds` times.
    ///
    /// Before it is timed, each product is compared with that of the first variant: elements may differ by `k·ε·Σ|aᵢ·bᵢ|`, the most
    /// that two orders of addition can.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no sizes, a size of 0, no variants or no rounds; what a product returns; and if a
    /// product is not equal to the first one.
    pub fn measure(
        variants: &[Variant],
        sizes: &[usize],
        rounds: usize,
        machine: &Machine,
    ) -> Result<Self> {
        for (name, empty) in [
            ("variants", variants.is_empty()),
            ("sizes", sizes.is_empty()),
            ("rounds", rounds == 0),
        ] {
            if empty {
                return Err(Error::argument(OP, name, "none", "at least one"));
            }
        }
        if sizes.contains(&0) {
            return Err(Error::argument(OP, "size", 0, "at least 1: nothing can be timed"));
        }
        let mut rungs = Vec::with_capacity(sizes.len() * variants.len());
        for &size in sizes {
            rungs.extend(no_grad(|| of_size(variants, size, rounds))?);
        }
        Ok(Self { machine: *machine, rungs })
    }

    /// Returns a table as text of at most 80 columns: a line for each rung, with the ratio to the first variant of its size and the
    /// share of the roof that it reached.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:>5} {:<16} {:>10} {:>9} {:>9} {:>17} {:>6}\n",
            "n", "product", "ms", "GFLOP/s", "x first", "95 %", "roof"
        );
        for rung in &self.rungs {
            let (ratio, interval) = match &rung.against_first {
                Some(c) => (
                    format!("{:.2}", 1.0 / c.ratio),
                    format!("{:.2} to {:.2}", 1.0 / c.ratio_95.high, 1.0 / c.ratio_95.low),
                ),
                None => ("1".to_owned(), String::new()),
            };
            let _ = writeln!(
                out,
                "{:>5} {:<16} {:>10.3} {:>9.2} {ratio:>9} {interval:>17} {:>5.1}%",
                rung.size,
                named(rung.variant),
                1e3 * rung.seconds.median(),
                rung.gflops,
                100.0 * self.share(rung),
            );
        }
        out
    }

    /// Returns the part of what the machine allows that a rung reached.
    fn share(&self, rung: &Rung) -> f64 {
        1e9 * rung.gflops / self.machine.attainable(rung.intensity)
    }

    /// Returns a roofline as text, with the rungs of `size` as letters from `a` on; those of the largest size if there are none.
    #[must_use]
    pub fn roofline(&self, size: usize) -> String {
        let largest = self.rungs.iter().map(|r| r.size).max().unwrap_or(0);
        let size = if self.rungs.iter().any(|r| r.size == size) { size } else { largest };
        let rungs = self.rungs.iter().filter(|r| r.size == size);
        let dot = |(rung, letter): (&Rung, char)| Dot {
            letter,
            name: format!("{} of size {size}", named(rung.variant)),
            intensity: rung.intensity,
            flops: 1e9 * rung.gflops,
        };
        let dots: Vec<Dot> = rungs.zip('a'..='z').map(dot).collect();
        text_roofline(&self.machine, &dots)
    }
}

/// Name of a variant with the size of its tile.
fn named(variant: Variant) -> String {
    match variant {
        Variant::Tiled(tile) => format!("{} {tile}", variant.name()),
        _ => variant.name().to_owned(),
    }
}

fn of_size(variants: &[Variant], n: usize, rounds: usize) -> Result<Vec<Rung>> {
    let rng = &mut Rng::seed(17);
    let a = Tensor::randn([n, n], DType::F32, rng)?;
    let b = Tensor::randn([n, n], DType::F32, rng)?;
    let first = variants[0].product(&a, &b)?;
    let bound = a.abs()?.matmul(&b.abs()?)?.mul_scalar(n as f64 * f64::from(f32::EPSILON))?;
    let mut calls = Vec::with_capacity(variants.len());
    for &variant in variants {
        let begin = Instant::now();
        let product = variant.product(&a, &b)?;
        let once = begin.elapsed().as_secs_f64();
        let beyond = product.sub(&first)?.abs()?.sub(&bound)?.amax(.., false)?.to_f64()?;
        if beyond.is_nan() || beyond > 0.0 {
            let got = format_args!(
                "{beyond} beyond the bound of rounding off that of {}",
                named(variants[0])
            );
            return Err(Error::argument(OP, variant.name(), got, "a product equal to the first"));
        }
        calls.push((SAMPLE / once.max(1e-9)).ceil().max(1.0) as usize);
    }
    let mut seconds = vec![Vec::with_capacity(rounds); variants.len()];
    for _ in 0..rounds {
        for ((&variant, &calls), seconds) in variants.iter().zip(&calls).zip(&mut seconds) {
            let begin = Instant::now();
            for _ in 0..calls {
                black_box(variant.product(black_box(&a), black_box(&b))?);
            }
            seconds.push((begin.elapsed().as_secs_f64() / calls as f64).max(1e-12));
        }
    }
    let samples = seconds.into_iter().map(Samples::new).collect::<Result<Vec<_>>>()?;
    let operations = 2.0 * (n as f64).powi(3);
    variants
        .iter()
        .zip(&samples)
        .enumerate()
        .map(|(i, (&variant, seconds))| {
            Ok(Rung {
                variant,
                size: n,
                gflops: operations / seconds.median() / 1e9,
                against_first: (i > 0 && rounds > 1)
                    .then(|| compare_pairs(&samples[0], seconds))
                    .transpose()?,
                seconds: seconds.clone(),
                intensity: matmul_intensity([n; 3], 4),
            })
        })
        .collect()
}
