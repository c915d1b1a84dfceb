//! The device's side: a state machine that takes one byte at a time.

use core::fmt::{self, Write as _};
use core::ops::ControlFlow;

use embedded_io::Write;

use super::command::{Shown, bytes, number, words, wrong_digit};
use super::device::Benchmark;
use super::milli::Milli;
use super::pin::Stamp;
use super::port::{PortError, say};
use crate::board::Board;
use crate::hal::Clock;

/// The longest command, without its `%`.
pub const COMMAND_BYTES: usize = 80;

/// What the device says of itself, and its limits.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'c> {
    /// The vendor, for `name%`.
    pub vendor: &'c str,
    /// The firmware, for `profile%`.
    pub firmware: &'c str,
    /// The benchmark: `kws01`, `vww01`, `ic01`, `ad01`, or a name of your own.
    pub model: &'c str,
    /// The board that `k-fit%` checks against.
    pub board: Option<&'c Board>,
    /// The most inferences of one command; a garbled number must not keep a device busy for days.
    pub max_iterations: u32,
}

impl Default for Settings<'_> {
    /// Returns names of the crate, no board, and a million inferences.
    fn default() -> Self {
        Self {
            vendor: "kits-hal",
            firmware: concat!("kits-hal ", env!("CARGO_PKG_VERSION")),
            model: "kit",
            board: None,
            max_iterations: 1_000_000,
        }
    }
}

/// A device under test.
///
/// Feed it every byte of the serial port; it answers on `out` when a command is complete. It
/// holds a command buffer of 80 bytes and borrows the input buffer, whose length is the input of
/// the model in bytes. No bytes whatever make it write past either.
///
/// ```
/// use core::convert::Infallible;
///
/// use kits_hal::bench::{Benchmark, NoPin, Protocol, Settings};
/// use kits_hal::hal::SystemClock;
///
/// /// Answers with the first byte of its input.
/// struct Echo(u8);
/// impl Benchmark for Echo {
///     type Error = Infallible;
///     fn infer(&mut self, input: &[u8]) -> Result<(), Infallible> {
///         self.0 = input[0];
///         Ok(())
///     }
///     fn results(&self, each: &mut dyn FnMut(f32)) {
///         each(f32::from(self.0));
///     }
/// }
///
/// # #[cfg(feature = "std")] {
/// let mut input = [0; 4];
/// let clock = SystemClock::new();
/// let mut device = Protocol::new(Settings::default(), &mut input, Echo(0), clock, NoPin);
/// let mut port = [0_u8; 200];
/// let mut out = &mut port[..]; // a serial port on a device
/// for byte in *b"db load 1%db 2a%" {
///     device.push(byte, &mut out)?;
/// }
/// let left = out.len();
/// let expected = "m-[Expecting 1 bytes]\r\nm-ready\r\nm-load-done\r\nm-ready\r\n";
/// assert_eq!(&port[..200 - left], expected.as_bytes());
/// # }
/// # Ok::<(), kits_hal::bench::PortError<embedded_io::SliceWriteError>>(())
/// ```
#[derive(Debug)]
pub struct Protocol<'b, 'c, M, C, P> {
    settings: Settings<'c>,
    input: &'b mut [u8],
    model: M,
    clock: C,
    pin: P,
    command: [u8; COMMAND_BYTES],
    /// Bytes of the command so far; one more than fit says that it is too long.
    length: usize,
    /// Bytes announced by `db load`, and received.
    announced: usize,
    received: usize,
}

impl<'b, 'c, M: Benchmark, C: Clock, P: Stamp> Protocol<'b, 'c, M, C, P> {
    /// Returns a device; `input` is set to zero.
    pub fn new(
        settings: Settings<'c>,
        input: &'b mut [u8],
        model: M,
        clock: C,
        pin: P,
    ) -> Self {
        input.fill(0);
        let command = [0; COMMAND_BYTES];
        Self { settings, input, model, clock, pin, command, length: 0, announced: 0, received: 0 }
    }

    /// Says that the device is there; call it once, before the first byte.
    ///
    /// # Errors
    ///
    /// [`PortError`].
    pub fn start<W: Write>(&mut self, out: &mut W) -> Result<(), PortError<W::Error>> {
        let mode = if P::ENERGY { "energy" } else { "performance" };
        say(out, |port| {
            write!(port, "m-timestamp-mode-{mode}\r\nm-init-done\r\nm-ready\r\n")
        })
    }

    /// Takes one byte; runs the command and answers if the byte ends one.
    ///
    /// # Errors
    ///
    /// [`PortError`]. The command is then over, and the next one is taken as usual.
    pub fn push<W: Write>(&mut self, byte: u8, out: &mut W) -> Result<(), PortError<W::Error>> {
        match byte {
            b'\r' | b'\n' => Ok(()),
            b'%' => {
                let length = core::mem::take(&mut self.length);
                let command = self.command;
                say(out, |port| {
                    match command.get(..length) {
                        Some(command) => self.run(command, port)?,
                        None => write!(
                            port,
                            "e-[Command longer than {COMMAND_BYTES} characters]\r\n"
                        )?,
                    }
                    port.write_str("m-ready\r\n")
                })
            }
            _ => {
                if let Some(slot) = self.command.get_mut(self.length) {
                    *slot = byte;
                }
                self.length = self.length.saturating_add(1).min(COMMAND_BYTES + 1);
                Ok(())
            }
        }
    }

    /// Returns the model.
    pub const fn model(&mut self) -> &mut M {
        &mut self.model
    }

    fn run(&mut self, command: &[u8], port: &mut impl fmt::Write) -> fmt::Result {
        let mut words = words(command);
        let Settings { vendor, firmware, model, .. } = self.settings;
        match words.next().unwrap_or_default() {
            b"name" => write!(port, "m-name-dut-[{vendor}]\r\n"),
            b"profile" => {
                write!(port, "m-profile-[{firmware}]\r\nm-model-[{model}]\r\n")
            }
            b"timestamp" => {
                let lap = self.lap();
                print_lap(&lap, port)
            }
            b"db" => self.db(words.next(), words.next(), port),
            b"infer" => self.infer(words.next().map(number), words.next().map(number), port),
            b"results" => self.results(port),
            b"help" => help(firmware, port),
            b"k-mem" => self.memory(port),
            b"k-ops" => self.operators(port),
            b"k-fit" => self.fit(port),
            unknown => write!(port, "e-[Unknown command: {}]\r\n", Shown(unknown)),
        }
    }

    /// A moment: the time, a pulse (`None`), or a pin that refused.
    fn lap(&mut self) -> Result<Option<u64>, P::Error> {
        if P::ENERGY { self.pin.pulse().map(|()| None) } else { Ok(Some(self.clock.micros())) }
    }

    fn db(
        &mut self,
        sub: Option<&[u8]>,
        argument: Option<&[u8]>,
        port: &mut impl fmt::Write,
    ) -> fmt::Result {
        match (sub, argument) {
            (None, _) => port.write_str("e-[Command 'db' requires a subcommand]\r\n"),
            (Some(b"load"), None) => {
                port.write_str("e-[Command 'db load' requires the # of bytes]\r\n")
            }
            (Some(b"load"), Some(count)) => self.announce(number(count), port),
            (Some(b"print"), _) => self.print(port),
            (Some(digits), _) => self.append(digits, port),
        }
    }

    fn announce(&mut self, count: i64, port: &mut impl fmt::Write) -> fmt::Result {
        (self.announced, self.received) = (0, 0);
        if count <= 0 {
            return port.write_str("e-[Command 'db load' must be >0 bytes]\r\n");
        }
        let room = self.input.len();
        match usize::try_from(count) {
            Ok(announced) if announced <= room => {
                self.input.fill(0);
                self.announced = announced;
                write!(port, "m-[Expecting {announced} bytes]\r\n")
            }
            _ => write!(port, "e-[Buffer has {room} bytes, {count} announced]\r\n"),
        }
    }

    /// Takes all bytes of a line or none.
    fn append(&mut self, digits: &[u8], port: &mut impl fmt::Write) -> fmt::Result {
        if !digits.len().is_multiple_of(2) {
            return port.write_str("e-[Insufficent number of hex digits]\r\n");
        }
        if let Some(wrong) = wrong_digit(digits) {
            return write!(port, "e-[Invalid hex digit '{}']\r\n", Shown(&[wrong]));
        }
        let count = digits.len() / 2;
        let expected = self.announced.saturating_sub(self.received);
        if count > expected {
            return write!(port, "e-[Expecting {expected} bytes, {count} sent]\r\n");
        }
        let free = self.input.get_mut(self.received..).unwrap_or_default();
        for (to, from) in free.iter_mut().zip(bytes(digits)) {
            *to = from;
        }
        self.received = self.received.saturating_add(count);
        if self.received == self.announced { port.write_str("m-load-done\r\n") } else { Ok(()) }
    }

    fn print(&self, port: &mut impl fmt::Write) -> fmt::Result {
        let (lines, rest) =
            self.input.get(..self.announced).unwrap_or_default().as_chunks::<8>();
        let rest = (!rest.is_empty()).then_some(rest);
        for line in lines.iter().map(<[u8; 8]>::as_slice).chain(rest) {
            port.write_str("m-buffer")?;
            for byte in line {
                write!(port, "-{byte:02x}")?;
            }
            port.write_str("\r\n")?;
        }
        Ok(())
    }

    fn infer(
        &mut self,
        runs: Option<i64>,
        warmup: Option<i64>,
        port: &mut impl fmt::Write,
    ) -> fmt::Result {
        let (runs, warmup) = (runs.unwrap_or(1), warmup.unwrap_or(10));
        let most = self.settings.max_iterations;
        if runs <= 0 {
            return port.write_str("e-[Inference iterations must be >0]\r\n");
        }
        if warmup < 0 {
            return port.write_str("e-[Inference warmup must be >=0]\r\n");
        }
        if runs.max(warmup) > most.into() {
            return write!(port, "e-[Inference iterations must be <={most}]\r\n");
        }
        write!(port, "m-warmup-start-{warmup}\r\n")?;
        if let Err(error) = self.repeat(warmup) {
            return write!(port, "e-[Inference failed: {error}]\r\n");
        }
        write!(port, "m-warmup-done\r\nm-infer-start-{runs}\r\n")?;
        // Both laps are printed afterwards: the first would be sent while the clock runs.
        let first = self.lap();
        let ran = self.repeat(runs);
        let second = self.lap();
        if let Err(error) = ran {
            return write!(port, "e-[Inference failed: {error}]\r\n");
        }
        print_lap(&first, port)?;
        print_lap(&second, port)?;
        port.write_str("m-infer-done\r\n")?;
        self.results(port)
    }

    fn repeat(&mut self, runs: i64) -> Result<(), M::Error> {
        for _ in 0..runs {
            self.model.infer(self.input)?;
        }
        Ok(())
    }

    fn results(&self, port: &mut impl fmt::Write) -> fmt::Result {
        port.write_str("m-results-[")?;
        let mut written = Ok(());
        let mut comma = "";
        self.model.results(&mut |value| {
            if written.is_ok() {
                written = write!(port, "{comma}{}", Milli::of(value));
                comma = ",";
            }
        });
        written?;
        port.write_str("]\r\n")
    }

    fn memory(&self, port: &mut impl fmt::Write) -> fmt::Result {
        let memory = self.model.memory();
        write!(port, "m-mem-[arena={},scratch={},stack=", memory.arena, memory.scratch)?;
        match memory.stack {
            Some(stack) => write!(port, "{stack}]\r\n"),
            None => port.write_str("unknown]\r\n"),
        }
    }

    fn operators(&mut self, port: &mut impl fmt::Write) -> fmt::Result {
        let mut written = Ok(());
        let (mut count, mut total) = (0_u32, 0_u64);
        let clock = &self.clock;
        #[expect(clippy::cast_possible_truncation, reason = "wraps as the differences expect")]
        let mut now = || clock.micros() as u32;
        let ran = self.model.infer_by_operator(self.input, &mut now, &mut |op, name, us| {
            count = count.saturating_add(1);
            total = total.saturating_add(us.into());
            written = write!(port, "m-op-[{op},{name},us={us}]\r\n");
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        written?;
        match ran {
            Ok(Some(())) => write!(port, "m-ops-done-[{count},us={total}]\r\n"),
            Ok(None) => port.write_str("e-[Operators are not timed]\r\n"),
            Err(error) => write!(port, "e-[Inference failed: {error}]\r\n"),
        }
    }

    fn fit(&self, port: &mut impl fmt::Write) -> fmt::Result {
        let Some((board, need)) = self.settings.board.zip(self.model.need()) else {
            return port.write_str("e-[No board to check against]\r\n");
        };
        match board.check(&need) {
            Ok(report) => {
                write!(port, "m-fit-[{},ok]\r\n", board.id)?;
                for region in report.regions() {
                    let (name, used, bytes) = (region.name, region.used, region.bytes);
                    write!(port, "m-fit-region-[{name},used={used},have={bytes}]\r\n")?;
                }
                Ok(())
            }
            Err(refused) => {
                write!(port, "m-fit-[{},refused]\r\n", board.id)?;
                for v in refused.violations() {
                    let (what, need, have, short) = (v.resource, v.need, v.have, v.short_by());
                    let unit = v.resource.unit();
                    write!(
                        port,
                        "m-fit-violation-[{what},unit={unit},need={need},have={have},short={short}]\r\n"
                    )?;
                }
                Ok(())
            }
        }
    }
}

fn print_lap<E>(lap: &Result<Option<u64>, E>, port: &mut impl fmt::Write) -> fmt::Result {
    match lap {
        Ok(Some(us)) => write!(port, "m-lap-us-{us}\r\n"),
        Ok(None) => Ok(()),
        Err(_) => port.write_str("e-[Timestamp pin failed]\r\n"),
    }
}

fn help(firmware: &str, port: &mut impl fmt::Write) -> fmt::Result {
    write!(port, "{firmware}\r\n")?;
    for line in [
        "name%            vendor",
        "profile%         firmware and model",
        "timestamp%       the time, or a pulse",
        "db load N%       announce N bytes of input",
        "db HH...%        append bytes",
        "db print%        show the input",
        "infer N W%       W inferences, then N timed ones",
        "results%         results of the last inference",
        "k-mem%           memory in use",
        "k-ops%           time per operator",
        "k-fit%           does it fit the board",
    ] {
        port.write_str(line)?;
        port.write_str("\r\n")?;
    }
    Ok(())
}
