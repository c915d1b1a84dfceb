//! Public models that are not part of the project: one case for each file of `KITS_DATA_DIR`.
//!
//! The folder holds `models/` and `extra/models/` with `.tflite` files, and `vectors/` with what the reference kernels
//! answer to seeded random inputs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kits_hal::{Check as Parse, Model, convert};

use super::{PACKAGE, leaked};
use crate::case::{Case, Plan};
use crate::check::Check;

/// Seed of the first random input, whose answer stands first in the vector files.
const SEED: u64 = 1000;

/// Returns a case for each file, smallest name first; none without the variable.
pub(super) fn plans() -> Vec<Plan> {
    let Some(root) = std::env::var_os("KITS_DATA_DIR").map(PathBuf::from) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = ["models", "extra/models"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "tflite"))
        .collect();
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    files.into_iter().map(|file| plan(&root, file)).collect()
}

fn plan(root: &Path, file: PathBuf) -> Plan {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let expected = root.join("vectors").join(format!("{stem}.out.bin"));
    let what = "one inference of a public model";
    Plan::new(PACKAGE, stem, what, move |_| inference(&file, &expected))
}

fn inference(file: &Path, expected: &Path) -> Result<Case> {
    let file = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let kit = convert::import(&file, &convert::Options::default())?.kit;
    let model: &'static Model<'static> = leaked(Model::parse(leaked(kit), Parse::Full)?);
    let of = |elements: usize| random(SEED, elements);
    let input = of(model.input(0).map_or(0, |tensor| tensor.len()));
    // Integer arithmetic: every right answer is equal.
    let check = match std::fs::read(expected) {
        Ok(answers) => {
            let n: usize =
                (0..model.n_outputs()).filter_map(|i| model.output(i)).map(|t| t.len()).sum();
            let first = answers.get(..n).context("the vector file is shorter than one answer")?;
            Check::against(first.iter().map(|b| f32::from(b.cast_signed())).collect(), 0.0)
        }
        Err(_) => Check::mutual(0.0),
    };
    super::beside_tract(Case::new(check, super::session(model, input.clone())?), &file, &input)
}

/// Returns the bytes of SplitMix64, low byte first, read as codes.
fn random(seed: u64, n: usize) -> Vec<i8> {
    (1_u64..)
        .flat_map(|i| {
            let mut z = seed.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)).to_le_bytes()
        })
        .take(n)
        .map(u8::cast_signed)
        .collect()
}
