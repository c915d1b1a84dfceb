//! A workload on a system with limits to keep: latency, power, data.

use super::scorecard::{Level, Plan, Scorecard, Status, step};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::provenance::{Basis, Origins, Provenance};
use crate::registry::{Fabric, Fleet, Grid, Hardware, Model, Node};
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
#[expect(clippy::large_enum_variant, reason = "a scenario has one system")]
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
    /// The grid that feeds a machine; a fleet's record names its own.
    pub grid: Option<Grid>,
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
                (level, alone(machine.clone(), self.grid.clone()))
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
        let cost = if reference && fleet.grid.is_none() && fleet.site.is_none() {
            Level::skipped(
                "no grid or site is named, so carbon and the price of energy are unknown",
            )
        } else {
            year(&fleet, convention)?
        };
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

/// Carbon and money of one year at full use.
fn year(fleet: &Fleet, convention: Convention) -> Result<Level> {
    let (period, prices) = (Period::new(YEAR), Prices::default());
    let year = cost(fleet, &period, &prices, None, convention, &mut NoTrace)?;
    let carbon = year.footprint.footprint.carbon;
    let mut metrics: Vec<(&'static str, Quantity)> = vec![("carbon", carbon.into())];
    metrics.extend(year.total.map(|total| ("tco", total.into())));
    let summary = match year.total {
        Some(total) => format!("{total:.3} and {carbon:.3} a year"),
        None => format!("price unknown, {carbon:.3} a year"),
    };
    Ok(Level { status: Status::Pass, summary, metrics, bottleneck: None })
}

/// A machine as a fleet of one node on 10 gigabit Ethernet.
fn alone(machine: Hardware, grid: Option<Grid>) -> Fleet {
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
        grid,
        site: None,
        mtbf: None,
        origins: Origins::new(origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Family;
    use crate::units::{FlopPerSecond, KgCo2PerJoule, Params, Usd};

    fn doorbell(latency_limit: f64, power_budget: f64) -> Scenario {
        let origin = || Provenance::new(Basis::Estimate, "test");
        let mut model = Model::new("wake", Family::Convolutional, origin());
        (model.parameters, model.ops) = (Some(Params(1e5)), Some(crate::units::Flop(1e7)));
        model.working_elements = Some(1e4);
        let (peak, bandwidth) = (FlopPerSecond(1e9), BytesPerSecond(1e8));
        let mut board = Hardware::new("board", peak, bandwidth, Bytes(1e6), origin());
        board.rates = vec![(Precision::Int8, peak)];
        board.power = Some(Watts(0.2));
        board.unit_cost = Some(Usd(10.0));
        board.dispatch = Some(Seconds(0.0));
        board.layer_time = Some(Seconds(0.0));
        Scenario {
            name: "doorbell".into(),
            model,
            system: System::Machine(board),
            data_rate: None,
            latency_limit: Some(Seconds(latency_limit)),
            power_budget: Some(Watts(power_budget)),
            grid: Some(Grid::new("grid", KgCo2PerJoule(1e-7), origin())),
        }
    }

    fn judge(scenario: &Scenario, convention: Convention) -> Scorecard {
        scenario.evaluate(1, Precision::Int8, convention).unwrap()
    }

    #[test]
    fn each_limit_is_kept_or_broken_by_itself() {
        // 10 MFLOP at half of 1 GFLOP/s take 20 ms, at no more than 0.2 W.
        let kept = judge(&doorbell(0.021, 0.2), Convention::Reference);
        assert_eq!((kept.performance.status, kept.passes()), (Status::Pass, true));
        let late = judge(&doorbell(0.019, 0.2), Convention::Reference);
        assert_eq!(late.performance.status, Status::Fail);
        let hungry = judge(&doorbell(0.021, 0.01), Convention::Reference);
        assert_eq!(hungry.performance.status, Status::Fail);
        // The Python package does not look at power.
        let unseen = judge(&doorbell(0.021, 0.01), Convention::Upstream030);
        assert_eq!(unseen.performance.status, Status::Pass);
    }

    #[test]
    fn a_fleet_is_judged_by_what_one_device_holds() {
        let origin = || Provenance::new(Basis::Estimate, "test");
        let System::Machine(mut board) = doorbell(1.0, 1.0).system else { unreachable!() };
        board.rates = vec![(Precision::Fp16, FlopPerSecond(1e15))];
        board.capacity = Bytes(80e9);
        let mut fleet = alone(board, None);
        (fleet.nodes, fleet.node.accelerators) = (2, 8);
        let mut model = Model::new("lm", Family::Decoder, origin());
        model.parameters = Some(Params(1e9));
        (model.layers, model.hidden, model.heads) = (Some(16), Some(2048), Some(16));
        let training = Scenario { model, system: System::Fleet(fleet), ..doorbell(1e9, 1e9) };
        let judged = |convention| training.evaluate(16, Precision::Fp16, convention).unwrap();
        let capacity = |card: &Scorecard| card.feasibility.metric("weight_size").unwrap().value;
        let (reference, upstream) =
            (judged(Convention::Reference), judged(Convention::Upstream030));
        // 2 GB of weights fit one device; with gradients and optimizer state more is needed than weights alone.
        assert!((capacity(&reference) - 2e9).abs() < 1.0 && upstream.passes());
        assert_ne!(reference.feasibility.summary, upstream.feasibility.summary);
        assert_eq!(reference.cost.status, Status::Skipped, "no grid");
    }
}
