//! Failures, checkpoints and what they cost.
//!
//! Failures arrive at random with mean time `M` between them unless a function says otherwise.

use super::formulas;
use super::statistics::log1p_plus;
use crate::units::{Bytes, BytesPerSecond, Hertz, Seconds};

formulas! { reliability;
    /// Returns the mean time between failures of many equal parts of which each stops the whole.
    ///
    /// `M = M_part / n × c`, with `c = 1` for independent failures.
    source "Schroeder & Gibson (2010), A large-scale study of failures in high-performance computing systems, IEEE TDSC 7(4)";
    /// assert_eq!(reliability::cluster_mtbf(Seconds(3.6e6), 1000.0, 1.0)?, Seconds(3600.0));
    fn cluster_mtbf(part: Seconds, POSITIVE; parts: f64, COUNT; correlation: f64, POSITIVE) -> Seconds, POSITIVE {
        part / parts * correlation
    }

    /// Returns the rate at which parts of one kind fail.
    ///
    /// `n / M`; rates of different kinds add up, and the mean time between failures is `1 / Σ`.
    source "Barlow & Proschan (1975), Statistical theory of reliability and life testing, ch. 2";
    /// assert_eq!(reliability::failure_rate(8.0, Seconds(4.0))?, Hertz(2.0));
    fn failure_rate(parts: f64, COUNT_OR_NONE; mtbf: Seconds, POSITIVE) -> Hertz, NOT_NEGATIVE {
        Hertz(parts / mtbf.0)
    }

    /// Returns the probability of at least one failure.
    ///
    /// `1 − e^(−T/M)`
    source "Barlow & Proschan (1975), Statistical theory of reliability and life testing, ch. 3";
    /// assert!((reliability::failure_probability(Seconds(100.0), Seconds(100.0))? - 0.632).abs() < 1e-3);
    fn failure_probability(mtbf: Seconds, POSITIVE; duration: Seconds, NOT_NEGATIVE) -> f64, SHARE {
        // 0 − x, so that no time gives 0 and not -0.
        0.0 - libm::expm1(-(duration / mtbf))
    }

    /// Returns the availability of a service that `k` independent replicas offer.
    ///
    /// `1 − (1−a)^k`
    source "Barlow & Proschan (1975), Statistical theory of reliability and life testing, ch. 2";
    /// assert_eq!(reliability::replica_availability(0.5, 3.0)?, 0.875);
    fn replica_availability(availability: f64, SHARE; replicas: f64, COUNT) -> f64, SHARE {
        1.0 - libm::pow(1.0 - availability, replicas)
    }

    /// Returns the probability that all of `n` independent parts are up.
    ///
    /// `a^n`
    source "Barlow & Proschan (1975), Statistical theory of reliability and life testing, ch. 2";
    /// assert_eq!(reliability::all_up(0.5, 3.0)?, 0.125);
    fn all_up(availability: f64, SHARE; parts: f64, COUNT) -> f64, SHARE {
        libm::pow(availability, parts)
    }

    /// Returns the probability of at least one event in `n` devices over `t` periods.
    ///
    /// `1 − (1−r)^(n·t)`
    source "binomial distribution";
    /// assert_eq!(reliability::step_event(0.5, 1.0, 2.0)?, 0.75);
    fn step_event(rate: f64, SHARE; devices: f64, COUNT_OR_NONE; periods: f64, NOT_NEGATIVE) -> f64, SHARE {
        let exposures = devices * periods;
        if exposures > 0.0 && rate > 0.0 {
            0.0 - libm::expm1(exposures * libm::log1p(-rate))
        } else {
            0.0
        }
    }

    /// Returns the interval between checkpoints that loses least, to first order.
    ///
    /// `τ = √(2·δ·M)`
    source "Young (1974), A first order approximation to the optimum checkpoint interval, CACM 17(9)";
    /// assert_eq!(reliability::young_interval(Seconds(50.0), Seconds(10_000.0))?, Seconds(1000.0));
    fn young_interval(write: Seconds, NOT_NEGATIVE; mtbf: Seconds, POSITIVE) -> Seconds, NOT_NEGATIVE {
        Seconds(libm::sqrt(2.0 * write.0 * mtbf.0))
    }

    /// Returns Daly's higher-order estimate of that interval.
    ///
    /// `τ = √(2·δ·M) × (1 + (δ/2M)^½/3 + (δ/2M)/9) − δ` for `δ < 2·M`, else `M`.
    source "Daly (2006), A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22(3), equation 37";
    /// // δ/2M = 1/4: √(2·2·4) × (1 + 1/6 + 1/36) − 2.
    /// let interval = reliability::daly_interval(Seconds(2.0), Seconds(4.0))?;
    /// assert!((interval.0 - (4.0 * 43.0 / 36.0 - 2.0)).abs() < 1e-14);
    fn daly_interval(write: Seconds, NOT_NEGATIVE; mtbf: Seconds, POSITIVE) -> Seconds, NOT_NEGATIVE {
        let half = write / mtbf / 2.0;
        if half < 1.0 {
            let factor = 1.0 + libm::sqrt(half) / 3.0 + half / 9.0;
            young_interval(write, mtbf) * factor - write
        } else {
            mtbf
        }
    }

    /// Returns the interval at which [`exact_goodput`] is greatest.
    ///
    /// The `τ` with `(1 − τ/M) × e^((τ+δ)/M) = 1`, which is `M × (1 + W(−e^(−1−δ/M)))`.
    source "Daly (2006), A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22(3), equation 34";
    /// let tau = reliability::best_interval(Seconds(50.0), Seconds(10_000.0))?;
    /// let left = (1.0 - tau.0 / 10_000.0) * ((tau.0 + 50.0) / 10_000.0).exp();
    /// assert!((left - 1.0).abs() < 1e-14 && (tau.0 - 967.0).abs() < 0.1);
    fn best_interval(write: Seconds, NOT_NEGATIVE; mtbf: Seconds, POSITIVE) -> Seconds, NOT_NEGATIVE {
        let d = write / mtbf;
        if d < 0.5 {
            // ln(1−u) + u + d = 0 for u = τ/M by Newton's steps, from Young's value.
            let mut u = libm::sqrt(2.0 * d).min(0.75);
            for _ in 0..30 {
                if u <= 0.0 {
                    break;
                }
                let next = u + (log1p_plus(u) + d) * (1.0 - u) / u;
                let done = (next - u).abs() <= 1e-16 * next.abs();
                u = next;
                if done {
                    break;
                }
            }
            mtbf * u.clamp(0.0, 1.0)
        } else {
            // v = 1 − u solves v = e^(v−1−d), which contracts by v < 0.31 at each step.
            let mut v = libm::exp(-1.0 - d);
            for _ in 0..60 {
                v = libm::exp(v - 1.0 - d);
            }
            mtbf * (1.0 - v)
        }
    }

    /// Returns the share of time that checkpoints and lost work take, without restarts.
    ///
    /// `δ/τ + τ/(2·M)`
    source "Young (1974), A first order approximation to the optimum checkpoint interval, CACM 17(9)";
    /// assert_eq!(reliability::checkpoint_waste(Seconds(25.0), Seconds(100.0), Seconds(200.0))?, 0.5);
    fn checkpoint_waste(write: Seconds, NOT_NEGATIVE; interval: Seconds, POSITIVE; mtbf: Seconds, POSITIVE) -> f64, NOT_NEGATIVE {
        write / interval + interval / mtbf / 2.0
    }

    /// Returns the share of time that does lasting work, to first order, and 0 where the losses exceed everything.
    ///
    /// `1 − δ/τ − τ/(2·M) − R/M`
    source "Young (1974), CACM 17(9); Daly (2006), FGCS 22(3), with the restart time R";
    /// assert_eq!(reliability::first_order_goodput(Seconds(25.0), Seconds(100.0), Seconds(200.0), Seconds(50.0))?, 0.25);
    fn first_order_goodput(write: Seconds, NOT_NEGATIVE; interval: Seconds, POSITIVE; mtbf: Seconds, POSITIVE; restart: Seconds, NOT_NEGATIVE) -> f64, SHARE {
        (1.0 - checkpoint_waste(write, interval, mtbf) - restart / mtbf).max(0.0)
    }

    /// Returns the share of time that does lasting work when failures also strike checkpoints and restarts.
    ///
    /// `τ / (M·e^(R/M) × (e^((τ+δ)/M) − 1))`
    source "Daly (2006), A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22(3), equation 32";
    /// // τ = M, nothing else: 1/(e − 1).
    /// let g = reliability::exact_goodput(Seconds(0.0), Seconds(9.0), Seconds(9.0), Seconds(0.0))?;
    /// assert!((g - 1.0 / (core::f64::consts::E - 1.0)).abs() < 1e-15);
    fn exact_goodput(write: Seconds, NOT_NEGATIVE; interval: Seconds, POSITIVE; mtbf: Seconds, POSITIVE; restart: Seconds, NOT_NEGATIVE) -> f64, SHARE {
        // At e^709 a float is full and the goodput nothing.
        let cycle = (interval + write) / mtbf;
        let restart = restart / mtbf;
        if cycle + restart > 700.0 {
            return 0.0;
        }
        let attempts = libm::expm1(cycle);
        let ready = libm::exp(-restart);
        // An interval so short that it rounds away leaves the restarts only.
        if attempts > 0.0 { (interval / mtbf / attempts * ready).min(1.0) } else { ready }
    }

    /// Returns the shortest time until a dead process is noticed by `k` missed probes.
    ///
    /// `(k−1) × period + timeout`
    source "counting probes of a failure detector";
    /// assert_eq!(reliability::probe_soonest(3.0, Seconds(10.0), Seconds(1.0))?, Seconds(21.0));
    fn probe_soonest(probes: f64, COUNT; period: Seconds, NOT_NEGATIVE; timeout: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        period * (probes - 1.0) + timeout
    }

    /// Returns the longest time until a dead process is noticed by `k` missed probes.
    ///
    /// `k × period + timeout`
    source "counting probes of a failure detector";
    /// assert_eq!(reliability::probe_latest(3.0, Seconds(10.0), Seconds(1.0))?, Seconds(31.0));
    fn probe_latest(probes: f64, COUNT; period: Seconds, NOT_NEGATIVE; timeout: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        period * probes + timeout
    }

    /// Returns the share of a period's error budget that a window at some burn rate uses.
    ///
    /// `burn × window / period`
    source "Beyer et al. (2018), The site reliability workbook, ch. 5";
    /// // An hour at 14.4 times the allowed rate uses 2 % of 30 days.
    /// let used = reliability::error_budget(14.4, Seconds(3600.0), Seconds(2_592_000.0))?;
    /// assert!((used - 0.02).abs() < 1e-15);
    fn error_budget(burn: f64, NOT_NEGATIVE; window: Seconds, NOT_NEGATIVE; period: Seconds, POSITIVE) -> f64, NOT_NEGATIVE {
        window / period * burn
    }

    /// Returns the time of a flush that each of the writes committed together bears.
    ///
    /// `flush / n`
    source "DeWitt et al. (1984), Implementation techniques for main memory database systems, SIGMOD";
    /// assert_eq!(reliability::group_commit(Seconds(0.01), 20.0)?, Seconds(0.0005));
    fn group_commit(flush: Seconds, NOT_NEGATIVE; writes: f64, COUNT) -> Seconds, NOT_NEGATIVE {
        flush / writes
    }

    /// Returns the bytes of `n` snapshots that each hold everything so far.
    ///
    /// `g·s·n·(n+1)/2` for `g` items of `s` bytes added between two snapshots.
    source "sum of an arithmetic series";
    /// assert_eq!(reliability::full_snapshots(10.0, Bytes(2.0), 3.0)?, Bytes(120.0));
    fn full_snapshots(added: f64, NOT_NEGATIVE; item: Bytes, NOT_NEGATIVE; snapshots: f64, COUNT_OR_NONE) -> Bytes, NOT_NEGATIVE {
        item * added * (snapshots * (snapshots + 1.0) / 2.0)
    }

    /// Returns the bytes of `n` snapshots that each hold what is new.
    ///
    /// `g·s·n`
    source "counting items";
    /// assert_eq!(reliability::delta_snapshots(10.0, Bytes(2.0), 3.0)?, Bytes(60.0));
    fn delta_snapshots(added: f64, NOT_NEGATIVE; item: Bytes, NOT_NEGATIVE; snapshots: f64, COUNT_OR_NONE) -> Bytes, NOT_NEGATIVE {
        item * added * snapshots
    }

    /// Returns the number of steps between pauses that balances their time against work lost to failures.
    ///
    /// `√(2·pause / (rate × cost))` for a failure rate per step and a cost of repeating one.
    source "Young (1974), CACM 17(9), counted in steps";
    /// assert_eq!(reliability::pause_stride(Seconds(50.0), 0.01, Seconds(1.0))?, 100.0);
    fn pause_stride(pause: Seconds, NOT_NEGATIVE; rate: f64, POSITIVE; cost: Seconds, POSITIVE) -> f64, NOT_NEGATIVE {
        libm::sqrt(2.0 * (pause / cost) / rate)
    }

    /// Returns the time between a failure and the next useful step.
    ///
    /// `detection + restart + C/β + warm-up`
    source "Kokolis et al. (2024), Revisiting reliability in large-scale machine learning research clusters, arXiv:2410.21680, section 3";
    /// let t = reliability::recovery(Seconds(10.0), Seconds(60.0), Bytes(1e12), BytesPerSecond(1e10), Seconds(30.0))?;
    /// assert_eq!(t, Seconds(200.0));
    fn recovery(detection: Seconds, NOT_NEGATIVE; restart: Seconds, NOT_NEGATIVE; checkpoint: Bytes, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE; warm_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        detection + restart + checkpoint / bandwidth + warm_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::statistics::raw::lambert_w;

    #[test]
    fn the_best_interval_is_the_lambert_form() {
        for d in [1e-4, 0.01, 0.3, 0.49, 0.51, 1.0, 5.0, 50.0] {
            let got = best_interval(Seconds(d * 100.0), Seconds(100.0)).unwrap().0;
            // 1/e − e^(−1−d) = −expm1(−d)/e keeps the digits that the difference would lose.
            let expected = 100.0 * (1.0 + lambert_w(-libm::expm1(-d) / core::f64::consts::E));
            // W itself ends within a few roundings of 1.
            assert!((got - expected).abs() < 1e-11, "{d}: {got} {expected}");
        }
    }

    #[test]
    fn no_interval_beats_the_best() {
        let (write, mtbf, restart) = (Seconds(240.0), Seconds(8000.0), Seconds(100.0));
        let best = best_interval(write, mtbf).unwrap();
        let at = |factor: f64| exact_goodput(write, best * factor, mtbf, restart).unwrap();
        for factor in [0.1, 0.5, 0.9, 0.999, 1.001, 1.1, 2.0, 10.0] {
            assert!(at(factor) < at(1.0), "{factor}");
        }
    }

    #[test]
    fn first_order_is_the_limit_of_exact() {
        // The difference is of second order in τ/M = 1e-4.
        let (write, interval, mtbf) = (Seconds(1.0), Seconds(100.0), Seconds(1e6));
        let exact = exact_goodput(write, interval, mtbf, Seconds(5.0)).unwrap();
        let first = first_order_goodput(write, interval, mtbf, Seconds(5.0)).unwrap();
        // The checkpoint's share is 1/101 exactly and 1/100 to first order.
        assert!((exact - (first + 0.01 - 1.0 / 101.0)).abs() < 1e-6, "{exact} {first}");
    }
}
