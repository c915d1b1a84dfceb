//! Matrix products.

use crate::{
    Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    ops::{
        broadcast::sum_to,
        support::{check_room, on_floats, real_type, same_dtype},
    },
    profile,
    tensor::Layout,
};

/// The matrix product of vectors, matrices, and batches of matrices.
#[derive(Debug, Clone, Copy)]
pub struct MatMul;

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        profile::products(out.numel(), inputs[0].dims().last().copied().unwrap_or(1))
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let (a, b) = (inputs[0], inputs[1]);
        same_dtype("matmul", a, b)?;
        let out = on_floats("matmul", inputs, |t| compute(t[0], t[1]))?;
        saved.keep_if(saved.needs(1), a);
        saved.keep_if(saved.needs(0), b);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok(dispatch::matmul_backward(
            grad,
            saved.input_shape(0).zip(saved.get(1).ok()),
            saved.input_shape(1).zip(saved.get(0).ok()),
        )?
        .into())
    }
}

fn compute(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let mut plan = dispatch::matmul_check(a.shape(), b.shape())?;
    let out_shape = plan.out_shape()?;
    check_room("matmul", &out_shape)?;
    // One matrix on the right for a whole batch on the left: the batch is just more rows.
    let flat = (b.rank() <= 2 && a.rank() > 2)
        .then(|| a.layout().reshape(&Shape::clipped(&[plan.batch.numel() * plan.m, plan.k])))
        .flatten();
    let (la, lb) = if let Some(la) = flat {
        plan.m *= plan.batch.numel();
        plan.batch = Shape::clipped(&[]);
        (la, matrix(b, plan.right_vector, false)?)
    } else {
        let full = |l: Layout, rows, cols| -> Result<Layout> {
            let mut dims = plan.batch.to_vec();
            dims.extend([rows, cols]);
            Ok(l.expand(&Shape::new(&dims)?))
        };
        (
            full(matrix(a, false, plan.left_vector)?, plan.m, plan.k)?,
            full(matrix(b, plan.right_vector, false)?, plan.k, plan.n)?,
        )
    };
    Ok(real_type!(a.dtype(), T => {
        Tensor::own(dispatch::matmul::<T>(&plan, a.typed_as(&la), b.typed_as(&lb))?, out_shape)
    }))
}

/// Layout of an operand with a row or column axis in place of the one a vector lacks.
fn matrix(x: &Tensor, column: bool, row: bool) -> Result<Layout> {
    match (column, row) {
        (true, _) => x.layout().insert(1),
        (_, true) => x.layout().insert(0),
        _ => Ok(*x.layout()),
    }
}

/// Gradients of `a·b`: `g·bᵀ` and `aᵀ·g`, summed over repeated batch axes. `a` carries its shape and `b`, and vice versa.
pub(crate) fn rule(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<[Option<Tensor>; 2]> {
    let da = match a {
        Some((shape, b)) => Some(left(grad, shape, b)?),
        None => None,
    };
    let db = match b {
        Some((shape, a)) => Some(right(grad, shape, a)?),
        None => None,
    };
    Ok([da, db])
}

/// `g·bᵀ`
fn left(grad: &Tensor, shape: &Shape, b: &Tensor) -> Result<Tensor> {
    let left_vector = shape.rank() == 1;
    if b.rank() == 1 {
        // a·v: each row receives its gradient times v; for two vectors that is one row.
        let g = if left_vector { grad.clone() } else { grad.unsqueeze(-1)? };
        return sum_to(&g.mul(b)?, shape);
    }
    if left_vector {
        let da = grad.unsqueeze(-2)?.matmul(&b.t()?)?; // [.., 1, k]
        return sum_to(&da.squeeze(-2)?, shape);
    }
    sum_to(&grad.matmul(&b.t()?)?, shape)
}

/// `aᵀ·g`
fn right(grad: &Tensor, shape: &Shape, a: &Tensor) -> Result<Tensor> {
    if shape.rank() == 1 {
        // a·v: v receives the sum of the rows of a, each times its gradient.
        let g = if a.rank() == 1 { grad.clone() } else { grad.unsqueeze(-1)? };
        return sum_to(&a.mul(&g)?, shape);
    }
    if a.rank() == 1 {
        let db = a.unsqueeze(-1)?.mul(&grad.unsqueeze(-2)?)?; // [.., k, n]
        return sum_to(&db, shape);
    }
    if shape.rank() == 2 && a.rank() > 2 {
        let (k, n) = (shape[0], shape[1]);
        let m: usize = a.dims()[..a.rank() - 1].iter().product();
        return a.reshape([m, k])?.t()?.matmul(&grad.reshape([m, n])?);
    }
    sum_to(&a.t()?.matmul(grad)?, shape)
}

impl Tensor {
    /// Returns the matrix product.
    ///
    /// # Shapes
    ///
    /// `[k]·[k]` gives a scalar, `[m, k]·[k]` gives `[m]`, `[k]·[k, n]` gives `[n]`, `[.., m, k]·[.., k, n]` gives
    /// `[.., m, n]`, where the batch axes broadcast.
    ///
    /// # Cost
    ///
    /// `2·m·k·n` operations per product. Transposed views cost no copy.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for scalars, unequal inner sizes, or batch axes that do not broadcast;
    /// [`Error::DTypeMismatch`] or [`Error::DTypeUnsupported`] unless both hold one float type.
    ///
    /// [`Error::ShapeMismatch`]: crate::Error::ShapeMismatch
    /// [`Error::DTypeMismatch`]: crate::Error::DTypeMismatch
    /// [`Error::DTypeUnsupported`]: crate::Error::DTypeUnsupported
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// let x = Tensor::from([5.0f32, 6.0]);
    /// assert_eq!(a.matmul(&x)?.to_vec::<f32>()?, [17.0, 39.0]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(&self, rhs: &Self) -> Result<Self> {
        Self::apply(MatMul, &[self, rhs])
    }
}
