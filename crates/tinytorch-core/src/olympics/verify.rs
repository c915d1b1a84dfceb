//! Running the attached models again.

use core::fmt;

use super::{Contender, Evidence, Metrics, Network, Submission, sha256, submission::faulty};
use crate::{Error, Result, Tensor, datasets::Images};

/// Sizes are sums of whole bytes divided by 2²⁰, so only the last bit of a quotient can differ.
const TOLERANCE: f64 = 1e-9;

/// Samples with known classes that no training has seen.
#[derive(Debug, Clone)]
pub struct TestSet {
    x: Tensor,
    labels: Vec<usize>,
}

impl TestSet {
    /// Takes samples `x: [N, ..]` and the class of each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] without samples, or if there is not one label for each.
    pub fn new(x: &Tensor, labels: Vec<usize>) -> Result<Self> {
        let n = x.dims().first().copied().unwrap_or(0);
        if n == 0 || labels.len() != n {
            let got = format_args!("{n} with {} labels", labels.len());
            let need = "at least 1, a label for each";
            return Err(Error::argument("test set", "number of samples", got, need));
        }
        Ok(Self { x: x.detach().contiguous(), labels })
    }

    /// Takes images as rows of pixels between 0 and 1, as a dense network reads them.
    ///
    /// # Errors
    ///
    /// As [`TestSet::new`].
    pub fn of_images(images: &Images) -> Result<Self> {
        let [x, _] = images.to_tensors()?;
        let pixels = x.numel() / images.len().max(1);
        let x = x.reshape([images.len() as isize, pixels as isize])?;
        Self::new(&x, images.labels().iter().map(|&l| usize::from(l)).collect())
    }

    /// Returns the samples, `[N, ..]`.
    #[must_use]
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// Returns the classes.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Returns the hash of the set: its sizes as `u64`, then its samples as `f32`, then its classes as `u64`, all little-endian.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut bytes = Vec::new();
        let mut wide = |n: usize| bytes.extend((n as u64).to_le_bytes());
        self.x.dims().iter().for_each(|n| wide(*n));
        self.x.to_vec_as::<f32>().iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        self.labels.iter().for_each(|l| bytes.extend((*l as u64).to_le_bytes()));
        sha256(&bytes)
    }
}

/// The files that go with a submission.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files<'a> {
    /// The baseline, in the form of [`Network`].
    pub baseline: Option<&'a [u8]>,
    /// The optimized model.
    pub optimized: Option<&'a [u8]>,
}

/// How a claim fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is what was found.
    Agrees,
    /// It is not.
    Differs,
    /// Nothing was there to hold it against.
    Unverified,
}

impl Outcome {
    /// Returns the word for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Unverified => "unverified",
        }
    }
}

/// One claim beside what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The field of the submission.
    pub path: String,
    /// What it says.
    pub claimed: String,
    /// What was found, or why nothing was.
    pub found: String,
    /// How they compare.
    pub outcome: Outcome,
}

/// All claims of a submission beside what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The claims, in the order of the fields.
    pub checks: Vec<Checked>,
}

impl Verification {
    /// Returns whether the competing model was run again, and no claim differs.
    #[must_use]
    pub fn passed(&self) -> bool {
        let ran = |c: &Checked| c.path.ends_with("accuracy") && c.outcome == Outcome::Agrees;
        self.checks.iter().any(ran) && self.checks.iter().all(|c| c.outcome != Outcome::Differs)
    }

    fn add(&mut self, path: String, claimed: String, found: String, agrees: bool) {
        let outcome = if agrees { Outcome::Agrees } else { Outcome::Differs };
        self.checks.push(Checked { path, claimed, found, outcome });
    }

    fn leave(&mut self, path: String, claimed: String, why: &str) {
        self.checks.push(Checked {
            path,
            claimed,
            found: why.to_owned(),
            outcome: Outcome::Unverified,
        });
    }

    fn digest(&mut self, name: &str, claimed: Option<&str>, found: &str) {
        let path = format!("evidence.sha256.{name}");
        match claimed {
            Some(claimed) => self.add(path, claimed.into(), found.into(), claimed == found),
            None => self.leave(path, "nothing".into(), "version 1 has no hashes"),
        }
    }

    /// Runs one model again.
    fn model(
        &mut self,
        name: &str,
        metrics: &Metrics,
        claimed: Option<&str>,
        file: Option<&[u8]>,
        data: &TestSet,
    ) -> Result<()> {
        let path = |metric: &str| format!("{name}.metrics.{metric}");
        let Some(file) = file else {
            self.leave(path("accuracy"), metrics.accuracy.to_string(), "no file was given");
            return Ok(());
        };
        self.digest(name, claimed, &sha256(file));
        let network = Network::from_bytes(name, file)?;
        let count = network.parameters() as u64;
        self.add(
            path("parameter_count"),
            metrics.parameter_count.to_string(),
            count.to_string(),
            metrics.parameter_count == count,
        );
        let size = network.bytes() as f64 / 1_048_576.0;
        let near = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * b;
        self.add(
            path("model_size_mb"),
            metrics.model_size_mb.to_string(),
            size.to_string(),
            near(metrics.model_size_mb, size),
        );
        let classes = network.predict(data.x())?;
        let right = classes.iter().zip(data.labels()).filter(|(class, label)| class == label);
        let accuracy = right.count() as f64 / data.labels().len() as f64;
        self.add(
            path("accuracy"),
            metrics.accuracy.to_string(),
            accuracy.to_string(),
            near(metrics.accuracy, accuracy),
        );
        let times = metrics.latency_ms_median.unwrap_or(metrics.latency_ms_mean);
        self.leave(path("latency"), format!("{times} ms"), "a time belongs to its machine");
        Ok(())
    }
}

/// A table: claim, what was found, how they compare.
impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: &str| match text.char_indices().nth(24) {
            Some((end, _)) => format!("{}..", &text[..end]),
            None => text.to_owned(),
        };
        writeln!(f, "{:34} {:26} {:30} result", "claim", "says", "found")?;
        for Checked { path, claimed, found, outcome } in &self.checks {
            let found = if *outcome == Outcome::Unverified { found.clone() } else { short(found) };
            writeln!(f, "{path:34} {:26} {found:30} {}", short(claimed), outcome.name())?;
        }
        Ok(())
    }
}

/// Holds the claims of `submission` against its files: hashes, number of parameters, size, and accuracy on `data`, which the models are
/// run on again.
///
/// Accuracy in floats is the same on every machine unless two scores of a sample are equal up to rounding; eight bits are the same
/// everywhere.
///
/// # Errors
///
/// [`Error::Format`] with the faults of the submission, or if a file does not hold a [`Network`]; [`Error::ShapeMismatch`] if a network
/// does not read such samples.
pub fn verify(submission: &Submission, files: Files<'_>, data: &TestSet) -> Result<Verification> {
    let faults = submission.validate();
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    let digests = submission.evidence.as_ref().map(|Evidence { sha256, .. }| sha256);
    let mut found = Verification { checks: Vec::new() };
    found.digest("data", digests.map(|d| d.data.as_str()), &data.sha256());
    let claimed = digests.map(|d| d.baseline.as_str());
    found.model("baseline", &submission.baseline.metrics, claimed, files.baseline, data)?;
    if let Some(optimized) = &submission.optimized {
        let claimed = digests.and_then(|d| d.optimized.as_deref());
        found.model("optimized", &optimized.metrics, claimed, files.optimized, data)?;
    }
    Ok(found)
}
