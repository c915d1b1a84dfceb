//! The capstone as a command: `make`, `validate`, `verify`, `rank`.
//!
//! A program of three lines offers it:
//!
//! ```no_run
//! use std::{env, io, process::ExitCode};
//! use tinytorch_core::olympics::cli;
//!
//! fn main() -> ExitCode {
//!     ExitCode::from(cli::main(env::args().skip(1), &mut io::stdout(), &mut io::stderr()))
//! }
//! ```
//!
//! Results go to the first writer, talk to the second. The status is 0 when every file is valid and every claim holds, 1 when one does
//! not or a file cannot be read or written, 2 for a command that is not understood.

use core::{fmt::Write as _, ops::RangeInclusive};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    Event, Fault, Files, Leaderboard, MakeOpts, Metrics, Submission, TestSet, leaderboard, make,
    verify,
};
use crate::{
    Error, Result,
    datasets::{digits, scans},
    train::ProgressLine,
};

/// Text that `--help` prints.
const HELP: &str = "\
Measure a model, submit it, and hold submissions against their files

Usage: olympics make [--out DIR] [--student NAME] [--seed N] [--prune SHARE] [--float] [--epochs N] [--runs N]
       olympics validate FILE... [--json]
       olympics verify FILE [--model FILE] [--baseline FILE] [--json]
       olympics rank DIR --event EVENT [--json]

make trains a digits network, takes hidden units out of it, puts it into eight bits, measures both, and
writes submission.json, baseline.safetensors and optimized.safetensors into DIR.
  --out DIR      folder, made if it is not there [default: olympics]
  --student NAME who submits
  --seed N       where weights and batches come from [default: 0]
  --prune SHARE  share of the hidden units that go, 0 to below 1 [default: 0.5]
  --float        leave the result in 32 bits
  --epochs N     passes over the training images, 1 to 1000 [default: 20]
  --runs N       timed runs of each model, 2 to 1000000 [default: 500]

validate shows all faults of each file: where, what stands there, what has to, what to do.
verify   runs the attached models again on the test digits, and compares hashes, sizes and accuracy.
         Without --model and --baseline it takes optimized.safetensors and baseline.safetensors beside FILE.
rank     orders the submissions (*.json, in DIR and the folders in it) by an event:
         latency_sprint, memory_challenge, accuracy_contest, all_around or extreme_push.

Exit status: 0 valid, verified or ranked, 1 a fault or a claim that does not hold, 2 wrong usage.
";

/// What was asked for.
#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Make(Box<Make>),
    Validate { files: Vec<PathBuf>, json: bool },
    Verify { file: PathBuf, model: Option<PathBuf>, baseline: Option<PathBuf>, json: bool },
    Rank { folder: PathBuf, event: Event, json: bool },
}

#[derive(Debug, PartialEq)]
struct Make {
    out: PathBuf,
    student: Option<String>,
    seed: u64,
    prune: f64,
    float: bool,
    epochs: usize,
    runs: usize,
}

/// Runs the command with these arguments, without the name of the program, and returns its exit status.
pub fn main(
    args: impl IntoIterator<Item = String>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let command = match parse(args) {
        Ok(command) => command,
        Err(text) => {
            // Nobody is left to be told when standard error is gone.
            let _ = writeln!(err, "error: {text}\nolympics --help shows all commands");
            return 2;
        }
    };
    let answer = match command {
        Command::Help => Ok((HELP.to_owned(), true)),
        Command::Make(options) => options.run(),
        Command::Validate { files, json } => validate(&files, json),
        Command::Verify { file, model, baseline, json } => {
            verified(&file, model.as_deref(), baseline.as_deref(), json)
        }
        Command::Rank { folder, event, json } => rank(&folder, event, json),
    };
    let written = answer.and_then(|(text, good)| {
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Error::io("write", Path::new("standard output"), e))?;
        Ok(good)
    });
    match written {
        Ok(good) => u8::from(!good),
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            1
        }
    }
}

/// The words of a command line, options with their values apart from the rest.
struct Words {
    plain: Vec<String>,
    options: Vec<(String, String)>,
    flags: Vec<String>,
}

impl Words {
    fn split(
        words: &[String],
        with_value: &[&str],
        flags: &[&str],
    ) -> core::result::Result<Self, String> {
        let mut found = Self { plain: Vec::new(), options: Vec::new(), flags: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) if word.starts_with("--") => (name, Some(value)),
                _ => (word.as_str(), None),
            };
            if with_value.contains(&name) {
                let value = inline.map(str::to_owned).or_else(|| words.next().cloned());
                let value = value.ok_or_else(|| format!("{name} needs a value"))?;
                found.options.push((name.to_owned(), value));
            } else if flags.contains(&word.as_str()) {
                found.flags.push(word.clone());
            } else if word.starts_with('-') && word.len() > 1 {
                let all = [with_value, flags].concat().join(", ");
                return Err(format!("there is no option `{word}` here; there are {all}"));
            } else {
                found.plain.push(word.clone());
            }
        }
        Ok(found)
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    /// A number in a range, or what is taken without the option.
    fn number<T>(
        &self,
        name: &str,
        default: T,
        range: &RangeInclusive<T>,
    ) -> core::result::Result<T, String>
    where
        T: core::str::FromStr + PartialOrd + core::fmt::Display,
    {
        let Some(text) = self.option(name) else { return Ok(default) };
        text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            format!("{name} is `{text}`, not a number from {low} to {high}; for example {default}")
        })
    }
}

fn parse(args: impl IntoIterator<Item = String>) -> core::result::Result<Command, String> {
    let args: Vec<String> = args.into_iter().collect();
    if args.iter().any(|w| ["--help", "-h", "help"].contains(&w.as_str())) {
        return Ok(Command::Help);
    }
    let Some((name, rest)) = args.split_first() else {
        return Err("no command; there are make, validate, verify and rank".into());
    };
    let one = |words: &Words, what: &str| match &words.plain[..] {
        [one] => Ok(PathBuf::from(one)),
        other => Err(format!("{name} needs one {what}, {} were given", other.len())),
    };
    match name.as_str() {
        "make" => {
            let options = ["--out", "--student", "--seed", "--prune", "--epochs", "--runs"];
            let words = Words::split(rest, &options, &["--float"])?;
            if let Some(word) = words.plain.first() {
                return Err(format!("make takes options only, not `{word}`; --out DIR says where"));
            }
            Ok(Command::Make(Box::new(Make {
                out: words.option("--out").unwrap_or("olympics").into(),
                student: words.option("--student").map(str::to_owned),
                seed: words.number("--seed", 0, &(0..=u64::MAX))?,
                prune: words.number("--prune", 0.5, &(0.0..=0.99))?,
                float: words.has("--float"),
                epochs: words.number("--epochs", 20, &(1..=1_000))?,
                runs: words.number("--runs", 500, &(2..=1_000_000))?,
            })))
        }
        "validate" => {
            let words = Words::split(rest, &[], &["--json"])?;
            if words.plain.is_empty() {
                return Err("validate needs a file, for example `olympics validate a.json`".into());
            }
            let files = words.plain.iter().map(PathBuf::from).collect();
            Ok(Command::Validate { files, json: words.has("--json") })
        }
        "verify" => {
            let words = Words::split(rest, &["--model", "--baseline"], &["--json"])?;
            Ok(Command::Verify {
                file: one(&words, "submission")?,
                model: words.option("--model").map(PathBuf::from),
                baseline: words.option("--baseline").map(PathBuf::from),
                json: words.has("--json"),
            })
        }
        "rank" => {
            let words = Words::split(rest, &["--event"], &["--json"])?;
            let names = Event::ALL.map(Event::name).join(", ");
            let event = words.option("--event").ok_or_else(|| {
                format!("rank needs --event with one of {names}; for example `--event all_around`")
            })?;
            let event =
                event.parse().map_err(|_| format!("there is no event `{event}`, only {names}"))?;
            Ok(Command::Rank { folder: one(&words, "folder")?, event, json: words.has("--json") })
        }
        other => {
            Err(format!("there is no command `{other}`; there are make, validate, verify and rank"))
        }
    }
}

impl Make {
    fn run(&self) -> Result<(String, bool)> {
        let opts = MakeOpts {
            seed: self.seed,
            prune: self.prune,
            epochs: self.epochs,
            int8: !self.float,
            runs: self.runs,
            timestamp: now(),
            student: self.student.clone(),
            ..MakeOpts::default()
        };
        let made = make(&opts, &mut ProgressLine::stderr("olympics"))?;
        fs::create_dir_all(&self.out).map_err(|e| Error::io("create", &self.out, e))?;
        for (name, bytes) in
            [("baseline.safetensors", &made.baseline), ("optimized.safetensors", &made.optimized)]
        {
            crate::io::replace(&self.out.join(name), bytes)?;
        }
        let path = self.out.join("submission.json");
        made.submission.write(&path)?;
        let mut text = table(&made.submission);
        let _ = writeln!(text, "\nwritten: {} and both models", path.display());
        Ok((text, true))
    }
}

/// Both models side by side, and the events that the competing one may enter.
fn table(submission: &Submission) -> String {
    let mut out = format!(
        "{:26} {:>10} {:>10} {:>9} {:>12} {:>12}\n",
        "model", "parameters", "size, KiB", "accuracy", "median, us", "deviation"
    );
    let mut row = |name: &str, m: &Metrics| {
        let median = 1e3 * m.latency_ms_median.unwrap_or(m.latency_ms_mean);
        let _ = writeln!(
            out,
            "{name:26} {:>10} {:>10.2} {:>9.4} {median:>12.2} {:>12.2}",
            m.parameter_count,
            1024.0 * m.model_size_mb,
            m.accuracy,
            1e3 * m.latency_ms_std.unwrap_or(f64::NAN),
        );
    };
    row(&submission.baseline.model_name, &submission.baseline.metrics);
    if let Some(optimized) = &submission.optimized {
        row(&optimized.model_name, &optimized.metrics);
        for technique in &optimized.techniques_applied {
            let _ = writeln!(out, "  {technique}");
        }
    }
    if let Some(change) = &submission.improvements {
        let _ = writeln!(
            out,
            "{:.2} times as fast, {:.2} times smaller, accuracy {:+.4}",
            change.speedup, change.compression_ratio, change.accuracy_delta
        );
    }
    for event in Event::ALL {
        let may = event.qualifies(submission.contender().1).unwrap_or(false);
        let word = if may { "qualifies" } else { "does not qualify" };
        let _ = writeln!(out, "{event:17} {word:17} ({})", event.rule());
    }
    out
}

fn fault_json(fault: &Fault) -> Value {
    json!({"path": fault.path, "value": fault.value, "need": fault.need, "remedy": fault.remedy})
}

/// What a file holds: a submission, or its faults.
fn open(path: &Path) -> Result<core::result::Result<Submission, Vec<Fault>>> {
    let bytes = fs::read(path).map_err(|e| Error::io("read", path, e))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Submission::from_json(&text),
        Err(_) => {
            Err(vec![Fault::new(String::new(), "not UTF-8", "JSON in UTF-8", "save it as text")])
        }
    })
}

fn validate(files: &[PathBuf], json: bool) -> Result<(String, bool)> {
    let (mut text, mut rows, mut good) = (String::new(), Vec::new(), true);
    for path in files {
        let faults = match open(path) {
            Ok(Ok(submission)) => {
                let version = if submission.evidence.is_some() { 2 } else { 1 };
                let _ = writeln!(text, "{}: valid, version {version}", path.display());
                Vec::new()
            }
            Ok(Err(faults)) => faults,
            Err(error) => {
                let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                vec![Fault::new(String::new(), first, "a file", "check the path")]
            }
        };
        if !faults.is_empty() {
            good = false;
            let s = if faults.len() == 1 { "" } else { "s" };
            let _ = writeln!(text, "{}: {} fault{s}", path.display(), faults.len());
            for Fault { path, value, need, remedy } in &faults {
                let path = if path.is_empty() { "the file" } else { path };
                let _ = writeln!(text, "  {path}\n    is {value}\n    need {need}\n    {remedy}");
            }
        }
        rows.push(json!({
            "file": path.display().to_string(),
            "valid": faults.is_empty(),
            "faults": faults.iter().map(fault_json).collect::<Vec<_>>(),
        }));
    }
    let object = json!({"schema": "olympics-validate/1", "valid": good, "files": rows});
    Ok((if json { format!("{object}\n") } else { text }, good))
}

fn verified(
    path: &Path,
    model: Option<&Path>,
    baseline: Option<&Path>,
    json: bool,
) -> Result<(String, bool)> {
    let submission = match open(path)? {
        Ok(submission) => submission,
        // A file whose figures contradict each other needs no model to be refused.
        Err(_) => return validate(&[path.to_path_buf()], json),
    };
    let beside = |given: Option<&Path>, name: &str| -> Result<Option<Vec<u8>>> {
        let file = given.map_or_else(|| path.with_file_name(name), Path::to_path_buf);
        if given.is_none() && !file.is_file() {
            return Ok(None);
        }
        fs::read(&file).map(Some).map_err(|e| Error::io("read", &file, e))
    };
    // --model is the model that competes: the baseline, if nothing was optimized.
    let two = submission.optimized.is_some();
    let (baseline, optimized) = if two {
        (beside(baseline, "baseline.safetensors")?, beside(model, "optimized.safetensors")?)
    } else {
        (beside(model.or(baseline), "baseline.safetensors")?, None)
    };
    let (_, test) = scans::split(&digits()?);
    let files = Files { baseline: baseline.as_deref(), optimized: optimized.as_deref() };
    let found = verify(&submission, files, &TestSet::of_images(&test)?)?;
    let good = found.passed();
    if json {
        let row = |c: &super::Checked| json!({"path": c.path, "claimed": c.claimed, "found": c.found, "outcome": c.outcome.name()});
        let checks: Vec<Value> = found.checks.iter().map(row).collect();
        let object = json!({"schema": "olympics-verify/1", "verified": good, "checks": checks});
        return Ok((format!("{object}\n"), good));
    }
    let word = if good {
        "verified"
    } else if found.checks.iter().any(|c| c.outcome == super::Outcome::Differs) {
        "not verified: claims differ from what the files give"
    } else {
        "not verified: no model was given; use --model FILE"
    };
    Ok((format!("{found}{word}\n"), good))
}

fn rank(folder: &Path, event: Event, json: bool) -> Result<(String, bool)> {
    let mut paths = Vec::new();
    submissions(folder, 2, &mut paths)?;
    paths.sort();
    let (mut valid, mut broken) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        match open(&path)? {
            Ok(submission) => valid.push((name, submission)),
            Err(faults) => {
                let first = faults.first().map(Fault::to_string).unwrap_or_default();
                broken.push((name, format!("{} faults: {first}", faults.len())));
            }
        }
    }
    let mut board = leaderboard(event, &valid);
    board.out.extend(broken);
    let good = !board.places.is_empty();
    if json {
        return Ok((format!("{}\n", board_json(&board)), good));
    }
    if !good {
        let text = format!("{board}no submission of {} may enter\n", folder.display());
        return Ok((text, false));
    }
    Ok((board.to_string(), true))
}

fn board_json(board: &Leaderboard) -> Value {
    let places: Vec<Value> = board
        .places
        .iter()
        .map(|p| {
            json!({
                "rank": p.rank, "name": p.name, "model": p.model, "score": p.score,
                "metrics": p.metrics, "improvements": p.change,
            })
        })
        .collect();
    let out: Vec<Value> =
        board.out.iter().map(|(name, why)| json!({"name": name, "reason": why})).collect();
    json!({
        "schema": "olympics-rank/1", "event": board.event.name(), "rule": board.event.rule(),
        "normalization": board.event.normalization(), "places": places, "out": out,
    })
}

/// The files ending in `.json` in a folder and, so many levels deep, in the folders in it.
fn submissions(folder: &Path, levels: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |e| Error::io("read", folder, e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            if levels > 1 {
                submissions(&path, levels - 1, found)?;
            }
        } else if path.extension().is_some_and(|e| e == "json") {
            found.push(path);
        }
    }
    Ok(())
}

/// The time of day in UTC, as `2026-11-02T10:30:00Z`.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    utc(seconds)
}

/// Seconds since 1970 as date and time of the Gregorian calendar.
fn utc(seconds: u64) -> String {
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let mut year = 1970;
    // 400 years have 146,097 days; the rest is counted.
    year += 400 * (days / 146_097);
    days %= 146_097;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (h, m, s) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{:02}T{h:02}:{m:02}:{s:02}Z", days + 1)
}

#[cfg(test)]
mod tests;
