//! What a conversion did and what the result costs, as data and as text.

use core::fmt;

use super::{
    Plans,
    kit::Kit,
    memory::Memory,
    net::{Net, TensorId},
};
use crate::{
    dtype::DType,
    error::spaced,
    model::{Model, OpCode},
    plan::{Plan, Problem, ascii_map, svg_map},
};

/// One operator of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpReport {
    /// Position in the order of execution.
    pub index: u16,
    /// The operator.
    pub code: OpCode,
    /// Operators of the file that it stands for.
    pub sources: Vec<u32>,
    /// Dimensions of the first input and of the output.
    pub input_dims: [u16; 4],
    /// Dimensions of the output.
    pub output_dims: [u16; 4],
    /// Record number of the output tensor.
    pub output: u16,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Weights, tables and parameters in bytes.
    pub constant_bytes: u64,
    /// Bytes of the buffers that live while it runs, shared bytes counted twice.
    pub live_bytes: u64,
}

/// One tensor of the container.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorReport {
    /// Record number.
    pub number: u16,
    /// Number in the file.
    pub source: u32,
    /// Name in the file.
    pub name: String,
    /// Dimensions.
    pub dims: [u16; 4],
    /// Element type.
    pub dtype: DType,
    /// Shows the bytes of another tensor in this shape.
    pub is_alias: bool,
}

/// What a conversion did and what the result costs.
#[derive(Debug, Clone)]
pub struct Report {
    /// Operators in the file.
    pub file_operators: usize,
    /// Length of the `.tflite` file.
    pub file_bytes: usize,
    /// Length of the container.
    pub kit_bytes: usize,
    /// Weights, tables and parameters in the container.
    pub constant_bytes: u64,
    /// Multiply-accumulates of one run.
    pub macs: u64,
    /// Operators of the container.
    pub ops: Vec<OpReport>,
    /// Tensors of the container.
    pub tensors: Vec<TensorReport>,
    /// Arena bytes of the plan that was written.
    pub arena: u32,
    /// Scratch bytes behind the arena.
    pub scratch: u32,
    /// The part of the arena in the slow of two memories; 0 for a single one.
    pub slow: u32,
    /// Arena bytes when the largest buffer is placed first.
    pub arena_greedy: u32,
    /// Arena bytes with a searched order.
    pub arena_searched: u32,
    /// Arena bytes with a searched order and shared memory.
    pub arena_overlap: u32,
    /// What no plan without shared memory can go below.
    pub lower_bound: u32,
    /// The operator whose live buffers reach highest; `None` without operators.
    pub peak_op: Option<u16>,
    /// The planning problem.
    pub problem: Problem,
    /// The plan that was written.
    pub plan: Plan,
    /// Names of the planned buffers.
    pub buffer_names: Vec<String>,
    reads: Vec<Vec<usize>>,
}

#[expect(clippy::too_many_arguments, reason = "one call; each argument is a finished stage")]
pub(super) fn build(
    net: &Net,
    memory: &Memory,
    plans: &Plans,
    plan: Plan,
    kit: &Kit,
    model: &Model<'_>,
    file_bytes: usize,
    file_operators: usize,
) -> Report {
    let buffers = &memory.problem.buffers;
    let reach = |op: usize| {
        let alive =
            buffers.iter().zip(&plan.offsets).filter(|(b, _)| b.first <= op && op <= b.last);
        alive.map(|(b, &at)| u64::from(at) + u64::from(b.bytes)).max().unwrap_or(0)
    };
    // The first operator that needs the whole arena.
    let peak_op = (0..net.ops.len())
        .max_by_key(|&op| (reach(op), core::cmp::Reverse(op)))
        .and_then(|op| u16::try_from(op).ok());
    let ops = model
        .ops()
        .zip(&net.ops)
        .enumerate()
        .map(|(i, (info, op))| OpReport {
            index: info.index,
            code: info.code,
            sources: op.sources.clone(),
            input_dims: net.tensor(op.inputs[0]).dims,
            output_dims: info.output_dims,
            output: kit.numbers[&op.output],
            macs: info.macs,
            constant_bytes: u64::from(info.weight_bytes) + u64::from(info.param_bytes),
            live_bytes: buffers
                .iter()
                .filter(|b| b.first <= i && i <= b.last)
                .map(|b| u64::from(b.bytes))
                .sum(),
        })
        .collect();
    let mut tensors: Vec<TensorReport> = kit
        .numbers
        .iter()
        .map(|(&id, &number)| {
            let t = net.tensor(id);
            TensorReport {
                number,
                source: t.source,
                name: t.name.clone(),
                dims: t.dims,
                dtype: t.dtype,
                is_alias: t.alias_of.is_some(),
            }
        })
        .collect();
    tensors.sort_by_key(|t| t.number);
    let name = |id: &TensorId| net.tensor(*id).name.clone();
    Report {
        file_operators,
        file_bytes,
        kit_bytes: kit.bytes.len(),
        constant_bytes: kit.constants,
        macs: model.macs(),
        ops,
        tensors,
        arena: plan.peak,
        scratch: u32::try_from(model.memory().scratch).unwrap_or(u32::MAX),
        slow: u32::try_from(model.memory().slow).unwrap_or(u32::MAX),
        arena_greedy: plans.greedy.peak,
        arena_searched: plans.searched.peak,
        arena_overlap: plans.overlap.peak,
        lower_bound: plans.bound,
        peak_op,
        problem: memory.problem.clone(),
        plan,
        buffer_names: memory.tensors.iter().map(name).collect(),
        reads: memory.reads.clone(),
    }
}

impl Report {
    /// Returns the arena as text, one row per operator; see [`ascii_map`].
    #[must_use]
    pub fn arena_map(&self) -> String {
        let labels: Vec<String> =
            self.ops.iter().map(|op| format!("{:>3} {}", op.index, op.code)).collect();
        ascii_map(&self.problem, &self.plan, &labels, &self.reads)
    }

    /// Returns the arena as an SVG drawing; `limit` marks a board's memory.
    #[must_use]
    pub fn arena_svg(&self, title: &str, limit: Option<u32>) -> String {
        svg_map(title, &self.problem, &self.plan, &self.buffer_names, limit)
    }

    /// Returns the names of the tensors that live while operator `op` runs.
    #[must_use]
    pub fn alive_at(&self, op: usize) -> Vec<&str> {
        let alive = self.problem.buffers.iter().zip(&self.buffer_names);
        alive.filter(|(b, _)| b.first <= op && op <= b.last).map(|(_, n)| n.as_str()).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>3}  {:<24}{:>16} {:>16} {:>12} {:>10} {:>10}",
            "op", "operator", "input", "output", "MACs", "constants", "live B"
        )?;
        for op in &self.ops {
            writeln!(
                f,
                "{:>3}  {:<24}{:>16} {:>16} {:>12} {:>10} {:>10}{}",
                op.index,
                op.code,
                shape(op.input_dims),
                shape(op.output_dims),
                Spaced(op.macs),
                Spaced(op.constant_bytes),
                Spaced(op.live_bytes),
                if Some(op.index) == self.peak_op { "  <- peak" } else { "" },
            )?;
        }
        let file = self.file_bytes as u64;
        let kit = self.kit_bytes as u64;
        writeln!(
            f,
            "operators   {} in the file, {} in the container",
            self.file_operators,
            self.ops.len()
        )?;
        writeln!(f, "MACs        {}", Spaced(self.macs))?;
        writeln!(
            f,
            "flash       {} B .kit ({} B constants), {} B .tflite: {} %",
            Spaced(kit),
            Spaced(self.constant_bytes),
            Spaced(file),
            (100 * kit).checked_div(file).unwrap_or(0)
        )?;
        if let Some(op) = self.peak_op {
            let alive = self.alive_at(op.into());
            writeln!(f, "peak        operator {op}: {}", alive.join(", "))?;
        }
        if self.slow > 0 {
            let fast = self.arena - self.slow + self.scratch;
            let [fast, slow] = [fast, self.slow].map(|b| Spaced(b.into()));
            writeln!(f, "regions     {fast} B fast with scratch, {slow} B slow")?;
        }
        write!(
            f,
            "RAM         {} B arena + {} B scratch (greedy {}, searched {}, shared {}, lower bound without sharing {})",
            Spaced(self.arena.into()),
            Spaced(self.scratch.into()),
            Spaced(self.arena_greedy.into()),
            Spaced(self.arena_searched.into()),
            Spaced(self.arena_overlap.into()),
            Spaced(self.lower_bound.into()),
        )
    }
}

/// Prints dimensions without leading ones: `49x10x8`.
fn shape(dims: [u16; 4]) -> String {
    let skip = dims.iter().take(3).take_while(|&&d| d == 1).count();
    dims[skip..].iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// Prints an integer in groups of three digits, padded like a text.
struct Spaced(u64);

impl fmt::Display for Spaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        spaced(self.0, &mut text)?;
        f.pad(&text)
    }
}
