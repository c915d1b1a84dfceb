//! Strides and precision change nothing but rounding.

use super::{cases, evaluate, largest_difference, strided};
use crate::DType;

#[test]
fn strides_do_not_matter() {
    for (name, f, inputs) in cases() {
        // Only the order of additions may differ: some tens of roundings of numbers up to 100.
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 5e-4)] {
            let inputs = inputs.each_ref().map(|x| x.to_dtype(dtype).unwrap());
            let plain = evaluate(f, &inputs).unwrap_or_else(|e| panic!("{name}: {e}"));
            let views = evaluate(f, &inputs.each_ref().map(strided))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(plain.len(), views.len(), "{name}");
            for (a, b) in plain.iter().zip(&views) {
                assert!(largest_difference(a, b) < tolerance, "{name} {dtype}");
            }
        }
    }
}

#[test]
fn precisions_agree() {
    for (name, f, inputs) in cases() {
        let double = evaluate(f, &inputs).unwrap();
        // About 2^-24, 2^-11 and 2^-8 per operation, over some tens of operations.
        for (dtype, tolerance) in [(DType::F32, 1e-4), (DType::F16, 0.02), (DType::BF16, 0.1)] {
            let narrow = inputs.each_ref().map(|x| x.to_dtype(dtype).unwrap());
            let got = evaluate(f, &narrow).unwrap_or_else(|e| panic!("{name} {dtype}: {e}"));
            assert_eq!(double.len(), got.len(), "{name} {dtype}");
            for (a, b) in double.iter().zip(&got) {
                assert_eq!(b.dtype(), dtype, "{name}");
                let size = a.to_vec::<f64>().unwrap().iter().fold(1.0f64, |m, v| m.max(v.abs()));
                let difference = largest_difference(a, b);
                assert!(difference <= tolerance * size, "{name} {dtype}: {difference}");
            }
        }
    }
}

/// 16-bit strided views: the operation reads them as it reads a copy.
#[test]
fn half_precision_views_are_read_like_copies() {
    for (name, f, inputs) in cases() {
        for dtype in [DType::F16, DType::BF16] {
            let inputs = inputs.each_ref().map(|x| x.to_dtype(dtype).unwrap());
            let plain = evaluate(f, &inputs).unwrap_or_else(|e| panic!("{name}: {e}"));
            let views = evaluate(f, &inputs.each_ref().map(strided))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            for (a, b) in plain.iter().zip(&views) {
                let size = a.to_vec_as::<f64>().iter().fold(1.0f64, |m, v| m.max(v.abs()));
                // One rounding of the result to 8 bits may fall the other way, and its square doubles that.
                assert!(largest_difference(a, b) <= 0.02 * size, "{name} {dtype}");
            }
        }
    }
}
