//! Convolution and pooling.

use tinytorch_core::{
    Result, Tensor,
    ops::{Conv2dOpts, Pool2dOpts},
    slots::conv::Window,
};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let x = a.maybe("x")?;
    let pool = || Pool2dOpts {
        kernel: a.pair("kernel_size"),
        stride: a.pair("stride"),
        padding: a.pair("padding"),
    };
    one(match a.op {
        "conv1d" => {
            let opts = Conv2dOpts {
                stride: [1, a.size("stride")],
                padding: [0, a.size("padding")],
                dilation: [1, a.size("dilation")],
                groups: a.size("groups"),
            };
            x.conv1d(a.input("weight"), a.maybe("bias"), &opts)
        }
        "conv2d" => x.conv2d(a.input("weight"), a.maybe("bias"), &opts(a)),
        "conv_transpose2d" => x.conv_transpose2d(
            a.input("weight"),
            a.maybe("bias"),
            &opts(a),
            a.pair("output_padding"),
        ),
        "max_pool2d" => x.max_pool2d(&pool()),
        "avg_pool2d" => x.avg_pool2d(&pool(), a.flag("count_include_pad")),
        "adaptive_avg_pool2d" => x.adaptive_avg_pool2d(a.pair("output_size")),
        "unfold" => x.unfold(&Window {
            kernel: a.pair("kernel_size"),
            stride: a.pair("stride"),
            padding: a.pair("padding"),
            dilation: a.pair("dilation"),
        }),
        "pad_constant" => {
            // Pairs for the last axis first; ours follow the order of the axes.
            let pads: Vec<[usize; 2]> =
                a.sizes("pads").as_chunks().0.iter().rev().copied().collect();
            x.pad(&pads, a.float("value"))
        }
        _ => return None,
    })
}

fn opts(a: &Args<'_>) -> Conv2dOpts {
    Conv2dOpts {
        stride: a.pair("stride"),
        padding: a.pair("padding"),
        dilation: a.pair("dilation"),
        groups: a.size("groups"),
    }
}
