//! Reads the record of a machine.

use super::Reading;
use crate::composite::Tier;
use crate::document::{Fields, Problems};
use crate::precision::Precision;
use crate::provenance::{Basis, Provenance};
use crate::ranges::Range;
use crate::registry::{Class, Hardware, Link, SpecSheet, Storage, rate_field};
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Hertz};
use alloc::format;
use alloc::vec::Vec;

impl Reading<'_> {
    pub(super) fn read_hardware(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origin = self.record_origin(&mut entry, problems);
        let rates = read_rates(&mut entry, problems);
        let clock: Option<Hertz> = entry.amount("clock", Range::POSITIVE, problems);
        let macs_per_cycle = entry.number("macs_per_cycle", Range::POSITIVE, problems);
        let bandwidth = entry.amount("bandwidth", Range::POSITIVE, problems);
        let capacity = entry.amount("capacity", Range::POSITIVE, problems);
        let mut machine = Hardware::new(
            id,
            FlopPerSecond(1.0),
            bandwidth.unwrap_or(BytesPerSecond(1.0)),
            capacity.unwrap_or(Bytes(1.0)),
            origin,
        );
        machine.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        machine.aliases = entry.texts("aliases", problems);
        machine.class =
            entry.word("class", &Class::ALL, Class::key, problems).unwrap_or(Class::Cpu);
        machine.architecture = entry.text("architecture", problems);
        machine.rates = rates;
        machine.memory_efficiency = entry.number("memory_efficiency", Range::EFFICIENCY, problems);
        machine.efficiency = entry.number("efficiency", Range::EFFICIENCY, problems);
        machine.cache = read_tier(&mut entry, ["cache_capacity", "cache_bandwidth"], problems);
        machine.flash = read_tier(&mut entry, ["flash_capacity", "flash_bandwidth"], problems);
        machine.host =
            entry.amount("host_link", Range::POSITIVE, problems).map(Link::per_direction);
        machine.link = read_link(&mut entry, problems);
        machine.nic = entry.amount("nic", Range::POSITIVE, problems);
        machine.storage = read_storage(&mut entry, problems);
        machine.unit_cost = entry.amount("unit_cost", Range::NOT_NEGATIVE, problems);
        machine.embodied = entry.amount("embodied", Range::NOT_NEGATIVE, problems);
        machine.compute_units = entry.count("compute_units", problems);
        machine.last_cache = entry.amount("last_cache", Range::POSITIVE, problems);
        machine.power = entry.amount("power", Range::POSITIVE, problems);
        machine.idle_share = entry.number("idle_share", Range::SHARE, problems);
        machine.dispatch = entry.amount("dispatch", Range::NOT_NEGATIVE, problems);
        machine.layer_time = entry.amount("layer_time", Range::NOT_NEGATIVE, problems);
        machine.clock = clock;
        machine.macs_per_cycle = macs_per_cycle;
        machine.cycles_per_mac = entry.pair("cycles_per_mac", Range::POSITIVE, problems);
        machine.facts = super::read_facts(&mut entry, problems);
        machine.upstream = super::corrections(&mut entry, problems);
        machine.origins.fields = self.field_origins(&mut entry, problems);
        derive_int8_rate(&mut machine);

        let native = entry.word("native", &Precision::ALL, Precision::key, problems);
        match machine
            .rates
            .iter()
            .find(|(precision, _)| native.is_none_or(|native| native == *precision))
        {
            Some((precision, rate)) => {
                let (precision, rate) = (*precision, *rate);
                let field = rate_field(precision);
                machine.peak = rate;
                machine.native = Some(precision);
                machine.origins.set("peak", machine.origins.of(&field).clone());
            }
            None => entry.complain(
                "needs a peak rate, for example peak = { fp32 = \"1.2 TFLOP/s\" }",
                problems,
            ),
        }
        let missing = [("a bandwidth", bandwidth.is_none()), ("a capacity", capacity.is_none())];
        for (what, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            entry.complain(&format!("needs {what}"), problems);
        }
        if bandwidth.is_some()
            && let Err(error) = machine.check()
        {
            entry.complain(&format!("{error}"), problems);
        }
        super::check_fields(&machine.origins.fields, &machine.values(), &entry, problems);
        entry.finish(problems);
        let aliases = machine.aliases.clone();
        self.added.hardware.put(machine, aliases);
    }

    /// A machine of which only the data sheet is known.
    pub(super) fn read_spec_sheet(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let sheet = SpecSheet {
            name: entry.text("name", problems).unwrap_or_default(),
            peak: entry.amount("peak", Range::POSITIVE, problems).unwrap_or_default(),
            peak_8bit: entry.amount("peak_8bit", Range::POSITIVE, problems),
            peak_32bit: entry.amount("peak_32bit", Range::POSITIVE, problems),
            capacity: entry.amount("capacity", Range::POSITIVE, problems).unwrap_or_default(),
            bandwidth: entry.amount("bandwidth", Range::POSITIVE, problems).unwrap_or_default(),
            link: entry.amount("link", Range::POSITIVE, problems),
            host_link: entry.amount("host_link", Range::POSITIVE, problems),
            nic: entry.amount("nic", Range::POSITIVE, problems),
            power: entry.amount("power", Range::POSITIVE, problems),
            compute_units: entry.count("compute_units", problems),
        };
        for field in ["peak", "capacity", "bandwidth"] {
            if entry.place_of(field).is_none() {
                entry.complain(&format!("needs a {field}"), problems);
            }
        }
        let complete = sheet.peak.0 > 0.0 && sheet.capacity.0 > 0.0 && sheet.bandwidth.0 > 0.0;
        if complete {
            match Hardware::from_spec_sheet(id, &sheet) {
                Ok(mut machine) => {
                    machine.origins.record.source = format!("data sheet, given in {}", self.file);
                    self.added.hardware.put(machine, Vec::new());
                }
                Err(error) => entry.complain(&format!("{error}"), problems),
            }
        }
        entry.finish(problems);
    }
}

/// Rates by number format; one text alone is the rate of single precision.
fn read_rates(
    entry: &mut Fields<'_, '_>,
    problems: &mut Problems,
) -> Vec<(Precision, FlopPerSecond)> {
    let Some(value) = entry.take("peak") else { return Vec::new() };
    if value.text().is_some() {
        let rate = entry.amount_of("peak", value, Range::POSITIVE, problems);
        return rate.map(|rate| (Precision::Fp32, rate)).into_iter().collect();
    }
    let Some(mut table) = Fields::new("peak", value, problems) else { return Vec::new() };
    let mut rates = Vec::new();
    for precision in Precision::ALL {
        if let Some(rate) = table.amount(precision.key(), Range::POSITIVE, problems) {
            rates.push((precision, rate));
        }
    }
    table.finish(problems);
    rates
}

fn read_tier(
    entry: &mut Fields<'_, '_>,
    fields: [&'static str; 2],
    problems: &mut Problems,
) -> Option<Tier> {
    let capacity = entry.amount(fields[0], Range::POSITIVE, problems);
    let bandwidth = entry.amount(fields[1], Range::POSITIVE, problems);
    if capacity.is_none() && bandwidth.is_some() {
        entry.complain(&format!("{} needs {}", fields[1], fields[0]), problems);
    }
    capacity.map(|capacity| Tier { capacity, bandwidth })
}

/// A link of one direction, and its latency.
fn read_link(entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Link> {
    let bandwidth = entry.amount("link", Range::POSITIVE, problems);
    let latency = entry.amount("link_latency", Range::NOT_NEGATIVE, problems);
    if bandwidth.is_none() && latency.is_some() {
        entry.complain("link_latency needs link", problems);
    }
    bandwidth.map(|bandwidth| Link { latency, ..Link::per_direction(bandwidth) })
}

/// Storage, of which capacity and bandwidth must be known.
fn read_storage(entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Storage> {
    let capacity = entry.amount("storage_capacity", Range::POSITIVE, problems);
    let bandwidth = entry.amount("storage_bandwidth", Range::POSITIVE, problems);
    let latency = entry.amount("storage_latency", Range::NOT_NEGATIVE, problems);
    match (capacity, bandwidth) {
        (Some(capacity), Some(bandwidth)) => Some(Storage { capacity, bandwidth, latency }),
        (None, None) if latency.is_none() => None,
        _ => {
            entry.complain("storage needs storage_capacity and storage_bandwidth", problems);
            None
        }
    }
}

/// Computes the int8 rate of a core from its clock, where no rate is given.
fn derive_int8_rate(machine: &mut Hardware) {
    let known = machine.rates.iter().any(|(precision, _)| *precision == Precision::Int8);
    if let (false, Some(clock), Some(macs)) = (known, machine.clock, machine.macs_per_cycle) {
        machine.rates.push((Precision::Int8, FlopPerSecond(2.0 * clock.0 * macs)));
        let note = format!(
            "2 operations × {clock} × {macs} multiply-accumulates per cycle; {}",
            machine.origins.of("macs_per_cycle")
        );
        machine
            .origins
            .set(rate_field(Precision::Int8), Provenance::new(Basis::Derived, "").with_note(note));
    }
}
