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

    #[test]
    fn decay_shrinks_before_the_step() {
        let mut p = [2.0_f32, -4.0];
        adamw_decay(&mut p, 0.5, 0.5);
        assert_eq!(p, [1.5, -3.0]);
    }
}
