//! The file that a lesson begins with.

use core::fmt::Write;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{Error, Result, course::Module};

/// The source of an empty lesson: it compiles, and every check says that its slot is not written yet.
fn source(module: &Module) -> String {
    let (id, lesson) = (module.id, module.lesson);
    let mut text = format!(
        "//! Module {}, {}.\n//!\n//! What each method owes: the documentation of `tinytorch_core::course::{id}::{lesson}`.\n\n\
         use tinytorch_core::course::{id}::{lesson};\n\n/// My lesson.\npub struct Mine;\n\nimpl {lesson} for Mine {{\n",
        &id[1..],
        module.name
    );
    for slot in module.slots {
        let optional = if slot.is_core() { "" } else { " (given; yours if you like)" };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "    // Hint{optional}: {}.\n    // {} {{\n    // }}\n\n",
            slot.hint, slot.signature
        );
    }
    text.truncate(text.trim_end().len());
    text.push_str("\n}\n");
    text
}

/// Writes the lesson to `src/mNN.rs`, or to the first free `src/mNN_2.rs`, `_3`, .. if `fresh`; never over a file.
pub(super) fn write(module: &Module, folder: &Path, fresh: bool) -> Result<PathBuf> {
    let names = core::iter::once(format!("{}.rs", module.id))
        .chain((2..1000).map(|n| format!("{}_{n}.rs", module.id)));
    for name in names {
        let path = folder.join("src").join(name);
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(source(module).as_bytes());
                return written.map(|()| path.clone()).map_err(|e| Error::io("write", &path, e));
            }
            Err(e) if fresh && e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(Error::io("start", &path, e)),
        }
    }
    Err(Error::argument("start", "src", "full of lessons", "a folder with a free name"))
}
