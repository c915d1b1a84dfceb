//! Resolvers one after the other, each with what the ones before it found.
//!
//! A pipeline is checked before it runs: every port that a stage needs is given or produced earlier, or the mistake is
//! told for all stages at once.
//! Results are kept by stage, so that nothing is overwritten; what a later stage takes from an earlier one is listed in
//! [`Stage::produces`].

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
use crate::units::{Hertz, Seconds};
use crate::walls::node::tail_latency::{Queue, QueueIn, QueueOut};
use crate::walls::operations::checkpoint::CheckpointOut;
use crate::walls::solve;
use alloc::vec::Vec;
use core::fmt;

/// Something that a stage needs or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Port {
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
    pub const ALL: [Self; 8] = [
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
            Self::SingleNode | Self::Serving | Self::Checkpoint => &[Port::Model, Port::Hardware],
            Self::Distributed => &[Port::Model, Port::Fleet],
            Self::TailLatency => &[Port::ArrivalRate, Port::ServiceTime],
            Self::Fragility => &[Port::Fleet, Port::JobDuration],
            Self::Capital | Self::Sustainability => &[Port::Fleet, Port::Duration],
        }
    }

    /// What later stages can take from it.
    #[must_use]
    pub const fn produces(self) -> &'static [Port] {
        match self {
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
    /// The model.
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
    /// Length of the period that is paid for.
    pub duration: Option<Seconds>,
    /// Length of the job that may fail.
    pub job_duration: Option<Seconds>,
}

impl Default for Inputs<'_> {
    fn default() -> Self {
        Self {
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
#[expect(clippy::large_enum_variant, reason = "a pipeline has a handful of results")]
pub enum Finding {
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
        }
        if missing.is_empty() { Ok(()) } else { Err(PipelineError::Missing { missing }.into()) }
    }

    /// Checks the pipeline and runs it; returns what each stage found.
    ///
    /// Under [`Convention::Upstream030`] a missing duration is 30 days, and of a training fleet nothing flows into
    /// costs.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::check`] and the resolvers.
    pub fn run(
        &self,
        inputs: &Inputs<'_>,
        convention: Convention,
    ) -> Result<Vec<(Stage, Finding)>> {
        let mut pool = *inputs;
        if convention == Convention::Upstream030 {
            pool.duration = pool.duration.or(Some(MONTH));
        }
        self.check(&pool)?;
        let mut findings = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let finding = run(*stage, &pool, convention)?;
            match &finding {
                Finding::SingleNode(profile) => {
                    pool.utilization = pool.utilization.or(Some(profile.mfu));
                }
                Finding::Distributed(out) if convention == Convention::Reference => {
                    let used = out.replica.mfu * out.scaling_efficiency;
                    pool.utilization = pool.utilization.or(Some(used));
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
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Params};
    use alloc::string::ToString;

    #[test]
    fn what_is_missing_is_told_for_all_stages_at_once() {
        let pipeline = Pipeline::new([Stage::Serving, Stage::TailLatency, Stage::Capital]).unwrap();
        let message = pipeline.check(&Inputs::default()).unwrap_err().to_string();
        // A service time comes from the stage before; five other things come from nowhere.
        assert_eq!(message.lines().count(), 5, "{message}");
        assert!(message.contains("stage tail_latency needs `arrival_rate`"), "{message}");
        assert!(!message.contains("service_time"), "{message}");
        assert!(Pipeline::new([]).is_err());
    }

    #[test]
    fn a_service_time_flows_from_serving_to_its_queue() {
        let origin = || Provenance::new(Basis::Estimate, "test");
        let mut model = Model::new("lm", Family::Decoder, origin());
        model.parameters = Some(Params(1e9));
        (model.layers, model.hidden, model.heads) = (Some(16), Some(2048), Some(16));
        let (peak, bandwidth) = (FlopPerSecond(1e15), BytesPerSecond(2e12));
        let mut machine = Hardware::new("m", peak, bandwidth, Bytes(80e9), origin());
        machine.rates = alloc::vec![(Precision::Fp16, peak)];
        let inputs = Inputs {
            model: Some(&model),
            hardware: Some(&machine),
            arrival_rate: Some(Hertz(1.0)),
            output_tokens: 11,
            seq_len: 64,
            ..Inputs::default()
        };
        let pipeline = Pipeline::new([Stage::Serving, Stage::TailLatency]).unwrap();
        let findings = pipeline.run(&inputs, Convention::Reference).unwrap();
        let [(_, Finding::Serving(serving)), (_, Finding::TailLatency(queue))] = &findings[..]
        else {
            panic!("{findings:?}")
        };
        // One request a second: the load is the time of one request.
        let request = serving.ttft.0 + 10.0 * serving.itl.0;
        assert!((queue.utilization - request).abs() < 1e-12, "{queue:?}");
    }
}
