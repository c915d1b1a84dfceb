//! What one evaluation costs on this machine, in nanoseconds: median of runs over different inputs.
//!
//! `cargo run --release -p mlsysim --example cost`
#![expect(clippy::print_stdout, reason = "the table is the result")]

use core::hint::black_box;
use mlsysim::composite::roofline::{Step, StepIn};
use mlsysim::composite::single_node::evaluate;
use mlsysim::composite::{Device, Settings};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Quantity, Seconds, Watts};
use mlsysim::{Convention, WorkloadSpec, walls};
use std::time::Instant;

const EVALUATIONS: u32 = 100_000;
const RUNS: usize = 31;

/// Median time of one call of `work`, which gets a number that changes with every call.
fn nanoseconds(work: impl Fn(f64)) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            for i in 0..EVALUATIONS {
                work(1.0 + f64::from(i));
            }
            start.elapsed().as_secs_f64() / f64::from(EVALUATIONS) * 1e9
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn main() {
    let device = Device {
        power: Some(Watts(400.0)),
        layer_time: Seconds(1e-5),
        ..Device::new(FlopPerSecond(312e12), BytesPerSecond(2.039e12), Bytes(80e9))
    };
    let single_node = nanoseconds(|x| {
        let work = WorkloadSpec {
            ops: Flop(1e9 * x),
            bytes_moved: Bytes(1e9),
            layers: 32,
            ..WorkloadSpec::default()
        };
        let settings = Settings::default();
        let _ = black_box(evaluate(
            black_box(&work),
            &device,
            &settings,
            Convention::Reference,
            &mut NoTrace,
        ));
    });
    let step = nanoseconds(|x| {
        let step = StepIn {
            ops: Flop(1e9 * x),
            bytes_moved: Bytes(1e9),
            peak: FlopPerSecond(312e12),
            bandwidth: BytesPerSecond(2e12),
            efficiency: 0.5,
            memory_efficiency: 0.8,
            overhead: Seconds(1e-5),
            overlap: 1.0,
        };
        let _ = black_box(walls::solve::<Step>(black_box(&step), Convention::Reference));
    });
    let named = nanoseconds(|x| {
        let inputs: [(&str, Quantity); 2] =
            [("bytes_moved", Bytes(x).into()), ("bandwidth", BytesPerSecond(2e12).into())];
        let _ = black_box(walls::evaluate("memory.step_time", &inputs, Convention::Reference));
    });
    println!("single-node step, typed, no trace   {single_node:8.1} ns");
    println!("roofline.step, typed, no trace      {step:8.1} ns");
    println!("memory.step_time by name, traced    {named:8.1} ns");
}
