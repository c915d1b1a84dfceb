//! What a plan comes to: does it fit, how fast is it, what does it use; and which of its limits it breaks.

use super::{Assertion, Plan};
use crate::composite::Settings;
use crate::composite::single_node::Profile;
use crate::convention::Convention;
use crate::error::Result;
use crate::registry::Inference;
use crate::trace::Trace;
use crate::units::{Joules, KgCo2, Seconds, Usd};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Every metric that a limit may be put on, with its unit.
pub(super) const METRICS: [(&str, &str); 12] = [
    ("feasibility.memory_used_gb", "GB"),
    ("feasibility.memory_capacity_gb", "GB"),
    ("feasibility.memory_utilization", ""),
    ("performance.latency", "ms"),
    ("performance.step_latency", "ms"),
    ("performance.throughput", "1/s"),
    ("performance.fleet_throughput", "1/s"),
    ("performance.mfu", ""),
    ("performance.energy_per_step", "J"),
    ("macro.energy_kwh", "kWh"),
    ("macro.carbon_footprint", "t"),
    ("macro.energy_cost", "USD"),
];

/// How one level of a plan came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It holds.
    Pass,
    /// It holds barely.
    Warning,
    /// It does not hold.
    Fail,
    /// The plan says too little to tell.
    Skipped,
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warning => "WARNING",
            Self::Fail => "FAIL",
            Self::Skipped => "SKIPPED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

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
    /// One step on one accelerator.
    pub profile: Profile,
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
    /// The accelerators work side by side, each on its share of the batch, without talking to each other: inference on
    /// copies of the model. The slowest of them, which has the largest share, sets the time of a step.
    ///
    /// # Errors
    ///
    /// As [`Model::inference`](crate::registry::Model::inference) and
    /// [`Hardware::continue_trace`](crate::registry::Hardware::continue_trace).
    pub fn evaluate(&self, convention: Convention) -> Result<Report> {
        let mut trace = Trace::new();
        self.model.announce(&mut trace);
        let each = self.batch.div_ceil(self.accelerators);
        let step = Inference { batch: each, context: self.seq_len };
        let work = self.model.inference(&step, self.precision, convention, &mut trace)?;
        let settings = Settings { efficiency: self.efficiency, ..Settings::default() };
        let (profile, trace) =
            self.hardware.continue_trace(&work, self.precision, &settings, convention, trace)?;
        let levels =
            [self.feasibility(&profile), self.performance(&profile), self.macros(&profile)];
        let mut report = Report { levels, violations: Vec::new(), profile, trace };
        report.violations =
            self.assertions.iter().filter_map(|assertion| violation(assertion, &report)).collect();
        Ok(report)
    }

    /// Accelerators that have work: no more than there are items.
    fn busy(&self) -> f64 {
        f64::from(self.accelerators.min(self.batch))
    }

    fn feasibility(&self, profile: &Profile) -> Level {
        let memory = &profile.memory;
        let utilization = memory.need / memory.have;
        let status = if !profile.feasible() {
            Status::Fail
        } else if utilization > TIGHT {
            Status::Warning
        } else {
            Status::Pass
        };
        let known = if self.model.knows_working_bytes() { "" } else { " and its activations" };
        Level {
            name: "feasibility",
            status,
            summary: format!(
                "{:.4} of {:.4} on each accelerator{known}",
                crate::units::Quantity::from(memory.need),
                crate::units::Quantity::from(memory.have)
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
        let idle =
            if idle > 0 { format!("; {idle} accelerators have no work") } else { String::new() };
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

    fn macros(&self, profile: &Profile) -> Level {
        let name = "macro";
        let Some(ops) = &self.ops else {
            let summary = "the plan names no region and no duration".into();
            return Level { name, status: Status::Skipped, summary, metrics: Vec::new() };
        };
        // The energy of a step over its time is the mean power; idle accelerators draw their idle share.
        let energy = self.hardware.power.zip(profile.energy).map(|(power, step)| {
            let busy = if profile.time > Seconds::ZERO { step.0 / profile.time.0 } else { power.0 };
            let idle_share = self.hardware.idle_share.unwrap_or(crate::composite::IDLE_SHARE);
            let waiting = f64::from(self.accelerators) - self.busy();
            let watts = busy * self.busy() + power.0 * idle_share * waiting;
            Joules(watts * ops.duration.0 * ops.grid.pue)
        });
        let carbon = energy.map(|energy| KgCo2(energy.0 * ops.grid.carbon_intensity.0));
        let cost = energy.zip(ops.grid.price).map(|(energy, price)| Usd(energy.0 * price.0));
        let summary = energy.map_or_else(
            || String::from("the machine has no power on record"),
            |energy| {
                format!(
                    "{:.0} kWh in {:.1} days on the grid {}, PUE {}",
                    energy.0 / 3.6e6,
                    ops.duration.0 / 86_400.0,
                    ops.grid.name,
                    ops.grid.pue
                )
            },
        );
        Level {
            name,
            status: if energy.is_some() { Status::Pass } else { Status::Skipped },
            summary,
            metrics: vec![
                metric("macro.energy_kwh", energy.map(|energy| energy.0 / 3.6e6)),
                metric("macro.carbon_footprint", carbon.map(|carbon| carbon.0 / 1e3)),
                metric("macro.energy_cost", cost.map(|cost| cost.0)),
            ],
        }
    }
}

fn metric(name: &'static str, value: Option<f64>) -> Metric {
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
