//! Sizes of the images, held against a committed table.
//!
//! A size that moves by more than one percent must be looked at: `--write` accepts it.

use core::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::elf::{Elf, Sizes};
use super::image;
use crate::workspace;

/// A size may differ from the table by this share: the compiler places constants a little differently on other machines.
const TOLERANCE: f64 = 0.01;

/// Bytes of flash that the runtime with the seven core operators may take.
const RUNTIME_BYTES: u64 = 20_000;

/// Print the sizes of the images and compare them with the committed table.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Write the table instead of comparing
    #[arg(long)]
    write: bool,
}

/// Builds the fixed programs and compares.
///
/// # Errors
///
/// If a build fails, a size left the tolerance, or the runtime is too large.
pub(super) fn run(args: &Args) -> Result<()> {
    let mut found = Vec::new();
    for (image, elf) in image::build_all(&image::SIZED)? {
        let file = std::fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
        let sizes = Elf::read(&file).with_context(|| image.name())?.sizes();
        found.push((image.name(), sizes));
    }
    let table = render(&found);
    print!("{table}");
    let path = path();
    if args.write {
        std::fs::write(&path, &table)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("size: written to {}", workspace::relative(&path));
    } else {
        let committed = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        compare(&found, &committed)?;
        println!("size: {} images within {:.0} % of the table", found.len(), TOLERANCE * 100.0);
    }
    let flash = |name: &str| found.iter().find(|(n, _)| n == name).map_or(0, |(_, s)| s.flash());
    let empty = flash("runtime-empty-small");
    let [plain, fast, all] = ["plain", "core", "all"]
        .map(|kernels| flash(&format!("runtime-{kernels}-small")).saturating_sub(empty));
    println!(
        "size: flash of the runtime on a Cortex-M4: {plain} B for the seven core operators, {fast} B with fast kernels, \
         {all} B for every operator with fast kernels"
    );
    if plain == 0 || plain > RUNTIME_BYTES {
        bail!("the runtime takes {plain} B of flash, at most {RUNTIME_BYTES} B are allowed");
    }
    Ok(())
}

fn path() -> PathBuf {
    workspace::root().join("firmware/sizes.txt")
}

/// Returns the table as text: a line of names, then one line for each image.
fn render(found: &[(String, Sizes)]) -> String {
    let mut text = format!(
        "{:28} {:>7} {:>7} {:>7} {:>7} {:>7}\n",
        "image", "text", "rodata", "data", "bss", "flash"
    );
    for (name, s) in found {
        let _ = writeln!(
            text,
            "{name:28} {:7} {:7} {:7} {:7} {:7}",
            s.text,
            s.rodata,
            s.data,
            s.bss,
            s.flash()
        );
    }
    text
}

/// Compares flash and RAM of every image with the table.
fn compare(found: &[(String, Sizes)], committed: &str) -> Result<()> {
    let mut problems = Vec::new();
    for (name, sizes) in found {
        let line = committed.lines().find(|line| line.split_whitespace().next() == Some(name));
        let numbers: Option<Vec<u64>> =
            line.and_then(|line| line.split_whitespace().skip(1).map(|n| n.parse().ok()).collect());
        let Some([_, _, data, bss, flash]) = numbers.as_deref() else {
            problems.push(format!("{name}: not in the table"));
            continue;
        };
        for (what, have, want) in
            [("flash", sizes.flash(), *flash), ("statics", sizes.data + sizes.bss, data + bss)]
        {
            if !close(have, want) {
                problems.push(format!("{name}: {what} {have} B, {want} B in the table"));
            }
        }
    }
    let more = committed.lines().skip(1).count();
    if more != found.len() {
        problems.push(format!("{more} images in the table, {} built", found.len()));
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nlook at what changed, then accept it with `cargo xtask firmware size --write`",
        problems.join("\n")
    );
}

#[expect(clippy::cast_precision_loss, reason = "sizes of images are far below 2^52")]
fn close(have: u64, want: u64) -> bool {
    have.abs_diff(want) as f64 <= want as f64 * TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_is_accepted_and_more_is_not() {
        let sizes = |text| Sizes { text, rodata: 100, data: 0, bss: 12 };
        let table = render(&[("a".into(), sizes(900)), ("b".into(), sizes(1900))]);
        let found = |a, b| [("a".to_owned(), sizes(a)), ("b".to_owned(), sizes(b))];
        assert!(compare(&found(900, 1900), &table).is_ok());
        assert!(compare(&found(910, 1880), &table).is_ok());
        let error = compare(&found(911, 1900), &table).expect_err("11 of 1000").to_string();
        assert!(error.starts_with("a: flash 1011 B, 1000 B in the table"), "{error}");
        assert!(compare(&found(900, 1900)[..1], &table).is_err(), "an image is missing");
        assert!(compare(&found(900, 1900), "image\n").is_err(), "not in the table");
    }
}
