//! Three questions about one plan: does it fit, how fast is it, what does it cost?

use super::search::Evaluated;
use crate::composite::Settings;
use crate::composite::roofline::Bottleneck;
use crate::composite::single_node::{Fit, Profile};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Fleet, Hardware, Inference, Model};
use crate::resolve::cost::{FleetCost, Prices, cost};
use crate::resolve::distributed::{self, Distributed};
use crate::resolve::footprint::{Period, Place};
use crate::trace::Recorder;
use crate::units::{Quantity, Seconds};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// What a level of a scorecard comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Good.
    Pass,
    /// Good, with little to spare.
    Warning,
    /// Not good.
    Fail,
    /// Not asked, or not known.
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

/// One level: a verdict, a sentence, and the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The verdict.
    pub status: Status,
    /// One sentence.
    pub summary: String,
    /// Names and values.
    pub metrics: Vec<(&'static str, Quantity)>,
    /// What one step on one machine is bound by.
    pub bottleneck: Option<Bottleneck>,
}

impl Level {
    pub(super) fn skipped(why: &str) -> Self {
        Self { status: Status::Skipped, summary: why.into(), metrics: Vec::new(), bottleneck: None }
    }

    /// The metric of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<Quantity> {
        self.metrics.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The verdicts on a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// Does it fit?
    pub feasibility: Level,
    /// How fast is it?
    pub performance: Level,
    /// What does it cost?
    pub cost: Level,
}

impl Scorecard {
    /// Whether no level fails.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.levels().iter().all(|(_, level)| level.status != Status::Fail)
    }

    /// The levels with their names.
    #[must_use]
    pub const fn levels(&self) -> [(&'static str, &Level); 3] {
        [
            ("feasibility", &self.feasibility),
            ("performance", &self.performance),
            ("cost", &self.cost),
        ]
    }

    /// The metrics as a search reads them, for example `performance.latency`.
    #[must_use]
    pub fn evaluated(&self) -> Evaluated {
        let infeasible =
            (self.feasibility.status == Status::Fail).then(|| self.feasibility.summary.to_string());
        let mut metrics = Vec::new();
        for (level, content) in self.levels() {
            let named = content.metrics.iter();
            metrics.extend(named.map(|(name, value)| (format!("{level}.{name}"), *value)));
        }
        Evaluated { infeasible, metrics }
    }
}

/// A plan to judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan<'a> {
    /// The model.
    pub model: &'a Model,
    /// The machine that runs one step, where no fleet trains.
    pub hardware: &'a Hardware,
    /// Sequences or inputs in one step.
    pub batch: u32,
    /// Number format.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
    /// The fleet that is paid for.
    pub fleet: Option<&'a Fleet>,
    /// How that fleet trains; `None` for one step of inference on one machine.
    pub training: Option<distributed::Request>,
    /// How long the fleet is paid for.
    pub duration: Option<Seconds>,
    /// Where the fleet stands; `None` for where its record says.
    pub place: Option<Place<'a>>,
}

/// Share of the memory above which a plan that fits has little to spare.
const TIGHT: f64 = 0.9;

/// Returns the verdicts on a plan.
///
/// Under [`Convention::Upstream030`] the fit of a training fleet is not asked, its use is taken as full where costs
/// are computed, and there are no warnings.
///
/// # Errors
///
/// As the resolvers that it calls: [`Model::inference`], [`distributed::solve`], [`cost`].
pub fn scorecard<R: Recorder>(
    plan: &Plan<'_>,
    convention: Convention,
    trace: &mut R,
) -> Result<Scorecard> {
    let upstream = convention == Convention::Upstream030;
    let (feasibility, performance, utilization) = match (plan.fleet, plan.training) {
        (Some(fleet), Some(request)) => {
            let request = distributed::Request {
                batch: plan.batch,
                precision: plan.precision,
                efficiency: plan.efficiency,
                ..request
            };
            let step = distributed::solve(plan.model, fleet, &request, convention, trace)?;
            let feasibility = if upstream {
                Level::skipped("the memory of a training fleet is not checked")
            } else {
                fit(&step.replica.memory, convention)
            };
            let used = if upstream { 1.0 } else { step.replica.mfu * step.scaling_efficiency };
            (feasibility, training(&step), used)
        }
        _ => {
            let profile = step(plan, convention, trace)?;
            (fit(&profile.memory, convention), single(&profile), profile.mfu)
        }
    };
    let cost = match (plan.fleet, plan.duration) {
        (Some(fleet), Some(_))
            if !upstream
                && plan.place.is_none()
                && fleet.grid.is_none()
                && fleet.site.is_none() =>
        {
            Level::skipped(
                "no grid or site is named, so carbon and the price of energy are unknown",
            )
        }
        (Some(fleet), Some(duration)) => {
            let period = Period { utilization, ..Period::new(duration) };
            let prices = Prices::default();
            paid(&cost(fleet, &period, &prices, plan.place, convention, trace)?)
        }
        _ => Level::skipped("no fleet and no duration to pay for"),
    };
    Ok(Scorecard { feasibility, performance, cost })
}

pub(super) fn step<R: Recorder>(
    plan: &Plan<'_>,
    convention: Convention,
    trace: &mut R,
) -> Result<Profile> {
    let step = Inference { batch: plan.batch, ..Inference::default() };
    let work = plan.model.inference(&step, plan.precision, convention, trace)?;
    let device = plan.hardware.device(plan.precision, convention)?;
    let settings = Settings { efficiency: plan.efficiency, ..Settings::default() };
    crate::composite::single_node::evaluate(&work, &device, &settings, convention, trace)
}

fn fit(memory: &Fit, convention: Convention) -> Level {
    let used = memory.need / memory.have;
    let status = match (memory.fits, convention) {
        (false, _) => Status::Fail,
        (true, Convention::Reference) if used > TIGHT => Status::Warning,
        (true, _) => Status::Pass,
    };
    let summary = if memory.fits {
        format!("needs {:.3} of {:.3}", memory.need, memory.have)
    } else {
        format!("needs {:.3}, has {:.3}, short by {:.3}", memory.need, memory.have, memory.short_by)
    };
    let metrics = vec![
        ("memory_used", memory.need.into()),
        ("memory_capacity", memory.have.into()),
        ("memory_utilization", used.into()),
    ];
    Level { status, summary, metrics, bottleneck: None }
}

fn single(profile: &Profile) -> Level {
    let status = if profile.memory.fits { Status::Pass } else { Status::Fail };
    let summary = format!(
        "{:.3} a step, bound by {}{}",
        profile.time,
        profile.bottleneck.key().to_lowercase(),
        if profile.overhead_dominated { ", mostly overhead" } else { "" }
    );
    let metrics = vec![
        ("latency", profile.time.into()),
        ("throughput", profile.throughput.into()),
        ("mfu", profile.mfu.into()),
    ];
    Level { status, summary, metrics, bottleneck: Some(profile.bottleneck) }
}

fn training(step: &Distributed) -> Level {
    let summary = format!(
        "{:.3} a step, {:.0} % of it work",
        step.step_time,
        100.0 * step.scaling_efficiency
    );
    let metrics = vec![
        ("step_latency", step.step_time.into()),
        ("comm_overhead", step.communication_time().into()),
        ("fleet_throughput", step.throughput.into()),
        ("mfu", (step.replica.mfu * step.scaling_efficiency).into()),
        ("node_mfu", step.replica.mfu.into()),
        ("scaling_efficiency", step.scaling_efficiency.into()),
    ];
    Level { status: Status::Pass, summary, metrics, bottleneck: None }
}

fn paid(cost: &FleetCost) -> Level {
    let mut metrics: Vec<(&'static str, Quantity)> = vec![
        ("energy_cost", cost.energy.into()),
        ("carbon_footprint", cost.footprint.footprint.carbon.into()),
    ];
    let summary = match (cost.total, cost.capital) {
        (Some(total), Some(capital)) => {
            metrics.extend([("tco", total.into()), ("capex", capital.into())]);
            format!("{total:.3} in all, {:.3} of it energy", cost.energy)
        }
        _ => format!("the accelerator's price is unknown; {:.3} besides", cost.known),
    };
    Level { status: Status::Pass, summary, metrics, bottleneck: None }
}
