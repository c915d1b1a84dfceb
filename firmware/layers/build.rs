//! Makes random layers from seeds, and what the plain kernels of the host answer.
//!
//! Channels run through every remainder that a kernel may treat apart: 1 to 20 for dense layers and for depthwise ones, 1
//! to 10 on both sides of a convolution, with windows of one to five pixels on images of one to nine.

use core::fmt::Write as _;
use std::fs;
use std::path::Path;

use image_build::Board;
use kits_hal::convert::{Activation, GraphBuilder, Layer, Options, Padding, Window, ptq};
use kits_hal::{Check, Model, Session, crc32};

/// Flash left to the program itself.
const CODE_BYTES: usize = 112 * 1024;

fn main() -> std::process::ExitCode {
    image_build::program(write)
}

fn write(board: &Board, out: &Path) -> Result<(), String> {
    let (mut text, mut blob) = (String::from("static CASES: &[Case] = &[\n"), Vec::new());
    for seed in 0..COUNT {
        let (kit, input) = layer(seed).map_err(|e| format!("layer {seed}: {e}"))?;
        let crc = answer(&kit, seed).map_err(|e| format!("layer {seed}: {e}"))?;
        let from = blob.len();
        blob.extend_from_slice(&kit);
        let _ = writeln!(
            text,
            "    Case {{ name: {input:?}, seed: {seed}, kit: BLOB.split_at({from}).1.split_at({}).0, crc: {crc} }},",
            kit.len()
        );
    }
    if blob.len() > board.flash - CODE_BYTES {
        return Err(format!("{} B of layers leave no flash for the program", blob.len()));
    }
    text.push_str(
        "];\n\nconst BLOB: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/layers.bin\"));\n",
    );
    let save = |name: &str, bytes: &[u8]| {
        fs::write(out.join(name), bytes).map_err(|e| format!("{name}: {e}"))
    };
    save("layers.bin", &blob)?;
    save("layers.rs", text.as_bytes())
}

/// Dense, depthwise and ordinary layers in turn.
const COUNT: u64 = 300;

/// Numbers of SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Returns numbers from −1 to 1 in steps of 1/64.
    fn reals(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| (self.below(129) as f32 - 64.0) / 64.0).collect()
    }
}

/// Returns a container with one layer, and what it is.
fn layer(seed: u64) -> Result<(Vec<u8>, String), Box<dyn core::error::Error>> {
    let rng = &mut Rng(seed);
    let turn = (seed / 3) as usize;
    let activation = [Activation::None, Activation::Relu, Activation::Relu6][rng.below(3)];
    let mut g = GraphBuilder::new();
    let (x, layer, name) = match seed % 3 {
        0 => {
            let (c_in, c_out) = (1 + turn % 20, 1 + turn / 20 + turn % 4);
            let x = g.input("x", &[1, c_in])?;
            let (weights, bias) = (rng.reals(c_in * c_out), rng.reals(c_out));
            (x, Layer::Dense { weights, bias, activation }, format!("dense_{c_in}_{c_out}"))
        }
        kind => {
            let [h, w] = [1 + rng.below(9), 1 + rng.below(9)];
            let kernel = [1 + rng.below(h.min(5)), 1 + rng.below(w.min(5))];
            let kernel = if turn.is_multiple_of(4) && h.min(w) >= 3 { [3, 3] } else { kernel };
            let stride = [1 + rng.below(2), 1 + rng.below(2)];
            let padding = [Padding::Same, Padding::Valid][rng.below(2)];
            let window = Window { kernel, stride, padding };
            let taps = kernel[0] * kernel[1];
            if kind == 1 {
                let (c_in, c_out) = (1 + turn % 10, 1 + turn / 10);
                let x = g.input("x", &[1, h, w, c_in])?;
                let (filters, bias) = (rng.reals(c_out * taps * c_in), rng.reals(c_out));
                let name = format!("conv_{c_in}_{c_out}_{}x{}", kernel[0], kernel[1]);
                (x, Layer::Conv2d { filters, bias, window, activation }, name)
            } else {
                let (c_in, times) = (1 + turn % 20, 1 + turn / 20 % 3 / 2);
                let x = g.input("x", &[1, h, w, c_in])?;
                let (filters, bias) = (rng.reals(taps * c_in * times), rng.reals(c_in * times));
                let name = format!("depthwise_{c_in}_{}_{}x{}", c_in * times, kernel[0], kernel[1]);
                (x, Layer::DepthwiseConv2d { filters, bias, window, activation }, name)
            }
        }
    };
    let n: usize = g.shape(x)?.iter().product();
    let y = g.add(layer, &[x])?;
    g.output(y)?;
    let samples = rng.reals(4 * n);
    let options = Options { strip_names: true, ..Options::default() };
    Ok((ptq(&g, &[&samples], &options)?.converted.kit, name))
}

/// Returns the checksum of the outputs of the host's plain kernels for the seeded input.
fn answer(kit: &[u8], seed: u64) -> Result<u32, Box<dyn core::error::Error>> {
    let model = Model::parse(kit, Check::Full)?;
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::plain(&model, &mut arena)?;
    let mut rng = Rng(seed);
    for code in session.input::<i8>(0)? {
        *code = rng.next().to_le_bytes()[0].cast_signed();
    }
    session.run()?;
    let bytes: Vec<u8> = session.output::<i8>(0)?.iter().map(|y| y.cast_unsigned()).collect();
    Ok(crc32(&bytes))
}
