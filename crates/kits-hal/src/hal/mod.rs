//! Hardware: traits for what a program around a model needs, and drivers over `embedded-hal` 1.0.
//!
//! A board brings clocks, sensors, cameras, lamps and flash; a program asks for them by role. The
//! traits here name these roles, each with one or two methods and an error type of the
//! implementer's own. Everything blocks or polls; nothing needs an executor, an interrupt or an
//! allocator. What the chip alone can give (cycle counters, pins, buses) stays in the image.
//!
//! | role | trait | here |
//! | --- | --- | --- |
//! | time | [`Clock`], [`CycleCounter`] | [`CycleClock`], [`Pacer`] |
//! | energy | [`EnergyMeter`] | [`SteadyDraw`] |
//! | samples | [`SampleSource`], [`AdcChannel`] | [`Lsm6ds`], [`Lsm6dsSpi`], [`AdcMic`], [`PdmFilter`], [`PcmSlice`], [`WavSource`] |
//! | frames | [`FrameSource`] | [`FrameSlice`] |
//! | showing a result | [`Indicator`] | [`LedBank`], [`ColorLed`], [`Oled72x40`] |
//! | model bytes | [`ModelStore`] | [`SliceStore`], [`load_model`] |
//!
//! [`fill`] and [`fill_paced`] gather a window of samples and say how far they came when a sensor
//! fails in the middle. [`conformance`] holds the contract of each trait as checks, for the tests
//! of whoever implements one.

mod adc_mic;
mod clock;
pub mod conformance;
mod energy;
mod fill;
mod font;
mod frame;
mod indicator;
mod leds;
mod lsm6ds;
mod oled;
mod pacer;
mod pdm;
mod sample;
mod store;
mod wav;

pub use adc_mic::{AdcChannel, AdcMic};
#[cfg(feature = "std")]
pub use clock::SystemClock;
pub use clock::{Clock, CycleClock, CycleCounter};
pub use energy::{EnergyMeter, MicroJoules, SteadyDraw};
pub use fill::{FillError, fill, fill_paced};
pub use frame::{FrameError, FrameInfo, FrameSlice, FrameSource, PixelFormat};
pub use indicator::{ANOMALY, Indicator};
pub use leds::{Color, ColorLed, LAB_COLORS, LedBank, LedError, Polarity};
pub use lsm6ds::{AccelRange, Chip, GyroRange, Lsm6ds, Lsm6dsError, Lsm6dsSpi, STANDARD_GRAVITY};
pub use oled::{OLED_BYTES, Oled72x40, OledError};
pub use pacer::{PaceError, Pacer, Tick};
pub use pdm::{PDM_DECIMATION, PdmFilter};
pub use sample::{PcmSlice, SampleSource};
pub use store::{ModelStore, SliceStore, StoreError, load_model};
pub use wav::{WavError, WavSource};
