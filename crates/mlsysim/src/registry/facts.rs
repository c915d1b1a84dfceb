//! Values that belong to no machine, model or place: classes of technology, prices, mean times to failure.

use crate::error::{Error, Result};
use crate::provenance::{Kind, Origins, Provenance};
use crate::units::{Quantity, Unit};
use alloc::string::String;
use alloc::vec::Vec;

/// Named values with their origins.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// Short name, unique in its registry, for example `tech_hbm3`.
    pub id: String,
    /// Full name.
    pub name: String,
    /// The values by name.
    pub values: Vec<(String, Quantity)>,
    /// Values of the Python package 0.3.0 that were corrected here, by name.
    pub upstream: Vec<(String, String)>,
    /// Where the values are from.
    pub origins: Origins,
}

impl Facts {
    /// A record without values.
    #[must_use]
    pub fn new(id: impl Into<String>, provenance: Provenance) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            values: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(provenance),
        }
    }

    /// The value of a name, and what kind of knowledge it is.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] with the nearest names.
    pub fn value(&self, name: &str) -> Result<(Quantity, Kind)> {
        let found = self.values.iter().find(|(known, _)| known == name);
        let kind = self.origins.of(name).kind();
        found.map(|(_, quantity)| (*quantity, kind)).ok_or_else(|| Error::UnknownEntry {
            what: "value",
            name: name.into(),
            near: crate::near::nearest(name, self.values.iter().map(|(known, _)| known.as_str())),
        })
    }

    /// The value of a name as an amount of the type `T`.
    ///
    /// # Errors
    ///
    /// As [`Facts::value`], and [`Error::DimensionMismatch`] if it measures something else.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "registry")] {
    /// use mlsysim::registry::Registry;
    /// use mlsysim::units::Seconds;
    ///
    /// let registry = Registry::shipped();
    /// let gpu = registry.facts("reliability_gpu")?;
    /// assert_eq!(gpu.amount::<Seconds>("mttf")?, Seconds(50_000.0 * 3600.0));
    /// # }
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn amount<T: Unit>(&self, name: &str) -> Result<T> {
        let (quantity, _) = self.value(name)?;
        quantity.expect(&self.id, name, T::DIMENSION)?;
        Ok(T::from_base(quantity.value))
    }
}
