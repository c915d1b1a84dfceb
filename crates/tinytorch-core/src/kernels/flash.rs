//! Attention by tiles: the scores of a few queries with a few keys at a time, never the whole matrix.
//!
//! A softmax over a row can be built from pieces. With the largest score `m` and the sum `l = Σ e^(s-m)` of the keys seen
//! so far, a further piece raises `m` to `m'` and what was collected before shrinks by `e^(m-m')`. What is kept of a row
//! for the way back is one number, `m + ln l`: the weights `e^(s - m - ln l)` can be computed again from the scores.

use super::{
    gemm::{Mat, gemm},
    par,
    recycle::{buffer, filled},
    reduce::sum_of,
    rows,
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::tensor::{Real, View};

/// Queries and keys of one tile: its scores fill 16 KiB of `f32`.
const TILE: usize = 64;

/// From this many samples on, one of them with all its heads is what a thread works on; heads then lie side by side, as
/// the layers around want them. Otherwise it is one group of heads.
const BY_SAMPLE: usize = 4;

/// Scores from which work is shared between threads.
const PARALLEL: usize = 1 << 13;

/// Which scores count, and what is added to them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Allowed<'a, T> {
    /// All.
    All,
    /// Query `i` sees the keys up to `i`.
    Causal,
    /// Those marked true, `[B, H, S, T]`.
    Marked(View<'a, bool>),
    /// All, after adding this, `[B, H, S, T]`.
    Biased(View<'a, T>),
}

/// Operands of one call. No size is 0, and the groups divide the heads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flash<'a, T> {
    /// `[B, H, S, d]`
    pub(crate) q: View<'a, T>,
    /// `[B, G, T, d]`
    pub(crate) k: View<'a, T>,
    /// `[B, G, T, w]`
    pub(crate) v: View<'a, T>,
    pub(crate) allowed: Allowed<'a, T>,
    pub(crate) scale: T,
}

/// Heads as they lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `[B, H, S, w]`
    HeadFirst,
    /// `[B, S, H, w]`
    HeadsTogether,
}

/// A place in the scores: sample, head, first query and first key of a tile.
#[derive(Debug, Clone, Copy)]
struct At {
    sample: usize,
    head: usize,
    query: usize,
    key: usize,
}

/// The matrix of one head.
fn head<'a, T: Copy>(x: &View<'a, T>, sample: usize, head: usize) -> Mat<'a, T> {
    let [b, h, rs, cs] = [x.strides[0], x.strides[1], x.strides[2], x.strides[3]];
    let data = &x.data[sample * b + head * h..];
    Mat { data, rows: x.shape[2], cols: x.shape[3], rs, cs }
}

/// `n` rows of a matrix.
fn rows_of<T: Copy>(m: Mat<'_, T>, from: usize, n: usize) -> Mat<'_, T> {
    Mat { data: &m.data[from * m.rs..], rows: n, ..m }
}

impl<T: Real> Flash<'_, T> {
    fn sizes(&self) -> [usize; 4] {
        [self.q.shape[0], self.q.shape[1], self.q.shape[2], self.k.shape[2]]
    }

    /// Heads of queries for each head of keys.
    fn share(&self) -> usize {
        self.q.shape[1] / self.k.shape[1]
    }

    /// Returns how the heads of results lie.
    pub(crate) fn order(&self) -> Order {
        if self.q.shape[0] >= BY_SAMPLE { Order::HeadsTogether } else { Order::HeadFirst }
    }

    /// Groups of heads in one piece of work, and the number of pieces.
    fn pieces(&self) -> (usize, usize) {
        let (samples, groups) = (self.q.shape[0], self.k.shape[1]);
        match self.order() {
            Order::HeadsTogether => (groups, samples),
            Order::HeadFirst => (1, samples * groups),
        }
    }

    fn parallel(&self) -> bool {
        self.sizes().iter().product::<usize>() >= PARALLEL
    }

    /// Start and row step of head `n` of `heads` in a piece with `rows` rows of `width`.
    fn place(&self, n: usize, heads: usize, [rows, width]: [usize; 2]) -> (usize, usize) {
        match self.order() {
            Order::HeadsTogether => (n * width, heads * width),
            Order::HeadFirst => (n * rows * width, width),
        }
    }

    /// Returns what the queries collect, in the [`order`](Self::order), and `m + ln l` of each query, `[B, H, S]`.
    pub(crate) fn forward(&self) -> (Vec<T>, Vec<T>) {
        let ([b, h, s, _], w) = (self.sizes(), self.v.shape[3]);
        let heads = self.pieces().0 * self.share();
        let (mut out, mut logs) = (buffer(b * h * s * w), filled(b * h * s, T::ZERO));
        let (out_piece, logs_piece) = (heads * s * w, heads * s);
        par::blocks2(
            (&mut out, out_piece),
            (&mut logs, logs_piece),
            self.parallel(),
            |piece, out, logs| {
                let mut tile = vec![T::ZERO; TILE * TILE];
                for (n, logs) in logs.chunks_mut(s).enumerate() {
                    let (sample, head) = ((piece * heads + n) / h, (piece * heads + n) % h);
                    let (start, step) = self.place(n, heads, [s, w]);
                    let at = At { sample, head, query: 0, key: 0 };
                    self.forward_head(at, (&mut out[start..], step), logs, &mut tile);
                }
            },
        );
        (out, logs)
    }

    fn forward_head(&self, at: At, (out, step): (&mut [T], usize), logs: &mut [T], tile: &mut [T]) {
        let [_, _, s, t] = self.sizes();
        let (w, group) = (self.v.shape[3], at.head / self.share());
        let q = head(&self.q, at.sample, at.head);
        let (k, v) = (head(&self.k, at.sample, group), head(&self.v, at.sample, group));
        for query in (0..s).step_by(TILE) {
            let rows = TILE.min(s - query);
            let out = &mut out[query * step..];
            let (mut most, mut sum) = ([-T::INFINITY; TILE], [T::ZERO; TILE]);
            for key in (0..t).step_by(TILE) {
                if self.is_future(query + rows - 1, key) {
                    break;
                }
                let cols = TILE.min(t - key);
                let at = At { query, key, ..at };
                gemm(
                    (tile, cols),
                    rows_of(q, query, rows),
                    rows_of(k, key, cols).t(),
                    false,
                    false,
                );
                let tile = &mut tile[..rows * cols];
                let stats = (&mut most[..rows], &mut sum[..rows]);
                simd::run(Absorb { of: self, at, tile, cols, stats, out: (out, step, w) });
                gemm(
                    (out, step),
                    Mat::rows(tile, rows, cols),
                    rows_of(v, key, cols),
                    key > 0,
                    false,
                );
            }
            for (r, log) in logs[query..query + rows].iter_mut().enumerate() {
                let row = &mut out[r * step..r * step + w];
                if most[r] == -T::INFINITY {
                    row.fill(T::ZERO);
                } else {
                    // One division for the row, as the softmax of a whole row.
                    let share = T::ONE / sum[r];
                    row.iter_mut().for_each(|v| *v = *v * share);
                }
                *log = most[r] + sum[r].ln();
            }
        }
    }

    /// True if even the last of the queries precedes the first of the keys where it must not look ahead.
    fn is_future(&self, last_query: usize, key: usize) -> bool {
        matches!(self.allowed, Allowed::Causal) && key > last_query
    }

    /// Scales a row of scores and applies the mask; returns how many of its keys may count. The rest is not touched.
    #[inline(always)]
    fn masked(&self, at: At, row: &mut [T]) -> usize {
        let scale = self.scale;
        let start = |strides: &[usize]| {
            at.sample * strides[0]
                + at.head * strides[1]
                + at.query * strides[2]
                + at.key * strides[3]
        };
        match &self.allowed {
            Allowed::All => {
                for v in row.iter_mut() {
                    *v = *v * scale;
                }
            }
            Allowed::Causal => {
                let seen = (at.query + 1).saturating_sub(at.key).min(row.len());
                for v in &mut row[..seen] {
                    *v = *v * scale;
                }
                return seen;
            }
            Allowed::Marked(mask) => {
                let (from, step) = (start(mask.strides), mask.strides[3]);
                for (j, v) in row.iter_mut().enumerate() {
                    *v = if mask.data[from + j * step] { *v * scale } else { -T::INFINITY };
                }
            }
            Allowed::Biased(bias) => {
                let (from, step) = (start(bias.strides), bias.strides[3]);
                for (j, v) in row.iter_mut().enumerate() {
                    *v = *v * scale + bias.data[from + j * step];
                }
            }
        }
        row.len()
    }

    /// Returns the gradients of queries, keys and values, in the [`order`](Self::order) of heads, for the gradient `grad`
    /// of `out`, both `[B, H, S, w]` with the elements of a row side by side.
    ///
    /// With the weights `p` and `D = Σ g·o` of each query: `dv = pᵀ·g`, `ds = p·(g·vᵀ - D)·scale`, `dq = ds·k`,
    /// `dk = dsᵀ·q`.
    pub(crate) fn backward(&self, grad: View<'_, T>, out: View<'_, T>, logs: &[T]) -> [Vec<T>; 3] {
        let [b, h, s, t] = self.sizes();
        let (d, w) = (self.q.shape[3], self.v.shape[3]);
        let (groups, share) = (self.pieces().0, self.share());
        let heads = groups * share;
        let rows = b * self.k.shape[1] * t;
        let mut dq = filled(b * h * s * d, T::ZERO);
        let (mut dk, mut dv) = (filled(rows * d, T::ZERO), filled(rows * w, T::ZERO));
        par::blocks3(
            (&mut dq, heads * s * d),
            (&mut dk, groups * t * d),
            (&mut dv, groups * t * w),
            self.parallel(),
            |piece, dq, dk, dv| {
                let mut tiles = [vec![T::ZERO; TILE * TILE], vec![T::ZERO; TILE * TILE]];
                let mut dots = vec![T::ZERO; s];
                for n in 0..heads {
                    let (sample, head) = ((piece * heads + n) / h, (piece * heads + n) % h);
                    let (q_at, q_step) = self.place(n, heads, [s, d]);
                    let (k_at, k_step) = self.place(n / share, groups, [t, d]);
                    let (v_at, v_step) = self.place(n / share, groups, [t, w]);
                    self.backward_head(
                        At { sample, head, query: 0, key: 0 },
                        (&grad, &out, &logs[(sample * h + head) * s..][..s]),
                        [
                            (&mut dq[q_at..], q_step),
                            (&mut dk[k_at..], k_step),
                            (&mut dv[v_at..], v_step),
                        ],
                        (&mut tiles, &mut dots),
                    );
                }
            },
        );
        [dq, dk, dv]
    }

    fn backward_head(
        &self,
        at: At,
        (grad, out, logs): (&View<'_, T>, &View<'_, T>, &[T]),
        [dq, dk, dv]: [(&mut [T], usize); 3],
        (tiles, dots): (&mut [Vec<T>; 2], &mut [T]),
    ) {
        let [_, _, s, t] = self.sizes();
        let (w, group) = (self.v.shape[3], at.head / self.share());
        let q = head(&self.q, at.sample, at.head);
        let (k, v) = (head(&self.k, at.sample, group), head(&self.v, at.sample, group));
        let (g, o) = (head(grad, at.sample, at.head), head(out, at.sample, at.head));
        for (i, dot) in dots.iter_mut().enumerate() {
            *dot = simd::run(Dot { a: &g.data[i * g.rs..][..w], b: &o.data[i * o.rs..][..w] });
        }
        let [p, ds] = tiles;
        for key in (0..t).step_by(TILE) {
            let cols = TILE.min(t - key);
            let (k, v) = (rows_of(k, key, cols), rows_of(v, key, cols));
            for query in (0..s).step_by(TILE) {
                let rows = TILE.min(s - query);
                if self.is_future(query + rows - 1, key) {
                    continue;
                }
                let at = At { query, key, ..at };
                let (q, g) = (rows_of(q, query, rows), rows_of(g, query, rows));
                gemm((p, cols), q, k.t(), false, false);
                gemm((ds, cols), g, v.t(), false, false);
                let (p, ds) = (&mut p[..rows * cols], &mut ds[..rows * cols]);
                let (logs, dots) = (&logs[query..query + rows], &dots[query..query + rows]);
                simd::run(Again { of: self, at, p, ds, cols, logs, dots });
                let (p, ds) = (Mat::rows(p, rows, cols), Mat::rows(ds, rows, cols));
                gemm((&mut dv.0[key * dv.1..], dv.1), p.t(), g, true, false);
                gemm((&mut dq.0[query * dq.1..], dq.1), ds, k, true, false);
                gemm((&mut dk.0[key * dk.1..], dk.1), ds.t(), q, true, false);
            }
        }
    }
}

/// Turns the products of a tile into `e^(s-m)`, with what was collected before brought to the new maximum `m`.
struct Absorb<'a, 'b, T> {
    of: &'a Flash<'b, T>,
    at: At,
    tile: &'a mut [T],
    cols: usize,
    /// Largest score and sum of each query.
    stats: (&'a mut [T], &'a mut [T]),
    /// What was collected, the step between its rows, and their width.
    out: (&'a mut [T], usize, usize),
}

impl<T: Real> Loop for Absorb<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { of, at, tile, cols, stats: (most, sum), out: (out, step, w) } = self;
        for (r, row) in tile.chunks_mut(cols).enumerate() {
            let seen = of.masked(At { query: at.query + r, ..at }, row);
            let (row, unseen) = row.split_at_mut(seen);
            unseen.fill(T::ZERO);
            let before = most[r];
            let mut now = before.max_nan(rows::max(row));
            if now == -T::INFINITY {
                if !row.iter().any(|v| v.is_nan()) {
                    row.fill(T::ZERO);
                    continue;
                }
                now = T::NAN;
            }
            for v in row.iter_mut() {
                *v = (*v - now).exp();
            }
            let added = sum_of(row, &|v| v);
            if at.key > 0 {
                let shrink = (before - now).exp();
                sum[r] = sum[r] * shrink + added;
                for v in &mut out[r * step..r * step + w] {
                    *v = *v * shrink;
                }
            } else {
                sum[r] = added;
            }
            most[r] = now;
        }
    }
}

/// Computes the weights of a tile again and turns `g·vᵀ` into `ds`.
struct Again<'a, 'b, T> {
    of: &'a Flash<'b, T>,
    at: At,
    p: &'a mut [T],
    ds: &'a mut [T],
    cols: usize,
    logs: &'a [T],
    dots: &'a [T],
}

impl<T: Real> Loop for Again<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { of, at, p, ds, cols, logs, dots } = self;
        for (r, (p, ds)) in p.chunks_mut(cols).zip(ds.chunks_mut(cols)).enumerate() {
            let (log, dot) = (logs[r], dots[r]);
            let seen = of.masked(At { query: at.query + r, ..at }, p);
            let seen = if log == -T::INFINITY { 0 } else { seen };
            let ((p, p_rest), (ds, ds_rest)) = (p.split_at_mut(seen), ds.split_at_mut(seen));
            p_rest.fill(T::ZERO);
            ds_rest.fill(T::ZERO);
            for (p, ds) in p.iter_mut().zip(ds) {
                *p = (*p - log).exp();
                *ds = *p * (*ds - dot) * of.scale;
            }
        }
    }
}

/// The product of two rows.
struct Dot<'a, T> {
    a: &'a [T],
    b: &'a [T],
}

impl<T: Real> Loop for Dot<'_, T> {
    type Out = T;

    #[inline(always)]
    fn run(self) -> T {
        const LANES: usize = 8;
        let ((a, a_rest), (b, b_rest)) = (self.a.as_chunks::<LANES>(), self.b.as_chunks::<LANES>());
        let mut lanes = [T::ZERO; LANES];
        for (a, b) in a.iter().zip(b) {
            for ((l, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
                *l += a * b;
            }
        }
        for ((l, &a), &b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
            *l += a * b;
        }
        lanes.iter().fold(T::ZERO, |sum, &l| sum + l)
    }
}
