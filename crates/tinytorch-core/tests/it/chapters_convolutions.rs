//! The figures and the program of chapter 09.

use tinytorch_core::{
    DType, Rng, Tensor,
    autograd::GraphView,
    count::count,
    nn::{
        BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Init, Linear, MaxPool2d, Module, ModuleExt,
        Relu, Sequential,
    },
    ops::Conv2dOpts,
    slots::conv::Window,
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    #[rustfmt::skip]
    use tinytorch_core::nn::{AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, Module, ModuleExt, Relu, Sequential};
    use tinytorch_core::{DType, Rng, Tensor};

    let edge = Conv2d::from_tensors(Tensor::from([[[[-1.0_f32, 1.0]]]]), None)?;
    let image = Tensor::from([[[[0.0_f32, 0.0, 9.0, 9.0]]]]);
    assert_eq!(edge.forward(&image)?.to_vec::<f32>()?, [0.0, 9.0, 0.0]);
    let rng = &mut Rng::seed(0);
    let model = Sequential::new()
        .push(Conv2d::new(3, 16, 3, rng)?.with_same_padding()?)
        .push(BatchNorm2d::new(16)?)
        .push(Relu)
        .push(MaxPool2d::new(2)?)
        .push(AdaptiveAvgPool2d::new(1)?)
        .push(Flatten)
        .push(Linear::new(16, 10, rng)?);
    for size in [32, 50] {
        let x = Tensor::randn([4, 3, size, size], DType::F32, rng)?;
        assert_eq!(model.forward(&x)?.dims(), [4, 10]); // any size of image
    }
    assert_eq!(model.state_dict()["1.num_batches_tracked"].item::<i64>()?, 2);
    model.train(false);
    let one = Tensor::randn([1, 3, 32, 32], DType::F32, rng)?;
    let alone = model.forward(&one)?;
    let twice = model.forward(&Tensor::cat(&[&one, &one], 0)?)?;
    assert!(alone.same_values(&twice.narrow(0, 0, 1)?)); // no neighbour matters
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("09-convolutions.md") {
        chapter.shows_program_of(include_str!("chapters_convolutions.rs"));
    }
}

fn filters(n_in: usize, n_out: usize, kernel: usize, opts: Conv2dOpts) -> Conv2d {
    let rng = &mut Rng::seed(0);
    Conv2d::with_opts(n_in, n_out, [kernel; 2], opts, Init::HeNormal, rng).unwrap()
}

fn plain(n_in: usize, n_out: usize, kernel: usize) -> Conv2d {
    filters(n_in, n_out, kernel, Conv2dOpts::default())
}

#[test]
fn figures_of_windows() {
    let Some(chapter) = Chapter::open("09-convolutions.md") else { return };
    for (image, kernel, stride, padding) in [(8, 3, 1, 0), (224, 3, 1, 1), (224, 7, 2, 3)] {
        let conv = plain(1, 1, kernel).with_padding(padding).with_stride(stride).unwrap();
        let [size, _] = conv.output_size([image; 2]).unwrap();
        chapter.says(format!("| {image} | {kernel} | {stride} | {padding} | {size} |"));
    }
    let same = plain(1, 1, 4).with_same_padding().unwrap();
    let [size, _] = same.output_size([224; 2]).unwrap();
    chapter.says(format!("| 224 | 4 | 1 | same | {size} |"));

    let small = Sequential::new().push(plain(1, 8, 3));
    let cost = count(&small, &[1, 1, 8, 8]).unwrap();
    let outputs: usize = cost.layers[0].output_shape[1..].iter().product();
    let dense = Linear::new(64, outputs, &mut Rng::seed(0)).unwrap().num_parameters();
    chapter.says(format!(
        "are {} numbers; a dense layer to the same {outputs} outputs has {}",
        cost.parameters(),
        grouped(dense)
    ));

    let shape = [32, 3, 224, 224];
    let large = Sequential::new().push(plain(3, 64, 3).with_padding(1));
    let cost = count(&large, &shape).unwrap();
    let macs = grouped(cost.macs().try_into().unwrap());
    chapter.says(format!("with padding 1 take {macs}."));
    // The columns of a small image, scaled: with padding 1 their number is that of the pixels.
    let x = Tensor::zeros([1, 3, 16, 16], DType::F32).unwrap();
    let window = Window { kernel: [3, 3], stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
    let times = x.unfold(&window).unwrap().nbytes() / x.nbytes();
    chapter.says(format!(
        "The {} bytes of those images become {} bytes of columns",
        grouped(cost.input_bytes),
        grouped(times * cost.input_bytes)
    ));
}

#[test]
fn figures_of_filters() {
    let Some(chapter) = Chapter::open("09-convolutions.md") else { return };
    let weights = |layers: &[Conv2d]| layers.iter().map(|l| l.weight().numel()).sum::<usize>();
    let alone = filters(64, 64, 3, Conv2dOpts { groups: 64, ..Conv2dOpts::default() });
    for (name, layers) in [
        ("one layer of 7×7", vec![plain(64, 64, 7)]),
        ("three layers of 3×3", (0..3).map(|_| plain(64, 64, 3)).collect()),
        ("one layer of 3×3", vec![plain(64, 64, 3)]),
        ("3×3 for each channel alone, then 1×1", vec![alone, plain(64, 64, 1)]),
    ] {
        chapter.says(format!("| {name} | {} |", grouped(weights(&layers))));
    }
    // The pixels that one output of three layers of ones depends on.
    let x = Tensor::zeros([1, 1, 15, 15], DType::F32).unwrap().requiring_grad().unwrap();
    let ones = Conv2d::from_tensors(Tensor::ones([1, 1, 3, 3], DType::F32).unwrap(), None).unwrap();
    let mut y = x.clone();
    for n in 1..=3 {
        y = ones.forward(&y).unwrap();
        let middle = y.dims()[2] as isize / 2;
        let pixel = y.select(2, middle).unwrap().select(2, middle).unwrap();
        x.zero_grad();
        pixel.sum(.., false).unwrap().backward_with(None, true).unwrap();
        let seen = x.grad().unwrap().to_vec::<f32>().unwrap().iter().filter(|g| **g != 0.0).count();
        assert_eq!(seen, (1 + 2 * n) * (1 + 2 * n), "{n} layers");
    }
    chapter.says("see `1 + 2n` pixels: three see 7,");
}

#[test]
fn figures_of_pooling() {
    let Some(chapter) = Chapter::open("09-convolutions.md") else { return };
    let x = Tensor::zeros([1, 64, 224, 224], DType::F32).unwrap().requiring_grad().unwrap();
    let y = MaxPool2d::new(2).unwrap().forward(&x).unwrap();
    let (before, after) = (grouped(x.nbytes()), grouped(y.nbytes()));
    chapter.says(format!("from {before} bytes into {after}."));
    let kept = GraphView::of(&y).nodes().last().unwrap().saved_bytes;
    assert_eq!(kept, 8 * y.numel());
    chapter.says(format!("8 bytes each: {} bytes for the backward pass", grouped(kept)));
}

#[test]
fn figures_of_normalization() {
    let Some(chapter) = Chapter::open("09-convolutions.md") else { return };
    // Statistics start at 0; batches of mean 1 pull them there.
    let norm = BatchNorm1d::new(1).unwrap();
    norm.to_dtype(DType::F64).unwrap();
    let batch = Tensor::from([[0.0_f64], [2.0]]);
    let mut batches = 0;
    let mut left = 1.0;
    while left >= 0.1 {
        norm.forward(&batch).unwrap();
        batches += 1;
        left = 1.0 - norm.running_mean().to_vec::<f64>().unwrap()[0];
    }
    chapter.says(format!("After {batches} batches less than a tenth"));
    chapter.says(format!("still its first value, {left:.4} of it"));
}

#[test]
fn figures_of_the_network() {
    let Some(chapter) = Chapter::open("09-convolutions.md") else { return };
    let rng = &mut Rng::seed(0);
    let model = Sequential::new()
        .push(plain(1, 8, 3).with_same_padding().unwrap())
        .push(BatchNorm2d::new(8).unwrap())
        .push(Relu)
        .push(MaxPool2d::new(2).unwrap())
        .push(plain(8, 16, 3).with_same_padding().unwrap())
        .push(BatchNorm2d::new(16).unwrap())
        .push(Relu)
        .push(MaxPool2d::new(2).unwrap())
        .push(Flatten)
        .push(Linear::new(64, 10, rng).unwrap());
    let parameters = grouped(model.num_parameters());
    chapter.says(format!("have {parameters} parameters for images of 8×8"));
}
