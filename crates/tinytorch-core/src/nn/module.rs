//! What a network is made of: the [`Module`] trait and everything that follows from walking a module.

use alloc::{collections::BTreeMap, sync::Arc};
use core::sync::atomic::{AtomicBool, Ordering};

use super::{
    AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Linear, MaxPool2d, Residual, Sequential,
};
use crate::nostd::prelude::*;
use crate::nostd::sync::{PoisonError, RwLock};
use crate::{DType, Error, Result, Tensor, autograd::Param};

/// A part of a network: a function of a tensor, with the parameters that training changes.
///
/// Implementers compute in [`forward`](Self::forward) and show everything they own in
/// [`visit`](Self::visit), always in the same order. All the rest — listing, counting, saving and loading
/// parameters, switching between training and evaluation — is built on that one walk and comes with
/// [`ModuleExt`].
///
/// # Examples
///
/// A layer of one's own: a learned shift.
///
/// ```
/// use tinytorch_core::nn::{Module, ModuleExt, Visitor};
/// use tinytorch_core::{DType, Param, Result, Tensor};
///
/// struct Shift(Param);
///
/// impl Module for Shift {
///     fn forward(&self, x: &Tensor) -> Result<Tensor> {
///         x.add(&self.0.tensor())
///     }
///     fn visit(&self, visitor: &mut dyn Visitor) {
///         visitor.param("shift", &self.0);
///     }
///     fn name(&self) -> &str {
///         "Shift"
///     }
/// }
///
/// let layer = Shift(Param::new(Tensor::ones([3], DType::F32)?)?);
/// assert_eq!(layer.num_parameters(), 3);
/// assert_eq!(layer.forward(&Tensor::zeros([2, 3], DType::F32)?)?.to_vec::<f32>()?, [1.0; 6]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub trait Module {
    /// Returns the output for `x`.
    ///
    /// # Errors
    ///
    /// Whatever the operations inside return, for the most part [`Error::ShapeMismatch`].
    fn forward(&self, x: &Tensor) -> Result<Tensor>;

    /// Shows every parameter, buffer and mode to `visitor`, in a fixed order.
    fn visit(&self, visitor: &mut dyn Visitor);

    /// Returns the name of the kind of module, such as `Linear`.
    fn name(&self) -> &str;

    /// Returns what the module is, for code that must know: counting, quantisation, export.
    ///
    /// The default, [`Kind::Other`], is right for every module outside this crate.
    fn kind(&self) -> Kind<'_> {
        Kind::Other(self.name())
    }
}

/// The kinds of module that this crate can count, quantise and export.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// A fully connected layer.
    Linear(&'a Linear),
    /// A convolution over images.
    Conv2d(&'a Conv2d),
    /// The rectifier max(x, 0).
    Relu,
    /// The largest value of each window.
    MaxPool2d(&'a MaxPool2d),
    /// The mean of each window.
    AvgPool2d(&'a AvgPool2d),
    /// Means that give an output of a certain size.
    AdaptiveAvgPool2d(&'a AdaptiveAvgPool2d),
    /// Normalization of each channel of an image.
    BatchNorm2d(&'a BatchNorm2d),
    /// A network beside which its input goes on.
    Residual(&'a Residual),
    /// All axes after the first become one.
    Flatten,
    /// Modules one after the other.
    Sequential(&'a Sequential),
    /// Anything else, by name.
    Other(&'a str),
}

impl Kind<'_> {
    /// Returns the name of the kind of module.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Linear(_) => "Linear",
            Self::Conv2d(_) => "Conv2d",
            Self::Relu => "Relu",
            Self::MaxPool2d(_) => "MaxPool2d",
            Self::AvgPool2d(_) => "AvgPool2d",
            Self::AdaptiveAvgPool2d(_) => "AdaptiveAvgPool2d",
            Self::BatchNorm2d(_) => "BatchNorm2d",
            Self::Residual(_) => "Residual",
            Self::Flatten => "Flatten",
            Self::Sequential(_) => "Sequential",
            Self::Other(name) => name,
        }
    }
}

/// Receives what a module owns.
///
/// Every method does nothing by default, so that a visitor names only what it wants.
pub trait Visitor {
    /// A parameter, with its name inside the module that owns it.
    fn param(&mut self, _name: &str, _param: &Param) {}

    /// A tensor that is saved with the module but not trained, such as a running mean.
    fn buffer(&mut self, _name: &str, _buffer: &Buffer) {}

    /// The switch between training and evaluation of the module being visited.
    fn mode(&mut self, _mode: &Mode) {}

    /// What follows belongs to the part called `name`, until [`leave`](Self::leave).
    fn enter(&mut self, _name: &str) {}

    /// The part that was entered last ends.
    fn leave(&mut self) {}
}

/// Shows the part `module` of a larger module under the name `name`.
pub fn visit_child(visitor: &mut dyn Visitor, name: &str, module: &dyn Module) {
    visitor.enter(name);
    module.visit(visitor);
    visitor.leave();
}

/// A tensor that belongs to a module, is saved with it, and is not trained.
///
/// Clones share the tensor.
#[derive(Debug, Clone)]
pub struct Buffer(Arc<RwLock<Tensor>>);

impl Buffer {
    /// Returns a buffer that holds `value`.
    #[must_use]
    pub fn new(value: &Tensor) -> Self {
        Self(Arc::new(RwLock::new(value.detach())))
    }

    /// Returns the tensor.
    #[must_use]
    pub fn tensor(&self) -> Tensor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the tensor.
    pub fn set(&self, value: &Tensor) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value.detach();
    }
}

/// The switch between training and evaluation; a new one says training.
#[derive(Debug)]
pub struct Mode(AtomicBool);

impl Default for Mode {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Mode {
    /// Returns whether the module is being trained.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Switches to training, or to evaluation.
    pub fn set_training(&self, training: bool) {
        self.0.store(training, Ordering::Relaxed);
    }
}

/// The tensors of a module by dotted name, as they are saved.
pub type StateDict = BTreeMap<String, Tensor>;

/// What every module can do because it can be walked.
pub trait ModuleExt: Module {
    /// Returns the parameters in the order of the walk. The handles are shared with the module.
    fn parameters(&self) -> Vec<Param> {
        self.named_parameters().into_iter().map(|(_, p)| p).collect()
    }

    /// Returns the parameters with their dotted names, such as `2.weight`.
    fn named_parameters(&self) -> Vec<(String, Param)> {
        collect(self).params
    }

    /// Returns the buffers with their dotted names.
    fn buffers(&self) -> Vec<(String, Buffer)> {
        collect(self).buffers
    }

    /// Switches every part to training (`true`) or evaluation (`false`).
    fn train(&self, training: bool) {
        struct Switch(bool);
        impl Visitor for Switch {
            fn mode(&mut self, mode: &Mode) {
                mode.set_training(self.0);
            }
        }
        self.visit(&mut Switch(training));
    }

    /// Gives every parameter and every buffer of floats another float type, in place. Make optimizers afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless `dtype` is a float; nothing has changed then.
    fn to_dtype(&self, dtype: DType) -> Result<()> {
        if !dtype.is_float() {
            return Err(Error::dtype("to_dtype", dtype, "f32, f64, f16 or bf16"));
        }
        let found = collect(self);
        found.params.iter().try_for_each(|(_, p)| p.to_dtype(dtype))?;
        for (_, buffer) in found.buffers.iter().filter(|(_, b)| b.tensor().dtype().is_float()) {
            buffer.set(&buffer.tensor().to_dtype(dtype)?);
        }
        Ok(())
    }

    /// Returns the number of numbers that training changes.
    fn num_parameters(&self) -> usize {
        self.parameters().iter().map(Param::numel).sum()
    }

    /// Returns every parameter and buffer by dotted name.
    fn state_dict(&self) -> StateDict {
        let found = collect(self);
        let params = found.params.into_iter().map(|(name, p)| (name, p.tensor().detach()));
        params.chain(found.buffers.into_iter().map(|(name, b)| (name, b.tensor()))).collect()
    }

    /// Replaces parameters and buffers by the tensors of `state`.
    ///
    /// Nothing changes unless everything fits. With `strict` off, names that only one side has are left alone.
    ///
    /// # Errors
    ///
    /// - [`Error::MissingParameter`], [`Error::UnexpectedParameter`] if `strict` and the names differ.
    /// - [`Error::ShapeMismatch`], [`Error::DTypeMismatch`] if a tensor does not fit its place.
    fn load_state_dict(&self, state: &StateDict, strict: bool) -> Result<()> {
        let found = collect(self);
        let places = found.params.iter().map(|(name, p)| (name, p.tensor()));
        let places: BTreeMap<&String, Tensor> =
            places.chain(found.buffers.iter().map(|(name, b)| (name, b.tensor()))).collect();
        if strict {
            if let Some(name) = places.keys().find(|name| !state.contains_key(**name)) {
                return Err(Error::MissingParameter { name: (*name).clone() });
            }
            if let Some(name) = state.keys().find(|name| !places.contains_key(name)) {
                return Err(Error::UnexpectedParameter { name: name.clone() });
            }
        }
        for (name, place) in &places {
            let Some(value) = state.get(*name) else { continue };
            if value.dims() != place.dims() {
                return Err(Error::shapes(
                    "load_state_dict",
                    (value.dims(), place.dims()),
                    format!("{name} is saved in another shape"),
                    "a saved tensor must have the shape of the parameter it replaces",
                    "build the module with the sizes it was saved with",
                ));
            }
            if value.dtype() != place.dtype() {
                let (lhs, rhs) = (value.dtype(), place.dtype());
                return Err(Error::DTypeMismatch { op: "load_state_dict", lhs, rhs });
            }
        }
        for (name, param) in &found.params {
            if let Some(value) = state.get(name) {
                param.load(value)?;
            }
        }
        for (name, buffer) in &found.buffers {
            if let Some(value) = state.get(name) {
                buffer.set(value);
            }
        }
        Ok(())
    }
}

impl<M: Module + ?Sized> ModuleExt for M {}

/// Gathers parameters and buffers under their dotted names.
#[derive(Default)]
struct Collector {
    path: Vec<String>,
    params: Vec<(String, Param)>,
    buffers: Vec<(String, Buffer)>,
}

impl Collector {
    fn full(&self, name: &str) -> String {
        self.path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
    }
}

impl Visitor for Collector {
    fn param(&mut self, name: &str, param: &Param) {
        self.params.push((self.full(name), param.clone()));
    }

    fn buffer(&mut self, name: &str, buffer: &Buffer) {
        self.buffers.push((self.full(name), buffer.clone()));
    }

    fn enter(&mut self, name: &str) {
        self.path.push(name.to_owned());
    }

    fn leave(&mut self) {
        self.path.pop();
    }
}

fn collect<M: Module + ?Sized>(module: &M) -> Collector {
    let mut collector = Collector::default();
    module.visit(&mut collector);
    collector
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        (**self).forward(x)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        (**self).visit(visitor);
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn kind(&self) -> Kind<'_> {
        (**self).kind()
    }
}
