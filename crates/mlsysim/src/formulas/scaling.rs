//! Power laws between compute, data, parameters and loss.

use super::formulas;
use crate::units::Flop;

formulas! { scaling;
    /// Returns by how much an input of a power law must grow to halve the output.
    ///
    /// `2^(1/e)` for an output that falls as `x^−e`.
    source "Kaplan et al. (2020), Scaling laws for neural language models, arXiv:2001.08361";
    /// assert_eq!(scaling::halving_multiple(0.5)?, 4.0);
    fn halving_multiple(exponent: f64, POSITIVE) -> f64, AT_LEAST_ONE {
        libm::pow(2.0, 1.0 / exponent)
    }

    /// Returns the parameters that a budget trains when tokens grow in proportion.
    ///
    /// `N = √(C / (c·r))` for `C = c·N·D` and `D = r·N`.
    source "Hoffmann et al. (2022), Training compute-optimal large language models, arXiv:2203.15556";
    /// // 1.2e20 operations at 6 per weight and token and 20 tokens per weight.
    /// assert_eq!(scaling::optimal_allocation(Flop(1.2e20), 6.0, 20.0)?, 1e9);
    fn optimal_allocation(budget: Flop, NOT_NEGATIVE; ops_per_product: f64, POSITIVE; tokens_per_parameter: f64, POSITIVE) -> f64, NOT_NEGATIVE {
        libm::sqrt(budget.0 / (ops_per_product * tokens_per_parameter))
    }

    /// Returns what remains of an output when the input of its power law grows `m` times.
    ///
    /// `m^−e`
    source "Kaplan et al. (2020), Scaling laws for neural language models, arXiv:2001.08361";
    /// assert_eq!(scaling::power_law(4.0, 0.5)?, 0.5);
    fn power_law(multiple: f64, POSITIVE; exponent: f64, NOT_NEGATIVE) -> f64, NOT_NEGATIVE {
        libm::pow(multiple, -exponent)
    }

    /// Returns by how much an input of a power law must grow to lower the output by a share.
    ///
    /// `(1 / (1−x))^(1/e)`, infinite for a share of 1.
    source "Kaplan et al. (2020), Scaling laws for neural language models, arXiv:2001.08361";
    /// assert_eq!(scaling::loss_reduction_multiple(0.5, 0.5)?, 4.0);
    fn loss_reduction_multiple(reduction: f64, SHARE; exponent: f64, POSITIVE) -> f64, UNBOUNDED {
        libm::pow(1.0 / (1.0 - reduction), 1.0 / exponent)
    }
}
