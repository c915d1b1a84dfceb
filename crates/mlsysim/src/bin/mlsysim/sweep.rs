//! `mlsysim sweep`: an equation, or one step of models on machines, at every point of a grid.

use crate::args::{Output, SweepArgs, registry};
use crate::{Answer, pretty};
use core::fmt;
use core::time::Duration;
use mlsysim::report::{chart, json, rows};
use mlsysim::sweep::{self, Kind, Options, Progress, Table};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::Mutex;
use std::time::Instant;

pub(crate) fn run(args: &SweepArgs) -> Result<Answer, String> {
    if args.target == "eval" && args.axes.is_empty() {
        return Ok(Answer::done(inputs_of_eval()));
    }
    let bar = Bar::new();
    let report = |done, all| bar.show(done, all);
    let options = Options {
        convention: args.convention.into(),
        conditions: args.conditions.clone(),
        sort: args.sort.clone(),
        top: args.top,
        threads: args.threads,
        progress: io::stderr().is_terminal().then_some(Progress(&report)),
    };
    let table = if args.target == "eval" {
        sweep::evaluations(&registry(&args.records)?, &args.axes, &options)
    } else {
        sweep::equation(&args.target, &args.axes, &options)
    };
    bar.clear();
    let table = pick(table.map_err(|error| error.to_string())?, &args.columns)?;
    let remark = if table.statistics.refused.is_empty() && args.conditions.is_empty() {
        None
    } else {
        Some(rows::statistics(&table))
    };
    let text = match args.output {
        Output::Json => pretty(&json::sweep(&args.target, args.convention.into(), &table)),
        Output::Svg => chart::sweep(&args.target, &table, args.x.as_deref(), args.y.as_deref())?,
        streamed => {
            stream(streamed, &table)?;
            String::new()
        }
    };
    // Nothing meets the conditions: a negative answer.
    let code = u8::from(table.rows() == 0);
    Ok(Answer { text, code, remark })
}

/// Writes row by row, since a table may be larger than its text should be in memory.
fn stream(output: Output, table: &Table) -> Result<(), String> {
    let mut out = Adapter { inner: BufWriter::new(io::stdout().lock()), error: None };
    let written = match output {
        Output::Jsonl => rows::json_lines(table, &mut out),
        Output::Markdown => rows::markdown(table, &mut out),
        Output::Text => rows::text(table, &mut out),
        _ => rows::csv(table, &mut out),
    };
    let flushed = out.inner.flush();
    let error = match (written, flushed) {
        (Err(_), _) => out.error,
        (Ok(()), flushed) => flushed.err(),
    };
    match error {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write the result: {error}"))
        }
        _ => Ok(()),
    }
}

/// Text written to a stream of bytes, with the error of the stream kept.
struct Adapter<W> {
    inner: W,
    error: Option<io::Error>,
}

impl<W: Write> fmt::Write for Adapter<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.inner.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// The inputs, and of the outputs those asked for.
fn pick(mut table: Table, columns: &[String]) -> Result<Table, String> {
    if columns.is_empty() {
        return Ok(table);
    }
    let unknown: Vec<&str> =
        columns.iter().filter(|name| table.column(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        return Err(format!(
            "--columns: there is no column {}; there are {}",
            unknown.join(", "),
            known.join(", ")
        ));
    }
    let inputs: Vec<String> =
        table.columns.iter().take(table.inputs).map(|column| column.name.clone()).collect();
    table.columns.retain(|column| inputs.contains(&column.name) || columns.contains(&column.name));
    Ok(table)
}

fn inputs_of_eval() -> String {
    let mut lines = vec![["axis", "unit", "range", ""].map(String::from).to_vec()];
    for (name, kind, range, doc) in sweep::inputs_of_evaluations() {
        let (unit, range) = match kind {
            Some(Kind::Amount(dimension)) => (dimension.to_string(), range.to_string()),
            _ => (String::new(), "names".into()),
        };
        lines.push(vec![name.into(), unit, range, doc.into()]);
    }
    mlsysim::report::table::columns(&lines)
}

/// A progress bar on standard error, for sweeps that take a while.
struct Bar {
    start: Instant,
    drawn: Mutex<Option<Instant>>,
}

impl Bar {
    fn new() -> Self {
        Self { start: Instant::now(), drawn: Mutex::new(None) }
    }

    #[expect(clippy::cast_precision_loss, reason = "shares and rates for people to read")]
    fn show(&self, done: usize, all: usize) {
        const WIDTH: usize = 30;
        let elapsed = self.start.elapsed();
        let Ok(mut drawn) = self.drawn.lock() else { return };
        let soon = drawn.is_some_and(|at| at.elapsed() < Duration::from_millis(100));
        if elapsed < Duration::from_millis(500) || soon {
            return;
        }
        *drawn = Some(Instant::now());
        let share = done as f64 / all as f64;
        let rate = done as f64 / elapsed.as_secs_f64();
        let left = (all - done) as f64 / rate;
        let full = done.saturating_mul(WIDTH) / all.max(1);
        eprint!(
            "\r[{}{}] {:3.0} %  {:.1} M points/s, {left:.0} s left ",
            "#".repeat(full),
            ".".repeat(WIDTH - full),
            100.0 * share,
            rate / 1e6
        );
    }

    fn clear(&self) {
        if self.drawn.lock().is_ok_and(|drawn| drawn.is_some()) {
            eprint!("\r{:78}\r", "");
        }
    }
}
