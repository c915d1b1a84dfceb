//! The board image in the emulator: built around a model, run on every input, read back line by line.
//!
//! The lines are described in `firmware/README.md`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The package of the image and the machine that stands in for its board.
const PACKAGE: &str = "nano33ble";
const MACHINE: &str = "mps2-an386";
const TARGET: &str = "thumbv7em-none-eabihf";
const EMULATOR: &str = "qemu-system-arm";

/// What one run of the image printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulated {
    /// Outputs of every input, int8, one after the other.
    pub outputs: Vec<i8>,
    /// Instructions of one inference: least, mean and most. *Emulated*: counted, not timed.
    pub instructions: [u64; 3],
    /// Deepest stack of one inference, in bytes.
    pub stack_bytes: u64,
    /// Flash that the image uses, in bytes.
    pub flash_bytes: u64,
    /// Static memory that the image uses, in bytes.
    pub static_bytes: u64,
}

/// Whether the image could be run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ran.
    Ran(Emulated),
    /// Something has to be installed first: one sentence says what.
    NotRun(String),
}

/// The board whose image this module builds.
#[must_use]
pub const fn board() -> &'static str {
    PACKAGE
}

/// Builds the image around `kit` and `inputs` (int8, one after the other), runs it and reads what it prints.
///
/// # Errors
///
/// If the image does not build or link, or reports an error. A missing emulator or target is not an error:
/// it gives [`Outcome::NotRun`].
pub fn run(kit: &[u8], inputs: &[i8]) -> Result<Outcome> {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware");
    if let Some(missing) = missing(&firmware) {
        return Ok(Outcome::NotRun(missing));
    }
    let folder = std::env::temp_dir().join(format!("climb-image-{}", std::process::id()));
    let outcome = build(&firmware, &folder, kit, inputs).and_then(|elf| emulate(&elf));
    // What is left of a failed removal is a few kilobytes in the temporary folder.
    let _ = std::fs::remove_dir_all(&folder);
    outcome.map(Outcome::Ran)
}

/// Returns what has to be installed before an image can run, in one sentence.
fn missing(firmware: &Path) -> Option<String> {
    if !firmware.join(PACKAGE).is_dir() {
        return Some(format!("the board images are not here: {} is missing", firmware.display()));
    }
    let starts = |program: &OsStr| {
        quiet(Command::new(program).arg("--version")).is_ok_and(|done| done.status.success())
    };
    if !starts(&cargo()) {
        return Some(
            "`cargo` is missing: the board image is built from source, install Rust by rustup"
                .to_owned(),
        );
    }
    if !starts(EMULATOR.as_ref()) {
        return Some(format!(
            "`{EMULATOR}` is missing: install it with `apt-get install {EMULATOR}`"
        ));
    }
    let sysroot = quiet(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if !sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Some(format!(
            "the Rust target is missing: install it with `rustup target add {TARGET}`"
        ));
    }
    None
}

/// The cargo that runs this program, or else the one on the path.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn quiet(command: &mut Command) -> std::io::Result<std::process::Output> {
    command.stdin(Stdio::null()).output()
}

/// Builds the image and returns its path.
fn build(firmware: &Path, folder: &Path, kit: &[u8], inputs: &[i8]) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let (kit_file, inputs_file) = (folder.join("model.kit"), folder.join("inputs.bin"));
    std::fs::write(&kit_file, kit)?;
    std::fs::write(&inputs_file, inputs.iter().map(|x| x.cast_unsigned()).collect::<Vec<u8>>())?;
    let mut cargo = Command::new(cargo());
    cargo.current_dir(firmware).args([
        "build",
        "--release",
        "--package",
        PACKAGE,
        "--target",
        TARGET,
    ]);
    cargo
        .env("BOARD_KIT", &kit_file)
        .env("BOARD_INPUTS", &inputs_file)
        .env("CARGO_TARGET_DIR", firmware.join("target"));
    let done = quiet(&mut cargo).context("cannot start cargo for the board image")?;
    if !done.status.success() {
        bail!("the board image does not build:\n{}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(firmware.join("target").join(TARGET).join("release").join(PACKAGE))
}

fn emulate(elf: &Path) -> Result<Emulated> {
    let mut emulator = Command::new(EMULATOR);
    emulator.args(["-M", MACHINE, "-nographic", "-monitor", "none", "-serial", "none"]);
    emulator
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"])
        .arg(elf);
    let done = quiet(&mut emulator).context("cannot start the emulator")?;
    let text =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        bail!("the emulated board failed with {}:\n{}", done.status, text.trim_end());
    }
    read(&text)
}

/// Reads the lines of one run.
fn read(text: &str) -> Result<Emulated> {
    let line = |name: &str| text.lines().find(|line| line.split(' ').next() == Some(name));
    if line("done") != Some("done ok") {
        bail!("the emulated board ended without `done ok`:\n{text}");
    }
    let (memory, summary) =
        (line("memory").unwrap_or_default(), line("summary").unwrap_or_default());
    let mut outputs = Vec::new();
    for (index, line) in text.lines().filter(|line| line.starts_with("result ")).enumerate() {
        if number(line, "index")? != index as u64 {
            bail!("the emulated board skipped result {index}");
        }
        outputs.extend(hex(field(line, "outputs")?)?);
    }
    Ok(Emulated {
        outputs,
        instructions: [
            number(summary, "instructions_min")?,
            number(summary, "instructions_mean")?,
            number(summary, "instructions_max")?,
        ],
        stack_bytes: number(summary, "run_stack_bytes")?,
        flash_bytes: number(memory, "flash_used_bytes")?,
        static_bytes: number(memory, "static_bytes")?,
    })
}

fn field<'l>(line: &'l str, name: &str) -> Result<&'l str> {
    let mut pairs = line.split(' ').filter_map(|word| word.split_once('='));
    match pairs.find(|(key, _)| *key == name) {
        Some((_, value)) => Ok(value),
        None => bail!("no `{name}` in the line `{line}` of the emulated board"),
    }
}

fn number(line: &str, name: &str) -> Result<u64> {
    field(line, name)?.parse().with_context(|| format!("`{name}` is not a number in `{line}`"))
}

/// Reads two hexadecimal digits for each byte.
fn hex(text: &str) -> Result<Vec<i8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?).cast_signed()),
        _ => None,
    });
    pairs
        .collect::<Option<Vec<i8>>>()
        .with_context(|| format!("`{text}` is not pairs of hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "image nano33ble format=1 emulated=qemu\n\
        memory ram_bytes=262144 static_bytes=1024 stack_bytes=8192 arena_bytes=1000 flash_used_bytes=40000 code_bytes=30000\n\
        model kit_bytes=4000 arena_bytes=96\n\
        result index=0 instructions=100 outputs=80ff\n\
        result index=1 instructions=120 outputs=7f00\n\
        summary inferences=2 run_stack_bytes=300 deepest_stack_bytes=400 instructions_min=100 instructions_mean=110 instructions_max=120\n\
        done ok\n";

    #[test]
    fn reads_outputs_and_counts() {
        let run = read(RUN).expect("well formed");
        assert_eq!(run.outputs, [-128, -1, 127, 0]);
        assert_eq!(run.instructions, [100, 110, 120]);
        assert_eq!((run.stack_bytes, run.flash_bytes, run.static_bytes), (300, 40_000, 1_024));
    }

    #[test]
    fn a_run_cut_anywhere_is_an_error() {
        for end in 0..RUN.len() - 1 {
            assert!(read(&RUN[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_missing_result_is_an_error() {
        assert!(read(&RUN.replace("index=1", "index=2")).is_err());
    }

    #[test]
    fn odd_or_foreign_digits_are_an_error() {
        assert!(hex("8").is_err() && hex("8g").is_err() && hex("é").is_err());
    }
}
