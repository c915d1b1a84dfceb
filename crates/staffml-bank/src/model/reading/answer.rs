//! The right answer.

use super::expr;
use crate::expr::Expr;
use crate::grade::Tolerance;
use crate::model::answer::{Answer, Bind, Rounding};
use crate::quantity::{Quantity, Unit};
use crate::read::{At, Scalar, Table};

pub(super) fn answer(top: &Table<'_, '_>) -> Option<Answer> {
    let table = top.need("answer", top.table("answer"))?;
    let equation = table.need_string("eq");
    let bind = bindings(&table, "bind");
    let output = table.string("output").map(|o| o.value);
    let unit = unit(&table);
    let tolerance = match table.table("tol") {
        Some(tol) => tolerance(&tol),
        None => Some(Tolerance::USUAL),
    };
    let rounding = table.keyword::<Rounding>("round").map_or(Rounding::None, |r| r.value);
    let plausible = table.numbers("plausible").and_then(|list| match list.value.as_slice() {
        [low, high] if low.value < high.value => Some((low.value, high.value)),
        _ => {
            top.source().report("V-PLAUSIBLE", list.line, "no interval", "write `[low, high]`");
            None
        }
    });
    let check = table.string("check").and_then(|text| expr(top, &text));
    let scales = table.table("scales").map_or_else(Vec::new, |scales| {
        let keys = scales.keys().into_iter();
        keys.filter_map(|k| scales.number(&k.value).map(|n| (k.value, n.value))).collect()
    });
    let min_sigfigs = table.integer("min_sigfigs").and_then(|n| {
        let figures = u32::try_from(n.value).ok().filter(|f| (1..=10).contains(f));
        if figures.is_none() {
            let what = format!("{} significant figures", n.value);
            top.source().report("V-ANSWER-SIGFIGS", n.line, what, "1 to 10");
        }
        figures
    });
    table.finish();
    Some(Answer {
        equation: equation?.value,
        bind,
        output,
        unit: unit?,
        tolerance: tolerance?,
        rounding,
        plausible,
        check,
        scales,
        min_sigfigs,
        line: table.line(),
    })
}

/// Reads the unit of a result.
pub(super) fn unit(table: &Table<'_, '_>) -> Option<Unit> {
    let text = table.need_string("unit")?;
    Unit::parse(&text.value)
        .map_err(|e| {
            table.source().report("V-UNIT", text.line, e.to_string(), "name a known unit");
        })
        .ok()
}

/// Reads a table of inputs.
pub(super) fn bindings(table: &Table<'_, '_>, key: &str) -> Vec<(String, Bind)> {
    let Some(part) = table.need(key, table.table(key)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for name in part.keys() {
        if let Some(value) = part.scalar(&name.value)
            && let Some(bind) = bind(&part, value)
        {
            out.push((name.value, bind));
        }
    }
    out
}

fn bind(table: &Table<'_, '_>, value: At<Scalar>) -> Option<Bind> {
    let text = match value.value {
        Scalar::Number(n) => return Some(Bind::Expr(Expr::Number(n))),
        Scalar::Text(text) => text,
    };
    match (Expr::parse(&text), Quantity::parse(&text)) {
        (Ok(expr), _) => Some(Bind::Expr(expr)),
        (Err(_), Ok(quantity)) => Some(Bind::Literal(quantity)),
        (Err(expr), Err(quantity)) => {
            let what = format!("neither an expression ({expr}) nor a quantity ({quantity})");
            table.source().report("V-EXPR", value.line, what, "name a parameter or write `64 MHz`");
            None
        }
    }
}

fn tolerance(table: &Table<'_, '_>) -> Option<Tolerance> {
    let rel = table.number("rel").map(|r| r.value);
    let abs = table.number("abs").map(|a| a.value);
    let factor = table.number("factor").map(|f| f.value);
    let exact = table.boolean("exact").is_some_and(|e| e.value);
    table.finish();
    let out = match (rel, abs, factor, exact) {
        (None, None, None, true) => Some(Tolerance::Exact),
        (None, None, Some(f), false) if f > 1.0 && f <= 100.0 => Some(Tolerance::Factor(f)),
        (rel, abs, None, false) => {
            let (rel, abs) = (rel.unwrap_or(0.0), abs.unwrap_or(0.0));
            let sound = (0.0..=0.25).contains(&rel) && abs >= 0.0 && (rel > 0.0 || abs > 0.0);
            sound.then_some(Tolerance::Within { rel, abs })
        }
        _ => None,
    };
    if out.is_none() {
        let fix = "give `rel` (up to 0.25) and/or `abs`, or `factor` (above 1), or `exact = true`";
        table.source().report("V-ANSWER-TOL", table.line(), "no tolerance can be read here", fix);
    }
    out
}
