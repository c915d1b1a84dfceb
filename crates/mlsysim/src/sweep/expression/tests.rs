//! Texts, their trees, and what they come to.

use super::*;
use alloc::vec;

fn kinds() -> Vec<(&'static str, Kind)> {
    vec![
        ("time", Kind::Amount(Dimension::TIME)),
        ("bytes", Kind::Amount(Dimension::DATA)),
        ("bandwidth", Kind::Amount(Dimension::BANDWIDTH)),
        ("fits", Kind::Flag),
        ("limit", Kind::Words(vec!["Memory".into(), "Compute".into()])),
        ("batch", Kind::Amount(Dimension::NONE)),
    ]
}

const ROW: [f64; 6] = [0.02, 1e9, 1e11, 1.0, 1.0, 8.0];

fn read(text: &str) -> Result<Expression, String> {
    let kinds = kinds();
    let columns: Vec<(&str, &Kind)> = kinds.iter().map(|(name, kind)| (*name, kind)).collect();
    Expression::condition(text, &columns)
}

#[track_caller]
fn check(text: &str, holds: bool) {
    assert_eq!(read(text).map(|expression| expression.holds(&ROW)), Ok(holds), "{text}");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(read(text).map(|_| ()), Err(String::from(message)));
}

#[test]
fn conditions_hold_or_not() {
    check("time < 10 ms", false);
    check("time <= 20 ms and fits", true);
    check("time<10ms or limit == compute", true);
    check("not (time < 10 ms) and not limit = 'Memory'", true);
    check("bytes / bandwidth < 15 ms", true);
    check("bytes/bandwidth + 5 ms == 15 ms", true);
    check("batch * 2 > 15 and batch - 10 < -1", true);
    check("batch > 4 and batch < 1e1", true);
    check("bandwidth >= 0.1TB/s", true);
    check("bandwidth*20ms >= 2 GB", true);
    check("batch != 8", false);
    check("batch / 2 == 4 and batch/2 == 4", true);
    // Precedence: `and` binds closer than `or`.
    check("fits or fits and batch > 100", true);
}

#[test]
fn what_is_not_known_is_not_true() {
    let unknown = [f64::NAN; 6];
    for text in
        ["time < 1 s", "not time < 1 s", "time != 1 s", "time == time", "not (fits and time < 1 s)"]
    {
        assert_eq!(read(text).map(|e| e.holds(&unknown)), Ok(false), "{text}");
    }
}

#[test]
fn mistakes_name_the_place() {
    refused("time < 10", "`time < 10`, column 6: cannot compare time (s) and a plain number");
    refused("tme < 10 ms", "`tme < 10 ms`, column 1: there is no column `tme`; did you mean time?");
    refused("time < 10 mz", "`time < 10 mz`, column 8: `10 mz` has the unknown unit `mz`");
    refused(
        "limit == disk",
        "`limit == disk`, column 10: `disk` does not occur; there are Memory, Compute",
    );
    refused("time", "`time` is no condition: compare it with something, as in `time < 10 ms`");
    refused(
        "time + bytes < 1 s",
        "`time + bytes < 1 s`, column 6: cannot calculate with time (s) and data (B)",
    );
    refused("(fits", "`(fits`, column 6: expected `)`");
    refused("fits fits", "`fits fits`, column 6: expected an operator");
    refused("fits and 3", "`fits and 3`, column 6: `and` and `or` join conditions");
    refused("limit < Memory", "`limit < Memory`, column 7: cannot compare a word and a word");
    refused("", "``, column 1: expected a column or a number, and there is no more");
    refused("'open", "`'open`, column 1: the quote is not closed");
}

#[test]
fn deep_nesting_is_refused() {
    let text = "(".repeat(10_000);
    assert!(read(&text).unwrap_err().ends_with("nested more than 64 deep"));
    assert!(read(&"not ".repeat(10_000)).is_err() && read(&"-".repeat(10_000)).is_err());
}
