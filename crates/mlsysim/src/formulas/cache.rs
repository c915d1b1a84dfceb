//! Key-value caches: their size, and what paging wastes.
//!
//! The length of a request is taken to be exponential, cut off at the longest context, which one scale `μ` fixes.

use super::formulas;
use crate::units::{Bytes, Tokens};

formulas! { cache;
    /// Returns the bytes of keys and values.
    ///
    /// `M = 2 × L × H_kv × d_h × S × B × b`
    source "Pope et al. (2023), Efficiently scaling transformer inference, MLSys";
    /// // 2 × 32 layers × 8 heads × 128 wide, 1,000 tokens, one sequence, 2 bytes.
    /// assert_eq!(cache::keys_and_values(32.0, 8.0, 128.0, Tokens(1000.0), 1.0, Bytes(2.0))?, Bytes(131_072_000.0));
    fn keys_and_values(layers: f64, COUNT; kv_heads: f64, COUNT; head_dim: f64, COUNT; tokens: Tokens, NOT_NEGATIVE; batch: f64, COUNT; element: Bytes, POSITIVE) -> Bytes, NOT_NEGATIVE {
        element * (2.0 * layers * kv_heads * head_dim) * tokens.0 * batch
    }

    /// Returns the bytes of a cache that keeps one compressed vector and one position key per token.
    ///
    /// `M = L × (r + d_r) × S × B × b`
    source "DeepSeek-AI (2024), DeepSeek-V2, arXiv:2405.04434, section 2.1";
    /// assert_eq!(cache::latent(60.0, 512.0, 64.0, Tokens(1000.0), 1.0, Bytes(2.0))?, Bytes(69_120_000.0));
    fn latent(layers: f64, COUNT; rank: f64, COUNT; position_dim: f64, COUNT_OR_NONE; tokens: Tokens, NOT_NEGATIVE; batch: f64, COUNT; element: Bytes, POSITIVE) -> Bytes, NOT_NEGATIVE {
        element * (layers * (rank + position_dim)) * tokens.0 * batch
    }

    /// Returns the tokens of whole pages that a context occupies.
    ///
    /// `⌈S/p⌉ × p`
    source "Kwon et al. (2023), Efficient memory management for large language model serving with PagedAttention, SOSP";
    /// assert_eq!(cache::paged_tokens(Tokens(17.0), Tokens(16.0))?, Tokens(32.0));
    fn paged_tokens(tokens: Tokens, NOT_NEGATIVE; page: Tokens, POSITIVE) -> Tokens, NOT_NEGATIVE {
        page * libm::ceil(tokens / page)
    }

    /// Returns the share of the occupied pages that holds nothing.
    ///
    /// `1 − S / (⌈S/p⌉ × p)`, and 0 for an empty context.
    source "Kwon et al. (2023), Efficient memory management for large language model serving with PagedAttention, SOSP";
    /// assert_eq!(cache::page_waste(Tokens(24.0), Tokens(16.0))?, 0.25);
    fn page_waste(tokens: Tokens, NOT_NEGATIVE; page: Tokens, POSITIVE) -> f64, SHARE {
        let padded = paged_tokens(tokens, page);
        if padded.0 > 0.0 { ((padded - tokens) / padded).max(0.0) } else { 0.0 }
    }

    /// Returns the scale of an exponential length which, cut off at `max`, has the mean `mean`.
    ///
    /// The `μ` with `μ × (1 − e^(−max/μ)) = mean`; infinite if both are equal, so that every request is longest.
    source "mean of an exponential censored at a maximum";
    /// let scale = cache::length_scale(Tokens(32.0), Tokens(64.0))?;
    /// assert!((scale.0 * (1.0 - (-64.0 / scale.0).exp()) - 32.0).abs() < 1e-10);
    fn length_scale(mean: Tokens, POSITIVE; max: Tokens, POSITIVE) -> Tokens, UNBOUNDED where mean <= max {
        let share = mean / max;
        if share >= 1.0 {
            return Tokens(f64::INFINITY);
        }
        // (1 − e^(−t))/t falls from 1 at 0 and lies below 1/t, so the root is in (0, 1/share].
        let (mut low, mut high) = (0.0, 1.0 / share);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if -libm::expm1(-middle) > share * middle { low = middle } else { high = middle }
        }
        max / (0.5 * (low + high))
    }

    /// Returns the mean of the tokens of whole pages that a request of such a length occupies.
    ///
    /// `p × (1 − e^(−K·p/μ)) / (1 − e^(−p/μ))` with `K = ⌈max/p⌉`.
    source "Kwon et al. (2023), PagedAttention, SOSP, with the mean of the rounded-up censored exponential";
    /// // Every request is longest: 1,000 tokens fill 16 pages of 64.
    /// assert_eq!(cache::expected_paged_tokens(Tokens(1000.0), Tokens(1000.0), Tokens(64.0))?, Tokens(1024.0));
    fn expected_paged_tokens(mean: Tokens, POSITIVE; max: Tokens, POSITIVE; page: Tokens, POSITIVE) -> Tokens, POSITIVE where mean <= max {
        let scale = length_scale(mean, max);
        let pages = libm::ceil(max / page);
        let step = page / scale;
        // Pages that are far shorter than the scale, or equal lengths: no decay from page to page.
        if step > 0.0 {
            page * (libm::expm1(-pages * step) / libm::expm1(-step))
        } else {
            page * pages
        }
    }

    /// Returns the mean share of the occupied pages that holds nothing.
    ///
    /// `1 − mean / E[⌈S/p⌉ × p]`
    source "Kwon et al. (2023), PagedAttention, SOSP, with the mean of the rounded-up censored exponential";
    /// assert_eq!(cache::expected_page_waste(Tokens(1000.0), Tokens(1000.0), Tokens(64.0))?, 24.0 / 1024.0);
    fn expected_page_waste(mean: Tokens, POSITIVE; max: Tokens, POSITIVE; page: Tokens, POSITIVE) -> f64, SHARE where mean <= max {
        (1.0 - mean / expected_paged_tokens(mean, max, page)).max(0.0)
    }
}
