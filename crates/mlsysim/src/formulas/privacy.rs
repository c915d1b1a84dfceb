//! Differential privacy and fairness in closed form.

use super::formulas;

formulas! { privacy;
    /// Returns the scale of Laplace noise that makes one answer private.
    ///
    /// `Δ / ε`
    source "Dwork & Roth (2014), The algorithmic foundations of differential privacy, section 3.3";
    /// assert_eq!(privacy::laplace_scale(1.0, 0.5)?, 2.0);
    fn laplace_scale(sensitivity: f64, NOT_NEGATIVE; epsilon: f64, POSITIVE) -> f64, NOT_NEGATIVE {
        sensitivity / epsilon
    }

    /// Returns the noise multiplier of the classical Gaussian mechanism, for a sensitivity of 1.
    ///
    /// `σ = √(2·ln(1.25/δ)) / ε`, proven for `ε < 1`.
    source "Dwork & Roth (2014), The algorithmic foundations of differential privacy, theorem A.1";
    /// assert!((privacy::gaussian_multiplier(0.5, 1e-5)? - 9.6896).abs() < 1e-3);
    fn gaussian_multiplier(epsilon: f64, POSITIVE; delta: f64, SOME_SHARE) -> f64, POSITIVE {
        libm::sqrt(2.0 * libm::log(1.25 / delta)) / epsilon
    }

    /// Returns the loss of privacy of many answers together.
    ///
    /// `n·ε` for `n` answers of `ε` each; different ones add up.
    source "Dwork & Roth (2014), The algorithmic foundations of differential privacy, theorem 3.14";
    /// assert_eq!(privacy::composition(4.0, 0.25)?, 1.0);
    fn composition(answers: f64, COUNT_OR_NONE; epsilon: f64, NOT_NEGATIVE) -> f64, NOT_NEGATIVE {
        answers * epsilon
    }

    /// Returns the greatest true positive rate of a test for membership in the training data.
    ///
    /// `min(e^ε × fpr, 1 − e^−ε × (1 − fpr))`
    source "Kairouz, Oh & Viswanath (2015), The composition theorem for differential privacy, ICML";
    /// // No information without loss of privacy.
    /// assert_eq!(privacy::membership_ceiling(0.0, 0.25)?, 0.25);
    fn membership_ceiling(epsilon: f64, NOT_NEGATIVE; false_positives: f64, SHARE) -> f64, SHARE {
        // e^ε may be infinite; without false positives the product is 0 all the same.
        let steep =
            if false_positives > 0.0 { libm::exp(epsilon) * false_positives } else { 0.0 };
        steep.min(1.0 - libm::exp(-epsilon) * (1.0 - false_positives))
    }

    /// Returns the false positive rate that a prevalence, a precision and a miss rate force.
    ///
    /// `p/(1−p) × (1−PPV)/PPV × (1−FNR)`, infinite for a prevalence of 1 unless the factors vanish; above 1 no
    /// such test exists.
    source "Chouldechova (2017), Fair prediction with disparate impact, Big Data 5(2), equation 2.6";
    /// assert_eq!(privacy::false_positive_rate(0.5, 0.8, 0.2)?, 0.8 * (1.0 - 0.8) / 0.8);
    fn false_positive_rate(prevalence: f64, SHARE; precision: f64, SOME_SHARE; misses: f64, SHARE) -> f64, UNBOUNDED {
        let wrong = (1.0 - precision) / precision * (1.0 - misses);
        if wrong > 0.0 { prevalence / (1.0 - prevalence) * wrong } else { 0.0 }
    }
}
