//! The command line of practice: sessions, plans, reports.

use clap::{Subcommand, ValueEnum};
use staffml_bank::log::StudyDay;
use staffml_bank::model::Topic;
use staffml_bank::model::taxonomy::{Area, Kind, Level, Mode, Track, Zone};
use staffml_bank::sched::Aim;
use staffml_bank::session::gauntlet::Preset;

/// Which questions.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Pick {
    /// cloud, edge, mobile, tinyml, global; may be repeated.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Vec<Track>,
    /// Area, for example memory.
    #[arg(long, value_parser = word::<Area>)]
    pub(crate) area: Vec<Area>,
    /// Topic, for example kv-cache-management.
    #[arg(long, value_parser = word::<Topic>)]
    pub(crate) topic: Vec<Topic>,
    /// L1 to L6+.
    #[arg(long, value_parser = word::<Level>)]
    pub(crate) level: Vec<Level>,
    /// Zone, for example diagnosis.
    #[arg(long, value_parser = word::<Zone>)]
    pub(crate) zone: Vec<Zone>,
    /// Mode of reasoning, for example napkin-math.
    #[arg(long, value_parser = word::<Mode>)]
    pub(crate) mode: Vec<Mode>,
    /// Tag, for example chapter:serving.
    #[arg(long)]
    pub(crate) tag: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Practice {
    #[command(flatten)]
    pub(crate) pick: Pick,
    /// Most questions.
    #[arg(long, short, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) n: u32,
    /// Stop after so many minutes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) minutes: Option<u32>,
    /// How hard: practice, warm-up, stretch.
    #[arg(long, default_value = "practice")]
    pub(crate) aim: How,
    /// Most new questions today.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=200))]
    pub(crate) new: Option<u32>,
    /// Seed of what is drawn.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

/// How hard the next question should be.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum How {
    /// Right three times in four.
    Practice,
    /// Right most of the time.
    WarmUp,
    /// Right six times in ten.
    Stretch,
}

impl From<How> for Aim {
    fn from(how: How) -> Self {
        match how {
            How::Practice => Self::Practice,
            How::WarmUp => Self::WarmUp,
            How::Stretch => Self::Stretch,
        }
    }
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) pick: Pick,
    /// Most questions; all due ones if absent.
    #[arg(long, short, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) n: Option<u32>,
    /// Seed of what is drawn.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Drill {
    /// Family of wrong turns, for example unit-scale; the one that shows most if absent.
    #[arg(long, conflicts_with = "topic")]
    pub(crate) family: Option<String>,
    /// Topic, for example kv-cache-management.
    #[arg(long, value_parser = word::<Topic>)]
    pub(crate) topic: Option<Topic>,
    /// Keep to a track.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Vec<Track>,
    /// Most questions.
    #[arg(long, short, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) n: u32,
    /// Seed of what is drawn.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Daily {
    /// Track; yours if you are placed or follow a plan, else cloud.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Option<Track>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Quiz {
    /// Topic, for example kv-cache-management.
    #[arg(long, value_parser = word::<Topic>, required_unless_present = "tag", conflicts_with = "tag")]
    pub(crate) topic: Option<Topic>,
    /// Tag, for example chapter:serving.
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Choices, 3 to 5.
    #[arg(long, short, default_value_t = 4)]
    pub(crate) n: usize,
    /// Seed of what is drawn.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Gauntlet {
    /// quick (5 in 10 min), standard (10 in 20), full (15 in 35), onsite (60 min).
    #[arg(long, default_value = "quick", value_parser = preset)]
    pub(crate) preset: Preset,
    /// Track.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Option<Track>,
    /// Level aimed at.
    #[arg(long, value_parser = word::<Level>)]
    pub(crate) level: Option<Level>,
    /// Seed of the questions.
    #[arg(long)]
    pub(crate) seed: Option<u32>,
    /// The questions of somebody else's gauntlet.
    #[arg(long, conflicts_with_all = ["track", "level", "seed", "preset"])]
    pub(crate) code: Option<String>,
    /// Go on with the last one, with the time that is left.
    #[arg(long, conflicts_with_all = ["code", "track", "level", "seed", "preset"])]
    pub(crate) resume: bool,
    /// Without the calculator.
    #[arg(long)]
    pub(crate) no_calculator: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Placement {
    /// Ask questions in parts: about two hours, nine in ten placed within 0.5 (two in three without).
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Keep to a track.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Option<Track>,
    /// Seed of what is drawn.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Chain {
    /// The chain, or `list`.
    pub(crate) id: Option<String>,
    /// Seed of the thread.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Plan {
    #[command(subcommand)]
    pub(crate) command: PlanCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PlanCommand {
    /// List the plans.
    List,
    /// Show the days of a plan, as they would be for you.
    Show {
        /// The plan.
        id: String,
    },
    /// Begin a plan.
    Start {
        /// The plan.
        id: String,
    },
    /// The questions of today.
    Today,
    /// Begin a plan of five days made from your gaps.
    FromGaps {
        /// Keep to a track.
        #[arg(long, value_parser = word::<Track>)]
        track: Option<Track>,
    },
    /// Stop the plan.
    Stop,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Progress {
    /// Rows and columns of the table: area-track or topic-level.
    #[arg(long, default_value = "area-track")]
    pub(crate) heat: Heat,
    /// Keep to a track.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Option<Track>,
}

/// Rows and columns of a table.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Heat {
    /// Areas by tracks.
    AreaTrack,
    /// Topics by levels.
    TopicLevel,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Gaps {
    /// Keep to a track.
    #[arg(long, value_parser = word::<Track>)]
    pub(crate) track: Option<Track>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Settings {
    /// The setting.
    #[arg(requires = "value")]
    pub(crate) key: Option<String>,
    /// Its value.
    pub(crate) value: Option<String>,
}

/// A word of the closed lists.
pub(crate) fn word<W: Word>(text: &str) -> Result<W, String> {
    W::read(text).ok_or_else(|| format!("known are {}", W::known()))
}

/// A closed list of words.
pub(crate) trait Word: Sized {
    fn read(text: &str) -> Option<Self>;
    fn known() -> String;
}

macro_rules! closed {
    ($($name:ty),*) => {$(
        impl Word for $name {
            fn read(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.name().eq_ignore_ascii_case(text))
            }
            fn known() -> String {
                Self::ALL.iter().map(|w| w.name()).collect::<Vec<_>>().join(", ")
            }
        }
    )*};
}
closed!(Track, Area, Topic, Level, Zone, Kind, Mode);

fn preset(text: &str) -> Result<Preset, String> {
    let known = || Preset::ALL.map(Preset::name).join(", ");
    Preset::from_name(text).ok_or_else(|| format!("known are {}", known()))
}

pub(crate) fn day(text: &str) -> Result<StudyDay, String> {
    StudyDay::parse(text).ok_or_else(|| "write a day as 2026-03-01".to_owned())
}
