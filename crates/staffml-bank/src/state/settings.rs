//! What a learner can set.

use serde::Serialize;

use crate::sched::Fsrs6;

/// Settings of a learner, kept as events of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// `retention`: the probability of recall at which a template comes back, 0.70 to 0.97.
    pub retention: f64,
    /// `new-per-day`: most templates seen for the first time on a day.
    pub new_per_day: u32,
    /// `fuzz`: whether due dates are spread.
    pub fuzz: bool,
    /// `confidence`: whether confidence is asked for in practice.
    pub confidence: bool,
    /// `texts`: whether typed answers are kept in the log.
    pub texts: bool,
    /// `salt`: what makes the numbers of one learner differ from another's.
    #[serde(skip)]
    pub salt: u64,
    /// `fsrs`: parameters fitted to the learner's own log.
    pub fsrs: Option<Vec<f64>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retention: 0.9,
            new_per_day: 8,
            fuzz: false,
            confidence: true,
            texts: true,
            salt: 0,
            fsrs: None,
        }
    }
}

impl Settings {
    /// The keys, each with what it takes.
    pub const KEYS: [(&'static str, &'static str); 7] = [
        ("retention", "a number from 0.70 to 0.97"),
        ("new-per-day", "a whole number from 0 to 200"),
        ("fuzz", "on or off"),
        ("confidence", "on or off"),
        ("texts", "on or off"),
        ("salt", "a whole number"),
        ("fsrs", "21 numbers with commas, or `default`"),
    ];

    /// Sets a value and returns whether key and value are understood; others change nothing.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        fn put<T>(slot: &mut T, value: Option<T>) -> bool {
            value.map(|value| *slot = value).is_some()
        }
        let truth = match value {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        match key {
            "retention" => {
                put(&mut self.retention, value.parse().ok().filter(|r| (0.70..=0.97).contains(r)))
            }
            "new-per-day" => put(&mut self.new_per_day, value.parse().ok().filter(|n| *n <= 200)),
            "fuzz" => put(&mut self.fuzz, truth),
            "confidence" => put(&mut self.confidence, truth),
            "texts" => put(&mut self.texts, truth),
            "salt" => put(&mut self.salt, value.parse().ok()),
            "fsrs" if value == "default" => put(&mut self.fsrs, Some(None)),
            "fsrs" => {
                let w: Option<Vec<f64>> = value.split(',').map(|w| w.trim().parse().ok()).collect();
                let usable = w.filter(|w| scheduler(w).is_some());
                usable.is_some() && put(&mut self.fsrs, Some(usable))
            }
            _ => false,
        }
    }

    /// Returns the scheduler to use from now on, if `key` changes it.
    pub(super) fn scheduler(&self, key: &str) -> Option<Fsrs6> {
        (key == "fsrs").then(|| self.fsrs.as_deref().and_then(scheduler).unwrap_or_default())
    }
}

fn scheduler(w: &[f64]) -> Option<Fsrs6> {
    Fsrs6::with_parameters(<[f64; 21]>::try_from(w).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_change_nothing() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("retention", "0.5"),
            ("retention", "NaN"),
            ("new-per-day", "-1"),
            ("fuzz", "yes"),
            ("fsrs", "1,2,3"),
            ("fsrs", ""),
            ("color", "on"),
        ] {
            assert!(!settings.set(key, value), "{key} {value}");
        }
        assert_eq!(settings, Settings::default());
        let fitted = Fsrs6::default().parameters().map(|w| (w * 1.01).to_string()).join(",");
        for (key, value) in
            [("retention", "0.85"), ("fuzz", "on"), ("salt", "7"), ("fsrs", &fitted)]
        {
            assert!(settings.set(key, value), "{key} {value}");
        }
        assert!((settings.retention - 0.85).abs() < 1e-12 && settings.fuzz && settings.salt == 7);
        let w0 = settings.scheduler("fsrs").unwrap().parameters()[0];
        assert!((w0 - 0.212 * 1.01).abs() < 1e-12);
        assert!(settings.set("fsrs", "default") && settings.fsrs.is_none());
    }
}
