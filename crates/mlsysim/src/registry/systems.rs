//! Machines put together: links, fabrics, nodes, fleets.

use super::Hardware;
use super::sites::{Grid, Site};
use crate::provenance::{Origins, Provenance};
use crate::units::{Bytes, BytesPerSecond, Quantity, Seconds, Watts};
use alloc::string::String;
use alloc::vec::Vec;

/// What the bandwidth of a link counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Bytes that flow one way.
    PerDirection,
    /// Bytes of both ways together.
    BothTogether,
}

/// A link between two devices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Bandwidth as its maker states it.
    pub bandwidth: BytesPerSecond,
    /// What that bandwidth counts.
    pub direction: Direction,
    /// Time until the first byte arrives.
    pub latency: Option<Seconds>,
}

impl Link {
    /// A link of a bandwidth per direction.
    #[must_use]
    pub const fn per_direction(bandwidth: BytesPerSecond) -> Self {
        Self { bandwidth, direction: Direction::PerDirection, latency: None }
    }

    /// Returns the bandwidth of one direction.
    #[must_use]
    pub fn one_way(&self) -> BytesPerSecond {
        match self.direction {
            Direction::PerDirection => self.bandwidth,
            Direction::BothTogether => self.bandwidth / 2.0,
        }
    }
}

/// Storage beside a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storage {
    /// Bytes it holds.
    pub capacity: Bytes,
    /// Sustained sequential bandwidth.
    pub bandwidth: BytesPerSecond,
    /// Time until the first byte arrives.
    pub latency: Option<Seconds>,
}

/// How the ports of a network are wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wiring {
    /// A folded Clos network.
    FatTree,
    /// Groups that are wired all to all.
    Dragonfly,
    /// A three-dimensional torus.
    Torus3d,
    /// A ring.
    Ring,
}

impl Wiring {
    /// Every wiring.
    pub const ALL: [Self; 4] = [Self::FatTree, Self::Dragonfly, Self::Torus3d, Self::Ring];

    /// The name used on the command line and in data files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::FatTree => "fat_tree",
            Self::Dragonfly => "dragonfly",
            Self::Torus3d => "torus_3d",
            Self::Ring => "ring",
        }
    }
}

/// A network between nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fabric {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How its ports are wired.
    pub wiring: Wiring,
    /// Bandwidth of one port, one direction.
    pub bandwidth: BytesPerSecond,
    /// Time until the first byte arrives.
    pub latency: Option<Seconds>,
    /// Bandwidth into a switch over bandwidth out of it; 1 for none.
    pub oversubscription: f64,
    /// Where its values are from.
    pub origins: Origins,
}

impl Fabric {
    /// Start-up time of a message where the fabric states none: a software convention.
    pub const DEFAULT_LATENCY: Seconds = Seconds(5e-6);

    /// A fat tree of a port bandwidth without oversubscription.
    #[must_use]
    pub fn new(id: impl Into<String>, bandwidth: BytesPerSecond, provenance: Provenance) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            wiring: Wiring::FatTree,
            bandwidth,
            latency: None,
            oversubscription: 1.0,
            origins: Origins::new(provenance),
        }
    }

    /// Returns the start-up time of a message.
    #[must_use]
    pub fn start_up(&self) -> Seconds {
        self.latency.unwrap_or(Self::DEFAULT_LATENCY)
    }

    /// Returns the bandwidth of one port when every port sends through the switches.
    #[must_use]
    pub fn port(&self) -> BytesPerSecond {
        self.bandwidth / self.oversubscription
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let mut values: Vec<(String, Quantity)> = alloc::vec![
            ("bandwidth".into(), self.bandwidth.into()),
            ("oversubscription".into(), self.oversubscription.into()),
        ];
        values.extend(self.latency.map(|latency| ("latency".into(), latency.into())));
        values
    }
}

/// One server with its accelerators.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The accelerator in it.
    pub accelerator: Hardware,
    /// How many of them.
    pub accelerators: u32,
    /// Bandwidth between two of them, one direction.
    pub intra_bandwidth: BytesPerSecond,
    /// Network cards.
    pub nics: u32,
    /// Power supplies.
    pub psus: u32,
    /// How many power supplies may fail.
    pub psu_redundancy: u32,
    /// Most power that the whole node draws.
    pub max_power: Option<Watts>,
    /// Whatever else is recorded: host memory, cores, switches, ...
    pub facts: Vec<(String, Quantity)>,
    /// Values of the Python package 0.3.0 that were corrected here, by field.
    pub upstream: Vec<(String, String)>,
    /// Where its values are from.
    pub origins: Origins,
}

impl Node {
    /// Start-up time of a message between accelerators of a node whose link states none.
    pub const DEFAULT_LATENCY: Seconds = Seconds(5e-7);

    /// Returns the start-up time of a message between two accelerators of the node.
    #[must_use]
    pub fn start_up(&self) -> Seconds {
        self.accelerator.link.and_then(|link| link.latency).unwrap_or(Self::DEFAULT_LATENCY)
    }

    /// Returns how many power supplies fail the node when one of them fails.
    #[must_use]
    pub const fn series_psus(&self) -> u32 {
        if self.psu_redundancy > 0 { 0 } else { self.psus }
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let count = |n: u32| Quantity::number(f64::from(n));
        let mut values: Vec<(String, Quantity)> = alloc::vec![
            ("accelerators".into(), count(self.accelerators)),
            ("link".into(), self.intra_bandwidth.into()),
            ("nics".into(), count(self.nics)),
            ("psus".into(), count(self.psus)),
            ("psu_redundancy".into(), count(self.psu_redundancy)),
        ];
        values.extend(self.max_power.map(|power| ("max_power".into(), power.into())));
        values.extend(self.facts.iter().cloned());
        values
    }
}

/// Equal nodes on one network at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The node.
    pub node: Node,
    /// How many nodes.
    pub nodes: u32,
    /// The network between them.
    pub fabric: Fabric,
    /// The grid that feeds it.
    pub grid: Option<Grid>,
    /// The site it stands at.
    pub site: Option<Site>,
    /// Measured mean time between failures of the whole fleet.
    pub mtbf: Option<Seconds>,
    /// Where its own values are from.
    pub origins: Origins,
}

impl Fleet {
    /// Power usage effectiveness where neither site nor grid states one.
    pub const DEFAULT_PUE: f64 = 1.12;

    /// Returns the number of accelerators.
    #[must_use]
    pub fn accelerators(&self) -> f64 {
        f64::from(self.nodes) * f64::from(self.node.accelerators)
    }

    /// Returns facility energy over equipment energy.
    #[must_use]
    pub fn pue(&self) -> f64 {
        let site = self.site.as_ref().map(Site::pue);
        site.or_else(|| self.grid.as_ref().map(|grid| grid.pue)).unwrap_or(Self::DEFAULT_PUE)
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let nodes = Quantity::number(f64::from(self.nodes));
        let mut values: Vec<(String, Quantity)> = alloc::vec![("nodes".into(), nodes)];
        values.extend(self.mtbf.map(|mtbf| ("mtbf".into(), mtbf.into())));
        values
    }
}
