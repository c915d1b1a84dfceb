//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use staffml_bank::log::{EventId, StudyDay};
use staffml_bank::variant::Draw;

use crate::author::args::{BankCommand, Fmt, New, OracleCommand, Search, Show};
use crate::wishes::{
    Chain, Daily, Drill, Gaps, Gauntlet, Placement, Plan, Practice, Progress, Quiz, Review,
    Settings, day,
};

/// Machine-learning-systems questions whose answers are computed.
///
/// Without a command: the first screen, or what is to do today.
///
/// Exit status: 0 done or right, 1 a negative answer (findings, a wrong answer, nothing to ask), 2 usage, 3 a file or
/// stream that cannot be used, 4 the oracle, 5 left before the end, 6 a damaged progress log.
#[derive(Debug, Clone, Parser)]
#[command(name = "staffml", version)]
pub(crate) struct Args {
    /// Read the questions of this folder instead of those that come with the program.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) bank: Option<PathBuf>,
    /// Folder of the learner's data [default: STAFFML_DATA, or staffml in the data folder of the system].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Write one JSON object to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Act as if it were noon of this day, for example 2026-03-01.
    #[arg(long, global = true, value_name = "DAY", value_parser = day)]
    pub(crate) date: Option<StudyDay>,
    /// Plain lines: no color, no cursor tricks; for screen readers.
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// No color; so does the variable NO_COLOR.
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// No warnings about the log.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Answer the most useful questions.
    Practice(Practice),
    /// Answer what is due.
    Review(Review),
    /// Repeat one topic, or refute one family of wrong turns; not scheduled.
    Drill(Drill),
    /// Three questions, the same for everybody on a day.
    Daily(Daily),
    /// A few choices on one topic or tag, then two numbers.
    Quiz(Quiz),
    /// A timed mock interview.
    Gauntlet(Gauntlet),
    /// Find your level in at most twelve questions.
    Placement(Placement),
    /// Walk a chain of questions with one machine and one model; `chain list` shows all.
    Chain(Chain),
    /// Study plans.
    Plan(Plan),
    /// What you know, by area and track or topic and level.
    #[command(alias = "stats")]
    Progress(Progress),
    /// What you do not know that you do not know.
    Gaps(Gaps),
    /// Whether your confidence means anything.
    Calibration,
    /// Past sessions.
    History,
    /// Show settings, or set one: settings retention 0.85
    Settings(Settings),
    /// Fit the scheduler to your own log.
    Optimize,
    /// Practice and progress in a browser, on this machine only.
    #[cfg(feature = "serve")]
    Serve(Serve),
    /// Check every template: texts, bindings, answer keys, wrong answers, over many drawn variants.
    Check(Check),
    /// The bank as a whole: quotas, fingerprints, releases.
    Bank {
        #[command(subcommand)]
        command: BankCommand,
    },
    /// Lay bank files out: space, line ends, order of keys; comments stay.
    Fmt(Fmt),
    /// The equations behind the answers.
    Oracle {
        #[command(subcommand)]
        command: OracleCommand,
    },
    /// Begin a question: its file with all keys, and its line in the register.
    New(New),
    /// List the templates.
    List,
    /// One question or one equation as its author sees it.
    Show(Show),
    /// Find questions or equations by words.
    Search(Search),
    /// Print one variant of a question.
    Draw(Variant),
    /// Grade one answer; right gives exit status 0.
    Grade(Grade),
    /// Ask one question at the terminal.
    Ask(Ask),
    /// The progress log: verify, compact, erase, merge.
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
    /// Add the events of another device: a file, or a folder of files.
    Merge {
        /// A data folder, a folder with `*.jsonl`, or one such file.
        path: PathBuf,
    },
    /// Add the events of an export, and note that they were imported.
    Import {
        /// A file that `staffml export progress` wrote.
        path: PathBuf,
    },
    /// Questions for other programs, sheets for a class, the progress log.
    Export(Export),
}

/// Where questions go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// GIFT, for Moodle and others.
    Gift,
    /// Moodle XML, with units.
    MoodleXml,
    /// A QTI 3 package.
    Qti3,
    /// Cards for Anki, parted by tabs.
    Anki,
    /// A sheet in Markdown.
    Markdown,
    /// A sheet for printing.
    Html,
    /// Everything, as JSON.
    Json,
    /// Own numbers for each student, and a key.
    Quiz,
    /// The progress log, for another device.
    Progress,
    /// The progress log without texts, times and names; --seed is the salt.
    Anonymous,
}

#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct Export {
    /// Format.
    #[arg(value_enum)]
    pub(crate) target: Target,
    /// Template; may be repeated. Without it the conditions decide.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// Condition on templates, for example --where track=cloud; may be repeated.
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = given)]
    pub(crate) conditions: Vec<(String, String)>,
    /// Variants of each template.
    #[arg(short, long, default_value_t = 10)]
    pub(crate) n: u32,
    /// First seed; for a quiz the seed everything follows from.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Ask for one of several options instead of a number.
    #[arg(long)]
    pub(crate) choice: bool,
    /// Title.
    #[arg(long, default_value = "Machine learning systems")]
    pub(crate) title: String,
    /// File with one student per line, for a quiz.
    #[arg(long, value_name = "FILE", required_if_eq("target", "quiz"))]
    pub(crate) students: Option<PathBuf>,
    /// Add the key to a sheet; for a quiz on standard output, print the key instead of the sheets.
    #[arg(long)]
    pub(crate) key: bool,
    /// Write a quiz as pages for printing instead of Markdown.
    #[arg(long)]
    pub(crate) html: bool,
    /// File to write, or folder of a quiz [default: standard output].
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
}

const EXPORT_HELP: &str = "Conditions: track, level (L3 or L2..L4), area, topic, zone, mode, phase, kind, status, wall, tag, text.

Examples:
  staffml export gift --where area=memory -n 5 --out memory.gift
  staffml export moodle-xml --id w01-gemm-time --out gemm.xml
  staffml export qti3 --where track=tinyml --out tinyml.zip
  staffml export quiz --students names.txt --seed 7 --where level=L3 --out quiz
  staffml export progress --out backup.jsonl
";

#[derive(Debug, Clone, Subcommand)]
#[command(after_help = LOG_HELP)]
pub(crate) enum LogCommand {
    /// Check every line: checksum, form, chain; damage gives exit status 6.
    Verify {
        /// Check this file or folder instead of the learner's data.
        path: Option<PathBuf>,
    },
    /// Write the files anew, without damaged lines and repetitions.
    Compact {
        /// Remove erased events from the disk, with everything that was ever set aside.
        #[arg(long)]
        erase: bool,
    },
    /// Leave events out of everything computed from the log, on every device.
    Erase {
        /// Names of events, as in the files.
        #[arg(required = true)]
        ids: Vec<EventId>,
    },
    /// Add the events of another device; same as `staffml merge`.
    Merge {
        /// A data folder, a folder with `*.jsonl`, or one such file.
        path: PathBuf,
    },
}

const LOG_HELP: &str = "Examples:
  staffml log verify                     check the log of this machine
  staffml merge /media/stick/staffml     take in what was learned elsewhere
  staffml log compact --erase            remove erased events from the disk
";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Check {
    /// Folder of the bank; same as --bank.
    pub(crate) dir: Option<PathBuf>,
    /// Draw 400 variants of each template instead of 20.
    #[arg(long)]
    pub(crate) full: bool,
    /// Let warnings fail the check.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Write figures of each question to this file: share of usable draws, distinct variants, wrong answers that can be
    /// told apart, level fit; JSON if its name ends so, else a table with commas.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// List the documents that questions refer to instead; nothing is fetched.
    #[arg(long, conflicts_with = "report")]
    pub(crate) links: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Variant {
    /// Template, for example w02-flash-for-weights; `staffml list` shows all.
    pub(crate) id: String,
    /// Seed of the numbers; the same seed gives the same question.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Give a parameter instead of drawing it, for example --given n=8970 --given "b=8 bit".
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
    /// Print the worked solution too.
    #[arg(long)]
    pub(crate) solution: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Grade {
    /// Template.
    #[arg(long)]
    pub(crate) id: String,
    /// Seed of the numbers.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Parameters given instead of drawn.
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
    /// The answer, behind `--`, for example -- "8.97 kB".
    #[arg(last = true, required = true)]
    pub(crate) answer: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Ask {
    /// Template; a random one if absent.
    pub(crate) id: Option<String>,
    /// Seed of the numbers; taken from the clock if absent.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Parameters given instead of drawn.
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
}

pub(crate) fn given(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE, for example n=8970".to_owned()),
    }
}

/// Seed and given values as one draw. Plain numbers are in the parameter's own unit.
pub(crate) fn as_draw(seed: u64, given: &[(String, String)]) -> Draw {
    given.iter().fold(Draw::seed(seed), |draw, (name, value)| match value.parse::<f64>() {
        Ok(number) => draw.number(name, number),
        Err(_) => draw.text(name, value),
    })
}

/// The local web page.
#[cfg(feature = "serve")]
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Serve {
    /// Listen on this port of 127.0.0.1; any free one when left out.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}
