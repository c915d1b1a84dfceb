//! Exact counts, exact bytes, and files that other programs read.

use super::{Bound, Machine, Phase, scope, trace};
use crate::{
    DType, Rng, Tensor,
    nn::{Conv2d, Flatten, Linear, MaxPool2d, Module, Relu, Sequential},
    no_grad,
};

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32).unwrap()
}

#[test]
fn a_layer_counts_its_products() {
    let layer = Linear::new(128, 64, &mut Rng::seed(0)).unwrap();
    let (_, profile) = trace(|| layer.forward(&zeros(&[1, 128])).unwrap());
    assert_eq!(profile.flops(), Some(16_384));
    // Input, weights, bias, output, four bytes each.
    assert_eq!(profile.bytes(), 4 * (128 + 64 * 128 + 64 + 64));
}

#[test]
fn counts_agree_with_those_made_from_shapes() {
    let rng = &mut Rng::seed(1);
    let net = Sequential::new()
        .push(Conv2d::new(3, 8, 3, rng).unwrap().with_padding(1))
        .push(Relu)
        .push(MaxPool2d::new(2).unwrap())
        .push(Flatten)
        .push(Linear::new(8 * 16, 10, rng).unwrap());
    let x = zeros(&[4, 3, 8, 8]);
    let by_shape = crate::count::count(&net, &[4, 3, 8, 8]).unwrap().flops();
    let (_, profile) = trace(|| no_grad(|| net.forward(&x)).unwrap());
    assert_eq!(profile.flops(), Some(by_shape));
    let parts = profile.by_part();
    let conv = parts.iter().find(|row| row.name == "0 Conv2d").unwrap();
    assert_eq!(conv.flops, 2 * 4 * 8 * 64 * 27);
}

/// Backward of a matrix product is two of them.
#[test]
fn backward_is_measured_not_assumed() {
    let a = Tensor::ones([5, 7], DType::F32).unwrap().requiring_grad().unwrap();
    let b = Tensor::ones([7, 3], DType::F32).unwrap().requiring_grad().unwrap();
    let (_, profile) = trace(|| a.matmul(&b).unwrap().sum(.., false).unwrap().backward().unwrap());
    let row = |name: &str| profile.by_operation().into_iter().find(|row| row.name == name);
    let matmul = row("matmul").unwrap();
    assert_eq!((matmul.calls, matmul.flops), (3, 3 * 2 * 5 * 7 * 3));
    assert!(profile.events.iter().any(|e| e.phase == Phase::Backward && e.name == "matmul"));
}

#[test]
fn peak_of_a_known_chain_is_exact() {
    let x = zeros(&[1000]);
    let (y, profile) = trace(|| {
        no_grad(|| {
            let a = x.add_scalar(1.0).unwrap(); // 4000 bytes
            let b = a.mul_scalar(2.0).unwrap(); // 8000
            drop(a); // 4000
            b.add_scalar(3.0).unwrap() // 8000, then b goes
        })
    });
    assert_eq!((profile.peak_bytes, profile.made_bytes, profile.kept_bytes), (8000, 12_000, 4000));
    drop(y);
    let ((), views) = trace(|| drop(x.reshape([10, 100]).unwrap().t().unwrap()));
    assert_eq!((views.made_bytes, views.bytes(), views.flops()), (0, 0, Some(0)));
}

#[test]
fn own_times_add_up_and_parts_nest() {
    let (_, profile) = trace(|| {
        scope("outer", || {
            scope("inner", || zeros(&[64, 64]).matmul(&zeros(&[64, 64])).unwrap());
            zeros(&[8]).add_scalar(1.0).unwrap()
        })
    });
    let names: Vec<(&str, &str, usize)> =
        profile.events.iter().map(|e| (e.name.as_str(), e.part.as_str(), e.depth)).collect();
    assert_eq!(
        names,
        [
            ("outer", "", 0),
            ("inner", "outer", 1),
            ("matmul", "outer/inner", 2),
            ("add_scalar", "outer", 1)
        ]
    );
    let own: core::time::Duration = profile.events.iter().map(|e| e.own).sum();
    assert_eq!(own, profile.events[0].time);
    assert_eq!(profile.events[0].flops, Some(2 * 64 * 64 * 64 + 8));
    assert!(profile.wall >= own);
}

#[test]
fn an_inner_trace_is_part_of_the_outer() {
    let ((_, inner), outer) =
        trace(|| scope("both", || trace(|| scope("in", || zeros(&[4]).add_scalar(1.0).unwrap()))));
    assert_eq!(inner.flops(), Some(4));
    assert_eq!(outer.flops(), Some(4));
    let add = outer.events.iter().find(|e| e.name == "add_scalar").unwrap();
    assert_eq!((add.part.as_str(), add.depth), ("both/in", 2));
}

#[test]
fn an_error_inside_ends_its_event() {
    let (result, profile) = trace(|| zeros(&[2, 3]).matmul(&zeros(&[2, 3])));
    assert!(result.is_err());
    assert_eq!(profile.events.len(), 1);
    assert_eq!(profile.known_flops(), (0, 1));
    let (_, after) = trace(|| zeros(&[2]).add_scalar(1.0).unwrap());
    assert_eq!(after.events[0].depth, 0);
}

#[test]
fn an_operation_without_a_count_says_so() {
    struct Mystery;
    impl crate::autograd::Op for Mystery {
        fn name(&self) -> &'static str {
            "mystery"
        }
        fn forward(
            &self,
            inputs: &[&Tensor],
            _: &mut crate::autograd::Saved,
        ) -> crate::Result<Tensor> {
            Ok(inputs[0].clone())
        }
    }
    let (_, profile) = trace(|| Tensor::apply(Mystery, &[&zeros(&[3])]).unwrap());
    assert_eq!(profile.flops(), None);
    assert!(profile.table().contains("unknown"), "{}", profile.table());
}

#[test]
fn tables_and_pictures_hold_every_operation() {
    let rng = &mut Rng::seed(1);
    let net = Sequential::new().push(Linear::new(8, 8, rng).unwrap()).push(Relu);
    let (_, profile) = trace(|| {
        scope("a \"quoted\" <name>", || {
            net.forward(&zeros(&[2, 8])).unwrap().sum(.., false).unwrap().backward().unwrap();
        });
    });
    let table = profile.table();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for row in profile.by_operation() {
        assert!(table.contains(&row.name), "{table}");
    }
    let trace = profile.chrome_trace();
    assert_eq!(trace.matches("\"ph\":\"X\"").count(), profile.events.len());
    #[cfg(feature = "json")]
    {
        let read: serde_json::Value = serde_json::from_str(&trace).unwrap();
        let events = read["traceEvents"].as_array().unwrap();
        assert_eq!(events.len(), profile.events.len());
        assert_eq!(events[0]["name"], "a \"quoted\" <name>");
    }
    let flame = profile.flame_svg();
    assert!(flame.contains("&lt;name&gt;") && flame.ends_with("</svg>\n"));
    let error = profile.write_chrome_trace("/nowhere/at/all.json").unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all.json"), "{error}");
}

/// A machine of 100 GFLOP/s and 10 GB/s has its ridge at 10 FLOP/B.
#[test]
fn the_roof_is_the_lower_of_two_lines() {
    let machine = Machine::new(100e9, 10e9);
    assert_eq!(machine.ridge(), 10.0);
    assert_eq!((machine.attainable(1.0), machine.attainable(50.0)), (10e9, 100e9));
    let (a, b) = (zeros(&[256, 256]), zeros(&[256, 256]));
    let (_, profile) = trace(|| {
        a.matmul(&b).unwrap();
        a.add(&b).unwrap()
    });
    let placed = profile.roofline(&machine);
    let of = |name: &str| placed.iter().find(|p| p.row.name == name).unwrap();
    // 2·256³ operations on 3·256²·4 bytes: n/6 for each byte; one for twelve bytes.
    assert!((of("matmul").intensity - 256.0 / 6.0).abs() < 1e-9);
    assert!((of("add").intensity - 1.0 / 12.0).abs() < 1e-9);
    assert_eq!((of("matmul").bound, of("add").bound), (Bound::Compute, Bound::Memory));
    let svg = profile.roofline_svg(&machine);
    assert!(svg.contains(">matmul</text>") && svg.contains("ridge at 10.0"), "{svg}");
}

#[test]
fn a_machine_can_be_measured() {
    use super::machine::{RUN_BYTES, RUN_FLOPS, RUNS};
    let begin = std::time::Instant::now();
    let machine = Machine::probe(1);
    // The best run is not slower than the mean of all, and they are part of the time that passed here: load that makes the runs
    // slower makes that time longer. No core of this century reaches the upper ends, and load only lowers a figure.
    let all = begin.elapsed().as_secs_f64();
    let least = [RUN_FLOPS, RUN_BYTES].map(|work| (RUNS * work) as f64 / all);
    assert!((least[0]..1e14).contains(&machine.flops), "{machine:?}, {all} s");
    assert!((least[1]..1e13).contains(&machine.bandwidth), "{machine:?}, {all} s");
    assert_eq!(machine.threads, 1);
    assert!((machine.ridge() * machine.bandwidth / machine.flops - 1.0).abs() < 1e-12);
}

#[test]
fn calls_are_timed_one_by_one() {
    let mut calls = 0;
    let stats = super::measure_latency(3, 20, || {
        calls += 1;
        Ok(zeros(&[8]))
    })
    .unwrap();
    assert_eq!(calls, 23);
    assert!(stats.min > 0.0 && stats.min <= stats.median && stats.p95 <= stats.max);
    let error = super::measure_latency(0, 0, || Ok(())).unwrap_err().to_string();
    assert!(error.contains("iterations is 0"), "{error}");
    let failing = super::measure_latency(0, 5, || zeros(&[2, 3]).matmul(&zeros(&[2, 3])));
    assert!(failing.is_err());
}
