//! Whether products of layers add in one order for every number of rows: a switch of the current thread.
//!
//! A fast product chooses its order of addition by the shape of its operands, so a row of a product of one row and the
//! same row of a product of a hundred differ in the last bits. Where the switch is on, products of layers add in the order
//! of the inner axis, whatever stands beside a row, and attention takes one query after the other.

#[cfg(feature = "std")]
use core::cell::Cell;

#[cfg(not(feature = "std"))]
static STEADY: crate::nostd::local::Switch = crate::nostd::local::Switch::new(false);

#[cfg(feature = "std")]
thread_local! {
    static STEADY: Cell<bool> = const { Cell::new(false) };
}

/// True inside [`scope`].
#[inline]
pub(crate) fn is_on() -> bool {
    STEADY.get()
}

/// Runs `f` with the switch on. Nests; the earlier state comes back, also after a panic.
pub(crate) fn scope<R>(f: impl FnOnce() -> R) -> R {
    let _back = Back(STEADY.replace(true));
    f()
}

struct Back(bool);

impl Drop for Back {
    fn drop(&mut self) {
        STEADY.set(self.0);
    }
}
