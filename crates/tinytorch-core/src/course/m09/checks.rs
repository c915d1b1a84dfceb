//! Checks of module 09.

use super::{Window, ask};
use crate::course::{
    arrays::Array,
    check::{Verdict, close, equal, refused, value},
    lesson::checks,
};

const PLAIN: Window = Window { kernel: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };

fn size([size, kernel, stride, padding, dilation]: [usize; 5], out: usize) -> Verdict {
    let input = format!(
        "size {size}, kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"
    );
    equal(input, ask::conv2d_output_size(size, kernel, stride, padding, dilation), out)
}

fn conv(
    (x, w): (&Array, &Array),
    bias: Option<&[f32]>,
    window: &Window,
    groups: usize,
    out: &[f32],
) -> Verdict {
    let input = format!("image {x}, kernel {w}, bias {bias:?}, {window:?}, {groups} groups");
    close(input, ask::conv2d_forward(x.view(), w.view(), bias, window, groups), out, 0.0)
}

fn pool(x: &Array, window: &Window, values: &[f32], places: &[i64]) -> Verdict {
    let input = format!("image {x}, {window:?}");
    let (got, at) = value(&input, ask::max_pool2d_forward(x.view(), window))?;
    close(format!("{input}: values"), Ok(got), values, 0.0)?;
    equal(format!("{input}: places"), Ok(at), places.to_vec())
}

checks! {
    $ __course_m09 m09;
    conv2d_output_size {
        by_hand Hand 2 "count the places where the window can begin" => {
            size([5, 3, 1, 0, 1], 3)?;
            size([5, 3, 1, 1, 1], 5)?;
            size([6, 3, 2, 0, 1], 2)?;
            size([28, 5, 1, 2, 1], 28)
        };
        dilated Hand 1 "a dilated kernel reaches over dilation * (kernel - 1) + 1 elements" => {
            size([7, 3, 1, 0, 2], 3)?;
            size([8, 3, 3, 1, 2], 2)
        };
        refusal Error 2 "a step of 0 and a kernel that does not fit mean nothing" => {
            refused!("size 2, kernel 3", ask::conv2d_output_size(2, 3, 1, 0, 1), InvalidArgument)?;
            refused!("stride 0", ask::conv2d_output_size(5, 3, 0, 0, 1), InvalidArgument)?;
            refused!("kernel 0", ask::conv2d_output_size(5, 0, 1, 0, 1), InvalidArgument)
        };
    }
    conv2d_forward {
        by_hand Hand 3 "multiply each element under the window with its weight; the kernel is not turned" => {
            let (x, w) = (Array::count(&[1, 1, 3, 3]), Array::new(&[1.0, 2.0, 3.0, 4.0], &[1, 1, 2, 2]));
            conv((&x, &w), None, &PLAIN, 1, &[27.0, 37.0, 57.0, 67.0])?;
            conv((&x, &w), Some(&[0.5]), &PLAIN, 1, &[27.5, 37.5, 57.5, 67.5])
        };
        channels Hand 2 "add over the channels; one output map per kernel" => {
            let x = Array::count(&[1, 2, 2, 2]);
            let w = Array::new(&[1.0, 10.0, -1.0, 1.0], &[2, 2, 1, 1]);
            conv((&x, &w), Some(&[0.0, 100.0]), &Window { kernel: [1, 1], ..PLAIN }, 1,
                &[40.0, 51.0, 62.0, 73.0, 104.0, 104.0, 104.0, 104.0])
        };
        stride_and_padding Hand 2 "positions outside the image are 0" => {
            let (x, w) = (Array::count(&[1, 1, 3, 3]), Array::new(&[1.0; 9], &[1, 1, 3, 3]));
            conv((&x, &w), None, &Window { kernel: [3, 3], stride: [2, 2], padding: [1, 1], ..PLAIN }, 1, &[8.0, 12.0, 20.0, 24.0])
        };
        dilation Hand 1 "the elements of a dilated kernel lie apart" => {
            let (x, w) = (Array::count(&[1, 1, 3, 3]), Array::new(&[1.0, 10.0, 100.0, 1000.0], &[1, 1, 2, 2]));
            conv((&x, &w), None, &Window { dilation: [2, 2], ..PLAIN }, 1, &[8620.0])
        };
        groups Hand 1 "each kernel sees the channels of its group" => {
            let (x, w) = (Array::count(&[1, 2, 1, 2]), Array::new(&[1.0, 10.0], &[2, 1, 1, 1]));
            conv((&x, &w), None, &Window { kernel: [1, 1], ..PLAIN }, 2, &[0.0, 1.0, 20.0, 30.0])
        };
    }
    max_pool2d_forward {
        by_hand Hand 3 "the largest element of each window, and where it lies in the plane" => {
            let x = Array::new(&[1., 5., 2., 0., 3., 4., 8., 7., 9., 6., 1., 2., 0., 1., 3., 2.], &[1, 1, 4, 4]);
            pool(&x, &Window { stride: [2, 2], ..PLAIN }, &[5.0, 8.0, 9.0, 3.0], &[1, 6, 8, 14])
        };
        ties Hand 1 "the first of equal elements wins: it will receive the gradient" => {
            pool(&Array::new(&[7.0; 4], &[1, 1, 2, 2]), &PLAIN, &[7.0], &[0])
        };
        negative Hand 2 "padding never wins" => {
            let x = Array::new(&[-1.0, -2.0, -3.0, -4.0], &[1, 1, 2, 2]);
            pool(&x, &Window { stride: [2, 2], padding: [1, 1], ..PLAIN }, &[-1.0, -2.0, -3.0, -4.0], &[0, 1, 2, 3])
        };
        nan Hand 1 "NaN must not disappear" => {
            pool(&Array::new(&[1.0, f32::NAN, 3.0, 4.0], &[1, 1, 2, 2]), &PLAIN, &[f32::NAN], &[1])
        };
    }
}
