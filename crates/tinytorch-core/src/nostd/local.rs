//! What `std` keeps for each thread, kept once for the whole program.

use core::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
};

use spin::mutex::{SpinMutex, SpinMutexGuard};

/// In place of a thread's `Cell<bool>`.
pub(crate) struct Switch(AtomicBool);

impl Switch {
    pub(crate) const fn new(on: bool) -> Self {
        Self(AtomicBool::new(on))
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }

    pub(crate) fn replace(&self, on: bool) -> bool {
        self.0.swap(on, Ordering::Relaxed)
    }
}

/// In place of a thread's `RefCell`.
pub(crate) struct Local<T>(SpinMutex<T>);

impl<T> Local<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(SpinMutex::new(value))
    }

    pub(crate) fn borrow_mut(&self) -> SpinMutexGuard<'_, T> {
        self.0.lock()
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(&Self) -> R) -> R {
        f(self)
    }

    pub(crate) fn try_with<R>(&self, f: impl FnOnce(&Self) -> R) -> Result<R, Infallible> {
        Ok(f(self))
    }
}
