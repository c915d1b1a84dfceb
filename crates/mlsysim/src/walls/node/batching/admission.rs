//! How many requests fit side by side: whole reservations against pages.

use super::lengths::Lengths;
use super::{COUNTING, KWON, LENGTHS};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerToken, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A memory, a model and the requests that share them.
    pub struct AdmissionIn {
        /// Size of the memory.
        capacity: Bytes, "M", POSITIVE;
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
        /// Bytes of keys and values that each token adds.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE;
        /// Most tokens of a request, prompt and answer.
        max_seq_len: Tokens, "S_max", POSITIVE;
        /// Mean tokens of a request; more than the most means the most.
        mean_tokens: Tokens, "S̄", POSITIVE;
        /// Most requests that the scheduler runs side by side.
        max_batch: f64, "N_max", COUNT, default 32.0;
        /// Tokens of one page.
        page_size: Tokens, "p", POSITIVE, default 16.0;
        /// Share of a request's tokens that are in the cache from its start; upstream takes all.
        prompt_share: f64, "φ", SHARE, default 1.0;
        /// Share of the pages kept free for requests that grow; upstream keeps none.
        watermark: f64, "ω", SHARE, default 0.01;
    }
}

record! {
    /// How many requests fit, and what is wasted.
    pub struct AdmissionOut {
        /// Bytes left for keys and values.
        kv_budget: Bytes, "Q", NOT_NEGATIVE;
        /// Tokens whose keys and values fit; infinite if they take no space.
        token_budget: f64, "T_b", UNBOUNDED;
        /// Tokens that a request under way has in the cache on average.
        held_tokens: Tokens, "o", NOT_NEGATIVE;
        /// Tokens of the pages that hold them.
        allocated_tokens: Tokens, "A", NOT_NEGATIVE;
        /// Requests side by side with pages.
        paged_requests: f64, "N_p", NOT_NEGATIVE;
        /// Requests side by side if each reserves its longest length.
        static_requests: f64, "N_s", NOT_NEGATIVE;
        /// Share of the allocated pages that holds nothing.
        paged_waste: f64, "w_p", SHARE;
        /// Share of a whole reservation that a request never uses.
        static_waste: f64, "w_s", SHARE;
        /// Bytes of the allocated pages.
        paged_kv: Bytes, "KV_p", NOT_NEGATIVE;
        /// Bytes of the whole reservations.
        static_kv: Bytes, "KV_s", NOT_NEGATIVE;
        /// Probability that the requests at a random moment need more pages than there are, so that some must stop.
        preemption_risk: f64, "P_x", SHARE;
    }
}

/// The equation `batching.admission`.
#[derive(Debug, Clone, Copy)]
pub struct Admission;

impl Equation for Admission {
    type In = AdmissionIn;
    type Out = AdmissionOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "batching.admission",
        wall: 5,
        also: &[2, 4],
        question: "How many requests fit side by side, with pages and without?",
        formula: "N_p = ⌊(1 − ω) × ⌊T_b / p⌋ × p / A⌋; N_s = ⌊T_b / S_max⌋; T_b = (M − W) / k",
        source: KWON,
        inputs: AdmissionIn::FIELDS,
        outputs: AdmissionOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &AdmissionIn,
        convention: Convention,
        trace: &mut R,
    ) -> AdmissionOut {
        let upstream = convention == Convention::Upstream030;
        let kv_budget = (x.capacity - x.weight_bytes).max(Bytes::ZERO);
        trace.computed(
            "kv_budget",
            "Q",
            kv_budget,
            "max(0, M − W)",
            &["capacity", "weight_bytes"],
            COUNTING,
        );
        let token_budget =
            if kv_budget > Bytes::ZERO { (kv_budget / x.kv_per_token).0 } else { 0.0 };
        trace.computed(
            "token_budget",
            "T_b",
            token_budget,
            "Q / k",
            &["kv_budget", "kv_per_token"],
            COUNTING,
        );
        let held = Held::of(x, upstream);
        const LAW: &[&str] = &["max_seq_len", "mean_tokens", "prompt_share"];
        const PAGES: &[&str] = &["max_seq_len", "mean_tokens", "prompt_share", "page_size"];
        trace.computed(
            "held_tokens",
            "o",
            held.tokens,
            "(1 + φ) / 2 × E[X²] / E[X], X = min(exponential, S_max) of mean S̄",
            LAW,
            LENGTHS,
        );
        trace.computed(
            "allocated_tokens",
            "A",
            held.allocated,
            "min(o + p / 2, ⌈S_max / p⌉ × p)",
            PAGES,
            KWON,
        );
        let requests = Requests::of(x, token_budget, &held, upstream);
        const FITS: &[&str] =
            &["token_budget", "page_size", "allocated_tokens", "watermark", "max_batch"];
        trace.computed(
            "paged_requests",
            "N_p",
            requests.paged,
            "min(⌊(1 − ω) × ⌊T_b / p⌋ × p / A⌋, N_max); 0 if the longest does not fit",
            FITS,
            KWON,
        );
        trace.computed(
            "static_requests",
            "N_s",
            requests.reserved,
            "min(⌊T_b / S_max⌋, N_max)",
            &["token_budget", "max_seq_len", "max_batch"],
            KWON,
        );
        // Upstream reports no waste where there is no room at all.
        let nothing = upstream && kv_budget <= Bytes::ZERO;
        let paged_waste =
            if nothing { 0.0 } else { (1.0 - held.tokens / held.allocated).clamp(0.0, 1.0) };
        trace.computed(
            "paged_waste",
            "w_p",
            paged_waste,
            "max(0, 1 − o / A)",
            &["held_tokens", "allocated_tokens"],
            KWON,
        );
        let static_waste =
            if nothing { 0.0 } else { (1.0 - held.of_reserved / x.max_seq_len).clamp(0.0, 1.0) };
        trace.computed(
            "static_waste",
            "w_s",
            static_waste,
            "1 − S̄ / S_max",
            &["mean_tokens", "max_seq_len"],
            KWON,
        );
        let paged_kv = x.kv_per_token * held.allocated * requests.paged;
        trace.computed(
            "paged_kv",
            "KV_p",
            paged_kv,
            "k × N_p × A",
            &["kv_per_token", "paged_requests", "allocated_tokens"],
            COUNTING,
        );
        let static_kv = x.kv_per_token * x.max_seq_len * requests.reserved;
        trace.computed(
            "static_kv",
            "KV_s",
            static_kv,
            "k × N_s × S_max",
            &["kv_per_token", "static_requests", "max_seq_len"],
            COUNTING,
        );
        let preemption_risk = held.risk(requests.paged, requests.pool);
        trace.computed(
            "preemption_risk",
            "P_x",
            preemption_risk,
            "P(N_p requests of mean A and the spread of the law pass ⌊T_b / p⌋ × p)",
            &["paged_requests", "allocated_tokens", "token_budget", "page_size"],
            "central limit theorem",
        );
        AdmissionOut {
            kv_budget,
            token_budget,
            held_tokens: held.tokens,
            allocated_tokens: held.allocated,
            paged_requests: requests.paged,
            static_requests: requests.reserved,
            paged_waste,
            static_waste,
            paged_kv,
            static_kv,
            preemption_risk,
        }
    }
}

/// What a request under way holds.
struct Held {
    tokens: Tokens,
    allocated: Tokens,
    /// Mean final length.
    of_reserved: Tokens,
    /// Standard deviation of the tokens.
    spread: f64,
    /// Blocks of the longest request.
    most_blocks: f64,
}

impl Held {
    /// A request met at random is longer than the mean, and somewhere between its prompt and its end.
    ///
    /// Upstream counts every request at its final length.
    #[inline]
    fn of(x: &AdmissionIn, upstream: bool) -> Self {
        let (longest, page) = (x.max_seq_len.0, x.page_size.0);
        let mean = x.mean_tokens.0.min(longest);
        let law = Lengths::of_mean(mean / longest);
        let most_blocks = libm::ceil(longest / page);
        if upstream {
            let blocks = law.mean_blocks(page / longest, most_blocks);
            return Self {
                tokens: Tokens(mean),
                allocated: Tokens(page * blocks),
                of_reserved: Tokens(mean),
                spread: 0.0,
                most_blocks: 0.0,
            };
        }
        let prompt = x.prompt_share;
        let tokens = longest * law.met_mean() * (1.0 + prompt) / 2.0;
        let square = longest * longest * law.met_square() * (1.0 + prompt + prompt * prompt) / 3.0;
        Self {
            tokens: Tokens(tokens),
            // The last page is half full on average.
            allocated: Tokens((tokens + page / 2.0).min(most_blocks * page)),
            of_reserved: Tokens(mean),
            spread: libm::sqrt((square - tokens * tokens).max(0.0)),
            most_blocks,
        }
    }

    /// Probability that `requests` independent requests hold more than `pool` tokens.
    #[inline]
    fn risk(&self, requests: f64, pool: f64) -> f64 {
        let deviation = self.spread * libm::sqrt(requests);
        if deviation > 0.0 && pool.is_finite() {
            let room = pool - requests * self.allocated.0;
            0.5 * libm::erfc(room / (deviation * core::f64::consts::SQRT_2))
        } else {
            0.0
        }
    }
}

/// Requests side by side.
struct Requests {
    paged: f64,
    reserved: f64,
    /// Tokens of all pages.
    pool: f64,
}

impl Requests {
    #[inline]
    fn of(x: &AdmissionIn, token_budget: f64, held: &Held, upstream: bool) -> Self {
        let page = x.page_size.0;
        let pages = libm::floor(token_budget / page);
        let pool = pages * page;
        let usable = if upstream { pool } else { pool * (1.0 - x.watermark) };
        // An exact ratio may come out a rounding below the whole number it is.
        let fit = libm::floor(usable / held.allocated.0 + 1e-9);
        let paged = if pages < held.most_blocks { 0.0 } else { fit.min(x.max_batch) };
        let reserved = libm::floor(token_budget / x.max_seq_len.0).min(x.max_batch);
        Self { paged, reserved, pool }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn example() -> AdmissionIn {
        AdmissionIn {
            capacity: Bytes(1_100.0),
            weight_bytes: Bytes(100.0),
            kv_per_token: BytesPerToken(1.0),
            max_seq_len: Tokens(100.0),
            mean_tokens: Tokens(100.0),
            max_batch: 1000.0,
            page_size: Tokens(10.0),
            prompt_share: 1.0,
            watermark: 0.0,
        }
    }

    #[test]
    fn equal_requests_by_hand() {
        // 1 000 tokens: ten requests of 100 either way.
        let out = solve::<Admission>(&example(), Convention::Reference).unwrap();
        assert_eq!((out.paged_requests, out.static_requests), (10.0, 10.0));
        assert_eq!((out.paged_waste, out.static_waste, out.preemption_risk), (0.0, 0.0, 0.0));
        // Requests that start empty hold 50 tokens on average, in pages of 55: 18 fit.
        let growing = AdmissionIn { prompt_share: 0.0, ..example() };
        let out = solve::<Admission>(&growing, Convention::Reference).unwrap();
        assert_eq!((out.held_tokens, out.allocated_tokens), (Tokens(50.0), Tokens(55.0)));
        assert_eq!(out.paged_requests.to_bits(), 18.0_f64.to_bits());
        // 10 tokens of room over a deviation of 100/√12·√18 = 122.47: P(Z > 0.0816) = 0.467.
        assert!((out.preemption_risk - 0.467).abs() < 1e-3, "{}", out.preemption_risk);
    }

    #[test]
    fn short_requests_leave_reservations_empty() {
        let short = AdmissionIn { mean_tokens: Tokens(20.0), ..example() };
        let out = solve::<Admission>(&short, Convention::Reference).unwrap();
        assert!((out.static_waste - 0.8).abs() < 1e-15);
        assert!(out.paged_requests > 2.0 * out.static_requests);
    }

    #[test]
    fn the_longest_request_must_fit() {
        let tight = AdmissionIn { capacity: Bytes(195.0), mean_tokens: Tokens(5.0), ..example() };
        let out = solve::<Admission>(&tight, Convention::Reference).unwrap();
        assert_eq!(out.paged_requests.to_bits(), 0.0_f64.to_bits());
        let full = AdmissionIn { capacity: Bytes(50.0), ..example() };
        let out = solve::<Admission>(&full, Convention::Reference).unwrap();
        assert_eq!((out.kv_budget, out.token_budget), (Bytes::ZERO, 0.0));
    }
}
