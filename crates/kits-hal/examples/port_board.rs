//! Porting a board: what a support crate gives, wrapped in the traits of `kits_hal::hal`, checked
//! by the conformance functions, and put to work.
//!
//! The "chip" below is a few cells of memory, so that the example runs anywhere; the wrappers are
//! what a port consists of.
//!
//! ```sh
//! cargo run -p kits-hal --example port_board
//! ```

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]
#![expect(clippy::cast_possible_truncation, reason = "registers and samples are narrow")]

use core::cell::Cell;
use core::convert::Infallible;
use core::error::Error;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use kits_hal::hal::{
    Clock, CycleClock, CycleCounter, Indicator, LedBank, ModelStore, Pacer, PcmSlice, Polarity,
    SampleSource, conformance, fill_paced, load_model,
};
use kits_hal::{Check, Model, Session};

/// The registers of a chip that counts down 24 bits, as SysTick does.
#[derive(Default)]
struct Chip {
    cycles: Cell<u64>,
    lamps: Cell<u8>,
}

impl Chip {
    /// The timer register; reading it takes some cycles here, so that time passes.
    fn timer(&self) -> u32 {
        self.cycles.set(self.cycles.get() + 300);
        !(self.cycles.get() as u32) & 0x00FF_FFFF
    }
}

/// Time: a timer that counts down and has 24 bits becomes a counter that counts up with 32.
struct SysTick<'c> {
    chip: &'c Chip,
    last: Cell<u32>,
    total: Cell<u32>,
}

impl<'c> SysTick<'c> {
    fn new(chip: &'c Chip) -> Self {
        Self { chip, last: Cell::new(chip.timer()), total: Cell::new(0) }
    }
}

impl CycleCounter for SysTick<'_> {
    const HZ: u32 = 64_000_000;

    fn cycles(&self) -> u32 {
        let now = self.chip.timer();
        let passed = self.last.replace(now).wrapping_sub(now) & 0x00FF_FFFF;
        self.total.set(self.total.get().wrapping_add(passed));
        self.total.get()
    }
}

/// Waiting: every support crate has a `DelayNs` of its own.
struct Delay<'c>(&'c Chip);

impl DelayNs for Delay<'_> {
    fn delay_ns(&mut self, ns: u32) {
        let cycles = u64::from(ns) * 64 / 1000;
        self.0.cycles.set(self.0.cycles.get() + cycles);
    }
}

/// A pin: every support crate has an `OutputPin` of its own.
struct Pin<'c> {
    chip: &'c Chip,
    bit: u8,
}

impl ErrorType for Pin<'_> {
    type Error = Infallible;
}

impl OutputPin for Pin<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.chip.lamps.set(self.chip.lamps.get() & !(1 << self.bit));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.chip.lamps.set(self.chip.lamps.get() | (1 << self.bit));
        Ok(())
    }
}

/// A slot for updates in flash that is read in pages; over `embedded-storage` it looks the same.
struct Slot<'f>(&'f [u8]);

impl ModelStore for Slot<'_> {
    type Error = &'static str;

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Self::Error> {
        let from = self.0.get(at as usize..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(from.ok_or("past the slot")?);
        Ok(())
    }

    fn len(&self) -> u32 {
        self.0.len() as u32
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let chip = Chip::default();
    let flash = include_bytes!("../tests/golden/data/small.kit");

    // 1. The contracts, before anything is built on them. Enough reads for 24 bits to wrap.
    conformance::cycle_counter(&SysTick::new(&chip), 200_000)?;
    conformance::clock(&CycleClock::new(SysTick::new(&chip)), 200_000)?;
    conformance::model_store(&mut Slot(flash), &mut [0; 256])?;
    let lamps = || [0, 1, 2].map(|bit| Pin { chip: &chip, bit });
    conformance::indicator(&mut LedBank::new(lamps(), Polarity::ActiveHigh), 3)?;
    println!("conformance: counter, clock, store and lamps hold their contracts");

    // 2. A model from the slot, its memory, and one window of samples at 62.5 Hz.
    let mut copy = [0; 8192];
    let model: Model<'_> = load_model(&mut Slot(flash), &mut copy)?;
    let mut arena = [0; 1024];
    let mut session = Session::new(&model, &mut arena)?;
    let recorded: Vec<[i8; 1]> = (0..session.input::<i8>(0)?.len()).map(|i| [i as i8]).collect();
    let mut sensor = PcmSlice::<i8, 1, 62_500>::new(&recorded);
    let clock = CycleClock::new(SysTick::new(&chip));
    let mut pacer = Pacer::new(&clock, Delay(&chip), PcmSlice::<i8, 1, 62_500>::HZ_MILLI);
    let mut window = vec![[0_i8; 1]; recorded.len()];
    fill_paced(&mut sensor, &mut window, &mut pacer)?;
    println!("window: {} samples in {} us", window.len(), clock.micros());

    // 3. From the window to the lamp.
    session.set_input(0, window.as_flattened())?;
    session.run()?;
    let scores = session.output::<i8>(0)?;
    let best = scores.iter().enumerate().max_by_key(|(_, score)| **score);
    let class = best.map_or(0, |(class, _)| class % 3) as u8;
    LedBank::new(lamps(), Polarity::ActiveHigh).show(Some(class), 100)?;
    println!("lamps: {:03b} for class {class}", chip.lamps.get());

    // The same bytes, parsed in place: what a board with the model in its image does.
    assert_eq!(Model::parse(flash, Check::Full)?.macs(), model.macs());
    Ok(())
}
