//! A writer of flatbuffers: tables, vectors and scalars, parents before children.
//!
//! Source: the layout is that of the FlatBuffers "Internals" document. Offsets count to 2^31 - 1: a longer file is none, and
//! who asked for it compares its length with [`LONGEST`]. The tests include this file, so it uses nothing of the crate.

/// Bytes that offsets can count.
pub(crate) const LONGEST: usize = i32::MAX as usize;

/// The value of a table field.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    U8(u8),
    I32(i32),
    F32(f32),
    Bytes(Vec<u8>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Floats(Vec<f32>),
    Table(Table),
    Tables(Vec<Table>),
}

/// A table: field numbers and values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(pub(crate) Vec<(usize, Value)>);

/// Writes a file whose root is `root`.
pub(crate) fn file(root: &Table, identifier: &[u8; 4]) -> Vec<u8> {
    let mut out = vec![0; 8];
    out[4..8].copy_from_slice(identifier);
    let at = table(&mut out, root);
    patch(&mut out, 0, at);
    out
}

/// Stores the distance from `from` to `to` at `from`.
fn patch(out: &mut [u8], from: usize, to: usize) {
    let offset = u32::try_from(to - from).unwrap_or(u32::MAX);
    out[from..from + 4].copy_from_slice(&offset.to_le_bytes());
}

fn align(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

fn table(out: &mut Vec<u8>, t: &Table) -> usize {
    let slots = t.0.iter().map(|(i, _)| i + 1).max().unwrap_or(0);
    // Four bytes back to the list of fields, then the wide fields, then the bytes.
    let mut sorted: Vec<&(usize, Value)> = t.0.iter().collect();
    sorted.sort_by_key(|(_, v)| matches!(v, Value::U8(_)));
    let mut offsets = vec![0_u16; slots];
    let mut size = 4;
    for (i, v) in &sorted {
        offsets[*i] = size;
        size += if matches!(v, Value::U8(_)) { 1 } else { 4 };
    }
    align(out, 4);
    let fields = out.len();
    let list = u16::try_from(4 + 2 * slots).unwrap_or(u16::MAX);
    out.extend_from_slice(&list.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    for offset in &offsets {
        out.extend_from_slice(&offset.to_le_bytes());
    }
    align(out, 4);
    let at = out.len();
    let back = i32::try_from(at - fields).unwrap_or(i32::MAX);
    out.extend_from_slice(&back.to_le_bytes());
    out.resize(at + usize::from(size), 0);
    for (i, v) in &sorted {
        let slot = at + usize::from(offsets[*i]);
        match v {
            Value::U8(b) => out[slot] = *b,
            Value::I32(n) => out[slot..slot + 4].copy_from_slice(&n.to_le_bytes()),
            Value::F32(n) => out[slot..slot + 4].copy_from_slice(&n.to_le_bytes()),
            _ => {
                let child = child(out, v);
                patch(out, slot, child);
            }
        }
    }
    at
}

fn child(out: &mut Vec<u8>, v: &Value) -> usize {
    match v {
        Value::Bytes(b) => vector(out, b.len(), 16, b),
        Value::Ints(n) => vector(out, n.len(), 4, &concat(n, |v| v.to_le_bytes())),
        Value::Longs(n) => vector(out, n.len(), 8, &concat(n, |v| v.to_le_bytes())),
        Value::Floats(n) => vector(out, n.len(), 4, &concat(n, |v| v.to_le_bytes())),
        Value::Table(t) => table(out, t),
        Value::Tables(list) => {
            let at = vector(out, list.len(), 4, &vec![0; 4 * list.len()]);
            for (i, t) in list.iter().enumerate() {
                let child = table(out, t);
                patch(out, at + 4 + 4 * i, child);
            }
            at
        }
        // Stored inline by the caller.
        Value::U8(_) | Value::I32(_) | Value::F32(_) => out.len(),
    }
}

/// Writes a length and elements, the elements aligned.
fn vector(out: &mut Vec<u8>, len: usize, alignment: usize, bytes: &[u8]) -> usize {
    out.resize((out.len() + 4).next_multiple_of(alignment) - 4, 0);
    align(out, 4);
    let at = out.len();
    out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
    at
}

fn concat<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&v| bytes(v)).collect()
}
