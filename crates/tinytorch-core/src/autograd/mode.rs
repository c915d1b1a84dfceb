//! Whether operations are recorded: a switch of the current thread.
//!
//! Without the feature `std` there are no threads to ask, and the switch is one for the whole program.

#[cfg(feature = "std")]
use core::cell::Cell;
use core::marker::PhantomData;

#[cfg(not(feature = "std"))]
static RECORDING: crate::nostd::local::Switch = crate::nostd::local::Switch::new(true);

#[cfg(feature = "std")]
thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(true) };
}

/// True if operations of this thread are recorded, which is the case unless [`no_grad`] is in force.
#[must_use]
#[inline]
pub fn is_recording() -> bool {
    RECORDING.get()
}

/// Runs `f` without recording and returns what it returns. Nests; the earlier state comes back, also after a panic.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::no_grad};
///
/// let x = Tensor::from([1.0f32, 2.0]).requiring_grad()?;
/// let y = no_grad(|| x.mul(&x))?;
/// assert!(!y.requires_grad());
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = no_grad_guard();
    f()
}

/// Stops recording until the guard is dropped.
#[must_use = "recording resumes when the guard is dropped"]
pub fn no_grad_guard() -> NoGradGuard {
    NoGradGuard(set_recording(false))
}

/// Keeps recording off while it lives. It belongs to the thread that made it.
#[derive(Debug)]
pub struct NoGradGuard(
    #[expect(dead_code, reason = "restores the state when dropped")] RecordGuard,
);

/// Restores the earlier state of recording when dropped.
#[derive(Debug)]
pub(crate) struct RecordGuard {
    before: bool,
    same_thread: PhantomData<*const ()>,
}

/// Sets the state of recording until the guard is dropped.
#[inline]
pub(crate) fn set_recording(on: bool) -> RecordGuard {
    RecordGuard { before: RECORDING.replace(on), same_thread: PhantomData }
}

impl Drop for RecordGuard {
    #[inline]
    fn drop(&mut self) {
        RECORDING.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_nest_and_survive_panics() {
        assert!(is_recording());
        no_grad(|| {
            assert!(!is_recording());
            no_grad(|| assert!(!is_recording()));
            assert!(!is_recording());
        });
        let caught = std::panic::catch_unwind(|| no_grad(|| panic!("on purpose")));
        assert!(caught.is_err());
        assert!(is_recording());
        #[cfg(feature = "std")]
        let _off = no_grad_guard();
        #[cfg(feature = "std")]
        assert!(
            std::thread::spawn(is_recording).join().unwrap(),
            "the switch belongs to one thread"
        );
    }
}
