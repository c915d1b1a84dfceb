//! Traces for the viewers of browsers.

use core::fmt::Write as _;
use std::{fs, path::Path};

use crate::{Error, Result, autograd::json_text};

use super::recorder::{Phase, Profile};

impl Profile {
    /// Returns the events in the trace format of Chromium (complete events, microseconds), for `about:tracing` and Perfetto.
    #[must_use]
    pub fn chrome_trace(&self) -> String {
        let mut out = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        for (i, event) in self.events.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            let category = match event.phase {
                Phase::Forward => "forward",
                Phase::Backward => "backward",
                Phase::Scope => "part",
            };
            let flops = event.flops.map_or_else(|| "null".to_owned(), |f| f.to_string());
            let _ = write!(
                out,
                "\n{{\"name\":{},\"cat\":\"{category}\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\
                 \"ts\":{:.3},\"dur\":{:.3},\"args\":{{\"part\":{},\"shape\":\"{:?}\",\
                 \"flops\":{flops},\"bytes\":{}}}}}",
                json_text(&event.name),
                1e6 * event.start.as_secs_f64(),
                1e6 * event.time.as_secs_f64(),
                json_text(&event.part),
                event.shape,
                event.bytes,
            );
        }
        out.push_str("\n]}\n");
        out
    }

    /// Writes [`chrome_trace`](Self::chrome_trace) to a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with the path if it cannot be written.
    pub fn write_chrome_trace(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        fs::write(path, self.chrome_trace()).map_err(|e| Error::io("chrome_trace", path, e))
    }
}
