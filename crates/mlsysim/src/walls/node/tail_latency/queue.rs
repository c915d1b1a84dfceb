//! The mathematics of a queue with several servers, in units of the mean service time.
//!
//! Everything here is dimensionless: the offered load `a = λ·s`, times as multiples of `s`.
//! Equations turn the results into seconds.

use libm::{exp, expm1, log, sqrt};

/// Probability that a request finds every server busy (Erlang C), for `0 ≤ a < c`.
///
/// `1/B = Σ_{i=0}^{c} c·(c−1)···(c−i+1) / aⁱ` is the reciprocal of Erlang's loss probability; every term is positive,
/// so nothing cancels. `C = c·B / (c − a·(1 − B))`.
///
/// # Numerics
///
/// The relative error grows with the number of terms, at most about 1e-16 for each.
/// Values under 1e-280 are given as 0.
///
/// # Cost
///
/// At most `c + 1` terms of two multiplications and an addition.
/// The sum ends early once terms vanish or their sum passes 1e280, which takes some `90·√c` terms at most: about
/// 90 000 for a million servers.
pub(crate) fn wait_probability(servers: f64, load: f64) -> f64 {
    if load <= 0.0 || load.is_nan() {
        return 0.0;
    }
    let (per_load, mut left) = (1.0 / load, servers);
    let (mut term, mut sum) = (1.0, 1.0);
    while left > 0.0 {
        term *= left * per_load;
        sum += term;
        left -= 1.0;
        // From here on terms fall at least as fast as a geometric series that started falling long ago.
        if term < sum * 1e-19 && left < load {
            break;
        }
        if sum > 1e280 {
            return 0.0;
        }
    }
    let blocked = 1.0 / sum;
    // c − a·(1 − B) without the difference of two near numbers.
    (servers * blocked / ((servers - load) + load * blocked)).min(1.0)
}

/// How long service takes: a constant part and a mixture of two exponentials, of mean 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    constant: f64,
    /// Weight and rate of each phase; a weight of 0 for none.
    phases: [(f64, f64); 2],
}

impl Service {
    /// The service time of mean 1 and coefficient of variation `cv`.
    ///
    /// `cv ≤ 1`: a constant `1 − cv` and an exponential part of mean `cv`. `cv > 1`: two exponentials of equal share
    /// in the mean. `cv = 1` is the exponential law, `cv = 0` a constant.
    pub(crate) fn of(cv: f64) -> Self {
        if cv <= 1.0 {
            let phase = if cv > 0.0 { (1.0, 1.0 / cv) } else { (0.0, 1.0) };
            return Self { constant: 1.0 - cv, phases: [phase, (0.0, 1.0)] };
        }
        let inverse = 1.0 / (cv * cv);
        let root = sqrt((1.0 - inverse) / (1.0 + inverse));
        let often = 0.5 * (1.0 + root);
        let seldom = inverse / ((1.0 + inverse) * (1.0 + root));
        Self { constant: 0.0, phases: [(often, 2.0 * often), (seldom, 2.0 * seldom)] }
    }

    /// Probability that the exponential part of the service and a wait together pass `x`, and the density there.
    fn tail(&self, wait: Wait, x: f64) -> (f64, f64) {
        let (mut tail, mut density) = (0.0, 0.0);
        for (weight, rate) in self.phases {
            if weight <= 0.0 {
                continue;
            }
            let alone = exp(-rate * x);
            tail += weight * (1.0 - wait.probability) * alone;
            density += weight * (1.0 - wait.probability) * rate * alone;
            if wait.probability > 0.0 {
                let slow = rate.min(wait.rate);
                let apart = (rate - wait.rate).abs();
                let fall = if slow < rate { exp(-slow * x) } else { alone };
                // (1 − e^(−apart·x)) / apart, which is x where the two rates coincide.
                let lag = if apart * x > 1e-12 { -expm1(-apart * x) / apart } else { x };
                tail += weight * wait.probability * fall * (1.0 + slow * lag);
                density += weight * wait.probability * rate * wait.rate * fall * lag;
            }
        }
        (tail, density)
    }
}

/// How long a request waits: not at all, or with this probability for an exponential time of this rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) probability: f64,
    pub(crate) rate: f64,
}

impl Wait {
    /// The wait for one of `servers` at an offered load below their number.
    ///
    /// `spread = (cv_a² + cv_s²)/2` stretches it: exact for 1 (M/M/c), else the Allen-Cunneen approximation.
    pub(crate) fn of(servers: f64, load: f64, spread: f64) -> Self {
        Self { probability: wait_probability(servers, load), rate: (servers - load) / spread }
    }

    /// The mean over all requests.
    pub(crate) fn mean(self) -> f64 {
        self.probability / self.rate
    }

    /// The wait that a share of `1 − late` of the requests does not pass.
    pub(crate) fn quantile(self, late: f64) -> f64 {
        if self.probability > late { log(self.probability / late) / self.rate } else { 0.0 }
    }

    /// The time in the system, wait and service, that a share of `1 − late` of the requests does not pass.
    ///
    /// Newton's method on the logarithm of the tail, kept inside a bracket that bisection narrows.
    ///
    /// # Cost
    ///
    /// Some five steps of three exponentials.
    pub(crate) fn sojourn(self, service: &Service, late: f64) -> f64 {
        if late <= 0.0 {
            return f64::INFINITY;
        }
        if late >= 1.0 {
            return service.constant;
        }
        if service.phases[0].0 <= 0.0 {
            return service.constant + self.quantile(late);
        }
        let slowest = service
            .phases
            .iter()
            .filter(|(weight, _)| *weight > 0.0)
            .fold(f64::INFINITY, |slowest, (_, rate)| slowest.min(*rate));
        // Either part passes its bound in at most half of the late cases.
        let mut high = self.quantile(late / 2.0) + log(2.0 / late) / slowest;
        let mut low = 0.0;
        let target = log(late);
        let mut x = high;
        for _ in 0..200 {
            let (tail, density) = service.tail(self, x);
            if tail > late {
                low = x;
            } else {
                high = x;
            }
            let newton = x + tail * (log(tail) - target) / density;
            let next =
                if newton > low && newton < high { newton } else { low + (high - low) * 0.5 };
            let step = (next - x).abs();
            x = next;
            if step <= x * 4e-16 || high - low <= high * 2e-16 {
                break;
            }
        }
        service.constant + x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Erlang's B by its recursion over the servers, another way to the same number.
    fn by_recursion(servers: u32, load: f64) -> f64 {
        let mut blocked = 1.0;
        for j in 1..=servers {
            blocked = load * blocked / (f64::from(j) + load * blocked);
        }
        let c = f64::from(servers);
        c * blocked / (c - load * (1.0 - blocked))
    }

    #[test]
    fn sum_and_recursion_agree() {
        for (servers, load) in [
            (1, 0.3),
            (2, 1.9),
            (16, 15.0),
            (50, 15.0),
            (200, 160.0),
            (1000, 990.0),
            (100_000, 99_900.0),
            (1_000_000, 999_000.0),
            (1_000_000, 999_999.0),
        ] {
            let (sum, recursion) =
                (wait_probability(f64::from(servers), load), by_recursion(servers, load));
            // One rounding for each term of either way, growing no faster than their number.
            let tolerance = 1e-15 * f64::from(servers).max(100.0);
            assert!((sum - recursion).abs() <= tolerance * recursion, "{servers} {load}: {sum}");
        }
    }

    #[test]
    fn two_servers_by_hand() {
        // M/M/2 at a = 1: P0 = 1/(1 + 1 + 1) = 1/3, C = (1/2)/(1 − 1/2)·P0 = 1/3.
        assert!((wait_probability(2.0, 1.0) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(wait_probability(1e6, 10.0).to_bits(), 0);
    }

    #[test]
    fn the_tail_is_cut_at_the_quantile_for_any_variation() {
        for cv in [0.2, 1.0, 1.5, 4.0] {
            for (servers, load) in [(1.0, 0.5), (4.0, 3.0), (8.0, 1.0), (3.0, 2.0)] {
                let wait = Wait::of(servers, load, 0.5 * (1.0 + cv * cv));
                let service = Service::of(cv);
                for late in [0.5, 0.01, 1e-6] {
                    let x = wait.sojourn(&service, late) - service.constant;
                    let (tail, _) = service.tail(wait, x);
                    // The quantile has one rounding, which the steepness of the tail multiplies.
                    assert!((tail / late - 1.0).abs() < 1e-11, "{cv} {servers} {load} {late}");
                }
            }
        }
    }

    #[test]
    fn service_times_have_their_two_moments() {
        for cv in [0.0, 0.5, 1.0, 2.0, 10.0] {
            let Service { constant, phases } = Service::of(cv);
            let mean: f64 = phases.iter().map(|(w, rate)| w / rate).sum();
            let square: f64 = phases.iter().map(|(w, rate)| 2.0 * w / (rate * rate)).sum();
            let variance = square - mean * mean;
            assert!((constant + mean - 1.0).abs() < 1e-14, "{cv}");
            // Roundings of the square of the moments.
            assert!((variance - cv * cv).abs() < 1e-12 * (1.0 + cv * cv), "{cv}: {variance}");
        }
    }
}
