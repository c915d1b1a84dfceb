//! Instructions of models on emulated boards.
//!
//! The project's own models are held against a committed table; a count that moves by more than one percent must be looked
//! at, and `--write` accepts it. Public models are counted where `KITS_DATA_DIR` is set; their outputs must be right.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kits_hal::convert::{Options, import};

use super::check::{self, field};
use super::image::{self, Image};
use crate::workspace;

/// A count may differ from the table by this share.
const TOLERANCE: f64 = 0.01;

/// Inputs of each public model.
const SAMPLES: usize = 2;

/// Count instructions of models on emulated boards.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Write the table of the project's own models instead of comparing
    #[arg(long)]
    write: bool,
    /// Only models whose name contains this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Leave public models out even where KITS_DATA_DIR is set
    #[arg(long)]
    own: bool,
}

impl Args {
    /// Returns the arguments that leave public models out.
    pub(super) fn own() -> Self {
        Self { own: true, ..Self::default() }
    }
}

/// A model with inputs and the outputs to expect.
struct Model {
    name: String,
    kit: Vec<u8>,
    inputs: Vec<u8>,
    expected: Vec<u8>,
}

/// What one model took on one board.
struct Count {
    model: String,
    board: &'static str,
    instructions: u64,
    macs: u64,
    arena: u64,
    stack: u64,
}

/// Counts and compares.
///
/// # Errors
///
/// If an output is wrong, a count left the tolerance, or an image of the project's own models does not build.
pub(super) fn run(args: &Args) -> Result<()> {
    let mut own = Vec::new();
    for model in [sample()?].iter().filter(|model| model.name.contains(&args.only)) {
        for image in image::MEASURES {
            own.push(count(model, &image)?);
        }
    }
    let table = render(&own);
    print!("{table}");
    let path = workspace::root().join("firmware/instructions.txt");
    if args.write {
        std::fs::write(&path, &table)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("bench: written to {}", workspace::relative(&path));
    } else {
        let committed = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        compare(&own, &committed)?;
        println!("bench: {} counts within {:.0} % of the table", own.len(), TOLERANCE * 100.0);
    }
    if args.own {
        return Ok(());
    }
    let Some(dir) = std::env::var_os("KITS_DATA_DIR") else {
        println!("bench: public models skipped: KITS_DATA_DIR is not set");
        return Ok(());
    };
    for model in public(Path::new(&dir), &args.only)? {
        for image in image::MEASURES {
            match count(&model, &image) {
                Ok(count) => print!("{}", render(&[count]).split_once('\n').unwrap_or_default().1),
                Err(error) => println!("{} on {}: {error:#}", model.name, image.name()),
            }
        }
    }
    Ok(())
}

/// The model that images embed by default.
fn sample() -> Result<Model> {
    let folder = workspace::root().join("firmware/sample");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok(Model {
        name: "digits".into(),
        kit: read("digits.kit")?,
        inputs: read("digits.inputs.bin")?,
        expected: read("digits.outputs.bin")?,
    })
}

/// The models of a folder with vectors: `models/*.tflite`, `vectors/*.json`, `vectors/*.out.bin`.
fn public(dir: &Path, only: &str) -> Result<Vec<Model>> {
    let mut models = Vec::new();
    for path in
        workspace::files(&dir.join("vectors"), &|p| p.extension().is_some_and(|e| e == "json"))?
    {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let vectors: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let file = |folder: &str, key: &str| -> Result<Vec<u8>> {
            let path = dir.join(folder).join(workspace::text(&vectors, key));
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let name = workspace::text(&vectors, "model").trim_end_matches(".tflite").to_owned();
        if !name.contains(only) {
            continue;
        }
        let kit = import(&file("models", "model")?, &Options::default())
            .with_context(|| name.clone())?
            .kit;
        let input = kits_hal::Model::parse(&kit, kits_hal::Check::Full)?.memory().input;
        let seeds = vectors["random"]["seeds"].as_array().into_iter().flatten();
        let seeds = seeds.filter_map(serde_json::Value::as_u64).take(SAMPLES);
        let inputs: Vec<u8> = seeds.flat_map(|seed| splitmix(seed, input)).collect();
        let mut expected = file("vectors", "outputs_file")?;
        let per_sample = vectors["output_bytes_per_sample"].as_u64().unwrap_or(0);
        expected.truncate(usize::try_from(per_sample)? * SAMPLES);
        models.push(Model { name, kit, inputs, expected });
    }
    Ok(models)
}

/// Returns `len` bytes of the stream of SplitMix64.
fn splitmix(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Builds the image around the model, runs it, and checks the outputs.
fn count(model: &Model, image: &Image) -> Result<Count> {
    let folder = std::env::temp_dir().join(format!("kits-bench-{}", std::process::id()));
    let result = write(&folder, model).and_then(|[kit, inputs]| {
        let elf = image.build(&[("BOARD_KIT", &kit), ("BOARD_INPUTS", &inputs)])?;
        let text = image.emulate(&elf)?;
        check::outputs(&text, &model.expected)?;
        Ok(Count {
            model: model.name.clone(),
            board: image.board.unwrap_or_default(),
            instructions: field(&text, "summary ", "instructions_mean")?,
            macs: field(&text, "model ", "macs")?,
            arena: field(&text, "model ", "arena_bytes")?
                + field(&text, "model ", "scratch_bytes")?,
            stack: field(&text, "summary ", "run_stack_bytes")?,
        })
    });
    // What is left of a failed removal is a few kilobytes in the temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
    result.with_context(|| format!("{} on {}", model.name, image.name()))
}

fn write(folder: &Path, model: &Model) -> Result<[PathBuf; 2]> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let [kit, inputs] = ["model.kit", "inputs.bin"].map(|name| folder.join(name));
    for (path, bytes) in [(&kit, &model.kit), (&inputs, &model.inputs)] {
        std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok([kit, inputs])
}

/// Returns the table as text: a line of names, then one line for each count.
#[expect(clippy::cast_precision_loss, reason = "a ratio with three digits")]
fn render(counts: &[Count]) -> String {
    let mut text = format!(
        "{:20} {:20} {:>12} {:>8} {:>9} {:>9}\n",
        "model", "board", "instructions", "per_mac", "arena", "run_stack"
    );
    for c in counts {
        let per_mac = c.instructions as f64 / c.macs.max(1) as f64;
        let _ = writeln!(
            text,
            "{:20} {:20} {:12} {per_mac:8.3} {:9} {:9}",
            c.model, c.board, c.instructions, c.arena, c.stack
        );
    }
    text
}

/// Compares the counts with the table.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn compare(counts: &[Count], committed: &str) -> Result<()> {
    let mut problems = Vec::new();
    for c in counts {
        let words = committed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let wanted = words
            .filter_map(|words| match words[..] {
                [model, board, n, ..] if model == c.model && board == c.board => n.parse().ok(),
                _ => None,
            })
            .next();
        let (name, have) = (format!("{} on {}", c.model, c.board), c.instructions);
        match wanted {
            None => problems.push(format!("{name}: not in the table")),
            Some(want) if have.abs_diff(want) as f64 > want as f64 * TOLERANCE => {
                problems.push(format!("{name}: {have} instructions, {want} in the table"));
            }
            Some(_) => {}
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nlook at what changed, then accept it with `cargo xtask firmware bench --write`",
        problems.join("\n")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(instructions: u64) -> [Count; 1] {
        let (model, board) = (String::from("m"), "b");
        [Count { model, board, instructions, macs: 100, arena: 1, stack: 1 }]
    }

    #[test]
    fn a_percent_is_accepted_and_more_is_not() {
        let table = render(&one(1000));
        assert!(compare(&one(1010), &table).is_ok());
        let error = compare(&one(1011), &table).expect_err("11 of 1000").to_string();
        assert!(error.starts_with("m on b: 1011 instructions, 1000 in the table"), "{error}");
        assert!(compare(&one(1000), "model board\n").is_err());
    }

    #[test]
    fn the_generator_gives_the_published_sequence() {
        // SplitMix64 with seed 0: first output E220A8397B1DCDAF, as in Steele, Lea & Flood (2014).
        assert_eq!(splitmix(0, 8), 0xE220_A839_7B1D_CDAF_u64.to_le_bytes());
        assert_eq!(splitmix(0, 3).len(), 3);
    }
}
