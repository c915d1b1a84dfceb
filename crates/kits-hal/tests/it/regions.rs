//! Two memories, and inputs that outlive a run.

use kits_hal::{
    Check, Model, RunError, Session,
    convert::{ImportError, Options, Planner, TwoRegions, import},
};

use crate::support::{Rng, convert, naive, random};

/// Fills every byte that no later operator reads, in both memories, after each step.
fn poison(session: &mut Session<'_, '_>, needed: &[bool]) {
    for (byte, needed) in session.memory_mut().iter_mut().zip(needed) {
        if !needed {
            *byte = 0xa5;
        }
    }
}

#[test]
fn a_model_over_two_memories_gives_what_one_memory_gives() {
    let mut divided = 0;
    for seed in 0..200 {
        let net = random::network(seed);
        let file = net.to_file();
        let whole = convert(&file, Planner::Overlap).report;
        let input = Rng(seed ^ 0x77).bytes(net.tensor(net.inputs[0]).len());
        let expected = naive::run(&net, &input);
        // From nothing but a block to everything.
        for share in [0, 1, 2, 4] {
            let fast = whole.scratch + 256 + whole.arena / 4 * share;
            let regions = Some(TwoRegions { fast, slow: 1 << 20 });
            let converted =
                import(&file, &Options { regions, ..Options::default() }).expect("it fits");
            let r = &converted.report;
            let model = Model::parse(&converted.kit, Check::Full).expect("a whole container");
            let memory = model.memory();
            assert_eq!(memory.slow, r.slow as usize);
            assert!(memory.fast() <= fast as usize, "seed {seed}: {} of {fast}", memory.fast());
            assert_eq!(memory.fast() + memory.slow, memory.total());
            divided += usize::from(memory.slow > 0 && memory.fast() > r.scratch as usize + 256);
            let (mut a, mut b) = (vec![0x3c; memory.fast()], vec![0xc3; memory.slow]);
            let mut session = Session::new2(&model, &mut a, &mut b).expect("exactly enough");
            session.set_input(0, &input).expect("the announced length");
            session.run().expect("a checked model");
            assert_eq!(session.output::<i8>(0).expect("int8"), expected, "seed {seed}, {fast}");
            // Bytes of the fast memory that wait for nobody may be overwritten between steps.
            session.set_input(0, &input).expect("the announced length");
            for op in 0..model.ops().len() {
                session.step().expect("a checked model");
                let mut needed = vec![false; memory.fast()];
                for (buffer, &at) in r.problem.buffers.iter().zip(&r.plan.offsets) {
                    let end = at as usize + buffer.bytes as usize;
                    if buffer.first <= op && buffer.last > op && end <= memory.fast() {
                        needed[at as usize..end].fill(true);
                    }
                }
                poison(&mut session, &needed);
            }
            assert_eq!(session.output::<i8>(0).expect("int8"), expected, "seed {seed}, poisoned");
            // The same container in one piece of memory.
            let mut one = vec![0x99; model.arena_len()];
            let mut session = Session::new(&model, &mut one).expect("exactly enough");
            session.set_input(0, &input).expect("the announced length");
            session.run().expect("a checked model");
            assert_eq!(session.output::<i8>(0).expect("int8"), expected, "seed {seed}, one piece");
        }
    }
    // Most of these networks are smaller than a block; enough are not.
    assert!(divided > 30, "only {divided} models were divided");
}

#[test]
fn each_memory_is_refused_by_itself_with_both_numbers() {
    let file = random::small_classifier().to_file();
    let whole = convert(&file, Planner::Overlap).report;
    let fast = whole.scratch + 256;
    let regions = Some(TwoRegions { fast, slow: 1 << 16 });
    let kit = import(&file, &Options { regions, ..Options::default() }).expect("it fits").kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let (f, s) = (model.memory().fast(), model.memory().slow);
    assert!(s > 0, "the small classifier is larger than a block");
    let (mut a, mut b) = (vec![0; f], vec![0; s]);
    assert!(Session::new2(&model, &mut a, &mut b).is_ok());
    let number = |n: usize| u32::try_from(n).expect("small");
    assert_eq!(
        Session::new2(&model, &mut a[1..], &mut b).err(),
        Some(RunError::ArenaTooSmall { need: number(f), have: number(f - 1) })
    );
    assert_eq!(
        Session::new2(&model, &mut a, &mut b[1..]).err(),
        Some(RunError::SlowTooSmall { need: number(s), have: number(s - 1) })
    );
    // A model of one region takes nothing from the second buffer.
    let kit = convert(&file, Planner::Overlap).kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    assert!(Session::new2(&model, &mut arena, &mut []).is_ok());
    // What the converter cannot place.
    let refused = |fast, slow| {
        let regions = Some(TwoRegions { fast, slow });
        let errors = import(&file, &Options { regions, ..Options::default() }).expect_err("small");
        errors.reasons().to_vec()
    };
    let need = number(s);
    let slow = ImportError::RegionTooSmall { memory: "slow", need, have: need - 1 };
    assert_eq!(refused(fast, need - 1), [slow]);
    let need = whole.scratch + 256;
    let too_small = ImportError::RegionTooSmall { memory: "fast", need, have: need - 1 };
    assert_eq!(refused(need - 1, 1 << 16), [too_small]);
}

#[test]
fn pinned_inputs_outlive_the_run() {
    let file = random::small_classifier().to_file();
    let options = Options { pin_io: true, ..Options::default() };
    let kit = import(&file, &options).expect("it imports").kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    assert!(model.keeps_inputs());
    let input = Rng(8).bytes(64);
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    session.set_input(0, &input).expect("64 elements");
    session.run_keep_inputs().expect("planned so");
    let first = session.output::<i8>(0).expect("int8").to_vec();
    assert_eq!(session.input::<i8>(0).expect("int8"), input);
    session.run_keep_inputs().expect("planned so");
    assert_eq!(session.output::<i8>(0).expect("int8"), first);

    let kit = convert(&file, Planner::Overlap).kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    assert_eq!(session.run_keep_inputs(), Err(RunError::InputsNotKept));
    session.run().expect("still usable");
}
