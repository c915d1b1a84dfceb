//! The discrete cosine transform that turns a mel spectrum into cepstral coefficients.

#![expect(clippy::arithmetic_side_effects, reason = "indices stay below 4·M, and M is a number of filters")]

use super::compiled::sin_cos;

/// `DCT-II` of `M` values: `c_i = Σ v_k · cos(π(2k + 1)i / 2M)`, without a factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dct<const M: usize>;

impl<const M: usize> Dct<M> {
    /// A quarter turn of the cosine in `M` steps.
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "evaluated while compiling"
    )]
    const COSINE: [f32; M] = {
        let mut table = [0.0; M];
        let mut i = 0;
        while i < M {
            table[i] = sin_cos(i as u32, 4 * M as u32).1 as f32;
            i += 1;
        }
        table
    };

    /// Returns coefficient `i` of the values.
    pub(super) fn coefficient(self, values: &[f32; M], i: usize) -> f32 {
        let mut sum = 0.0;
        // (2k + 1)·i in steps of a quarter turn over M; a full turn is 4M steps.
        let full = 4 * M;
        let advance = (2 * i).checked_rem(full).unwrap_or(0);
        let mut angle = i.checked_rem(full).unwrap_or(0);
        for v in values {
            sum += v * Self::cosine(angle);
            angle += advance;
            if angle >= full {
                angle -= full;
            }
        }
        sum
    }

    /// Returns the cosine of `angle / 4M` of a turn.
    fn cosine(angle: usize) -> f32 {
        let table = const { &Self::COSINE };
        let at = |i: usize| table.get(i).copied().unwrap_or(0.0);
        let angle = if angle > 2 * M { 4 * M - angle } else { angle };
        if angle > M { -at(2 * M - angle) } else { at(angle) }
    }
}

#[cfg(test)]
mod tests {
    use super::Dct;

    #[test]
    fn every_coefficient_agrees_with_the_definition() {
        check::<1>();
        check::<2>();
        check::<13>();
        check::<40>();
    }

    fn check<const M: usize>() {
        let v: [f32; M] = core::array::from_fn(|k| libm::sinf(k as f32 * 1.7) * 3.0 + 0.25);
        for i in 0..3 * M {
            let exact: f64 = (0..M)
                .map(|k| {
                    let angle = core::f64::consts::PI * ((2 * k + 1) * i) as f64 / (2 * M) as f64;
                    f64::from(v[k]) * libm::cos(angle)
                })
                .sum();
            let got = f64::from(Dct::<M>.coefficient(&v, i));
            // M products, each off by 2^-23 of at most 3.25, and as many sums.
            assert!((got - exact).abs() < 1e-5, "{i} of {M}: {got} is not {exact}");
        }
    }
}
