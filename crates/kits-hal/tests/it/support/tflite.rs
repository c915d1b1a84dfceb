//! Networks as plain data, and the `.tflite` file they make.

use super::flat::{Table, Value, file};

pub(crate) const I8: u8 = 9;
pub(crate) const I32: u8 = 2;
pub(crate) const I16: u8 = 7;

pub(crate) const ADD: i32 = 0;
pub(crate) const AVERAGE_POOL_2D: i32 = 1;
pub(crate) const CONV_2D: i32 = 3;
pub(crate) const DEPTHWISE_CONV_2D: i32 = 4;
pub(crate) const FULLY_CONNECTED: i32 = 9;
pub(crate) const MAX_POOL_2D: i32 = 17;
pub(crate) const RELU6: i32 = 21;
pub(crate) const RESHAPE: i32 = 22;
pub(crate) const SOFTMAX: i32 = 25;
pub(crate) const PAD: i32 = 34;

#[derive(Debug, Clone, Default)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<i32>,
    pub(crate) ty: u8,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) scale: Vec<f32>,
    pub(crate) zero: Vec<i64>,
    pub(crate) axis: i32,
    /// Keeps its value from run to run.
    pub(crate) variable: bool,
}

impl Tensor {
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().map(|&d| usize::try_from(d).expect("a positive dimension")).product()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) code: i32,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
    /// Union type and fields.
    pub(crate) options: (u8, Vec<(usize, Value)>),
    /// Version of the definition.
    pub(crate) version: i32,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) ops: Vec<Op>,
    pub(crate) inputs: Vec<i32>,
    pub(crate) outputs: Vec<i32>,
}

impl Network {
    pub(crate) fn add(&mut self, tensor: Tensor) -> i32 {
        self.tensors.push(tensor);
        i32::try_from(self.tensors.len() - 1).expect("few tensors")
    }

    pub(crate) fn tensor(&self, i: i32) -> &Tensor {
        &self.tensors[usize::try_from(i).expect("a tensor")]
    }

    /// Adds an `int8` activation.
    pub(crate) fn activation(&mut self, shape: &[i32], scale: f32, zero: i64) -> i32 {
        let name = format!("t{}", self.tensors.len());
        self.add(Tensor {
            name,
            shape: shape.to_vec(),
            ty: I8,
            scale: vec![scale],
            zero: vec![zero],
            ..Tensor::default()
        })
    }

    /// Adds an `int32` constant.
    pub(crate) fn integers(&mut self, shape: &[i32], values: &[i32]) -> i32 {
        self.add(Tensor {
            shape: shape.to_vec(),
            ty: I32,
            data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ..Tensor::default()
        })
    }

    pub(crate) fn op(
        &mut self,
        code: i32,
        inputs: &[i32],
        output: i32,
        union: u8,
        fields: Vec<(usize, Value)>,
    ) {
        self.ops.push(Op {
            code,
            inputs: inputs.to_vec(),
            outputs: vec![output],
            options: (union, fields),
            version: 1,
        });
    }

    /// Writes the file.
    pub(crate) fn to_file(&self) -> Vec<u8> {
        let mut codes: Vec<(i32, i32)> = self.ops.iter().map(|op| (op.code, op.version)).collect();
        codes.sort_unstable();
        codes.dedup();
        let code_tables = codes
            .iter()
            .map(|&(c, version)| {
                let old = u8::try_from(c.min(127)).expect("a small code");
                Table(vec![(0, Value::U8(old)), (2, Value::I32(version)), (3, Value::I32(c))])
            })
            .collect();
        let mut buffers = vec![Table::default()];
        let tensors = self.tensors.iter().map(|t| tensor(t, &mut buffers)).collect();
        let ops = self
            .ops
            .iter()
            .map(|op| {
                let code = codes.iter().position(|&c| c == (op.code, op.version)).expect("listed");
                Table(vec![
                    (0, Value::I32(i32::try_from(code).expect("few codes"))),
                    (1, Value::Ints(op.inputs.clone())),
                    (2, Value::Ints(op.outputs.clone())),
                    (3, Value::U8(op.options.0)),
                    (4, Value::Table(Table(op.options.1.clone()))),
                ])
            })
            .collect();
        let graph = Table(vec![
            (0, Value::Tables(tensors)),
            (1, Value::Ints(self.inputs.clone())),
            (2, Value::Ints(self.outputs.clone())),
            (3, Value::Tables(ops)),
        ]);
        let model = Table(vec![
            (0, Value::I32(3)),
            (1, Value::Tables(code_tables)),
            (2, Value::Tables(vec![graph])),
            (4, Value::Tables(buffers)),
        ]);
        file(&model, b"TFL3")
    }
}

fn tensor(t: &Tensor, buffers: &mut Vec<Table>) -> Table {
    let buffer = match &t.data {
        None => 0,
        Some(data) => {
            buffers.push(Table(vec![(0, Value::Bytes(data.clone()))]));
            buffers.len() - 1
        }
    };
    let mut fields = vec![
        (0, Value::Ints(t.shape.clone())),
        (1, Value::U8(t.ty)),
        (2, Value::I32(i32::try_from(buffer).expect("few buffers"))),
        (3, Value::Bytes(t.name.clone().into_bytes())),
    ];
    if t.variable {
        fields.push((5, Value::U8(1)));
    }
    if !t.scale.is_empty() {
        let quantization = Table(vec![
            (2, Value::Floats(t.scale.clone())),
            (3, Value::Longs(t.zero.clone())),
            (6, Value::I32(t.axis)),
        ]);
        fields.push((4, Value::Table(quantization)));
    }
    Table(fields)
}
