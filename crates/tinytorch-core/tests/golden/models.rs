//! Whole networks from fixed weights: outputs, every gradient, ten optimizer steps, and training runs on the digits.

use serde_json::Value;
use tinytorch_core::{
    DType, Tensor,
    nn::{CrossEntropyLoss, Loss, Module, ModuleExt},
};

use crate::{
    compare::{self, Tolerance},
    data::Folder,
    optim,
    report::Outcome,
    seeds, vision,
};

pub(crate) type Step<T> = Result<T, String>;

pub(crate) fn text(why: impl core::fmt::Display) -> String {
    why.to_string()
}

pub(crate) fn done(result: Step<Option<String>>) -> Outcome {
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
    let file = case["file"].as_str().unwrap_or_default();
    let model = match vision::build(folder, file, architecture, dtype)? {
        Ok(model) => model,
        Err(missing) => return Ok(Some(missing)),
    };
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
    let losses = case["train_losses_f64"].as_array().filter(|l| !l.is_empty());
    let losses = losses.ok_or_else(|| "no training losses are stored".to_owned())?;
    for (step, want) in losses.iter().enumerate() {
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
            for (name, param) in model.named_parameters() {
                let grad = param.grad().ok_or_else(|| format!("{name} has no gradient"))?;
                let want = folder.tensor(file, &format!("f64/grad/{name}"))?;
                compare::floats(&name, &grad, &want, tolerance)?;
            }
            let running =
                model.buffers().into_iter().filter(|(name, _)| name.contains(".running_"));
            for (name, buffer) in running {
                let want = folder.tensor(file, &format!("f64/stats_after/{name}"))?;
                compare::floats(&name, &buffer.tensor(), &want, tolerance)?;
            }
        }
        optimizer.as_dyn().step().map_err(text)?;
    }
    Ok(None)
}

/// Repeats a training run on the digits, batch by batch; the first 50 losses must agree. Then trains from our own seeds.
pub(crate) fn curve(folder: &Folder, case: &Value) -> Outcome {
    done(run_curve(folder, case).and_then(|missing| match missing {
        None => seeds::ten_seeds(case),
        Some(_) => Ok(missing),
    }))
}

/// From here on the order of summation makes runs drift apart.
const STEPS: usize = 50;

fn run_curve(folder: &Folder, case: &Value) -> Step<Option<String>> {
    let net = case["net"].as_str().unwrap_or_default();
    let file = case["file"].as_str().unwrap_or_default();
    let model = match vision::build(folder, file, net, DType::F32)? {
        Ok(model) => model,
        Err(missing) => return Ok(Some(missing)),
    };
    let kind = case["optimizer"].as_str().unwrap_or_default();
    let mut optimizer = match optim::make(kind, &case["optimizer_params"], model.parameters(), None)
    {
        Ok(optimizer) => optimizer,
        Err(Err(missing)) => return Ok(Some(missing)),
        Err(Ok(error)) => return Err(text(error)),
    };
    let [images, labels] =
        tinytorch_core::datasets::digits().and_then(|d| d.to_tensors()).map_err(text)?;
    let losses = folder.tensor(file, "step_loss")?.to_vec_as::<f64>();
    let train: Vec<i64> = (0..1797).filter(|i| i % 5 != 4).collect();
    let batch = case["batch"].as_u64().unwrap_or(32) as usize;
    let perm = folder.tensor(file, "perm")?; // [epochs, samples]
    let &[_, samples] = perm.dims() else { return Err(format!("perm is {}", perm.shape())) };
    let orders = perm.to_vec_as::<i64>();
    let batches = orders.chunks(samples.max(1)).flat_map(|order| order.chunks(batch.max(1)));
    if losses.len() < STEPS {
        return Err(format!("{} losses are stored, {STEPS} are compared", losses.len()));
    }
    for (step, (rows, want)) in batches.zip(losses).take(STEPS).enumerate() {
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
