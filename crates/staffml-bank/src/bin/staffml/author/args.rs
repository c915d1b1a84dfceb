//! The command line of authors.

use std::path::PathBuf;

use clap::Subcommand;
use staffml_bank::model::taxonomy::{Kind, Level, Track};
use staffml_bank::model::{Topic, Version};

use crate::args::given;
use crate::wishes::word;

/// The bank as a whole.
#[derive(Debug, Clone, Subcommand)]
#[command(after_help = BANK_HELP)]
pub(crate) enum BankCommand {
    /// What the bank has, held against what a useful bank needs; a missed quota gives exit status 1.
    Stats {
        /// Only the quotas that are missed.
        #[arg(long)]
        short: bool,
    },
    /// The fingerprint of the bank, or of one question: equal fingerprints mean equal numbers, bit for bit.
    Hash {
        /// Question.
        id: Option<String>,
        /// The fingerprint of each question too.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// What changed from one state of the bank to another; a difference gives exit status 1.
    Diff {
        /// A release file or a bank folder [default: the last release in the folder of the bank].
        from: Option<PathBuf>,
        /// A release file or a bank folder [default: the bank].
        to: Option<PathBuf>,
    },
    /// Write `releases/VERSION.json`, if the bank has no error and no published question changed without its version.
    Release {
        /// Version, for example 1.2.0; higher than the last.
        #[arg(value_parser = version)]
        version: Version,
        /// Say what would be released, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

const BANK_HELP: &str = "Examples:
  staffml bank stats --short                 what is still to be written
  staffml bank diff --bank my-bank           what changed since the last release
  staffml bank release 1.0.0 --bank my-bank
";

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "write three numbers, for example 1.2.0".to_owned())
}

/// Which files.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Fmt {
    /// Files, or folders with `.toml` files [default: the folder of --bank].
    pub(crate) paths: Vec<PathBuf>,
    /// Change nothing; files that would change give exit status 1.
    #[arg(long)]
    pub(crate) check: bool,
}

/// The equations.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum OracleCommand {
    /// Compare the two computations of every equation on random inputs; a difference gives exit status 1.
    Diff {
        /// One equation, for example compute.time.
        equation: Option<String>,
        /// Inputs for each equation.
        #[arg(short, long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        n: u32,
        /// Seed of the inputs.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
}

/// A question to be written.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = NEW_HELP)]
pub(crate) struct New {
    /// Id: lower case words and digits joined by hyphens.
    pub(crate) id: String,
    /// Topic, for example kv-cache-management; the area follows.
    #[arg(long, value_parser = word::<Topic>)]
    pub(crate) topic: Topic,
    /// L1 to L6+.
    #[arg(long, value_parser = word::<Level>)]
    pub(crate) level: Level,
    /// Track; may be repeated.
    #[arg(long, required = true, value_parser = word::<Track>)]
    pub(crate) track: Vec<Track>,
    /// numeric, choice, recall, multi or open.
    #[arg(long, default_value = "numeric", value_parser = word::<Kind>)]
    pub(crate) kind: Kind,
    /// Equation of the answer, whose inputs become parameters; `staffml search --equations` finds one.
    #[arg(long, value_name = "EQUATION")]
    pub(crate) eq: Option<String>,
    /// Wall, 1 to 22; may be repeated.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=22))]
    pub(crate) wall: Vec<u8>,
    /// Your handle; may be repeated.
    #[arg(long)]
    pub(crate) author: Vec<String>,
}

const NEW_HELP: &str = "Example:
  staffml new weights-in-flash --bank my-bank --topic vram-budgeting --level L1 --track tinyml
      --eq memory.footprint --wall 2 --author ada
";

/// What to look at.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Show {
    /// A question, or an equation such as memory.fit.
    pub(crate) id: String,
    /// The file of the question as it is.
    #[arg(long)]
    pub(crate) source: bool,
}

/// What to look for.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = SEARCH_HELP)]
pub(crate) struct Search {
    /// Words or parts of words, all of which must occur, in whatever case.
    #[arg(required_unless_present_any = ["conditions", "equations"])]
    pub(crate) words: Vec<String>,
    /// Condition, for example --where track=cloud; may be repeated.
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = given, conflicts_with = "equations")]
    pub(crate) conditions: Vec<(String, String)>,
    /// Look for equations instead of questions.
    #[arg(long)]
    pub(crate) equations: bool,
}

const SEARCH_HELP: &str =
    "Conditions: track, level (L3 or L2..L4), area, topic, zone, phase, kind, status, wall, tag, text.

Examples:
  staffml search kv cache --where level=L2..L3
  staffml search gqa-ignored                      questions that know this wrong turn
  staffml search --equations all-reduce
";
