//! Measures what the crate promises in absolute terms, each figure beside its goal.
//!
//! Run with `cargo xtask bench staffml-bank`, which builds the program it starts; alone with
//! `cargo run --release -p staffml-bank --all-features --example goals -- target/release/staffml`.
//! Each figure is the median of some rounds with the quartiles around it; exit status 1 if a median misses its goal.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use core::hint::black_box;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use staffml_bank::Bank;
use staffml_bank::check::{Options, check};
use staffml_bank::log::{Answer, DeviceId, Event, EventId, Mode, Moment, Outcome, TemplateRef};
use staffml_bank::oracle::Mlsysim;
use staffml_bank::sched::{Aim, Catalog, Fsrs6, Rating, Scheduler as _};
use staffml_bank::state::{Filter, State};
use staffml_bank::variant::rng::{SplitMix64, mix};
use staffml_bank::variant::{Draw, Instance};

type Result<T> = core::result::Result<T, Box<dyn core::error::Error>>;

const S: f64 = 1.0;
const MS: f64 = 1e-3;
const US: f64 = 1e-6;

/// The figures so far.
#[derive(Default)]
struct Figures {
    missed: u32,
}

/// What some rounds took, in seconds of one call.
struct Taken {
    rounds: Vec<f64>,
    /// Mean time on a core, of this process and its children, where the system tells. On a busy machine this is what
    /// the code costs, and the rounds are what one waits.
    core: Option<f64>,
}

impl Figures {
    /// Prints median and quartiles beside the goal.
    fn row(&mut self, what: &str, taken: Taken, goal: f64) {
        let Taken { mut rounds, core } = taken;
        rounds.sort_by(f64::total_cmp);
        let at = |share: usize| {
            let last = rounds.len().saturating_sub(1);
            rounds.get(last * share / 4).copied().unwrap_or(0.0)
        };
        let (low, median, high) = (at(1), at(2), at(3));
        let met = median <= goal;
        self.missed += u32::from(!met);
        let (unit, name) = match goal {
            g if g >= S => (S, "s"),
            g if g >= MS => (MS, "ms"),
            _ => (US, "µs"),
        };
        let interval = format!("{:.3}..{:.3}", low / unit, high / unit);
        let core = core.map_or_else(|| "-".to_owned(), |core| format!("{:.3}", core / unit));
        println!(
            "{what:<44} {:>9.3} {interval:>19} {core:>9} {:>6} {name:<2} {:>3}  {}",
            median / unit,
            goal / unit,
            rounds.len(),
            if met { "met" } else { "MISSED" }
        );
    }
}

/// Times `n` rounds of so many calls each.
fn rounds(n: usize, calls: usize, mut round: impl FnMut()) -> Taken {
    round(); // the first one fills caches
    let before = core_s();
    let time = |_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64() / calls as f64
    };
    let rounds = (0..n).map(time).collect();
    Taken { rounds, core: core_since(before, n * calls) }
}

/// Seconds on a core since `before`, of each call.
fn core_since(before: Option<f64>, calls: usize) -> Option<f64> {
    Some((core_s()? - before?) / calls as f64)
}

/// Seconds that this process and its ended children were on a core, as Linux counts them in hundredths.
fn core_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold spaces: fields 14 to 17 are user and system time, own and of children.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(4).map(|f| f.parse::<f64>().ok());
    ticks.sum::<Option<f64>>().map(|ticks| ticks / 100.0)
}

fn main() -> Result<ExitCode> {
    let program = std::env::args_os().nth(1).map(PathBuf::from);
    let program = program.filter(|p| p.is_file()).ok_or("goals: name the program `staffml`")?;
    let mut figures = Figures::default();
    let cores = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    // Where the system says how much else is running: a figure on a busy machine is no figure of the crate.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|l| !l.is_empty()).map(|l| format!(", load {l}"));
    println!("staffml-bank on {cores} cores{}", load.unwrap_or_default());
    println!(
        "{:<44} {:>9} {:>19} {:>9} {:>9} {:>3}",
        "", "median", "quartiles", "on a core", "goal", "n"
    );
    questions(&mut figures)?;
    learner(&mut figures);
    starts(&mut figures, &program)?;
    full_check(&mut figures)?;
    println!("{} goals missed", figures.missed);
    Ok(if figures.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Drawing and grading, over every question that is a number.
fn questions(figures: &mut Figures) -> Result<()> {
    let bank = Bank::embedded();
    let numeric: Vec<&str> =
        bank.templates().iter().filter(|t| t.computed().is_some()).map(|t| t.id()).collect();
    let draw = |id: &str, seed| -> Result<Instance> {
        Ok(bank.instantiate(id, &Mlsysim, &Draw::seed(seed))?)
    };
    let drawn = numeric.iter().map(|id| draw(id, 1)).collect::<Result<Vec<_>>>()?;
    // Right in its own unit, every recognized wrong turn, and what people and machines type besides.
    let texts = |instance: &Instance| {
        let turns = instance.wrong.iter().map(|w| instance.key.display_value(w.value));
        let long = "9".repeat(250);
        let others = ["7", "12 bananas", "1.4×10¹¹ B", "3 GHz", "-0", long.as_str()];
        let others = others.map(str::to_owned);
        [instance.key.display()].into_iter().chain(turns).chain(others).collect::<Vec<String>>()
    };
    let typed: Vec<(&Instance, Vec<String>)> = drawn.iter().map(|i| (i, texts(i))).collect();
    let n: usize = typed.iter().map(|(_, texts)| texts.len()).sum();
    assert!(typed.iter().all(|(i, texts)| i.grade(&texts[0]).is_correct()), "a key is refused");
    let grade = rounds(21, n, || {
        for (instance, texts) in &typed {
            texts.iter().for_each(|text| drop(black_box(instance.grade(black_box(text)))));
        }
    });
    figures.row("grade one answer", grade, MS);
    let mut seed = 1;
    let all = rounds(21, numeric.len(), || {
        seed += 1;
        numeric.iter().for_each(|id| drop(black_box(draw(id, black_box(seed)))));
    });
    figures.row(&format!("draw one variant, mean of {} questions", numeric.len()), all, 200.0 * US);
    let mut slowest = ("", 0.0);
    for id in &numeric {
        // The shortest of some, which a busy machine disturbs least.
        let times = rounds(5, 1, || drop(black_box(draw(id, black_box(seed))))).rounds;
        let best = times.into_iter().fold(f64::INFINITY, f64::min);
        if best > slowest.1 {
            slowest = (id, best);
        }
    }
    let of_slowest = rounds(21, 20, || {
        (0..20).for_each(|_| drop(black_box(draw(slowest.0, black_box(seed)))));
    });
    // A question that searches for its answer may take longer than others, not longer than a grade.
    figures.row(&format!("  slowest: {}", slowest.0), of_slowest, MS);
    Ok(())
}

/// The state of a learner with many answers.
fn learner(figures: &mut Figures) {
    let scheduler = Fsrs6::default();
    let update = rounds(21, 10_000, || {
        let mut memory = None;
        for n in 0..10_000_u32 {
            let rating = Rating::ALL[(n % 4) as usize];
            memory = Some(scheduler.review(memory.as_ref(), black_box(rating), n % 30));
        }
        black_box(memory);
    });
    // A hundred thousand answers fold in 300 ms; the memory of the card is one part of that.
    figures.row("update of one memory (FSRS-6)", update, 3.0 * US);
    let catalog = Arc::new(Catalog::of(&Bank::embedded()));
    let ids: Vec<&str> = catalog.items().iter().map(|item| item.id.as_str()).collect();
    let event = |seq: u64| {
        let at = Moment::from_ms(1_700_000_000_000 + i64::try_from(seq).unwrap_or(0) * 600_000);
        let id = ids[usize::try_from(mix(seq) % ids.len() as u64).unwrap_or(0)];
        let right = !mix(seq ^ 1).is_multiple_of(3);
        let outcome = if right { Outcome::Correct } else { Outcome::Misconception };
        let rating = if right { Rating::Good } else { Rating::Again };
        let answer = Answer::new(TemplateRef::new(id, 1), seq, outcome, 40_000)
            .rated(rating)
            .confident(0.8)
            .within(Mode::Practice, "session");
        Event::new(
            EventId::new(at, u128::from(seq)),
            at,
            0,
            DeviceId::new(1),
            seq + 1,
            answer.into(),
        )
    };
    let events: Vec<Event> = (0..100_000).map(event).collect();
    let state = State::fold(Arc::clone(&catalog), &events[..10_000]);
    let today = events[10_000].study_day();
    let mut rng = SplitMix64::new(1);
    let next = rounds(21, 20, || {
        for _ in 0..20 {
            let _ = black_box(state.next(&Filter::default(), today, Aim::Practice, &mut rng));
        }
    });
    figures.row("next question after 10,000 answers", next, 2.0 * MS);
    let fold = rounds(7, 1, || drop(black_box(State::fold(Arc::clone(&catalog), &events))));
    figures.row("fold of 100,000 answers", fold, 300.0 * MS);
}

/// From the start of the process to its end, or to the first prompt.
fn starts(figures: &mut Figures, program: &Path) -> Result<()> {
    let data = std::env::temp_dir().join(format!("staffml-goals-{}", std::process::id()));
    let mut failed: Option<String> = None;
    let command = |words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).arg("--data").arg(&data).stderr(Stdio::null()).stdin(Stdio::piped());
        command.stdout(Stdio::piped());
        command
    };
    let progress = rounds(21, 1, || match command(&["progress"]).output() {
        Ok(done) if done.status.success() => {}
        Ok(done) => failed = Some(format!("`staffml progress` ended with {}", done.status)),
        Err(error) => failed = Some(format!("cannot start {}: {error}", program.display())),
    });
    figures.row("start: `staffml progress` to its end", progress, 150.0 * MS);
    let one = || -> Result<f64> {
        let start = Instant::now();
        let mut child = command(&["daily", "--plain"]).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        // The prompt is the first `> ` at the beginning of a line.
        let (mut last, mut seen) = ([b'\n'; 3], [0; 1]);
        while output.read(&mut seen)? == 1 {
            last = [last[1], last[2], seen[0]];
            if last == *b"\n> " {
                break;
            }
        }
        let time = start.elapsed().as_secs_f64();
        drop(child.stdin.take()); // leaves the session
        std::io::copy(&mut output, &mut std::io::sink())?;
        child.wait()?;
        if last == *b"\n> " { Ok(time) } else { Err("`staffml daily` asked nothing".into()) }
    };
    one()?;
    let before = core_s();
    let daily = (0..21).map(|_| one()).collect::<Result<Vec<f64>>>();
    let core = core_since(before, 21);
    let _ = std::fs::remove_dir_all(&data);
    let daily = Taken { rounds: daily?, core };
    figures.row("start: `staffml daily` to its first prompt", daily, 150.0 * MS);
    failed.map_or(Ok(()), |why| Err(why.into()))
}

/// Everything a release checks, on two threads.
fn full_check(figures: &mut Figures) -> Result<()> {
    let bank = Bank::embedded();
    let mut errors = 0;
    // No round to warm up: this one takes long, and caches are nothing to it.
    let time = |_| {
        let start = Instant::now();
        errors += check(&bank, &Mlsysim, Options::FULL.threads(2)).n_errors();
        start.elapsed().as_secs_f64()
    };
    let before = core_s();
    let rounds: Vec<f64> = (0..3).map(time).collect();
    let taken = Taken { rounds, core: core_since(before, 6) };
    figures.row(
        &format!("full check of {} templates, 2 cores", bank.templates().len()),
        taken,
        30.0,
    );
    if errors > 0 {
        return Err(
            format!("the bank has {errors} errors; `staffml check --full` names them").into()
        );
    }
    Ok(())
}
