//! Spots a keyword in a recorded second of sound: samples, features, network, answer.
//!
//! On the 16 KiB of a micro:bit the network's arena leaves 2 KiB for all else: the features are computed first, frame by
//! frame in the memory that the network gets afterwards, and kept as bytes.
#![no_std]
#![no_main]

use core::fmt::Display;

use cortex_m_rt::entry;
use kits_hal::dsp::KwsMfcc;
use kits_hal::{Check, Model, Session};
use support::device::Device;

include!(concat!(env!("OUT_DIR"), "/board.rs"));
// GIVEN: Option<Given>
include!(concat!(env!("OUT_DIR"), "/given.rs"));

/// What the build was given.
struct Given {
    /// The container.
    kit: &'static [u8],
    /// One second of sound at 16 kHz.
    clip: &'static [i16],
    /// The features that the training scripts compute from it, as the network takes them.
    features: &'static [u8],
}

const FRAME: usize = 480;
const STRIDE: usize = 320;
const COEFFICIENTS: usize = 10;
const FEATURES: usize = 490;

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "kws");
    let Some(given) = &GIVEN else {
        device.out.text("skipped kws: the build was not given KITS_DATA_DIR").end();
        device.end(true);
    };
    match spot(&mut device, given) {
        Ok(()) => device.end(true),
        Err(stage) => device.fail(stage, "see the lines above"),
    }
}

/// Prints what went wrong and returns where.
fn at<E: Display>(device: &mut Device, stage: &'static str) -> impl FnOnce(E) -> &'static str {
    use core::fmt::Write as _;
    move |error| {
        // The console never refuses text.
        let _ = write!(device.out, "{error}");
        device.out.end();
        stage
    }
}

fn spot(device: &mut Device, given: &Given) -> Result<(), &'static str> {
    let kit = core::hint::black_box(given.kit);
    let model = Model::parse_core(kit, Check::Full).map_err(at(device, "load"))?;
    let ticks = |device: &Device| device.counter.as_ref().map_or(0, |counter| counter.ticks());
    let start = ticks(device);

    let memory = core::mem::take(&mut device.memory);
    let (features, arena) = memory.split_at_mut_checked(FEATURES).ok_or("memory")?;
    let features = bytemuck::must_cast_slice_mut::<u8, i8>(features);
    let input = model.input(0).ok_or("load")?;
    let words = arena.as_ptr().align_offset(align_of::<f32>());
    let scratch = arena.get_mut(words..).and_then(|rest| rest.get_mut(..KwsMfcc::SCRATCH * 4));
    let scratch: &mut [f32] =
        scratch.and_then(|bytes| bytemuck::try_cast_slice_mut(bytes).ok()).ok_or("memory")?;
    let largest = given.clip.iter().fold(i16::MIN, |a, b| a.max(*b));
    for (t, out) in features.chunks_exact_mut(COEFFICIENTS).enumerate() {
        let frame = given.clip.get(t * STRIDE..).and_then(|rest| rest.first_chunk::<FRAME>());
        let (Some(frame), Some(scratch)) = (frame, scratch.first_chunk_mut()) else {
            return Err("features");
        };
        let mut coefficients = [0.0; COEFFICIENTS];
        KwsMfcc.features(frame, largest.into(), scratch, &mut coefficients);
        for (to, from) in out.iter_mut().zip(coefficients) {
            *to = quantize(from, input.scale, input.zero_point);
        }
    }
    let heard = ticks(device);

    let mut session = Session::core(&model, arena).map_err(at(device, "arena"))?;
    session.set_input::<i8>(0, features).map_err(at(device, "run"))?;
    session.run().map_err(at(device, "run"))?;
    let scores = session.output::<i8>(0).map_err(at(device, "run"))?;
    let answered = ticks(device);

    let differences = features.iter().zip(given.features).map(|(a, b)| a.abs_diff(b.cast_signed()));
    let (class, score) = scores
        .iter()
        .enumerate()
        .fold((0, i8::MIN), |best, (i, score)| if *score > best.1 { (i, *score) } else { best });
    device
        .out
        .text("kws")
        .field("class", class as u64)
        .field("score_of_256", u64::from((i16::from(score) + 128).unsigned_abs()))
        .field("features", features.len() as u64)
        .field("features_that_differ", differences.clone().filter(|d| *d > 0).count() as u64)
        .field("largest_difference", differences.max().unwrap_or(u8::MAX).into())
        .field("arena_bytes", model.arena_len() as u64);
    if let Some(counter) = &device.counter {
        let span = |from: u64, to: u64| counter.instructions(to.saturating_sub(from));
        device
            .out
            .field("feature_instructions", span(start, heard))
            .field("network_instructions", span(heard, answered));
    }
    device.out.text(" outputs=").hex(scores).end();
    Ok(())
}

/// Returns the byte that stands for `x`: rounded half away from zero, clamped.
fn quantize(x: f32, scale: f32, zero: i16) -> i8 {
    let x = x / scale;
    let rounded = if x < 0.0 { x - 0.5 } else { x + 0.5 };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, the clamp is a byte's range"
    )]
    let byte = (rounded as i32).saturating_add(zero.into()).clamp(-128, 127) as i8;
    byte
}
