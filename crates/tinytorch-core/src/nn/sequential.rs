//! Modules one after the other.

use core::fmt;

use super::{Kind, Module, Visitor, module::visit_child};
use crate::nostd::prelude::*;
use crate::{Result, Tensor};

/// A chain of modules: the output of each is the input of the next.
///
/// Parts are named `0`, `1`, .. in the order in which they were added.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, Module, ModuleExt, Relu, Sequential};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let rng = &mut Rng::seed(0);
/// let mlp = Sequential::new().push(Linear::new(64, 32, rng)?).push(Relu).push(Linear::new(32, 10, rng)?);
/// assert_eq!(mlp.num_parameters(), 64 * 32 + 32 + 32 * 10 + 10);
/// assert_eq!(mlp.forward(&Tensor::zeros([5, 64], DType::F32)?)?.dims(), [5, 10]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Module + Send + Sync>>,
}

impl Sequential {
    /// Returns a chain of nothing, which returns its input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the chain with `module` at its end.
    #[must_use]
    pub fn push(mut self, module: impl Module + Send + Sync + 'static) -> Self {
        self.layers.push(Box::new(module));
        self
    }

    /// Returns the chain with a function without parameters at its end.
    #[must_use]
    pub fn push_fn(
        self,
        name: &'static str,
        f: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        self.push(Function { name, f })
    }

    /// Returns the number of modules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Returns whether there are no modules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Iterates over the modules in order.
    pub fn layers(&self) -> impl Iterator<Item = &(dyn Module + Send + Sync)> {
        self.layers.iter().map(|layer| &**layer)
    }

    /// Returns the kinds of all modules in order, with nested chains opened.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind<'_>> {
        let mut kinds = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            match layer.kind() {
                Kind::Sequential(inner) => kinds.extend(inner.kinds()),
                kind => kinds.push(kind),
            }
        }
        kinds
    }
}

impl Module for Sequential {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        #[cfg(feature = "std")]
        if crate::profile::live::is_watched() {
            return self.layers.iter().enumerate().try_fold(x.clone(), |x, (i, layer)| {
                crate::profile::scope(&format!("{i} {}", layer.name()), || layer.forward(&x))
            });
        }
        self.layers.iter().try_fold(x.clone(), |x, layer| layer.forward(&x))
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        for (i, layer) in self.layers.iter().enumerate() {
            visit_child(visitor, &i.to_string(), &**layer);
        }
    }

    fn name(&self) -> &'static str {
        "Sequential"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Sequential(self)
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers.iter().map(|layer| layer.name())).finish()
    }
}

/// A module that is a plain function.
struct Function<F> {
    name: &'static str,
    f: F,
}

impl<F: Fn(&Tensor) -> Result<Tensor>> Module for Function<F> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        (self.f)(x)
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &str {
        self.name
    }
}
