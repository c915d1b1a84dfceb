//! The host's side: drives a device over any port that can be read and written.
//!
//! A measurement follows the benchmark's rules: input in lines of 31 bytes, inferences until at
//! least 10 s passed, five inputs, the median counts. The port is polled: a read that gives no
//! byte, or an error of the kinds `WouldBlock`, `TimedOut` and `Interrupted`, means "nothing yet",
//! and the clock that the runner was given decides when that has lasted too long.

mod error;
mod port;

use std::io::{Read, Write};
use std::string::String;
use std::vec::Vec;

pub use error::HostError;
use port::Port;

use crate::hal::Clock;

/// How to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Bytes of input per `db` line: 31, or 26 through the interface board of the energy mode.
    pub bytes_per_line: usize,
    /// The least time of a measurement, in microseconds: 10 s.
    pub least_us: u64,
    /// Inferences before the measured ones.
    pub warmup: u32,
    /// The most inferences of one command.
    pub most: u32,
    /// How long to wait for the answer to a command, in microseconds.
    pub timeout_us: u64,
    /// How long to wait for an inference of unknown length, in microseconds.
    pub patience_us: u64,
}

impl Default for Rules {
    /// Returns the rules of the benchmark: 31 bytes, 10 s, 10 inferences before.
    fn default() -> Self {
        Self {
            bytes_per_line: 31,
            least_us: 10_000_000,
            warmup: 10,
            most: 1_000_000,
            timeout_us: 5_000_000,
            patience_us: 300_000_000,
        }
    }
}

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The vendor.
    pub vendor: String,
    /// The firmware.
    pub firmware: String,
    /// The benchmark.
    pub model: String,
}

/// One `infer` command.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Inferences between the laps.
    pub iterations: u32,
    /// Microseconds between the laps, on the device's clock.
    pub elapsed_us: u64,
    /// The results of the last inference.
    pub results: Vec<f64>,
}

impl Run {
    /// Returns the microseconds of one inference.
    #[must_use]
    pub fn latency_us(&self) -> f64 {
        self.elapsed_us as f64 / f64::from(self.iterations)
    }
}

/// The measurements of several inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The device.
    pub device: Identity,
    /// One run per input, in their order.
    pub runs: Vec<Run>,
    /// The median of their latencies, in microseconds.
    pub median_us: f64,
}

/// Speaks the protocol with a device.
///
/// Call [`connect`](Runner::connect) first; it also brings a device in any state back into step.
#[derive(Debug)]
pub struct Runner<S, C> {
    port: Port<S, C>,
    rules: Rules,
}

impl<S: Read + Write, C: Clock> Runner<S, C> {
    /// Takes the port and the clock that timeouts are measured with.
    pub const fn new(port: S, clock: C, rules: Rules) -> Self {
        Self { port: Port::new(port, clock), rules }
    }

    /// Finds the device and returns what it says of itself.
    ///
    /// A device that is starting, or that holds half a command, is asked again, five times in all.
    ///
    /// # Errors
    ///
    /// [`HostError::Timeout`] if nothing answers in time; those of the port.
    pub fn connect(&mut self) -> Result<Identity, HostError> {
        const ATTEMPTS: u64 = 5;
        let mut last = Ok(());
        for _ in 0..ATTEMPTS {
            self.port.drain()?;
            self.port.send("name%")?;
            match self.port.expect("m-name-dut-[", self.rules.timeout_us / ATTEMPTS) {
                Ok(vendor) => {
                    let vendor = inside(&vendor);
                    self.port.expect("m-ready", self.rules.timeout_us)?;
                    // Answers to what was sent before may still follow.
                    self.port.drain()?;
                    let profile = self.command("profile%", self.rules.timeout_us)?;
                    let firmware = inside(&find(&profile, "m-profile-[")?);
                    let model = inside(&find(&profile, "m-model-[")?);
                    return Ok(Identity { vendor, firmware, model });
                }
                Err(error @ HostError::Timeout { .. }) => last = Err(error),
                Err(error) => return Err(error),
            }
        }
        last?;
        Err(HostError::Timeout { waiting_for: "m-name-dut-[", after_us: 0 })
    }

    /// Sends a command and returns the lines before `m-ready`.
    ///
    /// # Errors
    ///
    /// [`HostError::Device`] with the first line that starts with `e-`, once the device is ready
    /// again; [`HostError::Timeout`]; those of the port.
    pub fn command(&mut self, command: &str, timeout_us: u64) -> Result<Vec<String>, HostError> {
        let deadline = self.port.deadline(timeout_us);
        self.port.send(command)?;
        let mut lines = Vec::new();
        loop {
            let line = self.port.line("m-ready", deadline)?;
            if line == "m-ready" {
                break;
            }
            lines.push(line);
        }
        match lines.iter().find(|line| line.starts_with("e-")) {
            Some(line) => Err(HostError::Device { line: line.clone() }),
            None => Ok(lines),
        }
    }

    /// Sends the input of the model.
    ///
    /// # Errors
    ///
    /// [`HostError::Missing`] if the device does not say that all has arrived; those of
    /// [`command`](Runner::command).
    pub fn load(&mut self, input: &[u8]) -> Result<(), HostError> {
        let timeout = self.rules.timeout_us;
        let announce = format!("db load {}%", input.len());
        let expecting = format!("m-[Expecting {} bytes]", input.len());
        find(&self.command(&announce, timeout)?, &expecting)?;
        let mut last = Vec::new();
        for part in input.chunks(self.rules.bytes_per_line.max(1)) {
            let digits: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
            last = self.command(&format!("db {digits}%"), timeout)?;
        }
        find(&last, "m-load-done").map(|_| ())
    }

    /// Runs `warmup` inferences, then `iterations` measured ones; waits at most `timeout_us`.
    ///
    /// # Errors
    ///
    /// [`HostError::Missing`] or [`HostError::Unreadable`] if a line is not as the protocol says;
    /// those of [`command`](Runner::command).
    pub fn infer(
        &mut self,
        iterations: u32,
        warmup: u32,
        timeout_us: u64,
    ) -> Result<Run, HostError> {
        let lines = self.command(&format!("infer {iterations} {warmup}%"), timeout_us)?;
        let laps: Vec<u64> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("m-lap-us-"))
            .map(|number| number.parse().map_err(|_| unreadable(number)))
            .collect::<Result<_, _>>()?;
        let [first, second] = laps[..] else {
            return Err(HostError::Missing { what: String::from("two m-lap-us- lines"), lines });
        };
        let elapsed_us = second.checked_sub(first).ok_or_else(|| {
            HostError::Unreadable { line: format!("m-lap-us-{first} before m-lap-us-{second}") }
        })?;
        let results = inside(&find(&lines, "m-results-[")?);
        let results = results
            .split(',')
            .filter(|number| !number.is_empty())
            .map(|number| number.parse().map_err(|_| unreadable(&results)))
            .collect::<Result<_, _>>()?;
        Ok(Run { iterations, elapsed_us, results })
    }

    /// Loads one input and runs it until the least time has passed between the laps.
    ///
    /// The first try is one inference; its time says how many the next needs.
    ///
    /// # Errors
    ///
    /// [`HostError::TooFast`] if the most inferences allowed do not last long enough; those of
    /// [`load`](Runner::load) and [`infer`](Runner::infer).
    pub fn measure(&mut self, input: &[u8]) -> Result<Run, HostError> {
        let Rules { least_us, warmup, most, patience_us, .. } = self.rules;
        self.load(input)?;
        let mut run = self.infer(1, warmup, patience_us)?;
        while run.elapsed_us < least_us {
            if run.iterations >= most {
                let Run { iterations, elapsed_us, .. } = run;
                return Err(HostError::TooFast { iterations, elapsed_us, least_us });
            }
            // A twentieth more than needed, so that the next try is the last.
            let needed = if run.elapsed_us == 0 {
                u64::from(run.iterations) * 1000
            } else {
                u64::from(run.iterations) * least_us * 21 / (run.elapsed_us * 20) + 1
            };
            let iterations = u32::try_from(needed).unwrap_or(most).min(most);
            let expected_us = run.elapsed_us / u64::from(run.iterations)
                * (u64::from(iterations) + u64::from(warmup));
            run = self.infer(iterations, warmup, patience_us.saturating_add(2 * expected_us))?;
        }
        Ok(run)
    }

    /// Measures every input and returns the median latency.
    ///
    /// # Errors
    ///
    /// [`HostError::NoInput`] without inputs; those of [`connect`](Runner::connect) and
    /// [`measure`](Runner::measure).
    pub fn benchmark(&mut self, inputs: &[Vec<u8>]) -> Result<Report, HostError> {
        let device = self.connect()?;
        let runs: Vec<Run> =
            inputs.iter().map(|input| self.measure(input)).collect::<Result<_, _>>()?;
        let median_us =
            median(runs.iter().map(Run::latency_us).collect()).ok_or(HostError::NoInput)?;
        Ok(Report { device, runs, median_us })
    }

    /// Gives the port back.
    pub fn release(self) -> S {
        self.port.release()
    }
}

/// Returns the median; of an even number the mean of the middle two; `None` of nothing.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let high = *values.get(middle)?;
    if values.len().is_multiple_of(2) {
        values.get(middle.checked_sub(1)?).map(|low| f64::midpoint(*low, high))
    } else {
        Some(high)
    }
}

/// The first line that starts with `prefix`.
fn find(lines: &[String], prefix: &str) -> Result<String, HostError> {
    lines.iter().find(|line| line.starts_with(prefix)).cloned().ok_or_else(|| HostError::Missing {
        what: String::from(prefix),
        lines: lines.to_vec(),
    })
}

/// What stands between the first `[` and the last `]`.
fn inside(line: &str) -> String {
    let (_, rest) = line.split_once('[').unwrap_or(("", line));
    String::from(rest.rsplit_once(']').map_or(rest, |(inside, _)| inside))
}

fn unreadable(line: &str) -> HostError {
    HostError::Unreadable { line: String::from(line) }
}
