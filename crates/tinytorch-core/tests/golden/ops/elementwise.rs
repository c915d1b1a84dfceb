//! Arithmetic, functions of one element, selection, products, softmax.

use tinytorch_core::{Result, Tensor, ops::GeluKind};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    binary(a).or_else(|| unary(a)).or_else(|| selection(a)).or_else(|| products(a))
}

fn binary(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    if let Some(scalar) = a.op.strip_suffix("_scalar") {
        let x = a.input("x");
        return one(match scalar {
            "add" => x.add_scalar(a.float("scalar")),
            "sub" => x.sub_scalar(a.float("scalar")),
            "rsub" => x.rsub_scalar(a.float("scalar")),
            "mul" => x.mul_scalar(a.float("scalar")),
            "div" => x.div_scalar(a.float("scalar")),
            "rdiv" => x.rdiv_scalar(a.float("scalar")),
            "pow" => x.pow_scalar(a.float("exponent")),
            _ => return None,
        });
    }
    let f = match a.op {
        "add" => Tensor::add,
        "sub" => Tensor::sub,
        "mul" => Tensor::mul,
        "div" => Tensor::div,
        "pow" => Tensor::pow,
        "maximum" => Tensor::maximum,
        "minimum" => Tensor::minimum,
        _ => return None,
    };
    one(f(a.input("a"), a.input("b")))
}

fn unary(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let f = match a.op {
        "abs" => Tensor::abs,
        "cos" => Tensor::cos,
        "erf" => Tensor::erf,
        "exp" => Tensor::exp,
        "expm1" => Tensor::expm1,
        "log" => Tensor::log,
        "log1p" => Tensor::log1p,
        "neg" => Tensor::neg,
        "reciprocal" => Tensor::reciprocal,
        "relu" => Tensor::relu,
        "rsqrt" => Tensor::rsqrt,
        "sigmoid" => Tensor::sigmoid,
        "sign" => Tensor::sign,
        "silu" => Tensor::silu,
        "sin" => Tensor::sin,
        "softplus" => Tensor::softplus,
        "sqrt" => Tensor::sqrt,
        "square" => Tensor::square,
        "tanh" => Tensor::tanh,
        _ => return parametric(a),
    };
    one(f(a.input("x")))
}

fn parametric(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let x = a.maybe("x")?;
    one(match a.op {
        "gelu" => x.gelu(match a.text("approximate") {
            Some("none") => GeluKind::Exact,
            Some("tanh") => GeluKind::Tanh,
            Some("sigmoid") => GeluKind::Sigmoid,
            _ => return None,
        }),
        "leaky_relu" => x.leaky_relu(a.float("negative_slope")),
        "elu" => x.elu(a.float("alpha")),
        "clamp" => x.clamp(a.maybe_float("min"), a.maybe_float("max")),
        "softmax" => x.softmax(a.int("dim")),
        "log_softmax" => x.log_softmax(a.int("dim")),
        "dropout_eval" => Ok(x.clone()),
        "dropout_masked" => {
            let p = a.float("p");
            a.input("keep").to_dtype(a.dtype).and_then(|keep| x.mul(&keep)?.div_scalar(1.0 - p))
        }
        _ => return None,
    })
}

fn selection(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    one(match a.op {
        "where" => choose(a),
        "masked_fill" => {
            let filled = a.input("x").masked_fill(a.input("mask"), a.float("value"));
            match a.text("then") {
                Some("exp") => filled.and_then(|x| x.exp()),
                None => filled,
                Some(_) => return None,
            }
        }
        "tril" => a.input("x").tril(a.int("diagonal")),
        "triu" => a.input("x").triu(a.int("diagonal")),
        _ => return None,
    })
}

/// `safe_sqrt` takes the root of the positive elements only, so that the other side never meets an infinite slope.
fn choose(a: &Args<'_>) -> Result<Tensor> {
    let (cond, x, y) = (a.input("cond"), a.input("a"), a.input("b"));
    if a.text("compose") == Some("safe_sqrt") {
        let safe = x.masked_fill(&cond.logical_not()?, 1.0)?;
        return cond.select_where(&safe.sqrt()?, y);
    }
    cond.select_where(x, y)
}

fn products(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    one(match a.op {
        "matmul" => (|| {
            let side = |name: &str, flag: &str| {
                let t = a.input(name);
                if a.flag(flag) { t.t() } else { Ok(t.clone()) }
            };
            side("a", "transpose_a")?.matmul(&side("b", "transpose_b")?)
        })(),
        "linear" => a.input("x").linear(a.input("weight"), a.maybe("bias")),
        "einsum" => Tensor::einsum(a.text("equation")?, &a.all()),
        _ => return None,
    })
}
