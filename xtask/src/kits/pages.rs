//! The computed parts of the book's pages about the kits.
//!
//! A page is written by hand but for the blocks between a comment that names a command and `<!-- end -->`:
//!
//! - `<!-- text: COMMAND -->`: what the command prints, as a block of text, after the command itself;
//! - `<!-- table: COMMAND -->`: what it prints, as it is.
//!
//! A command is `kits …` or `cargo …`, run in the root of the workspace. `$KITS_DATA_DIR` in it stands for the folder in
//! that variable; where it is not set the block is left alone and named.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use super::Usage;
use crate::process::cargo;
use crate::workspace;

const END: &str = "<!-- end -->";
const DATA: &str = "$KITS_DATA_DIR";

/// Fill the computed parts of the book's pages about the kits, or check them.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Status 1 if a page is not as computed.\n\
                        Example: KITS_DATA_DIR=DIR cargo xtask kits pages --check")]
pub(crate) struct Args {
    /// Change nothing; fail if a page is not as computed
    #[arg(long)]
    pub(crate) check: bool,
}

/// Fills or checks every page.
///
/// # Errors
///
/// If a page is malformed, a command cannot be run, or a page cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let folder = workspace::root().join("docs/guide/kits");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    pages.sort();
    let mut stale = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page)?;
        let filled = fill(&text, &mut output).with_context(|| page.display().to_string())?;
        if filled == text {
            continue;
        }
        stale += 1;
        let name = workspace::relative(page);
        if args.check {
            eprintln!(
                "{name} is not as computed: run `cargo xtask kits pages` and look at the difference"
            );
        } else {
            std::fs::write(page, filled)?;
            println!("filled {name}");
        }
    }
    println!(
        "pages: {} read, {stale} {}",
        pages.len(),
        if args.check { "stale" } else { "changed" }
    );
    Ok(ExitCode::from(u8::from(args.check && stale > 0)))
}

/// Returns the page with every block computed again; `output` gives what a command prints, or `None` to leave the block.
fn fill(page: &str, output: &mut impl FnMut(&str) -> Result<Option<String>>) -> Result<String> {
    let mut out = String::new();
    let mut rest = page;
    while let Some((start, kind, command)) = next_block(rest) {
        let (head, tail) = rest.split_at(start);
        let end = tail.find(END).with_context(|| format!("no `{END}` after `{command}`"))?;
        out.push_str(head);
        match output(command)? {
            None => out.push_str(&tail[..end]),
            Some(printed) => {
                let printed = printed.trim_end();
                out.push_str(&format!("<!-- {kind}: {command} -->\n\n"));
                match kind {
                    "table" => out.push_str(&format!("{printed}\n\n")),
                    _ => {
                        let shown = if command.starts_with("kits ") {
                            format!("cargo xtask {command}")
                        } else {
                            command.to_owned()
                        };
                        out.push_str(&format!("```text\n$ {shown}\n{printed}\n```\n\n"));
                    }
                }
            }
        }
        out.push_str(END);
        rest = &tail[end + END.len()..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Returns where the next block starts, its kind and its command.
fn next_block(text: &str) -> Option<(usize, &'static str, &str)> {
    let find = |kind: &'static str| {
        let opening = format!("<!-- {kind}: ");
        let start = text.find(&opening)?;
        let command = text[start + opening.len()..].split_once(" -->")?.0;
        Some((start, kind, command))
    };
    [find("text"), find("table")].into_iter().flatten().min_by_key(|block| block.0)
}

/// Returns what a command prints, whatever its status; `None` if it needs a folder that is not given.
fn output(line: &str) -> Result<Option<String>> {
    let data = std::env::var("KITS_DATA_DIR").ok();
    if line.contains(DATA) && data.is_none() {
        eprintln!("skipped, KITS_DATA_DIR is not set: {line}");
        return Ok(None);
    }
    let line = line.replace(DATA, data.as_deref().unwrap_or_default());
    let mut words = line.split_whitespace();
    let root = workspace::root();
    let mut command = match words.next() {
        Some("kits") => {
            let mut this = Command::new(std::env::current_exe()?);
            this.arg("kits");
            this
        }
        Some("cargo") => cargo(&root),
        _ => {
            return Err(Usage::because(format!(
                "pages: `{line}`: a command starts with kits or cargo"
            )));
        }
    };
    let done = command.args(words).current_dir(&root).output().with_context(|| line.clone())?;
    if done.stdout.is_empty() {
        bail!("`{line}` printed nothing: {}", String::from_utf8_lossy(&done.stderr));
    }
    Ok(Some(String::from_utf8(done.stdout)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_filled_and_the_rest_is_kept() {
        let page = "a\n<!-- text: kits x -->\nold\n<!-- end -->\nb\n<!-- table: kits y -->\n<!-- end -->\nc\n";
        let filled =
            fill(page, &mut |command| Ok(Some(format!("out of {command}\n")))).expect("two blocks");
        assert_eq!(
            filled,
            "a\n<!-- text: kits x -->\n\n```text\n$ cargo xtask kits x\nout of kits x\n```\n\n<!-- end -->\nb\n\
             <!-- table: kits y -->\n\nout of kits y\n\n<!-- end -->\nc\n"
        );
        let again = fill(&filled, &mut |command| Ok(Some(format!("out of {command}\n"))))
            .expect("two blocks");
        assert_eq!(again, filled, "filling twice changes nothing");
        let left = fill(page, &mut |_| Ok(None)).expect("left alone");
        assert_eq!(left, page);
    }

    #[test]
    fn a_block_without_an_end_is_an_error() {
        let error = fill("<!-- text: kits x -->\n", &mut |_| Ok(None)).expect_err("no end");
        assert!(error.to_string().contains("no `<!-- end -->` after `kits x`"), "{error}");
    }
}
