//! A model whose answers are known, a clock that moves when asked, and a device in memory.

use core::cell::Cell;
use core::fmt;
use core::ops::ControlFlow;

use kits_hal::bench::{Benchmark, MemoryUse, NoPin, Protocol, Settings};
use kits_hal::board::{Board, Need};
use kits_hal::hal::Clock;

/// Time in microseconds, shared between model, device and host.
#[derive(Debug, Default)]
pub(crate) struct Time(pub(crate) Cell<u64>);

impl Time {
    pub(crate) fn pass(&self, us: u64) {
        self.0.set(self.0.get() + us);
    }
}

impl Clock for Time {
    fn micros(&self) -> u64 {
        self.0.get()
    }
}

/// Answers with the first two bytes of its input, less 128 and in 256ths; takes 250 us per run.
#[derive(Debug)]
pub(crate) struct Model<'t> {
    pub(crate) time: &'t Time,
    pub(crate) runs: u64,
    pub(crate) us: u64,
    /// Fails in the run of this number.
    pub(crate) fails_at: Option<u64>,
    results: [f32; 2],
}

impl<'t> Model<'t> {
    pub(crate) const fn new(time: &'t Time) -> Self {
        Self { time, runs: 0, us: 250, fails_at: None, results: [0.0; 2] }
    }
}

#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arena lost")
    }
}

impl Benchmark for Model<'_> {
    type Error = Broken;

    fn infer(&mut self, input: &[u8]) -> Result<(), Broken> {
        self.runs += 1;
        self.time.pass(self.us);
        if self.fails_at == Some(self.runs) {
            return Err(Broken);
        }
        let real = |i: usize| input.get(i).map_or(0.0, |b| (f32::from(*b) - 128.0) / 256.0);
        self.results = [real(0), real(1)];
        Ok(())
    }

    fn results(&self, each: &mut dyn FnMut(f32)) {
        self.results.iter().for_each(|value| each(*value));
    }

    fn memory(&self) -> MemoryUse {
        MemoryUse { arena: 9536, scratch: 64, stack: Some(1392) }
    }

    fn infer_by_operator(
        &mut self,
        input: &[u8],
        now_us: &mut dyn FnMut() -> u32,
        each: &mut dyn FnMut(u16, &str, u32) -> ControlFlow<()>,
    ) -> Result<Option<()>, Broken> {
        for (op, name) in [(0, "CONV_2D"), (1, "SOFTMAX")] {
            let start = now_us();
            self.infer(input)?;
            if each(op, name, now_us().wrapping_sub(start)).is_break() {
                break;
            }
        }
        Ok(Some(()))
    }

    fn need(&self) -> Option<Need> {
        Some(Need { model_bytes: 1000, arena_bytes: 9600, stack_bytes: 2000, ..Need::default() })
    }
}

pub(crate) type Device<'b, 't> = Protocol<'b, 'static, Model<'t>, &'t Time, NoPin>;

pub(crate) fn settings(board: &str) -> Settings<'static> {
    Settings {
        vendor: "acme",
        firmware: "fw 1.0",
        model: "kws01",
        board: Board::by_id(board).ok(),
        max_iterations: 1000,
    }
}

/// Sends text and returns what the device answers.
pub(crate) fn say(device: &mut Device<'_, '_>, text: &[u8]) -> String {
    let mut out = Vec::new();
    for byte in text {
        device.push(*byte, &mut Grow(&mut out)).expect("a vector takes everything");
    }
    String::from_utf8(out).expect("answers are ASCII")
}

/// A serial port into a vector.
pub(crate) struct Grow<'v>(pub(crate) &'v mut Vec<u8>);

impl embedded_io::ErrorType for Grow<'_> {
    type Error = core::convert::Infallible;
}

impl embedded_io::Write for Grow<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
