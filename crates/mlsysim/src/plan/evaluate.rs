//! What a plan comes to: does it fit, how fast is it, what does it use; and which of its limits it breaks.

use super::{Assertion, Plan, Training, TrainingReport};
use crate::composite::Settings;
use crate::composite::single_node::{Fit, Profile};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::evaluate::scorecard::Status;
use crate::provenance::{Basis, Origins, Provenance};
use crate::registry::{Fabric, Fleet, Inference, Node};
use crate::resolve::cost::{Prices, cost};
use crate::resolve::footprint::{Period, Place};
use crate::trace::{NoTrace, Trace};
use crate::units::{Quantity, Seconds};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Every metric that a limit may be put on, with its unit.
pub(super) const METRICS: [(&str, &str); 23] = [
    ("feasibility.memory_used_gb", "GB"),
    ("feasibility.memory_capacity_gb", "GB"),
    ("feasibility.memory_utilization", ""),
    ("performance.latency", "ms"),
    ("performance.step_latency", "ms"),
    ("performance.throughput", "1/s"),
    ("performance.fleet_throughput", "1/s"),
    ("performance.token_throughput", "token/s"),
    ("performance.mfu", ""),
    ("performance.node_mfu", ""),
    ("performance.scaling_efficiency", ""),
    ("performance.comm_overhead", "ms"),
    ("performance.energy_per_step", "J"),
    ("performance.run_steps", ""),
    ("performance.run_days", "days"),
    ("performance.run_tokens", "token"),
    ("macro.energy_kwh", "kWh"),
    ("macro.energy_cost", "USD"),
    ("macro.capex", "USD"),
    ("macro.tco_usd", "USD"),
    ("macro.carbon_footprint", "t"),
    ("macro.operational_carbon", "t"),
    ("macro.water_m3", "m^3"),
];

/// A number of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its full name, such as `performance.latency`.
    pub name: &'static str,
    /// Its unit; nothing for a share.
    pub unit: &'static str,
    /// Its value in that unit; `None` if a record does not say enough.
    pub value: Option<f64>,
}

/// One level of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// `feasibility`, `performance` or `macro`.
    pub name: &'static str,
    /// How it came out.
    pub status: Status,
    /// The outcome in a sentence.
    pub summary: String,
    /// Its numbers.
    pub metrics: Vec<Metric>,
}

/// A limit that does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The metric.
    pub metric: String,
    /// Value and limit in a sentence.
    pub message: String,
}

/// What a plan comes to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Whether it fits, how fast it is, what it uses: in this order.
    pub levels: [Level; 3],
    /// The limits that do not hold, in the order of the plan.
    pub violations: Vec<Violation>,
    /// One step of inference on one accelerator, or of training on one copy of the model without its messages.
    pub profile: Profile,
    /// The training step and its run, if the plan trains.
    pub training: Option<TrainingReport>,
    /// Share of the peak of all accelerators that is used.
    pub utilization: f64,
    /// How long the accelerators are used, if the plan says.
    pub duration: Option<Seconds>,
    /// How that step came about.
    pub trace: Trace,
}

impl Report {
    /// Whether the plan fits into the memory it has.
    #[must_use]
    pub fn feasible(&self) -> bool {
        self.levels[0].status != Status::Fail
    }

    /// The number of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.levels.iter().flat_map(|level| &level.metrics).find(|metric| metric.name == name)
    }
}

/// Memory use above which a plan that fits is warned about.
const TIGHT: f64 = 0.9;

impl Plan {
    /// Computes the plan.
    ///
    /// A plan that trains prices a step on all its accelerators, see [`crate::evaluate::training::train`]. Otherwise they
    /// work side by side, each on its share of the batch, without talking to each other: inference on copies of the
    /// model. The slowest of them, which has the largest share, sets the time of a step.
    ///
    /// Under [`Convention::Upstream030`] every plan of more than one accelerator trains, as in the Python package: on
    /// copies where no layout is named, without a look at the memory, and paid for as if fully used.
    ///
    /// # Errors
    ///
    /// As [`crate::evaluate::training::train`] for training, else as
    /// [`Model::inference`](crate::registry::Model::inference) and
    /// [`Hardware::continue_trace`](crate::registry::Hardware::continue_trace).
    pub fn evaluate(&self, convention: Convention) -> Result<Report> {
        let upstream = convention == Convention::Upstream030;
        match self.training {
            Some(training) => self.evaluate_training(&training, convention),
            None if upstream && self.accelerators > 1 => {
                self.evaluate_training(&Training::default(), convention)
            }
            None => self.evaluate_inference(convention),
        }
    }

    fn evaluate_inference(&self, convention: Convention) -> Result<Report> {
        let mut trace = Trace::new();
        self.model.announce(&mut trace);
        let each = self.batch.div_ceil(self.accelerators);
        let step = Inference { batch: each, context: self.seq_len };
        let work = self.model.inference(&step, self.precision, convention, &mut trace)?;
        let settings = Settings { efficiency: self.efficiency, ..Settings::default() };
        let (profile, trace) =
            self.hardware.continue_trace(&work, self.precision, &settings, convention, trace)?;
        // What is busy is used as far as the step uses it; an accelerator without work is not used at all.
        let utilization = profile.hfu * self.busy() / f64::from(self.accelerators);
        let duration = self.ops.as_ref().map(|ops| ops.duration);
        let levels = [
            self.feasibility(&profile.memory),
            self.performance(&profile),
            self.macros(utilization, duration, convention)?,
        ];
        let report = Report {
            levels,
            violations: Vec::new(),
            profile,
            training: None,
            utilization,
            duration,
            trace,
        };
        Ok(self.checked(report))
    }

    /// The report with the limits that it breaks.
    pub(super) fn checked(&self, report: Report) -> Report {
        let broken = self.assertions.iter().filter_map(|assertion| violation(assertion, &report));
        Report { violations: broken.collect(), ..report }
    }

    /// Accelerators that have work: no more than there are items.
    fn busy(&self) -> f64 {
        f64::from(self.accelerators.min(self.batch))
    }

    pub(super) fn feasibility(&self, memory: &Fit) -> Level {
        let utilization = memory.need / memory.have;
        let status = if !memory.fits {
            Status::Fail
        } else if utilization > TIGHT {
            Status::Warning
        } else {
            Status::Pass
        };
        let known = if self.training.is_some() || self.model.knows_working_bytes() {
            ""
        } else {
            " and its activations"
        };
        Level {
            name: "feasibility",
            status,
            summary: format!(
                "{:.4} of {:.4} on each accelerator{known}",
                Quantity::from(memory.need),
                Quantity::from(memory.have)
            ),
            metrics: vec![
                metric("feasibility.memory_used_gb", Some(memory.need.0 / 1e9)),
                metric("feasibility.memory_capacity_gb", Some(memory.have.0 / 1e9)),
                metric("feasibility.memory_utilization", Some(utilization)),
            ],
        }
    }

    fn performance(&self, profile: &Profile) -> Level {
        let latency = profile.time.0 * 1e3;
        let rate =
            if profile.time > Seconds::ZERO { f64::from(self.batch) / profile.time.0 } else { 0.0 };
        let idle = self.accelerators - self.accelerators.min(self.batch);
        let idle = match (self.accelerators, idle) {
            (1, _) => String::new(),
            (all, 0) => format!("; inference on {all} copies"),
            (all, 1) => format!("; inference on {} copies, 1 accelerator has no work", all - 1),
            (all, idle) => {
                format!("; inference on {} copies, {idle} accelerators have no work", all - idle)
            }
        };
        let limit =
            if profile.overhead_dominated { "fixed time" } else { profile.bottleneck.key() };
        Level {
            name: "performance",
            status: if profile.feasible() { Status::Pass } else { Status::Fail },
            summary: format!(
                "{latency:.3} ms a step of {} items, limited by {}{idle}",
                self.batch,
                limit.to_ascii_lowercase()
            ),
            metrics: vec![
                metric("performance.latency", Some(latency)),
                metric("performance.step_latency", Some(latency)),
                metric("performance.throughput", Some(rate)),
                metric("performance.fleet_throughput", Some(rate)),
                metric("performance.mfu", Some(profile.mfu)),
                metric(
                    "performance.energy_per_step",
                    profile.energy.map(|energy| energy.0 * self.busy()),
                ),
            ],
        }
    }

    pub(super) fn macros(
        &self,
        utilization: f64,
        duration: Option<Seconds>,
        convention: Convention,
    ) -> Result<Level> {
        let name = "macro";
        let (Some(ops), Some(duration)) = (&self.ops, duration) else {
            let missing = if duration.is_some() { "region" } else { "region and no duration" };
            let summary = format!("the plan names no {missing}");
            return Ok(Level { name, status: Status::Skipped, summary, metrics: Vec::new() });
        };
        let period = Period { utilization, ..Period::new(duration) };
        let place = Some(Place::Grid(&ops.grid));
        let fleet = self.fleet();
        let cost = cost(&fleet, &period, &Prices::default(), place, convention, &mut NoTrace);
        let cost = match cost {
            Ok(cost) => cost,
            Err(Error::ModelIncomplete { what, remedy, .. }) => {
                let summary = format!("not known: {what}; {remedy}");
                return Ok(Level { name, status: Status::Skipped, summary, metrics: Vec::new() });
            }
            Err(error) => return Err(error),
        };
        let used = &cost.footprint.footprint;
        let kwh = used.facility_energy.0 / 3.6e6;
        let embodied =
            if cost.footprint.embodied_known { "" } else { "; making the machines is not counted" };
        let price = if cost.total.is_some() { "" } else { "; the machine has no price on record" };
        Ok(Level {
            name,
            status: Status::Pass,
            summary: format!(
                "{kwh:.0} kWh in {:.4} days on the grid {}, PUE {}{embodied}{price}",
                days(duration),
                ops.grid.name,
                cost.footprint.pue
            ),
            metrics: vec![
                metric("macro.energy_kwh", Some(kwh)),
                metric("macro.energy_cost", Some(cost.energy.0)),
                metric("macro.capex", cost.capital.map(|usd| usd.0)),
                metric("macro.tco_usd", cost.total.map(|usd| usd.0)),
                metric("macro.carbon_footprint", Some(used.carbon.0 / 1e3)),
                metric("macro.operational_carbon", Some(used.operational_carbon.0 / 1e3)),
                metric("macro.water_m3", Some(used.water.0)),
            ],
        })
    }

    /// The accelerators of the plan as a fleet at its place.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        let origin = || Provenance::new(Basis::Estimate, format!("the plan `{}`", self.name));
        let node = Node {
            id: String::from("node"),
            name: format!("node of the plan `{}`", self.name),
            accelerator: self.hardware.clone(),
            accelerators: self.accelerators_per_node,
            intra_bandwidth: self.intra_node.unwrap_or(self.fabric),
            nics: 1,
            psus: 2,
            psu_redundancy: 0,
            max_power: None,
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(origin()),
        };
        Fleet {
            id: String::from("fleet"),
            name: self.name.clone(),
            node,
            nodes: self.accelerators / self.accelerators_per_node,
            fabric: Fabric::new("fabric", self.fabric, origin()),
            grid: self.ops.as_ref().map(|ops| ops.grid.clone()),
            site: None,
            mtbf: None,
            origins: Origins::new(origin()),
        }
    }
}

/// A time in days, in as many digits as matter.
fn days(time: Seconds) -> Quantity {
    Quantity::number(time.0 / 86_400.0)
}

pub(super) fn metric(name: &'static str, value: Option<f64>) -> Metric {
    let unit = METRICS.iter().find(|known| known.0 == name).map_or("", |known| known.1);
    // JSON and comparisons know no infinity: an endless value is as good as an unknown one.
    Metric { name, unit, value: value.filter(|value| value.is_finite()) }
}

fn violation(assertion: &Assertion, report: &Report) -> Option<Violation> {
    let found = report.metric(&assertion.metric);
    let message = match found.and_then(|metric| Some((metric, metric.value?))) {
        None => format!("{} is not known", assertion.metric),
        Some((metric, value)) => {
            let unit =
                if metric.unit.is_empty() { String::new() } else { format!(" {}", metric.unit) };
            match (assertion.min, assertion.max) {
                (_, Some(max)) if value > max => {
                    format!("{} is {value:.6}{unit}, above the limit of {max}{unit}", metric.name)
                }
                (Some(min), _) if value < min => {
                    format!("{} is {value:.6}{unit}, below the limit of {min}{unit}", metric.name)
                }
                _ => return None,
            }
        }
    };
    Some(Violation { metric: assertion.metric.clone(), message })
}
