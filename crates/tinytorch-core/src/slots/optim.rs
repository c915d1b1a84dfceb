//! Module 07, Optimizers: how a gradient changes a parameter.

use crate::tensor::Real;

/// Settings of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdSettings<T> {
    /// Step size.
    pub lr: T,
    /// Share μ of the previous direction that is kept; 0 keeps none and needs no buffer.
    pub momentum: T,
    /// Share of the new gradient that does not enter the buffer.
    pub dampening: T,
    /// Looks one step of momentum ahead.
    pub nesterov: bool,
    /// Pull of every parameter toward 0, added to its gradient.
    pub weight_decay: T,
    /// Climbs instead of descending.
    pub maximize: bool,
}

/// Takes one step of gradient descent on the parameters `p` with gradient `g`.
///
/// With the weight decay λ, momentum μ, dampening τ and step size η:
/// g ← g + λ·p; b ← μ·b + (1 − τ)·g; g ← b, or g + μ·b with Nesterov; p ← p − η·g. To maximize, g is negated first.
///
/// `buffer` is b, absent without momentum. The `first` step sets b = g without dampening, whatever it held.
pub fn sgd_update<T: Real>(
    p: &mut [T],
    g: &[T],
    buffer: Option<&mut [T]>,
    first: bool,
    s: &SgdSettings<T>,
) {
    let direction = |p: T, g: T| (if s.maximize { -g } else { g }) + s.weight_decay * p;
    let Some(buffer) = buffer else {
        p.iter_mut().zip(g).for_each(|(p, &g)| *p = *p - s.lr * direction(*p, g));
        return;
    };
    for ((p, &g), b) in p.iter_mut().zip(g).zip(buffer) {
        let g = direction(*p, g);
        *b = if first { g } else { s.momentum * *b + (T::ONE - s.dampening) * g };
        let g = if s.nesterov { g + s.momentum * *b } else { *b };
        *p = *p - s.lr * g;
    }
}

/// Updates the running averages of a gradient `g` and of its square.
///
/// m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g².
#[inline(always)] // compiled for the vectors of its caller
pub fn adam_moments<T: Real>(m: &mut [T], v: &mut [T], g: &[T], [beta1, beta2]: [T; 2]) {
    for ((m, v), &g) in m.iter_mut().zip(v).zip(g) {
        *m = beta1 * *m + (T::ONE - beta1) * g;
        *v = beta2 * *v + (T::ONE - beta2) * g * g;
    }
}

/// Settings of one Adam step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// Step size.
    pub lr: f64,
    /// Decay rates β₁ and β₂ of the averages of the gradient and of its square.
    pub betas: [f64; 2],
    /// Keeps the division finite.
    pub eps: f64,
}

/// Takes one Adam step on the parameters `p` with the averages `m` and `v` after `step` updates, the first being 1.
///
/// p ← p − η·m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ): both averages start at 0, and the
/// divisions undo that bias.
#[inline(always)] // as above
pub fn adam_update<T: Real>(p: &mut [T], m: &[T], v: &[T], step: u64, s: &AdamSettings) {
    // β^t underflows to 0 long before t leaves the range of i32.
    let t = i32::try_from(step).unwrap_or(i32::MAX);
    let [m_scale, v_scale] = s.betas.map(|beta| 1.0 - beta.powi(t));
    let (rate, root, eps) = (T::lit(s.lr / m_scale), T::lit(v_scale.sqrt()), T::lit(s.eps));
    for ((p, &m), &v) in p.iter_mut().zip(m).zip(v) {
        *p = *p - rate * m / (v.sqrt() / root + eps);
    }
}

/// Shrinks the parameters by the decay of `AdamW`, before its Adam step: p ← p·(1 − η·λ).
pub fn adamw_decay<T: Real>(p: &mut [T], lr: f64, weight_decay: f64) {
    let keep = T::lit(1.0 - lr * weight_decay);
    p.iter_mut().for_each(|p| *p = *p * keep);
}

/// Raises each element of `most`, the largest average so far, to that of `v`; NaN stays.
pub fn amsgrad_max<T: Real>(most: &mut [T], v: &[T]) {
    most.iter_mut().zip(v).for_each(|(most, &v)| *most = most.max_nan(v));
}

/// Settings of one RMSprop step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsPropSettings<T> {
    /// Step size.
    pub lr: T,
    /// Decay rate α of the averages.
    pub alpha: T,
    /// Keeps the division finite.
    pub eps: T,
    /// Pull λ of every parameter toward 0, added to its gradient.
    pub weight_decay: T,
    /// Share μ of the previous direction that is kept.
    pub momentum: T,
}

/// Takes one RMSprop step on the parameters `p` with gradient `g`.
///
/// g ← g + λ·p; v ← α·v + (1 − α)·g²; d = g/(√v + ε); p ← p − η·d. With the average gradient `mean`,
/// m ← α·m + (1 − α)·g, the root is that of v − m². With a `buffer`, b ← μ·b + d and p ← p − η·b.
pub fn rmsprop_update<T: Real>(
    p: &mut [T],
    g: &[T],
    square: &mut [T],
    mut mean: Option<&mut [T]>,
    mut buffer: Option<&mut [T]>,
    s: &RmsPropSettings<T>,
) {
    for (i, (p, &g)) in p.iter_mut().zip(g).enumerate() {
        let g = g + s.weight_decay * *p;
        let v = s.alpha * square[i] + (T::ONE - s.alpha) * g * g;
        square[i] = v;
        let mut spread = v;
        if let Some(m) = &mut mean {
            m[i] = s.alpha * m[i] + (T::ONE - s.alpha) * g;
            // Rounding can leave a difference just below 0.
            spread = (v - m[i] * m[i]).max_nan(T::ZERO);
        }
        let mut direction = g / (spread.sqrt() + s.eps);
        if let Some(b) = &mut buffer {
            b[i] = s.momentum * b[i] + direction;
            direction = b[i];
        }
        *p = *p - s.lr * direction;
    }
}

/// Takes one AdaGrad step on the parameters `p` with gradient `g`: g ← g + λ·p; s ← s + g²; p ← p − η·g/(√s + ε).
pub fn adagrad_update<T: Real>(
    p: &mut [T],
    g: &[T],
    sum: &mut [T],
    lr: T,
    eps: T,
    weight_decay: T,
) {
    for ((p, &g), s) in p.iter_mut().zip(g).zip(sum) {
        let g = g + weight_decay * *p;
        *s += g * g;
        *p = *p - lr * g / (s.sqrt() + eps);
    }
}

/// Takes one Lion step on the parameters `p` with gradient `g`: p ← keep·p − η·sign(β₁·m + (1 − β₁)·g), then
/// m ← β₂·m + (1 − β₂)·g.
///
/// The sign of 0 is 0, that of NaN is NaN.
pub fn lion_update<T: Real>(
    p: &mut [T],
    g: &[T],
    m: &mut [T],
    lr: T,
    [beta1, beta2]: [T; 2],
    keep: T,
) {
    for ((p, &g), m) in p.iter_mut().zip(g).zip(m) {
        let c = beta1 * *m + (T::ONE - beta1) * g;
        let sign = if c > T::ZERO {
            T::ONE
        } else if c < T::ZERO {
            -T::ONE
        } else {
            c
        };
        *p = keep * *p - lr * sign;
        *m = beta2 * *m + (T::ONE - beta2) * g;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: SgdSettings<f64> = SgdSettings {
        lr: 0.5,
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
        maximize: false,
    };

    #[test]
    fn sgd_by_hand() {
        let (mut p, mut b) = ([2.0], [7.0]);
        sgd_update(&mut p, &[1.0], None, true, &PLAIN);
        assert_eq!(p, [1.5]);
        // Momentum ½, dampening ½, decay 1: g = 1 + 1.5, b = 2.5, p = 1.5 - 1.25.
        let s = SgdSettings { momentum: 0.5, dampening: 0.5, weight_decay: 1.0, ..PLAIN };
        sgd_update(&mut p, &[1.0], Some(&mut b), true, &s);
        assert_eq!((p, b), ([0.25], [2.5]));
        // g = 1.25, b = 1.25 + 0.625 = 1.875, p = 0.25 - 0.9375.
        sgd_update(&mut p, &[1.0], Some(&mut b), false, &s);
        assert_eq!((p, b), ([-0.6875], [1.875]));
        // Nesterov: b = 0.9375 + 1 = 1.9375; g = 1 + 0.96875.
        let s = SgdSettings { momentum: 0.5, nesterov: true, ..PLAIN };
        sgd_update(&mut p, &[1.0], Some(&mut b), false, &s);
        assert_eq!((p, b), ([-0.6875 - 0.984_375], [1.9375]));
        let mut p = [2.0];
        sgd_update(&mut p, &[1.0], None, false, &SgdSettings { maximize: true, ..PLAIN });
        assert_eq!(p, [2.5]);
    }

    /// The first step of Adam is the step size in the direction of the gradient's sign, whatever its length.
    #[test]
    fn first_adam_step_is_the_step_size() {
        let s = AdamSettings { lr: 0.25, betas: [0.9, 0.999], eps: 0.0 };
        let g = [1e-6, -3.0, 4e5];
        let (mut p, mut m, mut v) = ([1.0; 3], [0.0; 3], [0.0; 3]);
        adam_moments(&mut m, &mut v, &g, s.betas);
        adam_update(&mut p, &m, &v, 1, &s);
        for (p, want) in p.iter().zip([0.75, 1.25, 0.75]) {
            assert!((p - want).abs() < 1e-12, "{p}");
        }
    }

    /// Numbers whose roots and quotients are exact in binary.
    #[test]
    fn other_rules_by_hand() {
        // α = ¾ and g = 2: v = ¼·4 = 1; p = 1 − ½·2/1.
        let s =
            RmsPropSettings { lr: 0.5, alpha: 0.75, eps: 0.0, weight_decay: 0.0, momentum: 0.5 };
        let (mut p, mut v) = ([1.0], [0.0]);
        rmsprop_update(&mut p, &[2.0], &mut v, None, None, &s);
        assert_eq!((p, v), ([0.0], [1.0]));
        // Centered: α = ½, g = 2, v = 2, m = 1, root of 2 − 1; b = ½·4 + 2 = 4; p = 3 − ½·4.
        let s = RmsPropSettings { alpha: 0.5, ..s };
        let (mut p, mut v, mut m, mut b) = ([3.0], [0.0], [0.0], [4.0]);
        rmsprop_update(&mut p, &[2.0], &mut v, Some(&mut m), Some(&mut b), &s);
        assert_eq!((p, v, m, b), ([1.0], [2.0], [1.0], [4.0]));
        // Decay 1: g = 1 + 1 = 2; v = 2; ε closes the root to an even 2.
        let s = RmsPropSettings { weight_decay: 1.0, eps: 2.0 - 2_f64.sqrt(), ..s };
        rmsprop_update(&mut p, &[1.0], &mut [0.0], None, None, &s);
        assert!((p[0] - 0.5).abs() < 1e-15, "{p:?}");
        // s = 5 + 2² = 9; p = 1 − ½·2/(3 + 1).
        let (mut p, mut sum) = ([1.0], [5.0]);
        adagrad_update(&mut p, &[2.0], &mut sum, 0.5, 1.0, 0.0);
        assert_eq!((p, sum), ([0.75], [9.0]));
        // Decay 4: g = −1 + 3 = 2, the same step again from s = 5.
        let (mut p, mut sum) = ([0.75], [5.0]);
        adagrad_update(&mut p, &[-1.0], &mut sum, 0.5, 1.0, 4.0);
        assert_eq!((p, sum), ([0.5], [9.0]));
        // β₁ = ½: directions ½·(4 − 2) > 0, ½·(4 − 6) < 0, 0; β₂ = ¾.
        let (mut p, mut m) = ([2.0; 3], [4.0; 3]);
        lion_update(&mut p, &[-2.0, -6.0, -4.0], &mut m, 0.25, [0.5, 0.75], 0.5);
        assert_eq!((p, m), ([0.75, 1.25, 1.0], [2.5, 1.5, 2.0]));
        let mut most = [1.0, 3.0, f64::NAN];
        amsgrad_max(&mut most, &[2.0, 2.0, 2.0]);
        assert!(most[..2] == [2.0, 3.0] && most[2].is_nan());
    }

    #[test]
    fn decay_shrinks_before_the_step() {
        let mut p = [2.0_f32, -4.0];
        adamw_decay(&mut p, 0.5, 0.5);
        assert_eq!(p, [1.5, -3.0]);
    }
}
