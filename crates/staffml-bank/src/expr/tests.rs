//! Hand-made cases and laws of the expression language.

use proptest::prelude::*;

use super::{Expr, ExprError, Scope, Style, Value};
use crate::quantity::Quantity;

struct Sheet;

impl Scope for Sheet {
    fn get(&self, name: &str) -> Option<Value> {
        let text = match name {
            "a" => "7",
            "b" => "2",
            "w" => "128 KiB",
            "rate" => "64 KiB/s",
            "hw.capacity" => "1 MiB",
            "fmt" => return Some(Value::Text("FP16".to_owned())),
            _ => return None,
        };
        Some(Value::Quantity(Quantity::parse(text).unwrap()))
    }
}

fn eval(text: &str) -> Result<Value, ExprError> {
    Expr::parse(text)?.eval(&Sheet)
}

#[track_caller]
fn number(text: &str, want: f64) {
    match eval(text) {
        Ok(Value::Quantity(q)) => {
            assert!((q.value() - want).abs() <= 1e-12 * want.abs(), "{text}: {}", q.value());
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn arithmetic_has_the_usual_precedence() {
    number("1 + 2*3 - 4/2", 5.0);
    number("-2^2", -4.0);
    number("2^3^2", 512.0);
    number("7 - 2 - 1", 4.0);
    number("(7 - 2) % 3", 2.0);
    number("12/2/3", 2.0);
    number("2*-3", -6.0);
    number("1e3 + 1_000", 2000.0);
    number("max(a, b, 3) + min(a, b)", 9.0);
    number("sqrt(w*w)/w", 1.0);
    number(
        "log2(8) + ln(exp(1)) + ceil(1.2) + floor(1.8) + round(2.5)",
        3.0 + 1.0 + 2.0 + 1.0 + 3.0,
    );
    number("w / rate", 2.0);
    number("w / '1 KiB'", 128.0);
    number("bytes_of(fmt)", 2.0);
}

#[test]
fn queues_and_counts_by_hand() {
    // One server: a request waits when the server is busy. Two at ρ = 0.6: 2ρ²/(1+ρ).
    number("erlang_c(1, 0.7)", 0.7);
    number("erlang_c(2, 1.2)", 0.45);
    number("poisson(2, 1)", 0.5 / core::f64::consts::E);
    number("poisson_below(3, 1)", 2.5 / core::f64::consts::E);
    // C = P/(P + (1−ρ)·Q) with the probabilities of exactly c and of fewer: the textbook's form of Erlang's C.
    for (c, a) in [(3.0, 2.7), (8.0, 6.4), (40.0, 31.0), (300.0, 290.0)] {
        let (p, q) = (format!("poisson({c}, {a})"), format!("poisson_below({c}, {a})"));
        let check = format!("erlang_c({c}, {a})*({p} + (1 - {a}/{c})*{q})/{p}");
        let Ok(Value::Quantity(one)) = eval(&check) else { panic!("{check}") };
        // lgamma of 300 is 1,400, so its rounding alone is worth some 1e-13.
        assert!((one.value() - 1.0).abs() < 1e-11, "{check}: {}", one.value());
    }
    for refused in ["erlang_c(2, 2)", "erlang_c(1.5, 1)", "erlang_c(1e9, 1)", "poisson(1, 0)"] {
        assert!(matches!(eval(refused), Err(ExprError::NonFinite { .. })), "{refused}");
    }
    assert!(matches!(eval("erlang_c(2, w)"), Err(ExprError::Type { .. })));
    assert!(eval("erlang_c(2)").is_err() && eval("erlang_c(2, 1, 1)").is_err());
}

#[test]
fn the_least_number_is_found() {
    number("least(n, 1, n*n >= 50)", 8.0);
    number("least(n, 8, n*n >= 50)", 8.0);
    number("least(n, 9.5, n*n >= 50)", 10.0);
    number("least(n, 1, n > a*1000)", 7001.0);
    number("least(n, 1, least(m, n, m > 4) == n)", 5.0);
    assert_eq!(Expr::parse("least(n, b, n > a)").unwrap().names(), ["b", "a"]);
    assert!(matches!(eval("least(n, 1, n < 0)"), Err(ExprError::NonFinite { .. })));
    assert!(matches!(eval("least(2, 1, a > b)"), Err(ExprError::Syntax { .. })));
    assert!(matches!(eval("least(n, 1)"), Err(ExprError::Syntax { .. })));
    assert!(matches!(eval("least(n, w, n > 1)"), Err(ExprError::Type { .. })));
    assert!(matches!(eval("least(n, 1, n)"), Err(ExprError::Type { .. })));
    let shown = Expr::parse("least(c, 1, c > a)").unwrap();
    let text = shown.print(Style::Symbols, &|n| n.to_owned());
    assert_eq!(text, "least c from 1 on with c > a");
}

#[test]
fn truth_values_do_not_mix_with_numbers() {
    assert_eq!(eval("a % b == 1 and not a < b"), Ok(Value::Bool(true)));
    assert_eq!(eval("fits(w, hw) or a > 100"), Ok(Value::Bool(true)));
    assert!(matches!(eval("a + (a < b)"), Err(ExprError::Type { .. })));
    assert!(matches!(eval("a and b"), Err(ExprError::Type { .. })));
    assert!(matches!(eval("1 < 2 < 3"), Err(ExprError::Syntax { .. })));
}

#[test]
fn dimensions_must_fit() {
    let message = eval("w + rate").unwrap_err().to_string();
    assert_eq!(message, "+: an amount of data and data per second do not fit");
    assert!(matches!(eval("w < a"), Err(ExprError::Dimension { .. })));
    assert!(matches!(eval("ln(w)"), Err(ExprError::Type { .. })));
    assert!(matches!(eval("2^w"), Err(ExprError::Dimension { .. })));
    assert!(matches!(eval("sqrt(w)"), Err(ExprError::Dimension { .. })));
}

#[test]
fn no_result_is_an_error() {
    assert!(matches!(eval("1/0"), Err(ExprError::NonFinite { .. })));
    assert!(matches!(eval("ln(0)"), Err(ExprError::NonFinite { .. })));
    assert!(matches!(eval("sqrt(-1)"), Err(ExprError::NonFinite { .. })));
    assert!(matches!(eval("c"), Err(ExprError::UnknownName { .. })));
    assert!(matches!(eval("a b"), Err(ExprError::Syntax { at: 3, .. })));
    assert!(matches!(eval("pow(a, b)"), Err(ExprError::Syntax { .. })));
    assert!(matches!(eval("'5 gb'"), Err(ExprError::Syntax { .. })));
    assert!(matches!(eval("'5 GB"), Err(ExprError::Syntax { .. })));
    assert!(eval(&"(".repeat(500)).is_err());
    assert!(eval(&"1+".repeat(499)).is_err());
}

#[test]
fn terms_can_be_taken_out() {
    let out = |text: &str, term| {
        Expr::parse(text).unwrap().without(term).map(|e| e.print(Style::Symbols, &str::to_owned))
    };
    assert_eq!(Expr::parse("w + 2*k + r - s").unwrap().terms(), ["w", "r", "s"]);
    assert_eq!(out("w + 2*k + r - s", "w"), Some("2·k + r − s".to_owned()));
    assert_eq!(out("w + k - s", "s"), Some("w + k".to_owned()));
    assert_eq!(out("a - b", "a"), Some("−b".to_owned()));
    assert_eq!(out("max(a, b)", "b"), Some("a".to_owned()));
    assert_eq!(out("max(a, b, c)", "b"), Some("max(a, c)".to_owned()));
    assert_eq!(out("a*b", "a"), None);
}

#[test]
fn printing_keeps_the_meaning() {
    let show = |text: &str| Expr::parse(text).unwrap().print(Style::Symbols, &str::to_owned);
    assert_eq!(show("a/(f*m*e)"), "a/(f·m·e)");
    assert_eq!(show("a/f*m"), "a/f·m");
    assert_eq!(show("(a + b)*c"), "(a + b)·c");
    assert_eq!(show("a - (b - c)"), "a − (b − c)");
    assert_eq!(show("(a^b)^c"), "(a^b)^c");
    assert_eq!(show("a^b^c"), "a^b^c");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = eval(&text);
    }

    #[test]
    fn any_text_of_the_languages_letters_is_read_or_refused(text in "[0-9.eab()+*/%^<>=! ',andormixp_w-]{0,60}") {
        let _ = eval(&text);
    }
}
