//! The progress log as programs use it: damage, two processes, two devices, kills.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod damage;
mod kill;
mod laws;
mod store;

use core::sync::atomic::{AtomicU32, Ordering};
use std::path::{Path, PathBuf};

use staffml_bank::log::{Answer, Moment, Outcome, TemplateRef};
use staffml_bank::sched::Rating;

/// A folder of its own for one test, removed at its end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("staffml-log-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The only file of events.
    pub(crate) fn events(&self) -> PathBuf {
        let entries = std::fs::read_dir(self.0.join("log")).unwrap();
        let mut files = entries
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "jsonl"));
        let file = files.next().expect("one file");
        assert_eq!(files.next(), None);
        file
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An answer, unlike that of any other `n`.
pub(crate) fn answer(n: u64) -> Answer {
    let id = format!("t{}-item", n % 7);
    Answer::new(TemplateRef::new(&id, 1), n, Outcome::Correct, 1000 + n).rated(Rating::Good)
}

/// Noon of the n-th day of March 2026.
pub(crate) fn noon(n: u64) -> Moment {
    Moment::from_ms(1_772_366_400_000 + i64::try_from(n).unwrap() * 86_400_000)
}
