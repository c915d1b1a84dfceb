//! The commands of the course: `list`, `start`, `check`, `complete`, `status`, `milestone`, `audit`, `doctor`.
//!
//! A student's crate has them with three lines:
//!
//! ```no_run
//! # mod student { pub fn course() -> tinytorch_core::course::Course { tinytorch_core::course::Course::new() } }
//! fn main() -> std::process::ExitCode {
//!     tinytorch_core::course::cli::main(&student::course())
//! }
//! ```
//!
//! Results go to standard output, talk to standard error. Exit status: 0 done, 1 a negative answer, 2 wrong usage. With `--json` the
//! result is one JSON object.

mod progress;
mod start;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{Audit, Check, Course, MODULES, Module, Outcome, module};
use crate::Error;

const USAGE: &str = "usage: course COMMAND [NN] [--json]
  list                       the modules with their slots, points and hours
  start NN [--fresh]         write src/mNN.rs with an empty lesson; never over a file
  check [NN ..] [--failing]  run the checks of the modules, or of all with a lesson
  complete NN                run the checks of a module and of those after it, record the result
  status                     what passes now, and what was completed
  milestone ID [--seed N] [--quick]
                             run a milestone, such as 03a, on your slots; whose work it was
  audit                      hold the checks against seeded mistakes
  doctor                     what this machine offers
for example: course check 01 --json";

/// Runs the command that the program was called with, in the working directory.
#[must_use]
pub fn main(course: &Course) -> ExitCode {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    ExitCode::from(run(std::env::args().skip(1), course, Path::new("."), &mut out, &mut err))
}

/// Why a command did not do what it was asked to.
enum Stop {
    /// Exit status 1.
    No(String),
    /// Exit status 2.
    Usage(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::No(error.to_string())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::No(error.to_string())
    }
}

type Done = Result<(), Stop>;

/// Runs one command on `course`, for the crate in `folder`, and returns the exit status.
pub fn run(
    args: impl IntoIterator<Item = String>,
    course: &Course,
    folder: &Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let mut command = match Command::parse(args) {
        Ok(args) => Command { course, folder, args, out },
        Err(text) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(err, "{text}\n{USAGE}");
            return 2;
        }
    };
    match command.dispatch() {
        Ok(()) => 0,
        Err(Stop::No(text)) => {
            let _ = if text.is_empty() { Ok(()) } else { writeln!(err, "{text}") };
            1
        }
        Err(Stop::Usage(text)) => {
            let _ = writeln!(err, "{text}\n{USAGE}");
            2
        }
    }
}

/// The words of a command line.
#[derive(Default)]
struct Args {
    name: String,
    /// What follows the name: numbers of modules, or of a milestone.
    words: Vec<String>,
    json: bool,
    failing: bool,
    fresh: bool,
    quick: bool,
    seed: u64,
}

impl Args {
    /// The modules that are named.
    fn modules(&self) -> Result<Vec<&'static Module>, Stop> {
        let of = |word: &String| {
            let number = word.trim_start_matches('m').parse::<u8>().ok();
            number.and_then(module).ok_or_else(|| {
                let known: Vec<&str> = MODULES.iter().map(|m| &m.id[1..]).collect();
                Stop::Usage(format!("there is no module {word}; there are {}", known.join(", ")))
            })
        };
        self.words.iter().map(of).collect()
    }
}

struct Command<'a> {
    course: &'a Course,
    folder: &'a Path,
    args: Args,
    out: &'a mut dyn Write,
}

impl Command<'_> {
    fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, String> {
        let (mut found, mut name) = (Args::default(), None);
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--json" => found.json = true,
                "--failing" | "--only-failing" => found.failing = true,
                "--fresh" => found.fresh = true,
                "--quick" => found.quick = true,
                "--seed" => {
                    let number = args.next().and_then(|text| text.parse().ok());
                    found.seed = number.ok_or("--seed needs a number, for example --seed 7")?;
                }
                flag if flag.starts_with('-') => return Err(format!("there is no option {flag}")),
                _ if name.is_none() => name = Some(arg),
                _ => found.words.push(arg),
            }
        }
        found.name = name.ok_or("a command is missing")?;
        Ok(found)
    }

    fn dispatch(&mut self) -> Done {
        match self.args.name.as_str() {
            "list" => self.list(),
            "start" => self.start(),
            "check" => self.check(),
            "complete" => self.complete(),
            "status" => self.status(),
            #[cfg(feature = "safetensors")]
            "milestone" => self.milestone(),
            "audit" => self.audit(),
            "doctor" => self.doctor(),
            other => Err(Stop::Usage(format!("there is no command {other}"))),
        }
    }

    /// The one module that a command is about.
    fn one(&self) -> Result<&'static Module, Stop> {
        match self.args.modules()?[..] {
            [module] => Ok(module),
            _ => Err(Stop::Usage(format!("{} needs the number of one module", self.args.name))),
        }
    }

    fn print(&mut self, value: &Value) -> Done {
        Ok(writeln!(self.out, "{value:#}")?)
    }

    fn list(&mut self) -> Done {
        if self.args.json {
            let of = |m: &Module| {
                let slot =
                    |s: &super::Slot| json!({"name": s.name, "core": s.is_core(), "hint": s.hint});
                json!({
                    "module": m.id, "name": m.name, "tier": m.tier, "lesson": m.lesson,
                    "prerequisites": m.prerequisites, "points": m.points(), "hours": m.hours,
                    "checks": m.checks.len(), "installed": self.course.has(m.number),
                    "slots": m.slots.iter().map(slot).collect::<Vec<_>>(),
                })
            };
            let modules: Vec<Value> = MODULES.iter().map(of).collect();
            return self.print(&json!({"schema": "course-list/1", "modules": modules}));
        }
        for m in MODULES {
            let slots: Vec<&str> = m.slots.iter().filter(|s| s.is_core()).map(|s| s.name).collect();
            writeln!(
                self.out,
                "{} {:14} {:>3} points  {} h  {}",
                m.id,
                m.name,
                m.points(),
                m.hours,
                slots.join(", ")
            )?;
        }
        Ok(())
    }

    fn start(&mut self) -> Done {
        let module = self.one()?;
        let file = start::write(module, self.folder, self.args.fresh)?;
        let (id, name) = (module.id, file.display().to_string());
        if self.args.json {
            return self.print(&json!({"schema": "course-start/1", "module": id, "file": name}));
        }
        let first = module.checks.first().map_or("", |c| c.id);
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(writeln!(
            self.out,
            "{name} is ready\n1. say `mod {stem};` in src/lib.rs and `.{id}({stem}::Mine)` where your course is made\n\
             2. read the documentation of tinytorch_core::course::{id}::{}\n3. the first check will be {first}",
            module.lesson
        )?)
    }

    /// Runs the checks of some modules, reports them, and returns whether all passed.
    fn checked(&mut self, modules: &[&'static Module]) -> Result<bool, Stop> {
        let mut good = true;
        let mut reports = Vec::new();
        for module in modules {
            let outcomes: Vec<(&Check, Outcome)> =
                module.checks.iter().map(|c| (c, c.run(self.course))).collect();
            good &= outcomes.iter().all(|(_, o)| o.passed());
            if self.args.json {
                reports.push(report(module, &outcomes, self.args.failing));
                continue;
            }
            for (check, outcome) in &outcomes {
                if !(self.args.failing && outcome.passed()) {
                    writeln!(self.out, "{:9} {}", outcome.name(), check.id)?;
                }
                if let Outcome::Fail(failure) = outcome {
                    writeln!(self.out, "{failure}\n  hint: {}", check.hint)?;
                } else if *outcome == Outcome::Unwritten {
                    writeln!(self.out, "  hint: {}", check.slot.hint)?;
                }
            }
            let (points, all) = points(&outcomes);
            writeln!(self.out, "{}: {points} of {all} points", module.id)?;
        }
        if self.args.json {
            let name = format!("course-{}/1", self.args.name);
            self.print(&json!({"schema": name, "passed": good, "modules": reports}))?;
        }
        Ok(good)
    }

    fn check(&mut self) -> Done {
        let mut modules = self.args.modules()?;
        if modules.is_empty() {
            modules = MODULES.iter().filter(|m| self.course.has(m.number)).collect();
        }
        if modules.is_empty() {
            return Err(Stop::No(
                "the course has no lesson yet: begin with `course start 01`".into(),
            ));
        }
        if self.checked(&modules)? { Ok(()) } else { Err(Stop::No(String::new())) }
    }

    fn complete(&mut self) -> Done {
        let module = self.one()?;
        let later =
            MODULES.iter().filter(|m| m.number > module.number && self.course.has(m.number));
        let modules: Vec<_> = core::iter::once(module).chain(later).collect();
        if !self.checked(&modules)? {
            return Err(Stop::No(format!("{} is not complete yet", module.id)));
        }
        progress::record(self.folder, module)?;
        Ok(())
    }

    fn status(&mut self) -> Done {
        let recorded = progress::completed(self.folder)?;
        let mut rows = Vec::new();
        for module in MODULES {
            let installed = self.course.has(module.number);
            let outcomes: Vec<(&Check, Outcome)> =
                module.checks.iter().map(|c| (c, c.run(self.course))).collect();
            let (got, all) = points(&outcomes);
            let completed = recorded.iter().any(|id| id == module.id);
            let state = match (installed, got == all) {
                (false, _) => "reference",
                (true, true) => "passes",
                (true, false) => "in work",
            };
            rows.push(json!({"module": module.id, "state": state, "points": got, "of": all, "completed": completed}));
            if !self.args.json {
                let mark = if completed { "  completed" } else { "" };
                writeln!(
                    self.out,
                    "{} {:14} {state:10} {got:>3} of {all:>3} points{mark}",
                    module.id, module.name
                )?;
            }
        }
        if self.args.json {
            self.print(&json!({"schema": "course-status/1", "modules": rows}))
        } else {
            Ok(())
        }
    }

    #[cfg(feature = "safetensors")]
    fn milestone(&mut self) -> Done {
        use crate::milestones::{Id, Opts};

        let [word] = &self.args.words[..] else {
            return Err(Stop::Usage("milestone needs one id, such as 03a".into()));
        };
        let id: Id = word.parse().map_err(|e: Error| Stop::Usage(e.to_string()))?;
        let opts = Opts { seed: self.args.seed, quick: self.args.quick, ..Opts::default() };
        let own = self.course.milestone(id, &opts)?;
        if self.args.json {
            self.print(&own.json())?;
        } else {
            write!(self.out, "{own}")?;
        }
        if own.report.passed() { Ok(()) } else { Err(Stop::No(String::new())) }
    }

    fn audit(&mut self) -> Done {
        let audit = super::audit();
        if self.args.json {
            self.print(&audit_json(&audit))?;
        } else {
            writeln!(
                self.out,
                "module slots checks reference empty self-call mutants found misattributed"
            )?;
            for m in &audit.modules {
                writeln!(
                    self.out,
                    "{:6} {:>5} {:>6} {:>9} {:>5} {:>9} {:>7} {:>5} {:>13}",
                    m.module,
                    m.slots,
                    m.checks,
                    m.reference,
                    m.empty,
                    m.self_call,
                    m.mutants,
                    m.found,
                    m.misattributed
                )?;
                for problem in &m.problems {
                    writeln!(self.out, "  {problem}")?;
                }
            }
        }
        if audit.passed() { Ok(()) } else { Err(Stop::No("audit: a rule is broken".into())) }
    }

    fn doctor(&mut self) -> Done {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let writable = progress::writable(self.folder);
        let lib = self.folder.join("src/lib.rs").is_file();
        let lessons: Vec<&str> =
            MODULES.iter().filter(|m| self.course.has(m.number)).map(|m| m.id).collect();
        let (version, rust) = (env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_RUST_VERSION"));
        let features = [
            ("course", true),
            ("deflate", cfg!(feature = "deflate")),
            ("json", cfg!(feature = "json")),
            ("parallel", cfg!(feature = "parallel")),
            ("safetensors", cfg!(feature = "safetensors")),
            ("tflite", cfg!(feature = "tflite")),
        ];
        let features: Vec<&str> = features.iter().filter(|f| f.1).map(|f| f.0).collect();
        if self.args.json {
            self.print(&json!({
                "schema": "course-doctor/1", "version": version, "rust": rust, "threads": threads,
                "features": features, "parallel": cfg!(feature = "parallel"), "optimized": !cfg!(debug_assertions), "writable": writable, "crate": lib, "lessons": lessons,
            }))?;
        } else {
            writeln!(
                self.out,
                "tinytorch-core {version} for Rust {rust} or later, {threads} threads, optimized {}\nfeatures: {}\nthis folder: writable {writable}, src/lib.rs {lib}\nlessons: {}",
                !cfg!(debug_assertions),
                features.join(", "),
                if lessons.is_empty() { "none".to_owned() } else { lessons.join(", ") }
            )?;
        }
        if writable && lib {
            Ok(())
        } else {
            Err(Stop::No(
                "doctor: run this in the folder of your crate, where you may write".into(),
            ))
        }
    }
}

/// Points of the checks that passed, and of all.
fn points(outcomes: &[(&Check, Outcome)]) -> (u32, u32) {
    let sum = |passed: bool| {
        outcomes.iter().filter(|(_, o)| !passed || o.passed()).map(|(c, _)| c.points).sum()
    };
    (sum(true), sum(false))
}

fn report(module: &Module, outcomes: &[(&Check, Outcome)], failing: bool) -> Value {
    let (points, all) = points(outcomes);
    let one = |(check, outcome): &(&Check, Outcome)| {
        let mut value = json!({
            "id": check.id, "kind": check.kind.name(), "points": check.points, "outcome": outcome.name(), "hint": check.hint,
        });
        if let Outcome::Fail(f) = outcome {
            value["failure"] = json!({"input": f.input, "expected": f.expected, "got": f.got, "at": f.at, "likely": f.likely});
        }
        value
    };
    let shown = outcomes.iter().filter(|(_, o)| !(failing && o.passed()));
    json!({"module": module.id, "points": points, "of": all, "checks": shown.map(one).collect::<Vec<_>>()})
}

fn audit_json(audit: &Audit) -> Value {
    let one = |m: &super::ModuleAudit| {
        json!({
            "module": m.module, "slots": m.slots, "checks": m.checks, "reference": m.reference, "empty": m.empty,
            "self_call": m.self_call, "mutants": m.mutants, "found": m.found, "misattributed": m.misattributed,
            "problems": m.problems,
        })
    };
    json!({
        "schema": "course-audit/1", "passed": audit.passed(),
        "modules": audit.modules.iter().map(one).collect::<Vec<_>>(),
    })
}
