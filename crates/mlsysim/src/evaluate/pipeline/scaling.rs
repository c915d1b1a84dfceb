//! What a training budget is spent on, and the model that later stages can ask about.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::provenance::{Basis, Provenance};
use crate::ranges::Range;
use crate::registry::{Family, Model};
use crate::units::{Flop, Params, Quantity, Tokens};
use crate::walls::algorithm::complexity::{Allocate, AllocateIn, Fit, Train, TrainIn};
use crate::walls::solve;

/// What a budget is spent on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Scaled {
    /// Parameters of the model: those of the model given, else the best for the budget.
    pub parameters: Params,
    /// Tokens that the budget trains it on.
    pub tokens: Tokens,
    /// Tokens for each parameter.
    pub tokens_per_parameter: f64,
    /// Loss in nats per token.
    pub loss: f64,
    /// What the size of the model given costs: loss above that of the best model; 0 for the best.
    pub excess_loss: f64,
    /// A decoder of that size, where no model was given.
    pub model: Option<Model>,
}

/// Width of a layer over the number of layers, and width of an attention head.
const ASPECT: u32 = 128;
/// Most layers of a model that is made up; far beyond any built.
const MOST_LAYERS: f64 = 1e6;

/// What `budget` is spent on: the tokens that train `model`, or the best model for it.
pub(super) fn scale(model: Option<&Model>, budget: Flop, fit: Fit) -> Result<Scaled> {
    let Some(model) = model else {
        let out = solve::<Allocate>(&AllocateIn { budget, fit }, Convention::Reference)?;
        return Ok(Scaled {
            parameters: out.parameters,
            tokens: out.tokens,
            tokens_per_parameter: out.tokens_per_parameter,
            loss: out.loss,
            excess_loss: 0.0,
            model: Some(decoder(out.parameters)?),
        });
    };
    let parameters = model
        .active_parameters
        .or(model.parameters)
        .ok_or_else(|| model.lacks("the number of parameters", "give parameters"))?;
    let out = solve::<Train>(&TrainIn { budget, parameters, fit }, Convention::Reference)?;
    Ok(Scaled {
        parameters,
        tokens: out.tokens,
        tokens_per_parameter: out.tokens_per_parameter,
        loss: out.loss,
        excess_loss: out.excess_loss,
        model: None,
    })
}

/// A dense decoder of `parameters`: layers of `d = 128·L` with heads of 128, `12·L·d²` weights for the number `L` of
/// layers that comes nearest, from 8 upwards a multiple of 8, so that eight devices can share a layer.
///
/// The loss depends little on the shape (Kaplan et al. 2020, figure 5); 175 billion parameters have 96 layers of 12 288,
/// as GPT-3 has.
fn decoder(parameters: Params) -> Result<Model> {
    let aspect = f64::from(ASPECT);
    let layers = libm::cbrt(parameters.0 / (12.0 * aspect * aspect));
    let layers =
        if layers < 8.0 { libm::round(layers).max(1.0) } else { 8.0 * libm::round(layers / 8.0) };
    if layers > MOST_LAYERS {
        let range = Range::COUNT.up_to(MOST_LAYERS);
        let got = Quantity::number(layers);
        return Err(Error::OutOfRange { op: "pipeline.scaling", name: "layers", range, got });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 1 to a million"
    )]
    let layers = layers as u32;
    let origin =
        Provenance::new(Basis::Estimate, "the best size for a budget, in layers of d = 128·L");
    let mut model = Model::new("scaled", Family::Decoder, origin);
    model.name = "the best model for the budget".into();
    model.parameters = Some(parameters);
    (model.layers, model.hidden) = (Some(layers), Some(ASPECT * layers));
    (model.heads, model.kv_heads, model.head_dim) = (Some(layers), Some(layers), Some(ASPECT));
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_known_sizes() {
        // GPT-3: 12·96·12288² = 173.9e9. And 12·32·4096² = 6.44e9, the shape of the models that are called 7B.
        for (parameters, layers, hidden) in [(174e9, 96, 12_288), (6.5e9, 32, 4096), (1.0, 1, 128)]
        {
            let model = decoder(Params(parameters)).unwrap();
            assert_eq!((model.layers, model.hidden), (Some(layers), Some(hidden)));
            assert_eq!(model.parameters, Some(Params(parameters)));
        }
        assert!(decoder(Params(1e300)).is_err());
    }

    #[test]
    fn a_given_model_is_trained_as_long_as_the_budget_lasts() {
        let origin = Provenance::new(Basis::Estimate, "test");
        let mut model = Model::new("lm", Family::Decoder, origin);
        assert!(
            scale(Some(&model), Flop(6e21), Fit::Besiroglu2024).is_err(),
            "its size is not known"
        );
        model.parameters = Some(Params(1e9));
        let out = scale(Some(&model), Flop(6e21), Fit::Besiroglu2024).unwrap();
        // 6e21 / (6 × 1e9).
        assert!((out.tokens.0 / 1e12 - 1.0).abs() < 1e-12, "a division and a product");
        assert!(out.excess_loss > 0.0 && out.model.is_none());
    }
}
