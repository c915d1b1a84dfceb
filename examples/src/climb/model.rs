//! Model: how fast will it be, said before it runs.

use std::io::Write;

use anyhow::{Context as _, Result};
use kits_hal::Model;
use mlsysim::composite::Settings;
use mlsysim::composite::single_node::Profile;
use mlsysim::registry::{Hardware, Registry};
use mlsysim::report::{svg, table};
use mlsysim::trace::Trace;
use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Seconds};
use mlsysim::{Convention, Precision, Workload as _};
use serde::Serialize;

use super::Options;
use super::deploy::{Compiled, Deploy};
use crate::adapters::KitWork;
use crate::page::{Origin, Page, grouped, percent, rate, seconds};
use crate::probe::{self, Peaks};

/// What the walls say about one inference.
#[derive(Debug, Serialize)]
pub struct Prediction {
    /// Operations of one inference; a multiply-accumulate counts two.
    pub ops: f64,
    /// Bytes that one inference reads and writes.
    pub bytes_moved: f64,
    /// Operations per byte.
    pub arithmetic_intensity: f64,
    /// The board, from its recorded figures.
    pub board: Machine,
    /// This machine, from its probed rates.
    pub host: Machine,
}

/// The prediction for one machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Peak int8 rate in operations per second.
    pub peak_ops_per_s: f64,
    /// Memory bandwidth in bytes per second.
    pub bandwidth_bytes_per_s: f64,
    /// Share of the peak that the code is taken to reach.
    pub efficiency: f64,
    /// Predicted time of one inference in seconds.
    pub latency_s: f64,
    /// What limits it.
    pub bottleneck: String,
    /// Whether the model fits into the machine's memory.
    pub fits: bool,
}

/// The two machines with their traces, for the explanation and the roofline.
#[derive(Debug)]
pub struct Machines {
    board: Hardware,
    host: Hardware,
    host_trace: Trace,
}

/// Probes this machine and predicts one inference on it and on the board.
///
/// # Errors
///
/// If the board is not in the registry, or a wall refuses its input.
pub fn run<W: Write>(
    options: &Options,
    compiled: &Compiled,
    page: &mut Page<W>,
) -> Result<(Machines, Prediction)> {
    page.heading("3 Model: how fast will it be, before it runs")?;
    let kit = compiled.kit()?;
    let work = KitWork(kit);
    let intensity = work.ops().0 / work.bytes_moved().0;
    page.value(
        "operations",
        grouped(2 * kit.macs()),
        Origin::Computed,
        "2 × multiply-accumulates of the int8 model",
    )?;
    page.value(
        "bytes moved",
        grouped(kit.ops().map(|op| op.bytes()).sum()),
        Origin::Computed,
        "weights and activations, once each",
    )?;
    page.value(
        "arithmetic intensity",
        format!("{intensity:.2} op/B"),
        Origin::Computed,
        "operations / bytes",
    )?;

    let registry = Registry::shipped();
    let board = registry.hardware(options.board.id)?.clone();
    let efficiency = int8_efficiency(&board);
    let on_board = predict(&board, &kit, efficiency)?.0;
    let board_line = describe(&board, &on_board, efficiency);
    let note = format!("{} of the peak, as good kernels reach on this core", percent(efficiency));
    page.value(
        &format!("time on {}", options.board.id),
        seconds(board_line.latency_s),
        Origin::Computed,
        &note,
    )?;

    let peaks = probe::peaks();
    page.value(
        "this host, int8 peak",
        rate(peaks.int8_ops_per_s, "op/s"),
        Origin::Measured,
        "one thread, best of 7",
    )?;
    page.value(
        "this host, bandwidth",
        rate(peaks.bytes_per_s, "B/s"),
        Origin::Measured,
        "one thread reading 256 MiB, best of 7",
    )?;
    let host = host(&peaks);
    let (on_host, host_trace) = predict(&host, &kit, 1.0)?;
    let host_line = describe(&host, &on_host, 1.0);
    let note = format!("the roofline, a bound: {} limits", host_line.bottleneck);
    page.value("time on this host", seconds(host_line.latency_s), Origin::Computed, &note)?;

    let prediction = Prediction {
        ops: work.ops().0,
        bytes_moved: work.bytes_moved().0,
        arithmetic_intensity: intensity,
        board: board_line,
        host: host_line,
    };
    Ok((Machines { board, host, host_trace }, prediction))
}

impl Machines {
    /// Returns the prediction for this host as a table: each value, its formula and its source.
    #[must_use]
    pub fn explain(&self) -> String {
        table::trace(&self.host_trace)
    }

    /// Draws the rooflines of both machines with the predicted and the measured rate of the model.
    ///
    /// # Errors
    ///
    /// If a wall refuses its input, which the prediction has ruled out.
    pub fn roofline(&self, compiled: &Compiled, deploy: &Deploy) -> Result<String> {
        let kit = compiled.kit()?;
        let work = KitWork(kit);
        let efficiency = int8_efficiency(&self.board);
        let (on_board, _) = predict(&self.board, &kit, efficiency)?;
        let measured = svg::Point {
            label: "measured on this host",
            arithmetic_intensity: on_board.arithmetic_intensity,
            rate: work.ops() / Seconds(deploy.host_latency_s),
        };
        let predicted = svg::point("predicted on the board", work.ops(), &on_board);
        let device = |machine: &Hardware| machine.device(Precision::Int8, Convention::Reference);
        let (board, host) = (device(&self.board)?, device(&self.host)?);
        let roofs = [
            svg::Roof {
                label: "this host, one thread, int8",
                peak: host.peak,
                bandwidth: host.bandwidth,
            },
            svg::Roof { label: &self.board.name, peak: board.peak, bandwidth: board.bandwidth },
        ];
        Ok(svg::roofline("The digit classifier under two roofs", &roofs, &[measured, predicted]))
    }
}

/// Returns the share of the board's peak that good kernels reach.
fn int8_efficiency(board: &Hardware) -> f64 {
    board.int8_efficiency().map_or(Settings::default().efficiency, |[_, middle, _]| middle)
}

/// Returns this machine as its probe found it.
fn host(peaks: &Peaks) -> Hardware {
    Hardware::measured(
        "this host",
        Precision::Int8,
        FlopPerSecond(peaks.int8_ops_per_s),
        BytesPerSecond(peaks.bytes_per_s),
        Bytes(probe::FAR as f64),
        "probe: best of 7 trials on one thread; memory is what the probe could allocate",
    )
}

fn predict(machine: &Hardware, kit: &Model<'_>, efficiency: f64) -> Result<(Profile, Trace)> {
    let settings = Settings { efficiency, ..Settings::default() };
    machine
        .evaluate(&KitWork(*kit), Precision::Int8, &settings, Convention::Reference)
        .with_context(|| format!("predicting {}", machine.name))
}

fn describe(machine: &Hardware, profile: &Profile, efficiency: f64) -> Machine {
    Machine {
        name: machine.name.clone(),
        peak_ops_per_s: profile.sustained_peak.0 / efficiency,
        bandwidth_bytes_per_s: machine.bandwidth.0,
        efficiency,
        latency_s: profile.time.0,
        bottleneck: profile.bottleneck.key().to_owned(),
        fits: profile.feasible(),
    }
}
