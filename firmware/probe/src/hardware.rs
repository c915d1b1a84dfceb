//! Drivers, pacing, conformance checks and the benchmark protocol, over a bus and a port that answer with arbitrary bytes.

use core::cell::Cell;
use core::fmt::Write as _;

use embedded_hal::delay::DelayNs;
use embedded_hal::{digital, i2c, spi};
use kits_hal::bench::{Network, Preparation, Protocol, Settings, TimestampPin};
use kits_hal::board::BOARDS;
use kits_hal::hal::{
    AdcChannel, AdcMic, Chip, Clock, ColorLed, CycleClock, CycleCounter, EnergyMeter, FrameInfo,
    FrameSlice, FrameSource, Indicator, LAB_COLORS, LedBank, Lsm6ds, Lsm6dsSpi, Oled72x40, Pacer,
    PcmSlice, PdmFilter, PixelFormat, Polarity, SampleSource, SliceStore, SteadyDraw, WavSource,
    conformance, fill, fill_paced, load_model,
};
use kits_hal::{Check, Model, Session};

use crate::Length;

/// Answers every request with the next of some bytes, and fails when the byte is 255.
#[derive(Clone, Copy)]
struct Any<'b> {
    bytes: &'b [u8],
    at: &'b Cell<usize>,
}

#[derive(Debug)]
struct Refused;

impl Any<'_> {
    fn next(&self) -> Result<u8, Refused> {
        let at = self.at.get();
        self.at.set(at.wrapping_add(1));
        let byte = at.checked_rem(self.bytes.len()).and_then(|at| self.bytes.get(at));
        byte.copied().filter(|byte| *byte != 255).ok_or(Refused)
    }

    fn fill(&self, out: &mut [u8]) -> Result<(), Refused> {
        for byte in out {
            *byte = self.next()?;
        }
        Ok(())
    }
}

impl i2c::Error for Refused {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::Other
    }
}

impl spi::Error for Refused {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}

impl digital::Error for Refused {
    fn kind(&self) -> digital::ErrorKind {
        digital::ErrorKind::Other
    }
}

impl embedded_io::Error for Refused {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl core::fmt::Display for Refused {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("refused")
    }
}

impl core::error::Error for Refused {}

impl i2c::ErrorType for Any<'_> {
    type Error = Refused;
}

impl i2c::I2c for Any<'_> {
    fn transaction(&mut self, _: u8, parts: &mut [i2c::Operation<'_>]) -> Result<(), Refused> {
        for part in parts {
            if let i2c::Operation::Read(out) = part {
                self.fill(out)?;
            }
        }
        self.next().map(|_| ())
    }
}

impl spi::ErrorType for Any<'_> {
    type Error = Refused;
}

impl spi::SpiDevice for Any<'_> {
    fn transaction(&mut self, parts: &mut [spi::Operation<'_, u8>]) -> Result<(), Refused> {
        for part in parts {
            if let spi::Operation::Read(out) = part {
                self.fill(out)?;
            }
        }
        self.next().map(|_| ())
    }
}

impl digital::ErrorType for Any<'_> {
    type Error = Refused;
}

impl digital::OutputPin for Any<'_> {
    fn set_low(&mut self) -> Result<(), Refused> {
        self.next().map(|_| ())
    }

    fn set_high(&mut self) -> Result<(), Refused> {
        self.next().map(|_| ())
    }
}

impl embedded_io::ErrorType for Any<'_> {
    type Error = Refused;
}

impl embedded_io::Write for Any<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Refused> {
        self.next().map(|taken| usize::from(taken).clamp(1, bytes.len().max(1)))
    }

    fn flush(&mut self) -> Result<(), Refused> {
        self.next().map(|_| ())
    }
}

impl DelayNs for Any<'_> {
    fn delay_ns(&mut self, _: u32) {}
}

impl Clock for Any<'_> {
    fn micros(&self) -> u64 {
        self.cycles().into()
    }
}

impl CycleCounter for Any<'_> {
    const HZ: u32 = 64_000_000;

    fn cycles(&self) -> u32 {
        let mut four = [0; 4];
        let _ = self.fill(&mut four);
        u32::from_le_bytes(four)
    }
}

impl AdcChannel for Any<'_> {
    type Error = Refused;

    const BITS: u32 = 12;

    fn convert(&mut self) -> Result<u16, Refused> {
        Ok(u16::from(self.next()?) << 4)
    }
}

/// Calls everything of `hal` and `bench`.
pub(crate) fn exercise(bytes: &[u8], memory: &mut [u8], text: &mut Length, sum: &mut usize) {
    let at = Cell::new(0);
    let any = Any { bytes, at: &at };
    sensors(any, text, sum);
    shown(any, text);
    stored(bytes, memory, text, sum);
    contracts(any, memory, text);
    protocol(any, memory, text);
}

fn sensors(mut any: Any<'_>, text: &mut Length, sum: &mut usize) {
    let mut pacer = Pacer::new(any, any, any.cycles());
    let mut imu = Lsm6ds::<_, 104_000>::new(any, Chip::Lsm6ds3trC).with_address(0x6B);
    let _ = imu.init().map_err(|e| write!(text, "{e}{e:?}"));
    let mut three = [[0.0_f32; 3]; 4];
    let mut six = [[0_i16; 6]; 4];
    let _ = fill(&mut imu, &mut three, &mut any).map_err(|e| write!(text, "{e}"));
    let _ = fill(&mut imu, &mut six, &mut any).map_err(|e| write!(text, "{e}"));
    let mut imu = Lsm6dsSpi::<_, 208_000>::new(any, Chip::Lsm6dsox);
    let _ = imu.init().map_err(|e| write!(text, "{e}"));
    let _ = fill_paced(&mut imu, &mut six, &mut pacer).map_err(|e| write!(text, "{e}"));
    let mut sound = [[0_i16; 1]; 16];
    let mut microphone = AdcMic::<_, 16_000_000>::new(any);
    let _ = fill_paced(&mut microphone, &mut sound, &mut pacer).map_err(|e| write!(text, "{e}"));
    let mut filter = PdmFilter::new();
    for byte in any.bytes {
        *sum = sum.wrapping_add(filter.push(*byte).is_some().into());
    }
    let _ = pacer.wait().map_err(|e| write!(text, "{e}"));
    *sum = sum.wrapping_add(pacer.overruns() as usize).wrapping_add(pacer.period_us() as usize);
    let mut meter = SteadyDraw::new(CycleClock::new(any), any.micros());
    let _ = meter.start();
    *sum = sum.wrapping_add(meter.stop().map_or(0, |energy| energy.0.count_ones() as usize));
}

fn shown(any: Any<'_>, text: &mut Length) {
    let class = any.next().ok();
    let score = any.next().unwrap_or(7);
    let label = core::str::from_utf8(any.bytes).unwrap_or("?");
    let labels = [label, "no"];
    let mut display = Oled72x40::new(any, &labels);
    let _ = display.init().map_err(|e| write!(text, "{e}"));
    let _ = display.show(class, score).map_err(|e| write!(text, "{e}"));
    let mut lamps = LedBank::new([any, any, any], Polarity::ActiveLow);
    let _ = lamps.show(class, score).map_err(|e| write!(text, "{e}"));
    let mut lamp = ColorLed::new(any, any, any, Polarity::ActiveHigh, &LAB_COLORS);
    let _ = lamp.show(class, score).map_err(|e| write!(text, "{e}"));
}

fn stored(bytes: &[u8], memory: &mut [u8], text: &mut Length, sum: &mut usize) {
    match WavSource::<1, 16_000_000>::new(bytes) {
        Ok(mut clip) => {
            *sum = sum.wrapping_add(clip.read(&mut [[0]; 8]).unwrap_or(0));
        }
        Err(e) => {
            let _ = write!(text, "{e}");
        }
    }
    let side = |at: usize| bytes.get(at).copied().unwrap_or(0).into();
    let info = FrameInfo { width: side(0), height: side(1), format: PixelFormat::Rgb565Le };
    let frame = FrameSlice::new(info, bytes).and_then(|mut camera| camera.frame(memory));
    let _ = frame.map_err(|e| write!(text, "{e}"));
    match load_model(&mut SliceStore(bytes), memory) {
        Ok(model) => *sum = sum.wrapping_add(model.len()),
        Err(e) => {
            let _ = write!(text, "{e}");
        }
    }
}

fn contracts(mut any: Any<'_>, memory: &mut [u8], text: &mut Length) {
    let clip = [[1_i16], [2]];
    let info = FrameInfo { width: 2, height: 1, format: PixelFormat::Gray8 };
    let results = [
        conformance::clock(&any, 9),
        conformance::cycle_counter(&any, 9),
        conformance::energy_meter(&mut SteadyDraw::new(any, 5), || ()),
        conformance::sample_source(&mut PcmSlice::<_, 1, 1000>::new(&clip), &mut [[0]; 3], -1, 9),
        conformance::sample_source(&mut AdcMic::<_, 1000>::new(&mut any), &mut [[0]; 3], -1, 9),
        FrameSlice::new(info, any.bytes)
            .map_or(Ok(()), |mut camera| conformance::frame_source(&mut camera, memory)),
        conformance::indicator(&mut LedBank::new([any], Polarity::ActiveHigh), 1),
        conformance::model_store(&mut SliceStore(any.bytes), memory),
    ];
    for breach in results.iter().filter_map(|result| result.err()) {
        let _ = write!(text, "{breach}");
    }
}

fn protocol(mut any: Any<'_>, memory: &mut [u8], text: &mut Length) {
    let Ok(model) = Model::parse(any.bytes, Check::Full) else { return };
    let half = memory.len() / 2;
    let (arena, input) = memory.split_at_mut(half);
    let session = match Session::new(&model, arena) {
        Ok(session) => session,
        Err(e) => {
            let _ = write!(text, "{e}");
            return;
        }
    };
    let preparation = match any.next() {
        Ok(0) => Preparation::Raw,
        Ok(1) => Preparation::Pixels,
        _ => Preparation::Floats,
    };
    let network = Network::new(session, preparation);
    let settings = Settings { board: BOARDS.first(), ..Settings::default() };
    let pin = TimestampPin::new(any, any);
    let mut device = Protocol::new(settings, input, network, any, pin);
    let _ = device.start(&mut any);
    for byte in any.bytes {
        let _ = device.push(*byte, &mut any);
    }
}
