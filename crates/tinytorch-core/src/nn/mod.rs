//! Networks: layers with parameters, put together.
//!
//! A [`Module`] is a function of a tensor that owns parameters and shows them when asked. From that one walk follow
//! listing, counting, saving, loading and switching modes ([`ModuleExt`]). A [`Sequential`] chain of layers can also be
//! counted ([`count`](crate::count)) and made into an eight-bit network ([`quant`](crate::quant)).

mod activation;
mod attention;
mod block;
mod conv;
mod dropout;
mod embedding;
mod flatten;
mod gpt;
mod init;
mod layer_norm;
mod linear;
mod llama;
mod loss;
mod mlp;
mod module;
mod padding;
mod pool;
mod positions;
mod sequential;

pub use activation::Relu;
pub use attention::{AttentionOpts, MultiHeadAttention};
pub use block::{NormOrder, TransformerBlock};
pub use conv::Conv2d;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use gpt::{Gpt, GptConfig};
pub use init::Init;
pub use layer_norm::{LayerNorm, RmsNorm};
pub use linear::Linear;
pub use llama::{Llama, LlamaConfig};
pub use loss::{CrossEntropyLoss, Loss};
pub use mlp::{Mlp, SwiGlu};
pub use module::{Buffer, Kind, Mode, Module, ModuleExt, StateDict, Visitor, visit_child};
pub(crate) use padding::each_alone;
pub use pool::MaxPool2d;
pub use positions::{EmbeddingLayer, LearnedPositions, PositionKind, sinusoidal_table};
pub use sequential::Sequential;
