//! Two ways from a float network to int8: the trainer's own quantizer, and layers handed to `kits_hal::convert::ptq`.
//!
//! Both take the range of every activation and the largest weight of every channel, so they must agree.
//! They differ in two places, which these tests pin down:
//!
//! - **Ties.** The trainer rounds a value half-way between two codes to the even one, the builder away from zero.
//! - **Sums.** The trainer calibrates with sums in `f32`, the builder with sums in `f64`: the ends of a range, and so the
//!   scale, may differ in their last bits, and a code that lies as close to a tie then falls to the other side.

use kits_hal::convert::{
    Activation, GraphBuilder, Layer, Options, Padding, Quantized, Window, import, ptq,
};
use kits_hal::{Check, Model, Session};
use tinytorch_core::datasets::{digits, scans};
use tinytorch_core::milestones::digits::{Network, Recipe, train};
use tinytorch_core::nn::{Conv2d, Flatten, Kind, Linear, MaxPool2d, Relu, Sequential};
use tinytorch_core::quant::graph::QData;
use tinytorch_core::quant::{self, QModel, QuantizeOpts};
use tinytorch_core::{Rng, Tensor};

/// Hands the layers of `model`, which reads images of this shape, to a builder, and ends with a softmax.
fn rebuilt(model: &Sequential, [c, h, w]: [usize; 3]) -> GraphBuilder {
    let mut g = GraphBuilder::new();
    let mut x = g.input("input", &[1, h, w, c]).expect("a shape");
    // Rows, columns and channels of the image that was flattened.
    let mut image = Vec::new();
    let kinds = model.kinds();
    for (i, kind) in kinds.iter().enumerate() {
        let relu = matches!(kinds.get(i + 1), Some(Kind::Relu));
        let activation = if relu { Activation::Relu } else { Activation::None };
        let layer = match kind {
            Kind::Relu => continue,
            Kind::Conv2d(conv) => {
                let weight = conv.weight().tensor().permute(&[0, 2, 3, 1]).expect("four axes");
                Layer::Conv2d {
                    filters: weight.to_vec_as(),
                    bias: conv.bias().expect("a bias").tensor().to_vec_as(),
                    window: window(conv.kernel(), [1, 1]),
                    activation,
                }
            }
            Kind::MaxPool2d(pool) => {
                Layer::MaxPool2d(window(pool.opts().kernel, pool.opts().stride))
            }
            Kind::Flatten => {
                image = g.shape(x).expect("exists").to_vec();
                Layer::Reshape(vec![1, image.iter().product()])
            }
            Kind::Linear(linear) => Layer::Dense {
                weights: channels_last(&linear.weight().tensor().to_vec_as::<f32>(), &image),
                bias: linear.bias().expect("a bias").tensor().to_vec_as(),
                activation,
            },
            other => panic!("no such layer here: {}", other.name()),
        };
        x = g.add(layer, &[x]).expect("it fits");
    }
    let y = g.add(Layer::Softmax, &[x]).expect("a row");
    g.output(y).expect("exists");
    g
}

fn window(kernel: [usize; 2], stride: [usize; 2]) -> Window {
    Window { kernel, stride, padding: Padding::Valid }
}

/// Reorders columns from channels, rows, columns to the order of `[1, rows, columns, channels]`.
fn channels_last(weights: &[f32], image: &[usize]) -> Vec<f32> {
    let &[_, h, w, c] = image else { panic!("a flattened image") };
    let row =
        |row: &[f32]| -> Vec<f32> { (0..h * w * c).map(|i| row[i % c * h * w + i / c]).collect() };
    weights.chunks_exact(h * w * c).flat_map(row).collect()
}

/// Quantizes the same network both ways on the same images, `[N, C, H, W]`.
fn both(model: &Sequential, x: &Tensor) -> (QModel, Vec<u8>, Quantized) {
    let options = Options { strip_names: true, ..Options::default() };
    let trainer = quant::quantize(model, x, &QuantizeOpts::default()).expect("it has a form");
    let file = trainer.to_tflite().expect("a file");
    let kit = import(&file, &options).expect("it imports").kit;
    let &[_, c, h, w] = x.dims() else { panic!("images") };
    let samples: Vec<f32> = x.permute(&[0, 2, 3, 1]).expect("four axes").to_vec_as();
    let builder = ptq(&rebuilt(model, [c, h, w]), &[&samples], &options).expect("it quantizes");
    (trainer, kit, builder)
}

/// Checks that every constant weight and every scale of weights of `trainer` stands in the file of the builder.
fn same_weights(trainer: &QModel, builder: &Quantized) {
    let holds = |bytes: &[u8]| builder.tflite.windows(bytes.len()).any(|part| part == bytes);
    let mut layers = 0;
    for tensor in &trainer.graph().tensors {
        let QData::I8(codes) = &tensor.data else { continue };
        let codes: Vec<u8> = codes.iter().map(|q| q.cast_unsigned()).collect();
        let scales: Vec<u8> = tensor.quant.scales.iter().flat_map(|s| s.to_le_bytes()).collect();
        assert!(holds(&codes), "{}: other codes", tensor.name);
        assert!(holds(&scales), "{}: other scales", tensor.name);
        layers += 1;
    }
    assert_eq!(layers, 2, "a convolution and a dense layer");
}

/// Runs a container on codes of inputs, one after the other.
fn outputs(kit: &[u8], codes: &[i8]) -> Vec<i8> {
    let model = Model::parse(kit, Check::Full).expect("a container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough memory");
    let mut all = Vec::new();
    for input in codes.chunks_exact(model.memory().input) {
        session.set_input(0, input).expect("an int8 input");
        session.run().expect("a checked model");
        all.extend_from_slice(session.output(0).expect("an int8 output"));
    }
    all
}

/// Numbers over 64, from −62 to 62, with the largest magnitude 63 once in each of `rows`.
///
/// Then `127·k/63` is never half-way between two integers, and all sums below are exact in `f32`.
fn sixty_fourths(rows: usize, each: usize, rng: &mut Rng) -> Vec<f32> {
    let mut k = || rng.below(125) as f32 - 62.0;
    (0..rows * each).map(|i| if i % each == 0 { 63.0 } else { k() } / 64.0).collect()
}

#[test]
fn where_sums_are_exact_and_nothing_ties_both_give_the_same_container() {
    for seed in 0..8 {
        let rng = &mut Rng::seed(seed);
        let (c, n, classes) = (2, 3, 5);
        let tensor = |data: Vec<f32>, shape: &[usize]| Tensor::from_vec(data, shape).expect("fits");
        let filters = tensor(sixty_fourths(n, 9 * c, rng), &[n, c, 3, 3]);
        let dense = tensor(sixty_fourths(classes, 4 * n, rng), &[classes, 4 * n]);
        let biases = |count, rng: &mut Rng| tensor(sixty_fourths(1, count, rng), &[count]);
        let model = Sequential::new()
            .push(Conv2d::from_tensors(filters, Some(biases(n, rng))).expect("fits"))
            .push(Relu)
            .push(MaxPool2d::new(2).expect("a size"))
            .push(Flatten)
            .push(Linear::from_tensors(dense, Some(biases(classes, rng))).expect("fits"));
        // Pixels in sixteenths from 0 to 1.
        let pixels = (0..40 * c * 36).map(|_| rng.below(17) as f32 / 16.0).collect();
        let x = tensor(pixels, &[40, c, 6, 6]);
        let (trainer, kit, builder) = both(&model, &x);
        same_weights(&trainer, &builder);
        assert!(kit == builder.converted.kit, "seed {seed}: the containers differ");
    }
}

#[test]
fn a_trained_network_keeps_its_weights_scales_and_answers() {
    let (train_set, test_set) = scans::split(&digits().expect("they ship with the crate"));
    let network = Network::Cnn { channels: 8 };
    let recipe = Recipe { epochs: 6, ..Recipe::new(network, 0) };
    let trained = train(&recipe, &train_set, &test_set, false, &mut ()).expect("it trains");
    let [x, _] = network.dataset(&train_set).expect("images").tensors().clone();
    let (trainer, kit, builder) = both(&trained.model, &x);
    same_weights(&trainer, &builder);

    let ours = Model::parse(&kit, Check::Full).expect("a container");
    let theirs = Model::parse(&builder.converted.kit, Check::Full).expect("a container");
    let mut activations = 0;
    for i in 0..u16::MAX {
        let (Some(a), Some(b)) = (ours.tensor(i), theirs.tensor(i)) else { break };
        assert_eq!((a.dims, a.zero_point), (b.dims, b.zero_point), "tensor {i}");
        // A sum of at most 72 products in f32 errs by at most 72·2⁻²⁴ times the sum of their magnitudes, which is
        // within a few times the range.
        let relative = (a.scale - b.scale).abs() / a.scale;
        assert!(relative < 2e-5, "tensor {i}: scales {} and {}", a.scale, b.scale);
        activations += 1;
    }
    assert!(activations >= 4, "{activations}");

    let [x, _] = network.dataset(&test_set).expect("images").tensors().clone();
    let codes = trainer.quantize_input(&x).expect("images");
    let (a, b) = (outputs(&kit, &codes), outputs(&builder.converted.kit, &codes));
    assert_eq!(a, trainer.run(&codes).expect("images"), "the runtime and the trainer's engine");
    let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    let largest = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    eprintln!("{differ} of {} output codes differ, by at most {largest}", a.len());
    // Multipliers that differ in their last bits move a code only where it lies that close to a tie.
    assert!(differ * 100 <= a.len(), "{differ} of {} output codes differ", a.len());
    let best = |y: &[i8]| (0..y.len()).rev().max_by_key(|i| y[*i]).unwrap_or(0);
    for (i, (a, b)) in a.chunks(10).zip(b.chunks(10)).enumerate() {
        assert_eq!(best(a), best(b), "image {i}: {a:?} and {b:?}");
    }
}
