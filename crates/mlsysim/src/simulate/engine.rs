//! Continuous batching with paged caches, step by step.
//!
//! Each step decodes one token of every running answer and fills what is left of its token budget with prompt chunks.
//! Caches live in pages of fixed size.
//! Where the pool runs out, the request that came last gives its pages back and is computed anew later.

use super::summary::to_f64;
use super::{Arrivals, Request, Summary};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{Quantity, Seconds};
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

/// What one step computes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepWork {
    /// Prompt tokens.
    pub prefill_tokens: f64,
    /// Pairs of a prompt token and a token it attends to.
    pub prefill_pairs: f64,
    /// Answers that get a token.
    pub decodes: f64,
    /// Cached tokens that those answers attend to.
    pub context_tokens: f64,
}

/// What a step costs.
pub trait Cost {
    /// Returns the time of a step: finite, above 0.
    fn step(&self, work: &StepWork) -> Seconds;
}

/// A time for the step, and one for each token, pair and cached token in it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LinearCost {
    /// Time of any step: the weights are read, the kernels launched.
    pub step: Seconds,
    /// Time of a token, of a prompt or of an answer.
    pub token: Seconds,
    /// Time of a pair of a prompt token and one it attends to.
    pub pair: Seconds,
    /// Time of reading a cached token.
    pub cached: Seconds,
}

impl Cost for LinearCost {
    fn step(&self, work: &StepWork) -> Seconds {
        self.step
            + self.token * (work.prefill_tokens + work.decodes)
            + self.pair * work.prefill_pairs
            + self.cached * work.context_tokens
    }
}

/// The service's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    /// Pages of the pool.
    pub pages: u32,
    /// Tokens a page holds.
    pub page: u32,
    /// Most requests in one step.
    pub max_batch: u32,
    /// Most tokens in one step, prompts and answers together.
    pub max_tokens: u32,
}

/// What a run saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Served {
    /// Seconds from arrival to the first token.
    pub ttft: Summary,
    /// Seconds from one token to the next, averaged over each answer of two tokens or more.
    pub tpot: Summary,
    /// Seconds from arrival to the last token.
    pub latency: Summary,
    /// Time of the last token.
    pub makespan: Seconds,
    /// Answer tokens per second of the makespan.
    pub tokens_per_second: f64,
    /// Steps.
    pub steps: u64,
    /// Answers that got a token, per step.
    pub mean_decodes: f64,
    /// Requests that lost their pages and were computed anew, as often as it happened.
    pub preemptions: u64,
    /// Most pages in use.
    pub peak_pages: u32,
    /// Share of the slots of pages in use that held no token, averaged over steps.
    pub page_waste: f64,
}

const OP: &str = "simulate.serve";

/// A request that holds pages.
#[derive(Debug, Clone, Copy)]
struct Running {
    request: usize,
    /// Tokens of prompt and answer so far.
    len: u32,
    /// Tokens of those that are in the cache.
    cached: u32,
    /// Whether the answer has begun.
    answering: bool,
    pages: u32,
}

impl Running {
    /// Whether only the newest answer token is missing from the cache.
    const fn is_decoding(&self) -> bool {
        self.answering && self.cached + 1 == self.len
    }
}

/// A request's times and tokens.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    arrival: f64,
    first: f64,
    last: f64,
    answered: u32,
}

/// Returns how `engine` serves `requests`, in the order of the list.
///
/// # Cost
///
/// A few operations per running request and step; memory for one record per request.
///
/// # Errors
///
/// - [`Error::OutOfRange`] if a limit of the engine is 0, a request has no prompt or no answer, arrivals are not in
///   order, or a step's cost is not above 0.
/// - [`Error::OutOfRange`] with the name `pages` if one request alone needs more pages than there are.
///
/// # Source
///
/// Yu et al. (2022), ORCA, OSDI; Kwon et al. (2023), `PagedAttention`, SOSP; Agrawal et al. (2024), Sarathi-Serve, OSDI.
///
/// # Examples
///
/// ```
/// use mlsysim::simulate::{Arrivals, Engine, LinearCost, Request, serve};
/// use mlsysim::units::Seconds;
///
/// let engine = Engine { pages: 100, page: 16, max_batch: 8, max_tokens: 512 };
/// let cost = LinearCost { step: Seconds(0.01), ..LinearCost::default() };
/// let request = Request { arrival: Seconds(0.0), prompt: 64, output: 5 };
/// let served = serve(&[request], Arrivals::Open, &engine, &cost)?;
/// // One step for the prompt gives the first token, four more steps the rest.
/// assert_eq!(served.steps, 5);
/// assert!((served.ttft.mean - 0.01).abs() < 1e-12 && (served.latency.mean - 0.05).abs() < 1e-12);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn serve(
    requests: &[Request],
    arrivals: Arrivals,
    engine: &Engine,
    cost: &impl Cost,
) -> Result<Served> {
    check(requests, arrivals, engine)?;
    let mut run = Run {
        requests,
        engine,
        arrivals,
        now: 0.0,
        next: 0,
        waiting: VecDeque::new(),
        running: Vec::with_capacity(engine.max_batch.min(65_536) as usize),
        free: engine.pages,
        progress: vec![Progress::default(); requests.len()],
        counts: Counts::default(),
    };
    if let Arrivals::Closed { concurrency } = arrivals {
        for _ in 0..concurrency {
            run.send();
        }
    }
    while run.step(cost)? {}
    Ok(run.report())
}

/// Sums over steps.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    steps: u64,
    decodes: f64,
    waste: f64,
    preemptions: u64,
    peak_pages: u32,
}

struct Run<'a> {
    requests: &'a [Request],
    engine: &'a Engine,
    arrivals: Arrivals,
    now: f64,
    /// The next request of the list that has not been sent.
    next: usize,
    /// Requests without pages, with their tokens so far.
    waiting: VecDeque<(usize, u32)>,
    /// In order of admission.
    running: Vec<Running>,
    free: u32,
    progress: Vec<Progress>,
    counts: Counts,
}

impl Run<'_> {
    /// Puts the next request of the list into the queue.
    fn send(&mut self) {
        if let Some(request) = self.requests.get(self.next) {
            self.progress[self.next].arrival = self.now;
            self.waiting.push_back((self.next, request.prompt));
            self.next += 1;
        }
    }

    /// Lets requests arrive whose time has come; with nothing to do, waits for the next.
    fn receive(&mut self) {
        if self.arrivals != Arrivals::Open {
            return;
        }
        let idle = self.running.is_empty() && self.waiting.is_empty();
        if let Some(request) = self.requests.get(self.next).filter(|_| idle) {
            self.now = self.now.max(request.arrival.0);
        }
        while let Some(request) = self.requests.get(self.next) {
            if request.arrival.0 > self.now {
                break;
            }
            self.send();
            self.progress[self.next - 1].arrival = request.arrival.0;
        }
    }

    /// Returns the pages that `tokens` take.
    const fn pages_for(&self, tokens: u32) -> u32 {
        tokens.div_ceil(self.engine.page)
    }

    /// Plays one step; returns whether there was one.
    fn step(&mut self, cost: &impl Cost) -> Result<bool> {
        self.receive();
        if self.running.is_empty() && self.waiting.is_empty() {
            return Ok(false);
        }
        let mut work = StepWork::default();
        self.reserve_decodes();
        for running in self.running.iter().filter(|running| running.is_decoding()) {
            work.decodes += 1.0;
            work.context_tokens += f64::from(running.len);
        }
        self.admit();
        let chunks = self.chunks(&mut work);
        let time = cost.step(&work).0;
        if !Range::POSITIVE.contains(time) {
            let got = Quantity::from(Seconds(time));
            return Err(Error::OutOfRange { op: OP, name: "cost", range: Range::POSITIVE, got });
        }
        self.now += time;
        self.account(&work, &chunks);
        self.advance(&chunks);
        Ok(true)
    }

    /// Gives every decoding request a slot for its next token, at the cost of those that came last.
    fn reserve_decodes(&mut self) {
        let mut index = 0;
        while index < self.running.len() {
            let running = self.running[index];
            if running.is_decoding() && self.pages_for(running.len) > running.pages {
                while self.free == 0 && self.running.len() > index + 1 {
                    self.preempt();
                }
                if self.free == 0 {
                    // Itself the last: it gives way. One request alone always fits, so another one is before it.
                    self.preempt();
                    return;
                }
                self.free -= 1;
                self.running[index].pages += 1;
            }
            index += 1;
        }
    }

    /// Takes the pages from the request admitted last and puts it first in the queue.
    fn preempt(&mut self) {
        if let Some(running) = self.running.pop() {
            self.free += running.pages;
            self.waiting.push_front((running.request, running.len));
            self.counts.preemptions += 1;
        }
    }

    /// Admits requests while batch, token budget and pages allow.
    fn admit(&mut self) {
        let decoding = self.running.iter().filter(|running| running.is_decoding()).count();
        let filling: u64 = self
            .running
            .iter()
            .filter(|running| !running.is_decoding())
            .map(|running| u64::from(running.len - running.cached))
            .sum();
        let mut budget =
            u64::from(self.engine.max_tokens).saturating_sub(decoding as u64 + filling);
        while let Some((request, len)) = self.waiting.front().copied() {
            let pages = self.pages_for(len);
            let full = self.running.len() >= self.engine.max_batch as usize;
            if full || budget == 0 || pages > self.free {
                break;
            }
            self.waiting.pop_front();
            self.free -= pages;
            budget = budget.saturating_sub(u64::from(len));
            let answering = self.progress[request].answered > 0;
            self.running.push(Running { request, len, cached: 0, answering, pages });
        }
    }

    /// Shares what the decodes leave of the token budget among prompts, in order of admission.
    fn chunks(&self, work: &mut StepWork) -> Vec<u32> {
        let decoding = self.running.iter().filter(|running| running.is_decoding()).count();
        let mut budget = u64::from(self.engine.max_tokens).saturating_sub(decoding as u64);
        if decoding == 0 {
            budget = budget.max(1);
        }
        let mut chunks = Vec::new();
        for running in &self.running {
            if running.is_decoding() {
                chunks.push(0);
                continue;
            }
            let rest = running.len - running.cached;
            let chunk = u32::try_from(budget.min(u64::from(rest))).unwrap_or(rest);
            budget -= u64::from(chunk);
            let n = f64::from(chunk);
            work.prefill_tokens += n;
            // Token i of the chunk attends to what is cached, to itself and to the chunk before it.
            work.prefill_pairs += n * f64::from(running.cached) + n * (n + 1.0) / 2.0;
            chunks.push(chunk);
        }
        chunks
    }

    fn account(&mut self, work: &StepWork, chunks: &[u32]) {
        self.counts.steps += 1;
        self.counts.decodes += work.decodes;
        let used = self.engine.pages - self.free;
        self.counts.peak_pages = self.counts.peak_pages.max(used);
        let slots = f64::from(used) * f64::from(self.engine.page);
        let held: f64 = self
            .running
            .iter()
            .zip(chunks)
            .map(|(running, chunk)| f64::from(running.cached + chunk))
            .sum::<f64>()
            + work.decodes;
        if slots > 0.0 {
            self.counts.waste += 1.0 - held / slots;
        }
    }

    /// Writes the tokens of the step into the caches and lets finished requests go.
    fn advance(&mut self, chunks: &[u32]) {
        let mut finished = 0;
        let (now, requests) = (self.now, self.requests);
        let (progress, free) = (&mut self.progress, &mut self.free);
        let mut chunks = chunks.iter();
        self.running.retain_mut(|running| {
            let chunk = chunks.next().copied().unwrap_or(0);
            running.cached += if running.is_decoding() { 1 } else { chunk };
            if running.cached < running.len {
                return true;
            }
            // Everything known is cached: the step gave the next answer token.
            running.len += 1;
            running.answering = true;
            let state = &mut progress[running.request];
            if state.answered == 0 {
                state.first = now;
            }
            state.answered += 1;
            if state.answered < requests[running.request].output {
                return true;
            }
            state.last = now;
            *free += running.pages;
            finished += 1;
            false
        });
        if self.arrivals != Arrivals::Open {
            for _ in 0..finished {
                self.send();
            }
        }
    }

    fn report(self) -> Served {
        let mut ttft = Vec::with_capacity(self.progress.len());
        let mut tpot = Vec::with_capacity(self.progress.len());
        let mut latency = Vec::with_capacity(self.progress.len());
        let (mut tokens, mut makespan) = (0.0, 0.0_f64);
        for (state, request) in self.progress.iter().zip(self.requests) {
            ttft.push(state.first - state.arrival);
            latency.push(state.last - state.arrival);
            if request.output > 1 {
                tpot.push((state.last - state.first) / f64::from(request.output - 1));
            }
            tokens += f64::from(request.output);
            makespan = makespan.max(state.last);
        }
        #[expect(clippy::cast_precision_loss, reason = "steps of a run are far below 2^53")]
        let steps = self.counts.steps.max(1) as f64;
        Served {
            ttft: Summary::of(&ttft),
            tpot: Summary::of(&tpot),
            latency: Summary::of(&latency),
            makespan: Seconds(makespan),
            tokens_per_second: if makespan > 0.0 { tokens / makespan } else { 0.0 },
            steps: self.counts.steps,
            mean_decodes: self.counts.decodes / steps,
            preemptions: self.counts.preemptions,
            peak_pages: self.counts.peak_pages,
            page_waste: self.counts.waste / steps,
        }
    }
}

fn check(requests: &[Request], arrivals: Arrivals, engine: &Engine) -> Result<()> {
    let count = |name: &'static str, got: u32| {
        let range = Range::COUNT_U32;
        let got = Quantity::number(f64::from(got));
        if range.contains(got.value) {
            Ok(())
        } else {
            Err(Error::OutOfRange { op: OP, name, range, got })
        }
    };
    count("page", engine.page)?;
    count("max_batch", engine.max_batch)?;
    count("max_tokens", engine.max_tokens)?;
    if let Arrivals::Closed { concurrency } = arrivals {
        count("concurrency", concurrency)?;
    }
    let mut last = 0.0;
    for request in requests {
        count("prompt", request.prompt)?;
        count("output", request.output)?;
        let arrival = request.arrival.0;
        if !(Range::NOT_NEGATIVE.contains(arrival) && arrival >= last) {
            let got = Quantity::from(request.arrival);
            return Err(Error::OutOfRange {
                op: OP,
                name: "arrival",
                range: Range::NOT_NEGATIVE,
                got,
            });
        }
        last = arrival;
        let tokens = u64::from(request.prompt) + u64::from(request.output);
        let pages = tokens.div_ceil(u64::from(engine.page));
        if tokens > u64::from(u32::MAX) || pages > u64::from(engine.pages) {
            #[expect(clippy::cast_possible_truncation, reason = "at most 2^33 over a page")]
            let got = Quantity::number(to_f64(pages as usize));
            return Err(Error::OutOfRange { op: OP, name: "pages", range: Range::COUNT_U32, got });
        }
    }
    Ok(())
}
