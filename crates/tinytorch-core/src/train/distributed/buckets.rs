//! Gradients in buckets, and the thread that sends them.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use super::Communicator;
use crate::{DType, Error, Param, Result, Tensor};

/// Which parameters travel together.
///
/// A bucket holds the elements of its parameters one after the other, then for each of them the number of ranks that had a
/// gradient, and, in the last bucket, the loss.
#[derive(Debug)]
pub(super) struct Plan {
    buckets: Vec<Bucket>,
    /// Bucket and place of each parameter.
    places: Vec<[usize; 2]>,
}

#[derive(Debug, Default)]
struct Bucket {
    /// Parameters in it, with the offset and number of their elements.
    members: Vec<(usize, usize, usize)>,
    elements: usize,
}

impl Plan {
    /// Fills buckets of `bytes` from the last parameter to the first, as their gradients come.
    pub(super) fn new(params: &[Param], bytes: usize) -> Result<Self> {
        let mut buckets: Vec<Bucket> = vec![Bucket::default()];
        let mut places = vec![[0; 2]; params.len()];
        for (i, param) in params.iter().enumerate().rev() {
            if param.dtype() != DType::F32 {
                return Err(Error::dtype("data_parallel", param.dtype(), "f32"));
            }
            let n = param.numel();
            let full = |b: &Bucket| !b.members.is_empty() && (b.elements + n) * 4 > bytes;
            if buckets.last().is_some_and(full) {
                buckets.push(Bucket::default());
            }
            let at = buckets.len() - 1;
            if let Some(bucket) = buckets.last_mut() {
                places[i] = [at, bucket.members.len()];
                bucket.members.push((i, bucket.elements, n));
                bucket.elements += n;
            }
        }
        Ok(Self { buckets, places })
    }

    /// Returns the number of buckets, at least 1.
    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    fn size(&self, at: usize) -> usize {
        let loss = usize::from(at + 1 == self.len());
        self.buckets.get(at).map_or(0, |b| b.elements + b.members.len() + loss)
    }
}

/// The gradients of one step on their way: buckets leave in order, each as soon as it is full.
pub(super) struct Gathering<'a> {
    plan: &'a Plan,
    sender: &'a mut Courier,
    /// Share of this rank in the batch.
    weight: f32,
    values: Vec<Vec<f32>>,
    missing: Vec<usize>,
    sent: usize,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(plan: &'a Plan, sender: &'a mut Courier, weight: f32) -> Self {
        let values = (0..plan.len()).map(|at| vec![0.0; plan.size(at)]).collect();
        let missing = plan.buckets.iter().map(|b| b.members.len()).collect();
        Self { plan, sender, weight, values, missing, sent: 0 }
    }

    /// Takes the gradient of parameter `i`, and sends what is full.
    pub(super) fn put(&mut self, i: usize, grad: &Tensor) -> Result<()> {
        let [at, place] = self.plan.places[i];
        let bucket = &self.plan.buckets[at];
        let (_, start, n) = bucket.members[place];
        let grad = grad.detach().contiguous().to_vec::<f32>()?;
        let (values, weight) = (&mut self.values[at], self.weight);
        let out = &mut values[start..start + n];
        out.iter_mut().zip(&grad).for_each(|(out, g)| *out = weight * g);
        values[bucket.elements + place] = 1.0;
        self.missing[at] -= 1;
        // The last bucket waits for the loss.
        while self.sent + 1 < self.plan.len() && self.missing[self.sent] == 0 {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        let values = core::mem::take(&mut self.values[self.sent]);
        self.sent += 1;
        self.sender.send(values)
    }

    /// Sends the rest and returns the mean gradients, `None` where no rank had one, and the mean loss.
    pub(super) fn finish(
        mut self,
        params: &[Param],
        loss: f32,
    ) -> Result<(Vec<Option<Tensor>>, f64)> {
        if let Some(last) = self.values.last_mut().and_then(|values| values.last_mut()) {
            *last = self.weight * loss;
        }
        while self.sent < self.plan.len() {
            self.send()?;
        }
        let mut grads = vec![None; params.len()];
        let mut loss = 0.0;
        for bucket in &self.plan.buckets {
            let values = self.sender.receive()?;
            for (place, &(i, start, n)) in bucket.members.iter().enumerate() {
                if values[bucket.elements + place] > 0.0 {
                    grads[i] =
                        Some(Tensor::from_slice(&values[start..start + n], params[i].shape())?);
                }
            }
            loss = values.last().map_or(loss, |last| f64::from(*last));
        }
        Ok((grads, loss))
    }
}

/// A thread that adds up buckets while others compute.
pub(super) struct Courier {
    jobs: Option<Sender<Vec<f32>>>,
    done: Receiver<Result<Vec<f32>>>,
    thread: Option<JoinHandle<()>>,
    /// Buckets given and not yet back.
    away: usize,
    rank: usize,
}

impl Courier {
    pub(super) fn new(comm: Arc<dyn Communicator>) -> Result<Self> {
        let (jobs, inbox) = channel::<Vec<f32>>();
        let (outbox, done) = channel();
        let rank = comm.rank();
        let work = move || {
            for mut values in inbox {
                let result = comm.all_reduce_sum(&mut values).map(|()| values);
                let last = result.is_err();
                if outbox.send(result).is_err() || last {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("gradients".into()).spawn(work);
        let thread = thread.map_err(|e| Error::Communication {
            op: "data_parallel",
            rank,
            detail: format!("no thread can be had: {e}"),
        })?;
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread), away: 0, rank })
    }

    fn send(&mut self, values: Vec<f32>) -> Result<()> {
        // A courier that has ended leaves its reason in the other channel.
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(values).is_ok());
        self.away += 1;
        if sent { Ok(()) } else { self.receive().and_then(|_| Err(self.lost())) }
    }

    fn receive(&mut self) -> Result<Vec<f32>> {
        let result = self.done.recv().map_err(|_| self.lost())?;
        self.away = self.away.saturating_sub(1);
        result
    }

    fn lost(&self) -> Error {
        let detail = "an earlier exchange has failed".to_owned();
        Error::Communication { op: "all_reduce_sum", rank: self.rank, detail }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.jobs = None;
        // One that waits for others is left to itself: it ends with them, or with the process.
        if let Some(thread) = self.thread.take().filter(|_| self.away == 0) {
            let _ = thread.join();
        }
    }
}
