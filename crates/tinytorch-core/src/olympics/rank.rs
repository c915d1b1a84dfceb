//! The order of an event.

use core::{cmp::Ordering, fmt};

use super::{Event, Improvements, Metrics, Submission};

/// One submission in its place.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// From 1; equal scores share a place, and the next one is as far on as there are before it.
    pub rank: usize,
    /// Name of the file or whatever the caller gave.
    pub name: String,
    /// Name of the model.
    pub model: String,
    /// The figure that decides; larger is better.
    pub score: f64,
    /// What was measured on the model.
    pub metrics: Metrics,
    /// What changed since its baseline; all the same for a baseline alone.
    pub change: Improvements,
}

/// An event with the submissions that may enter, the best first, and the others with the reason.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Leaderboard {
    /// The event.
    pub event: Event,
    /// The order.
    pub places: Vec<Place>,
    /// Names of the others, and why they are not in it.
    pub out: Vec<(String, String)>,
}

impl Event {
    /// Returns how submissions of different machines are made comparable, in words.
    #[must_use]
    pub fn normalization(self) -> &'static str {
        match self {
            Self::LatencySprint => {
                "score: latency of the own baseline divided by latency; both are of one machine, so the machine cancels"
            }
            Self::MemoryChallenge => {
                "score: 1 divided by the size in MiB; bytes are the same on every machine, nothing is normalized"
            }
            Self::AccuracyContest => {
                "score: accuracy; it is the same on every machine, nothing is normalized"
            }
            Self::AllAround => {
                "score: geometric mean of latency, size and accuracy, each as a ratio to the own baseline"
            }
            Self::ExtremePush => {
                "score: product of latency and size, each as a ratio to the own baseline"
            }
        }
    }

    /// Returns the figure that decides; larger is better.
    fn score(self, baseline: &Metrics, metrics: &Metrics, change: &Improvements) -> f64 {
        match self {
            Self::LatencySprint => change.speedup,
            Self::MemoryChallenge => 1.0 / metrics.model_size_mb.max(super::LEAST_SIZE_MB),
            Self::AccuracyContest => metrics.accuracy,
            Self::AllAround => {
                // A baseline that is always wrong is no measure: any share would be infinitely better.
                let kept = metrics.accuracy / baseline.accuracy.max(1e-3);
                (change.speedup * change.compression_ratio * kept).cbrt()
            }
            Self::ExtremePush => change.speedup * change.compression_ratio,
        }
    }
}

/// Ranks submissions, each with a name. Those with faults and those that do not qualify are named with the reason.
///
/// Equal scores share a place; among them the smaller model comes first, then the name decides.
#[must_use]
pub fn leaderboard(event: Event, submissions: &[(String, Submission)]) -> Leaderboard {
    let (mut places, mut out) = (Vec::new(), Vec::new());
    for (name, submission) in submissions {
        if let Some(fault) = submission.validate().first() {
            out.push((name.clone(), fault.to_string()));
            continue;
        }
        let (model, metrics) = submission.contender();
        match event.qualifies(metrics) {
            Ok(true) => {}
            Ok(false) => {
                out.push((name.clone(), format!("does not qualify: {}", event.rule())));
                continue;
            }
            Err(error) => {
                let text = error.to_string();
                out.push((name.clone(), text.lines().next().unwrap_or_default().to_owned()));
                continue;
            }
        }
        let baseline = &submission.baseline.metrics;
        let change = Improvements::between(baseline, metrics);
        places.push(Place {
            rank: 0,
            name: name.clone(),
            model: model.to_owned(),
            score: event.score(baseline, metrics, &change),
            metrics: metrics.clone(),
            change,
        });
    }
    places.sort_by(|a, b| {
        let smaller = || a.metrics.model_size_mb.total_cmp(&b.metrics.model_size_mb);
        match b.score.total_cmp(&a.score) {
            Ordering::Equal => smaller().then_with(|| a.name.cmp(&b.name)),
            order => order,
        }
    });
    for i in 0..places.len() {
        let shares = i > 0 && places[i - 1].score == places[i].score;
        places[i].rank = if shares { places[i - 1].rank } else { i + 1 };
    }
    Leaderboard { event, places, out }
}

/// The rule, the normalization, and a table.
impl fmt::Display for Leaderboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.event, self.event.rule())?;
        writeln!(f, "{}", self.event.normalization())?;
        let names = self.places.iter().map(|p| p.name.chars().count());
        let width = names.max().unwrap_or(0).max(10);
        writeln!(
            f,
            "{:>4}  {:width$} {:>10} {:>9} {:>11} {:>11} {:>9} {:>12}",
            "rank",
            "submission",
            "score",
            "accuracy",
            "median, ms",
            "size, KiB",
            "speedup",
            "compression"
        )?;
        for p in &self.places {
            let latency = p.metrics.latency_ms_median.unwrap_or(p.metrics.latency_ms_mean);
            writeln!(
                f,
                "{:>4}  {:width$} {:>10.4} {:>9.4} {latency:>11.5} {:>11.2} {:>9.2} {:>12.2}",
                p.rank,
                p.name,
                p.score,
                p.metrics.accuracy,
                1024.0 * p.metrics.model_size_mb,
                p.change.speedup,
                p.change.compression_ratio,
            )?;
        }
        for (name, why) in &self.out {
            writeln!(f, "   -  {name:width$} {why}")?;
        }
        Ok(())
    }
}
