//! What a row says about its configuration.

use mlsysim::Precision;
use serde_json::{Map, Value};

/// The inputs of a row.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    fields: Map<String, Value>,
}

#[allow(dead_code, reason = "prices are added one by one, and each reads other fields")]
impl Inputs {
    pub(crate) const fn new(fields: Map<String, Value>) -> Self {
        Self { fields }
    }

    /// A number, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<f64> {
        self.fields.get(name).and_then(Value::as_f64)
    }

    /// A number that the price needs.
    pub(crate) fn number(&self, name: &str) -> Result<f64, String> {
        self.find(name).ok_or_else(|| format!("no number `{name}`"))
    }

    /// A text, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Yes or no, if it says so.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name).and_then(Value::as_bool)
    }

    /// A table inside the inputs; an empty one if there is none.
    pub(crate) fn table(&self, name: &str) -> Self {
        let table = self.fields.get(name).and_then(Value::as_object);
        Self { fields: table.cloned().unwrap_or_default() }
    }

    /// The fields of a table with numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        self.fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?)))
    }

    /// The number format, by the names used in the data sets: `mixed fp16`, `bf16`, `w4a16`, `nvfp4`.
    pub(crate) fn precision(&self) -> Option<Precision> {
        let text = self.text("precision").to_lowercase();
        let known = [
            ("nvfp4", Precision::Fp4),
            ("mxfp4", Precision::Fp4),
            ("fp4", Precision::Fp4),
            ("fp8", Precision::Fp8),
            ("int8", Precision::Int8),
            ("bf16", Precision::Bf16),
            ("bfloat16", Precision::Bf16),
            ("fp16", Precision::Fp16),
            ("float16", Precision::Fp16),
            ("tf32", Precision::Tf32),
            ("fp32", Precision::Fp32),
        ];
        known.iter().find(|(name, _)| text == *name).map(|(_, precision)| *precision).or_else(
            || known.iter().find(|(name, _)| text.contains(name)).map(|(_, precision)| *precision),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_in_the_words_of_the_tables() {
        let of = |text: &str| {
            let mut fields = Map::new();
            fields.insert("precision".into(), text.into());
            Inputs::new(fields).precision()
        };
        assert_eq!(of("bf16"), Some(Precision::Bf16));
        assert_eq!(of("nvfp4"), Some(Precision::Fp4));
        assert_eq!(of("mixed fp16"), Some(Precision::Fp16));
        assert_eq!(of("mixed (fp16 or fp8)"), Some(Precision::Fp8));
        assert_eq!(of("q4_0"), None);
    }
}
