//! The memory of a cache, in each way of keeping numbers.

use half::{bf16, f16};

use super::CacheType;
#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{
    Error, Result, dispatch,
    kernels::cached::{Rows, Sizes, attend},
};

/// Rows of `d` numbers: those of head `h` of sample `b` one after the other, with room for `max_len`.
#[derive(Debug, Clone)]
pub(super) struct Store {
    d: usize,
    rows: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
    I8 { codes: Vec<i8>, scales: Vec<f32> },
}

/// Returns `n` zeros, or an error when the system cannot provide the memory.
fn zeros<T: Clone + Default>(n: usize) -> Result<Vec<T>> {
    let mut out = Vec::new();
    out.try_reserve_exact(n).map_err(|_| {
        let got = format_args!("worth {} bytes", n.saturating_mul(size_of::<T>()));
        let need = "small enough for the memory of this machine";
        Error::argument("kv_cache", "shape", got, need)
    })?;
    out.resize(n, T::default());
    Ok(out)
}

impl Store {
    pub(super) fn new(kept: CacheType, rows: usize, d: usize) -> Result<Self> {
        let n = rows * d;
        let rows = match kept {
            CacheType::F32 => Kind::F32(zeros(n)?),
            CacheType::F16 => Kind::F16(zeros(n)?),
            CacheType::Bf16 => Kind::Bf16(zeros(n)?),
            CacheType::I8 => Kind::I8 { codes: zeros(n)?, scales: zeros(rows)? },
        };
        Ok(Self { d, rows })
    }

    /// Keeps `count` rows of each head, one head after the other, from row `at` on.
    pub(super) fn write(
        &mut self,
        new: &[f32],
        count: usize,
        at: usize,
        max_len: usize,
    ) -> Result<()> {
        let d = self.d;
        if let Kind::F32(rows) = &mut self.rows {
            return dispatch::kv_update(rows, new, new.len() / (count * d), d, at);
        }
        for (head, new) in new.chunks(count * d).enumerate() {
            let row = head * max_len + at;
            let place = row * d..row * d + new.len();
            match &mut self.rows {
                Kind::F32(_) => {} // written above
                Kind::F16(rows) => {
                    rows[place].iter_mut().zip(new).for_each(|(to, &x)| *to = f16::from_f32(x));
                }
                Kind::Bf16(rows) => {
                    rows[place].iter_mut().zip(new).for_each(|(to, &x)| *to = bf16::from_f32(x));
                }
                Kind::I8 { codes, scales } => {
                    let codes = codes[place].chunks_mut(d);
                    for ((new, codes), scale) in new.chunks(d).zip(codes).zip(&mut scales[row..]) {
                        *scale = encode("kv_cache", "keys and values", new, codes)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the numbers, where they are kept as they were computed.
    #[cfg(feature = "course")]
    pub(super) fn f32s(&self) -> Option<&[f32]> {
        match &self.rows {
            Kind::F32(rows) => Some(rows),
            _ => None,
        }
    }

    /// Returns what the queries collect from these keys and `values`.
    pub(super) fn attend(&self, values: &Self, q: &[f32], sizes: Sizes) -> Vec<f32> {
        fn plain<E>(data: &[E]) -> Rows<'_, E> {
            Rows { data, scales: None }
        }
        match (&self.rows, &values.rows) {
            (Kind::F32(k), Kind::F32(v)) => attend(q, plain(k), plain(v), sizes),
            (Kind::F16(k), Kind::F16(v)) => attend(q, plain(k), plain(v), sizes),
            (Kind::Bf16(k), Kind::Bf16(v)) => attend(q, plain(k), plain(v), sizes),
            (Kind::I8 { codes: k, scales: s }, Kind::I8 { codes: v, scales: t }) => {
                let rows = |data, scales| Rows { data, scales: Some(scales) };
                attend(q, rows(k, s), rows(v, t), sizes)
            }
            // A cache makes both in one way.
            _ => Vec::new(),
        }
    }
}

/// Writes the codes of a vector and returns what one of them is worth. An error is about `name` of `op`.
pub(in crate::generate) fn encode(
    op: &'static str,
    name: &'static str,
    x: &[f32],
    codes: &mut [i8],
) -> Result<f32> {
    if let Some(at) = x.iter().position(|v| !v.is_finite()) {
        let got = format_args!("{} at element {at} of a vector", x[at]);
        let need = "finite: codes of 8 bits divide a range";
        return Err(Error::argument(op, name, got, need));
    }
    let scale = x.iter().fold(0.0_f32, |most, v| most.max(v.abs())) / 127.0;
    if scale == 0.0 {
        codes.fill(0); // also of vectors so small that a step of them is no number
        return Ok(0.0);
    }
    for (code, &x) in codes.iter_mut().zip(x) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 127 in magnitude, give or take a rounding"
        )]
        let rounded = (x / scale).round_ties_even() as i8;
        *code = rounded;
    }
    Ok(scale)
}
