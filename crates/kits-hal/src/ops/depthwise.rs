//! DEPTHWISE_CONV_2D: output channel `c·M + m` sees input channel `c` only.
//!
//! Channels are computed in blocks of [`LANES`], so that a block's sums stay in registers while the
//! taps go by.

use super::{
    Task,
    output::{Channels, Output},
    place::store,
    window::Window,
};

/// Channels per block.
const LANES: usize = 16;

struct Depthwise<'m> {
    window: Window,
    multiplier: usize,
    /// What a tap outside the image reads.
    zero: i8,
    weights: &'m [i8],
    channels: Channels<'m>,
    output: Output,
}

#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let taps = window.rows.taps.checked_mul(window.columns.taps)?;
    let kernel = Depthwise {
        window,
        multiplier: task.op.multiplier.into(),
        zero: task.op.in_zero as i8,
        weights: task.weights(taps.checked_mul(window.c_out)?)?,
        channels: Channels::of(&task.model, &task.op)?,
        output: Output::of(&task.op),
    };
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..window.c_out)?;
    window.each(|p, b, row, column| {
        let x = x.view(task.mem)?;
        for (block, out) in pixel.chunks_mut(LANES).enumerate() {
            let first = block.wrapping_mul(LANES);
            kernel.block(x, b, row, column, first, out)?;
        }
        store(task.mem, y.at.wrapping_add(p.wrapping_mul(window.c_out)), pixel)
    })
}

impl Depthwise<'_> {
    /// Computes the output channels from `first` on, as many as `out` takes.
    fn block(
        &self,
        x: &[i8],
        b: usize,
        row: usize,
        column: usize,
        first: usize,
        out: &mut [i8],
    ) -> Option<()> {
        let w = &self.window;
        let n = out.len();
        let mut sums = [0_i32; LANES];
        for t in 0..w.rows.taps {
            let i = w.rows.at(row, t);
            for u in 0..w.columns.taps {
                let tap = t.wrapping_mul(w.columns.taps).wrapping_add(u);
                let at = tap.wrapping_mul(w.c_out).wrapping_add(first);
                let weights = self.weights.get(at..at.wrapping_add(n))?;
                match (i, w.columns.at(column, u)) {
                    (Some(i), Some(j)) => {
                        let pixel = b
                            .wrapping_mul(w.rows.input)
                            .wrapping_add(i)
                            .wrapping_mul(w.columns.input)
                            .wrapping_add(j)
                            .wrapping_mul(w.c_in);
                        self.add(&mut sums, weights, x.get(pixel..)?, first)?;
                    }
                    _ => {
                        for (sum, &weight) in sums.iter_mut().zip(weights) {
                            *sum = sum.wrapping_add(product(weight, self.zero));
                        }
                    }
                }
            }
        }
        for (c, (out, &sum)) in out.iter_mut().zip(&sums).enumerate() {
            let (bias, m, s) = self.channels.at(first.wrapping_add(c))?;
            *out = self.output.requantize(bias.wrapping_add(sum), m, s);
        }
        Some(())
    }

    /// Adds one tap to the sums of a block; `x` starts at the tap's pixel.
    #[inline]
    fn add(&self, sums: &mut [i32; LANES], weights: &[i8], x: &[i8], first: usize) -> Option<()> {
        if self.multiplier == 1 {
            let x = x.get(first..first.wrapping_add(weights.len()))?;
            for ((sum, &weight), &x) in sums.iter_mut().zip(weights).zip(x) {
                *sum = sum.wrapping_add(product(weight, x));
            }
        } else {
            for (c, (sum, &weight)) in sums.iter_mut().zip(weights).enumerate() {
                let &x = x.get(first.wrapping_add(c).checked_div(self.multiplier)?)?;
                *sum = sum.wrapping_add(product(weight, x));
            }
        }
        Some(())
    }
}

#[inline]
fn product(a: i8, b: i8) -> i32 {
    i32::from(a).wrapping_mul(i32::from(b))
}
