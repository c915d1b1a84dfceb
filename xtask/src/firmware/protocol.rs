//! Speaks the benchmark protocol with the device under test in the emulator, as a host program would with a board.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use anyhow::{Context as _, Result, bail};
use kits_hal::bench::host::{HostError, Rules, Runner};
use kits_hal::hal::SystemClock;
use kits_hal::{Check, Model};

use crate::workspace;

/// Images of the sample that are sent.
const INPUTS: usize = 3;

/// Results are printed with three decimals.
const HALF_DIGIT: f64 = 0.000_5;

/// Both ends of the serial port: what the emulator prints and what it reads.
struct Port {
    to: ChildStdin,
    from: Receiver<Vec<u8>>,
    /// Bytes received and not yet read, last first.
    pending: Vec<u8>,
}

/// An emulator that ends with this value.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Read for Port {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.pending.is_empty() {
            match self.from.try_recv() {
                Ok(mut bytes) => {
                    bytes.reverse();
                    self.pending = bytes;
                }
                Err(TryRecvError::Empty) => {
                    thread::sleep(Duration::from_millis(1));
                    return Err(ErrorKind::WouldBlock.into());
                }
                Err(TryRecvError::Disconnected) => return Err(ErrorKind::BrokenPipe.into()),
            }
        }
        let mut read = 0;
        for (slot, byte) in to.iter_mut().zip(core::iter::from_fn(|| self.pending.pop())) {
            *slot = byte;
            read += 1;
        }
        Ok(read)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Runs the image and asks it for the digits of the sample; returns what agrees.
///
/// # Errors
///
/// If the emulator cannot start, the device does not answer, or a result is wrong.
pub(super) fn check(elf: &Path, machine: &str) -> Result<String> {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", machine, "-nographic", "-monitor", "none", "-serial", "stdio"]);
    command
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0"])
        .arg("-kernel")
        .arg(elf);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut emulator = Emulator(command.spawn().context("cannot start qemu-system-arm")?);
    let (Some(to), Some(mut output)) = (emulator.0.stdin.take(), emulator.0.stdout.take()) else {
        bail!("the emulator has no pipes");
    };
    let (sender, from) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        // Ends with the emulator, or when nobody listens any more.
        while let Ok(read @ 1..) = output.read(&mut buffer) {
            if sender.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    let port = Port { to, from, pending: Vec::new() };
    // The machine that emulates may be busy with something else.
    let rules = Rules { timeout_us: 60_000_000, ..Rules::default() };
    talk(&mut Runner::new(port, SystemClock::new(), rules), rules)
}

fn talk(runner: &mut Runner<Port, SystemClock>, rules: Rules) -> Result<String> {
    let folder = workspace::root().join("firmware/sample");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let [kit, inputs, outputs] =
        [read("digits.kit")?, read("digits.inputs.bin")?, read("digits.outputs.bin")?];
    let model = Model::parse(&kit, Check::Full)?;
    let (Some(input), Some(output)) = (model.input(0), model.output(0)) else {
        bail!("the sample has no input or output");
    };
    let device = runner.connect()?;
    let mut us = 0;
    let samples = inputs.chunks(input.len()).zip(outputs.chunks(output.len())).take(INPUTS);
    for (index, (input, expected)) in samples.enumerate() {
        runner.load(input)?;
        let run = runner.infer(2, 1, rules.patience_us)?;
        let wanted = expected.iter().map(|byte| {
            f64::from(output.scale) * (f64::from(byte.cast_signed()) - f64::from(output.zero_point))
        });
        let wanted: Vec<f64> = wanted.collect();
        let close =
            run.results.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= HALF_DIGIT + 1e-6);
        if run.results.len() != wanted.len() || !close {
            bail!("input {index}: the device answers {:?}, expected are {wanted:?}", run.results);
        }
        us += run.elapsed_us;
    }
    // Neither a command that nobody knows nor any bytes stop it.
    match runner.command("k-nothing%", rules.timeout_us) {
        Err(HostError::Device { line }) if line.contains("Unknown command") => {}
        other => bail!("an unknown command gives {other:?}"),
    }
    let memory = runner.command("k-mem%", rules.timeout_us)?;
    let again = runner.connect()?;
    if again != device {
        bail!("after an error the device says that it is {again:?}, before {device:?}");
    }
    Ok(format!(
        "{} answered {INPUTS} inputs right, {us} us of the emulator's clock; {}",
        device.vendor,
        memory.join(", ")
    ))
}
