//! Small graphs, and Hessian-vector products.

use tinytorch_core::{
    Result, Tensor,
    autograd::{GradOpts, grad},
};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    match a.op {
        "graph" => one(graph(a)?),
        "hvp" => Some(hessian_vector(a, scalar(a.text("expr")?)?)),
        _ => None,
    }
}

fn graph(a: &Args<'_>) -> Option<Result<Tensor>> {
    let x = a.maybe("x")?;
    let (w, y) = (a.maybe("w"), a.maybe("y"));
    Some(match a.text("expr")? {
        "h=x; 8 times h=h+h" => (0..8).try_fold(x.clone(), |h, _| h.add(&h)),
        "tanh(tanh(x@w)@w)" => twice(x, w?),
        "3x+0*y" => weighted(x, y?),
        "x[1:3]*x[0:2]+sum(transpose(x[2:4])[:2,:2])" => overlapping(x),
        "(x-mean)/sqrt(var0+1e-5), last axis, keepdim" => standardized(x),
        "y=2x; y*y+exp(y)" => x.mul_scalar(2.0).and_then(|y| y.mul(&y)?.add(&y.exp()?)),
        "x+relu(x@w)" => x.matmul(w?).and_then(|h| x.add(&h.relu()?)),
        "x*stop_gradient(x*x)" => x.mul(x).and_then(|s| x.mul(&s.detach())),
        _ => return None,
    })
}

fn twice(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    x.matmul(w)?.tanh()?.matmul(w)?.tanh()
}

fn weighted(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    x.mul_scalar(3.0)?.add(&y.mul_scalar(0.0)?)
}

fn overlapping(x: &Tensor) -> Result<Tensor> {
    let corner = x.i(2..4)?.t()?.i((..2, ..2))?.sum(.., false)?;
    x.i(1..3)?.mul(&x.i(0..2)?)?.add(&corner)
}

fn standardized(x: &Tensor) -> Result<Tensor> {
    let var = x.var(-1, 0, true)?;
    x.sub(&x.mean(-1, true)?)?.div(&var.add_scalar(1e-5)?.sqrt()?)
}

fn scalar(expr: &str) -> Option<fn(&Tensor) -> Result<Tensor>> {
    Some(match expr {
        "sum(tanh x)" => |x| x.tanh()?.sum(.., false),
        "sum(logsumexp(x,-1))" => |x| x.logsumexp(-1, false)?.sum(.., false),
        "sum((x@x^T)^2)" => |x| x.matmul(&x.t()?)?.square()?.sum(.., false),
        "sum(exp(x)*sin(x))" => |x| x.exp()?.mul(&x.sin()?)?.sum(.., false),
        "sum(x^3)" => |x| x.pow_scalar(3.0)?.sum(.., false),
        "sum(softmax(x,-1)^2)" => |x| x.softmax(-1)?.square()?.sum(.., false),
        "sum(layer_norm(x,[4],eps=1e-5)^3)" => {
            |x| x.layer_norm(&[4], None, None, 1e-5)?.pow_scalar(3.0)?.sum(.., false)
        }
        _ => return None,
    })
}

/// The value, its gradient, and the gradient of `gradient · v`.
fn hessian_vector(a: &Args<'_>, f: fn(&Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    let (x, v) = (a.input("x").requiring_grad()?, a.input("v"));
    let y = f(&x)?;
    let first = GradOpts { create_graph: true, ..GradOpts::default() };
    let g = grad(&[&y], &[&x], first)?.into_iter().flatten().next().expect("x is used");
    let second = grad(&[&g.mul(v)?.sum(.., false)?], &[&x], GradOpts::default())?;
    let h = second.into_iter().flatten().next().expect("the gradient depends on x");
    Ok(vec![y.detach(), g.detach(), h])
}
