//! Instructions of one inference of `kits-hal`, counted on emulated cores and on the host, beside published counts.
//!
//! Nothing here depends on how busy the machine is: the emulator and callgrind count, they do not time.

mod cores;
mod host;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::process::{cargo, is_installed, need, run as run_command};
use crate::workspace;

/// Where and how to measure.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    /// Folder with `baselines.json`, `models/` and `extra/models/`.
    pub(crate) dir: Option<&'a Path>,
    pub(crate) json: bool,
    /// Rewrite the tables in the guide.
    pub(crate) page: bool,
}

/// Counts of one model on one core.
#[derive(Debug, Clone, PartialEq)]
struct Count {
    instructions: f64,
    /// Multiply-accumulates of the model.
    macs: f64,
    /// TFLM with its portable kernels, and with the kernels of CMSIS-NN.
    reference: Option<f64>,
    optimized: Option<f64>,
    /// `tract`, where it was counted.
    tract: Option<f64>,
}

/// One measured core: its title, the limit of the mean ratio, the counts by model.
#[derive(Debug)]
struct Column {
    id: &'static str,
    title: &'static str,
    /// Which published count the ratio is taken of.
    against: Against,
    limit: f64,
    counts: BTreeMap<String, Count>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    Optimized,
    Reference,
}

impl Column {
    fn ratio(&self, count: &Count) -> Option<f64> {
        let base = match self.against {
            Against::Optimized => count.optimized,
            Against::Reference => count.reference,
        };
        base.map(|base| count.instructions / base)
    }

    /// The geometric mean of the ratios, if there is any.
    fn mean(&self) -> Option<f64> {
        let logs: Vec<f64> =
            self.counts.values().filter_map(|c| self.ratio(c)).map(f64::ln).collect();
        (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
    }
}

/// A container to measure, and what is published about its model.
#[derive(Debug)]
struct Subject {
    name: String,
    kit: PathBuf,
    baseline: Value,
}

/// Measures every model and prints the tables.
///
/// # Errors
///
/// If a tool is missing, a model cannot be read, or two kernels disagree about a result.
pub(crate) fn run(options: &Options<'_>) -> Result<()> {
    need("qemu-system-arm", "apt-get install qemu-system-arm")?;
    let given = std::env::var_os("KITS_DATA_DIR").map(PathBuf::from);
    let dir = options.dir.map(Path::to_path_buf).or(given);
    let measure = host::program()?;
    let work = std::env::temp_dir().join(format!("kits-counts-{}", std::process::id()));
    std::fs::create_dir_all(&work)?;
    let columns =
        subjects(dir.as_deref(), &measure, &work).and_then(|subjects| columns(&subjects, &measure));
    let _ = std::fs::remove_dir_all(&work);
    let columns = columns?;
    if options.json {
        println!("{}", as_json(&columns));
    } else {
        print!("{}", table::text(&columns));
    }
    if options.page {
        table::write_page(&workspace::root().join("docs/guide/kits/speed.md"), &columns)?;
    }
    Ok(())
}

fn columns(subjects: &[Subject], measure: &Path) -> Result<Vec<Column>> {
    let mut columns = Vec::new();
    for core in &cores::CORES {
        columns.push(cores::column(core, subjects, measure)?);
    }
    if is_installed("valgrind") {
        columns.push(host::column(subjects, measure)?);
    } else {
        eprintln!(
            "host: not counted, `valgrind` is missing: install it with `apt-get install valgrind`"
        );
    }
    Ok(columns)
}

/// Converts the models of the folder, or takes the project's own.
fn subjects(dir: Option<&Path>, measure: &Path, work: &Path) -> Result<Vec<Subject>> {
    let Some(dir) = dir else {
        eprintln!(
            "no folder with public models: give --dir or KITS_DATA_DIR. Measured is the project's own model, for which \
             nothing is published."
        );
        let kit = workspace::root().join("firmware/sample/digits.kit");
        return Ok(vec![Subject { name: "digits".to_owned(), kit, baseline: Value::Null }]);
    };
    let file = dir.join("baselines.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    let baselines: Value = serde_json::from_str(&text).context("baselines.json")?;
    let models = baselines["models"].as_object().context("baselines.json names no models")?;
    let mut subjects = Vec::new();
    for (name, baseline) in models {
        let file = format!("{name}.tflite");
        let places = [dir.join("models").join(&file), dir.join("extra/models").join(&file)];
        let Some(from) = places.iter().find(|place| place.is_file()) else {
            eprintln!("{name}: not measured, {file} is not in {}", dir.display());
            continue;
        };
        let kit = work.join(format!("{name}.kit"));
        let mut convert = std::process::Command::new(measure);
        let done = convert.arg("convert").arg(from).arg(&kit).output()?;
        if !done.status.success() {
            bail!("{name}: {}", String::from_utf8_lossy(&done.stderr).trim());
        }
        subjects.push(Subject { name: name.clone(), kit, baseline: baseline.clone() });
    }
    Ok(subjects)
}

impl Subject {
    fn published(&self, key: &str) -> Option<f64> {
        self.baseline[key].as_f64()
    }
}

fn as_json(columns: &[Column]) -> Value {
    let columns: Vec<Value> = columns
        .iter()
        .map(|column| {
            let models: Vec<Value> = column
                .counts
                .iter()
                .map(|(name, c)| {
                    json!({
                        "model": name,
                        "instructions": c.instructions,
                        "macs": c.macs,
                        "tflm_reference": c.reference,
                        "tflm_cmsis_nn": c.optimized,
                        "tract": c.tract,
                        "ratio": column.ratio(c),
                    })
                })
                .collect();
            json!({ "core": column.id, "geometric_mean": column.mean(), "limit": column.limit, "models": models })
        })
        .collect();
    json!({ "schema": "kits-counts/1", "cores": columns })
}

/// Returns a build of the workspace's folder `at`.
fn build(at: &Path, args: &[&str], flags: Option<&str>) -> Result<()> {
    let mut command = cargo(at);
    command.args(["build", "--quiet"]).args(args);
    if let Some(flags) = flags {
        command.env("RUSTFLAGS", flags);
    }
    run_command(&mut command)
}

/// Returns the folder of build results of the workspace at `root`.
fn target_of(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
