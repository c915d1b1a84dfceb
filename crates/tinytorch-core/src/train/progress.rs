//! A line on the terminal that says how training goes.

use core::time::Duration;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use super::callback::{Callback, StepReport};
use crate::Result;

/// Shortest time between two drawings of the line.
const REDRAW: Duration = Duration::from_millis(100);

/// A [`Callback`] that keeps one line up to date: epoch, loss, samples per second, time left.
///
/// It writes nothing at all unless its output is a terminal, so logs and pipes stay clean. This is the one
/// part of training that looks at a clock, and only to draw the line.
///
/// # Examples
///
/// ```
/// use tinytorch_core::train::ProgressLine;
///
/// let progress = ProgressLine::stderr("digits");
/// # let _ = progress;
/// ```
pub struct ProgressLine {
    label: String,
    out: Option<Box<dyn Write + Send>>,
    clock: Box<dyn FnMut() -> Duration + Send>,
    started: Option<Duration>,
    drawn: Option<Duration>,
    samples: usize,
    width: usize,
    /// The cursor still stands at the end of the line.
    open: bool,
}

impl core::fmt::Debug for ProgressLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ProgressLine")
            .field("label", &self.label)
            .field("drawing", &self.out.is_some())
            .finish_non_exhaustive()
    }
}

impl ProgressLine {
    /// Returns a line on standard error, silent unless that is a terminal.
    #[must_use]
    pub fn stderr(label: &str) -> Self {
        let out: Option<Box<dyn Write + Send>> =
            if io::stderr().is_terminal() { Some(Box::new(io::stderr())) } else { None };
        let start = Instant::now();
        Self::new(label, out, Box::new(move || start.elapsed()))
    }

    /// Returns a line on `out` (nothing is written if there is none) that reads the time from `clock`.
    #[must_use]
    pub fn new(
        label: &str,
        out: Option<Box<dyn Write + Send>>,
        clock: Box<dyn FnMut() -> Duration + Send>,
    ) -> Self {
        Self {
            label: label.to_owned(),
            out,
            clock,
            started: None,
            drawn: None,
            samples: 0,
            width: 0,
            open: false,
        }
    }

    /// Replaces the line; what is left of a longer one is overwritten with blanks.
    fn draw(&mut self, text: &str, end: &str) {
        if let Some(out) = &mut self.out {
            // A terminal that went away must not stop the training.
            let _ =
                write!(out, "\r{text:<width$}{end}", width = self.width).and_then(|()| out.flush());
        }
        self.width = text.chars().count();
        self.open = end.is_empty();
    }
}

impl Callback for ProgressLine {
    fn on_step(&mut self, r: &StepReport) -> Result<()> {
        if self.out.is_none() {
            return Ok(());
        }
        let now = (self.clock)();
        // The first step has no duration to measure yet: it starts the clock.
        let Some(started) = self.started else {
            self.started = Some(now);
            return Ok(());
        };
        self.samples += r.samples;
        let done = r.epoch * r.n_steps + r.step + 1;
        let total = r.n_epochs * r.n_steps;
        let last = done >= total;
        if !last && self.drawn.is_some_and(|at| now.saturating_sub(at) < REDRAW) {
            return Ok(());
        }
        self.drawn = Some(now);
        let seconds = now.saturating_sub(started).as_secs_f64().max(1e-9);
        let rate = self.samples as f64 / seconds;
        let left =
            seconds / done.saturating_sub(1).max(1) as f64 * total.saturating_sub(done) as f64;
        let text = format!(
            "{}: epoch {}/{}, loss {:.4}, {rate:.0} samples/s, {} left",
            self.label,
            r.epoch + 1,
            r.n_epochs,
            r.loss,
            human_time(left),
        );
        self.draw(&text, if last { "\n" } else { "" });
        Ok(())
    }
}

impl Drop for ProgressLine {
    /// Ends the line of a training that stopped early.
    fn drop(&mut self) {
        if let (true, Some(out)) = (self.open, &mut self.out) {
            let _ = writeln!(out);
        }
    }
}

/// Returns seconds as `7 s`, `3 min 05 s` or `2 h 04 min`.
fn human_time(seconds: f64) -> String {
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Two epochs of four steps of ten samples, half a second each.
    fn run(out: Option<Box<dyn Write + Send>>) {
        let mut now = 0.0;
        let clock = Box::new(move || {
            now += 0.5;
            Duration::from_secs_f64(now)
        });
        let mut line = ProgressLine::new("net", out, clock);
        for i in 0..8 {
            let report = StepReport {
                epoch: i / 4,
                n_epochs: 2,
                step: i % 4,
                n_steps: 4,
                samples: 10,
                loss: 0.25,
            };
            line.on_step(&report).unwrap();
        }
    }

    #[test]
    fn the_line_shows_rate_loss_and_time_left() {
        let screen = Screen::default();
        run(Some(Box::new(screen.clone())));
        let text = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.split('\r').collect();
        // 20 samples/s. After two steps one half second is measured and six steps are left.
        assert_eq!(lines[1], "net: epoch 1/2, loss 0.2500, 20 samples/s, 3 s left");
        assert_eq!(lines.last(), Some(&"net: epoch 2/2, loss 0.2500, 20 samples/s, 0 s left\n"));
        assert_eq!(lines.len(), 8); // nothing, then seven drawings: the first step has no duration
    }

    /// Standard error is not a terminal here, as under any test runner that captures output.
    #[test]
    fn without_a_terminal_nothing_is_read_or_written() {
        let clock = Box::new(|| -> Duration { panic!("the clock was read") });
        let mut line = ProgressLine::new("net", None, clock);
        let report =
            StepReport { epoch: 0, n_epochs: 1, step: 0, n_steps: 1, samples: 1, loss: 1.0 };
        line.on_step(&report).unwrap();
    }

    #[test]
    fn a_training_that_stops_early_leaves_a_finished_line() {
        let screen = Screen::default();
        let mut now = 0;
        let clock = Box::new(move || {
            now += 1;
            Duration::from_secs(now)
        });
        let mut line = ProgressLine::new("net", Some(Box::new(screen.clone())), clock);
        for step in 0..2 {
            let report =
                StepReport { epoch: 0, n_epochs: 1, step, n_steps: 9, samples: 1, loss: 1.0 };
            line.on_step(&report).unwrap();
        }
        drop(line);
        assert!(screen.0.lock().unwrap().ends_with(b"left\n"));
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(
            [0.4, 59.4, 185.0, 7_500.0].map(human_time),
            ["0 s", "59 s", "3 min 05 s", "2 h 05 min"]
        );
    }
}
