//! The built-in equations against hand calculation, and mutations against what they mean.

use super::{Builtin, Input, Mutation, Oracle, OracleError, Registry, conformance};
use crate::quantity::{Quantity, Unit};

fn inputs(list: &[(&str, &str)]) -> Vec<(String, Quantity)> {
    list.iter().map(|(name, text)| ((*name).to_owned(), Quantity::parse(text).unwrap())).collect()
}

#[track_caller]
fn eval(equation: &str, given: &[(&str, &str)], mutations: &[Mutation]) -> f64 {
    Builtin.eval(equation, &inputs(given), None, mutations).unwrap().result().value()
}

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} instead of {want}");
}

#[test]
fn shipped_files_have_no_problems() {
    assert_eq!(Builtin::problems(), []);
    assert!(Builtin::equations().len() >= 12);
    for (i, equation) in Builtin::equations().iter().enumerate() {
        let twin = Builtin::equations()[..i].iter().find(|e| e.id == equation.id);
        assert_eq!(twin, None, "{} is defined twice", equation.id);
    }
}

#[test]
fn equations_agree_with_hand_calculation() {
    near(
        eval(
            "compute.time",
            &[("ops", "3e12 FLOP"), ("peak", "3e14 FLOP/s"), ("efficiency", "0.5")],
            &[],
        ),
        0.02,
    );
    near(eval("memory.stream_time", &[("bytes", "16 GB"), ("bandwidth", "2 TB/s")], &[]), 0.008);
    near(eval("memory.footprint", &[("parameters", "70e9"), ("width", "2 B")], &[]), 140e9);
    near(eval("roofline.ridge", &[("peak", "312 TFLOP/s"), ("bandwidth", "2 TB/s")], &[]), 156.0);
    let roof = [("peak", "138 TOP/s"), ("bandwidth", "68 GB/s"), ("intensity", "20 OP/B")];
    near(eval("roofline.attainable", &roof, &[]), 1.36e12);
    let kv = [("layers", "32"), ("kv_heads", "8"), ("head_dim", "128"), ("bytes", "2 B")];
    near(eval("batching.kv_bytes_per_token", &kv, &[]), 131_072.0);
    near(
        eval("serving.itl", &[("weights", "14 GB"), ("kv", "2 GB"), ("bandwidth", "2 TB/s")], &[]),
        0.008,
    );
    let prompt = [
        ("parameters", "7e9"),
        ("prompt", "1000 tokens"),
        ("peak", "1e14 FLOP/s"),
        ("efficiency", "0.5"),
    ];
    near(eval("serving.ttft", &prompt, &[]), 0.28);
    let ring = [
        ("message", "1 GB"),
        ("devices", "5 GPUs"),
        ("bandwidth", "100 GB/s"),
        ("latency", "10 µs"),
    ];
    near(eval("comm.ring_allreduce", &ring, &[]), 0.016 + 8e-5);
    near(
        eval("reliability.cluster_mtbf", &[("device_mtbf", "50000 h"), ("devices", "1000")], &[]),
        180_000.0,
    );
    near(eval("checkpoint.young", &[("write_time", "50 s"), ("mtbf", "10000 s")], &[]), 1000.0);
    let carbon = [("energy", "1 MWh"), ("pue", "1.1"), ("intensity", "400 g CO2e/kWh")];
    near(eval("carbon.operational", &carbon, &[]), 440_000.0);
    let mcu = [
        ("macs", "6e6 MAC"),
        ("clock", "80 MHz"),
        ("macs_per_cycle", "1 MAC"),
        ("efficiency", "0.4"),
    ];
    near(eval("compute.mcu_time", &mcu, &[]), 0.1875);
    // 200,000 bit at 8 Mbit/s last 25 ms, at 1.2 W.
    let radio = [("message", "25 kB"), ("bandwidth", "8 Mbit/s"), ("power", "1.2 W")];
    near(eval("energy.radio", &radio, &[]), 0.03);
}

/// What a limit allows, put into the equation that it turns around, gives the limit back.
#[test]
fn limits_are_what_their_equations_give_back() {
    let show = |x: f64| format!("{x:e}");
    let speedup = eval("software.speedup_needed", &[("share", "0.6"), ("target", "1.5")], &[]);
    let part = show(speedup);
    near(eval("software.amdahl", &[("share", "0.6"), ("speedup_part", &part)], &[]), 1.5);

    let machine = [("weights", "40 GB"), ("link", "25 GB/s"), ("bandwidth", "900 GB/s")];
    let with = |equation, last| eval(equation, &[&machine[..], &[last]].concat(), &[]);
    let share = show(with("streaming.share_on_host", ("limit", "0.13 s")));
    near(with("streaming.offload", ("share", &share)), 0.13);

    let shards =
        show(eval("queueing.largest_fan_out", &[("late", "0.002"), ("limit", "0.1")], &[]));
    near(eval("queueing.fan_out", &[("late", "0.002"), ("shards", &shards)], &[]), 0.1);

    // One token more breaks the limit; with as many it holds.
    let answer = [
        ("limit", "2 s"),
        ("before", "0.3 s"),
        ("first", "0.25 s"),
        ("after", "0.1 s"),
        ("gap", "31 ms"),
    ];
    let n_tokens = eval("serving.longest_answer", &answer, &[]);
    let waited = |n: f64| {
        let n = show(n);
        let given = [("queue", "0.4 s"), ("first", "0.25 s"), ("gap", "31 ms"), ("tokens", &n)];
        eval("serving.request_latency", &given, &[])
    };
    assert!(waited(n_tokens) <= 2.0 && waited(n_tokens + 1.0) > 2.0, "{n_tokens}");

    // 8,000 tokens of 131 kB take as long over the link as reading them anew with 8 billion parameters.
    let model = [("parameters", "8e9"), ("peak", "989 TFLOP/s"), ("efficiency", "0.5")];
    let fetch =
        eval("streaming.fetch_break_even", &[&model[..], &[("kv", "131 kB")]].concat(), &[]);
    let prompt = eval("serving.ttft", &[&model[..], &[("prompt", "8000")]].concat(), &[]);
    near(8000.0 * 131e3 / fetch, prompt);
}

#[test]
fn every_equation_keeps_the_promises_of_an_oracle() {
    for equation in Builtin::equations() {
        // Shares and probabilities lie below 1.
        let value = |unit: &Unit| if unit.text().is_empty() { 0.75 } else { 3.0 };
        let input = |i: &Input| (i.name.clone(), Quantity::new(value(&i.unit), &i.unit));
        let given: Vec<(String, Quantity)> = equation.inputs.iter().map(input).collect();
        conformance::equation(&Builtin, &equation.id, &given).unwrap();
    }
}

#[test]
fn mutations_are_the_wrong_turns_they_name() {
    let itl = [("weights", "14 GB"), ("kv", "2 GB"), ("bandwidth", "2 TB/s")];
    let name = str::to_owned;
    near(
        eval("serving.itl", &itl, &[Mutation::Drop { node: name("traffic"), term: name("kv") }]),
        0.007,
    );
    near(
        eval("serving.itl", &itl, &[Mutation::Scale { name: name("traffic"), factor: 8.0 }]),
        0.064,
    );
    near(eval("serving.itl", &itl, &[Mutation::Scale { name: name("kv"), factor: 2.0 }]), 0.009);
    let half = Mutation::Set { name: name("bandwidth"), value: Quantity::parse("1 TB/s").unwrap() };
    near(eval("serving.itl", &itl, &[half]), 0.016);
    let swap = Mutation::Swap { a: name("weights"), b: name("kv") };
    near(
        eval(
            "serving.itl",
            &itl,
            &[swap.clone(), Mutation::Drop { node: name("traffic"), term: name("kv") }],
        ),
        0.001,
    );
    let roof = [("peak", "138 TOP/s"), ("bandwidth", "68 GB/s"), ("intensity", "20 OP/B")];
    let ignored = Mutation::Drop { node: name("attainable"), term: name("memory_roof") };
    near(eval("roofline.attainable", &roof, &[ignored]), 138e12);
}

#[test]
fn bad_calls_say_what_is_wrong() {
    let fail = |eq: &str, given: &[(&str, &str)], m: &[Mutation]| {
        Builtin.eval(eq, &inputs(given), None, m).unwrap_err()
    };
    let both = [("bytes", "16 GB"), ("bandwidth", "2 TB/s")];
    assert_eq!(
        fail("memory.stream", &both, &[]).to_string(),
        "no equation `memory.stream`; did you mean `memory.stream_time`?"
    );
    assert!(matches!(
        fail("memory.stream_time", &both[..1], &[]),
        OracleError::MissingInput { .. }
    ));
    let extra = [both[0], both[1], ("speed", "1")];
    assert!(matches!(fail("memory.stream_time", &extra, &[]), OracleError::ExtraInput { .. }));
    let wrong = [("bytes", "16 GHz"), both[1]];
    assert_eq!(
        fail("memory.stream_time", &wrong, &[]).to_string(),
        "memory.stream_time: `bytes` is an amount of data, got a frequency"
    );
    let zero = [both[0], ("bandwidth", "0 B/s")];
    assert!(matches!(fail("memory.stream_time", &zero, &[]), OracleError::Domain { .. }));
    let drop = Mutation::Drop { node: "time".to_owned(), term: "bytes".to_owned() };
    assert!(matches!(fail("memory.stream_time", &both, &[drop]), OracleError::Mutation { .. }));
    let output = Builtin.eval("memory.stream_time", &inputs(&both), Some("speed"), &[]);
    assert!(matches!(output, Err(OracleError::UnknownNode { .. })));
}

#[test]
fn carried_inputs_are_cut_and_stated_ones_are_not() {
    let shown = |bytes: &str| {
        let given = inputs(&[("bytes", bytes), ("bandwidth", "2 TB/s")]);
        let trace = Builtin.eval("memory.stream_time", &given, None, &[]).unwrap();
        let bytes = trace.inputs().find(|n| n.name == "bytes").unwrap();
        bytes.show()
    };
    assert_eq!(shown("151936 B"), "151.936 kB");
    assert_eq!(shown("1048576 B"), "1.048576 MB");
    assert_eq!(shown("123456789 GB"), "123.46 PB");
    assert_eq!(shown("3.05175781 GB"), "3.0518 GB");
}

#[test]
fn a_trace_tells_its_story() {
    let given = inputs(&[("weights", "900 KiB"), ("other", "300 KiB"), ("capacity", "1 MiB")]);
    let trace = Builtin.eval("memory.fit", &given, Some("shortfall"), &[]).unwrap();
    let steps: Vec<_> = trace.steps().map(|n| (n.symbol.as_str(), n.formula.as_str())).collect();
    assert_eq!(steps, [("N", "W + Q"), ("X", "N − M")]); // `spare` is not on the way
    assert_eq!(trace.inputs().count(), 3);
    let drop = Mutation::Drop { node: "need".to_owned(), term: "other".to_owned() };
    let wrong = Builtin.eval("memory.fit", &given, Some("shortfall"), &[drop]).unwrap();
    let (here, there) = trace.first_difference(&wrong).unwrap();
    assert_eq!((here.formula.as_str(), there.formula.as_str()), ("W + Q", "W"));
}

#[test]
fn machines_have_figures_and_sources() {
    for key in Builtin.keys(Registry::Device) {
        let record = Builtin.lookup(Registry::Device, &key).unwrap();
        assert!(record.source.len() > 10, "{key}");
        for (field, unit) in [("peak", "FLOP/s"), ("bandwidth", "B/s"), ("capacity", "B")] {
            let unit = Unit::parse(unit).unwrap();
            assert!(
                record.fields[field].0.in_unit(&unit).is_some_and(|v| v > 0.0),
                "{key}.{field}"
            );
        }
    }
    assert_eq!(Builtin.lookup(Registry::Device, "nothing"), None);
}

#[test]
fn the_seam_is_dyn_compatible() {
    let oracle: &dyn Oracle = &Builtin;
    assert!(oracle.signature("compute.time").is_some());
}
