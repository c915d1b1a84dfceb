//! Arbitrary bytes on the serial port: no panic, no byte past the input buffer, a device that
//! answers afterwards, and a port that fails anywhere.

use embedded_io::{ErrorKind, ErrorType, Write};
use kits_hal::bench::{NoPin, PortError, Protocol};
use proptest::prelude::*;

use crate::support::{Device, Grow, Model, Time, say, settings};

/// Bytes of the input buffer, and of the guard around it.
const INPUT: usize = 24;
const GUARD: usize = 16;

/// Anything at all, mixed with pieces of commands so that the deeper states are reached.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => any::<u8>().prop_map(|byte| vec![byte]),
        2 => prop::collection::vec(any::<u8>(), 0..120),
        4 => prop::sample::select(&[
            "%", "\r\n", " ", "db", "db load ", "load", "print%", "infer ", "results%", "name%",
            "profile%", "timestamp%", "help%", "k-mem%", "k-ops%", "k-fit%", "-", "0", "db %",
        ][..]).prop_map(|text| text.as_bytes().to_vec()),
        2 => (0_u32..40).prop_map(|n| format!("db load {n}%").into_bytes()),
        2 => (-3_i64..40, -3_i64..5).prop_map(|(n, w)| format!("infer {n} {w}%").into_bytes()),
        1 => any::<i64>().prop_map(|n| format!("infer {n}%").into_bytes()),
        4 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| {
            let digits: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
            format!("db {digits}%").into_bytes()
        }),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Every answer is made of whole lines, and of `m-ready` for each command.
fn check_answers(answers: &str, commands: usize) {
    assert!(answers.is_empty() || answers.ends_with("m-ready\r\n"), "{answers:?}");
    assert_eq!(answers.matches("m-ready\r\n").count(), commands);
    assert!(answers.bytes().all(|byte| matches!(byte, b'\r' | b'\n' | b' '..=b'~')));
}

/// The device is as good as new: it can be loaded, read back and run.
fn check_usable(device: &mut Device<'_, '_>) {
    // What stood before the first `%` may be anything.
    say(device, b"%");
    assert_eq!(say(device, b"name%"), "m-name-dut-[acme]\r\nm-ready\r\n");
    assert_eq!(say(device, b"db load 2%"), "m-[Expecting 2 bytes]\r\nm-ready\r\n");
    assert_eq!(say(device, b"db C07f%"), "m-load-done\r\nm-ready\r\n");
    assert_eq!(say(device, b"db print%"), "m-buffer-c0-7f\r\nm-ready\r\n");
    let answer = say(device, b"infer 1 0%");
    assert!(
        answer.ends_with("m-infer-done\r\nm-results-[0.250,-0.004]\r\nm-ready\r\n"),
        "{answer}"
    );
}

/// A port that takes `room` bytes and then fails until it is emptied.
struct Narrow {
    room: usize,
}

impl ErrorType for Narrow {
    type Error = ErrorKind;
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let n = bytes.len().min(self.room);
        self.room -= n;
        if n == 0 { Err(ErrorKind::BrokenPipe) } else { Ok(n) }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_the_device(stream in stream()) {
        let time = Time::default();
        let mut memory = [0xA5; GUARD + INPUT + GUARD];
        {
            let buffer = &mut memory[GUARD..GUARD + INPUT];
            let mut device =
                Protocol::new(settings("microbit"), buffer, Model::new(&time), &time, NoPin);
            let answers = say(&mut device, &stream);
            check_answers(&answers, stream.iter().filter(|byte| **byte == b'%').count());
            // At most 1000 runs and 1000 before, for each of at most 40 + 120 · 40 commands.
            prop_assert!(device.model().runs <= 2000 * 4840);
            check_usable(&mut device);
        }
        prop_assert!(memory[..GUARD].iter().all(|byte| *byte == 0xA5));
        prop_assert!(memory[GUARD + INPUT..].iter().all(|byte| *byte == 0xA5));
    }

    #[test]
    fn a_port_that_fails_anywhere_gives_its_own_error_and_leaves_the_device_usable(
        stream in stream(),
        room in 0_usize..400,
    ) {
        let time = Time::default();
        let mut buffer = [0; INPUT];
        let mut device =
            Protocol::new(settings("microbit"), &mut buffer, Model::new(&time), &time, NoPin);
        let mut port = Narrow { room };
        for byte in stream {
            if let Err(error) = device.push(byte, &mut port) {
                prop_assert_eq!(error, PortError::Failed(ErrorKind::BrokenPipe));
                prop_assert_eq!(byte, b'%', "only a whole command is answered");
            }
        }
        check_usable(&mut device);
    }

    /// What is loaded in any pieces is read back, and is what the model gets.
    #[test]
    fn a_loaded_input_is_the_one_sent(
        bytes in prop::collection::vec(any::<u8>(), 1..=INPUT),
        pieces in prop::collection::vec(1_usize..40, 1..30),
    ) {
        let time = Time::default();
        let mut buffer = [0xEE; INPUT];
        let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
        say(&mut device, format!("db load {}%", bytes.len()).as_bytes());
        let (mut rest, mut sizes) = (&bytes[..], pieces.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap_or(&1)));
            rest = later;
            let digits: String = now.iter().map(|b| format!("{b:02x}")).collect();
            let answer = say(&mut device, format!("db {digits}%").as_bytes());
            let expected = if rest.is_empty() { "m-load-done\r\nm-ready\r\n" } else { "m-ready\r\n" };
            prop_assert_eq!(answer, expected);
        }
        let printed = say(&mut device, b"db print%");
        let printed: Vec<u8> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("m-buffer-"))
            .flat_map(|line| line.split('-'))
            .map(|byte| u8::from_str_radix(byte, 16).expect("two digits"))
            .collect();
        prop_assert_eq!(printed, bytes);
    }
}

#[test]
fn every_byte_alone_and_after_every_prefix_of_a_command() {
    let time = Time::default();
    for prefix in 0..=b"db load 3".len() {
        for byte in 0..=255_u8 {
            let mut buffer = [0; 4];
            let mut device =
                Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
            let mut out = Vec::new();
            for byte in b"db load 3"[..prefix].iter().chain(&[byte]) {
                device.push(*byte, &mut Grow(&mut out)).unwrap();
            }
            check_usable(&mut device);
        }
    }
}

#[test]
fn a_port_that_takes_nothing_or_lies_is_an_error_and_not_a_hang() {
    /// Says that it took this many bytes, whatever it was given.
    struct Lies(usize);
    impl ErrorType for Lies {
        type Error = ErrorKind;
    }
    impl Write for Lies {
        fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
            Ok(self.0)
        }
        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
    for taken in [0, 1000] {
        for byte in b"results" {
            assert_eq!(device.push(*byte, &mut Lies(taken)), Ok(()));
        }
        // The first piece of the answer is `m-results-[`.
        let error = device.push(b'%', &mut Lies(taken));
        assert_eq!(error, Err(PortError::Count { given: 11, taken }));
    }
    check_usable(&mut device);
}
