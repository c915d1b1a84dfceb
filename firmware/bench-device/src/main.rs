//! A device under test of the benchmark protocol: it answers on the serial port until the emulator is stopped.
//!
//! Time is that of the emulator's clock, one nanosecond per instruction: a count of instructions, not of a board's
//! microseconds.
#![no_std]
#![no_main]

mod uart;

use cortex_m_rt::entry;
use kits_hal::bench::{Network, NoPin, Preparation, Protocol, Settings};
use kits_hal::board::{Board, Need};
use kits_hal::hal::Clock;
use kits_hal::{Check, Model, Session};
use support::counter::Counter;
use support::device::Device;

use uart::Uart;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

static KIT: &[u8] = include_bytes!(env!("KIT_FILE"));

/// The counter as a clock.
struct Emulated<'c>(&'c Counter);

impl Clock for Emulated<'_> {
    fn micros(&self) -> u64 {
        self.0.instructions(self.0.ticks()) / 1000
    }
}

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "bench-device");
    let Ok(model) = Model::parse(core::hint::black_box(KIT), Check::Full) else {
        device.fail("load", "the container was refused");
    };
    let Some(counter) = device.counter.take() else {
        device.fail("calibration", "the board has no timer");
    };
    let memory = core::mem::take(&mut device.memory);
    let Some((arena, rest)) = memory.split_at_mut_checked(model.arena_len()) else {
        device.fail("arena", "the model needs more memory than the board has");
    };
    let Ok(session) = Session::new(&model, arena) else {
        device.fail("arena", "the model needs more memory than the board has");
    };
    let network = Network::new(session, Preparation::Raw);
    let Some(input) = rest.get_mut(..network.input_bytes()) else {
        device.fail("arena", "no memory is left for the input");
    };
    // Painted here, so that the deepest stack is that of inferences and answers.
    device.stack.paint();
    let stack = &device.stack;
    let deepest = || stack.deepest().and_then(|bytes| u32::try_from(bytes).ok());
    let need = Need {
        code_bytes: clip(device.sizes.flash.saturating_sub(KIT.len())),
        stack_bytes: clip(BOARD.stack_bytes),
        ..Need::for_model(&model)
    };
    let network = network.with_stack(&deepest).with_need(need);
    let settings = Settings {
        firmware: "bench-device, emulated: 1 ns per instruction",
        board: Board::by_id(BOARD.id).ok(),
        ..Settings::default()
    };
    let mut port = Uart::start();
    let mut protocol = Protocol::new(settings, input, network, Emulated(&counter), NoPin);
    // The port cannot fail: it waits until a byte is sent.
    let _ = protocol.start(&mut port);
    loop {
        let byte = port.receive();
        let _ = protocol.push(byte, &mut port);
    }
}

fn clip(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
