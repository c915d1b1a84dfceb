//! Class losses over rows of log-probabilities.

use super::{
    par::{self, GRAIN},
    recycle::filled,
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// What the rows should have been.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) ids: Vec<i64>,
    pub(crate) ignore: i64,
    pub(crate) weight: Option<Vec<f64>>,
    pub(crate) smoothing: f64,
    pub(crate) classes: usize,
}

impl Targets {
    fn weight(&self, class: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |w| w[class])
    }

    /// Sum of the weights of the targets that count: the divisor of the mean.
    pub(crate) fn total_weight(&self) -> f64 {
        self.ids.iter().filter(|t| **t != self.ignore).map(|&t| self.weight(t as usize)).sum()
    }

    /// Share of every class and extra share of the target class, before weights.
    fn shares(&self) -> (f64, f64) {
        (self.smoothing / self.classes as f64, 1.0 - self.smoothing)
    }

    /// The products of target distribution and class weight, one row per sample; zeros where the target is ignored.
    pub(crate) fn dense(&self) -> Vec<f64> {
        let (all, target) = self.shares();
        let mut out = vec![0.0; self.ids.len() * self.classes];
        for (row, &id) in
            out.chunks_mut(self.classes.max(1)).zip(&self.ids).filter(|(_, t)| **t != self.ignore)
        {
            row.iter_mut().enumerate().for_each(|(c, v)| *v = all * self.weight(c));
            row[id as usize] += target * self.weight(id as usize);
        }
        out
    }
}

/// Returns `-Σ q·w·ln p` of each row; 0 where the target is ignored.
pub(crate) fn losses<T: Real>(log_p: &[T], targets: &Targets) -> Vec<T> {
    let (all, target) = targets.shares();
    let mut rows = log_p.chunks(targets.classes.max(1));
    let loss = |&id: &i64| {
        let row = rows.next().unwrap_or(&[]);
        if id == targets.ignore {
            return T::ZERO;
        }
        let id = id as usize;
        let mut loss = T::lit(-target * targets.weight(id)) * row[id];
        if all > 0.0 {
            for (c, &lp) in row.iter().enumerate() {
                loss = loss - T::lit(all * targets.weight(c)) * lp;
            }
        }
        loss
    };
    targets.ids.iter().map(loss).collect()
}

/// Returns `g·scale·(p·Σ q·w - q·w)` for each row; `grad` has one number per row, or one for all.
pub(crate) fn gradient<T: Real>(log_p: &[T], grad: &[T], targets: &Targets, scale: f64) -> Vec<T> {
    let (all, target) = targets.shares();
    let classes = targets.classes.max(1);
    let spread: f64 = all * (0..targets.classes).map(|c| targets.weight(c)).sum::<f64>();
    let mut out = filled(log_p.len(), T::ZERO);
    let block = (GRAIN / 8 / classes).max(1) * classes;
    par::blocks(&mut out, block, log_p.len() >= GRAIN / 4, |at, out| {
        for (n, row) in out.chunks_mut(classes).enumerate() {
            let n = at / classes + n;
            let id = targets.ids[n];
            if id == targets.ignore {
                continue;
            }
            let id = id as usize;
            let g = if grad.len() == 1 { grad[0] } else { grad[n] } * T::lit(scale);
            let total = g * T::lit(spread + target * targets.weight(id));
            simd::run(Scaled { out: row, log_p: &log_p[n * classes..], total });
            if all > 0.0 {
                row.iter_mut()
                    .enumerate()
                    .for_each(|(c, o)| *o = *o - g * T::lit(all * targets.weight(c)));
            }
            row[id] = row[id] - g * T::lit(target * targets.weight(id));
        }
    });
    out
}

/// `total·e^(log_p)` of one row.
struct Scaled<'a, T> {
    out: &'a mut [T],
    log_p: &'a [T],
    total: T,
}

impl<T: Real> Loop for Scaled<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, log_p, total } = self;
        for (o, &lp) in out.iter_mut().zip(log_p) {
            *o = total * lp.exp();
        }
    }
}
