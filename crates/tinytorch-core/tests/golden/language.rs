//! Language models from fixed weights: outputs, every gradient, ten optimizer steps, greedy text; and a training run on a text.

use std::collections::BTreeSet;

use serde_json::Value;
use tinytorch_core::{
    DType, Param, Rng, Tensor, datasets,
    generate::{LanguageModel, Sampler, generate},
    nn::{
        CrossEntropyLoss, Gpt, GptConfig, Llama, LlamaConfig, Loss, Module, ModuleExt, StateDict,
    },
    no_grad,
    optim::{Adam, AdamOpts, Optimizer, clip_grad_norm, lr::Schedule, lr::WarmupCosine},
};

use crate::{
    compare::{self, Tolerance},
    data::Folder,
    models::{Step, done, text},
    optim,
    report::Outcome,
};

/// Returns a size of the case.
pub(crate) fn size(case: &Value, name: &str) -> Step<usize> {
    case[name].as_u64().map(|n| n as usize).ok_or_else(|| format!("the case has no size {name}"))
}

/// Returns the number that follows `word` in a description: "eps 1e-6" or "betas (0.9,0.99)".
fn number_after(description: &str, word: &str) -> Option<f64> {
    let rest = &description[description.find(word)? + word.len()..];
    let rest = rest.trim_start_matches([' ', '(']);
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)));
    rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', 'e', '-']).parse().ok()
}

/// True if this model is one of language.
pub(crate) fn is_language(architecture: &str) -> bool {
    architecture.starts_with("gpt") || architecture.starts_with("llama")
}

/// Builds the model of a description; its weights are still random.
fn build(case: &Value, longest: usize) -> Step<Box<dyn LanguageModel>> {
    let architecture = case["arch"].as_str().unwrap_or_default();
    let tied_head = !architecture.contains("untied") && architecture.contains("tied");
    let norm_eps = number_after(architecture, "eps").ok_or("the description names no eps")?;
    let sizes = ["vocab", "d", "layers", "heads"].map(|name| size(case, name));
    let [vocab, width, layers, heads] = sizes;
    let (vocab, width, layers, heads) = (vocab?, width?, layers?, heads?);
    let rng = &mut Rng::seed(0);
    if architecture.starts_with("gpt") {
        let config = GptConfig::new(vocab, width, layers, heads, size(case, "ctx")?);
        let config = GptConfig { tied_head, norm_eps, ..config };
        return Ok(Box::new(Gpt::new(&config, rng).map_err(text)?));
    }
    let (kv_heads, hidden) = (size(case, "kv_heads")?, size(case, "ff")?);
    let rope_base = number_after(architecture, "base").ok_or("the description names no base")?;
    let max_len = longest;
    let config = LlamaConfig {
        vocab,
        width,
        layers,
        heads,
        kv_heads,
        hidden,
        max_len,
        rope_base,
        norm_eps,
        tied_head,
    };
    Ok(Box::new(Llama::new(&config, rng).map_err(text)?))
}

/// Gives a model the weights of `file` and its element type; their names must be the model's own.
fn load<M: Module + ?Sized>(folder: &Folder, file: &str, model: &M, dtype: DType) -> Step<()> {
    let stored = |(name, _): (String, Param)| {
        folder.tensor(file, &format!("param/{name}")).map(|value| (name, value))
    };
    let state =
        model.named_parameters().into_iter().map(stored).collect::<Result<StateDict, _>>()?;
    model.load_state_dict(&state, true).map_err(text)?;
    model.to_dtype(dtype).map_err(text)
}

/// Cross entropy of scores `[B, T, V]` with ids `[B, T]`, over all positions.
fn loss(scores: &Tensor, targets: &Tensor) -> tinytorch_core::Result<Tensor> {
    let (&[b, t, v], targets) = (scores.dims(), targets.reshape([targets.numel()])?) else {
        return CrossEntropyLoss::new().loss(scores, targets);
    };
    CrossEntropyLoss::new().loss(&scores.reshape([b * t, v])?, &targets)
}

/// Runs a language model with fixed weights.
pub(crate) fn model(folder: &Folder, case: &Value) -> Outcome {
    let (f64s, f32s) =
        (Tolerance { rtol: 1e-9, atol: 1e-10 }, Tolerance { rtol: 1e-5, atol: 1e-5 });
    let both = run_model(folder, case, DType::F64, f64s, 1e-9).and_then(|missing| match missing {
        None => run_model(folder, case, DType::F32, f32s, 1e-4),
        Some(_) => Ok(missing),
    });
    done(both)
}

fn ids(list: &Value) -> Vec<u32> {
    list.as_array().into_iter().flatten().filter_map(Value::as_u64).map(|t| t as u32).collect()
}

fn run_model(
    folder: &Folder,
    case: &Value,
    dtype: DType,
    tolerance: Tolerance,
    ten_steps: f64,
) -> Step<Option<String>> {
    let file = case["file"].as_str().unwrap_or_default();
    let (x, targets) = (folder.tensor(file, "in/ids")?, folder.tensor(file, "in/targets")?);
    let continued = ids(&case["greedy_tokens"]);
    let longest = continued.len().max(x.dims().last().copied().unwrap_or(0));
    let model = build(case, longest)?;
    load(folder, file, &*model, dtype)?;
    if case["num_params"].as_u64() != Some(model.num_parameters() as u64) {
        let found = model.num_parameters();
        return Err(format!("{found} parameters, reference {}", case["num_params"]));
    }
    let prompt = ids(&case["greedy_prompt"]);
    if !prompt.is_empty() {
        let more = continued.len() - prompt.len();
        let new = generate(&*model, &prompt, more, &[], &mut Sampler::greedy(), |_| true);
        let whole = [prompt, new.map_err(text)?].concat();
        if whole != continued {
            return Err(format!("{dtype} greedy text {whole:?}, reference {continued:?}"));
        }
    }
    let kind = case["optimizer"]["kind"].as_str().unwrap_or_default();
    let mut optimizer = match optim::make(kind, &case["optimizer"], model.parameters(), None) {
        Ok(optimizer) => optimizer,
        Err(Err(missing)) => return Ok(Some(missing)),
        Err(Ok(error)) => return Err(text(error)),
    };
    let wanted = case["train_losses_f64"].as_array().ok_or("the case has no losses")?;
    for (step, want) in wanted.iter().enumerate() {
        let scores = model.forward(&x).map_err(text)?;
        let loss = loss(&scores, &targets).map_err(text)?;
        let within = if step == 0 { tolerance.rtol } else { ten_steps };
        let (got, want) = (loss.to_f64().map_err(text)?, want.as_f64().unwrap_or(f64::NAN));
        // The comparison is that of agreement: NaN does not agree.
        let agrees = (got - want).abs() <= within * want.abs();
        if !agrees {
            return Err(format!("{dtype} loss before step {step} is {got}, reference {want}"));
        }
        optimizer.as_dyn().zero_grad();
        loss.backward().map_err(text)?;
        if step == 0 {
            let reference = folder.tensor(file, "f64/logits")?;
            compare::floats("logits", &scores.detach(), &reference, tolerance)?;
            for (name, param) in model.named_parameters() {
                let grad = param.grad().ok_or_else(|| format!("{name} has no gradient"))?;
                let reference = folder.tensor(file, &format!("f64/grad/{name}"))?;
                compare::floats(&name, &grad, &reference, tolerance)?;
            }
        }
        optimizer.as_dyn().step().map_err(text)?;
    }
    Ok(None)
}

/// Repeats a training run on a text, window by window.
pub(crate) fn curve(folder: &Folder, case: &Value) -> Outcome {
    done(run_curve(folder, case))
}

/// Returns the text of a case as ids by their place in `vocab`.
pub(crate) fn encoded(case: &Value) -> Step<Result<Vec<i64>, String>> {
    let name = case["text"].as_str().unwrap_or_default();
    if name != "almanac.txt" {
        return Ok(Err(format!("text {name}")));
    }
    let vocab: Vec<char> = match case["vocab"].as_str() {
        Some(vocab) => vocab.chars().collect(),
        None => datasets::ALMANAC.chars().collect::<BTreeSet<_>>().into_iter().collect(),
    };
    let place = |c| vocab.iter().position(|&v| v == c).map(|i| i as i64);
    let id = |c| place(c).ok_or_else(|| format!("{c:?} has no id"));
    datasets::ALMANAC.chars().map(id).collect::<Step<Vec<i64>>>().map(Ok)
}

fn run_curve(folder: &Folder, case: &Value) -> Step<Option<String>> {
    let (file, config) = (case["file"].as_str().unwrap_or_default(), &case["config"]);
    let ids = match encoded(case)? {
        Ok(ids) => ids,
        Err(missing) => return Ok(Some(missing)),
    };
    let vocab = case["vocab"].as_str().map_or(0, |v| v.chars().count());
    let [width, layers, heads, ctx, steps] =
        ["d", "L", "H", "ctx", "steps"].map(|n| size(config, n));
    let (width, ctx, steps) = (width?, ctx?, steps?);
    let about = case["model"].as_str().unwrap_or_default();
    if !about.starts_with("gpt") {
        return Ok(Some(format!("model {about}")));
    }
    let tied_head = !about.contains("untied") && about.contains("tied head");
    let sizes = GptConfig::new(vocab, width, layers?, heads?, ctx);
    let model = Gpt::new(&GptConfig { tied_head, ..sizes }, &mut Rng::seed(0)).map_err(text)?;
    load(folder, file, &model, DType::F32)?;
    let rule = case["optimizer"].as_str().unwrap_or_default();
    let number = |name: &str| config[name].as_f64().ok_or_else(|| format!("no number {name}"));
    let (Some(beta), Some(clip)) = (rule.find("betas (").map(|at| &rule[at..]), rule.find("norm"))
    else {
        return Ok(Some(format!("optimizer {rule}")));
    };
    let betas = [number_after(beta, "betas"), number_after(beta, ",")];
    let ([Some(first), Some(second)], Some(limit)) = (betas, number_after(&rule[clip..], "norm"))
    else {
        return Ok(Some(format!("optimizer {rule}")));
    };
    let opts = AdamOpts { betas: [first, second], lr: number("lr")?, ..AdamOpts::adamw() };
    let (matrices, rest): (Vec<_>, Vec<_>) =
        model.parameters().into_iter().partition(|p| p.shape().rank() >= 2);
    let decayed = AdamOpts { weight_decay: number("wd")?, ..opts };
    let mut adam = Adam::new(matrices, decayed)
        .and_then(|adam| adam.group(rest, AdamOpts { weight_decay: 0.0, ..opts }))
        .map_err(text)?;
    let schedule = WarmupCosine::new(number("lr")?, number("mn")?, size(config, "warm")?, steps)
        .map_err(text)?;
    let starts = folder.tensor(file, "starts")?;
    let wanted = folder.tensor(file, "step_loss")?.to_vec_as::<f64>();
    for (step, want) in wanted.iter().enumerate() {
        let row = starts.select(0, step as isize).map_err(text)?.to_vec_as::<i64>();
        let windows = |shift: usize| -> Step<Tensor> {
            let window = |&s: &i64| ids.get(s as usize + shift..s as usize + shift + ctx);
            let rows: Option<Vec<&[i64]>> = row.iter().map(window).collect();
            let rows = rows.ok_or_else(|| format!("a window of step {step} leaves the text"))?;
            Tensor::from_vec(rows.concat(), [row.len(), ctx]).map_err(text)
        };
        let loss = loss(&model.forward(&windows(0)?).map_err(text)?, &windows(1)?).map_err(text)?;
        let got = loss.to_f64().map_err(text)?;
        // Over the first 50 steps 1e-4; then the order of additions shows more and more.
        let within = if step < 50 { 1e-4 } else { DRIFT };
        let agrees = (got - want).abs() <= within * want.abs();
        if !agrees {
            return Err(format!("loss of step {step} is {got}, reference {want}"));
        }
        adam.zero_grad();
        loss.backward().map_err(text)?;
        clip_grad_norm(&model.parameters(), limit).map_err(text)?;
        adam.set_lr(schedule.lr(step)).map_err(text)?;
        adam.step().map_err(text)?;
    }
    whole_text(&model, case, &ids, ctx)?;
    Ok(None)
}

/// Relative difference of losses that the order of additions may bring in a few hundred steps.
const DRIFT: f64 = 1e-2;

/// Compares the loss over consecutive windows of the whole text.
fn whole_text(model: &Gpt, case: &Value, ids: &[i64], ctx: usize) -> Step<()> {
    let Some(want) = case["exact_run"]["full_text_loss"].as_f64() else { return Ok(()) };
    let (mut sum, mut count) = (0.0, 0);
    for start in (0..ids.len() - 1).step_by(ctx) {
        let end = (start + ctx).min(ids.len() - 1);
        let window = |from: usize, to| Tensor::from_slice(&ids[from..to], [1, end - start]);
        let (x, y) = (window(start, end).map_err(text)?, window(start + 1, end + 1).map_err(text)?);
        let value = no_grad(|| loss(&model.forward(&x)?, &y)?.to_f64()).map_err(text)?;
        (sum, count) = (sum + value * (end - start) as f64, count + end - start);
    }
    let got = sum / count as f64;
    let agrees = (got - want).abs() <= DRIFT * want;
    if agrees { Ok(()) } else { Err(format!("loss of the text is {got}, reference {want}")) }
}
