//! `tinytorch-core` beside plain loops, candle, burn and PyTorch.
//!
//! Every contestant multiplies, normalizes or trains the same numbers ([`values`](crate::values)).
//! Each side is written as its documentation would have it, with the fastest form it offers.

mod elementwise;
mod gemm;
mod gpt;
mod init;
mod int8;
mod lenet;
mod mlp;
mod ours;
mod ours_gpt;
mod plain;
mod rows;

#[cfg(feature = "peers")]
mod burn;
#[cfg(feature = "peers")]
mod burn_gpt;
#[cfg(feature = "peers")]
mod candle;
#[cfg(feature = "peers")]
mod candle_gpt;

use self::init::Gpt;
use crate::case::Plan;

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
    plans.extend([mlp::plan(128), lenet::plan(128), gpt::step(16)]);
    plans.push(gpt::decode(if quick { Gpt::GPT2_SHORT } else { Gpt::GPT2 }, 64));
    plans
}
