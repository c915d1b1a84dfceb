//! Queues: waiting time as a function of utilization, and what batching adds.

use super::formulas;
use crate::units::{Hertz, Seconds};

formulas! { queueing;
    /// Returns the probability that an arrival waits in an M/M/c queue.
    ///
    /// `C = c·B / (c − a·(1−B))` with Erlang's loss `B` from `B_0 = 1, B_j = a·B_(j−1) / (j + a·B_(j−1))`;
    /// `a = λ/μ` is the load. 1 if the load reaches the number of servers.
    source "Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic telephone exchanges";
    /// // One server: everyone who finds it busy waits.
    /// assert_eq!(queueing::erlang_c(0.75, 1.0)?, 0.75);
    fn erlang_c(load: f64, NOT_NEGATIVE; servers: f64, LOOP) -> f64, SHARE {
        if load >= servers {
            return 1.0;
        }
        let (mut lost, mut j) = (1.0, 1.0);
        while j <= servers && lost > 0.0 {
            lost = load * lost / (j + load * lost);
            j += 1.0;
        }
        (servers * lost / (servers - load * (1.0 - lost))).min(1.0)
    }

    /// Returns the mean wait of an M/M/c queue.
    ///
    /// `W = C / (c·μ − λ)`, infinite if the queue is unstable.
    source "Kleinrock (1975), Queueing Systems, volume 1, section 3.5";
    /// // One server, utilization 1/2: as long as one service.
    /// assert_eq!(queueing::mean_wait(Hertz(5.0), Hertz(10.0), 1.0)?, Seconds(0.1));
    fn mean_wait(arrivals: Hertz, NOT_NEGATIVE; service_rate: Hertz, POSITIVE; servers: f64, LOOP) -> Seconds, UNBOUNDED {
        let spare = service_rate.0 * servers - arrivals.0;
        if spare > 0.0 {
            Seconds(erlang_c(arrivals / service_rate, servers) / spare)
        } else {
            Seconds(f64::INFINITY)
        }
    }

    /// Returns the wait that a share `q` of the arrivals at an M/M/c queue does not exceed.
    ///
    /// `t = max(0, ln(C/(1−q)) / (c·μ − λ))`, infinite if the queue is unstable or `q = 1` while some wait.
    source "Kleinrock (1975), Queueing Systems, volume 1, section 3.5";
    /// // Half of the arrivals find the only server free.
    /// assert_eq!(queueing::wait_quantile(Hertz(5.0), Hertz(10.0), 1.0, 0.5)?, Seconds(0.0));
    fn wait_quantile(arrivals: Hertz, NOT_NEGATIVE; service_rate: Hertz, POSITIVE; servers: f64, LOOP; quantile: f64, SHARE) -> Seconds, UNBOUNDED {
        let spare = service_rate.0 * servers - arrivals.0;
        if spare <= 0.0 {
            return Seconds(f64::INFINITY);
        }
        let waiting = erlang_c(arrivals / service_rate, servers);
        if waiting <= 1.0 - quantile {
            return Seconds::ZERO;
        }
        Seconds(libm::log(waiting / (1.0 - quantile)) / spare)
    }

    /// Returns the mean time in an M/M/1 queue.
    ///
    /// `T = S / (1−ρ)`, infinite from `ρ = 1` on.
    source "Kleinrock (1975), Queueing Systems, volume 1, section 3.2";
    /// assert_eq!(queueing::single_server_time(Seconds(0.1), 0.75)?, Seconds(0.4));
    fn single_server_time(service: Seconds, NOT_NEGATIVE; utilization: f64, NOT_NEGATIVE) -> Seconds, UNBOUNDED {
        if utilization < 1.0 { service / (1.0 - utilization) } else { Seconds(f64::INFINITY) }
    }

    /// Returns how many means an exponential time does not exceed with probability `q`.
    ///
    /// `ln(1/(1−q))`, infinite for `q = 1`.
    source "inverse of the exponential distribution";
    /// assert!((queueing::exponential_quantile(0.99)? - 4.605).abs() < 1e-3);
    fn exponential_quantile(quantile: f64, SHARE) -> f64, UNBOUNDED {
        // 0 − x, so that the quantile of 0 is 0 and not -0.
        0.0 - libm::log1p(-quantile)
    }

    /// Returns the utilization above which `k` means of the time in an M/M/1 queue exceed a limit.
    ///
    /// `ρ = 1 − k·S/T`, and 0 if even an idle queue misses the limit.
    source "Kleinrock (1975), Queueing Systems, volume 1, section 3.2, solved for the utilization";
    /// assert_eq!(queueing::tail_utilization(4.0, Seconds(0.1), Seconds(1.6))?, 0.75);
    fn tail_utilization(multiple: f64, NOT_NEGATIVE; service: Seconds, NOT_NEGATIVE; limit: Seconds, POSITIVE) -> f64, SHARE {
        (1.0 - service / limit * multiple).max(0.0)
    }

    /// Returns the mean wait of an M/G/1 queue in units of its mean service.
    ///
    /// `ρ/(1−ρ) × (1+c²)/2`, infinite from `ρ = 1` on; `c` is the coefficient of variation of the service.
    source "Pollaczek (1930) and Khinchine (1932), as in Kleinrock (1975), Queueing Systems, volume 1, section 5.6";
    /// assert_eq!(queueing::general_service_wait(0.75, 0.0)?, 1.5);
    fn general_service_wait(utilization: f64, NOT_NEGATIVE; variation: f64, NOT_NEGATIVE) -> f64, UNBOUNDED {
        general_wait(utilization, 1.0, variation * variation)
    }

    /// Returns about the mean wait of a G/G/1 queue in units of its mean service.
    ///
    /// `ρ/(1−ρ) × (c_a² + c_s²)/2`, infinite from `ρ = 1` on; the arguments are squared coefficients of variation.
    source "Kingman (1961), The single server queue in heavy traffic, Proc. Cambridge Phil. Soc. 57";
    /// assert_eq!(queueing::general_wait(0.5, 4.0, 0.5)?, 2.25);
    fn general_wait(utilization: f64, NOT_NEGATIVE; arrival_variation: f64, NOT_NEGATIVE; service_variation: f64, NOT_NEGATIVE) -> f64, UNBOUNDED {
        if utilization < 1.0 {
            let busy = utilization / (1.0 - utilization);
            // No arrivals, no wait, however they vary.
            if busy > 0.0 { busy * (0.5 * arrival_variation + 0.5 * service_variation) } else { 0.0 }
        } else {
            f64::INFINITY
        }
    }

    /// Returns how many are in a stable system.
    ///
    /// `L = λ × W`
    source "Little (1961), A proof for the queuing formula L = λW, Operations Research 9(3)";
    /// assert_eq!(queueing::little(Hertz(4.0), Seconds(2.5))?, 10.0);
    fn little(arrivals: Hertz, NOT_NEGATIVE; time: Seconds, NOT_NEGATIVE) -> f64, NOT_NEGATIVE {
        arrivals * time
    }

    /// Returns the quantile that each of `n` parallel leaves must meet for the slowest to meet `q`.
    ///
    /// `q^(1/n)`
    source "Dean & Barroso (2013), The tail at scale, CACM 56(2)";
    /// assert_eq!(queueing::leaf_quantile(0.25, 2.0)?, 0.5);
    fn leaf_quantile(quantile: f64, SHARE; leaves: f64, COUNT) -> f64, SHARE {
        libm::pow(quantile, 1.0 / leaves).min(1.0)
    }

    /// Returns the batch at which the fixed time of a step equals the time of its requests.
    ///
    /// `B = t_0 / t_req`
    source "equating the two parts of an affine step time";
    /// assert_eq!(queueing::batch_knee(Seconds(0.02), Seconds(0.001))?, 20.0);
    fn batch_knee(fixed: Seconds, NOT_NEGATIVE; per_request: Seconds, POSITIVE) -> f64, NOT_NEGATIVE {
        fixed / per_request
    }

    /// Returns the share of a step's time that its requests take.
    ///
    /// `B·t / (t_0 + B·t)`, and 0 for a step that takes no time.
    source "affine step time of a batch";
    /// assert_eq!(queueing::batch_share(60.0, Seconds(0.001), Seconds(0.02))?, 0.75);
    fn batch_share(batch: f64, COUNT; per_request: Seconds, NOT_NEGATIVE; fixed: Seconds, NOT_NEGATIVE) -> f64, SHARE {
        let requests = per_request * batch;
        let step = fixed + requests;
        if step.0 > 0.0 { requests / step } else { 0.0 }
    }

    /// Returns the share of a padded batch that is padding.
    ///
    /// `1 − mean/max`
    source "counting tokens of a rectangular batch";
    /// assert_eq!(queueing::padding_waste(150.0, 600.0)?, 0.75);
    fn padding_waste(mean: f64, POSITIVE; max: f64, POSITIVE) -> f64, SHARE where mean <= max {
        1.0 - mean / max
    }

    /// Returns the mean time that a request waits for its batch to fill.
    ///
    /// `(B−1) / (2·λ)`
    source "mean of the waits of the first to the last of B arrivals at rate λ";
    /// assert_eq!(queueing::formation_wait(9.0, Hertz(40.0))?, Seconds(0.1));
    fn formation_wait(batch: f64, COUNT; arrivals: Hertz, POSITIVE) -> Seconds, NOT_NEGATIVE {
        (batch - 1.0) / (arrivals * 2.0)
    }

    /// Returns how much longer a request holds its memory because it also waits.
    ///
    /// `1 + wait/generation`
    source "Little (1961), applied to held memory";
    /// assert_eq!(queueing::residency(Seconds(3.0), Seconds(4.0))?, 1.75);
    fn residency(wait: Seconds, NOT_NEGATIVE; generation: Seconds, POSITIVE) -> f64, AT_LEAST_ONE {
        1.0 + wait / generation
    }

    /// Returns how many tokens one round of speculative decoding yields on average.
    ///
    /// `(1 − a^(K+1)) / (1−a)`, and `K+1` if every draft token is accepted.
    source "Leviathan, Kalman & Matias (2023), Fast inference from transformers via speculative decoding, arXiv:2211.17192, equation 1";
    /// assert_eq!(queueing::speculative_tokens(0.5, 2.0)?, 1.75);
    fn speculative_tokens(acceptance: f64, SHARE; drafted: f64, COUNT_OR_NONE) -> f64, AT_LEAST_ONE {
        if acceptance >= 1.0 {
            return drafted + 1.0;
        }
        if acceptance <= 0.0 {
            return 1.0;
        }
        let refused = 1.0 - acceptance;
        // Rounding must not leave the bounds 1 and K+1 of the sum 1 + a + … + a^K.
        (-libm::expm1((drafted + 1.0) * libm::log1p(-refused)) / refused).clamp(1.0, drafted + 1.0)
    }

    /// Returns how much faster decoding is in rounds that accept `m` draft tokens on average.
    ///
    /// `(m+1) / (γ·r + 1)` for `γ` drafted tokens of `r` target steps each.
    source "Leviathan, Kalman & Matias (2023), Fast inference from transformers via speculative decoding, arXiv:2211.17192, theorem 3.8";
    /// assert_eq!(queueing::speculative_speedup(2.0, 4.0, 0.125)?, 2.0);
    fn speculative_speedup(accepted: f64, NOT_NEGATIVE; drafted: f64, COUNT_OR_NONE; cost_ratio: f64, NOT_NEGATIVE) -> f64, POSITIVE where accepted <= drafted {
        (accepted + 1.0) / (drafted * cost_ratio + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erlang_agrees_with_the_sum_over_states() {
        for (load, servers) in [(0.5, 1_u32), (2.0, 4), (7.9, 8), (30.0, 40)] {
            // p_n = a^n/n! below c, and the geometric tail from c on.
            let mut term = 1.0;
            let mut below = 0.0;
            for n in 0..servers {
                below += term;
                term *= load / f64::from(n + 1);
            }
            let c = f64::from(servers);
            let tail = term / (1.0 - load / c);
            let expected = tail / (below + tail);
            let got = erlang_c(load, c).unwrap();
            // Tens of roundings on each side.
            assert!(
                (got - expected).abs() < 1e-13 * expected,
                "{load} {servers}: {got} {expected}"
            );
        }
        assert_eq!(erlang_c(5.0, 4.0), Ok(1.0));
        assert_eq!(erlang_c(0.0, 4.0), Ok(0.0));
    }
}
