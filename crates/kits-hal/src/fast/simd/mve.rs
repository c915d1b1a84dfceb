//! Vector loops of the Cortex-M55 that compilers do not find: rounding high products, sums of bytes channel by channel, and four
//! dot products that share what they read.
//!
//! A loop that begins with `dlstp` processes its last, incomplete vector with the lanes behind the end switched off: these are
//! neither read nor written. The masks of such loops live in registers that no operand can name, which is why no function here
//! is inlined: none of them is kept across a call.

use crate::fast::{dot, finish::SECTION};

/// Sums that one step of [`columns`] fills.
pub(in crate::fast) const WIDE: usize = 16;

/// Positions of taps, relative to the first of them.
#[derive(Debug, Clone, Copy)]
pub(in crate::fast) struct Taps<const N: usize> {
    at: [usize; N],
    n: usize,
    /// The largest position.
    last: usize,
}

impl<const N: usize> Taps<N> {
    /// Keeps the positions that an iterator gives, at most `N` of them.
    pub(in crate::fast) fn of(positions: impl Iterator<Item = usize>) -> Self {
        let mut taps = Self { at: [0; N], n: 0, last: 0 };
        for (to, position) in taps.at.iter_mut().zip(positions) {
            *to = position;
            taps.n = taps.n.wrapping_add(1);
            taps.last = taps.last.max(position);
        }
        taps
    }
}

/// Makes sum `k < n` the products of `x[p + k]`, for every tap position `p`, with element `k` of the tap's row of `w`; rows
/// begin `stride` apart. Sums from `n` to the next multiple of [`WIDE`] become anything.
///
/// `None` if a slice is too short.
#[inline]
pub(in crate::fast) fn columns<const N: usize>(
    x: &[i8],
    taps: &Taps<N>,
    w: &[i8],
    stride: usize,
    n: usize,
    sums: &mut [i32; SECTION],
) -> Option<()> {
    let at = taps.at.get(..taps.n)?;
    let sums = sums.as_chunks_mut::<WIDE>().0.get_mut(..n.div_ceil(WIDE))?;
    if at.is_empty() || n == 0 {
        sums.as_flattened_mut().fill(0);
        return Some(());
    }
    let needed = stride.checked_mul(taps.n.wrapping_sub(1))?.checked_add(n)?;
    let x = x.get(..taps.last.checked_add(n)?)?;
    imp::columns(x, at, w.get(..needed)?, stride, n, sums);
    Some(())
}

/// Biases, multipliers and shifts of some channels.
pub(in crate::fast) type Part<'a> = (&'a [[u8; 4]], &'a [[u8; 4]], &'a [u8]);

/// Writes `clamp(requant(sum + bias) + zero)` for each of `out`, none of which shifts left, and leaves zeros in the sums; `None`
/// if a slice is shorter. `limits` are zero point, lower and upper limit.
#[inline]
pub(in crate::fast) fn bytes(
    sums: &mut [i32],
    (bias, m, s): Part<'_>,
    limits: [i32; 3],
    out: &mut [i8],
) -> Option<()> {
    let n = out.len();
    let part = (bias.get(..n)?, m.get(..n)?, s.get(..n)?);
    let sums = sums.get_mut(..n)?;
    if n > 0 {
        imp::bytes(sums, part, limits, out);
    }
    Some(())
}

/// Requantizes all `values` with one multiplier and one shift of 0 or less.
#[inline]
pub(in crate::fast) fn scale(values: &mut [i32], m: i32, s: i32) {
    if !values.is_empty() {
        imp::scale(values, m, s);
    }
}

/// Copies `from` to `to`, over the shorter length.
#[inline]
pub(in crate::fast) fn copy(from: &[i8], to: &mut [i8]) {
    let n = from.len().min(to.len());
    if let (Some(from), Some(to), true) = (from.get(..n), to.get_mut(..n), n > 0) {
        imp::lines(from, 0, to, n, n);
    }
}

/// Fills `to` with lines of `line` bytes that begin `pitch` apart in `x`; `None` if `x` is too short.
#[inline]
pub(in crate::fast) fn lines(x: &[i8], pitch: usize, to: &mut [i8], line: usize) -> Option<()> {
    let lines = to.len().checked_div(line)?;
    let to = to.get_mut(..lines.wrapping_mul(line))?;
    let Some(last) = lines.checked_sub(1) else { return Some(()) };
    let x = x.get(..pitch.checked_mul(last)?.checked_add(line)?)?;
    imp::lines(x, pitch, to, line, line);
    Some(())
}

/// Copies `n` bytes to the begin of each row of `to` from places in `x` that are `pitch` apart; `None` if `x` is too short.
#[inline]
pub(in crate::fast) fn spread<const N: usize>(
    x: &[i8],
    pitch: usize,
    to: &mut [[i8; N]],
    n: usize,
) -> Option<()> {
    let Some(last) = to.len().checked_sub(1) else { return Some(()) };
    let x = x.get(..pitch.checked_mul(last)?.checked_add(n)?)?;
    if n > 0 && n <= N {
        imp::lines(x, pitch, to.as_flattened_mut(), n, N);
    }
    Some(())
}

/// Adds to each sum the dot product of `x` with one of the rows of `w`, which begin `stride` apart; `None` if `w` is too short.
#[inline]
pub(in crate::fast) fn multiply(
    x: &[i8],
    w: &[i8],
    stride: usize,
    sums: &mut [i32],
) -> Option<()> {
    let (fours, rest) = sums.as_chunks_mut::<4>();
    let in_fours = fours.as_flattened().len();
    if let (false, Some(last)) = (x.is_empty(), in_fours.checked_sub(1)) {
        let needed = stride.checked_mul(last)?.checked_add(x.len())?;
        imp::rows(x, w.get(..needed)?, stride, fours);
    }
    if rest.is_empty() {
        return Some(());
    }
    dot::rows(x, w.get(in_fours.wrapping_mul(stride)..)?, stride, rest)
}

#[cfg(kits_mve)]
#[expect(unsafe_code, reason = "vector instructions")]
mod imp {
    use super::Part;
    use core::arch::asm;

    /// Multiplies sixteen elements of a row with those in `q0`, and adds the products to a sum.
    macro_rules! row {
        ($row:literal, $sum:literal) => {
            concat!(
                "vldrb.u8 q1, [", $row, "], #16\n",
                "vmladava.s8 ", $sum, ", q0, q1\n",
            )
        };
    }

    /// Adds eight half-words to eight sums.
    macro_rules! widen {
        ($words:literal, $even:literal, $odd:literal) => {
            concat!(
                "vmovlb.s16 q0, ", $words, "\n",
                "vadd.i32 ", $even, ", ", $even, ", q0\n",
                "vmovlt.s16 q0, ", $words, "\n",
                "vadd.i32 ", $odd, ", ", $odd, ", q0\n",
            )
        };
    }

    /// Multiplies four values in `q0` and shifts them right by the negative shifts in `q2`, rounding half away from zero: one is
    /// taken from negative values, unless nothing is shifted.
    macro_rules! requantize {
        ($multiplier:literal) => {
            concat!(
                "vqrdmulh.s32 q0, q0, ", $multiplier, "\n",
                "vand q1, q0, q2\n",
                "vshr.s32 q1, q1, #31\n",
                "vadd.i32 q0, q0, q1\n",
                "vrshl.s32 q0, q0, q2\n",
            )
        };
    }

    /// Four dot products at a time. `r0`: length; `r1`, `r3`, `r5`, `r8`: rows; `r2`: length in whole vectors; `r4`: end of the sums;
    /// `r9`: the vector; `r10`: distance of the rows; `r11`: sums.
    macro_rules! rows {
        () => {
            concat!(
                "push {{r0, r6, r7}}\n", // two registers that operands cannot name
                "mov r6, r2\n",
                "mov r7, r4\n",
                "2:\n",
                "add r3, r1, r10\n",
                "add r5, r3, r10\n",
                "add r8, r5, r10\n",
                "ldr lr, [sp]\n",
                "ldrd r0, r2, [r11]\n",
                "ldrd r4, r12, [r11, #8]\n",
                "dlstp.8 lr, lr\n",
                "3:\n",
                "vldrb.u8 q0, [r9], #16\n",
                row!("r1", "r0"),
                row!("r3", "r2"),
                row!("r5", "r4"),
                row!("r8", "r12"),
                "letp lr, 3b\n",
                "sub r9, r6\n",
                "sub r1, r8, r6\n",
                "add r1, r10\n",
                "strd r0, r2, [r11], #8\n",
                "strd r4, r12, [r11], #8\n",
                "cmp r11, r7\n",
                "bne 2b\n",
                "pop {{r0, r6, r7}}\n",
            )
        };
    }

    /// Sixteen channels at a time, tap by tap, from the positions at `list`.
    macro_rules! columns {
        () => {
            concat!(
                "2:\n",
                "vctp.8 {n}\n",
                "vmov.i32 q4, #0\n",
                "vmov.i32 q5, #0\n",
                "vmov.i32 q6, #0\n",
                "vmov.i32 q7, #0\n",
                "mov {l}, {list}\n",
                "mov {v}, {w}\n",
                "dls lr, {count}\n",
                "3:\n",
                "ldr {p}, [{l}], #4\n",
                "add {p}, {x}\n",
                "vpstt\n",
                "vldrbt.u8 q0, [{p}]\n",
                "vldrbt.u8 q1, [{v}]\n",
                "add {v}, {s}\n",
                "vmullb.s8 q2, q0, q1\n", // channels 0, 2, 4 ... 14
                "vmullt.s8 q3, q0, q1\n", // channels 1, 3, 5 ... 15
                widen!("q2", "q4", "q6"),
                widen!("q3", "q5", "q7"),
                "le lr, 3b\n",
                "vst40.32 {{q4, q5, q6, q7}}, [{o}]\n", // in the order of the channels
                "vst41.32 {{q4, q5, q6, q7}}, [{o}]\n",
                "vst42.32 {{q4, q5, q6, q7}}, [{o}]\n",
                "vst43.32 {{q4, q5, q6, q7}}, [{o}]!\n",
                "add {x}, #16\n",
                "add {w}, #16\n",
                "subs {n}, #16\n",
                "bhi 2b\n",
            )
        };
    }

    /// Four channels at a time: adds the bias, requantizes, adds the zero point, clamps, and clears the sums.
    macro_rules! bytes {
        () => {
            concat!(
                "vdup.32 q4, {low}\n",
                "vdup.32 q5, {high}\n",
                "vmov.i32 q3, #0\n",
                "dlstp.32 lr, {n}\n",
                "2:\n",
                "vldrw.u32 q0, [{x}]\n",
                "vstrw.32 q3, [{x}], #16\n",
                "vldrb.u8 q1, [{b}], #16\n", // bytes, because words would have to be aligned
                "vadd.i32 q0, q0, q1\n",
                "vldrb.u8 q1, [{m}], #16\n",
                "vldrb.s32 q2, [{s}], #4\n",
                requantize!("q1"),
                "vadd.i32 q0, q0, {zero}\n",
                "vmax.s32 q0, q0, q4\n",
                "vmin.s32 q0, q0, q5\n",
                "vstrb.32 q0, [{y}], #4\n",
                "letp lr, 2b\n",
            )
        };
    }

    /// Four values at a time.
    macro_rules! scale {
        () => {
            concat!(
                "vdup.32 q2, {s}\n",
                "dlstp.32 lr, {n}\n",
                "2:\n",
                "vldrw.u32 q0, [{x}]\n",
                requantize!("{m}"),
                "vstrw.32 q0, [{x}], #16\n",
                "letp lr, 2b\n",
            )
        };
    }

    /// Sixteen bytes of a line at a time.
    macro_rules! lines {
        () => {
            concat!(
                "2:\n",
                "mov {v}, {x}\n",
                "mov {z}, {y}\n",
                "add {x}, {p}\n",
                "add {y}, {q}\n",
                "dlstp.8 lr, {n}\n",
                "3:\n",
                "vldrb.u8 q0, [{v}], #16\n",
                "vstrb.8 q0, [{z}], #16\n",
                "letp lr, 3b\n",
                "cmp {y}, {e}\n",
                "blo 2b\n",
            )
        };
    }

    /// Ten instructions for sixteen elements of four rows. `x` is not empty.
    #[inline(never)]
    #[rustfmt::skip]
    pub(super) fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) {
        let (n, sums) = (x.len(), sums.as_mut_ptr_range());
        // SAFETY: the inner loop reads `x` once for every four sums, and as many bytes from four rows of `w`, all inside the slice that
        // the caller measured; neither `x` nor `sums` is empty. The stack is as it was.
        unsafe { asm!(rows!(), inout("r0") n => _, inout("r1") w.as_ptr() => _, inout("r2") n.wrapping_add(15) & !15 => _, inout("r4") sums.end => _, inout("r9") x.as_ptr() => _,
            in("r10") stride, inout("r11") sums.start => _, out("r3") _, out("r5") _, out("r8") _, out("r12") _, out("lr") _, out("q0") _, out("q1") _); }
    }

    /// Seventeen instructions for sixteen products of a tap.
    #[inline(never)]
    #[rustfmt::skip]
    pub(super) fn columns(x: &[i8], at: &[usize], w: &[i8], stride: usize, n: usize, sums: &mut [[i32; 16]]) {
        // SAFETY: every load from `x` and `w` reads only lanes below `n` behind a position or row that the caller measured; there is at least
        // one of each. Whole groups of sixteen sums are written, as many as there are. Products of two bytes fit into half-words.
        unsafe { asm!(columns!(), list = in(reg) at.as_ptr(), count = in(reg) at.len(), x = inout(reg) x.as_ptr() => _, w = inout(reg) w.as_ptr() => _, s = in(reg) stride,
            n = inout(reg) n => _, o = inout(reg) sums.as_mut_ptr() => _, l = out(reg) _, v = out(reg) _, p = out(reg) _, out("lr") _, out("q0") _, out("q1") _,
            out("q2") _, out("q3") _, out("q4") _, out("q5") _, out("q6") _, out("q7") _, options(nostack)); }
    }

    /// Seventeen instructions for four channels.
    #[inline(never)]
    #[rustfmt::skip]
    pub(super) fn bytes(sums: &mut [i32], (b, m, s): Part<'_>, [zero, low, high]: [i32; 3], out: &mut [i8]) {
        // SAFETY: reads and writes as many elements as `out` has, which is at least one; the caller measured the other slices.
        unsafe { asm!(bytes!(), low = in(reg) low, high = in(reg) high, zero = in(reg) zero, n = in(reg) out.len(), x = inout(reg) sums.as_mut_ptr() => _,
            b = inout(reg) b.as_ptr() => _, m = inout(reg) m.as_ptr() => _, s = inout(reg) s.as_ptr() => _, y = inout(reg) out.as_mut_ptr() => _,
            out("lr") _, out("q0") _, out("q1") _, out("q2") _, out("q3") _, out("q4") _, out("q5") _, options(nostack)); }
    }

    /// Eight instructions for four values.
    #[inline(never)]
    #[rustfmt::skip]
    pub(super) fn scale(values: &mut [i32], m: i32, s: i32) {
        let (n, x) = (values.len(), values.as_mut_ptr());
        // SAFETY: reads and writes the values, of which there is at least one.
        unsafe { asm!(scale!(), s = in(reg) s, n = in(reg) n, m = in(reg) m, x = inout(reg) x => _, out("lr") _, out("q0") _, out("q1") _, out("q2") _, options(nostack)); }
    }

    /// Three instructions for sixteen bytes, seven for a line.
    #[inline(never)]
    #[rustfmt::skip]
    pub(super) fn lines(x: &[i8], pitch: usize, to: &mut [i8], n: usize, step: usize) {
        let (x, to) = (x.as_ptr(), to.as_mut_ptr_range());
        // SAFETY: reads and writes `n` bytes, which is not 0 nor more than `step`, for each of the whole steps that `to` consists of; the
        // caller measured `x`.
        unsafe { asm!(lines!(), x = inout(reg) x => _, y = inout(reg) to.start => _, p = in(reg) pitch, q = in(reg) step, n = in(reg) n, e = in(reg) to.end,
            v = out(reg) _, z = out(reg) _, out("lr") _, out("q0") _, options(nostack)); }
    }
}

/// The same in plain Rust.
#[cfg(not(kits_mve))]
mod imp {
    use super::{Part, dot};
    use crate::ops::fixed::requant;

    pub(super) fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) {
        let mut at = 0_usize;
        for sum in sums.as_flattened_mut() {
            let row = w.get(at..).unwrap_or(&[]);
            *sum = sum.wrapping_add(dot::plain(x, row));
            at = at.wrapping_add(stride);
        }
    }

    pub(super) fn columns(
        x: &[i8],
        at: &[usize],
        w: &[i8],
        stride: usize,
        n: usize,
        sums: &mut [[i32; 16]],
    ) {
        for (k, sum) in sums.as_flattened_mut().iter_mut().take(n).enumerate() {
            let weights = w.iter().skip(k).step_by(stride.max(1));
            let taps = at.iter().filter_map(|at| x.get(at.wrapping_add(k)));
            *sum = taps.zip(weights).fold(0, |sum: i32, (&x, &w)| {
                sum.wrapping_add(i32::from(x).wrapping_mul(w.into()))
            });
        }
    }

    pub(super) fn bytes(
        sums: &mut [i32],
        (bias, m, s): Part<'_>,
        [zero, low, high]: [i32; 3],
        out: &mut [i8],
    ) {
        let items = out.iter_mut().zip(sums).zip(bias).zip(m.iter().zip(s));
        for (((out, sum), bias), (m, s)) in items {
            let biased = sum.wrapping_add(i32::from_le_bytes(*bias));
            let scaled = requant(biased, i32::from_le_bytes(*m), s.cast_signed().into());
            let limited = scaled.wrapping_add(zero).max(low).min(high);
            *out = limited.to_le_bytes()[0].cast_signed();
            *sum = 0;
        }
    }

    pub(super) fn scale(values: &mut [i32], m: i32, s: i32) {
        for value in values {
            *value = requant(*value, m, s);
        }
    }

    pub(super) fn lines(x: &[i8], pitch: usize, to: &mut [i8], n: usize, step: usize) {
        let mut at = 0_usize;
        for to in to.chunks_exact_mut(step.max(1)) {
            let from = x.get(at..).unwrap_or(&[]);
            to.iter_mut().zip(from).take(n).for_each(|(to, from)| *to = *from);
            at = at.wrapping_add(pitch);
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "indices of a test")]
mod tests {
    use super::*;
    use crate::ops::fixed;

    fn ramp(n: usize, step: usize) -> Vec<i8> {
        (0..n).map(|i| (i * step + 77).to_le_bytes()[0].cast_signed()).collect()
    }

    #[test]
    fn products_agree_with_the_definition() {
        for n in [0, 1, 15, 16, 17, 40] {
            for channels in 0..10 {
                for stride in [0, 1, n, n + 3] {
                    let (x, w) = (ramp(n, 37), ramp(stride * channels + n, 203));
                    let mut sums = vec![7; channels];
                    multiply(&x, &w, stride, &mut sums).expect("long enough");
                    for (k, &sum) in sums.iter().enumerate() {
                        let product = |i| i32::from(x[i]) * i32::from(w[k * stride + i]);
                        let expected: i32 = (0..n).map(product).sum();
                        assert_eq!(sum, 7 + expected, "row {k} of {channels}, stride {stride}");
                    }
                    if n > 0 && channels > 0 {
                        let short = &w[..stride * (channels - 1) + n - 1];
                        assert!(multiply(&x, short, stride, &mut sums).is_none());
                    }
                }
            }
        }
    }

    #[test]
    fn columns_agree_with_the_definition() {
        let x = ramp(200, 91);
        for positions in [&[0][..], &[5, 0, 17], &[1, 2, 3, 4, 5, 6, 7, 8, 9]] {
            for n in 0..=SECTION {
                let taps = Taps::<9>::of(positions.iter().copied());
                let last = positions.iter().max().expect("not empty");
                let w = ramp(40 * positions.len() + n, 203);
                let mut sums = [9; SECTION]; // must not count
                columns(&x, &taps, &w, 40, n, &mut sums).expect("long enough");
                for (k, &sum) in sums.iter().enumerate().take(n) {
                    let product = |(t, p): (usize, &usize)| {
                        i32::from(x[p + k]) * i32::from(w[t * 40 + k])
                    };
                    let expected: i32 = positions.iter().enumerate().map(product).sum();
                    assert_eq!(sum, expected, "{positions:?}, column {k} of {n}");
                }
                if n > 0 {
                    let short = 40 * (positions.len() - 1) + n - 1;
                    assert!(columns(&x, &taps, &w[..short], 40, n, &mut sums).is_none());
                    assert!(columns(&x[..last + n - 1], &taps, &w, 40, n, &mut sums).is_none());
                }
            }
        }
        let taps = Taps::<9>::of(core::iter::once(0));
        assert!(columns(&x, &taps, &x, 40, SECTION + 1, &mut [0; SECTION]).is_none());
    }

    #[test]
    fn bytes_are_requantized_sums() {
        let sums = [1000, -1000, 7, -7, i32::MAX, i32::MIN];
        let bias: [[u8; 4]; 6] = [5_i32, -5, 0, 0, 0, 0].map(i32::to_le_bytes);
        let m = [3_i32 << 29; 6].map(i32::to_le_bytes);
        let s = [-4_i8, -4, -1, -1, -31, 0].map(i8::cast_unsigned);
        // 0.75 · 1005 / 16 = 47.1; 0.75 · 7 / 2: the product 5.25 is rounded to 5, then 2.5 to 3, away from zero.
        let (mut rest, mut out) = (sums, [0; 6]);
        bytes(&mut rest, (&bias, &m, &s), [1, -100, 90], &mut out).expect("long enough");
        assert_eq!(out, [48, -46, 4, -2, 2, -100]);
        assert_eq!(rest, [0; 6]);
        for (part, n) in [((&bias[..5], &m[..], &s[..]), 6), ((&bias, &m[..5], &s), 6), ((&bias, &m, &s[..5]), 6)] {
            assert!(bytes(&mut rest, part, [0, 0, 0], &mut out[..n]).is_none());
        }
        assert!(bytes(&mut rest[..5], (&bias, &m, &s), [0, 0, 0], &mut out).is_none());
        let mut values = sums;
        scale(&mut values, 3 << 29, -4);
        assert_eq!(values, sums.map(|v| fixed::requant(v, 3 << 29, -4)));
    }

    #[test]
    fn copies_stay_inside_both_slices() {
        let x = ramp(50, 1);
        let mut to = [0; 12];
        lines(&x, 20, &mut to, 5).expect("long enough");
        assert_eq!(to[..10], [&x[..5], &x[20..25]].concat());
        assert_eq!(to[10..], [0, 0]);
        assert!(lines(&x[..24], 20, &mut to, 5).is_none());
        let mut rows = [[1; 8]; 3];
        spread(&x, 20, &mut rows, 7).expect("long enough");
        assert_eq!(rows[2][..7], x[40..47]);
        assert_eq!(rows.map(|row| row[7]), [1; 3]);
        assert!(spread(&x[..46], 20, &mut rows, 7).is_none());
        let mut short = [0; 3];
        copy(&x, &mut short);
        assert_eq!(short, x[..3]);
        copy(&[], &mut short);
    }
}
