//! One step of all ranks.

use core::fmt;
use std::sync::Arc;

use super::{
    Communicator,
    buckets::{Courier, Gathering, Plan},
};
use crate::{
    Error, Param, Result, Tensor,
    nn::{Loss, Module, ModuleExt, StateDict},
    optim::Optimizer,
};

const OP: &str = "data_parallel";

/// Elements of a bucket in bytes unless something else is asked for: 1 MiB.
const BUCKET: usize = 1 << 20;

/// Trains one model on several ranks, each with its share of every batch.
///
/// All ranks hold the model, read the same batches and call the same methods; afterwards their parameters have the same
/// bits. With one rank every step has the bits of a plain one.
///
/// # Examples
///
/// See [the module](super).
pub struct DataParallel {
    comm: Arc<dyn Communicator>,
    params: Vec<Param>,
    plan: Plan,
    courier: Courier,
    /// A step has begun and not ended: the other ranks are in the middle of it.
    halfway: bool,
}

impl fmt::Debug for DataParallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataParallel")
            .field("rank", &self.comm.rank())
            .field("size", &self.comm.size())
            .field("buckets", &self.plan.len())
            .finish_non_exhaustive()
    }
}

impl DataParallel {
    /// Gives every rank the parameters and buffers of rank 0, and gathers gradients in buckets of 1 MiB.
    ///
    /// # Errors
    ///
    /// [`Error::Communication`] if the models of the ranks are not alike or a rank is gone;
    /// [`Error::DTypeUnsupported`] unless all parameters are `f32`.
    pub fn new(comm: Arc<dyn Communicator>, model: &dyn Module) -> Result<Self> {
        Self::with_buckets(comm, model, BUCKET)
    }

    /// As [`new`](Self::new) with buckets of at least one parameter and, beyond that, at most `bytes` of gradients.
    ///
    /// Small buckets leave early, large ones have less overhead.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_buckets(
        comm: Arc<dyn Communicator>,
        model: &dyn Module,
        bytes: usize,
    ) -> Result<Self> {
        let params = model.parameters();
        let plan = Plan::new(&params, bytes)?;
        let state = model.state_dict();
        check_alike(&*comm, &state)?;
        if comm.size() > 1 {
            model.load_state_dict(&of_root(&*comm, state)?, true)?;
        }
        let courier = Courier::new(comm.clone())?;
        Ok(Self { comm, params, plan, courier, halfway: false })
    }

    /// Returns how the ranks exchange numbers.
    #[must_use]
    pub fn communicator(&self) -> &dyn Communicator {
        &*self.comm
    }

    /// Returns the number of buckets that the gradients travel in.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.plan.len()
    }

    /// Takes one step with the mean gradient over the whole `batch`, of which this rank evaluates its share, and returns the
    /// mean loss over the whole batch.
    ///
    /// Rank r of R takes the samples from ⌊n·r/R⌋ to ⌊n·(r + 1)/R⌋. Shares count by their samples, so `loss` must be a mean
    /// over samples; layers that look at several samples at once, as batch normalization does, see their share only.
    ///
    /// # Errors
    ///
    /// What the model, the loss and the optimizer return; [`Error::Communication`] if a rank is gone; [`Error::InvalidArgument`]
    /// for an empty batch, or an optimizer of other parameters. Model and optimizer are as they were before, unless the optimizer itself
    /// failed. After an error in the middle of a step the others cannot be met again: every further step is an error too.
    pub fn step(
        &mut self,
        model: &dyn Module,
        loss: &dyn Loss,
        batch: &[Tensor; 2],
        optimizer: &mut dyn Optimizer,
    ) -> Result<f64> {
        let order = self.order(optimizer)?;
        let n = batch[0].dims().first().copied().unwrap_or(0);
        let (rank, size) = (self.comm.rank(), self.comm.size());
        let [start, end] = [rank, rank + 1].map(|r| n * r / size);
        if n == 0 || batch[1].dims().first() != Some(&n) {
            let got = format!("{n} inputs and {:?} targets", batch[1].dims().first());
            return Err(Error::argument(
                OP,
                "batch",
                got,
                "at least one input and as many targets",
            ));
        }
        if core::mem::replace(&mut self.halfway, true) {
            let detail = "an earlier step has failed".to_owned();
            return Err(Error::Communication { op: OP, rank, detail });
        }
        let weight = (end - start) as f32 / n as f32;
        let mut gathering = Gathering::new(&self.plan, &mut self.courier, weight);
        let mut value = 0.0;
        if end > start {
            let [x, y] = [&batch[0], &batch[1]].map(|t| t.narrow(0, start, end - start));
            let error = loss.loss(&model.forward(&x?)?, &y?)?;
            value = error.to_f64()?;
            optimizer.zero_grad();
            error.backward_each(&self.params, &mut |i, grad| gathering.put(i, grad))?;
        }
        let (grads, mean) = gathering.finish(&self.params, value as f32)?;
        let grads: Vec<Option<Tensor>> = order.into_iter().map(|i| grads[i].clone()).collect();
        self.halfway = false;
        optimizer.step_with(&grads)?;
        // A rank alone has the loss with all its digits.
        Ok(if size == 1 { value } else { mean })
    }

    /// Where the parameters of the optimizer stand among those of the model.
    fn order(&self, optimizer: &dyn Optimizer) -> Result<Vec<usize>> {
        let place = |param: &Param| {
            self.params.iter().position(|own| own.is_same(param)).ok_or_else(|| {
                let got = format!(
                    "one that holds a parameter of shape {} of something else",
                    param.shape()
                );
                Error::argument(OP, "optimizer", got, "one for parameters of the model")
            })
        };
        optimizer.params().iter().map(place).collect()
    }
}

impl Drop for DataParallel {
    fn drop(&mut self) {
        // Without a word the others would wait for the rest of it.
        if self.halfway {
            self.comm.abort("it stopped in the middle of a step");
        }
    }
}

/// Refuses ranks whose models have other names, shapes or types.
fn check_alike(comm: &dyn Communicator, state: &StateDict) -> Result<()> {
    // FNV-1a over names, shapes and types; sums of its bytes and of their squares are exact in f32 for 258 ranks.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, tensor) in state {
        for byte in format!("{name} {} {};", tensor.shape(), tensor.dtype()).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let own = hash.to_le_bytes().map(f32::from);
    let mut sums: Vec<f32> = own.iter().flat_map(|x| [*x, x * x]).collect();
    comm.all_reduce_sum(&mut sums)?;
    let size = comm.size() as f32;
    // Numbers with this mean and its square as their mean square have no variance: they are all equal.
    let alike = |(x, sum): (&f32, &[f32])| sum[0] == size * x && sum[1] == size * x * x;
    let alike = own.iter().zip(sums.chunks_exact(2)).all(alike);
    if alike {
        return Ok(());
    }
    let detail = "the models of the ranks differ in a name, a shape or a type".to_owned();
    Err(Error::Communication { op: OP, rank: comm.rank(), detail })
}

/// The state of rank 0.
fn of_root(comm: &dyn Communicator, state: StateDict) -> Result<StateDict> {
    let mut root = StateDict::new();
    for (name, tensor) in state {
        // Every element type of a state fits into a double but for integers beyond 2⁵³, which no layer counts to.
        let values = tensor.to_vec_as::<f64>();
        let mut bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        comm.broadcast(&mut bytes, 0)?;
        let (chunks, _) = bytes.as_chunks::<8>();
        let values: Vec<f64> = chunks.iter().map(|b| f64::from_le_bytes(*b)).collect();
        root.insert(name, Tensor::from_vec(values, tensor.shape())?.to_dtype(tensor.dtype())?);
    }
    Ok(root)
}
