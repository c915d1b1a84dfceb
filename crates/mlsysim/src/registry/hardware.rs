//! Records of machines: rates by number format, memories, power, and where each number is from.

use super::systems::{Link, Storage};
use crate::composite::single_node::{self, Profile};
use crate::composite::{DISPATCH_TIME, Device, IDLE_SHARE, LAYER_TIME, Settings, Tier};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::provenance::{Basis, Kind, Origins, Provenance};
use crate::trace::Trace;
use crate::units::{
    Bytes, BytesPerSecond, FlopPerByte, FlopPerSecond, Hertz, KgCo2, Quantity, Seconds, Usd, Watts,
};
use crate::workload::Workload;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What sort of machine a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A device that a host hands work to.
    Accelerator,
    /// A general-purpose processor with its memory.
    Cpu,
    /// A board that runs on its own: a microcontroller or a single-board computer.
    Board,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Accelerator, Self::Cpu, Self::Board];

    /// The word in data files and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Accelerator => "accelerator",
            Self::Cpu => "cpu",
            Self::Board => "board",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// A machine.
///
/// Start from [`Hardware::new`] or [`Hardware::measured`] and fill in what else is known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hardware {
    /// Short name, unique in its registry.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Other short names.
    pub aliases: Vec<String>,
    /// Sort of machine.
    pub class: Class,
    /// Family of chips it belongs to, by which calibrated constants are found: `hopper`, `ampere`, `cortex-m4`.
    pub architecture: Option<String>,
    /// Rate of the arithmetic units by number format, without sparsity.
    pub rates: Vec<(Precision, FlopPerSecond)>,
    /// The rate that stands for the machine where no number format is named.
    pub peak: FlopPerSecond,
    /// The number format of that rate.
    pub native: Option<Precision>,
    /// Size of the main memory.
    pub capacity: Bytes,
    /// Bandwidth of the main memory.
    pub bandwidth: BytesPerSecond,
    /// Share of the bandwidth that streams sustain.
    pub memory_efficiency: Option<f64>,
    /// Share of the peak that code reaches here, whatever the number format.
    pub efficiency: Option<f64>,
    /// On-chip memory that keeps weights between steps, if they fit.
    pub cache: Option<Tier>,
    /// Separate memory that weights are stored in and read from.
    pub flash: Option<Tier>,
    /// Link to the host, and to storage behind it.
    pub host: Option<Link>,
    /// Link between accelerators of one node.
    pub link: Option<Link>,
    /// Network bandwidth of one machine, one direction.
    pub nic: Option<BytesPerSecond>,
    /// Storage beside the machine.
    pub storage: Option<Storage>,
    /// Price of one machine; `None` if unknown, which is not free.
    pub unit_cost: Option<Usd>,
    /// Greenhouse gas of making one machine.
    pub embodied: Option<KgCo2>,
    /// Units that a kernel's tiles are spread over: streaming multiprocessors, compute units, cores.
    pub compute_units: Option<u32>,
    /// Last cache before the main memory.
    pub last_cache: Option<Bytes>,
    /// Rated power, or power drawn while running.
    pub power: Option<Watts>,
    /// Share of that power drawn while waiting.
    pub idle_share: Option<f64>,
    /// Fixed time per step.
    pub dispatch: Option<Seconds>,
    /// Fixed time per layer.
    pub layer_time: Option<Seconds>,
    /// Clock of the cores.
    pub clock: Option<Hertz>,
    /// Most int8 multiply-accumulates that all cores together finish per cycle.
    pub macs_per_cycle: Option<f64>,
    /// Cycles per int8 multiply-accumulate that good kernels need, fewest and most.
    pub cycles_per_mac: Option<(f64, f64)>,
    /// Whatever else is recorded: transistors, die area, stacks of memory, ...
    pub facts: Vec<(String, Quantity)>,
    /// Values of the Python package 0.3.0 that were corrected here, by field.
    pub upstream: Vec<(String, String)>,
    /// Where the numbers are from.
    pub origins: Origins,
}

impl Hardware {
    /// A machine of which one rate and the main memory are known.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        peak: FlopPerSecond,
        bandwidth: BytesPerSecond,
        capacity: Bytes,
        provenance: Provenance,
    ) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            aliases: Vec::new(),
            class: Class::Cpu,
            architecture: None,
            rates: Vec::new(),
            peak,
            native: None,
            capacity,
            bandwidth,
            memory_efficiency: None,
            efficiency: None,
            cache: None,
            flash: None,
            host: None,
            link: None,
            nic: None,
            storage: None,
            unit_cost: None,
            embodied: None,
            compute_units: None,
            last_cache: None,
            power: None,
            idle_share: None,
            dispatch: None,
            layer_time: None,
            clock: None,
            macs_per_cycle: None,
            cycles_per_mac: None,
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(provenance),
        }
    }

    /// A machine as a probe found it: sustained rates, so that both efficiencies are 1, and no fixed times.
    ///
    /// `how` says what was run, for example `best of 20 runs of a 512-cubed f32 product`.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::registry::Hardware;
    /// use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
    /// use mlsysim::{Convention, Precision, WorkloadSpec};
    ///
    /// let host = Hardware::measured(
    ///     "this host",
    ///     Precision::Fp32,
    ///     FlopPerSecond(50e9),
    ///     BytesPerSecond(10e9),
    ///     Bytes(16e9),
    ///     "best of 20 runs",
    /// );
    /// let work = WorkloadSpec { ops: Flop(1e6), bytes_moved: Bytes(1e6), ..WorkloadSpec::default() };
    /// let settings = host.settings(Precision::Fp32);
    /// let (profile, trace) = host.evaluate(&work, Precision::Fp32, &settings, Convention::Reference)?;
    /// assert_eq!(profile.time, Seconds(1e-4));
    /// assert_eq!(trace.node("peak").map(|node| node.kind), Some(mlsysim::provenance::Kind::Measured));
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    #[must_use]
    pub fn measured(
        id: impl Into<String>,
        precision: Precision,
        peak: FlopPerSecond,
        bandwidth: BytesPerSecond,
        capacity: Bytes,
        how: impl Into<String>,
    ) -> Self {
        let mut machine =
            Self::new(id, peak, bandwidth, capacity, Provenance::new(Basis::Measured, how));
        machine.rates.push((precision, peak));
        machine.native = Some(precision);
        machine.memory_efficiency = Some(1.0);
        machine.efficiency = Some(1.0);
        machine.dispatch = Some(Seconds::ZERO);
        machine.layer_time = Some(Seconds::ZERO);
        for field in ["memory_efficiency", "efficiency", "dispatch", "layer_time"] {
            machine
                .origins
                .set(field, Provenance::new(Basis::Convention, "part of the measured rates"));
        }
        machine
    }

    /// The rate of the arithmetic units in one number format, and the format whose rate it is.
    ///
    /// - [`Convention::Reference`]: the recorded rate; a format narrower than 16 bits without one runs at the rate of
    ///   the next wider format that has one, since narrow weights can be widened on the way.
    /// - [`Convention::Upstream030`]: the recorded rate, else [`Hardware::peak`].
    ///
    /// # Errors
    ///
    /// [`Error::RateMissing`] under [`Convention::Reference`] if no rate applies: a 32-bit product does not run at
    /// the 16-bit rate.
    pub fn rate(
        &self,
        precision: Precision,
        convention: Convention,
    ) -> Result<(FlopPerSecond, Option<Precision>)> {
        let recorded = |wanted: Precision| {
            self.rates.iter().find(|(p, _)| *p == wanted).map(|(_, rate)| *rate)
        };
        if let Some(rate) = recorded(precision) {
            return Ok((rate, Some(precision)));
        }
        if convention == Convention::Upstream030 {
            return Ok((self.peak, None));
        }
        for wider in stand_ins(precision) {
            if let Some(rate) = recorded(*wider) {
                return Ok((rate, Some(*wider)));
            }
        }
        let known = self.rates.iter().map(|(p, _)| p.key()).collect();
        Err(Error::RateMissing { hardware: self.name.clone(), precision, known })
    }

    /// Operations per byte above which arithmetic limits this machine: `I* = Peak / BW`.
    ///
    /// # Errors
    ///
    /// As [`Hardware::rate`].
    pub fn ridge_point(
        &self,
        precision: Option<Precision>,
        convention: Convention,
    ) -> Result<FlopPerByte> {
        let peak = match precision {
            Some(precision) => self.rate(precision, convention)?.0,
            None => self.peak,
        };
        Ok(peak / self.bandwidth)
    }

    /// The machine as the roofline sees it in one number format.
    ///
    /// # Errors
    ///
    /// As [`Hardware::rate`].
    pub fn device(&self, precision: Precision, convention: Convention) -> Result<Device> {
        Ok(Device {
            peak: self.rate(precision, convention)?.0,
            bandwidth: self.bandwidth,
            memory_efficiency: self.memory_efficiency.unwrap_or(1.0),
            capacity: self.capacity,
            cache: self.cache,
            weight_store: self.flash,
            host_link: self.host.map(|link| link.one_way()),
            dispatch: self.dispatch.unwrap_or(DISPATCH_TIME),
            layer_time: match convention {
                Convention::Reference => self.layer_time.unwrap_or(LAYER_TIME),
                Convention::Upstream030 => LAYER_TIME,
            },
            power: self.power,
            idle_share: self.idle_share.unwrap_or(IDLE_SHARE),
        })
    }

    /// The share of the int8 peak that good kernels reach here, where cycles per multiply-accumulate are recorded:
    /// at the fewest cycles, at the geometric mean, at the most.
    #[must_use]
    pub fn int8_efficiency(&self) -> Option<[f64; 3]> {
        let (fewest, most) = self.cycles_per_mac?;
        let per_cycle = self.macs_per_cycle?;
        let share = |cycles: f64| 1.0 / (per_cycle * cycles);
        Some([share(fewest), share(libm::sqrt(fewest * most)), share(most)])
    }

    /// How code runs here where nothing else is known: at the mean int8 efficiency of the record, else at its general
    /// efficiency, else at half of the peak.
    #[must_use]
    pub fn settings(&self, precision: Precision) -> Settings {
        let efficiency = match (precision, self.int8_efficiency()) {
            (Precision::Int8, Some([_, mean, _])) => Some(mean),
            _ => self.efficiency,
        };
        let default = Settings::default();
        Settings { efficiency: efficiency.unwrap_or(default.efficiency), ..default }
    }

    /// Tells a trace where the efficiency is from, if it is the recorded one.
    fn announce_efficiency(&self, precision: Precision, settings: &Settings, trace: &mut Trace) {
        if self.settings(precision).efficiency.to_bits() != settings.efficiency.to_bits() {
            return;
        }
        if let (Precision::Int8, Some([fast, _, slow])) = (precision, self.int8_efficiency()) {
            let origin = self.origins.of("cycles_per_mac");
            let reason = alloc::format!(
                "1 / (multiply-accumulates per cycle × cycles each), geometric mean of {slow:.3} and {fast:.3}; {origin}"
            );
            trace.announce("efficiency", origin.kind(), reason);
        } else if self.efficiency.is_some() {
            trace.announce_provenance("efficiency", self.origins.of("efficiency"));
        }
    }

    /// Tells a trace where the values of this machine are from.
    pub fn announce(&self, precision: Precision, convention: Convention, trace: &mut Trace) {
        let used = self.rate(precision, convention).ok().and_then(|(_, used)| used);
        match used {
            Some(used) if used != precision => {
                let origin = self.origins.of(&rate_field(used));
                let source = alloc::format!(
                    "rate of {used}, since none is recorded for {precision}; {origin}"
                );
                trace.announce("peak", origin.kind(), source);
            }
            Some(used) => trace.announce_provenance("peak", self.origins.of(&rate_field(used))),
            None => trace.announce_provenance("peak", self.origins.of("peak")),
        }
        let flash = self.flash.is_some_and(|flash| flash.bandwidth.is_some());
        let fields = [
            ("bandwidth", "bandwidth", true),
            ("capacity", "capacity", true),
            ("memory_efficiency", "memory_efficiency", self.memory_efficiency.is_some()),
            ("weight_store", "flash_capacity", self.flash.is_some()),
            ("weight_bandwidth", if flash { "flash_bandwidth" } else { "cache_bandwidth" }, true),
            ("host_link", "host_link", self.host.is_some()),
            ("power", "power", self.power.is_some()),
            ("idle_share", "idle_share", self.idle_share.is_some()),
            ("dispatch", "dispatch", self.dispatch.is_some()),
            ("layer_time", "layer_time", self.layer_time.is_some()),
        ];
        for (node, field, recorded) in fields {
            if recorded {
                trace.announce_provenance(node, self.origins.of(field));
            }
        }
        for (node, recorded, reason) in [
            (
                "memory_efficiency",
                self.memory_efficiency.is_some(),
                "default: the data sheet's bandwidth in full",
            ),
            ("dispatch", self.dispatch.is_some(), "default of a machine without a record of it"),
            (
                "layer_time",
                self.layer_time.is_some(),
                "default: a framework that launches layer by layer",
            ),
        ] {
            if !recorded {
                trace.announce(node, Kind::Assumed, reason);
            }
        }
    }

    /// Evaluates one step of `work` on this machine, with a trace that names every source.
    ///
    /// # Errors
    ///
    /// As [`Hardware::rate`] and [`single_node::evaluate`].
    pub fn evaluate(
        &self,
        work: &impl Workload,
        precision: Precision,
        settings: &Settings,
        convention: Convention,
    ) -> Result<(Profile, Trace)> {
        self.continue_trace(work, precision, settings, convention, Trace::new())
    }

    /// As [`Hardware::evaluate`], after the nodes of `trace`, which may hold how the work was counted.
    ///
    /// # Errors
    ///
    /// As [`Hardware::evaluate`].
    pub fn continue_trace(
        &self,
        work: &impl Workload,
        precision: Precision,
        settings: &Settings,
        convention: Convention,
        mut trace: Trace,
    ) -> Result<(Profile, Trace)> {
        let device = self.device(precision, convention)?;
        self.announce(precision, convention, &mut trace);
        self.announce_efficiency(precision, settings, &mut trace);
        let profile = single_node::evaluate(work, &device, settings, convention, &mut trace)?;
        Ok((profile, trace))
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let mut values: Vec<(String, Quantity)> = Vec::new();
        for (precision, rate) in &self.rates {
            values.push((rate_field(*precision), (*rate).into()));
        }
        let tier = |tier: Option<Tier>| (tier.map(|t| t.capacity), tier.and_then(|t| t.bandwidth));
        let (cache_capacity, cache_bandwidth) = tier(self.cache);
        let (flash_capacity, flash_bandwidth) = tier(self.flash);
        let others: [(&str, Option<Quantity>); 26] = [
            ("capacity", Some(self.capacity.into())),
            ("bandwidth", Some(self.bandwidth.into())),
            ("memory_efficiency", self.memory_efficiency.map(Into::into)),
            ("efficiency", self.efficiency.map(Into::into)),
            ("cache_capacity", cache_capacity.map(Into::into)),
            ("cache_bandwidth", cache_bandwidth.map(Into::into)),
            ("flash_capacity", flash_capacity.map(Into::into)),
            ("flash_bandwidth", flash_bandwidth.map(Into::into)),
            ("host_link", self.host.map(|link| link.one_way().into())),
            ("link", self.link.map(|link| link.bandwidth.into())),
            ("link_latency", self.link.and_then(|link| link.latency).map(Into::into)),
            ("nic", self.nic.map(Into::into)),
            ("storage_capacity", self.storage.map(|storage| storage.capacity.into())),
            ("storage_bandwidth", self.storage.map(|storage| storage.bandwidth.into())),
            ("storage_latency", self.storage.and_then(|storage| storage.latency).map(Into::into)),
            ("unit_cost", self.unit_cost.map(Into::into)),
            ("embodied", self.embodied.map(Into::into)),
            ("compute_units", self.compute_units.map(|n| Quantity::number(f64::from(n)))),
            ("last_cache", self.last_cache.map(Into::into)),
            ("power", self.power.map(Into::into)),
            ("idle_share", self.idle_share.map(Into::into)),
            ("dispatch", self.dispatch.map(Into::into)),
            ("layer_time", self.layer_time.map(Into::into)),
            ("clock", self.clock.map(Into::into)),
            ("macs_per_cycle", self.macs_per_cycle.map(Into::into)),
            ("cycles_per_mac", self.cycles_per_mac.map(|(fewest, _)| fewest.into())),
        ];
        values.extend(others.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
        values.extend(self.facts.iter().map(|(name, value)| (name.clone(), *value)));
        values
    }
}

/// The name of a rate's field, for example `peak.fp16`.
#[must_use]
pub fn rate_field(precision: Precision) -> String {
    alloc::format!("peak.{precision}")
}

/// Formats whose arithmetic can stand in for a narrower one, nearest first.
const fn stand_ins(precision: Precision) -> &'static [Precision] {
    use Precision::{Bf16, Fp4, Fp6, Fp8, Fp16, Fp32, Int4, Int8, Tf32};
    match precision {
        Int4 => &[Int8, Fp16, Bf16, Fp32],
        Int8 => &[Fp16, Bf16, Fp32],
        Fp4 => &[Fp6, Fp8, Fp16, Bf16, Fp32],
        Fp6 => &[Fp8, Fp16, Bf16, Fp32],
        Fp8 => &[Fp16, Bf16, Fp32],
        // Half-width formats have one rate on every machine that has both, and run widened on those with neither.
        Fp16 => &[Bf16, Fp32],
        Bf16 => &[Fp16, Fp32],
        Fp32 | Tf32 => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WorkloadSpec;

    fn machine() -> Hardware {
        let origin = Provenance::new(Basis::Datasheet, "a data sheet");
        let mut machine =
            Hardware::new("m", FlopPerSecond(100e12), BytesPerSecond(1e12), Bytes(80e9), origin);
        machine.rates = alloc::vec![
            (Precision::Fp16, FlopPerSecond(100e12)),
            (Precision::Fp8, FlopPerSecond(200e12))
        ];
        machine
    }

    #[test]
    fn narrow_formats_widen_and_wide_ones_are_refused() {
        let m = machine();
        let rate = |p| m.rate(p, Convention::Reference);
        assert_eq!(rate(Precision::Int4), Ok((FlopPerSecond(100e12), Some(Precision::Fp16))));
        assert_eq!(rate(Precision::Fp4), Ok((FlopPerSecond(200e12), Some(Precision::Fp8))));
        assert!(matches!(rate(Precision::Fp32), Err(Error::RateMissing { .. })));
        assert_eq!(
            m.rate(Precision::Fp32, Convention::Upstream030),
            Ok((FlopPerSecond(100e12), None))
        );
    }

    #[test]
    fn cycles_per_mac_give_an_efficiency() {
        let mut m = machine();
        m.macs_per_cycle = Some(2.0);
        m.cycles_per_mac = Some((2.0, 8.0));
        assert_eq!(m.int8_efficiency(), Some([0.25, 0.125, 0.0625]));
    }

    #[test]
    fn the_trace_names_the_sources() {
        let mut m = machine();
        m.origins.set("bandwidth", Provenance::new(Basis::Measured, "a probe"));
        let work = WorkloadSpec { ops: crate::units::Flop(1e9), ..WorkloadSpec::default() };
        let (_, trace) = m
            .evaluate(&work, Precision::Int8, &Settings::default(), Convention::Reference)
            .unwrap();
        let origin = |name: &str| trace.node(name).map(|n| (n.kind, n.source.clone().into_owned()));
        assert_eq!(origin("bandwidth"), Some((Kind::Measured, "a probe".into())));
        let (kind, source) = origin("peak").unwrap();
        assert_eq!(kind, Kind::Sourced);
        assert!(source.starts_with("rate of fp16, since none is recorded for int8"), "{source}");
    }
}
