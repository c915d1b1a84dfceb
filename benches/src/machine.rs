//! Which machine, build and commit the figures belong to.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// The line without which a figure means nothing.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Name of the processor.
    pub cpu: String,
    /// Vector instructions that the processor has.
    pub has: Vec<&'static str>,
    /// Vector instructions that the whole build may assume; kernels may pick more at run time.
    pub assumes: Vec<&'static str>,
    /// Threads every contestant may use.
    pub threads: usize,
    /// The compiler.
    pub toolchain: String,
    /// The commit, with `+` if files were changed since.
    pub commit: String,
}

impl Machine {
    /// Looks the machine over.
    ///
    /// The number of threads is `RAYON_NUM_THREADS` if that is set, and the number of available cores otherwise.
    #[must_use]
    pub fn look() -> Self {
        Self {
            cpu: cpu(),
            has: features(),
            assumes: assumed(),
            threads: contestant_threads(),
            toolchain: first_line("rustc", &["--version"]),
            commit: commit(),
        }
    }

    /// Returns the line of the report.
    #[must_use]
    pub fn line(&self) -> String {
        let list =
            |names: &[&str]| if names.is_empty() { "baseline".to_owned() } else { names.join(" ") };
        format!(
            "{}, {} threads, has {}, built for {}, {}, commit {}",
            self.cpu,
            self.threads,
            list(&self.has),
            list(&self.assumes),
            self.toolchain,
            self.commit
        )
    }

    /// Returns the object of the JSON report.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "cpu": self.cpu,
            "features": self.has,
            "built_for": self.assumes,
            "threads": self.threads,
            "toolchain": self.toolchain,
            "commit": self.commit,
        })
    }
}

/// Returns the number of threads of every contestant.
#[must_use]
pub fn contestant_threads() -> usize {
    threads(std::env::var("RAYON_NUM_THREADS").ok().as_deref())
}

fn threads(asked: Option<&str>) -> usize {
    let asked = asked.and_then(|text| text.trim().parse().ok()).filter(|n| *n > 0);
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ]
    .into_iter()
    .filter_map(|(name, present)| present.then_some(name))
    .collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    assumed()
}

fn assumed() -> Vec<&'static str> {
    [
        ("avx2", cfg!(target_feature = "avx2")),
        ("fma", cfg!(target_feature = "fma")),
        ("avx512f", cfg!(target_feature = "avx512f")),
        ("neon", cfg!(target_feature = "neon")),
    ]
    .into_iter()
    .filter_map(|(name, assumed)| assumed.then_some(name))
    .collect()
}

fn commit() -> String {
    let hash = first_line("git", &["rev-parse", "--short", "HEAD"]);
    let changed = run("git", &["status", "--porcelain", "--untracked-files=no"])
        .is_some_and(|text| !text.is_empty());
    if changed { hash + "+" } else { hash }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    run(program, arguments)
        .and_then(|text| text.lines().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".into())
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(program).args(arguments).current_dir(here).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the version that the lock file holds for `package`.
#[must_use]
pub fn locked_version(package: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let entry = lock
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .map_or("", |(_, rest)| rest);
    entry.split_once('"').map_or("unknown", |(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_follow_the_variable() {
        assert_eq!(threads(Some("3")), 3);
        assert_eq!(threads(Some("0")), threads(None));
        assert_eq!(threads(Some("many")), threads(None));
        assert!(threads(None) >= 1);
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        assert_eq!(locked_version("benches"), env!("CARGO_PKG_VERSION"));
        assert_eq!(locked_version("no-such-package"), "unknown");
    }
}
