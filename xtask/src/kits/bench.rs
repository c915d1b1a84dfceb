//! The host's side of the benchmark: a device on a serial port, or an image in the emulator.

mod machine;
mod serial;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kits_hal::bench::host::{Report, Rules, Runner};
use kits_hal::bench::{Benchmark, Network, Preparation};
use kits_hal::board::{BOARDS, Board};
use kits_hal::convert::Options;
use kits_hal::hal::SystemClock;
use kits_hal::{Model, Session};
use serde_json::json;

use super::model::Loaded;
use super::table::{Table, grouped};
use super::{Usage, print_json};

/// Measure a model on a device: latency, results, and whether they are those of the host.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The device speaks the MLPerf Tiny protocol. Each input is loaded and run until the time between the laps\n\
                  is long enough; the median of their latencies counts. In the emulator a lap counts instructions: one\n\
                  microsecond is a thousand of them, and the latency at the clock of a board is an estimate.\n\
                  Exit status 1 if a result differs from the host's by more than its three decimals.\n\
                  Examples: cargo xtask kits bench --serial /dev/ttyACM0 model.kit\n\
                  \u{20}         cargo xtask kits bench --machine mps2-an386 --image device.elf model.kit"
)]
pub(crate) struct Args {
    /// The `.tflite` or `.kit` file that the device runs
    model: PathBuf,
    /// A serial device, for example /dev/ttyACM0
    #[arg(long, value_name = "DEV", required_unless_present = "machine", conflicts_with_all = ["machine", "image"])]
    serial: Option<PathBuf>,
    /// Speed of the serial device in baud
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    baud: u32,
    /// A machine of qemu-system-arm, for example mps2-an386
    #[arg(long, value_name = "M", requires = "image")]
    machine: Option<String>,
    /// The image that the machine runs
    #[arg(long, value_name = "ELF", requires = "machine")]
    image: Option<PathBuf>,
    /// Inputs, one after the other, as the device takes them [default: five of random bytes]
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// How the device makes the model's input of the bytes it is sent
    #[arg(long, value_name = "KIND", value_enum, default_value = "raw")]
    prepare: Prepare,
    /// The least time between the laps, in seconds [default: 10; in the emulator 0.1]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Print one JSON object, schema kits-bench/1
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Prepare {
    /// One byte per element, as it is
    Raw,
    /// One byte per element, an unsigned pixel
    Pixels,
    /// Four bytes per element, a little-endian f32
    Floats,
}

impl From<Prepare> for Preparation {
    fn from(kind: Prepare) -> Self {
        match kind {
            Prepare::Raw => Self::Raw,
            Prepare::Pixels => Self::Pixels,
            Prepare::Floats => Self::Floats,
        }
    }
}

/// Measures the model and compares its results.
///
/// # Errors
///
/// [`Usage`] if a file or the device cannot be opened, and if the device does not answer as it should.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let loaded = Loaded::read("bench", &args.model, &Options::default())?;
    let model = loaded.model()?;
    let mut arena = vec![0; model.arena_len()];
    let mut here = Network::new(Session::new(&model, &mut arena)?, args.prepare.into());
    let inputs = match &args.inputs {
        Some(path) => split(path, here.input_bytes())?,
        None => random(here.input_bytes()),
    };
    let expected: Vec<Vec<f64>> =
        inputs.iter().map(|input| results(&mut here, input)).collect::<Result<_>>()?;
    let seconds = args.seconds.unwrap_or(if args.serial.is_some() { 10.0 } else { 0.1 });
    let rules = Rules { least_us: micros(seconds)?, ..Rules::default() };
    let report = match (&args.serial, &args.machine, &args.image) {
        (Some(device), _, _) => measure(serial::open(device, args.baud)?, rules, &inputs)?,
        (None, Some(machine), Some(image)) => {
            measure(machine::start(machine, image)?, rules, &inputs)?
        }
        _ => bail!("bench: give --serial DEV, or --machine M and --image ELF"),
    };
    let differing = compare(&report, &expected);
    if args.json {
        print_json(&as_json(args, &loaded.name, &report, &differing))?;
    } else {
        print_text(args, &loaded.name, &model, &report, &differing);
    }
    Ok(if differing.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn measure(port: impl Read + Write, rules: Rules, inputs: &[Vec<u8>]) -> Result<Report> {
    Runner::new(port, SystemClock::new(), rules)
        .benchmark(inputs)
        .map_err(|error| Usage::because(format!("bench: {error}")))
}

/// What the host makes of an input.
fn results(network: &mut Network<'_, '_>, input: &[u8]) -> Result<Vec<f64>> {
    network.infer(input)?;
    let mut results = Vec::new();
    network.results(&mut |value| results.push(f64::from(value)));
    Ok(results)
}

/// Inputs whose results are not the host's: half a thousandth of printing, and as much for the last bit of an `f32`.
fn compare(report: &Report, expected: &[Vec<f64>]) -> Vec<usize> {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 0.000_5 + b.abs() * 1e-6;
    let equal =
        |run: &[f64], host: &[f64]| run.len() == host.len() && run.iter().zip(host).all(close);
    let pairs = report.runs.iter().zip(expected).enumerate();
    pairs.filter(|(_, (run, host))| !equal(&run.results, host)).map(|(i, _)| i).collect()
}

/// The inputs in a file.
fn split(path: &Path, each: usize) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("bench: cannot read the inputs {}", path.display()))?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(each.max(1)) {
        return Err(Usage::because(format!(
            "bench: {} has {} B, not a whole number of inputs of {each} B",
            path.display(),
            bytes.len()
        )));
    }
    Ok(bytes.chunks(each.max(1)).map(<[u8]>::to_vec).collect())
}

/// Five inputs of the SplitMix64 generator, seeds 1000 to 1004, as in the project's vectors.
fn random(each: usize) -> Vec<Vec<u8>> {
    let input = |seed: u64| {
        let mut state = seed;
        let mut bytes = Vec::new();
        while bytes.len() < each {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bytes.extend((z ^ (z >> 31)).to_le_bytes());
        }
        bytes.truncate(each);
        bytes
    };
    (1000..1005).map(input).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn micros(seconds: f64) -> Result<u64> {
    if (0.0..=3600.0).contains(&seconds) {
        return Ok((seconds * 1e6) as u64);
    }
    Err(Usage::because(format!("bench: --seconds {seconds}: give 0 to 3600")))
}

/// Boards that the machine stands in for, with the clock of their first core in hertz.
fn boards(machine: Option<&str>) -> impl Iterator<Item = (&'static Board, u64)> {
    BOARDS.iter().filter_map(move |board| {
        let stand_in = board.stand_in.filter(|s| Some(s.machine) == machine)?;
        let clock = board.cores.first()?.clock_hz.value.high;
        (!stand_in.machine.is_empty()).then_some((board, clock))
    })
}

/// The milliseconds that a latency of the emulator, in nanoseconds one per instruction, lasts at a clock in hertz.
fn at_clock_ms(latency_us: f64, clock_hz: u64) -> f64 {
    latency_us * 1e6 / clock_hz as f64
}

fn print_text(args: &Args, name: &str, model: &Model<'_>, report: &Report, differing: &[usize]) {
    let device = &report.device;
    println!("{name} on {} ({}), {}", device.vendor, device.firmware, device.model);
    let emulated = args.machine.is_some();
    let unit = if emulated { ">instructions" } else { ">us each" };
    let mut table = Table::new([">input", ">runs", ">lap us", unit, "results", "host"]);
    for (i, run) in report.runs.iter().enumerate() {
        let each = if emulated { run.latency_us() * 1e3 } else { run.latency_us() };
        let results: Vec<String> = run.results.iter().map(|r| format!("{r:.3}")).collect();
        table.row([
            i.to_string(),
            grouped(run.iterations.into()),
            grouped(run.elapsed_us),
            format!("{each:.1}"),
            short(&results),
            String::from(if differing.contains(&i) { "DIFFERS" } else { "equal" }),
        ]);
    }
    println!("{table}");
    if emulated {
        let instructions = report.median_us * 1e3;
        let per_mac = instructions / model.macs().max(1) as f64;
        println!(
            "median: {instructions:.0} instructions per inference, emulated; {per_mac:.2} per MAC"
        );
        for (board, clock) in boards(args.machine.as_deref()) {
            let ms = at_clock_ms(report.median_us, clock);
            let mhz = clock / 1_000_000;
            println!(
                "{} at {mhz} MHz: {ms:.3} ms at one cycle per instruction [estimate]",
                board.id
            );
        }
    } else {
        println!("median: {:.1} us per inference, measured by the device", report.median_us);
    }
}

/// The first results, and how many more there are.
fn short(results: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = results.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" ");
    match results.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn as_json(args: &Args, name: &str, report: &Report, differing: &[usize]) -> serde_json::Value {
    let runs: Vec<_> = report
        .runs
        .iter()
        .enumerate()
        .map(|(i, run)| {
            json!({
                "iterations": run.iterations,
                "elapsed_us": run.elapsed_us,
                "latency_us": run.latency_us(),
                "results": run.results,
                "as_on_host": !differing.contains(&i),
            })
        })
        .collect();
    let estimates: Vec<_> = boards(args.machine.as_deref())
        .map(|(board, clock)| {
            json!({ "board": board.id, "clock_hz": clock, "ms": at_clock_ms(report.median_us, clock) })
        })
        .collect();
    json!({
        "schema": "kits-bench/1",
        "model": name,
        "vendor": report.device.vendor,
        "firmware": report.device.firmware,
        "device_model": report.device.model,
        "emulated": args.machine.is_some(),
        "median_us": report.median_us,
        "runs": runs,
        "estimates_at_one_cycle_per_instruction": estimates,
    })
}

#[cfg(test)]
mod tests {
    use super::{at_clock_ms, boards, compare, micros, random};
    use kits_hal::bench::host::{Identity, Report, Run};

    #[test]
    fn random_inputs_are_those_of_the_vectors() {
        // SplitMix64 of state 1000, first output, computed with Python's integers.
        let inputs = random(12);
        assert_eq!(inputs.len(), 5);
        assert!(inputs.iter().all(|input| input.len() == 12));
        assert_eq!(inputs[0][..8], 0x3C1E_BA8B_4DCC_C148_u64.to_le_bytes());
    }

    #[test]
    fn instructions_become_time_at_a_clock() {
        // 64 000 instructions are 64 us of the emulator, and 1 ms at 64 MHz.
        assert!((at_clock_ms(64.0, 64_000_000) - 1.0).abs() < 1e-12);
        let nano = boards(Some("mps2-an386")).find(|(board, _)| board.id == "nano33ble");
        assert_eq!(nano.map(|(_, clock)| clock), Some(64_000_000));
        assert_eq!(boards(None).count(), 0);
    }

    #[test]
    fn results_are_compared_to_three_decimals() {
        let run = |results: &[f64]| Run { iterations: 1, elapsed_us: 1, results: results.to_vec() };
        let empty = || String::new();
        let device = Identity { vendor: empty(), firmware: empty(), model: empty() };
        let runs = vec![run(&[0.996, 0.0]), run(&[0.995, 0.0]), run(&[0.996])];
        let report = Report { device, runs, median_us: 1.0 };
        let host = vec![vec![0.996_093_75, 0.0]; 3];
        assert_eq!(compare(&report, &host), [1, 2]);
    }

    #[test]
    fn seconds_have_a_range() {
        assert_eq!(micros(0.25).unwrap(), 250_000);
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 3601.0] {
            assert!(micros(wrong).is_err());
        }
    }
}
