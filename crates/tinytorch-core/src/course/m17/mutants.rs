//! Seeded mistakes of module 17.

use super::{AccelLesson, plain};
use crate::{course::lesson::mutants, slots::activations};

/// A product where a mistake decides what a term does to a sum: `next([i, p, j], sum, x, y)`.
fn summed(
    a: &[f32],
    b: &[f32],
    [m, k, n]: [usize; 3],
    next: impl Fn([usize; 3], f32, f32, f32) -> f32,
) -> Vec<f32> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for p in 0..k {
                c[i * n + j] = next([i, p, j], c[i * n + j], a[i * k + p], b[p * n + j]);
            }
        }
    }
    c
}

/// The rows of the right factor as if they were its columns.
fn turned(b: &[f32], [k, n]: [usize; 2]) -> Vec<f32> {
    (0..k * n).map(|at| b[at % n * k + at / n]).collect()
}

/// GELU where a mistake makes the result of `x` and the argument of the tangent.
fn gelu(x: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    x.iter().map(|&x| f(x, 0.797_884_6 * (x + 0.044_715 * x * x * x))).collect()
}

mutants! {
    AccelLesson;
    fn matmul_ikj(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32> {
        "keeps the last term instead of the sum" => summed(a, b, sizes, |_, _, x, y| x * y),
        "leaves out the last term of each sum" =>
            summed(a, b, sizes, |at, sum, x, y| if at[1] + 1 == sizes[1] { sum } else { sum + x * y }),
        "leaves out the last column" =>
            summed(a, b, sizes, |at, sum, x, y| if at[2] + 1 == sizes[2] { sum } else { sum + x * y }),
        "leaves out the last row" =>
            summed(a, b, sizes, |at, sum, x, y| if at[0] + 1 == sizes[0] { sum } else { sum + x * y }),
        "reads b by columns" => plain::matmul_ikj(a, &turned(b, [sizes[1], sizes[2]]), sizes)?,
        "returns the transpose" => {
            let c = plain::matmul_ikj(a, b, sizes)?;
            turned(&c, [sizes[2], sizes[0]])
        },
        "skips terms with a zero" => summed(a, b, sizes, |_, sum, x, y| if x == 0.0 { sum } else { sum + x * y }),
        "starts the sums of a row with those of the row above" => {
            let mut c = plain::matmul_ikj(a, b, sizes)?;
            (sizes[2]..c.len()).for_each(|at| c[at] += c[at - sizes[2]]);
            c
        },
    }
    fn matmul_tiled(a: &[f32], b: &[f32], sizes: [usize; 3], tile: usize) -> Vec<f32> {
        "leaves out what fills no tile" => {
            let whole = sizes.map(|size| size / tile.max(1) * tile);
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if (0..3).any(|i| at[i] >= whole[i]) { sum } else { sum + x * y })
        },
        "leaves out the rest of the inner axis" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            let whole = sizes[1] / tile * tile;
            summed(a, b, sizes, |at, sum, x, y| if at[1] >= whole { sum } else { sum + x * y })
        },
        "starts the sums anew with each tile of the inner axis" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[1] % tile == 0 { x * y } else { sum + x * y })
        },
        "lets neighbouring tiles overlap" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| {
                sum + if at[1] % tile == 0 && at[1] > 0 { 2.0 * x * y } else { x * y }
            })
        },
        "computes the first tile of columns alone" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[2] >= tile { sum } else { sum + x * y })
        },
        "computes tiles on the diagonal alone" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[0] / tile == at[2] / tile { sum + x * y } else { sum })
        },
        "takes a tile of 0 for one of 1" => plain::matmul_tiled(a, b, sizes, tile.max(1))?,
        "reads b by columns" => plain::matmul_tiled(a, &turned(b, [sizes[1], sizes[2]]), sizes, tile)?,
    }
    fn gelu_fused(x: &[f32]) -> Vec<f32> {
        "leaves out the factor one half" => gelu(x, |x, u| x * (1.0 + u.tanh())),
        "leaves out the one" => gelu(x, |x, u| 0.5 * x * u.tanh()),
        "leaves out the cube" => gelu(x, |x, _| 0.5 * x * (1.0 + (0.797_884_6 * x).tanh())),
        "squares instead of cubing" =>
            gelu(x, |x, _| 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x * x)).tanh())),
        "takes √2/π for √(2/π)" =>
            gelu(x, |x, u| 0.5 * x * (1.0 + (u / 0.797_884_6 * 0.450_158_15).tanh())),
        "uses the sigmoid of 1.702 x" => gelu(x, |x, _| x * activations::sigmoid(1.702 * x)),
        "uses the error function" => {
            gelu(x, |x, _| 0.5 * x * (1.0 + libm::erff(x * core::f32::consts::FRAC_1_SQRT_2)))
        },
        "takes the tangent through exponentials that overflow" => gelu(x, |x, u| {
            let (up, down) = (u.exp(), (-u).exp());
            0.5 * x * (1.0 + (up - down) / (up + down))
        }),
        "clips NaN away" => gelu(x, |x, u| if x.is_nan() { 0.0 } else { 0.5 * x * (1.0 + u.tanh()) }),
    }
    fn matmul_packed(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32> {
        "leaves out columns that fill no panel" =>
            summed(a, b, sizes, |at, sum, x, y| if at[2] >= sizes[2] / 16 * 16 { sum } else { sum + x * y }),
        "leaves out rows that fill no tile" =>
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= sizes[0] / 4 * 4 { sum } else { sum + x * y }),
        "uses the first panel for all columns" => {
            let first = |at: [usize; 3]| b[at[1] * sizes[2] + at[2] % 16];
            summed(a, b, sizes, |at, sum, x, _| sum + x * first(at))
        },
        "packs b by columns" => plain::matmul_packed(a, &turned(b, [sizes[1], sizes[2]]), sizes)?,
        "leaves the sums of a tile in the registers for the next" => {
            let mut c = plain::matmul_packed(a, b, sizes)?;
            (4 * sizes[2]..c.len()).for_each(|at| c[at] += c[at - 4 * sizes[2]]);
            c
        },
    }
    fn matmul_parallel(a: &[f32], b: &[f32], sizes: [usize; 3], threads: usize) -> Vec<f32> {
        "leaves rows that cannot be shared evenly to nobody" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let shared = sizes[0] / threads * threads;
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= shared { sum } else { sum + x * y })
        },
        "waits for the first thread alone" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let own = sizes[0].div_ceil(threads);
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= own { sum } else { sum + x * y })
        },
        "shares the inner axis out and adds the parts" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let [m, k, n] = sizes;
            let part = k.div_ceil(threads).max(1);
            let mut c = vec![0.0; m * n];
            for first in (0..k).step_by(part) {
                let terms = first..first + part;
                let own = summed(a, b, sizes, |at, sum, x, y| if terms.contains(&at[1]) { sum + x * y } else { sum });
                c.iter_mut().zip(own).for_each(|(c, own)| *c += own);
            }
            c
        },
        "gives every thread the rows of the first" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let own = sizes[0].div_ceil(threads).max(1);
            summed(a, b, sizes, |at, sum, _, y| sum + a[at[0] % own * sizes[1] + at[1]] * y)
        },
        "takes 0 threads for one" => plain::matmul_parallel(a, b, sizes, threads.max(1))?,
    }
}
