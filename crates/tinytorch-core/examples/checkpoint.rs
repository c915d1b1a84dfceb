//! What checkpoints save and what they cost: a training step of sixteen layers, with ever longer parts that run twice.
//!
//! `cargo run --release -p tinytorch-core --example checkpoint [-- WIDTH ROWS]`

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use std::{env, time::Instant};

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor,
    autograd::checkpoint,
    bench::{Samples, compare_pairs},
    nn::{Linear, Module, ModuleExt},
    ops::GeluKind,
    profile,
};

const LAYERS: usize = 16;

/// Layers in a part that is computed again; 0 for no checkpoints.
const PARTS: [usize; 6] = [0, 1, 2, 4, 8, 16];

/// Times that each step is measured, in turn with the others.
const ROUNDS: usize = 15;

/// Forward and backward; returns the bits of the loss and of all gradients.
fn step(layers: &[Linear], x: &Tensor, part: usize) -> Result<Vec<u32>> {
    let rng = &mut Rng::seed(0);
    let mut h = x.clone();
    for layers in layers.chunks(if part == 0 { LAYERS } else { part }) {
        // Modules share their parameters when they are cloned, so a closure can own them.
        let own = layers.to_vec();
        let through = move |inputs: &[Tensor], _: &mut Rng| {
            own.iter()
                .try_fold(inputs[0].clone(), |h, layer| layer.forward(&h)?.gelu(GeluKind::Tanh))
        };
        h = if part == 0 { through(&[h], rng)? } else { checkpoint(through, &[&h], rng)? };
    }
    let loss = h.square()?.mean(.., false)?;
    drop(h);
    loss.backward()?;
    let mut bits = vec![loss.item::<f32>()?.to_bits()];
    for p in layers.iter().flat_map(ModuleExt::parameters) {
        let gradient = p.grad().map(|g| g.to_vec::<f32>()).transpose()?.unwrap_or_default();
        bits.extend(gradient.into_iter().map(f32::to_bits));
        p.zero_grad();
    }
    Ok(bits)
}

fn main() -> Result<()> {
    let mut sizes = env::args().skip(1).map(|arg| {
        arg.parse().ok().filter(|n| (1..=8192_usize).contains(n)).ok_or_else(|| {
            let need = "a whole number from 1 to 8192".into();
            Error::InvalidArgument { op: "checkpoint", name: "WIDTH ROWS", got: arg, need }
        })
    });
    let width = sizes.next().unwrap_or(Ok(256))?;
    let rows = sizes.next().unwrap_or(Ok(512))?;
    let rng = &mut Rng::seed(6);
    let layers = (0..LAYERS).map(|_| Linear::new(width, width, rng)).collect::<Result<Vec<_>>>()?;
    let x = Tensor::randn([rows, width], DType::F32, rng)?;

    let first = step(&layers, &x, 0)?;
    let mut peaks = [0; PARTS.len()];
    for (peak, part) in peaks.iter_mut().zip(PARTS) {
        let (bits, seen) = profile::trace(|| step(&layers, &x, part));
        assert!(bits? == first, "loss or gradients differ with parts of {part}");
        *peak = seen.peak_bytes;
    }
    let mut seconds = [(); PARTS.len()].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (seconds, part) in seconds.iter_mut().zip(PARTS) {
            let begin = Instant::now();
            core::hint::black_box(step(&layers, &x, part)?);
            seconds.push(begin.elapsed().as_secs_f64());
        }
    }
    let samples = seconds.into_iter().map(Samples::new).collect::<Result<Vec<_>>>()?;
    println!("{LAYERS} layers of width {width} with GELU, {rows} rows, loss and gradients:");
    println!("  {:<26}{:>10}{:>8}{:>10}{:>8}", "", "peak MB", "of it", "ms", "times");
    for ((part, peak), s) in PARTS.iter().zip(peaks).zip(&samples) {
        let name = match part {
            0 => "no checkpoints".to_owned(),
            1 => "a layer each".to_owned(),
            _ => format!("{part} layers each"),
        };
        println!(
            "  {name:<26}{:>10.2}{:>8.2}{:>10.2}{:>8.2}",
            peak as f64 / 1e6,
            peak as f64 / peaks[0] as f64,
            1e3 * s.median(),
            compare_pairs(&samples[0], s)?.ratio,
        );
    }
    println!("The bits of the loss and of every gradient are the same in all of them.");
    Ok(())
}
