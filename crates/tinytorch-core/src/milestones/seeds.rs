//! Several seeds of one milestone: whether it always works, and by how much.

use serde_json::{Value, json};

use super::{Id, Need, Opts, Report, gate::short, run};
use crate::{Error, Result};

/// Runs of one milestone from consecutive seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeds {
    /// The milestone.
    pub id: Id,
    /// One report for each seed.
    pub reports: Vec<Report>,
}

/// One gate over all seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateSummary {
    /// What was measured.
    pub name: &'static str,
    /// The number wanted.
    pub need: Need,
    /// Smallest number found.
    pub min: f64,
    /// Mean of the numbers found.
    pub mean: f64,
    /// Largest number found.
    pub max: f64,
    /// Runs in which it was as wanted.
    pub passed: usize,
}

impl Seeds {
    /// Runs `id` from the seeds `opts.seed`, `opts.seed + 1`, .., and lets `after` see each report when it is made.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no run at all; what [`run`] returns.
    pub fn run(id: Id, opts: &Opts, n: usize, mut after: impl FnMut(&mut Report)) -> Result<Self> {
        if n == 0 {
            return Err(Error::argument("milestone", "seeds", 0, "at least 1"));
        }
        let mut reports = Vec::new();
        for seed in (0..n as u64).map(|i| opts.seed.wrapping_add(i)) {
            let mut report = run(id, &Opts { seed, ..*opts })?;
            after(&mut report);
            reports.push(report);
        }
        Ok(Self { id, reports })
    }

    /// Returns the number of runs that passed all gates.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.reports.iter().filter(|r| r.passed()).count()
    }

    /// Returns whether every run passed all gates.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.passes() == self.reports.len()
    }

    /// Returns the sum of the durations that were measured.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.reports.iter().map(|r| r.seconds).sum()
    }

    /// Returns each gate over all runs; of needs that differ between runs, that of the first.
    #[must_use]
    pub fn gates(&self) -> Vec<GateSummary> {
        let first = self.reports.first().map_or(&[][..], |r| &r.gates[..]);
        let over = |(i, gate): (usize, &super::Gate)| {
            let same = || self.reports.iter().filter_map(|r| r.gates.get(i));
            let values = || same().map(|g| g.measured);
            GateSummary {
                name: gate.name,
                need: gate.need,
                min: values().fold(f64::INFINITY, f64::min),
                mean: values().sum::<f64>() / self.reports.len() as f64,
                max: values().fold(f64::NEG_INFINITY, f64::max),
                passed: same().filter(|g| g.passed()).count(),
            }
        };
        first.iter().enumerate().map(over).collect()
    }

    pub(super) fn json(&self) -> Value {
        let gates: Vec<Value> = self
            .gates()
            .iter()
            .map(|g| {
                json!({
                    "name": g.name,
                    "rule": g.need.rule(),
                    "threshold": g.need.threshold(),
                    "min": g.min,
                    "mean": g.mean,
                    "max": g.max,
                    "passed": g.passed,
                })
            })
            .collect();
        json!({
            "id": self.id.about().code,
            "title": self.id.about().title,
            "runs": self.reports.len(),
            "passes": self.passes(),
            "passed": self.passed(),
            "seconds": self.seconds(),
            "gates": gates,
            "reports": self.reports.iter().map(Report::json).collect::<Vec<_>>(),
        })
    }

    /// Returns the runs as lines of text: one report in full, of several ones their gates.
    #[must_use]
    pub fn to_text(&self) -> String {
        if let [report] = &self.reports[..] {
            return report.to_string();
        }
        let about = self.id.about();
        let (n, passes) = (self.reports.len(), self.passes());
        let mut text =
            format!("{} {}, {}: {passes} of {n} seeds pass", about.code, about.title, about.year);
        if let Some(seconds) = self.seconds() {
            text += &format!(", {seconds:.2} s");
        }
        text += "\n";
        for g in self.gates() {
            let (min, mean, max) = (short(g.min), short(g.mean), short(g.max));
            let (rule, threshold) = (g.need.rule(), short(g.need.threshold()));
            text += &format!(
                "  {:>2}/{n}  {}: min {min}, mean {mean}, max {max}; {rule} {threshold}\n",
                g.passed, g.name
            );
        }
        let failed = self.reports.iter().filter(|r| !r.passed()).map(|r| r.seed.to_string());
        let failed: Vec<String> = failed.collect();
        if !failed.is_empty() {
            text += &format!("  seeds that fail: {}\n", failed.join(", "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three runs whose first gate was measured as 0.5, 0.9 and 1.
    fn three() -> Seeds {
        let mut measured = [0.5, 0.9, 1.0].into_iter();
        Seeds::run(Id::XorCrisis, &Opts { quick: true, seed: 5, ..Opts::default() }, 3, |report| {
            report.gates.truncate(1);
            report.gates[0].measured = measured.next().unwrap();
            report.gates[0].need = Need::AtLeast(0.9);
            report.seconds = Some(0.25);
        })
        .unwrap()
    }

    #[test]
    fn gates_are_summed_up() {
        let seeds = three();
        assert_eq!(seeds.reports.iter().map(|r| r.seed).collect::<Vec<_>>(), [5, 6, 7]);
        let [gate] = seeds.gates()[..] else { panic!("one gate") };
        assert_eq!((gate.min, gate.max, gate.passed), (0.5, 1.0, 2));
        assert!((gate.mean - 0.8).abs() < 1e-15); // two roundings
        assert_eq!((seeds.passes(), seeds.passed(), seeds.seconds()), (2, false, Some(0.75)));
        let text = seeds.to_text();
        assert!(text.starts_with("02 XOR crisis, 1969: 2 of 3 seeds pass, 0.75 s\n"), "{text}");
        assert!(text.contains("min 0.5, mean 0.8, max 1; at least 0.9"), "{text}");
        assert!(text.ends_with("seeds that fail: 5\n"), "{text}");
        let json = seeds.json();
        assert_eq!(
            (json["passes"].as_u64(), json["gates"][0]["max"].as_f64()),
            (Some(2), Some(1.0))
        );
        assert_eq!(json["reports"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn no_run_is_refused() {
        let none = Seeds::run(Id::XorCrisis, &Opts::default(), 0, |_| ());
        assert!(matches!(none, Err(Error::InvalidArgument { .. })));
    }
}
