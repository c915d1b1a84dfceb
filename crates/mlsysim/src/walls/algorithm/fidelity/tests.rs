//! Sizes by hand, quality at the measured points and between them.

use super::*;

/// Roundings of a few operations.
const ROUNDING: f64 = 1e-12;

fn pruned(sparsity: f64, pattern: Pattern) -> CompressOut {
    let plain = CompressIn::new(Bytes(16.0), Params(6.74e9));
    compress(&CompressIn { method: Method::Pruning, sparsity, pattern, ..plain }).unwrap()
}

fn quantized(bits: f64, parameters: f64) -> CompressOut {
    let plain = CompressIn::new(Bytes(16.0), Params(parameters));
    compress(&CompressIn { method: Method::Quantization, bits, ..plain }).unwrap()
}

#[test]
fn positions_are_stored() {
    // Two of four 16-bit weights and two bits for each: 18 / 2 = 9 bits per weight of the original.
    let half = pruned(0.5, Pattern::SemiStructured);
    assert_eq!((half.stored_bits, half.ratio), (9.0, 16.0 / 9.0));
    // Half of the weights with a 16-bit index each: nothing saved, so stored dense.
    assert_eq!(pruned(0.5, Pattern::Unstructured).ratio, 1.0);
    assert!((pruned(0.9, Pattern::Unstructured).ratio - 5.0).abs() < 1e-12);
    assert_eq!(pruned(0.5, Pattern::Structured).ratio, 2.0);
    assert_eq!(pruned(1.0, Pattern::Structured).compressed_size, Bytes(0.0));
    assert_eq!(pruned(1.0, Pattern::Structured).ratio, f64::INFINITY);
}

#[test]
fn nothing_done_costs_nothing() {
    for pattern in [Pattern::Unstructured, Pattern::Structured, Pattern::SemiStructured] {
        let out = pruned(0.0, pattern);
        assert_eq!((out.ratio, out.quality_change, out.extrapolated), (1.0, 0.0, false));
    }
    assert_eq!(quantized(16.0, 8e9).quality_change, 0.0);
}

#[test]
fn measured_points_come_back() {
    // LLaMA 7B at 4.5 bits: 5.9066 / 6.1565 of the likelihood.
    let out = quantized(4.5, 6.74e9);
    assert!((out.quality_change - (5.9066 / 6.1565 - 1.0)).abs() < ROUNDING && !out.extrapolated);
    // Llama 2 70B with two of four: 3.12 / 5.16.
    let x = CompressIn {
        method: Method::Pruning,
        sparsity: 0.5,
        pattern: Pattern::SemiStructured,
        ..CompressIn::new(Bytes(1.0), Params(68.98e9))
    };
    let out = compress(&x).unwrap();
    assert!((out.quality_change - (3.12 / 5.16 - 1.0)).abs() < ROUNDING && !out.extrapolated);
    assert!(quantized(3.0, 6.74e9).extrapolated && quantized(4.5, 1e8).extrapolated);
    assert!(pruned(0.5, Pattern::Structured).extrapolated);
}

#[test]
fn one_bit_less_quadruples_the_loss_below_the_measured_ones() {
    let loss = |bits| -libm::log1p(quantized(bits, 6.74e9).quality_change);
    assert!((loss(2.5) / loss(3.5) - 4.0).abs() < 1e-9);
}

#[test]
fn steps_of_upstream_and_their_defects() {
    let plain = CompressIn::new(Bytes(100.0), Params(7e9));
    let upstream = |x: &CompressIn| solve::<Compress>(x, Convention::Upstream030).unwrap();
    let twelve = CompressIn { method: Method::Quantization, bits: 12.0, ..plain };
    assert_eq!(upstream(&twelve).quality_change, -0.025);
    // Twelve bits lose less than eight, not as much as four.
    assert!(quantized(12.0, 7e9).quality_change > quantized(8.5, 7e9).quality_change);
    let all = CompressIn { method: Method::Pruning, sparsity: 1.0, ..plain };
    assert!((upstream(&all).ratio - 100.0).abs() < 1e-12);
    // The likelihood has no jump at one half.
    let step = pruned(0.500_001, Pattern::Unstructured).quality_change
        - pruned(0.5, Pattern::Unstructured).quality_change;
    assert!(step.abs() < 1e-5);
}

#[test]
fn a_step_before_and_after_by_hand() {
    let x = SpeedupIn {
        ops: Flop(1e9),
        bytes_moved: Bytes(16e9),
        compressed_ops: Flop(1e9),
        compressed_bytes: Bytes(4e9),
        peak: FlopPerSecond(1e12),
        compressed_peak: FlopPerSecond(0.0),
        bandwidth: BytesPerSecond(1e12),
        efficiency: 0.5,
        overhead: Seconds(1e-3),
    };
    // 16 ms and 4 ms of traffic, 2 ms of arithmetic, 1 ms besides: 17 over 5.
    let out = solve::<Speedup>(&x, Convention::Reference).unwrap();
    assert!((out.speedup - 3.4).abs() < ROUNDING);
    assert_eq!(solve::<Speedup>(&x, Convention::Upstream030).unwrap().speedup, 4.0);
    // With a hundred times the arithmetic, narrow weights that are widened do not help.
    let busy = SpeedupIn { ops: Flop(1e11), compressed_ops: Flop(1e11), ..x };
    assert_eq!(solve::<Speedup>(&busy, Convention::Reference).unwrap().speedup, 1.0);
    assert_eq!(solve::<Speedup>(&busy, Convention::Upstream030).unwrap().speedup, 1.0);
}

#[test]
fn a_sparse_matrix_byte_by_byte() {
    // 3 × 4 with 3 elements of 2 bytes: 3 × (2 + 4) and four pointers of 4 bytes, against 24 bytes.
    let x =
        CsrIn { rows: 3.0, columns: 4.0, density: 0.25, element: Bytes(2.0), index: Bytes(4.0) };
    let out = solve::<Csr>(&x, Convention::Reference).unwrap();
    assert_eq!((out.non_zeros, out.sparse_bytes, out.dense_bytes), (3.0, Bytes(34.0), Bytes(24.0)));
    // (24 − 16) / (12 × 6): at that density both take 24 bytes.
    let even = CsrIn { density: out.break_even_density, ..x };
    let out = solve::<Csr>(&even, Convention::Reference).unwrap();
    assert!((out.sparse_bytes.0 - out.dense_bytes.0).abs() < ROUNDING * 24.0);
}
