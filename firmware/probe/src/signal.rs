//! Everything before and after the model, on bytes, lengths and parameters that the compiler cannot foresee.

use core::fmt::{Debug, Display, Write};

use kits_hal::dsp::{
    AdLogMel, Band, Butterworth, KwsMfcc, MelConfig, Mfcc, Mfe, MicroFront, Moments, Rfft, Sliding,
    Spectral, SpectralConfig, SwwLfbe, frames, rfft, rfft_q15, window,
};
use kits_hal::post::{
    Activity, BoxCode, Centroid, Centroids, Detection, Detections, Gate, KMeans, Loudness, Ranked,
    Reconstruction, Smoother, SmootherConfig, YoloHead, classify, top_k,
};
use kits_hal::pre::{
    Color, Filter, Fit, FrameInfo, Pipeline, PixelFormat, PixelMap, quantize_all, resize,
    rgb565_to_rgb888, rgb888_to_gray,
};

use crate::Length;

/// Calls all of it; `reals` is any memory.
pub(crate) fn exercise(bytes: &[u8], reals: &mut [f32], text: &mut Length, sum: &mut usize) {
    let real = |at: usize| bytes.get(at).map_or(0.5, |b| f32::from(*b) * 0.37 - 20.0);
    // From 0 to 32 640.
    let size = |at: usize| bytes.get(at).map_or(3, |b| usize::from(*b) << (b & 7));
    for (i, place) in (0..).zip(reals.iter_mut()) {
        *place = real(i);
    }
    // Each call stands alone: after a refusal the compiler would know too much about the next one.
    let _ = transforms(bytes, reals, &size, sum, text);
    let _ = sounds(bytes, reals, (&real, &size), sum, text);
    let _ = motion(reals, (&real, &size), sum, text);
    let _ = pictures(bytes, reals, (&real, &size), sum, text);
    let _ = classes(bytes, &size, sum, text);
    let _ = objects(bytes, (&real, &size), sum, text);
    let _ = anomalies(bytes, reals, &real, sum, text);
}

/// Formats an error, and returns what there is if there is none.
fn told<T, E: Display + Debug>(text: &mut Length, outcome: Result<T, E>) -> Option<T> {
    outcome.map_err(|e| write!(text, "{e}{e:?}")).ok()
}

type Numbers<'a> = (&'a dyn Fn(usize) -> f32, &'a dyn Fn(usize) -> usize);

/// Counts a result in.
fn count(sum: &mut usize, x: f32) {
    *sum = sum.wrapping_add(x.to_bits() as usize);
}

fn samples(bytes: &[u8], out: &mut [i16]) {
    for (place, pair) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *place = i16::from_le_bytes(*pair);
    }
}

fn transforms(
    bytes: &[u8],
    reals: &mut [f32],
    size: &dyn Fn(usize) -> usize,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let mut x = [0; 64];
    samples(bytes, &mut x);
    let mut out = [0; 66];
    let given = x.get(..size(0)).unwrap_or(&x);
    told(text, rfft_q15(given, &mut out));
    *sum = sum.wrapping_add(usize::from(out[1].unsigned_abs()));
    let mut sliding = told(text, Sliding::new(&mut x, size(1)))?;
    sliding.push(&out);
    sliding.advance();
    *sum = sum.wrapping_add(sliding.window().map_or(0, <[i16]>::len));
    sliding.clear();
    window::hann(reals);
    window::hamming(reals);
    count(sum, Rfft::<64>.bins(&mut [0.5; 64]).get(size(2)).unwrap_or_default().0);
    let bins = told(text, rfft(reals))?;
    count(sum, bins.get(size(3)).unwrap_or_default().1);
    count(sum, bins.powers().iter().sum());
    Some(())
}

fn sounds(
    bytes: &[u8],
    reals: &mut [f32],
    (real, size): Numbers<'_>,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let mut clip = [0; 1024];
    samples(bytes, &mut clip);
    let (scratch, out) = reals.split_at_mut_checked(size(0)).unwrap_or_default();

    let mut front = MicroFront::new();
    let (mut features, mut room) = ([0; 40], [0; MicroFront::SCRATCH]);
    if let Some(frame) = clip.first_chunk() {
        front.features(frame, &mut room, &mut features);
        front.reset();
    }
    *sum = sum.wrapping_add(usize::from(features[7].unsigned_abs()));
    let mut lfbe = [0.0; 40];
    SwwLfbe.features(3, &clip, &mut [0.0; 1024], &mut lfbe);
    count(sum, lfbe[3]);
    let cut = clip.get(size(1)..).unwrap_or_default();
    *sum = sum.wrapping_add(frames(cut.len(), size(2), size(3)));
    told(text, KwsMfcc.clip(cut, scratch, out));
    told(text, AdLogMel.clip(cut, size(4), scratch, out));
    let config = MelConfig {
        rate: real(1) * 100.0,
        frame: real(2),
        stride: real(3),
        fft: size(5),
        low: real(4),
        high: real(5),
        emphasis: real(6),
    };
    let mfcc = told(text, Mfcc::<32>::new(config, size(6), size(7)))?;
    *sum = sum.wrapping_add(mfcc.features(cut.len())).wrapping_add(mfcc.scratch(cut.len()));
    told(text, mfcc.clip(cut, scratch, out));
    let mfe = told(text, Mfe::<40>::new(config, real(7)))?;
    *sum = sum.wrapping_add(mfe.features(cut.len()));
    told(text, mfe.clip(cut, scratch, out));
    count(sum, out.iter().sum());
    Some(())
}

fn motion(
    reals: &mut [f32],
    (real, size): Numbers<'_>,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let band = if size(0) > 3 { Band::Low } else { Band::High };
    let mut filter = told(text, Butterworth::new(band, size(1), real(1), real(2)))?;
    count(sum, filter.step(real(3)));
    filter.reset();
    count(sum, filter.sections().iter().map(|s| s.b[0] + s.a[0]).sum());
    let config = SpectralConfig {
        filter: Some((band, real(4), size(2))),
        scale: real(5),
        overlap: size(3) > 2,
        log: size(4) > 2,
        ..SpectralConfig::new(real(6), size(5))
    };
    let spectral = told(text, Spectral::new(config))?;
    *sum = sum
        .wrapping_add(spectral.features())
        .wrapping_add(spectral.bins().end)
        .wrapping_add(spectral.scratch(size(6)));
    let (data, rest) = reals.split_at_mut_checked(size(7)).unwrap_or_default();
    let (scratch, out) = rest.split_at_mut_checked(size(8)).unwrap_or_default();
    told(text, spectral.run(data, size(9), scratch, out));
    let moments = Moments::of(out);
    count(sum, moments.skewness() + moments.kurtosis());
    Some(())
}

fn pictures(
    bytes: &[u8],
    reals: &[f32],
    (real, size): Numbers<'_>,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let short = |at: usize| u16::try_from(size(at)).unwrap_or(9);
    let mut out = [0_u8; 96];
    let wanted = out.get_mut(..size(0)).unwrap_or_default();
    let filter = if size(1) > 3 { Filter::Nearest } else { Filter::Bilinear };
    told(text, resize(bytes, (short(2), short(3)), size(4), filter, wanted, (short(5), short(6))));
    let format = match size(7) & 3 {
        0 => PixelFormat::Gray8,
        1 => PixelFormat::Rgb565Be,
        2 => PixelFormat::Rgb565Le,
        _ => PixelFormat::Rgb888,
    };
    told(text, rgb565_to_rgb888(bytes, format, wanted));
    told(text, rgb888_to_gray(bytes, wanted));
    let map = told(text, PixelMap::new(real(0), real(1), 3))?;
    let mut input = [0_i8; 96];
    let input = input.get_mut(..size(8)).unwrap_or_default();
    told(text, map.apply(bytes, input));
    told(text, quantize_all(reals, real(2), -9, input));
    let fit = match size(9) & 3 {
        0 => Fit::Squash,
        1 => Fit::Crop,
        _ => Fit::Letterbox(7),
    };
    let frame = FrameInfo { width: short(10), height: short(11), format };
    let color = if size(12) > 7 { Color::Gray } else { Color::Rgb };
    let pipeline =
        told(text, Pipeline::new(frame, (short(13), short(14)), color, fit, filter, map))?;
    told(text, pipeline.row(bytes, short(15), input));
    told(text, pipeline.run(bytes, input));
    *sum = sum.wrapping_add(pipeline.result_len());
    Some(())
}

fn classes(
    bytes: &[u8],
    size: &dyn Fn(usize) -> usize,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let mut scores = [0_i8; 12];
    for (place, byte) in scores.iter_mut().zip(bytes) {
        *place = byte.cast_signed();
    }
    let mut best = [Ranked::default(); 4];
    let n = top_k(&scores, best.get_mut(..size(0)).unwrap_or_default());
    *sum = sum.wrapping_add(n);
    let mut smoother = Smoother::<3, 12>::new(SmootherConfig::default());
    for i in 0..9 {
        let now = u32::try_from(size(i)).unwrap_or(0);
        let found = told(text, smoother.push_output(scores.get(..size(1)).unwrap_or(&scores), now))
            .flatten();
        *sum = sum.wrapping_add(found.map_or(0, |r| usize::from(r.class)));
    }
    smoother.reset();
    let mut gate = Gate::new(Loudness { mean_square: 40 }, 2);
    *sum = sum.wrapping_add(usize::from(gate.opens(&[3, 4, 5])));
    let mut gate = Gate::new(Activity { variance: 0.5 }, 2);
    *sum = sum.wrapping_add(usize::from(gate.opens(&[[1.0, 2.0, 3.0]; 4])));
    count(sum, gate.rate());
    let verdict = told(text, classify(scores.get(..size(2)).unwrap_or(&scores), 150))?;
    *sum = sum.wrapping_add(usize::from(matches!(verdict, kits_hal::post::Verdict::Class(_))));
    Some(())
}

fn objects(
    bytes: &[u8],
    (real, size): Numbers<'_>,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let short = |at: usize| u16::try_from(size(at)).unwrap_or(9);
    let mut map = [0_i8; 128];
    for (place, byte) in map.iter_mut().zip(bytes) {
        *place = byte.cast_signed();
    }
    let map = map.get(..size(0)).unwrap_or(&map);
    let mut memory = [Detection::default(); 4];
    let mut found = Detections::new(&mut memory);
    let anchors = [[real(1), real(2)]; 2];
    let code = if size(1) > 3 { BoxCode::Square } else { BoxCode::Exponential };
    let shape = [short(2), short(3)];
    let head = told(text, YoloHead::new(shape, short(4), short(5), &anchors, code, (real(3), 4)))?;
    told(text, head.decode(map, short(6), &mut found));
    found.suppress(short(7));
    *sum = sum.wrapping_add(found.as_slice().len());
    found.clear();
    let shape = Centroids {
        rows: short(8),
        columns: short(9),
        classes: short(10),
        stride: short(11),
        threshold: 3,
    };
    let mut labels = [0; 64];
    let labels = labels.get_mut(..size(12)).unwrap_or_default();
    let mut points = [Centroid::default(); 4];
    *sum = sum.wrapping_add(told(text, shape.find(map, labels, &mut points)).unwrap_or(0));
    Some(())
}

fn anomalies(
    bytes: &[u8],
    reals: &[f32],
    real: &dyn Fn(usize) -> f32,
    sum: &mut usize,
    text: &mut Length,
) -> Option<()> {
    let (x, y) = ([1, 2, 3], [3, 4, 5]);
    let mut error = Reconstruction::new((real(0), 1), (real(1), 2));
    count(
        sum,
        told(text, error.push(&x, y.get(..bytes.len().min(3)).unwrap_or_default())).unwrap_or(0.5),
    );
    count(sum, error.mean().unwrap_or(0.0));
    error.reset();
    let (means, rest) = reals.split_at_checked(bytes.len()).unwrap_or_default();
    let clusters = told(text, KMeans::new(means, rest, reals, means))?;
    count(sum, told(text, clusters.score(rest)).unwrap_or(0.5));
    count(sum, told(text, clusters.score_selected(rest, &[1, 2, 900])).unwrap_or(0.5));
    Some(())
}
