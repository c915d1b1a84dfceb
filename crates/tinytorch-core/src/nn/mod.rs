//! Networks: layers with parameters, put together.
//!
//! A [`Module`] is a function of a tensor that owns parameters and shows them when asked. From that one walk follow
//! listing, counting, saving, loading and switching modes ([`ModuleExt`]). A [`Sequential`] chain of layers can also be
//! counted ([`count`](crate::count)) and made into an eight-bit network ([`quant`](crate::quant)).

mod activation;
mod conv;
mod flatten;
mod init;
mod linear;
mod loss;
mod module;
mod pool;
mod sequential;

pub use activation::Relu;
pub use conv::Conv2d;
pub use flatten::Flatten;
pub use init::Init;
pub use linear::Linear;
pub use loss::{CrossEntropyLoss, Loss};
pub use module::{Buffer, Kind, Mode, Module, ModuleExt, StateDict, Visitor, visit_child};
pub use pool::MaxPool2d;
pub use sequential::Sequential;
