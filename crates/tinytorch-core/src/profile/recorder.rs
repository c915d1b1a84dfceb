//! Watching the operations of a thread.

use core::cell::RefCell;
use core::time::Duration;
use std::time::Instant;

use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved},
};

use super::live::{self, Watch};

/// Which pass an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The forward pass, or an operation outside of any pass.
    Forward,
    /// The rule of an operation in the backward pass.
    Backward,
    /// A named part: a module, or what [`scope`] was called with.
    Scope,
}

/// Something that began and ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Name of the operation or part.
    pub name: String,
    /// Which pass.
    pub phase: Phase,
    /// Names of the parts around it, outermost first, joined by `/`.
    pub part: String,
    /// How many events are around it.
    pub depth: usize,
    /// From the beginning of the trace.
    pub start: Duration,
    /// From its beginning to its end.
    pub time: Duration,
    /// `time` without the events inside.
    pub own: Duration,
    /// Arithmetic operations, those of events inside included; `None` if they are not known.
    pub flops: Option<u64>,
    /// Bytes of operands and result; for a part, of all operations inside.
    pub bytes: u64,
    /// Whether the event around it counts operations and bytes for it.
    pub within: bool,
    /// Sizes of the result.
    pub shape: Vec<usize>,
}

/// What was seen while a piece of code ran.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Profile {
    /// Everything that began and ended, in the order of beginning.
    pub events: Vec<Event>,
    /// From beginning to end.
    pub wall: Duration,
    /// Most bytes of tensors that existed at once, above what there was before.
    pub peak_bytes: u64,
    /// Bytes of all tensors that were made.
    pub made_bytes: u64,
    /// Bytes that still exist, above what there was before; negative if older tensors went.
    pub kept_bytes: i64,
}

/// An event that has not ended.
struct Open {
    event: usize,
    begin: Instant,
    /// Time of the events inside.
    inside: Duration,
    /// Operations of the events inside; `None` once one of them is unknown.
    flops: Option<u64>,
    bytes: u64,
    /// Whether anything inside could be counted.
    counted: bool,
}

struct Recorder {
    begin: Instant,
    events: Vec<Event>,
    open: Vec<Open>,
    parts: Vec<String>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Begins an event; false if this thread is not traced.
fn begin(name: &str, phase: Phase) -> bool {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(r) = recorder else { return false };
        r.events.push(Event {
            name: name.to_owned(),
            phase,
            part: r.parts.join("/"),
            depth: r.open.len(),
            start: Duration::ZERO,
            time: Duration::ZERO,
            own: Duration::ZERO,
            flops: None,
            bytes: 0,
            within: false,
            shape: Vec::new(),
        });
        if phase == Phase::Scope {
            r.parts.push(name.to_owned());
        }
        let begin = Instant::now();
        let event = r.events.len() - 1;
        r.events[event].start = begin.duration_since(r.begin);
        r.open.push(Open {
            event,
            begin,
            inside: Duration::ZERO,
            flops: Some(0),
            bytes: 0,
            counted: false,
        });
        true
    })
}

/// What an operation says about itself.
struct Facts {
    flops: Option<u64>,
    bytes: u64,
    shape: Vec<usize>,
}

/// Ends the event that began last.
fn end(facts: Option<Facts>) {
    RECORDER.with_borrow_mut(|recorder| {
        let Some(r) = recorder else { return };
        let Some(open) = r.open.pop() else { return };
        let time = open.begin.elapsed();
        let event = &mut r.events[open.event];
        if event.phase == Phase::Scope {
            r.parts.pop();
        }
        event.time = time;
        event.own = time.saturating_sub(open.inside);
        let is_part = event.phase == Phase::Scope;
        let own = facts.as_ref().and_then(|f| f.flops);
        // An operation that knows its count answers for everything inside; one that does not is the sum of its parts.
        event.flops = own.or(if open.counted || is_part { open.flops } else { None });
        event.bytes = match &facts {
            Some(f) if own.is_some() || !open.counted => f.bytes,
            _ => open.bytes,
        };
        let answers = own.is_some();
        if let Some(facts) = facts {
            event.shape = facts.shape;
        }
        let (flops, bytes) = (event.flops, event.bytes);
        let (first, level) = (open.event + 1, event.depth);
        if answers {
            for inner in &mut r.events[first..] {
                debug_assert!(inner.depth > level);
                inner.within = true;
            }
        }
        if let Some(around) = r.open.last_mut() {
            around.inside += time;
            around.bytes += bytes;
            around.counted |= flops.is_some();
            around.flops = around.flops.zip(flops).and_then(|(a, b)| a.checked_add(b));
        }
    });
}

/// Ends the event that began last also when the code between panics.
struct Ends(bool);

impl Drop for Ends {
    fn drop(&mut self) {
        if self.0 {
            end(None);
        }
    }
}

/// Bytes of the elements that an operation sees of a tensor.
fn bytes(t: &Tensor) -> u64 {
    (t.numel() * t.dtype().size()) as u64
}

/// Runs the forward pass of an operation, watched if this thread is traced.
#[inline]
pub(crate) fn forward(
    op: &impl Op,
    inputs: &[&Tensor],
    run: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    if !live::is_watched() {
        return run();
    }
    watched(op, inputs, run)
}

#[cold]
fn watched(
    op: &impl Op,
    inputs: &[&Tensor],
    run: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    let mut ends = Ends(begin(op.name(), Phase::Forward));
    let out = run()?;
    if ends.0 {
        ends.0 = false;
        let is_view = inputs.iter().any(|input| input.shares_memory(&out));
        let moved =
            if is_view { 0 } else { inputs.iter().map(|t| bytes(t)).sum::<u64>() + bytes(&out) };
        let flops = op.flops(inputs, &out);
        end(Some(Facts { flops, bytes: moved, shape: out.dims().to_vec() }));
    }
    Ok(out)
}

/// Runs the rule of an operation in the backward pass, watched if this thread is traced.
#[inline]
pub(crate) fn backward(op: &dyn Op, saved: &Saved, grad: &Tensor) -> Result<Grads> {
    if !live::is_watched() {
        return op.backward(saved, grad);
    }
    let mut ends = Ends(begin(op.name(), Phase::Backward));
    let out = op.backward(saved, grad)?;
    if ends.0 {
        ends.0 = false;
        let flops = op.backward_flops(saved, grad);
        end(Some(Facts { flops, bytes: bytes(grad), shape: grad.dims().to_vec() }));
    }
    Ok(out)
}

/// Runs `work` as a named part of a trace; without a trace it just runs.
///
/// A [`Sequential`](crate::nn::Sequential) names its modules by itself.
pub fn scope<R>(name: &str, work: impl FnOnce() -> R) -> R {
    if !live::is_watched() {
        return work();
    }
    let _ends = Ends(begin(name, Phase::Scope));
    work()
}

/// Runs `work` and returns what it returns, with everything that the tensor operations of this thread did.
///
/// A trace inside a trace is part of the outer one too. Bytes are counted for the whole program: traces of two threads at the
/// same time see each other's memory.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, Module, Relu, Sequential};
/// use tinytorch_core::{DType, Rng, Tensor, profile};
///
/// let rng = &mut Rng::seed(0);
/// let mlp = Sequential::new().push(Linear::new(64, 32, rng)?).push(Relu).push(Linear::new(32, 10, rng)?);
/// let x = Tensor::zeros([8, 64], DType::F32)?;
/// let (y, profile) = profile::trace(|| mlp.forward(&x));
/// assert_eq!(y?.dims(), [8, 10]);
/// // 2·8·(64·32 + 32·10), and nothing for the rectifier.
/// assert_eq!(profile.flops(), Some(2 * 8 * (64 * 32 + 32 * 10)));
/// println!("{}", profile.table());
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn trace<R>(work: impl FnOnce() -> R) -> (R, Profile) {
    /// Puts the outer recorder back, also after a panic.
    struct Back(Option<Recorder>);
    impl Drop for Back {
        fn drop(&mut self) {
            RECORDER.set(self.0.take());
        }
    }
    let watch = Watch::begin();
    let begin = Instant::now();
    let fresh = Recorder { begin, events: Vec::new(), open: Vec::new(), parts: Vec::new() };
    let mut back = Back(RECORDER.replace(Some(fresh)));
    let out = work();
    let wall = begin.elapsed();
    let events = RECORDER.take().map(|r| r.events).unwrap_or_default();
    let (kept_bytes, peak_bytes, made_bytes) = watch.figures();
    if let Some(outer) = &mut back.0 {
        let (offset, depth) = (begin.duration_since(outer.begin), outer.open.len());
        let parts = outer.parts.join("/");
        for event in &events {
            let mut event = event.clone();
            event.start += offset;
            event.depth += depth;
            if !parts.is_empty() {
                event.part = format!("{parts}/{}", event.part).trim_end_matches('/').to_owned();
            }
            outer.events.push(event);
        }
        if let Some(around) = outer.open.last_mut() {
            for event in events.iter().filter(|e| e.depth == 0) {
                around.inside += event.time;
                around.bytes += event.bytes;
                around.counted |= event.flops.is_some();
                around.flops = around.flops.zip(event.flops).and_then(|(a, b)| a.checked_add(b));
            }
        }
    }
    drop(back);
    (out, Profile { events, wall, peak_bytes, made_bytes, kept_bytes })
}

impl Profile {
    /// Events that are counted: neither parts, nor what an operation around answers for, nor what is the sum of its own parts.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().enumerate().filter_map(|(i, event)| {
            let inner = self.events.get(i + 1).filter(|next| next.depth > event.depth);
            let is_sum = inner.is_some_and(|next| !next.within);
            (event.phase != Phase::Scope && !event.within && !is_sum).then_some(event)
        })
    }

    /// Returns the arithmetic operations; `None` if those of one event are unknown.
    #[must_use]
    pub fn flops(&self) -> Option<u64> {
        self.counted().try_fold(0_u64, |sum, event| sum.checked_add(event.flops?))
    }

    /// Returns the operations that are known, and how many events have none.
    #[must_use]
    pub fn known_flops(&self) -> (u64, usize) {
        self.counted().fold((0, 0), |(sum, unknown), event| match event.flops {
            Some(flops) => (sum.saturating_add(flops), unknown),
            None => (sum, unknown + 1),
        })
    }

    /// Returns the bytes of all operands and results.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.counted().map(|event| event.bytes).sum()
    }
}
