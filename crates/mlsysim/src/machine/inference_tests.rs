//! Serving, decoding, networks and power against sums done by hand and against laws.

use super::{
    Calibration, Decoder, Formats, Interpreter, Kernels, Label, Layers, Layout, Loop, Machine,
    Network, Packed, Requests, Server, Stack, Work, cycles_per_mac, power,
};
use crate::registry::{Hardware, Registry};
use crate::units::BytesPerSecond;

/// 10 layers of width 100; 1e9 shared parameters, 1e7 of output, 2000 numbers cached per token.
const DENSE: Decoder = Decoder {
    layers: 10.0,
    hidden: 100.0,
    attention_width: 100.0,
    shared: 1e9,
    expert: 0.0,
    experts: 0.0,
    experts_per_token: 0.0,
    output: 1e7,
    cached: 2000.0,
    window: None,
};

const ONE: Layout = Layout { accelerators: 1.0, tensor: 1.0, pipeline: 1.0 };

const HALF: Formats = Formats { shared: 2.0, expert: 2.0, cache: 2.0, peak: 1e15, four_bit: false };

const CHAT: Requests = Requests { prompt: 1000.0, answer: 500.0, beams: 1.0 };

fn hardware() -> Hardware {
    Registry::shipped().hardware("H200-SXM-141GB").expect("shipped").clone()
}

fn run<T>(hardware: &Hardware, layout: Layout, ask: impl Fn(&Server<'_>) -> T) -> T {
    let calibration = Calibration::shipped();
    let machine = Machine::new(hardware, &calibration).expect("a family");
    let stack = Stack::new(&calibration, "vllm").expect("shipped");
    let server = Server::new(&machine, &DENSE, HALF, layout, stack, &calibration).expect("valid");
    ask(&server)
}

fn looped(hardware: &Hardware, concurrency: f64) -> Loop {
    run(hardware, ONE, |server| server.closed_loop(&CHAT, concurrency, f64::INFINITY))
        .expect("valid")
}

/// A sum of products of doubles: a few units in the last place.
const ROUNDING: f64 = 1e-12;

#[test]
fn a_step_is_the_sum_of_its_parts() {
    let calibration = Calibration::shipped();
    let hardware = hardware();
    let step = run(&hardware, ONE, |server| server.step(4.0, 250.0));
    let of = |path: &str| calibration.get(path).expect(path);
    let stream = hardware.bandwidth.0 * of("hopper.memory_efficiency");
    // 1e9 shared parameters and 1e7 of output in two bytes.
    assert!((step.weights * stream / 2.02e9 - 1.0).abs() < ROUNDING);
    // Four sequences of 250 tokens of 2000 numbers of two bytes: 4e6 bytes.
    assert!((step.cache * stream * of("serving.cache_memory") / 4e6 - 1.0).abs() < ROUNDING);
    // Four tokens through 1.01e9 parameters: 8.08e9 operations.
    let rate = 1e15 * of("hopper.gemm_efficiency") * of("serving.gemm_share");
    assert!((step.gemm * rate / 8.08e9 - 1.0).abs() < ROUNDING);
    assert_eq!(step.exchange.to_bits(), 0.0_f64.to_bits(), "one accelerator exchanges nothing");
    let overhead =
        10.0 * of("vllm.layer_time") + 4.0 * of("vllm.request_time") + of("hopper.step_time");
    assert!((step.overhead / overhead - 1.0).abs() < ROUNDING);
    let busy = (step.weights * step.weights + step.gemm * step.gemm).sqrt();
    assert!((step.total() - (busy + step.cache + overhead)).abs() < ROUNDING);
}

#[test]
fn loops_obey_laws() {
    let machine = hardware();
    let mut before: Option<Loop> = None;
    for concurrency in [1.0, 2.0, 8.0, 64.0, 512.0, 1e5] {
        let seen = looped(&machine, concurrency);
        // Never faster than the weights can be read at the rated bandwidth, nor than the rated operations.
        assert!(seen.between_tokens >= 2.0e9 / machine.bandwidth.0);
        assert!(seen.rate * 2.0 * 1.01e9 <= 1e15);
        assert!(seen.memory_share <= 1.0 && seen.gemm_share <= 1.0);
        assert!(seen.batch <= seen.places && seen.batch <= concurrency);
        if let Some(before) = before {
            assert!(seen.between_tokens >= before.between_tokens, "a fuller batch is slower");
            assert!(seen.first_token >= before.first_token, "more wait in front");
            assert!(seen.rate >= before.rate, "and together they get more");
        }
        before = Some(seen);
    }
    let mut faster = machine.clone();
    faster.bandwidth = BytesPerSecond(2.0 * machine.bandwidth.0);
    assert!(looped(&faster, 8.0).between_tokens < looped(&machine, 8.0).between_tokens);
}

#[test]
fn accelerators_share_a_layer_and_exchange() {
    let machine = hardware();
    let four = Layout { accelerators: 4.0, tensor: 4.0, pipeline: 1.0 };
    let (one, cut) =
        (run(&machine, ONE, |s| s.step(1.0, 1.0)), run(&machine, four, |s| s.step(1.0, 1.0)));
    assert!((one.weights / cut.weights - 4.0).abs() < 1e-9);
    assert!(cut.exchange > 0.0 && one.exchange <= 0.0);
    let prompts =
        [run(&machine, ONE, |s| s.prompt(4096.0)), run(&machine, four, |s| s.prompt(4096.0))];
    assert!(prompts[1] < prompts[0] && prompts[1] > prompts[0] / 4.0, "{prompts:?}");
}

#[test]
fn impossible_numbers_are_refused() {
    let machine = hardware();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let answer = Requests { answer: bad, ..CHAT };
        assert!(run(&machine, ONE, |s| s.at_batch(&answer, 4.0)).is_err(), "answer {bad}");
        assert!(run(&machine, ONE, |s| s.at_batch(&CHAT, bad)).is_err(), "batch {bad}");
        assert!(
            run(&machine, ONE, |s| s.closed_loop(&CHAT, bad, 8.0)).is_err(),
            "concurrency {bad}"
        );
        let calibration = Calibration::shipped();
        let known = Machine::new(&machine, &calibration).expect("a family");
        let stack = Stack::new(&calibration, "vllm").expect("shipped");
        let layout = Layout { accelerators: bad, ..ONE };
        assert!(Server::new(&known, &DENSE, HALF, layout, stack, &calibration).is_err());
        let decoder = Decoder { layers: bad, ..DENSE };
        assert!(Server::new(&known, &decoder, HALF, ONE, stack, &calibration).is_err());
        let network = Network { work: Work::Grouped, ops: bad, kernels: 1.0 };
        assert!(network.sample(&known, &calibration, 1e12).is_err());
        assert!(
            cycles_per_mac(&calibration, None, bad, Kernels::Plain, Layers::Convolution, 0.0)
                .is_err()
        );
    }
    assert!(Stack::new(&Calibration::shipped(), "no such stack").is_err());
}

#[test]
fn a_token_reads_packed_weights() {
    let calibration = Calibration::shipped();
    let hardware = hardware();
    let machine = Machine::new(&hardware, &calibration).expect("a family");
    let weights = Packed { bytes: 6e8, parameters: 1e9, blocks: true };
    let of = |name: &str| calibration.constant("interpreter", name).expect(name);
    let token = |count: f64, context: f64| {
        let interpreter = Interpreter::new(&machine, &DENSE, weights, count).expect("valid");
        interpreter.token(&calibration, context).expect("valid")
    };
    // 67 TFLOP/s of scalars on the data sheet.
    let streams = 6e8 / (4.8e12 * machine.generation.memory_efficiency);
    let by_hand =
        streams + 1e9 * of("unpack_blocks") / 67e12 + 10.0 * of("layer_time") * of("blocks_layer");
    assert!((token(1.0, 0.0) / by_hand - 1.0).abs() < 1e-6, "{} {by_hand}", token(1.0, 0.0));
    assert!((token(3.0, 0.0) - token(1.0, 0.0) - 2.0 * of("hop_time")).abs() < ROUNDING);
    assert!(token(1.0, 8192.0) > token(1.0, 512.0));
    assert!(token(1.0, 0.0) > 6e8 / 4.8e12, "never faster than the memory");
}

#[test]
fn power_stays_below_its_rating() {
    let calibration = Calibration::shipped();
    let hardware = hardware();
    let machine = Machine::new(&hardware, &calibration).expect("a family");
    let at =
        |memory, gemm| power(&machine, &calibration, memory, gemm).expect("valid").expect("700 W");
    let share = machine.generation.power_share;
    assert!((at(1.0, 0.0) - 700.0 * share.min(1.0)).abs() < 1e-9, "memory traffic alone");
    assert!(at(0.0, 0.0) < at(1.0, 0.0) && at(1.0, 0.0) <= at(1.0, 0.5));
    assert!(at(1.0, 1.0) <= 700.0 && at(9.0, 9.0) <= 700.0);
    assert!(power(&machine, &calibration, f64::NAN, 0.0).is_err());
}

#[test]
fn unmeasured_cores_stand_on_their_peak() {
    let calibration = Calibration::shipped();
    let ask = |core, macs, layers| {
        cycles_per_mac(&calibration, core, macs, Kernels::Tuned, layers, 0.0).expect("valid")
    };
    let peak = calibration.get("tiny.cycles_at_peak").expect("shipped");
    let (cycles, label) = ask(Some("cortex-m99"), 2.0, Layers::Convolution);
    assert!((cycles - peak / 2.0).abs() < ROUNDING && label == Label::Spec);
    let (own, label) = ask(Some("cortex-m7"), 2.0, Layers::Convolution);
    assert!(own >= 0.5 && label == Label::Calibrated, "two per cycle at best: {own}");
    assert!(ask(Some("cortex-m7"), 2.0, Layers::Connected).0 >= own);
}

#[test]
fn one_sample_waits_for_its_kernels() {
    let calibration = Calibration::shipped();
    let hardware = hardware();
    let machine = Machine::new(&hardware, &calibration).expect("a family");
    let network = Network { work: Work::Convolution, ops: 8e9, kernels: 60.0 };
    let sample = network.sample(&machine, &calibration, 2e15).expect("valid");
    let of = |name: &str| calibration.constant("network", name).expect(name);
    let by_hand = 8e9 / (2e15 * of("convolution"))
        + 8e9 / (700.0 * of("ops_per_joule"))
        + 8e9 / (4.8e12 * of("ops_per_byte"));
    assert!((sample / by_hand - 1.0).abs() < 1e-9);
    let alone = network.alone(&machine, &calibration, 2e15, 1.0).expect("valid");
    assert!(alone >= sample * of("small_batch") && alone > 60.0 * of("kernel_time"));
}
