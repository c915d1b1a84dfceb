//! The loops against their definitions, with every remainder and slices that are too short.

use super::{list::List, *};

fn ramp(n: usize, step: usize) -> Vec<i8> {
    (0..n).map(|i| (i * step + 77).to_le_bytes()[0].cast_signed()).collect()
}

fn product(x: i8, w: i8) -> i32 {
    i32::from(x) * i32::from(w)
}

#[test]
fn rows_agree_with_the_definition() {
    for groups in 0..9 {
        for channels in [0, 4, 8] {
            for stride in [1, 3, 4, 7, 40] {
                let n = groups * GROUP;
                let x = ramp(n, 37);
                let w = ramp(stride * channels + n, 203);
                let mut sums = vec![[7; 4]; channels / 4];
                rows(x.as_chunks().0, &w, stride, &mut sums).expect("long enough");
                for (k, &sum) in sums.as_flattened().iter().enumerate() {
                    let expected: i32 =
                        (0..n).map(|i| product(x[i], w[k * stride + i])).sum();
                    assert_eq!(sum, 7 + expected, "{groups} groups, row {k}, stride {stride}");
                }
                if n > 0 && channels > 0 {
                    let short = &w[..stride * (channels - 1) + n - 1];
                    assert!(rows(x.as_chunks().0, short, stride, &mut sums).is_none());
                }
            }
        }
    }
}

#[test]
fn two_vectors_agree_with_the_definition() {
    for groups in 0..5 {
        for n in [0, 2, 4, SECTION] {
            for stride in [1, 4, 40] {
                let len = groups * GROUP;
                let (x, y) = (ramp(len, 37), ramp(len + GROUP, 51));
                let w = ramp(stride * n + len, 203);
                let mut sums = [[7; SECTION]; 2];
                let both = [x.as_chunks().0, y.as_chunks().0];
                rows_two(both, &w, stride, n, &mut sums).expect("long enough");
                for (x, sums) in [&x, &y].into_iter().zip(sums) {
                    for (k, &sum) in sums.iter().enumerate() {
                        let all = if k < n { len } else { 0 };
                        let expected: i32 =
                            (0..all).map(|i| product(x[i], w[k * stride + i])).sum();
                        assert_eq!(sum, 7 + expected, "{len} elements, row {k} of {n}");
                    }
                }
                if len > 0 && n > 0 {
                    let short = &w[..stride * (n - 1) + len - 1];
                    assert!(rows_two(both, short, stride, n, &mut sums).is_none());
                    let long = ramp(stride * n + stride + len, 203);
                    assert!(rows_two(both, &long, stride, n + 1, &mut sums).is_none(), "odd");
                }
            }
        }
    }
}

#[test]
fn nine_taps_agree_with_the_definition() {
    let x = ramp(300, 91);
    let at = [0, 8, 16, 100, 108, 116, 200, 208, 216];
    let taps = Nine::new(at);
    for n in [4, 8, 32] {
        for first in [0, 3, 40] {
            let stride = n + 1;
            let w = ramp(stride * 8 + n, 203);
            let mut sums = vec![-3; n]; // must not count
            nine(&x, &taps, first, &w, stride, &mut sums).expect("long enough");
            for (k, &sum) in sums.iter().enumerate() {
                let expected: i32 = at
                    .iter()
                    .enumerate()
                    .map(|(t, at)| product(x[first + at + k], w[t * stride + k]))
                    .sum();
                assert_eq!(sum, expected, "column {k} of {n} from {first}");
            }
            let short = &x[..216 + first + n - 1];
            assert!(nine(short, &taps, first, &w, stride, &mut sums).is_none());
            assert!(nine(&x, &taps, first, &w[1..], stride, &mut sums).is_none());
            assert!(nine(&x, &taps, first, &w, stride, &mut sums[1..]).is_none());
        }
    }
    let outside = Nine::new([usize::MAX; 9]);
    assert!(nine(&x, &outside, 1, &ramp(99, 1), 8, &mut [0; 4]).is_none());
}

#[test]
fn bytes_agree_with_the_definition_up_to_what_they_leave() {
    let shifts = [0xff, 0xfe, 0xf8, 0xf4, 0xe1, 0x80, 0xf8, 0xf8];
    let sums = [0, 1, -1, 300_000, -70_000, (1 << 30) - 1, -(1 << 30), 12_345];
    let bias: [i32; 8] = [0, 5, -5, 40_000, -1, 0, 0, -999];
    let multipliers: [i32; 8] =
        [1 << 30, i32::MAX, 0x5a82_799a, 1 << 30, 0x4000_ffff, i32::MAX, i32::MAX, 0x7fff_8000];
    let words = [bias, multipliers].map(|words| words.map(i32::to_le));
    let words = [&words[0][..], &words[1][..]];
    for zero in [-128, -3, 0, 127] {
        let mut out = [99; 9];
        let n = bytes(&sums, words, &shifts, zero, &mut out[..8]).expect("long enough");
        assert_eq!((n, out[8]), (8, 99));
        for (i, &byte) in out[..8].iter().enumerate() {
            let acc = sums[i] + bias[i];
            let shift = i32::from(shifts[i].cast_signed());
            let value = crate::fixed::requant(acc, multipliers[i], shift) + zero;
            assert_eq!(i32::from(byte), value.clamp(-128, 127), "output {i}, zero {zero}");
        }
    }
    let mut out = [0; 8];
    let mut large = sums;
    large[3] = 1 << 30;
    assert_eq!(bytes(&large, words, &shifts, 0, &mut out), Some(3));
    let mut left = shifts;
    left[5] = 0;
    assert_eq!(bytes(&sums, words, &left, 0, &mut out), Some(5));
    assert_eq!(bytes(&sums[1..], words, &shifts, 0, &mut out), None);
    assert_eq!(bytes(&sums, [&words[0][1..], words[1]], &shifts, 0, &mut out), None);
    assert_eq!(bytes(&sums, [words[0], &words[1][1..]], &shifts, 0, &mut out), None);
    assert_eq!(bytes(&sums, words, &shifts[1..], 0, &mut out), None);
}

#[test]
fn columns_agree_with_the_definition() {
    let x = ramp(500, 91);
    for taps in 0..12 {
        for stride in [1, 8, 9, 30] {
            let w = ramp(stride * taps + 8, 203);
            let inputs: Vec<&[i8; 8]> =
                (0..taps).map(|t| x[t * 17..].first_chunk().expect("long enough")).collect();
            let mut sums = [-3; 8]; // must not count
            columns(&inputs, &w, stride, &mut sums).expect("long enough");
            for (k, &sum) in sums.iter().enumerate() {
                let expected: i32 =
                    (0..taps).map(|t| product(inputs[t][k], w[t * stride + k])).sum();
                assert_eq!(sum, expected, "{taps} taps, column {k}, stride {stride}");
            }
            if taps > 0 {
                let short = &w[..stride * (taps - 1) + 7];
                assert!(columns(&inputs, short, stride, &mut sums).is_none());
            }
        }
    }
}

#[test]
fn long_shifts_leave_the_sign() {
    for v in [i32::MIN, -5, -1, 0, 1, 5, i32::MAX] {
        for n in 0..256 {
            let expected = i64::from(v) >> n.min(63);
            assert_eq!(i64::from(shift_right(v, n)), expected, "{v} >> {n}");
        }
    }
}

#[test]
fn lists_agree_with_the_definition() {
    let mut x = ramp(200, 37);
    for (i, x) in x.iter_mut().enumerate() {
        if i % 3 == 0 || (60..75).contains(&i) {
            *x = -128;
        }
    }
    for (zero, first, n) in [(-128, 0, 1), (-128, 5, 40), (-128, 0, 70), (127, 3, 30), (-5, 0, 0)] {
        let mut list = List::new();
        assert_eq!(list.take(&x[..n], first, zero), n, "there is room");
        for rows in 0..10 {
            for stride in [0, 1, 77, 80] {
                let w = ramp(stride * 10 + first + n, 203);
                let mut sums = vec![7; rows];
                list.multiply(&w, stride, &mut sums).expect("long enough");
                for (k, &sum) in sums.iter().enumerate() {
                    let product = |i: usize| {
                        (i32::from(x[i]) - zero) * i32::from(w[k * stride + first + i])
                    };
                    let expected: i32 = (0..n).map(product).sum();
                    assert_eq!(sum, 7 + expected, "row {k} of {rows}, stride {stride}, zero {zero}");
                }
                let listed = x[..n].iter().any(|&x| i32::from(x) != zero);
                if listed && rows > 0 {
                    let short = &w[..stride * (rows - 1) + first + n - 1];
                    assert!(list.multiply(short, stride, &mut sums).is_none());
                }
            }
        }
    }
    // Two thirds of the elements count: a list holds fewer than all, and goes on where it stopped.
    let (mut list, mut done, mut sum) = (List::new(), 0, [0]);
    let w = ramp(200, 11);
    while done < x.len() {
        let taken = list.take(&x[done..], done, -128);
        assert!(taken > 0, "an empty list has room");
        list.multiply(&w, 0, &mut sum).expect("long enough");
        list.clear();
        done += taken;
    }
    let expected: i32 = x.iter().zip(&w).map(|(&x, &w)| (i32::from(x) + 128) * i32::from(w)).sum();
    assert_eq!(sum, [expected]);
}

#[test]
fn products_that_fit_are_exact() {
    let numbers = [0, 1, 255, (1 << 16) - 1, 1 << 16, 1 << 24, usize::MAX / 255, usize::MAX];
    for a in numbers {
        for b in numbers {
            assert_eq!(times(a, b), a.checked_mul(b), "{a} · {b}");
        }
    }
}
