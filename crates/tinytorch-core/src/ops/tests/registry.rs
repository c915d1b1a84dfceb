//! Every differentiable operation as a function of two tensors, and what carries no gradient.

use super::Function;
use crate::{
    DType, Error, Result, Tensor,
    ops::{
        BatchNormOpts, Conv2dOpts, CrossEntropyOpts, GeluKind, Pool2dOpts, Reduction,
        attention::{Mask, RopeOpts, attention_weights, flash_attention, sdpa},
    },
    slots::conv::Window,
};

fn ids() -> Tensor {
    Tensor::from([2i64, 0, 2])
}

/// One of several results; inputs that do not fit may give fewer.
fn part(parts: &[Tensor], n: usize) -> Result<Tensor> {
    parts.get(n).cloned().ok_or(Error::UnusedInput { position: n })
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
pub(super) const ON_MATRICES: &[(&str, Function)] = &[
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
    ("add_scalar", |i| i[0].add_scalar(1.5)),
    ("sub_scalar", |i| i[0].sub_scalar(0.5)),
    ("rsub_scalar", |i| i[0].rsub_scalar(2.0)),
    ("mul_scalar", |i| i[0].mul_scalar(-3.0)),
    ("div_scalar", |i| i[0].div_scalar(7.0)),
    ("rdiv_scalar", |i| i[0].rdiv_scalar(5.0)),
    ("neg", |i| i[0].neg()),
    ("pow_scalar", |i| i[0].pow_scalar(1.5)),
    ("pow_scalar 2", |i| i[0].pow_scalar(2.0)),
    ("pow_scalar -1", |i| i[0].pow_scalar(-1.0)),
    ("square", |i| i[0].square()),
    ("abs", |i| i[0].sub(&i[1])?.abs()),
    ("sign", |i| i[0].mul(&i[0].sub(&i[1])?.sign()?)),
    ("reciprocal", |i| i[0].reciprocal()),
    ("rsqrt", |i| i[0].rsqrt()),
    ("expm1", |i| i[0].expm1()),
    ("log1p", |i| i[0].log1p()),
    ("sin", |i| i[0].sin()),
    ("cos", |i| i[0].cos()),
    ("erf", |i| i[0].erf()),
    ("exp", |i| i[0].exp()),
    ("log", |i| i[0].log()),
    ("sqrt", |i| i[0].sqrt()),
    ("tanh", |i| i[0].tanh()),
    ("sigmoid", |i| i[0].sigmoid()),
    ("relu", |i| i[0].sub_scalar(1.0)?.relu()),
    ("gelu", |i| i[0].sub_scalar(1.0)?.gelu(GeluKind::Exact)),
    ("gelu tanh", |i| i[0].sub_scalar(1.0)?.gelu(GeluKind::Tanh)),
    ("gelu sigmoid", |i| i[0].sub_scalar(1.0)?.gelu(GeluKind::Sigmoid)),
    ("softplus", |i| i[0].sub_scalar(1.0)?.softplus()),
    ("log_sigmoid", |i| i[0].sub_scalar(1.0)?.log_sigmoid()),
    ("leaky_relu", |i| i[0].sub_scalar(1.0)?.leaky_relu(0.1)),
    ("elu", |i| i[0].sub_scalar(1.0)?.elu(1.3)),
    ("silu", |i| i[0].silu()),
    ("clamp", |i| i[0].clamp(0.5, 1.2)),
    ("select_where", |i| mask().select_where(&i[0], &i[1])),
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
    ("matmul of a vector", |i| i[0].i((.., 0))?.matmul(&i[1])),
    ("matmul of vectors", |i| i[0].i(0)?.matmul(&i[1].i(1)?)),
    ("matmul batch", |i| i[0].reshape([3, 1, 4])?.matmul(&i[1].reshape([3, 4, 1])?)),
    ("matmul broadcast", |i| i[0].reshape([3, 2, 1, 2])?.matmul(&i[1].reshape([2, 2, 3])?)),
    ("linear", |i| i[0].linear(&i[1], Some(&i[1].i((.., 0))?))),
    ("einsum", |i| Tensor::einsum("ij,kj->ki", &[&i[0], &i[1]])),
    ("einsum diagonal", |i| Tensor::einsum("ii->i", &[&i[0].i((.., 1..))?])),
    ("reshape", |i| i[0].reshape([2, 6])),
    ("reshape of a view", |i| i[0].t()?.reshape([2, -1])),
    ("permute", |i| i[0].permute(&[1, 0])),
    ("transpose", |i| i[0].transpose(0, -1)),
    ("t", |i| i[0].t()),
    ("broadcast_to", |i| i[0].i(1)?.broadcast_to(i[1].shape())),
    ("narrow", |i| i[0].narrow(1, 1, 2)),
    ("i", |i| i[0].i((1.., &ids()))),
    ("split_every", |i| part(&i[0].split_every(3, 1)?, 1)),
    ("chunk", |i| part(&i[0].chunk(2, 0)?, 0)),
    ("expand", |i| i[0].i((.., 0..1))?.expand([2, 3, 5])),
    ("slice", |i| i[0].slice(1, -3..4, 2)),
    ("select", |i| i[0].select(1, -2)),
    ("cat", |i| Tensor::cat(&[&i[0], &i[1], &i[0]], 1)),
    ("stack", |i| Tensor::stack(&[&i[0], &i[1]], 1)),
    ("split", |i| part(&i[0].split(&[1, 3], 1)?, 1)),
    ("flip", |i| i[0].flip([0, 1])),
    ("roll", |i| i[0].roll(-1, 1)),
    ("repeat", |i| i[0].repeat(&[2, 1, 3])),
    ("repeat_interleave", |i| i[0].repeat_interleave(2, 0)),
    ("flatten", |i| i[0].flatten(0, -1)),
    ("squeeze", |i| i[0].unsqueeze(1)?.squeeze(1)),
    ("unsqueeze", |i| i[0].unsqueeze(-1)),
    ("to_dtype", |i| i[0].to_dtype(DType::F64)?.to_dtype(i[0].dtype())),
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
    ("batch_norm evaluating", |i| {
        let n = i[0].dims().last().copied().unwrap_or(1);
        let running =
            (Tensor::full([n], 0.5, i[0].dtype())?, Tensor::full([n], 2.0, i[0].dtype())?);
        let opts = BatchNormOpts { training: false, ..BatchNormOpts::default() };
        Ok(i[0].batch_norm((Some(&i[1].i(2)?), None), (&running.0, &running.1), &opts)?.0)
    }),
    ("mse_loss", |i| i[0].mse_loss(&i[1], Reduction::Mean)),
    ("l1_loss", |i| i[0].l1_loss(&i[1], Reduction::None)),
    ("huber_loss", |i| i[0].huber_loss(&i[1], 0.5, Reduction::Sum)),
    ("smooth_l1_loss", |i| i[0].smooth_l1_loss(&i[1], 0.5, Reduction::BatchMean)),
    ("bce_loss", |i| i[0].div_scalar(2.0)?.bce_loss(&i[1].div_scalar(2.0)?, Reduction::Mean)),
    ("bce_with_logits_loss", |i| {
        let target = i[1].div_scalar(2.0)?;
        i[0].sub_scalar(1.0)?.bce_with_logits_loss(&target, Some(&i[1].i(0)?), Reduction::Sum)
    }),
    ("cross_entropy", |i| i[0].cross_entropy(&ids(), &CrossEntropyOpts::default())),
    ("nll_loss", |i| i[0].nll_loss(&ids(), &CrossEntropyOpts::default())),
    ("cross_entropy_soft", |i| i[0].cross_entropy_soft(&i[1], Reduction::Sum)),
    ("kl_div_loss", |i| i[0].kl_div_loss(&i[1], Reduction::BatchMean)),
    ("sdpa", |i| sdpa(&i[0], &i[1], &i[1], Mask::Causal, None)),
    ("flash_attention", |i| {
        let heads = |t: &Tensor| t.unsqueeze(0)?.unsqueeze(0);
        let (q, k) = (heads(&i[0])?, heads(&i[1])?);
        flash_attention(&q, &k, &k, Mask::Causal, None)
    }),
    ("attention_weights", |i| attention_weights(&i[0], &i[1], Mask::None, Some(0.7))),
    ("rope", |i| i[0].rope(&RopeOpts::default())),
];

/// Operations of images `[2, 2, 4, 5]` and kernels `[2, 2, 2, 3]`.
pub(super) const ON_IMAGES: &[(&str, Function)] = &[
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

/// Functions that jump and are constant in between: a gradient through them is an error.
pub(super) const STEPS: &[(&str, Function)] =
    &[("round", |i| i[0].round()), ("floor", |i| i[0].floor()), ("ceil", |i| i[0].ceil())];

/// Operations with integers or truth values as results, which have no slope.
pub(super) const WITHOUT_SLOPE: &[(&str, Function)] = &[
    ("argmax", |i| i[0].argmax(0, false)),
    ("argmin", |i| i[0].argmin(1, true)),
    ("argsort", |i| i[0].argsort(0, false)),
    ("eq", |i| i[0].eq(&i[1])),
    ("ne", |i| i[0].ne(&i[1])),
    ("lt", |i| i[0].lt(&i[1])),
    ("le", |i| i[0].le(&i[1])),
    ("gt", |i| i[0].gt(&i[1])),
    ("ge", |i| i[0].ge(&i[1])),
    ("is_finite", |i| i[0].is_finite()),
    ("logical_and", |i| i[0].gt(&i[1])?.logical_and(&mask())),
    ("logical_or", |i| i[0].gt(&i[1])?.logical_or(&mask())),
    ("logical_not", |i| i[0].gt(&i[1])?.logical_not()),
];

/// Methods that take no float tensor, or return no tensor.
pub(super) const NOT_OPERATIONS: &[&str] = &["one_hot", "same_values", "sinusoidal_table"];
