//! Lamps: levels of the pins for every class, both polarities, and pins that refuse.

use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::digital::{Mock as Pin, State, Transaction as T};
use kits_hal::hal::{ANOMALY, ColorLed, Indicator, LAB_COLORS, LedBank, LedError, Polarity};
use std::io::ErrorKind;

/// A pin that expects the given levels, `#` for high.
fn pin(levels: &str) -> Pin {
    let levels =
        levels.bytes().map(|level| T::set(if level == b'#' { State::High } else { State::Low }));
    Pin::new(&levels.collect::<Vec<_>>())
}

#[test]
fn one_lamp_per_class() {
    // Shown: nothing, class 0, class 1, nothing, class 2 (which has no lamp).
    for (polarity, levels) in
        [(Polarity::ActiveHigh, [".#...", "..#.."]), (Polarity::ActiveLow, ["#.###", "##.##"])]
    {
        let mut lamps = LedBank::new(levels.map(pin), polarity);
        for class in [None, Some(0), Some(1), None] {
            assert_eq!(lamps.show(class, 50), Ok(()));
        }
        let error = lamps.show(Some(2), 50).unwrap_err();
        assert_eq!(error, LedError::NoSuchClass { class: 2, have: 2 });
        assert_eq!(error.to_string(), "lamps: no lamp for class 2, there are 2");
        lamps.release().iter_mut().for_each(Pin::done);
    }
}

#[test]
fn three_colors_as_in_the_labs() {
    // Idle, green, red, blue, anomaly (white), nothing, class 4 (which has no colour).
    let (red, green, blue) = (pin("..#.#.."), pin(".#..#.."), pin("...##.."));
    let mut lamp = ColorLed::new(red, green, blue, Polarity::ActiveHigh, &LAB_COLORS);
    for class in [Some(0), Some(1), Some(2), Some(3), Some(ANOMALY), None] {
        assert_eq!(lamp.show(class, 99), Ok(()));
    }
    assert_eq!(lamp.show(Some(4), 99), Err(LedError::NoSuchClass { class: 4, have: 4 }));
    let (mut red, mut green, mut blue) = lamp.release();
    [&mut red, &mut green, &mut blue].into_iter().for_each(Pin::done);
}

#[test]
fn a_pin_that_refuses_is_named_and_the_next_result_is_whole() {
    let error = MockError::Io(ErrorKind::BrokenPipe);
    let refuses = Pin::new(&[T::set(State::High).with_error(error.clone()), T::set(State::High)]);
    // The first call stops at the second lamp, so the third lamp sees the second call only.
    let mut lamps = LedBank::new([pin(".."), refuses, pin(".")], Polarity::ActiveHigh);
    assert_eq!(lamps.show(Some(1), 50), Err(LedError::Pin { lamp: 1, error }));
    assert_eq!(lamps.show(Some(1), 50), Ok(()));
    lamps.release().iter_mut().for_each(Pin::done);
}
