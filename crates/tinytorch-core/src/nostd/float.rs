//! The functions of floats that `core` lacks.
//!
//! The names are those of the inherent methods of `std`, which win where they exist. A file imports [`Float`] only when
//! `std` is off, and its source is the same either way.

/// `f32` and `f64` as `std` knows them: its own functions with `std`, those of `libm` without.
///
/// Roots, roundings and the fused product are exact, so they have the same bits in both. The others may differ in the last
/// places; those of `libm` do not differ between platforms.
#[cfg_attr(
    feature = "std",
    expect(dead_code, reason = "with std most callers reach the inherent methods")
)]
pub(crate) trait Float: Copy {
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
    ($T:ident, $powf:ident: $($name:ident $libm:ident,)*) => {
        impl Float for $T {
            $(
                #[inline]
                fn $name(self) -> Self {
                    call!($T, $name, $libm, self)
                }
            )*

            #[inline]
            fn powf(self, n: Self) -> Self {
                call!($T, powf, $powf, self, n)
            }
        }
    };
}

float! { f64, pow:
    sqrt sqrt, exp exp, exp_m1 expm1, ln log, ln_1p log1p, abs fabs, sin sin, cos cos, tanh tanh,
    floor floor, ceil ceil, round_ties_even rint,
}

float! { f32, powf:
    sqrt sqrtf, exp expf, exp_m1 expm1f, ln logf, ln_1p log1pf, abs fabsf, sin sinf, cos cosf, tanh tanhf,
    floor floorf, ceil ceilf, round_ties_even rintf,
}
