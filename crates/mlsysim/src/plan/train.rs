//! What a plan that trains comes to: its step, and the run that the steps make up.

use super::evaluate::{Level, Report, metric};
use super::{Length, Plan, Training};
use crate::convention::Convention;
use crate::error::Result;
use crate::evaluate::scorecard::Status;
use crate::evaluate::training::{Trained, train};
use crate::resolve::distributed::Request;
use crate::trace::Trace;
use crate::units::{Quantity, Seconds, Tokens};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A training step and its run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrainingReport {
    /// The step with its layout.
    pub trained: Trained,
    /// The parts of the layout that the search found, by name; empty if the plan names all.
    pub found: Vec<&'static str>,
    /// The run, if the plan says how long it is or how long it has the machines.
    pub run: Option<Run>,
}

/// A training run without failures.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// Steps; a part of one counts where the plan gives the time.
    pub steps: f64,
    /// Its length.
    pub time: Seconds,
    /// Tokens seen; `None` for a model that trains on something else.
    pub tokens: Option<Tokens>,
}

impl TrainingReport {
    /// The layout in a sentence.
    #[must_use]
    pub fn layout(&self) -> String {
        let layout = &self.trained.layout;
        let mut words = format!("tp {} × pp {}", layout.tp, layout.pp);
        for (name, degree) in [("cp", layout.cp), ("ep", layout.ep)] {
            if degree > 1 {
                words.push_str(&format!(" × {name} {degree}"));
            }
        }
        let microbatches = match self.trained.microbatches {
            1 => String::from("1 microbatch"),
            many => format!("{many} microbatches"),
        };
        words.push_str(&format!(
            " × dp {}, ZeRO stage {}, {microbatches} of {}",
            layout.dp, layout.zero_stage, layout.micro_batch
        ));
        if layout.interleave > 1 {
            words.push_str(&format!(", {} parts of a stage in turn", layout.interleave));
        }
        words.push_str(&format!(", checkpointing {}", layout.checkpointing));
        if self.found.is_empty() { words } else { format!("{words}; {}", self.origin()) }
    }

    /// Who chose the layout.
    fn origin(&self) -> String {
        let best = if self.trained.step.replica.memory.fits {
            "the fastest that fits"
        } else {
            "nothing fits, this needs the least memory"
        };
        format!("{} by search: {best}", self.found.join(", "))
    }
}

impl Plan {
    pub(super) fn evaluate_training(
        &self,
        training: &Training,
        convention: Convention,
    ) -> Result<Report> {
        let upstream = convention == Convention::Upstream030;
        let request = Request {
            batch: self.batch,
            seq_len: self.seq_len,
            precision: self.precision,
            efficiency: self.efficiency,
            overlap: (training.overlap > 0.0).then_some(training.overlap),
            ..Request::default()
        };
        let (fleet, named) = (self.fleet(), &training.named);
        let mut trace = Trace::new();
        self.model.announce(&mut trace);
        let trained = train(&self.model, &fleet, &request, named, convention, &mut trace)?;
        let run = self.run(training, trained.step.step_time);
        let utilization = if upstream { 1.0 } else { trained.hfu };
        let duration = run.map(|run| run.time);
        let memory = &trained.step.replica.memory;
        let feasibility = if upstream {
            Level {
                name: "feasibility",
                status: Status::Skipped,
                summary: "the memory of a training fleet is not checked".into(),
                metrics: Vec::new(),
            }
        } else {
            self.feasibility(memory)
        };
        let levels = [
            feasibility,
            self.training_performance(&trained, run.as_ref(), upstream),
            self.macros(utilization, duration, convention)?,
        ];
        let profile = trained.step.replica;
        let has_experts = self.model.experts.is_some_and(|experts| experts > 1);
        let found = if trained.searched { named.open(has_experts) } else { Vec::new() };
        let report = Report {
            levels,
            violations: Vec::new(),
            profile,
            training: Some(TrainingReport { trained, found, run }),
            utilization,
            duration,
            trace,
        };
        Ok(self.checked(report))
    }

    /// The run that steps of `step_time` make up.
    fn run(&self, training: &Training, step_time: Seconds) -> Option<Run> {
        let each = f64::from(self.batch) * f64::from(self.seq_len);
        let steps = match training.length {
            Some(Length::Steps(steps)) => f64::from(steps),
            // The last step is a whole one.
            Some(Length::Tokens(tokens)) => libm::ceil(tokens.0 / each),
            None => {
                let time = self.ops.as_ref()?.duration;
                let steps = time / step_time;
                return Some(Run { steps, time, tokens: self.tokens(steps) });
            }
        };
        Some(Run { steps, time: step_time * steps, tokens: self.tokens(steps) })
    }

    fn tokens(&self, steps: f64) -> Option<Tokens> {
        let each = f64::from(self.batch) * f64::from(self.seq_len);
        self.model.family.is_transformer().then_some(Tokens(steps * each))
    }

    fn training_performance(&self, trained: &Trained, run: Option<&Run>, upstream: bool) -> Level {
        let step = &trained.step;
        let latency = step.step_time.0 * 1e3;
        let rate = step.throughput.0;
        let tokens = self.tokens(1.0).map(|tokens| tokens.0 / step.step_time.0);
        let status = if upstream || step.replica.memory.fits { Status::Pass } else { Status::Fail };
        let longest = trained.parts().into_iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let longest = longest.map_or_else(String::new, |(name, time)| {
            let share = 100.0 * (time / step.step_time);
            format!(", {share:.0} % of it {}", name.replace('_', " "))
        });
        let mut metrics = vec![
            metric("performance.latency", Some(latency)),
            metric("performance.step_latency", Some(latency)),
            metric("performance.comm_overhead", Some(step.communication_time().0 * 1e3)),
            metric("performance.throughput", Some(rate)),
            metric("performance.fleet_throughput", Some(rate)),
        ];
        metrics.extend(tokens.map(|rate| metric("performance.token_throughput", Some(rate))));
        metrics.extend([
            metric("performance.mfu", Some(trained.mfu)),
            metric("performance.node_mfu", Some(step.replica.mfu)),
            metric("performance.scaling_efficiency", Some(step.scaling_efficiency)),
            metric("performance.energy_per_step", trained.energy.map(|energy| energy.0)),
        ]);
        if let Some(run) = run {
            metrics.extend([
                metric("performance.run_steps", Some(run.steps)),
                metric("performance.run_days", Some(run.time.0 / 86_400.0)),
            ]);
            metrics
                .extend(run.tokens.map(|tokens| metric("performance.run_tokens", Some(tokens.0))));
        }
        Level {
            name: "performance",
            status,
            summary: format!(
                "{:.4} a training step of {} items{longest}",
                Quantity::from(step.step_time),
                self.batch
            ),
            metrics,
        }
    }
}
