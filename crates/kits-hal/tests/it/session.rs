//! The session's contract: typed views, lengths, stepping, observing, cancelling.

use core::ops::ControlFlow;

use kits_hal::{
    Check, DType, LoadError, Model, Observer, RunError, Session, Step,
    convert::{Options, Planner, import},
};

use crate::support::{Rng, convert, random, run};

fn kit() -> Vec<u8> {
    convert(&random::small_classifier().to_file(), Planner::Overlap).kit
}

#[test]
fn stepping_gives_what_running_gives() {
    let kit = kit();
    let input = Rng(3).bytes(64);
    let expected = run(&kit, &input, 0);
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len() + 100];
    let mut session = Session::new(&model, &mut arena).expect("more than enough");
    for round in 0..2 {
        session.set_input(0, &input).expect("64 elements");
        let mut steps = 1;
        while session.step().expect("a checked model") == Step::More {
            steps += 1;
        }
        assert_eq!(steps, model.ops().len(), "round {round}");
        assert_eq!(session.output::<i8>(0).expect("an output"), expected, "round {round}");
    }
}

#[test]
fn wrong_lengths_types_and_numbers_are_named() {
    let kit = kit();
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    assert_eq!(
        session.set_input(0, &[0_i8; 63]),
        Err(RunError::InputLength { index: 0, need: 64, have: 63 })
    );
    assert_eq!(
        session.read_output(0, &mut [0_i8; 11]),
        Err(RunError::OutputLength { index: 0, need: 10, have: 11 })
    );
    assert_eq!(
        session.input::<f32>(0).err(),
        Some(RunError::ElementType { need: DType::I8, have: DType::F32 })
    );
    assert_eq!(session.input::<i8>(1).err(), Some(RunError::NoSuchTensor { index: 1 }));
    assert_eq!(session.output::<i8>(7).err(), Some(RunError::NoSuchTensor { index: 7 }));
    // The session is usable afterwards.
    session.set_input(0, &[0_i8; 64]).expect("64 elements");
    session.run().expect("a checked model");
}

#[test]
fn outputs_as_real_numbers_are_probabilities() {
    let kit = kit();
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    session.set_input(0, &Rng(4).bytes(64)).expect("64 elements");
    session.run().expect("a checked model");
    let reals = session.output_f32(0).expect("an output");
    let sum: f32 = reals.iter().sum();
    // Ten values, each rounded to 1/256.
    assert!((sum - 1.0).abs() <= 10.0 / 256.0, "{sum}");
    let q = session.output::<i8>(0).expect("an output");
    for (real, &q) in reals.iter().zip(q) {
        assert!((real - (f32::from(q) + 128.0) / 256.0).abs() < 1e-6);
    }
}

/// Counts operators, gives each as many ticks as its number, and stops after one of them.
struct Counting {
    time: u32,
    seen: Vec<(u16, u32)>,
    stop_after: Option<u16>,
}

impl Observer for Counting {
    fn now(&mut self) -> u32 {
        self.time += u32::try_from(self.seen.len()).expect("few operators");
        self.time
    }

    fn after_op(&mut self, op: u16, ticks: u32) -> ControlFlow<()> {
        self.seen.push((op, ticks));
        if self.stop_after == Some(op) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn an_observer_sees_every_operator_and_may_stop_the_run() {
    let kit = kit();
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    let mut counting = Counting { time: 0, seen: Vec::new(), stop_after: None };
    session.run_with(&mut counting).expect("nobody stops it");
    let n = u16::try_from(model.ops().len()).expect("few operators");
    // The clock moves by the number of operators seen so far at every look.
    let expected: Vec<(u16, u32)> = (0..n).map(|i| (i, i.into())).collect();
    assert_eq!(counting.seen, expected);

    let mut stopping = Counting { time: 0, seen: Vec::new(), stop_after: Some(2) };
    assert_eq!(session.run_with(&mut stopping), Err(RunError::Cancelled { op: 2 }));
    assert_eq!(stopping.seen.len(), 3);
}

#[test]
fn a_missed_deadline_tells_how_much_was_spent() {
    let kit = kit();
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    let mut time = u32::MAX - 150; // the clock wraps during the run
    let clock = || {
        time = time.wrapping_add(100);
        time
    };
    let outcome = session.run_within(250, clock);
    assert_eq!(outcome, Err(RunError::DeadlineMissed { op: 2, spent_us: 300, budget_us: 250 }));
    session.run_within(1000, || 0).expect("no time passes");
}

#[test]
fn a_model_larger_than_its_partition_is_refused_before_anything_else() {
    let kit = kit();
    let need = u32::try_from(kit.len()).expect("a small file");
    let refused = LoadError::ModelTooLarge { need, have: need - 1 };
    assert_eq!(Model::parse_within(&kit, Check::Full, need - 1).err(), Some(refused));
    // Also when only the head of the file is there.
    assert_eq!(Model::parse_within(&kit[..64], Check::Full, need - 1).err(), Some(refused));
    let model = Model::parse_within(&kit, Check::Full, need).expect("it fits exactly");
    assert_eq!(model.check_flash(need), Ok(()));
    assert_eq!(model.check_flash(need - 1), Err(refused));
}

#[test]
fn two_sessions_share_a_model_and_labels_are_kept() {
    let labels: Vec<String> = (0..10).map(|i| format!("digit {i}")).collect();
    let options = Options { labels: labels.clone(), ..Options::default() };
    let kit = import(&random::small_classifier().to_file(), &options).expect("imports").kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    assert_eq!(model.labels().collect::<Vec<_>>(), labels);
    assert_eq!(model.tensor_names().next(), Some("image"));

    let (mut first, mut second) = (vec![0; model.arena_len()], vec![1; model.arena_len()]);
    let mut a = Session::new(&model, &mut first).expect("enough");
    let mut b = Session::new(&model, &mut second).expect("enough");
    let (x, z) = (Rng(5).bytes(64), Rng(6).bytes(64));
    a.set_input(0, &x).expect("64 elements");
    b.set_input(0, &z).expect("64 elements");
    // Interleaved, so that shared state would show.
    while a.step().expect("runs") == Step::More {
        b.step().expect("runs");
    }
    b.step().expect("runs");
    assert_eq!(a.output::<i8>(0).expect("an output"), run(&kit, &x, 0));
    assert_eq!(b.output::<i8>(0).expect("an output"), run(&kit, &z, 0));

    let stripped = Options { strip_names: true, labels, ..Options::default() };
    let small = import(&random::small_classifier().to_file(), &stripped).expect("imports").kit;
    assert!(small.len() < kit.len());
    let model = Model::parse(&small, Check::Full).expect("a whole container");
    assert_eq!(model.labels().count() + model.tensor_names().count(), 0);
}
