//! A group of accelerators that serves a decoder with continuous batching.
//!
//! A decoding step streams the weights that its batch reaches and the cache of every request, and multiplies; layers
//! cost a fixed time each, and a layer split over accelerators exchanges twice:
//!
//! `t = √(t_weights² + t_gemm²) + t_cache + 2·L·(t_message + bytes/link) + L·t_layer + b·t_request + t_step`
//!
//! Weights and products overlap inside one kernel, the cache is read by another. In a closed loop of `c` requests each
//! one sees the prompts of the others once per cycle, so the time between tokens grows by `(c − 1)·p·φ/o`, where `p` is
//! the time of a prompt, `o` the tokens of an answer and `φ` the share of a prompt that does not hide behind steps.
//! Requests beyond the memory wait for a place.
//!
//! Sources: Yu et al. 2022 (Orca: iteration-level scheduling); Agrawal et al. 2023 (Sarathi: chunked prefill); Kwon et
//! al. 2023 (vLLM: paged cache); Williams et al. 2009 (roofline).

use super::{Calibration, Decoder, Machine, finished, not_negative, positive};
use crate::error::Result;
use libm::{log2, sqrt};

/// Bytes per parameter, and the formats that decide on rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Formats {
    /// Bytes of a parameter that every token uses, scales of blocks included.
    pub shared: f64,
    /// Bytes of an expert's parameter.
    pub expert: f64,
    /// Bytes of a number in the cache.
    pub cache: f64,
    /// Rate of the arithmetic units in the format that is multiplied, operations per second.
    pub peak: f64,
    /// Whether both factors have four bits.
    pub four_bit: bool,
}

const OP: &str = "serving";

/// How a replica is spread over accelerators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Accelerators of one replica.
    pub accelerators: f64,
    /// Accelerators that each layer's shared matrices are cut over.
    pub tensor: f64,
    /// Stages that layers are dealt to.
    pub pipeline: f64,
}

/// The constants of a software stack.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Stack {
    /// Fixed time of a layer in a step, s.
    pub layer_time: f64,
    /// Further time of a layer with experts, s.
    pub expert_layer_time: f64,
    /// Time of a step for each request in it, s.
    pub request_time: f64,
    /// Share of the streaming rate at which experts are read.
    pub expert_memory: f64,
    /// The same where their parameters have 8 bits.
    pub expert_memory_8: f64,
    /// Share of the rate of dense products that products with experts reach.
    pub expert_gemm: f64,
    /// Share of a prompt's time that steps of others see.
    pub exposed: f64,
    /// Prompts waited for, as a multiple of the share of time spent on prompts.
    pub queueing: f64,
    /// Share of the other requests that start together.
    pub burst: f64,
    /// Fixed time to the first token, s.
    pub first_time: f64,
    /// Further time to the first token for each layer, s.
    pub first_layer_time: f64,
    /// Share of the tokens to come for which cache is set aside.
    pub reserve: f64,
}

impl Stack {
    /// The constants of a stack: a section of the calibration.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn new(calibration: &Calibration, name: &str) -> Result<Self> {
        let of = |constant: &str| calibration.constant(name, constant);
        Ok(Self {
            layer_time: of("layer_time")?,
            expert_layer_time: of("expert_layer_time")?,
            request_time: of("request_time")?,
            expert_memory: of("expert_memory")?,
            expert_memory_8: of("expert_memory_8")?,
            expert_gemm: of("expert_gemm")?,
            exposed: of("exposed")?,
            queueing: of("queueing")?,
            burst: of("burst")?,
            first_time: of("first_time")?,
            first_layer_time: of("first_layer_time")?,
            reserve: of("reserve")?,
        })
    }
}

/// The constants of serving that depend neither on machine nor on software.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Common {
    gemm: f64,
    gemm_4: f64,
    memory_4: f64,
    cache: f64,
    message_time: f64,
    link: f64,
    prompt_link: f64,
    routing: f64,
    headroom: f64,
}

impl Common {
    fn new(calibration: &Calibration) -> Result<Self> {
        let of = |constant: &str| calibration.constant("serving", constant);
        Ok(Self {
            gemm: of("gemm_share")?,
            gemm_4: of("four_bit_gemm")?,
            memory_4: of("four_bit_memory")?,
            cache: of("cache_memory")?,
            message_time: of("message_time")?,
            link: of("link_share")?,
            prompt_link: of("prompt_link_share")?,
            routing: of("routing")?,
            headroom: of("headroom_bytes")?,
        })
    }
}

/// Rates of a step's parts, bytes and operations per second and accelerator.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    decoder: &'a Decoder,
    formats: Formats,
    layout: Layout,
    stack: Stack,
    common: Common,
    /// Rated memory bandwidth times what streams sustain.
    stream: f64,
    product: f64,
    link: f64,
    step_time: f64,
    capacity: f64,
}

/// The parts of one decoding step, s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Weights that the batch reaches.
    pub weights: f64,
    /// Matrix products.
    pub gemm: f64,
    /// Cache of all requests.
    pub cache: f64,
    /// Exchanges between accelerators.
    pub exchange: f64,
    /// What neither bytes nor operations explain.
    pub overhead: f64,
}

impl Step {
    /// All of it: weights and products overlap.
    #[must_use]
    pub fn total(&self) -> f64 {
        sqrt(self.weights * self.weights + self.gemm * self.gemm)
            + self.cache
            + self.exchange
            + self.overhead
    }
}

/// Requests: tokens of a prompt and of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requests {
    /// Tokens of a prompt.
    pub prompt: f64,
    /// Tokens of an answer.
    pub answer: f64,
    /// Sequences that each request keeps in the batch.
    pub beams: f64,
}

/// What a closed loop of requests sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loop {
    /// Requests that the memory holds at once.
    pub places: f64,
    /// Requests in the batch.
    pub batch: f64,
    /// The decoding step.
    pub step: Step,
    /// Time of one prompt, s.
    pub prompt: f64,
    /// Time to the first token, s.
    pub first_token: f64,
    /// Time between tokens, s.
    pub between_tokens: f64,
    /// Tokens of answers per second and replica.
    pub rate: f64,
    /// Share of the time that the memory is busy, at most 1.
    pub memory_share: f64,
    /// Share of the time that the arithmetic units are busy, at most 1.
    pub gemm_share: f64,
}

impl<'a> Server<'a> {
    /// A server.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] for a number that is not above zero, and as [`Calibration::constant`].
    pub fn new(
        machine: &Machine<'_>,
        decoder: &'a Decoder,
        formats: Formats,
        layout: Layout,
        stack: Stack,
        calibration: &Calibration,
    ) -> Result<Self> {
        decoder.check(OP)?;
        let numbers = [
            ("shared_bytes", formats.shared),
            ("expert_bytes", formats.expert),
            ("cache_bytes", formats.cache),
            ("peak", formats.peak),
            ("accelerators", layout.accelerators),
            ("tensor", layout.tensor),
            ("pipeline", layout.pipeline),
            ("bandwidth", machine.bandwidth()),
            ("capacity", machine.hardware.capacity.0),
        ];
        numbers.into_iter().try_for_each(|(name, value)| positive(OP, name, value).map(drop))?;
        let common = Common::new(calibration)?;
        let generation = machine.generation;
        let four = if formats.four_bit { common.gemm_4 } else { 1.0 };
        Ok(Self {
            decoder,
            formats,
            layout,
            stack,
            common,
            stream: machine.bandwidth() * generation.memory_efficiency,
            product: formats.peak * generation.gemm_efficiency * common.gemm * four,
            link: machine.link().unwrap_or(64e9),
            step_time: generation.step_time,
            capacity: machine.hardware.capacity.0,
        })
    }

    /// Bytes of all weights of a replica, copies included.
    #[must_use]
    pub fn weight_bytes(&self) -> f64 {
        let Decoder { shared, output, expert, experts, .. } = *self.decoder;
        let copies = self.layout.accelerators / (self.layout.tensor * self.layout.pipeline);
        (shared * self.formats.shared + 4.0 * output) * copies.max(1.0)
            + expert * experts * self.formats.expert
    }

    /// Bytes of memory left for the cache of a replica; less than zero if the weights do not fit.
    #[must_use]
    pub fn room(&self) -> f64 {
        self.layout.accelerators * (self.capacity * 0.9 - self.common.headroom)
            - self.weight_bytes()
    }

    /// Requests that the memory holds at once, at least one.
    #[must_use]
    pub fn places(&self, requests: &Requests) -> f64 {
        let room = self.room().max(0.02 * self.capacity * self.layout.accelerators);
        let kept = requests.prompt + requests.answer * self.stack.reserve.min(1.0);
        let shape = self.decoder.attended(kept);
        let bytes = self.decoder.cached * self.formats.cache * shape * requests.beams;
        (room / bytes).max(1.0)
    }

    fn weights(&self, batch: f64) -> f64 {
        let Decoder { shared, output, expert, .. } = *self.decoder;
        let Layout { accelerators, tensor, pipeline } = self.layout;
        let four = if self.formats.shared < 0.6 { self.common.memory_4 } else { 1.0 };
        let dense = (shared * self.formats.shared + 2.0 * output)
            / (tensor * pipeline * self.stream * four);
        let reached = self.decoder.reached(batch, self.common.routing);
        let eight = (self.formats.expert - 1.0).abs() < 0.05;
        let share = self.stack.expert_memory * if eight { self.stack.expert_memory_8 } else { 1.0 };
        dense + expert * reached * self.formats.expert / (accelerators * self.stream * share)
    }

    fn gemm(&self, tokens: f64) -> f64 {
        let share = if self.decoder.is_sparse() { self.stack.expert_gemm } else { 1.0 };
        2.0 * self.decoder.active() * tokens / (self.layout.accelerators * self.product * share)
    }

    fn peers(&self) -> f64 {
        self.layout.accelerators / self.layout.pipeline
    }

    /// Time of the bytes that `tokens` tokens exchange in the layers of one stage: twice a ring all-reduce per layer.
    fn exchanged(&self, tokens: f64, layers: f64, share: f64) -> f64 {
        let peers = self.peers();
        if peers <= 1.0 {
            return 0.0;
        }
        let bytes = 2.0 * tokens * self.decoder.hidden;
        2.0 * layers * bytes * 2.0 * (peers - 1.0) / peers / (self.link * share)
    }

    /// One decoding step of a stage with `batch` sequences at a context of `context` tokens.
    #[must_use]
    pub fn step(&self, batch: f64, context: f64) -> Step {
        let Layout { accelerators, pipeline, .. } = self.layout;
        let layers = self.decoder.layers / pipeline;
        let read =
            batch * self.decoder.attended(context) * self.decoder.cached * self.formats.cache;
        let peers = self.peers();
        let messages = if peers > 1.0 {
            2.0 * layers * self.common.message_time * sqrt(log2(peers).max(1.0))
        } else {
            0.0
        };
        let sparse = if self.decoder.is_sparse() { self.stack.expert_layer_time } else { 0.0 };
        Step {
            weights: self.weights(batch),
            gemm: self.gemm(batch),
            cache: read / (accelerators * self.stream * self.common.cache),
            exchange: messages + self.exchanged(batch, layers, self.common.link),
            overhead: layers * (self.stack.layer_time + sparse)
                + batch * self.stack.request_time
                + self.step_time,
        }
    }

    /// Time that a prompt adds to the work of the accelerators: products, attention, exchanges.
    #[must_use]
    pub fn prompt(&self, tokens: f64) -> f64 {
        let Decoder { layers, attention_width, window, .. } = *self.decoder;
        // Attention multiplies in 16 bits at best at the rate of dense products.
        let half = if window.is_some() { 0.5 } else { 1.0 };
        let attention = 2.0 * layers * attention_width * tokens * tokens * half;
        let rate = self.layout.accelerators * self.product;
        self.gemm(tokens)
            + attention / rate
            + self.exchanged(tokens, layers, self.common.prompt_link)
    }

    /// A closed loop of `concurrency` requests, each followed by the next; at most `limit` of them in the batch.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] for numbers that are not above zero, [`crate::Error::Overflow`] if they are too
    /// large together.
    pub fn closed_loop(&self, requests: &Requests, concurrency: f64, limit: f64) -> Result<Loop> {
        positive(OP, "concurrency", concurrency)?;
        let places = self.places(requests);
        let batch = concurrency.min(places).min(limit).max(1.0);
        let mut run = self.run(requests, batch, self.stack.exposed, places)?;
        let others = batch - 1.0;
        let cycle = |first: f64| requests.answer * run.between_tokens + first;
        let all_weights = self.weights(requests.prompt);
        let alone = sqrt(run.prompt * run.prompt + all_weights * all_weights)
            + self.stack.first_time
            + self.decoder.layers * self.stack.first_layer_time;
        let busy = (batch * run.prompt / cycle(alone)).min(1.0);
        let behind = self.stack.queueing * busy * run.prompt * others / batch
            + self.stack.burst * run.prompt * others / 2.0;
        let place = (concurrency - batch).max(0.0) / batch * cycle(alone);
        run.first_token = finished(OP, "first_token", alone + behind + place)?;
        Ok(run)
    }

    /// The largest rate: as many requests as the memory holds, at most `limit`, and always more of them waiting.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] for numbers that are not above zero, [`crate::Error::Overflow`] if they are too
    /// large together.
    pub fn at_capacity(&self, requests: &Requests, limit: f64) -> Result<Loop> {
        let places = self.places(requests);
        self.run(requests, places.min(limit).max(1.0), 1.0, places)
    }

    /// A batch of a given size that never empties.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] for numbers that are not above zero, [`crate::Error::Overflow`] if they are too
    /// large together.
    pub fn at_batch(&self, requests: &Requests, batch: f64) -> Result<Loop> {
        positive(OP, "batch", batch)?;
        self.run(requests, batch.max(1.0), self.stack.exposed, self.places(requests))
    }

    fn run(&self, requests: &Requests, batch: f64, exposed: f64, places: f64) -> Result<Loop> {
        positive(OP, "answer", requests.answer)?;
        positive(OP, "beams", requests.beams)?;
        not_negative(OP, "prompt", requests.prompt)?;
        let stages = self.layout.pipeline;
        let context = requests.prompt + requests.answer / 2.0;
        let step = self.step(batch / stages * requests.beams, context);
        let prompt = self.prompt(requests.prompt);
        let decode = stages * step.total();
        let between = step.total() * stages + (batch - 1.0) * prompt * exposed / requests.answer;
        let loaded = decode + batch * prompt * exposed / requests.answer;
        Ok(Loop {
            places: finished(OP, "places", places)?,
            batch,
            step,
            prompt: finished(OP, "prompt", prompt)?,
            first_token: prompt,
            between_tokens: finished(OP, "between_tokens", between)?,
            rate: finished(OP, "rate", batch / loaded)?,
            memory_share: ((step.weights + step.cache) * stages / decode).min(1.0),
            gemm_share: ((step.gemm * stages + batch * prompt / requests.answer) / loaded).min(1.0),
        })
    }
}
