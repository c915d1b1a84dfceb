//! Training over MPI, on this machine: the same curve on any number of ranks, and a rank that dies.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::{NotRun, cargo, is_installed, run as run_command};
use crate::workspace;

/// Train on 1, 2 and 4 ranks with mpirun, and kill one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Epochs of each run
    #[arg(long, default_value_t = 4)]
    epochs: u32,
    /// Width of the hidden layers
    #[arg(long, default_value_t = 1024)]
    width: u32,
}

const PACKAGES: &str = "apt-get install openmpi-bin libopenmpi-dev clang libclang-dev";

/// Ranks of the scaling table.
const RANKS: [usize; 3] = [1, 2, 4];

/// Largest difference of a loss that the order of sums may make: losses begin at 2.3 and have seven digits in `f32`, and
/// some thirty steps pass the differences on.
const NEAR: f64 = 1e-3;

/// Builds the program of the folder `cluster`, compares its runs and prints the scaling table.
///
/// # Errors
///
/// [`NotRun`] if `mpirun` or `mpicc` is missing. If a curve differs, or the run with a killed rank ends well, leaves no
/// checkpoint, or goes on from it on another curve.
pub(crate) fn run(args: &Args) -> Result<()> {
    for program in ["mpirun", "mpicc"] {
        if !is_installed(program) {
            return Err(NotRun::because(format!(
                "skipped, `{program}` is missing: install it with `{PACKAGES}`"
            )));
        }
    }
    let folder = workspace::root().join("cluster");
    run_command(cargo(&folder).args(["build", "--release", "--locked"]))?;
    let program = Program::new(&folder, args);

    let mut table =
        String::from("ranks   seconds   speed-up   efficiency   largest difference of a loss\n");
    let mut first: Option<(f64, Vec<f64>)> = None;
    for ranks in RANKS {
        let report = program.train(ranks, &[])?;
        let (seconds, losses) = (number(&report, "seconds")?, losses(&report)?);
        let (alone, expected) = first.get_or_insert_with(|| (seconds, losses.clone()));
        let apart = apart(&losses, expected)?;
        let speed_up = *alone / seconds;
        table += &format!(
            "{ranks:5} {seconds:9.3} {speed_up:9.2}x {:11.0}% {apart:15.1e}\n",
            100.0 * speed_up / ranks as f64
        );
        ensure!(apart < NEAR, "the losses of {ranks} ranks differ by {apart} from those of one");
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("one thread for each rank, {threads} processors:\n{table}");
    let (_, expected) = first.context("there are ranks")?;
    killed(&program, &expected)
}

/// Kills a rank in the middle of a step and goes on from the checkpoint.
fn killed(program: &Program, expected: &[f64]) -> Result<()> {
    let path = std::env::temp_dir().join(format!("mpi-{}.safetensors", std::process::id()));
    let file = path.to_string_lossy().into_owned();
    let kill = ["--save", &file, "--every", "3", "--kill-rank", "1", "--kill-after", "7"];
    let done = program.command(2, &kill).output().context("cannot start mpirun")?;
    let said = String::from_utf8_lossy(&done.stderr);
    let checked = (|| {
        ensure!(!done.status.success(), "mpirun ended well although a rank was killed");
        let told = said.lines().find(|l| l.contains("rank 1") || l.contains("signal 9"));
        let told = told.with_context(|| format!("mpirun does not say which rank died: {said}"))?;
        println!("a rank killed in its eighth step: {}; mpirun says: {}", done.status, told.trim());
        let report = program.train(2, &["--from", &file])?;
        let begun = report["begun"].as_u64().context("the report does not say where it began")?;
        // Seven steps are whole, and every third one is saved.
        ensure!(begun == 6, "the checkpoint is one of step {begun}");
        let losses = losses(&report)?;
        let rest = expected.get(usize::try_from(begun)?..).unwrap_or_default();
        let apart = apart(&losses, rest)?;
        ensure!(apart < NEAR, "after the checkpoint losses differ by {apart}");
        println!("from its checkpoint of step {begun} the curve goes on, at most {apart:.1e} away");
        Ok(())
    })();
    // There is none if the run has failed before.
    let _ = std::fs::remove_file(&path);
    checked
}

/// The program under mpirun.
struct Program {
    path: PathBuf,
    args: Vec<String>,
}

impl Program {
    fn new(folder: &Path, args: &Args) -> Self {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| folder.join("target"), PathBuf::from);
        let args =
            ["--epochs".into(), args.epochs.to_string(), "--width".into(), args.width.to_string()];
        Self { path: target.join("release/train"), args: args.into() }
    }

    fn command(&self, ranks: usize, more: &[&str]) -> Command {
        let mut command = Command::new("mpirun");
        // Root inside a container, more ranks than processors: both are fine for a test.
        command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        command
            .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
            .env("OMPI_MCA_mpi_yield_when_idle", "1");
        command.env("RAYON_NUM_THREADS", "1");
        command.arg("-n").arg(ranks.to_string()).arg(&self.path).args(&self.args).args(more);
        command
    }

    fn train(&self, ranks: usize, more: &[&str]) -> Result<Value> {
        let mut command = self.command(ranks, more);
        let done = command.stderr(Stdio::inherit()).output().context("cannot start mpirun")?;
        if !done.status.success() {
            bail!("mpirun -n {ranks} ended with {}", done.status);
        }
        let text = String::from_utf8_lossy(&done.stdout);
        serde_json::from_str(&text).with_context(|| format!("no report, but {text:?}"))
    }
}

fn number(report: &Value, name: &str) -> Result<f64> {
    report[name].as_f64().with_context(|| format!("the report has no {name}"))
}

fn losses(report: &Value) -> Result<Vec<f64>> {
    let losses = report["losses"].as_array().context("the report has no losses")?;
    losses.iter().map(|l| l.as_f64().context("a loss is no number")).collect()
}

/// The largest difference of two curves.
fn apart(a: &[f64], b: &[f64]) -> Result<f64> {
    ensure!(!a.is_empty() && a.len() == b.len(), "{} losses against {}", a.len(), b.len());
    Ok(a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::float_cmp, reason = "halves and whole numbers are exact")]
    #[test]
    fn curves_are_compared_at_their_worst_place() {
        assert_eq!(apart(&[1.0, 2.5], &[1.0, 2.0]).expect("as long"), 0.5);
        assert!(apart(&[], &[]).is_err() && apart(&[1.0], &[1.0, 2.0]).is_err());
        let report = serde_json::json!({"losses": [1.0, "x"], "seconds": 2});
        assert!(losses(&report).is_err() && number(&report, "begun").is_err());
        assert_eq!(number(&report, "seconds").expect("it is there"), 2.0);
    }
}
