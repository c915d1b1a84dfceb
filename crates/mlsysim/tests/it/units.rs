//! Text and quantities: what is written is read back.

use mlsysim::units::{Base, Dimension, Quantity, Unit, parse, parse_as};
use proptest::prelude::*;

/// Any finite value but negative zero, spread over all magnitudes.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite, not -0", |v| v.is_finite()
            && v.to_bits() != (-0.0_f64).to_bits()),
        (-1000_i32..1000).prop_map(f64::from),
        (1_u32..100_000, -12_i32..15)
            .prop_map(|(n, e)| format!("{n}e{e}").parse().expect("a float")),
    ]
}

fn named() -> impl Strategy<Value = Dimension> {
    prop::sample::select(vec![
        Dimension::NONE,
        Dimension::DATA,
        Dimension::OPERATIONS,
        Dimension::TOKENS,
        Dimension::PARAMETERS,
        Dimension::MONEY,
        Dimension::CARBON,
        Dimension::TIME,
        Dimension::FREQUENCY,
        Dimension::COMPUTE_RATE,
        Dimension::BANDWIDTH,
        Dimension::INTENSITY,
        Dimension::TOKEN_RATE,
        Dimension::PARAMETER_WIDTH,
        Dimension::TOKEN_WIDTH,
        Dimension::LENGTH,
        Dimension::VOLUME,
        Dimension::ENERGY,
        Dimension::POWER,
        Dimension::CARBON_INTENSITY,
        Dimension::ENERGY_PRICE,
        Dimension::RENT,
        Dimension::DATA_PRICE,
        Dimension::WATER_INTENSITY,
    ])
}

/// Products of a few base kinds, most of which no formula uses.
fn composed() -> impl Strategy<Value = Dimension> {
    let bases = [
        Base::Byte,
        Base::Flop,
        Base::Token,
        Base::Param,
        Base::Usd,
        Base::Second,
        Base::Kilogram,
        Base::Meter,
        Base::Ampere,
        Base::Kelvin,
    ];
    prop::collection::vec((prop::sample::select(bases.to_vec()), any::<bool>()), 1..5).prop_map(
        |parts| {
            parts.into_iter().fold(Dimension::NONE, |product, (base, above)| {
                let base = Dimension::of(base);
                if above { product.times(base) } else { product.per(base) }
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn formatting_reads_back_bit_for_bit(value in value(), dimension in prop_oneof![named(), composed()]) {
        let quantity = Quantity::new(value, dimension);
        let text = quantity.to_string();
        let read = parse(&text);
        prop_assert_eq!(read.as_ref().map(|q| (q.value.to_bits(), q.dimension)), Ok((value.to_bits(), dimension)), "{}", text);
    }

    #[test]
    fn rounding_keeps_the_digits_asked_for(value in 1e-20_f64..1e20, digits in 1_usize..12, dimension in named()) {
        let text = format!("{:.*}", digits, Quantity::new(value, dimension));
        let read = parse(&text).map(|q| q.value).unwrap_or(f64::NAN);
        // Half a unit of the last digit, which is at most ten times the leading one's share.
        let tolerance = 0.5 * libm::pow(10.0, 1.0 - f64::from(u32::try_from(digits).expect("few digits")));
        prop_assert!((read / value - 1.0).abs() <= tolerance * (1.0 + 1e-9), "{} is not {}", text, value);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        if let Ok(quantity) = parse(&text) {
            prop_assert!(quantity.value.is_finite());
        }
        let refused = parse_as("field", &text, Dimension::BANDWIDTH);
        if let Err(error) = refused {
            prop_assert!(error.to_string().starts_with("field: `"));
        }
    }

    #[test]
    fn text_that_looks_like_a_quantity_is_read_or_refused(text in "[-+]?[0-9]{0,4}[.,]?[0-9]{0,3}(e-?[0-9]{1,4})? ?[a-zA-Zµ%$*/^0-9]{0,8}") {
        if let Ok(quantity) = parse(&text) {
            prop_assert!(quantity.value.is_finite(), "{}", text);
        }
    }
}

#[test]
fn bits_and_bytes_meet_in_the_base_unit() {
    use mlsysim::units::{Bits, Bytes};
    assert_eq!(Bits(16.0).base().to_bits(), Bytes(2.0).base().to_bits());
    assert_eq!(Bits::from_base(2.0), Bits(16.0));
}
