//! TRANSPOSE_CONV: each input pixel adds a scaled kernel to the output.
//!
//! Computed the other way round: an output pixel gathers the input pixels whose kernel reaches it.
//! The sums are the same, and no accumulator image is needed.

use super::{
    Task,
    conv::{dot, total},
    output::{Channels, Output},
    place::store,
    window::Window,
};

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    // The forward convolution that this one reverses slides over `y` and gives `x`.
    let w = Window::between(&task.op, &task.y, &task.x);
    let (c_in, c_out) = (w.c_out, w.c_in);
    let filter = w.rows.taps.checked_mul(w.columns.taps)?.checked_mul(c_in)?;
    let weights = task.weights(filter.checked_mul(c_out)?)?;
    let channels = Channels::of(&task.model, &task.op)?;
    let output = Output::of(&task.op);
    let zero = i32::from(task.op.in_zero);
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..c_out)?;
    let mut out = y.at;
    for b in 0..w.batch {
        for row in 0..w.rows.input {
            for column in 0..w.columns.input {
                let view = x.view(task.mem)?;
                for (o, (value, filter)) in
                    pixel.iter_mut().zip(weights.chunks_exact(filter.max(1))).enumerate()
                {
                    let (bias, m, s) = channels.at(o)?;
                    let mut sum = bias;
                    for (t, tap) in filter.chunks_exact(c_in.max(1)).enumerate() {
                        let t_row = t.checked_div(w.columns.taps)?;
                        let t_column = t.checked_rem(w.columns.taps)?;
                        let source =
                            (w.rows.step_of(row, t_row), w.columns.step_of(column, t_column));
                        let (Some(i), Some(j)) = source else { continue };
                        let line = b.wrapping_mul(w.rows.output).wrapping_add(i);
                        let at = line.wrapping_mul(w.columns.output).wrapping_add(j);
                        let at = at.wrapping_mul(c_in);
                        let products = dot(tap, view.get(at..at.wrapping_add(c_in))?);
                        // What lies outside adds nothing, so z_in cannot hide in the bias.
                        sum = sum
                            .wrapping_add(products)
                            .wrapping_sub(total(tap).wrapping_mul(zero));
                    }
                    *value = output.requantize(sum, m, s);
                }
                store(task.mem, out, pixel)?;
                out = out.wrapping_add(c_out);
            }
        }
    }
    Some(())
}
