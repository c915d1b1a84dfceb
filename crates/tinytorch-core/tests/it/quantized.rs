//! Eight-bit twins against the float networks they were made from.

use tinytorch_core::{
    DType, Rng, Tensor,
    nn::{Conv2d, Flatten, Linear, MaxPool2d, Module, ModuleExt, Relu, Sequential},
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
        QOp::MaxPool2d { .. } => "pool",
        QOp::Reshape { .. } => "reshape",
        QOp::Softmax { .. } => "softmax",
    }
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
    assert!(refuse(Sequential::new().push(conv(rng).with_padding(2)), &x).contains("padding"));
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
