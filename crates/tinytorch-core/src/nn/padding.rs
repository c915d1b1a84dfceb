//! Rows of different lengths in one batch, filled up on the left.

use super::Module;
use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor};

/// Refuses numbers of missing tokens that do not fit ids `[B, T]`.
pub(super) fn check_pads(ids: &Tensor, pads: &[usize]) -> Result<()> {
    let &[rows, len] = ids.dims() else {
        let got = format_args!("of shape {}", ids.shape());
        return Err(Error::argument("language_model", "ids", got, "[batch, sequence]"));
    };
    if pads.len() == rows && pads.iter().all(|&pad| pad < len) && rows > 0 {
        return Ok(());
    }
    let need = format!("one number below {len} for each of the {rows} rows");
    Err(Error::argument("language_model", "pads", format_args!("{pads:?}"), need))
}

/// Returns the scores of each row evaluated alone, with zeros in front.
pub(crate) fn each_alone<M: Module + ?Sized>(
    model: &M,
    ids: &Tensor,
    pads: &[usize],
) -> Result<Tensor> {
    check_pads(ids, pads)?;
    let row = |(b, &pad): (usize, &usize)| {
        let ids = ids.narrow(0, b, 1)?;
        let scores = model.forward(&ids.narrow(1, pad, ids.dims()[1] - pad)?)?; // [1, T - pad, V]
        let &[_, _, vocab] = scores.dims() else { return Ok(scores) };
        let nothing = Tensor::zeros([1, pad, vocab], scores.dtype())?;
        Tensor::cat(&[&nothing, &scores], 1)
    };
    let rows = pads.iter().enumerate().map(row).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&rows.iter().collect::<Vec<_>>(), 0)
}

/// Returns true where a query may attend to a key: neither later than itself nor missing. `[B, 1, T, T]`
pub(super) fn padded_mask(pads: &[usize], len: usize) -> Result<Tensor> {
    let mut allowed = Vec::with_capacity(pads.len() * len * len);
    for &pad in pads {
        for query in 0..len {
            allowed.extend((0..len).map(|key| pad <= key && key <= query));
        }
    }
    Tensor::from_vec(allowed, [pads.len(), 1, len, len])
}

/// Returns the position of each token in its own text; 0 for those that are missing. `[B, T]`
pub(super) fn padded_positions(pads: &[usize], len: usize) -> Result<Tensor> {
    let row = |&pad: &usize| (0..len).map(move |at| at.saturating_sub(pad) as i64);
    Tensor::from_vec(pads.iter().flat_map(row).collect(), [pads.len(), len])
}
