//! Four small deployments that a class can push against their limits.
//!
//! Each track (a microcontroller, a phone, an edge box, a server) has three candidate models, limits of quality,
//! memory, latency and energy, and one intervention to spend a budget on.
//! Whatever is moved, something else gives: that is the lesson.
//! The numbers are teaching values in millisecond, megabyte and millijoule, and come with the lab of the Python package.

use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;

/// Where the model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Track {
    /// A microcontroller.
    TinyMl,
    /// A phone.
    Mobile,
    /// A box beside a camera.
    Edge,
    /// A server.
    Cloud,
}

impl Track {
    /// Every track.
    pub const ALL: [Self; 4] = [Self::TinyMl, Self::Mobile, Self::Edge, Self::Cloud];

    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::TinyMl => "tinyml",
            Self::Mobile => "mobile",
            Self::Edge => "edge",
            Self::Cloud => "cloud",
        }
    }

    /// The limits and rates of the track.
    #[must_use]
    pub const fn facts(self) -> Facts {
        match self {
            Self::TinyMl => Facts {
                difficult_share: 0.30,
                quality_floor: 82.0,
                memory_limit: 2.5,
                latency_limit: 20.0,
                energy_limit: 1.5,
                memory: 1.2,
                movement: 0.11,
                bandwidth: 0.01,
                work: 3.0,
                rate: 1.0,
                overhead: 2.0,
                power: [0.040, 0.080, 0.020],
                monitor_time: 40.0,
                monitor_energy: 0.010,
            },
            Self::Mobile => Facts {
                difficult_share: 0.32,
                quality_floor: 85.0,
                memory_limit: 12.0,
                latency_limit: 30.0,
                energy_limit: 6.0,
                memory: 7.0,
                movement: 40.0,
                bandwidth: 10.0,
                work: 160.0,
                rate: 20.0,
                overhead: 15.0,
                power: [0.055, 0.150, 0.035],
                monitor_time: 80.0,
                monitor_energy: 0.030,
            },
            Self::Edge => Facts {
                difficult_share: 0.35,
                quality_floor: 85.0,
                memory_limit: 128.0,
                latency_limit: 35.0,
                energy_limit: 12.0,
                memory: 70.0,
                movement: 56.0,
                bandwidth: 10.0,
                work: 440.0,
                rate: 20.0,
                overhead: 3.0,
                power: [0.070, 0.280, 0.050],
                monitor_time: 120.0,
                monitor_energy: 0.080,
            },
            Self::Cloud => Facts {
                difficult_share: 0.38,
                quality_floor: 84.0,
                memory_limit: 1000.0,
                latency_limit: 35.0,
                energy_limit: 30.0,
                memory: 600.0,
                movement: 180.0,
                bandwidth: 10.0,
                work: 320.0,
                rate: 40.0,
                overhead: 3.0,
                power: [0.100, 0.750, 0.080],
                monitor_time: 200.0,
                monitor_energy: 0.200,
            },
        }
    }
}

/// What a track allows and what its machine does, for the balanced candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Share of inputs that are difficult.
    pub difficult_share: f64,
    /// Least quality, in percent.
    pub quality_floor: f64,
    /// Most memory, in MB.
    pub memory_limit: f64,
    /// Most latency, in ms.
    pub latency_limit: f64,
    /// Most energy, in mJ.
    pub energy_limit: f64,
    /// Memory, in MB.
    pub memory: f64,
    /// Data moved, in MB.
    pub movement: f64,
    /// Bandwidth, in MB/ms.
    pub bandwidth: f64,
    /// Work, in MFLOP.
    pub work: f64,
    /// Rate, in MFLOP/ms.
    pub rate: f64,
    /// Overhead, in ms.
    pub overhead: f64,
    /// Power while moving, computing and waiting, in mJ/ms.
    pub power: [f64; 3],
    /// Time of watching one window, in ms.
    pub monitor_time: f64,
    /// Energy of watching one window, in mJ.
    pub monitor_energy: f64,
}

/// A model to deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Candidate {
    /// Smaller than the balanced one.
    Compact,
    /// The one the track was sized for.
    Balanced,
    /// Larger than the balanced one.
    Large,
}

impl Candidate {
    /// Every candidate, smallest first.
    pub const ALL: [Self; 3] = [Self::Compact, Self::Balanced, Self::Large];

    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Balanced => "balanced",
            Self::Large => "large",
        }
    }

    /// Size against the balanced one, and quality on easy and difficult inputs in percent.
    #[must_use]
    pub const fn facts(self) -> (f64, f64, f64) {
        match self {
            Self::Compact => (0.6, 89.0, 64.0),
            Self::Balanced => (1.0, 92.0, 72.0),
            Self::Large => (1.6, 94.0, 78.0),
        }
    }

    const fn larger(self) -> Self {
        match self {
            Self::Compact => Self::Balanced,
            Self::Balanced | Self::Large => Self::Large,
        }
    }
}

/// What the budget is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intervention {
    /// Nothing.
    None,
    /// More difficult examples: seven points on difficult inputs.
    Data,
    /// The next larger candidate.
    Model,
    /// A machine that computes in 0.6 of the time at twice the power.
    Machine,
}

impl Intervention {
    /// Every intervention.
    pub const ALL: [Self; 4] = [Self::None, Self::Data, Self::Model, Self::Machine];

    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Data => "data",
            Self::Model => "model",
            Self::Machine => "machine",
        }
    }
}

/// A setting of the lab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Where the model runs.
    pub track: Track,
    /// Which model.
    pub candidate: Candidate,
    /// Percentage points by which difficult inputs become more frequent.
    pub shift: f64,
    /// Speed of the arithmetic units.
    pub compute_scale: f64,
    /// Speed of the memory.
    pub movement_scale: f64,
    /// Speed of everything else.
    pub overhead_scale: f64,
    /// What the budget is spent on.
    pub intervention: Intervention,
    /// Work against the usual.
    pub demand_scale: f64,
    /// Limits against the usual.
    pub budget_scale: f64,
}

impl Setting {
    /// The balanced candidate on a track, nothing moved.
    #[must_use]
    pub const fn of(track: Track) -> Self {
        Self {
            track,
            candidate: Candidate::Balanced,
            shift: 0.0,
            compute_scale: 1.0,
            movement_scale: 1.0,
            overhead_scale: 1.0,
            intervention: Intervention::None,
            demand_scale: 1.0,
            budget_scale: 1.0,
        }
    }
}

/// A limit that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Too often wrong.
    Quality,
    /// Too large.
    Memory,
    /// Too slow.
    Latency,
    /// Too hungry.
    Energy,
    /// Too expensive.
    Budget,
}

impl Limit {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Memory => "memory",
            Self::Latency => "latency",
            Self::Energy => "energy",
            Self::Budget => "budget",
        }
    }
}

/// What a setting comes to; times in ms, memory in MB, energy in mJ, shares and quality in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Share of right answers.
    pub quality: f64,
    /// Least share of right answers.
    pub quality_floor: f64,
    /// Memory and its limit.
    pub memory: [f64; 2],
    /// Time of moving data, of arithmetic, of everything else.
    pub times: [f64; 3],
    /// Time in all, and its limit.
    pub latency: [f64; 2],
    /// Energy and its limit.
    pub energy: [f64; 2],
    /// What the intervention costs, and the budget.
    pub cost: [f64; 2],
    /// The candidate after the intervention.
    pub candidate: Candidate,
    /// Share of difficult inputs.
    pub difficult_share: f64,
    /// Quality on easy and on difficult inputs.
    pub qualities: [f64; 2],
    /// Data moved.
    pub movement: f64,
    /// Bandwidth, in MB/ms.
    pub bandwidth: f64,
    /// Work, in MFLOP.
    pub work: f64,
    /// Rate, in MFLOP/ms.
    pub rate: f64,
    broken: [bool; 5],
}

const LIMITS: [Limit; 5] =
    [Limit::Quality, Limit::Memory, Limit::Latency, Limit::Energy, Limit::Budget];

impl Outcome {
    /// The limits that are broken, in the order of [`Limit`].
    pub fn violations(&self) -> impl Iterator<Item = Limit> + '_ {
        LIMITS.into_iter().zip(self.broken).filter(|(_, broken)| *broken).map(|(limit, _)| limit)
    }

    /// Whether no limit is broken.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        !self.broken.contains(&true)
    }

    /// Whether no limit but quality is broken.
    #[must_use]
    pub fn is_operational(&self) -> bool {
        !self.broken[1..].contains(&true)
    }

    /// The longest of the three times: `movement`, `compute` or `overhead`, the first of equal ones.
    #[must_use]
    pub fn dominant(&self) -> &'static str {
        let [movement, compute, overhead] = self.times;
        if movement >= compute && movement >= overhead {
            "movement"
        } else if compute >= overhead {
            "compute"
        } else {
            "overhead"
        }
    }
}

const OP: &str = "explorer.evaluate";

/// Returns what a setting comes to, with every number rounded to four decimals.
///
/// # Errors
///
/// [`Error::OutOfRange`] if a scale is not above 0 or the shifted share of difficult inputs leaves 0 to 1.
///
/// # Examples
///
/// ```
/// use mlsysim::evaluate::explorer::{Setting, Track, evaluate};
///
/// let outcome = evaluate(&Setting::of(Track::Edge))?;
/// // 56 MB at 10 MB/ms, 440 MFLOP at 20 MFLOP/ms, 3 ms besides.
/// assert_eq!(outcome.times, [5.6, 22.0, 3.0]);
/// assert_eq!((outcome.dominant(), outcome.latency), ("compute", [30.6, 35.0]));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn evaluate(setting: &Setting) -> Result<Outcome> {
    let must = |name: &'static str, range: Range, got: f64| {
        let got = Quantity::number(got);
        if range.contains(got.value) {
            Ok(())
        } else {
            Err(Error::OutOfRange { op: OP, name, range, got })
        }
    };
    for (name, scale) in [
        ("compute_scale", setting.compute_scale),
        ("movement_scale", setting.movement_scale),
        ("overhead_scale", setting.overhead_scale),
        ("demand_scale", setting.demand_scale),
        ("budget_scale", setting.budget_scale),
    ] {
        must(name, Range::POSITIVE, scale)?;
    }
    let facts = setting.track.facts();
    let share = facts.difficult_share + setting.shift / 100.0;
    must("difficult_share", Range::SHARE, share)?;

    let candidate = match setting.intervention {
        Intervention::Model => setting.candidate.larger(),
        _ => setting.candidate,
    };
    let (scale, easy, difficult) = candidate.facts();
    let difficult = match setting.intervention {
        Intervention::Data => difficult + 7.0,
        _ => difficult,
    };
    let (shorter, hungrier) = match setting.intervention {
        Intervention::Machine => (0.6, 2.0),
        _ => (1.0, 1.0),
    };
    let quality = (1.0 - share) * easy + share * difficult;
    let size = scale * setting.demand_scale;
    let (movement, bandwidth) = (facts.movement * size, facts.bandwidth * setting.movement_scale);
    let (work, rate) = (facts.work * size, facts.rate * setting.compute_scale);
    let times = [
        movement / bandwidth,
        work / rate * shorter,
        facts.overhead * setting.demand_scale / setting.overhead_scale,
    ];
    let latency = times.iter().sum::<f64>();
    let [moving, computing, waiting] = facts.power;
    let energy = times[0] * moving + times[1] * computing * hungrier + times[2] * waiting;
    let memory = facts.memory * scale;
    let cost = if setting.intervention == Intervention::None { 0.0 } else { 1.0 };
    let limits = [facts.memory_limit, facts.latency_limit, facts.energy_limit, 1.0]
        .map(|limit| limit * setting.budget_scale);
    let broken = [
        quality < facts.quality_floor,
        memory > limits[0],
        latency > limits[1],
        energy > limits[2],
        cost > limits[3],
    ];
    Ok(Outcome {
        quality: round(quality),
        quality_floor: facts.quality_floor,
        memory: [memory, limits[0]].map(round),
        times: times.map(round),
        latency: [latency, limits[1]].map(round),
        energy: [energy, limits[2]].map(round),
        cost: [cost, limits[3]].map(round),
        candidate,
        difficult_share: round(share * 100.0),
        qualities: [easy, difficult],
        movement: round(movement),
        bandwidth: round(bandwidth),
        work: round(work),
        rate: round(rate / shorter),
        broken,
    })
}

/// Four decimals, ties to even.
fn round(value: f64) -> f64 {
    libm::rint(value * 1e4) / 1e4
}

/// What watching for change costs and how late it tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Monitoring {
    /// Time from a change to its notice on average, in units of the interval.
    pub expected_delay: f64,
    /// The longest such time.
    pub worst_delay: f64,
    /// Energy per unit of time, in mJ.
    pub effort: f64,
}

/// Returns what watching a track costs that looks at `windows` windows every `interval`.
///
/// # Errors
///
/// [`Error::OutOfRange`] unless the interval is above 0 and windows and demand are not negative.
pub fn monitoring(track: Track, windows: f64, interval: f64, demand: f64) -> Result<Monitoring> {
    for (name, range, got) in [
        ("interval", Range::POSITIVE, interval),
        ("windows", Range::NOT_NEGATIVE, windows),
        ("demand", Range::NOT_NEGATIVE, demand),
    ] {
        if !range.contains(got) {
            let got = Quantity::number(got);
            return Err(Error::OutOfRange { op: "explorer.monitoring", name, range, got });
        }
    }
    let effort = track.facts().monitor_energy * windows / interval * demand;
    Ok(Monitoring { expected_delay: interval / 2.0, worst_delay: interval, effort })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interventions_move_what_they_say() {
        let base = Setting::of(Track::Mobile);
        let with = |intervention| evaluate(&Setting { intervention, ..base }).unwrap();
        let none = with(Intervention::None);
        // 0.68 × 92 + 0.32 × 72 = 85.6 percent, and 2.24 points more with data.
        assert_eq!((none.quality, with(Intervention::Data).quality), (85.6, 87.84));
        assert_eq!(with(Intervention::Model).candidate, Candidate::Large);
        // 4, 8 and 15 ms; a better machine computes in 0.6 of its part.
        assert_eq!(with(Intervention::Machine).times, [4.0, 4.8, 15.0]);
        assert_eq!((none.times, none.cost), ([4.0, 8.0, 15.0], [0.0, 1.0]));
    }

    #[test]
    fn senseless_settings_are_refused() {
        let base = Setting::of(Track::Edge);
        assert!(evaluate(&Setting { shift: 90.0, ..base }).is_err());
        assert!(evaluate(&Setting { shift: f64::NAN, ..base }).is_err());
        assert!(evaluate(&Setting { compute_scale: 0.0, ..base }).is_err());
        assert!(monitoring(Track::Edge, 1.0, 0.0, 1.0).is_err());
    }
}
