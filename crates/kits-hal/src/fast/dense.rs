//! FULLY_CONNECTED, and the product of one window with all filters that convolutions share.

use super::dot::{dot, dot4, total};
use crate::ops::{Channels, Output, Task, place};

/// Outputs computed before they are stored.
const BLOCK: usize = 32;

/// Filters of equal length, one after the other, and what turns their sums into bytes.
#[derive(Clone, Copy)]
pub(super) struct Filters<'m> {
    /// The filters of all channels.
    pub(super) weights: &'m [i8],
    /// Length of one filter.
    pub(super) len: usize,
    pub(super) channels: Channels<'m>,
    pub(super) output: Output,
}

impl Filters<'_> {
    /// Writes the outputs of channels `first..` for one window; `skew` is subtracted from each sum.
    #[inline]
    pub(super) fn apply(
        &self,
        window: &[i8],
        first: usize,
        skew: i32,
        out: &mut [i8],
    ) -> Option<()> {
        let mut channel = first;
        let mut rest = self.weights.get(first.wrapping_mul(self.len)..)?;
        let (fours, singles) = out.as_chunks_mut::<4>();
        for out in fours {
            let (a, tail) = rest.split_at_checked(self.len)?;
            let (b, tail) = tail.split_at_checked(self.len)?;
            let (c, tail) = tail.split_at_checked(self.len)?;
            let (d, tail) = tail.split_at_checked(self.len)?;
            rest = tail;
            let sums = dot4(window, [a, b, c, d])?.map(|sum| sum.wrapping_sub(skew));
            *out = self.finish4(channel, sums)?;
            channel = channel.wrapping_add(4);
        }
        for out in singles {
            let (filter, tail) = rest.split_at_checked(self.len)?;
            rest = tail;
            *out = self.finish(channel, dot(window, filter).wrapping_sub(skew))?;
            channel = channel.wrapping_add(1);
        }
        Some(())
    }

    /// Turns four sums into the outputs of four neighboring channels.
    #[inline]
    pub(super) fn finish4(&self, channel: usize, sums: [i32; 4]) -> Option<[i8; 4]> {
        let [a, b, c, d] = self.channels.four(channel)?;
        let [p, q, r, s] = sums;
        let out = |(bias, m, s): (i32, i32, i32), sum: i32| {
            self.output.requantize(bias.wrapping_add(sum), m, s)
        };
        Some([out(a, p), out(b, q), out(c, r), out(d, s)])
    }

    /// Turns a sum into the output of a channel.
    #[inline]
    pub(super) fn finish(&self, channel: usize, sum: i32) -> Option<i8> {
        let (bias, m, s) = self.channels.at(channel)?;
        Some(self.output.requantize(bias.wrapping_add(sum), m, s))
    }
}

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let c_out = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    let rows = y.len.checked_div(c_out)?;
    let c_in = x.len.checked_div(rows)?;
    let filters = Filters {
        weights: task.weights(c_in.checked_mul(c_out)?)?,
        len: c_in,
        channels: Channels::of(&task.model, &task.op)?,
        output: Output::of(&task.op),
    };
    let weight_zero = *task.op.aux.first()?;
    let mut block = [0_i8; BLOCK];
    for row in 0..rows {
        let mut first = 0_usize;
        while first < c_out {
            let block = block.get_mut(..c_out.saturating_sub(first).min(BLOCK))?;
            let x = place::run(task.mem, x.at.wrapping_add(row.wrapping_mul(c_in)), c_in)?;
            let skew = if weight_zero == 0 { 0 } else { total(x).wrapping_mul(weight_zero) };
            filters.apply(x, first, skew, block)?;
            let at = row.wrapping_mul(c_out).wrapping_add(first);
            place::store(task.mem, y.at.wrapping_add(at), block)?;
            first = first.wrapping_add(block.len());
        }
    }
    Some(())
}
