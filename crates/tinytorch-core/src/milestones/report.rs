//! What a milestone found: numbers, gates, charts.

use core::fmt;

use serde_json::{Value, json};

use super::{
    Gate, Id, Opts, cnn, kv_cache, language, mlp, mlperf, perceptron, transformer, xor_crisis,
    xor_solved,
};

/// The result of one run of one milestone.
///
/// Everything follows from milestone, seed, size and text, but for what a clock said:
/// [`without_times`](Self::without_times) leaves that out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The milestone.
    pub id: Id,
    /// The seed it ran from.
    pub seed: u64,
    /// Whether it was the small version.
    pub quick: bool,
    /// What had to be reached.
    pub gates: Vec<Gate>,
    /// How long it took, if somebody measured it.
    pub seconds: Option<f64>,
    /// What was measured.
    pub findings: Findings,
}

/// What was measured, by milestone.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Findings {
    /// Milestone 01.
    Perceptron(perceptron::Findings),
    /// Milestone 02.
    XorCrisis(xor_crisis::Findings),
    /// Milestone 03a.
    XorSolved(xor_solved::Findings),
    /// Milestone 03b.
    Digits(mlp::Findings),
    /// Milestone 04.
    Cnn(cnn::Findings),
    /// Milestone 05.
    Transformer(Box<transformer::Findings>),
    /// Milestone 06a.
    Mlperf(Box<mlperf::Findings>),
    /// Milestone 06b.
    KvCache(Box<kv_cache::Findings>),
    /// Milestone 07.
    Language(Box<language::Findings>),
}

/// A chart of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// A name that can be a file name, without an ending.
    pub name: &'static str,
    /// The chart as an SVG document.
    pub svg: String,
}

/// What every milestone's findings can be asked.
pub(super) trait Finding {
    /// What had to be reached.
    fn gates(&self) -> Vec<Gate>;
    /// The findings as sentences, one each.
    fn sentences(&self) -> Vec<String>;
    /// The findings as data.
    fn json(&self) -> Value;
    /// The findings as charts.
    fn pictures(&self) -> Vec<Picture>;
}

impl Findings {
    fn get(&self) -> &dyn Finding {
        match self {
            Self::Perceptron(f) => f,
            Self::XorCrisis(f) => f,
            Self::XorSolved(f) => f,
            Self::Digits(f) => f,
            Self::Cnn(f) => f,
            Self::Transformer(f) => &**f,
            Self::Mlperf(f) => &**f,
            Self::KvCache(f) => &**f,
            Self::Language(f) => &**f,
        }
    }
}

impl Report {
    pub(super) fn new(id: Id, opts: &Opts, findings: Findings) -> Self {
        let gates = findings.get().gates();
        Self { id, seed: opts.seed, quick: opts.quick, gates, seconds: None, findings }
    }

    /// Returns whether every gate is passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.gates.iter().all(Gate::passed)
    }

    /// Returns the report without what a clock had a part in, gates included: what two runs from one seed have in common.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        self.seconds = None;
        match &mut self.findings {
            Findings::Mlperf(f) => f.times = None,
            Findings::KvCache(f) => f.times = None,
            _ => {}
        }
        self.gates.retain(|gate| gate.name != kv_cache::SPEED_UP);
        self
    }

    /// Returns the findings as sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        self.findings.get().sentences()
    }

    /// Returns the charts: boundaries, learning curves, comparisons.
    #[must_use]
    pub fn pictures(&self) -> Vec<Picture> {
        self.findings.get().pictures()
    }

    /// Returns the report as one JSON object.
    ///
    /// Its members are `id`, `title`, `year`, `seed`, `quick`, `passed`, `seconds` (a number or null), `gates` (each with
    /// `name`, `measured`, `rule`, `threshold`, `passed`) and `findings`, whose members differ by milestone.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.json().to_string()
    }

    pub(crate) fn json(&self) -> Value {
        let about = self.id.about();
        json!({
            "id": about.code,
            "title": about.title,
            "year": about.year,
            "seed": self.seed,
            "quick": self.quick,
            "passed": self.passed(),
            "seconds": self.seconds,
            "gates": self.gates.iter().map(Gate::json).collect::<Vec<_>>(),
            "findings": self.findings.get().json(),
        })
    }
}

/// Title, findings and gates as lines of text.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.id.about();
        write!(f, "{} {}, {}: seed {}", about.code, about.title, about.year, self.seed)?;
        if self.quick {
            write!(f, ", quick")?;
        }
        if let Some(seconds) = self.seconds {
            write!(f, ", {seconds:.2} s")?;
        }
        writeln!(f)?;
        for sentence in self.sentences() {
            writeln!(f, "  {sentence}")?;
        }
        for gate in &self.gates {
            writeln!(f, "  {gate}")?;
        }
        Ok(())
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Numbers as points over 1, 2, ..
pub(super) fn curve(values: &[f64]) -> Vec<[f64; 2]> {
    (1..).map(f64::from).zip(values).map(|(x, y)| [x, *y]).collect()
}
