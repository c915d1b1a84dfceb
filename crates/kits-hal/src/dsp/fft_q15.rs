//! The Fourier transform of a real signal in 16-bit integers, every stage scaled down by its radix.
//!
//! The `2n` samples are read as `n` complex numbers; `n` is factored into fours while possible, then a two.
//! A stage of radix `p` divides by `p` (as a product with `32767/p`, rounded), twiddles and adds; so the result is
//! the transform divided by `2n`.
//! Pairs of samples whose length as a vector is at most 32767 stay in range; beyond that a sum may wrap.
//! The order of operations and every rounding are those of the `kiss_fft` configuration that TensorFlow Lite Micro's
//! audio front end uses, so that the features of that front end come out equal to the last bit.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "products of two i16 fit i32, sums wrap where the definition says, and indices stay below 1024"
)]

use super::{
    compiled::SINE_Q15,
    error::{Buffer, DspError, Parameter, exactly},
    fft::{LONGEST, supported},
};

type Complex = [i16; 2];

/// Transforms `x`, whose length `N` is a power of two from 8 to 1024.
///
/// `out` takes `N + 2` numbers: real and imaginary part of the bins 0 to `N/2`, each the exact transform divided by
/// `N`, up to the rounding of the stages.
///
/// # Errors
///
/// [`DspError::Parameter`] for another length of `x`, [`DspError::Length`] for another length of `out`.
pub fn rfft_q15(x: &[i16], out: &mut [i16]) -> Result<(), DspError> {
    if !supported(x.len()) {
        return Err(DspError::count(Parameter::Fft, x.len()));
    }
    exactly(Buffer::Output, x.len().saturating_add(2), out.len())?;
    let _ = fill(x.len(), out, |i| x.get(i).copied().unwrap_or(0));
    Ok(())
}

/// Transforms `len` samples, each of which is asked for once; `None` if `out` is too short for that.
pub(super) fn fill(len: usize, out: &mut [i16], sample: impl Fn(usize) -> i16) -> Option<()> {
    let (z, _) = out.as_chunks_mut::<2>();
    let n = len / 2;
    for (place, slot) in z.get_mut(..n)?.iter_mut().enumerate() {
        let i = 2 * source(place, n);
        *slot = [sample(i), sample(i + 1)];
    }
    // From the innermost factor outwards: a two if log2 n is odd, then fours.
    let mut m = 1;
    if n.trailing_zeros() % 2 == 1 {
        for block in z.get_mut(..n)?.chunks_exact_mut(2) {
            radix_2(block);
        }
        m = 2;
    }
    while m < n {
        for block in z.get_mut(..n)?.chunks_exact_mut(4 * m) {
            radix_4(block, m)?;
        }
        m *= 4;
    }
    split(z, n)
}

/// Returns which input stands at `place` before the first stage: its digits in reverse order.
fn source(place: usize, n: usize) -> usize {
    // The outermost factor is the fastest digit of the input and the slowest of the place.
    let (mut rest, mut size, mut stride, mut from) = (place, n, 1, 0);
    while size > 1 {
        let p = if size.is_multiple_of(4) { 4 } else { 2 };
        size /= p;
        // A size above 1 over its factor is not 0, which the compiler cannot see.
        from += rest.checked_div(size).unwrap_or(0) * stride;
        rest = rest.checked_rem(size).unwrap_or(0);
        stride *= p;
    }
    from
}

/// Returns `v / 2^15`, rounded, the low 16 bits.
const fn sr(v: i32) -> i16 {
    (v.wrapping_add(1 << 14) >> 15) as i16
}

const fn scaled([re, im]: Complex, factor: i32) -> Complex {
    [sr(re as i32 * factor), sr(im as i32 * factor)]
}

const fn product([ar, ai]: Complex, [br, bi]: Complex) -> Complex {
    let [ar, ai, br, bi] = [ar as i32, ai as i32, br as i32, bi as i32];
    [sr((ar * br).wrapping_sub(ai * bi)), sr((ar * bi).wrapping_add(ai * br))]
}

const fn sum(a: Complex, b: Complex) -> Complex {
    [a[0].wrapping_add(b[0]), a[1].wrapping_add(b[1])]
}

const fn difference(a: Complex, b: Complex) -> Complex {
    [a[0].wrapping_sub(b[0]), a[1].wrapping_sub(b[1])]
}

/// Returns cosine and sine of `i / 1024` of a turn in Q15, for any `i`.
fn cos_sin(i: usize) -> Complex {
    let sine = |i: usize| SINE_Q15.get(i).copied().unwrap_or(0);
    let past = i % 256;
    let (s, c) = (sine(past), sine(256 - past));
    match i / 256 % 4 {
        0 => [c, s],
        1 => [-s, c],
        2 => [-c, -s],
        _ => [s, -c],
    }
}

/// Returns `exp(−2πj·i/1024)` in Q15.
fn twiddle(i: usize) -> Complex {
    let [c, s] = cos_sin(i);
    [c, -s]
}

fn radix_2(block: &mut [Complex]) {
    if let [a, b] = block {
        let (x, y) = (scaled(*a, 32767 / 2), scaled(*b, 32767 / 2));
        let y = product(y, twiddle(0));
        *a = sum(x, y);
        *b = difference(x, y);
    }
}

/// Joins four transforms of `m` elements.
fn radix_4(block: &mut [Complex], m: usize) -> Option<()> {
    let (first, rest) = block.split_at_mut_checked(m)?;
    let (second, rest) = rest.split_at_mut_checked(m)?;
    let (third, fourth) = rest.split_at_mut_checked(m)?;
    let step = LONGEST / (4 * m.max(1));
    let rows = first.iter_mut().zip(second).zip(third).zip(fourth);
    for (k, (((a, b), c), d)) in rows.enumerate() {
        let turned = |v: Complex, q: usize| product(scaled(v, 32767 / 4), twiddle(q * k * step));
        let w = scaled(*a, 32767 / 4);
        let (x, y, z) = (turned(*b, 1), turned(*c, 2), turned(*d, 3));
        let (even, odd) = (sum(w, y), difference(w, y));
        let (both, apart) = (sum(x, z), difference(x, z));
        let quarter = [apart[1], apart[0].wrapping_neg()]; // −j·(x − z)
        *a = sum(even, both);
        *b = sum(odd, quarter);
        *c = difference(even, both);
        *d = difference(odd, quarter);
    }
    Some(())
}

/// Turns the transform of `n` pairs into the bins 0 to `n` of the real signal.
fn split(z: &mut [Complex], n: usize) -> Option<()> {
    let [re, im] = scaled(*z.first()?, 16383);
    *z.first_mut()? = [re.wrapping_add(im), 0];
    *z.get_mut(n)? = [re.wrapping_sub(im), 0];
    let step = LONGEST / 2 / n.max(1);
    for k in 1..=n / 2 {
        let mirror = n - k;
        let a = scaled(*z.get(k)?, 16383);
        let [br, bi] = *z.get(mirror)?;
        let b = scaled([br, bi.wrapping_neg()], 16383);
        let (f1, f2) = (sum(a, b), difference(a, b));
        // exp(−jπ(k/n + 1/2)): a quarter turn further.
        let [tr, ti] = product(f2, twiddle(k * step + 256));
        let half = |a: i16, b: i16| ((i32::from(a) + i32::from(b)) >> 1) as i16;
        *z.get_mut(k)? = [half(f1[0], tr), half(f1[1], ti)];
        *z.get_mut(mirror)? = [half(f1[0], tr.wrapping_neg()), half(ti, f1[1].wrapping_neg())];
    }
    Some(())
}
