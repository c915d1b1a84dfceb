//! What is typed, line by line, and the wish to stop: Ctrl-C, or a terminal that is closed.
//!
//! A signal would end the process in the middle of a question, and with it an answer that waits for its confidence.
//! Here it becomes one more thing the learner does. A second signal ends the process at once.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use signal_hook::consts::TERM_SIGNALS;
use signal_hook::flag;

/// How often a waiting program looks up.
const PAUSE: Duration = Duration::from_millis(200);

/// One thing that comes from the keyboard.
#[derive(Debug)]
pub(crate) enum Typed {
    /// A line, with its end.
    Line(String),
    /// A line that is no UTF-8.
    NoText,
    /// There will be no more lines.
    End,
    /// The learner, or the system, wants the program to end.
    Stop,
    /// Nothing yet; time passed.
    Nothing,
}

/// Lines from standard input.
pub(crate) struct Lines {
    lines: Receiver<io::Result<Option<String>>>,
    stop: Stop,
}

impl Lines {
    pub(crate) fn new() -> io::Result<Self> {
        let stop = Stop::new()?;
        let (send, lines) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            loop {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line).map(|n| (n > 0).then_some(line));
                // Bytes that are no text are one line; other errors come again and again.
                let more = match &read {
                    Ok(line) => line.is_some(),
                    Err(error) => error.kind() == io::ErrorKind::InvalidData,
                };
                if send.send(read).is_err() || !more {
                    return;
                }
            }
        })?;
        Ok(Self { lines, stop })
    }

    /// Waits for a line, a wish to stop, or a moment.
    pub(crate) fn next(&self) -> io::Result<Typed> {
        if self.stop.is_wanted() {
            return Ok(Typed::Stop);
        }
        match self.lines.recv_timeout(PAUSE) {
            Ok(Ok(Some(line))) => Ok(Typed::Line(line)),
            Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => Ok(Typed::End),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Ok(Typed::NoText),
            Ok(Err(error)) => Err(error),
            Err(RecvTimeoutError::Timeout) => Ok(Typed::Nothing),
        }
    }
}

/// Whether a signal asked the program to end.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Turns signals into a wish from here on.
    pub(crate) fn new() -> io::Result<Self> {
        let wanted = Arc::new(AtomicBool::new(false));
        for signal in TERM_SIGNALS {
            // The order matters: the first signal finds the flag down and only raises it.
            flag::register_conditional_shutdown(*signal, 130, Arc::clone(&wanted))?;
            flag::register(*signal, Arc::clone(&wanted))?;
        }
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGHUP, Arc::clone(&wanted))?;
        Ok(Self(wanted))
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
