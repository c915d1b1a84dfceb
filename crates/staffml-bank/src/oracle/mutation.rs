//! Wrong turns as changes of a graph.
//!
//! A learner who forgets the keys of a cache, takes bits for bytes or uses the other roof has evaluated a *different*
//! graph. Each such turn is one of four changes, so the number it leads to is computed and never typed.

use core::fmt;

use crate::quantity::Quantity;

/// One change of an equation's graph.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Mutation {
    /// Give an input or a node another value.
    Set {
        /// Input or node.
        name: String,
        /// The value used instead.
        value: Quantity,
    },
    /// Multiply an input or a node by a factor.
    Scale {
        /// Input or node.
        name: String,
        /// The factor.
        factor: f64,
    },
    /// Leave out a term of a sum, or an argument of a minimum or maximum.
    Drop {
        /// The node that holds the term.
        node: String,
        /// The term.
        term: String,
    },
    /// Exchange two inputs.
    Swap {
        /// One input.
        a: String,
        /// The other.
        b: String,
    },
}

impl fmt::Display for Mutation {
    /// Writes the change in words: `drop kv from total`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { name, value } => write!(f, "set {name} to {}", value.value()),
            Self::Scale { name, factor } => write!(f, "multiply {name} by {factor}"),
            Self::Drop { node, term } => write!(f, "drop {term} from {node}"),
            Self::Swap { a, b } => write!(f, "swap {a} and {b}"),
        }
    }
}
