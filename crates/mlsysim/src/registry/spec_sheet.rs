//! A machine of which nothing is known but its data sheet.

use super::{Hardware, Link};
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::provenance::{Basis, Provenance};
use crate::ranges::Range;
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Quantity, Unit, Watts};
use alloc::string::String;

/// What a data sheet prints: a name and ten values, of which three must be known.
///
/// Rates are dense, bandwidths count one direction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpecSheet {
    /// Full name.
    pub name: String,
    /// Rate of 16-bit floating point.
    pub peak: FlopPerSecond,
    /// Rate of 8-bit formats.
    pub peak_8bit: Option<FlopPerSecond>,
    /// Rate of single precision.
    pub peak_32bit: Option<FlopPerSecond>,
    /// Size of the main memory.
    pub capacity: Bytes,
    /// Bandwidth of the main memory.
    pub bandwidth: BytesPerSecond,
    /// Bandwidth to another accelerator of the node.
    pub link: Option<BytesPerSecond>,
    /// Bandwidth to the host.
    pub host_link: Option<BytesPerSecond>,
    /// Bandwidth of its share of the network.
    pub nic: Option<BytesPerSecond>,
    /// Rated power.
    pub power: Option<Watts>,
    /// Units that work is spread over.
    pub compute_units: Option<u32>,
}

const OP: &str = "hardware.spec_sheet";

fn check<T: Unit + Into<Quantity>>(name: &'static str, value: T, range: Range) -> Result<()> {
    if range.contains(value.base()) {
        return Ok(());
    }
    Err(Error::OutOfRange { op: OP, name, range, got: value.into() })
}

impl Hardware {
    /// Operations per byte above which no machine is believable.
    pub const MOST_RIDGE: f64 = 5000.0;
    /// Power above which no machine is believable: a rack of the densest kind.
    pub const MOST_POWER: Watts = Watts(150e3);

    /// The machine of a data sheet.
    ///
    /// It belongs to no family of chips, so that predictions about it use the constants fitted for unknown machines
    /// and are labelled `spec`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a value that is not positive and finite, and for a machine that is not believable
    /// (see [`Hardware::check`]).
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::registry::{Hardware, SpecSheet};
    /// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond};
    /// use mlsysim::{Convention, Precision};
    ///
    /// let chip = Hardware::from_spec_sheet(
    ///     "next",
    ///     &SpecSheet {
    ///         name: "Next year's chip".into(),
    ///         peak: FlopPerSecond(4e15),
    ///         capacity: Bytes(288e9),
    ///         bandwidth: BytesPerSecond(8e12),
    ///         ..SpecSheet::default()
    ///     },
    /// )?;
    /// assert_eq!(chip.ridge_point(Some(Precision::Bf16), Convention::Reference)?.0, 500.0);
    /// assert_eq!(chip.architecture, None);
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn from_spec_sheet(id: impl Into<String>, sheet: &SpecSheet) -> Result<Self> {
        check("peak", sheet.peak, Range::POSITIVE)?;
        check("capacity", sheet.capacity, Range::POSITIVE)?;
        check("bandwidth", sheet.bandwidth, Range::POSITIVE)?;
        for (name, rate) in [("peak_8bit", sheet.peak_8bit), ("peak_32bit", sheet.peak_32bit)] {
            rate.map_or(Ok(()), |rate| check(name, rate, Range::POSITIVE))?;
        }
        let links = [("link", sheet.link), ("host_link", sheet.host_link), ("nic", sheet.nic)];
        for (name, link) in links {
            link.map_or(Ok(()), |link| check(name, link, Range::POSITIVE))?;
        }
        sheet.power.map_or(Ok(()), |power| check("power", power, Range::POSITIVE))?;
        let units = sheet.compute_units.map(f64::from);
        units.map_or(Ok(()), |units| check("compute_units", units, Range::COUNT))?;

        let origin = Provenance::new(Basis::Estimate, "a data sheet, as somebody typed it");
        let mut machine = Self::new(id, sheet.peak, sheet.bandwidth, sheet.capacity, origin);
        if !sheet.name.is_empty() {
            machine.name.clone_from(&sheet.name);
        }
        machine.class = super::Class::Accelerator;
        machine.native = Some(Precision::Bf16);
        let rates = [
            (Precision::Fp32, sheet.peak_32bit),
            (Precision::Bf16, Some(sheet.peak)),
            (Precision::Fp16, Some(sheet.peak)),
            (Precision::Fp8, sheet.peak_8bit),
            (Precision::Int8, sheet.peak_8bit),
        ];
        machine.rates.extend(rates.into_iter().filter_map(|(p, rate)| Some((p, rate?))));
        machine.link = sheet.link.map(Link::per_direction);
        machine.host = sheet.host_link.map(Link::per_direction);
        machine.nic = sheet.nic;
        machine.power = sheet.power;
        machine.compute_units = sheet.compute_units;
        machine.check()?;
        Ok(machine)
    }

    /// Checks that the record can be a machine: a ridge point of at most [`Hardware::MOST_RIDGE`] operations per byte
    /// and a power of at most [`Hardware::MOST_POWER`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] naming the value.
    pub fn check(&self) -> Result<()> {
        let ridge = self.peak / self.bandwidth;
        let (most, op) = (Range::POSITIVE.up_to(Self::MOST_RIDGE), "hardware.bounds");
        if !most.contains(ridge.0) {
            let name = "the ridge point";
            return Err(Error::OutOfRange { op, name, range: most, got: ridge.into() });
        }
        let most = Range::POSITIVE.up_to(Self::MOST_POWER.0);
        if let Some(power) = self.power.filter(|power| !most.contains(power.0)) {
            return Err(Error::OutOfRange { op, name: "power", range: most, got: power.into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convention::Convention;
    use alloc::string::ToString;

    fn sheet() -> SpecSheet {
        SpecSheet {
            name: "H100".into(),
            peak: FlopPerSecond(989e12),
            peak_8bit: Some(FlopPerSecond(1979e12)),
            capacity: Bytes(80e9),
            bandwidth: BytesPerSecond(3.35e12),
            link: Some(BytesPerSecond(450e9)),
            power: Some(Watts(700.0)),
            compute_units: Some(132),
            ..SpecSheet::default()
        }
    }

    #[test]
    fn a_sheet_makes_a_machine_of_no_family() {
        let machine = Hardware::from_spec_sheet("mine", &sheet()).unwrap();
        let rate = |precision| machine.rate(precision, Convention::Reference).unwrap().0;
        assert_eq!(rate(Precision::Fp16), FlopPerSecond(989e12));
        assert_eq!(rate(Precision::Int8), FlopPerSecond(1979e12));
        assert!(machine.rate(Precision::Fp32, Convention::Reference).is_err());
        assert_eq!((machine.architecture, machine.compute_units), (None, Some(132)));
    }

    #[test]
    fn impossible_machines_are_refused() {
        let refused = |change: fn(&mut SpecSheet)| {
            let mut sheet = sheet();
            change(&mut sheet);
            Hardware::from_spec_sheet("mine", &sheet).unwrap_err().to_string()
        };
        let zero = refused(|sheet| sheet.bandwidth = BytesPerSecond(0.0));
        assert!(zero.starts_with("hardware.spec_sheet: bandwidth must be"), "{zero}");
        let nan = refused(|sheet| sheet.peak = FlopPerSecond(f64::NAN));
        assert!(nan.starts_with("hardware.spec_sheet: peak must be"), "{nan}");
        let ridge = refused(|sheet| sheet.peak = FlopPerSecond(989e15));
        assert!(ridge.starts_with("hardware.bounds: the ridge point must be"), "{ridge}");
        let hot = refused(|sheet| sheet.power = Some(Watts(1e6)));
        assert!(hot.starts_with("hardware.bounds: power must be"), "{hot}");
        let none = refused(|sheet| sheet.compute_units = Some(0));
        assert!(none.contains("compute_units"), "{none}");
    }
}
