//! The energy mode: pulses of a pin in place of lines, and a pin that refuses.

use std::io::ErrorKind;

use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::digital::{Mock as Pin, State, Transaction as T};
use kits_hal::bench::{Protocol, TimestampPin};

use crate::support::{Grow, Model, Time, settings};

fn pulses(n: usize) -> Vec<T> {
    vec![[T::set(State::Low), T::set(State::High)]; n].concat()
}

#[test]
fn laps_are_pulses_around_the_runs() {
    // One for `timestamp`, two for `infer`.
    let mut pin = Pin::new(&pulses(3));
    let stamp = TimestampPin::new(pin.clone(), NoopDelay::new());
    let (time, mut buffer) = (Time::default(), [0; 4]);
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, stamp);
    let mut out = Vec::new();
    device.start(&mut Grow(&mut out)).unwrap();
    for byte in b"timestamp%infer 2 1%" {
        device.push(*byte, &mut Grow(&mut out)).unwrap();
    }
    let expected = "m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n\
                    m-ready\r\n\
                    m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-2\r\nm-infer-done\r\n\
                    m-results-[-0.500,-0.500]\r\nm-ready\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    pin.done();
}

#[test]
fn a_pin_that_refuses_is_an_error_line_and_the_device_goes_on() {
    let error = MockError::Io(ErrorKind::NotConnected);
    let mut script = vec![T::set(State::Low).with_error(error)];
    script.extend(pulses(1));
    let mut pin = Pin::new(&script);
    let stamp = TimestampPin::new(pin.clone(), NoopDelay::new());
    let (time, mut buffer) = (Time::default(), [0; 4]);
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, stamp);
    let mut out = Vec::new();
    for byte in b"timestamp%timestamp%" {
        device.push(*byte, &mut Grow(&mut out)).unwrap();
    }
    assert_eq!(out, b"e-[Timestamp pin failed]\r\nm-ready\r\nm-ready\r\n");
    pin.done();
}
