//! Sizes and tokens that a budget buys best.

use super::{Priced, Pricing};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Label;

/// Tokens and operations of compute-optimal training, total operations, and the published coefficients.
pub(super) const PRICING: Pricing =
    Pricing { name: "scaling_laws", pull: 0.0, price, constants: &[] };

/// Tokens per weight at a billion weights, and how the ratio grows with the weights: `D ∝ N^1.0074`.
/// Hoffmann and others, "Training Compute-Optimal Large Language Models" (2022), approach 1.
const RATIO: f64 = 20.2;
const GROWTH: f64 = 0.0074;

/// Coefficients as published: Hoffmann and others (2022), approach 3; Kaplan and others (2020).
const COEFFICIENTS: [(&str, f64); 10] = [
    ("E", 1.69),
    ("A", 406.4),
    ("B", 410.7),
    ("alpha", 0.34),
    ("beta", 0.28),
    ("alpha_N", 0.076),
    ("N_c", 8.8e13),
    ("alpha_D", 0.095),
    ("D_c", 5.4e13),
    ("N_opt_exponent", 0.73),
];

fn price(inputs: &Inputs, world: &World) -> Priced {
    let exact = |value| world.predict("scaling_laws", Label::Exact, value);
    let Some(weights) = inputs.find("n_params") else {
        return Ok(COEFFICIENTS.iter().map(|(name, value)| (*name, exact(*value))).collect());
    };
    let predict = |value| world.predict("scaling_laws", Label::Calibrated, value);
    if let Some(tokens) = inputs.find("tokens") {
        return Ok(vec![("training_flops", predict(6.0 * weights * tokens))]);
    }
    let tokens = RATIO * weights * libm::pow(weights / 1e9, GROWTH);
    Ok(vec![
        ("optimal_tokens", predict(tokens)),
        ("optimal_flops", predict(6.0 * weights * tokens)),
    ])
}
