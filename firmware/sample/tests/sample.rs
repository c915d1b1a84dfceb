//! The committed sample is whole, and the host computes its outputs.

use kits_hal::{Check, Model};
use sample::{Sample, printed_outputs};

#[test]
fn the_host_computes_the_committed_outputs() {
    let sample = Sample::committed().expect("the files of this folder");
    assert_eq!(sample.run().expect("a run"), sample.outputs);
    let memory = Model::parse(&sample.kit, Check::Full).expect("a model").memory();
    assert_eq!(sample.inputs.len() / memory.input, 360);
    assert_eq!(sample.outputs.len() / memory.output, 360);
}

#[test]
fn printed_text_is_read_back() {
    let text = "image x format=1\nresult index=0 instructions=40 outputs=80ff\nresult index=1 outputs=007f\ndone ok\n";
    assert_eq!(printed_outputs(text).expect("well formed"), [0x80, 0xff, 0x00, 0x7f]);
}

#[test]
fn a_failed_image_is_not_read() {
    let refused = "image x format=1\nerror stage=arena text=arena too small\ndone failed\n";
    let problem = printed_outputs(refused).expect_err("it failed").to_string();
    assert!(problem.contains("arena too small"), "{problem}");
    for broken in [
        "",
        "result index=0 outputs=8\ndone ok\n",
        "result index=0 outputs=zz\ndone ok\n",
        "result index=0\ndone ok\n",
    ] {
        assert!(printed_outputs(broken).is_err(), "{broken:?}");
    }
}
