//! The quantized network as a `.tflite` file.
//!
//! Source: numbers of operators, fields and options are those of TensorFlow Lite's `schema.fbs`.

use super::{
    Activation, GraphBuilder, Layer, Padding, Step, Window,
    flat::{Table, Value, file},
    ptq::{Scale, Weights, weights},
};
use crate::model::OpCode;

const INT8: u8 = 9;
const INT32: u8 = 2;
const RESHAPE: i32 = 22;

/// Tensors, constants and operators of the file under construction.
struct File {
    tensors: Vec<Table>,
    buffers: Vec<Table>,
    /// Code and version.
    codes: Vec<(i32, i32)>,
    operators: Vec<Table>,
}

/// Writes the network; tensor `t` of the builder is tensor `t` of the file, constants follow.
pub(super) fn write(g: &GraphBuilder, scales: &[Scale]) -> Vec<u8> {
    let mut f = File {
        tensors: Vec::new(),
        buffers: vec![Table::default()], // buffer 0 is empty
        codes: Vec::new(),
        operators: Vec::new(),
    };
    for (t, s) in g.tensors.iter().zip(scales) {
        f.tensor(&t.name, &t.shape, INT8, None, Some((&[s.scale], s.zero.into(), 0)));
    }
    for step in &g.steps {
        f.step(g, step, scales);
    }
    let ends = |list: &[usize]| Value::Ints(list.iter().map(|&t| int(t)).collect());
    let codes = f.codes.iter().map(|&(code, version)| {
        let old = u8::try_from(code.min(127)).unwrap_or(127);
        Table(vec![(0, Value::U8(old)), (2, Value::I32(version)), (3, Value::I32(code))])
    });
    let model = Table(vec![
        (0, Value::I32(3)),
        (1, Value::Tables(codes.collect())),
        (
            2,
            Value::Tables(vec![Table(vec![
                (0, Value::Tables(f.tensors)),
                (1, ends(&g.inputs)),
                (2, ends(&g.outputs)),
                (3, Value::Tables(f.operators)),
            ])]),
        ),
        (4, Value::Tables(f.buffers)),
    ]);
    file(&model, b"TFL3")
}

fn int(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn fused(activation: Activation) -> Value {
    Value::U8(match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::Relu6 => 3,
    })
}

/// Padding and strides, the first three options of every operator with windows.
fn window(w: &Window) -> Vec<(usize, Value)> {
    vec![
        (0, Value::U8(u8::from(w.padding == Padding::Valid))),
        (1, Value::I32(int(w.stride[1]))),
        (2, Value::I32(int(w.stride[0]))),
    ]
}

impl File {
    /// Adds a tensor and returns its number.
    fn tensor(
        &mut self,
        name: &str,
        shape: &[usize],
        ty: u8,
        data: Option<Vec<u8>>,
        quantization: Option<(&[f32], i64, usize)>,
    ) -> i32 {
        let buffer = data.map_or(0, |data| {
            self.buffers.push(Table(vec![(0, Value::Bytes(data))]));
            self.buffers.len() - 1
        });
        let mut fields = vec![
            (0, Value::Ints(shape.iter().map(|&d| int(d)).collect())),
            (1, Value::U8(ty)),
            (2, Value::I32(int(buffer))),
            (3, Value::Bytes(name.as_bytes().to_vec())),
        ];
        if let Some((scales, zero, axis)) = quantization {
            fields.push((
                4,
                Value::Table(Table(vec![
                    (2, Value::Floats(scales.to_vec())),
                    (3, Value::Longs(vec![zero; scales.len()])),
                    (6, Value::I32(int(axis))),
                ])),
            ));
        }
        self.tensors.push(Table(fields));
        int(self.tensors.len() - 1)
    }

    /// Adds weights and bias of a layer and returns their numbers.
    fn weights(&mut self, w: &Weights, shape: &[usize], axis: usize, input: Scale) -> [i32; 2] {
        let data = w.data.iter().map(|v| v.cast_unsigned()).collect();
        let filters = self.tensor("weights", shape, INT8, Some(data), Some((&w.scales, 0, axis)));
        let scales: Vec<f32> = w.scales.iter().map(|s| s * input.scale).collect();
        let data = w.bias.iter().flat_map(|b| b.to_le_bytes()).collect();
        let length = [w.bias.len()];
        let bias = self.tensor("bias", &length, INT32, Some(data), Some((&scales, 0, 0)));
        [filters, bias]
    }

    fn integers(&mut self, values: &[i32]) -> i32 {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.tensor("integers", &[values.len()], INT32, Some(data), None)
    }

    fn operator(
        &mut self,
        (code, version): (i32, i32),
        inputs: Vec<i32>,
        output: usize,
        (union, options): (u8, Vec<(usize, Value)>),
    ) {
        let known = self.codes.iter().position(|&c| c == (code, version));
        let index = known.unwrap_or_else(|| {
            self.codes.push((code, version));
            self.codes.len() - 1
        });
        self.operators.push(Table(vec![
            (0, Value::I32(int(index))),
            (1, Value::Ints(inputs)),
            (2, Value::Ints(vec![int(output)])),
            (3, Value::U8(union)),
            (4, Value::Table(Table(options))),
        ]));
    }

    fn step(&mut self, g: &GraphBuilder, step: &Step, scales: &[Scale]) {
        let x = step.inputs[0];
        let (from, to) = (&g.tensors[x].shape, &g.tensors[step.output].shape);
        let code = |op: OpCode, version: i32| (i32::from(op.code()), version);
        let mut inputs: Vec<i32> = step.inputs.iter().map(|&t| int(t)).collect();
        let (code, options) = match &step.layer {
            Layer::Conv2d { filters, bias, window: w, activation } => {
                let (c_out, [h, k]) = (bias.len(), w.kernel);
                let per_filter = filters.len() / c_out;
                let quantized = weights(filters, bias, scales[x], |i| i / per_filter);
                inputs.extend(self.weights(&quantized, &[c_out, h, k, from[3]], 0, scales[x]));
                let mut options = window(w);
                options.push((3, fused(*activation)));
                options.extend([(4, Value::I32(1)), (5, Value::I32(1))]);
                (code(OpCode::Conv2d, 3), (1, options))
            }
            Layer::DepthwiseConv2d { filters, bias, window: w, activation } => {
                let (c_out, [h, k]) = (bias.len(), w.kernel);
                let quantized = weights(filters, bias, scales[x], |i| i % c_out);
                inputs.extend(self.weights(&quantized, &[1, h, k, c_out], 3, scales[x]));
                let mut options = window(w);
                options.push((3, Value::I32(int(c_out / from[3]))));
                options.push((4, fused(*activation)));
                options.extend([(5, Value::I32(1)), (6, Value::I32(1))]);
                (code(OpCode::DepthwiseConv2d, 3), (2, options))
            }
            Layer::Dense { weights: matrix, bias, activation } => {
                let n = matrix.len() / bias.len();
                let quantized = weights(matrix, bias, scales[x], |i| i / n);
                inputs.extend(self.weights(&quantized, &[bias.len(), n], 0, scales[x]));
                (code(OpCode::FullyConnected, 4), (8, vec![(0, fused(*activation))]))
            }
            Layer::AveragePool2d(w) | Layer::MaxPool2d(w) => {
                let mut options = window(w);
                options.push((3, Value::I32(int(w.kernel[1]))));
                options.push((4, Value::I32(int(w.kernel[0]))));
                let max = matches!(step.layer, Layer::MaxPool2d(_));
                let op = if max { OpCode::MaxPool2d } else { OpCode::AveragePool2d };
                (code(op, 2), (5, options))
            }
            Layer::GlobalMean => {
                inputs.push(self.integers(&[1, 2]));
                (code(OpCode::Mean, 2), (27, vec![(0, Value::U8(0))]))
            }
            Layer::Add(activation) => (code(OpCode::Add, 2), (11, vec![(0, fused(*activation))])),
            Layer::Reshape(_) => {
                let shape: Vec<i32> = to.iter().map(|&d| int(d)).collect();
                inputs.push(self.integers(&shape));
                ((RESHAPE, 1), (17, vec![(0, Value::Ints(shape))]))
            }
            Layer::Relu => (code(OpCode::Relu, 2), (0, Vec::new())),
            Layer::Relu6 => (code(OpCode::Relu6, 2), (0, Vec::new())),
            Layer::Logistic => (code(OpCode::Logistic, 2), (0, Vec::new())),
            Layer::Tanh => (code(OpCode::Tanh, 2), (0, Vec::new())),
            Layer::Softmax => (code(OpCode::Softmax, 2), (9, vec![(0, Value::F32(1.0))])),
        };
        self.operator(code, inputs, step.output, options);
    }
}
