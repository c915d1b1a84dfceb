//! The walls of the crate `mlsysim` as an oracle.
//!
//! Two kinds of equations come through here.
//! Those of [`Builtin`] keep their graph, so every mutation works, and each unmutated evaluation is compared with the
//! wall that computes the same thing: a relative difference above 1e-12 is [`OracleError::Drift`].
//! Any other equation of `mlsysim` can be asked by its own name; of it only inputs and the result can be mutated.
//!
//! No type of `mlsysim` appears in a public signature.

mod dimension;
mod opaque;
mod rows;
mod walls;

#[cfg(test)]
mod tests;

use super::{
    Bindings, Builtin, Mutation, Oracle, OracleError, OracleId, Record, Registry, Signature, Trace,
};

/// Evaluates equations with `mlsysim` as the second computation, or the only one.
///
/// # Examples
///
/// ```
/// use staffml_bank::oracle::{Mlsysim, Oracle};
/// use staffml_bank::quantity::Quantity;
///
/// let inputs = [
///     ("bytes".to_owned(), Quantity::parse("16 GB")?),
///     ("bandwidth".to_owned(), Quantity::parse("2 TB/s")?),
/// ];
/// let trace = Mlsysim.eval("memory.stream_time", &inputs, None, &[])?;
/// assert_eq!(trace.result().value(), 0.008);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Mlsysim;

impl Mlsysim {
    /// Returns the equations that a wall computes too, each with the name of that wall's equation.
    #[must_use]
    pub fn compared() -> Vec<(&'static str, &'static str)> {
        walls::compared().filter_map(|ours| Some((ours, walls::wall(ours)?))).collect()
    }

    /// Returns the step of an evaluation that differs most from the wall that computes the same, with the difference
    /// relative to the larger value; nothing where there is nothing to compare.
    ///
    /// # Errors
    ///
    /// [`OracleError::Domain`] if the wall refuses the inputs.
    pub fn largest_difference(trace: &Trace) -> Result<Option<(&'static str, f64)>, OracleError> {
        walls::largest(trace)
    }
}

impl Oracle for Mlsysim {
    fn id(&self) -> OracleId {
        OracleId { name: "mlsysim".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }

    fn signature(&self, equation: &str) -> Option<Signature> {
        Builtin.signature(equation).or_else(|| opaque::signature(equation))
    }

    fn eval(
        &self,
        equation: &str,
        inputs: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError> {
        let Ok(own) = Builtin::equation(equation) else {
            return opaque::eval(equation, inputs, output, mutations);
        };
        let trace = own.eval(inputs, output, mutations)?;
        // A mutated graph is wrong on purpose; there is nothing to compare it with.
        if mutations.is_empty() {
            walls::compare(&trace)?;
        }
        Ok(trace)
    }

    fn lookup(&self, registry: Registry, key: &str) -> Option<Record> {
        Builtin.lookup(registry, key)
    }

    fn keys(&self, registry: Registry) -> Vec<String> {
        Builtin.keys(registry)
    }
}
