//! Ranks that are processes, on one machine or many: a communicator over MPI.
//!
//! All calls of MPI are made by one thread, which starts and ends the library too. That is all that
//! `MPI_THREAD_FUNNELED` asks for, the weakest promise under which a program may have threads at all, and it leaves
//! nothing of MPI to be shared: the communicator holds one end of a channel.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use mpi::{
    Threading,
    collective::SystemOperation,
    environment::Universe,
    topology::SimpleCommunicator,
    traits::{Communicator as _, CommunicatorCollectives as _, Root as _},
};
use tinytorch_core::{Error, Result, train::distributed::Communicator};

/// Elements of one call: MPI counts in 32 bits.
const MOST: usize = 1 << 28;

/// This process as one of those that `mpirun` has started.
///
/// If another process dies, MPI ends this one: no call returns an error for it, and what a run needs to go on must lie in a
/// checkpoint.
pub struct MpiCommunicator {
    rank: usize,
    size: usize,
    calls: Mutex<Option<Sender<Call>>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread of MPI is asked for, and where the answer goes.
enum Call {
    Sum(Vec<f32>, Sender<Vec<f32>>),
    Bytes(Vec<u8>, i32, Sender<Vec<u8>>),
    Barrier(Sender<()>),
    Abort(String),
}

impl MpiCommunicator {
    /// Starts MPI; a process that `mpirun` has not started is alone.
    ///
    /// # Errors
    ///
    /// [`Error::Communication`] if MPI was started before in this process, or does not allow threads.
    pub fn start() -> Result<Self> {
        let (ready, started) = channel();
        let (calls, inbox) = channel();
        let thread = thread::Builder::new().name("mpi".into()).spawn(move || {
            let Some((universe, granted)) = mpi::initialize_with_threading(Threading::Funneled)
            else {
                return;
            };
            let world = universe.world();
            if granted != Threading::Single && ready.send((world.rank(), world.size())).is_ok() {
                serve(&inbox, &world, universe);
            }
        });
        let failed = |detail: String| Error::Communication { op: "mpi", rank: 0, detail };
        let thread = thread.map_err(|e| failed(format!("no thread can be had: {e}")))?;
        let numbers = started.recv().ok();
        let numbers =
            numbers.and_then(|(r, s)| Some((usize::try_from(r).ok()?, usize::try_from(s).ok()?)));
        let (rank, size) = numbers.ok_or_else(|| {
            failed("the library does not start: it did before, or it allows no threads".into())
        })?;
        Ok(Self { rank, size, calls: Mutex::new(Some(calls)), thread: Some(thread) })
    }

    /// Sends a call to the thread of MPI and waits for its answer.
    fn call<T>(&self, op: &'static str, call: impl FnOnce(Sender<T>) -> Call) -> Result<T> {
        let (reply, answer) = channel();
        self.send(call(reply));
        let lost = |_| {
            let detail = "the thread of MPI has ended".to_owned();
            Error::Communication { op, rank: self.rank, detail }
        };
        answer.recv().map_err(lost)
    }

    fn send(&self, call: Call) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = &*calls {
            // Who waits for an answer notices that there is none.
            let _ = calls.send(call);
        }
    }
}

/// Makes the calls in order, until nobody can ask for more.
fn serve(inbox: &Receiver<Call>, world: &SimpleCommunicator, universe: Universe) {
    for call in inbox {
        // An asker that is gone needs no answer.
        match call {
            Call::Sum(values, reply) => {
                let mut sums = vec![0.0_f32; values.len()];
                for (from, to) in values.chunks(MOST).zip(sums.chunks_mut(MOST)) {
                    world.all_reduce_into(from, to, SystemOperation::sum());
                }
                let _ = reply.send(sums);
            }
            Call::Bytes(mut bytes, root, reply) => {
                for part in bytes.chunks_mut(MOST) {
                    world.process_at_rank(root).broadcast_into(part);
                }
                let _ = reply.send(bytes);
            }
            Call::Barrier(reply) => {
                world.barrier();
                let _ = reply.send(());
            }
            Call::Abort(reason) => {
                eprintln!("rank {}: {reason}", world.rank());
                world.abort(1);
            }
        }
    }
    drop(universe); // says goodbye to the others
}

impl Communicator for MpiCommunicator {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()> {
        let sums = self.call("all_reduce_sum", |reply| Call::Sum(values.to_vec(), reply))?;
        values.copy_from_slice(&sums);
        Ok(())
    }

    fn broadcast(&self, bytes: &mut [u8], root: usize) -> Result<()> {
        let number = i32::try_from(root).ok().filter(|_| root < self.size);
        let number = number.ok_or_else(|| Error::Communication {
            op: "broadcast",
            rank: self.rank,
            detail: format!("asked for the bytes of rank {root} of {}", self.size),
        })?;
        let sent = self.call("broadcast", |reply| Call::Bytes(bytes.to_vec(), number, reply))?;
        bytes.copy_from_slice(&sent);
        Ok(())
    }

    fn barrier(&self) -> Result<()> {
        self.call("barrier", Call::Barrier)
    }

    /// Ends all processes of the run: MPI has no other way to tell them.
    fn abort(&self, reason: &str) {
        self.send(Call::Abort(reason.to_owned()));
        if self.size > 1 {
            // The end comes from the other thread; nothing may happen on this one meanwhile.
            loop {
                thread::park();
            }
        }
    }
}

impl fmt::Debug for MpiCommunicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MpiCommunicator")
            .field("rank", &self.rank)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Drop for MpiCommunicator {
    fn drop(&mut self) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said why.
            let _ = thread.join();
        }
    }
}
