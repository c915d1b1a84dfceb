//! Two networks that read digits, in `f32`, and one of them in eight bits.

use alloc::vec::Vec;
use core::fmt::Write;

use tinytorch_core::autograd::no_grad;
use tinytorch_core::io::safetensors::SafeTensors;
use tinytorch_core::nn::{Conv2d, Flatten, Linear, MaxPool2d, Module, ModuleExt, Relu, Sequential};
use tinytorch_core::quant::{QuantizeOpts, quantize};
use tinytorch_core::{Result, Rng, Tensor};

use crate::bits;

static MLP: &[u8] = include_bytes!("../mlp.safetensors");
static CNN: &[u8] = include_bytes!("../cnn.safetensors");
/// The test images of the sample, 64 bytes each: 0 to 1 in steps of 1/255, from -128 on.
static IMAGES: &[u8] = include_bytes!("../../sample/digits.inputs.bin");

/// Pixels of an image, and its side.
const PIXELS: usize = 64;
const SIDE: usize = 8;
/// One image in nine is read.
const STEP: usize = 9;
/// Images that the eight-bit network learns its ranges from.
const CALIBRATION: usize = 32;

/// Returns 64 → 32 → 10 with rectifiers, weights from `rng`.
///
/// # Errors
///
/// None for these sizes.
pub fn mlp_layers(rng: &mut Rng) -> Result<Sequential> {
    Ok(Sequential::new().push(Linear::new(64, 32, rng)?).push(Relu).push(Linear::new(32, 10, rng)?))
}

/// Returns eight windows of 3×3, pooling by 2, and a linear layer, weights from `rng`.
///
/// # Errors
///
/// None for these sizes.
pub fn cnn_layers(rng: &mut Rng) -> Result<Sequential> {
    Ok(Sequential::new()
        .push(Conv2d::new(1, 8, 3, rng)?)
        .push(Relu)
        .push(MaxPool2d::new(2)?)
        .push(Flatten)
        .push(Linear::new(72, 10, rng)?))
}

/// Puts the weights of a file into a network.
fn trained(model: Sequential, file: &[u8]) -> Result<Sequential> {
    model.load_state_dict(&SafeTensors::from_bytes(file)?.tensors, true)?;
    model.train(false);
    Ok(model)
}

/// The pixels as they were scanned: sixteenths.
fn pixels(image: &[u8]) -> Vec<f32> {
    let sixteenth = |code: &u8| {
        let of_255 = u16::from(code.wrapping_sub(128));
        f32::from((of_255 * 16 + 127) / 255) / 16.0
    };
    image.iter().map(sixteenth).collect()
}

/// Reads every ninth image with `model` and prints class and outputs.
fn read(name: &str, model: &Sequential, shape: &[usize], out: &mut dyn Write) -> Result<usize> {
    let mut count = 0;
    for (index, image) in IMAGES.chunks_exact(PIXELS).enumerate().step_by(STEP) {
        let y = no_grad(|| model.forward(&Tensor::from_vec(pixels(image), shape)?))?;
        let class = y.argmax(1, false)?.to_vec::<i64>()?;
        let _ = write!(out, "{name} index={index} class={} outputs=", class[0]);
        bits(out, &y.to_vec::<f32>()?);
        let _ = writeln!(out);
        count += 1;
    }
    Ok(count)
}

/// The fully connected network.
pub(crate) fn mlp(out: &mut dyn Write) -> Result<usize> {
    read("mlp", &trained(mlp_layers(&mut Rng::seed(0))?, MLP)?, &[1, PIXELS], out)
}

/// The convolutional network.
pub(crate) fn cnn(out: &mut dyn Write) -> Result<usize> {
    read("cnn", &trained(cnn_layers(&mut Rng::seed(0))?, CNN)?, &[1, 1, SIDE, SIDE], out)
}

/// The fully connected network in eight bits, quantized where it runs.
pub(crate) fn int8(out: &mut dyn Write) -> Result<usize> {
    let model = trained(mlp_layers(&mut Rng::seed(0))?, MLP)?;
    let watched = pixels(&IMAGES[..CALIBRATION * PIXELS]);
    let watched = Tensor::from_vec(watched, [CALIBRATION, PIXELS])?;
    let twin = quantize(&model, &watched, &QuantizeOpts::default())?;
    let mut count = 0;
    for (index, image) in IMAGES.chunks_exact(PIXELS).enumerate().step_by(STEP) {
        let x = Tensor::from_vec(pixels(image), [1, PIXELS])?;
        let codes = twin.run(&twin.quantize_input(&x)?)?;
        let _ = write!(out, "int8 index={index} class={} outputs=", twin.predict(&x)?[0]);
        for code in codes {
            let _ = write!(out, "{:02x}", code.cast_unsigned());
        }
        let _ = writeln!(out);
        count += 1;
    }
    Ok(count)
}
