//! Fills the computed parts of the book's pages about the walls, or checks that they are as computed.
//!
//! `cargo run -p mlsysim --features cli --example wall_pages -- FOLDER [--check]`
//!
//! A page is written by hand but for the blocks between a comment that says what to compute and `<!-- end -->`:
//!
//! - `<!-- equations N -->`: the equations of wall N with their formulas and sources;
//! - `<!-- example ID; INPUT=VALUE; ... -->`: inputs and every step of one evaluation, without the inputs left at their defaults;
//! - `<!-- plot FILE; ID; OUTPUT; INPUT=LOW..HIGH:COUNT:log; INPUT=VALUE; ... -->`: a curve, in `img/FILE` beside the page.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use core::fmt::Write as _;
use mlsysim::sweep::{self, Options};
use mlsysim::trace::Node;
use mlsysim::units::{Quantity, parse};
use mlsysim::walls::{self, EquationInfo, Form};
use mlsysim::{Convention, report};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const END: &str = "<!-- end -->";

type Result<T> = core::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let folders: Vec<_> = arguments.iter().filter(|argument| *argument != "--check").collect();
    let [folder] = folders.as_slice() else {
        eprintln!("usage: wall_pages FOLDER [--check]");
        return ExitCode::from(2);
    };
    match run(Path::new(folder), check) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(stale) => {
            eprintln!(
                "{stale} files are not as computed: run this without --check and look at the difference"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Fills or checks every page of a folder; returns how many files are stale.
fn run(folder: &Path, check: bool) -> Result<usize> {
    let mut pages: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    let mut stale = 0;
    for page in &pages {
        let text = read(page)?;
        let mut pictures = Vec::new();
        let filled = fill(&text, &mut pictures)
            .map_err(|problem| format!("{}: {problem}", page.display()))?;
        let mut files = vec![(page.clone(), filled)];
        files.extend(pictures.into_iter().map(|(name, svg)| (folder.join("img").join(name), svg)));
        for (path, computed) in files {
            if fs::read_to_string(&path).is_ok_and(|present| present == computed) {
                continue;
            }
            stale += 1;
            if check {
                println!("stale: {}", path.display());
            } else {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent).map_err(|error| error.to_string())?;
                }
                fs::write(&path, computed)
                    .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                println!("wrote {}", path.display());
            }
        }
    }
    println!("{} pages, {stale} files changed", pages.len());
    Ok(if check { stale } else { 0 })
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Replaces what stands between each opening comment and its end.
fn fill(text: &str, pictures: &mut Vec<(String, String)>) -> Result<String> {
    let mut filled = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        filled.push_str(line);
        filled.push('\n');
        let Some(order) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        if !lines.by_ref().any(|line| line == END) {
            return Err(format!("`{line}` has no `{END}`"));
        }
        let computed =
            compute(order, pictures).map_err(|problem| format!("`{line}`: {problem}"))?;
        let _ = writeln!(filled, "\n{}\n\n{END}", computed.trim_end());
    }
    Ok(filled)
}

fn compute(order: &str, pictures: &mut Vec<(String, String)>) -> Result<String> {
    let (kind, rest) = order.split_once(' ').ok_or("nothing is asked for")?;
    let parts: Vec<&str> = rest.split(';').map(str::trim).collect();
    match (kind, parts.as_slice()) {
        ("equations", [number]) => {
            equations(number.parse().map_err(|_| format!("`{number}` is no wall"))?)
        }
        ("example", [id, inputs @ ..]) => example(id, inputs),
        ("plot", [file, id, output, axes @ ..]) => {
            let options = Options::default();
            let table = sweep::equation(id, axes, &options)
                .map_err(|refusal| refusal.problems.join("; "))?;
            let info = equation(id)?;
            let field =
                info.output(output).ok_or_else(|| format!("{id} has no output `{output}`"))?;
            // The first input that takes several values goes to the right.
            let right = axes
                .iter()
                .filter_map(|axis| axis.split_once('='))
                .find(|(_, values)| values.contains("..") || values.contains(','))
                .map(|(name, _)| name.trim())
                .ok_or("no input takes several values")?;
            let mut title = format!("{output} over {right}").replace('_', " ");
            title[..1].make_ascii_uppercase();
            let svg = report::chart::sweep(&title, &table, Some(right), Some(output))?;
            pictures.push(((*file).into(), svg));
            Ok(format!("![{title}. {}](img/{file})", field.doc))
        }
        _ => Err("the orders are equations, example and plot".into()),
    }
}

fn equation(id: &str) -> Result<&'static EquationInfo> {
    walls::equations()
        .iter()
        .find(|info| info.id == id)
        .ok_or_else(|| format!("no equation `{id}`"))
}

fn equations(number: u8) -> Result<String> {
    let wall = walls::wall(number).ok_or("there are 22 walls")?;
    let mut text = String::from("| equation | question | formula | source |\n|---|---|---|---|\n");
    let mut any = false;
    for info in wall.equations().filter(|info| info.wall == number) {
        let cells = [info.question, info.source].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {} |",
            info.id,
            cells[0],
            info.formula.replace('|', "\\|"),
            cells[1]
        );
        any = true;
    }
    if any { Ok(text) } else { Err(format!("wall {number} has no equation")) }
}

fn example(id: &str, inputs: &[&str]) -> Result<String> {
    let info = equation(id)?;
    let mut given: Vec<(&str, Quantity)> = Vec::new();
    for input in inputs {
        let (name, value) =
            input.split_once('=').ok_or_else(|| format!("`{input}` is not INPUT=VALUE"))?;
        let field = info.input(name).ok_or_else(|| format!("{id} has no input `{name}`"))?;
        given.push((field.name, amount(field.form, value)?));
    }
    let evaluation =
        walls::evaluate(id, &given, Convention::Reference).map_err(|error| error.to_string())?;
    let mut text = String::from("| | symbol | value | from |\n|---|---|---|---|\n");
    let mut left_out = Vec::new();
    for node in evaluation.trace.nodes() {
        let untold = info.input(node.name).filter(|field| {
            field.default.is_some() && !given.iter().any(|(name, _)| *name == field.name)
        });
        if untold.is_some() {
            left_out.push(format!("`{}` = {}", node.symbol, value(node)));
            continue;
        }
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} |",
            node.name.replace('_', " "),
            node.symbol,
            value(node),
            if given.iter().any(|(name, _)| *name == node.name) {
                "given".into()
            } else {
                origin(node)
            }
        );
    }
    if !left_out.is_empty() {
        let _ = writeln!(text, "\nInputs at their defaults: {}.", left_out.join(", "));
    }
    Ok(text)
}

fn amount(form: Form, text: &str) -> Result<Quantity> {
    match form {
        Form::Amount => parse(text).map_err(|error| error.to_string()),
        Form::Flag => match text {
            "yes" => Ok(Quantity::number(1.0)),
            "no" => Ok(Quantity::number(0.0)),
            _ => Err(format!("`{text}` is neither yes nor no")),
        },
        Form::Label(words) => words
            .iter()
            .zip(0_u32..)
            .find(|(word, _)| **word == text)
            .map(|(_, index)| Quantity::number(f64::from(index)))
            .ok_or_else(|| format!("`{text}` is none of {}", words.join(", "))),
    }
}

fn value(node: &Node) -> String {
    node.value.quantity().map_or_else(
        || node.value.to_string(),
        |quantity| report::chart::everyday(quantity).unwrap_or_else(|| format!("{quantity:.4}")),
    )
}

fn origin(node: &Node) -> String {
    if node.formula.is_empty() { node.source.to_string() } else { format!("`{}`", node.formula) }
        .replace('|', "\\|")
}
