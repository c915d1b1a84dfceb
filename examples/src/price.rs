//! What the walls say a planned model costs on a board: time and limit of every operator, and of the whole.

use anyhow::{Context as _, Result};
use kits_hal::Model;
use mlsysim::composite::Settings;
use mlsysim::registry::{Hardware, Registry};
use mlsysim::{Convention, Precision, Workload};

use crate::adapters::{KitOp, KitWork};

/// The price of one operator.
#[derive(Debug, Clone)]
pub struct OpPrice {
    /// Name of the operator.
    pub name: &'static str,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Bytes read and written.
    pub bytes: u64,
    /// Predicted time in seconds.
    pub seconds: f64,
    /// What limits it: `Compute`, `Memory`, or another wall.
    pub limit: &'static str,
}

/// The price of a model on a board.
#[derive(Debug, Clone)]
pub struct Price {
    /// Name of the board.
    pub board: String,
    /// Share of the peak that good kernels reach.
    pub efficiency: f64,
    /// Every operator, in the order of execution.
    pub ops: Vec<OpPrice>,
    /// Predicted time of one inference in seconds.
    pub seconds: f64,
    /// What limits the whole.
    pub limit: &'static str,
    /// Energy of one inference in joules, if the board's power is known.
    pub joules: Option<f64>,
    /// Whether weights and arena fit the board as `mlsysim` knows it.
    pub fits: bool,
}

/// Prices `model` on the board that the registry of `mlsysim` knows as `board`.
///
/// # Errors
///
/// If the registry has no such board, whose text names the nearest, or a wall refuses its input.
pub fn price(model: &Model<'_>, board: &str) -> Result<Price> {
    let machine = Registry::shipped().hardware(board)?.clone();
    let efficiency =
        machine.int8_efficiency().map_or(Settings::default().efficiency, |[_, middle, _]| middle);
    let settings = Settings { efficiency, ..Settings::default() };
    let whole = evaluate(&machine, &KitWork(*model), &settings)?;
    let ops = model
        .ops()
        .map(|op| {
            let done = evaluate(&machine, &KitOp(op), &settings)?;
            Ok(OpPrice {
                name: op.name(),
                macs: op.macs,
                bytes: op.bytes(),
                seconds: done.time.0,
                limit: done.bottleneck.key(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Price {
        board: machine.name.clone(),
        efficiency,
        ops,
        seconds: whole.time.0,
        limit: whole.bottleneck.key(),
        joules: whole.energy.map(|energy| energy.0),
        fits: whole.feasible(),
    })
}

fn evaluate(
    machine: &Hardware,
    work: &impl Workload,
    settings: &Settings,
) -> Result<mlsysim::composite::single_node::Profile> {
    let done = machine.evaluate(work, Precision::Int8, settings, Convention::Reference);
    Ok(done.with_context(|| format!("pricing on {}", machine.name))?.0)
}
