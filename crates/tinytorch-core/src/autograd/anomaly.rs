//! Looking for the operation that makes the first value that is not finite, during a backward pass.

use alloc::sync::Arc;
#[cfg(feature = "std")]
use core::cell::Cell;

use super::{Grads, Node};
use crate::{Error, Result, Tensor};

#[cfg(not(feature = "std"))]
static WATCHING: crate::nostd::local::Switch = crate::nostd::local::Switch::new(false);

#[cfg(feature = "std")]
thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and returns what it returns; backward passes inside check every gradient that a rule makes.
///
/// The first rule that turns finite gradients into an infinity or NaN ends the pass with
/// [`Error::NonFiniteGradient`], which names the operation and the line of code that called it. No gradient has
/// changed then. Only the pass has to run inside; the forward computation may come before. An operation inside a layer
/// is located in the layer.
///
/// # Cost
///
/// Every gradient is read once more.
///
/// # Examples
///
/// The root has no finite slope at 0, and the 0 that comes from above makes it NaN:
///
/// ```
/// use tinytorch_core::{Error, Tensor, autograd::detect_anomaly};
///
/// let x = Tensor::from([0.0f32, 4.0]).requiring_grad()?;
/// let loss = x.sqrt()?.mul_scalar(0.0)?.sum(.., false)?;
/// match detect_anomaly(|| loss.backward()) {
///     Err(Error::NonFiniteGradient { op, element, value, location, .. }) => {
///         assert_eq!((op, element), ("sqrt", 0));
///         assert!(value.is_nan() && location.file().ends_with(".rs"));
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn detect_anomaly<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            WATCHING.set(self.0);
        }
    }
    let _restore = Restore(WATCHING.replace(true));
    f()
}

/// The first element that is not finite, with its position in row-major order.
fn first_bad(grad: &Tensor) -> Option<(usize, f64)> {
    grad.to_vec_as::<f64>().into_iter().enumerate().find(|(_, v)| !v.is_finite())
}

/// Refuses a seed that is not finite: no operation could be blamed for what follows.
pub(super) fn check_seed(node: &Arc<Node>, seed: &Tensor) -> Result<()> {
    if !WATCHING.get() {
        return Ok(());
    }
    let bad = first_bad(seed);
    bad.map_or(Ok(()), |(element, value)| {
        let got = format!("{value} at element {element}, for the result of {}", node.name());
        Err(Error::argument("backward", "seed", got, "finite while anomalies are looked for"))
    })
}

/// Refuses gradients that are not finite; those that reached `node` were.
pub(super) fn check(node: &Arc<Node>, made: &Grads) -> Result<()> {
    if !WATCHING.get() {
        return Ok(());
    }
    for (input, grad) in made.iter() {
        if let Some((element, value)) = first_bad(grad) {
            let location = node.location();
            return Err(Error::NonFiniteGradient {
                op: node.name(),
                input,
                element,
                value,
                location,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(values: [f64; 2]) -> Tensor {
        Tensor::from(values).requiring_grad().unwrap()
    }

    #[test]
    fn the_operation_and_its_line_are_named() {
        let x = leaf([1.0, -1.0]);
        let line = line!() + 1;
        let y = x.add_scalar(1.0).unwrap().log().unwrap(); // ln 0
        let loss = y.exp().unwrap().sum(.., false).unwrap();
        match detect_anomaly(|| loss.backward_with(None, true)) {
            Err(Error::NonFiniteGradient { op, input: 0, element: 1, location, .. }) => {
                // exp gives 0 · e^(-inf) = 0, and the slope of ln at 0 is infinite: 0 · inf.
                assert_eq!((op, location.line()), ("log", line));
                assert_eq!(location.file(), file!());
            }
            other => panic!("{other:?}"),
        }
        assert!(x.grad().is_none(), "a failed pass changes nothing");
        loss.backward().unwrap();
        assert!(x.grad().unwrap().to_vec::<f64>().unwrap()[1].is_nan(), "unwatched, NaN arrives");
    }

    #[test]
    fn composed_operations_give_the_line_of_their_caller() {
        let x = leaf([3.0, 3.0]);
        let line = line!() + 1;
        let loss = x.std(0, 0, false).unwrap(); // √0
        match detect_anomaly(|| loss.backward()) {
            Err(Error::NonFiniteGradient { location, .. }) => {
                assert_eq!((location.file(), location.line()), (file!(), line));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn finite_passes_run_as_ever_and_the_watch_ends() {
        let x = leaf([1.0, 2.0]);
        let pass = || x.square().unwrap().sum(.., false).unwrap().backward();
        detect_anomaly(|| {
            detect_anomaly(pass).unwrap();
            assert!(WATCHING.get());
        });
        assert!(!WATCHING.get());
        assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [2.0, 4.0]);
        let caught = std::panic::catch_unwind(|| detect_anomaly(|| panic!("on purpose")));
        assert!(caught.is_err() && !WATCHING.get());
    }

    #[test]
    fn a_seed_that_is_not_finite_is_refused() {
        let x = leaf([1.0, 2.0]);
        let y = x.square().unwrap();
        let seed = Tensor::from([1.0f64, f64::INFINITY]);
        let error = detect_anomaly(|| y.backward_with(Some(&seed), false)).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { name: "seed", .. }), "{error}");
    }
}
