//! Training runs from our own random numbers: what five of them reach must lie where another implementation's do.

use serde_json::Value;
use tinytorch_core::{
    DType, Result, Rng, Tensor, datasets,
    nn::{
        BceWithLogitsLoss, Conv2d, CrossEntropyLoss, Flatten, Init, Linear, Loss, MaxPool2d,
        Module, ModuleExt, Relu, Sequential, Tanh, init,
    },
    no_grad,
};

use crate::{
    models::{Step, done, text},
    optim,
    report::Outcome,
};

/// Runs per case: the least that the format of the tables asks for.
const SEEDS: u64 = 5;
/// Runs of the small networks for exclusive or, of which a share succeeds.
const SMALL_SEEDS: u64 = 20;

/// The digits, as images and class numbers, with the positions for training and for testing.
struct Digits {
    images: Tensor,
    labels: Tensor,
    train: Vec<i64>,
    test: Vec<i64>,
}

impl Digits {
    /// Every fifth image is for testing.
    fn fifths() -> Result<Self> {
        let [images, labels] = datasets::digits()?.to_tensors()?;
        let (test, train) = (0..labels.numel() as i64).partition(|i| i % 5 == 4);
        Ok(Self { images, labels, train, test })
    }

    /// As many of each class for training as give `train` images, and `test` of the others, chosen by chance.
    fn drawn(train: usize, test: usize, rng: &mut Rng) -> Result<Self> {
        let [images, labels] = datasets::digits()?.to_tensors()?;
        let ids = labels.to_vec::<i64>()?;
        let mut order: Vec<i64> = (0..ids.len() as i64).collect();
        rng.shuffle(&mut order);
        let (mut chosen, mut others, mut counts) = (Vec::new(), Vec::new(), [0; 10]);
        for i in order {
            let count = &mut counts[ids[i as usize] as usize];
            *count += 1;
            if *count <= train / 10 { chosen.push(i) } else { others.push(i) }
        }
        others.truncate(test);
        Ok(Self { images, labels, train: chosen, test: others })
    }

    fn rows(&self, rows: &[i64]) -> Result<[Tensor; 2]> {
        let rows = Tensor::from_slice(rows, [rows.len()])?;
        Ok([self.images.index_select(0, &rows)?, self.labels.index_select(0, &rows)?])
    }
}

/// The networks of the tables, with PyTorch's first weights.
fn network(name: &str, rng: &mut Rng) -> Result<Option<Sequential>> {
    let linear =
        |n_in, n_out, rng: &mut Rng| Linear::with_init(n_in, n_out, Init::TorchDefault, rng);
    let conv = |n_in, n_out, padding, rng: &mut Rng| {
        let opts = tinytorch_core::ops::Conv2dOpts { padding: [padding; 2], ..Default::default() };
        Conv2d::with_opts(n_in, n_out, [3, 3], opts, Init::TorchDefault, rng)
    };
    let net = Sequential::new();
    Ok(Some(match name {
        "cnn" => net
            .push(conv(1, 8, 0, rng)?)
            .push(Relu)
            .push(MaxPool2d::new(2)?)
            .push(Flatten)
            .push(linear(72, 10, rng)?),
        "lenet" => net
            .push(conv(1, 8, 1, rng)?)
            .push(Relu)
            .push(MaxPool2d::new(2)?)
            .push(conv(8, 16, 1, rng)?)
            .push(Relu)
            .push(MaxPool2d::new(2)?)
            .push(Flatten)
            .push(linear(64, 32, rng)?)
            .push(Relu)
            .push(linear(32, 10, rng)?),
        _ => match name.strip_prefix("mlp").and_then(|hidden| hidden.parse().ok()) {
            Some(hidden) => net
                .push(Flatten)
                .push(linear(64, hidden, rng)?)
                .push(Relu)
                .push(linear(hidden, 10, rng)?),
            None => return Ok(None),
        },
    }))
}

/// Trains once and returns the share of the test images read and the mean loss of the last epoch.
fn train(
    case: &Value,
    net: &Sequential,
    digits: &Digits,
    rng: &mut Rng,
) -> Step<Result<[f64; 2], String>> {
    let kind = case["optimizer"].as_str().unwrap_or_default();
    let mut optimizer = match optim::make(kind, &case["optimizer_params"], net.parameters(), None) {
        Ok(optimizer) => optimizer,
        Err(Err(missing)) => return Ok(Err(missing)),
        Err(Ok(error)) => return Err(text(error)),
    };
    let size = |name: &str| case[name].as_u64().ok_or_else(|| format!("the case has no {name}"));
    let (epochs, batch) = (size("epochs")?, size("batch")? as usize);
    let mut order = digits.train.clone();
    let mut last = f64::NAN;
    for _ in 0..epochs {
        rng.shuffle(&mut order);
        let mut sum = 0.0;
        for rows in order.chunks(batch.max(1)) {
            let [x, y] = digits.rows(rows).map_err(text)?;
            let loss = net.forward(&x).and_then(|logits| CrossEntropyLoss::new().loss(&logits, &y));
            let loss = loss.map_err(text)?;
            sum += loss.to_f64().map_err(text)? * rows.len() as f64;
            optimizer.as_dyn().zero_grad();
            loss.backward().map_err(text)?;
            optimizer.as_dyn().step().map_err(text)?;
        }
        last = sum / order.len() as f64;
    }
    let share = || -> Result<f64> {
        let [x, y] = digits.rows(&digits.test)?;
        let read = no_grad(|| net.forward(&x)?.argmax(1, false)?.eq(&y))?;
        read.to_dtype(DType::F64)?.mean(.., false)?.item()
    };
    Ok(Ok([share().map_err(text)?, last]))
}

/// Fails unless a mean lies within two standard deviations of the mean of a table.
fn within(what: &str, got: f64, table: &Value) -> Step<()> {
    let number = |key: &str| table[key].as_f64().ok_or_else(|| format!("{what}: no {key}"));
    let (mean, std) = (number("mean")?, number("std")?);
    if (got - mean).abs() <= 2.0 * std {
        return Ok(());
    }
    Err(format!("{what}: mean {got} of {SEEDS} runs, reference {mean} with deviation {std}"))
}

/// Trains a network of the tables from five seeds and returns the mean accuracy and the mean of the last losses.
fn mean_of_seeds(
    case: &Value,
    data: impl Fn(&mut Rng) -> Result<Digits>,
) -> Step<Result<[f64; 2], String>> {
    let name = case["net"].as_str().unwrap_or_default();
    let mut sums = [0.0; 2];
    for seed in 0..SEEDS {
        let rng = &mut Rng::seed(1000 + seed);
        let digits = data(rng).map_err(text)?;
        let Some(net) = network(name, rng).map_err(text)? else {
            return Ok(Err(format!("network {name}")));
        };
        match train(case, &net, &digits, rng)? {
            Ok(figures) => sums.iter_mut().zip(figures).for_each(|(sum, f)| *sum += f),
            Err(missing) => return Ok(Err(missing)),
        }
    }
    Ok(Ok(sums.map(|sum| sum / SEEDS as f64)))
}

/// Compares five runs of a curve with the table of its ten; `None` if the curve has none.
pub(crate) fn ten_seeds(case: &Value) -> Step<Option<String>> {
    let table = &case["ten_seeds"];
    if table.is_null() {
        return Ok(None);
    }
    match mean_of_seeds(case, |_| Digits::fifths())? {
        Ok([accuracy, loss]) => {
            within("accuracy", accuracy, &table["final_test_acc"])?;
            within("last loss", loss, &table["final_train_loss"])?;
            Ok(None)
        }
        Err(missing) => Ok(Some(missing)),
    }
}

/// A curriculum's setting on a part of the digits.
pub(crate) fn tiny(case: &Value) -> Outcome {
    done(run_tiny(case))
}

fn run_tiny(case: &Value) -> Step<Option<String>> {
    let parts = case["train_test"].as_str().and_then(|t| t.split_once('/'));
    let parts = parts.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let (train, test) = parts.ok_or("the case has no train_test such as 1000/200")?;
    match mean_of_seeds(case, |rng| Digits::drawn(train, test, rng))? {
        Ok([accuracy, _]) => within("accuracy", accuracy, &case["test_acc"]).map(|()| None),
        Err(missing) => Ok(Some(missing)),
    }
}

/// Exclusive or with one hidden layer: the share of runs that succeed.
pub(crate) fn xor(case: &Value) -> Outcome {
    done(run_xor(case))
}

fn run_xor(case: &Value) -> Step<Option<String>> {
    let size = |name: &str| case[name].as_u64().ok_or_else(|| format!("the case has no {name}"));
    let (hidden, epochs) = (size("hidden")? as usize, size("epochs")?);
    let kind = case["optimizer"].as_str().unwrap_or_default();
    let activation = case["activation"].as_str().unwrap_or_default();
    let mut solved = [0; 2]; // all corners; 95 % of the points
    for seed in 0..SMALL_SEEDS {
        let rng = &mut Rng::seed(1969 + seed);
        let points = datasets::points::xor(100, 0.1, rng);
        let layer = |n_in: usize, n_out: usize, rng: &mut Rng| -> Result<Linear> {
            // Variance 1/fan_in, bias 0.
            let std = (1.0 / n_in as f64).sqrt();
            let weight = Tensor::randn([n_out, n_in], DType::F32, rng)?.mul_scalar(std)?;
            Linear::from_tensors(weight, Some(init::zeros([n_out])?))
        };
        let (first, second) = (layer(2, hidden, rng), layer(hidden, 1, rng));
        let net = Sequential::new().push(first.map_err(text)?);
        let net = match activation {
            "relu" => net.push(Relu),
            "tanh" => net.push(Tanh),
            other => return Ok(Some(format!("activation {other}"))),
        };
        let net = net.push(second.map_err(text)?);
        let made = optim::make(kind, &case["optimizer_params"], net.parameters(), None);
        let mut optimizer = match made {
            Ok(optimizer) => optimizer,
            Err(Err(missing)) => return Ok(Some(missing)),
            Err(Ok(error)) => return Err(text(error)),
        };
        let [x, y] = points.to_tensors().map_err(text)?;
        for _ in 0..epochs {
            let loss = net.forward(&x).and_then(|out| BceWithLogitsLoss::new().loss(&out, &y));
            let loss = loss.map_err(text)?;
            optimizer.as_dyn().zero_grad();
            loss.backward().map_err(text)?;
            optimizer.as_dyn().step().map_err(text)?;
        }
        let right = |x: &Tensor, y: &Tensor| -> Result<f64> {
            let answers = no_grad(|| net.forward(x))?.to_vec::<f32>()?;
            let right = answers.iter().zip(y.to_vec::<f32>()?);
            Ok(right.filter(|(a, y)| (**a > 0.0) == (*y > 0.5)).count() as f64)
        };
        let corners = Tensor::from([[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
        let truth = Tensor::from([[0.0_f32], [1.0], [1.0], [0.0]]);
        solved[0] += usize::from(right(&corners, &truth).map_err(text)? == 4.0);
        solved[1] += usize::from(right(&x, &y).map_err(text)? >= 0.95 * y.numel() as f64);
    }
    for (name, got) in ["truth_table_solved_of_100", "acc_95_of_100"].into_iter().zip(solved) {
        let want = case[name].as_f64().ok_or_else(|| format!("the case has no {name}"))?;
        let got = got as f64 / SMALL_SEEDS as f64;
        // Both numbers are shares of a sample: three standard errors of their difference. One more success and one more
        // failure keep the error of a share of 0 or 1 from being 0.
        let share = (want + 1.0) / 102.0;
        let error = (share * (1.0 - share) * (1.0 / SMALL_SEEDS as f64 + 0.01)).sqrt();
        if (got - share).abs() > 3.0 * error {
            return Err(format!("{name}: {got} of {SMALL_SEEDS} runs, reference {want} of 100"));
        }
    }
    Ok(None)
}
