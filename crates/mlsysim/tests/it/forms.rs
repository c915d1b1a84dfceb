//! The call by name, the call over columns and the typed call run the same code: equal bits, for any input.
//!
//! Every equation gets random inputs from the ranges that its fields state, so a new one is covered at once.

use mlsysim::composite::roofline::{self, StepIn};
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Quantity, Seconds};
use mlsysim::walls::equation::MAX_FIELDS;
use mlsysim::walls::{self, Column, EquationInfo, Field, Form, Prepared};
use mlsysim::{Convention, Error};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};

/// Cases of each wall, shared among its equations; an equation by itself gets a fifth of them at least.
const CASES: u32 = 10_000;
const CONVENTIONS: [Convention; 2] = [Convention::Reference, Convention::Upstream030];

/// A number the field allows: small counts, shares, or any magnitude.
fn allowed(field: &'static Field) -> BoxedStrategy<f64> {
    let range = field.range;
    prop_oneof![
        // Magnitudes from the smallest to the largest floats.
        (0.0_f64..1.0, -300_i32..300).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e))),
        (0.0_f64..1.0, -15_i32..18).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e))),
        (0_u32..4096).prop_map(f64::from),
        0.0_f64..=1.0,
        Just(1e-9),
        Just(0.0),
        Just(1.0),
    ]
    .prop_map(move |value| if range.contains(value) { value } else { 1.0 })
    .boxed()
}

fn inputs(info: &'static EquationInfo) -> BoxedStrategy<Vec<f64>> {
    info.inputs.iter().map(allowed).collect::<Vec<_>>().boxed()
}

/// Runs `check` on random inputs of one equation.
fn for_any_inputs(info: &'static EquationInfo, check: impl Fn(&[f64]) -> TestCaseResult) {
    let of_wall = walls::equations().iter().filter(|other| other.wall == info.wall).count();
    let cases = CASES.div_ceil(u32::try_from(of_wall).unwrap_or(1)).max(CASES / 5);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    if let Err(error) = runner.run(&inputs(info), |numbers| check(&numbers)) {
        panic!("{}: {error}", info.id);
    }
}

fn named(info: &'static EquationInfo, numbers: &[f64]) -> Vec<(&'static str, Quantity)> {
    let fields = info.inputs.iter().zip(numbers);
    fields.map(|(field, number)| (field.name, Quantity::new(*number, field.dimension))).collect()
}

#[test]
fn no_input_gives_nan_or_leaves_the_stated_range() {
    for info in walls::equations() {
        for_any_inputs(info, |numbers| {
            for convention in CONVENTIONS {
                match walls::evaluate(info.id, &named(info, numbers), convention) {
                    Ok(evaluation) => {
                        for (field, (_, value)) in info.outputs.iter().zip(&evaluation.outputs) {
                            if let Some(quantity) = value.quantity() {
                                prop_assert!(
                                    field.range.contains(quantity.value),
                                    "{} = {quantity}",
                                    field.name
                                );
                            }
                        }
                    }
                    Err(Error::Overflow { .. }) => {}
                    Err(error) => prop_assert!(false, "refused: {error}"),
                }
            }
            Ok(())
        });
    }
}

#[test]
fn columns_and_names_give_equal_bits() {
    for info in walls::equations() {
        for_any_inputs(info, |numbers| {
            let quantities = named(info, numbers);
            let columns: Vec<(&str, Column)> = quantities
                .iter()
                .map(|(name, q)| {
                    (*name, Column { values: vec![q.value, q.value], dimension: q.dimension })
                })
                .collect();
            let borrowed: Vec<(&str, &Column)> =
                columns.iter().map(|(name, column)| (*name, column)).collect();
            for convention in CONVENTIONS {
                let table = walls::batch(info.id, &borrowed, &[], convention);
                let Ok(evaluation) = walls::evaluate(info.id, &quantities, convention) else {
                    prop_assert!(
                        matches!(table, Err(Error::Row { row: 0, .. })),
                        "a batch takes what a call refuses"
                    );
                    continue;
                };
                let table = table.map_err(|error| TestCaseError::fail(error.to_string()))?;
                for (field, (name, value)) in info.outputs.iter().zip(&evaluation.outputs) {
                    let column = table.column(name).map(|c| c.values.clone()).unwrap_or_default();
                    let number = match (value.quantity(), field.form) {
                        (Some(quantity), _) => quantity.value,
                        (None, _) => column.first().copied().unwrap_or(f64::NAN),
                    };
                    prop_assert_eq!(
                        column.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
                        [number.to_bits(); 2]
                    );
                    // A flag or word of the table is the one of the evaluation.
                    prop_assert_eq!(field.value(column[0]), *value, "{}", name);
                }
            }
            Ok(())
        });
    }
}

/// `Prepared::solve` fills in the record of the typed call, calls `walls::solve` and takes its record apart.
#[test]
fn the_typed_call_of_every_equation_gives_the_same_bits() {
    for info in walls::equations() {
        let equation = Prepared::new(info.id).expect("listed");
        for_any_inputs(info, |numbers| {
            let mut inputs = equation.defaults();
            inputs[..numbers.len()].copy_from_slice(numbers);
            for convention in CONVENTIONS {
                let mut outputs = [f64::NAN; MAX_FIELDS];
                let typed = equation.solve(&inputs, convention, &mut outputs);
                match walls::evaluate(info.id, &named(info, numbers), convention) {
                    // As text: an overflow may carry a NaN, which equals nothing.
                    Err(error) => prop_assert_eq!(
                        typed.map_err(|error| error.to_string()),
                        Err(error.to_string())
                    ),
                    Ok(evaluation) => {
                        prop_assert_eq!(typed, Ok(()));
                        for ((field, number), (_, value)) in
                            info.outputs.iter().zip(outputs).zip(&evaluation.outputs)
                        {
                            match value.quantity() {
                                Some(quantity) => {
                                    prop_assert_eq!(number.to_bits(), quantity.value.to_bits());
                                }
                                None => prop_assert_eq!(field.value(number), *value),
                            }
                        }
                    }
                }
            }
            Ok(())
        });
    }
}

/// One record filled in by hand, field by field, so that a mixed-up order of fields cannot hide.
#[test]
fn the_typed_call_gives_the_same_bits() {
    let info =
        walls::equations().iter().find(|info| info.id == "roofline.step").expect("registered");
    for_any_inputs(info, |n| {
        let x = StepIn {
            ops: Flop(n[0]),
            bytes_moved: Bytes(n[1]),
            peak: FlopPerSecond(n[2]),
            bandwidth: BytesPerSecond(n[3]),
            efficiency: n[4],
            memory_efficiency: n[5],
            overhead: Seconds(n[6]),
            overlap: n[7],
        };
        let typed = walls::solve::<roofline::Step>(&x, Convention::Reference);
        let by_name = walls::evaluate(info.id, &named(info, n), Convention::Reference);
        match (typed, by_name) {
            (Ok(typed), Ok(by_name)) => {
                prop_assert_eq!(by_name.quantity("time"), Some(Quantity::from(typed.time)));
                prop_assert_eq!(
                    by_name.quantity("utilization"),
                    Some(Quantity::from(typed.utilization))
                );
                prop_assert_eq!(by_name.output("bottleneck"), Some(typed.bottleneck.into()));
            }
            (Err(typed), Err(by_name)) => prop_assert_eq!(typed, by_name),
            (typed, by_name) => prop_assert!(false, "{typed:?} but {by_name:?}"),
        }
        Ok(())
    });
}

#[test]
fn values_outside_the_range_are_refused_by_name() {
    for info in walls::equations() {
        let good: Vec<f64> = info.inputs.iter().map(|field| field.default.unwrap_or(1.0)).collect();
        for (index, field) in info.inputs.iter().enumerate() {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -1e-300] {
                if field.range.contains(bad) {
                    continue;
                }
                let mut numbers = good.clone();
                numbers[index] = bad;
                let error = walls::evaluate(info.id, &named(info, &numbers), Convention::Reference)
                    .expect_err("refused");
                let Error::OutOfRange { op, name, .. } = &error else {
                    panic!("{}: {error}", info.id)
                };
                assert_eq!((*op, *name), (info.id, field.name));
            }
        }
    }
}

#[test]
fn names_and_dimensions_are_checked() {
    let evaluate = |inputs: &[(&str, Quantity)]| {
        walls::evaluate("memory.step_time", inputs, Convention::Reference)
    };
    let bytes = ("bytes_moved", Quantity::from(Bytes(1.0)));
    let rate = ("bandwidth", Quantity::from(BytesPerSecond(1.0)));
    let message = |inputs: &[(&str, Quantity)]| evaluate(inputs).expect_err("refused").to_string();
    assert_eq!(
        message(&[bytes]),
        "memory.step_time: input `bandwidth` is missing; give data per time (for example `3.35 TB/s`)"
    );
    assert_eq!(
        message(&[bytes, bytes, rate]),
        "memory.step_time: input `bytes_moved` is given twice"
    );
    assert_eq!(
        message(&[bytes, ("bandwith", rate.1)]),
        "memory.step_time: unknown input `bandwith`; it takes bytes_moved, bandwidth, memory_efficiency"
    );
    assert_eq!(
        message(&[bytes, ("bandwidth", Quantity::from(Seconds(0.002)))]),
        "memory.step_time: bandwidth must be data per time (for example `3.35 TB/s`), got 2 ms, which is time"
    );
    let unknown = walls::evaluate("memory.step_tme", &[], Convention::Reference)
        .expect_err("refused")
        .to_string();
    assert_eq!(unknown, "unknown equation `memory.step_tme`; did you mean memory.step_time?");
}

#[test]
fn the_trace_ends_in_the_outputs_and_reads_only_what_stands_before() {
    for info in walls::equations() {
        let numbers: Vec<f64> =
            info.inputs.iter().map(|field| field.default.unwrap_or(2.0)).collect();
        let evaluation = walls::evaluate(info.id, &named(info, &numbers), Convention::Reference)
            .expect("good inputs");
        let nodes = evaluation.trace.nodes();
        for (name, value) in &evaluation.outputs {
            let node = evaluation
                .trace
                .node(name)
                .unwrap_or_else(|| panic!("{}: no node {name}", info.id));
            let same = node.value == *value
                || matches!(info.output(name).map(|f| f.form), Some(Form::Flag | Form::Label(_)));
            assert!(same && !node.formula.is_empty(), "{}: {name}", info.id);
        }
        for (index, node) in nodes.iter().enumerate() {
            for read in node.reads {
                assert!(
                    nodes[..index].iter().any(|n| n.name == *read),
                    "{}: {} reads {read}",
                    info.id,
                    node.name
                );
            }
        }
        assert!(
            nodes[..info.inputs.len()].iter().zip(info.inputs).all(|(n, f)| n.name == f.name),
            "{}",
            info.id
        );
    }
}
