//! Pictures: every step alone, and all of them in one pass. Integers, so all exact.

use kits_hal::pre::{
    Color, Filter, Fit, FrameInfo, Pipeline, PixelFormat, PixelMap, resize, rgb565_to_rgb888,
    rgb888_to_gray,
};
use serde_json::{Value, json};

use super::{compare::equal, short};
use crate::data::bytes;

pub(super) fn picture(case: &Value) -> Result<(), String> {
    let hex = |name: &str| bytes(&json!({ "hex": case[name] }), 1);
    let from = (short(&case["iw"]), short(&case["ih"]));
    let to = (short(&case["ow"]), short(&case["oh"]));
    let (rgb, words) = (hex("rgb"), hex("rgb565_be"));
    let text = |e: kits_hal::pre::PreError| e.to_string();

    let big = PixelFormat::Rgb565Be;
    let mut decoded = vec![0; rgb.len()];
    rgb565_to_rgb888(&words, big, &mut decoded).map_err(text)?;
    equal(&decoded, &hex("from565")).map_err(|e| format!("from565: {e}"))?;
    let swapped: Vec<u8> = words.as_chunks::<2>().0.iter().flat_map(|[a, b]| [*b, *a]).collect();
    rgb565_to_rgb888(&swapped, PixelFormat::Rgb565Le, &mut decoded).map_err(text)?;
    equal(&decoded, &hex("from565")).map_err(|e| format!("from565, little endian: {e}"))?;

    let mut gray = vec![0; rgb.len() / 3];
    rgb888_to_gray(&rgb, &mut gray).map_err(text)?;
    equal(&gray, &hex("gray")).map_err(|e| format!("gray: {e}"))?;

    for (name, filter) in [("nearest_rgb", Filter::Nearest), ("bilinear_rgb", Filter::Bilinear)] {
        let expected = hex(name);
        let mut out = vec![0; expected.len()];
        resize(&rgb, from, 3, filter, &mut out, to).map_err(text)?;
        equal(&out, &expected).map_err(|e| format!("{name}: {e}"))?;
        // In one pass, with the last step being pixel − 128.
        for (format, frame) in [(PixelFormat::Rgb888, &rgb), (big, &words)] {
            let info = FrameInfo { width: from.0, height: from.1, format };
            let mut small = expected.clone();
            if format == big {
                resize(&decoded, from, 3, filter, &mut small, to).map_err(text)?;
            }
            for color in [Color::Rgb, Color::Gray] {
                let map = PixelMap::MINUS_128;
                let pipeline =
                    Pipeline::new(info, to, color, Fit::Squash, filter, map).map_err(text)?;
                let mut out = vec![0; pipeline.result_len()];
                pipeline.run(frame, &mut out).map_err(text)?;
                let mut steps = small.clone();
                if color == Color::Gray {
                    steps = vec![0; small.len() / 3];
                    rgb888_to_gray(&small, &mut steps).map_err(text)?;
                }
                let expected: Vec<i8> =
                    steps.into_iter().map(|p| p.wrapping_sub(128).cast_signed()).collect();
                equal(&out, &expected)
                    .map_err(|e| format!("{name}, {format:?}, {color:?}: {e}"))?;
            }
        }
    }
    Ok(())
}
