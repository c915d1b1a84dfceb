//! Module 08, Training: how the step size falls.

/// Returns the step size at step `t` of a cosine that falls from `max` at step 0 to `min` at step `total` and stays there.
///
/// η(t) = min + (max − min)·(1 + cos(π·t/total))/2: slow at both ends, fastest in the middle.
///
/// # Source
///
/// Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", equation 5.
#[must_use]
pub fn cosine_lr(t: usize, max: f64, min: f64, total: usize) -> f64 {
    if t >= total {
        return min;
    }
    let share = t as f64 / total as f64;
    min + (max - min) * (1.0 + libm::cos(core::f64::consts::PI * share)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cos(π/4) = √½, cos(π/2) = 0, cos(π/3) = ½.
    #[test]
    fn cosine_by_hand() {
        let half_root = 0.5_f64.sqrt();
        for (t, total, expected) in [
            (0, 100, 0.1),
            (25, 100, 0.01 + 0.045 * (1.0 + half_root)),
            (50, 100, 0.055),
            (75, 100, 0.01 + 0.045 * (1.0 - half_root)),
            (1, 3, 0.01 + 0.045 * 1.5),
            (100, 100, 0.01),
            (usize::MAX, 100, 0.01),
            (0, 0, 0.01),
        ] {
            let lr = cosine_lr(t, 0.1, 0.01, total);
            assert!((lr - expected).abs() < 1e-15, "{t} of {total}: {lr}, need {expected}");
        }
    }
}
