//! Whole networks from fixed weights: outputs, every gradient, ten optimizer steps, and training runs on the digits.

use serde_json::Value;
use tinytorch_core::{
    DType, Tensor,
    nn::{
        Conv2d, CrossEntropyLoss, Flatten, Linear, Loss, MaxPool2d, Module, ModuleExt, Relu,
        Sequential,
    },
};

use crate::{
    compare::{self, Tolerance},
    data::Folder,
    optim,
    report::Outcome,
};

type Step<T> = Result<T, String>;

/// The layers of a network, each with the name under which its parameters are stored; none for layers without.
fn layers(architecture: &str) -> Option<&'static [&'static str]> {
    if architecture.starts_with("mlp") {
        Some(&["linear fc1", "relu", "linear fc2"])
    } else if architecture == "cnn"
        || architecture.starts_with("conv 1-8 3x3 no padding, relu, max pool 2, flatten")
    {
        Some(&["conv conv1", "relu", "pool", "flatten", "linear fc"])
    } else if architecture == "lenet" {
        Some(&[
            "conv-same conv1",
            "relu",
            "pool",
            "conv-same conv2",
            "relu",
            "pool",
            "flatten",
            "linear fc1",
            "relu",
            "linear fc2",
        ])
    } else {
        None
    }
}

/// Builds the network with the parameters of `file`; returns it with the stored name of each parameter.
fn build(
    folder: &Folder,
    file: &str,
    layers: &[&str],
    dtype: DType,
) -> Step<(Sequential, Vec<String>)> {
    let mut model = Sequential::new();
    let mut names = Vec::new();
    for layer in layers {
        let (kind, name) = layer.split_once(' ').unwrap_or((layer, ""));
        let mut param = |what: &str| -> Step<Tensor> {
            names.push(format!("{name}.{what}"));
            folder.tensor(file, &format!("param/{name}.{what}"))?.to_dtype(dtype).map_err(text)
        };
        model = match kind {
            "linear" => model
                .push(Linear::from_tensors(param("weight")?, Some(param("bias")?)).map_err(text)?),
            "conv" => model
                .push(Conv2d::from_tensors(param("weight")?, Some(param("bias")?)).map_err(text)?),
            "conv-same" => {
                let conv =
                    Conv2d::from_tensors(param("weight")?, Some(param("bias")?)).map_err(text)?;
                model.push(conv.with_padding(1))
            }
            "relu" => model.push(Relu),
            "pool" => model.push(MaxPool2d::new(2).map_err(text)?),
            _ => model.push(Flatten),
        };
    }
    Ok((model, names))
}

fn text(why: impl core::fmt::Display) -> String {
    why.to_string()
}

fn done(result: Step<Option<String>>) -> Outcome {
    match result {
        Ok(None) => Outcome::Passed,
        Ok(Some(missing)) => Outcome::Unsupported(missing),
        Err(why) => Outcome::Failed(why),
    }
}

/// Runs a network with fixed weights.
pub(crate) fn model(folder: &Folder, case: &Value) -> Outcome {
    let (f64s, f32s) =
        (Tolerance { rtol: 1e-9, atol: 1e-10 }, Tolerance { rtol: 1e-5, atol: 1e-5 });
    let both = run_model(folder, case, DType::F64, f64s, 1e-9).and_then(|missing| match missing {
        None => run_model(folder, case, DType::F32, f32s, 1e-4),
        Some(_) => Ok(missing),
    });
    done(both)
}

fn run_model(
    folder: &Folder,
    case: &Value,
    dtype: DType,
    tolerance: Tolerance,
    ten_steps: f64,
) -> Step<Option<String>> {
    let architecture = case["arch"].as_str().unwrap_or_default();
    let Some(layers) = layers(architecture) else {
        return Ok(Some(format!("network {architecture}")));
    };
    let file = case["file"].as_str().unwrap_or_default();
    let (model, names) = build(folder, file, layers, dtype)?;
    let x = folder.tensor(file, "in/x")?.to_dtype(dtype).map_err(text)?;
    let targets = folder.tensor(file, "in/targets")?;
    if case["num_params"].as_u64() != Some(model.num_parameters() as u64) {
        return Err(format!(
            "{} parameters, reference {}",
            model.num_parameters(),
            case["num_params"]
        ));
    }
    let kind = case["optimizer"]["kind"].as_str().unwrap_or_default();
    let mut optimizer = match optim::make(kind, &case["optimizer"], model.parameters(), None) {
        Ok(optimizer) => optimizer,
        Err(Err(missing)) => return Ok(Some(missing)),
        Err(Ok(error)) => return Err(text(error)),
    };
    for (step, want) in case["train_losses_f64"].as_array().into_iter().flatten().enumerate() {
        let logits = model.forward(&x).map_err(text)?;
        let loss = CrossEntropyLoss::new().loss(&logits, &targets).map_err(text)?;
        let within = if step == 0 { tolerance.rtol } else { ten_steps };
        let (got, want) = (loss.to_f64().map_err(text)?, want.as_f64().unwrap_or(f64::NAN));
        if (got - want).abs() > within * want.abs() {
            return Err(format!("{dtype} loss before step {step} is {got}, reference {want}"));
        }
        optimizer.as_dyn().zero_grad();
        loss.backward().map_err(text)?;
        if step == 0 {
            compare::floats(
                "logits",
                &logits.detach(),
                &folder.tensor(file, "f64/logits")?,
                tolerance,
            )?;
            for (param, name) in model.parameters().iter().zip(&names) {
                let grad = param.grad().ok_or_else(|| format!("{name} has no gradient"))?;
                compare::floats(
                    name,
                    &grad,
                    &folder.tensor(file, &format!("f64/grad/{name}"))?,
                    tolerance,
                )?;
            }
        }
        optimizer.as_dyn().step().map_err(text)?;
    }
    Ok(None)
}

/// Repeats a training run on the digits, batch by batch; the first 50 losses must agree.
pub(crate) fn curve(folder: &Folder, case: &Value) -> Outcome {
    done(run_curve(folder, case))
}

fn run_curve(folder: &Folder, case: &Value) -> Step<Option<String>> {
    let net = case["net"].as_str().unwrap_or_default();
    let Some(layers) = layers(net) else { return Ok(Some(format!("network {net}"))) };
    let file = case["file"].as_str().unwrap_or_default();
    let (model, _) = build(folder, file, layers, DType::F32)?;
    let kind = case["optimizer"].as_str().unwrap_or_default();
    let mut optimizer = match optim::make(kind, &case["optimizer_params"], model.parameters(), None)
    {
        Ok(optimizer) => optimizer,
        Err(Err(missing)) => return Ok(Some(missing)),
        Err(Ok(error)) => return Err(text(error)),
    };
    let [images, labels] =
        tinytorch_core::datasets::digits().and_then(|d| d.to_tensors()).map_err(text)?;
    let images =
        if net.starts_with("mlp") { images.reshape([1797, 64]).map_err(text)? } else { images };
    let order = folder.tensor(file, "perm")?.select(0, 0).map_err(text)?.to_vec_as::<i64>();
    let losses = folder.tensor(file, "step_loss")?.to_vec_as::<f64>();
    let train: Vec<i64> = (0..1797).filter(|i| i % 5 != 4).collect();
    let batch = case["batch"].as_u64().unwrap_or(32) as usize;
    // The first epoch has 45 steps; five more come from the second.
    let second = folder.tensor(file, "perm")?.select(0, 1).map_err(text)?.to_vec_as::<i64>();
    let batches = order.chunks(batch).chain(second.chunks(batch)).take(50);
    for (step, (rows, want)) in batches.zip(losses).enumerate() {
        let rows: Vec<i64> = rows.iter().map(|&r| train[r as usize]).collect();
        let rows = Tensor::from_slice(&rows, [rows.len()]).map_err(text)?;
        let (x, y) = (images.index_select(0, &rows), labels.index_select(0, &rows));
        let (x, y) = (x.map_err(text)?, y.map_err(text)?);
        let loss = model
            .forward(&x)
            .and_then(|logits| CrossEntropyLoss::new().loss(&logits, &y))
            .map_err(text)?;
        let got = loss.to_f64().map_err(text)?;
        if (got - want).abs() > 1e-4 * want.abs() {
            return Err(format!("loss of step {step} is {got}, reference {want}"));
        }
        optimizer.as_dyn().zero_grad();
        loss.backward().map_err(text)?;
        optimizer.as_dyn().step().map_err(text)?;
    }
    Ok(None)
}
