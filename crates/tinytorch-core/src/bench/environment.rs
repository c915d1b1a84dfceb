//! What a measurement was taken on.

use std::fs;
use std::thread;

/// Machine and build of a measurement. What the system does not tell is `None`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Environment {
    /// Processor as it names itself.
    pub cpu: Option<String>,
    /// Threads that the program may use at once.
    pub threads: Option<usize>,
    /// Instruction sets that change which kernels run.
    pub features: Vec<&'static str>,
    /// Operating system and architecture.
    pub system: String,
    /// Version of this library.
    pub version: &'static str,
    /// Whether the program was built with optimization (without debug assertions).
    pub optimized: bool,
    /// Programs waiting to run, averaged over a minute: above the number of threads, times mean little.
    pub load: Option<f64>,
}

impl Environment {
    /// Asks the system.
    #[must_use]
    pub fn read() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let load = fs::read_to_string("/proc/loadavg")
            .ok()
            .and_then(|text| text.split_whitespace().next()?.parse().ok());
        Self {
            cpu,
            threads: thread::available_parallelism().ok().map(usize::from),
            features: features(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION"),
            optimized: !cfg!(debug_assertions),
            load,
        }
    }

    /// Returns names and values, in the order of a report; what is unknown says so.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'static str, String)> {
        let known = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
        vec![
            ("processor", known(self.cpu.clone())),
            ("threads", known(self.threads.map(|n| n.to_string()))),
            ("instruction sets", self.features.join(" ")),
            ("system", self.system.clone()),
            ("tinytorch-core", self.version.to_owned()),
            ("optimized", self.optimized.to_string()),
            ("load", known(self.load.map(|load| load.to_string()))),
        ]
    }
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let mut found = vec!["sse2"];
    let mut note = |has: bool, name| {
        if has {
            found.push(name);
        }
    };
    note(is_x86_feature_detected!("avx2"), "avx2");
    note(is_x86_feature_detected!("fma"), "fma");
    note(is_x86_feature_detected!("avx512f"), "avx512f");
    note(is_x86_feature_detected!("avx512vnni"), "avx512vnni");
    found
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    vec!["neon"]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}
