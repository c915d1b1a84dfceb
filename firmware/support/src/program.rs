//! The program of every image: check the model once, run each input through it, print outputs and counts, end.
//!
//! The lines it prints are described in `firmware/README.md`.

use core::fmt::{Display, Write as _};

use cortex_m_semihosting::debug::{self, ExitStatus};
use kits_hal::{Check, Model, RunError, Session};

use crate::console::Console;
use crate::counter::{CALIBRATION_INSTRUCTIONS, Counter};
use crate::ram::{self, Sizes, Stack};

/// What one image runs.
#[derive(Debug, Clone, Copy)]
pub struct Image {
    /// The id of the board whose memory sizes the image is linked for.
    pub board: &'static str,
    /// The `.kit` container.
    pub kit: &'static [u8],
    /// Inputs, int8, one after the other; a model with several inputs takes them in order.
    pub inputs: &'static [u8],
    /// Bytes kept for the stack.
    pub stack_bytes: usize,
}

/// Why the program ended early. The console has said so when this is returned.
#[derive(Debug)]
pub(crate) struct Failed;

/// What all inferences so far took.
#[derive(Debug)]
struct Counts {
    inferences: u64,
    ticks: u64,
    ticks_min: u64,
    ticks_max: u64,
    /// Deepest stack below the call of an inference, in bytes.
    run_stack: usize,
    /// Deepest stack of the program while an inference ran, in bytes.
    deepest_stack: usize,
}

/// Runs the image and ends the emulator: status 0, or 1 after an `error` line.
pub fn run(image: &Image, counter: Option<&Counter>) -> ! {
    let mut out = Console::open();
    out.text("image ").text(image.board).text(" format=1 emulated=qemu").end();
    let status = match measure(image, counter, &mut out) {
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

/// Ends the emulator; waits for ever where no host listens.
pub fn end(status: ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}

fn measure(image: &Image, counter: Option<&Counter>, out: &mut Console) -> Result<(), Failed> {
    let Some((arena, stack, sizes)) = ram::split(image.stack_bytes) else {
        return fail(out, "memory", "statics and stack leave no room for an arena");
    };
    stack.paint();
    if let Some(counter) = counter {
        calibrate(counter, out)?;
    }
    let arena_have = wide(arena.len());
    out.text("memory")
        .field("ram_bytes", wide(sizes.ram))
        .field("static_bytes", wide(sizes.statics))
        .field("stack_bytes", wide(sizes.stack))
        .field("arena_bytes", arena_have)
        .field("flash_used_bytes", wide(sizes.flash))
        .field("code_bytes", code_bytes(image, sizes))
        .end();
    // Hidden from the compiler, which would otherwise compile the runtime for this one model.
    let kit = core::hint::black_box(image.kit);
    let model = Model::parse(kit, Check::Full).or_else(|e| fail(out, "load", e))?;
    let memory = model.memory();
    out.text("model")
        .field("kit_bytes", wide(model.len()))
        .field("arena_bytes", wide(memory.arena))
        .field("scratch_bytes", wide(memory.scratch))
        .field("input_bytes", wide(memory.input))
        .field("output_bytes", wide(memory.output))
        .field("macs", model.macs())
        .end();
    let mut session = Session::new(&model, arena).or_else(|e| fail(out, "arena", e))?;
    let samples = image.inputs.chunks_exact(memory.input.max(1));
    if samples.len() == 0 || !samples.remainder().is_empty() {
        out.text("error stage=inputs text=the file does not hold whole inputs:");
        out.field("file_bytes", wide(image.inputs.len()))
            .field("input_bytes", wide(memory.input))
            .end();
        return Err(Failed);
    }
    let mut counts = Counts {
        inferences: 0,
        ticks: 0,
        ticks_min: u64::MAX,
        ticks_max: 0,
        run_stack: 0,
        deepest_stack: 0,
    };
    for sample in samples {
        fill(&mut session, sample).or_else(|e| fail(out, "run", e))?;
        let ticks = counts.run(&mut session, &stack, counter, out)?;
        out.text("result").field("index", counts.inferences.saturating_sub(1));
        if counter.is_some() {
            out.field("instructions", instructions(counter, ticks));
        }
        out.text(" outputs=");
        for index in 0..session.model().n_outputs() {
            let output = session.output::<i8>(index).or_else(|e| fail(out, "run", e))?;
            out.hex(output);
        }
        out.end();
    }
    counts.print(counter, out);
    Ok(())
}

/// Checks that the emulator counts instructions the way the counter expects.
pub(crate) fn calibrate(counter: &Counter, out: &mut Console) -> Result<(), Failed> {
    let ticks = counter.calibrate();
    let loop_instructions = u64::from(CALIBRATION_INSTRUCTIONS);
    out.text("calibration")
        .field("loop_instructions", loop_instructions)
        .field("ticks", ticks)
        .field("instructions_per_tick", counter.instructions(1))
        .field("timer_hz", counter.hz().into())
        .end();
    // Reading the timer adds a few instructions; a percent is far more.
    if counter.instructions(ticks).abs_diff(loop_instructions) > loop_instructions / 100 {
        return fail(
            out,
            "calibration",
            "the timer does not count instructions: run the emulator with -icount shift=0",
        );
    }
    Ok(())
}

/// Copies one sample into the inputs.
fn fill(session: &mut Session<'_, '_>, sample: &[u8]) -> Result<(), RunError> {
    let mut bytes = sample.iter();
    for index in 0..session.model().n_inputs() {
        for (to, from) in session.input::<i8>(index)?.iter_mut().zip(&mut bytes) {
            *to = from.cast_signed();
        }
    }
    Ok(())
}

impl Counts {
    /// Runs one inference and adds what it took; returns its ticks.
    fn run(
        &mut self,
        session: &mut Session<'_, '_>,
        stack: &Stack,
        counter: Option<&Counter>,
        out: &mut Console,
    ) -> Result<u64, Failed> {
        let in_use = stack.in_use();
        stack.paint();
        let start = counter.map_or(0, Counter::ticks);
        let ran = session.run();
        let ticks = counter.map_or(0, Counter::ticks).saturating_sub(start);
        ran.or_else(|e| fail(out, "run", e))?;
        let Some(deepest) = stack.deepest() else {
            return fail(out, "stack", "the stack used all that is kept for it: keep more");
        };
        self.inferences = self.inferences.saturating_add(1);
        self.ticks = self.ticks.saturating_add(ticks);
        self.ticks_min = self.ticks_min.min(ticks);
        self.ticks_max = self.ticks_max.max(ticks);
        self.deepest_stack = self.deepest_stack.max(deepest);
        self.run_stack = self.run_stack.max(deepest.saturating_sub(in_use));
        Ok(ticks)
    }

    fn print(&self, counter: Option<&Counter>, out: &mut Console) {
        out.text("summary")
            .field("inferences", self.inferences)
            .field("run_stack_bytes", wide(self.run_stack))
            .field("deepest_stack_bytes", wide(self.deepest_stack));
        if counter.is_some() {
            let mean = instructions(counter, self.ticks).checked_div(self.inferences).unwrap_or(0);
            out.field("instructions_min", instructions(counter, self.ticks_min))
                .field("instructions_mean", mean)
                .field("instructions_max", instructions(counter, self.ticks_max));
        }
        out.end();
    }
}

/// Flash without the model and its inputs.
fn code_bytes(image: &Image, sizes: Sizes) -> u64 {
    wide(sizes.flash.saturating_sub(image.kit.len()).saturating_sub(image.inputs.len()))
}

fn instructions(counter: Option<&Counter>, ticks: u64) -> u64 {
    counter.map_or(0, |counter| counter.instructions(ticks))
}

const fn wide(bytes: usize) -> u64 {
    bytes as u64
}

/// Prints `error stage=... text=...`; the text is the rest of the line.
fn fail<T>(out: &mut Console, stage: &str, text: impl Display) -> Result<T, Failed> {
    out.text("error stage=").text(stage).text(" text=");
    // The console never refuses text.
    let _ = write!(out, "{text}");
    out.end();
    Err(Failed)
}
