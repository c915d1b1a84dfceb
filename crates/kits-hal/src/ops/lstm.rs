//! UNIDIRECTIONAL_SEQUENCE_LSTM: `int8` in, out and hidden state, `int16` cell state.
//!
//! For every unit `j` and step, with `h` the hidden state of the step before:
//! `gate = sat16(requant(W·x + b', m, s) + requant(R·h + r', m', s'))` in Q3.12,
//! `c = sat16(requant(f·c) + requant(i·g))`, clipped, and `h = clamp8(requant(o·tanh(c)) + zero)`;
//! `i`, `f` and `o` are sigmoids of their gates and `g` is a tanh, all Q0.15.
//! Both curves are read from one table of `sigmoid(k/24)` in Q0.16, interpolated.
//!
//! The state lies in two tensors that keep their values from run to run.
//!
//! Source: the equations are those of TensorFlow Lite Micro's `lstm_eval` (8-bit activations and
//! weights, 16-bit cell), and of `Logistic` and `Tanh` for `int16` in its reference kernels.

use super::{
    Task,
    place::{Place, run as bytes, store},
};
use crate::{
    bytes::u16_at,
    model::record::{LSTM_HEAD, LSTM_TABLE, OP_TIME_MAJOR},
};

/// Gates in the order in which they are stored.
const GATES: usize = 4;

/// What one operator reads besides its tensors.
struct Layer<'m> {
    /// `W` and `R` of every gate, gate after gate.
    weights: &'m [i8],
    /// `sigmoid(k/24)` in Q0.16.
    table: &'m [u8],
    inputs: usize,
    units: usize,
}

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let [_, first, second, inputs] = task.x.dims.map(usize::from);
    let units = usize::from(*task.y.dims.last()?);
    let (batch, steps) =
        if task.op.has(OP_TIME_MAJOR) { (second, first) } else { (first, second) };
    let matrices = units.checked_mul(inputs.checked_add(units)?)?.checked_mul(GATES)?;
    let all = task.weights(matrices.checked_add(LSTM_TABLE)?)?;
    let (weights, table) = all.split_at_checked(matrices)?;
    let layer = Layer { weights, table: bytemuck::must_cast_slice(table), inputs, units };
    let hidden = Place::of(&task.model.tensor_record(task.op.inputs[1])?);
    let cell = Place::of(&task.model.tensor_record(task.op.inputs[2])?);
    let (x, y) = (task.x_place(), task.y_place());
    for b in 0..batch {
        let state = b.wrapping_mul(units);
        let h = Place { at: hidden.at.wrapping_add(state), len: units };
        let c = Place { at: cell.at.wrapping_add(state.wrapping_mul(2)), len: 0 };
        for t in 0..steps {
            let row = if task.op.has(OP_TIME_MAJOR) {
                t.wrapping_mul(batch).wrapping_add(b)
            } else {
                b.wrapping_mul(steps).wrapping_add(t)
            };
            let x = x.at.wrapping_add(row.wrapping_mul(inputs));
            for unit in 0..units {
                let value = layer.unit(task, unit, x, h, c)?;
                *task.scratch.get_mut(unit)? = value;
            }
            let new = task.scratch.get(..units)?;
            store(task.mem, h.at, new)?;
            store(task.mem, y.at.wrapping_add(row.wrapping_mul(units)), new)?;
        }
    }
    Some(())
}

impl Layer<'_> {
    /// Computes one step of one unit: updates its cell, returns its new hidden state.
    fn unit(
        &self,
        task: &mut Task<'_, '_>,
        unit: usize,
        x: usize,
        h: Place,
        c: Place,
    ) -> Option<i8> {
        let mut gates = [0_i16; GATES];
        for (g, gate) in gates.iter_mut().enumerate() {
            *gate = self.gate(task, g, unit, x, h)?;
        }
        let [forget, input, candidate, output] = gates;
        let (forget, input) = (self.sigmoid(forget)?, self.sigmoid(input)?);
        let candidate = self.tanh(candidate, 3, 0)?;
        let at = c.at.wrapping_add(unit.wrapping_mul(2));
        let old: [i8; 2] = bytes(task.mem, at, 2)?.try_into().ok()?;
        let old = i32::from(i16::from_le_bytes(old.map(i8::cast_unsigned)));
        let kept = sat16(task.rescale(forget.wrapping_mul(old), task.word(16)?, task.word(17)?));
        let added = sat16(task.rescale(input.wrapping_mul(candidate), task.word(18)?, task.word(19)?));
        let clip = task.word(22)?;
        let new = sat16(i32::from(kept).wrapping_add(added.into()));
        let new = if clip > 0 { clamp16(new, clip) } else { new };
        store(task.mem, at, &new.to_le_bytes().map(u8::cast_signed))?;
        let curve = self.tanh(new, task.word(23)?, task.word(24)?)?;
        let output = self.sigmoid(output)?;
        let value = task.rescale(curve.wrapping_mul(output), task.word(20)?, task.word(21)?);
        Some(sat8(value.saturating_add(task.op.out_zero.into())))
    }

    /// Returns gate `g` of a unit before its curve, in Q3.12.
    fn gate(&self, task: &Task<'_, '_>, g: usize, unit: usize, x: usize, h: Place) -> Option<i16> {
        let per_gate = self.units.wrapping_mul(self.inputs.wrapping_add(self.units));
        let first = g.wrapping_mul(per_gate);
        let recurrent = first
            .wrapping_add(self.units.wrapping_mul(self.inputs))
            .wrapping_add(unit.wrapping_mul(self.units));
        let row = bytes(
            self.weights,
            first.wrapping_add(unit.wrapping_mul(self.inputs)),
            self.inputs,
        )?;
        let from_input = dot(row, bytes(task.mem, x, self.inputs)?);
        let row = bytes(self.weights, recurrent, self.units)?;
        let from_state = dot(row, h.view(task.mem)?);
        let pairs = g.wrapping_mul(4);
        let biases = (LSTM_HEAD as usize)
            .wrapping_add(g.wrapping_mul(2).wrapping_mul(self.units))
            .wrapping_add(unit);
        let word = |i: usize| task.word(i);
        let a = task.rescale(
            from_input.wrapping_add(word(biases)?),
            word(pairs)?,
            word(pairs.wrapping_add(1))?,
        );
        let b = task.rescale(
            from_state.wrapping_add(word(biases.wrapping_add(self.units))?),
            word(pairs.wrapping_add(2))?,
            word(pairs.wrapping_add(3))?,
        );
        Some(sat16(i32::from(sat16(a)).wrapping_add(sat16(b).into())))
    }

    fn entry(&self, i: u32) -> Option<i32> {
        Some(u16_at(self.table, (i as usize).wrapping_mul(2))?.into())
    }

    /// Returns the sigmoid of a Q3.12 number in Q0.15.
    fn sigmoid(&self, x: i16) -> Option<i32> {
        // Entries are 1/24 apart, 512 steps of a third of the input's unit.
        let d = i32::from(x).wrapping_mul(3);
        let a = d.unsigned_abs();
        let at = a >> 9;
        let value = if at >= 255 {
            0x7FFF << 10
        } else {
            let (low, high) = (self.entry(at)?, self.entry(at.wrapping_add(1))?);
            let part = (a & 0x1FF).cast_signed();
            (low << 9).wrapping_add(part.wrapping_mul(high.wrapping_sub(low)))
        };
        let rounded = if d >= 0 {
            value.wrapping_add(1 << 9)
        } else {
            (1_i32 << 25).wrapping_sub(value).wrapping_add((1 << 9) - 1)
        };
        Some(rounded >> 10)
    }

    /// Returns the tanh of `x · factor / 2^shift`, where a third of 2^-12 is one step, in Q0.15.
    ///
    /// `tanh(x) = 2·sigmoid(2x) − 1`, so the same table is walked at twice the pace.
    fn tanh(&self, x: i16, factor: i32, shift: i32) -> Option<i32> {
        let shift = shift.clamp(0, 31).cast_unsigned();
        let half = if shift > 0 { 1_i64 << (shift.saturating_sub(1)) } else { 0 };
        let d = i64::from(x).wrapping_mul(factor.into()).wrapping_add(half) >> shift;
        let a = u32::try_from(d.unsigned_abs()).unwrap_or(u32::MAX);
        let at = a >> 8;
        let value = if at >= 255 {
            0xFFFF << 8
        } else {
            let (low, high) = (self.entry(at)?, self.entry(at.wrapping_add(1))?);
            let part = (a & 0xFF).cast_signed();
            (low << 8).wrapping_add(part.wrapping_mul(high.wrapping_sub(low)))
        };
        let rounded = if d >= 0 {
            value.wrapping_sub(1 << 23).wrapping_add(1 << 7)
        } else {
            (1_i32 << 23).wrapping_sub(value).wrapping_add((1 << 7) - 1)
        };
        Some(rounded >> 8)
    }
}

fn dot(w: &[i8], x: &[i8]) -> i32 {
    w.iter()
        .zip(x)
        .fold(0_i32, |sum, (&w, &x)| sum.wrapping_add(i32::from(w).wrapping_mul(x.into())))
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
fn sat16(v: i32) -> i16 {
    v.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Returns `v` between `-limit` and `limit`, for a positive limit.
fn clamp16(v: i16, limit: i32) -> i16 {
    sat16(i32::from(v).min(limit).max(limit.wrapping_neg()))
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to 8 bits")]
fn sat8(v: i32) -> i8 {
    v.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}
