//! Operator cases: inputs, outputs, gradients, in both precisions.

use serde_json::Value;
use tinytorch_core::{
    DType, Tensor,
    autograd::{GradOpts, grad},
};

use crate::{
    compare::{self, Tolerance},
    data::Folder,
    ops::{self, Args},
    report::{Outcome, Report},
};

/// Runs every operator case in `f64` and `f32`.
pub(crate) fn run_all(folder: &Folder, report: &mut Report) {
    let index = folder.index("ops_index.json").expect("the folder was opened with it");
    let f64_tolerance = tolerance(&index["f64_tol"]).expect("the index states the tolerance");
    for case in index["cases"].as_array().expect("a list of cases") {
        let (group, id) = (text(case, "group"), text(case, "id"));
        if !report.wants(group) {
            continue;
        }
        for (dtype, name) in [(DType::F64, "f64"), (DType::F32, "f32")] {
            let outcome = either_reading(folder, case, dtype, f64_tolerance);
            report.add(group, &format!("{id} {name}"), &outcome);
        }
    }
}

/// How a stored single-precision input becomes a double.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The same number.
    Bits,
    /// The shortest decimal that names it: 0.9 for the float nearest to 0.9.
    Decimal,
}

/// Some references were computed from decimals before these were rounded for storage: a double-precision case may
/// agree under either reading, but all of its results must agree under the same one.
fn either_reading(
    folder: &Folder,
    case: &Value,
    dtype: DType,
    f64_tolerance: Tolerance,
) -> Outcome {
    let with = |reading| run(folder, case, (dtype, reading), f64_tolerance);
    match with(Reading::Bits) {
        Ok(outcome) => outcome,
        Err(_) if dtype == DType::F64 && matches!(with(Reading::Decimal), Ok(Outcome::Passed)) => {
            Outcome::Passed
        }
        Err(why) => Outcome::Failed(why),
    }
}

fn read_as(stored: &Tensor, dtype: DType, reading: Reading) -> Result<Tensor, String> {
    if reading == Reading::Bits {
        return stored.to_dtype(dtype).map_err(|e| e.to_string());
    }
    let decimal = |v: f32| v.to_string().parse::<f64>().map_err(|e| e.to_string());
    let values =
        stored.to_vec_as::<f32>().into_iter().map(decimal).collect::<Result<Vec<f64>, _>>()?;
    Tensor::from_vec(values, stored.shape()).map_err(|e| e.to_string())
}

fn run(
    folder: &Folder,
    case: &Value,
    (dtype, reading): (DType, Reading),
    f64_tolerance: Tolerance,
) -> Result<Outcome, String> {
    let file = text(case, "file");
    let inputs = list(case, "inputs")
        .iter()
        .map(|input| {
            let tensor = folder.tensor(file, text(input, "key"))?;
            let tensor = match text(input, "dtype") {
                "float" => read_as(&tensor, dtype, reading)?,
                _ => tensor,
            };
            let tensor = if input["grad"] == true {
                tensor.requiring_grad().map_err(|e| e.to_string())?
            } else {
                tensor
            };
            Ok((text(input, "name").to_owned(), tensor))
        })
        .collect::<Result<Vec<_>, String>>()?;
    let args = Args { op: text(case, "op"), params: &case["params"], inputs: &inputs, dtype };
    let Some(outputs) = ops::call(&args) else {
        return Ok(Outcome::Unsupported(format!("no operation {}", args.op)));
    };
    let outputs = outputs.map_err(|e| e.to_string().replace('\n', "; "))?;
    let described = list(case, "outputs");
    if outputs.len() != described.len() {
        return Err(format!("{} outputs, reference {}", outputs.len(), described.len()));
    }
    // Cotangents first: they belong to the outputs before anything is compared.
    let (mut seeded, mut seeds) = (Vec::new(), Vec::new());
    for (output, about) in outputs.iter().zip(described) {
        let name = text(about, "name");
        if text(about, "dtype") == "float" {
            let want = folder.tensor(file, text(about, "f64"))?;
            compare::floats(name, output, &want, accepted(about, dtype, f64_tolerance)?)?;
            if let Some(ct) = about["ct"].as_str() {
                seeds.push(folder.tensor(file, ct)?.to_dtype(dtype).map_err(|e| e.to_string())?);
                seeded.push(output);
            }
        } else {
            let want = folder.tensor(file, text(about, "key"))?;
            ops::integers_agree(&args, name, output, &want)?;
        }
    }
    gradients(folder, case, (dtype, f64_tolerance), &inputs, &seeded, seeds)?;
    Ok(Outcome::Passed)
}

fn gradients(
    folder: &Folder,
    case: &Value,
    (dtype, f64_tolerance): (DType, Tolerance),
    inputs: &[(String, Tensor)],
    outputs: &[&Tensor],
    seeds: Vec<Tensor>,
) -> Result<(), String> {
    let wanted = list(case, "grads");
    if wanted.is_empty() {
        return Ok(());
    }
    let of = |about: &Value| {
        let name = text(about, "of");
        inputs.iter().find(|(n, _)| n == name).map(|(_, t)| t).ok_or(format!("no input {name}"))
    };
    let targets = wanted.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let opts = GradOpts { seeds, allow_unused: true, ..GradOpts::default() };
    let grads = grad(outputs, &targets, opts).map_err(|e| e.to_string().replace('\n', "; "))?;
    for ((about, target), got) in wanted.iter().zip(&targets).zip(grads) {
        let got = match got {
            Some(got) => got,
            None => target.zeros_like().map_err(|e| e.to_string())?,
        };
        let want = folder.tensor(text(case, "file"), text(about, "f64"))?;
        let name = format!("gradient of {}", text(about, "of"));
        compare::floats(&name, &got, &want, accepted(about, dtype, f64_tolerance)?)?;
    }
    Ok(())
}

fn accepted(about: &Value, dtype: DType, f64_tolerance: Tolerance) -> Result<Tolerance, String> {
    if dtype == DType::F64 { Ok(f64_tolerance) } else { tolerance(&about["tol_f32"]) }
}

fn tolerance(value: &Value) -> Result<Tolerance, String> {
    let number = |key: &str| value[key].as_f64().ok_or_else(|| format!("no tolerance {key}"));
    Ok(Tolerance { rtol: number("rtol")?, atol: number("atol")? })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}
