//! AVERAGE_POOL_2D and MAX_POOL_2D: windows over each channel, taps outside the image left out.

use super::{Task, output::Output, place::store, window::Window};

/// Channels per block.
const LANES: usize = 16;

/// Mean of the taps inside, rounded half away from zero, then clamped.
pub(super) fn average(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    pool(task, 0, |sum: i32, x| sum.wrapping_add(x), |sum, n| {
        let half = n.checked_div(2)?;
        let rounded = if sum > 0 { sum.wrapping_add(half) } else { sum.wrapping_sub(half) };
        Some(output.clamp(rounded.checked_div(n)?))
    })
}

/// Largest tap inside, then clamped.
pub(super) fn max(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    pool(task, i32::MIN, i32::max, |largest, _| Some(output.clamp(largest)))
}

/// Folds every window, channel by channel; `finish` gets the fold and the number of taps inside.
fn pool(
    task: &mut Task<'_, '_>,
    start: i32,
    fold: impl Fn(i32, i32) -> i32,
    finish: impl Fn(i32, i32) -> Option<i8>,
) -> Option<()> {
    let w = Window::of(task);
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..w.c_out)?;
    w.each(|p, b, row, column| {
        let x = x.view(task.mem)?;
        let (top, bottom) = w.rows.inside(row);
        let (left, right) = w.columns.inside(column);
        let n = bottom.saturating_sub(top).saturating_mul(right.saturating_sub(left));
        let n = i32::try_from(n).ok()?;
        for (block, out) in pixel.chunks_mut(LANES).enumerate() {
            let first = block.wrapping_mul(LANES);
            let mut folds = [start; LANES];
            for t in top..bottom {
                let i = b.wrapping_mul(w.rows.input).wrapping_add(w.rows.at(row, t)?);
                for u in left..right {
                    let j = i.wrapping_mul(w.columns.input).wrapping_add(w.columns.at(column, u)?);
                    let at = j.wrapping_mul(w.c_in).wrapping_add(first);
                    for (acc, &x) in folds.iter_mut().zip(x.get(at..at.wrapping_add(out.len()))?) {
                        *acc = fold(*acc, x.into());
                    }
                }
            }
            for (out, &acc) in out.iter_mut().zip(&folds) {
                *out = finish(acc, n)?;
            }
        }
        store(task.mem, y.at.wrapping_add(p.wrapping_mul(w.c_out)), pixel)
    })
}
