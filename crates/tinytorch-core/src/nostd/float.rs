//! The functions of floats that `core` lacks.
//!
//! The names are those of the inherent methods of `std`, which win where they exist. A file imports [`Float`] only when
//! `std` is off, and its source is the same either way.

/// `f32` and `f64` as `std` knows them: its own functions with `std`, those of `libm` without.
///
/// Roots, roundings and the fused product are exact, so they have the same bits in both. The others may differ in the last
/// places; those of `libm` do not differ between platforms.
#[cfg_attr(
    all(feature = "std", not(test)),
    expect(dead_code, reason = "with std most callers reach the inherent methods")
)]
pub(crate) trait Float: Copy {
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn sqrt(self) -> Self;
    fn exp(self) -> Self;
    fn exp_m1(self) -> Self;
    fn ln(self) -> Self;
    fn ln_1p(self) -> Self;
    fn powf(self, n: Self) -> Self;
    fn abs(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tanh(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn round_ties_even(self) -> Self;
}

/// Calls the inherent method, or the function of `libm`.
macro_rules! call {
    ($T:ident, $name:ident, $libm:ident, $($x:expr),+) => {{
        #[cfg(feature = "std")]
        let y = <$T>::$name($($x),+);
        #[cfg(not(feature = "std"))]
        let y = libm::$libm($($x),+);
        y
    }};
}

macro_rules! float {
    ($T:ident, $powf:ident, $fma:ident: $($name:ident $libm:ident,)*) => {
        impl Float for $T {
            $(
                #[inline(always)]
                fn $name(self) -> Self {
                    call!($T, $name, $libm, self)
                }
            )*

            #[inline(always)]
            fn powf(self, n: Self) -> Self {
                call!($T, powf, $powf, self, n)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                call!($T, mul_add, $fma, self, b, c)
            }
        }
    };
}

float! { f64, pow, fma:
    sqrt sqrt, exp exp, exp_m1 expm1, ln log, ln_1p log1p, abs fabs, sin sin, cos cos, tanh tanh,
    floor floor, ceil ceil, round_ties_even rint,
}

float! { f32, powf, fmaf:
    sqrt sqrtf, exp expf, exp_m1 expm1f, ln logf, ln_1p log1pf, abs fabsf, sin sinf, cos cosf, tanh tanhf,
    floor floorf, ceil ceilf, round_ties_even rintf,
}

#[cfg(test)]
mod tests {
    use super::Float;

    /// In units of the last place of `exact`, which is a double.
    fn units(got: f32, exact: f64) -> f64 {
        let unit = exact.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON);
        (f64::from(got) - exact).abs() / unit
    }

    /// Singles against doubles of the platform. Neither library is off by more than two units; another function is, at once.
    #[test]
    fn each_name_is_the_function_it_says() {
        for i in -400..=400 {
            let (x, y) = (i as f32 * 0.02, f64::from(i as f32 * 0.02));
            let positive = (x.abs() + 0.01, f64::from(x.abs() + 0.01));
            let pairs = [
                (Float::exp(x), y.exp()),
                (Float::exp_m1(x), y.exp_m1()),
                (Float::sin(x), y.sin()),
                (Float::cos(x), y.cos()),
                (Float::tanh(x), y.tanh()),
                (Float::abs(x), y.abs()),
                (Float::floor(x), y.floor()),
                (Float::ceil(x), y.ceil()),
                (Float::round_ties_even(x), y.round_ties_even()),
                (Float::sqrt(positive.0), positive.1.sqrt()),
                (Float::ln(positive.0), positive.1.ln()),
                (Float::ln_1p(positive.0), positive.1.ln_1p()),
                (Float::powf(positive.0, 1.5), positive.1.powf(1.5)),
                (Float::mul_add(x, 3.0, 1.0), y.mul_add(3.0, 1.0)),
            ];
            for (at, (got, exact)) in pairs.into_iter().enumerate() {
                assert!(units(got, exact) <= 2.0, "function {at} of {x}: {got} and {exact}");
            }
        }
        assert_eq!([0.5, 1.5, -2.5].map(<f64 as Float>::round_ties_even), [0.0, 2.0, -2.0]);
    }
}
