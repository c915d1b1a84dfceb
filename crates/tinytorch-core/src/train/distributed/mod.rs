//! Training on more than one machine, or as if.
//!
//! Data-parallel training is simple to say: every rank holds the whole model, takes its share of each batch, and the
//! gradients of all shares are added before anybody takes a step, so that all ranks stay equal. Its cost is the adding, which
//! moves as many numbers as there are parameters in every step. [`DataParallel`] hides most of it: gradients of the last
//! layers are complete first, so they are gathered in buckets, and a bucket is on its way to the others while the backward
//! pass is still busy with earlier layers (Li et al., 2020, "PyTorch Distributed", VLDB 13(12)).
//!
//! How numbers travel is somebody else's business: a [`Communicator`]. [`Alone`] is the one rank that needs nobody;
//! [`threads`] makes several ranks inside one process, for tests and to try a recipe; one over MPI is in the folder
//! `cluster` of the repository, a package of its own because it needs a C library.
//!
//! # Examples
//!
//! Two ranks learn what one would.
//!
//! ```
//! use std::{sync::Arc, thread};
//! use tinytorch_core::nn::{Linear, Loss, ModuleExt, MseLoss};
//! use tinytorch_core::optim::{Sgd, SgdOpts};
//! use tinytorch_core::train::distributed::{Alone, Communicator, DataParallel, threads};
//! use tinytorch_core::{Result, Rng, Tensor};
//!
//! fn learn(comm: Arc<dyn Communicator>) -> Result<f64> {
//!     let batch = [Tensor::from([[1.0_f32], [2.0], [3.0], [4.0]]), Tensor::from([[3.0_f32], [5.0], [7.0], [9.0]])];
//!     let model = Linear::new(1, 1, &mut Rng::seed(1 + comm.rank() as u64))?;
//!     let mut sgd = Sgd::new(model.parameters(), SgdOpts { lr: 0.05, ..SgdOpts::default() })?;
//!     let mut parallel = DataParallel::new(comm, &model)?; // all begin with the weights of rank 0
//!     let mut loss = 0.0;
//!     for _ in 0..50 {
//!         loss = parallel.step(&model, &MseLoss::default(), &batch, &mut sgd)?;
//!     }
//!     Ok(loss)
//! }
//!
//! let ranks = threads(2)?.into_iter().map(|comm| thread::spawn(|| learn(Arc::new(comm))));
//! let losses = ranks.collect::<Vec<_>>().into_iter().map(|t| t.join().unwrap()).collect::<Result<Vec<_>>>()?;
//! let alone = learn(Arc::new(Alone))?;
//! assert_eq!(losses[0], losses[1]);
//! assert!((losses[0] - alone).abs() < 1e-6); // the sums run in another order
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

mod buckets;
#[cfg(feature = "safetensors")]
mod fit;
mod parallel;
mod threads;

#[cfg(test)]
mod tests;

use std::sync::Arc;

#[cfg(feature = "safetensors")]
pub use fit::{Run, Save};
pub use parallel::DataParallel;
pub use threads::{ThreadCommunicator, threads};

use crate::Result;

/// How ranks exchange numbers.
///
/// All ranks call the same operations in the same order and with the same sizes; each returns when this rank may go on. A
/// rank calls one operation at a time, but not always from the same thread. After an error the communicator is of no
/// further use.
pub trait Communicator: Send + Sync {
    /// Returns the number of this rank, from 0 on.
    fn rank(&self) -> usize;

    /// Returns the number of ranks.
    fn size(&self) -> usize;

    /// Replaces each of `values` by its sum over all ranks. All ranks get the same bits.
    ///
    /// # Errors
    ///
    /// [`Error::Communication`](crate::Error::Communication) if a rank is gone, or does something else.
    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()>;

    /// Replaces `bytes` by those of rank `root`.
    ///
    /// # Errors
    ///
    /// As [`all_reduce_sum`](Self::all_reduce_sum); also if there is no rank `root`.
    fn broadcast(&self, bytes: &mut [u8], root: usize) -> Result<()>;

    /// Returns when all ranks have called it.
    ///
    /// # Errors
    ///
    /// As [`all_reduce_sum`](Self::all_reduce_sum).
    fn barrier(&self) -> Result<()>;

    /// Tells the others that this rank will not take part any more, so that they need not wait for it.
    ///
    /// An implementation may end the process, if that is the only way to be heard.
    fn abort(&self, reason: &str);
}

impl<C: Communicator + ?Sized> Communicator for Arc<C> {
    fn rank(&self) -> usize {
        (**self).rank()
    }

    fn size(&self) -> usize {
        (**self).size()
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()> {
        (**self).all_reduce_sum(values)
    }

    fn broadcast(&self, bytes: &mut [u8], root: usize) -> Result<()> {
        (**self).broadcast(bytes, root)
    }

    fn barrier(&self) -> Result<()> {
        (**self).barrier()
    }

    fn abort(&self, reason: &str) {
        (**self).abort(reason);
    }
}

/// The only rank.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_reduce_sum(&self, _: &mut [f32]) -> Result<()> {
        Ok(())
    }

    fn broadcast(&self, _: &mut [u8], root: usize) -> Result<()> {
        check_root(self, root)
    }

    fn barrier(&self) -> Result<()> {
        Ok(())
    }

    fn abort(&self, _: &str) {}
}

/// Refuses the number of a rank that there is not.
fn check_root(comm: &dyn Communicator, root: usize) -> Result<()> {
    if root < comm.size() {
        return Ok(());
    }
    let detail = format!("asked for the bytes of rank {root} of {}", comm.size());
    Err(crate::Error::Communication { op: "broadcast", rank: comm.rank(), detail })
}
