//! The planning problem of a network: lifetimes of its tensors, and which pairs may share bytes.

use std::collections::HashMap;

use super::{
    distance::distance,
    net::{Net, TensorId},
};
use crate::{
    model::record::OP_PARTIAL,
    plan::{Buffer, Overlap, Problem},
};

/// The buffers of a network.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) problem: Problem,
    /// The tensor that owns each buffer.
    pub(super) tensors: Vec<TensorId>,
    /// Buffers each operator reads.
    pub(super) reads: Vec<Vec<usize>>,
}

impl Memory {
    pub(super) fn of(net: &Net, align: u32, pin_io: bool) -> Self {
        let end = net.ops.len();
        let mut tensors = Vec::new();
        let mut number: HashMap<TensorId, usize> = HashMap::new();
        let mut buffers: Vec<Buffer> = Vec::new();
        let mut add = |id: TensorId, first: usize, buffers: &mut Vec<Buffer>| {
            let root = net.root(id);
            *number.entry(root).or_insert_with(|| {
                let bytes = u32::try_from(net.tensor(root).bytes()).unwrap_or(u32::MAX);
                buffers.push(Buffer { bytes, first, last: first });
                tensors.push(root);
                buffers.len() - 1
            })
        };
        for &input in &net.inputs {
            if net.tensor(net.root(input)).constant.is_none() {
                let buffer = add(input, 0, &mut buffers);
                if pin_io {
                    buffers[buffer].last = end;
                }
            }
        }
        let mut reads = Vec::new();
        for (time, op) in net.ops.iter().enumerate() {
            let mut list = Vec::new();
            for &input in &op.inputs {
                if net.tensor(net.root(input)).constant.is_none() {
                    let state = net.tensor(input).state;
                    let (first, last) = if state { (0, end) } else { (time, time) };
                    let buffer = add(input, first, &mut buffers);
                    buffers[buffer].last = buffers[buffer].last.max(last);
                    list.push(buffer);
                }
            }
            let buffer = add(op.output, time, &mut buffers);
            buffers[buffer].last = buffers[buffer].last.max(time);
            reads.push(list);
        }
        for &output in &net.outputs {
            if net.tensor(net.root(output)).constant.is_none() {
                let buffer = add(output, 0, &mut buffers);
                buffers[buffer].last = end;
            }
        }
        let overlaps = overlaps(net, &buffers, &number);
        Self { problem: Problem { buffers, overlaps, align }, tensors, reads }
    }

    /// Returns how often a run touches each byte of every buffer: written once, and read by each
    /// window that covers it.
    pub(super) fn touches(&self, net: &Net) -> Vec<u32> {
        let mut touches = vec![1_u32; self.problem.buffers.len()];
        for (op, reads) in net.ops.iter().zip(&self.reads) {
            let product = |pair: [u8; 2]| u32::from(pair[0]) * u32::from(pair[1]);
            let windows = product(op.record.kernel) / product(op.record.stride).max(1);
            for &buffer in reads {
                touches[buffer] = touches[buffer].saturating_add(windows.max(1));
            }
        }
        touches
    }
}

fn overlaps(net: &Net, buffers: &[Buffer], number: &HashMap<TensorId, usize>) -> Vec<Overlap> {
    let mut overlaps: Vec<Overlap> = Vec::new();
    for (time, op) in net.ops.iter().enumerate() {
        let Some(&output) = number.get(&net.root(op.output)) else { continue };
        if op.record.flags & OP_PARTIAL != 0 || buffers[output].first != time {
            continue;
        }
        for (k, &input) in op.inputs.iter().enumerate() {
            let Some(&input) = number.get(&net.root(input)) else { continue };
            if buffers[input].last != time || input == output {
                continue;
            }
            let Some(distance) = distance(net, op, k) else { continue };
            match overlaps.iter_mut().find(|o| o.input == input && o.output == output) {
                Some(o) => o.distance = o.distance.max(distance),
                None => overlaps.push(Overlap { input, output, distance }),
            }
        }
    }
    overlaps
}
