//! What a reader of the tree relies on: module docs, files of a readable size, papers beside every crate and data set.

use std::path::Path;

use anyhow::{Result, bail};

use crate::links;
use crate::workspace::{self, LIBRARIES, files, relative};

/// A source file above this many lines fails; the aim is far below.
const LINES_MAX: usize = 1_000;
/// A source file above this many lines is reported.
const LINES_LONG: usize = 600;

/// Where `kits-hal` may have `unsafe` code: the one module of inline assembly.
const ASSEMBLY: &str = "crates/kits-hal/src/fast/simd";
/// Lines of `unsafe` that it may have, and one more.
const UNSAFE_MAX: usize = 60;

/// Check module docs, file sizes, crate files, data licences and links.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// List the longest source files
    #[arg(long)]
    sizes: bool,
}

/// Checks the tree and lists every finding at once.
///
/// # Errors
///
/// If there is a finding.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let sources = files(&root, &|path| path.extension().is_some_and(|kind| kind == "rs"))?;
    let mut problems = Vec::new();
    let mut sizes = Vec::new();
    let mut assembly = 0;
    for path in &sources {
        let text = std::fs::read_to_string(path)?;
        if relative(path).starts_with("crates/kits-hal/src") {
            match unsafe_lines(&text) {
                0 => {}
                lines if relative(path).starts_with(ASSEMBLY) => assembly += lines,
                lines => problems.push(format!(
                    "{}: {lines} lines of unsafe outside {ASSEMBLY}",
                    relative(path)
                )),
            }
        }
        problems.extend(source_problems(&relative(path), &text));
        sizes.push((text.lines().count(), relative(path)));
    }
    if assembly >= UNSAFE_MAX {
        problems.push(format!("{ASSEMBLY}: {assembly} lines of unsafe, not below {UNSAFE_MAX}"));
    }
    problems.extend(missing_papers(&root)?);
    problems.extend(links::broken(&root)?);
    sizes.sort_by(|a, b| b.cmp(a));
    if args.sizes {
        for (lines, path) in sizes.iter().take(20) {
            println!("{lines:>6} {path}");
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    let long = sizes.iter().filter(|(lines, _)| *lines > LINES_LONG).count();
    println!("tidy: {} source files, {long} of them above {LINES_LONG} lines", sizes.len());
    println!("tidy: {assembly} lines of unsafe in {ASSEMBLY}, none elsewhere in kits-hal");
    Ok(())
}

/// Returns what is wrong with one source file.
fn source_problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if !(first.starts_with("//!") || first.starts_with("#![doc")) {
        problems.push(format!("{path}: opens without a module doc"));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        problems.push(format!("{path}: {lines} lines, above {LINES_MAX}; split it by subject"));
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for hole in [concat!("todo", "!("), concat!("unimplemented", "!(")] {
            if code.contains(hole) {
                problems.push(format!("{path}:{}: {hole}..) is a hole, not code", index + 1));
            }
        }
    }
    problems
}

/// Returns the lines of the `unsafe` blocks, functions and impls of a source file, comments and blank lines left out.
fn unsafe_lines(text: &str) -> usize {
    let (mut lines, mut depth, mut pending) = (0, 0_usize, false);
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default().trim();
        // The word alone, not in the name of a lint.
        let begins =
            code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        pending |= begins && depth == 0;
        if !code.is_empty() && (pending || depth > 0) {
            lines += 1;
            // Braces of operands in a line of assembly are closed there.
            let open = code.matches('{').count();
            depth = (depth + open).saturating_sub(code.matches('}').count());
            pending &= open == 0 && !code.ends_with(';');
        }
    }
    lines
}

/// Returns the files that each crate and each data folder owes its readers and lacks.
fn missing_papers(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut owe = |path: String| {
        if !root.join(&path).is_file() {
            problems.push(format!("{path}: missing"));
        }
    };
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "deny.toml",
    ] {
        owe(name.to_owned());
    }
    for name in LIBRARIES {
        owe(format!("crates/{name}/README.md"));
        owe(format!("crates/{name}/CHANGELOG.md"));
        for folder in ["data", "bank", "tests/golden/data", "tests/data"] {
            if root.join(format!("crates/{name}/{folder}")).is_dir() {
                owe(format!("crates/{name}/{folder}/README.md"));
            }
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documented_short_file_passes() {
        assert_eq!(
            source_problems("a.rs", "//! Says what it is.\n\nfn main() {}\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_file_without_module_doc_is_named() {
        assert_eq!(source_problems("a.rs", "use std::fs;\n"), ["a.rs: opens without a module doc"]);
    }

    #[test]
    fn a_hole_is_named_with_its_line_but_not_in_a_comment() {
        let hole = concat!("//! Doc.\nfn f() { todo", "!() }\n// todo", "!() is fine here\n");
        assert_eq!(source_problems("a.rs", hole).len(), 1);
        assert!(source_problems("a.rs", hole)[0].starts_with("a.rs:2:"));
    }

    #[test]
    fn lines_of_unsafe_blocks_are_counted() {
        let none = "#![deny(unsafe_code)]\n#[expect(unsafe_code, reason = \"a\")]\n// unsafe { }\nfn f() {}\n";
        assert_eq!(unsafe_lines(none), 0);
        let block = "fn f() {\n    // SAFETY: none.\n    unsafe {\n        asm!(\"ldr {a}, [{b}]\");\n\n        g();\n    }\n    h();\n}\n";
        assert_eq!(unsafe_lines(block), 4);
        assert_eq!(unsafe_lines("unsafe { g() };\nh();\nunsafe impl Send for A {}\n"), 2);
        assert_eq!(unsafe_lines("unsafe fn f(\n    a: u8,\n) {\n    g();\n}\nh();\n"), 5);
    }

    #[test]
    fn a_file_above_the_limit_is_named() {
        let long = format!("//! Doc.\n{}", "\n".repeat(LINES_MAX));
        assert_eq!(source_problems("a.rs", &long).len(), 1);
    }
}
