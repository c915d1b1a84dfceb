//! One inference on this machine.

use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use kits_hal::convert::Options;
use kits_hal::{DType, Element, Model, Session, Step};
use serde_json::{Value, json};

use super::model::Loaded;
use super::table::{Table, grouped};
use super::{Usage, print_json};

/// Run a model on this machine and print its outputs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Times in microseconds (us), measured on this machine; they say nothing about a board.\n\
                        Example: cargo xtask kits run model.tflite --input yes.bin --ops"
)]
pub(crate) struct Args {
    /// A `.tflite` or `.kit` file
    model: PathBuf,
    /// Raw bytes of the inputs, one after the other [default: random bytes]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Seed of the random bytes (SplitMix64, little endian)
    #[arg(long, default_value_t = 1000)]
    seed: u64,
    /// Show the time of every operator
    #[arg(long)]
    ops: bool,
    /// How many classes are shown
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
    /// Use the plain kernels
    #[arg(long)]
    plain: bool,
    /// Print one JSON object, schema kits-run/1
    #[arg(long)]
    json: bool,
}

/// Runs once and prints.
///
/// # Errors
///
/// [`Usage`] if the model or the input cannot be worked with.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let loaded = Loaded::read("run", &args.model, &Options::default())?;
    let model = loaded.model()?;
    let data = args.data(&model)?;
    // A start divisible by 16 lets inputs of every type be viewed.
    let mut memory = vec![0_u8; model.arena_len() + 16];
    let start = memory.as_ptr().align_offset(16).min(16);
    let arena = &mut memory[start..];
    let mut session =
        if args.plain { Session::plain(&model, arena)? } else { Session::new(&model, arena)? };
    let mut rest = data.as_slice();
    for i in 0..model.n_inputs() {
        let Some(info) = model.input(i) else { continue };
        let (mine, others) = rest.split_at(info.bytes as usize);
        rest = others;
        fill(&mut session, i, info.dtype, mine)?;
    }
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let step = session.step()?;
        times.push(start.elapsed());
        if step == Step::Done {
            break;
        }
    }
    if args.json {
        print_json(&as_json(&loaded.name, &model, &session, &times)?)?;
    } else {
        print_text(args, &loaded.name, &model, &session, &times)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Returns the bytes of all inputs.
    fn data(&self, model: &Model<'_>) -> Result<Vec<u8>> {
        let need = model.memory().input;
        let Some(path) = &self.input else { return Ok(splitmix(self.seed, need)) };
        let data = std::fs::read(path).map_err(|error| {
            Usage::because(format!(
                "run: cannot read {}: {error}: give a file of {need} B",
                path.display()
            ))
        })?;
        if data.len() == need {
            return Ok(data);
        }
        Err(Usage::because(format!(
            "run: the inputs take {need} B, {} has {} B: give the raw bytes of all inputs, row by row",
            path.display(),
            data.len()
        )))
    }
}

/// Returns the bytes of the generator of Steele, Lea and Flood (2014), each 64-bit value little endian.
pub(crate) fn splitmix(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        out.extend((z ^ (z >> 31)).to_le_bytes());
    }
    out.truncate(len);
    out
}

/// Writes raw bytes, little endian, into input `i`.
fn fill(session: &mut Session<'_, '_>, i: u16, dtype: DType, bytes: &[u8]) -> Result<()> {
    fn typed<const N: usize, T: Element>(
        session: &mut Session<'_, '_>,
        i: u16,
        bytes: &[u8],
        read: fn([u8; N]) -> T,
    ) -> Result<()> {
        let values: Vec<T> = bytes.as_chunks::<N>().0.iter().map(|b| read(*b)).collect();
        Ok(session.set_input(i, &values)?)
    }
    match dtype {
        DType::I8 => typed(session, i, bytes, i8::from_le_bytes),
        DType::U8 => typed(session, i, bytes, u8::from_le_bytes),
        DType::I16 => typed(session, i, bytes, i16::from_le_bytes),
        DType::I32 => typed(session, i, bytes, i32::from_le_bytes),
        DType::F32 => typed(session, i, bytes, f32::from_le_bytes),
        other => {
            Err(Usage::because(format!("run: input {i} holds {other}: convert the model to int8")))
        }
    }
}

/// Returns the values of output `i`, largest first, with their labels.
fn ranked(
    model: &Model<'_>,
    session: &Session<'_, '_>,
    i: u16,
) -> Result<Vec<(usize, f32, String)>> {
    let labels: Vec<&str> = model.labels().collect();
    let mut values: Vec<(usize, f32, String)> = session
        .output_f32(i)?
        .iter()
        .enumerate()
        .map(|(k, real)| (k, real, labels.get(k).map_or_else(String::new, |l| (*l).to_owned())))
        .collect();
    values.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(values)
}

fn print_text(
    args: &Args,
    name: &str,
    model: &Model<'_>,
    session: &Session<'_, '_>,
    times: &[Duration],
) -> Result<()> {
    let micros = |t: Duration| format!("{:.1}", t.as_secs_f64() * 1e6);
    println!(
        "{name}: {} us on this machine, {} B of memory",
        micros(times.iter().sum()),
        grouped(model.arena_len() as u64)
    );
    if args.ops {
        let mut table = Table::new([">op", "operator", ">MACs", ">us"]);
        for (op, time) in model.ops().zip(times) {
            table.row([
                op.index.to_string(),
                op.name().to_owned(),
                grouped(op.macs),
                micros(*time),
            ]);
        }
        println!("{table}");
    }
    for i in 0..model.n_outputs() {
        let values = ranked(model, session, i)?;
        println!("output {i}: {} values, the largest:", values.len());
        for (k, real, label) in values.iter().take(args.top) {
            println!("  {k:>5}  {real:>10.4}  {label}");
        }
    }
    Ok(())
}

fn as_json(
    name: &str,
    model: &Model<'_>,
    session: &Session<'_, '_>,
    times: &[Duration],
) -> Result<Value> {
    let outputs: Vec<Value> = (0..model.n_outputs())
        .map(|i| Ok(json!(session.output_f32(i)?.iter().collect::<Vec<f32>>())))
        .collect::<Result<_>>()?;
    Ok(json!({
        "schema": "kits-run/1",
        "model": name,
        "arena_bytes": model.arena_len(),
        "labels": model.labels().collect::<Vec<_>>(),
        "outputs": outputs,
        "op_us_host": times.iter().map(|t| t.as_secs_f64() * 1e6).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::splitmix;

    #[test]
    fn random_bytes_are_those_of_the_vectors() {
        // First value of the generator for seed 0, as published with its reference code: 0xe220a8397b1dcdaf.
        assert_eq!(splitmix(0, 8), 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
        assert_eq!(splitmix(0, 3), [0xaf, 0xcd, 0x1d]);
    }
}
