//! The conformance checks: our own implementations pass, and each way to break a contract is seen.

use core::cell::Cell;
use core::convert::Infallible;

use kits_hal::hal::conformance::{self, Breach};
use kits_hal::hal::{
    Clock, CycleClock, CycleCounter, EnergyMeter, FrameInfo, FrameSlice, FrameSource, Indicator,
    MicroJoules, ModelStore, PcmSlice, PixelFormat, SampleSource, SliceStore, SteadyDraw,
    SystemClock,
};

/// A counter that moves by `step` with each read, kept to `bits`.
struct Wheel {
    now: Cell<u32>,
    step: u32,
    bits: u32,
}

impl Wheel {
    const fn new(step: u32, bits: u32) -> Self {
        Self { now: Cell::new(0), step, bits }
    }
}

impl CycleCounter for Wheel {
    const HZ: u32 = 25_000_000;

    fn cycles(&self) -> u32 {
        let mask = u32::MAX >> (32 - self.bits);
        self.now.set(self.now.get().wrapping_add(self.step) & mask);
        self.now.get()
    }
}

#[test]
fn clocks_and_counters() {
    conformance::clock(&SystemClock::new(), 10_000_000).unwrap();
    conformance::clock(&CycleClock::new(Wheel::new(1 << 20, 32)), 100_000).unwrap();
    conformance::cycle_counter(&Wheel::new(1 << 20, 32), 10_000).unwrap();
    let stands = conformance::cycle_counter(&Wheel::new(0, 32), 5);
    assert_eq!(stands, Err(Breach::ClockStands { reads: 5 }));
    let narrow = conformance::cycle_counter(&Wheel::new(1 << 20, 24), 100);
    assert_eq!(narrow, Err(Breach::CounterJumped { from: 0xF0_0000, to: 0 }));
    let down = conformance::cycle_counter(&Wheel::new(u32::MAX, 32), 100);
    assert_eq!(down, Err(Breach::CounterJumped { from: u32::MAX, to: u32::MAX - 1 }));

    struct Stands;
    impl Clock for Stands {
        fn micros(&self) -> u64 {
            7
        }
    }
    assert_eq!(conformance::clock(&Stands, 3), Err(Breach::ClockStands { reads: 3 }));
}

#[test]
fn energy_meters() {
    struct Time<'t>(&'t Cell<u64>);
    impl Clock for Time<'_> {
        fn micros(&self) -> u64 {
            self.0.get()
        }
    }
    let now = Cell::new(0);
    let mut meter = SteadyDraw::new(Time(&now), 20_000_000);
    conformance::energy_meter(&mut meter, || now.set(now.get() + 1000)).unwrap();

    /// Gives the energy since power-up.
    struct NeverReset(u64);
    impl EnergyMeter for NeverReset {
        type Error = ();
        fn start(&mut self) -> Result<(), ()> {
            self.0 += 1;
            Ok(())
        }
        fn stop(&mut self) -> Result<MicroJoules, ()> {
            self.0 += 1;
            Ok(MicroJoules(self.0))
        }
    }
    let breach = conformance::energy_meter(&mut NeverReset(0), || ());
    assert_eq!(breach, Err(Breach::Differs { operation: "stop", at: 0 }));
}

/// A source that misbehaves in a chosen way.
struct Bad(&'static str);

impl SampleSource<i16, 2> for Bad {
    type Error = ();

    const HZ_MILLI: u32 = 1_000;

    fn read(&mut self, out: &mut [[i16; 2]]) -> Result<usize, ()> {
        let room = out.len();
        if self.0 != "half" {
            out.fill([1, 2]);
        }
        match self.0 {
            "fails" => Err(()),
            "more" => Ok(room + 1),
            "past" => Ok(room.saturating_sub(1)),
            "half" => {
                out.iter_mut().for_each(|sample| sample[0] = 1);
                Ok(room)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn sample_sources() {
    let clip = [[1, 2], [3, 4], [5, 6], [7, 8]];
    let check = |source: &mut dyn SampleSourceObject| source.check();
    check(&mut PcmSlice::<i16, 2, 1000>::new(&clip)).unwrap();
    let operation = "read";
    let empty = check(&mut PcmSlice::<i16, 2, 1000>::new(&[]));
    assert_eq!(empty, Err(Breach::Nothing { operation, calls: 8 }));
    assert_eq!(check(&mut Bad("fails")), Err(Breach::Failed { operation, call: 0 }));
    assert_eq!(check(&mut Bad("more")), Err(Breach::TooMany { operation, count: 1, room: 0 }));
    assert_eq!(check(&mut Bad("past")), Err(Breach::Overwrote { operation, at: 0, count: 0 }));
    assert_eq!(check(&mut Bad("half")), Err(Breach::LeftOut { operation, at: 0, count: 1 }));
    // NaN is a mark too.
    let mut floats = PcmSlice::<f32, 1, 1000>::new(&[[0.0], [1.0]]);
    conformance::sample_source(&mut floats, &mut [[0.0]; 3], f32::NAN, 8).unwrap();
}

trait SampleSourceObject {
    fn check(&mut self) -> Result<(), Breach>;
}

impl<S: SampleSource<i16, 2>> SampleSourceObject for S {
    fn check(&mut self) -> Result<(), Breach> {
        conformance::sample_source(self, &mut [[0; 2]; 4], i16::MIN, 8)
    }
}

/// A camera that writes `writes` bytes and takes buffers from `least` bytes on.
struct Camera {
    writes: usize,
    least: usize,
}

impl FrameSource for Camera {
    type Error = ();

    fn info(&self) -> FrameInfo {
        FrameInfo { width: 4, height: 1, format: PixelFormat::Gray8 }
    }

    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, ()> {
        if out.len() < self.least {
            return Err(());
        }
        out.iter_mut().take(self.writes).for_each(|byte| *byte = 0x5A);
        Ok(self.info())
    }
}

#[test]
fn frame_sources() {
    let operation = "frame";
    let info = FrameInfo { width: 3, height: 1, format: PixelFormat::Rgb888 };
    let data: [u8; 18] = core::array::from_fn(|i| i as u8);
    let mut camera = FrameSlice::new(info, &data).unwrap();
    conformance::frame_source(&mut camera, &mut [0; 10]).unwrap();
    let breach =
        |writes, least| conformance::frame_source(&mut Camera { writes, least }, &mut [0; 8]).err();
    assert_eq!(breach(4, 4), None);
    assert_eq!(breach(5, 4), Some(Breach::Overwrote { operation, at: 4, count: 4 }));
    assert_eq!(breach(4, 3), Some(Breach::Accepted { operation, call: 0 }));
    assert_eq!(breach(4, 9), Some(Breach::Failed { operation, call: 0 }));
    assert_eq!(breach(0, 4), Some(Breach::LeftOut { operation, at: 0, count: 4 }));
    let short = conformance::frame_source(&mut Camera { writes: 4, least: 4 }, &mut [0; 4]);
    assert_eq!(short, Err(Breach::TooMany { operation, count: 4, room: 3 }));
}

#[test]
fn indicators() {
    /// Knows `have` classes, and refuses the n-th call.
    struct Lamp {
        have: u8,
        refuses: u32,
    }
    impl Indicator for Lamp {
        type Error = ();
        fn show(&mut self, class: Option<u8>, _: u8) -> Result<(), ()> {
            self.refuses = self.refuses.wrapping_sub(1);
            if self.refuses == 0 || class.is_some_and(|c| c >= self.have) {
                Err(())
            } else {
                Ok(())
            }
        }
    }
    let operation = "show";
    let check = |have, refuses| conformance::indicator(&mut Lamp { have, refuses }, 2);
    assert_eq!(check(2, 0), Ok(()));
    // Calls: nothing, then class 0 twice, nothing, class 2.
    assert_eq!(check(3, 0), Err(Breach::Accepted { operation, call: 4 }));
    assert_eq!(check(2, 3), Err(Breach::Failed { operation, call: 2 }));
    assert_eq!(check(1, 0), Err(Breach::Failed { operation, call: 5 }));
}

#[test]
fn model_stores() {
    let bytes: Vec<u8> = (0..=255).collect();
    conformance::model_store(&mut SliceStore(&bytes), &mut [0; 128]).unwrap();
    conformance::model_store(&mut SliceStore(&bytes[..1]), &mut [0; 128]).unwrap();

    /// Reads from the start, or reads past its end without a word.
    struct Bad(bool);
    impl ModelStore for Bad {
        type Error = Infallible;
        fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Infallible> {
            for (i, to) in (0_u32..).zip(out) {
                *to = if self.0 { i as u8 } else { (at + i) as u8 };
            }
            Ok(())
        }
        fn len(&self) -> u32 {
            256
        }
    }
    let operation = "read";
    let moved = conformance::model_store(&mut Bad(true), &mut [0; 128]);
    assert_eq!(moved, Err(Breach::Differs { operation, at: 1 }));
    // Call 0 reads 64 bytes, calls 1 to 11 the same in pieces: 1 + 3 + 7 + 16 twice, then 1, 3, 6.
    let past = conformance::model_store(&mut Bad(false), &mut [0; 128]);
    assert_eq!(past, Err(Breach::Accepted { operation, call: 12 }));
}
