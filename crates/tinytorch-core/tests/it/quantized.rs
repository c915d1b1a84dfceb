//! Eight-bit twins against the float networks they were made from.

use tinytorch_core::{
    DType, Rng, Tensor,
    nn::{
        AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Flatten, Init, Linear, MaxPool2d,
        Module, ModuleExt, Relu, Residual, Sequential,
    },
    ops::{Conv2dOpts, Pool2dOpts},
    quant::{self, QModel, QuantizeOpts, graph::QOp},
};

/// Two convolutions of several channels with padding, so that every change of layout matters.
fn cnn(rng: &mut Rng) -> Sequential {
    Sequential::new()
        .push(Conv2d::new(3, 4, 3, rng).unwrap().with_padding(1))
        .push(MaxPool2d::new(2).unwrap())
        .push(Relu)
        .push(Sequential::new().push(Conv2d::new(4, 6, 3, rng).unwrap()).push(Relu))
        .push(Flatten)
        .push(Linear::new(6 * 3 * 2, 7, rng).unwrap())
        .push(Relu)
        .push(Linear::new(7, 5, rng).unwrap())
}

fn no_softmax() -> QuantizeOpts {
    QuantizeOpts { softmax: false, ..QuantizeOpts::default() }
}

fn images(n: usize, seed: u64) -> Tensor {
    Tensor::randn([n, 3, 10, 8], DType::F32, &mut Rng::seed(seed)).unwrap()
}

fn twin(model: &Sequential, x: &Tensor) -> QModel {
    quant::quantize(model, x, &no_softmax()).unwrap()
}

/// Largest difference between the twin and the float network, in steps of the output.
fn error_in_steps(model: &Sequential, twin: &QModel, x: &Tensor) -> f64 {
    let float = model.forward(x).unwrap().to_vec_as::<f64>();
    let int8 = twin.forward(x).unwrap().to_vec_as::<f64>();
    let worst = float.iter().zip(&int8).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    worst / twin.output_params().scale
}

/// A wrong order of channels, pixels or columns would be off by the size of the outputs: a hundred steps.
#[test]
fn the_twin_follows_the_float_network() {
    for seed in 0..5 {
        let model = cnn(&mut Rng::seed(seed));
        let x = images(64, 100 + seed);
        let twin = twin(&model, &x);
        let error = error_in_steps(&model, &twin, &x);
        assert!(error < 12.0, "seed {seed}: {error} steps");
        let kinds: Vec<&str> = twin.graph().ops.iter().map(name).collect();
        assert_eq!(kinds, ["conv", "pool", "conv", "reshape", "dense", "dense"]);
    }
}

fn name(op: &QOp) -> &'static str {
    match op {
        QOp::FullyConnected { .. } => "dense",
        QOp::Conv2d { .. } => "conv",
        QOp::DepthwiseConv2d { .. } => "depthwise",
        QOp::MaxPool2d { .. } => "pool",
        QOp::AvgPool2d { .. } => "average",
        QOp::Mean { .. } => "mean",
        QOp::Add { .. } => "add",
        QOp::Pad { .. } => "pad",
        QOp::Reshape { .. } => "reshape",
        QOp::Softmax { .. } => "softmax",
    }
}

/// Everything else that has an eight-bit form: normalization folded away, channels by themselves, a border, both means, a sum.
#[test]
fn other_layers_follow_the_float_network_too() {
    for seed in 0..4 {
        let rng = &mut Rng::seed(seed);
        let norm = BatchNorm2d::new(4).unwrap();
        let batch = Tensor::randn([32, 4, 5, 5], DType::F32, rng).unwrap();
        for _ in 0..30 {
            norm.forward(&batch.mul_scalar(3.0).unwrap().add_scalar(1.0).unwrap()).unwrap();
        }
        let each = Conv2dOpts { groups: 4, padding: [1; 2], ..Conv2dOpts::default() };
        let each = Conv2d::with_opts(4, 4, [3; 2], each, Init::HeNormal, rng).unwrap();
        let inner = Sequential::new().push(each).push(Relu);
        let model = Sequential::new()
            .push(Conv2d::new(3, 4, 3, rng).unwrap().with_padding(2).without_bias())
            .push(norm)
            .push(Relu)
            .push(Residual::new(inner))
            .push(Relu)
            .push(AvgPool2d::new(2).unwrap())
            .push(AdaptiveAvgPool2d::new(1).unwrap())
            .push(Flatten)
            .push(Linear::new(4, 5, rng).unwrap());
        model.train(false);
        let x = images(64, 200 + seed);
        let twin = twin(&model, &x);
        let error = error_in_steps(&model, &twin, &x);
        assert!(error < 12.0, "seed {seed}: {error} steps");
        let kinds: Vec<&str> = twin.graph().ops.iter().map(name).collect();
        let all = ["pad", "conv", "depthwise", "add", "average", "mean", "dense"];
        assert_eq!(kinds, all);
    }
}

/// Folding changes nothing but the places of the numbers: weights of the twin with and without a normalization written out.
#[test]
fn a_folded_normalization_is_the_one_written_out() {
    let rng = &mut Rng::seed(3);
    let conv = Conv2d::new(3, 2, 3, rng).unwrap();
    let norm = BatchNorm2d::new(2).unwrap();
    let x = images(40, 8);
    norm.forward(&conv.forward(&x).unwrap()).unwrap();
    // y = (w·x + b - mean)/√(var + ε)·gain + shift, with gain 1 and shift 0 as they begin.
    let rows = |t: Tensor| t.to_vec_as::<f64>();
    let (mean, var) = (rows(norm.running_mean()), rows(norm.running_var()));
    let factor: Vec<f64> = var.iter().map(|v| 1.0 / (v + norm.eps()).sqrt()).collect();
    let w = rows(conv.weight().tensor());
    let w = w.iter().enumerate().map(|(i, w)| w * factor[i / 27]).collect();
    let w = Tensor::from_vec(w, [2, 3, 3, 3]).unwrap().to_dtype(DType::F32).unwrap();
    let b = rows(conv.bias().unwrap().tensor());
    let b = (0..2).map(|c| (b[c] - mean[c]) * factor[c]).collect();
    let b = Tensor::from_vec(b, [2]).unwrap().to_dtype(DType::F32).unwrap();
    let written = Conv2d::from_tensors(w, Some(b)).unwrap();
    let last = Linear::new(2, 2, rng).unwrap();
    let [w, b] = [last.weight().tensor(), last.bias().unwrap().tensor()];
    let end = move || Linear::from_tensors(w.detach(), Some(b.detach())).unwrap();
    let pool = || AdaptiveAvgPool2d::new(1).unwrap();
    let folded = Sequential::new().push(conv).push(norm).push(pool()).push(end());
    folded.train(false);
    let written = Sequential::new().push(written).push(pool()).push(end());
    let (folded, written) = (twin(&folded, &x), twin(&written, &x));
    let (a, b) = (folded.forward(&x).unwrap(), written.forward(&x).unwrap());
    let off = a.sub(&b).unwrap().abs().unwrap().amax(.., false).unwrap().item::<f32>().unwrap();
    // A weight that lies between two codes may be rounded to either by the last bit of a float.
    assert!(f64::from(off) <= 1.01 * written.output_params().scale, "{off}");
}

/// One weight row a hundred times larger costs the other rows nothing when scales are per channel.
#[test]
fn scales_are_per_channel() {
    let rng = &mut Rng::seed(2);
    let layer = Linear::new(16, 4, rng).unwrap();
    layer.weight().update::<f32, _>(|w| w[..16].iter_mut().for_each(|w| *w *= 100.0)).unwrap();
    let model = Sequential::new().push(layer);
    let x = Tensor::randn([200, 16], DType::F32, rng).unwrap();
    let twin = twin(&model, &x);
    let weight = &twin.graph().tensors[1];
    assert_eq!((weight.quant.scales.len(), weight.quant.axis), (4, 0));
    let w = model.parameters()[0].tensor().to_vec::<f32>().unwrap();
    for (row, &scale) in w.chunks(16).zip(&weight.quant.scales) {
        let top = row.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        assert!((scale / (top / 127.0) - 1.0).abs() < 1e-6, "{scale} {top}");
    }
}

#[test]
fn codes_of_images_are_height_width_channel() {
    let x = images(2, 5);
    let twin = twin(&cnn(&mut Rng::seed(0)), &x);
    let (codes, params) = (twin.quantize_input(&x).unwrap(), twin.input_params());
    assert_eq!((codes.len(), twin.sizes()), (2 * 240, (240, 5)));
    let values = x.to_vec::<f32>().unwrap();
    for (n, c, h, w) in [(0, 0, 0, 0), (0, 2, 4, 7), (1, 1, 9, 0)] {
        let value = values[((n * 3 + c) * 10 + h) * 8 + w];
        assert_eq!(codes[((n * 10 + h) * 8 + w) * 3 + c], params.code(f64::from(value)));
    }
}

#[test]
fn one_channel_images_and_plain_rows_need_no_reordering() {
    let rng = &mut Rng::seed(3);
    let x = Tensor::rand([50, 1, 4, 4], DType::F32, rng).unwrap();
    let model = Sequential::new().push(Flatten).push(Linear::new(16, 3, rng).unwrap());
    let twin = twin(&model, &x);
    assert!(error_in_steps(&model, &twin, &x) < 3.0);
    let flat = x.reshape([50, 16]).unwrap();
    assert_eq!(
        twin.quantize_input(&x).unwrap(),
        super::quantized::twin(&model, &flat).quantize_input(&flat).unwrap()
    );
}

#[test]
fn softmax_gives_probabilities_in_the_order_of_the_logits() {
    let model = cnn(&mut Rng::seed(1));
    let x = images(30, 6);
    let (logits, twin) =
        (twin(&model, &x), quant::quantize(&model, &x, &QuantizeOpts::default()).unwrap());
    let probabilities = twin.forward(&x).unwrap().to_vec::<f32>().unwrap();
    for row in probabilities.chunks(5) {
        // Five codes, each rounded to 1/256, and the largest one saturated at 255/256.
        assert!((row.iter().sum::<f32>() - 1.0).abs() <= 3.0 / 256.0, "{row:?}");
    }
    let (a, b) = (logits.forward(&x).unwrap().to_vec_as::<f64>(), probabilities);
    for (a, b) in a.chunks(5).zip(b.chunks(5)) {
        for i in 0..5 {
            for j in 0..5 {
                assert!(a[i] <= a[j] || b[i] >= b[j], "{a:?} {b:?}");
            }
        }
    }
}

/// Calibration on training images alone; measured on the held-out ones.
#[test]
#[cfg(feature = "safetensors")]
fn digit_networks_lose_at_most_a_point() {
    use tinytorch_core::{
        datasets::{digits, scans},
        milestones::digits::{Network, Recipe, train},
    };
    let (train_set, test_set) = scans::split(&digits().unwrap());
    for network in [Network::Mlp { hidden: 32 }, Network::Cnn { channels: 8 }] {
        let recipe = Recipe { epochs: 6, ..Recipe::new(network, 0) };
        let trained = train(&recipe, &train_set, &test_set, false, &mut ()).unwrap();
        let twin = trained.quantize().unwrap();
        let float = trained.test.accuracy.unwrap();
        let int8 = trained.int8_accuracy(&twin, &test_set).unwrap();
        assert!((float - int8).abs() <= 0.01, "{network:?}: {float} {int8}");
        // Weights shrink to a quarter; the biases stay at four bytes each.
        let cost = trained.cost().unwrap();
        let biases = match network {
            Network::Mlp { hidden } => hidden + 10,
            Network::Cnn { channels } => channels + 10,
        };
        assert_eq!(twin.constant_bytes(), cost.parameters() + 3 * biases, "{network:?}");
    }
}

#[test]
fn what_has_no_eight_bit_form_is_refused_by_name() {
    let rng = &mut Rng::seed(0);
    let x = images(2, 0);
    let row = Tensor::zeros([2, 4], DType::F32).unwrap();
    let refuse = |model: Sequential, x: &Tensor| {
        quant::quantize(&model, x, &no_softmax()).unwrap_err().to_string()
    };
    let conv = |rng: &mut Rng| Conv2d::new(3, 2, 3, rng).unwrap();
    let linear = |rng: &mut Rng| Linear::new(4, 2, rng).unwrap();
    assert!(refuse(Sequential::new().push_fn("Swish", |x| x.silu()), &row).contains("Swish"));
    assert!(refuse(Sequential::new().push(Relu).push(linear(rng)), &row).contains("Relu"));
    assert!(refuse(Sequential::new().push(conv(rng)), &x).contains("end in a row"));
    assert!(refuse(Sequential::new().push(conv(rng)).push(Flatten), &x).contains("end in a row"));
    assert!(refuse(Sequential::new(), &row).contains("end in a row"));
    assert!(
        refuse(Sequential::new().push(Linear::new(8, 2, rng).unwrap()), &x).contains("Flatten")
    );
    let pool = Pool2dOpts { stride: [2; 2], padding: [1; 2], ..Pool2dOpts::square(3) };
    let max = MaxPool2d::with_opts(pool).unwrap();
    assert!(refuse(Sequential::new().push(max), &x).contains("padding"));
    let average = AvgPool2d::with_opts(pool).unwrap();
    assert!(refuse(Sequential::new().push(average), &x).contains("counting"));
    let norm = || BatchNorm2d::new(3).unwrap();
    assert!(refuse(Sequential::new().push(norm()), &x).contains("BatchNorm2d"));
    assert!(
        refuse(Sequential::new().push(conv(rng)).push(Relu).push(norm()), &x).contains("right")
    );
    assert!(refuse(Sequential::new().push(conv(rng)).push(norm()), &x).contains("2 channels"));
    let two = AdaptiveAvgPool2d::new(2).unwrap();
    assert!(refuse(Sequential::new().push(two), &x).contains("size 1"));
    let narrower = Residual::new(Sequential::new().push(AvgPool2d::new(2).unwrap()));
    assert!(refuse(Sequential::new().push(narrower), &x).contains("keep the shape"));
    let behind = Residual::new(Sequential::new().push(Linear::new(240, 240, rng).unwrap()));
    assert!(refuse(Sequential::new().push(Flatten).push(behind), &x).contains("Flatten"));
    assert!(
        refuse(Sequential::new().push(linear(rng)), &Tensor::zeros([0, 4], DType::F32).unwrap())
            .contains("calibration")
    );
    let nan = Tensor::full([2, 4], f64::NAN, DType::F32).unwrap();
    assert!(refuse(Sequential::new().push(linear(rng)), &nan).contains("NaN"));
    let broken = linear(rng);
    broken.weight().update::<f32, _>(|w| w[3] = f32::INFINITY).unwrap();
    assert!(refuse(Sequential::new().push(broken), &row).contains("position 3"));
}

#[test]
fn inputs_of_another_shape_are_refused() {
    let x = images(2, 0);
    let twin = twin(&cnn(&mut Rng::seed(0)), &x);
    assert!(twin.quantize_input(&x.reshape([2, 240]).unwrap()).is_err());
    assert!(twin.run(&[0; 239]).is_err());
    assert!(twin.run(&[]).unwrap().is_empty());
    assert!(twin.forward(&Tensor::full([1, 3, 10, 8], f64::NAN, DType::F32).unwrap()).is_err());
}
