//! The milestones as a command: `list`, `info ID`, `run ID`.
//!
//! A program of three lines offers it:
//!
//! ```no_run
//! use std::{env, io, process::ExitCode};
//! use tinytorch_core::milestones::cli;
//!
//! fn main() -> ExitCode {
//!     ExitCode::from(cli::main(env::args().skip(1), &mut io::stdout(), &mut io::stderr()))
//! }
//! ```
//!
//! Results go to the first writer, talk to the second. The status is 0 when every gate is passed, 1 when one is not or
//! a file could not be written, 2 for a command that is not understood. This is the part that looks at a clock.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::json;

use super::{Id, Opts, Report, Seeds};
use crate::{
    Error, Result,
    datasets::ALMANAC,
    train::{Callback, ProgressLine},
};

/// Text that `--help` prints.
const HELP: &str = "\
Repeat milestones in the history of learning machines, and measure them

Usage: milestone list
       milestone info ID
       milestone run ID [--seed N] [--seeds N] [--quick] [--text FILE] [--json] [--svg DIR]

ID is a number or a name that `list` shows, 03 or 06 for both parts of it, or all.

Options of run:
  --seed N   first seed [default: 0]
  --seeds N  number of seeds from there on, 1 to 1000; shows minimum, mean and passes [default: 1]
  --quick    small versions, for a first look and for tests
  --text FILE
             text that 06b and 07 learn, UTF-8, at least 500 characters [default: the almanac that ships]
  --json     print one JSON object instead of text
  --svg DIR  write the charts of the first seed as SVG files into DIR

Exit status: 0 all gates passed, 1 a gate is not met or a file could not be written, 2 wrong usage.
";

/// What was asked for.
#[derive(Debug, PartialEq)]
enum Command {
    Help,
    List,
    Info(Id),
    Run(Run),
}

#[derive(Debug, PartialEq)]
struct Run {
    ids: Vec<Id>,
    seed: u64,
    seeds: usize,
    quick: bool,
    json: bool,
    svg: Option<PathBuf>,
    text: Option<PathBuf>,
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
            let _ = writeln!(err, "error: {text}");
            return 2;
        }
    };
    let result = match command {
        Command::Help => print(out, HELP).map(|()| true),
        Command::List => print(out, &list()).map(|()| true),
        Command::Info(id) => print(out, &info(id)).map(|()| true),
        Command::Run(run) => run.execute(out),
    };
    match result {
        Ok(passed) => u8::from(!passed),
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            1
        }
    }
}

fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let args: Vec<String> = args.into_iter().collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            Err("no command; there are list, info ID and run ID, for example `milestone run 01`"
                .into())
        }
        ["list"] => Ok(Command::List),
        ["info", id] if !id.starts_with('-') => {
            Ok(Command::Info(id.parse().map_err(|e: Error| e.to_string())?))
        }
        ["run", ref rest @ ..] if !rest.iter().any(|w| ["--help", "-h"].contains(w)) => {
            Run::parse(rest).map(Command::Run)
        }
        _ if words.iter().any(|w| ["--help", "-h", "help"].contains(w)) => Ok(Command::Help),
        ["info"] => Err("info needs an id, for example `milestone info 01`".into()),
        _ => Err(format!(
            "`{}` is not understood; there are list, info ID and run ID, for example `milestone run 01`",
            words.join(" ")
        )),
    }
}

impl Run {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let mut run = Self {
            ids: Vec::new(),
            seed: 0,
            seeds: 1,
            quick: false,
            json: false,
            svg: None,
            text: None,
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let (flag, inline) = match word.split_once('=') {
                Some((flag, value)) if word.starts_with("--") => (flag, Some(value)),
                _ => (word, None),
            };
            let mut value = |example: &str| {
                let given = inline.or_else(|| words.next().copied());
                given.ok_or_else(|| format!("{flag} needs a value, for example `{flag} {example}`"))
            };
            match flag {
                "--seed" => run.seed = number(flag, value("1986")?, 0..=u64::MAX)?,
                "--seeds" => run.seeds = number(flag, value("10")?, 1..=1_000)? as usize,
                "--svg" => run.svg = Some(value("plots")?.into()),
                "--text" => run.text = Some(value("novel.txt")?.into()),
                "--quick" if inline.is_none() => run.quick = true,
                "--json" if inline.is_none() => run.json = true,
                _ if flag.starts_with('-') => {
                    return Err(format!(
                        "run has no option `{word}`; there are --seed N, --seeds N, --quick, --text FILE, --json and --svg DIR"
                    ));
                }
                "all" => run.ids.extend(Id::ALL),
                "03" => run.ids.extend([Id::XorSolved, Id::Digits]),
                "06" => run.ids.extend([Id::Mlperf, Id::KvCache]),
                _ => run.ids.push(word.parse().map_err(|e: Error| e.to_string())?),
            }
        }
        if run.ids.is_empty() {
            let codes = Id::ALL.map(|id| id.about().code).join(", ");
            return Err(format!(
                "run needs an id, one of {codes}, or all; for example `milestone run 01`"
            ));
        }
        Ok(run)
    }

    /// Runs everything and returns whether all gates were passed.
    fn execute(&self, out: &mut dyn Write) -> Result<bool> {
        let progress: fn(&str) -> Box<dyn Callback> = |name| Box::new(ProgressLine::stderr(name));
        let text = match &self.text {
            // Kept until the program ends, which is when it is no longer needed.
            Some(path) => fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?.leak(),
            None => ALMANAC,
        };
        let opts = Opts { seed: self.seed, quick: self.quick, text, progress };
        let mut all = Vec::new();
        for &id in &self.ids {
            let mut start = Instant::now();
            let seeds = Seeds::run(id, &opts, self.seeds, |report| {
                report.seconds = Some(start.elapsed().as_secs_f64());
                start = Instant::now();
            })?;
            if let (Some(folder), Some(report)) = (&self.svg, seeds.reports.first()) {
                save(folder, report)?;
            }
            if !self.json {
                print(out, &seeds.to_text())?;
            }
            all.push(seeds);
        }
        let passed = all.iter().all(Seeds::passed);
        if self.json {
            let object = json!({
                "schema": "milestone/1",
                "passed": passed,
                "seconds": all.iter().map(Seeds::seconds).sum::<Option<f64>>(),
                "milestones": all.iter().map(Seeds::json).collect::<Vec<_>>(),
            });
            print(out, &format!("{object}\n"))?;
        }
        Ok(passed)
    }
}

fn number(flag: &str, text: &str, range: core::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let (low, high) = (range.start(), range.end());
    text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        format!(
            "{flag} is `{text}`, not a whole number from {low} to {high}; for example `{flag} 10`"
        )
    })
}

fn print(out: &mut dyn Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write", Path::new("standard output"), e))
}

/// Writes the charts of a report.
fn save(folder: &Path, report: &Report) -> Result<()> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |e: io::Error| Error::io("write", &path, e)
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for picture in report.pictures() {
        let path = folder.join(picture.name).with_extension("svg");
        fs::write(&path, picture.svg).map_err(failed(&path))?;
    }
    Ok(())
}

fn list() -> String {
    let row = |id: Id| {
        let about = id.about();
        format!("{:<4} {}  {:<12} {}\n", about.code, about.year, about.alias, about.title)
    };
    Id::ALL.map(row).concat()
}

fn info(id: Id) -> String {
    let about = id.about();
    let modules: Vec<String> = about.modules.iter().map(|m| format!("{m:02}")).collect();
    format!(
        "{} {}, {}\nsource:  {}\nshows:   {}\nmodules: {}\nrun:     milestone run {}\n",
        about.code,
        about.title,
        about.year,
        about.source,
        about.shows,
        modules.join(", "),
        about.code
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, output and errors of a command line.
    fn milestone(line: &str) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = main(line.split_whitespace().map(str::to_owned), &mut out, &mut err);
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn every_milestone_is_listed_and_described() {
        let (status, out, err) = milestone("list");
        assert_eq!((status, out.lines().count(), err.as_str()), (0, 9, ""));
        for (id, line) in Id::ALL.into_iter().zip(out.lines()) {
            assert!(line.starts_with(id.about().code) && line.ends_with(id.about().title));
            let (status, out, _) = milestone(&format!("info {id}"));
            assert_eq!(status, 0);
            assert!(out.contains(id.about().source) && out.contains(&format!("run {id}\n")));
        }
    }

    #[test]
    fn wrong_usage_is_answered_with_the_right_one() {
        for (line, says) in [
            ("", "list, info ID and run ID"),
            ("walk 01", "`walk 01` is not understood"),
            ("run", "01, 02, 03a, 03b, 04, 05"),
            ("run 08", "01, 02, 03a, 03b, 04, 05"),
            ("info 08", "01, 02, 03a, 03b, 04, 05"),
            ("info", "info needs an id"),
            ("run 01 --seed", "`--seed 1986`"),
            ("run 01 --seed -1", "--seed is `-1`"),
            ("run 01 --seeds 0", "from 1 to 1000"),
            ("run 01 --seeds=1001", "from 1 to 1000"),
            ("run 01 --quick=yes", "no option `--quick=yes`"),
            ("run 01 --fast", "no option `--fast`"),
        ] {
            let (status, out, err) = milestone(line);
            assert_eq!((status, out.as_str()), (2, ""), "{line}");
            assert!(err.starts_with("error: ") && err.contains(says), "{line}: {err}");
        }
        for line in ["--help", "help", "run --help", "run 01 -h", "info --help"] {
            let (status, out, _) = milestone(line);
            assert_eq!((status, out.as_str()), (0, HELP), "{line}");
        }
    }

    #[test]
    fn options_are_read_in_any_order() {
        let words = ["--json", "03", "--seed=7", "cnn", "--seeds", "3", "--svg", "here", "--quick"];
        let expected = Run {
            ids: vec![Id::XorSolved, Id::Digits, Id::Cnn],
            seed: 7,
            seeds: 3,
            quick: true,
            json: true,
            svg: Some("here".into()),
            text: None,
        };
        assert_eq!(Run::parse(&words), Ok(expected));
        assert_eq!(Run::parse(&["all"]).unwrap().ids, Id::ALL);
        let run = Run::parse(&["06", "--text=prose.txt"]).unwrap();
        assert_eq!((run.ids, run.text), (vec![Id::Mlperf, Id::KvCache], Some("prose.txt".into())));
    }

    #[test]
    fn one_run_as_text_json_and_pictures() {
        let folder =
            std::env::temp_dir().join(format!("tinytorch-milestone-{}", std::process::id()));
        let (status, out, err) =
            milestone(&format!("run 02 --quick --seed 3 --svg {}", folder.display()));
        assert_eq!((status, err.as_str()), (0, ""), "nothing but results without a terminal");
        assert!(out.starts_with("02 XOR crisis, 1969: seed 3, quick, "), "{out}");
        assert_eq!(out.matches("  pass  ").count(), 4, "{out}");
        for name in ["02-boundary.svg", "02-loss.svg"] {
            let svg = fs::read_to_string(folder.join(name)).unwrap();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        }
        fs::remove_dir_all(&folder).unwrap();

        let (status, out, _) = milestone("run xor-crisis --quick --seeds 2 --json");
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, json["schema"].as_str()), (0, Some("milestone/1")));
        let all = &json["milestones"][0];
        assert_eq!((all["runs"].as_u64(), all["passes"].as_u64()), (Some(2), Some(2)));
        assert_eq!(all["reports"][1]["seed"], 1);
        assert_eq!(all["reports"][1]["gates"][0]["measured"], 3.0);
        assert!(json["seconds"].as_f64().is_some_and(|s| s > 0.0));
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let file = std::env::temp_dir().join(format!("tinytorch-no-folder-{}", std::process::id()));
        fs::write(&file, "a file").unwrap();
        let (status, _, err) = milestone(&format!("run 02 --quick --svg {}", file.display()));
        fs::remove_file(&file).unwrap();
        assert_eq!(status, 1);
        assert!(err.contains("tinytorch-no-folder"), "{err}");
        let (status, _, err) = milestone("run 07 --quick --text no-such-text");
        assert!(status == 1 && err.contains("no-such-text"), "{err}");

        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("full"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut err = Vec::new();
        assert_eq!(main(["list".to_owned()], &mut Full, &mut err), 1);
        assert!(String::from_utf8(err).unwrap().contains("full"));
    }
}
