//! Rewrites on the graph of the file that keep every value: borders, shape arithmetic, dead code.

use std::borrow::Cow;

use super::{builtin::FileType, importer::Importer};
use crate::model::OpCode;

const SHAPE: i32 = 77;
const STRIDED_SLICE: i32 = OpCode::StridedSlice.code() as i32;
const PACK: i32 = OpCode::Pack.code() as i32;
const QUANTIZE: i32 = OpCode::Quantize.code() as i32;
const DEQUANTIZE: i32 = OpCode::Dequantize.code() as i32;

impl Importer<'_> {
    /// Takes a QUANTIZE behind a float input and a DEQUANTIZE before a float output away, so that
    /// the caller exchanges `int8` with the model.
    pub(super) fn strip_borders(&mut self) {
        let float = |t: usize| self.graph.tensors[t].ty == FileType::F32;
        let mut replace_inputs = Vec::new();
        for (i, &t) in self.graph.inputs.iter().enumerate() {
            let readers: Vec<usize> = self.readers_of(t);
            if let [op] = readers[..]
                && float(t)
                && self.graph.operators[op].code == QUANTIZE
                && let [q] = self.graph.operators[op].outputs[..]
                && self.graph.tensors[q].ty == FileType::I8
                && !self.graph.outputs.contains(&t)
            {
                replace_inputs.push((i, q, op));
            }
        }
        let mut replace_outputs = Vec::new();
        for (i, &t) in self.graph.outputs.iter().enumerate() {
            let producer = self.graph.operators.iter().position(|op| op.outputs.contains(&t));
            if let Some(op) = producer
                && float(t)
                && self.readers_of(t).is_empty()
                && self.graph.operators[op].code == DEQUANTIZE
                && let [Some(q)] = self.graph.operators[op].inputs[..]
                && self.graph.tensors[q].ty == FileType::I8
            {
                replace_outputs.push((i, q, op));
            }
        }
        for (i, q, op) in replace_inputs {
            self.graph.inputs[i] = q;
            self.dropped[op] = true;
        }
        for (i, q, op) in replace_outputs {
            self.graph.outputs[i] = q;
            self.dropped[op] = true;
        }
    }

    fn readers_of(&self, t: usize) -> Vec<usize> {
        self.live()
            .into_iter()
            .filter(|&op| self.graph.operators[op].inputs.contains(&Some(t)))
            .collect()
    }

    /// Computes SHAPE, STRIDED_SLICE and PACK of integers that are known: reshape targets.
    pub(super) fn fold_shapes(&mut self) {
        for op in self.live() {
            let Some(values) = self.shape_value(op) else { continue };
            let operator = &self.graph.operators[op];
            let [out] = operator.outputs[..] else { continue };
            if self.graph.tensors[out].data.is_some() || self.graph.inputs.contains(&out) {
                continue; // an invalid graph; the order check names it
            }
            let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            self.graph.tensors[out].data = Some(Cow::Owned(data));
            self.dropped[op] = true;
        }
    }

    /// Returns the integers an operator of shape arithmetic gives, if they are known.
    fn shape_value(&self, op: usize) -> Option<Vec<i32>> {
        let operator = &self.graph.operators[op];
        let [out] = operator.outputs[..] else { return None };
        if self.graph.tensors[out].ty != FileType::I32 {
            return None;
        }
        let node = self.node(op);
        let known = |i: usize| self.integers(node.optional(i)?).ok();
        match operator.code {
            SHAPE => {
                let t = node.optional(0)?;
                self.dims(t).ok()?;
                Some(self.graph.tensors[t].shape.clone())
            }
            STRIDED_SLICE => {
                let (x, begin, end, step) = (known(0)?, known(1)?, known(2)?, known(3)?);
                let masks: [i32; 5] = core::array::from_fn(|i| node.get(i, 0).unwrap_or(-1));
                let ([begin], [end], [step]) = (&begin[..], &end[..], &step[..]) else {
                    return None;
                };
                let len = i32::try_from(x.len()).ok()?;
                // One element, as converters write it; anything else stays an operator.
                let at = if masks[0] & 1 == 1 { 0 } else { *begin };
                let at = if at < 0 { at + len } else { at };
                let single = masks[4] & 1 == 1 || *end == at + 1;
                if masks[2] != 0 || masks[3] != 0 || *step != 1 || !single {
                    return None;
                }
                Some(vec![*x.get(usize::try_from(at).ok()?)?])
            }
            PACK => {
                let mut values = Vec::new();
                for t in &operator.inputs {
                    match self.integers((*t)?).ok()?[..] {
                        [v] => values.push(v),
                        _ => return None,
                    }
                }
                Some(values)
            }
            _ => None,
        }
    }

    /// Drops operators whose results nobody reads.
    pub(super) fn drop_dead(&mut self) {
        let mut live = vec![false; self.graph.tensors.len()];
        for &t in &self.graph.outputs {
            live[t] = true;
        }
        for op in self.live().into_iter().rev() {
            let operator = &self.graph.operators[op];
            if operator.outputs.iter().any(|&t| live[t]) {
                for &t in operator.inputs.iter().flatten() {
                    live[t] = true;
                }
            } else {
                self.dropped[op] = true;
            }
        }
    }
}
