//! Where the learner's data lies.

use std::path::PathBuf;

use crate::args::Args;
use crate::failure::Failure;

/// `--data`, or `STAFFML_DATA`, or the place where the system keeps data of programs.
pub(crate) fn folder(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(data) = &args.data {
        return Ok(data.clone());
    }
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = var("STAFFML_DATA")
        .or_else(|| var("XDG_DATA_HOME").map(|d| d.join("staffml")))
        .or_else(|| var("HOME").map(|d| d.join(".local/share/staffml")))
        .or_else(|| var("APPDATA").map(|d| d.join("staffml")));
    base.ok_or_else(|| {
        Failure::usage("there is no home folder to keep answers in; name one with --data DIR")
    })
}
