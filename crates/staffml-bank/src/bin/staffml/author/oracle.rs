//! `staffml oracle diff`: both computations of every equation, side by side.

use serde_json::json;
use staffml_bank::check::drift::{DRIFT, Drift, one};
use staffml_bank::oracle::{Mlsysim, Oracle as _};

use super::args::OracleCommand;
use crate::args::Args;
use crate::check::bank;
use crate::draw::warn;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &OracleCommand) -> Result<Outcome, Failure> {
    let OracleCommand::Diff { equation, n, seed } = command;
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let mut pairs = Mlsysim::compared();
    if let Some(wanted) = equation {
        pairs.retain(|(ours, _)| ours == wanted);
        if pairs.is_empty() {
            return Err(Failure::usage(match Mlsysim.signature(wanted) {
                Some(_) => {
                    format!("`{wanted}` has one computation only; no wall computes the same")
                }
                None => format!("no equation `{wanted}`; `staffml search --equations` lists them"),
            }));
        }
    }
    // Each thread takes every n-th equation; the order of the result is that of the equations.
    let n_threads = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    let (bank, pairs) = (&bank, &pairs);
    let mut lines: Vec<(usize, Drift)> = std::thread::scope(|scope| {
        let work = |first: usize| {
            let mine = pairs.iter().enumerate().skip(first).step_by(n_threads);
            mine.map(|(i, pair)| (i, one(bank, *pair, *n, *seed))).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..n_threads).map(|i| scope.spawn(move || work(i))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    if lines.len() != pairs.len() {
        let message = "a comparison was cut short; please report the line above".to_owned();
        return Err(Failure { message, status: 4 });
    }
    lines.sort_by_key(|(i, _)| *i);
    let lines: Vec<Drift> = lines.into_iter().map(|(_, line)| line).collect();
    let found = lines.iter().filter(|line| line.is_found()).count();
    if args.json {
        output::object(&json!({
            "schema": "staffml-oracle-diff/1",
            "limit": DRIFT,
            "n": n,
            "seed": seed,
            "found": found,
            "equations": lines,
        }))?;
    } else {
        output::text(&text(&lines, found))?;
    }
    Ok(if found == 0 { Outcome::Yes } else { Outcome::No })
}

fn text(lines: &[Drift], found: usize) -> String {
    let mut out =
        format!("{:<32} {:>8} {:>8}  largest difference\n", "equation", "compared", "refused");
    for line in lines {
        let Drift { equation, n_compared, n_refused, largest, .. } = line;
        out.push_str(&format!("{equation:<32} {n_compared:>8} {n_refused:>8}  {largest:.1e}"));
        match (line.is_found(), n_compared) {
            (false, _) => {}
            (true, 0) => out.push_str("  NOT COMPARED"),
            (true, _) => out.push_str("  DIFFERS"),
        }
        out.push('\n');
        if line.is_found() && *n_compared > 0 {
            let given: Vec<String> =
                line.inputs.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let told = format!("`{}` and {}, for {}", line.step, line.wall, given.join(", "));
            out.push_str(&output::indent(&told, 4, 4));
        }
    }
    let largest = lines.iter().map(|line| line.largest).fold(0.0, f64::max);
    out.push_str(&format!(
        "{} equations, largest difference {largest:.1e}, limit {DRIFT:.0e}: {}\n",
        lines.len(),
        if found == 0 { "they agree".to_owned() } else { format!("{found} do not agree") }
    ));
    out
}
