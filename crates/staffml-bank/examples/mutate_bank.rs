//! Plants eight kinds of faults in every numeric template of the shipped bank and prints which are caught.
//!
//! Run with `cargo xtask mutate-bank`. Exit status 0 if every fault was planted and caught, 1 if not.
#![expect(clippy::print_stdout, reason = "the table is its output")]

use std::process::ExitCode;

use staffml_bank::Bank;
use staffml_bank::check::{Options, audit};
use staffml_bank::oracle::Builtin;

fn main() -> ExitCode {
    let report = audit(&Bank::embedded(), &Builtin, Options::FAST.seeds(40));
    println!("{:<20} {:>8} {:>8} {:>12}", "fault", "caught", "missed", "not planted");
    let (mut caught, mut all) = (0, 0);
    for line in &report {
        let (missed, unplanted) = (line.missed.len(), line.unplanted.len());
        println!("{:<20} {:>8} {missed:>8} {unplanted:>12}", line.fault.name(), line.caught);
        caught += line.caught;
        all += line.caught + missed + unplanted;
    }
    println!("{caught} of {all} faults caught");
    for line in &report {
        for id in &line.missed {
            println!("missed: {} in {id}", line.fault);
        }
        for id in &line.unplanted {
            println!("not planted: {} in {id}", line.fault);
        }
    }
    if caught == all && all > 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
