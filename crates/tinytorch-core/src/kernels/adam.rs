//! One Adam step in one pass over memory.
//!
//! The averages and the update are those of [`slots::optim`](crate::slots::optim), run block by block: what a block has
//! read is still in the first-level cache when its second half needs it.

use super::{
    par::{self, GRAIN},
    simd::{self, Loop},
};
use crate::{
    slots::optim::{AdamSettings, adam_moments, adam_update},
    tensor::Real,
};

/// Elements of one block: the four arrays of a block fill half of a small first-level cache.
const BLOCK: usize = 1 << 10;

/// Blocks that a thread takes at once.
const RUN: usize = 16;

/// What belongs to the same parameters: values, averages of the gradient and of its square, gradient.
struct Part<'a, T> {
    p: &'a mut [T],
    m: &'a mut [T],
    v: &'a mut [T],
    g: &'a [T],
    step: u64,
    settings: AdamSettings,
}

/// Updates averages and parameters as [`adam_moments`] and [`adam_update`] do one after the other.
pub(crate) fn step<T: Real>([p, m, v]: [&mut [T]; 3], g: &[T], step: u64, settings: &AdamSettings) {
    let parallel = p.len() >= GRAIN / 4;
    let size = BLOCK * RUN;
    let arrays = p.chunks_mut(size).zip(m.chunks_mut(size)).zip(v.chunks_mut(size));
    let mut parts: Vec<_> = arrays
        .zip(g.chunks(size))
        .map(|(((p, m), v), g)| Part { p, m, v, g, step, settings: *settings })
        .collect();
    par::blocks(&mut parts, 1, parallel, |_, parts| {
        for part in parts {
            simd::run(part);
        }
    });
}

impl<T: Real> Loop for &mut Part<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let betas = self.settings.betas.map(T::lit);
        let blocks = self.p.chunks_mut(BLOCK).zip(self.m.chunks_mut(BLOCK));
        let blocks = blocks.zip(self.v.chunks_mut(BLOCK)).zip(self.g.chunks(BLOCK));
        for (((p, m), v), g) in blocks {
            adam_moments(m, v, g, betas);
            adam_update(p, m, v, self.step, &self.settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_the_bits_of_the_definition() {
        for n in [1, BLOCK + 3, 3 * BLOCK * RUN + 5] {
            let values = |k: usize| -> Vec<f32> {
                (0..n).map(|i| ((i * k % 1013) as f32 - 506.0) * 1e-3).collect()
            };
            let settings = AdamSettings { lr: 1e-2, betas: [0.9, 0.99], eps: 1e-8 };
            let (mut p, mut m, mut v) = (values(7), values(11), vec![0.01; n]);
            let (mut q, mut a, mut b) = (p.clone(), m.clone(), v.clone());
            for t in 1..4 {
                let g = values(3 + t);
                step([&mut p, &mut m, &mut v], &g, t as u64, &settings);
                adam_moments(&mut a, &mut b, &g, settings.betas.map(|b| b as f32));
                adam_update(&mut q, &a, &b, t as u64, &settings);
            }
            assert_eq!((p, m, v), (q, a, b));
        }
    }
}
