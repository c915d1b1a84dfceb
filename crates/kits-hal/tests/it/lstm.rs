//! UNIDIRECTIONAL_SEQUENCE_LSTM against the same layer in floating point, and its state.

use kits_hal::{
    Check, Model, Session,
    convert::{ImportError, Options, Planner, import},
};

use crate::support::{
    Rng, convert,
    flat::Value,
    sequence::{Layer, layer},
    tflite::Network,
};

/// Runs the layer in floating point from the state given, and updates it. Values are limited as in the
/// integer layer, but not rounded.
fn float(l: &Layer, input: &[i8], state: &mut [(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let sigmoid = |v: f64| 1.0 / (1.0 + libm_exp(-v));
    let tanh = |v: f64| 2.0 * sigmoid(2.0 * v) - 1.0;
    let mut out = vec![0.0; l.batch * l.steps * l.units];
    for (b, (h, c)) in state.iter_mut().enumerate() {
        for t in 0..l.steps {
            let row = if l.time_major { t * l.batch + b } else { b * l.steps + t };
            let x: Vec<f64> = input[row * l.inputs..][..l.inputs]
                .iter()
                .map(|&q| f64::from(l.x.0) * f64::from(i32::from(q) - l.x.1))
                .collect();
            let old = h.clone();
            for j in 0..l.units {
                let dot = |m: &[f32], v: &[f64]| -> f64 {
                    m[j * v.len()..][..v.len()].iter().zip(v).map(|(&a, b)| f64::from(a) * b).sum()
                };
                let [i, f, g, o] = core::array::from_fn(|k| {
                    dot(&l.w[k], &x) + dot(&l.r[k], &old) + f64::from(l.b[k][j])
                });
                c[j] = (sigmoid(f) * c[j] + sigmoid(i) * tanh(g)).clamp(-6.0, 6.0);
                // What the state's 8 bits can hold: with a zero point of 4 that ends at 123/128.
                let [low, high] = [-128, 127].map(|q| f64::from(l.h.0) * f64::from(q - l.h.1));
                h[j] = (sigmoid(o) * tanh(c[j])).clamp(low, high);
                out[row * l.units + j] = h[j];
            }
        }
    }
    out
}

/// `exp` by halving and squaring a Taylor series: exact to 1e-12 in the range of a gate.
fn libm_exp(v: f64) -> f64 {
    let small = v / 1024.0;
    let series = (1..12).rev().fold(1.0, |sum, k| 1.0 + small / f64::from(k) * sum);
    (0..10).fold(series, |power, _| power * power)
}

#[test]
fn every_step_is_that_of_the_float_layer() {
    let (mut worst, mut spread) = (0.0_f64, 0);
    for seed in 0..120 {
        let (net, l) = layer(seed);
        let file = net.to_file();
        let kit = convert(&file, Planner::Overlap).kit;
        let model = Model::parse(&kit, Check::Full).expect("a whole container");
        let mut arena = vec![0xa5; model.arena_len() + 1];
        let at = arena.as_ptr().addr() & 1; // typed views are not needed, an even start is kinder
        let mut session = Session::new(&model, &mut arena[at..]).expect("enough");
        let mut state = vec![(vec![0.0; l.units], vec![0.0; l.units]); l.batch];
        let mut first = None;
        // The second run goes on from the state that the first left.
        for round in 0..2 {
            let input = Rng(seed ^ 77).bytes(l.batch * l.steps * l.inputs);
            session.set_input(0, &input).expect("the announced length");
            session.run().expect("a checked model");
            let found = session.output::<i8>(0).expect("an int8 output").to_vec();
            let expected = float(&l, &input, &mut state);
            for (&q, e) in found.iter().zip(&expected) {
                let real = f64::from(l.h.0) * f64::from(i32::from(q) - l.h.1);
                worst = worst.max((real - e).abs());
                spread = spread.max(i32::from(q).abs());
            }
            if round == 0 {
                first = Some((input, found));
            }
        }
        // After a reset it starts again, bit for bit.
        session.reset();
        let (input, expected) = first.expect("the first round");
        session.set_input(0, &input).expect("the announced length");
        session.run().expect("a checked model");
        assert_eq!(session.output::<i8>(0).expect("int8"), expected, "seed {seed}");
    }
    // Half a step of 1/128 for the output. What is fed back is off by as much; a row of `R` sums to
    // at most 0.012·127·√12 = 5.3, but its terms differ in sign, and the curves flatten it: a step
    // and a half in all. Gates and cell have 12 bits behind the point and add far less.
    assert!(worst < 2.0 / 128.0, "{worst}");
    assert!(spread > 60, "the outputs stay near 0: {spread}");
}

#[test]
fn a_state_lives_through_the_run_and_is_never_lent() {
    let (net, _) = layer(5);
    let report = convert(&net.to_file(), Planner::Overlap).report;
    let n = report.ops.len();
    let forever = report.problem.buffers.iter().filter(|b| b.first == 0 && b.last == n).count();
    // Both states; input and output are the other two.
    assert!(forever >= 2, "{:?}", report.problem.buffers);
    assert_eq!(report.plan.violation(&report.problem), None);
}

#[test]
fn layers_with_more_than_four_gates_are_refused() {
    let refused = |change: &dyn Fn(&mut Network)| {
        let (mut net, _) = layer(3);
        change(&mut net);
        import(&net.to_file(), &Options::default()).expect_err("refused").reasons().to_vec()
    };
    // A projection, a peephole, another activation.
    let w = |n: &Network| n.ops[0].inputs[1];
    let option = [ImportError::BadOption { op: 0 }];
    assert_eq!(refused(&|n| n.ops[0].inputs[16] = w(n)), option);
    assert_eq!(refused(&|n| n.ops[0].inputs[9] = w(n)), option);
    assert_eq!(refused(&|n| n.ops[0].options.1[0].1 = Value::U8(1)), option);
    // A cell whose scale is no power of two, and a state that is not marked as one.
    let tensor = |n: &Network, i: usize| usize::try_from(n.ops[0].inputs[i]).expect("a tensor");
    let reasons = refused(&|n| {
        let t = tensor(n, 19);
        n.tensors[t].scale = vec![0.0003];
    });
    assert!(matches!(reasons[..], [ImportError::BadQuantization { .. }]), "{reasons:?}");
    let reasons = refused(&|n| {
        let t = tensor(n, 18);
        n.tensors[t].variable = false;
    });
    assert!(reasons.contains(&ImportError::BadOrder { op: 0 }), "{reasons:?}");
}
