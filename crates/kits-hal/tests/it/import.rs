//! What the importer accepts, rewrites, refuses, and reports.

use kits_hal::{
    Check, Model, OpCode,
    convert::{ImportError, Options, Planner, import},
};

use crate::support::{
    Rng, convert, naive, random, run,
    tflite::{Network, PAD, RELU6},
};

#[test]
fn the_report_counts_what_the_model_tells() {
    let converted = convert(&random::small_classifier().to_file(), Planner::Overlap);
    let model = Model::parse(&converted.kit, Check::Full).expect("a whole container");
    let r = &converted.report;
    // Convolutions 8·8·8·9 and 4·4·12·72, dense 48·10.
    assert_eq!(r.macs, 4608 + 13_824 + 480);
    assert_eq!(r.macs, model.macs());
    assert_eq!(r.macs, model.ops().map(|op| op.macs).sum::<u64>());
    assert_eq!(r.kit_bytes, converted.kit.len());
    assert_eq!(r.file_operators, 7);
    assert_eq!(r.ops.len(), 6, "the reshape is an alias");
    assert_eq!(r.arena as usize + r.scratch as usize, model.memory().total());
    // Weights 72 + 864 + 480, and 9 or 4 bytes and a pair per channel.
    let weights: u64 = model.ops().map(|op| u64::from(op.weight_bytes)).sum();
    assert_eq!(weights, 72 + 864 + 480);
    let text = r.to_string();
    for part in ["CONV_2D", "<- peak", "18 912", "RAM"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let map = r.arena_map();
    assert_eq!(map.lines().count(), 1 + r.ops.len(), "{map}");
    assert!(r.arena_svg("arena", Some(4096)).contains("limit 4096 B"));
    let json: serde_json::Value = serde_json::from_str(&r.to_json()).expect("valid JSON");
    assert_eq!(json["schema"], "kits-report/1");
    assert_eq!(json["macs"], 18_912);
    assert_eq!(json["ops"].as_array().map(Vec::len), Some(6));
    assert_eq!(json["ops"][0]["operator"], "CONV_2D");
    assert_eq!(json["buffers"].as_array().map(Vec::len), Some(r.problem.buffers.len()));
}

#[test]
fn pads_and_clamps_disappear_into_their_neighbors() {
    // Enough seeds that both rewrites occur, and not always.
    let (mut kept, mut gone) = ([0; 2], [0; 2]);
    for seed in 0..300 {
        let net = random::network(seed);
        let ops = convert(&net.to_file(), Planner::Overlap).report.ops;
        for (i, (file, device)) in
            [(PAD, OpCode::Pad), (RELU6, OpCode::Relu6)].into_iter().enumerate()
        {
            let before = net.ops.iter().filter(|op| op.code == file).count();
            let after = ops.iter().filter(|op| op.code == device).count();
            assert!(after <= before);
            kept[i] += after;
            gone[i] += before - after;
        }
    }
    assert!(kept.iter().chain(&gone).all(|&n| n > 5), "kept {kept:?}, gone {gone:?}");
}

#[test]
fn every_reason_is_given_not_only_the_first() {
    let mut net = random::small_classifier();
    net.ops[0].code = 119; // WHILE
    net.ops[2].code = 52; // BIDIRECTIONAL_SEQUENCE_LSTM
    let errors = import(&net.to_file(), &Options::default()).expect_err("two unknown operators");
    let text = errors.to_string();
    assert!(text.contains("unsupported operator 0: WHILE (subgraph 0)"), "{text}");
    assert!(text.contains("unsupported operator 2: BIDIRECTIONAL_SEQUENCE_LSTM"), "{text}");
    assert_eq!(errors.reasons().len(), 2, "{text}");
}

#[test]
fn a_reader_of_a_refused_tensor_is_not_blamed() {
    let mut net = random::small_classifier();
    let weights = net.ops[0].inputs[1];
    net.tensors[usize::try_from(weights).expect("a tensor")].zero = vec![3];
    let errors = import(&net.to_file(), &Options::default()).expect_err("asymmetric weights");
    let tensor = u32::try_from(weights).expect("a tensor");
    assert_eq!(errors.reasons(), [ImportError::BadQuantization { tensor }]);
}

#[test]
fn graphs_without_ends_and_broken_shapes_are_refused() {
    let refused = |change: &dyn Fn(&mut Network)| {
        let mut net = random::small_classifier();
        change(&mut net);
        import(&net.to_file(), &Options::default()).expect_err("refused").reasons().to_vec()
    };
    assert!(refused(&|n| n.outputs.clear()).contains(&ImportError::Empty { what: "outputs" }));
    assert!(refused(&|n| n.inputs.clear()).contains(&ImportError::Empty { what: "inputs" }));
    assert!(
        refused(&|n| n.tensors[0].shape[1] = 70_000).contains(&ImportError::BadShape { tensor: 0 })
    );
    assert_eq!(refused(&|n| n.tensors[0].shape[1] = 9), [ImportError::ShapeMismatch { op: 0 }]);
    // A bias for one channel less.
    let one_less = |n: &mut Network| {
        let bias = usize::try_from(n.ops[0].inputs[2]).expect("a tensor");
        n.tensors[bias].shape[0] -= 1;
        n.tensors[bias].data.as_mut().expect("a constant").truncate(4 * 7);
    };
    assert_eq!(refused(&one_less), [ImportError::ShapeMismatch { op: 0 }]);
}

#[test]
fn asymmetric_dense_weights_give_what_the_definition_gives() {
    // A weight zero point only occurs in dense layers with one scale.
    for seed in 0..40 {
        let mut net = random::small_classifier();
        let dense = net.ops.iter().position(|op| op.code == 9).expect("a dense layer");
        net.ops.truncate(dense + 1);
        net.outputs = vec![net.ops[dense].outputs[0]];
        let w = usize::try_from(net.ops[dense].inputs[1]).expect("a tensor");
        let zero = Rng(seed).int(-30, 30);
        net.tensors[w].scale.truncate(1);
        net.tensors[w].zero = vec![zero.into()];
        let kit = convert(&net.to_file(), Planner::Overlap).kit;
        // The definition subtracts the zero point from every weight: do so in wider numbers.
        let input = Rng(seed + 99).bytes(64);
        let found = run(&kit, &input, 0);
        assert_eq!(found, naive::run_with_weight_zero(&net, &input, w, zero.into()), "{zero}");
    }
}
