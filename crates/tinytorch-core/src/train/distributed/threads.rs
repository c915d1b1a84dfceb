//! Ranks that are threads of one process.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Communicator, check_root};
use crate::{Error, Result};

/// One of several ranks inside a process, made by [`threads`].
///
/// A rank that is dropped is gone: whoever still waits for it gets an error.
#[derive(Debug)]
pub struct ThreadCommunicator {
    rank: usize,
    room: Arc<Room>,
}

/// Returns `size` ranks that belong together, to be given to one thread each.
///
/// Sums run over the ranks in order, so that they have the same bits in every run.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for no rank.
///
/// # Examples
///
/// ```
/// use std::thread;
/// use tinytorch_core::train::distributed::{Communicator, threads};
///
/// let ranks = threads(3)?.into_iter().map(|comm| {
///     thread::spawn(move || {
///         let mut values = [1.0, comm.rank() as f32];
///         comm.all_reduce_sum(&mut values).map(|()| values)
///     })
/// });
/// for rank in ranks.collect::<Vec<_>>() {
///     assert_eq!(rank.join().unwrap()?, [3.0, 0.0 + 1.0 + 2.0]);
/// }
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn threads(size: usize) -> Result<Vec<ThreadCommunicator>> {
    if size == 0 {
        return Err(Error::argument("threads", "size", 0, "at least 1"));
    }
    let room = Arc::new(Room { size, state: Mutex::default(), changed: Condvar::new() });
    Ok((0..size).map(|rank| ThreadCommunicator { rank, room: room.clone() }).collect())
}

/// Where the ranks meet.
#[derive(Debug)]
struct Room {
    size: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Exchanges that are complete.
    rounds: u64,
    /// What the ranks have brought to the present one.
    parts: Vec<(usize, Part)>,
    /// What all have brought to the last one, by rank.
    complete: Arc<Vec<Part>>,
    /// A rank that will not come any more, and why.
    gone: Option<(usize, String)>,
}

/// What a rank brings.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Sum(Vec<f32>),
    Bytes { root: usize, size: usize, bytes: Vec<u8> },
    Barrier,
}

impl Part {
    /// What must be the same on all ranks.
    fn kind(&self) -> String {
        match self {
            Self::Sum(values) => format!("a sum of {} numbers", values.len()),
            Self::Bytes { root, size, .. } => format!("{size} bytes of rank {root}"),
            Self::Barrier => "a barrier".into(),
        }
    }
}

impl ThreadCommunicator {
    /// A panic elsewhere leaves the state whole: every critical section is a few assignments.
    fn state(&self) -> MutexGuard<'_, State> {
        self.room.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a part and returns those of all ranks.
    fn exchange(&self, op: &'static str, part: Part) -> Result<Arc<Vec<Part>>> {
        let failed = |detail| Error::Communication { op, rank: self.rank, detail };
        let gone = |(rank, why): &(usize, String)| failed(format!("rank {rank} is gone: {why}"));
        let mut state = self.state();
        if let Some(who) = &state.gone {
            return Err(gone(who));
        }
        let round = state.rounds;
        state.parts.push((self.rank, part));
        if state.parts.len() == self.room.size {
            state.parts.sort_by_key(|(rank, _)| *rank);
            let parts = core::mem::take(&mut state.parts);
            state.complete = Arc::new(parts.into_iter().map(|(_, part)| part).collect());
            state.rounds += 1;
            self.room.changed.notify_all();
        }
        while state.rounds == round {
            if let Some(who) = &state.gone {
                return Err(gone(who));
            }
            state = self.room.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Nobody can complete the next exchange before this rank has brought its part.
        let complete = state.complete.clone();
        drop(state);
        let kinds: Vec<String> = complete.iter().map(Part::kind).collect();
        match kinds.iter().position(|kind| *kind != kinds[self.rank]) {
            Some(other) => Err(failed(format!(
                "wanted {}, but rank {other} wanted {}",
                kinds[self.rank], kinds[other]
            ))),
            None => Ok(complete),
        }
    }

    fn leave(&self, why: &str) {
        self.state().gone.get_or_insert_with(|| (self.rank, why.to_owned()));
        self.room.changed.notify_all();
    }
}

impl Communicator for ThreadCommunicator {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.room.size
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()> {
        let parts = self.exchange("all_reduce_sum", Part::Sum(values.to_vec()))?;
        let sums = parts.iter().filter_map(|part| match part {
            Part::Sum(values) => Some(values),
            _ => None,
        });
        values.fill(0.0);
        for part in sums {
            values.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        }
        Ok(())
    }

    fn broadcast(&self, bytes: &mut [u8], root: usize) -> Result<()> {
        check_root(self, root)?;
        let size = bytes.len();
        let mine = if root == self.rank { bytes.to_vec() } else { Vec::new() };
        let parts = self.exchange("broadcast", Part::Bytes { root, size, bytes: mine })?;
        if let Some(Part::Bytes { bytes: sent, .. }) = parts.get(root) {
            bytes.copy_from_slice(sent);
        }
        Ok(())
    }

    fn barrier(&self) -> Result<()> {
        self.exchange("barrier", Part::Barrier).map(drop)
    }

    fn abort(&self, reason: &str) {
        self.leave(reason);
    }
}

impl Drop for ThreadCommunicator {
    fn drop(&mut self) {
        let panics = std::thread::panicking();
        self.leave(if panics { "its thread panicked" } else { "it has finished" });
    }
}
