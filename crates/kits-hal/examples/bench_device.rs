//! A benchmark device on the host: speaks the protocol on standard input and output.
//!
//! It is what a board's `main` looks like with a serial port in place of the two streams:
//!
//! ```sh
//! cargo run -p kits-hal --example bench_device -- model.kit [raw|pixels|floats]
//! ```

use core::error::Error;
use std::io::{self, Read};

use embedded_io::ErrorKind;
use kits_hal::bench::{Network, NoPin, Preparation, Protocol, Settings};
use kits_hal::board::Board;
use kits_hal::hal::SystemClock;
use kits_hal::{Check, Model, Session};

/// Standard output as a serial port.
struct Port(io::Stdout);

impl embedded_io::ErrorType for Port {
    type Error = ErrorKind;
}

impl embedded_io::Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        io::Write::write(&mut self.0, bytes).map_err(|_| ErrorKind::BrokenPipe)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        io::Write::flush(&mut self.0).map_err(|_| ErrorKind::BrokenPipe)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give a .kit file")?;
    let preparation = match arguments.next().as_deref() {
        None | Some("raw") => Preparation::Raw,
        Some("pixels") => Preparation::Pixels,
        Some("floats") => Preparation::Floats,
        Some(other) => return Err(format!("`{other}`: give raw, pixels or floats").into()),
    };
    let bytes = std::fs::read(path)?;
    let model = Model::parse(&bytes, Check::Full)?;
    let mut arena = vec![0; model.arena_len()];
    let network = Network::new(Session::new(&model, &mut arena)?, preparation);
    let mut input = vec![0; network.input_bytes()];

    let settings = Settings { board: Some(Board::by_id("nano33ble")?), ..Settings::default() };
    let mut device = Protocol::new(settings, &mut input, network, SystemClock::new(), NoPin);
    let mut port = Port(io::stdout());
    device.start(&mut port)?;
    for byte in io::stdin().lock().bytes() {
        device.push(byte?, &mut port)?;
    }
    Ok(())
}
