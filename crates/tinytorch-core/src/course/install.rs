//! Which course serves this thread, and the guard against algorithms that call themselves.

use core::{cell::RefCell, sync::atomic::Ordering};
use std::sync::{Arc, OnceLock};

use super::{
    Course,
    slot::{Bits, Slot},
};
use crate::{Error, Result};

/// What a thread knows: the course that serves it, and the slots it is inside of.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    course: Option<Arc<Course>>,
    /// A student's slot that is running must not be asked for again.
    busy: Bits,
}

thread_local! {
    static SCOPE: RefCell<Scope> = const { RefCell::new(Scope { course: None, busy: Bits::NONE }) };
    static DEFERRED: RefCell<Option<Error>> = const { RefCell::new(None) };
}

static GLOBAL: OnceLock<Arc<Course>> = OnceLock::new();

/// Puts the scope before back, also when a panic passes.
struct Restore(Option<Scope>);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            // A thread that is ending has no scope left to restore.
            let _ = SCOPE.try_with(|s| s.replace(before));
        }
    }
}

impl Scope {
    /// Returns what the calling thread knows, to hand it to another one.
    pub(crate) fn capture() -> Self {
        let mut scope = SCOPE.try_with(|s| s.borrow().clone()).unwrap_or_default();
        if scope.course.is_none() {
            scope.course = GLOBAL.get().cloned();
        }
        scope
    }

    /// Runs `f` with this scope and puts the one before back.
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        let _restore = Restore(SCOPE.try_with(|s| s.replace(self.clone())).ok());
        f()
    }
}

/// Puts the deferred error of the surroundings back, also when a panic passes.
struct Undefer(Option<Error>);

impl Drop for Undefer {
    fn drop(&mut self) {
        let _ = DEFERRED.try_with(|d| d.replace(self.0.take()));
    }
}

/// Runs `f` under `course`. What is running already stays guarded, and an error that no operation of `f` has reported does
/// not follow it out.
pub(super) fn run<R>(course: Arc<Course>, f: impl FnOnce() -> R) -> R {
    let _undefer = Undefer(DEFERRED.try_with(RefCell::take).ok().flatten());
    let busy = Scope::capture().busy;
    Scope { course: Some(course), busy }.enter(f)
}

/// Makes `course` the one of every thread that has no other.
pub(super) fn set_global(course: Course) -> Result<()> {
    GLOBAL.set(Arc::new(course)).map_err(|_| {
        Error::argument("course", "global course", "set already", "set once in a program")
    })
}

/// Asks the installed course for a slot: `None` if the reference has to serve it.
pub(crate) fn serve<L: ?Sized, R>(
    slot: &'static Slot,
    pick: fn(&Course) -> Option<&L>,
    f: impl FnOnce(&L) -> Result<R>,
) -> Result<Option<R>> {
    let scope = Scope::capture();
    if scope.busy.meets(slot.bit()) {
        return Err(Error::SelfCall { lesson: slot.id });
    }
    let Some(course) = &scope.course else { return Ok(None) };
    let Some(lesson) = pick(course).filter(|_| course.mask.meets(slot.bit())) else {
        course.counts.reference[slot.index()].fetch_add(1, Ordering::Relaxed);
        return Ok(None);
    };
    let inside = Scope { course: scope.course.clone(), busy: scope.busy.with(slot.bit()) };
    match inside.enter(|| f(lesson)) {
        // What is not written yet is borrowed from the reference, and the table says so.
        Err(Error::Unsolved { lesson, .. }) if lesson == slot.id && !course.strict => {
            course.counts.reference[slot.index()].fetch_add(1, Ordering::Relaxed);
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(out) => {
            course.counts.student[slot.index()].fetch_add(1, Ordering::Relaxed);
            Ok(Some(out))
        }
    }
}

/// The course that serves this thread.
pub(crate) fn current() -> Option<Arc<Course>> {
    Scope::capture().course
}

/// True if a course serves this thread: then every slot is to be asked by itself, and none be passed over by a kernel
/// that does the work of several.
pub(crate) fn is_active() -> bool {
    SCOPE.try_with(|s| s.borrow().course.is_some()).unwrap_or(false) || GLOBAL.get().is_some()
}

/// Notes that the reference served a slot for a type of elements that students' slots do not have.
pub(crate) fn by_reference(slot: &'static Slot) {
    if let Some(course) = &Scope::capture().course {
        course.counts.reference[slot.index()].fetch_add(1, Ordering::Relaxed);
    }
}

/// Keeps the error of a slot that is called where nothing can fail, for the end of the operation around it.
pub(crate) fn defer(error: Error) {
    let _ = DEFERRED.try_with(|d| d.borrow_mut().get_or_insert(error).clone());
}

/// Returns the error that was kept, once.
pub(crate) fn deferred() -> Result<()> {
    match DEFERRED.try_with(RefCell::take).ok().flatten() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Checks the length of what a student's slot returned and gives it the element type of the operation.
pub(crate) fn fit<T: crate::tensor::Element>(
    slot: &'static Slot,
    out: Vec<f32>,
    len: usize,
) -> Result<Vec<T>> {
    let found = out.len();
    match T::of_f32s(out) {
        Some(out) if found == len => Ok(out),
        _ => Err(wrong(slot, format!("returned {found} numbers, {len} are needed"))),
    }
}

/// The error for a result that the library cannot use.
#[cold]
pub(crate) fn wrong(slot: &'static Slot, detail: impl Into<String>) -> Error {
    Error::SlotResult { lesson: slot.id, detail: detail.into() }
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use crate::{
        course::{Course, Reference, View, m02},
        kernels::par,
    };

    #[test]
    fn threads_of_the_library_work_under_the_course_of_their_caller() {
        let course = Course::new().m02(Reference);
        let mut served = vec![false; 64];
        let ask = |_: usize, part: &mut [bool]| {
            let view = View { data: &[-1.0], shape: &[1], strides: &[1] };
            part[0] = m02::hook::relu(view).unwrap() == Some(vec![0.0]);
        };
        course.run(|| par::blocks(&mut served, 1, true, ask));
        assert!(served.iter().all(|s| *s));
        assert_eq!(course.work().map(|w| (w.student, w.reference)).collect::<Vec<_>>(), [(64, 0)]);
        // The threads are not left with it.
        par::blocks(&mut served, 1, true, |at, part| {
            ask(at, part);
            part[0] = !part[0];
        });
        assert!(served.iter().all(|s| *s));
    }
}
