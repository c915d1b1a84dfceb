//! Public models of other people: that each is run, and its memory against the planned figures.
//!
//! The files are not ours to ship. `KITS_GOLDEN_DIR` or `KITS_DATA_DIR` names a folder with `models/` and
//! `extra/models/`; without it these tests say that they are skipped.

use std::path::PathBuf;

use kits_hal::{
    Check, Model, Session,
    convert::{Options, Planner, import},
};

use crate::support::Rng;

/// Arena bytes of the published plan with shared memory.
const PLANNED: [(&str, u32); 13] = [
    ("hello_world_int8", 32),
    ("micro_speech_int8", 4_176),
    ("kws_ref_int8", 9_536),
    ("ic_resnet8_int8", 33_296),
    ("person_detect_int8", 36_864),
    ("vww_96_int8", 36_864),
    ("ad01_int8", 768),
    ("sww_int8", 3_584),
    ("cifar10_int8", 8_368),
    ("mnist_resnet_int8", 2_384),
    ("mbnet96_int8", 36_864),
    ("ic_resnet_large_int8", 83_248),
    ("mcunet_det_int8", 245_760),
];

/// The folder of the public models, if there is one.
fn root() -> Option<PathBuf> {
    let given = ["KITS_GOLDEN_DIR", "KITS_DATA_DIR"].into_iter().find_map(std::env::var_os);
    if given.is_none() {
        eprintln!("skipped: neither KITS_GOLDEN_DIR nor KITS_DATA_DIR names a folder of models");
    }
    given.map(PathBuf::from)
}

fn files() -> Vec<PathBuf> {
    let Some(root) = root() else { return Vec::new() };
    let mut files = Vec::new();
    for folder in ["models", "extra/models"] {
        for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|e| e == "tflite") {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// Runs a container on random bytes in memory filled with `fill`.
fn outputs(kit: &[u8], seed: u64, fill: u8) -> Vec<Vec<i8>> {
    let model = Model::parse(kit, Check::Full).expect("a whole container");
    let mut arena = vec![fill; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    for i in 0..model.n_inputs() {
        let input = session.input::<i8>(i).expect("an int8 input");
        let bytes = Rng(seed).bytes(input.len());
        input.copy_from_slice(&bytes);
    }
    session.run().expect("a checked model");
    (0..model.n_outputs()).map(|i| session.output::<i8>(i).expect("int8").to_vec()).collect()
}

#[test]
fn every_model_runs_within_its_plan() {
    let mut ratios = Vec::new();
    for path in files() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = std::fs::read(&path).expect("readable");
        let converted =
            import(&file, &Options::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let r = &converted.report;
        // Poisoned memory and shared memory change nothing.
        let disjoint = Options { planner: Planner::Disjoint, ..Options::default() };
        let apart = import(&file, &disjoint).expect("accepted before");
        for seed in 0..2 {
            let expected = outputs(&apart.kit, seed, 0x00);
            assert!(outputs(&converted.kit, seed, 0xa5) == expected, "{name}, seed {seed}");
        }
        eprintln!(
            "{name}: {} of {} B flash, {} + {} B RAM, {} MACs",
            r.kit_bytes, r.file_bytes, r.arena, r.scratch, r.macs
        );
        ratios.push(r.kit_bytes as f64 / r.file_bytes as f64);
        if let Some((_, planned)) = PLANNED.iter().find(|(n, _)| *n == name) {
            let total = f64::from(r.arena) + f64::from(r.scratch);
            // Scratch is one output pixel; 6 % above the plan is what it may cost.
            assert!(total <= 1.06 * f64::from(*planned), "{name}: {total} B, planned {planned}");
        }
    }
    if !ratios.is_empty() {
        // The geometric mean is below the limit when the product of all quotients is below 1.
        let product: f64 = ratios.iter().map(|r| r / 0.78).product();
        assert!(product <= 1.0, "flash of the containers to that of the files: {ratios:?}");
    }
}

#[test]
fn the_recurrent_model_reads_the_digits_its_weights_read_as_real_numbers() {
    let Some(root) = root().map(|r| r.join("extra")) else { return };
    let Ok(file) = std::fs::read(root.join("models/mnist_lstm_int8.tflite")) else {
        eprintln!("skipped: no recurrent model in {}", root.display());
        return;
    };
    let images = std::fs::read(root.join("vectors/mnist_lstm_int8.real.bin")).expect("its inputs");
    let kit = import(&file, &Options::default()).expect("it imports").kit;
    let model = Model::parse(&kit, Check::Full).expect("a whole container");
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("enough");
    // The layer with the weights and biases of the file as real numbers, in double precision and
    // without any rounding, is at least 99 % sure of these; the ninth image it is not sure of.
    for (i, digit) in [7, 2, 1, 0, 4, 1, 4, 9].into_iter().enumerate() {
        let image: Vec<i8> = images[784 * i..][..784].iter().map(|b| b.cast_signed()).collect();
        session.reset();
        session.set_input(0, &image).expect("28 rows of 28");
        session.run().expect("a checked model");
        let scores = session.output::<i8>(0).expect("int8");
        let best = (0..10).max_by_key(|&d| scores[d]).expect("ten scores");
        assert_eq!(best, digit, "image {i}: {scores:?}");
    }
}
