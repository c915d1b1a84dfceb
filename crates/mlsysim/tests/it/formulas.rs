//! The library of formulas on random arguments: no NaN, results in their range, bad arguments refused by name.

use mlsysim::Error;
use mlsysim::formulas::{self, Formula};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Any magnitude, small counts and shares, replaced by 1 or 2 where the argument does not allow it.
fn numbers(formula: &'static Formula) -> impl Strategy<Value = Vec<f64>> {
    let any = prop_oneof![
        (0.0_f64..1.0, -300_i32..300).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e))),
        (0.0_f64..1.0, -12_i32..15).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e))),
        (0_u32..4096).prop_map(f64::from),
        0.0_f64..=1.0,
        -180.0_f64..180.0,
        Just(0.0),
        Just(1.0),
    ];
    let ranges = formula.arguments.iter().map(|argument| argument.range);
    prop::collection::vec(any, formula.arguments.len()).prop_map(move |mut numbers| {
        for (number, range) in numbers.iter_mut().zip(ranges.clone()) {
            if !range.contains(*number) {
                *number = if range.contains(1.0) { 1.0 } else { 2.0 };
            }
        }
        numbers
    })
}

#[test]
fn results_lie_in_their_range() {
    for formula in formulas::all() {
        let mut runner = TestRunner::new(ProptestConfig::with_cases(10_000));
        let outcome = runner.run(&numbers(formula), |numbers| {
            match formula.evaluate(&numbers) {
                Ok(result) => prop_assert!(formula.range.contains(result.value), "{result}"),
                Err(Error::Overflow { .. }) => {}
                // One argument may be limited by another; each is in its own range.
                Err(Error::OutOfRange { name, range, got, .. }) => {
                    let limited = formula.arguments.iter().any(|argument| {
                        argument.name == name && argument.range.contains(got.value)
                    });
                    prop_assert!(limited && !range.contains(got.value), "{name}: {got}");
                }
                Err(error) => prop_assert!(false, "{error}"),
            }
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{}: {error}", formula.id);
        }
    }
}

#[test]
fn bad_arguments_are_refused_by_name() {
    for formula in formulas::all() {
        let good = vec![1.0; formula.arguments.len()];
        for (index, argument) in formula.arguments.iter().enumerate() {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1000.0] {
                if argument.range.contains(bad) {
                    continue;
                }
                let mut numbers = good.clone();
                numbers[index] = bad;
                let error = formula.evaluate(&numbers).expect_err("refused");
                let Error::OutOfRange { op, name, .. } = error else { panic!("{error}") };
                assert_eq!((op, name), (formula.id, argument.name));
            }
        }
        let missing = formula.evaluate(&good[1..]).expect_err("one is missing");
        assert!(matches!(missing, Error::OutOfRange { .. }), "{}: {missing}", formula.id);
    }
}

#[test]
fn every_formula_names_its_source_once() {
    let mut ids: Vec<&str> = formulas::all().map(|formula| formula.id).collect();
    let count = ids.len();
    assert!(formulas::all().all(|formula| formula.source.len() > 10));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
