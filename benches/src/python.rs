//! The Python peer: a child process that times one round of a case when asked.
//!
//! Each request and each reply is one line of JSON on the child's standard input and output; the programs in `python/`
//! are the other end.

use core::cell::RefCell;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::subject::Subject;

/// A running interpreter with one package to compare with.
#[derive(Debug)]
pub struct Python {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    /// Version of the package, as the child reports it.
    pub version: String,
}

impl Python {
    /// Starts `interpreter` with `threads` threads on the program for `package`: `torch` or `mlsysim`.
    ///
    /// # Errors
    ///
    /// If it cannot be started or cannot import the package; the text says which.
    pub fn start(interpreter: &str, package: &str, threads: usize) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let script = folder.join(format!("{package}_peer.py"));
        let mut child = Command::new(interpreter)
            .arg("-u")
            .arg(script)
            .arg(threads.to_string())
            .env("OMP_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("`{interpreter}` cannot be started"))?;
        let requests = child.stdin.take().context("the child has no standard input")?;
        let replies =
            BufReader::new(child.stdout.take().context("the child has no standard output")?);
        let mut torch = Self { child, requests, replies, version: String::new() };
        let hello = torch
            .ask(&json!({"do": "hello"}))
            .with_context(|| format!("`{interpreter}` has no `{package}`"))?;
        torch.version = hello[package].as_str().unwrap_or("unknown").to_owned();
        Ok(torch)
    }

    /// Sends a request and returns the reply.
    ///
    /// # Errors
    ///
    /// If the child has ended or replies with an error.
    fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}").context("the Python peer has ended")?;
        self.requests.flush().context("the Python peer has ended")?;
        let mut line = String::new();
        if self.replies.read_line(&mut line).context("the Python peer has ended")? == 0 {
            bail!("the Python peer has ended");
        }
        let reply: Value =
            serde_json::from_str(&line).with_context(|| format!("not a reply: {line}"))?;
        match reply["error"].as_str() {
            Some(error) => bail!("{error}"),
            None => Ok(reply),
        }
    }
}

impl Python {
    /// Returns by how many bytes the child grows at most while it builds a case and repeats it `n` times.
    ///
    /// # Errors
    ///
    /// If the case fails, or the system does not say.
    pub fn peak(&mut self, case: &str, sizes: &[usize], n: u64) -> Result<u64> {
        let reply = self.ask(&json!({"do": "peak", "case": case, "sizes": sizes, "n": n}))?;
        reply["bytes"].as_u64().context("no bytes in the reply")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Nothing is left to tell the user if the child has gone already.
        drop(self.ask(&json!({"do": "end"})));
        drop(self.child.wait());
    }
}

/// Returns the child's version of a case, or nothing if there is no child.
///
/// `sizes` are the numbers that the Python side needs to build the same case.
#[must_use]
pub fn subject(
    torch: Option<&Rc<RefCell<Python>>>,
    case: &str,
    sizes: &[usize],
) -> Option<Box<dyn Subject>> {
    let torch = torch?.clone();
    Some(Box::new(Remote {
        torch,
        prepare: json!({"do": "prepare", "case": case, "sizes": sizes}),
    }))
}

struct Remote {
    torch: Rc<RefCell<Python>>,
    prepare: Value,
}

/// For this long after a round the child's worker threads still wait actively.
const SPIN: Duration = Duration::from_millis(4);

impl Subject for Remote {
    fn answer(&mut self) -> Result<Vec<f32>> {
        let reply = self.torch.borrow_mut().ask(&self.prepare)?;
        let numbers = reply["answer"].as_array().context("no answer in the reply")?;
        Ok(numbers.iter().map(|v| v.as_f64().map_or(f32::NAN, |v| v as f32)).collect())
    }

    fn time(&mut self, n: u64) -> Result<Duration> {
        let reply = self.torch.borrow_mut().ask(&json!({"do": "time", "n": n}))?;
        std::thread::sleep(SPIN);
        Ok(Duration::from_secs_f64(reply["seconds"].as_f64().context("no time in the reply")?))
    }

    fn reset(&mut self) -> Result<()> {
        self.torch.borrow_mut().ask(&json!({"do": "reset"})).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interpreter_is_named() {
        let error = Python::start("no-such-python", "torch", 1).unwrap_err().to_string();
        assert_eq!(error, "`no-such-python` cannot be started");
    }
}
