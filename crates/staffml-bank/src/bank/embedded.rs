//! The files of the bank that ships with the crate.

/// Path within the bank, and text; the build script lists them.
pub(super) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/bank_files.rs"));
