//! Batches made ahead of time by other threads, in the order in which they are wanted.
//!
//! Batch i is made by thread i modulo n, and each thread has a short queue of its own. Whoever takes from the queues in turn gets the
//! batches in order, whichever thread is faster; a full queue makes its thread wait, so memory stays bounded.

use core::panic::AssertUnwindSafe;
use std::{
    io,
    panic::catch_unwind,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use crate::{Error, Result, Rng};

/// What one batch is made of: indices in order, and the generator of its random changes.
pub(super) type Plan = (Vec<usize>, Option<Rng>);

/// The queues of the threads.
#[derive(Debug)]
pub(super) struct Workers<B> {
    queues: Vec<Option<Receiver<Result<B>>>>,
    threads: Vec<thread::JoinHandle<()>>,
    next: usize,
    left: usize,
}

impl<B: Send + 'static> Workers<B> {
    /// Starts `n` threads that make a batch of each plan; each stays at most `prefetch` batches ahead.
    pub(super) fn start(
        plans: Vec<Plan>,
        n: usize,
        prefetch: usize,
        make: &Arc<dyn Fn(Plan) -> Result<B> + Send + Sync>,
    ) -> io::Result<Self> {
        let left = plans.len();
        let n = n.clamp(1, left.max(1));
        let mut shares: Vec<Vec<Plan>> = (0..n).map(|_| Vec::new()).collect();
        plans.into_iter().enumerate().for_each(|(i, plan)| shares[i % n].push(plan));
        // If a thread cannot be started, dropping what there is ends the others.
        let mut workers = Self { queues: Vec::new(), threads: Vec::new(), next: 0, left };
        for share in shares {
            let (sender, queue) = sync_channel(prefetch);
            let make = Arc::clone(make);
            workers.queues.push(Some(queue));
            let work = move || {
                for plan in share {
                    // Nobody listens any more: the epoch was left early.
                    if sender.send(guarded(|| make(plan))).is_err() {
                        break;
                    }
                }
            };
            let name = "data loader".to_owned();
            workers.threads.push(thread::Builder::new().name(name).spawn(work)?);
        }
        Ok(workers)
    }
}

impl<B> Workers<B> {
    /// Returns the next batch, waiting for it.
    pub(super) fn next(&mut self) -> Option<Result<B>> {
        self.left = self.left.checked_sub(1)?;
        let at = self.next % self.queues.len().max(1);
        self.next += 1;
        let batch = self.queues.get(at)?.as_ref()?.recv();
        Some(batch.unwrap_or_else(|_| Err(stopped("the thread that makes the batch ended"))))
    }
}

impl<B> Drop for Workers<B> {
    /// Lets the threads end: without receivers the next batch of each is its last.
    fn drop(&mut self) {
        self.queues.iter_mut().for_each(|queue| *queue = None);
        for thread in self.threads.drain(..) {
            // Its panics were caught batch by batch.
            let _ = thread.join();
        }
    }
}

/// Runs `make` and returns its panic as an error.
pub(super) fn guarded<B>(make: impl FnOnce() -> Result<B>) -> Result<B> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied());
        Err(stopped(&format!("a panic: {}", text.unwrap_or("without a message"))))
    })
}

#[cold]
fn stopped(what: &str) -> Error {
    Error::argument("data loader", "what the dataset returned", what, "a sample or an error")
}
