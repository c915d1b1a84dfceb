//! The five events and who may enter them.

use core::{fmt, str::FromStr};

use super::Metrics;
use crate::{Error, Result, dispatch};

/// A contest with its own rule of entry and its own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Fastest, with an accuracy of at least 0.85.
    LatencySprint,
    /// Smallest, with an accuracy of at least 0.85.
    MemoryChallenge,
    /// Most accurate, with a median latency below 100 ms and a size below 10 MiB.
    AccuracyContest,
    /// Best in everything together; everybody may enter.
    AllAround,
    /// Smallest and fastest together, with an accuracy of at least 0.80.
    ExtremePush,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::LatencySprint,
        Self::MemoryChallenge,
        Self::AccuracyContest,
        Self::AllAround,
        Self::ExtremePush,
    ];

    /// Returns the name in files and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LatencySprint => "latency_sprint",
            Self::MemoryChallenge => "memory_challenge",
            Self::AccuracyContest => "accuracy_contest",
            Self::AllAround => "all_around",
            Self::ExtremePush => "extreme_push",
        }
    }

    /// Returns the rule of entry in words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::LatencySprint | Self::MemoryChallenge => "accuracy at least 0.85",
            Self::AccuracyContest => "median latency below 100 ms and size below 10 MiB",
            Self::AllAround => "everybody may enter",
            Self::ExtremePush => "accuracy at least 0.80",
        }
    }

    /// Returns whether a model with these metrics may enter.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] naming the metric if one of them is not finite or out of its range, or if the event needs a median
    /// and there is none; what a student's slot returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::olympics::{Event, Metrics};
    ///
    /// let metrics = Metrics {
    ///     parameter_count: 2410,
    ///     model_size_mb: 0.01,
    ///     accuracy: 0.85,
    ///     latency_ms_mean: 0.02,
    ///     latency_ms_std: None,
    ///     latency_ms_median: Some(0.02),
    ///     throughput_samples_per_sec: None,
    /// };
    /// assert!(Event::LatencySprint.qualifies(&metrics)?);
    /// assert!(!Event::LatencySprint.qualifies(&Metrics { accuracy: 0.849, ..metrics })?);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn qualifies(self, metrics: &Metrics) -> Result<bool> {
        dispatch::qualifies(metrics, self)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Event {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|event| event.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::argument("olympics", "event", text, format!("one of {names}"))
        })
    }
}
