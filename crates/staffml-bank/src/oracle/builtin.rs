//! The equations and machines that ship with this crate.

use std::sync::OnceLock;

use super::{
    Bindings, Equation, Mutation, Oracle, OracleError, OracleId, Record, Registry, Signature,
    Trace, graph_read,
};
use crate::problem::Problem;
use crate::read::nearest;

/// Evaluates the equations of this crate, without any other crate.
///
/// # Examples
///
/// ```
/// use staffml_bank::oracle::{Builtin, Oracle};
/// use staffml_bank::quantity::Quantity;
///
/// let inputs = [
///     ("parameters".to_owned(), Quantity::parse("8970 weights")?),
///     ("width".to_owned(), Quantity::parse("1 B")?),
/// ];
/// let trace = Builtin.eval("memory.footprint", &inputs, None, &[])?;
/// assert_eq!(trace.result().value(), 8970.0);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Builtin;

#[derive(Debug)]
struct Data {
    equations: Vec<Equation>,
    devices: Vec<Record>,
    /// What is wrong with the shipped files: nothing, as a test makes sure.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by a test"))]
    problems: Vec<Problem>,
}

/// The files of equations, by group of walls.
const EQUATIONS: [(&str, &str); 7] = [
    ("node.toml", include_str!("equations/node.toml")),
    ("limits.toml", include_str!("equations/limits.toml")),
    ("data.toml", include_str!("equations/data.toml")),
    ("algorithm.toml", include_str!("equations/algorithm.toml")),
    ("fleet.toml", include_str!("equations/fleet.toml")),
    ("operations.toml", include_str!("equations/operations.toml")),
    ("analysis.toml", include_str!("equations/analysis.toml")),
];

fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let (mut equations, mut problems) = (Vec::new(), Vec::new());
        for (path, text) in EQUATIONS {
            let (read, found) = graph_read::equations(path, text);
            equations.extend(read);
            problems.extend(found);
        }
        let (devices, more) = graph_read::devices("devices.toml", include_str!("devices.toml"));
        problems.extend(more);
        Data { equations, devices, problems }
    })
}

impl Builtin {
    /// Returns the equations.
    #[must_use]
    pub fn equations() -> &'static [Equation] {
        &data().equations
    }

    #[cfg(test)]
    pub(super) fn problems() -> &'static [Problem] {
        &data().problems
    }

    pub(super) fn equation(id: &str) -> Result<&'static Equation, OracleError> {
        Self::equations().iter().find(|e| e.id == id).ok_or_else(|| OracleError::UnknownEquation {
            equation: id.to_owned(),
            near: nearest(id, Self::equations().iter().map(|e| e.id.as_str())).map(str::to_owned),
        })
    }
}

impl Oracle for Builtin {
    fn id(&self) -> OracleId {
        OracleId { name: "builtin".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }

    fn signature(&self, equation: &str) -> Option<Signature> {
        Self::equation(equation).ok().map(Equation::signature)
    }

    fn eval(
        &self,
        equation: &str,
        inputs: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError> {
        Self::equation(equation)?.eval(inputs, output, mutations)
    }

    fn lookup(&self, registry: Registry, key: &str) -> Option<Record> {
        match registry {
            Registry::Device => data().devices.iter().find(|d| d.key == key).cloned(),
            Registry::Model => None,
        }
    }

    fn keys(&self, registry: Registry) -> Vec<String> {
        let mut keys: Vec<String> = match registry {
            Registry::Device => data().devices.iter().map(|d| d.key.clone()).collect(),
            Registry::Model => Vec::new(),
        };
        keys.sort_unstable();
        keys
    }
}
