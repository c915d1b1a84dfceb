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
        for (path, text) in [(&path, table), (&constants(), generated(&found))] {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("size: written to {}", workspace::relative(path));
        }
    } else {
        let committed = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        compare(&found, &committed)?;
        let file = constants();
        let known = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        compare_constants(&found, &known)?;
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

/// The constants of the library, made of this table.
fn constants() -> PathBuf {
    workspace::root().join("crates/kits-hal/src/board/runtime_sizes.rs")
}

/// Images whose flash is a constant of the library, its name, and what it is.
const CONSTANTS: [(&str, &str, &str); 3] = [
    ("runtime-plain-small", "CORE_PLAIN", "The core set with the plain kernels."),
    ("runtime-core-small", "CORE", "The core set with the fast kernels."),
    ("runtime-all-small", "ALL", "Every operator with the fast kernels."),
];

/// Returns the constants as source.
fn generated(found: &[(String, Sizes)]) -> String {
    let mut text = String::from(
        "//! Flash of images that run models, in bytes: written by `cargo xtask firmware size --write`.\n",
    );
    for (image, name, what) in CONSTANTS {
        let flash = found.iter().find(|(n, _)| n == image).map_or(0, |(_, s)| s.flash());
        let digits = flash.to_string();
        let (thousands, rest) = digits.split_at(digits.len().saturating_sub(3));
        let line = if thousands.is_empty() { "" } else { "_" };
        let _ =
            write!(text, "\n/// {what}\npub(super) const {name}: u32 = {thousands}{line}{rest};\n");
    }
    text
}

/// Compares the constants with what was measured, to the tolerance of the table.
fn compare_constants(found: &[(String, Sizes)], source: &str) -> Result<()> {
    for (image, name, _) in CONSTANTS {
        let have = found.iter().find(|(n, _)| n == image).map_or(0, |(_, s)| s.flash());
        let rest = source.split_once(&format!(" {name}: u32 = ")).map(|(_, rest)| rest);
        let digits = rest.and_then(|rest| rest.split_once(';')).map(|(n, _)| n.replace('_', ""));
        let want = digits.and_then(|n| n.parse().ok()).unwrap_or(0);
        if !close(have, want) {
            bail!(
                "{image}: flash {have} B, the library knows {want} B: `cargo xtask firmware size --write`"
            );
        }
    }
    Ok(())
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
    fn constants_of_the_library_follow_the_table() {
        let sizes = |text| Sizes { text, rodata: 0, data: 0, bss: 0 };
        let found = |core| {
            CONSTANTS
                .map(|(image, _, _)| (image.to_owned(), sizes(core)))
                .into_iter()
                .collect::<Vec<_>>()
        };
        let source = generated(&found(25_984));
        assert!(source.contains("const CORE: u32 = 25_984;"), "{source}");
        assert!(generated(&found(984)).contains("= 984;"));
        assert!(compare_constants(&found(26_000), &source).is_ok());
        assert!(compare_constants(&found(26_500), &source).is_err());
        assert!(compare_constants(&found(25_984), "").is_err());
    }

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
