//! The Fourier transform of a real signal in `f32`, in place.
//!
//! `X_k = Σ x_i · exp(−2πj·k·i/N)` for `k` from 0 to `N/2`; the rest is the mirror image.
//! The `N` samples are read as `N/2` complex numbers, transformed by quartering (radix 4, decimation in time, which rounds less than radix 2), and split
//! into the spectrum of even and odd samples; so the memory is that of the samples.
//! Method: J. W. Cooley and J. W. Tukey, *Math. Comp.* 19 (1965).

use super::{
    compiled::SINE,
    error::{DspError, Parameter},
};

/// The longest transform.
pub(super) const LONGEST: usize = 1024;

/// Returns whether there is a transform of this length: a power of two from 8 to 1024.
pub(super) const fn supported(n: usize) -> bool {
    n.is_power_of_two() && 8 <= n && n <= LONGEST
}

/// A spectrum, lying in the memory of the samples it came from.
#[derive(Debug)]
pub struct Bins<'b> {
    /// Real parts of bins 0 and `N/2`, then bins 1 to `N/2 − 1` as real and imaginary part.
    packed: &'b mut [f32],
}

impl<'b> Bins<'b> {
    /// Returns the number of bins, `N/2 + 1`.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a spectrum is never empty")]
    pub const fn len(&self) -> usize {
        (self.packed.len() / 2).saturating_add(1)
    }

    /// Returns real and imaginary part of bin `k`, or `None` beyond `N/2`.
    #[must_use]
    pub fn get(&self, k: usize) -> Option<(f32, f32)> {
        let half = self.packed.len() / 2;
        if k == 0 {
            return Some((*self.packed.first()?, 0.0));
        }
        if k == half {
            return Some((*self.packed.get(1)?, 0.0));
        }
        let at = k.checked_mul(2)?;
        Some((*self.packed.get(at)?, *self.packed.get(at.checked_add(1)?)?))
    }

    /// Replaces the spectrum by `|X_k|²` and returns these `N/2 + 1` numbers.
    #[must_use]
    pub fn powers(self) -> &'b mut [f32] {
        let half = self.packed.len() / 2;
        let (nyquist, _) = self.get(half).unwrap_or_default();
        // Bin k lies at 2k, never before the place of its power; only the last one had to be saved.
        for k in 0..half {
            let (re, im) = self.get(k).unwrap_or_default();
            if let Some(place) = self.packed.get_mut(k) {
                *place = re * re + im * im;
            }
        }
        if let Some(place) = self.packed.get_mut(half) {
            *place = nyquist * nyquist;
        }
        self.packed.get_mut(..=half).unwrap_or_default()
    }
}

/// Transforms real samples in place; the length is a power of two from 8 to 1024.
///
/// The relative error (root of the mean square) is below 3e-7.
///
/// # Errors
///
/// [`DspError::Parameter`] for another length.
///
/// ```
/// let mut samples = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]; // a pulse has all frequencies
/// let bins = kits_hal::dsp::rfft(&mut samples)?;
/// assert_eq!(bins.get(3), Some((1.0, 0.0)));
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
pub fn rfft(samples: &mut [f32]) -> Result<Bins<'_>, DspError> {
    if !supported(samples.len()) {
        return Err(DspError::count(Parameter::Fft, samples.len()));
    }
    Ok(transform(samples))
}

/// The transform of one length, which is checked when it is compiled.
///
/// ```
/// use kits_hal::dsp::Rfft;
///
/// let mut samples = [1.0; 16];
/// let bins = Rfft::<16>.bins(&mut samples); // cannot fail
/// assert_eq!(bins.get(0), Some((16.0, 0.0)));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Rfft<const N: usize>;

impl<const N: usize> Rfft<N> {
    const SUPPORTED: () = assert!(supported(N), "the length is a power of two from 8 to 1024");

    /// Transforms the samples in place.
    pub fn bins(self, samples: &mut [f32; N]) -> Bins<'_> {
        const { Self::SUPPORTED };
        transform(samples)
    }
}

/// Transforms a buffer of a supported length.
fn transform(packed: &mut [f32]) -> Bins<'_> {
    let n = packed.len();
    let (complex, _) = packed.as_chunks_mut::<2>();
    reverse_bits(complex);
    let mut m = 1_usize;
    if complex.len().trailing_zeros() % 2 == 1 {
        pairs(complex);
        m = 2;
    }
    while m < complex.len() {
        fours(complex, m);
        m = m.saturating_mul(4);
    }
    split(complex, n);
    Bins { packed }
}

/// Returns `exp(−2πj·i/1024)`.
fn twiddle(i: usize) -> [f32; 2] {
    let sine = |i: usize| SINE.get(i).copied().unwrap_or(0.0);
    let past = i % 256;
    let (s, c) = (sine(past), sine(256_usize.saturating_sub(past)));
    match i / 256 % 4 {
        0 => [c, -s],
        1 => [-s, -c],
        2 => [-c, s],
        _ => [s, c],
    }
}

fn product([ar, ai]: [f32; 2], [br, bi]: [f32; 2]) -> [f32; 2] {
    [ar * br - ai * bi, ar * bi + ai * br]
}

/// Puts element `i` where the reversed bits of `i` say.
fn reverse_bits(z: &mut [[f32; 2]]) {
    let unused = z.len().leading_zeros().wrapping_add(1);
    for i in 0..z.len() {
        let j = i.reverse_bits().checked_shr(unused).unwrap_or(0);
        if i < j
            && let (Some(&a), Some(&b)) = (z.get(i), z.get(j))
        {
            if let Some(place) = z.get_mut(i) {
                *place = b;
            }
            if let Some(place) = z.get_mut(j) {
                *place = a;
            }
        }
    }
}

/// Turns every two neighbours into their transform.
fn pairs(z: &mut [[f32; 2]]) {
    for [a, b] in z.as_chunks_mut().0 {
        let ([ar, ai], [br, bi]) = (*a, *b);
        *a = [ar + br, ai + bi];
        *b = [ar - br, ai - bi];
    }
}

/// Joins four neighbouring transforms of `m` elements into one of four times as many.
///
/// In reversed order they are those of the samples 0, 2, 1 and 3 modulo 4.
fn fours(z: &mut [[f32; 2]], m: usize) {
    let step = (LONGEST / 4).checked_div(m).unwrap_or(0);
    for block in z.chunks_exact_mut(m.saturating_mul(4).max(1)) {
        let (left, right) = block.split_at_mut_checked(m.saturating_mul(2)).unwrap_or_default();
        let (zero, two) = left.split_at_mut_checked(m).unwrap_or_default();
        let (one, three) = right.split_at_mut_checked(m).unwrap_or_default();
        for (k, (((a, c), b), d)) in zero.iter_mut().zip(two).zip(one).zip(three).enumerate() {
            let turned = |v, q: usize| product(v, twiddle(q.wrapping_mul(k).wrapping_mul(step)));
            let ([ar, ai], [br, bi]) = (*a, turned(*b, 1));
            let ([cr, ci], [dr, di]) = (turned(*c, 2), turned(*d, 3));
            let ([pr, pi], [qr, qi]) = ([ar + cr, ai + ci], [ar - cr, ai - ci]);
            let ([rr, ri], [sr, si]) = ([br + dr, bi + di], [br - dr, bi - di]);
            // a + b + c + d, a − jb − c + jd, a − b + c − d, a + jb − c − jd.
            *a = [pr + rr, pi + ri];
            *c = [qr + si, qi - sr];
            *b = [pr - rr, pi - ri];
            *d = [qr - si, qi + sr];
        }
    }
}

/// Turns the transform of the pairs into that of the `n` samples.
///
/// With `E = (Z_k + conj Z_{n/2−k})/2` and `O = (Z_k − conj Z_{n/2−k})/2j`: `X_k = E + exp(−2πj·k/n)·O`, and
/// `X_{n/2−k}` is the conjugate of `E − exp(−2πj·k/n)·O`.
fn split(z: &mut [[f32; 2]], n: usize) {
    if let Some(first) = z.first_mut() {
        let [re, im] = *first;
        *first = [re + im, re - im];
    }
    let step = LONGEST.checked_div(n).unwrap_or(0);
    let half = z.len();
    for k in 1..=half / 2 {
        let mirror = half.wrapping_sub(k);
        let (Some(&[ar, ai]), Some(&[br, bi])) = (z.get(k), z.get(mirror)) else { return };
        let [er, ei] = [0.5 * (ar + br), 0.5 * (ai - bi)];
        let [or, oi] = [0.5 * (ai + bi), 0.5 * (br - ar)];
        let [tr, ti] = product([or, oi], twiddle(k.wrapping_mul(step)));
        if let Some(place) = z.get_mut(mirror) {
            *place = [er - tr, ti - ei];
        }
        if let Some(place) = z.get_mut(k) {
            *place = [er + tr, ei + ti];
        }
    }
}
