//! Every instruction set against the plain product, on shapes with every remainder.

use super::{portable::Portable, *};
use crate::{Rng, slots::quant::product};

/// Any code, −128 included.
fn codes(rng: &mut Rng, n: usize) -> Vec<i8> {
    (0..n).map(|_| (rng.below(256) as i64 - 128) as i8).collect()
}

/// Compares every instruction set that is here, alone and through the choice at run time.
fn compare(a: &[i8], w: &[i8], [m, k, n]: [usize; 3]) {
    let packed = Packed::new(w, [n, k]);
    assert_eq!(packed.sizes(), [n, k]);
    let expected = product(a, w, [m, k, n]);
    let check = |what: &str, run: &dyn Fn(&mut [i32], bool)| {
        for parallel in [false, true] {
            let mut out = vec![i32::MIN; m * n];
            run(&mut out, parallel);
            assert!(out == expected, "{what}: [{m}, {k}] with [{n}, {k}], threads: {parallel}");
        }
    };
    check("chosen", &|out, parallel| packed.product(a, m, out, parallel));
    check("portable", &|out, parallel| packed.with(Portable, a, m, out, parallel));
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if let Some(tile) = x86::Vnni::new() {
            check("VNNI", &|out, parallel| packed.with(tile, a, m, out, parallel));
        }
        if let Some(tile) = x86::Avx2::new() {
            check("AVX2", &|out, parallel| packed.with(tile, a, m, out, parallel));
        }
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(tile) = neon::Dot::new() {
        check("dot", &|out, parallel| packed.with(tile, a, m, out, parallel));
    }
}

#[test]
fn the_plain_product_by_hand() {
    // [1 2 3; -4 5 -128] with the rows [1 0 -1] and [2 2 127].
    let out = product(&[1, 2, 3, -4, 5, -128], &[1, 0, -1, 2, 2, 127], [2, 3, 2]);
    assert_eq!(out, [-2, 387, 124, -16254]);
}

#[test]
fn every_instruction_set_equals_the_plain_product() {
    let mut rng = Rng::seed(15);
    // All remainders of rows by tiles, of lanes by panels, of elements by groups.
    let mut shapes: Vec<[usize; 3]> = (1..=14).map(|m| [m, 9 + m % 4, 30 + m]).collect();
    shapes.extend([[1, 1, 1], [1, 40, 33], [2, 3, 64], [5, 7, 32], [3, 4, 31], [13, 2, 65]]);
    shapes.extend([[0, 3, 4], [3, 0, 4], [3, 4, 0], [0, 0, 0]]);
    // Blocks of rows with a remainder, two blocks of depth, panels shared between threads.
    shapes.extend([[100, 37, 40], [97, 5, 3], [7, 4 * GROUPS + 5, 35], [20, 530, 130]]);
    for _ in 0..40 {
        shapes.push([rng.below(30), rng.below(70), rng.below(100)]);
    }
    for [m, k, n] in shapes {
        let (a, w) = (codes(&mut rng, m * k), codes(&mut rng, n * k));
        compare(&a, &w, [m, k, n]);
    }
}

/// The instruction that is not used would stop at 2¹⁵: −128 · −128 twice.
#[test]
fn the_largest_products_do_not_saturate() {
    for (x, y) in [(-128, -128), (-128, 127), (127, 127), (127, -128)] {
        let (m, k, n) = (5, 1_001, 34);
        compare(&vec![x; m * k], &vec![y; n * k], [m, k, n]);
    }
}

/// Beyond 131 071 terms of 2¹⁴ a sum passes 2³¹; it wraps alike everywhere.
#[test]
fn sums_wrap_alike() {
    let k = 140_000;
    let packed = Packed::new(&vec![-128; k], [1, k]);
    let mut out = [0];
    packed.product(&vec![-128; k], 1, &mut out, true);
    assert_eq!(out, [(140_000_i64 * 16_384 - (1 << 32)) as i32]);
    compare(&vec![-128; k], &vec![-128; k], [1, k, 1]);
}

/// Shapes large enough that threads share the work.
#[test]
fn shared_products_equal_the_plain_one() {
    let mut rng = Rng::seed(4);
    for [m, k, n] in [[150, 310, 100], [9, 1_900, 250]] {
        assert!(m * k * n >= PARALLEL);
        let (a, w) = (codes(&mut rng, m * k), codes(&mut rng, n * k));
        compare(&a, &w, [m, k, n]);
    }
}
