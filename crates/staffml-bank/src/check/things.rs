//! Machines and models in questions: only those of the registry, and only where they fit together.

use super::{Findings, twins::texts};
use crate::expr::FORMATS;
use crate::model::{ParamKind, Piece, Template};
use crate::oracle::{Oracle, Registry};
use crate::quantity::Unit;

/// Words of makers and products that belong into a registry, wherever they stand.
const PRODUCTS: [&str; 44] = [
    "AMD",
    "Apple",
    "Arduino",
    "Broadcom",
    "Cerebras",
    "Claude",
    "Coral",
    "Cortex",
    "DeepSeek",
    "Dimensity",
    "ESP32",
    "Exynos",
    "Gaudi",
    "Gemini",
    "Google",
    "Graphcore",
    "Groq",
    "Hailo",
    "Huawei",
    "Intel",
    "Jetson",
    "Kirin",
    "Llama",
    "MediaTek",
    "Meta",
    "Mistral",
    "NVIDIA",
    "Nordic",
    "Nvidia",
    "OpenAI",
    "Orin",
    "Pixel",
    "Qualcomm",
    "Qwen",
    "Radeon",
    "Raspberry",
    "Samsung",
    "Snapdragon",
    "STM32",
    "TPU",
    "Tensor",
    "Tesla",
    "Trainium",
    "Xavier",
];

/// Capitalized words that are no products: people behind methods, words of the field.
const NAMES: [&str; 29] = [
    "CO2",
    "CO2e",
    "Adam",
    "AdamW",
    "Amdahl",
    "Bernoulli",
    "Erlang",
    "Ethernet",
    "Gaussian",
    "Hall",
    "I",
    "InfiniBand",
    "Laplace",
    "Little",
    "Markov",
    "MapReduce",
    "NVMe",
    "Poisson",
    "PyTorch",
    "Python",
    "Sobel",
    "Linux",
    "LoRA",
    "SoC",
    "WiFi",
    "Winograd",
    "Young",
    "Zipf",
    "RoCE",
];

/// Inputs of equations that are sizes of models.
const MODEL_INPUTS: [&str; 4] = ["parameters", "params", "weights", "model"];

pub(super) fn check(found: &mut Findings<'_>, oracle: &dyn Oracle) {
    let template = found.template.clone();
    names(found, oracle, &template);
    fits(found, oracle, &template);
}

/// Every product named in a text is one of the registry.
fn names(found: &mut Findings<'_>, oracle: &dyn Oracle, template: &Template) {
    let mut known: Vec<String> = Vec::new();
    for registry in [Registry::Device, Registry::Model] {
        for key in oracle.keys(registry) {
            known.extend(oracle.lookup(registry, &key).map(|r| r.name));
            known.push(key);
        }
    }
    for text in texts(template) {
        let mut is_start = true;
        for piece in text.pieces() {
            let Piece::Text(text) = piece else {
                is_start = false;
                continue;
            };
            for (word, starts) in words(text, is_start) {
                if is_product(word, starts) && !known.iter().any(|k| k == word) {
                    let what = format!("`{word}` is no machine or model of the registry");
                    let fix =
                        "name a record through a parameter, or describe the thing by its figures";
                    found.add("V-VENDOR", 1, what, fix);
                }
            }
            is_start = ends_sentence(text);
        }
    }
}

/// The words of a text, each with whether it starts a sentence.
fn words(text: &str, mut starts: bool) -> Vec<(&str, bool)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(|c: char| c.is_alphanumeric()) {
        starts |= ends_sentence(&rest[..begin]);
        let from = &rest[begin..];
        let end = from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len());
        out.push((&from[..end], starts));
        starts = false;
        rest = &from[end..];
    }
    out
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches([' ', '\n', '"', '(']).ends_with(['.', '?', '!', ':'])
        || text.ends_with("\n\n")
}

fn is_product(word: &str, starts: bool) -> bool {
    if PRODUCTS.contains(&word) {
        return true;
    }
    let singular = word.strip_suffix('s').unwrap_or(word);
    let upper = singular.chars().filter(char::is_ascii_uppercase).count();
    let begins_upper = word.starts_with(|c: char| c.is_ascii_uppercase());
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    if !begins_upper || word.len() == 1 || NAMES.contains(&word) {
        return false;
    }
    if has_digit {
        let is_format = FORMATS.iter().any(|(name, _)| *name == word);
        // Levels of caches and groups, as L2 and K1, are two characters.
        return !is_format && word.len() > 2;
    }
    // Acronyms, units, and the first word of a sentence.
    let is_acronym = upper == singular.len();
    let is_plain = upper == 1;
    !(is_acronym || (starts && is_plain) || Unit::parse(word).is_ok())
}

/// Where a machine meets a model, the question makes sure that the model fits.
fn fits(found: &mut Findings<'_>, oracle: &dyn Oracle, template: &Template) {
    let is = |registry: Registry| {
        template.params.iter().find(
            move |p| matches!(&p.kind, ParamKind::Record { registry: r, .. } if *r == registry),
        )
    };
    let Some(device) = is(Registry::Device) else { return };
    let takes_model = template.body.computed().iter().any(|(_, computed)| {
        let signature = oracle.signature(&computed.answer.equation);
        signature.is_some_and(|s| s.inputs.iter().any(|(n, _)| MODEL_INPUTS.contains(&n.as_str())))
    });
    if is(Registry::Model).is_none() && !takes_model {
        return;
    }
    let capacity = format!("{}.capacity", device.name);
    let mut conditions = template.require.iter().chain(&template.draw_if);
    let compares = conditions.any(|(_, expr)| expr.names().contains(&capacity.as_str()));
    if !compares && template.infeasible_ok.is_none() {
        let what = format!("nothing makes sure that the model fits into `{}`", device.name);
        let fix = format!(
            "add `fits(…, {})` to `require` or `draw_if`, or say in `infeasible_ok` why it need not",
            device.name
        );
        found.add("V-FITS", device.line, what, &fix);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_product, words};

    #[test]
    fn products_are_told_from_words() {
        for word in ["H800", "MI250", "STM32", "Jetson", "TensorFlow", "Kubernetes", "Snapdragon"] {
            assert!(is_product(word, false), "{word}");
        }
        for word in ["GPU", "GPUs", "FP16", "KV", "MHz", "GB", "Poisson", "L2", "A", "phone", "16"]
        {
            assert!(!is_product(word, false), "{word}");
        }
        assert!(!is_product("Each", true));
        assert!(is_product("Each", false));
        assert!(is_product("Jetson", true));
    }

    #[test]
    fn sentences_begin_behind_full_stops() {
        let starts: Vec<&str> = words("One two. Three: Four (five)\n\nSix", true)
            .into_iter()
            .filter(|w| w.1)
            .map(|w| w.0)
            .collect();
        assert_eq!(starts, ["One", "Three", "Four", "Six"]);
    }
}
