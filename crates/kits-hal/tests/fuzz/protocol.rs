//! What must hold for any bytes on the serial port of a benchmark device.

use core::cell::Cell;
use core::convert::Infallible;

use kits_hal::bench::{Network, NoPin, Preparation, Protocol, Settings};
use kits_hal::board::BOARDS;
use kits_hal::hal::Clock;
use kits_hal::{Check, Model, Session};

/// Bytes around the input buffer that must not change.
const GUARD: usize = 32;
const MARK: u8 = 0xA5;

/// Counts its readings.
struct Readings(Cell<u64>);

impl Clock for Readings {
    fn micros(&self) -> u64 {
        self.0.replace(self.0.get() + 1)
    }
}

/// Keeps the last answer.
struct Answer(String);

impl embedded_io::ErrorType for Answer {
    type Error = Infallible;
}

impl embedded_io::Write for Answer {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.push_str(core::str::from_utf8(bytes).expect("answers are ASCII"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The device answers every `%`, stays inside its buffer, and works as a new one does afterwards.
pub(crate) fn protocol(kit: &[u8], bytes: &[u8]) {
    let model = Model::parse(kit, Check::Full).expect("a good container");
    let mut arena = vec![0; model.arena_len()];
    let session = Session::new(&model, &mut arena).expect("enough memory");
    let network = Network::new(session, Preparation::Raw);
    let n = network.input_bytes();
    let mut memory = vec![MARK; GUARD + n + GUARD];
    let settings = Settings { board: BOARDS.first(), max_iterations: 20, ..Settings::default() };
    let buffer = &mut memory[GUARD..GUARD + n];
    let mut device = Protocol::new(settings, buffer, network, Readings(Cell::new(0)), NoPin);
    let mut say = |bytes: &[u8]| {
        let mut answer = Answer(String::new());
        for byte in bytes {
            let before = answer.0.len();
            device.push(*byte, &mut answer).expect("a string takes everything");
            let said = &answer.0[before..];
            assert_eq!(said.ends_with("m-ready\r\n"), *byte == b'%', "{said:?}");
        }
        answer.0
    };
    say(bytes);
    say(b"%");
    let announced = say(format!("db load {n}%").as_bytes());
    assert_eq!(announced, format!("m-[Expecting {n} bytes]\r\nm-ready\r\n"));
    let lines: Vec<String> = (0..n).step_by(31).map(|at| "80".repeat(31.min(n - at))).collect();
    let last = lines.iter().map(|digits| say(format!("db {digits}%").as_bytes())).last();
    assert_eq!(last.as_deref(), Some("m-load-done\r\nm-ready\r\n"));
    let first = say(b"infer 1 0%");
    assert!(first.contains("m-infer-done\r\nm-results-["), "{first}");
    assert_eq!(say(b"infer 2 1%results%").matches("m-results-[").count(), 2);
    assert!(memory[..GUARD].iter().chain(&memory[GUARD + n..]).all(|byte| *byte == MARK));
}
