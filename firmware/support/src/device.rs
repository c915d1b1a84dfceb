//! The board a program starts on: console, memory and timer, and the lines every program prints about them.

use cortex_m::Peripherals;
use cortex_m_semihosting::debug::ExitStatus;

use crate::console::Console;
use crate::counter::Counter;
use crate::program::{calibrate, end};
use crate::ram::{self, Sizes, Stack};

/// What differs between the boards a program can be linked for.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    /// The id of the board table of `kits_hal`.
    pub id: &'static str,
    /// Bytes kept for the stack.
    pub stack_bytes: usize,
    /// Clock of the emulated SysTick timer in hertz; 0 if there is none.
    pub timer_hz: u32,
}

impl Board {
    /// Starts the timer that counts instructions, if the board has one and nobody took it.
    #[must_use]
    pub fn counter(&self) -> Option<Counter> {
        if self.timer_hz == 0 {
            return None;
        }
        Peripherals::take().map(|core| Counter::start(core.SYST, self.timer_hz))
    }
}

/// A started board.
#[derive(Debug)]
pub struct Device {
    /// Text to the host.
    pub out: Console,
    /// All RAM between statics and stack.
    pub memory: &'static mut [u8],
    /// The stack's reservation.
    pub stack: Stack,
    /// Sizes of the image.
    pub sizes: Sizes,
    /// Counts instructions, where the board can.
    pub counter: Option<Counter>,
}

impl Device {
    /// Starts `program` on a board and prints the records `image`, `calibration` and `memory`.
    ///
    /// Ends the emulator with status 1 if there is no memory left, or the timer does not count instructions.
    #[must_use]
    pub fn start(board: &Board, program: &str) -> Self {
        let mut out = Console::open();
        out.text("image ").text(program).text(" board=").text(board.id);
        out.text(" format=1 emulated=qemu").end();
        let Some((memory, stack, sizes)) = ram::split(board.stack_bytes) else {
            fail(&mut out, "memory", "statics and stack leave no room for an arena");
        };
        stack.paint();
        let counter = board.counter();
        if let Some(counter) = &counter
            && calibrate(counter, &mut out).is_err()
        {
            ended(&mut out, false);
        }
        out.text("memory")
            .field("ram_bytes", sizes.ram as u64)
            .field("static_bytes", sizes.statics as u64)
            .field("stack_bytes", sizes.stack as u64)
            .field("arena_bytes", memory.len() as u64)
            .field("flash_used_bytes", sizes.flash as u64)
            .end();
        Self { out, memory, stack, sizes, counter }
    }

    /// Prints how deep the stack went, then `done`, and ends the emulator: status 0 if `ok`, otherwise 1.
    pub fn end(mut self, ok: bool) -> ! {
        let Some(deepest) = self.stack.deepest() else {
            fail(&mut self.out, "stack", "the stack used all that is kept for it: keep more");
        };
        self.out.text("stack").field("deepest_bytes", deepest as u64).end();
        ended(&mut self.out, ok)
    }

    /// Prints an `error` record, then `done failed`, and ends the emulator with status 1.
    pub fn fail(mut self, stage: &str, text: &str) -> ! {
        fail(&mut self.out, stage, text)
    }
}

fn fail(out: &mut Console, stage: &str, text: &str) -> ! {
    out.text("error stage=").text(stage).text(" text=").text(text).end();
    ended(out, false)
}

fn ended(out: &mut Console, ok: bool) -> ! {
    out.text(if ok { "done ok" } else { "done failed" }).end();
    end(if ok { ExitStatus::Ok(()) } else { ExitStatus::Err(()) })
}
