//! Networks: layers with parameters, put together.
//!
//! A [`Module`] is a function of a tensor that owns parameters and shows them when asked. From that one walk follow
//! listing, counting, saving, loading and switching modes ([`ModuleExt`]). A [`Sequential`] chain of layers can also be
//! counted ([`count`](crate::count)) and made into an eight-bit network ([`quant`](crate::quant)).

mod activation;
mod attention;
mod avg_pool;
mod batch_norm;
mod block;
mod conv;
mod conv1d;
mod conv_transpose;
mod dropout;
mod embedding;
mod flatten;
mod gpt;
mod group_norm;
pub mod init;
mod layer_norm;
mod linear;
mod llama;
mod loss;
mod mlp;
mod module;
mod padding;
mod pool;
mod positions;
mod residual;
mod sequential;

pub use activation::{
    Elu, Gelu, Identity, LeakyRelu, LogSoftmax, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use attention::{AttentionOpts, MultiHeadAttention};
pub use avg_pool::{AdaptiveAvgPool2d, AvgPool2d};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d};
pub use block::{NormOrder, TransformerBlock};
pub use conv::{Conv2d, IntoPair};
pub use conv_transpose::ConvTranspose2d;
pub use conv1d::Conv1d;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub(crate) use gpt::last_of;
pub use gpt::{Gpt, GptConfig};
pub use group_norm::GroupNorm;
pub use init::Init;
pub use layer_norm::{LayerNorm, RmsNorm};
pub use linear::Linear;
pub use llama::{Llama, LlamaConfig};
pub use loss::{
    BceLoss, BceWithLogitsLoss, CrossEntropyLoss, HuberLoss, KlDivLoss, L1Loss, Loss, MseLoss,
    NllLoss, SmoothL1Loss,
};
pub use mlp::{Mlp, SwiGlu};
pub use module::{Buffer, Kind, Mode, Module, ModuleExt, StateDict, Visitor, visit_child};
pub(crate) use padding::each_alone;
pub use pool::{MaxPool1d, MaxPool2d};
pub use positions::{EmbeddingLayer, LearnedPositions, PositionKind, sinusoidal_table};
pub use residual::Residual;
pub use sequential::Sequential;
