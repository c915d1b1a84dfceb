//! The first serial port of the emulated machines `mps2-an386` and `mps2-an500`.
//!
//! Source of the registers: Arm Cortex-M System Design Kit Technical Reference Manual, section "APB UART".
#![expect(unsafe_code, reason = "registers of the machine")]

use core::convert::Infallible;

use embedded_io::{ErrorType, Write};

const DATA: *mut u32 = core::ptr::with_exposed_provenance_mut(0x4000_4000);
const STATE: *mut u32 = core::ptr::with_exposed_provenance_mut(0x4000_4004);
const CONTROL: *mut u32 = core::ptr::with_exposed_provenance_mut(0x4000_4008);
const DIVISOR: *mut u32 = core::ptr::with_exposed_provenance_mut(0x4000_4010);

/// Bits of the state.
const SENDING: u32 = 1 << 0;
const RECEIVED: u32 = 1 << 1;

/// The serial port.
#[derive(Debug)]
pub(crate) struct Uart {
    _started: (),
}

impl Uart {
    /// Switches sender and receiver on.
    pub(crate) fn start() -> Self {
        // SAFETY: the register holds the divisor of the clock, at least 16; the emulator ignores the rate.
        unsafe { DIVISOR.write_volatile(16) };
        // SAFETY: bit 0 switches the sender on, bit 1 the receiver.
        unsafe { CONTROL.write_volatile(0b11) };
        Self { _started: () }
    }

    fn state(&self) -> u32 {
        // SAFETY: the register may be read at any time.
        unsafe { STATE.read_volatile() }
    }

    /// Waits for a byte.
    pub(crate) fn receive(&mut self) -> u8 {
        while self.state() & RECEIVED == 0 {
            core::hint::spin_loop();
        }
        // SAFETY: the register holds the byte received; reading takes it out.
        let word = unsafe { DATA.read_volatile() };
        word.to_le_bytes()[0]
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
    /// Sends one byte at a time.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Some(byte) = bytes.first() else { return Ok(0) };
        while self.state() & SENDING != 0 {
            core::hint::spin_loop();
        }
        // SAFETY: the register takes a byte to send, and the sender is free.
        unsafe { DATA.write_volatile((*byte).into()) };
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
