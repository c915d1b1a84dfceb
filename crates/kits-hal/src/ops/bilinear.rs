//! RESIZE_BILINEAR: every output pixel mixes the four input pixels around its own place.
//!
//! The converter computes the places, with 10 fractional bits, and stores for every output row and
//! then for every output column: the pixel before, the pixel after, and the weight of the latter,
//! as three 16-bit numbers. The sum of the four products is rounded half away from zero.

use super::{Task, place::store};
use crate::{bytes::chunk, model::record::BILINEAR_ENTRY};

/// One row or column of the output.
struct Mix {
    before: usize,
    after: usize,
    /// Weight of `after` in 1024ths; that of `before` is the rest.
    weight: i64,
}

impl Mix {
    fn read(table: &[u8], i: usize) -> Option<Self> {
        let [a, b, c, d, e, f] = *chunk::<6>(table, i.checked_mul(BILINEAR_ENTRY)?)?;
        Some(Self {
            before: u16::from_le_bytes([a, b]).into(),
            after: u16::from_le_bytes([c, d]).into(),
            weight: i16::from_le_bytes([e, f]).into(),
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let [batch, rows, columns, c] = task.y.dims.map(usize::from);
    let [_, x_rows, x_columns, _] = task.x.dims.map(usize::from);
    let table = task.weights(rows.checked_add(columns)?.checked_mul(BILINEAR_ENTRY)?)?;
    let table: &[u8] = bytemuck::must_cast_slice(table);
    let (x, y) = (task.x_place(), task.y_place());
    let mut out = y.at;
    for b in 0..batch {
        for row in 0..rows {
            let v = Mix::read(table, row)?;
            for column in 0..columns {
                let h = Mix::read(table, rows.wrapping_add(column))?;
                let pixel = |i: usize, j: usize| {
                    b.wrapping_mul(x_rows)
                        .wrapping_add(i)
                        .wrapping_mul(x_columns)
                        .wrapping_add(j)
                        .wrapping_mul(c)
                };
                let corners = [
                    (pixel(v.before, h.before), mul(rest(v.weight), rest(h.weight))),
                    (pixel(v.after, h.before), mul(v.weight, rest(h.weight))),
                    (pixel(v.before, h.after), mul(rest(v.weight), h.weight)),
                    (pixel(v.after, h.after), mul(v.weight, h.weight)),
                ];
                for channel in 0..c {
                    let view = x.view(task.mem)?;
                    let mut sum = 0_i64;
                    for (at, weight) in corners {
                        let value = *view.get(at.wrapping_add(channel))?;
                        sum = sum.wrapping_add(mul(value.into(), weight));
                    }
                    let half = if sum > 0 { 1_i64 << 19 } else { -(1_i64 << 19) };
                    // Division, not a shift: it cuts towards zero, so the half rounds away.
                    let mixed = sum.wrapping_add(half).wrapping_div(1 << 20);
                    store(task.mem, out, &[mixed.clamp(-128, 127) as i8])?;
                    out = out.wrapping_add(1);
                }
            }
        }
    }
    Some(())
}

const fn rest(weight: i64) -> i64 {
    1024_i64.wrapping_sub(weight)
}

const fn mul(a: i64, b: i64) -> i64 {
    a.wrapping_mul(b)
}
