//! Arguments without sense: every call gives a result or an error, and so does the pass back.

use super::registry;
use crate::{
    DType, Error, Result, Rng, Tensor,
    ops::{
        BatchNormOpts, Conv2dOpts, CrossEntropyOpts, GeluKind, Pool2dOpts, Reduction,
        attention::{Mask, RopeOpts, RopeStyle, attention_weights, flash_attention, sdpa},
    },
    slots::conv::Window,
};

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

/// Numbers that tests of bounds forget, and small ones.
fn axis(rng: &mut Rng) -> isize {
    [isize::MIN, isize::MAX, -4, -3, -2, -1, 0, 1, 2, 3, 4][rng.below(11)]
}

fn size(rng: &mut Rng) -> usize {
    [0, 1, 2, 3, 4, 5, 1 << 40, usize::MAX, usize::MAX / 2 + 1][rng.below(9)]
}

fn number(rng: &mut Rng) -> f64 {
    [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]
        [rng.below(10)]
}

fn pair(rng: &mut Rng) -> [usize; 2] {
    [size(rng), size(rng)]
}

fn window(rng: &mut Rng) -> Window {
    Window { kernel: pair(rng), stride: pair(rng), padding: pair(rng), dilation: pair(rng) }
}

fn conv(rng: &mut Rng) -> Conv2dOpts {
    Conv2dOpts { stride: pair(rng), padding: pair(rng), dilation: pair(rng), groups: size(rng) }
}

fn pool(rng: &mut Rng) -> Pool2dOpts {
    Pool2dOpts { kernel: pair(rng), stride: pair(rng), padding: pair(rng) }
}

fn rearranged(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let (p, q, n, m) = (axis(rng), axis(rng), size(rng), size(rng));
    match rng.below(26) {
        0 => a.transpose(p, q),
        1 => a.narrow(p, n, m),
        2 => a.slice(p, p..q, n),
        3 => a.select(p, q),
        4 => a.reshape([p, q]),
        5 => a.reshape([p, -1, q]),
        6 => a.expand([p, q, 2]),
        7 => a.squeeze(p),
        8 => a.unsqueeze(p),
        9 => a.flatten(p, q),
        10 => a.permute(&[p, q]),
        11 => a.roll(q, p),
        12 => a.flip([p, q]),
        13 => a.repeat(&[n, m, 1]),
        14 => a.repeat_interleave(n, p),
        15 => a.chunk(n, p).map(|mut parts| parts.pop().unwrap_or_else(|| a.clone())),
        16 => a.split(&[n, m], p).map(|mut parts| parts.pop().unwrap_or_else(|| a.clone())),
        17 => a.split_every(n, p).map(|mut parts| parts.pop().unwrap_or_else(|| a.clone())),
        18 => a.diagonal(p, q),
        19 => a.pad(&[[n, m], [m, 0]], number(rng)),
        20 => Tensor::cat(&[a, b], p),
        21 => Tensor::stack(&[a, b], p),
        22 => a.broadcast_to(b.shape()),
        23 => a.i((p, q..)),
        24 => a.i((b, p)),
        _ => a.t(),
    }
}

fn chosen(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let (p, n) = (axis(rng), size(rng));
    match rng.below(16) {
        0 => a.gather(p, b),
        1 => a.scatter(p, b, a),
        2 => a.scatter_add(p, b, a),
        3 => a.index_select(p, b),
        4 => a.index_add(p, b, a),
        5 => a.embedding(b, Some(n)),
        6 => a.masked_select(b),
        7 => a.masked_fill(b, number(rng)),
        8 => a.select_where(b, b),
        9 => a.topk(n, p, rng.below(2) == 0).map(|t| t.0),
        10 => a.sort(p, rng.below(2) == 0).map(|t| t.0),
        11 => a.argsort(p, false),
        12 => a.one_hot(n),
        13 => a.tril(p),
        14 => a.triu(p),
        _ => a.to_dtype(DType::ALL[rng.below(DType::ALL.len())]),
    }
}

fn reduced(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let (p, q, keep) = (axis(rng), axis(rng), rng.below(2) == 0);
    match rng.below(17) {
        0 => a.sum([p, q], keep),
        1 => a.mean(p, keep),
        2 => a.var(p, size(rng), keep),
        3 => a.std(.., size(rng), keep),
        4 => a.amax([p, q], keep),
        5 => a.amin(p, keep),
        6 => a.logsumexp(p, keep),
        7 => a.norm(number(rng), p, keep),
        8 => a.prod(p, keep),
        9 => a.cumsum(p),
        10 => a.argmax(p, keep),
        11 => a.argmin(p, keep),
        12 => a.max_dim(p, keep).map(|t| t.0),
        13 => a.min_dim(p, keep).map(|t| t.0),
        14 => a.softmax(p),
        15 => a.log_softmax(p),
        _ => a.matmul(b),
    }
}

fn computed(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let x = number(rng);
    match rng.below(27) {
        0 => a.add_scalar(x),
        1 => a.rdiv_scalar(x),
        2 => a.pow_scalar(x),
        3 => a.pow(b),
        4 => a.clamp(x, number(rng)),
        5 => a.elu(x),
        6 => a.leaky_relu(x),
        7 => a.gelu(GeluKind::Tanh),
        8 if rng.below(2) == 0 => a.smooth_l1_loss(b, x, Reduction::BatchMean),
        8 => a.huber_loss(b, x, Reduction::Mean),
        9 => a.bce_loss(b, Reduction::Sum),
        10 => a.bce_with_logits_loss(b, Some(a), Reduction::None),
        11 => a.kl_div_loss(b, Reduction::BatchMean),
        12 => a.nll_loss(b, &CrossEntropyOpts::default()),
        13 => {
            let weight = Some(a.clone());
            let opts =
                CrossEntropyOpts { label_smoothing: x, weight, ..CrossEntropyOpts::default() };
            a.cross_entropy(b, &opts)
        }
        14 => a.cross_entropy_soft(b, Reduction::Mean),
        15 => a.linear(b, Some(a)),
        16 => a.layer_norm(b.dims(), Some(b), None, x),
        17 => a.rms_norm(a.dims(), Some(a), x),
        18 => a.group_norm(size(rng), Some(b), None, x),
        19 => {
            let opts = BatchNormOpts { training: rng.below(2) == 0, momentum: x, eps: x };
            a.batch_norm((Some(b), None), (b, b), &opts).map(|t| t.0)
        }
        20 => sdpa(a, b, b, Mask::Bool(a), Some(x)),
        21 => attention_weights(a, b, Mask::Additive(b), None),
        22 => a.rope(&RopeOpts { base: x, style: RopeStyle::Half, offset: size(rng) }),
        23 => flash_attention(a, b, b, Mask::Bool(a), Some(x)),
        24 => flash_attention(a, a, b, Mask::Additive(b), None),
        25 => flash_attention(b, a, a, Mask::Causal, Some(x)),
        _ => a.logical_and(b),
    }
}

fn of_images(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    match rng.below(8) {
        0 => a.conv2d(b, None, &conv(rng)),
        1 => a.conv1d(b, Some(b), &conv(rng)),
        2 => a.conv_transpose2d(b, None, &conv(rng), pair(rng)),
        3 => a.max_pool2d(&pool(rng)),
        4 => a.avg_pool2d(&pool(rng), true),
        5 => {
            let size = pair(rng);
            a.adaptive_avg_pool2d(size)
        }
        _ => a.unfold(&window(rng)),
    }
}

fn made(a: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let (x, y, n, m) = (number(rng), number(rng), size(rng), size(rng));
    let dtype = DType::ALL[rng.below(DType::ALL.len())];
    match rng.below(9) {
        0 => Tensor::full([n, m], x, dtype),
        1 => Tensor::eye(n, dtype),
        2 => Tensor::arange(x, y.clamp(-1e3, 1e3), 0.5, dtype),
        3 => Tensor::linspace(x, y, n, dtype),
        4 => Tensor::rand([n, m], dtype, &mut Rng::seed(1)),
        5 => Tensor::from_vec(vec![x; 3], [n]),
        6 => Tensor::sinusoidal_table(n, m, x, dtype),
        7 => a.item::<f32>().map(Tensor::scalar),
        _ => a.as_slice::<f64>().and_then(|s| Tensor::from_slice(s, a.shape())),
    }
}

/// Text that looks like an equation.
fn summed(a: &Tensor, b: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    const SIGNS: &[u8] = b"iijjkkab,,->- I1.\xc3";
    let text: Vec<u8> = (0..rng.below(10)).map(|_| SIGNS[rng.below(SIGNS.len())]).collect();
    Tensor::einsum(&String::from_utf8_lossy(&text), &[a, b][..1 + rng.below(2)])
}

/// Views that repeat an element can be larger than any memory; what is computed from them cannot.
#[test]
fn results_beyond_memory_are_refused() {
    let x = Tensor::from([1.0f32]).requiring_grad().unwrap();
    let huge = x.expand([1usize << 40]).unwrap();
    let (column, row) = (x.expand([1usize << 20, 1]).unwrap(), x.expand([1usize << 20]).unwrap());
    for result in [
        huge.exp(),
        huge.add_scalar(1.0),
        huge.add(&huge),
        column.mul(&row),
        column.maximum(&row),
        column.gt(&row),
        column.matmul(&row.unsqueeze(0).unwrap()),
        column.linear(&column, None),
        huge.softmax(0),
        x.repeat(&[1 << 40]),
        x.repeat_interleave(1 << 40, 0),
        x.pad(&[[1 << 40, 0]], 0.0),
        Tensor::from([0i64]).one_hot(1 << 40),
        Tensor::sinusoidal_table(1 << 20, 1 << 20, 10_000.0, DType::F32),
        Tensor::zeros([1 << 40], DType::F32),
    ] {
        assert!(matches!(result, Err(Error::InvalidArgument { .. })), "{result:?}");
    }
}

#[test]
fn any_arguments_give_a_result_or_an_error() {
    let mut rng = Rng::seed(11);
    let mut finished = 0;
    for _ in 0..6000 {
        let (a, b) = (arbitrary(&mut rng), arbitrary(&mut rng));
        let inputs = [a.clone(), b.clone()];
        let (_, f) = registry::ON_MATRICES[rng.below(registry::ON_MATRICES.len())];
        let (_, g) = registry::ON_IMAGES[rng.below(registry::ON_IMAGES.len())];
        let rng = &mut rng;
        let results = [
            f(&inputs),
            g(&inputs),
            rearranged(&a, &b, rng),
            chosen(&a, &b, rng),
            reduced(&a, &b, rng),
            computed(&a, &b, rng),
            of_images(&a, &b, rng),
            made(&a, rng),
            summed(&a, &b, rng),
        ];
        for y in results {
            let y = match y {
                Ok(y) => y,
                Err(e) => {
                    let text = e.to_string();
                    assert_eq!(text.lines().count(), 3, "{text}");
                    continue;
                }
            };
            finished += 1;
            let _ = (y.to_string(), format!("{y:?}"));
            if let Ok(loss) = y.sum(.., false) {
                // Backward may refuse; it may not panic.
                let _ = loss.backward().map_err(|e| e.to_string());
            }
        }
    }
    assert!(finished > 6000, "only {finished} calls fit their operands");
}
