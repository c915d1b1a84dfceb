//! Checks as values: what they ask, what they found, and which mistake that looks like.

use core::{
    fmt::{self, Debug, Display},
    panic::AssertUnwindSafe,
};
use std::panic::catch_unwind;

use super::{Course, Slot};
use crate::{Error, Result};

/// What a check holds the slot against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number worked out by hand.
    Hand,
    /// A law that holds for any input.
    Property,
    /// Values from an independent formula or table.
    Golden,
    /// Bad input and the exact error for it.
    Error,
    /// The slot inside the library.
    Systems,
}

impl Kind {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Property => "property",
            Self::Golden => "golden",
            Self::Error => "error",
            Self::Systems => "systems",
        }
    }
}

/// What went wrong in a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What the slot was given.
    pub input: String,
    /// What it should have returned.
    pub expected: String,
    /// What it returned.
    pub got: String,
    /// First element that differs.
    pub at: Option<usize>,
    /// The seeded mistake that gives the same wrong result.
    pub likely: Option<&'static str>,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  input:    {}\n  expected: {}\n  got:      {}",
            self.input, self.expected, self.got
        )?;
        if let Some(at) = self.at {
            write!(f, "\n  first difference at index {at}")?;
        }
        if let Some(likely) = self.likely {
            write!(f, "\n  this is what you get from a slot that {likely}")?;
        }
        Ok(())
    }
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// The slot is not written yet.
    Unwritten,
    /// Something differs.
    Fail(Box<Failure>),
    /// The course leaves the module to the reference.
    NotInstalled,
}

impl Outcome {
    /// True if the check passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        *self == Self::Pass
    }

    /// Returns the word for tables and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unwritten => "unwritten",
            Self::Fail(_) => "fail",
            Self::NotInstalled => "reference",
        }
    }
}

/// What the body of a check returns.
pub(crate) type Verdict = Result<(), Stop>;

/// Why a body ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Unwritten,
    Failed(Box<Failure>),
}

/// One check of one slot.
#[derive(Debug)]
pub struct Check {
    /// `mNN.slot.case`
    pub id: &'static str,
    /// The slot it is about; all others are served by the reference while it runs.
    pub slot: &'static Slot,
    /// Its weight.
    pub points: u32,
    /// What it holds the slot against.
    pub kind: Kind,
    /// What to look at when it fails.
    pub hint: &'static str,
    pub(crate) body: fn() -> Verdict,
}

impl Check {
    /// Runs the check against one course.
    ///
    /// Only the slot of this check is taken from the course, so a mistake elsewhere cannot be blamed on it. A panic of
    /// the slot is a failure of the check.
    #[must_use]
    pub fn run(&self, course: &Course) -> Outcome {
        if !course.has(self.slot.module) {
            return Outcome::NotInstalled;
        }
        let mut outcome = self.once(course);
        if let Outcome::Fail(failure) = &mut outcome {
            failure.likely = self.likely(&failure.got);
        }
        outcome
    }

    pub(crate) fn once(&self, course: &Course) -> Outcome {
        let body = || course.only(self.slot).run(self.body);
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(Ok(())) => Outcome::Pass,
            Ok(Err(Stop::Unwritten)) => Outcome::Unwritten,
            Ok(Err(Stop::Failed(failure))) => Outcome::Fail(failure),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text =
                    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                Outcome::Fail(Box::new(Failure {
                    input: self.hint.into(),
                    expected: "a result".into(),
                    got: format!("panic: {text}"),
                    at: None,
                    likely: None,
                }))
            }
        }
    }

    /// Returns the name of a seeded mistake that fails this check with the same result.
    fn likely(&self, got: &str) -> Option<&'static str> {
        let module = super::module(self.slot.module)?;
        let (slot, names) = module.mutants.iter().find(|m| m.0 == self.slot.name)?;
        names.iter().enumerate().find_map(|(number, name)| {
            let mutant = super::Mutant { slot, number };
            match self.once(&Course::mutated(self.slot.module, mutant)) {
                Outcome::Fail(failure) if failure.got == got => Some(*name),
                _ => None,
            }
        })
    }
}

/// Shortens a list for a message.
fn show<T: Debug>(values: &[T]) -> String {
    match values.get(..12) {
        Some(head) if values.len() > 12 => format!("{head:?} and {} more", values.len() - 12),
        _ => format!("{values:?}"),
    }
}

pub(crate) fn fail(
    input: impl Display,
    expected: impl Display,
    got: impl Display,
    at: Option<usize>,
) -> Stop {
    Stop::Failed(Box::new(Failure {
        input: input.to_string(),
        expected: expected.to_string(),
        got: got.to_string(),
        at,
        likely: None,
    }))
}

/// Unwraps what a slot returned; an error is a failure of the check.
pub(crate) fn value<T>(input: impl Display, got: Result<T>) -> Result<T, Stop> {
    got.map_err(|e| match e {
        Error::Unsolved { .. } => Stop::Unwritten,
        other => fail(input, "a result", other, None),
    })
}

/// Floats equal up to `tol · max(1, |expected|)`; NaN equals NaN.
pub(crate) fn close(
    input: impl Display,
    got: Result<Vec<f32>>,
    expected: &[f32],
    tol: f32,
) -> Verdict {
    let got = value(&input, got)?;
    #[expect(clippy::float_cmp, reason = "infinities and exact results are compared as they are")]
    let same = |(g, e): (&f32, &f32)| {
        g == e || (g.is_nan() && e.is_nan()) || (g - e).abs() <= tol * e.abs().max(1.0)
    };
    let first = got.iter().zip(expected).position(|pair| !same(pair));
    let at = first.or_else(|| (got.len() != expected.len()).then(|| got.len().min(expected.len())));
    match at {
        None => Ok(()),
        Some(at) => Err(fail(input, show(expected), show(&got), Some(at))),
    }
}

/// Values that must be equal.
pub(crate) fn equal<T: PartialEq<U> + Debug, U: Debug>(
    input: impl Display,
    got: Result<T>,
    expected: U,
) -> Verdict {
    let got = value(&input, got)?;
    if got == expected {
        Ok(())
    } else {
        Err(fail(input, format!("{expected:?}"), format!("{got:?}"), None))
    }
}

/// A law that must hold for what the slot returned.
pub(crate) fn holds<T: Debug>(
    input: impl Display,
    got: Result<T>,
    law: &str,
    is: impl FnOnce(&T) -> bool,
) -> Verdict {
    let got = value(&input, got)?;
    if is(&got) {
        return Ok(());
    }
    let mut text = format!("{got:?}");
    if let Some((end, _)) = text.char_indices().nth(200) {
        text.truncate(end);
    }
    Err(fail(input, law, text, None))
}

/// Bad input that must be refused with exactly this error.
pub(crate) fn refused_as<T: Debug>(
    input: impl Display,
    got: Result<T>,
    name: &str,
    is: fn(&Error) -> bool,
) -> Verdict {
    match got {
        Err(Error::Unsolved { .. }) => Err(Stop::Unwritten),
        Err(e) if is(&e) => Ok(()),
        Err(e) => Err(fail(input, format!("Err(Error::{name})"), e, None)),
        Ok(v) => Err(fail(input, format!("Err(Error::{name})"), format!("Ok({v:?})"), None)),
    }
}

/// [`refused`] with the pattern of the error.
macro_rules! refused {
    ($input:expr, $got:expr, $name:ident) => {
        $crate::course::check::refused_as($input, $got, stringify!($name), |e| {
            matches!(e, $crate::Error::$name { .. })
        })
    };
}
pub(crate) use refused;
