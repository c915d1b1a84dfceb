//! Motion features step by step: what two seconds of an accelerometer become, each step printed.
//!
//! ```text
//! cargo run -p kits-hal --example spectral
//! ```
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use kits_hal::dsp::{Band, Butterworth, DspError, Moments, Spectral, SpectralConfig, rfft};
use kits_hal::post::{ANOMALY_THRESHOLD, KMeans};

/// Samples a second of the lab's sensor.
const RATE: f32 = 62.5;
/// Samples in two seconds.
const WINDOW: usize = 125;
/// Samples in a segment of the spectrum.
const FFT: usize = 32;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    println!("1. window: {WINDOW} samples at {RATE} Hz of three axes, in m/s²");
    let (lift, sea) = (motion(&[(1.0, 2.5), (7.0, 0.4)]), motion(&[(0.3, 1.8)]));
    let x: Vec<f32> = lift.iter().copied().step_by(3).collect();
    row("   x", &x[..8]);

    let mean = Moments::of(&x).mean;
    let steady: Vec<f32> = x.iter().map(|x| x - mean).collect();
    let shape = Moments::of(&steady);
    println!("2. without its mean of {mean:.3}");
    row("   x", &steady[..8]);
    println!("3. how strong, lopsided and peaked");
    println!("   root of the mean square {:.4}", shape.second.sqrt());
    println!("   skewness {:.4}, kurtosis {:.4}", shape.skewness(), shape.kurtosis());

    println!("4. spectrum of the first segment, {FFT} samples");
    let mut segment = [0.0; FFT];
    segment.copy_from_slice(&steady[..FFT]);
    for (k, power) in (0_u16..).zip(rfft(&mut segment)?.powers()).take(8) {
        let hertz = f32::from(k) * RATE / 32.0;
        println!("   {hertz:6.2} Hz {power:9.3} {}", bar(*power));
    }

    let spectral = Spectral::new(SpectralConfig::new(RATE, FFT))?;
    let count = spectral.features();
    println!("5. the largest power of all segments, as logarithms: {count} features an axis");
    let features = run(&spectral, &lift)?;
    for (axis, row) in ["x", "y", "z"].iter().zip(features.chunks(count)) {
        print!("   {axis}");
        row.iter().take(9).for_each(|f| print!(" {f:7.3}"));
        println!(" …");
    }

    println!("6. the same behind a low-pass of 3 Hz, order 4");
    let mut filter = Butterworth::new(Band::Low, 4, 3.0, RATE)?;
    for section in filter.sections() {
        println!("   b {:?}, a {:?}", section.b, section.a);
    }
    let smooth: Vec<f32> = x.iter().map(|x| filter.step(x - mean)).collect();
    row("   x", &smooth[..8]);
    let config =
        SpectralConfig { filter: Some((Band::Low, 3.0, 4)), ..SpectralConfig::new(RATE, FFT) };
    println!("   {} features an axis are left", Spectral::new(config)?.features());

    println!("7. is another motion like this one?");
    // One cluster around what was just seen, with the strengths of the three axes as features.
    let strengths = |f: &[f32]| [f[0], f[count], f[2 * count]];
    let seen = strengths(&features);
    let clusters = KMeans::new(&seen, &[0.5; 3], &[0.0; 3], &[0.2])?;
    for (name, window) in [("the same", lift), ("a ship", sea)] {
        let score = clusters.score(&strengths(&run(&spectral, &window)?))?;
        let verdict = if score > ANOMALY_THRESHOLD { "an anomaly" } else { "known" };
        println!("   {name}: score {score:.2}, {verdict}");
    }
    Ok(())
}

fn run(spectral: &Spectral, window: &[f32]) -> Result<Vec<f32>, DspError> {
    let mut features = vec![0.0; spectral.features() * 3];
    let mut scratch = vec![0.0; spectral.scratch(WINDOW)];
    spectral.run(window, 3, &mut scratch, &mut features)?;
    Ok(features)
}

/// Swinging at some frequencies (Hz, m/s²), strongest on the third axis, which also feels gravity.
#[expect(clippy::cast_possible_truncation, reason = "rounding to f32")]
fn motion(swings: &[(f64, f64)]) -> Vec<f32> {
    let at = |i: u32, axis: u32| {
        let time = f64::from(i) / f64::from(RATE);
        let swing = |&(hertz, size): &(f64, f64)| {
            size * libm::sin(core::f64::consts::TAU * hertz * time + f64::from(axis))
        };
        let sum: f64 = swings.iter().map(swing).sum();
        (sum * f64::from(axis + 1) / 3.0 + if axis == 2 { 9.81 } else { 0.0 }) as f32
    };
    (0..WINDOW as u32).flat_map(|i| (0..3).map(move |axis| at(i, axis))).collect()
}

fn row(name: &str, values: &[f32]) {
    print!("{name}:");
    values.iter().for_each(|v| print!(" {v:.3}"));
    println!(" …");
}

/// A bar as long as the square root of a power.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short bar")]
fn bar(power: f32) -> String {
    "#".repeat((power.sqrt() as usize).min(40))
}
