//! One step of a model on a machine, at each point of a grid.

use super::axis::{Axis, Kind};
use super::run::Target;
use crate::composite::roofline::Bottleneck;
use crate::composite::single_node::evaluate;
use crate::composite::{Device, Settings};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Inference, Model, Registry};
use crate::trace::NoTrace;
use crate::units::{Bytes, BytesPerSecond, Dimension, FlopPerSecond, Watts};
use crate::walls::equation::Cell;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Name, kind (none for names that the registry resolves), range and meaning of each input.
pub(super) fn inputs() -> Vec<(&'static str, Option<Kind>, Range, &'static str)> {
    let amount = |dimension| Some(Kind::Amount(dimension));
    let number = || amount(Dimension::NONE);
    vec![
        ("hardware", None, Range::ANY, "Machine, by name."),
        ("model", None, Range::ANY, "Model, by name."),
        ("precision", None, Range::ANY, "Number format; the machine's own if not given."),
        ("batch", number(), Range::COUNT_U32, "Items in one step; 1 if not given."),
        (
            "context",
            number(),
            Range::COUNT_U32,
            "Tokens that each sequence has so far; 2048 if not given.",
        ),
        (
            "efficiency",
            number(),
            Range::EFFICIENCY,
            "Share of the peak that the code reaches; the machine's own if not given.",
        ),
        (
            "overlap",
            number(),
            Range::SHARE,
            "Share of the shorter of arithmetic and traffic that hides behind the longer; 1 if not given.",
        ),
        (
            "peak",
            amount(Dimension::COMPUTE_RATE),
            Range::POSITIVE,
            "Rate instead of the machine's.",
        ),
        (
            "bandwidth",
            amount(Dimension::BANDWIDTH),
            Range::POSITIVE,
            "Memory bandwidth instead of the machine's.",
        ),
        (
            "capacity",
            amount(Dimension::DATA),
            Range::POSITIVE,
            "Memory size instead of the machine's.",
        ),
        (
            "power",
            amount(Dimension::POWER),
            Range::NOT_NEGATIVE,
            "Rated power instead of the machine's.",
        ),
    ]
}

/// The records that the word axes name, in the order of their axis.
#[derive(Default)]
pub(super) struct Words {
    machines: Vec<Hardware>,
    models: Vec<Model>,
    precisions: Vec<Precision>,
}

impl Words {
    /// Resolves the names of one axis.
    pub(super) fn read(
        &mut self,
        registry: &Registry,
        name: &str,
        text: &str,
    ) -> Result<Axis, Vec<String>> {
        let mut problems = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for item in text.split(',').map(str::trim) {
            let found = match name {
                "hardware" => registry.hardware(item).map(|machine| {
                    self.machines.push(machine.clone());
                    machine.id.clone()
                }),
                "model" => registry.model(item).map(|model| {
                    self.models.push(model.clone());
                    model.id.clone()
                }),
                _ => item.parse().map(|precision: Precision| {
                    self.precisions.push(precision);
                    precision.key().into()
                }),
            };
            match found {
                Ok(word) => words.push(word),
                Err(error) => problems.push(alloc::format!("{name}: {error}")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let values = (0_u32..).take(words.len()).map(f64::from).collect();
        Ok(Axis { name: name.into(), values, kind: Kind::Words(words) })
    }
}

/// Where on a point the value of each input stands.
#[derive(Default)]
struct Places {
    hardware: Option<usize>,
    model: Option<usize>,
    precision: Option<usize>,
    batch: Option<usize>,
    context: Option<usize>,
    efficiency: Option<usize>,
    overlap: Option<usize>,
    peak: Option<usize>,
    bandwidth: Option<usize>,
    capacity: Option<usize>,
    power: Option<usize>,
}

/// A machine in one number format.
struct Prepared {
    precision: Precision,
    device: Device,
    efficiency: f64,
}

pub(super) struct Evaluations {
    words: Words,
    places: Places,
    /// By machine, then by format.
    prepared: Vec<Vec<Result<Prepared>>>,
    convention: Convention,
}

impl Evaluations {
    pub(super) fn new(words: Words, axes: &[Axis], convention: Convention) -> Self {
        let place = |name: &str| axes.iter().position(|axis| axis.name == name);
        let places = Places {
            hardware: place("hardware"),
            model: place("model"),
            precision: place("precision"),
            batch: place("batch"),
            context: place("context"),
            efficiency: place("efficiency"),
            overlap: place("overlap"),
            peak: place("peak"),
            bandwidth: place("bandwidth"),
            capacity: place("capacity"),
            power: place("power"),
        };
        let prepared = words.machines.iter().map(|machine| {
            let own = [machine.native.unwrap_or(Precision::Fp16)];
            let formats =
                if words.precisions.is_empty() { &own } else { words.precisions.as_slice() };
            let prepare = |precision: &Precision| {
                Ok(Prepared {
                    precision: *precision,
                    device: machine.device(*precision, convention)?,
                    efficiency: machine.settings(*precision).efficiency,
                })
            };
            formats.iter().map(prepare).collect()
        });
        let prepared = prepared.collect();
        Self { words, places, prepared, convention }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "axes of counts hold whole numbers that fit 32 bits, axes of words positions"
)]
const fn whole(number: f64) -> u32 {
    number as u32
}

fn index(point: &[f64], place: Option<usize>) -> usize {
    place.map_or(0, |place| usize::try_from(whole(point[place])).unwrap_or(usize::MAX))
}

impl Target for Evaluations {
    fn outputs(&self) -> Vec<(String, Kind)> {
        let words = |words: &[&str]| Kind::Words(words.iter().map(ToString::to_string).collect());
        let amount = Kind::Amount;
        let mut outputs = vec![
            ("time", amount(Dimension::TIME)),
            ("compute_time", amount(Dimension::TIME)),
            ("memory_time", amount(Dimension::TIME)),
            ("overhead", amount(Dimension::TIME)),
            ("throughput", amount(Dimension::FREQUENCY)),
            ("bottleneck", words(Bottleneck::WORDS)),
            ("arithmetic_intensity", amount(Dimension::INTENSITY)),
            ("mfu", amount(Dimension::NONE)),
            ("energy", amount(Dimension::ENERGY)),
            ("need", amount(Dimension::DATA)),
            ("fits", Kind::Flag),
        ];
        if self.places.efficiency.is_none() {
            outputs.push(("efficiency", amount(Dimension::NONE)));
        }
        if self.places.precision.is_none() {
            outputs.push(("precision", words(&Precision::ALL.map(Precision::key))));
        }
        outputs.into_iter().map(|(name, kind)| (name.into(), kind)).collect()
    }

    fn row(&self, point: &[f64], outputs: &mut [f64]) -> Result<()> {
        let places = &self.places;
        let number = |place: Option<usize>| place.map(|place| point[place]);
        let machine = &self.prepared[index(point, places.hardware)];
        let prepared = machine[index(point, places.precision)].as_ref().map_err(Clone::clone)?;
        let model = &self.words.models[index(point, places.model)];
        let default = Inference::default();
        let step = Inference {
            batch: number(places.batch).map_or(default.batch, whole),
            context: number(places.context).map_or(default.context, whole),
        };
        let work = model.inference(&step, prepared.precision, self.convention, &mut NoTrace)?;
        let mut device = prepared.device;
        device.peak = number(places.peak).map_or(device.peak, FlopPerSecond);
        device.bandwidth = number(places.bandwidth).map_or(device.bandwidth, BytesPerSecond);
        device.capacity = number(places.capacity).map_or(device.capacity, Bytes);
        device.power = number(places.power).map(Watts).or(device.power);
        let settings = Settings {
            efficiency: number(places.efficiency).unwrap_or(prepared.efficiency),
            overlap: number(places.overlap).unwrap_or(Settings::default().overlap),
        };
        let profile = evaluate(&work, &device, &settings, self.convention, &mut NoTrace)?;
        let mut numbers = vec_of(&profile);
        let mut tail = 11;
        if places.efficiency.is_none() {
            numbers[tail] = settings.efficiency;
            tail += 1;
        }
        if places.precision.is_none() {
            let position =
                Precision::ALL.iter().zip(0_u32..).find(|(p, _)| **p == prepared.precision);
            numbers[tail] = position.map_or(f64::NAN, |(_, position)| f64::from(position));
        }
        for (slot, number) in outputs.iter_mut().zip(numbers) {
            *slot = number;
        }
        Ok(())
    }
}

/// The profile in the order of the outputs, with room for two more.
fn vec_of(profile: &crate::composite::single_node::Profile) -> [f64; 13] {
    [
        profile.time.0,
        profile.compute_time.0,
        profile.memory_time.0,
        profile.overhead.0,
        profile.throughput.0,
        profile.bottleneck.number(),
        profile.arithmetic_intensity.0,
        profile.mfu,
        profile.energy.map_or(f64::NAN, |energy| energy.0),
        profile.memory.need.0,
        f64::from(u8::from(profile.feasible())),
        f64::NAN,
        f64::NAN,
    ]
}
