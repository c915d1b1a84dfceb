//! One price for each data set: `price/NAME.rs` turns the inputs of a row into predictions.

mod carbon;
mod collectives;
mod decoders;
mod edge_inference;
mod edge_mlperf_tiny;
mod energy_inference;
mod grid_intensity;
mod inference_llm_decode;
mod inference_llm_serving;
mod inference_mlperf_other;
mod kernels_attention;
mod kernels_gemm;
mod layout;
mod memory_training;
mod networks;
mod reliability;
mod scaling_laws;
mod storage_ingest;
mod training_cnn_bert;
mod training_llm;
mod training_runs;

use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Prediction;

/// What a price says about one row: predictions by metric, all that it can tell, or why it has none.
pub(crate) type Priced = Result<Vec<(&'static str, Prediction)>, String>;

/// A constant that a data set decides on, and between which values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Constant {
    /// Its path in the calibration.
    pub(crate) path: &'static str,
    /// Smallest sensible value.
    pub(crate) low: f64,
    /// Largest sensible value.
    pub(crate) high: f64,
    /// What it would be without any row: the fit starts there, and rows must pay for the way.
    pub(crate) expected: Option<f64>,
}

/// A constant and its bounds.
pub(crate) const fn constant(path: &'static str, low: f64, high: f64) -> Constant {
    Constant { path, low, high, expected: None }
}

impl Constant {
    /// The same with a value to expect.
    pub(crate) const fn near(mut self, expected: f64) -> Self {
        self.expected = Some(expected);
        self
    }
}

/// How a data set is priced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pricing {
    /// Name of the data set.
    pub(crate) name: &'static str,
    /// What a constant pays for `ln(value / expected)` = 1, in mean absolute logarithmic error.
    pub(crate) pull: f64,
    /// The price of a row.
    pub(crate) price: fn(&Inputs, &World) -> Priced,
    /// The constants that are fitted on this data set; each constant belongs to one data set at most.
    pub(crate) constants: &'static [Constant],
}

/// An error of the library as a reason.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn text(error: mlsysim::Error) -> String {
    error.to_string()
}

/// Every priced data set, in the order in which constants are fitted: later ones use the constants of earlier ones.
pub(crate) const PRICINGS: &[Pricing] = &[
    kernels_gemm::PRICING,
    collectives::PRICING,
    kernels_attention::PRICING,
    training_llm::PRICING,
    training_runs::PRICING,
    memory_training::PRICING,
    training_cnn_bert::PRICING,
    carbon::PRICING,
    grid_intensity::PRICING,
    reliability::PRICING,
    scaling_laws::PRICING,
    inference_llm_decode::PRICING,
    inference_llm_serving::PRICING,
    energy_inference::PRICING,
    inference_mlperf_other::PRICING,
    edge_inference::PRICING,
    edge_mlperf_tiny::PRICING,
    storage_ingest::PRICING,
];

/// The pricing of a data set.
pub(crate) fn of(name: &str) -> Option<&'static Pricing> {
    PRICINGS.iter().find(|pricing| pricing.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlsysim::machine::Calibration;
    use std::collections::BTreeSet;

    #[test]
    fn every_constant_exists_and_belongs_to_one_data_set() {
        let calibration = Calibration::shipped();
        let mut seen = BTreeSet::new();
        for constant in PRICINGS.iter().flat_map(|pricing| pricing.constants) {
            let value = calibration.get(constant.path).expect(constant.path);
            assert!(
                constant.low <= value && value <= constant.high,
                "{} = {value} is not between {} and {}",
                constant.path,
                constant.low,
                constant.high
            );
            let expected = constant.expected.unwrap_or(value);
            assert!(constant.low <= expected && expected <= constant.high, "{}", constant.path);
            assert!(seen.insert(constant.path), "{} is fitted twice", constant.path);
        }
    }
}
