//! Losses.

use tinytorch_core::{
    Result, Tensor,
    ops::{CrossEntropyOpts, Reduction},
};

use super::{Args, one};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let reduction = match a.text("reduction") {
        Some("mean") => Reduction::Mean,
        Some("sum") => Reduction::Sum,
        Some("none") => Reduction::None,
        Some("batchmean") => Reduction::BatchMean,
        Some(_) => return None,
        None => Reduction::default(),
    };
    let between = || (a.input("pred"), a.input("target"));
    one(match a.op {
        "mse_loss" => between().0.mse_loss(between().1, reduction),
        "l1_loss" => between().0.l1_loss(between().1, reduction),
        "huber_loss" => between().0.huber_loss(between().1, a.float("delta"), reduction),
        "bce_loss" => between().0.bce_loss(between().1, reduction),
        "bce_with_logits" => a.input("logits").bce_with_logits_loss(
            a.input("target"),
            a.maybe("pos_weight"),
            reduction,
        ),
        "cross_entropy" => {
            a.input("logits").cross_entropy(a.input("target"), &classes(a, reduction))
        }
        "cross_entropy_soft" => a.input("logits").cross_entropy_soft(a.input("target"), reduction),
        "nll_loss" => a.input("logp").nll_loss(a.input("target"), &classes(a, reduction)),
        "kl_div" => a.input("logq").kl_div_loss(a.input("p"), reduction),
        "distillation_loss" => distillation(a),
        _ => return None,
    })
}

fn classes(a: &Args<'_>, reduction: Reduction) -> CrossEntropyOpts {
    let plain = CrossEntropyOpts::default();
    CrossEntropyOpts {
        ignore_index: a.params["ignore_index"].as_i64().unwrap_or(plain.ignore_index),
        label_smoothing: a.maybe_float("label_smoothing").unwrap_or(0.0),
        weight: a.maybe("weight").cloned(),
        reduction,
    }
}

/// `α·k·KL(softmax(teacher/T) ‖ softmax(student/T)) + (1 - α)·cross_entropy(student, target)`
fn distillation(a: &Args<'_>) -> Result<Tensor> {
    let (student, teacher) = (a.input("student"), a.input("teacher"));
    let (t, alpha) = (a.float("temperature"), a.float("alpha"));
    let k = if a.flag("scale_t_squared") { t * t } else { 1.0 };
    let soft = student
        .div_scalar(t)?
        .log_softmax(-1)?
        .kl_div_loss(&teacher.div_scalar(t)?.softmax(-1)?, Reduction::BatchMean)?;
    let hard = student.cross_entropy(a.input("target"), &CrossEntropyOpts::default())?;
    soft.mul_scalar(alpha * k)?.add(&hard.mul_scalar(1.0 - alpha)?)
}
