//! The figures and the program of chapter 03.

use tinytorch_core::{
    DType, Rng, Tensor,
    autograd::GraphView,
    count::count,
    nn::{Dropout, Init, Linear, Module, ModuleExt, Relu, Sequential, init},
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::nn::{Dropout, Linear, Module, ModuleExt, Relu, Sequential};
    use tinytorch_core::{DType, Rng, Tensor};

    let rng = &mut Rng::seed(0);
    let make = |rng: &mut Rng| -> tinytorch_core::Result<Sequential> {
        let first = Sequential::new().push(Linear::new(784, 256, rng)?).push(Relu);
        Ok(first.push(Dropout::new(0.5, rng)?).push(Linear::new(256, 10, rng)?))
    };
    let (model, copy) = (make(rng)?, make(rng)?);
    assert_eq!(model.num_parameters(), 203_530);
    assert_eq!(model.named_parameters()[2].0, "3.weight");
    copy.load_state_dict(&model.state_dict(), true)?;
    let x = Tensor::randn([32, 784], DType::F32, rng)?;
    assert!(!model.forward(&x)?.same_values(&copy.forward(&x)?)); // two masks
    model.train(false);
    copy.train(false);
    assert!(model.forward(&x)?.same_values(&copy.forward(&x)?));
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("03-layers.md") {
        chapter.shows_program_of(include_str!("chapters_layers.rs"));
    }
}

#[test]
fn sizes_and_operations() {
    let Some(chapter) = Chapter::open("03-layers.md") else { return };
    let rng = &mut Rng::seed(0);
    let layer = Linear::new(784, 256, rng).unwrap();
    let (weights, biases) = (layer.weight().numel(), layer.bias().unwrap().numel());
    let model = Sequential::new().push(layer);
    let bytes = count(&model, &[1, 784]).unwrap().parameter_bytes();
    chapter.says(format!(
        "{} weights and {biases} biases: {} bytes",
        grouped(weights),
        grouped(bytes)
    ));
    for rows in [1, 32, 128, 512] {
        let flops: usize = count(&model, &[rows, 784]).unwrap().flops().try_into().unwrap();
        let per_byte = flops as f64 / (4 * weights) as f64;
        chapter.says(format!("| {rows} | {} | {per_byte:.1} |", grouped(flops)));
    }
    for hidden in [64, 128, 256, 512] {
        let model = Sequential::new()
            .push(Linear::new(784, hidden, rng).unwrap())
            .push(Relu)
            .push(Linear::new(hidden, 10, rng).unwrap());
        let cost = count(&model, &[1, 784]).unwrap();
        assert_eq!(cost.parameters(), model.num_parameters());
        let bytes = grouped(cost.parameter_bytes());
        chapter.says(format!("| 784-{hidden}-10 | {} | {bytes} |", grouped(cost.parameters())));
    }
}

/// Root mean square of what twenty layers of width 256 make of normal numbers.
fn after_twenty(mut weight: impl FnMut(&mut Rng) -> Tensor, rectify: bool) -> f64 {
    let rng = &mut Rng::seed(1);
    let mut x = Tensor::randn([64, 256], DType::F32, rng).unwrap();
    for _ in 0..20 {
        x = x.linear(&weight(rng), None).unwrap();
        if rectify {
            x = x.relu().unwrap();
        }
    }
    x.square().unwrap().mean(.., false).unwrap().to_f64().unwrap().sqrt()
}

#[test]
fn signals_through_twenty_layers() {
    let shape = [256, 256];
    let plain = |std: f64| {
        move |rng: &mut Rng| Tensor::randn(shape, DType::F32, rng).unwrap().mul_scalar(std).unwrap()
    };
    let by = |init: Init| move |rng: &mut Rng| init.weight(shape, rng).unwrap();
    let sizes = [
        ("LeCun | nothing", after_twenty(by(Init::LecunNormal), false)),
        ("LeCun | ReLU", after_twenty(by(Init::LecunNormal), true)),
        ("He | ReLU", after_twenty(by(Init::HeNormal), true)),
        (
            "orthogonal | nothing",
            after_twenty(|rng| init::orthogonal(shape, 1.0, rng).unwrap(), false),
        ),
        ("normal, deviation 0.01 | nothing", after_twenty(plain(0.01), false)),
        ("normal, deviation 0.1 | nothing", after_twenty(plain(0.1), false)),
    ];
    // Without activation each layer multiplies the variance by 256·σ²; a rectifier halves it. Over twenty layers the
    // logarithm of a size varies by √(20·5/256)/2 = 0.31 with rectifiers, less without: 3.5 of it are a factor of 3.
    let expected = [1.0, 0.5_f64.powi(10), 1.0, 1.0, 0.16_f64.powi(20), 1.6_f64.powi(20)];
    for ((name, got), want) in sizes.iter().zip(expected) {
        assert!((1.0 / 3.0..3.0).contains(&(got / want)), "{name}: {got}, by the rule {want}");
    }
    let Some(chapter) = Chapter::open("03-layers.md") else { return };
    for (name, size) in sizes {
        chapter.says(format!("| {name} | {size:.1e} |"));
    }
}

#[test]
fn dropout_keeps_a_mask_or_nothing() {
    let layer = Dropout::new(0.5, &mut Rng::seed(0)).unwrap();
    let x = Tensor::ones([1_000_000], DType::F32).unwrap().requiring_grad().unwrap();
    let kept = GraphView::of(&layer.forward(&x).unwrap()).nodes().last().unwrap().saved_bytes;
    layer.train(false);
    assert!(layer.forward(&x).unwrap().shares_memory(&x));
    let Some(chapter) = Chapter::open("03-layers.md") else { return };
    chapter.says(format!("keep a mask of {} bytes", grouped(kept)));
}
