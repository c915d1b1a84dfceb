//! Features of sound against double precision, on random clips and configurations.

use kits_hal::dsp::{
    AdLogMel, Buffer, DspError, KwsMfcc, MelConfig, Mfcc, Mfe, MicroFront, Stage, SwwLfbe,
};

use crate::{
    Random,
    oracle::{self, Studio},
};

/// Logarithms within 1e-3.
#[track_caller]
fn close(found: &[f32], exact: &[f64], what: &str) {
    assert_eq!(found.len(), exact.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(exact).enumerate() {
        assert!((f64::from(*f) - e).abs() <= 1e-3, "{what}, {i}: {f} is not {e}");
    }
}

fn wide(clip: &[i16]) -> Vec<f64> {
    clip.iter().copied().map(f64::from).collect()
}

#[test]
fn fixed_blocks_agree_with_their_definitions() {
    let mut random = Random(4);
    for round in 0..4 {
        let len = 1100 + random.below(1500);
        let clip = random.clip(len);
        let exact = wide(&clip);
        let mut scratch = [0.0; 1024];

        let mut out = vec![0.0; kits_hal::dsp::frames(len, 480, 320) * 10];
        KwsMfcc.clip(&clip, &mut scratch, &mut out).unwrap();
        close(&out, &oracle::kws_mfcc(&exact), &format!("kws {round}"));

        let frames = AdLogMel::frames(len);
        let mut out = vec![0.0; frames * 128];
        AdLogMel.clip(&clip, 0, &mut scratch, &mut out).unwrap();
        close(&out, &oracle::ad_log_mel(&exact, frames), &format!("ad {round}"));
        // From the middle on: the same frames.
        let mut rest = vec![0.0; (frames - 1) * 128];
        AdLogMel.clip(&clip, 1, &mut scratch, &mut rest).unwrap();
        assert_eq!(rest, out[128..]);

        let mut all = Vec::new();
        for start in (0..len).step_by(512) {
            let Some(frame) = clip[start..].first_chunk() else { break };
            let before = if start == 0 { 0 } else { clip[start - 1] };
            let mut out = [0.0; 40];
            SwwLfbe.features(before, frame, &mut scratch, &mut out);
            all.extend(out);
        }
        close(&all, &oracle::sww_lfbe(&exact), &format!("sww {round}"));
    }
}

#[test]
fn adjustable_blocks_agree_with_their_definitions() {
    let mut random = Random(5);
    for round in 0..30 {
        let stride = 80 + random.below(300);
        let studio = Studio {
            frame: stride + random.below(200),
            stride,
            fft: random.pick(&[64, 128, 256, 512]),
            filters: 32,
            low: random.pick(&[0.0, 20.0, 300.0]),
            high: random.pick(&[3800.0, 7600.0, 8000.0]),
        };
        let config = MelConfig {
            frame: studio.frame as f32 / 16_000.0,
            stride: studio.stride as f32 / 16_000.0,
            fft: studio.fft,
            low: studio.low as f32,
            high: studio.high as f32,
            ..MelConfig::MFCC
        };
        let what = format!("{round}: {studio:?}");
        assert_eq!((config.frame_len(), config.stride_len()), (studio.frame, stride), "{what}");
        let more = random.below(2500);
        let clip = random.clip(studio.frame + more);
        let (coefficients, window) = (1 + random.below(32), random.pick(&[0, 1, 5, 101]));
        let mfcc = Mfcc::<32>::new(config, coefficients, window).unwrap();
        let mut out = vec![0.0; mfcc.features(clip.len())];
        mfcc.clip(&clip, &mut vec![0.0; mfcc.scratch(clip.len())], &mut out).unwrap();
        // With one frame, or a window of one, the deviation is 0 and what is left of the mean is rounding over 1e-10.
        if window != 1 && out.len() > coefficients {
            close(&out, &studio.mfcc(&wide(&clip), coefficients, window), &what);
        }
        let mfe = Mfe::<32>::new(config, -52.0).unwrap();
        let mut out = vec![0.0; mfe.features(clip.len())];
        mfe.clip(&clip, &mut vec![0.0; studio.fft], &mut out).unwrap();
        let exact = studio.mfe(&wide(&clip), -52.0);
        assert_eq!(out.len(), exact.len(), "{what}");
        for (f, e) in out.iter().zip(exact) {
            let steps = f64::from(*f) * 256.0;
            // Half a step of rounding and 1e-3 of error; 256 steps are 0 again.
            assert!(
                (steps - e * 256.0).abs() <= 0.501 || (e > 0.998 && *f == 0.0),
                "{what}: {f}, {e}"
            );
        }
    }
}

#[test]
fn the_integer_front_end_takes_anything_and_forgets_on_request() {
    let mut random = Random(6);
    let mut front = MicroFront::new();
    let mut scratch = [0; MicroFront::SCRATCH];
    let mut silent = [0; 40];
    front.features(&[0; 480], &mut scratch, &mut silent);
    assert_eq!(silent, [-128; 40]);
    for round in 0..200 {
        let mut frame = [0; 480];
        for x in &mut frame {
            *x = match round % 4 {
                0 => random.pick(&[i16::MIN, i16::MAX]),
                1 => i16::MIN,
                2 => (random.real() * 3.0) as i16,
                _ => (random.real() * 32768.0) as i16,
            };
        }
        let mut out = [0; 40];
        let (mut peak, mut bits) = (0, 0);
        front.traced(&frame, &mut scratch, &mut out, |stage, _, value| match stage {
            Stage::Window => peak = peak.max(value.abs()),
            Stage::ScaleBits => bits = value,
            Stage::Energy => assert!((0..=1 << 31).contains(&value)),
            Stage::Log => assert!((0..=32767).contains(&value)),
            _ => assert!(value >= -128),
        });
        // The loudest sample uses the highest bit below the sign, if it does not use the sign itself.
        assert!(peak == 0 || (1 << 14..=1 << 15).contains(&(peak << bits)), "{peak} << {bits}");
    }
    front.reset();
    let mut again = [1; 40];
    front.features(&[0; 480], &mut scratch, &mut again);
    assert_eq!(again, silent);
}

#[test]
fn wrong_lengths_are_named_exactly() {
    let clip = [1.0_f32; 2000];
    let mut scratch = [0.0; 1024];
    let length = |buffer, need, have| Err(DspError::Length { buffer, need, have });
    let mut out = [0.0; 700];
    for n in 0..480 {
        let found = KwsMfcc.clip(&clip[..n], &mut scratch, &mut []);
        assert_eq!(found, length(Buffer::Input, 480, n as u32));
    }
    for n in (0..200).filter(|n| *n != 50) {
        let found = KwsMfcc.clip(&clip, &mut scratch, &mut out[..n]);
        assert_eq!(found, length(Buffer::Output, 50, n as u32));
    }
    let found = KwsMfcc.clip(&clip, &mut scratch[..511], &mut out[..50]);
    assert_eq!(found, length(Buffer::Scratch, 512, 511));
    for n in 0..513 {
        let found = AdLogMel.clip(&clip[..n], 0, &mut scratch, &mut []);
        assert_eq!(found, length(Buffer::Input, 513, n as u32));
    }
    // Four frames, of which two are left from the third on.
    let found = AdLogMel.clip(&clip, 2, &mut scratch, &mut out[..384]);
    assert_eq!(found, length(Buffer::Output, 256, 384));
    assert_eq!(AdLogMel.clip(&clip, 2, &mut scratch, &mut out[..256]), Ok(()));
    let found = AdLogMel.clip(&clip, usize::MAX, &mut scratch, &mut out[..128]);
    assert_eq!(found, length(Buffer::Output, 0, 128));
    let mfcc = Mfcc::<32>::new(MelConfig::MFCC, 13, 101).unwrap();
    for n in 0..300 {
        let found = mfcc.clip(&clip, &mut scratch[..n], &mut out[..78]);
        let expected = if n < 256 { length(Buffer::Scratch, 256, n as u32) } else { Ok(()) };
        assert_eq!(found, expected);
        let found = mfcc.clip(&clip, &mut scratch, &mut out[..n]);
        let expected = if n == 78 { Ok(()) } else { length(Buffer::Output, 78, n as u32) };
        assert_eq!(found, expected);
    }
}

#[test]
fn hostile_numbers_and_configurations_do_no_harm() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -0.0, 1e-40, -1.0, 1e9];
    let mut random = Random(7);
    let mut scratch = [0.0; 1024];
    for x in odd {
        let mut clip = [0.25; 1500];
        clip[700..900].fill(x);
        KwsMfcc.clip(&clip, &mut scratch, &mut [0.0; 40]).unwrap();
        KwsMfcc.clip(&[x; 480], &mut scratch, &mut [0.0; 10]).unwrap();
        AdLogMel.clip(&clip, 0, &mut scratch, &mut [0.0; 384]).unwrap();
        SwwLfbe.features(x, &[x; 1024], &mut scratch, &mut [0.0; 40]);
    }
    for _ in 0..3000 {
        let mut any =
            || if random.below(3) == 0 { random.pick(&odd) } else { random.real() as f32 };
        let [rate, frame, stride, low, high, emphasis, floor] = [0; 7].map(|_| any());
        let config = MelConfig {
            rate: rate * 16_000.0,
            frame: frame * 0.1,
            stride: stride * 0.1,
            fft: random.pick(&[0, 8, 100, 256, 1024, 2048]),
            low: low * 300.0,
            high: high * 8000.0,
            emphasis,
        };
        let clip = random.clip(600);
        if let Ok(mfcc) = Mfcc::<13>::new(config, random.below(15), random.below(9)) {
            let mut out = vec![0.0; mfcc.features(clip.len()).min(10_000)];
            let _ = mfcc.clip(&clip, &mut scratch, &mut out);
        }
        if let Ok(mfe) = Mfe::<13>::new(config, floor * 60.0) {
            let mut out = vec![0.0; mfe.features(clip.len()).min(10_000)];
            let _ = mfe.clip(&clip, &mut scratch, &mut out);
        }
    }
}
