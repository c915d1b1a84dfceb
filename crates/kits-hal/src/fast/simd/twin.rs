//! The same in plain Rust: what the assembly stands for, and what other processors use.

use super::{list::Lines, GROUP, Nine, SECTION, dot, rescale};

pub(super) fn rows(
    x: &[[i8; GROUP]],
    w: &[i8],
    stride: usize,
    sums: &mut [[i32; 4]],
) -> Option<()> {
    let (x, mut at) = (x.as_flattened(), 0_usize);
    for sum in sums.as_flattened_mut() {
        *sum = sum.wrapping_add(dot::plain(x, w.get(at..)?));
        at = at.wrapping_add(stride);
    }
    Some(())
}

pub(super) fn bytes(
    sums: &[i32],
    [bias, multipliers]: [&[i32]; 2],
    shifts: &[u8],
    zero: i32,
    out: &mut [i8],
) -> usize {
    let words = bias.iter().zip(multipliers).zip(shifts);
    for (i, ((out, sum), ((&bias, &m), s))) in out.iter_mut().zip(sums).zip(words).enumerate() {
        let acc = sum.wrapping_add(i32::from_le(bias));
        if acc.checked_add(acc).is_none() || *s < 0x80 {
            return i;
        }
        let high = high_mul_small(acc, i32::from_le(m));
        let half = shift_right(high.wrapping_add(high >> 31), u32::from(!s)).wrapping_add(1);
        let value = (half >> 1).wrapping_add(zero).clamp(-128, 127);
        *out = value.to_le_bytes()[0].cast_signed();
    }
    out.len()
}

pub(super) fn nine(
    x: &[i8],
    taps: &Nine,
    w: &[i8],
    stride: usize,
    sums: &mut [[i32; 4]],
) -> Option<()> {
    // Slower than other ways: only tests call it.
    for (k, sum) in sums.as_flattened_mut().iter_mut().enumerate() {
        *sum = 0;
        for (t, at) in taps.at.iter().enumerate() {
            let x: i32 = (*x.get(at.checked_add(k)?)?).into();
            let w: i32 = (*w.get(t.checked_mul(stride)?.checked_add(k)?)?).into();
            *sum = sum.wrapping_add(x.wrapping_mul(w));
        }
    }
    Some(())
}

pub(super) fn rows_two(
    x: [&[[i8; GROUP]]; 2],
    w: &[i8],
    stride: usize,
    n: usize,
    sums: &mut [[i32; SECTION]; 2],
) -> Option<()> {
    for (x, sums) in x.into_iter().zip(sums) {
        let x = x.as_flattened();
        let mut at = 0_usize;
        for sum in sums.get_mut(..n)? {
            *sum = sum.wrapping_add(dot::plain(x, w.get(at..)?));
            at = at.wrapping_add(stride);
        }
    }
    Some(())
}

#[inline(always)]
pub(super) fn high_mul_small(a: i32, b: i32) -> i32 {
    rescale::high_mul_wide(a, b)
}

#[inline(always)]
pub(super) fn shift_right(v: i32, n: u32) -> i32 {
    v >> n.min(31)
}

pub(super) fn list(x: &[i8], lines: Lines, zero: i32, to: &mut [[i32; 2]]) -> usize {
    let (mut n, mut at, mut place) = (0_usize, 0_usize, lines.first);
    for _ in 0..lines.lines {
        let line = x.get(at..).unwrap_or(&[]).iter().take(lines.n);
        for (&x, place) in line.zip(place..) {
            let x = i32::from(x).wrapping_sub(zero);
            if let (true, Some(to)) = (x != 0, to.get_mut(n)) {
                *to = [i32::try_from(place).unwrap_or(0), x];
                n = n.wrapping_add(1);
            }
        }
        at = at.wrapping_add(lines.pitch);
        place = place.wrapping_add(lines.apart);
    }
    n
}

pub(super) fn listed(list: &[[[i32; 2]; 2]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) {
    let mut row = w;
    for sum in sums.as_flattened_mut() {
        for &[place, x] in list.as_flattened() {
            let w = usize::try_from(place).ok().and_then(|place| row.get(place));
            *sum = sum.wrapping_add(x.wrapping_mul(w.map_or(0, |&w| w.into())));
        }
        row = row.get(stride..).unwrap_or(&[]);
    }
}
