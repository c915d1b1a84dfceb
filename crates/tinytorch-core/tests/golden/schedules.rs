//! Step sizes: the value in force at every step.

use serde_json::Value;
use tinytorch_core::optim::lr::{
    Cosine, CosineRestarts, Exponential, Linear, Mode, MultiStep, OneCycle, OneCycleOpts, Plateau,
    PlateauOpts, Schedule, Step, WarmupCosine,
};

use crate::report::Outcome;

/// The parameters of a case. Reading one marks it as known.
struct Params<'a> {
    all: &'a Value,
    known: Vec<&'a str>,
}

impl<'a> Params<'a> {
    fn get(&mut self, name: &'a str) -> &'a Value {
        self.known.push(name);
        &self.all[name]
    }

    fn float(&mut self, name: &'a str) -> Result<f64, String> {
        self.get(name).as_f64().ok_or_else(|| format!("no number {name}"))
    }

    fn float_or(&mut self, name: &'a str, default: f64) -> Result<f64, String> {
        if self.get(name).is_null() { Ok(default) } else { self.float(name) }
    }

    fn count(&mut self, name: &'a str) -> Result<usize, String> {
        self.get(name).as_u64().map(|n| n as usize).ok_or_else(|| format!("no count {name}"))
    }

    fn count_or(&mut self, name: &'a str, default: usize) -> Result<usize, String> {
        if self.get(name).is_null() { Ok(default) } else { self.count(name) }
    }

    fn floats(&mut self, name: &'a str) -> Vec<f64> {
        self.get(name).as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    }

    /// A parameter that nobody read would silently change the meaning of the case.
    fn unknown(&self) -> Option<&'a str> {
        self.all.as_object()?.keys().map(String::as_str).find(|key| !self.known.contains(key))
    }
}

/// Compares a schedule with its reference.
pub(crate) fn schedule(case: &Value) -> Outcome {
    let mut params = Params { all: &case["params"], known: Vec::new() };
    let wanted: Vec<f64> =
        case["lrs"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let kind = case["kind"].as_str().unwrap_or_default();
    let got = match values(kind, &mut params, wanted.len()) {
        Ok(Some(got)) => got,
        Ok(None) => return Outcome::Unsupported(format!("no schedule {kind}")),
        Err(why) => return Outcome::Failed(why),
    };
    if let Some(name) = params.unknown() {
        return Outcome::Unsupported(format!("{kind} with {name}"));
    }
    // A few roundings of doubles; the smallest values are differences of larger ones.
    let largest = wanted.iter().copied().fold(0.0, f64::max);
    for (t, (got, want)) in got.iter().zip(&wanted).enumerate() {
        if (got - want).abs().is_nan() || (got - want).abs() > 1e-9 * want.abs() + 1e-15 * largest {
            return Outcome::Failed(format!("at {t}: {got}, reference {want}"));
        }
    }
    if wanted.is_empty() {
        Outcome::Failed("no reference values".to_owned())
    } else {
        Outcome::Passed
    }
}

fn values<'a>(kind: &str, p: &mut Params<'a>, n: usize) -> Result<Option<Vec<f64>>, String> {
    let built = match kind {
        "step" => boxed(Step::new(p.float("base_lr")?, p.count("step_size")?, p.float("gamma")?)),
        "multistep" => {
            let milestones: Vec<usize> =
                p.floats("milestones").into_iter().map(|m| m as usize).collect();
            boxed(MultiStep::new(p.float("base_lr")?, &milestones, p.float("gamma")?))
        }
        "exponential" => boxed(Exponential::new(p.float("base_lr")?, p.float("gamma")?)),
        "linear" => {
            let (start, end) = (p.float("start_factor")?, p.float("end_factor")?);
            boxed(Linear::new(p.float("base_lr")?, start, end, p.count("total_iters")?))
        }
        "cosine" => {
            boxed(Cosine::new(p.float("base_lr")?, p.float_or("eta_min", 0.0)?, p.count("t_max")?))
        }
        "cosine_restarts" => {
            let (first, factor) = (p.count("t0")?, p.count_or("t_mult", 1)?);
            boxed(CosineRestarts::new(
                p.float("base_lr")?,
                p.float_or("eta_min", 0.0)?,
                first,
                factor,
            ))
        }
        "warmup_cosine" => {
            let (warmup, total) = (p.count("warmup")?, p.count("total")?);
            boxed(WarmupCosine::new(p.float("base_lr")?, p.float_or("min_lr", 0.0)?, warmup, total))
        }
        "one_cycle" => {
            let default = OneCycleOpts::default();
            let opts = OneCycleOpts {
                rise: p.float_or("pct_start", default.rise)?,
                div: p.float_or("div_factor", default.div)?,
                final_div: p.float_or("final_div_factor", default.final_div)?,
            };
            boxed(OneCycle::new(p.float("max_lr")?, p.count("total_steps")?, opts))
        }
        "plateau" => return plateau(p).map(Some),
        _ => return Ok(None),
    };
    let schedule = built?;
    Ok(Some((0..n).map(|t| schedule.lr(t)).collect()))
}

/// The step size in force while each metric was measured.
fn plateau(p: &mut Params<'_>) -> Result<Vec<f64>, String> {
    let default = PlateauOpts::default();
    let opts = PlateauOpts {
        mode: if p.get("mode") == "max" { Mode::Max } else { Mode::Min },
        factor: p.float_or("factor", default.factor)?,
        patience: p.count_or("patience", default.patience)?,
        threshold: p.float_or("threshold", default.threshold)?,
        cooldown: p.count_or("cooldown", default.cooldown)?,
        min_lr: p.float_or("min_lr", default.min_lr)?,
    };
    let mut plateau = Plateau::new(p.float("base_lr")?, opts).map_err(|e| e.to_string())?;
    let observe = |metric: f64| {
        let in_force = plateau.lr();
        plateau.observe(metric);
        in_force
    };
    Ok(p.floats("metrics").into_iter().map(observe).collect())
}

fn boxed(
    schedule: tinytorch_core::Result<impl Schedule + 'static>,
) -> Result<Box<dyn Schedule>, String> {
    match schedule {
        Ok(schedule) => Ok(Box::new(schedule)),
        Err(why) => Err(why.to_string()),
    }
}
