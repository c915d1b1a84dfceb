//! Networks of every layer that the exporter writes, run by the trainer and by the board runtime.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test, as the test itself would"
)]

use kits_hal::{Check, Model, Session, convert};
use tinytorch_core::nn::{
    AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Flatten, Init, Linear, MaxPool2d,
    Module as _, ModuleExt as _, Relu, Residual, Sequential,
};
use tinytorch_core::ops::{Conv2dOpts, Pool2dOpts};
use tinytorch_core::quant::{self, QModel, QuantizeOpts};
use tinytorch_core::{DType, Rng, Tensor};

fn conv(n_in: usize, n_out: usize, kernel: usize, rng: &mut Rng) -> Conv2d {
    Conv2d::new(n_in, n_out, kernel, rng).unwrap()
}

/// A convolution of each channel by itself, with `each` filters for it.
fn depthwise(channels: usize, each: usize, stride: usize, rng: &mut Rng) -> Conv2d {
    let options = Conv2dOpts {
        groups: channels,
        stride: [stride; 2],
        padding: [1; 2],
        ..Conv2dOpts::default()
    };
    Conv2d::with_opts(channels, channels * each, [3; 2], options, Init::HeNormal, rng).unwrap()
}

/// A normalization whose statistics and parameters are not those it began with.
fn norm(channels: usize, rng: &mut Rng) -> BatchNorm2d {
    let norm = BatchNorm2d::new(channels).unwrap();
    for _ in 0..20 {
        let x = Tensor::randn([8, channels, 3, 3], DType::F32, rng).unwrap();
        norm.forward(&x.mul_scalar(2.0).unwrap().add_scalar(0.7).unwrap()).unwrap();
    }
    if let Some([gain, shift]) = norm.affine() {
        gain.update::<f32, _>(|g| g.iter_mut().for_each(|g| *g *= 1.7)).unwrap();
        shift.update::<f32, _>(|s| s.iter_mut().for_each(|s| *s -= 0.4)).unwrap();
    }
    norm
}

/// Networks with their names and the sizes of their inputs.
fn networks(rng: &mut Rng) -> Vec<(&'static str, Sequential, Vec<usize>)> {
    let same = Pool2dOpts { padding: [1; 2], stride: [1; 2], ..Pool2dOpts::square(3) };
    let inner = Sequential::new()
        .push(conv(6, 6, 3, rng).with_padding(1))
        .push(norm(6, rng))
        .push(Relu)
        .push(depthwise(6, 1, 1, rng));
    vec![
        (
            "dense layers",
            Sequential::new()
                .push(Linear::new(20, 33, rng).unwrap())
                .push(Relu)
                .push(Linear::new(33, 5, rng).unwrap()),
            vec![20],
        ),
        (
            "a convolution, normalization, both pools, a dense layer",
            Sequential::new()
                .push(conv(3, 7, 3, rng).with_padding(1))
                .push(norm(7, rng))
                .push(Relu)
                .push(MaxPool2d::new(2).unwrap())
                .push(AvgPool2d::with_opts(same).unwrap().without_counting_padding())
                .push(Flatten)
                .push(Linear::new(7 * 30, 4, rng).unwrap()),
            vec![3, 12, 10],
        ),
        (
            "depthwise and pointwise, means, padding of its own",
            Sequential::new()
                .push(conv(1, 4, 3, rng).with_stride(2).unwrap().with_padding(1))
                .push(Relu)
                .push(depthwise(4, 2, 2, rng))
                .push(norm(8, rng))
                .push(Relu)
                .push(conv(8, 12, 1, rng))
                .push(AdaptiveAvgPool2d::new(1).unwrap())
                .push(Flatten)
                .push(Linear::new(12, 3, rng).unwrap()),
            vec![1, 16, 12],
        ),
        (
            "a sum around two convolutions",
            Sequential::new()
                .push(conv(2, 6, 3, rng).with_padding(2))
                .push(Residual::new(inner))
                .push(Relu)
                .push(AvgPool2d::new(2).unwrap())
                .push(Flatten)
                .push(Linear::new(6 * 20, 5, rng).unwrap()),
            vec![2, 8, 6],
        ),
    ]
}

/// The outputs of the board runtime for inputs one after the other.
fn on_board(twin: &QModel, codes: &[i8]) -> Vec<i8> {
    let tflite = twin.to_tflite().unwrap();
    let converted = convert::import(&tflite, &convert::Options::default()).unwrap();
    let kit = Model::parse(&converted.kit, Check::Full).unwrap();
    let memory = kit.memory();
    let mut arena = vec![0u8; memory.total()];
    let mut session = Session::new(&kit, &mut arena).unwrap();
    let (n_in, n_out) = twin.sizes();
    let mut out = vec![0i8; codes.len() / n_in * n_out];
    for (sample, out) in codes.chunks_exact(n_in).zip(out.chunks_exact_mut(n_out)) {
        session.input::<i8>(0).unwrap().copy_from_slice(sample);
        session.run().unwrap();
        session.read_output(0, out).unwrap();
    }
    out
}

#[test]
fn every_layer_gives_the_same_bytes_on_a_board() {
    let rng = &mut Rng::seed(20);
    let mut kinds = std::collections::BTreeSet::new();
    for softmax in [false, true] {
        for (name, model, shape) in networks(rng) {
            model.train(false);
            let batch: Vec<usize> = core::iter::once(24).chain(shape).collect();
            let x = Tensor::randn(&batch[..], DType::F32, rng).unwrap();
            let options = QuantizeOpts { softmax, ..QuantizeOpts::default() };
            let twin = quant::quantize(&model, &x, &options).unwrap();
            for op in &twin.graph().ops {
                kinds.insert(format!("{op:?}").split(' ').next().unwrap_or("").to_owned());
            }
            let codes = twin.quantize_input(&x).unwrap();
            assert_eq!(twin.run(&codes).unwrap(), on_board(&twin, &codes), "{name}");
            if !softmax {
                // The float network is what both follow: a wrong layout would be off by the size of the outputs.
                let (y, q) = (model.forward(&x).unwrap(), twin.forward(&x).unwrap());
                let step = twin.output_params().scale;
                let off = y.sub(&q).unwrap().abs().unwrap().amax(.., false).unwrap();
                let off = f64::from(off.item::<f32>().unwrap()) / step;
                assert!(off < 16.0, "{name}: {off} steps from the float network");
            }
        }
    }
    let all =
        "Add AvgPool2d Conv2d DepthwiseConv2d FullyConnected MaxPool2d Mean Pad Reshape Softmax";
    assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(" "), all);
}
