//! Module 13: the choice of the next token.

use crate::{Result, Rng, slots::sample as slot};

/// The next token.
pub(crate) fn sample_next(
    logits: &[f32],
    previous: &[u32],
    how: &slot::Sampling,
    rng: &mut Rng,
) -> Result<u32> {
    #[cfg(feature = "course")]
    if let Some(token) = crate::course::m13::hook::sample_next(logits, previous, how, rng)? {
        return if (token as usize) < logits.len() {
            Ok(token)
        } else {
            let slot = crate::course::m13::slot::sample_next;
            let detail = format!("returned token {token}, there are {}", logits.len());
            Err(crate::course::wrong(slot, detail))
        };
    }
    slot::sample_next(logits, previous, how, rng)
}
