//! Resolvers one after the other, each with what the ones before it found.
//!
//! A pipeline is checked before it runs: every port that a stage needs is given or produced earlier, or the mistake is
//! told for all stages at once.
//! Results are kept by stage, so that nothing is overwritten; what a later stage takes from an earlier one is listed in
//! [`Stage::produces`].

mod scaling;

pub use scaling::Scaled;

use super::scorecard::{Plan, step};
use crate::composite::single_node::Profile;
use crate::convention::Convention;
use crate::error::{Error, PipelineError, Result};
use crate::precision::Precision;
use crate::registry::{Fleet, Hardware, Model};
use crate::resolve::checkpoint::{Saving, checkpoint};
use crate::resolve::cost::{FleetCost, Prices, cost};
use crate::resolve::distributed::{self, Distributed};
use crate::resolve::footprint::{FleetFootprint, Period, Place, footprint};
use crate::resolve::fragility::{Fragility, Job, fragility};
use crate::resolve::serving::{Serve, Serving, serving};
use crate::trace::NoTrace;
use crate::units::{Flop, Hertz, Seconds, Tokens};
use crate::walls::algorithm::complexity::Fit;
use crate::walls::node::tail_latency::{Queue, QueueIn, QueueOut};
use crate::walls::operations::checkpoint::CheckpointOut;
use crate::walls::solve;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::fmt;

/// Something that a stage needs or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
    /// Operations to spend on training.
    Budget,
    /// Tokens to train on.
    Tokens,
    /// A model.
    Model,
    /// A machine.
    Hardware,
    /// A fleet.
    Fleet,
    /// A share of the peak that is used.
    Utilization,
    /// A time between requests' arrivals.
    ArrivalRate,
    /// A time that one request takes.
    ServiceTime,
    /// The length of a period.
    Duration,
    /// The length of a job.
    JobDuration,
}

impl Port {
    /// The word in messages.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Tokens => "tokens",
            Self::Model => "model",
            Self::Hardware => "hardware",
            Self::Fleet => "fleet",
            Self::Utilization => "utilization",
            Self::ArrivalRate => "arrival_rate",
            Self::ServiceTime => "service_time",
            Self::Duration => "duration",
            Self::JobDuration => "job_duration",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// A resolver in a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// What a training budget is spent on: wall 11.
    ///
    /// The best model for the budget and its tokens; of a model that is given, the tokens that the budget trains it on.
    Scaling,
    /// One step on one machine: walls 1 and 2.
    SingleNode,
    /// One training step on a fleet: wall 14.
    Distributed,
    /// First token and pace of a service: wall 4.
    Serving,
    /// The slow tail of a service: wall 7.
    TailLatency,
    /// Failures of a fleet: wall 15.
    Fragility,
    /// Saving state: wall 19.
    Checkpoint,
    /// Money: wall 17.
    Capital,
    /// Energy, carbon, water: wall 18.
    Sustainability,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 9] = [
        Self::Scaling,
        Self::SingleNode,
        Self::Distributed,
        Self::Serving,
        Self::TailLatency,
        Self::Fragility,
        Self::Checkpoint,
        Self::Capital,
        Self::Sustainability,
    ];

    /// The word in configurations and messages.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Scaling => "scaling",
            Self::SingleNode => "single_node",
            Self::Distributed => "distributed",
            Self::Serving => "serving",
            Self::TailLatency => "tail_latency",
            Self::Fragility => "fragility",
            Self::Checkpoint => "checkpoint",
            Self::Capital => "capital",
            Self::Sustainability => "sustainability",
        }
    }

    /// The walls it asks.
    #[must_use]
    pub const fn walls(self) -> &'static [u8] {
        match self {
            Self::Scaling => &[11],
            Self::SingleNode => &[1, 2],
            Self::Distributed => &[14],
            Self::Serving => &[4],
            Self::TailLatency => &[7],
            Self::Fragility => &[15],
            Self::Checkpoint => &[19],
            Self::Capital => &[17],
            Self::Sustainability => &[18],
        }
    }

    /// What it must have.
    #[must_use]
    pub const fn requires(self) -> &'static [Port] {
        match self {
            Self::Scaling => &[Port::Budget],
            Self::SingleNode | Self::Serving | Self::Checkpoint => &[Port::Model, Port::Hardware],
            Self::Distributed => &[Port::Model, Port::Fleet],
            Self::TailLatency => &[Port::ArrivalRate, Port::ServiceTime],
            Self::Fragility => &[Port::Fleet, Port::JobDuration],
            Self::Capital | Self::Sustainability => &[Port::Fleet, Port::Duration],
        }
    }

    /// What later stages can take from it.
    ///
    /// A [`Stage::Distributed`] that knows how many tokens there are to train on gives the duration of the run too, which
    /// is that of the job.
    #[must_use]
    pub const fn produces(self) -> &'static [Port] {
        match self {
            Self::Scaling => &[Port::Model, Port::Tokens],
            Self::SingleNode | Self::Distributed => &[Port::Utilization],
            Self::Serving => &[Port::ServiceTime],
            Self::TailLatency
            | Self::Fragility
            | Self::Checkpoint
            | Self::Capital
            | Self::Sustainability => &[],
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// What is given at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inputs<'a> {
    /// Operations to spend on training.
    pub budget: Option<Flop>,
    /// The fit of the loss by which they are spent.
    pub fit: Fit,
    /// Tokens to train on; an earlier stage's result otherwise.
    pub tokens: Option<Tokens>,
    /// The model; otherwise the one for which an earlier stage spends the budget.
    pub model: Option<&'a Model>,
    /// The machine.
    pub hardware: Option<&'a Hardware>,
    /// The fleet.
    pub fleet: Option<&'a Fleet>,
    /// Where the fleet stands; `None` for where its record says.
    pub place: Option<Place<'a>>,
    /// How a fleet trains; batch, precision and efficiency of a single step are taken from here too.
    pub training: distributed::Request,
    /// Prompt tokens of a request.
    pub seq_len: u32,
    /// Answer tokens of a request, which make up its service time.
    pub output_tokens: u32,
    /// Requests per second.
    pub arrival_rate: Option<Hertz>,
    /// Time of one request; an earlier stage's result otherwise.
    pub service_time: Option<Seconds>,
    /// Replicas that serve.
    pub replicas: u32,
    /// Share of the peak that is used; an earlier stage's result otherwise, else all of it.
    pub utilization: Option<f64>,
    /// Length of the period that is paid for; an earlier stage's training run otherwise.
    pub duration: Option<Seconds>,
    /// Length of the job that may fail; an earlier stage's training run otherwise.
    pub job_duration: Option<Seconds>,
}

impl Default for Inputs<'_> {
    fn default() -> Self {
        Self {
            budget: None,
            fit: Fit::Besiroglu2024,
            tokens: None,
            model: None,
            hardware: None,
            fleet: None,
            place: None,
            training: distributed::Request::default(),
            seq_len: 2048,
            output_tokens: 128,
            arrival_rate: None,
            service_time: None,
            replicas: 1,
            utilization: None,
            duration: None,
            job_duration: None,
        }
    }
}

impl Inputs<'_> {
    const fn has(&self, port: Port) -> bool {
        match port {
            Port::Budget => self.budget.is_some(),
            Port::Tokens => self.tokens.is_some(),
            Port::Model => self.model.is_some(),
            Port::Hardware => self.hardware.is_some(),
            Port::Fleet => self.fleet.is_some(),
            Port::Utilization => self.utilization.is_some(),
            Port::ArrivalRate => self.arrival_rate.is_some(),
            Port::ServiceTime => self.service_time.is_some(),
            Port::Duration => self.duration.is_some(),
            Port::JobDuration => self.job_duration.is_some(),
        }
    }
}

/// What a stage found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Of [`Stage::Scaling`].
    Scaling(Scaled),
    /// Of [`Stage::SingleNode`].
    SingleNode(Profile),
    /// Of [`Stage::Distributed`].
    Distributed(Distributed),
    /// Of [`Stage::Serving`].
    Serving(Serving),
    /// Of [`Stage::TailLatency`].
    TailLatency(QueueOut),
    /// Of [`Stage::Fragility`].
    Fragility(Fragility),
    /// Of [`Stage::Checkpoint`].
    Checkpoint(CheckpointOut),
    /// Of [`Stage::Capital`].
    Capital(FleetCost),
    /// Of [`Stage::Sustainability`].
    Sustainability(FleetFootprint),
}

/// Stages in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    stages: Vec<Stage>,
}

/// The period that is paid for where none is given, in the Python package.
const MONTH: Seconds = Seconds(30.0 * 86_400.0);

impl Pipeline {
    /// A pipeline of stages.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Empty`] without stages.
    pub fn new(stages: impl IntoIterator<Item = Stage>) -> Result<Self> {
        let stages: Vec<Stage> = stages.into_iter().collect();
        if stages.is_empty() {
            return Err(PipelineError::Empty.into());
        }
        Ok(Self { stages })
    }

    /// The stages in order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Checks that every stage has what it needs, from `inputs` or from a stage before it.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Missing`] with every stage and port that is missing.
    pub fn check(&self, inputs: &Inputs<'_>) -> Result<()> {
        let mut produced: Vec<Port> = Vec::new();
        let mut missing = Vec::new();
        for stage in &self.stages {
            for port in stage.requires() {
                if !inputs.has(*port) && !produced.contains(port) {
                    missing.push((stage.key(), port.key()));
                }
            }
            produced.extend(stage.produces());
            let knows_tokens = inputs.has(Port::Tokens) || produced.contains(&Port::Tokens);
            if *stage == Stage::Distributed && knows_tokens {
                produced.extend([Port::Duration, Port::JobDuration]);
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(PipelineError::Missing { missing }.into()) }
    }

    /// Checks the pipeline and runs it; returns what each stage found.
    ///
    /// Under [`Convention::Upstream030`] a missing duration is 30 days, of a training fleet nothing flows into costs, and
    /// a scaling stage is refused, since the Python package's raises.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::check`] and the resolvers; [`PipelineError::Raises`] for a scaling stage under `Upstream030`.
    pub fn run(
        &self,
        inputs: &Inputs<'_>,
        convention: Convention,
    ) -> Result<Vec<(Stage, Finding)>> {
        // The model of a scaling stage, which the pool refers to.
        let made = OnceCell::new();
        let mut pool = *inputs;
        if convention == Convention::Upstream030 {
            if self.stages.contains(&Stage::Scaling) {
                return Err(PipelineError::Raises { stage: Stage::Scaling.key() }.into());
            }
            pool.duration = pool.duration.or(Some(MONTH));
        }
        self.check(&pool)?;
        let mut findings = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let finding = run(*stage, &pool, convention)?;
            match &finding {
                Finding::Scaling(scaled) => {
                    pool.tokens = pool.tokens.or(Some(scaled.tokens));
                    if let (None, Some(model)) = (pool.model, &scaled.model) {
                        pool.model = Some(made.get_or_init(|| model.clone()));
                    }
                }
                Finding::SingleNode(profile) => {
                    pool.utilization = pool.utilization.or(Some(profile.mfu));
                }
                Finding::Distributed(out) if convention == Convention::Reference => {
                    let used = out.replica.mfu * out.scaling_efficiency;
                    pool.utilization = pool.utilization.or(Some(used));
                    let run = pool.tokens.map(|tokens| {
                        let request = &pool.training;
                        let each = f64::from(request.batch) * f64::from(request.seq_len);
                        out.step_time * libm::ceil(tokens.0 / each)
                    });
                    pool.duration = pool.duration.or(run);
                    pool.job_duration = pool.job_duration.or(run);
                }
                Finding::Serving(out) => {
                    let answer = out.itl * f64::from(pool.output_tokens.saturating_sub(1));
                    pool.service_time = pool.service_time.or(Some(out.ttft + answer));
                }
                _ => {}
            }
            findings.push((*stage, finding));
        }
        Ok(findings)
    }
}

fn run(stage: Stage, pool: &Inputs<'_>, convention: Convention) -> Result<Finding> {
    let lacks = |port: Port| {
        Error::from(PipelineError::Missing { missing: alloc::vec![(stage.key(), port.key())] })
    };
    let model = || pool.model.ok_or_else(|| lacks(Port::Model));
    let hardware = || pool.hardware.ok_or_else(|| lacks(Port::Hardware));
    let fleet = || pool.fleet.ok_or_else(|| lacks(Port::Fleet));
    let precision: Precision = pool.training.precision;
    let period = || {
        let duration = pool.duration.ok_or_else(|| lacks(Port::Duration))?;
        let utilization = pool.utilization.unwrap_or(1.0);
        Ok::<_, Error>(Period { utilization, ..Period::new(duration) })
    };
    Ok(match stage {
        Stage::Scaling => {
            let budget = pool.budget.ok_or_else(|| lacks(Port::Budget))?;
            Finding::Scaling(scaling::scale(pool.model, budget, pool.fit)?)
        }
        Stage::SingleNode => {
            let plan = Plan {
                model: model()?,
                hardware: hardware()?,
                batch: pool.training.batch,
                precision,
                efficiency: pool.training.efficiency,
                fleet: None,
                training: None,
                duration: None,
                place: None,
            };
            Finding::SingleNode(step(&plan, convention, &mut NoTrace)?)
        }
        Stage::Distributed => Finding::Distributed(distributed::solve(
            model()?,
            fleet()?,
            &pool.training,
            convention,
            &mut NoTrace,
        )?),
        Stage::Serving => {
            let request = Serve {
                batch: pool.training.batch,
                output_tokens: pool.output_tokens,
                precision,
                efficiency: pool.training.efficiency,
                ..Serve::new(pool.seq_len)
            };
            Finding::Serving(serving(model()?, hardware()?, &request, convention)?)
        }
        Stage::TailLatency => {
            let x = QueueIn {
                arrival_rate: pool.arrival_rate.ok_or_else(|| lacks(Port::ArrivalRate))?,
                service_time: pool.service_time.ok_or_else(|| lacks(Port::ServiceTime))?,
                servers: f64::from(pool.replicas),
                service_cv: 1.0,
                arrival_cv: 1.0,
            };
            Finding::TailLatency(solve::<Queue>(&x, convention)?)
        }
        Stage::Fragility => {
            let duration = pool.job_duration.ok_or_else(|| lacks(Port::JobDuration))?;
            let job = Job::new(duration);
            Finding::Fragility(fragility(fleet()?, &job, convention, &mut NoTrace)?)
        }
        Stage::Checkpoint => Finding::Checkpoint(checkpoint(
            model()?,
            hardware()?,
            &Saving::default(),
            convention,
            &mut NoTrace,
        )?),
        Stage::Capital => {
            let prices = Prices::default();
            Finding::Capital(cost(
                fleet()?,
                &period()?,
                &prices,
                pool.place,
                convention,
                &mut NoTrace,
            )?)
        }
        Stage::Sustainability => Finding::Sustainability(footprint(
            fleet()?,
            &period()?,
            pool.place,
            convention,
            &mut NoTrace,
        )?),
    })
}

#[cfg(test)]
mod tests;
