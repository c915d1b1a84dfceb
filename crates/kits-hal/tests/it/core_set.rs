//! Models of the core set run with the core kernels alone; others are refused by name.

use std::path::Path;

use kits_hal::{
    Check, LoadError, Model, OpCode, RunError, Session,
    convert::{Options, import},
};

/// The container of every graph of one operator in the golden data.
fn graphs() -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data/ops/tflite");
    let files = std::fs::read_dir(dir).expect("the golden data");
    files
        .map(|file| {
            let path = file.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a graph");
            let options = Options { int8_io: false, ..Options::default() };
            (path.display().to_string(), import(&bytes, &options).expect("it converts").kit)
        })
        .collect()
}

#[test]
fn core_kernels_answer_as_all_kernels_and_refuse_the_rest() {
    let (mut ran, mut refused) = (0, 0);
    for (name, kit) in graphs() {
        let model = Model::parse(&kit, Check::Full).expect("a converted model");
        let mut arena = vec![0; model.arena_len()];
        let foreign = model.ops().find(|op| !op.code.is_core());
        if let Some(op) = foreign {
            let (op, code) = (op.index, op.code.code());
            let error = Model::parse_core(&kit, Check::Full).expect_err(&name);
            assert_eq!(error, LoadError::UnsupportedOp { op, code }, "{name}");
            let error = Session::core(&model, &mut arena).expect_err(&name);
            assert_eq!(error, RunError::UnsupportedOp { op, code }, "{name}");
            assert!(Session::core_plain(&model, &mut arena).is_err(), "{name}");
            refused += 1;
            continue;
        }
        let core = Model::parse_core(&kit, Check::Full).expect(&name);
        let answers = [0, 1, 2].map(|kernels| {
            let session = match kernels {
                0 => Session::new(&core, &mut arena),
                1 => Session::core(&core, &mut arena),
                _ => Session::core_plain(&core, &mut arena),
            };
            let mut session = session.expect(&name);
            for i in 0..core.n_inputs() {
                for (k, x) in (0_u8..=255).cycle().zip(session.input::<i8>(i).expect("int8")) {
                    *x = k.wrapping_mul(37).cast_signed();
                }
            }
            session.run().expect(&name);
            session.output::<i8>(0).expect("int8").to_vec()
        });
        assert_eq!(answers[0], answers[1], "{name}");
        assert_eq!(answers[0], answers[2], "{name}");
        ran += 1;
    }
    assert!(ran > 10 && refused > 10, "{ran} ran, {refused} refused");
}

#[test]
fn the_core_set_has_six_kernels() {
    let core: Vec<&str> =
        OpCode::ALL.into_iter().filter(|op| op.is_core()).map(OpCode::name).collect();
    let wanted =
        ["ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX"];
    assert_eq!(core, wanted);
}
