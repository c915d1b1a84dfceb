//! What every equation of a wall is: named inputs, named outputs, and one function between them.
//!
//! An equation is written once, as an implementation of [`Equation`].
//! From it follow the typed call ([`solve`]), the call by name ([`super::evaluate`]) and the call over columns
//! ([`super::batch`]); all three run the same code.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::provenance::Kind;
use crate::ranges::Range;
use crate::trace::{NoTrace, Node, Recorder, Value};
use crate::units::{Dimension, Quantity, Unit};
use alloc::borrow::Cow;

/// How the number in a field is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An amount.
    Amount,
    /// 0 for no, 1 for yes.
    Flag,
    /// The position in a list of words.
    Label(&'static [&'static str]),
}

/// One named input or output of an equation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Name in calls by name, in columns and in traces.
    pub name: &'static str,
    /// Symbol in the formula.
    pub symbol: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// How its number is read.
    pub form: Form,
    /// The values for which it means something.
    pub range: Range,
    /// What an input is taken to be when it is not given, in base units; `None` if it must be given.
    pub default: Option<f64>,
    /// One sentence.
    pub doc: &'static str,
}

impl Field {
    /// The field's value from the number that stands for it.
    #[must_use]
    pub fn value(&self, number: f64) -> Value {
        match self.form {
            Form::Amount => Value::Quantity(Quantity::new(number, self.dimension)),
            Form::Flag => Value::Flag(number > 0.5),
            Form::Label(words) => {
                let word =
                    words.iter().zip(0_u32..).find(|(_, i)| (f64::from(*i) - number).abs() < 0.5);
                Value::Label(word.map_or("?", |(word, _)| word))
            }
        }
    }
}

/// An equation in words: what a program needs to list it, ask for its inputs and explain it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquationInfo {
    /// Identifier, for example `compute.step_time`.
    pub id: &'static str,
    /// Number of the wall it belongs to.
    pub wall: u8,
    /// Numbers of further walls it touches.
    pub also: &'static [u8],
    /// The question it answers, as one sentence.
    pub question: &'static str,
    /// The formula in the symbols of the fields.
    pub formula: &'static str,
    /// Author, year, title and place.
    pub source: &'static str,
    /// What it needs.
    pub inputs: &'static [Field],
    /// What it gives.
    pub outputs: &'static [Field],
}

impl EquationInfo {
    /// The input of that name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&'static Field> {
        self.inputs.iter().find(|field| field.name == name)
    }

    /// The output of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&'static Field> {
        self.outputs.iter().find(|field| field.name == name)
    }
}

/// The most fields that inputs or outputs of one equation may have.
pub const MAX_FIELDS: usize = 40;

/// A struct whose fields are numbers with names, units and ranges.
///
/// Written by the `record!` macro.
pub trait Record: Copy + Sized {
    /// The fields, in the order of declaration.
    const FIELDS: &'static [Field];

    /// Builds the record from one number per field, in base units.
    fn read(numbers: &[f64; MAX_FIELDS]) -> Self;

    /// Writes one number per field, in base units.
    fn write(&self, numbers: &mut [f64; MAX_FIELDS]);

    /// Checks each field against its range, as inputs of `op`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for the first field outside its range.
    fn check(&self, op: &'static str) -> Result<()>;

    /// As [`Record::check`], for results.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`] for the first field outside its range.
    fn check_result(&self, op: &'static str) -> Result<()>;
}

/// A closed formula of one wall.
pub trait Equation {
    /// What it needs.
    type In: Record;
    /// What it gives.
    type Out: Record;

    /// The equation in words.
    const INFO: &'static EquationInfo;

    /// Computes the outputs from inputs that have been checked, and records what it does.
    ///
    /// Callers use [`solve`], which checks.
    fn compute<R: Recorder>(x: &Self::In, convention: Convention, trace: &mut R) -> Self::Out;
}

/// Solves an equation without recording.
///
/// # Cost
///
/// Arithmetic on the stack: no allocation, no text, no search.
///
/// # Errors
///
/// - [`Error::OutOfRange`] if an input lies outside the range its field states.
/// - [`Error::Overflow`] if a result does not fit although each input is in range.
#[inline]
pub fn solve<E: Equation>(x: &E::In, convention: Convention) -> Result<E::Out> {
    x.check(E::INFO.id)?;
    let out = E::compute(x, convention, &mut NoTrace);
    out.check_result(E::INFO.id)?;
    Ok(out)
}

/// Solves an equation and records its inputs and every step.
///
/// # Errors
///
/// As [`solve`].
pub fn solve_traced<E: Equation, R: Recorder>(
    x: &E::In,
    convention: Convention,
    trace: &mut R,
) -> Result<E::Out> {
    x.check(E::INFO.id)?;
    if R::ACTIVE {
        let mut numbers = [0.0; MAX_FIELDS];
        x.write(&mut numbers);
        for (field, number) in E::In::FIELDS.iter().zip(numbers) {
            trace.record(|| given(field, number));
        }
    }
    let out = E::compute(x, convention, trace);
    out.check_result(E::INFO.id)?;
    Ok(out)
}

/// The node of an input about whose origin nothing was announced.
fn given(field: &'static Field, number: f64) -> Node {
    let is_default = field.default.is_some_and(|default| default.to_bits() == number.to_bits());
    Node {
        name: field.name,
        symbol: field.symbol,
        value: field.value(number),
        formula: "",
        reads: &[],
        kind: Kind::Assumed,
        source: Cow::Borrowed(if is_default { "default" } else { "given by the caller" }),
    }
}

/// A type that a field can have.
pub trait Cell: Copy {
    /// What it measures.
    const DIMENSION: Dimension;
    /// How its number is read.
    const FORM: Form;
    /// Its number.
    fn number(self) -> f64;
    /// The value that a number stands for.
    fn from_number(number: f64) -> Self;
}

impl<T: Unit> Cell for T {
    const DIMENSION: Dimension = T::DIMENSION;
    const FORM: Form = Form::Amount;

    fn number(self) -> f64 {
        self.base()
    }

    fn from_number(number: f64) -> Self {
        Self::from_base(number)
    }
}

impl Cell for bool {
    const DIMENSION: Dimension = Dimension::NONE;
    const FORM: Form = Form::Flag;

    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }

    fn from_number(number: f64) -> Self {
        number > 0.5
    }
}

pub(crate) fn refuse(op: &'static str, field: &'static Field, number: f64) -> Error {
    Error::OutOfRange {
        op,
        name: field.name,
        range: field.range,
        got: Quantity::new(number, field.dimension),
    }
}

pub(crate) fn overflow(op: &'static str, field: &'static Field, number: f64) -> Error {
    Error::Overflow { op, name: field.name, got: Quantity::new(number, field.dimension) }
}

/// Declares a struct and the names, symbols, ranges and defaults of its fields.
///
/// ```text
/// record! {
///     /// What the wall needs.
///     pub struct ComputeIn {
///         /// Operations of one step.
///         ops: Flop, "OPs", NOT_NEGATIVE;
///         /// Share of the peak that the code reaches.
///         efficiency: f64, "η", EFFICIENCY, default 0.5;
///     }
/// }
/// ```
macro_rules! record {
    ($(#[doc = $about:literal])* pub struct $record:ident {
        $($(#[doc = $doc:literal])* $name:ident: $type:ty, $symbol:literal, $range:ident $(, default $default:expr)?;)*
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $record {
            $($(#[doc = $doc])* pub $name: $type,)*
        }

        impl $crate::walls::equation::Record for $record {
            const FIELDS: &'static [$crate::walls::equation::Field] = &[$(
                $crate::walls::equation::Field {
                    name: stringify!($name),
                    symbol: $symbol,
                    dimension: <$type as $crate::walls::equation::Cell>::DIMENSION,
                    form: <$type as $crate::walls::equation::Cell>::FORM,
                    range: $crate::ranges::Range::$range,
                    default: record!(@default $($default)?),
                    doc: record!(@doc $($doc)*),
                }
            ),*];

            fn read(numbers: &[f64; $crate::walls::equation::MAX_FIELDS]) -> Self {
                let mut numbers = numbers.iter().copied();
                $(let $name = <$type as $crate::walls::equation::Cell>::from_number(numbers.next().unwrap_or(f64::NAN));)*
                Self { $($name),* }
            }

            fn write(&self, numbers: &mut [f64; $crate::walls::equation::MAX_FIELDS]) {
                let values = [$($crate::walls::equation::Cell::number(self.$name)),*];
                for (slot, value) in numbers.iter_mut().zip(values) {
                    *slot = value;
                }
            }

            #[inline]
            fn check(&self, op: &'static str) -> $crate::error::Result<()> {
                $(
                    let number = $crate::walls::equation::Cell::number(self.$name);
                    if !$crate::ranges::Range::$range.contains(number) {
                        return Err(record!(@error refuse, op, Self, $name, number));
                    }
                )*
                Ok(())
            }

            #[inline]
            fn check_result(&self, op: &'static str) -> $crate::error::Result<()> {
                $(
                    let number = $crate::walls::equation::Cell::number(self.$name);
                    if !$crate::ranges::Range::$range.contains(number) {
                        return Err(record!(@error overflow, op, Self, $name, number));
                    }
                )*
                Ok(())
            }
        }
    };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
    (@doc) => { "" };
    (@doc $first:literal $($rest:literal)*) => { concat!($first $(, $rest)*).trim_ascii_start() };
    (@error $kind:ident, $op:ident, $self:ty, $name:ident, $number:ident) => {
        $crate::walls::equation::$kind(
            $op,
            $crate::walls::equation::find(
                <$self as $crate::walls::equation::Record>::FIELDS,
                stringify!($name),
            ),
            $number,
        )
    };
}
pub(crate) use record;

/// The field of a name that is known to be there.
#[cold]
pub(crate) fn find(fields: &'static [Field], name: &str) -> &'static Field {
    fields.iter().find(|field| field.name == name).unwrap_or(&fields[0])
}

/// Declares the outcomes of a comparison as an enum that a field can hold.
macro_rules! labels {
    ($(#[$about:meta])* pub enum $label:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $label {
            $($(#[$doc])* $variant,)*
        }

        impl $label {
            /// The words, in the order of declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word in reports.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl core::fmt::Display for $label {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.key())
            }
        }

        impl From<$label> for $crate::trace::Value {
            fn from(label: $label) -> Self {
                Self::Label(label.key())
            }
        }

        impl $crate::walls::equation::Cell for $label {
            const DIMENSION: $crate::units::Dimension = $crate::units::Dimension::NONE;
            const FORM: $crate::walls::equation::Form = $crate::walls::equation::Form::Label(Self::WORDS);

            fn number(self) -> f64 {
                f64::from(self as u8)
            }

            fn from_number(number: f64) -> Self {
                const ALL: &[$label] = &[$($label::$variant),*];
                ALL.iter().copied().find(|label| (label.number() - number).abs() < 0.5).unwrap_or(ALL[0])
            }
        }
    };
}
pub(crate) use labels;
