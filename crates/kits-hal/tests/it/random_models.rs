//! Random networks against the second opinion, under every plan.

use kits_hal::{Check, Model, RunError, Session, convert::Planner};

use crate::support::{Rng, convert, naive, random, run, run_plain};

/// Networks per run; `KITS_RANDOM_MODELS` sets another number.
fn count() -> u64 {
    let asked = std::env::var("KITS_RANDOM_MODELS").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(400)
}

#[test]
fn every_plan_gives_what_the_definition_gives() {
    for seed in 0..count() {
        let net = random::network(seed);
        let file = net.to_file();
        let input = Rng(seed ^ 0xabcd).bytes(net.tensor(net.inputs[0]).len());
        let expected = naive::run(&net, &input);
        for planner in [Planner::Disjoint, Planner::Greedy, Planner::Searched, Planner::Overlap] {
            let kit = convert(&file, planner).kit;
            // Whatever the memory holds before, the result is the same.
            for fill in [0x00, 0xa5] {
                let found = run(&kit, &input, fill);
                assert_eq!(found, expected, "seed {seed}, {planner:?}, memory of {fill:#x}");
            }
            assert_eq!(run_plain(&kit, &input), expected, "seed {seed}, {planner:?}, plain");
        }
    }
}

#[test]
fn what_no_later_operator_reads_may_be_overwritten() {
    for seed in 0..count() {
        let net = random::network(seed);
        let converted = convert(&net.to_file(), Planner::Overlap);
        let (problem, plan) = (&converted.report.problem, &converted.report.plan);
        let model = Model::parse(&converted.kit, Check::Full).expect("a whole container");
        let input = Rng(seed ^ 0x1234).bytes(net.tensor(net.inputs[0]).len());
        let mut arena = vec![0xa5; model.arena_len()];
        let mut session = Session::new(&model, &mut arena).expect("exactly enough");
        session.set_input(0, &input).expect("the announced length");
        for op in 0..model.ops().len() {
            session.step().expect("a checked model");
            let mut needed = vec![false; model.arena_len()];
            for (buffer, &at) in problem.buffers.iter().zip(&plan.offsets) {
                if buffer.first <= op && buffer.last > op {
                    let at = at as usize;
                    needed[at..at + buffer.bytes as usize].fill(true);
                }
            }
            for (byte, needed) in session.memory_mut().iter_mut().zip(needed) {
                if !needed {
                    *byte = 0xa5;
                }
            }
        }
        let found = session.output::<i8>(0).expect("an int8 output");
        assert_eq!(found, naive::run(&net, &input), "seed {seed}");
    }
}

#[test]
fn plans_obey_the_rules_and_order_themselves() {
    for seed in 0..count() {
        let report = convert(&random::network(seed).to_file(), Planner::Overlap).report;
        assert_eq!(report.plan.violation(&report.problem), None, "seed {seed}");
        assert!(report.lower_bound <= report.arena_searched, "seed {seed}");
        assert!(report.arena_searched <= report.arena_greedy, "seed {seed}");
        assert!(report.arena_overlap <= report.arena_searched, "seed {seed}");
    }
}

#[test]
fn one_byte_less_than_needed_is_refused_with_both_numbers() {
    for seed in 0..count() {
        let kit = convert(&random::network(seed).to_file(), Planner::Overlap).kit;
        let model = Model::parse(&kit, Check::Full).expect("a whole container");
        let need = model.memory().total();
        let mut arena = vec![0; need];
        let mut session = Session::new(&model, &mut arena).expect("exactly enough");
        session.run().expect("a checked model");
        if let Some(short) = need.checked_sub(1) {
            let error = Session::new(&model, &mut arena[..short]).expect_err("one byte short");
            let (need, have) = (need as u32, short as u32);
            assert_eq!(error, RunError::ArenaTooSmall { need, have }, "seed {seed}");
        }
    }
}
