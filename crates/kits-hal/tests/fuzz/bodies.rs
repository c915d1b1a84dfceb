//! What must hold for any bytes: shared by the fuzz targets and by the seeded run of `cargo test`.

use core::ops::ControlFlow;

use kits_hal::{
    Check, Model, Observer, RunError, Session, Step,
    convert::{Options, TwoRegions, import},
    crc32,
};

/// Accepted models above these are parsed but not run.
const MOST_BYTES: usize = 1 << 20;
const MOST_MACS: u64 = 1 << 20;

/// A file is refused with reasons, or it gives a container that parses and runs in its memory.
pub(crate) fn importer(file: &[u8]) {
    let split = file.first().is_some_and(|b| b & 1 == 1);
    let regions = split.then_some(TwoRegions { fast: 2048, slow: 1 << 24 });
    let options = Options { int8_io: file.len() & 1 == 0, regions, ..Options::default() };
    match import(file, &options) {
        Ok(converted) => {
            let model = Model::parse(&converted.kit, Check::Full).expect("what is written is read");
            run(&model);
            let report = &converted.report;
            assert_eq!(report.plan.violation(&report.problem), None);
            assert!(!report.to_string().is_empty());
        }
        Err(errors) => {
            assert!(!errors.reasons().is_empty(), "refused without a reason");
            assert!(!errors.to_string().is_empty());
        }
    }
}

/// A container is refused, or it runs in its memory; also when its checksum was made to fit.
pub(crate) fn container(bytes: &[u8]) {
    if let Ok(model) = Model::parse(bytes, Check::Header) {
        look(&model);
        run(&model);
    }
    let mut kit = bytes.to_vec();
    let announced = kit.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    if let Some(end) = announced.filter(|&n| n >= 16 && n <= kit.len()) {
        let crc = crc32(&kit[16..end]);
        kit[12..16].copy_from_slice(&crc.to_le_bytes());
    }
    if let Ok(model) = Model::parse(&kit, Check::Full) {
        run(&model);
    }
}

/// Reads everything a model tells about itself.
fn look(model: &Model<'_>) {
    let macs = model.ops().fold(0_u64, |sum, op| sum.saturating_add(op.macs));
    assert_eq!(macs, model.macs());
    let memory = model.memory();
    assert_eq!(memory.total(), model.arena_len());
    let names = model.tensor_names().chain(model.labels());
    assert!(names.map(str::len).sum::<usize>() <= model.len());
    for i in 0..model.n_inputs() {
        assert!(model.input(i).is_some_and(|info| !info.is_empty()));
    }
}

/// Runs a model in exactly the memory it asks for, in one piece and in two.
fn run(model: &Model<'_>) {
    let memory = model.memory();
    if memory.total() > MOST_BYTES || model.macs() > MOST_MACS {
        return;
    }
    let mut arena = vec![0x5a; memory.total()];
    let mut session = Session::new(model, &mut arena).expect("the announced length");
    session.run().expect("a checked model");
    let mut plain = vec![0x5a; memory.total()];
    let mut other = Session::plain(model, &mut plain).expect("the announced length");
    other.run().expect("a checked model");
    if memory.slow > 0 {
        let (mut fast, mut slow) = (vec![0x5a; memory.fast()], vec![0x5a; memory.slow]);
        let mut session = Session::new2(model, &mut fast, &mut slow).expect("both lengths");
        session.run().expect("a checked model");
    }
}

/// Stops a run after some operators.
struct After(u16);

impl Observer for After {
    fn after_op(&mut self, op: u16, _ticks: u32) -> ControlFlow<()> {
        if op >= self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Any sequence of calls leaves a session that gives the right answer when it is used rightly.
///
/// Each byte of `script` is one call; its upper half is the argument.
pub(crate) fn session(kit: &[u8], script: &[u8]) {
    let model = Model::parse(kit, Check::Header).expect("a whole container");
    let input: Vec<i8> = (0..model.memory().input).map(|i| (i * 37 % 251) as i8).collect();
    let expected = {
        let mut arena = vec![0; model.arena_len()];
        let mut fresh = Session::new(&model, &mut arena).expect("the announced length");
        fresh.set_input(0, &input).expect("the announced length");
        fresh.run().expect("a checked model");
        fresh.output::<i8>(0).expect("an int8 output").to_vec()
    };
    let mut arena = vec![0xa5; model.arena_len()];
    let short = script.len().min(arena.len());
    if short > 0 {
        let need = arena.len();
        let refused = Session::new(&model, &mut arena[..need - short]).err();
        let (need, have) = (need as u32, (need - short) as u32);
        assert_eq!(refused, Some(RunError::ArenaTooSmall { need, have }));
    }
    let mut session = Session::new(&model, &mut arena).expect("the announced length");
    for &byte in script {
        let argument = u16::from(byte >> 4);
        match byte & 15 {
            0 => assert!(session.step().is_ok()),
            1 => assert!(session.run().is_ok()),
            2 => session.restart(),
            3 => session.reset(),
            4 => assert!(session.set_input(0, &input[..usize::from(argument)]).is_err()),
            5 => assert_eq!(session.input::<i8>(argument).is_ok(), argument < model.n_inputs()),
            6 => assert!(session.input::<i16>(0).is_err()),
            7 => assert_eq!(session.output::<i8>(argument).is_ok(), argument < model.n_outputs()),
            8 => assert!(session.output::<f32>(argument).is_err()),
            9 => drop(session.tensor_bytes(argument)),
            10 => session.memory_mut().fill(byte),
            11 => {
                let outcome = session.run_with(&mut After(argument));
                let last = u16::try_from(model.ops().len()).expect("few operators") - 1;
                let cancelled = RunError::Cancelled { op: argument.min(last) };
                let expected = if argument > last { Ok(()) } else { Err(cancelled) };
                assert_eq!(outcome, expected);
            }
            12 => {
                let mut time = 0;
                let budget = u32::from(argument);
                let outcome = session.run_within(budget, || {
                    time += 2;
                    time
                });
                if let Err(e) = outcome {
                    assert!(matches!(e, RunError::DeadlineMissed { spent_us, budget_us, .. }
                        if spent_us > budget_us && budget_us == budget));
                }
            }
            13 => assert!(session.read_output(0, &mut [0_i8; 99]).is_err()),
            14 => assert_eq!(session.run_keep_inputs().is_ok(), model.keeps_inputs()),
            _ => while session.step() == Ok(Step::More) {},
        }
    }
    session.reset();
    session.set_input(0, &input).expect("the announced length");
    session.run().expect("a checked model");
    assert_eq!(session.output::<i8>(0).expect("an int8 output"), expected);
}
