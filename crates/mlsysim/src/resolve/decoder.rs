//! The numbers of a decoder that the walls of serving ask for.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Family, Model};
use crate::units::{Bytes, BytesPerToken, Params, Quantity};

/// A decoder in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Decoder {
    /// Parameters that each token is multiplied with.
    pub active_parameters: Params,
    /// Bytes of all weights.
    pub weight_bytes: Bytes,
    /// Share of the weights that lies in routed experts.
    pub routed_share: f64,
    /// Share of those experts that one token uses.
    pub chosen_share: f64,
    /// Layers.
    pub n_layers: f64,
    /// Heads times width of a head.
    pub attention_width: f64,
    /// Bytes of keys and values that each token adds.
    pub kv_per_token: BytesPerToken,
}

impl Decoder {
    /// Reads the numbers of `model` with weights and cache in their formats.
    ///
    /// [`Convention::Upstream030`] takes every parameter as active, and a head as wide as the hidden width over the
    /// number of heads, whatever the record says.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if the record lacks parameters, layers, heads or widths, or if the model is not one
    /// that writes token after token and keeps keys and values ([`Convention::Reference`] only).
    pub fn of(
        model: &Model,
        weights: Precision,
        cache: Precision,
        convention: Convention,
    ) -> Result<Self> {
        let upstream = convention == Convention::Upstream030;
        if !upstream && !matches!(model.family, Family::Decoder | Family::SparseDecoder) {
            return Err(model.lacks(
                "a cache of keys and values that grows token by token",
                "ask about a decoder",
            ));
        }
        let parameters = model
            .parameters
            .ok_or_else(|| model.lacks("the number of parameters", "give parameters"))?;
        let heads = model.head_count(convention)?;
        let head_width = match (upstream, model.hidden) {
            (true, hidden) => hidden.unwrap_or(4096) / heads.max(1),
            (false, _) => model.head_width(convention)?,
        };
        let active =
            if upstream { parameters } else { model.active_parameters.unwrap_or(parameters) };
        let (routed_share, chosen_share) = shares(model, parameters, active);
        Ok(Self {
            active_parameters: active,
            weight_bytes: model.weight_bytes(weights, convention)?,
            routed_share,
            chosen_share,
            n_layers: f64::from(model.layer_count()?),
            attention_width: f64::from(heads) * f64::from(head_width),
            kv_per_token: BytesPerToken(model.kv_cache(1, 1, cache, convention)?.0),
        })
    }
}

/// Share of the parameters in routed experts, and share of those that one token uses.
///
/// `N = shared + routed` and `N_act = shared + routed·k/E` give both; without experts nothing is routed.
fn shares(model: &Model, parameters: Params, active: Params) -> (f64, f64) {
    let (Some(experts), Some(chosen)) = (model.experts, model.experts_per_token) else {
        return (0.0, 1.0);
    };
    let chosen_share = (f64::from(chosen) / f64::from(experts.max(1))).min(1.0);
    if chosen_share >= 1.0 {
        return (0.0, 1.0);
    }
    let routed = (1.0 - active / parameters) / (1.0 - chosen_share);
    (routed.clamp(0.0, 1.0), chosen_share)
}

/// Refuses counts of 0.
pub(super) fn at_least_one(op: &'static str, name: &'static str, count: u32) -> Result<f64> {
    if count == 0 {
        let got = Quantity::number(0.0);
        return Err(Error::OutOfRange { op, name, range: Range::COUNT, got });
    }
    Ok(f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};

    #[test]
    fn mixtral_by_hand() {
        // 46.7 billion parameters, 12.9 active, 2 of 8 experts: routed share (1 − 12.9/46.7)/(1 − 1/4).
        let model = Model {
            parameters: Some(Params(46.7e9)),
            active_parameters: Some(Params(12.9e9)),
            layers: Some(32),
            hidden: Some(4096),
            heads: Some(32),
            kv_heads: Some(8),
            experts: Some(8),
            experts_per_token: Some(2),
            ..Model::new("mixtral", Family::SparseDecoder, Provenance::new(Basis::Estimate, "test"))
        };
        let (weights, cache) = (Precision::Bf16, Precision::Fp8);
        let numbers = Decoder::of(&model, weights, cache, Convention::Reference).unwrap();
        assert!((numbers.routed_share - (1.0 - 12.9 / 46.7) / 0.75).abs() < 1e-15);
        assert_eq!(numbers.kv_per_token, BytesPerToken(65_536.0), "one byte per element");
        assert_eq!(numbers.active_parameters, Params(12.9e9));
        let old = Decoder::of(&model, weights, cache, Convention::Upstream030).unwrap();
        assert_eq!(old.active_parameters, Params(46.7e9));
    }

    #[test]
    fn a_network_for_images_does_not_decode() {
        let model = Model::new("net", Family::Convolutional, Provenance::new(Basis::Estimate, "t"));
        let error = Decoder::of(&model, Precision::Fp16, Precision::Fp16, Convention::Reference);
        assert!(matches!(error, Err(Error::ModelIncomplete { .. })), "{error:?}");
    }
}
