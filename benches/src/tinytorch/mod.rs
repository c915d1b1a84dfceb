//! `tinytorch-core` beside plain loops, candle, burn and PyTorch.
//!
//! Every contestant multiplies, normalizes or trains the same numbers ([`values`](crate::values)).
//! Each side is written as its documentation would have it, with the fastest form it offers.

mod cached;
mod elementwise;
mod gemm;
mod gpt;
mod images;
mod init;
mod int8;
mod lenet;
mod mlp;
mod ours;
mod ours_gpt;
mod plain;
mod rows;
mod small;

#[cfg(feature = "peers")]
mod burn;
#[cfg(feature = "peers")]
mod burn_gpt;
#[cfg(feature = "peers")]
mod candle;
#[cfg(feature = "peers")]
mod candle_gpt;

use anyhow::Result;
use tinytorch_core::generate::WeightType;

use self::images::Layer;
use self::init::Gpt;
use crate::case::Plan;
use crate::subject::Subject;

/// The package that these cases measure.
const PACKAGE: &str = "tinytorch-core";
/// The Rust peers.
const CANDLE: &str = "candle";
/// The other Rust peer.
const BURN: &str = "burn";
/// The Python peer.
const TORCH: &str = "torch";

/// Adds the Rust peers' versions to a case, if they are in this build.
macro_rules! with_peers {
    ($case:expr, $name:ident($($argument:expr),*)) => {{
        let case = $case.goal($crate::tinytorch::CANDLE, 1.0).goal($crate::tinytorch::BURN, 1.0);
        #[cfg(feature = "peers")]
        let case = case
            .with($crate::tinytorch::CANDLE, $crate::tinytorch::candle::$name($($argument),*)?)
            .with($crate::tinytorch::BURN, $crate::tinytorch::burn::$name($($argument),*)?);
        case
    }};
}
use with_peers;

/// Sequences in a step of the small GPT.
const GPT_BATCH: usize = 16;

/// Returns the training step of the small GPT by itself.
///
/// # Errors
///
/// If its data cannot be made.
pub fn gpt_step() -> Result<Box<dyn Subject>> {
    ours_gpt::gpt(Gpt::SMALL, GPT_BATCH)
}

/// Returns the sizes of that step as the Python side takes them.
#[must_use]
pub fn gpt_sizes() -> Vec<usize> {
    [&[GPT_BATCH], &Gpt::SMALL.sizes()[..]].concat()
}

/// Returns the cases.
#[must_use]
pub fn plans(quick: bool) -> Vec<Plan> {
    let mut plans: Vec<Plan> = [64, 128, 256, 512, 1024, 2048]
        .into_iter()
        .filter(|n| !quick || *n <= 1024)
        .map(gemm::plan)
        .collect();
    plans.extend([256, 1024].map(int8::plan));
    let elements = if quick { 1 << 20 } else { 1 << 24 };
    plans.extend([elementwise::add(elements), elementwise::gelu(elements)]);
    let rows = if quick { 512 } else { 4096 };
    plans.extend([rows::softmax(rows, 1024), rows::layer_norm(rows, 1024)]);
    plans.extend([
        images::conv("conv-3x3", Layer::MIDDLE, false),
        images::conv("conv-3x3-grad", Layer::MIDDLE, true),
        images::conv("conv-1x1-grad", Layer::POINT, true),
        images::conv("depthwise-grad", Layer::DEPTHWISE, true),
        images::pool("max-pool", false),
        images::pool("mean-pool", true),
    ]);
    plans.extend([small::forward(), small::step(32)]);
    plans.extend([mlp::plan(128), lenet::plan(128), images::step(64)]);
    plans.extend([
        gpt::step("gpt-step", Gpt::SMALL, GPT_BATCH),
        gpt::step("nanogpt-step", Gpt::LETTERS, 4),
    ]);
    let large = if quick { Gpt::GPT2_SHORT } else { Gpt::GPT2 };
    plans.extend([gpt::decode(large, 64), cached::plan(large, 64)]);
    plans.push(cached::narrow("decode-bf16", WeightType::Bf16, large, 64));
    plans.push(cached::narrow("decode-i8", WeightType::I8, large, 64));
    plans
}
