//! A workload on a system with limits to keep: latency, power, data.

use super::scorecard::{Level, Plan, Scorecard, Status, step};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::provenance::{Basis, Origins, Provenance};
use crate::registry::{Fabric, Fleet, Hardware, Model, Node};
use crate::resolve::cost::{Prices, cost};
use crate::resolve::distributed::{self, Request};
use crate::resolve::footprint::Period;
use crate::trace::NoTrace;
use crate::units::{Bytes, BytesPerSecond, Quantity, Seconds, Watts};
use crate::walls::data::ingestion::Feed;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What a scenario runs on.
#[derive(Debug, Clone, PartialEq)]
pub enum System {
    /// One machine, which infers.
    Machine(Hardware),
    /// A fleet, which trains.
    Fleet(Fleet),
}

impl System {
    /// The accelerator of the system.
    #[must_use]
    pub const fn accelerator(&self) -> &Hardware {
        match self {
            Self::Machine(machine) => machine,
            Self::Fleet(fleet) => &fleet.node.accelerator,
        }
    }
}

/// A workload on a system, with limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// The workload.
    pub model: Model,
    /// What it runs on.
    pub system: System,
    /// Data that the workload consumes per second.
    pub data_rate: Option<BytesPerSecond>,
    /// Longest time of a step.
    pub latency_limit: Option<Seconds>,
    /// Most power of the machine on average.
    pub power_budget: Option<Watts>,
}

/// A year of 365 days, for which costs are told.
const YEAR: Seconds = Seconds(365.0 * 86_400.0);
/// Share of the peak that is taken where nothing is known of the code.
const EFFICIENCY: f64 = 0.5;

impl Scenario {
    /// Returns the verdicts on the scenario.
    ///
    /// - *Feasibility*: the weights fit (of a fleet: the share of state that one device holds), and data arrives as
    ///   fast as the workload consumes it.
    /// - *Performance*: latency and power stay within their limits.
    /// - *Cost*: carbon and money of one year at full use.
    ///
    /// Under [`Convention::Upstream030`] a fleet must hold the whole model in one device, and power is not looked at.
    ///
    /// # Errors
    ///
    /// As the resolvers that it calls.
    pub fn evaluate(
        &self,
        batch: u32,
        precision: Precision,
        convention: Convention,
    ) -> Result<Scorecard> {
        let reference = convention == Convention::Reference;
        let accelerator = self.system.accelerator();
        let weights = self.model.weight_bytes(precision, convention)?;
        let (mut need, mut have) = (weights, accelerator.capacity);
        let (performance, fleet) = match &self.system {
            System::Machine(machine) => {
                let plan = Plan {
                    model: &self.model,
                    hardware: machine,
                    batch,
                    precision,
                    efficiency: EFFICIENCY,
                    fleet: None,
                    training: None,
                    duration: None,
                    place: None,
                };
                let profile = step(&plan, convention, &mut NoTrace)?;
                let power = profile.energy.map(|energy| energy / profile.time);
                let metrics = vec![
                    ("latency", profile.time.into()),
                    ("throughput", profile.throughput.into()),
                ];
                let power = power.filter(|_| reference);
                let level = self.performance(profile.time, power, metrics);
                let level = Level { bottleneck: Some(profile.bottleneck), ..level };
                (level, alone(machine.clone()))
            }
            System::Fleet(fleet) => {
                let request =
                    Request { batch, precision, efficiency: EFFICIENCY, ..Request::default() };
                let out =
                    distributed::solve(&self.model, fleet, &request, convention, &mut NoTrace)?;
                if reference {
                    (need, have) = (out.replica.memory.need, out.replica.memory.have);
                }
                let metrics = vec![
                    ("latency", out.step_time.into()),
                    ("throughput", out.throughput.into()),
                    ("scaling_efficiency", out.scaling_efficiency.into()),
                    ("mfu", (out.replica.mfu * out.scaling_efficiency).into()),
                    ("node_mfu", out.replica.mfu.into()),
                ];
                (self.performance(out.step_time, None, metrics), fleet.clone())
            }
        };
        let feasibility = self.feasibility(need, have, weights, convention)?;
        let (period, prices) = (Period::new(YEAR), Prices::default());
        let year = cost(&fleet, &period, &prices, None, convention, &mut NoTrace)?;
        let mut metrics: Vec<(&'static str, Quantity)> =
            vec![("carbon", year.footprint.footprint.carbon.into())];
        metrics.extend(year.total.map(|total| ("tco", total.into())));
        let summary = match year.total {
            Some(total) => format!("{total:.3} and {:.3} a year", year.footprint.footprint.carbon),
            None => format!("price unknown, {:.3} a year", year.footprint.footprint.carbon),
        };
        let cost = Level { status: Status::Pass, summary, metrics, bottleneck: None };
        Ok(Scorecard { feasibility, performance, cost })
    }

    fn feasibility(
        &self,
        need: Bytes,
        have: Bytes,
        weights: Bytes,
        convention: Convention,
    ) -> Result<Level> {
        let stalled = match self.data_rate {
            Some(rate) => {
                let accelerator = self.system.accelerator();
                let out = crate::resolve::ingestion(accelerator, rate, convention, &mut NoTrace)?;
                out.feed == Feed::Stalled
            }
            None => false,
        };
        let fits = need <= have;
        let summary = match (fits, stalled) {
            (true, false) => format!("needs {need:.3} of {have:.3}"),
            (false, _) => format!("needs {need:.3}, has {have:.3}"),
            (true, true) => String::from("data arrives more slowly than it is consumed"),
        };
        let status = if fits && !stalled { Status::Pass } else { Status::Fail };
        let metrics = vec![
            ("weight_size", weights.into()),
            ("capacity", have.into()),
            ("data_stalled", Quantity::number(f64::from(u8::from(stalled)))),
        ];
        Ok(Level { status, summary, metrics, bottleneck: None })
    }

    fn performance(
        &self,
        time: Seconds,
        power: Option<Watts>,
        mut metrics: Vec<(&'static str, Quantity)>,
    ) -> Level {
        let late = self.latency_limit.is_some_and(|limit| time > limit);
        let hungry = match (power, self.power_budget) {
            (Some(power), Some(budget)) => power > budget,
            _ => false,
        };
        metrics.extend(self.latency_limit.map(|limit| ("sla_latency", limit.into())));
        metrics.extend(power.map(|power| ("power", power.into())));
        metrics.extend(self.power_budget.map(|budget| ("power_budget", budget.into())));
        let status = if late || hungry { Status::Fail } else { Status::Pass };
        let summary = match (late, hungry) {
            (true, _) => format!("{time:.3} is longer than allowed"),
            (false, true) => String::from("draws more power than allowed"),
            (false, false) => format!("{time:.3} a step"),
        };
        Level { status, summary, metrics, bottleneck: None }
    }
}

/// A machine as a fleet of one node on 10 gigabit Ethernet.
fn alone(machine: Hardware) -> Fleet {
    let origin = Provenance::new(Basis::Convention, "one machine by itself");
    let network = BytesPerSecond(1.25e9);
    Fleet {
        id: machine.id.clone(),
        name: machine.name.clone(),
        node: Node {
            id: machine.id.clone(),
            name: machine.name.clone(),
            accelerator: machine,
            accelerators: 1,
            intra_bandwidth: network,
            nics: 1,
            psus: 2,
            psu_redundancy: 0,
            max_power: None,
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(origin.clone()),
        },
        nodes: 1,
        fabric: Fabric::new("10GbE", network, origin.clone()),
        grid: None,
        site: None,
        mtbf: None,
        origins: Origins::new(origin),
    }
}
