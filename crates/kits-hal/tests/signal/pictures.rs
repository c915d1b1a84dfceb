//! The one-pass pipeline against its steps, one after the other.

use kits_hal::pre::{
    Color, Filter, Fit, FrameInfo, Pipeline, PixelFormat, PixelMap, PreError, Region, resize,
    rgb565_to_rgb888, rgb888_to_gray,
};

use crate::Random;

const FORMATS: [PixelFormat; 4] =
    [PixelFormat::Gray8, PixelFormat::Rgb565Be, PixelFormat::Rgb565Le, PixelFormat::Rgb888];

/// Decodes a frame into three bytes a pixel.
fn decode(frame: &[u8], format: PixelFormat) -> Vec<u8> {
    match format {
        PixelFormat::Gray8 => frame.iter().flat_map(|v| [*v; 3]).collect(),
        PixelFormat::Rgb888 => frame.to_vec(),
        _ => {
            let mut rgb = vec![0; frame.len() / 2 * 3];
            rgb565_to_rgb888(frame, format, &mut rgb).expect("fitting lengths");
            rgb
        }
    }
}

/// Cuts a region out of a picture of three bytes a pixel.
fn cut(rgb: &[u8], width: u16, r: Region) -> Vec<u8> {
    rgb.chunks(usize::from(width) * 3)
        .skip(r.y.into())
        .take(r.height.into())
        .flat_map(|row| &row[usize::from(r.x) * 3..][..usize::from(r.width) * 3])
        .copied()
        .collect()
}

#[test]
fn one_pass_equals_crop_then_resize_then_convert_then_quantise() {
    let mut random = Random(11);
    for round in 0..400 {
        let [w, h, ow, oh] = [(); 4].map(|()| 1 + random.below(24) as u16);
        let format = random.pick(&FORMATS);
        let info = FrameInfo { width: w, height: h, format };
        let frame: Vec<u8> = (0..info.bytes()).map(|_| random.bits() as u8).collect();
        let bars = random.bits() as u8;
        let fit = random.pick(&[Fit::Squash, Fit::Crop, Fit::Letterbox(bars)]);
        let filter = random.pick(&[Filter::Nearest, Filter::Bilinear]);
        let color = random.pick(&[Color::Gray, Color::Rgb]);
        let scale = 0.003 + random.below(100) as f32 * 1e-4;
        let map = PixelMap::new(1.0 / 255.0, scale, random.bits() as i8).unwrap();
        let pipeline = Pipeline::new(info, (ow, oh), color, fit, filter, map).unwrap();

        let (shown, place) = pipeline.regions();
        let part = cut(&decode(&frame, format), w, shown);
        let mut small = vec![0; usize::from(place.width) * usize::from(place.height) * 3];
        let sizes = ((shown.width, shown.height), (place.width, place.height));
        resize(&part, sizes.0, 3, filter, &mut small, sizes.1).unwrap();
        let mut canvas = vec![bars; usize::from(ow) * usize::from(oh) * 3];
        let rows = canvas.chunks_mut(usize::from(ow) * 3).skip(place.y.into());
        for (row, line) in rows.zip(small.chunks(usize::from(place.width) * 3)) {
            row[usize::from(place.x) * 3..][..line.len()].copy_from_slice(line);
        }
        if color == Color::Gray {
            let mut gray = vec![0; canvas.len() / 3];
            rgb888_to_gray(&canvas, &mut gray).unwrap();
            canvas = gray;
        }
        let expected: Vec<i8> = canvas.into_iter().map(|p| map.of(p)).collect();

        let mut out = vec![0; pipeline.result_len()];
        pipeline.run(&frame, &mut out).unwrap();
        assert_eq!(out, expected, "{round}: {info:?} to {ow}x{oh}, {fit:?}, {filter:?}");
        let mut row = vec![0; pipeline.row_len()];
        for (y, line) in (0..oh).zip(expected.chunks(row.len())) {
            pipeline.row(&frame, y, &mut row).unwrap();
            assert_eq!(row, line, "{round}: row {y}");
        }
    }
}

#[test]
fn frames_and_results_of_other_sizes_are_refused() {
    for format in FORMATS {
        let info = FrameInfo { width: 5, height: 4, format };
        let map = PixelMap::MINUS_128;
        let make =
            |info, to| Pipeline::new(info, to, Color::Rgb, Fit::Squash, Filter::Bilinear, map);
        let pipeline = make(info, (3, 2)).unwrap();
        let need = info.bytes();
        for have in 0..need + 10 {
            let found = pipeline.run(&vec![7; have], &mut [0; 18]);
            let wrong = PreError::SourceLength { need: need as u32, have: have as u32 };
            assert_eq!(found, if have == need { Ok(()) } else { Err(wrong) });
        }
        for have in 0..40 {
            let found = pipeline.run(&vec![7; need], &mut vec![0; have]);
            let wrong = PreError::DestinationLength { need: 18, have: have as u32 };
            assert_eq!(found, if have == 18 { Ok(()) } else { Err(wrong) });
        }
        let row = pipeline.row(&vec![7; need], 2, &mut [0; 9]);
        assert_eq!(row, Err(PreError::NoSuchRow { row: 2, rows: 2 }));
        let empty = Err(PreError::Empty { width: 0, height: 2 });
        assert_eq!(make(info, (0, 2)), empty);
        assert!(make(FrameInfo { height: 0, ..info }, (3, 2)).is_err());
    }
    // The largest sizes neither overflow nor allocate.
    let info = FrameInfo { width: u16::MAX, height: u16::MAX, format: PixelFormat::Rgb888 };
    let most = (u16::MAX, u16::MAX);
    let map = PixelMap::RAW;
    let pipeline = Pipeline::new(info, most, Color::Rgb, Fit::Crop, Filter::Nearest, map).unwrap();
    assert!(pipeline.run(&[0; 10], &mut [0; 10]).is_err());
}
