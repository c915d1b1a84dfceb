//! The figures and the program of chapter 15.

use tinytorch_core::{
    DType, Rng, Tensor,
    nn::{Linear, ModuleExt, Relu, Sequential},
    quant::{self, Groups4, QParams, QuantizeOpts, affine},
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::nn::{Linear, Module, Relu, Sequential};
    use tinytorch_core::quant::{self, PackedWeights, QParams, QuantizeOpts};
    use tinytorch_core::{DType, Rng, Tensor};

    // A pixel between 0 and 1: 255 steps, and 0 has a code of its own.
    let pixel = QParams::affine(0.0, 1.0)?;
    assert_eq!((pixel.code(0.0), pixel.code(1.0), pixel.code(7.0)), (-128, 127, 127));
    // Bytes times bytes, summed in 32 bits.
    let w = PackedWeights::new(&[1, 0, -1, 2, 2, 127], [2, 3])?;
    assert_eq!(w.product(&[-4, 5, -128])?, [124, -16254]);
    // A network, calibrated on examples, and its twin of integers.
    let rng = &mut Rng::seed(0);
    let model =
        Sequential::new().push(Linear::new(8, 16, rng)?).push(Relu).push(Linear::new(16, 4, rng)?);
    let x = Tensor::randn([64, 8], DType::F32, rng)?;
    let options = QuantizeOpts { softmax: false, ..QuantizeOpts::default() };
    let twin = quant::quantize(&model, &x, &options)?;
    let error = twin.forward(&x)?.sub(&model.forward(&x)?)?.abs()?.amax(.., false)?;
    assert!(f64::from(error.item::<f32>()?) < 5.0 * twin.output_params().scale);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("15-quantization.md") {
        chapter.shows_program_of(include_str!("chapters_quantization.rs"));
    }
}

/// Signal over the noise of what comes back, in decibels.
fn sqnr(x: &[f32], back: &[f32]) -> f64 {
    let energy = |v: f32| f64::from(v) * f64::from(v);
    let signal: f64 = x.iter().map(|&v| energy(v)).sum();
    let noise: f64 = x.iter().zip(back).map(|(&a, &b)| energy(a - b)).sum();
    10.0 * (signal / noise).log10()
}

fn normal(n: usize, seed: u64) -> Vec<f32> {
    Tensor::randn([n], DType::F32, &mut Rng::seed(seed)).unwrap().to_vec::<f32>().unwrap()
}

/// What symmetric codes leave of `w`, with one scale for each of `channels` slices.
fn symmetric(w: &[f32], channels: usize) -> Vec<f32> {
    let q = affine::symmetric_per_channel(w, channels).unwrap();
    let size = w.len() / channels;
    q.codes.iter().enumerate().map(|(at, &c)| f32::from(c) * q.scales[at / size]).collect()
}

#[test]
fn ranges_and_their_parameters() {
    let row = |lo: f64, hi: f64| {
        let p = QParams::affine(lo, hi).unwrap();
        let at = |x: f64| p.code(x);
        format!("| {lo} to {hi} | {:.5} | {} | {} | {} |", p.scale, p.zero_point, at(lo), at(hi))
    };
    let rows = [row(0.0, 1.0), row(-1.0, 3.0), row(2.0, 5.0), row(-5.0, -2.0)];
    let Some(chapter) = Chapter::open("15-quantization.md") else { return };
    chapter.says(rows.join("\n"));
}

#[test]
fn noise_of_codes() {
    let mut w = normal(64 * 64, 1);
    let even = sqnr(&w, &symmetric(&w, 64));
    w[..64].iter_mut().for_each(|v| *v *= 100.0);
    let rest = |back: Vec<f32>| sqnr(&w[64..], &back[64..]);
    let (tensor, channel) = (rest(symmetric(&w, 1)), rest(symmetric(&w, 64)));
    let plain = normal(4_096, 2);
    let groups = |size: usize| {
        let q = Groups4::new(&plain, size).unwrap();
        let bits = 8.0 * q.bytes() as f64 / plain.len() as f64;
        format!("| {size} | {bits:.3} | {:.1} dB |", sqnr(&plain, &q.values()))
    };
    let rows = [groups(16), groups(32), groups(128), groups(4_096)];
    // One activation of a thousand is forty times the others' deviation.
    let mut x = normal(1_000, 3);
    let codes = |x: &[f32]| {
        let (lo, hi) = x.iter().fold((0.0_f32, 0.0_f32), |r, &v| (r.0.min(v), r.1.max(v)));
        let p = QParams::affine(f64::from(lo), f64::from(hi)).unwrap();
        let q = affine::quantize(&x[1..], p).unwrap();
        let back = affine::dequantize(&q, p);
        let back = Tensor::from_vec(back, [q.len()]).unwrap().to_vec_as::<f32>();
        sqnr(&x[1..], &back)
    };
    let without = codes(&x);
    x[0] = 40.0;
    let with = codes(&x);
    let Some(chapter) = Chapter::open("15-quantization.md") else { return };
    chapter.says(format!(
        "{channel:.1} dB with a scale for each row, {tensor:.1} dB with one for all"
    ));
    chapter.says(format!("When all rows are alike it is {even:.1} dB"));
    chapter.says(rows.join("\n"));
    chapter.says(format!("from {without:.1} to {with:.1} dB"));
}

#[test]
fn bytes_of_networks() {
    let row = |widths: &[usize]| {
        let rng = &mut Rng::seed(0);
        let mut model = Sequential::new();
        for pair in widths.windows(2) {
            model = model.push(Linear::new(pair[0], pair[1], rng).unwrap());
            if pair[1] != 10 {
                model = model.push(Relu);
            }
        }
        let x = Tensor::rand([8, widths[0]], DType::F32, rng).unwrap();
        let twin = quant::quantize(&model, &x, &QuantizeOpts::default()).unwrap();
        let (floats, bytes) = (4 * model.num_parameters(), twin.constant_bytes());
        let names = widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        let ratio = floats as f64 / bytes as f64;
        format!("| {names} | {} | {} | {ratio:.2} |", grouped(floats), grouped(bytes))
    };
    let rows = [row(&[64, 32, 10]), row(&[64, 256, 256, 10]), row(&[784, 512, 256, 10])];
    let Some(chapter) = Chapter::open("15-quantization.md") else { return };
    chapter.says(rows.join("\n"));
}
