//! The climb: use, build, model, deploy, be tested, teach.
//!
//! A digit classifier is trained on real handwriting, its speed is predicted before it runs, it is quantized, compiled for
//! a board and refused where it does not fit; then the run asks a question about its own numbers and explains them.
//! Each rung is one file, one section of the printed report and one object of the JSON report.

pub mod build;
pub mod deploy;
pub mod model;
pub mod teach;
pub mod test;
pub mod using;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use kits_hal::board::Board;
use serde::Serialize;
use tinytorch_core::milestones::digits::Network;

use crate::page::Page;

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The board to deploy to.
    pub board: &'static Board,
    /// The network to train.
    pub network: Network,
    /// Start of every random sequence.
    pub seed: u64,
    /// A file of digits instead of the ones that ship with `tinytorch-core`.
    pub digits: Option<PathBuf>,
    /// Whether the question is asked at the terminal.
    pub ask: bool,
}

/// Everything a run found out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of this object's shape.
    pub schema: &'static str,
    /// The board deployed to.
    pub board: &'static str,
    /// Start of every random sequence.
    pub seed: u64,
    /// The task and a baseline.
    #[serde(rename = "use")]
    pub using: using::Using,
    /// The trained network.
    pub build: build::Build,
    /// What the walls predict.
    pub model: model::Prediction,
    /// The board model, its fit, its refusal, its runs.
    pub deploy: deploy::Deploy,
    /// The question about these numbers.
    pub test: test::Test,
    /// Predicted against measured.
    pub teach: teach::Teach,
}

/// A drawing of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// File name.
    pub name: &'static str,
    /// The SVG document.
    pub svg: String,
}

/// Climbs all six rungs, printing each as it ends; returns the report and its drawings.
///
/// # Errors
///
/// If a rung fails: the digits cannot be read, the model does not fit where it must, the emulated board disagrees.
pub fn run<W: Write>(options: &Options, page: &mut Page<W>) -> Result<(Report, Vec<Picture>)> {
    page.text(format!("The climb: board {}, seed {}", options.board.name, options.seed))?;
    let (task, using) = using::run(options, page)?;
    let (trained, build) = build::run(options, &task, page)?;
    let compiled = deploy::compile(&trained)?;
    let (machines, model) = model::run(options, &compiled, page)?;
    let deploy = deploy::run(options, &task, &compiled, page)?;
    let test = test::run(options, &compiled, page)?;
    let teach = teach::run(options, &machines, &model, &deploy, page)?;
    let pictures = vec![
        Picture { name: "training.svg", svg: build.curve().to_svg() },
        Picture { name: "roofline.svg", svg: machines.roofline(&compiled, &deploy)? },
        Picture { name: "arena.svg", svg: compiled.arena_svg.clone() },
    ];
    let Options { board, seed, .. } = options;
    let report = Report {
        schema: "climb/1",
        board: board.id,
        seed: *seed,
        using,
        build,
        model,
        deploy,
        test,
        teach,
    };
    Ok((report, pictures))
}
