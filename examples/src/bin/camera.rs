//! A camera frame becomes a class: a digit on a desk, seen by a camera, read by the network that boards embed.
//!
//! `cargo run --release -p examples --bin camera`
//!
//! The network was trained, quantized and converted by this project (`firmware/sample/digits.kit`). The camera is made up:
//! it paints scans that the training has not seen, enlarged, with uneven light, as a sensor would deliver them.

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use anyhow::{Result, ensure};
use core::convert::Infallible;
use kits_hal::hal::{FrameInfo, FrameSource, PixelFormat};
use tinytorch_core::datasets::{
    Images, digits,
    scans::{self, INK},
};

/// The container that firmware images embed.
const KIT: &[u8] = include_bytes!("../../../firmware/sample/digits.kit");

// ANCHOR: read
use kits_hal::post::{UNSURE, Verdict, classify};
use kits_hal::pre::{Color, Filter, Fit, Pipeline, PixelMap};
use kits_hal::{Check, Model, Session};

/// Reads one frame after the other and hands each verdict to `told`, until that returns `false`.
fn read<C>(camera: &mut C, kit: &[u8], mut told: impl FnMut(Verdict) -> bool) -> Result<()>
where
    C: FrameSource,
    C::Error: core::error::Error + Send + Sync + 'static,
{
    let model = Model::parse(kit, Check::Full)?;
    let mut arena = [0; 256];
    let mut session = Session::new(&model, &mut arena)?;
    // What the network was trained on: 8×8 gray pixels, 0 to 255 as −128 to 127.
    let (color, fit, map) = (Color::Gray, Fit::Crop, PixelMap::MINUS_128);
    let sight = Pipeline::new(camera.info(), (8, 8), color, fit, Filter::Bilinear, map)?;
    let mut frame = vec![0; camera.info().bytes()];
    loop {
        camera.frame(&mut frame)?;
        sight.run(&frame, session.input(0)?)?;
        session.run()?;
        if !told(classify(session.output(0)?, UNSURE)?) {
            return Ok(());
        }
    }
}
// ANCHOR_END: read

/// A camera above a desk with one scan after the other.
struct Desk {
    scans: Images,
    next: usize,
}

/// Width and height of a frame; the digit fills the square in the middle.
const SIZE: (u16, u16) = (160, 120);

impl FrameSource for Desk {
    type Error = Infallible;

    fn info(&self) -> FrameInfo {
        FrameInfo { width: SIZE.0, height: SIZE.1, format: PixelFormat::Rgb565Be }
    }

    fn frame(&mut self, out: &mut [u8]) -> Result<FrameInfo, Infallible> {
        let scan = self.scans.pixels(self.next % self.scans.len().max(1)).unwrap_or_default();
        self.next += 1;
        let (width, height) = (usize::from(SIZE.0), usize::from(SIZE.1));
        let left = (width - height) / 2;
        for (i, pixel) in out.chunks_exact_mut(2).take(width * height).enumerate() {
            let (x, y) = (i % width, i / width);
            let ink = match x.checked_sub(left).filter(|x| *x < height) {
                Some(x) => scan.get(y * 8 / height * 8 + x * 8 / height).copied().unwrap_or(0),
                None => 0,
            };
            // Light falls off by a tenth from left to right.
            let full = usize::from(INK) * 10 * width;
            let light = usize::from(ink) * (10 * width - x);
            let five = u16::try_from(light * 31 / full).unwrap_or(31);
            let six = u16::try_from(light * 63 / full).unwrap_or(63);
            pixel.copy_from_slice(&(five << 11 | six << 5 | five).to_be_bytes());
        }
        Ok(self.info())
    }
}

fn main() -> Result<()> {
    let (_, scans) = scans::split(&digits()?);
    let truth = scans.labels().to_vec();
    let mut said = Vec::new();
    read(&mut Desk { scans, next: 0 }, KIT, |verdict| {
        said.push(verdict);
        said.len() < truth.len()
    })?;
    for (verdict, truth) in said.iter().zip(&truth).take(5) {
        println!("a {truth} on the desk: {verdict:?}");
    }
    let of = |wanted: fn(&Verdict, u8) -> bool| {
        said.iter().zip(&truth).filter(|(verdict, truth)| wanted(verdict, **truth)).count()
    };
    let right =
        of(|verdict, truth| matches!(verdict, Verdict::Class(c) if c.class == u16::from(truth)));
    let unsure = of(|verdict, _| matches!(verdict, Verdict::Uncertain(_)));
    println!("{} frames: {right} read right, {unsure} uncertain", truth.len());
    // The scans themselves are read right in 97.2 of 100 cases; a camera may cost a few.
    ensure!(right * 100 >= truth.len() * 90, "a camera that reads this little is broken");
    Ok(())
}
