//! Optimizer traces: prescribed gradients in, parameters after every step out; and runs on Rosenbrock's valley.

use serde_json::Value;
use tinytorch_core::{
    DType, Param, Tensor,
    optim::{
        AdaGrad, AdaGradOpts, Adam, AdamOpts, Optimizer, RmsProp, RmsPropOpts, Sgd, SgdOpts,
        clip_grad_norm_p, clip_grad_value,
    },
};

use crate::{
    compare::{self, Tolerance},
    data::Folder,
    report::Outcome,
};

const FILE: &str = "optim.safetensors";
/// Double precision.
const F64: Tolerance = Tolerance { rtol: 1e-9, atol: 1e-10 };
/// Single precision, as the format of the traces states it.
const F32: Tolerance = Tolerance { rtol: 1e-5, atol: 1e-6 };

/// Why a case did not pass.
enum Stop {
    Failed(String),
    Unsupported(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<tinytorch_core::Error> for Stop {
    fn from(why: tinytorch_core::Error) -> Self {
        Self::Failed(why.to_string())
    }
}

fn outcome(result: Result<(), Stop>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(Stop::Failed(why)) => Outcome::Failed(why),
        Err(Stop::Unsupported(what)) => Outcome::Unsupported(what),
    }
}

/// Runs a trace in both precisions.
pub(crate) fn trace(folder: &Folder, case: &Value) -> Outcome {
    outcome(
        follow(folder, case, DType::F64, F64).and_then(|()| follow(folder, case, DType::F32, F32)),
    )
}

fn follow(folder: &Folder, case: &Value, dtype: DType, tolerance: Tolerance) -> Result<(), Stop> {
    let names: Vec<&str> = strings(&case["tensors"]);
    let key = |kind: &str, name: &str| {
        case["keys"][kind].as_str().unwrap_or_default().replace("<t>", name)
    };
    let load = |kind: &str, name: &str| -> Result<Tensor, Stop> {
        Ok(folder.tensor(FILE, &key(kind, name))?.to_dtype(dtype)?)
    };
    let params = names
        .iter()
        .map(|n| Ok(Param::new(load("init", n)?)?))
        .collect::<Result<Vec<_>, Stop>>()?;
    let grads = names.iter().map(|n| load("grads", n)).collect::<Result<Vec<_>, Stop>>()?;
    let wanted = names.iter().map(|n| load("f64", n)).collect::<Result<Vec<_>, Stop>>()?;
    let mut optimizer = match case["extra"]["groups"].as_object() {
        None => build(case, &case["params"], params.clone(), None)?,
        Some(groups) => {
            let mut optimizer = None;
            for (name, param) in names.iter().zip(&params) {
                optimizer = Some(build(case, &groups[*name], vec![param.clone()], optimizer)?);
            }
            optimizer.ok_or_else(|| Stop::Failed("a trace without tensors".to_owned()))?
        }
    };
    for step in 0..case["steps"].as_u64().unwrap_or(0) {
        let skipped = |name: &str| {
            let list = case["extra"]["skip"][name].as_array();
            list.is_some_and(|steps| steps.iter().any(|s| s.as_u64() == Some(step)))
        };
        let grad = |(name, all): (&&str, &Tensor)| -> Result<Option<Tensor>, Stop> {
            if skipped(name) { Ok(None) } else { Ok(Some(all.select(0, step as isize)?)) }
        };
        let now = names.iter().zip(&grads).map(grad).collect::<Result<Vec<_>, Stop>>()?;
        optimizer.as_dyn().step_with(&now)?;
        for ((name, param), want) in names.iter().zip(&params).zip(&wanted) {
            let what = format!("{dtype} {name} after step {step}");
            compare::floats(&what, &param.tensor(), &want.select(0, step as isize)?, tolerance)?;
        }
    }
    Ok(())
}

/// Limits prescribed gradients in both precisions.
pub(crate) fn clipping(folder: &Folder, case: &Value) -> Outcome {
    outcome(
        limit(folder, case, DType::F64, F64).and_then(|()| limit(folder, case, DType::F32, F32)),
    )
}

fn limit(folder: &Folder, case: &Value, dtype: DType, tolerance: Tolerance) -> Result<(), Stop> {
    let load = |kind: &str, i: usize| {
        let key = case["keys"][kind].as_str().unwrap_or_default().replace("<i>", &i.to_string());
        folder.tensor(FILE, &key)
    };
    let mut params = Vec::new();
    while let Ok(grad) = load("input", params.len()) {
        let param = Param::new(Tensor::zeros(grad.shape(), dtype)?)?;
        param.set_grad(&grad.to_dtype(dtype)?)?;
        params.push(param);
    }
    if params.is_empty() {
        return Err(Stop::Failed("a case without gradients".to_owned()));
    }
    let number = |name: &str| match &case["params"][name] {
        Value::String(text) if text == "inf" => f64::INFINITY,
        value => value.as_f64().unwrap_or(f64::NAN),
    };
    match case["kind"].as_str() {
        Some("norm") => {
            let norm = clip_grad_norm_p(&params, number("max_norm"), number("p"))?;
            let wanted = Tensor::scalar(case["total_norm"].as_f64().unwrap_or(f64::NAN));
            compare::floats("norm before", &Tensor::scalar(norm), &wanted, tolerance)?;
        }
        Some("value") => clip_grad_value(&params, number("clip_value"))?,
        kind => return Err(Stop::Unsupported(format!("clipping by {kind:?}"))),
    }
    for (i, param) in params.iter().enumerate() {
        let got = param.grad().ok_or_else(|| Stop::Failed(format!("gradient {i} is gone")))?;
        compare::floats(&format!("{dtype} gradient {i}"), &got, &load("f64", i)?, tolerance)?;
    }
    Ok(())
}

/// Runs 20 steps on 100·(y − x²)² + (1 − x)² in double precision.
pub(crate) fn rosenbrock(case: &Value) -> Outcome {
    outcome(valley(case))
}

fn valley(case: &Value) -> Result<(), Stop> {
    let start = numbers(&case["start"]);
    let p = Param::new(Tensor::from_vec(start, [2])?)?;
    let mut optimizer = build(case, &case["params"], vec![p.clone()], None)?;
    let (losses, points) = (numbers(&case["losses"]), &case["points"]);
    for (step, want) in losses.iter().enumerate() {
        let (x, y) = (p.tensor().select(0, 0)?, p.tensor().select(0, 1)?);
        let rise = y.sub(&x.mul(&x)?)?;
        let side = x.rsub_scalar(1.0)?;
        let loss = rise.mul(&rise)?.mul_scalar(100.0)?.add(&side.mul(&side)?)?;
        let tolerance = Tolerance { rtol: 1e-9, atol: 0.0 };
        compare::floats(
            &format!("loss before step {step}"),
            &loss,
            &Tensor::scalar(*want),
            tolerance,
        )?;
        optimizer.as_dyn().zero_grad();
        loss.backward()?;
        optimizer.as_dyn().step()?;
        let point = Tensor::from_vec(numbers(&points[step]), [2])?;
        compare::floats(&format!("point after step {step}"), &p.tensor(), &point, tolerance)?;
    }
    Ok(())
}

/// The optimizers of the crate, so that groups can be added to them.
pub(crate) enum Any {
    Sgd(Sgd),
    Adam(Adam),
    RmsProp(RmsProp),
    AdaGrad(AdaGrad),
}

impl Any {
    pub(crate) fn as_dyn(&mut self) -> &mut dyn Optimizer {
        match self {
            Self::Sgd(o) => o,
            Self::Adam(o) => o,
            Self::RmsProp(o) => o,
            Self::AdaGrad(o) => o,
        }
    }
}

/// Makes the optimizer of a case, or adds a group to it. An option that is not known is not passed over.
fn build(
    case: &Value,
    settings: &Value,
    params: Vec<Param>,
    old: Option<Any>,
) -> Result<Any, Stop> {
    let kind = case["optimizer"].as_str().unwrap_or_default();
    make(kind, settings, params, old).map_err(|why| match why {
        Ok(error) => Stop::from(error),
        Err(what) => Stop::Unsupported(what),
    })
}

/// Makes an optimizer by name. The error is that of the crate, or what it does not offer.
pub(crate) fn make(
    kind: &str,
    settings: &Value,
    params: Vec<Param>,
    old: Option<Any>,
) -> Result<Any, Result<tinytorch_core::Error, String>> {
    let empty = serde_json::Map::new();
    let settings = settings.as_object().unwrap_or(&empty);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let unknown = |name: &str| Err(Err(format!("{kind} has no option {name}")));
    match kind {
        "sgd" => {
            let mut opts = SgdOpts::default();
            for (name, value) in settings {
                match name.as_str() {
                    "lr" => opts.lr = number(value),
                    "momentum" => opts.momentum = number(value),
                    "dampening" => opts.dampening = number(value),
                    "weight_decay" => opts.weight_decay = number(value),
                    "nesterov" => opts.nesterov = value == true,
                    "maximize" => opts.maximize = value == true,
                    "kind" => {}
                    _ => return unknown(name),
                }
            }
            match old {
                Some(Any::Sgd(sgd)) => sgd.group(params, opts),
                _ => Sgd::new(params, opts),
            }
            .map(Any::Sgd)
            .map_err(Ok)
        }
        "adam" | "adamw" => {
            let mut opts = if kind == "adamw" { AdamOpts::adamw() } else { AdamOpts::default() };
            for (name, value) in settings {
                match name.as_str() {
                    "lr" => opts.lr = number(value),
                    "betas" => opts.betas = [number(&value[0]), number(&value[1])],
                    "eps" => opts.eps = number(value),
                    "weight_decay" => opts.weight_decay = number(value),
                    "amsgrad" => opts.amsgrad = value == true,
                    "kind" => {}
                    _ => return unknown(name),
                }
            }
            match old {
                Some(Any::Adam(adam)) => adam.group(params, opts),
                _ => Adam::new(params, opts),
            }
            .map(Any::Adam)
            .map_err(Ok)
        }
        "rmsprop" => {
            let mut opts = RmsPropOpts::default();
            for (name, value) in settings {
                match name.as_str() {
                    "lr" => opts.lr = number(value),
                    "alpha" => opts.alpha = number(value),
                    "eps" => opts.eps = number(value),
                    "weight_decay" => opts.weight_decay = number(value),
                    "momentum" => opts.momentum = number(value),
                    "centered" => opts.centered = value == true,
                    "kind" => {}
                    _ => return unknown(name),
                }
            }
            match old {
                Some(Any::RmsProp(rmsprop)) => rmsprop.group(params, opts),
                _ => RmsProp::new(params, opts),
            }
            .map(Any::RmsProp)
            .map_err(Ok)
        }
        "adagrad" => {
            let mut opts = AdaGradOpts::default();
            for (name, value) in settings {
                match name.as_str() {
                    "lr" => opts.lr = number(value),
                    "lr_decay" => opts.lr_decay = number(value),
                    "eps" => opts.eps = number(value),
                    "weight_decay" => opts.weight_decay = number(value),
                    "initial_accumulator_value" => opts.initial = number(value),
                    "kind" => {}
                    _ => return unknown(name),
                }
            }
            match old {
                Some(Any::AdaGrad(adagrad)) => adagrad.group(params, opts),
                _ => AdaGrad::new(params, opts),
            }
            .map(Any::AdaGrad)
            .map_err(Ok)
        }
        _ => Err(Err(format!("no optimizer {kind}"))),
    }
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
