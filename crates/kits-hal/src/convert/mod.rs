//! The host side: from a `.tflite` file to a `.kit` container with a planned arena.
//!
//! [`import`] reads the flatbuffer, refuses what the device could not run with the complete list of
//! reasons, rewrites what has a cheaper equal form, plans the memory and writes the container.
//! The [`Report`] says what was done and what it costs.
//! A network that exists only in code is built with [`GraphBuilder`] and quantized by [`ptq`].
//!
//! ```no_run
//! use kits_hal::convert::{Options, import};
//!
//! let file = std::fs::read("model.tflite")?;
//! let converted = import(&file, &Options::default())?;
//! println!("{}", converted.report);
//! std::fs::write("model.kit", &converted.kit)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rewrites, all value-preserving: float borders are stripped, reshapes become other views of the
//! same bytes, shape arithmetic is computed, a pad goes into the convolution that reads it, RELU and
//! RELU6 go into the clamp of their producer when the scale stays, input zero points go into the
//! biases, one-byte functions become tables, and results that nobody reads are dropped.

mod builder;
mod builtin;
mod distance;
mod error;
mod flatbuf;
mod importer;
mod json;
mod kit;
mod lower;
mod memory;
mod net;
mod report;
mod rewrite;
mod schema;
mod versions;

pub use builder::{
    Activation, BuildError, GraphBuilder, Layer, Padding, PtqError, Quantized, Value, Window, ptq,
};
pub use builtin::{FileType, OpName};
pub use error::{ImportError, ImportErrors};
pub use report::{OpReport, Report, TensorReport};

use std::collections::HashMap;

use crate::{
    error::LoadError,
    model::{Check, Model, record::REGION_BLOCK},
    plan::{self, Plan},
};
use kit::Layout;
use memory::Memory;
use net::Net;

/// Which plan goes into the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Planner {
    /// Every buffer in memory of its own: for tests.
    Disjoint,
    /// Largest first.
    Greedy,
    /// Searched order, no shared memory.
    Searched,
    /// Searched order, and outputs may run into inputs that die.
    #[default]
    Overlap,
}

/// Two memories of a board, in bytes: a fast one, which also holds the scratch, and a slow one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoRegions {
    /// Length of the fast memory.
    pub fast: u32,
    /// Length of the slow memory.
    pub slow: u32,
}

/// How a model is converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Alignment of every tensor in the arena, a power of two from 4 to 256.
    pub align: u32,
    /// The plan that is written.
    pub planner: Planner,
    /// Strips a QUANTIZE behind a float input and a DEQUANTIZE before a float output, so that the
    /// caller exchanges `int8`.
    pub int8_io: bool,
    /// Keeps all inputs alive until the end, so that a run does not overwrite them.
    pub pin_io: bool,
    /// Plans for two memories, to be lent with [`Session::new2`](crate::Session::new2).
    pub regions: Option<TwoRegions>,
    /// Makes the model for requantization in one step, the arithmetic of TensorFlow Lite Micro when it is built with
    /// `TFLITE_SINGLE_ROUNDING`. Without the feature `single-round` such a model is refused.
    pub single_round: bool,
    /// Leaves out tensor names and labels.
    pub strip_names: bool,
    /// Class labels to store, in class order.
    pub labels: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            align: 16,
            planner: Planner::default(),
            int8_io: true,
            pin_io: false,
            regions: None,
            single_round: false,
            strip_names: false,
            labels: Vec::new(),
        }
    }
}

/// A container and the report on how it came about.
#[derive(Debug, Clone)]
pub struct Converted {
    /// The bytes of the `.kit` container, for [`Model::parse`].
    pub kit: Vec<u8>,
    /// What was done and what it costs.
    pub report: Report,
}

/// Converts a `.tflite` file.
///
/// # Errors
///
/// All reasons why the file cannot run on the device, in the order of the file. No input panics,
/// and time and memory stay proportional to the length of the file and the sizes it announces.
pub fn import(file: &[u8], options: &Options) -> Result<Converted, ImportErrors> {
    let graph = schema::read(file)?;
    let names: Vec<String> = graph.tensors.iter().map(|t| t.name.clone()).collect();
    let refuse = |errors| ImportErrors::new(errors, names.clone());
    let n_operators = graph.operators.len();
    let net = importer::Importer::new(graph).run(options).map_err(&refuse)?;
    finish(&net, options, file.len(), n_operators).map_err(|e| refuse(vec![e]))
}

/// Plans, writes and checks.
fn finish(
    net: &Net,
    options: &Options,
    file_bytes: usize,
    file_operators: usize,
) -> Result<Converted, ImportError> {
    let align = if options.align.is_power_of_two() { options.align.clamp(4, 256) } else { 16 };
    let memory = Memory::of(net, align, options.pin_io);
    let total: u64 = memory.problem.buffers.iter().map(|b| u64::from(b.bytes) + 256).sum();
    if total > i32::MAX.cast_unsigned().into() {
        return Err(ImportError::TooLarge { what: "the activations", need: total });
    }
    let plans = Plans::of(&memory);
    let plan = match options.planner {
        Planner::Disjoint => plans.disjoint.clone(),
        Planner::Greedy => plans.greedy.clone(),
        Planner::Searched => plans.searched.clone(),
        Planner::Overlap => plans.overlap.clone(),
    };
    let write = |plan: &Plan, split: u32| {
        let offsets: HashMap<_, _> =
            memory.tensors.iter().copied().zip(plan.offsets.iter().copied()).collect();
        let layout = Layout {
            offsets: &offsets,
            arena: plan.peak,
            split,
            pinned: options.pin_io,
            overlap: plan.violation(&memory.problem.apart()).is_some(),
            labels: if options.strip_names { None } else { Some(&options.labels) },
        };
        kit::write(net, &layout)
    };
    let mut plan = plan;
    let mut kit = write(&plan, 0)?;
    if let Some(regions) = options.regions {
        let shared = options.planner == Planner::Overlap;
        let problem = if shared { memory.problem.clone() } else { memory.problem.apart() };
        let (divided, split) = divide(net, &memory, &problem, regions, kit.scratch)?;
        plan = divided;
        kit = write(&plan, split)?;
    }
    let report = {
        let model = Model::parse(&kit.bytes, Check::Full).map_err(|e| blame(net, e))?;
        report::build(net, &memory, &plans, plan, &kit, &model, file_bytes, file_operators)
    };
    Ok(Converted { kit: kit.bytes, report })
}

/// Plans two memories as one range of offsets; returns the plan and where the slow one begins.
fn divide(
    net: &Net,
    memory: &Memory,
    problem: &plan::Problem,
    regions: TwoRegions,
    scratch: u32,
) -> Result<(Plan, u32), ImportError> {
    let block = REGION_BLOCK;
    // Activations in front take whole blocks; the scratch lies behind them.
    let budget = regions.fast.saturating_sub(scratch) / block * block;
    let r = plan::two_regions(problem, &memory.touches(net), budget);
    let too_small = |memory, need, have| ImportError::RegionTooSmall { memory, need, have };
    if scratch > regions.fast {
        return Err(too_small("fast", scratch, regions.fast));
    }
    if r.slow > regions.slow {
        return Err(too_small("slow", r.slow, regions.slow));
    }
    if r.slow == 0 {
        return Ok((Plan { offsets: r.offsets, peak: r.fast }, 0));
    }
    // A model without anything in front still has a first block, so that the split is visible.
    let split = r.fast.next_multiple_of(block).max(block);
    if split + scratch > regions.fast {
        return Err(too_small("fast", split + scratch, regions.fast));
    }
    if split / block > u16::MAX.into() {
        return Err(ImportError::TooLarge { what: "the fast memory", need: split.into() });
    }
    let offsets = r.offsets.iter().zip(&r.is_fast);
    let offsets = offsets.map(|(&at, &fast)| if fast { at } else { split + at }).collect();
    Ok((Plan { offsets, peak: split + r.slow }, split))
}

/// Names the operator of the file for an overflow that only the written weights show.
fn blame(net: &Net, error: LoadError) -> ImportError {
    match error {
        LoadError::AccumulatorOverflow { op } => {
            let sources = net.ops.get(usize::from(op)).map(|o| o.sources.as_slice());
            ImportError::AccumulatorOverflow {
                op: sources.and_then(|s| s.last()).copied().unwrap_or(op.into()),
            }
        }
        other => ImportError::Rejected(other),
    }
}

/// All plans of one problem, for comparison.
struct Plans {
    disjoint: Plan,
    greedy: Plan,
    searched: Plan,
    overlap: Plan,
    bound: u32,
}

impl Plans {
    fn of(memory: &Memory) -> Self {
        let apart = memory.problem.apart();
        let mut at = 0_u64;
        let offsets = apart
            .buffers
            .iter()
            .map(|b| {
                let offset = u32::try_from(at).unwrap_or(u32::MAX);
                at = plan::align_up(at + u64::from(b.bytes), apart.align);
                offset
            })
            .collect();
        let disjoint = Plan { offsets, peak: u32::try_from(at).unwrap_or(u32::MAX) };
        let searched = plan::searched(&apart);
        let shared = plan::searched(&memory.problem);
        let overlap = if shared.peak <= searched.peak { shared } else { searched.clone() };
        Self {
            disjoint,
            greedy: plan::greedy(&apart),
            searched,
            overlap,
            bound: plan::lower_bound(&apart),
        }
    }
}
