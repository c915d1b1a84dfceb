//! The lab about power: how long a battery lasts, what would double its life, and whether a gate pays.
//!
//! `cargo run -p kits-hal --example battery`

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use kits_hal::board::{Battery, Cascade, DutyCycle, EnergyError};

fn main() -> Result<(), EnergyError> {
    // ANCHOR: life
    // A keyword spotter: half a second of microphone, then 60 ms of network, once in ten seconds.
    let cycle = DutyCycle {
        volts: 3.3,
        sense_ma: 2.0,
        sense_ms: 500.0,
        active_ma: 26.0,
        active_ms: 60.0,
        sleep_ua: 3.0,
        period_ms: 10_000.0,
        regulator: 0.9,
    };
    let cell = Battery { mah: 300.0, volts: 3.7, usable: 0.85, self_discharge_percent: 2.0 };
    let energies = cycle.energies()?;
    let hours = cell.life_hours(energies.average_mw)?;
    println!("one inference  {:>10.0} uJ", energies.inference_uj);
    println!("one period     {:>10.0} uJ", energies.period_uj);
    println!("average power  {:>10.3} mW", energies.average_mw);
    println!("battery life   {:>10.0} h = {:.1} days", hours, hours / 24.0);
    // ANCHOR_END: life

    println!("\nWhere the energy of a period goes:");
    let sense = cycle.volts * cycle.sense_ma * cycle.sense_ms;
    let sleep = energies.period_uj - energies.inference_uj - sense;
    for (what, uj) in
        [("sensing", sense), ("computing", energies.inference_uj), ("sleeping", sleep)]
    {
        println!("  {what:<10} {uj:>8.0} uJ {:>6.1} %", 100.0 * uj / energies.period_uj);
    }

    println!("\nPeriod against life:");
    for period_ms in [1_000.0, 2_000.0, 5_000.0, 10_000.0, 60_000.0, 600_000.0] {
        let mw = DutyCycle { period_ms, ..cycle }.energies()?.average_mw;
        println!("  {:>6.0} s {:>10.1} days", period_ms / 1e3, cell.life_hours(mw)? / 24.0);
    }

    // ANCHOR: inverse
    let (year, months) = (365.0 * 24.0, 60.0 * 24.0);
    let period_ms = cycle.shortest_period_ms(&cell, year)?;
    let active_ms = cycle.longest_active_ms(&cell, months)?;
    println!("\nA year needs a period of {:.0} s;", period_ms / 1e3);
    println!("sixty days, at the period of ten seconds, an inference of {active_ms:.1} ms;");
    println!("2 mJ per inference buy one of {:.1} ms.", cycle.latency_for_budget_ms(2_000.0)?);

    // A loudness gate of 20 uJ lets one window in twenty through to the network.
    let gate = Cascade { gate_uj: 20.0, model_uj: energies.inference_uj, passed: 0.05 };
    println!("\nA gate saves {:.0} uJ per window;", gate.saved_uj()?);
    println!("it pays until {:.1} % of the windows pass.", 100.0 * gate.break_even()?);

    let overfull = DutyCycle { period_ms: 500.0, ..cycle };
    if let Err(refused) = overfull.energies() {
        println!("\n{refused}");
    }
    // ANCHOR_END: inverse
    Ok(())
}
