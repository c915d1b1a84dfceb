//! The course: write a module of the library yourself, and let everything else run on it.
//!
//! Each of the modules 01 to 20 is a trait with one method per algorithm (a *slot*). Implement it in your own crate, install
//! it in a [`Course`], and the library calls your code wherever it needs that algorithm; what you have not
//! written is served by the reference. The checks of a module are values of this library, so that they run from
//! your tests, from a command line and from a grader alike.
//!
//! ```
//! use tinytorch_core::{Result, Tensor, course::{Course, View, m02::ActivationLesson}};
//!
//! struct Mine;
//!
//! impl ActivationLesson for Mine {
//!     fn relu(&self, x: View<'_>) -> Result<Vec<f32>> {
//!         Ok(x.iter().map(|v| if v < 0.0 { 0.0 } else { v }).collect())
//!     }
//! }
//!
//! let course = Course::new().m02(Mine);
//! let y = course.run(|| Tensor::from([-1.0f32, 2.0]).relu())?;
//! assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0]);
//! assert_eq!(course.work().find(|w| w.slot.name == "relu").map(|w| w.student), Some(1));
//! # Ok::<(), tinytorch_core::Error>(())
//! ```
//!
//! Slots work in `f32`. Operations on other element types, and 16-bit ones only where they are widened, run on the
//! reference and are counted there. The guard against slots that call themselves catches mistakes, not fraud: a
//! method that starts its own thread or calls [`crate::slots`] directly is not seen.

mod arrays;
mod audit;
mod check;
pub mod cli;
mod install;
mod lesson;
pub mod m01;
pub mod m02;
pub mod m03;
pub mod m04;
pub mod m05;
pub mod m06;
pub mod m07;
pub mod m08;
pub mod m09;
pub mod m10;
pub mod m11;
pub mod m12;
pub mod m13;
pub mod m14;
pub mod m15;
pub mod m16;
pub mod m17;
pub mod m18;
pub mod m19;
pub mod m20;
pub mod make;
#[cfg(feature = "safetensors")]
mod milestone;
mod slot;
mod tests_macro;

use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use std::sync::Arc;

pub use audit::{Audit, ModuleAudit, audit};
pub use check::{Check, Failure, Kind, Outcome};
#[cfg(feature = "parallel")]
pub(crate) use install::Scope;
pub(crate) use install::{by_reference, current, defer, deferred, fit, is_active, wrong};
#[cfg(feature = "safetensors")]
pub use milestone::{OwnWork, Verdict};
pub use slot::{Module, Role, Slot};
pub use tests_macro::assert_check;

use crate::{Error, Result, tensor::Shape};
pub use crate::{slots::Part, tensor::View};

/// The modules that have a lesson, in order. The table is computed from the lessons, so it cannot run ahead of them.
pub const MODULES: &[Module] = &[
    m01::MODULE,
    m02::MODULE,
    m03::MODULE,
    m04::MODULE,
    m05::MODULE,
    m06::MODULE,
    m07::MODULE,
    m08::MODULE,
    m09::MODULE,
    m10::MODULE,
    m11::MODULE,
    m12::MODULE,
    m13::MODULE,
    m14::MODULE,
    m15::MODULE,
    m16::MODULE,
    m17::MODULE,
    m18::MODULE,
    m19::MODULE,
    m20::MODULE,
];

/// Returns the module of this number.
#[must_use]
pub fn module(number: u8) -> Option<&'static Module> {
    MODULES.iter().find(|m| m.number == number)
}

/// Returns the checks of a module.
#[must_use]
pub fn suite(number: u8) -> &'static [Check] {
    module(number).map_or(&[], |m| m.checks)
}

/// The library's own algorithms as lessons.
#[derive(Debug, Clone, Copy)]
pub struct Reference;

/// Lessons nobody has started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unwritten;

/// Lessons in which every slot asks the library for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfCalling;

/// The reference with one seeded mistake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mutant {
    pub(crate) slot: &'static str,
    pub(crate) number: usize,
}

/// How often each slot was served, by whom.
#[derive(Debug)]
struct Counts {
    student: [AtomicU64; slot::SLOTS],
    reference: [AtomicU64; slot::SLOTS],
}

impl Default for Counts {
    fn default() -> Self {
        let zeros = || core::array::from_fn(|_| AtomicU64::new(0));
        Self { student: zeros(), reference: zeros() }
    }
}

/// How often one slot was served.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The slot.
    pub slot: &'static Slot,
    /// Calls that the student's method answered.
    pub student: u64,
    /// Calls that the reference answered while the course was installed.
    pub reference: u64,
}

macro_rules! course {
    ($($module:ident $number:literal $Trait:ident),*) => {
        /// Lessons that replace the reference. Clones share their counters.
        #[derive(Clone)]
        pub struct Course {
            $($module: Option<Arc<dyn $module::$Trait>>,)*
            /// The slots that may be served from the lessons.
            mask: slot::Bits,
            /// Whether an unwritten slot is an error instead of being borrowed from the reference.
            strict: bool,
            counts: Arc<Counts>,
        }

        impl Default for Course {
            fn default() -> Self {
                Self { $($module: None,)* mask: slot::Bits::ALL, strict: false, counts: Arc::default() }
            }
        }

        impl Course {
            $(
                #[doc = concat!("Installs a lesson for module ", stringify!($number), ".")]
                #[must_use]
                pub fn $module(mut self, lesson: impl $module::$Trait) -> Self {
                    self.$module = Some(Arc::new(lesson));
                    self
                }
            )*

            /// True if the module has a lesson here.
            #[must_use]
            pub fn has(&self, module: u8) -> bool {
                match module {
                    $($number => self.$module.is_some(),)*
                    _ => false,
                }
            }

            /// The course in which `module` alone has `lesson`.
            fn with<L>(module: u8, lesson: L) -> Self
            where
                L: Copy $(+ $module::$Trait)*,
            {
                match module {
                    $($number => Self::new().$module(lesson),)*
                    _ => Self::new(),
                }
            }
        }
    };
}

course!(m01 1 TensorLesson, m02 2 ActivationLesson, m03 3 LayerLesson, m04 4 LossLesson, m05 5 DataLesson, m06 6 AutogradLesson, m07 7 OptimizerLesson, m08 8 TrainingLesson, m09 9 ConvLesson, m10 10 TokenLesson, m11 11 EmbeddingLesson, m12 12 AttentionLesson, m13 13 TransformerLesson, m14 14 ProfileLesson, m15 15 QuantLesson, m16 16 CompressLesson, m17 17 AccelLesson, m18 18 MemoLesson, m19 19 BenchLesson, m20 20 CapstoneLesson);

impl Course {
    /// Returns a course in which everything is the reference.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the course with the reference as the lesson of every module.
    #[must_use]
    pub fn reference(module: u8) -> Self {
        Self::with(module, Reference)
    }

    pub(crate) fn unwritten(module: u8) -> Self {
        Self::with(module, Unwritten)
    }

    pub(crate) fn self_calling(module: u8) -> Self {
        Self::with(module, SelfCalling)
    }

    pub(crate) fn mutated(module: u8, mutant: Mutant) -> Self {
        Self::with(module, mutant)
    }

    /// Runs `f`, and serves the slots it needs from this course: on this thread and on those the library starts for it.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        install::run(Arc::new(self.clone()), f)
    }

    /// Makes this the course of every thread of the program that runs under no other.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a course was made global before.
    pub fn global(self) -> Result<()> {
        install::set_global(self)
    }

    /// Returns how often each slot was served since this course was made, for the slots that were needed.
    pub fn work(&self) -> impl Iterator<Item = Work> + '_ {
        let of = |counts: &[AtomicU64; slot::SLOTS], slot: &Slot| {
            counts[slot.index()].load(Ordering::Relaxed)
        };
        MODULES.iter().flat_map(|m| m.slots).filter_map(move |slot| {
            let (student, reference) =
                (of(&self.counts.student, slot), of(&self.counts.reference, slot));
            (student + reference > 0).then_some(Work { slot, student, reference })
        })
    }

    /// Returns the core slots that the reference served at least once: none if all the work was the student's own.
    #[must_use]
    pub fn borrowed(&self) -> Vec<&'static Slot> {
        self.work().filter(|w| w.slot.is_core() && w.reference > 0).map(|w| w.slot).collect()
    }

    /// The course that serves one slot alone, has counters of its own, and borrows nothing.
    fn only(&self, slot: &Slot) -> Self {
        Self { mask: slot.bit(), strict: true, counts: Arc::default(), ..self.clone() }
    }
}

impl fmt::Debug for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let installed = MODULES.iter().filter(|m| self.has(m.number)).map(|m| m.id);
        f.debug_tuple("Course").field(&installed.collect::<Vec<_>>()).finish()
    }
}

/// Returns the error for two shapes that do not fit, for use in lessons.
#[must_use]
pub fn shape_mismatch(op: &'static str, lhs: &[usize], rhs: &[usize], detail: &str) -> Error {
    Error::ShapeMismatch {
        op,
        lhs: Box::new(Shape::clipped(lhs)),
        rhs: Box::new(Shape::clipped(rhs)),
        detail: detail.to_owned().into(),
        rule: "the sizes of the two shapes must fit the operation",
        remedy: "reshape or transpose one side",
    }
}

/// Returns the error for an argument with a value that an operation is not defined for, for use in lessons.
#[must_use]
pub fn invalid_argument(op: &'static str, name: &'static str, got: &str, need: &str) -> Error {
    Error::argument(op, name, got, need)
}
