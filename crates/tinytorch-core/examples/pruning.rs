//! What is left of a network when weights go, and when units go: accuracy, bytes and time.
//!
//! `cargo run --release -p tinytorch-core --example pruning [-- PICTURE.svg]`

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use std::{env, fs, sync::Arc, time::Instant};

use tinytorch_core::{
    Error, Result, Rng, Tensor,
    bench::{Samples, compare_pairs},
    compress::{CurveOpts, Layer, Pair, Scope, magnitude_prune, pruning_curve, shrink},
    data::{DataLoader, TensorDataset},
    datasets::{digits, scans},
    milestones::digits::Network,
    nn::{CrossEntropyLoss, Linear, Module, ModuleExt, Relu, Sequential},
    no_grad,
    optim::{Sgd, SgdOpts},
    train::{Trainer, evaluate},
};

/// Width of both hidden layers.
const HIDDEN: usize = 256;

/// Shares of the units of each hidden layer that go.
const SHARES: [f64; 4] = [0.0, 0.5, 0.75, 0.9];

/// Epochs before units go, and after.
const EPOCHS: [usize; 2] = [20, 5];

/// Images that are read at once while time is taken.
const BATCHES: [usize; 2] = [1, 128];

/// Times that each network is measured, in turn with the others.
const ROUNDS: usize = 31;

/// Calls between two looks at the clock.
const CALLS: usize = 20;

type Layers = [Linear; 3];

fn network([a, b, c]: &Layers) -> Sequential {
    let hidden = Sequential::new().push(a.clone()).push(Relu).push(b.clone()).push(Relu);
    hidden.push(c.clone())
}

/// Both hidden layers without the `share` of their units, and the output layer that reads them.
fn without(layers: &Layers, share: f64) -> Result<Layers> {
    let linear = |layer| match layer {
        Layer::Linear(layer) => layer,
        Layer::Conv(_) => unreachable!("a pair of linear layers stays one"),
    };
    let (a, b, _) = shrink(Pair::Linear(&layers[0], &layers[1]), share)?;
    let (a, b) = (linear(a), linear(b));
    let (b, c, _) = shrink(Pair::Linear(&b, &layers[2]), share)?;
    Ok([a, linear(b), linear(c)])
}

fn train(net: &Sequential, data: &TensorDataset, epochs: usize, lr: f64) -> Result<()> {
    let mut loader =
        DataLoader::builder(data.clone()).batch_size(32).shuffle(Rng::seed(1)).build()?;
    let mut sgd = Sgd::new(net.parameters(), SgdOpts { lr, momentum: 0.9, ..SgdOpts::default() })?;
    Trainer::new(net, &mut sgd, &CrossEntropyLoss::new()).fit(&mut loader, epochs, &mut ())?;
    Ok(())
}

fn accuracy(net: &Sequential, data: &TensorDataset) -> Result<f64> {
    let mut loader = DataLoader::builder(data.clone()).batch_size(120).build()?;
    Ok(evaluate(net, &mut loader, &CrossEntropyLoss::new())?.accuracy.unwrap_or(0.0))
}

/// Seconds of a pass over `x`, for each network, in turn.
fn times(nets: &[&Sequential], x: &Tensor) -> Result<Vec<Samples>> {
    let mut seconds = vec![Vec::new(); nets.len()];
    for round in 0..=ROUNDS {
        for (net, seconds) in nets.iter().zip(&mut seconds) {
            let begin = Instant::now();
            for _ in 0..CALLS {
                core::hint::black_box(no_grad(|| net.forward(x))?);
            }
            if round > 0 {
                seconds.push(begin.elapsed().as_secs_f64() / CALLS as f64);
            }
        }
    }
    seconds.into_iter().map(Samples::new).collect()
}

fn units() -> Result<()> {
    let (train_set, test_set) = scans::split(&digits()?);
    // Rows of 64 pixels, as a network of fully connected layers reads them.
    let rows = Network::Mlp { hidden: HIDDEN };
    let (train_set, test_set) = (rows.dataset(&train_set)?, rows.dataset(&test_set)?);
    let rng = &mut Rng::seed(0);
    let layers = [
        Linear::new(64, HIDDEN, rng)?,
        Linear::new(HIDDEN, HIDDEN, rng)?,
        Linear::new(HIDDEN, 10, rng)?,
    ];
    train(&network(&layers), &train_set, EPOCHS[0], 0.1)?;

    // As large a share of zeros as the last row of the table has of units less, in layers that stay as large as they were.
    let zeros = network(&without(&layers, 0.0)?);
    magnitude_prune(&zeros, SHARES[3], Scope::Global)?;
    let mut measured = Vec::new();
    let mut nets = vec![zeros];
    for share in SHARES {
        let net = network(&without(&layers, share)?);
        let before = accuracy(&net, &test_set)?;
        train(&net, &train_set, EPOCHS[1], 0.05)?;
        measured.push((share, net.num_parameters(), before, accuracy(&net, &test_set)?));
        nets.push(net);
    }
    let nets: Vec<&Sequential> = nets.iter().collect();
    let [one, many] = BATCHES.map(|n| {
        let x = Tensor::randn([n, 64], tinytorch_core::DType::F32, &mut Rng::seed(2))?;
        times(&nets, &x)
    });
    let (one, many) = (one?, many?);
    let faster =
        |s: &[Samples], i: usize| Ok::<f64, Error>(1.0 / compare_pairs(&s[1], &s[i])?.ratio);

    println!(
        "\nUnits of both hidden layers of 64-{HIDDEN}-{HIDDEN}-10 taken out, {} epochs of training after it:\n",
        EPOCHS[1]
    );
    println!(
        "| units out | parameters | accuracy | after fine-tuning | 1 image | times as fast | {} images | times as fast |",
        BATCHES[1]
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (i, (share, parameters, before, after)) in (1..).zip(measured) {
        println!(
            "| {:.0} % | {parameters} | {:.1} % | {:.1} % | {:.2} µs | {:.2} | {:.1} µs | {:.2} |",
            100.0 * share,
            100.0 * before,
            100.0 * after,
            1e6 * one[i].median(),
            faster(&one, i)?,
            1e6 * many[i].median(),
            faster(&many, i)?,
        );
    }
    println!(
        "\nWith {:.0} % of the weights zero and the layers as large as before: {:.2} and {:.2} times as fast.",
        100.0 * SHARES[3],
        faster(&one, 0)?,
        faster(&many, 0)?,
    );
    Ok(())
}

fn main() -> Result<()> {
    println!("Weights of 64-32-10 set to zero:\n");
    let curve = pruning_curve(&CurveOpts::default(), &mut ())?;
    print!("{}", curve.markdown());
    if let Some(path) = env::args().nth(1) {
        fs::write(&path, curve.to_svg()).map_err(|e| Error::Io {
            op: "pruning",
            path: path.clone(),
            source: Arc::new(e),
        })?;
        println!("\nThe curve is in {path}.");
    }
    units()
}
