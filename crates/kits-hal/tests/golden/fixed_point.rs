//! The fixed-point primitives.

use std::path::Path;

use kits_hal::fixed;
use serde_json::Value;

use crate::{
    data::{json, list},
    report::{Compared, Report},
};

pub(crate) fn run(dir: &Path, report: &mut Report) {
    let file = dir.join("ops/fixed_point.json");
    if !report.wants("fixed_point") || !file.exists() {
        return;
    }
    let all = json(&file);
    let table = all.as_object().expect("an object of tables");
    for (name, rows) in table {
        let f: fn(&[i64]) -> Vec<i64> = match name.as_str() {
            "note" => continue,
            "requantize_x_m_s_double_single" => |v| {
                let (x, m, s) = (word(v[0]), word(v[1]), word(v[2]));
                vec![fixed::requant(x, m, s).into(), fixed::requant_once(x, m, s).into()]
            },
            "srdhm_a_b_r" => |v| vec![fixed::high_mul(word(v[0]), word(v[1])).into()],
            "rdbp_x_e_r" => |v| vec![fixed::round_shift(word(v[0]), word(v[1])).into()],
            "exp_neg_intbits_raw_r" => |v| vec![fixed::exp_neg(word(v[1]), word(v[0])).into()],
            "recip_1p_a_r" => |v| vec![fixed::recip_1p(word(v[0])).into()],
            "one_minus_over_one_plus_a_r" => |v| vec![fixed::ratio(word(v[0])).into()],
            "quantize_multiplier_f64hex_m_s" => |v| {
                let (m, s) = fixed::encode(f64::from_bits(v[0].cast_unsigned()));
                vec![m.into(), s.into()]
            },
            _ => {
                report.unsupported("fixed_point", name, "no such primitive");
                continue;
            }
        };
        for (i, row) in list(rows).iter().enumerate() {
            let values: Vec<i64> = list(row).iter().map(number).collect();
            let results = f(&values);
            let expected = &values[values.len() - results.len()..];
            let first = (results != expected)
                .then(|| format!("{results:?} instead of {expected:?} for {values:?}"));
            let differing = results.iter().zip(expected).filter(|(a, b)| a != b).count();
            let outcome = Ok(Compared { elements: results.len(), differing, first });
            report.compared("fixed_point", &format!("{name} {i}"), outcome);
        }
    }
}

/// An integer, or the bits of a number written in hexadecimal.
fn number(v: &Value) -> i64 {
    match v.as_str() {
        Some(hex) => u64::from_str_radix(hex, 16).expect("hexadecimal").cast_signed(),
        None => v.as_i64().expect("an integer"),
    }
}

fn word(v: i64) -> i32 {
    i32::try_from(v).expect("32 bits")
}
