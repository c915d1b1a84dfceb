//! Checks of module 17.

use core::hint::black_box;
use std::{env, sync::OnceLock, time::Instant};

use super::{ask, plain};
use crate::{
    Result, Rng, Tensor, accel,
    course::{
        arrays::Array,
        check::{Stop, Verdict, close, equal, fail, holds, refused, value},
        lesson::checks,
    },
    slots::tensor,
};

/// How a slot multiplies.
type Product = fn(&[f32], &[f32], [usize; 3]) -> Result<Vec<f32>>;

/// Sizes that tiles and panels of every width leave something over of.
const SIZES: [[usize; 3]; 6] =
    [[1, 1, 1], [7, 7, 7], [5, 3, 17], [17, 19, 13], [65, 65, 65], [33, 70, 40]];

/// Whole numbers, so that every order of addition gives the same; the expected result is that of module 01.
fn multiplied(
    how: &str,
    sizes: [usize; 3],
    product: impl Fn(&[f32], &[f32], [usize; 3]) -> Result<Vec<f32>>,
) -> Verdict {
    let [m, k, n] = sizes;
    let (a, b) = (Array::whole(&[m, k], 17), Array::whole(&[k, n], 71));
    let got = product(a.view().data, b.view().data, sizes);
    let want: Vec<f32> = tensor::matmul(a.view(), b.view());
    close(format!("a: {a}, b: {b}{how}"), got, &want, 0.0)
}

fn all(how: &str, product: impl Fn(&[f32], &[f32], [usize; 3]) -> Result<Vec<f32>>) -> Verdict {
    SIZES.iter().try_for_each(|&sizes| multiplied(how, sizes, &product))
}

/// A product of 2x3 by 3x2.
fn by_hand(product: Product) -> Verdict {
    let got = product(&[1., 2., 3., 4., 5., 6.], &[1., 0., -1., 2., 0.5, 1.], [2, 3, 2]);
    // 1 - 2 + 1.5, 0 + 4 + 3, 4 - 5 + 3, 0 + 10 + 6
    close("a [[1, 2, 3], [4, 5, 6]], b [[1, 0], [-1, 2], [0.5, 1]]", got, &[0.5, 7., 2., 16.], 0.0)
}

fn without_elements(product: Product) -> Verdict {
    close("a: [0, 3], b: [3, 2]", product(&[], &[1.0; 6], [0, 3, 2]), &[], 0.0)?;
    close("a: [2, 3], b: [3, 0]", product(&[1.0; 6], &[], [2, 3, 0]), &[], 0.0)?;
    close("a: [2, 0], b: [0, 3]", product(&[], &[], [2, 0, 3]), &[0.0; 6], 0.0)
}

/// One array as both factors.
fn squared(product: Product) -> Verdict {
    let a = Array::whole(&[9, 9], 5);
    let data = a.view().data;
    close(
        format!("a: {a}, b: the same"),
        product(data, data, [9; 3]),
        &tensor::matmul(a.view(), a.view()),
        0.0,
    )
}

/// The same in the library, with a factor that lies in the other order.
fn in_library(product: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Verdict {
    let (a, b) = (Array::whole(&[6, 7], 1), Array::whole(&[5, 7], 2));
    let input = format!("a: {a}, b: the transpose of {b}");
    let tensors = || {
        Ok((
            Tensor::from_slice(a.view().data, [6, 7])?,
            Tensor::from_slice(b.view().data, [5, 7])?.t()?,
        ))
    };
    let (x, y) = value(&input, tensors())?;
    let got = product(&x, &y).and_then(|c| c.to_vec::<f32>());
    close(input, got, &tensor::matmul(a.view(), b.transposed().view()), 0.0)
}

/// Rows and columns of the product that is timed.
const TIMED: usize = 512;

/// Seconds of the definition at [`TIMED`], the best of three, measured once.
fn definition(a: &[f32], b: &[f32]) -> f64 {
    static SECONDS: OnceLock<f64> = OnceLock::new();
    *SECONDS.get_or_init(|| {
        let once = |_| {
            seconds(|| plain::matmul_naive(black_box(a), black_box(b), [TIMED; 3]))
                .unwrap_or(f64::INFINITY)
        };
        (0..3).map(once).fold(f64::INFINITY, f64::min)
    })
}

fn seconds(work: impl FnOnce() -> Result<Vec<f32>>) -> Result<f64> {
    let begin = Instant::now();
    black_box(work()?);
    Ok(begin.elapsed().as_secs_f64())
}

/// Fails if `product` takes more than half the time of the definition. Without optimization, and where the variable
/// `TINYTORCH_SKIP_SPEED` is set, only the result is looked at.
fn twice_as_fast(product: Product) -> Verdict {
    multiplied("", [40, 50, 60], product)?;
    if cfg!(debug_assertions) || env::var_os("TINYTORCH_SKIP_SPEED").is_some() {
        return Ok(());
    }
    let (a, b) = (Array::whole(&[TIMED; 2], 3), Array::whole(&[TIMED; 2], 4));
    let (a, b) = (a.view().data, b.view().data);
    let input = format!("two matrices of size {TIMED}");
    let limit = definition(a, b) / 2.0;
    // The best of five: another program can only add to the time.
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        best =
            best.min(value(&input, seconds(|| product(black_box(a), black_box(b), [TIMED; 3])))?);
        if best <= limit {
            return Ok(());
        }
    }
    let expected =
        format!("at most {:.1} ms, half the time of the loops in the order i, j, k", 1e3 * limit);
    Err(fail(input, expected, format!("{:.1} ms at best", 1e3 * best), None))
}

/// `x/2·(1 + tanh u) = x/(1 + e^(-2u))` in doubles: another formula than that of the slot.
fn gelu(x: f32) -> f32 {
    let x = f64::from(x);
    let u = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    (x / (1.0 + (-2.0 * u).exp())) as f32
}

fn threads_agree(sizes: [usize; 3], counts: &[usize]) -> Verdict {
    let [m, k, n] = sizes;
    let mut rng = Rng::seed(8);
    let mut draw = |n| (0..n).map(|_| rng.normal() as f32).collect::<Vec<f32>>();
    let (a, b) = (draw(m * k), draw(k * n));
    let input = format!("random [{m}, {k}] times [{k}, {n}]");
    let one = value(&input, ask::matmul_parallel(&a, &b, sizes, 1))?;
    let want = value(&input, plain::matmul_naive(&a, &b, sizes))?;
    // Some order of k sums of size 1.
    close(format!("{input}, 1 thread"), Ok(one.clone()), &want, 1e-6 * k as f32)?;
    for &threads in counts {
        let got = ask::matmul_parallel(&a, &b, sizes, threads);
        equal(
            format!("{input}, {threads} threads: does every bit equal that of 1 thread"),
            got.map(|c| c == one),
            true,
        )?;
    }
    Ok::<(), Stop>(())
}

/// Attention row by row in doubles, with all scores of a row and its softmax at once: another way than that of the slot.
fn attention(q: &[f32], k: &[f32], v: &[f32], [s, t, d]: [usize; 3], causal: bool) -> Vec<f32> {
    let row = |i: usize| {
        let seen = if causal { t.min(i + 1) } else { t };
        let product = |j: usize, c: usize| f64::from(q[i * d + c]) * f64::from(k[j * d + c]);
        let score = |j: usize| (0..d).map(|c| product(j, c)).sum::<f64>() / (d as f64).sqrt();
        let scores: Vec<f64> = (0..seen).map(score).collect();
        // The differences to the score itself: Σ e^(s' - s) is one over the weight of s.
        let weight = |s: f64| scores.iter().map(|other| (other - s).exp()).sum::<f64>().recip();
        let weights: Vec<f64> = scores.iter().map(|&s| weight(s)).collect();
        let of = |c: usize| {
            weights.iter().zip(0..).map(|(w, j)| w * f64::from(v[j * d + c])).sum::<f64>()
        };
        (0..d).map(|c| of(c) as f32).collect::<Vec<f32>>()
    };
    (0..s).flat_map(row).collect()
}

/// Queries, keys and values of a size around `spread`.
fn texts([s, t, d]: [usize; 3], spread: f32) -> [Vec<f32>; 3] {
    let mut rng = Rng::seed(18);
    [s, t, t].map(|rows| (0..rows * d).map(|_| spread * rng.normal() as f32).collect())
}

fn attended(sizes: [usize; 3], spread: f32, tiles: &[usize], causal: bool) -> Verdict {
    let [q, k, v] = texts(sizes, spread);
    let want = attention(&q, &k, &v, sizes, causal);
    // Scores are sums of d products of numbers up to 4·spread, rounded; a weight changes by as much as its score.
    let size = f32::EPSILON * (sizes[2] as f32) * (4.0 * spread).powi(2);
    tiles.iter().try_for_each(|&tile| {
        let input =
            format!("random q, k and v of sizes {sizes:?}, tiles of {tile}, causal: {causal}");
        let got = ask::attention_tiled(&q, &k, &v, sizes, tile, causal);
        close(input, got, &want, 4.0 * spread * size.max(1e-6))
    })
}

checks! {
    $ __course_m17 m17;
    matmul_ikj {
        by_hand Hand 2 "each element is a sum over the inner axis" => by_hand(ask::matmul_ikj);
        sizes Golden 3 "rows of b are n long, rows of a are k long" => all("", ask::matmul_ikj);
        square Property 1 "one array can be both factors" => squared(ask::matmul_ikj);
        empty Hand 1 "no rows, no columns, no terms" => without_elements(ask::matmul_ikj);
        zeros Hand 1 "0 times infinity is not 0: no term may be skipped" => {
            holds("a [[0, 1]], b [[infinity], [2]]", ask::matmul_ikj(&[0., 1.], &[f32::INFINITY, 2.], [1, 2, 1]), "NaN", |c| {
                c.len() == 1 && c[0].is_nan()
            })
        };
        in_the_library Systems 1 "accel::matmul_ikj runs on the slot" => in_library(accel::matmul_ikj);
        order Systems 2 "the innermost loop runs along rows of b and of the result" => twice_as_fast(ask::matmul_ikj);
    }
    matmul_tiled {
        by_hand Hand 1 "tiles of one element are the definition" => by_hand(|a, b, sizes| ask::matmul_tiled(a, b, sizes, 1));
        sizes Golden 3 "the last tile of each axis may be smaller" => {
            for tile in [2, 4, 7, 32] {
                all(&format!(", tiles of {tile}"), |a, b, sizes| ask::matmul_tiled(a, b, sizes, tile))?;
            }
            Ok(())
        };
        large Golden 1 "a tile larger than the matrices" => {
            for tile in [66, usize::MAX] {
                all(&format!(", tiles of {tile}"), |a, b, sizes| ask::matmul_tiled(a, b, sizes, tile))?;
            }
            Ok(())
        };
        square Property 1 "one array can be both factors" => squared(|a, b, sizes| ask::matmul_tiled(a, b, sizes, 4));
        empty Hand 1 "no rows, no columns, no terms" => without_elements(|a, b, sizes| ask::matmul_tiled(a, b, sizes, 2));
        no_tile Error 1 "steps of 0 never arrive" => {
            refused!("two matrices of size 2, tiles of 0", ask::matmul_tiled(&[1.0; 4], &[1.0; 4], [2; 3], 0), InvalidArgument)
        };
        in_the_library Systems 1 "accel::matmul_tiled runs on the slot" => in_library(|a, b| accel::matmul_tiled(a, b, 4));
    }
    gelu_fused {
        by_hand Hand 2 "half of x, times one plus a tangent" => {
            let want = [0.0, 0.841_192, -0.158_808, 1.954_597_7, -0.045_402_3, 0.345_714, 2.996_362_6];
            close("[0, 1, -1, 2, -2, 0.5, 3]", ask::gelu_fused(&[0., 1., -1., 2., -2., 0.5, 3.]), &want, 1e-6)
        };
        formula Golden 2 "√(2/π)·(x + 0.044715 x³) inside of the tangent" => {
            let x: Vec<f32> = (-60..=60).map(|i| i as f32 / 10.0).collect();
            let want: Vec<f32> = x.iter().map(|&x| gelu(x)).collect();
            // Some five roundings of numbers up to 6.
            close("-6 to 6 in steps of a tenth", ask::gelu_fused(&x), &want, 2e-6)
        };
        odd Property 1 "gelu(x) - gelu(-x) is x" => {
            let x: Vec<f32> = (1..=40).map(|i| i as f32 * 0.11).collect();
            let both: Vec<f32> = x.iter().flat_map(|&x| [x, -x]).collect();
            let differences = ask::gelu_fused(&both).map(|y| y.chunks(2).map(|y| y[0] - y.get(1).unwrap_or(&f32::NAN)).collect());
            close("pairs of x and -x from 0.11 to 4.4: the difference of each pair", differences, &x, 1e-6)
        };
        far Hand 1 "far out it is x or 0, and NaN stays NaN" => {
            close("[40, -40, infinity, NaN]", ask::gelu_fused(&[40., -40., f32::INFINITY, f32::NAN]), &[40., 0., f32::INFINITY, f32::NAN], 0.0)
        };
        empty Hand 1 "nothing in, nothing out" => close("[]", ask::gelu_fused(&[]), &[], 0.0);
        in_the_library Systems 1 "accel::gelu_fused runs on the slot" => {
            let input = "the columns of [[1, 2, 3], [-1, -2, -3]]";
            let x = value(input, Tensor::from([[1.0f32, 2.0, 3.0], [-1.0, -2.0, -3.0]]).t())?;
            let got = accel::gelu_fused(&x).and_then(|y| y.to_vec::<f32>());
            close(input, got, &[1.0f32, -1.0, 2.0, -2.0, 3.0, -3.0].map(gelu), 1e-6)
        };
    }
    matmul_packed {
        by_hand Hand 1 "each element is a sum over the inner axis" => by_hand(ask::matmul_packed);
        sizes Golden 3 "the last panel and the last tile may be smaller" => all("", ask::matmul_packed);
        empty Hand 1 "no rows, no columns, no terms" => without_elements(ask::matmul_packed);
        in_the_library Systems 1 "accel::matmul_packed runs on the slot" => in_library(accel::matmul_packed);
    }
    matmul_parallel {
        by_hand Hand 1 "each element is a sum over the inner axis" => by_hand(|a, b, sizes| ask::matmul_parallel(a, b, sizes, 2));
        sizes Golden 2 "rows are shared out without a rest" => {
            for threads in [1, 2, 3, 7, 100] {
                all(&format!(", {threads} threads"), |a, b, sizes| ask::matmul_parallel(a, b, sizes, threads))?;
            }
            Ok(())
        };
        bits Property 2 "one thread computes the whole of a sum" => threads_agree([37, 50, 21], &[2, 3, 4, 37, 64]);
        empty Hand 1 "no rows, no columns, no terms" => without_elements(|a, b, sizes| ask::matmul_parallel(a, b, sizes, 3));
        no_threads Error 1 "nobody computes nothing" => {
            refused!("two matrices of size 2, 0 threads", ask::matmul_parallel(&[1.0; 4], &[1.0; 4], [2; 3], 0), InvalidArgument)
        };
        in_the_library Systems 1 "accel::matmul_parallel runs on the slot" => in_library(accel::matmul_parallel);
    }
    attention_tiled {
        by_hand Hand 2 "weights are e to the scores, divided by their sum" => {
            // Scores ln 3 and 0: weights 3/4 and 1/4.
            let (q, k, v) = ([1.0, 0.0, 0.0, 0.0], [2.0 * 3.0f32.ln(), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [4.0, 8.0, 0.0, 1.0, 8.0, 0.0, 4.0, 1.0]);
            close("q [[1, 0, 0, 0]], k [[2 ln 3, 0, 0, 0], [0, 0, 0, 0]], v [[4, 8, 0, 1], [8, 0, 4, 1]], tiles of 1",
                ask::attention_tiled(&q, &k, &v, [1, 2, 4], 1, false), &[5.0, 6.0, 1.0, 1.0], 1e-5)
        };
        sizes Golden 2 "the last tile may be smaller, and one larger than the text is the whole text" => {
            attended([1, 1, 1], 1.0, &[1, 5], false)?;
            attended([5, 9, 3], 1.0, &[1, 2, 4, 9, 10], false)?;
            attended([17, 13, 8], 1.0, &[3, 16, usize::MAX], false)
        };
        growing Property 2 "a larger score in a later tile shrinks the sum and what was collected" => {
            // Scores 0, 1, 2, 3 and back: weights rise and fall.
            let k = [0.0, 1.0, 2.0, 3.0, 1.0];
            let v = [10.0, 20.0, 30.0, 40.0, 50.0];
            let want = attention(&[1.0], &k, &v, [1, 5, 1], false);
            [1, 2, 3].into_iter().try_for_each(|tile| {
                close(format!("q [[1]], k {k:?}, v {v:?}, tiles of {tile}"), ask::attention_tiled(&[1.0], &k, &v, [1, 5, 1], tile, false), &want, 1e-4)
            })
        };
        large Property 2 "e to a score of 1000 is too large, e to the difference of two is not" => {
            let (k, v) = ([1000.0, 1000.0, -1000.0], [1.0, 3.0, 7.0]);
            for tile in [1, 2, 3] {
                close(format!("q [[1]], k {k:?}, v {v:?}, tiles of {tile}"), ask::attention_tiled(&[1.0], &k, &v, [1, 3, 1], tile, false), &[2.0], 1e-6)?;
                close(format!("q [[-1]], k {k:?}, v {v:?}, tiles of {tile}"), ask::attention_tiled(&[-1.0], &k, &v, [1, 3, 1], tile, false), &[7.0], 1e-6)?;
            }
            Ok(())
        };
        causal Golden 2 "query i sees the keys up to i, also in the middle of a tile" => {
            attended([9, 9, 4], 1.0, &[1, 2, 4, 16], true)?;
            attended([4, 9, 4], 1.0, &[3], true)?;
            attended([9, 4, 4], 1.0, &[3], true)
        };
        empty Hand 1 "without a key nothing is collected" => {
            close("q: [2, 3], no keys", ask::attention_tiled(&[1.0; 6], &[], &[], [2, 0, 3], 2, false), &[0.0; 6], 0.0)?;
            close("no queries", ask::attention_tiled(&[], &[1.0; 6], &[1.0; 6], [0, 2, 3], 2, true), &[], 0.0)
        };
        no_tile Error 1 "steps of 0 never arrive" => {
            refused!("q, k and v of shape [2, 2], tiles of 0", ask::attention_tiled(&[1.0; 4], &[1.0; 4], &[1.0; 4], [2; 3], 0, false), InvalidArgument)
        };
        in_the_library Systems 1 "accel::attention_tiled runs on the slot" => {
            let [q, k, v] = texts([6, 6, 2], 1.0);
            let want = attention(&q, &k, &v, [6, 6, 2], true);
            let tensors = [&q, &k, &v].map(|x| Tensor::from_slice(x, [6, 2]));
            let [q, k, v] = tensors;
            let input = "random q, k and v of shape [6, 2], tiles of 4, causal";
            let got = value(input, q.and_then(|q| accel::attention_tiled(&q, &k?, &v?, 4, true)))?;
            close(input, got.to_vec::<f32>(), &want, 1e-5)
        };
    }
}
