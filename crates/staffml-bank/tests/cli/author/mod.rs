//! The tools of authors: what they print, what they write, what they refuse.

mod bank;
mod browse;
mod fresh;
mod oracle;
mod report;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The shipped bank as a folder.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bank");

/// A folder with a bank of a few questions, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    /// A bank with these of the shipped questions, by area and id.
    fn new(name: &str, questions: &[&str]) -> Self {
        let path = std::env::temp_dir().join(format!("staffml-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let out = Self(path);
        for file in ["bank.toml", "misconceptions.toml", "facts.toml", "ids.txt"] {
            out.copy(file);
        }
        for question in questions {
            out.copy(&format!("q/{question}.toml"));
        }
        out
    }

    fn copy(&self, file: &str) {
        let (from, to) = (Path::new(SHIPPED).join(file), self.0.join(file));
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from, to).expect("a file of the bank");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).expect("a file")
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).expect("a file");
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{from:?} is not in {file}");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Every file with its bytes, to see that nothing was changed.
    fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut out, mut folders) = (Vec::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file");
                    out.push((path, bytes));
                }
            }
        }
        out.sort();
        out
    }

    /// Runs the program on this bank.
    fn run(&self, args: &[&str]) -> Output {
        staffml(&[args, &["--bank", self.path()]].concat())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn staffml(args: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_staffml"));
    program.args(args).stdin(Stdio::null()).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", text(&output.stdout), text(&output.stderr)))
}

#[track_caller]
fn ends(output: &Output, status: i32, words: &str) {
    let both = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{both}");
    assert!(both.contains(words), "{words:?} is not in: {both}");
}

/// Everything printed for people fits a narrow terminal.
#[track_caller]
fn fits(output: &Output) {
    for line in text(&output.stdout).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
