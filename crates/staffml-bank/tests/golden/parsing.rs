//! `parse_vectors`: text to canonical value, dimension, nouns and significant figures.

use serde_json::Value;
use staffml_bank::quantity::{Base, Dim, Expect, Noun, parse};

use crate::report::{Report, each, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    for (i, case) in each(data) {
        let input = case["input"].as_str().unwrap_or_default();
        report.case(&format!("{i} {input}"), check(input, case));
    }
}

fn check(input: &str, case: &Value) -> Result<(), String> {
    let counts = case["count_suffix_allowed"].as_bool().unwrap_or(false);
    let expect = if counts { Expect::dim(Dim::NONE) } else { Expect::NOTHING };
    let refusal = ["error", "code"]
        .iter()
        .find_map(|key| case[*key].as_str())
        .filter(|code| !code.is_empty());
    let typed = match (parse(input, expect), refusal) {
        (Ok(typed), None) => typed,
        (Err(error), Some(code)) if error.code() == code => return Ok(()),
        (Err(error), _) => return Err(format!("refused: {} {error}", error.code())),
        (Ok(typed), Some(code)) => {
            return Err(format!("read as {} instead of {code}", typed.quantity.value()));
        }
    };
    let (got, want) = (typed.quantity.value(), number(&case["canonical"]));
    // The vectors are printed with twelve figures.
    if want.is_nan() || (got - want).abs() > 1e-11 * want.abs() {
        return Err(format!("{got} instead of {want}"));
    }
    for base in Base::ALL {
        let want = case["dims"][base.name()].as_i64().unwrap_or(0);
        if i64::from(typed.quantity.dim().exponent(base)) != want {
            return Err(format!("dimension {} instead of {}", typed.quantity.dim(), case["dims"]));
        }
    }
    for noun in Noun::ALL {
        let want = case["kinds"][noun.name()].as_i64().unwrap_or(0);
        if i64::from(typed.quantity.nouns().exponent(noun)) != want {
            return Err(format!("counts {} instead of {}", typed.quantity.nouns(), case["kinds"]));
        }
    }
    let figures = case["sigfigs"].as_u64();
    if typed.sigfigs.map(u64::from) != figures {
        return Err(format!("{:?} significant figures instead of {figures:?}", typed.sigfigs));
    }
    Ok(())
}
