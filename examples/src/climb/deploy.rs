//! Deploy: int8, a standard file, a planned arena, a board that refuses what does not fit, and the same bits everywhere.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use kits_hal::board::{Board, Need, Violation};
use kits_hal::convert::{self, Converted};
use kits_hal::{Check, Model, Session};
use serde::Serialize;
use tinytorch_core::milestones::digits::{Network, Trained};
use tinytorch_core::quant::{self, QModel, QuantizeOpts};
use tinytorch_core::{DType, Rng, Tensor};

use super::using::Task;
use super::{Options, using};
use crate::emulator::{self, Outcome};
use crate::page::{Origin, Page, grouped, percent, seconds};

/// Bytes kept for the call stack: more than twice the deepest one seen in the emulator.
const STACK_BYTES: u32 = 8 * 1024;
/// Hidden units of the networks that are tried until the board refuses one.
const WIDTHS: [usize; 12] =
    [32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536];
/// The latency is the median of this many runs over all held-out images.
const ROUNDS: usize = 31;

/// A network as it goes to a board.
#[derive(Debug)]
pub struct Compiled {
    /// The int8 network.
    pub int8: QModel,
    /// The standard file.
    pub tflite: Vec<u8>,
    /// The board container and how it came about.
    pub converted: Converted,
    /// The arena map.
    pub arena_svg: String,
}

impl Compiled {
    /// Returns the checked container.
    ///
    /// # Errors
    ///
    /// If it is damaged, which the converter has ruled out.
    pub fn kit(&self) -> Result<Model<'_>> {
        Model::parse(&self.converted.kit, Check::Full).context("the converted model")
    }
}

/// The board model and how it runs.
#[derive(Debug, Serialize)]
pub struct Deploy {
    /// Length of the standard file in bytes.
    pub tflite_bytes: usize,
    /// Length of the board container in bytes.
    pub kit_bytes: usize,
    /// Planned activations in bytes.
    pub arena_bytes: u32,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Share of held-out images that the int8 network names right.
    pub int8_accuracy: f64,
    /// Whether the board takes it.
    pub fit: Fit,
    /// A wider network that the board refuses.
    pub refusal: Option<Refusal>,
    /// Median time of one inference on this host in seconds.
    pub host_latency_s: f64,
    /// The same model in the emulator.
    pub emulated: Emulated,
}

/// The answer of the fit check.
#[derive(Debug, Serialize)]
pub struct Fit {
    /// Whether everything fits.
    pub fits: bool,
    /// The report, or every violation.
    pub text: String,
}

/// A network that the board cannot take.
#[derive(Debug, Serialize)]
pub struct Refusal {
    /// What was tried.
    pub name: String,
    /// What there is too little of.
    pub resource: String,
    /// Bytes needed.
    pub need: u64,
    /// Bytes there are.
    pub have: u64,
    /// Bytes missing.
    pub short_by: u64,
    /// Every violation, one a line.
    pub text: String,
}

/// The run on the emulated board.
#[derive(Debug, Default, Serialize)]
pub struct Emulated {
    /// Whether it ran.
    pub ran: bool,
    /// Why it did not.
    pub reason: Option<String>,
    /// The board whose image ran.
    pub board: Option<&'static str>,
    /// Images put through it.
    pub images: usize,
    /// Images whose outputs equal the host's bit for bit.
    pub equal: usize,
    /// Mean instructions of one inference, emulated.
    pub instructions: Option<u64>,
    /// Deepest stack of one inference in bytes.
    pub stack_bytes: Option<u64>,
}

/// Quantizes a trained network on its training images and compiles it for a board.
///
/// # Errors
///
/// If a layer has no int8 form, or the importer refuses the file.
pub fn compile(trained: &Trained) -> Result<Compiled> {
    lower(trained.quantize()?)
}

/// Writes the standard file and compiles it.
fn lower(int8: QModel) -> Result<Compiled> {
    let tflite = int8.to_tflite()?;
    let converted = convert::import(&tflite, &convert::Options::default())
        .context("importing our own .tflite file")?;
    let arena_svg = converted.report.arena_svg("Arena of the digit classifier", None);
    Ok(Compiled { int8, tflite, converted, arena_svg })
}

/// Fits, refuses, runs on this host and on the emulated board.
///
/// # Errors
///
/// If a run fails, or host, emulated board and the trainer's own int8 arithmetic disagree in a single bit.
pub fn run<W: Write>(
    options: &Options,
    task: &Task,
    compiled: &Compiled,
    page: &mut Page<W>,
) -> Result<Deploy> {
    page.heading("4 Deploy: int8, under the limits of a board")?;
    let kit = compiled.kit()?;
    let report = &compiled.converted.report;
    page.value(
        "TFLite file",
        format!("{} B", grouped(compiled.tflite.len() as u64)),
        Origin::Measured,
        "int8, schema 3; any TFLite interpreter runs it",
    )?;
    page.value(
        "board container",
        format!("{} B", grouped(kit.len() as u64)),
        Origin::Measured,
        "checked once, then run from flash",
    )?;
    let note =
        format!("{} B without writing over dying inputs", grouped(report.arena_searched.into()));
    page.value(
        "planned arena",
        format!("{} B", grouped(kit.arena_len() as u64)),
        Origin::Computed,
        &note,
    )?;

    let fit = check(options.board, &kit);
    page.value("fits", if fit.fits { "yes" } else { "no" }, Origin::Computed, options.board.name)?;
    page.text(format!("\n{}\n", fit.text))?;
    let refusal = refusal(options)?;
    match &refusal {
        Some(refusal) => {
            page.text(format!("Refused: {}, untrained, for its size alone:", refusal.name))?;
            page.text(format!("  {}\n", refusal.text.replace('\n', "\n  ")))?;
        }
        None => page.text(format!(
            "No network of up to {} hidden units is too large for this board.\n",
            grouped(WIDTHS[WIDTHS.len() - 1] as u64)
        ))?,
    }

    let data = options.network.dataset(&task.test)?;
    let codes = compiled.int8.quantize_input(&data.tensors()[0])?;
    let (outputs, host_latency_s) = run_on_host(&kit, &codes)?;
    let trainer = compiled.int8.run(&codes)?;
    if outputs != trainer {
        bail!("the board runtime and the trainer's int8 arithmetic disagree on this host");
    }
    let classes = outputs.len() / task.test_labels.len().max(1);
    let answers: Vec<usize> = outputs.chunks_exact(classes.max(1)).map(largest).collect();
    let int8_accuracy = using::share_right(&answers, &task.test_labels);
    page.value(
        "int8 accuracy",
        percent(int8_accuracy),
        Origin::Measured,
        &format!("{} held-out images", answers.len()),
    )?;
    page.value(
        "time on this host",
        seconds(host_latency_s),
        Origin::Measured,
        &format!("median of {ROUNDS} rounds over all images"),
    )?;

    let emulated = emulate(&compiled.converted.kit, &codes, &outputs, classes)?;
    match &emulated.reason {
        Some(reason) => page.text(format!("The emulated board did not run: {reason}"))?,
        None => {
            let board = emulated.board.unwrap_or_default();
            let equal = format!("{} of {} images", emulated.equal, emulated.images);
            page.value(
                "board equals host, bit for bit",
                equal,
                Origin::Emulated,
                &format!("Cortex-M4 with the memory of {board}"),
            )?;
            let count = grouped(emulated.instructions.unwrap_or(0));
            page.value(
                "instructions per inference",
                count,
                Origin::Emulated,
                "counted, not timed",
            )?;
            if emulated.equal != emulated.images {
                bail!(
                    "host and emulated board differ on {} images",
                    emulated.images - emulated.equal
                );
            }
        }
    }
    Ok(Deploy {
        tflite_bytes: compiled.tflite.len(),
        kit_bytes: kit.len(),
        arena_bytes: report.arena,
        macs: kit.macs(),
        int8_accuracy,
        fit,
        refusal,
        host_latency_s,
        emulated,
    })
}

/// Asks the board about a model alone: its container, its arena and a stack.
fn check(board: &Board, kit: &Model<'_>) -> Fit {
    match board.check(&need(kit)) {
        Ok(report) => Fit { fits: true, text: report.to_string() },
        Err(error) => Fit { fits: false, text: error.to_string() },
    }
}

fn need(kit: &Model<'_>) -> Need {
    let bytes = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Need {
        model_bytes: bytes(kit.len()),
        arena_bytes: bytes(kit.arena_len()),
        stack_bytes: STACK_BYTES,
        macs: kit.macs(),
        ..Need::default()
    }
}

/// Widens a network until the board refuses it. It is not trained: its size does not depend on its weights.
fn refusal(options: &Options) -> Result<Option<Refusal>> {
    for width in WIDTHS {
        let network = Network::Mlp { hidden: width };
        let model = network.build(&mut Rng::seed(options.seed))?;
        let blank = Tensor::ones(&network.input_shape(1)[..], DType::F32)?;
        let compiled = lower(quant::quantize(&model, &blank, &QuantizeOpts::default())?)?;
        let Err(error) = options.board.check(&need(&compiled.kit()?)) else { continue };
        if let Some(Violation { resource, need, have }) = error.violations().next() {
            return Ok(Some(Refusal {
                name: format!("a network of {} hidden units", grouped(width as u64)),
                resource: resource.to_string(),
                need,
                have,
                short_by: need.saturating_sub(have),
                text: error.to_string(),
            }));
        }
    }
    Ok(None)
}

/// Runs every image and returns the outputs and the median time of one inference in seconds.
fn run_on_host(kit: &Model<'_>, codes: &[i8]) -> Result<(Vec<i8>, f64)> {
    let memory = kit.memory();
    let mut arena = vec![0u8; memory.total()];
    let mut session = Session::new(kit, &mut arena)?;
    let images = codes.len() / memory.input.max(1);
    let mut outputs = vec![0i8; images * memory.output];
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for (image, output) in
            codes.chunks_exact(memory.input).zip(outputs.chunks_exact_mut(memory.output))
        {
            session.input::<i8>(0)?.copy_from_slice(image);
            session.run()?;
            session.read_output(0, output)?;
        }
        times.push(start.elapsed().as_secs_f64() / images.max(1) as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok((outputs, times[times.len() / 2]))
}

/// Runs every image on the emulated board and compares its outputs with the host's.
fn emulate(kit: &[u8], codes: &[i8], host: &[i8], classes: usize) -> Result<Emulated> {
    let images = host.len() / classes.max(1);
    match emulator::run(kit, codes)? {
        Outcome::NotRun(reason) => {
            Ok(Emulated { reason: Some(reason), images, ..Emulated::default() })
        }
        Outcome::Ran(run) => {
            let pairs = run.outputs.chunks(classes.max(1)).zip(host.chunks(classes.max(1)));
            Ok(Emulated {
                ran: true,
                reason: None,
                board: Some(emulator::board()),
                images,
                equal: pairs.filter(|(board, host)| board == host).count(),
                instructions: Some(run.instructions[1]),
                stack_bytes: Some(run.stack_bytes),
            })
        }
    }
}

/// Returns the first position of the largest value.
fn largest(scores: &[i8]) -> usize {
    (0..scores.len()).rev().max_by_key(|index| scores[*index]).unwrap_or(0)
}
