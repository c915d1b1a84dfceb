//! Writes a quantised graph as a TFLite file that any TFLite interpreter runs.
//!
//! The file holds one subgraph with one input and one output, both eight-bit. Weights of convolutions
//! and fully connected layers carry one scale for each output channel (`quantized_dimension` 0), biases
//! are 32-bit, a ReLU is the fused activation of the operator before it, and padding is one of the two
//! schemes of the format. Buffer 0 is the empty one that run-time tensors refer to.

mod flatbuffer;
mod schema;

use flatbuffer::{At, Builder, Field};
use schema::Builtin;

use crate::nostd::prelude::*;
use crate::quant::graph::{FusedActivation, Padding, QData, QGraph, QOp, QTensor, Window};
use crate::{Error, Result};

/// Returns `graph` as the bytes of a `.tflite` file; `description` is a free text inside it.
///
/// # Errors
///
/// - [`Error::InvalidArgument`] if a size or an index does not fit the 32-bit fields of the format.
///
/// # Examples
///
/// ```
/// use tinytorch_core::export::tflite;
/// use tinytorch_core::quant::graph::{QData, QGraph, QOp, QTensor, Quantization};
///
/// let tensor = |name: &str, scale, zero_point| QTensor {
///     name: name.into(),
///     shape: vec![1, 4],
///     quant: Quantization::per_tensor(scale, zero_point),
///     data: QData::Activation,
/// };
/// let graph = QGraph {
///     tensors: vec![tensor("logits", 0.1, 0), tensor("probabilities", 1.0 / 256.0, -128)],
///     ops: vec![QOp::Softmax { input: 0, output: 1 }],
///     input: 0,
///     output: 1,
/// };
/// assert_eq!(&tflite::to_bytes(&graph, "softmax")?[4..8], b"TFL3");
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn to_bytes(graph: &QGraph, description: &str) -> Result<Vec<u8>> {
    let mut fb = Builder::default();
    let lists = lists(graph)?;
    let (tensors, buffers) = write_tensors(&mut fb, &graph.tensors, &lists)?;
    let (operators, codes) = write_operators(&mut fb, graph, &lists)?;
    let inputs = fb.ints(&[int(graph.input)?]);
    let outputs = fb.ints(&[int(graph.output)?]);
    let name = fb.string("main");
    let subgraph = fb.table(&[
        (schema::subgraph::TENSORS, Field::Ref(tensors)),
        (schema::subgraph::INPUTS, Field::Ref(inputs)),
        (schema::subgraph::OUTPUTS, Field::Ref(outputs)),
        (schema::subgraph::OPERATORS, Field::Ref(operators)),
        (schema::subgraph::NAME, Field::Ref(name)),
    ]);
    let subgraphs = fb.refs(&[subgraph]);
    let description = fb.string(description);
    let model = fb.table(&[
        (schema::model::VERSION, Field::U32(schema::VERSION)),
        (schema::model::OPERATOR_CODES, Field::Ref(codes)),
        (schema::model::SUBGRAPHS, Field::Ref(subgraphs)),
        (schema::model::DESCRIPTION, Field::Ref(description)),
        (schema::model::BUFFERS, Field::Ref(buffers)),
    ]);
    fb.finish(model, schema::IDENTIFIER)
        .ok_or_else(|| Error::argument("tflite", "file size", "2 GiB or more", "below 2 GiB"))
}

/// Sizes and indices are signed 32-bit numbers in the format.
fn int(value: usize) -> Result<i32> {
    i32::try_from(value).map_err(|_| Error::argument("tflite", "size", value, "below 2147483648"))
}

fn ints(values: &[usize]) -> Result<Vec<i32>> {
    values.iter().map(|&v| int(v)).collect()
}

/// A constant list of numbers that an operator of the format reads and one of the graph says otherwise.
struct List {
    /// The operator.
    op: usize,
    shape: Vec<i32>,
    values: Vec<i32>,
}

/// Returns the lists of all operators in order; they become the tensors behind those of the graph.
fn lists(graph: &QGraph) -> Result<Vec<List>> {
    let mut lists = Vec::new();
    for (op, q) in graph.ops.iter().enumerate() {
        match q {
            // The axes of height and width.
            QOp::Mean { .. } => lists.push(List { op, shape: vec![2], values: vec![1, 2] }),
            QOp::Pad { before: [top, left], after: [bottom, right], .. } => {
                let values = ints(&[0, 0, *top, *bottom, *left, *right, 0, 0])?;
                lists.push(List { op, shape: vec![4, 2], values });
            }
            _ => {}
        }
    }
    Ok(lists)
}

/// Writes the tensors, the lists behind them, and their buffers; returns both vectors.
fn write_tensors(fb: &mut Builder, tensors: &[QTensor], lists: &[List]) -> Result<(At, At)> {
    let mut buffers = vec![fb.table(&[])];
    let mut tables = Vec::with_capacity(tensors.len() + lists.len());
    for t in tensors {
        let data = match &t.data {
            QData::Activation => None,
            QData::I8(v) => {
                let bytes = v.iter().map(|b| b.cast_unsigned());
                Some(fb.vector(v.len(), bytes, schema::BUFFER_ALIGN))
            }
            QData::I32(v) => {
                let bytes = v.iter().flat_map(|w| w.to_le_bytes());
                Some(fb.vector(4 * v.len(), bytes, schema::BUFFER_ALIGN))
            }
        };
        let buffer = if let Some(data) = data {
            buffers.push(fb.table(&[(schema::BUFFER_DATA, Field::Ref(data))]));
            int(buffers.len() - 1)?.unsigned_abs()
        } else {
            0
        };
        let scale = fb.floats(&t.quant.scales);
        let zeros: Vec<i64> = t.quant.zero_points.iter().copied().map(i64::from).collect();
        let zero_point = fb.longs(&zeros);
        let quantization = fb.table(&[
            (schema::quantization::SCALE, Field::Ref(scale)),
            (schema::quantization::ZERO_POINT, Field::Ref(zero_point)),
            (schema::quantization::DIMENSION, Field::I32(int(t.quant.axis)?)),
        ]);
        let dtype = match t.data {
            QData::Activation | QData::I8(_) => schema::tensor_type::INT8,
            QData::I32(_) => schema::tensor_type::INT32,
        };
        let shape = fb.ints(&ints(&t.shape)?);
        let name = fb.string(&t.name);
        tables.push(fb.table(&[
            (schema::tensor::SHAPE, Field::Ref(shape)),
            (schema::tensor::TYPE, Field::U8(dtype)),
            (schema::tensor::BUFFER, Field::U32(buffer)),
            (schema::tensor::NAME, Field::Ref(name)),
            (schema::tensor::QUANTIZATION, Field::Ref(quantization)),
        ]));
    }
    for list in lists {
        let bytes = list.values.iter().flat_map(|v| v.to_le_bytes());
        let data = fb.vector(4 * list.values.len(), bytes, schema::BUFFER_ALIGN);
        buffers.push(fb.table(&[(schema::BUFFER_DATA, Field::Ref(data))]));
        let shape = fb.ints(&list.shape);
        let name = fb.string(&format!("list{}", list.op));
        tables.push(fb.table(&[
            (schema::tensor::SHAPE, Field::Ref(shape)),
            (schema::tensor::TYPE, Field::U8(schema::tensor_type::INT32)),
            (schema::tensor::BUFFER, Field::U32(int(buffers.len() - 1)?.unsigned_abs())),
            (schema::tensor::NAME, Field::Ref(name)),
        ]));
    }
    Ok((fb.refs(&tables), fb.refs(&buffers)))
}

/// Writes the operators and the list of the kinds they use; returns both vectors.
fn write_operators(fb: &mut Builder, graph: &QGraph, lists: &[List]) -> Result<(At, At)> {
    let mut kinds: Vec<Builtin> = Vec::new();
    let mut operators = Vec::with_capacity(graph.ops.len());
    for (number, op) in graph.ops.iter().enumerate() {
        let (kind, options) = write_options(fb, graph, op)?;
        let index = kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let mut inputs = op.inputs();
        let list = lists.iter().position(|list| list.op == number);
        inputs.extend(list.map(|list| graph.tensors.len() + list));
        let inputs = fb.ints(&ints(&inputs)?);
        let outputs = fb.ints(&[int(op.output())?]);
        operators.push(fb.table(&[
            (schema::operator::OPCODE_INDEX, Field::U32(int(index)?.unsigned_abs())),
            (schema::operator::INPUTS, Field::Ref(inputs)),
            (schema::operator::OUTPUTS, Field::Ref(outputs)),
            (schema::operator::OPTIONS_TYPE, Field::U8(kind.options)),
            (schema::operator::OPTIONS, Field::Ref(options)),
        ]));
    }
    let codes: Vec<At> = kinds
        .iter()
        .map(|kind| {
            fb.table(&[
                // Codes up to 127 stand in both fields, for readers old and new.
                (schema::operator_code::DEPRECATED_BUILTIN, Field::U8(kind.code)),
                (schema::operator_code::VERSION, Field::I32(kind.version)),
                (schema::operator_code::BUILTIN, Field::I32(i32::from(kind.code))),
            ])
        })
        .collect();
    Ok((fb.refs(&operators), fb.refs(&codes)))
}

fn write_options(fb: &mut Builder, graph: &QGraph, op: &QOp) -> Result<(Builtin, At)> {
    Ok(match op {
        QOp::FullyConnected { activation, .. } => {
            let fields = [(schema::DENSE_ACTIVATION, Field::U8(activation_code(*activation)))];
            (schema::FULLY_CONNECTED, fb.table(&fields))
        }
        QOp::Conv2d { window, activation, .. } => {
            let [h, w] = window.stride;
            let fields = [
                (schema::conv_options::PADDING, padding(window)),
                (schema::conv_options::STRIDE_W, Field::I32(int(w)?)),
                (schema::conv_options::STRIDE_H, Field::I32(int(h)?)),
                (schema::conv_options::ACTIVATION, Field::U8(activation_code(*activation))),
            ];
            (schema::CONV_2D, fb.table(&fields))
        }
        QOp::DepthwiseConv2d { input, output, window, activation, .. } => {
            let [h, w] = window.stride;
            let channels = |id: usize| graph.tensors.get(id).and_then(|t| t.shape.last()).copied();
            let each = channels(*output).unwrap_or(0) / channels(*input).unwrap_or(1).max(1);
            let fields = [
                (schema::depthwise_options::PADDING, padding(window)),
                (schema::depthwise_options::STRIDE_W, Field::I32(int(w)?)),
                (schema::depthwise_options::STRIDE_H, Field::I32(int(h)?)),
                (schema::depthwise_options::MULTIPLIER, Field::I32(int(each)?)),
                (schema::depthwise_options::ACTIVATION, Field::U8(activation_code(*activation))),
            ];
            (schema::DEPTHWISE_CONV_2D, fb.table(&fields))
        }
        QOp::MaxPool2d { window, activation, .. } => {
            (schema::MAX_POOL_2D, pool_options(fb, window, *activation)?)
        }
        QOp::AvgPool2d { window, activation, .. } => {
            (schema::AVERAGE_POOL_2D, pool_options(fb, window, *activation)?)
        }
        QOp::Add { activation, .. } => {
            let fields = [(schema::ADD_ACTIVATION, Field::U8(activation_code(*activation)))];
            (schema::ADD, fb.table(&fields))
        }
        // Axes are dropped, which is the default.
        QOp::Mean { .. } => (schema::MEAN, fb.table(&[])),
        QOp::Pad { .. } => (schema::PAD, fb.table(&[])),
        QOp::Reshape { output, .. } => {
            let shape = graph.tensors.get(*output).map(|t| t.shape.as_slice()).unwrap_or_default();
            let shape = fb.ints(&ints(shape)?);
            (schema::RESHAPE, fb.table(&[(schema::RESHAPE_SHAPE, Field::Ref(shape))]))
        }
        QOp::Softmax { .. } => {
            (schema::SOFTMAX, fb.table(&[(schema::SOFTMAX_BETA, Field::F32(1.0))]))
        }
    })
}

fn pool_options(fb: &mut Builder, window: &Window, activation: FusedActivation) -> Result<At> {
    let ([h, w], [kh, kw]) = (window.stride, window.kernel);
    Ok(fb.table(&[
        (schema::pool_options::PADDING, padding(window)),
        (schema::pool_options::STRIDE_W, Field::I32(int(w)?)),
        (schema::pool_options::STRIDE_H, Field::I32(int(h)?)),
        (schema::pool_options::FILTER_W, Field::I32(int(kw)?)),
        (schema::pool_options::FILTER_H, Field::I32(int(kh)?)),
        (schema::pool_options::ACTIVATION, Field::U8(activation_code(activation))),
    ]))
}

fn padding(window: &Window) -> Field {
    Field::U8(match window.padding {
        Padding::Same => 0,
        Padding::Valid => 1,
    })
}

fn activation_code(activation: FusedActivation) -> u8 {
    match activation {
        FusedActivation::None => 0,
        FusedActivation::Relu => 1,
    }
}
