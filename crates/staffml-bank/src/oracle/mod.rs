//! The seam through which questions get their numbers.
//!
//! A question types no answer. It names an equation and binds its inputs; an [`Oracle`] evaluates the equation and
//! returns a [`Trace`]: every intermediate value, in order, with symbol, formula and source.
//! From one trace come the answer, the worked solution and, by [`Mutation`] of the same graph, every wrong answer
//! that is worth recognizing.
//!
//! [`Builtin`] holds a small set of equations and machines, so the crate works alone.
//! With the feature `mlsysim`, `Mlsysim` evaluates the same equations and compares each result with the walls of the
//! crate of that name.

mod builtin;
pub mod conformance;
mod graph;
mod graph_read;
#[cfg(feature = "mlsysim")]
mod mlsysim;
mod mutation;
mod registry;
mod trace;

#[cfg(test)]
mod tests;

#[cfg(feature = "mlsysim")]
pub use self::mlsysim::Mlsysim;
pub use builtin::Builtin;
pub use graph::{Equation, Input, Step};
pub use mutation::Mutation;
pub use registry::{Record, Registry};
pub use trace::{Node, Source, Trace};

use crate::quantity::{Quantity, Unit};

/// Name and version of an oracle. Two oracles with equal ids give equal bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct OracleId {
    /// Name.
    pub name: String,
    /// Version of its equations.
    pub version: String,
}

/// Inputs of an equation by name.
pub type Bindings = [(String, Quantity)];

/// What an equation takes and computes, for checking questions before they are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Identifier, for example `memory.footprint`.
    pub id: String,
    /// Inputs with the unit that fixes their dimension.
    pub inputs: Vec<(String, Unit)>,
    /// Computed nodes in order.
    pub nodes: Vec<NodeSignature>,
}

/// One computed node of a [`Signature`].
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSignature {
    /// Name.
    pub name: String,
    /// A unit of its dimension.
    pub unit: Unit,
    /// Terms that a mutation may drop.
    pub terms: Vec<String>,
    /// Names of the inputs and nodes it is computed from.
    pub uses: Vec<String>,
    /// Whether it chooses: a minimum, a maximum, a rounding.
    pub branches: bool,
}

impl Signature {
    /// Returns the node of that name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&NodeSignature> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// Returns the unit of an input.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Unit> {
        self.inputs.iter().find(|(n, _)| n == name).map(|(_, unit)| unit)
    }
}

/// Evaluates equations and knows machines.
///
/// Implementers are pure: equal arguments give equal results, bit for bit, for the life of an [`OracleId`].
/// They report bad inputs as errors and never panic.
pub trait Oracle: Send + Sync {
    /// Returns name and version.
    fn id(&self) -> OracleId;

    /// Returns what an equation takes and computes, or nothing if it is unknown.
    fn signature(&self, equation: &str) -> Option<Signature>;

    /// Returns the trace of one evaluation up to and including the node `output` (the last node if nothing is named),
    /// with `mutations` applied to the graph.
    ///
    /// # Errors
    ///
    /// Each variant of [`OracleError`].
    fn eval(
        &self,
        equation: &str,
        inputs: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError>;

    /// Returns a record of a registry.
    fn lookup(&self, registry: Registry, key: &str) -> Option<Record>;

    /// Returns the keys of a registry, sorted.
    fn keys(&self, registry: Registry) -> Vec<String>;
}

impl<O: Oracle + ?Sized> Oracle for &O {
    fn id(&self) -> OracleId {
        O::id(self)
    }

    fn signature(&self, equation: &str) -> Option<Signature> {
        O::signature(self, equation)
    }

    fn eval(
        &self,
        equation: &str,
        inputs: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError> {
        O::eval(self, equation, inputs, output, mutations)
    }

    fn lookup(&self, registry: Registry, key: &str) -> Option<Record> {
        O::lookup(self, registry, key)
    }

    fn keys(&self, registry: Registry) -> Vec<String> {
        O::keys(self, registry)
    }
}

/// Why an equation gave no number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OracleError {
    /// No equation of that name.
    #[error("no equation `{equation}`{}", crate::oracle::did_you_mean(near.as_deref()))]
    UnknownEquation {
        /// The name.
        equation: String,
        /// A known name like it.
        near: Option<String>,
    },
    /// The equation computes no such node.
    #[error("{equation} computes no `{node}`; its results are {known}")]
    UnknownNode {
        /// The equation.
        equation: String,
        /// The name.
        node: String,
        /// The nodes it has.
        known: String,
    },
    /// An input was not given.
    #[error("{equation} needs the input `{input}`")]
    MissingInput {
        /// The equation.
        equation: String,
        /// The input.
        input: String,
    },
    /// A name that is no input.
    #[error("{equation} has no input `{input}`; it takes {known}")]
    ExtraInput {
        /// The equation.
        equation: String,
        /// The name.
        input: String,
        /// The inputs it has.
        known: String,
    },
    /// An input or a node of the wrong dimension.
    #[error("{equation}: `{name}` is {want}, got {got}")]
    Dimension {
        /// The equation.
        equation: String,
        /// The input or node.
        name: String,
        /// Its dimension, in words.
        want: String,
        /// The dimension it got.
        got: String,
    },
    /// A mutation that does not apply to the equation.
    #[error("{equation}: cannot {mutation}: {why}")]
    Mutation {
        /// The equation.
        equation: String,
        /// The mutation in words.
        mutation: String,
        /// The reason.
        why: String,
    },
    /// No finite value, or a value outside the domain of the equation.
    #[error("{equation}: `{node}` has no value: {why}")]
    Domain {
        /// The equation.
        equation: String,
        /// The node.
        node: String,
        /// The reason.
        why: String,
    },
    /// Two computations of one node differ.
    #[error("{equation}: `{node}` is {ours} here and {theirs} in {other}")]
    Drift {
        /// The equation.
        equation: String,
        /// The node.
        node: String,
        /// Our value, in canonical units.
        ours: f64,
        /// The other value.
        theirs: f64,
        /// Who computed it.
        other: String,
    },
}

impl OracleError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownEquation { .. } => "E-ORACLE-EQUATION",
            Self::UnknownNode { .. } => "E-ORACLE-NODE",
            Self::MissingInput { .. } | Self::ExtraInput { .. } => "E-ORACLE-INPUT",
            Self::Dimension { .. } => "E-ORACLE-DIM",
            Self::Mutation { .. } => "E-ORACLE-MUTATION",
            Self::Domain { .. } => "E-ORACLE-DOMAIN",
            Self::Drift { .. } => "E-ORACLE-DRIFT",
        }
    }
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
