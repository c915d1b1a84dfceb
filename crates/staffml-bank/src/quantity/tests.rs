//! Hand-made cases and laws of the quantity grammar.

use proptest::prelude::*;

use super::{Currency, Dim, Expect, Note, Noun, ParseError, Quantity, Typed, Unit, format, parse};

fn read(text: &str) -> Typed {
    parse(text, Expect::NOTHING).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}

#[track_caller]
fn check(text: &str, canonical: f64, dim: Dim) {
    let typed = read(text);
    let err = (typed.quantity.value() - canonical).abs();
    assert!(err <= 1e-12 * canonical.abs(), "{text:?} gave {}", typed.quantity.value());
    assert_eq!(typed.quantity.dim(), dim, "{text:?}");
}

#[track_caller]
fn refused(text: &str, code: &str) -> ParseError {
    let error = parse(text, Expect::NOTHING).expect_err(text);
    assert_eq!(error.code(), code, "{text:?}: {error}");
    error
}

#[test]
fn numbers_in_all_their_forms() {
    check("-1.5 B", -1.5, Dim::INFO);
    check("+.5 B", 0.5, Dim::INFO);
    check("1e3B", 1e3, Dim::INFO);
    check("1EB", 1e18, Dim::INFO);
    check("1.4×10¹¹ B", 1.4e11, Dim::INFO);
    check("1.4 x 10**11 B", 1.4e11, Dim::INFO);
    check("10^-3 s", 1e-3, Dim::TIME);
    check("2^10 B", 1024.0, Dim::INFO);
    check("½ h", 1800.0, Dim::TIME);
    check("1/s", 1.0, Dim::FREQUENCY);
    check("3450 1/s", 3450.0, Dim::FREQUENCY);
    check("5 s⁻¹", 5.0, Dim::FREQUENCY);
    check("1\u{a0}234\u{2009}567.5 B", 1_234_567.5, Dim::INFO);
    check("140 billion bytes", 1.4e11, Dim::INFO);
    check("approx. 5 GB", 5e9, Dim::INFO);
    check("= 5 GB", 5e9, Dim::INFO);
}

#[test]
fn units_in_all_their_forms() {
    check("5 gigabytes", 5e9, Dim::INFO);
    check("5 Kibibytes", 5120.0, Dim::INFO);
    check("5 GByte/s", 5e9, Dim::DATA_RATE);
    check("5 kilowatt-hours", 1.8e7, Dim::ENERGY);
    check("5 kW·h", 1.8e7, Dim::ENERGY);
    check("1 PFLOP/s-day", 8.64e19, Dim::OP);
    check("1 PF-days", 8.64e19, Dim::OP);
    check("2 USD/GPU/h", 2.0 / 3600.0, Dim::MONEY.per(Dim::TIME).unwrap());
    check("2 USD/(GPU·h)", 2.0 / 3600.0, Dim::MONEY.per(Dim::TIME).unwrap());
    check("3 m^3", 3.0, Dim::VOLUME);
    check("3 ㎇", 3e9, Dim::INFO);
    check("4 TOPS", 4e12, Dim::OP_RATE);
    check("4 teraFLOPS", 4e12, Dim::OP_RATE);
    assert_eq!(read("2 GPU").quantity.nouns().exponent(Noun::Device), 1);
    assert_eq!(read("5 KB").notes, [Note::CapitalK]);
    assert_eq!(read("5 EUR/h").foreign, Some(Currency::Euro));
    assert_eq!(read("5 t CO2-eq").quantity.nouns().exponent(Noun::Co2e), 1);
}

#[test]
fn flops_follow_the_question() {
    let dim = |text, want| parse(text, Expect::dim(want)).unwrap().quantity.dim();
    assert_eq!(dim("5 Tflops", Dim::OP_RATE), Dim::OP_RATE);
    assert_eq!(dim("5 Tflops", Dim::OP), Dim::OP);
    assert_eq!(dim("5 TFLOPs", Dim::OP_RATE), Dim::OP);
    let intensity = Dim::OP.per(Dim::INFO).unwrap();
    assert_eq!(dim("5 ops/byte", intensity), intensity);
}

#[test]
fn count_suffixes_only_for_counts_and_money() {
    let value = |text, want| parse(text, Expect::dim(want)).map(|t| t.quantity.value());
    assert_eq!(value("70B params", Dim::NONE), Ok(70e9));
    assert_eq!(value("1.4T tokens", Dim::NONE), Ok(1.4e12));
    assert_eq!(value("$42.6M", Dim::MONEY), Ok(42.6e6));
    assert_eq!(value("$42.6M/yr", Dim::INFO), Ok(42.6e6 / 31_536_000.0));
    assert_eq!(value("140 B", Dim::INFO), Ok(140.0));
    assert!(value("140 M", Dim::INFO).is_err());
    assert!(value("5k", Dim::TIME).is_err());
}

#[test]
fn refusals_have_their_codes() {
    for (text, code) in [
        ("", "E-Q-EMPTY"),
        ("  ", "E-Q-EMPTY"),
        ("five GB", "E-Q-NUMBER"),
        ("0x1F B", "E-Q-NUMBER"),
        ("+-5 B", "E-Q-NUMBER"),
        ("GB", "E-Q-NUMBER"),
        ("5. B", "E-Q-NUMBER"),
        ("3½ h", "E-Q-NUMBER"),
        ("1 23 B", "E-Q-NUMBER"),
        ("1__0 B", "E-Q-NUMBER"),
        ("5٤ ms", "E-Q-NUMBER"),
        ("^2 B", "E-Q-NUMBER"),
        ("NaN GB", "E-Q-NONFINITE"),
        ("-inf", "E-Q-NONFINITE"),
        ("∞ B", "E-Q-NONFINITE"),
        ("10^999 B", "E-Q-NONFINITE"),
        ("1/0 h", "E-Q-NONFINITE"),
        ("1e300 YFLOP", "E-Q-NONFINITE"),
        ("2.078,46 B", "E-Q-COMMA"),
        ("1.000.000 B", "E-Q-COMMA"),
        ("0,005 s", "E-Q-COMMA"),
        ("1234,567 B", "E-Q-COMMA"),
        ("1,00 B", "E-Q-COMMA"),
        ("5 - 6 GB", "E-Q-RANGE"),
        ("5–6 GB", "E-Q-RANGE"),
        ("5..6 GB", "E-Q-RANGE"),
        ("5 to 6 GB", "E-Q-RANGE"),
        ("5 GB to 6 GB", "E-Q-RANGE"),
        ("5 ± 1 GB", "E-Q-RANGE"),
        ("<5 GB", "E-Q-INEQ"),
        ("≥ 5 GB", "E-Q-INEQ"),
        ("5+3 GB", "E-Q-EXPR"),
        ("5 x 3 GB", "E-Q-EXPR"),
        ("7/2*3 s", "E-Q-EXPR"),
        ("3/4h", "E-Q-EXPR"),
        ("3^5 B", "E-Q-EXPR"),
        ("5²", "E-Q-EXPR"),
        ("5 GB * 2", "E-Q-EXPR"),
        ("1.4×1011 B", "E-Q-EXPR"),
        ("5 GB please", "E-Q-UNIT"),
        ("5 GHZ", "E-Q-UNIT"),
        ("5 m^9", "E-Q-UNIT"),
        ("5 CO2e", "E-Q-UNIT"),
        ("5 ((((((((((B))))))))))", "E-Q-UNIT"),
        ("5 h 30 min", "E-Q-UNIT"),
        ("5 mbps", "E-Q-AMBIG"),
        ("5 kib", "E-Q-AMBIG"),
        ("5 USD/GPU h", "E-Q-AMBIG"),
        ("5 USD/GPU-hour", "E-Q-AMBIG"),
        ("5 gibiwatts", "E-Q-PREFIX"),
        ("5 MiFLOP", "E-Q-PREFIX"),
        ("5\u{200b} GB", "E-Q-CHAR"),
        ("5\tGB", "E-Q-CHAR"),
    ] {
        refused(text, code);
    }
    refused(&"9".repeat(257), "E-Q-LONG");
}

#[test]
fn unknown_symbols_are_named_with_neighbors() {
    let message = |text| parse(text, Expect::NOTHING).unwrap_err().to_string();
    assert_eq!(message("12 bananas"), "`bananas` is not a unit known here");
    assert!(message("4.8 MS").contains("`ms`"), "{}", message("4.8 MS"));
    assert!(message("4.8 Kw").contains("`kW`"), "{}", message("4.8 Kw"));
    assert!(message("4.8 tokns").contains("`token`"), "{}", message("4.8 tokns"));
    assert!(message("140 gb").contains("`Gb` or `GB`"), "{}", message("140 gb"));
}

#[test]
fn formatting_rounds_as_on_paper() {
    let unit = |text: &str| Unit::parse(text).unwrap();
    let show = |text: &str, in_unit: &str| {
        format::friendly(&Quantity::parse(text).unwrap(), &unit(in_unit), 3)
    };
    assert_eq!(show("999.96 kB", "B"), "1 MB");
    assert_eq!(show("999.4 kB", "B"), "999 kB");
    assert_eq!(show("131072 B", "KiB"), "128 KiB");
    assert_eq!(show("0.00479 s", "s"), "4.79 ms");
    assert_eq!(show("7200 s", "s"), "7200 s");
    assert_eq!(show("0 s", "ms"), "0 ms");
    assert_eq!(show("3.35e12 B/s", "GB/s"), "3.35 TB/s");
    // Parts of an hour or a day are said in what they are made of; a rate keeps its unit.
    assert_eq!(show("300 s", "h"), "5 min");
    assert_eq!(show("0.25 day", "day"), "6 h");
    assert_eq!(show("90 min", "h"), "1.5 h");
    assert_eq!(show("2 ms", "min"), "2 ms");
    assert_eq!(show("0.5 USD/h", "USD/h"), "0.5 USD/h");
    assert_eq!(show("0.5 min/token", "min/token"), "0.5 min/token");
    assert_eq!(show("0.455", "%"), "45.5%");
    assert_eq!(format::number(0.285, 2), "0.29");
    assert_eq!(format::number(-2.5, 1), "-3");
    assert_eq!(format::number(9.996, 3), "10");
    assert_eq!(format::grouped(1_234_567.0), "1,234,567");
    assert_eq!(format::grouped(-0.5), "-0.5");
    assert_eq!(format::padded("8 GB", 3), "8.00 GB");
    assert_eq!(format::padded("12,300 GB", 3), "12,300 GB");
    assert_eq!(format::padded("12,300 GB", 6), "12,300.0 GB");
}

#[test]
fn counts_have_plurals_and_groups() {
    let unit = |text: &str| Unit::parse(text).unwrap();
    let show = |number: f64, text: &str| {
        format::in_unit(&Quantity::new(number, &unit(text)), &unit(text), 3)
    };
    assert_eq!(show(492.0, "day"), "492 days");
    assert_eq!(show(1.0, "day"), "1 day");
    assert_eq!(show(0.5, "day"), "0.5 days");
    assert_eq!(show(173e9, "param"), "173,000,000,000 params");
    assert_eq!(show(12_345.0, "GB/s"), "12,300 GB/s");
    assert_eq!(show(9_870.0, "GB/s"), "9870 GB/s");
    assert_eq!(show(102_400.0, "sample/s"), "102,000 sample/s");
    assert_eq!(show(3.0, "MFLOP"), "3 MFLOP");
    // Every plural is read as its singular, by the reader's own table of words.
    for one in super::symbols::WORDS {
        let many = super::symbols::plural(one.name);
        if many == one.name {
            continue;
        }
        let (one, many) = (unit(one.name), unit(many));
        assert_eq!((one.dim(), one.nouns()), (many.dim(), many.nouns()), "{}", many.text());
        assert!((one.factor() - many.factor()).abs() < 1e-12 * one.factor(), "{}", many.text());
    }
}

#[test]
fn dimensions_are_named_in_words() {
    assert_eq!(read("3 GHz").quantity.dim().phrase(), "a frequency");
    assert_eq!(read("3 B B").quantity.dim().phrase(), "data squared");
    assert_eq!(read("3 USD/kWh").quantity.dim().phrase(), "money per energy");
    for dim in [Dim::NONE, Dim::INFO, Dim::FREQUENCY, Dim::POWER, Dim::VOLUME, Dim::OP_RATE] {
        assert_eq!(read(&dim.example(super::Nouns::NONE)).quantity.dim(), dim);
        assert_eq!(read(&dim.example(super::Nouns::of(Noun::Token))).quantity.dim(), dim);
    }
}

const UNITS: [&str; 14] = [
    "", "B", "KiB", "GB", "Mbit/s", "µs", "h", "TFLOP/s", "kWh", "USD/h", "t CO2e", "m3", "%",
    "token/s",
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = parse(&text, Expect::NOTHING);
        let _ = parse(&text, Expect::dim(Dim::INFO));
    }

    #[test]
    fn any_text_of_the_grammars_letters_is_read_or_refused(
        text in "[0-9eExX×·*/^()+ .,_~<>=$€%µa-zA-Z⁰-⁹₂-]{0,30}"
    ) {
        let _ = parse(&text, Expect::dim(Dim::NONE));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&String::from_utf8_lossy(&bytes), Expect::NOTHING);
    }

    #[test]
    fn reading_what_was_written_gives_the_same_bits(
        bits in any::<u64>(), unit in proptest::sample::select(&UNITS)
    ) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite() && (number * 1e40).is_finite());
        let unit = Unit::parse(unit).unwrap();
        let before = Quantity::new(number, &unit);
        let text = format::exact(&before, &unit);
        let after = parse(&text, Expect::NOTHING);
        prop_assert_eq!(after.map(|t| t.quantity.value().to_bits()), Ok(before.value().to_bits()), "{}", text);
    }

    #[test]
    fn friendly_text_is_near(exponent in -8.0..12.0f64, unit in proptest::sample::select(&UNITS)) {
        let unit = Unit::parse(unit).unwrap();
        let before = Quantity::new(libm::exp10(exponent), &unit);
        let text = format::friendly(&before, &unit, 4);
        let after = parse(&text, Expect::NOTHING).unwrap().quantity;
        prop_assert!((after.value() / before.value() - 1.0).abs() <= 5.1e-4, "{}", text);
        prop_assert_eq!(after.dim(), before.dim());
        prop_assert_eq!(after.nouns(), before.nouns());
    }
}
