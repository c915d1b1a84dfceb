//! ADD and SUB of two tensors of the same shape, both in the arena.

use super::{form::Form, rescale::rounded, simd::mve};
use crate::ops::{
    Output, Task,
    place::{self, Place, run_mut, store},
    second,
};

/// Elements read before any of them is written: the output may lie on an input.
const BLOCK: usize = 64;

/// A multiplier and the right shift that follows it, less one; all bits are set where there is none.
#[derive(Clone, Copy)]
struct Scale {
    multiplier: i32,
    right: u32,
}

impl Scale {
    /// The shift as it is stored, 0 or less.
    fn shift(self) -> i32 {
        (!self.right).cast_signed()
    }

    /// `v` is a difference of two bytes times 2^20, or a sum of two such: far below 2^30.
    #[inline(always)]
    fn apply<F: Form>(self, v: i32) -> i32 {
        let high = F::high_mul_small(v, self.multiplier);
        if self.right == u32::MAX { high } else { rounded::<F>(high, self.right) }
    }
}

/// Returns `None` without having written anything if the operator has another form.
#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>, negate: bool) -> Option<()> {
    let other = second(task)?;
    let scale = |i: usize| {
        let multiplier = task.word(i)?;
        let shift = task.word(i.wrapping_add(3))?;
        // Not a left shift, which the plain kernel leaves out.
        (multiplier > 0 && shift <= 0).then_some(Scale {
            multiplier,
            right: (!shift).cast_unsigned(),
        })
    };
    let (sa, sb, so) = (scale(0)?, scale(1)?, scale(2)?);
    let places = [Place::in_arena(&task.x)?, Place::in_arena(&other)?];
    if task.x.dims != other.dims || task.x.dims != task.y.dims {
        return None;
    }
    let sums = Sums {
        zeros: [task.op.in_zero.into(), other.zero.into()],
        scales: [sa, sb, so],
        output: Output::of(&task.op),
        sign: if negate { -1 } else { 0 },
    };
    let y = task.y_place();
    if F::VECTORS {
        return sums.on_vectors(task, places);
    }
    let mut done = 0_usize;
    while done < y.len {
        let (mut a, mut b) = ([0_i8; BLOCK], [0_i8; BLOCK]);
        let n = y.len.saturating_sub(done).min(BLOCK);
        let (a, b) = (a.get_mut(..n)?, b.get_mut(..n)?);
        for (to, place) in [&mut *a, &mut *b].into_iter().zip(places) {
            let from = place.view(task.mem)?.get(done..)?;
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
        sums.replace::<F>(a, b);
        store(task.mem, y.at.wrapping_add(done), a)?;
        done = done.wrapping_add(n);
    }
    Some(())
}

/// The constants of an operator.
struct Sums {
    zeros: [i32; 2],
    /// Of both operands and of the sum.
    scales: [Scale; 3],
    output: Output,
    /// −1 negates the second operand, 0 does not.
    sign: i32,
}

impl Sums {
    /// Replaces every `a` by what it gives with its `b`.
    fn replace<F: Form>(&self, a: &mut [i8], b: &[i8]) {
        let ([za, zb], [sa, sb, so]) = (self.zeros, self.scales);
        for (a, &b) in a.iter_mut().zip(b) {
            let p = sa.apply::<F>(i32::from(*a).wrapping_sub(za).wrapping_shl(20));
            let q = sb.apply::<F>(i32::from(b).wrapping_sub(zb).wrapping_shl(20));
            let q = (q ^ self.sign).wrapping_sub(self.sign);
            *a = self.output.offset(so.apply::<F>(p.wrapping_add(q)));
        }
    }
    /// Step by step, each for all elements of a block.
    fn on_vectors(&self, task: &mut Task<'_, '_>, places: [Place; 2]) -> Option<()> {
        let [sa, sb, so] = self.scales;
        let mut blocks = [[0_i32; BLOCK]; 2];
        let y = task.y_place();
        let mut done = 0_usize;
        while done < y.len {
            let n = y.len.saturating_sub(done).min(BLOCK);
            let operands = places.into_iter().zip(self.zeros).zip([sa, sb]);
            for (values, ((place, zero), scale)) in blocks.iter_mut().zip(operands) {
                let values = values.get_mut(..n)?;
                let from = place::run(task.mem, place.at.wrapping_add(done), n)?;
                for (value, &from) in values.iter_mut().zip(from) {
                    *value = i32::from(from).wrapping_sub(zero).wrapping_shl(20);
                }
                mve::scale(values, scale.multiplier, scale.shift());
            }
            let [p, q] = &mut blocks;
            let p = p.get_mut(..n)?;
            for (p, &q) in p.iter_mut().zip(&*q) {
                *p = p.wrapping_add((q ^ self.sign).wrapping_sub(self.sign));
            }
            mve::scale(p, so.multiplier, so.shift());
            let to = run_mut(task.mem, y.at.wrapping_add(done), n)?;
            for (to, &p) in to.iter_mut().zip(&*p) {
                *to = self.output.offset(p);
            }
            done = done.wrapping_add(n);
        }
        Some(())
    }
}
