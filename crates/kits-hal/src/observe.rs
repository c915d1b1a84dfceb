//! Looking into a run: time per operator, watchdogs, cancellation.

use core::ops::ControlFlow;

/// Is told after each operator of a run; may stop it.
///
/// Implementers read their own clock; the session asks for it before and after each operator and
/// reports the difference. Without a clock the difference is 0.
pub trait Observer {
    /// Returns the current time in ticks of the implementer's clock; it may wrap.
    fn now(&mut self) -> u32 {
        0
    }

    /// Called after operator `op`, which took `ticks`. Returning `Break` cancels the run.
    fn after_op(&mut self, op: u16, ticks: u32) -> ControlFlow<()>;
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn now(&mut self) -> u32 {
        O::now(self)
    }

    fn after_op(&mut self, op: u16, ticks: u32) -> ControlFlow<()> {
        O::after_op(self, op, ticks)
    }
}

/// Observes nothing: what [`Session::run`](crate::Session::run) uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    #[inline]
    fn after_op(&mut self, _op: u16, _ticks: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
