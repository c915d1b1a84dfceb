//! The registry: shipped records, and yours from TOML or YAML text.

use super::read;
use super::shelf::{Record, Shelf};
use super::{Fabric, Facts, Fleet, Grid, Hardware, Model, Node, Site};
use crate::error::Result;
use crate::provenance::Provenance;
use alloc::collections::BTreeMap;
use alloc::string::String;

/// The files that ship with the crate, each after those whose records it names: name and text.
const SHIPPED: [(&str, &str); 13] = [
    ("data/sources.toml", include_str!("../../data/sources.toml")),
    ("data/machines.toml", include_str!("../../data/machines.toml")),
    ("data/accelerators.toml", include_str!("../../data/accelerators.toml")),
    ("data/tpus.toml", include_str!("../../data/tpus.toml")),
    ("data/workstations.toml", include_str!("../../data/workstations.toml")),
    ("data/edge.toml", include_str!("../../data/edge.toml")),
    ("data/boards.toml", include_str!("../../data/boards.toml")),
    ("data/others.toml", include_str!("../../data/others.toml")),
    ("data/models.toml", include_str!("../../data/models.toml")),
    ("data/models_more.toml", include_str!("../../data/models_more.toml")),
    ("data/facts.toml", include_str!("../../data/facts.toml")),
    ("data/sites.toml", include_str!("../../data/sites.toml")),
    ("data/systems.toml", include_str!("../../data/systems.toml")),
];

/// Machines, models, and what machines are put together to, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Registry {
    pub(super) sources: BTreeMap<String, Provenance>,
    pub(super) hardware: Shelf<Hardware>,
    pub(super) models: Shelf<Model>,
    pub(super) facts: Shelf<Facts>,
    pub(super) grids: Shelf<Grid>,
    pub(super) sites: Shelf<Site>,
    pub(super) fabrics: Shelf<Fabric>,
    pub(super) nodes: Shelf<Node>,
    pub(super) fleets: Shelf<Fleet>,
}

macro_rules! records {
    ($($type:ident, $what:literal;)*) => {$(
        impl Record for $type {
            const WHAT: &'static str = $what;

            fn id(&self) -> &str {
                &self.id
            }

            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

records! {
    Hardware, "hardware";
    Model, "model";
    Facts, "facts";
    Grid, "grid";
    Site, "site";
    Fabric, "fabric";
    Node, "node";
    Fleet, "fleet";
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $one:ident, $all:ident, $shelf:ident, $type:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// The name may be the identifier, another name or the full name, in any case and punctuation.
        ///
        /// # Errors
        ///
        /// [`crate::Error::UnknownEntry`] with the nearest names.
        pub fn $one(&self, name: &str) -> Result<&$type> {
            self.$shelf.get(name)
        }

        #[doc = concat!("All records that [`Registry::", stringify!($one), "`] finds, in the order in which they were added.")]
        #[must_use]
        pub fn $all(&self) -> &[$type] {
            self.$shelf.records()
        }
    )*};
}

impl Registry {
    /// A registry without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sources: BTreeMap::new(),
            hardware: Shelf::new(),
            models: Shelf::new(),
            facts: Shelf::new(),
            grids: Shelf::new(),
            sites: Shelf::new(),
            fabrics: Shelf::new(),
            nodes: Shelf::new(),
            fleets: Shelf::new(),
        }
    }

    /// The records that ship with the crate.
    ///
    /// # Cost
    ///
    /// Reads the embedded text: a few milliseconds. Keep the result.
    ///
    /// # Panics
    ///
    /// If the shipped files are broken, which a test excludes.
    #[must_use]
    pub fn shipped() -> Self {
        let mut registry = Self::new();
        for (file, text) in SHIPPED {
            registry.add(file, text).expect("shipped records are read by a test");
        }
        registry
    }

    /// Adds the records of a TOML or YAML text; a record of a known name replaces it.
    ///
    /// `file` is its name in messages; one that ends in `.yaml`, `.yml` or `.json` is read as YAML, which needs the
    /// feature `yaml`. A machine needs a peak rate, a bandwidth and a capacity; everything else is optional.
    /// Values without a source count as assumed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Records`] with every mistake and its line and column; then nothing is added.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::registry::Registry;
    ///
    /// let mut registry = Registry::shipped();
    /// registry.add(
    ///     "mine.toml",
    ///     r#"
    ///     [hardware.desk]
    ///     name = "The machine under my desk"
    ///     peak = { fp32 = "1.2 TFLOP/s" }
    ///     bandwidth = "51.2 GB/s"
    ///     capacity = "32 GiB"
    ///     "#,
    /// )?;
    /// assert_eq!(registry.hardware("desk")?.name, "The machine under my desk");
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn add(&mut self, file: &str, text: &str) -> Result<()> {
        let added = read::read(self, file, text)?;
        self.sources.extend(added.sources);
        self.hardware.append(added.hardware);
        self.models.append(added.models);
        self.facts.append(added.facts);
        self.grids.append(added.grids);
        self.sites.append(added.sites);
        self.fabrics.append(added.fabrics);
        self.nodes.append(added.nodes);
        self.fleets.append(added.fleets);
        Ok(())
    }

    accessors! {
        /// The machine of a name.
        hardware, all_hardware, hardware, Hardware;
        /// The model of a name.
        model, all_models, models, Model;
        /// The values of a class of technology, a price list, a kind of failure.
        facts, all_facts, facts, Facts;
        /// The electricity grid of a name.
        grid, all_grids, grids, Grid;
        /// The facility of a name.
        site, all_sites, sites, Site;
        /// The network of a name.
        fabric, all_fabrics, fabrics, Fabric;
        /// The server of a name.
        node, all_nodes, nodes, Node;
        /// The cluster of a name.
        fleet, all_fleets, fleets, Fleet;
    }
}

#[cfg(test)]
mod tests;
