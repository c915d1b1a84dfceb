//! Locks and counters.
//!
//! Without `std` a lock spins. Programs without an operating system seldom have a second thread; what they have is
//! interrupts, and a handler that waits for a lock of the code it interrupted waits forever. Tensors, parameters and modules
//! must therefore not be used in interrupt handlers.

#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicU64;
#[cfg(feature = "std")]
pub(crate) use std::sync::{
    Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

#[cfg(not(feature = "std"))]
pub(crate) use spinning::{
    AtomicU64, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

/// The same names and signatures as in `std`, as far as this crate uses them.
#[cfg(not(feature = "std"))]
mod spinning {
    use core::{
        convert::Infallible,
        marker::PhantomData,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use spin::mutex::SpinMutex;
    pub(crate) use spin::mutex::SpinMutexGuard as MutexGuard;
    pub(crate) use spin::{RwLockReadGuard, RwLockWriteGuard};

    /// Never made: a panic ends a program without `std`, so no lock is left behind by one.
    #[derive(Debug)]
    pub(crate) struct PoisonError<G>(Infallible, PhantomData<G>);

    impl<G> PoisonError<G> {
        pub(crate) fn into_inner(self) -> G {
            match self.0 {}
        }
    }

    type LockResult<G> = Result<G, PoisonError<G>>;

    #[derive(Debug)]
    pub(crate) struct Mutex<T>(SpinMutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(SpinMutex::new(value))
        }

        pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            Ok(self.0.lock())
        }

        pub(crate) fn get_mut(&mut self) -> LockResult<&mut T> {
            Ok(self.0.get_mut())
        }
    }

    #[derive(Debug)]
    pub(crate) struct RwLock<T>(spin::RwLock<T>);

    impl<T> RwLock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(spin::RwLock::new(value))
        }

        pub(crate) fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
            Ok(self.0.read())
        }

        pub(crate) fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
            Ok(self.0.write())
        }
    }

    /// A counter of the width of the machine: processors of 32 bits have no atomic of 64. It wraps.
    #[derive(Debug)]
    pub(crate) struct AtomicU64(AtomicUsize);

    impl AtomicU64 {
        pub(crate) const fn new(value: usize) -> Self {
            Self(AtomicUsize::new(value))
        }

        pub(crate) fn load(&self, order: Ordering) -> u64 {
            self.0.load(order) as u64
        }

        pub(crate) fn fetch_add(&self, n: usize, order: Ordering) -> u64 {
            self.0.fetch_add(n, order) as u64
        }
    }
}
