//! Runs the networks of `tensors` within the memory of an Arduino Nano 33 BLE Sense (nRF52840), emulated.
//!
//! The library allocates, so all memory between statics and stack becomes a heap. What the answers cost is printed after
//! those of each network: instructions, the deepest stack, and the largest heap.
#![no_std]
#![no_main]

mod heap;

use core::fmt::Write as _;
use core::panic::PanicInfo;

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::ExitStatus;
use support::console::Console;
use support::counter::Counter;
use support::ram::{self, Stack};

use heap::Heap;

#[global_allocator]
static HEAP: Heap = Heap::empty();

/// The timer's clock on `mps2-an386`.
const TIMER_HZ: u32 = 25_000_000;

/// Kept for the stack.
const STACK_BYTES: usize = 32 * 1024;

#[entry]
fn main() -> ! {
    let mut out = Console::open();
    out.text("image tensors-board format=1 emulated=qemu").end();
    let Some((memory, stack, sizes)) = ram::split(STACK_BYTES) else {
        fail(&mut out, "memory", &"statics and stack leave no room for a heap")
    };
    let Some(counter) = Peripherals::take().map(|core| Counter::start(core.SYST, TIMER_HZ)) else {
        fail(&mut out, "memory", &"the timer is in use")
    };
    out.text("memory")
        .field("ram_bytes", sizes.ram as u64)
        .field("static_bytes", sizes.statics as u64)
        .field("stack_bytes", sizes.stack as u64)
        .field("heap_bytes", memory.len() as u64)
        .field("flash_used_bytes", sizes.flash as u64)
        .end();
    HEAP.give(memory);
    for (name, part) in tensors::PARTS {
        run(name, part, &counter, &stack, &mut out);
    }
    // A tensor larger than the memory is an error, not the end.
    if tensors::has_room_for(sizes.ram / size_of::<f32>()) {
        fail(&mut out, "memory", &"a tensor of the size of all memory was made");
    }
    out.text("done ok").end();
    support::end(ExitStatus::Ok(()))
}

/// Prints the answers of one network, then what they took.
fn run(name: &str, part: tensors::Part, counter: &Counter, stack: &Stack, out: &mut Console) {
    HEAP.restart();
    stack.paint();
    let start = counter.ticks();
    let answers = match part(out) {
        Ok(answers) => answers,
        Err(error) => fail(out, "run", &error),
    };
    let ticks = counter.ticks().saturating_sub(start);
    let Some(deepest) = stack.deepest() else {
        fail(out, "stack", &"the stack used all that is kept for it: keep more")
    };
    out.text("cost network=")
        .text(name)
        .field("answers", answers as u64)
        .field("instructions", counter.instructions(ticks))
        .field("deepest_stack_bytes", deepest as u64)
        .field("largest_heap_bytes", HEAP.largest() as u64)
        .field("kept_heap_bytes", HEAP.used() as u64)
        .end();
}

/// Prints an `error` line and ends the emulator with status 1.
fn fail(out: &mut Console, stage: &str, text: &dyn core::fmt::Display) -> ! {
    out.text("error stage=").text(stage).text(" text=");
    // The console never refuses text.
    let _ = write!(out, "{text}");
    out.end();
    out.text("done failed").end();
    support::end(ExitStatus::Err(()))
}

/// A library that allocates can panic: without memory at the latest.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    fail(&mut Console::open(), "panic", info)
}
