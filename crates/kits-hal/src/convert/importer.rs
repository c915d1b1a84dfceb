//! The walk over the operators of a file, and what every operator's translation needs.

use std::collections::HashMap;

use super::{
    Options,
    builtin::{FileType, OpName, name},
    error::ImportError,
    lower,
    net::{Net, NetOp, NetTensor, TensorId},
    schema::{CUSTOM, Graph, Tensor},
    versions,
};
use crate::{convert::flatbuf::Table, dtype::DType, fixed, model::OpCode};

/// The state of an import.
pub(super) struct Importer<'g> {
    pub(super) graph: Graph<'g>,
    /// Operators that a rewrite made superfluous.
    pub(super) dropped: Vec<bool>,
    pub(super) net: Net,
    /// From a tensor of the file to one of the network.
    pub(super) map: Vec<Option<TensorId>>,
    /// How often each tensor of the file is read, graph outputs included.
    pub(super) readers: Vec<u32>,
    /// Outputs of pads that are folded into the convolution that reads them.
    pub(super) padded: HashMap<usize, lower::Padded>,
    pub(super) errors: Vec<ImportError>,
}

/// One operator of the file.
#[derive(Debug, Clone)]
pub(super) struct Node<'g> {
    pub(super) index: u32,
    pub(super) code: i32,
    pub(super) inputs: Vec<Option<usize>>,
    pub(super) outputs: Vec<usize>,
    pub(super) options: Option<Table<'g>>,
}

type Result<T> = core::result::Result<T, ImportError>;

impl<'g> Node<'g> {
    pub(super) const fn option(&self) -> ImportError {
        ImportError::BadOption { op: self.index }
    }

    pub(super) const fn shape(&self) -> ImportError {
        ImportError::ShapeMismatch { op: self.index }
    }

    /// Returns input `i`, which must be present.
    pub(super) fn input(&self, i: usize) -> Result<usize> {
        self.optional(i).ok_or(ImportError::BadIndex { index: -1 })
    }

    /// Returns input `i` if it is present.
    pub(super) fn optional(&self, i: usize) -> Option<usize> {
        self.inputs.get(i).copied().flatten()
    }

    /// Returns output `i`.
    pub(super) fn output(&self, i: usize) -> Result<usize> {
        self.outputs.get(i).copied().ok_or(ImportError::BadIndex { index: -1 })
    }

    /// Returns the scalar option `i`.
    pub(super) fn get<T: super::flatbuf::Scalar>(&self, i: usize, default: T) -> Result<T> {
        match &self.options {
            Some(table) => Ok(table.scalar(i, default)?),
            None => Ok(default),
        }
    }

    /// Returns the option `i` as a `u8` of at least 1: a stride, a size, a dilation.
    pub(super) fn positive(&self, i: usize, default: i32) -> Result<u8> {
        u8::try_from(self.get(i, default)?).ok().filter(|&v| v > 0).ok_or_else(|| self.option())
    }
}

impl<'g> Importer<'g> {
    pub(super) fn new(graph: Graph<'g>) -> Self {
        let n = graph.tensors.len();
        let dropped = vec![false; graph.operators.len()];
        Self {
            graph,
            dropped,
            net: Net::default(),
            map: vec![None; n],
            readers: vec![0; n],
            padded: HashMap::new(),
            errors: Vec::new(),
        }
    }

    /// Returns the function that multiplies by a factor, with the rounding that the model is made for.
    pub(super) fn rescale(&self) -> fn(i32, i32, i32) -> i32 {
        if self.net.once { fixed::requant_once } else { fixed::requant }
    }

    pub(super) fn node(&self, op: usize) -> Node<'g> {
        let operator = &self.graph.operators[op];
        Node {
            index: number(op),
            code: operator.code,
            inputs: operator.inputs.clone(),
            outputs: operator.outputs.clone(),
            options: operator.options,
        }
    }

    /// Returns the operators that are left, in order.
    pub(super) fn live(&self) -> Vec<usize> {
        (0..self.dropped.len()).filter(|&op| !self.dropped[op]).collect()
    }

    /// Rewrites, checks and translates; `Ok` only if there is no reason to refuse.
    pub(super) fn run(mut self, options: &Options) -> core::result::Result<Net, Vec<ImportError>> {
        self.net.once = options.single_round;
        for (what, list) in [("inputs", &self.graph.inputs), ("outputs", &self.graph.outputs)] {
            if list.is_empty() {
                self.errors.push(ImportError::Empty { what });
            }
        }
        // An input is what the caller writes, whatever a buffer may say.
        for &t in &self.graph.inputs {
            self.graph.tensors[t].data = None;
        }
        if options.int8_io {
            self.strip_borders();
        }
        self.fold_shapes();
        self.check_order();
        self.check_rewritten();
        self.drop_dead();
        self.count_readers();
        let checked = self.check_supported();
        if let Err(error) = self.add_inputs() {
            self.errors.push(error);
        }
        for (op, supported) in self.live().into_iter().zip(checked) {
            if supported {
                let node = self.node(op);
                if let Err(error) = lower::lower(&mut self, &node) {
                    self.errors.push(error);
                }
            }
        }
        if let Err(error) = self.add_outputs() {
            self.errors.push(error);
        }
        if self.errors.is_empty() { Ok(self.net) } else { Err(self.errors) }
    }

    /// Reports unknown versions of the operators that a rewrite has taken the place of.
    fn check_rewritten(&mut self) {
        for op in (0..self.dropped.len()).filter(|&op| self.dropped[op]) {
            self.errors.extend(self.unknown_version(op));
        }
    }

    /// Returns the reason if an operator has a version whose meaning is not known here.
    fn unknown_version(&self, op: usize) -> Option<ImportError> {
        let operator = &self.graph.operators[op];
        let newest = versions::newest(operator.code)?;
        (!(1..=newest).contains(&operator.version)).then(|| {
            let (name, found) = (name(operator.code), operator.version);
            let name = OpName::new(&format!("{name} version {found}, known are 1 to {newest}"));
            ImportError::UnsupportedOp { index: number(op), name }
        })
    }

    /// Reports unknown operators, their versions and unusable types; returns which operators can be translated.
    fn check_supported(&mut self) -> Vec<bool> {
        let mut supported = Vec::new();
        for op in self.live() {
            let operator = &self.graph.operators[op];
            let code = operator.code;
            let known = lower::is_supported(code);
            if !known {
                let name = match code {
                    CUSTOM => OpName::new(&format!("custom:{}", operator.custom)),
                    _ => OpName::new(&name(code)),
                };
                self.errors.push(ImportError::UnsupportedOp { index: number(op), name });
            }
            let border =
                [OpCode::Quantize, OpCode::Dequantize].iter().any(|c| i32::from(c.code()) == code);
            let tensors = operator.inputs.iter().flatten().chain(&operator.outputs);
            let version = self.unknown_version(op);
            let mut usable = known && version.is_none();
            self.errors.extend(version);
            for &t in tensors {
                let ty = self.graph.tensors[t].ty;
                let whole = matches!(
                    ty,
                    FileType::I8 | FileType::U8 | FileType::I16 | FileType::I32 | FileType::I64
                );
                if !(whole || border && ty == FileType::F32) {
                    usable = false;
                    if known {
                        self.errors.push(ImportError::UnsupportedType { tensor: number(t), ty });
                    }
                }
            }
            supported.push(usable);
        }
        supported
    }

    /// Reports operators that read what is not there yet or write what is given.
    fn check_order(&mut self) {
        let n = self.graph.tensors.len();
        let mut defined = vec![false; n];
        for (t, tensor) in self.graph.tensors.iter().enumerate() {
            // A variable holds its state from the run before.
            defined[t] = tensor.data.is_some() || tensor.variable;
        }
        for &t in &self.graph.inputs {
            defined[t] = true;
        }
        for op in self.live() {
            let operator = &self.graph.operators[op];
            let fine = operator.inputs.iter().flatten().all(|&t| {
                // Weights that should be constant are reported as such.
                defined[t] || lower::must_be_constant(operator, t)
            }) && operator.outputs.iter().all(|&t| !defined[t]);
            if !fine {
                self.errors.push(ImportError::BadOrder { op: number(op) });
            }
            for &t in &operator.outputs {
                defined[t] = true;
            }
        }
        for &t in &self.graph.outputs {
            if !defined[t] {
                let op = number(self.graph.operators.len());
                self.errors.push(ImportError::BadOrder { op });
            }
        }
    }

    fn count_readers(&mut self) {
        for op in self.live() {
            for &t in self.graph.operators[op].inputs.iter().flatten() {
                self.readers[t] += 1;
            }
        }
        for &t in &self.graph.outputs {
            self.readers[t] += 1;
        }
    }

    fn add_inputs(&mut self) -> Result<()> {
        for i in 0..self.graph.inputs.len() {
            let t = self.graph.inputs[i];
            if let Some(id) = self.map[t] {
                self.net.inputs.push(id);
                continue;
            }
            let border = self.graph.tensors[t].ty == FileType::F32;
            if border && !self.only_quantized(t) {
                self.errors
                    .push(ImportError::UnsupportedType { tensor: number(t), ty: FileType::F32 });
            }
            if !border {
                self.quantization(t)?;
            }
            let id = self.define(t)?;
            self.net.inputs.push(id);
        }
        Ok(())
    }

    /// Returns `true` if all readers of `t` are QUANTIZE.
    fn only_quantized(&self, t: usize) -> bool {
        self.live().into_iter().all(|op| {
            let operator = &self.graph.operators[op];
            !operator.inputs.contains(&Some(t))
                || operator.code == i32::from(OpCode::Quantize.code())
        })
    }

    fn add_outputs(&mut self) -> Result<()> {
        for i in 0..self.graph.outputs.len() {
            let t = self.graph.outputs[i];
            let id = match self.map[t] {
                Some(id) => id,
                // A constant output, or one whose operator was refused.
                None if self.errors.is_empty() => self.read(t)?,
                None => continue,
            };
            self.net.outputs.push(id);
        }
        Ok(())
    }

    /// Returns the dimensions of a tensor, padded in front with ones.
    pub(super) fn dims(&self, t: usize) -> Result<[u16; 4]> {
        let bad = ImportError::BadShape { tensor: number(t) };
        let tensor = &self.graph.tensors[t];
        if tensor.dynamic {
            return Err(ImportError::DynamicShape { tensor: number(t) });
        }
        let extra = tensor.shape.len().saturating_sub(4);
        if tensor.shape[..extra].iter().any(|&d| d != 1) {
            return Err(bad);
        }
        let shape = &tensor.shape[extra..];
        let mut dims = [1_u16; 4];
        for (to, &from) in dims[4 - shape.len()..].iter_mut().zip(shape) {
            *to = u16::try_from(from).ok().filter(|&d| d > 0).ok_or(bad)?;
        }
        let elements: u64 = dims.iter().map(|&d| u64::from(d)).product();
        let bytes = elements.saturating_mul(tensor.ty.size().unwrap_or(8));
        if bytes > i32::MAX.cast_unsigned().into() { Err(bad) } else { Ok(dims) }
    }

    /// Returns the dimensions of an image: batch, rows, columns, channels, all four written out.
    pub(super) fn image(&self, t: usize) -> Result<[u16; 4]> {
        let dims = self.dims(t)?;
        if self.graph.tensors[t].shape.len() == 4 {
            Ok(dims)
        } else {
            Err(ImportError::BadShape { tensor: number(t) })
        }
    }

    /// Returns the number of dimensions, at most 4.
    pub(super) fn rank(&self, t: usize) -> usize {
        self.graph.tensors[t].shape.len().min(4)
    }

    /// Returns dimension `axis` (negative from the end) as one of four.
    pub(super) fn axis(&self, t: usize, axis: i32) -> Option<usize> {
        let rank = i32::try_from(self.graph.tensors[t].shape.len()).ok()?;
        let axis = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&axis) { usize::try_from(axis + 4 - rank).ok() } else { None }
    }

    /// Returns scale and zero point of a tensor that has one of each.
    pub(super) fn quantization(&self, t: usize) -> Result<(f32, i32)> {
        let tensor = &self.graph.tensors[t];
        let bad = ImportError::BadQuantization { tensor: number(t) };
        let dtype = dtype(tensor, t)?;
        let scale = match tensor.scale.as_slice() {
            [] => return Err(ImportError::MissingQuantization { tensor: number(t) }),
            [scale] => *scale,
            _ => return Err(bad),
        };
        let zero = *tensor.zero.first().unwrap_or(&0);
        let (low, high) = dtype.zero_point_range();
        let fits = (i64::from(low)..=i64::from(high)).contains(&zero);
        if scale.is_finite() && scale > 0.0 && fits {
            Ok((scale, i32::try_from(zero).map_err(|_| bad)?))
        } else {
            Err(bad)
        }
    }

    /// Adds the tensor to the network; `t` must be an input of the graph or an operator's output.
    pub(super) fn define(&mut self, t: usize) -> Result<TensorId> {
        let tensor = self.describe(t)?;
        let id = self.net.add(tensor);
        self.map[t] = Some(id);
        Ok(id)
    }

    /// Returns the tensor of the network for a tensor that an operator reads.
    pub(super) fn read(&mut self, t: usize) -> Result<TensorId> {
        if let Some(id) = self.map[t] {
            return Ok(id);
        }
        let mut tensor = self.describe(t)?;
        let Some(data) = &self.graph.tensors[t].data else {
            // Its producer was refused; this reader cannot be judged.
            return Err(self
                .errors
                .first()
                .copied()
                .unwrap_or(ImportError::BadShape { tensor: number(t) }));
        };
        let (need, have) = (tensor.bytes(), data.len() as u64);
        if need != have {
            return Err(ImportError::BufferSize { tensor: number(t), need, have });
        }
        tensor.constant = Some(data.to_vec());
        let id = self.net.add(tensor);
        self.map[t] = Some(id);
        Ok(id)
    }

    /// Reads an `int8` tensor with scale and zero point.
    pub(super) fn read_int8(&mut self, t: usize) -> Result<TensorId> {
        self.int8(t)?;
        self.quantization(t)?;
        self.read(t)
    }

    /// Reads an `int8` tensor that an operator computes; the device keeps no other in its arena.
    pub(super) fn read_activation(&mut self, t: usize) -> Result<TensorId> {
        let id = self.read_int8(t)?;
        if self.net.tensor(id).constant.is_some() {
            return Err(ImportError::ConstantInput { tensor: number(t) });
        }
        Ok(id)
    }

    /// Adds an `int8` output with scale and zero point.
    pub(super) fn define_int8(&mut self, t: usize) -> Result<TensorId> {
        self.int8(t)?;
        self.quantization(t)?;
        self.define(t)
    }

    pub(super) fn int8(&self, t: usize) -> Result<()> {
        let ty = self.graph.tensors[t].ty;
        if ty == FileType::I8 {
            Ok(())
        } else {
            Err(ImportError::UnsupportedType { tensor: number(t), ty })
        }
    }

    /// Adds a tensor that keeps its value from run to run, or finds it.
    pub(super) fn define_state(&mut self, t: usize) -> Result<TensorId> {
        if let Some(id) = self.map[t] {
            return Ok(id);
        }
        let tensor = NetTensor { state: true, ..self.describe_any(t)? };
        let id = self.net.add(tensor);
        self.map[t] = Some(id);
        Ok(id)
    }

    /// Describes a tensor of the file as one of the network.
    pub(super) fn describe(&self, t: usize) -> Result<NetTensor> {
        let tensor = &self.graph.tensors[t];
        if tensor.variable {
            // Only an operator that has states may touch one.
            return Err(ImportError::UnsupportedType { tensor: number(t), ty: tensor.ty });
        }
        self.describe_any(t)
    }

    fn describe_any(&self, t: usize) -> Result<NetTensor> {
        let tensor = &self.graph.tensors[t];
        let dtype = dtype(tensor, t)?;
        let (scale, zero) = if tensor.scale.is_empty() { (0.0, 0) } else { self.quantization(t)? };
        Ok(NetTensor {
            dims: self.dims(t)?,
            dtype,
            scale,
            zero: if dtype == DType::F32 { 0 } else { zero },
            constant: None,
            alias_of: None,
            state: false,
            source: number(t),
            name: tensor.name.clone(),
        })
    }

    /// Requires that two tensors have the same scale and zero point; the second is blamed.
    pub(super) fn same_quantization(&self, a: usize, b: usize) -> Result<()> {
        let (a, b_quantization) = (self.quantization(a)?, self.quantization(b)?);
        if (a.0 - b_quantization.0).abs() <= 1e-6 && a.1 == b_quantization.1 {
            Ok(())
        } else {
            Err(ImportError::BadQuantization { tensor: number(b) })
        }
    }

    /// Returns the integers of a constant: axes, shapes, paddings.
    pub(super) fn integers(&self, t: usize) -> Result<Vec<i32>> {
        let tensor = &self.graph.tensors[t];
        let number = number(t);
        let data =
            tensor.data.as_deref().ok_or(ImportError::NonConstantWeights { tensor: number })?;
        let width = match tensor.ty {
            FileType::I32 => 4,
            FileType::I64 => 8,
            ty => return Err(ImportError::UnsupportedType { tensor: number, ty }),
        };
        let elements: u64 = self.dims(t)?.iter().map(|&d| u64::from(d)).product();
        let (need, have) = (elements * width as u64, data.len() as u64);
        if need != have {
            return Err(ImportError::BufferSize { tensor: number, need, have });
        }
        data.chunks_exact(width)
            .map(|c| match c {
                [a, b, c, d] => Ok(i32::from_le_bytes([*a, *b, *c, *d])),
                [a, b, c, d, e, f, g, h] => {
                    let wide = i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                    i32::try_from(wide).map_err(|_| ImportError::BadShape { tensor: number })
                }
                _ => Err(ImportError::Truncated),
            })
            .collect()
    }

    /// Adds an operator to the network.
    pub(super) fn emit(&mut self, op: NetOp) {
        self.net.ops.push(op);
    }
}

/// Returns the element type of a tensor that can live on the device.
fn dtype(tensor: &Tensor<'_>, t: usize) -> Result<DType> {
    Ok(match tensor.ty {
        FileType::I8 => DType::I8,
        FileType::U8 => DType::U8,
        FileType::I16 => DType::I16,
        FileType::I32 => DType::I32,
        FileType::F32 => DType::F32,
        ty => return Err(ImportError::UnsupportedType { tensor: number(t), ty }),
    })
}

/// Returns an index as it is reported.
pub(super) fn number(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}
