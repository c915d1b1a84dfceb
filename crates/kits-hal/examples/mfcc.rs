//! Keyword features step by step: from samples to cepstral coefficients, each step printed.
//!
//! ```text
//! cargo run -p kits-hal --example mfcc [clip.pcm]
//! ```
//!
//! The clip holds 16-bit samples at 16 kHz, one channel, little endian; without one, a rising tone is made.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use kits_hal::dsp::{KwsMfcc, MicroFront, Rfft, frames, window};
use kits_hal::pre::quantize_all;

/// Samples in a frame: 30 ms at 16 kHz.
const FRAME: usize = 480;
/// Samples from frame to frame: 20 ms.
const STRIDE: usize = 320;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let clip = match std::env::args().nth(1) {
        Some(path) => read(&path)?,
        None => rising_tone(),
    };
    let n = frames(clip.len(), FRAME, STRIDE);
    println!("1. clip: {} samples, {n} frames of {FRAME} every {STRIDE}", clip.len());
    let t = loudest(&clip, n).ok_or("the clip is shorter than a frame")?;
    let frame: &[i16; FRAME] = clip[t * STRIDE..].first_chunk().ok_or("the frame is cut off")?;
    println!("   the loudest is frame {t}");
    row("   samples", &frame.map(f32::from), 8);

    let largest = clip.iter().copied().max().map_or(1.0, f32::from);
    println!("2. divided by the largest sample of the clip, {largest}, and faded in and out");
    let mut hann = [0.0; FRAME];
    window::hann(&mut hann);
    let mut padded = [0.0; 512];
    for ((place, x), w) in padded.iter_mut().zip(frame).zip(&hann) {
        *place = f32::from(*x) / largest * w;
    }
    row("   around the middle", &padded[236..], 8);

    let powers = Rfft::<512>.bins(&mut padded).powers();
    let (peak, power) =
        (1..).zip(&powers[1..]).fold((0, 0.0), |a, b| if *b.1 > a.1 { (b.0, *b.1) } else { a });
    println!("3. spectrum: {} bins of 31.25 Hz", powers.len());
    println!("   most power at {} Hz: {power:.3}", f64::from(peak) * 31.25);

    let mut features = vec![0.0; n * 10];
    KwsMfcc.clip(&clip, &mut [0.0; KwsMfcc::SCRATCH], &mut features)?;
    println!("4. 40 mel bands, logarithm, cosine transform: 10 coefficients for each frame");
    for (t, row) in features.chunks(10).enumerate().step_by(n.div_ceil(6)) {
        print!("   frame {t:2}");
        row.iter().for_each(|c| print!(" {c:7.2}"));
        println!();
    }

    // Scale and zero point of the keyword model's input.
    let (scale, zero) = (0.584_7, 83);
    let mut input = vec![0; features.len()];
    quantize_all(&features, scale, zero, &mut input)?;
    println!("5. quantised with scale {scale} and zero point {zero}: {} bytes", input.len());
    println!("   frame {t}: {:?}", &input[t * 10..][..10]);

    println!("6. the same frames in integers only, for the smaller speech model");
    integers(&clip, t);
    Ok(())
}

/// Shows every stage of the integer front end for one channel of frame `shown`.
fn integers(clip: &[i16], shown: usize) {
    let mut front = MicroFront::new();
    let mut scratch = [0; MicroFront::SCRATCH];
    let mut features = [0; 40];
    for t in 0..=shown {
        let Some(frame) = clip[t * STRIDE..].first_chunk() else { return };
        front.traced(frame, &mut scratch, &mut features, |stage, i, value| {
            // Channel 20 lies around 1.2 kHz.
            let named = format!("{stage:?}");
            if t == shown && i == 20 && !matches!(named.as_str(), "Window" | "Energy") {
                println!("   frame {t}, channel 20: {named} {value}");
            }
        });
    }
    println!("   frame {shown}: {features:?}");
}

fn read(path: &str) -> Result<Vec<i16>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("mfcc: {path}: {e}"))?;
    Ok(bytes.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect())
}

/// One second from 200 to 3000 Hz, louder in the middle.
#[expect(clippy::cast_possible_truncation, reason = "at most 12 000")]
fn rising_tone() -> Vec<i16> {
    (0..16_000)
        .map(|i| {
            let s = f64::from(i) / 16_000.0;
            let loud = 12_000.0 * libm::sin(core::f64::consts::PI * s);
            (loud * libm::sin(core::f64::consts::TAU * (200.0 * s + 1400.0 * s * s))) as i16
        })
        .collect()
}

/// Returns the frame with the most energy.
fn loudest(clip: &[i16], n: usize) -> Option<usize> {
    let energy = |t: &usize| -> i64 {
        clip[t * STRIDE..][..FRAME].iter().map(|x| i64::from(*x) * i64::from(*x)).sum()
    };
    (0..n).max_by_key(energy)
}

fn row(name: &str, values: &[f32], count: usize) {
    print!("{name}:");
    values.iter().take(count).for_each(|v| print!(" {v:.3}"));
    println!(" …");
}
