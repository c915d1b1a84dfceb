//! Laws that every operation obeys: right gradients, any strides, any thread count, no panic.

use crate::{
    DType, Result, Rng, Tensor,
    autograd::{GradCheck, GradOpts, grad, gradcheck},
    ops::{
        BatchNormOpts, Conv2dOpts, CrossEntropyOpts, GeluKind, Pool2dOpts, Reduction,
        attention::{Mask, RopeOpts, sdpa},
    },
    slots::conv::Window,
};

type Function = fn(&[Tensor]) -> Result<Tensor>;

fn ids() -> Tensor {
    Tensor::from([2i64, 0, 2])
}

fn index() -> Tensor {
    Tensor::from([[0i64, 2, 1, 0], [2, 2, 0, 1]])
}

fn mask() -> Tensor {
    Tensor::from([
        [true, false, true, false],
        [false, false, true, true],
        [true, true, false, true],
    ])
}

fn window() -> Window {
    Window { kernel: [2, 3], stride: [1, 2], padding: [1, 1], dilation: [1, 1] }
}

fn pool() -> Pool2dOpts {
    Pool2dOpts { kernel: [2, 3], stride: [1, 2], padding: [1, 1] }
}

/// Operations of two matrices `[3, 4]` with distinct entries between 0.2 and 1.9: inside every domain, away from kinks.
const ON_MATRICES: &[(&str, Function)] = &[
    ("add", |i| i[0].add(&i[1])),
    ("sub", |i| i[0].sub(&i[1])),
    ("mul", |i| i[0].mul(&i[1])),
    ("div", |i| i[0].div(&i[1])),
    ("pow", |i| i[0].pow(&i[1])),
    ("maximum", |i| i[0].maximum(&i[1])),
    ("minimum", |i| i[0].minimum(&i[1])),
    ("add row", |i| i[0].add(&i[1].i(0)?)),
    ("mul column", |i| i[0].mul(&i[1].i((.., 1..2))?)),
    ("div scalar tensor", |i| i[0].div(&i[1].i((0, 0))?)),
    ("scalars", |i| {
        i[0].mul_scalar(3.0)?.add_scalar(1.0)?.div_scalar(7.0)?.rsub_scalar(2.0)?.rdiv_scalar(5.0)
    }),
    ("pow_scalar", |i| i[0].pow_scalar(1.5)),
    ("exp", |i| i[0].exp()),
    ("log", |i| i[0].log()),
    ("sqrt", |i| i[0].sqrt()),
    ("tanh", |i| i[0].tanh()),
    ("sigmoid", |i| i[0].sigmoid()),
    ("relu", |i| i[0].sub_scalar(1.0)?.relu()),
    ("gelu", |i| i[0].gelu(GeluKind::Exact)),
    ("silu", |i| i[0].silu()),
    ("clamp", |i| i[0].clamp(0.5, 1.2)),
    ("where", |i| mask().select_where(&i[0], &i[1])),
    ("masked_fill", |i| i[0].masked_fill(&mask(), 7.0)),
    ("tril", |i| i[0].tril(0)),
    ("triu", |i| i[0].triu(1)),
    ("sum", |i| i[0].sum(0, false)),
    ("mean", |i| i[0].mean(-1, true)),
    ("var", |i| i[0].var(.., 1, false)),
    ("std", |i| i[0].std(0, 0, true)),
    ("amax", |i| i[0].amax(1, false)),
    ("amin", |i| i[0].amin(.., true)),
    ("max_dim", |i| Ok(i[0].max_dim(0, false)?.0)),
    ("min_dim", |i| Ok(i[0].min_dim(1, true)?.0)),
    ("prod", |i| i[0].prod(1, false)),
    ("cumsum", |i| i[0].cumsum(0)),
    ("logsumexp", |i| i[0].logsumexp(1, false)),
    ("norm 1", |i| i[0].norm(1.0, 0, false)),
    ("norm 2", |i| i[0].norm(2.0, .., false)),
    ("norm 3", |i| i[0].norm(3.0, 1, true)),
    ("norm inf", |i| i[0].norm(f64::INFINITY, 1, false)),
    ("softmax", |i| i[0].softmax(0)),
    ("log_softmax", |i| i[0].log_softmax(1)),
    ("matmul", |i| i[0].matmul(&i[1].t()?)),
    ("matmul vector", |i| i[0].matmul(&i[1].i(0)?)),
    ("vector matmul", |i| i[0].i((.., 0))?.matmul(&i[1])),
    ("dot", |i| i[0].i(0)?.matmul(&i[1].i(1)?)),
    ("matmul batch", |i| i[0].reshape([3, 1, 4])?.matmul(&i[1].reshape([3, 4, 1])?)),
    ("matmul broadcast", |i| i[0].reshape([3, 2, 1, 2])?.matmul(&i[1].reshape([2, 2, 3])?)),
    ("linear", |i| i[0].linear(&i[1], Some(&i[1].i((.., 0))?))),
    ("einsum", |i| Tensor::einsum("ij,kj->ki", &[&i[0], &i[1]])),
    ("einsum diagonal", |i| Tensor::einsum("ii->i", &[&i[0].i((.., 1..))?])),
    ("reshape", |i| i[0].reshape([2, 6])),
    ("reshape of a view", |i| i[0].t()?.reshape([2, -1])),
    ("permute", |i| i[0].permute(&[1, 0])),
    ("expand", |i| i[0].i((.., 0..1))?.expand([2, 3, 5])),
    ("slice", |i| i[0].slice(1, -3..4, 2)),
    ("select", |i| i[0].select(1, -2)),
    ("cat", |i| Tensor::cat(&[&i[0], &i[1], &i[0]], 1)),
    ("stack", |i| Tensor::stack(&[&i[0], &i[1]], 1)),
    ("split", |i| Ok(i[0].split(&[1, 3], 1)?.remove(1))),
    ("flip", |i| i[0].flip([0, 1])),
    ("roll", |i| i[0].roll(-1, 1)),
    ("repeat", |i| i[0].repeat(&[2, 1, 3])),
    ("repeat_interleave", |i| i[0].repeat_interleave(2, 0)),
    ("flatten", |i| i[0].flatten(0, -1)),
    ("squeeze", |i| i[0].unsqueeze(1)?.squeeze(1)),
    ("diagonal", |i| i[0].i((.., ..3))?.diagonal(0, 1)),
    ("pad", |i| i[0].pad(&[[1, 0], [0, 2]], 0.5)),
    ("contiguous", |i| Ok(i[0].t()?.contiguous())),
    ("gather", |i| i[0].gather(0, &index())),
    ("scatter", |i| i[0].scatter(0, &index().i(..1)?, &i[1])),
    ("scatter_add", |i| i[0].scatter_add(0, &index(), &i[1])),
    ("index_select", |i| i[0].index_select(1, &ids())),
    ("index_add", |i| i[0].index_add(0, &ids(), &i[1])),
    ("embedding", |i| i[0].embedding(&index(), None)),
    ("masked_select", |i| i[0].masked_select(&mask())),
    ("sort", |i| Ok(i[0].sort(1, true)?.0)),
    ("topk", |i| Ok(i[0].topk(2, 0, true)?.0)),
    ("layer_norm", |i| i[0].layer_norm(&[4], Some(&i[1].i(0)?), Some(&i[1].i(1)?), 1e-5)),
    ("rms_norm", |i| i[0].rms_norm(&[4], Some(&i[1].i(0)?), 1e-5)),
    ("group_norm", |i| i[0].unsqueeze(-1)?.group_norm(2, Some(&i[1].i(0)?), None, 1e-5)),
    ("batch_norm", |i| {
        let running = (Tensor::zeros([4], i[0].dtype())?, Tensor::ones([4], i[0].dtype())?);
        let scale = (Some(&i[1].i(0)?), Some(&i[1].i(1)?));
        let (scale, shift) = (scale.0.cloned(), scale.1.cloned());
        let opts = BatchNormOpts::default();
        Ok(i[0].batch_norm((scale.as_ref(), shift.as_ref()), (&running.0, &running.1), &opts)?.0)
    }),
    ("mse_loss", |i| i[0].mse_loss(&i[1], Reduction::Mean)),
    ("cross_entropy", |i| i[0].cross_entropy(&ids(), &CrossEntropyOpts::default())),
    ("nll_loss", |i| i[0].nll_loss(&ids(), &CrossEntropyOpts::default())),
    ("cross_entropy_soft", |i| i[0].cross_entropy_soft(&i[1], Reduction::Sum)),
    ("kl_div_loss", |i| i[0].kl_div_loss(&i[1], true)),
    ("sdpa", |i| sdpa(&i[0], &i[1], &i[1], Mask::Causal, None)),
    ("rope", |i| i[0].rope(&RopeOpts::default())),
];

/// Operations of images `[2, 2, 4, 5]` and kernels `[2, 2, 2, 3]`.
const ON_IMAGES: &[(&str, Function)] = &[
    ("conv2d", |i| {
        let opts = Conv2dOpts { stride: [1, 2], padding: [1, 1], ..Conv2dOpts::default() };
        i[0].conv2d(&i[1], Some(&i[1].i((.., 0, 0, 0))?), &opts)
    }),
    ("conv_transpose2d", |i| i[0].conv_transpose2d(&i[1], None, &Conv2dOpts::default(), [0, 0])),
    ("conv1d", |i| {
        i[0].i((.., .., 0))?.conv1d(&i[1].i((.., .., 0))?, None, &Conv2dOpts::default())
    }),
    ("max_pool2d", |i| i[0].max_pool2d(&pool())),
    ("avg_pool2d", |i| i[0].avg_pool2d(&pool(), false)),
    ("adaptive_avg_pool2d", |i| i[0].adaptive_avg_pool2d([3, 2])),
    ("unfold", |i| i[0].unfold(&window())),
    ("sum of middle axes", |i| i[0].sum([1, 2], false)),
    ("sum of outer axes", |i| i[0].sum([0, 3], true)),
];

/// Distinct values between 0.2 and 1.9 in an order without pattern.
fn sample(shape: &[usize], seed: u64) -> Tensor {
    let n: usize = shape.iter().product();
    // The seed shifts the values, so that two samples share none.
    let start = 0.2 + 0.01 * seed as f64;
    let mut values: Vec<f64> = (0..n).map(|i| start + 1.7 * i as f64 / n as f64).collect();
    let mut rng = Rng::seed(seed);
    for i in (1..n).rev() {
        values.swap(i, rng.below(i + 1));
    }
    Tensor::from_vec(values, shape).unwrap()
}

fn cases() -> impl Iterator<Item = (&'static str, Function, [Tensor; 2])> {
    let matrices = [sample(&[3, 4], 1), sample(&[3, 4], 2)];
    let images = [sample(&[2, 2, 4, 5], 3), sample(&[2, 2, 2, 3], 4)];
    let with = |inputs: [Tensor; 2]| {
        move |&(name, f): &(&'static str, Function)| (name, f, inputs.clone())
    };
    ON_MATRICES.iter().map(with(matrices)).chain(ON_IMAGES.iter().map(with(images)))
}

/// The same elements with another layout: every second column of a wider, transposed array.
fn strided(x: &Tensor) -> Tensor {
    let last = x.rank() as isize - 1;
    let wide = Tensor::stack(&[x, &x.neg().unwrap()], -1).unwrap(); // [.., n, 2]
    let wide = wide.transpose(0, last).unwrap().contiguous().transpose(0, last).unwrap();
    let view = wide.select(-1, 0).unwrap();
    assert!(!view.is_contiguous() && view.same_values(x));
    view
}

/// Result and gradients of the sum of squares.
fn evaluate(f: Function, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let leaves = inputs.iter().map(Tensor::requiring_grad).collect::<Result<Vec<_>>>()?;
    let y = f(&leaves)?;
    let loss = y.square()?.sum(.., false)?;
    let opts = GradOpts { allow_unused: true, ..GradOpts::default() };
    let grads = grad(&[&loss], &leaves.iter().collect::<Vec<_>>(), opts)?;
    Ok([y.detach()].into_iter().chain(grads.into_iter().flatten()).collect())
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.to_vec_as::<f64>()
        .iter()
        .zip(b.to_vec_as::<f64>())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

#[test]
fn gradients_agree_with_differences() {
    for (name, f, inputs) in cases() {
        gradcheck(f, &inputs, GradCheck::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn strides_do_not_matter() {
    for (name, f, inputs) in cases() {
        let plain = evaluate(f, &inputs).unwrap_or_else(|e| panic!("{name}: {e}"));
        let views =
            evaluate(f, &inputs.each_ref().map(strided)).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (a, b) in plain.iter().zip(&views) {
            // Only the order of additions may differ.
            assert!(largest_difference(a, b) < 1e-12, "{name}");
        }
    }
}

#[test]
fn precisions_agree() {
    for (name, f, inputs) in cases() {
        let double = evaluate(f, &inputs).unwrap();
        // About 2^-24 and 2^-9 per operation, over some tens of operations.
        for (dtype, tolerance) in [(DType::F32, 1e-4), (DType::BF16, 0.1)] {
            let narrow = inputs.each_ref().map(|x| x.to_dtype(dtype).unwrap());
            let got = evaluate(f, &narrow).unwrap_or_else(|e| panic!("{name} {dtype}: {e}"));
            for (a, b) in double.iter().zip(&got) {
                assert_eq!(b.dtype(), dtype, "{name}");
                let size = a.to_vec::<f64>().unwrap().iter().fold(1.0f64, |m, v| m.max(v.abs()));
                assert!(largest_difference(a, b) <= tolerance * size, "{name} {dtype}");
            }
        }
    }
}

#[test]
fn rules_can_be_differentiated_again() {
    // The gradient of the squared gradient, by differences of the gradient.
    for (name, f, inputs) in cases() {
        let slope = |x: &Tensor, create_graph: bool| -> Result<(Tensor, Tensor)> {
            let x = x.requiring_grad()?;
            let y = f(&[x.clone(), inputs[1].clone()])?.square()?.sum(.., false)?;
            let opts = GradOpts { create_graph, ..GradOpts::default() };
            let g = grad(&[&y], &[&x], opts)?.remove(0).expect("the first input is used");
            Ok((g.square()?.sum(.., false)?, x))
        };
        let (s, x) = slope(&inputs[0], true).unwrap_or_else(|e| panic!("{name}: {e}"));
        if !s.requires_grad() {
            continue; // a constant slope
        }
        let opts = GradOpts { allow_unused: true, ..GradOpts::default() };
        let second = grad(&[&s], &[&x], opts).unwrap_or_else(|e| panic!("{name}: {e}")).remove(0);
        let second = second.unwrap_or_else(|| x.zeros_like().unwrap()).to_vec::<f64>().unwrap();
        for k in [0, 5, 11] {
            let moved = |by: f64| {
                let mut v = inputs[0].to_vec::<f64>().unwrap();
                v[k] += by;
                let x = Tensor::from_vec(v, inputs[0].shape()).unwrap();
                slope(&x, false).unwrap().0.item::<f64>().unwrap()
            };
            let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let close = (second[k] - numeric).abs() <= 1e-5 * (1.0 + numeric.abs());
            assert!(close, "{name}, element {k}: {} and {numeric}", second[k]);
        }
    }
}

#[cfg(feature = "parallel")]
#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let big: &[(&str, Function, [&[usize]; 2])] = &[
        ("sum", |i| i[0].sum(.., false), [&[300_007], &[1]]),
        ("sum rows", |i| i[0].sum(0, false), [&[700, 300], &[1]]),
        ("mean columns", |i| i[0].mean(1, false), [&[700, 300], &[1]]),
        ("matmul", |i| i[0].matmul(&i[1]), [&[150, 257], &[257, 190]]),
        ("batched matmul", |i| i[0].matmul(&i[1]), [&[9, 40, 64], &[9, 64, 48]]),
        ("linear", |i| i[0].linear(&i[1], None), [&[130, 200], &[150, 200]]),
        ("softmax", |i| i[0].softmax(-1), [&[300, 500], &[1]]),
        ("layer_norm", |i| i[0].layer_norm(&[500], Some(&i[1]), None, 1e-5), [&[300, 500], &[500]]),
        (
            "conv2d",
            |i| i[0].conv2d(&i[1], None, &Conv2dOpts::default()),
            [&[9, 8, 20, 20], &[16, 8, 3, 3]],
        ),
        ("max_pool2d", |i| i[0].max_pool2d(&Pool2dOpts::square(2)), [&[9, 8, 40, 40], &[1]]),
        ("gelu", |i| i[0].gelu(GeluKind::Exact), [&[200_000], &[1]]),
        ("add", |i| i[0].add(&i[1]), [&[500, 400], &[400]]),
    ];
    for (name, f, shapes) in big {
        let mut rng = Rng::seed(3);
        let inputs = shapes.map(|s| Tensor::randn(s, DType::F32, &mut rng).unwrap());
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| evaluate(*f, &inputs)).unwrap_or_else(|e| panic!("{name}: {e}"))
        };
        let one = with(1);
        for threads in [2, 4] {
            for (a, b) in one.iter().zip(with(threads)) {
                assert!(a.same_values(&b), "{name} on {threads} threads");
            }
        }
    }
}

/// A tensor of random rank, sizes, type and strides.
fn arbitrary(rng: &mut Rng) -> Tensor {
    let shape: Vec<usize> = (0..rng.below(5)).map(|_| rng.below(4)).collect();
    let dtype = DType::ALL[rng.below(DType::ALL.len())];
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n).map(|_| (rng.uniform() * 9.0).floor() - 3.0).collect();
    let mut x = Tensor::from_vec(values, &shape).unwrap().to_dtype(dtype).unwrap();
    if x.rank() > 1 && rng.below(2) == 0 {
        x = x.transpose(0, -1).unwrap();
    }
    if x.rank() > 0 && rng.below(3) == 0 {
        x = x.slice(0, 0..9, 2).unwrap();
    }
    if dtype.is_float() && rng.below(2) == 0 { x.requiring_grad().unwrap() } else { x }
}

#[test]
fn any_arguments_give_a_result_or_an_error() {
    let mut rng = Rng::seed(11);
    let mut finished = 0;
    for _ in 0..6000 {
        let (a, b) = (arbitrary(&mut rng), arbitrary(&mut rng));
        let axis = rng.below(9) as isize - 4;
        let other = rng.below(9) as isize - 4;
        let n = rng.below(5);
        let inputs = [a.clone(), b.clone()];
        let mut results: Vec<Result<Tensor>> = Vec::new();
        let (_, f) = ON_MATRICES[rng.below(ON_MATRICES.len())];
        results.push(f(&inputs));
        let (_, g) = ON_IMAGES[rng.below(ON_IMAGES.len())];
        results.push(g(&inputs));
        results.push(match rng.below(26) {
            0 => a.sum(axis, true),
            1 => a.transpose(axis, other),
            2 => a.narrow(axis, n, n),
            3 => a.slice(axis, axis..other, n),
            4 => a.select(axis, other),
            5 => a.reshape([axis, other]),
            6 => a.expand([axis, other, 2]),
            7 => a.squeeze(axis),
            8 => a.unsqueeze(axis),
            9 => a.flatten(axis, other),
            10 => a.gather(axis, &b),
            11 => a.index_select(axis, &b),
            12 => a.scatter_add(axis, &b, &a),
            13 => a.embedding(&b, Some(n)),
            14 => a.cross_entropy(&b, &CrossEntropyOpts::default()),
            15 => a.softmax(axis),
            16 => a.cumsum(axis),
            17 => a.prod(axis, false),
            18 => a.argmax(axis, true),
            19 => a.roll(other, axis),
            20 => a.repeat(&[n, n]),
            21 => a.repeat_interleave(n, axis),
            22 => a.chunk(n, axis).map(|mut parts| parts.pop().unwrap_or_else(|| a.clone())),
            23 => a.one_hot(n),
            24 => a.permute(&[axis, other]),
            _ => a.topk(n, axis, true).map(|t| t.0),
        });
        for y in results.into_iter().flatten() {
            finished += 1;
            let _ = (y.to_string(), format!("{y:?}"));
            if let Ok(loss) = y.sum(.., false) {
                // Backward may refuse; it may not panic.
                let _ = loss.backward().map_err(|e| e.to_string());
            }
        }
    }
    assert!(finished > 2000, "only {finished} calls fit their operands");
}
