//! Checks of module 01.

use super::{Arithmetic, MatmulPlan, View, ask};
use crate::{
    Shape,
    course::{
        arrays::Array,
        check::{Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
};

fn broadcasts(lhs: &[usize], rhs: &[usize], out: &[usize]) -> Verdict {
    equal(format!("{lhs:?} with {rhs:?}"), ask::broadcast_shape(lhs, rhs), out.to_vec())
}

fn strides(shape: &[usize], out: &[usize]) -> Verdict {
    equal(format!("shape {shape:?}"), ask::row_major_strides(shape), out.to_vec())
}

fn elementwise(op: Arithmetic, a: &Array, b: &Array, out: &[f32]) -> Verdict {
    // Exact: one operation on exactly represented numbers.
    close(
        format!("{op:?} of {a} and {b}"),
        ask::elementwise_binary(op, a.view(), b.view()),
        out,
        0.0,
    )
}

fn plan(
    lhs: &[usize],
    rhs: &[usize],
    batch: &[usize],
    [m, k, n]: [usize; 3],
    vectors: [bool; 2],
) -> Verdict {
    let [left_vector, right_vector] = vectors;
    let out = MatmulPlan { batch: Shape::clipped(batch), m, k, n, left_vector, right_vector };
    equal(format!("{lhs:?} times {rhs:?}"), ask::matmul_check(lhs, rhs), out)
}

fn product(a: &Array, b: &Array, out: &[f32]) -> Verdict {
    close(format!("{a} times {b}"), ask::matmul(a.view(), b.view()), out, 0.0)
}

fn reshapes(shape: &[usize], wanted: &[isize], out: &[usize]) -> Verdict {
    equal(format!("{shape:?} to {wanted:?}"), ask::reshape_infer(shape, wanted), out.to_vec())
}

type Reduce = fn(View<'_>, &[usize]) -> crate::Result<Vec<f32>>;

fn reduces(f: Reduce, x: &Array, axes: &[usize], out: &[f32]) -> Verdict {
    close(format!("{x} over axes {axes:?}"), f(x.view(), axes), out, 0.0)
}

/// Sums over axis 1 of `[3, 4, 2]`, element by element.
fn middle(x: &Array) -> Vec<f32> {
    let at = |i, k| (0..4).map(|j| x.at(&[i, j, k])).sum();
    (0..3).flat_map(|i| (0..2).map(move |k| at(i, k))).collect()
}

checks! {
    $ __course_m01 m01;
    broadcast_shape {
        by_hand Hand 3 "a size of 1 stretches, on either side" => {
            broadcasts(&[3, 1], &[1, 4], &[3, 4])?;
            broadcasts(&[2, 3], &[2, 3], &[2, 3])?;
            broadcasts(&[5, 1, 2], &[3, 1], &[5, 3, 2])
        };
        missing_axes Hand 2 "shapes are aligned at the right; a missing axis counts as 1" => {
            broadcasts(&[2, 3], &[3], &[2, 3])?;
            broadcasts(&[3], &[2, 3], &[2, 3])?;
            broadcasts(&[], &[2], &[2])?;
            broadcasts(&[4, 2, 1], &[3], &[4, 2, 3])
        };
        nothing Hand 1 "a size of 0 is a size: 1 stretches to it" => broadcasts(&[2, 1], &[2, 0], &[2, 0]);
        refusal Error 2 "two different sizes of which neither is 1 do not fit" => {
            refused!("[2, 3] with [2]", ask::broadcast_shape(&[2, 3], &[2]), ShapeMismatch)?;
            refused!("[2, 3] with [4, 3]", ask::broadcast_shape(&[2, 3], &[4, 3]), ShapeMismatch)
        };
    }
    row_major_strides {
        by_hand Hand 2 "the last axis has step 1, each other steps over the block behind it" => {
            strides(&[2, 3, 4], &[12, 4, 1])?;
            strides(&[7], &[1])?;
            strides(&[5, 1], &[1, 1])
        };
        edges Hand 1 "a scalar has no steps; an axis of size 0 counts as 1" => {
            let got = value("shape []", ask::row_major_strides(&[]))?;
            equal("shape []", Ok(got.len()), 0usize)?;
            strides(&[2, 0, 3], &[3, 3, 1])
        };
    }
    elementwise_binary {
        by_hand Hand 3 "left operand first: a - b, a / b" => {
            let (a, b) = (Array::new(&[6.0, -8.0, 1.0], &[3]), Array::new(&[2.0, 4.0, -0.5], &[3]));
            elementwise(Arithmetic::Add, &a, &b, &[8.0, -4.0, 0.5])?;
            elementwise(Arithmetic::Sub, &a, &b, &[4.0, -12.0, 1.5])?;
            elementwise(Arithmetic::Mul, &a, &b, &[12.0, -32.0, -0.5])?;
            elementwise(Arithmetic::Div, &a, &b, &[3.0, -2.0, -2.0])
        };
        views Hand 2 "follow the strides: a view may be transposed or repeat an element" => {
            let a = Array::count(&[2, 3]).transposed();
            let b = Array::new(&[10.0, 20.0], &[2]).strided(&[3, 2], &[0, 1]);
            elementwise(Arithmetic::Add, &a, &b, &[10.0, 23.0, 11.0, 24.0, 12.0, 25.0])?;
            elementwise(Arithmetic::Sub, &b, &a, &[10.0, 17.0, 9.0, 16.0, 8.0, 15.0])
        };
        division_by_zero Hand 1 "numbers follow IEEE 754: 1/0 is infinite, 0/0 is NaN" => {
            let (a, b) = (Array::new(&[1.0, -1.0, 0.0], &[3]), Array::new(&[0.0; 3], &[3]));
            elementwise(Arithmetic::Div, &a, &b, &[f32::INFINITY, f32::NEG_INFINITY, f32::NAN])
        };
    }
    matmul_check {
        matrices Hand 2 "rows of the left, columns of the right" => {
            plan(&[2, 3], &[3, 5], &[], [2, 3, 5], [false, false])?;
            plan(&[4, 2, 3], &[4, 3, 5], &[4], [2, 3, 5], [false, false])
        };
        vectors Hand 2 "a vector is one row on the left and one column on the right" => {
            plan(&[3], &[3, 5], &[], [1, 3, 5], [true, false])?;
            plan(&[2, 3], &[3], &[], [2, 3, 1], [false, true])?;
            plan(&[3], &[3], &[], [1, 3, 1], [true, true])
        };
        batches Hand 2 "the axes before the last two broadcast" => {
            plan(&[2, 3], &[7, 3, 5], &[7], [2, 3, 5], [false, false])?;
            plan(&[6, 1, 2, 3], &[4, 3, 5], &[6, 4], [2, 3, 5], [false, false])
        };
        refusal Error 2 "inner sizes must agree, and a scalar has none" => {
            refused!("[2, 3] times [2, 3]", ask::matmul_check(&[2, 3], &[2, 3]), ShapeMismatch)?;
            refused!("[] times [3]", ask::matmul_check(&[], &[3]), ShapeMismatch)?;
            refused!("[2, 2, 3] times [3, 3, 5]", ask::matmul_check(&[2, 2, 3], &[3, 3, 5]), ShapeMismatch)
        };
    }
    matmul {
        by_hand Hand 4 "out[i, j] is row i of a times column j of b" => {
            let (a, b) = (Array::new(&[1., 2., 3., 4., 5., 6.], &[2, 3]), Array::new(&[7., 8., 9., 10., 11., 12.], &[3, 2]));
            product(&a, &b, &[58.0, 64.0, 139.0, 154.0])
        };
        transposed Hand 2 "use both strides of each view" => {
            let (a, b) = (Array::new(&[1., 4., 2., 5., 3., 6.], &[3, 2]), Array::new(&[7., 9., 11., 8., 10., 12.], &[2, 3]));
            product(&a.transposed(), &b.transposed(), &[58.0, 64.0, 139.0, 154.0])
        };
        sizes Golden 2 "nothing may be square or even by assumption" => {
            for (seed, [m, k, n]) in [[1, 4, 3], [5, 1, 2], [3, 7, 1], [4, 2, 6]].into_iter().enumerate() {
                let (a, b) = (Array::whole(&[m, k], seed as u64), Array::whole(&[k, n], 9 + seed as u64));
                let out: Vec<f32> = (0..m * n)
                    .map(|at| (0..k).map(|p| a.at(&[at / n, p]) * b.at(&[p, at % n])).sum()).collect();
                product(&a, &b, &out)?;
            }
            Ok(())
        };
        empty_sum Hand 1 "without an inner axis every sum is empty: zeros" => {
            product(&Array::new(&[], &[2, 0]), &Array::new(&[], &[0, 3]), &[0.0; 6])
        };
    }
    reshape_infer {
        by_hand Hand 2 "-1 is what is left of the number of elements" => {
            reshapes(&[2, 6], &[3, 4], &[3, 4])?;
            reshapes(&[2, 6], &[-1, 3], &[4, 3])?;
            reshapes(&[4], &[-1, 2, 1], &[2, 2, 1])
        };
        counts Error 2 "the products of the sizes must agree, also with -1" => {
            refused!("[2, 6] to [5, 2]", ask::reshape_infer(&[2, 6], &[5, 2]), ShapeMismatch)?;
            refused!("[2, 6] to [-1, 5]", ask::reshape_infer(&[2, 6], &[-1, 5]), ShapeMismatch)
        };
        holes Error 2 "only one size can follow from the others" => {
            refused!("[2, 6] to [-1, -1]", ask::reshape_infer(&[2, 6], &[-1, -1]), InvalidArgument)?;
            refused!("[2, 6] to [-2, 6]", ask::reshape_infer(&[2, 6], &[-2, 6]), InvalidArgument)
        };
    }
    permute_axes {
        by_hand Hand 2 "axis a of the result is axis order[a]; the strides move with it" => {
            let out = (vec![4, 2, 3], vec![1, 12, 4]);
            equal("[2, 3, 4], strides [12, 4, 1], order [2, 0, 1]", ask::permute_axes(&[2, 3, 4], &[12, 4, 1], &[2, 0, 1]), out)
        };
        back Property 1 "the inverse order brings everything back" => {
            let (s, t) = value("[2, 3, 4] by [1, 2, 0]", ask::permute_axes(&[2, 3, 4], &[12, 4, 1], &[1, 2, 0]))?;
            equal("and back by [2, 0, 1]", ask::permute_axes(&s, &t, &[2, 0, 1]), (vec![2, 3, 4], vec![12, 4, 1]))
        };
        refusal Error 1 "every axis is named once" => {
            refused!("order [0, 0]", ask::permute_axes(&[2, 3], &[3, 1], &[0, 0]), InvalidArgument)?;
            refused!("order [0]", ask::permute_axes(&[2, 3], &[3, 1], &[0]), InvalidArgument)
        };
    }
    reduce_sum {
        by_hand Hand 2 "each kept position collects the elements along the reduced axes" => {
            let x = Array::count(&[2, 3]);
            reduces(ask::reduce_sum, &x, &[0], &[3.0, 5.0, 7.0])?;
            reduces(ask::reduce_sum, &x, &[1], &[3.0, 12.0])?;
            reduces(ask::reduce_sum, &x, &[0, 1], &[15.0])
        };
        three_axes Property 2 "the kept axes stay in order" => {
            let x = Array::whole(&[3, 4, 2], 5);
            reduces(ask::reduce_sum, &x, &[1], &middle(&x))
        };
        views Hand 1 "follow the strides" => {
            reduces(ask::reduce_sum, &Array::count(&[2, 3]).transposed(), &[1], &[3.0, 5.0, 7.0])
        };
        nothing Hand 1 "the sum of nothing is 0" => reduces(ask::reduce_sum, &Array::new(&[], &[2, 0]), &[1], &[0.0, 0.0]);
    }
    reduce_mean {
        by_hand Hand 2 "divide by the number of elements that were added" => {
            let x = Array::count(&[2, 4]);
            reduces(ask::reduce_mean, &x, &[1], &[1.5, 5.5])?;
            reduces(ask::reduce_mean, &x, &[0], &[2.0, 3.0, 4.0, 5.0])
        };
        two_axes Hand 1 "over two axes the count is the product of both sizes" => {
            reduces(ask::reduce_mean, &Array::count(&[2, 2, 4]), &[0, 2], &[5.5, 9.5])
        };
        constant Property 1 "the mean of equal numbers is that number" => {
            let x = Array::new(&[2.5; 12], &[3, 4]);
            holds("twelve times 2.5", ask::reduce_mean(x.view(), &[0, 1]), "[2.5]", |v| v[..] == [2.5])
        };
    }
    reduce_max {
        by_hand Hand 2 "compare along the reduced axes" => {
            let x = Array::new(&[1.0, 9.0, 3.0, 7.0, 2.0, 8.0], &[2, 3]);
            reduces(ask::reduce_max, &x, &[0], &[7.0, 9.0, 8.0])?;
            reduces(ask::reduce_max, &x, &[1], &[9.0, 8.0])
        };
        negative Hand 2 "all numbers may be negative" => {
            reduces(ask::reduce_max, &Array::new(&[-3.0, -1.0, -7.0, -2.0], &[2, 2]), &[1], &[-1.0, -2.0])
        };
        nan Hand 1 "NaN is not less than anything; it must win wherever it stands" => {
            let x = Array::new(&[f32::NAN, 1.0, 2.0, f32::NAN], &[2, 2]);
            reduces(ask::reduce_max, &x, &[1], &[f32::NAN, f32::NAN])
        };
        views Hand 1 "follow the strides" => {
            reduces(ask::reduce_max, &Array::count(&[2, 3]).transposed(), &[1], &[3.0, 4.0, 5.0])
        };
    }
}
