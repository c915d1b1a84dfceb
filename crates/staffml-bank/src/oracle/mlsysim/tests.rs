//! Every equation that a wall computes too agrees with it; walls can be asked by name.

use super::{Mlsysim, walls};
use crate::oracle::{Builtin, Mutation, Oracle, OracleError, conformance};
use crate::quantity::{Quantity, Unit};

/// Inputs that count something.
const COUNTS: &[&str] = &[
    "batch",
    "cameras",
    "channels",
    "devices",
    "head_dim",
    "kv_heads",
    "layers",
    "microbatches",
    "replicas",
    "samples",
    "servers",
    "shards",
    "side",
    "stages",
    "steps",
];

/// Inputs for an equation: a plausible number in the unit of each, shifted by `i`.
fn inputs(equation: &str, i: u32) -> Vec<(String, Quantity)> {
    let signature = Builtin.signature(equation).unwrap();
    let value = |k: usize, unit: &Unit| {
        let share = unit.dim().is_none() && unit.text().is_empty();
        let number =
            if share { 0.25 + 0.5 * f64::from(i % 2) } else { f64::from(3 + i) * (k as f64 + 1.5) };
        // What is counted comes in whole numbers.
        let counted = unit.dim().is_none() && !share;
        Quantity::new(if counted { number.ceil() } else { number }, unit)
    };
    let counts = equation.contains("kv") || equation.contains("gemm");
    let value = |k, unit: &Unit| {
        if counts && unit.text().is_empty() {
            Quantity::pure(f64::from(8 + i))
        } else {
            value(k, unit)
        }
    };
    let eta = |name: &str| match name {
        "efficiency" => Some(Quantity::pure(0.75)),
        "pue" => Some(Quantity::pure(1.25)),
        // Whole numbers, whatever else is counted.
        _ if COUNTS.contains(&name) => Some(Quantity::pure(f64::from(8 + i))),
        _ => None,
    };
    let all = signature.inputs.iter().enumerate();
    all.map(|(k, (name, unit))| (name.clone(), eta(name).unwrap_or_else(|| value(k, unit))))
        .collect()
}

#[test]
fn every_correspondence_agrees() {
    let mut n = 0;
    for equation in walls::compared() {
        for i in 0..20 {
            let given = inputs(equation, i);
            for node in Builtin.signature(equation).unwrap().nodes {
                let here = Builtin.eval(equation, &given, Some(&node.name), &[]).unwrap();
                let there = Mlsysim.eval(equation, &given, Some(&node.name), &[]);
                assert_eq!(there.as_ref(), Ok(&here), "{equation}, {given:?}");
            }
        }
        n += 1;
    }
    assert!(n >= 12);
}

#[test]
fn a_difference_is_drift() {
    let given = inputs("roofline.ridge", 0);
    let mut trace = Builtin.eval("roofline.ridge", &given, None, &[]).unwrap();
    let off = trace.result().value() * (1.0 + 1e-11);
    let last = trace.nodes.last_mut().unwrap();
    last.value = Quantity::canonical(off, last.value.dim());
    assert!(matches!(walls::compare(&trace), Err(OracleError::Drift { .. })));
}

#[test]
fn walls_are_asked_by_their_own_name() {
    let given = |list: &[(&str, &str)]| -> Vec<(String, Quantity)> {
        list.iter().map(|(n, t)| ((*n).to_owned(), Quantity::parse(t).unwrap())).collect()
    };
    let both = given(&[("bytes_moved", "16 GB"), ("bandwidth", "2 TB/s")]);
    let trace = Mlsysim.eval("memory.step_time", &both, None, &[]).unwrap();
    assert!((trace.result().value() - 0.008).abs() < 1e-15);
    assert!(trace.steps().count() >= 1);
    conformance::equation(&Mlsysim, "memory.step_time", &both).unwrap();
    let half = Mutation::Scale { name: "bandwidth".to_owned(), factor: 0.5 };
    let slow = Mlsysim.eval("memory.step_time", &both, Some("memory_time"), &[half]).unwrap();
    assert!((slow.result().value() - 0.016).abs() < 1e-15);
    let drop = Mutation::Drop { node: "time".to_owned(), term: "x".to_owned() };
    let refused = Mlsysim.eval("memory.step_time", &both, None, &[drop]);
    assert!(matches!(refused, Err(OracleError::Mutation { .. })));
    let wrong = given(&[("bytes_moved", "16 GHz"), ("bandwidth", "2 TB/s")]);
    assert!(matches!(
        Mlsysim.eval("memory.step_time", &wrong, None, &[]),
        Err(OracleError::Dimension { .. })
    ));
    let missing = Mlsysim.eval("memory.step_tim", &both, None, &[]).unwrap_err();
    assert!(missing.to_string().ends_with("did you mean `memory.step_time`?"), "{missing}");
    assert!(Mlsysim.signature("iron_law.upgrade").is_some());
}
