//! Counts the instructions of one inference, operator by operator, on an emulated core.
//!
//! The model is not part of the image: the emulator loads its container into RAM, so one image per core measures
//! every model. Each operator is also run by the plain kernels, and both results are printed as checksums.
#![no_std]
#![no_main]

use core::fmt::{Display, Write as _};

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::ExitStatus;
use kits_hal::{Check, Model, RunError, Session, Step, crc32};
use support::console::Console;
use support::counter::{CALIBRATION_INSTRUCTIONS, Counter};
use support::{end, ram};

/// Where the emulator loads the container.
const KIT_AT: usize = 0x2100_0000;
/// The most a container may announce: what the smaller machine has there.
const KIT_MOST: usize = 2 << 20;
const STACK_BYTES: usize = 8 * 1024;
/// Not asked for its time: the reader of the ticks knows the machine's clock.
const TIMER_HZ: u32 = 1;
/// Seed of the input, the one of the published counts.
const SEED: u64 = 1000;
/// Small models run until they did about this many multiply-accumulates, against the resolution of the timer.
const MACS_WORTH_MEASURING: u64 = 1 << 21;
const MOST_RUNS: u64 = 64;

/// Why the program ended early. The console has said so when this is returned.
struct Failed;

#[entry]
fn main() -> ! {
    let mut out = Console::open();
    out.text("image meter format=1 emulated=qemu").end();
    let counter = Peripherals::take().map(|core| Counter::start(core.SYST, TIMER_HZ));
    let status = match counter.ok_or(Failed).and_then(|counter| measure(&counter, &mut out)) {
        Ok(()) => {
            out.text("done ok").end();
            ExitStatus::Ok(())
        }
        Err(Failed) => {
            out.text("done failed").end();
            ExitStatus::Err(())
        }
    };
    end(status)
}

fn measure(counter: &Counter, out: &mut Console) -> Result<(), Failed> {
    let Some((arena, stack, _)) = ram::split(STACK_BYTES) else {
        return fail(out, "memory", "statics and stack leave no room for an arena");
    };
    out.text("calibration")
        .field("loop_instructions", CALIBRATION_INSTRUCTIONS.into())
        .field("ticks", counter.calibrate())
        .end();
    let model = Model::parse(container(), Check::Full).or_else(|e| fail(out, "load", e))?;
    let memory = model.memory();
    out.text("model")
        .field("kit_bytes", model.len() as u64)
        .field("arena_bytes", memory.arena as u64)
        .field("scratch_bytes", memory.scratch as u64)
        .field("macs", model.macs())
        .end();
    operators(&model, arena, Kernels::Plain, counter, out)?;
    operators(&model, arena, Kernels::Fast, counter, out)?;
    let mut session = Session::new(&model, arena).or_else(|e| fail(out, "arena", e))?;
    let runs = MACS_WORTH_MEASURING.checked_div(model.macs()).unwrap_or(0).clamp(1, MOST_RUNS);
    let mut ticks = 0;
    let in_use = stack.in_use();
    stack.paint();
    for _ in 0..runs {
        fill(&mut session).or_else(|e| fail(out, "run", e))?;
        let start = counter.ticks();
        let ran = session.run();
        ticks += counter.ticks().saturating_sub(start);
        ran.or_else(|e| fail(out, "run", e))?;
    }
    let deepest = stack.deepest().unwrap_or(usize::MAX);
    let output = session.output::<i8>(0).or_else(|e| fail(out, "run", e))?;
    out.text("run").field("runs", runs).field("ticks", ticks);
    out.field("stack_bytes", deepest.saturating_sub(in_use) as u64);
    out.text(" outputs=").hex(output).end();
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kernels {
    Plain,
    Fast,
}

/// Runs the model one operator at a time and prints the ticks of each, and a checksum of all activations after it.
fn operators(
    model: &Model<'_>,
    arena: &mut [u8],
    kernels: Kernels,
    counter: &Counter,
    out: &mut Console,
) -> Result<(), Failed> {
    let activations = model.memory().arena;
    arena.fill(0);
    let mut session = match kernels {
        Kernels::Plain => Session::plain(model, arena),
        Kernels::Fast => Session::new(model, arena),
    }
    .or_else(|e| fail(out, "arena", e))?;
    fill(&mut session).or_else(|e| fail(out, "run", e))?;
    for op in model.ops() {
        let start = counter.ticks();
        let step = session.step();
        let ticks = counter.ticks().saturating_sub(start);
        let step = step.or_else(|e| fail(out, "run", e))?;
        let written = session.memory_mut().get(..activations).unwrap_or(&[]);
        out.text(if kernels == Kernels::Plain { "plain" } else { "fast" })
            .field("op", op.index.into())
            .text(" name=")
            .text(op.name())
            .field("macs", op.macs)
            .field("ticks", ticks)
            .field("crc", crc32(written).into())
            .end();
        if step == Step::Done {
            break;
        }
    }
    Ok(())
}

/// Writes the bytes of SplitMix64 into the inputs.
fn fill(session: &mut Session<'_, '_>) -> Result<(), RunError> {
    let mut state = SEED;
    let mut word = [0; 8];
    let mut used = word.len();
    for index in 0..session.model().n_inputs() {
        for to in session.input::<i8>(index)? {
            if used == word.len() {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                word = (z ^ (z >> 31)).to_le_bytes();
                used = 0;
            }
            *to = word.get(used).map_or(0, |byte| byte.cast_signed());
            used = used.wrapping_add(1);
        }
    }
    Ok(())
}

/// Returns the bytes that the emulator loaded: as many as the header announces.
#[expect(unsafe_code, reason = "the emulator, not the linker, places the container")]
fn container() -> &'static [u8] {
    let at = core::hint::black_box(KIT_AT);
    // SAFETY: both machines have RAM there which nothing else uses; any byte pattern is a valid `u8`.
    let all = unsafe {
        core::slice::from_raw_parts(core::ptr::with_exposed_provenance::<u8>(at), KIT_MOST)
    };
    let announced =
        all.get(8..12).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b));
    usize::try_from(announced).ok().and_then(|len| all.get(..len)).unwrap_or(all)
}

/// Prints `error stage=... text=...`; the text is the rest of the line.
fn fail<T>(out: &mut Console, stage: &str, text: impl Display) -> Result<T, Failed> {
    out.text("error stage=").text(stage).text(" text=");
    // The console never refuses text.
    let _ = write!(out, "{text}");
    out.end();
    Err(Failed)
}
