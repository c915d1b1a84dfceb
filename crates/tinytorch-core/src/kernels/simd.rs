//! Loops compiled for the widest vectors of the machine that runs them.
//!
//! A default build assumes the oldest processor of its kind, so its loops use 128-bit vectors. [`run`] compiles a
//! [`Loop`] three times and picks at run time. The copies differ in speed, not in bits: every arithmetic operation is
//! rounded as it is written, and none is fused or reordered.
#![cfg_attr(
    all(feature = "std", target_arch = "x86_64"),
    expect(
        unsafe_code,
        reason = "a function for newer processors may be called only after asking for them"
    )
)]

use crate::tensor::Real;

/// A loop over slices, cheap to hand over.
///
/// Implementers mark `run` and what it calls as `#[inline(always)]`: code outside the function that was compiled for the
/// wide vectors stays narrow.
pub(crate) trait Loop {
    /// What the loop returns.
    type Out;

    /// Does the work.
    fn run(self) -> Self::Out;
}

/// Runs `work` with 512-bit, 256-bit or baseline vectors, whatever is there.
#[inline]
pub(crate) fn run<L: Loop>(work: L) -> L::Out {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the only requirement of `v4` is a processor with these four features, asked for above.
            return unsafe { v4(work) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the only requirement of `v3` is a processor with AVX2, asked for above.
            return unsafe { v3(work) };
        }
    }
    work.run()
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn v4<L: Loop>(work: L) -> L::Out {
    work.run()
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn v3<L: Loop>(work: L) -> L::Out {
    work.run()
}

/// A loop of products and sums that may round once for both, as matrix products do: `M` says how.
///
/// Its results differ in the last bits between machines with and without such an instruction; on one machine they do not.
pub(crate) trait Fused {
    /// What the loop returns.
    type Out;

    /// Does the work.
    fn run<M: MulAdd>(self) -> Self::Out;
}

/// How to compute `a·b + c`.
pub(crate) trait MulAdd {
    /// Whether [`mul_add`](Self::mul_add) rounds once.
    const FUSED: bool;

    /// `a·b + c`
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T;
}

/// With one rounding; fast only where there is an instruction for it.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
struct Once;

#[cfg(all(feature = "std", target_arch = "x86_64"))]
impl MulAdd for Once {
    const FUSED: bool = true;

    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a.mul_add(b, c)
    }
}

/// With two roundings.
struct Twice;

impl MulAdd for Twice {
    const FUSED: bool = false;

    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// As [`run`], for loops that gain from joined multiplication and addition.
#[inline]
pub(crate) fn run_fused<L: Fused>(work: L) -> L::Out {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma")
        {
            // SAFETY: the only requirement of `fused4` is a processor with these five features, asked for above.
            return unsafe { fused4(work) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the only requirement of `fused3` is a processor with AVX2 and FMA, asked for above.
            return unsafe { fused3(work) };
        }
    }
    work.run::<Twice>()
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
fn fused4<L: Fused>(work: L) -> L::Out {
    work.run::<Once>()
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2,fma")]
fn fused3<L: Fused>(work: L) -> L::Out {
    work.run::<Once>()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cubes<'a>(&'a mut [f32]);

    impl Loop for Cubes<'_> {
        type Out = ();

        #[inline(always)]
        fn run(self) {
            self.0.iter_mut().for_each(|v| *v = *v * *v * *v + 0.1);
        }
    }

    #[test]
    fn every_copy_gives_the_same_bits() {
        let start: Vec<f32> = (0..1000).map(|i| (i as f32 - 500.0) * 0.013).collect();
        let (mut chosen, mut plain) = (start.clone(), start.clone());
        run(Cubes(&mut chosen));
        Cubes(&mut plain).run();
        assert_eq!(chosen, plain);
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        if is_x86_feature_detected!("avx2") {
            let mut half = start;
            // SAFETY: AVX2 has just been asked for.
            unsafe { v3(Cubes(&mut half)) };
            assert_eq!(half, plain);
        }
    }
}
