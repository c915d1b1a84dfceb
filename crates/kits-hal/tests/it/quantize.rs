//! Networks from code, quantized: their outputs against the same network in floating point.

use kits_hal::{
    Check, Model, Session,
    convert::{
        Activation, BuildError, GraphBuilder, Layer, Options, Padding, PtqError, Quantized, Value,
        Window, import, ptq,
    },
};

use crate::support::Rng;

fn reals(rng: &mut Rng, n: usize, size: f32) -> Vec<f32> {
    (0..n).map(|_| rng.real(-size, size)).collect()
}

fn dense(rng: &mut Rng, inputs: usize, outputs: usize, activation: Activation) -> Layer {
    let size = 1.0 / (inputs as f32).sqrt();
    let (weights, bias) = (reals(rng, inputs * outputs, size), reals(rng, outputs, 0.3));
    Layer::Dense { weights, bias, activation }
}

/// Runs a quantized network on real numbers and returns its first output as real numbers.
fn run(q: &Quantized, input: &[f32]) -> Vec<f32> {
    let model = Model::parse(&q.converted.kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    let info = model.input(0).expect("an input");
    let bytes: Vec<i8> = input
        .iter()
        .map(|v| {
            let q = (v / info.scale).round() + f32::from(info.zero_point);
            q.clamp(-128.0, 127.0) as i8
        })
        .collect();
    session.set_input(0, &bytes).expect("the announced length");
    session.run().expect("a checked model");
    session.output_f32(0).expect("an output").iter().collect()
}

#[test]
fn a_dense_network_errs_by_no_more_than_its_roundings() {
    for seed in 0..30 {
        let mut rng = Rng(seed);
        let widths = [12, 16, 10, 5];
        let mut g = GraphBuilder::new();
        let mut x = g.input("x", &[1, 12]).expect("a shape");
        let mut layers = Vec::new();
        for pair in widths.windows(2) {
            let activation = if pair[1] == 5 { Activation::None } else { Activation::Relu };
            let layer = dense(&mut rng, pair[0], pair[1], activation);
            x = g.add(layer.clone(), &[x]).expect("it fits");
            layers.push((layer, x));
        }
        g.output(x).expect("it exists");
        let samples = reals(&mut rng, 12 * 200, 1.0);
        let q = ptq(&g, &[&samples], &Options::default()).expect("it quantizes");
        let model = Model::parse(&q.converted.kit, Check::Full).expect("a whole container");
        // Scale of every layer's output; a report lists the tensors of the file.
        let scale = |v: Value| {
            let source = q
                .converted
                .report
                .tensors
                .iter()
                .find(|t| t.dims[3] as usize == g.shape(v).expect("exists")[1]);
            f64::from(model.tensor(source.expect("kept").number).expect("a record").scale)
        };
        let s_in = f64::from(model.input(0).expect("an input").scale);
        for sample in samples.chunks_exact(12).take(50) {
            // Every element is known up to an error; a layer multiplies and adds to it.
            let mut values: Vec<f64> = sample.iter().map(|&v| v.into()).collect();
            let mut errors = vec![s_in / 2.0; 12];
            let mut s_x = s_in;
            for (layer, output) in &layers {
                let Layer::Dense { weights, bias, activation } = layer else { continue };
                let n = values.len();
                let s_y = scale(*output);
                let mut next = (Vec::new(), Vec::new());
                for (row, &b) in weights.chunks_exact(n).zip(bias) {
                    let most = row.iter().fold(0.0_f32, |m, w| m.max(w.abs()));
                    let s_w = f64::from(most) / 127.0;
                    let sum: f64 = row.iter().zip(&values).map(|(&w, v)| f64::from(w) * v).sum();
                    let error: f64 = row
                        .iter()
                        .zip(values.iter().zip(&errors))
                        .map(|(&w, (v, e))| f64::from(w).abs() * e + s_w / 2.0 * (v.abs() + e))
                        .sum();
                    // The bias is rounded to s_x·s_w; the output twice, by at most half a step and
                    // half a thousandth of one.
                    let error = error + s_x * s_w / 2.0 + 0.501 * s_y;
                    let real = sum + f64::from(b);
                    next.0.push(if *activation == Activation::Relu { real.max(0.0) } else { real });
                    next.1.push(error);
                }
                (values, errors) = next;
                s_x = s_y;
            }
            let float = g.evaluate(&[sample]).expect("12 elements");
            for ((found, float), (real, bound)) in
                run(&q, sample).iter().zip(&float[0]).zip(values.iter().zip(&errors))
            {
                assert!((f64::from(*float) - real).abs() < 1e-5, "two float networks disagree");
                let error = f64::from(found - float).abs();
                assert!(error <= *bound, "seed {seed}: {found} for {float}, bound {bound}");
            }
        }
    }
}

/// An image network with every kind of layer.
fn image_network(seed: u64) -> GraphBuilder {
    let mut rng = Rng(seed);
    let window = |kernel: usize, stride: usize, padding| Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding,
    };
    let mut g = GraphBuilder::new();
    let x = g.input("image", &[1, 12, 10, 3]).expect("a shape");
    let mut add = |layer: Layer, inputs: &[Value]| g.add(layer, inputs).expect("it fits");
    let stem = add(
        Layer::Conv2d {
            filters: reals(&mut rng, 8 * 9 * 3, 0.35),
            bias: reals(&mut rng, 8, 0.2),
            window: window(3, 1, Padding::Same),
            activation: Activation::Relu,
        },
        &[x],
    );
    let depth = add(
        Layer::DepthwiseConv2d {
            filters: reals(&mut rng, 9 * 8, 0.4),
            bias: reals(&mut rng, 8, 0.2),
            window: window(3, 1, Padding::Same),
            activation: Activation::Relu6,
        },
        &[stem],
    );
    let sum = add(Layer::Add(Activation::None), &[stem, depth]);
    let pooled = add(Layer::MaxPool2d(window(2, 2, Padding::Valid)), &[sum]);
    let smooth = add(Layer::AveragePool2d(window(3, 1, Padding::Same)), &[pooled]);
    let curved = add(Layer::Tanh, &[smooth]);
    let mean = add(Layer::GlobalMean, &[curved]);
    let flat = add(Layer::Reshape(vec![1, 8]), &[mean]);
    let scores = add(dense(&mut rng, 8, 6, Activation::None), &[flat]);
    let out = add(Layer::Softmax, &[scores]);
    g.output(out).expect("it exists");
    g
}

#[test]
fn an_image_network_of_every_layer_stays_close_to_its_float_form() {
    let (mut error, mut most) = (0.0_f64, 0.0_f64);
    let mut n = 0;
    for seed in 0..10 {
        let g = image_network(seed);
        let samples = reals(&mut Rng(seed + 100), 360 * 60, 1.0);
        let q = ptq(&g, &[&samples], &Options::default()).expect("it quantizes");
        for sample in samples.chunks_exact(360) {
            let float = g.evaluate(&[sample]).expect("360 elements");
            for (a, b) in run(&q, sample).iter().zip(&float[0]) {
                let e = f64::from(a - b).abs();
                error += e;
                most = most.max(e);
                n += 1;
            }
        }
    }
    // Ten roundings of 8 bits in a row, each of half a step of 1/255 of its range and averaged by
    // the pools: a few steps of the output of 1/256 at worst, about one on average.
    assert!(error / f64::from(n) < 1.5 / 256.0, "mean {}", error / f64::from(n));
    assert!(most < 12.0 / 256.0, "most {most}");
}

#[test]
fn the_written_file_is_read_by_the_importer_as_it_is() {
    let g = image_network(3);
    let samples = reals(&mut Rng(4), 360 * 10, 1.0);
    let q = ptq(&g, &[&samples], &Options::default()).expect("it quantizes");
    let again = import(&q.tflite, &Options::default()).expect("a whole file");
    assert_eq!(again.kit, q.converted.kit);
    assert_eq!(q.converted.report.file_operators, 10);
}

#[test]
fn layers_that_do_not_fit_are_named_with_both_numbers() {
    let mut g = GraphBuilder::new();
    let x = g.input("x", &[2, 4, 4, 3]).expect("a shape");
    let dense = |n: usize| Layer::Dense {
        weights: vec![0.0; n],
        bias: vec![0.0; 2],
        activation: Activation::None,
    };
    assert_eq!(g.add(dense(95), &[x]), Err(BuildError::Weights { layer: 0, need: 96, have: 95 }));
    let mut bad = dense(96);
    if let Layer::Dense { bias, .. } = &mut bad {
        bias[1] = f32::NAN;
    }
    assert_eq!(g.add(bad, &[x]), Err(BuildError::NotFinite { layer: 0 }));
    let inputs = BuildError::Inputs { layer: 0, need: 2, have: 1 };
    assert_eq!(g.add(Layer::Add(Activation::None), &[x]), Err(inputs));
    let window = Window { kernel: [5, 5], stride: [1, 1], padding: Padding::Valid };
    assert_eq!(g.add(Layer::MaxPool2d(window), &[x]), Err(BuildError::Shape { layer: 0 }));
    assert_eq!(g.add(Layer::Reshape(vec![95]), &[x]), Err(BuildError::Shape { layer: 0 }));
    assert_eq!(g.input("y", &[1, 0]), Err(BuildError::Dimensions));
    let y = g.add(dense(96), &[x]).expect("it fits");
    g.output(y).expect("it exists");
    assert_eq!(
        g.evaluate(&[&[0.0; 95]]),
        Err(BuildError::InputLength { input: 0, need: 96, have: 95 })
    );
    // Samples: none, and one that is cut short.
    assert_eq!(ptq(&g, &[&[]], &Options::default()).err(), Some(PtqError::NoSamples));
    let cut = BuildError::InputLength { input: 0, need: 96, have: 100 };
    assert_eq!(ptq(&g, &[&[0.0; 100]], &Options::default()).err(), Some(PtqError::Samples(cut)));
    assert_eq!(
        ptq(&g, &[&[f32::INFINITY; 96]], &Options::default()).err(),
        Some(PtqError::NotFinite { layer: 1 })
    );
}
