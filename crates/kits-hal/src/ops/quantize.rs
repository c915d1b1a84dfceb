//! QUANTIZE and DEQUANTIZE beyond bytes: `float32` borders and wider integers.

use super::{Mem, Task, place::run as bytes, place::store, table};
use crate::{dtype::DType, model::record::TensorRecord};

/// Changes scale, zero point or type; maps between bytes are tables.
pub(super) fn quantize(task: &mut Task<'_, '_>) -> Option<()> {
    let (from, to) = (task.x.dtype(), task.y.dtype());
    if from.bytes() == 1 && to.bytes() == 1 {
        return table::run(task);
    }
    let zero = i32::from(task.y.zero);
    let x_zero = i32::from(task.x.zero);
    let [m, s] = task.op.aux;
    for i in 0..elements(&task.y)? {
        let value = if from == DType::F32 {
            let x = f32::from_bits(load_bits(task.mem, &task.x, i)?);
            round_half_away(x / task.y.scale)
        } else {
            task.rescale(load(task.mem, &task.x, i)?.wrapping_sub(x_zero), m, s)
        };
        save(task.mem, &task.y, i, value.saturating_add(zero))?;
    }
    Some(())
}

/// Writes `s·(x − z)`, computed in `f64` and rounded to `f32`.
#[expect(clippy::cast_possible_truncation, reason = "the result is defined as the nearest f32")]
pub(super) fn dequantize(task: &mut Task<'_, '_>) -> Option<()> {
    let zero = i32::from(task.x.zero);
    let scale = f64::from(task.x.scale);
    for i in 0..elements(&task.y)? {
        let x = load(task.mem, &task.x, i)?.wrapping_sub(zero);
        let real = (scale * f64::from(x)) as f32;
        let at = (task.y.at as usize).wrapping_add(i.wrapping_mul(4));
        store(task.mem, at, &real.to_le_bytes().map(u8::cast_signed))?;
    }
    Some(())
}

fn elements(t: &TensorRecord) -> Option<usize> {
    usize::try_from(t.elements()).ok()
}

/// Returns the 32 bits of element `i`.
fn load_bits(mem: &Mem<'_>, t: &TensorRecord, i: usize) -> Option<u32> {
    let at = (t.at as usize).wrapping_add(i.wrapping_mul(4));
    let word: [i8; 4] = bytes(mem, at, 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(word.map(i8::cast_unsigned)))
}

/// Returns integer element `i`.
fn load(mem: &Mem<'_>, t: &TensorRecord, i: usize) -> Option<i32> {
    let at = t.at as usize;
    Some(match t.dtype() {
        DType::I8 => i32::from(*mem.get(at.wrapping_add(i))?),
        DType::U8 => i32::from(mem.get(at.wrapping_add(i))?.cast_unsigned()),
        DType::I16 => {
            let pair: [i8; 2] =
                bytes(mem, at.wrapping_add(i.wrapping_mul(2)), 2)?.try_into().ok()?;
            i16::from_le_bytes(pair.map(i8::cast_unsigned)).into()
        }
        DType::I32 | DType::F32 => load_bits(mem, t, i)?.cast_signed(),
    })
}

/// Stores integer element `i`, saturated to the tensor's type.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the type just before"
)]
fn save(mem: &mut Mem<'_>, t: &TensorRecord, i: usize, value: i32) -> Option<()> {
    let at = t.at as usize;
    match t.dtype() {
        DType::I8 => store(mem, at.wrapping_add(i), &[value.clamp(-128, 127) as i8]),
        DType::U8 => {
            let byte = value.clamp(0, 255) as u8;
            store(mem, at.wrapping_add(i), &[byte.cast_signed()])
        }
        DType::I16 => {
            let half = value.clamp(-32768, 32767) as i16;
            let at = at.wrapping_add(i.wrapping_mul(2));
            store(mem, at, &half.to_le_bytes().map(u8::cast_signed))
        }
        DType::I32 | DType::F32 => {
            let at = at.wrapping_add(i.wrapping_mul(4));
            store(mem, at, &value.to_le_bytes().map(u8::cast_signed))
        }
    }
}

/// Returns the nearest integer, half away from zero, saturated; 0 for what is not a number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the cast truncates towards zero and saturates, and small integers are exact in f32"
)]
pub(crate) fn round_half_away(q: f32) -> i32 {
    let whole = q as i32;
    // Beyond 2^23 an f32 has no fraction and the difference is 0.
    let fraction = q - whole as f32;
    if fraction >= 0.5 {
        whole.saturating_add(1)
    } else if fraction <= -0.5 {
        whole.saturating_sub(1)
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::round_half_away;

    #[test]
    fn rounds_half_away_from_zero_and_saturates() {
        for (x, r) in [
            (0.5, 1),
            (-0.5, -1),
            (0.499_999_97, 0),
            (2.5, 3),
            (-2.5, -3),
            (8_388_609.0, 8_388_609),
            (1e30, i32::MAX),
            (-1e30, i32::MIN),
            (f32::NAN, 0),
        ] {
            assert_eq!(round_half_away(x), r, "{x}");
        }
    }
}
