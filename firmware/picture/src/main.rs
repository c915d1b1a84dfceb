//! Reads digits in frames of a camera: frame, crop and scale, network, class.
//!
//! The camera is made up: it enlarges scans, 48×48 gray pixels each, so that scaling them down must give the scans again,
//! and the outputs must be those that the network's trainer computed for them.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::fmt::{Display, Write as _};

use cortex_m_rt::entry;
use kits_hal::hal::{FrameInfo, FrameSource, PixelFormat};
use kits_hal::post::{UNSURE, Verdict, classify};
use kits_hal::pre::{Color, Filter, Fit, Pipeline, PixelMap};
use kits_hal::{Check, Model, Session};
use support::console::Console;
use support::device::Device;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

/// The container, trained and converted by this project.
const KIT: &[u8] = include_bytes!("../../sample/digits.kit");
/// Scans that the training has not seen, 64 codes each.
const SCANS: &[u8] = include_bytes!("../../sample/digits.inputs.bin");
/// Rows and columns of a scan.
const SIDE: usize = 8;
/// Width and height of a frame.
const SIZE: u16 = 48;
/// Pixels of a frame that show one of the scan, in each direction.
const ENLARGED: usize = 6;
/// Frames that are read.
const FRAMES: usize = 60;

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "picture");
    let memory = core::mem::take(&mut device.memory);
    match read(&mut device.out, memory) {
        Ok(()) => device.end(true),
        Err(stage) => device.fail(stage, "see the lines above"),
    }
}

/// Prints what went wrong and returns where.
fn at<E: Display>(out: &mut Console, stage: &'static str) -> impl FnOnce(E) -> &'static str {
    move |error| {
        // The console never refuses text.
        let _ = write!(out, "{error}");
        out.end();
        stage
    }
}

fn read(out: &mut Console, memory: &mut [u8]) -> Result<(), &'static str> {
    let mut camera = Desk { next: 0 };
    let info = camera.info();
    let (frame, arena) = memory.split_at_mut_checked(info.bytes()).ok_or("memory")?;
    let model =
        Model::parse_core(core::hint::black_box(KIT), Check::Full).map_err(at(out, "load"))?;
    let mut session = Session::core(&model, arena).map_err(at(out, "arena"))?;
    let (result, map) = ((8, 8), PixelMap::MINUS_128);
    let sight = Pipeline::new(info, result, Color::Gray, Fit::Crop, Filter::Bilinear, map)
        .map_err(at(out, "frame"))?;
    let mut unsure = 0_u64;
    for index in 0..FRAMES {
        camera.frame(frame).map_err(at(out, "frame"))?;
        let input = session.input(0).map_err(at(out, "run"))?;
        sight.run(frame, input).map_err(at(out, "frame"))?;
        session.run().map_err(at(out, "run"))?;
        let scores = session.output(0).map_err(at(out, "run"))?;
        let best = match classify(scores, UNSURE).map_err(at(out, "run"))? {
            Verdict::Class(best) => best,
            Verdict::Uncertain(best) => {
                unsure = unsure.saturating_add(1);
                best
            }
            _ => return Err("run"),
        };
        out.text("result")
            .field("index", index as u64)
            .field("class", best.class.into())
            .field("score_of_256", best.score.into())
            .text(" outputs=")
            .hex(scores)
            .end();
    }
    out.text("summary").field("frames", FRAMES as u64).field("uncertain", unsure).end();
    Ok(())
}

/// A camera above a desk with one scan after the other.
struct Desk {
    next: usize,
}

impl FrameSource for Desk {
    type Error = Infallible;

    fn info(&self) -> FrameInfo {
        FrameInfo { width: SIZE, height: SIZE, format: PixelFormat::Gray8 }
    }

    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, Infallible> {
        let scan = SCANS.chunks_exact(SIDE * SIDE).nth(self.next).unwrap_or_default();
        self.next = self.next.wrapping_add(1);
        let lines = out.chunks_exact_mut(usize::from(SIZE) * ENLARGED);
        for (line, codes) in lines.zip(scan.chunks_exact(SIDE)) {
            for row in line.chunks_exact_mut(usize::from(SIZE)) {
                for (pixels, code) in row.chunks_exact_mut(ENLARGED).zip(codes) {
                    // A code is the pixel less 128.
                    pixels.fill(code ^ 0x80);
                }
            }
        }
        Ok(self.info())
    }
}
