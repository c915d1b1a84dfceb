//! Random graphs as files: the bytes and the outputs that TensorFlow Lite Micro was seen to agree with.
//!
//! Set `TINYTORCH_TFLITE_DIR` to a folder to have the test write every graph as `N.tflite` with 60 inputs (`N.in`) and
//! outputs (`N.out`), for `docs/spec/check_tflite_micro.py` in the repository. The sums below were recorded when that
//! script reported all 30 graphs equal, element for element (`tflite_micro` 0.dev20261023182759).

use std::{fs, path::Path};

use tinytorch_core::{
    Rng,
    export::tflite,
    quant::{
        Engine, QGraph,
        graph::{FusedActivation, Padding, QData, QOp, QTensor, Quantization, Window},
    },
};

const GRAPHS: u64 = 30;
const INPUTS: usize = 60;
/// Sum over all files.
const FILES: u64 = 16_711_216_312_570_959_294;
/// Sum over all outputs.
const OUTPUTS: u64 = 17_316_250_472_979_700_520;

/// A graph under construction from random draws.
struct Maker {
    rng: Rng,
    graph: QGraph,
}

impl Maker {
    fn pick(&mut self, low: usize, high: usize) -> usize {
        low + self.rng.below(high - low + 1)
    }

    fn coin(&mut self) -> bool {
        self.rng.below(2) == 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "any value near the drawn one will do")]
    fn real(&mut self, low: f64, high: f64) -> f32 {
        (low + (high - low) * self.rng.uniform()) as f32
    }

    /// A code from −128 + `margin` to 127.
    fn code(&mut self, margin: usize) -> i8 {
        i8::try_from(i64::try_from(self.rng.below(256 - margin) + margin).unwrap() - 128).unwrap()
    }

    fn padding(&mut self) -> Padding {
        if self.coin() { Padding::Same } else { Padding::Valid }
    }

    fn clamp(&mut self) -> FusedActivation {
        if self.coin() { FusedActivation::Relu } else { FusedActivation::None }
    }

    fn add(&mut self, shape: &[usize], quant: Quantization, data: QData) -> usize {
        let name = format!("t{}", self.graph.tensors.len());
        self.graph.tensors.push(QTensor { name, shape: shape.to_vec(), quant, data });
        self.graph.tensors.len() - 1
    }

    fn activation(&mut self, shape: &[usize], scale: f32) -> usize {
        let zero = i32::from(self.code(0));
        self.add(shape, Quantization::per_tensor(scale, zero), QData::Activation)
    }

    /// Weight and bias with `n_scales` scales for an input of scale `input`.
    fn constants(&mut self, shape: &[usize], n_scales: usize, input: f32) -> (usize, usize) {
        let weights = (0..shape.iter().product()).map(|_| self.code(1)).collect();
        let scales: Vec<f32> = (0..n_scales).map(|_| self.real(0.001, 0.021)).collect();
        let bias: Vec<i32> = (0..shape[0]).map(|_| 16 * i32::from(self.code(0))).collect();
        let products = Quantization::per_channel(scales.iter().map(|s| s * input).collect());
        let weight = self.add(shape, Quantization::per_channel(scales), QData::I8(weights));
        (weight, self.add(&shape[..1], products, QData::I32(bias)))
    }
}

/// Convolution, pooling, flattening, a dense layer with shared or separate scales, and mostly a softmax.
fn random_graph(seed: u64) -> Maker {
    let graph = QGraph { tensors: Vec::new(), ops: Vec::new(), input: 0, output: 0 };
    let mut m = Maker { rng: Rng::seed(seed), graph };
    let (h, w, c) = (m.pick(5, 11), m.pick(5, 11), m.pick(1, 4));
    let input = m.activation(&[1, h, w, c], 0.02);
    let (outs, kernel) = (m.pick(1, 6), [m.pick(1, 4), m.pick(1, 4)]);
    let window = Window { kernel, stride: [m.pick(1, 3), m.pick(1, 3)], padding: m.padding() };
    let ([oh, ow], _) = window.resolve([h, w]).unwrap();
    let (weight, bias) = m.constants(&[outs, kernel[0], kernel[1], c], outs, 0.02);
    let scale = m.real(0.02, 0.12);
    let conv = m.activation(&[1, oh, ow, outs], scale);
    let activation = m.clamp();
    m.graph.ops.push(QOp::Conv2d { input, weight, bias, output: conv, window, activation });

    let kernel = [m.pick(1, oh.min(3)), m.pick(1, ow.min(3))];
    let window = Window { kernel, stride: [m.pick(1, 2), m.pick(1, 2)], padding: m.padding() };
    let ([ph, pw], _) = window.resolve([oh, ow]).unwrap();
    let quant = m.graph.tensors[conv].quant.clone();
    let pool = m.add(&[1, ph, pw, outs], quant.clone(), QData::Activation);
    let activation = m.clamp();
    m.graph.ops.push(QOp::MaxPool2d { input: conv, output: pool, window, activation });

    let n = ph * pw * outs;
    let flat = m.add(&[1, n], quant, QData::Activation);
    m.graph.ops.push(QOp::Reshape { input: pool, output: flat });

    let classes = m.pick(2, 12);
    let n_scales = if m.coin() { classes } else { 1 };
    let (weight, bias) = m.constants(&[classes, n], n_scales, scale);
    let magnitude = [0.01, 0.1, 0.4][m.pick(0, 2)];
    let scale = m.real(0.5 * magnitude, 1.5 * magnitude);
    let logits = m.activation(&[1, classes], scale);
    let activation = m.clamp();
    m.graph.ops.push(QOp::FullyConnected { input: flat, weight, bias, output: logits, activation });
    m.graph.output = logits;
    if !seed.is_multiple_of(3) {
        let quant = Quantization::per_tensor(1.0 / 256.0, -128);
        m.graph.output = m.add(&[1, classes], quant, QData::Activation);
        let output = m.graph.output;
        m.graph.ops.push(QOp::Softmax { input: logits, output });
    }
    m
}

/// FNV-1a over bytes, continued from `sum`.
fn fnv(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, &b| (sum ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

fn bytes(codes: &[i8]) -> Vec<u8> {
    codes.iter().map(|c| c.cast_unsigned()).collect()
}

#[test]
fn files_and_outputs_are_the_ones_the_micro_interpreter_agreed_with() {
    let dir = std::env::var_os("TINYTORCH_TFLITE_DIR");
    let (mut files, mut outputs) = (0xcbf2_9ce4_8422_2325, 0xcbf2_9ce4_8422_2325);
    for seed in 0..GRAPHS {
        let mut maker = random_graph(seed);
        let file = tflite::to_bytes(&maker.graph, "a random graph").unwrap();
        let engine = Engine::new(maker.graph.clone()).unwrap();
        let n = maker.graph.tensors[maker.graph.input].shape.iter().product::<usize>();
        let (mut inputs, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..INPUTS {
            let x: Vec<i8> = (0..n).map(|_| maker.code(0)).collect();
            answers.extend(engine.run(&x).unwrap());
            inputs.extend(x);
        }
        if let Some(dir) = &dir {
            let path = |end: &str| Path::new(dir).join(format!("{seed}.{end}"));
            fs::write(path("tflite"), &file).unwrap();
            fs::write(path("in"), bytes(&inputs)).unwrap();
            fs::write(path("out"), bytes(&answers)).unwrap();
        }
        files = fnv(files, &file);
        outputs = fnv(outputs, &bytes(&answers));
    }
    assert_eq!(
        (files, outputs),
        (FILES, OUTPUTS),
        "check the graphs against the interpreter, then record new sums"
    );
}

#[test]
fn sizes_beyond_the_format_are_refused() {
    let tensor = QTensor {
        name: "x".into(),
        shape: vec![1, 1 << 31],
        quant: Quantization::per_tensor(1.0, 0),
        data: QData::Activation,
    };
    let graph = QGraph { tensors: vec![tensor], ops: vec![], input: 0, output: 0 };
    assert!(tflite::to_bytes(&graph, "").unwrap_err().to_string().contains("2147483648"));
}
