//! Makes the network, the clusters and the test windows of `data/`.
//!
//! ```text
//! cargo run --release -p motion --features make
//! ```
//!
//! Motions are synthetic: gravity and noise for all; a slow rise and fall for `lift`; sway, roll and heave for `maritime`;
//! vibration and bumps for `terrestrial`. Unknown motions are shaken hard. Seed 0.

use core::error::Error;
use core::f32::consts::TAU;
use core::fmt::Write as _;
use std::fs;
use std::path::Path;

use kits_hal::convert::{Options, import};
use kits_hal::post::ANOMALY_THRESHOLD;
use kits_hal::{Check, Model, Session};
use motion::{
    AXES, CLASSES, CLUSTERS, FEATURES, Memory, RATE, SAMPLES, SELECTED, Tables, WINDOW,
    WINDOWS_EACH,
};
use tinytorch_core::data::{DataLoader, TensorDataset};
use tinytorch_core::nn::{CrossEntropyLoss, Linear, ModuleExt as _, Relu, Sequential};
use tinytorch_core::optim::{Adam, AdamOpts};
use tinytorch_core::quant::{QuantizeOpts, quantize};
use tinytorch_core::train::Trainer;
use tinytorch_core::{Rng, Tensor};

/// Windows of each class to train with and to test with.
const TRAIN: usize = 200;
const TEST: usize = 50;
/// The class after the known ones.
const UNKNOWN: usize = CLASSES.len();

type Window = [i16; WINDOW];

fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = Rng::seed(0);
    let mut set = |each: usize, classes: usize| -> Vec<(usize, Window)> {
        let classes = (0..classes).flat_map(|class| (0..each).map(move |_| class));
        classes.map(|class| (class, window(class, &mut rng))).collect()
    };
    let (train, test) = (set(TRAIN, UNKNOWN), set(TEST, UNKNOWN + 1));
    let shown = set(WINDOWS_EACH, UNKNOWN + 1);
    let features = |windows: &[(usize, Window)]| {
        let mut memory = Memory::default();
        let rows = windows.iter().map(|(_, w)| memory.features(w.iter().copied()).copied());
        rows.collect::<Result<Vec<[f32; FEATURES]>, _>>().map_err(|e| format!("{e:?}"))
    };
    let known = features(&train)?;
    let tables = tables(&known, &mut rng);

    let rows = |features: &[[f32; FEATURES]]| {
        let normal: Vec<f32> = features.iter().flat_map(|row| tables.normal(row)).collect();
        Tensor::from_vec(normal, [features.len(), FEATURES])
    };
    let labels = train.iter().map(|(class, _)| *class as i64).collect();
    let inputs = rows(&known)?;
    let set = TensorDataset::new([inputs.clone(), Tensor::from_vec(labels, [train.len()])?])?;
    let model = Sequential::new()
        .push(Linear::new(FEATURES, 20, &mut rng)?)
        .push(Relu)
        .push(Linear::new(20, 10, &mut rng)?)
        .push(Relu)
        .push(Linear::new(10, CLASSES.len(), &mut rng)?);
    let mut adam = Adam::new(model.parameters(), AdamOpts { lr: 0.005, ..AdamOpts::default() })?;
    let mut batches = DataLoader::builder(&set).batch_size(32).shuffle(rng.split()).build()?;
    Trainer::new(&model, &mut adam, &CrossEntropyLoss::new()).fit(&mut batches, 30, &mut ())?;
    let int8 = quantize(&model, &inputs, &QuantizeOpts::default())?;
    let options = Options { labels: CLASSES.map(String::from).to_vec(), ..Options::default() };
    let kit = import(&int8.to_tflite()?, &options)?.kit;
    report(&kit, &tables, &test)?;

    // What the trainer's own engine answers for the windows shown; it shares no code with the runtime.
    let outputs = int8.run(&int8.quantize_input(&rows(&features(&shown)?)?)?)?;
    let outputs: Vec<u8> = outputs.iter().map(|code| code.cast_unsigned()).collect();
    let windows: Vec<u8> =
        shown.iter().flat_map(|(_, w)| w.iter().flat_map(|x| x.to_le_bytes())).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("motion.kit"), &kit)?;
    fs::write(folder.join("windows.bin"), windows)?;
    fs::write(folder.join("outputs.bin"), outputs)?;
    fs::write(folder.join("tables.in"), text(&tables))?;
    Ok(())
}

/// Prints how many test windows are judged right.
fn report(kit: &[u8], tables: &Tables, test: &[(usize, Window)]) -> Result<(), Box<dyn Error>> {
    let model = Model::parse(kit, Check::Full)?;
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena)?;
    let mut memory = Memory::default();
    let (mut right, mut strange) = (0, [0; UNKNOWN + 1]);
    for (class, window) in test {
        let answer = memory
            .judge(window.iter().copied(), tables, &mut session)
            .map_err(|e| format!("{e:?}"))?;
        right += usize::from(answer.class == *class);
        strange[*class] += usize::from(answer.anomaly > ANOMALY_THRESHOLD);
    }
    println!("{} B: {right} of {} windows right", kit.len(), TEST * CLASSES.len());
    for (class, strange) in CLASSES.iter().chain(&["unknown"]).zip(strange) {
        println!("{class}: {strange} of {TEST} windows above the threshold");
    }
    Ok(())
}

/// Makes one window of a motion, in mm/s².
fn window(class: usize, rng: &mut Rng) -> Window {
    let mut between = |low: f32, high: f32| low + (high - low) * rng.uniform() as f32;
    let phases: [f32; 4] = core::array::from_fn(|_| between(0.0, TAU));
    // Amplitude in m/s² and frequency in Hz of two waves for each axis.
    let waves: [[(f32, f32); 2]; AXES] = match class {
        0 => [[(0.0, 1.0); 2]; AXES],
        1 => [
            [(0.0, 1.0); 2],
            [(0.0, 1.0); 2],
            [(between(1.5, 3.0), between(0.4, 0.8)), (between(0.1, 0.3), between(2.0, 4.0))],
        ],
        2 => [
            [(between(1.0, 2.5), between(0.2, 0.4)), (between(0.2, 0.5), between(0.8, 1.2))],
            [(between(1.0, 2.5), between(0.2, 0.4)), (between(0.2, 0.5), between(0.8, 1.2))],
            [(between(0.5, 1.5), between(0.2, 0.4)), (0.0, 1.0)],
        ],
        3 => [
            [(between(0.3, 0.8), between(6.0, 10.0)), (between(0.2, 0.6), between(14.0, 20.0))],
            [(between(0.3, 0.8), between(6.0, 10.0)), (between(0.2, 0.6), between(14.0, 20.0))],
            [(between(0.8, 2.0), between(8.0, 14.0)), (between(0.3, 1.0), between(1.0, 3.0))],
        ],
        _ => core::array::from_fn(|_| {
            [(between(8.0, 16.0), between(2.0, 5.0)), (between(2.0, 6.0), between(5.0, 9.0))]
        }),
    };
    let mut all = [0; WINDOW];
    for (i, moment) in all.chunks_exact_mut(AXES).enumerate().take(SAMPLES) {
        let t = i as f32 / RATE;
        for (axis, (to, waves)) in moment.iter_mut().zip(&waves).enumerate() {
            let wave = |k: usize| {
                let (amplitude, hertz) = waves[k];
                amplitude * (TAU * hertz * t + phases[axis] + 2.0 * phases[3] * k as f32).sin()
            };
            let gravity = if axis == 2 { 9.81 } else { 0.0 };
            let noise = 0.05 * rng.normal() as f32;
            *to = (1000.0 * (gravity + wave(0) + wave(1) + noise)).round() as i16;
        }
    }
    all
}

/// Finds means, deviations and clusters.
fn tables(known: &[[f32; FEATURES]], rng: &mut Rng) -> Tables {
    let n = known.len() as f32;
    let means = core::array::from_fn(|i| known.iter().map(|row| row[i]).sum::<f32>() / n);
    let scales = core::array::from_fn(|i| {
        let squares = known.iter().map(|row| (row[i] - means[i]).powi(2)).sum::<f32>();
        (squares / n).sqrt().max(1e-3)
    });
    let point =
        |row: &[f32; FEATURES]| SELECTED.map(usize::from).map(|i| (row[i] - means[i]) / scales[i]);
    let points: Vec<[f32; SELECTED.len()]> = known.iter().map(point).collect();
    let distance = |a: &[f32; SELECTED.len()], b: &[f32; SELECTED.len()]| {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    };
    let mut order: Vec<usize> = (0..points.len()).collect();
    rng.shuffle(&mut order);
    let mut centroids: Vec<[f32; SELECTED.len()]> =
        order.iter().take(CLUSTERS).map(|i| points[*i]).collect();
    let nearest = |centroids: &[[f32; SELECTED.len()]], p: &[f32; SELECTED.len()]| {
        let all = centroids.iter().enumerate().map(|(i, c)| (i, distance(c, p)));
        all.fold((0, f32::INFINITY), |best, this| if this.1 < best.1 { this } else { best })
    };
    for _ in 0..50 {
        let members: Vec<usize> = points.iter().map(|p| nearest(&centroids, p).0).collect();
        for (cluster, centroid) in centroids.iter_mut().enumerate() {
            let mine = points.iter().zip(&members).filter(|(_, m)| **m == cluster);
            let mine: Vec<_> = mine.map(|(p, _)| p).collect();
            if !mine.is_empty() {
                *centroid = core::array::from_fn(|i| {
                    mine.iter().map(|p| p[i]).sum::<f32>() / mine.len() as f32
                });
            }
        }
    }
    let mut max_errors = [0.0_f32; CLUSTERS];
    for p in &points {
        let (cluster, d) = nearest(&centroids, p);
        max_errors[cluster] = max_errors[cluster].max(d);
    }
    let mut flat = [0.0; CLUSTERS * SELECTED.len()];
    flat.copy_from_slice(centroids.as_flattened());
    Tables { means, scales, centroids: flat, max_errors }
}

/// Writes the tables as a Rust expression.
fn text(tables: &Tables) -> String {
    let mut text = String::from("Tables {\n");
    let all: [(&str, &[f32]); 4] = [
        ("means", &tables.means),
        ("scales", &tables.scales),
        ("centroids", &tables.centroids),
        ("max_errors", &tables.max_errors),
    ];
    for (name, numbers) in all {
        // A string takes whatever is written.
        let _ = writeln!(text, "    {name}: [");
        for line in numbers.chunks(7) {
            let line: Vec<String> = line.iter().map(|x| format!("{x:?}")).collect();
            let _ = writeln!(text, "        {},", line.join(", "));
        }
        text.push_str("    ],\n");
    }
    text.push_str("}\n");
    text
}
