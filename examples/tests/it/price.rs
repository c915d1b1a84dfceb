//! A planned model priced by the walls: the seam, the sum of its parts, and the program.

use std::process::Command;

use examples::adapters::{KitOp, KitWork};
use examples::price::price;
use kits_hal::{Check, Model};
use mlsysim::Workload as _;
use mlsysim::conformance;

const KIT: &[u8] = include_bytes!("../../../firmware/sample/digits.kit");

fn digits() -> Model<'static> {
    Model::parse(KIT, Check::Full).expect("a whole container")
}

#[test]
fn the_adapters_keep_the_contract_and_add_up() {
    let model = digits();
    let whole = KitWork(model);
    assert_eq!(conformance::workload(&whole), Vec::<String>::new());
    let (mut ops, mut bytes, mut weights) = (0.0, 0.0, 0.0);
    for op in model.ops() {
        let op = KitOp(op);
        assert_eq!(conformance::workload(&op), Vec::<String>::new());
        ops += op.ops().0;
        bytes += op.bytes_moved().0;
        weights += op.weight_bytes().0;
    }
    // Sums of whole numbers far below 2^53: exact.
    assert_eq!(
        [ops, bytes, weights].map(f64::to_bits),
        [whole.ops().0, whole.bytes_moved().0, whole.weight_bytes().0].map(f64::to_bits)
    );
    assert_eq!(ops.to_bits(), (2.0 * model.macs() as f64).to_bits());
}

#[test]
fn the_price_is_cycles_over_clock_where_arithmetic_limits() {
    let model = digits();
    let price = price(&model, "nano33ble").expect("a known board");
    assert!(price.fits && price.limit == "Compute", "{price:?}");
    // The registry gives 3.7 to 4.8 cycles per multiply-accumulate at 64 MHz.
    let [fast, slow] = [3.7, 4.8].map(|cycles| model.macs() as f64 * cycles / 64e6);
    assert!((fast..=slow).contains(&price.seconds), "{fast} to {slow}: {}", price.seconds);
    // 10.89 mW for that time.
    let joules = price.joules.expect("the registry knows the power");
    assert!((joules / (price.seconds * 10.89e-3) - 1.0).abs() < 1e-9, "{joules}");
    // Each operator waits for its own limit, so the parts take at least as long as the whole.
    let parts: f64 = price.ops.iter().map(|op| op.seconds).sum();
    assert!(parts >= price.seconds * (1.0 - 1e-12), "{parts} against {}", price.seconds);
    assert_eq!(price.ops.len(), model.ops().len());
}

#[test]
fn the_program_prices_refuses_and_suggests() {
    let run = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_price")).args(arguments).output();
        let done = done.expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let (status, out, _) = run(&["--json"]);
    assert_eq!(status, Some(0));
    let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(value["schema"], "price/1");
    let (status, _, error) = run(&["--board", "nano33bel"]);
    assert!(status == Some(2) && error.contains("nano33ble"), "{error}");
    let (status, _, error) = run(&["missing.tflite"]);
    assert!(status == Some(2) && error.contains("give a .tflite or .kit file"), "{error}");
}
