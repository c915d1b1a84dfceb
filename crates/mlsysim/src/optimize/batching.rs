//! The largest batch that a service may run without breaking its promises.
//!
//! A larger batch writes more tokens for every read of the weights, and makes every token, every prompt and every wait
//! for the batch to fill up longer.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Model};
use crate::resolve::serving::{Serve, Serving, serving};
use crate::units::{Hertz, Quantity, Seconds, TokensPerSecond};
use crate::walls::node::tail_latency::{Queue, QueueIn};
use crate::walls::solve;

/// A service whose batch size is to be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// Tokens of each prompt, and of each answer unless [`Service::output_tokens`] says otherwise.
    pub seq_len: u32,
    /// Tokens of each answer; `None` for as many as the prompt has.
    pub output_tokens: Option<u32>,
    /// Requests per second.
    pub arrival_rate: Hertz,
    /// Machines that each run one batch at a time.
    pub replicas: u32,
    /// Number format of weights, keys, values and arithmetic.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
    /// Most time to the first token for 99 of 100 requests; upstream: to the last one.
    pub first_token: Seconds,
    /// Most time between tokens; upstream knows none.
    pub between_tokens: Seconds,
    /// Largest batch to look at.
    pub max_batch: u32,
}

impl Service {
    /// One machine, 16 bits, half of the peak, first tokens within 1 s and the others within 50 ms, batches up to 256.
    #[must_use]
    pub const fn new(seq_len: u32, arrival_rate: Hertz) -> Self {
        Self {
            seq_len,
            output_tokens: None,
            arrival_rate,
            replicas: 1,
            precision: Precision::Fp16,
            efficiency: 0.5,
            first_token: Seconds(1.0),
            between_tokens: Seconds(0.05),
            max_batch: 256,
        }
    }
}

/// One batch size and what it gives.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// Requests that run together.
    pub batch: u32,
    /// Time to the first token that 99 of 100 requests do not pass: filling the batch, waiting and the prompt.
    ///
    /// [`Convention::Upstream030`]: time to the last token, without filling the batch.
    pub p99_latency: Seconds,
    /// Time between tokens.
    pub itl: Seconds,
    /// 99th percentile of the wait over five service times.
    pub wait_ratio: f64,
    /// Tokens per second that the service is asked for and answers.
    pub goodput: TokensPerSecond,
    /// Tokens per second that it could answer.
    pub capacity: TokensPerSecond,
}

/// The outcome of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Best {
    /// The best batch size; `None` if none keeps the promises.
    pub choice: Option<Choice>,
    /// Batch sizes that were allowed.
    pub space: u32,
    /// Batch sizes that were priced.
    pub priced: u32,
}

/// Returns the batch size with the largest capacity that keeps the promises of `service`.
///
/// Capacity rises with the batch, so the best one is the largest that keeps them.
/// Memory and the time between tokens rise as well, so bisection finds the largest batch they allow; the time to the
/// first token falls with the wait and rises with everything else, so sizes below that are priced downward until one
/// keeps it.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for no machines, batches, tokens or arrivals, or a promise of 0 s.
/// - As [`serving`].
pub fn batch_size(
    model: &Model,
    machine: &Hardware,
    service: &Service,
    convention: Convention,
) -> Result<Best> {
    check("max_batch", Range::COUNT, f64::from(service.max_batch))?;
    check("replicas", Range::COUNT, f64::from(service.replicas))?;
    check("output_tokens", Range::COUNT, f64::from(service.output()))?;
    check("arrival_rate", Range::POSITIVE, service.arrival_rate.0)?;
    check("first_token", Range::POSITIVE, service.first_token.0)?;
    check("between_tokens", Range::POSITIVE, service.between_tokens.0)?;
    let mut search = Search { model, machine, service, convention, priced: 0 };
    let choice = search.run()?;
    Ok(Best { choice, space: service.max_batch, priced: search.priced })
}

fn check(name: &'static str, range: Range, number: f64) -> Result<()> {
    if range.contains(number) {
        return Ok(());
    }
    Err(Error::OutOfRange { op: "batch_size", name, range, got: Quantity::number(number) })
}

impl Service {
    fn output(&self) -> u32 {
        self.output_tokens.unwrap_or(self.seq_len)
    }
}

struct Search<'a> {
    model: &'a Model,
    machine: &'a Hardware,
    service: &'a Service,
    convention: Convention,
    priced: u32,
}

impl Search<'_> {
    fn run(&mut self) -> Result<Option<Choice>> {
        for batch in (1..=self.largest()?).rev() {
            let served = self.serve(batch)?;
            if let Some(choice) = self.judge(batch, &served)? {
                return Ok(Some(choice));
            }
        }
        Ok(None)
    }

    /// The largest batch that fits and writes tokens in time; 0 if none does.
    fn largest(&mut self) -> Result<u32> {
        let (mut good, mut bad) = (0, self.service.max_batch.saturating_add(1));
        // Most services are limited by something else.
        if self.allowed(self.service.max_batch)? {
            return Ok(self.service.max_batch);
        }
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if self.allowed(middle)? {
                good = middle;
            } else {
                bad = middle;
            }
        }
        Ok(good)
    }

    fn allowed(&mut self, batch: u32) -> Result<bool> {
        let served = self.serve(batch)?;
        let in_time =
            self.convention == Convention::Upstream030 || served.itl <= self.service.between_tokens;
        Ok(served.feasible && in_time)
    }

    fn serve(&mut self, batch: u32) -> Result<Serving> {
        self.priced += 1;
        let request = Serve {
            batch,
            output_tokens: self.service.output(),
            precision: self.service.precision,
            efficiency: self.service.efficiency,
            ..Serve::new(self.service.seq_len)
        };
        serving(self.model, self.machine, &request, self.convention)
    }

    /// The choice of a batch that fits, if it keeps up and its first tokens are in time.
    fn judge(&self, batch: u32, served: &Serving) -> Result<Option<Choice>> {
        let upstream = self.convention == Convention::Upstream030;
        let (size, output) = (f64::from(batch), f64::from(self.service.output()));
        let time = served.ttft + served.itl * output;
        let rate = self.service.arrival_rate;
        let queue = QueueIn {
            arrival_rate: rate / size,
            service_time: time,
            servers: f64::from(self.service.replicas),
            // All batches take equally long; each begins when its last request has come.
            service_cv: if upstream { 1.0 } else { 0.0 },
            arrival_cv: if upstream { 1.0 } else { 1.0 / libm::sqrt(size) },
        };
        let queue = solve::<Queue>(&queue, self.convention)?;
        if !queue.stable {
            return Ok(None);
        }
        let p99_latency = if upstream {
            queue.p99_latency
        } else {
            let filling = Seconds((size - 1.0) / (2.0 * rate.0));
            filling + queue.p99_wait + served.ttft
        };
        if p99_latency > self.service.first_token {
            return Ok(None);
        }
        let capacity = f64::from(self.service.replicas) * size * output / time.0;
        Ok(Some(Choice {
            batch,
            p99_latency,
            itl: served.itl,
            wait_ratio: queue.wait_ratio,
            goodput: TokensPerSecond(rate.0 * output),
            capacity: TokensPerSecond(capacity),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Params};

    fn records() -> (Model, Hardware) {
        let origin = || Provenance::new(Basis::Estimate, "test");
        let model = Model {
            parameters: Some(Params(8e9)),
            layers: Some(32),
            hidden: Some(4096),
            heads: Some(32),
            kv_heads: Some(8),
            ..Model::new("m", Family::Decoder, origin())
        };
        let mut machine =
            Hardware::new("h", FlopPerSecond(1e15), BytesPerSecond(3e12), Bytes(80e9), origin());
        machine.rates.push((Precision::Fp16, FlopPerSecond(1e15)));
        (model, machine)
    }

    /// Every size priced, and the one with the largest capacity that keeps all promises.
    fn brute_force(service: &Service, convention: Convention) -> Option<Choice> {
        let (model, machine) = records();
        let mut search =
            Search { model: &model, machine: &machine, service, convention, priced: 0 };
        let mut best: Option<Choice> = None;
        for batch in 1..=service.max_batch {
            if !search.allowed(batch).unwrap() {
                continue;
            }
            let served = search.serve(batch).unwrap();
            if let Some(choice) = search.judge(batch, &served).unwrap()
                && best.is_none_or(|best| choice.capacity >= best.capacity)
            {
                best = Some(choice);
            }
        }
        best
    }

    #[test]
    fn the_search_finds_what_brute_force_finds() {
        let (model, machine) = records();
        for rate in [0.1, 2.0, 20.0, 200.0, 2000.0] {
            for (first, between) in [(0.05, 0.02), (0.3, 0.012), (1.0, 0.05), (30.0, 1.0)] {
                let service = Service {
                    first_token: Seconds(first),
                    between_tokens: Seconds(between),
                    replicas: 4,
                    max_batch: 100,
                    ..Service::new(256, Hertz(rate))
                };
                for convention in [Convention::Reference, Convention::Upstream030] {
                    let found = batch_size(&model, &machine, &service, convention).unwrap();
                    assert_eq!(found.choice, brute_force(&service, convention), "{service:?}");
                }
            }
        }
    }

    #[test]
    fn no_time_and_no_machine_are_refused() {
        let (model, machine) = records();
        let service = Service { replicas: 0, ..Service::new(256, Hertz(1.0)) };
        let error = batch_size(&model, &machine, &service, Convention::Reference).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "replicas", .. }), "{error}");
    }
}
