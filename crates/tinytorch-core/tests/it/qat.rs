//! Digits in eight bits: size, accuracy, and training that knows of the codes.

use tinytorch_core::{
    DType, Rng, Tensor,
    data::DataLoader,
    datasets::{Images, digits, scans},
    milestones::digits::{Network, Recipe, train},
    nn::{
        Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, Module, ModuleExt, Relu, Sequential,
    },
    optim::{Sgd, SgdOpts},
    quant::{Qat, QuantizeOpts, quantize},
    train::{Trainer, predict},
};

fn sets() -> (Images, Images) {
    scans::split(&digits().unwrap())
}

fn inputs(network: Network, images: &Images) -> Tensor {
    network.dataset(images).unwrap().tensors()[0].clone()
}

fn share(found: &[usize], images: &Images) -> f64 {
    let right = found.iter().zip(images.labels()).filter(|(f, l)| **f == usize::from(**l)).count();
    right as f64 / images.len() as f64
}

/// Trains `model` on the digits for some epochs.
fn fit(model: &dyn Module, network: Network, images: &Images, epochs: usize) {
    let mut loader = DataLoader::builder(network.dataset(images).unwrap())
        .batch_size(32)
        .shuffle(Rng::seed(7))
        .build()
        .unwrap();
    let options = SgdOpts { lr: 0.05, momentum: 0.9, ..SgdOpts::default() };
    let mut sgd = Sgd::new(model.parameters(), options).unwrap();
    Trainer::new(model, &mut sgd, &CrossEntropyLoss::new())
        .fit(&mut loader, epochs, &mut ())
        .unwrap();
}

/// A bias costs four bytes and has a scale of four: with 64 inputs a layer comes to 3.8, with 256 to 3.94.
#[test]
fn a_wide_network_is_almost_four_times_smaller_and_reads_as_well() {
    let (train_set, test_set) = sets();
    let network = Network::Mlp { hidden: 256 };
    let rng = &mut Rng::seed(1);
    let model = Sequential::new()
        .push(Linear::new(64, 256, rng).unwrap())
        .push(Relu)
        .push(Linear::new(256, 256, rng).unwrap())
        .push(Relu)
        .push(Linear::new(256, 10, rng).unwrap());
    fit(&model, network, &train_set, 8);
    let twin = quantize(&model, &inputs(network, &train_set), &QuantizeOpts::default()).unwrap();
    let ratio = 4.0 * model.num_parameters() as f64 / twin.constant_bytes() as f64;
    assert!((3.9..4.0).contains(&ratio), "{ratio} times smaller");
    let x = inputs(network, &test_set);
    let float = share(&predict(&model, &x).unwrap(), &test_set);
    let int8 = share(&twin.predict(&x).unwrap(), &test_set);
    assert!(float > 0.93 && (float - int8).abs() <= 0.01, "{float} in f32, {int8} in int8");
}

/// Two networks trained with codes from the first step on: the eight-bit network is the one that was trained.
#[test]
fn networks_trained_in_eight_bits_read_as_well() {
    let (train_set, test_set) = sets();
    for network in [Network::Mlp { hidden: 32 }, Network::Cnn { channels: 8 }] {
        let model = Qat::new(network.build(&mut Rng::seed(3)).unwrap()).unwrap();
        fit(&model, network, &train_set, 8);
        let x = inputs(network, &test_set);
        let before = model.params().unwrap();
        let trained = predict(&model, &x).unwrap();
        assert_eq!(model.params().unwrap(), before, "evaluation moves no range");
        let twin = model.quantize(&x, true).unwrap();
        let int8 = twin.predict(&x).unwrap();
        let float = Recipe { epochs: 8, ..Recipe::new(network, 3) };
        let float = train(&float, &train_set, &test_set, false, &mut ()).unwrap();
        let (float, int8_share) = (float.test.accuracy.unwrap(), share(&int8, &test_set));
        assert!(int8_share >= float - 0.01, "{network:?}: {float} in f32, {int8_share} in int8");
        // What was trained is what runs: but for sums that round elsewhere and ties of codes the two agree.
        let same = trained.iter().zip(&int8).filter(|(a, b)| a == b).count();
        assert!(same * 100 >= 99 * int8.len(), "{network:?}: {same} of {} alike", int8.len());
    }
}

/// The trained network's own outputs lie on the codes of the eight-bit network, up to a code or two.
#[test]
fn the_eight_bit_network_computes_what_was_trained() {
    let rng = &mut Rng::seed(5);
    let model = Sequential::new()
        .push(Conv2d::new(2, 5, 3, rng).unwrap().with_padding(1))
        .push(Relu)
        .push(MaxPool2d::new(2).unwrap())
        .push(Flatten)
        .push(Linear::new(5 * 9, 6, rng).unwrap())
        .push(Relu)
        .push(Linear::new(6, 4, rng).unwrap());
    let model = Qat::new(model).unwrap();
    let x = Tensor::randn([32, 2, 6, 6], DType::F32, rng).unwrap();
    for _ in 0..3 {
        model.forward(&x).unwrap();
    }
    model.train(false);
    let y = model.forward(&x).unwrap().to_vec_as::<f64>();
    let twin = model.quantize(&x, false).unwrap();
    let step = twin.output_params().scale;
    for (a, b) in y.iter().zip(twin.forward(&x).unwrap().to_vec_as::<f64>()) {
        // Biases are rounded, and a hidden code on the edge may fall to either side: two steps of the output.
        assert!((a - b).abs() <= 2.01 * step, "{a} {b}, a step is {step}");
    }
}

#[test]
fn ranges_move_with_the_batches_and_are_saved() {
    let model = Qat::new(Sequential::new().push(Linear::new(2, 1, &mut Rng::seed(0)).unwrap()));
    let model = model.unwrap().with_momentum(0.5).unwrap();
    let unknown = model.params().unwrap_err().to_string();
    assert!(unknown.contains("batch"), "{unknown}");
    model.train(false);
    assert!(model.forward(&Tensor::from([[1.0_f32, 2.0]])).is_err(), "no range to use");
    model.train(true);
    model.forward(&Tensor::from([[0.0_f32, 51.0]])).unwrap();
    model.forward(&Tensor::from([[0.0_f32, 102.0]])).unwrap();
    // 51, then half of the way to 102: 76.5, in 255 steps of 0.3.
    assert_eq!(model.params().unwrap()[0].scale, f64::from(0.3_f32));
    let other = Qat::new(Sequential::new().push(Linear::new(2, 1, &mut Rng::seed(9)).unwrap()));
    let other = other.unwrap();
    other.load_state_dict(&model.state_dict(), true).unwrap();
    assert_eq!(other.params().unwrap(), model.params().unwrap());
}

#[test]
fn what_cannot_be_trained_so_is_refused() {
    let rng = &mut Rng::seed(0);
    let refuse = |model: Sequential| Qat::new(model).unwrap_err().to_string();
    assert!(refuse(Sequential::new().push_fn("Swish", |x| x.silu())).contains("Swish"));
    assert!(refuse(Sequential::new().push(Relu)).contains("Relu"));
    let linear = || Sequential::new().push(Linear::new(2, 1, &mut Rng::seed(0)).unwrap());
    assert!(Qat::new(linear()).unwrap().with_momentum(f32::NAN).is_err());
    let model = Qat::new(linear()).unwrap();
    let nan = Tensor::full([1, 2], f64::NAN, DType::F32).unwrap();
    assert!(model.forward(&nan).unwrap_err().to_string().contains("position 0"));
    assert!(model.quantize(&Tensor::randn([1, 2], DType::F32, rng).unwrap(), true).is_err());
}
