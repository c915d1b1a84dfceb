//! Writing the container.

use std::collections::HashMap;

use super::{
    error::ImportError,
    net::{Net, TensorId},
};
use crate::{
    crc::crc32,
    model::{
        Model,
        record::{
            ALIGN, HEADER, MODEL_ONCE, MODEL_OVERLAP, MODEL_PINNED, MODEL_REGIONS, NONE, OPERATOR,
            REGION_BLOCK, TENSOR, TENSOR_ALIAS, TENSOR_CONSTANT, TENSOR_INPUT, TENSOR_OUTPUT,
            TENSOR_VARIABLE, TensorRecord,
        },
    },
};

/// What the writer needs besides the network.
pub(super) struct Layout<'a> {
    /// Offset of every tensor that owns memory.
    pub(super) offsets: &'a HashMap<TensorId, u32>,
    /// Bytes of the activations.
    pub(super) arena: u32,
    /// Where the second memory begins; 0 for a single one.
    pub(super) split: u32,
    /// Inputs outlive a run.
    pub(super) pinned: bool,
    /// Some offsets overlap by permission.
    pub(super) overlap: bool,
    /// Class labels; `None` leaves out all names.
    pub(super) labels: Option<&'a [String]>,
}

/// The container, and the record number of every tensor.
pub(super) struct Kit {
    pub(super) bytes: Vec<u8>,
    pub(super) numbers: HashMap<TensorId, u16>,
    /// Bytes of constants: weights, tables and parameters.
    pub(super) constants: u64,
    /// Scratch bytes of the largest operator.
    pub(super) scratch: u32,
}

pub(super) fn write(net: &Net, layout: &Layout<'_>) -> Result<Kit, ImportError> {
    let order = record_order(net);
    let too_many =
        |what, found: usize| ImportError::TooMany { what, found: found as u64, limit: 65_535 };
    if order.len() >= usize::from(NONE) {
        return Err(too_many("tensors", order.len()));
    }
    if net.ops.len() > usize::from(u16::MAX) {
        return Err(too_many("operators", net.ops.len()));
    }
    let numbers: HashMap<TensorId, u16> =
        order.iter().zip(0..).map(|(&id, number)| (id, number)).collect();

    let (mut params, mut weights) = (Section::default(), Section::default());
    let mut op_places = Vec::new();
    for op in &net.ops {
        op_places.push((weights.add(&op.weights, 4), params.add(&op.params, 4)));
    }
    let mut constants = HashMap::new();
    for &id in &order {
        if let Some(data) = &net.tensor(net.root(id)).constant {
            constants.insert(id, weights.add(data, 4));
        }
    }

    // Offsets of the five sections.
    let lists = net.inputs.len() + net.outputs.len();
    let tensors_at = align(u64::from(HEADER) + 2 * lists as u64);
    let operators_at = align(tensors_at + u64::from(TENSOR) * order.len() as u64);
    let params_at = align(operators_at + u64::from(OPERATOR) * net.ops.len() as u64);
    let weights_at = align(params_at + params.bytes.len() as u64);
    let weights_end = weights_at + weights.bytes.len() as u64;
    let names = layout.labels.map(|labels| names(net, &order, labels));
    let names_at = if names.is_some() { align(weights_end) } else { 0 };
    let total = names.as_ref().map_or(weights_end, |n| names_at + n.len() as u64);
    if total > i32::MAX.cast_unsigned().into() {
        return Err(ImportError::TooLarge { what: "the container", need: total });
    }
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);

    let mut file = vec![0; HEADER as usize];
    for id in net.inputs.iter().chain(&net.outputs) {
        file.extend_from_slice(&numbers[id].to_le_bytes());
    }
    pad_to(&mut file, tensors_at);
    for &id in &order {
        tensor_record(net, layout, id, &constants, small(weights_at)).encode(&mut file);
    }
    pad_to(&mut file, operators_at);
    for (op, (weights_place, params_place)) in net.ops.iter().zip(op_places) {
        let mut record = op.record;
        for (slot, id) in record.inputs.iter_mut().zip(&op.inputs) {
            *slot = numbers[id];
        }
        record.output = numbers[&op.output];
        record.weights = weights_place.map_or(0, |at| small(weights_at) + at);
        record.params = params_place.map_or(0, |at| small(params_at) + at);
        record.encode(&mut file);
    }
    pad_to(&mut file, params_at);
    file.extend_from_slice(&params.bytes);
    pad_to(&mut file, weights_at);
    file.extend_from_slice(&weights.bytes);
    if let Some(names) = names {
        pad_to(&mut file, names_at);
        file.extend_from_slice(&names);
    }

    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"KITM");
    put(4, &1_u16.to_le_bytes());
    put(8, &small(total).to_le_bytes());
    let flag = |set: bool, flag: u32| if set { flag } else { 0 };
    let flags = flag(net.once, MODEL_ONCE)
        | flag(layout.overlap, MODEL_OVERLAP)
        | flag(layout.split > 0, MODEL_REGIONS)
        | flag(layout.pinned, MODEL_PINNED);
    put(16, &flags.to_le_bytes());
    let blocks = layout.split / REGION_BLOCK;
    put(34, &u16::try_from(blocks).unwrap_or(u16::MAX).to_le_bytes());
    put(20, &layout.arena.to_le_bytes());
    put(28, &u16::try_from(order.len()).unwrap_or(0).to_le_bytes());
    put(30, &u16::try_from(net.ops.len()).unwrap_or(0).to_le_bytes());
    put(32, &[small_u8(net.inputs.len()), small_u8(net.outputs.len())]);
    let offsets = [tensors_at, operators_at, params_at, weights_at, names_at];
    for (i, offset) in offsets.into_iter().enumerate() {
        put(36 + 4 * i, &small(offset).to_le_bytes());
    }
    // The records say what the kernels need; read it from them as the device will.
    let (scratch, macs) = Model::measure(&file).map_err(ImportError::Rejected)?;
    file[24..28].copy_from_slice(&scratch.to_le_bytes());
    file[56..64].copy_from_slice(&macs.to_le_bytes());
    let crc = crc32(&file[16..]);
    file[12..16].copy_from_slice(&crc.to_le_bytes());
    let constants = (params.bytes.len() + weights.bytes.len()) as u64;
    Ok(Kit { bytes: file, numbers, constants, scratch })
}

/// Tensors in the order of their definition: inputs, constants, states, outputs of operators; each
/// followed by its other shapes.
fn record_order(net: &Net) -> Vec<TensorId> {
    let mut aliases: HashMap<TensorId, Vec<TensorId>> = HashMap::new();
    for (i, tensor) in net.tensors.iter().enumerate() {
        if let Some(root) = tensor.alias_of {
            aliases.entry(root).or_default().push(TensorId(i));
        }
    }
    // Only tensors that an operator or the caller touches.
    let mut used: Vec<bool> = vec![false; net.tensors.len()];
    let touched = net.ops.iter().flat_map(|op| op.inputs.iter().chain([&op.output]));
    for id in net.inputs.iter().chain(&net.outputs).chain(touched) {
        used[id.0] = true;
        used[net.root(*id).0] = true;
    }
    let mut order = Vec::new();
    let mut seen = vec![false; net.tensors.len()];
    let mut add = |id: TensorId| {
        let root = net.root(id);
        if core::mem::replace(&mut seen[root.0], true) {
            return;
        }
        order.push(root);
        order.extend(aliases.get(&root).into_iter().flatten().filter(|a| used[a.0]));
    };
    for &id in &net.inputs {
        add(id);
    }
    for (i, tensor) in net.tensors.iter().enumerate() {
        if used[i] && tensor.constant.is_some() {
            add(TensorId(i));
        }
    }
    for (i, tensor) in net.tensors.iter().enumerate() {
        if used[i] && tensor.state {
            add(TensorId(i));
        }
    }
    for op in &net.ops {
        add(op.output);
    }
    order
}

fn tensor_record(
    net: &Net,
    layout: &Layout<'_>,
    id: TensorId,
    constants: &HashMap<TensorId, Option<u32>>,
    weights_at: u32,
) -> TensorRecord {
    let tensor = net.tensor(id);
    let root = net.root(id);
    let mut flags = 0;
    if net.inputs.contains(&id) {
        flags |= TENSOR_INPUT;
    }
    if net.outputs.contains(&id) {
        flags |= TENSOR_OUTPUT;
    }
    if tensor.alias_of.is_some() {
        flags |= TENSOR_ALIAS;
    }
    if tensor.state {
        flags |= TENSOR_VARIABLE;
    }
    let at = match constants.get(&root) {
        Some(place) => {
            flags |= TENSOR_CONSTANT;
            weights_at + place.unwrap_or(0)
        }
        None => layout.offsets.get(&root).copied().unwrap_or(0),
    };
    TensorRecord {
        at,
        len: u32::try_from(tensor.bytes()).unwrap_or(u32::MAX),
        dims: tensor.dims,
        scale: tensor.scale,
        zero: i16::try_from(tensor.zero).unwrap_or(0),
        ty: tensor.dtype.code(),
        flags,
    }
}

/// A section under construction; equal contents are stored once.
#[derive(Default)]
struct Section {
    bytes: Vec<u8>,
    known: HashMap<Vec<u8>, u32>,
}

impl Section {
    /// Returns the place of `data` in the section, `None` for no data.
    fn add(&mut self, data: &[u8], alignment: usize) -> Option<u32> {
        if data.is_empty() {
            return None;
        }
        if let Some(&at) = self.known.get(data) {
            return Some(at);
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(alignment), 0);
        let at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(data);
        self.known.insert(data.to_vec(), at);
        Some(at)
    }
}

/// The names section: label count, tensor names, labels.
fn names(net: &Net, order: &[TensorId], labels: &[String]) -> Vec<u8> {
    let mut bytes = u16::try_from(labels.len()).unwrap_or(u16::MAX).to_le_bytes().to_vec();
    let tensors = order.iter().map(|&id| net.tensor(id).name.as_str());
    let labels = labels.iter().take(usize::from(u16::MAX)).map(String::as_str);
    for name in tensors.chain(labels) {
        let mut len = name.len().min(255);
        while !name.is_char_boundary(len) {
            len -= 1;
        }
        bytes.push(small_u8(len));
        bytes.extend_from_slice(&name.as_bytes()[..len]);
    }
    bytes
}

fn align(n: u64) -> u64 {
    n.next_multiple_of(ALIGN.into())
}

fn pad_to(file: &mut Vec<u8>, at: u64) {
    file.resize(usize::try_from(at).unwrap_or(usize::MAX), 0);
}

fn small_u8(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}
