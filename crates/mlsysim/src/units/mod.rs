//! Quantities whose dimension is part of their type.
//!
//! A [`Bytes`] cannot be added to a [`Flop`], and a rate is not an amount: the compiler says so.
//! The few products that mean something exist as operators, for example `Flop / FlopPerSecond = Seconds`.
//! Each type holds one `f64` in the unit of its name.
//!
//! Where the dimension is known only at run time (text, the command line, equations called by name) the same
//! value travels as a [`Quantity`], which carries its [`Dimension`].
//!
//! ```
//! use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerByte, Seconds};
//!
//! let read: Seconds = Bytes(16e9) / BytesPerSecond(2e12);
//! assert_eq!(read, Seconds(0.008));
//! let intensity: FlopPerByte = Flop(32e9) / Bytes(16e9);
//! assert_eq!(intensity, FlopPerByte(2.0));
//! ```
//!
//! Adding unlike things does not compile:
//!
//! ```compile_fail,E0308
//! use mlsysim::units::{Bytes, Flop};
//! let nonsense = Flop(1.0) + Bytes(1.0);
//! ```
//!
//! Nor does adding an operation rate to a bandwidth:
//!
//! ```compile_fail,E0308
//! use mlsysim::units::{BytesPerSecond, FlopPerSecond};
//! let nonsense = FlopPerSecond(1.0) + BytesPerSecond(1.0);
//! ```
//!
//! Nor does dividing data by an operation rate:
//!
//! ```compile_fail,E0277
//! use mlsysim::units::{Bytes, FlopPerSecond};
//! let nonsense = Bytes(1.0) / FlopPerSecond(1.0);
//! ```
//!
//! Nor does taking a count of parameters for their bytes:
//!
//! ```compile_fail,E0308
//! use mlsysim::units::{Bytes, Params};
//! let nonsense: Bytes = Params(8e9) * 2.0;
//! ```

mod dimension;
mod format;
mod newtypes;
mod parse;
mod quantity;

pub use dimension::{Base, Dimension};
pub use newtypes::{
    Bits, Bytes, BytesPerParam, BytesPerSecond, BytesPerToken, CubicMeters, CubicMetersPerJoule,
    Flop, FlopPerByte, FlopPerSecond, Hertz, Joules, KgCo2, KgCo2PerJoule, Meters, Params, Seconds,
    Tokens, TokensPerSecond, Unit, Usd, UsdPerByte, UsdPerJoule, UsdPerKgCo2, UsdPerSecond, Watts,
};
pub use parse::{ParseError, ParseProblem, parse, parse_as};
pub use quantity::Quantity;
