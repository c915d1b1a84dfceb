//! The work of public models, as the latency model counts it.
//!
//! `KITS_GOLDEN_DIR` names a folder with `models/` and `extra/models/`; a file that is not there is skipped aloud.

use std::path::PathBuf;

use kits_hal::board::Work;
use kits_hal::convert::{Options, import};
use kits_hal::{Check, Model};

/// The work that `board/published.rs` holds for the four models of the benchmark.
const HELD: [(&str, Work); 4] = [
    ("models/kws_ref_int8", work([2_048_000, 320_000, 288_000, 768], 72_088, 22_016)),
    ("extra/models/vww_96_int8", work([6_193_152, 497_664, 798_336, 512], 231_812, 208_112)),
    ("models/ic_resnet8_int8", work([12_058_624, 442_368, 0, 640], 114_772, 77_360)),
    ("extra/models/ad01_int8", work([0, 0, 0, 264_192], 1_672, 264_192)),
];

const fn work(
    [conv, thin_conv, depthwise, dense]: [u64; 4],
    outputs: u64,
    weight_bytes: u64,
) -> Work {
    Work { conv, thin_conv, depthwise, dense, outputs, weight_bytes }
}

#[test]
fn the_work_of_the_benchmark_models_is_as_held() {
    let Some(root) = std::env::var_os("KITS_GOLDEN_DIR").map(PathBuf::from) else {
        eprintln!("skipped: KITS_GOLDEN_DIR is not set, so there are no public models to count");
        return;
    };
    for (name, held) in HELD {
        let Ok(file) = std::fs::read(root.join(format!("{name}.tflite"))) else {
            eprintln!("skipped: {name} is not in the folder");
            continue;
        };
        let kit = import(&file, &Options::default()).expect("a model of the benchmark").kit;
        let model = Model::parse(&kit, Check::Full).expect("a whole container");
        assert_eq!(Work::of(&model), held, "{name}");
        assert_eq!(held.macs(), model.macs(), "{name}");
    }
}

/// Container, arena with scratch and input bytes that `board/fit_tests.rs` holds.
const SIZES: [(&str, [usize; 3]); 8] = [
    ("models/hello_world_int8", [768, 32, 1]),
    ("models/mnist_resnet_int8", [24_268, 2_432, 784]),
    ("models/micro_speech_int8", [17_088, 4_184, 1_960]),
    ("models/kws_ref_int8", [28_256, 9_640, 490]),
    ("extra/models/ad01_int8", [271_792, 768, 640]),
    ("models/ic_resnet8_int8", [81_728, 33_360, 3_072]),
    ("models/person_detect_int8", [234_912, 37_120, 9_216]),
    ("extra/models/mcunet_det_int8", [200_316, 164_032, 61_440]),
];

#[test]
fn public_models_take_what_the_fit_check_is_tested_with() {
    let Some(root) = std::env::var_os("KITS_GOLDEN_DIR").map(PathBuf::from) else {
        eprintln!("skipped: KITS_GOLDEN_DIR is not set, so there are no public models to measure");
        return;
    };
    for (name, held) in SIZES {
        let Ok(file) = std::fs::read(root.join(format!("{name}.tflite"))) else {
            eprintln!("skipped: {name} is not in the folder");
            continue;
        };
        let options = Options { strip_names: true, ..Options::default() };
        let kit = import(&file, &options).expect("a supported model").kit;
        let model = Model::parse(&kit, Check::Full).expect("a whole container");
        let got = [model.len(), model.arena_len(), model.memory().input];
        for (got, held) in got.into_iter().zip(held) {
            // Packing for a kernel or a better plan may move a size; a hundredth leaves every answer as it is.
            assert!(got.abs_diff(held) <= held / 100 + 64, "{name}: {got} B, held {held} B");
        }
    }
}
