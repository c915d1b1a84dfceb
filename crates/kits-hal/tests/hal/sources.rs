//! Microphone and sound files: levels, failures, and files cut or changed anywhere.

use kits_hal::hal::{AdcChannel, AdcMic, SampleSource, WavError, WavSource};

/// A converter that gives the listed values; 0xFFFF stands for a failure.
struct Values(std::vec::IntoIter<u16>);

impl AdcChannel for Values {
    type Error = ();

    const BITS: u32 = 12;

    fn convert(&mut self) -> Result<u16, ()> {
        self.0.next().filter(|v| *v != 0xFFFF).ok_or(())
    }
}

#[test]
fn the_resting_level_is_followed_and_a_tone_passes() {
    // A 500 Hz tone of 12-bit amplitude 1000 around 1700, for a second at 16 kHz. The first value
    // is taken for rest: it is the tone's zero crossing.
    let (cos, sin) = (0.980_785_280_403_230_4, 0.195_090_322_016_128_27); // of 2π/32
    let turn = |(x, y): &(f64, f64)| Some((x * cos - y * sin, x * sin + y * cos));
    let tone = core::iter::successors(Some((1000.0, 0.0)), turn).take(16_000);
    let values: Vec<u16> = tone.map(|(_, y)| (1700.0 + y).round() as u16).collect();
    let mut mic = AdcMic::<_, 16_000_000>::new(Values(values.into_iter()));
    let mut out = vec![[0_i16]; 16_000];
    assert_eq!(mic.read(&mut out), Ok(16_000));
    let tail = &out[8_000..];
    let mean = tail.iter().map(|[v]| f64::from(*v)).sum::<f64>() / tail.len() as f64;
    let power =
        tail.iter().map(|[v]| f64::from(*v) * f64::from(*v)).sum::<f64>() / tail.len() as f64;
    // 8000 samples are 250 whole periods. Rounding down twice leaves at most a few steps of 65 536.
    assert!(mean.abs() < 4.0, "{mean}");
    // Amplitude 1000 · 16; the filter takes off less than (fc/f)² = (2.5 Hz / 500 Hz)².
    let amplitude = (2.0 * power).sqrt();
    assert!((amplitude / 16_000.0 - 1.0).abs() < 1e-3, "{amplitude}");
}

#[test]
fn a_wrong_rest_is_forgotten() {
    // A click at the start: 4000, then silence at 2000. 1/1024 per sample: e⁻⁸ of 32 000 after
    // 8192 samples is 11.
    let values = [vec![4000], vec![2000; 8192]].concat();
    let mut mic = AdcMic::<_, 16_000_000>::new(Values(values.into_iter()));
    let mut out = vec![[0_i16]; 8193];
    assert_eq!(mic.read(&mut out), Ok(8193));
    assert_eq!(out[1], [-32_000]);
    assert!((-12..=-9).contains(&out[8192][0]), "{:?}", out[8192]);
}

#[test]
fn the_full_range_does_not_overflow_and_a_failed_conversion_can_be_repeated() {
    let values = vec![0, 4095, 0xFFFF, 0, 0x0FFF];
    let mut mic = AdcMic::<_, 16_000_000>::new(Values(values.into_iter()));
    let mut out = [[0_i16]; 2];
    assert_eq!(mic.read(&mut out), Ok(2));
    assert_eq!(out, [[0], [i16::MAX]], "65 520 is clamped");
    assert_eq!(mic.read(&mut out), Err(()));
    assert_eq!(mic.read(&mut out), Ok(2));
}

/// A file with a part that is skipped, of odd length, and a trailing half sample.
fn wav(channels: u16, data: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0".to_vec();
    file.extend(channels.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend([0; 4]);
    file.extend((channels * 2).to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

#[test]
fn sound_files_are_read_sample_by_sample() {
    let file = wav(2, &[1, 0, 2, 0, 0xFF, 0xFF, 0, 0x80, 9]);
    let mut clip = WavSource::<2, 16_000_000>::new(&file).unwrap();
    let mut out = [[0; 2]; 4];
    assert_eq!(clip.read(&mut out[..1]), Ok(1));
    assert_eq!(clip.read(&mut out[1..]), Ok(1));
    assert_eq!(out, [[1, 2], [-1, i16::MIN], [0, 0], [0, 0]]);
    assert_eq!(clip.read(&mut out), Ok(0));
}

#[test]
fn what_does_not_fit_the_model_is_refused_with_both_numbers() {
    let refused = |file: &[u8]| WavSource::<1, 16_000_000>::new(file).unwrap_err();
    assert_eq!(refused(b""), WavError::NotWave);
    assert_eq!(refused(&wav(2, &[])), WavError::Channels { expected: 1, found: 2 });
    let good = wav(1, &[1, 2]);
    let place = good.windows(4).position(|w| w == b"fmt ").unwrap() + 8;
    let change = |at: usize, value: u8| {
        let mut file = good.clone();
        file[place + at] = value;
        refused(&file)
    };
    assert_eq!(change(0, 3), WavError::Encoding { format: 3, bits: 16 });
    assert_eq!(change(14, 8), WavError::Encoding { format: 1, bits: 8 });
    assert_eq!(change(4, 0), WavError::Rate { expected_milli: 16_000_000, found_hz: 15_872 });
    assert_eq!(refused(&good[..good.len() - 1]), WavError::Truncated { need: 2, have: 1 });
    assert_eq!(refused(&good[..24]), WavError::MissingPart);
}

#[test]
fn no_cut_and_no_changed_byte_makes_it_read_past_the_file() {
    let file = wav(1, &[1, 2, 3, 4, 5, 6]);
    let play = |file: &[u8]| {
        if let Ok(mut clip) = WavSource::<1, 16_000_000>::new(file) {
            let mut out = [[0; 1]; 8];
            let n = clip.read(&mut out).unwrap();
            assert!(n <= 3);
            assert_eq!(clip.read(&mut out), Ok(0));
        }
    };
    for len in 0..file.len() {
        play(&file[..len]);
    }
    for at in 0..file.len() {
        for value in 0..=255 {
            let mut file = file.clone();
            file[at] = value;
            play(&file);
        }
    }
}
