//! Trains a digit reader on the ranks that `mpirun` has started.
//!
//! ```text
//! mpirun -n 2 target/release/train --epochs 3 --save run.safetensors --every 5
//! ```

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::json;
use tinytorch_core::{
    Rng, Tensor,
    data::{DataLoader, TensorDataset},
    datasets::{self, scans},
    nn::{CrossEntropyLoss, Linear, Loss, ModuleExt, Relu, Sequential},
    optim::{Sgd, SgdOpts},
    train::{
        Checkpoint,
        distributed::{Communicator, DataParallel, Run, Save},
    },
};
use tinytorch_mpi::MpiCommunicator;

/// Train a digit reader on all ranks of an MPI run; rank 0 prints one JSON object.
#[derive(Debug, Parser)]
struct Args {
    /// Epochs since the start of the run
    #[arg(long, default_value_t = 3)]
    epochs: u64,
    /// Width of the two hidden layers
    #[arg(long, default_value_t = 1024)]
    width: usize,
    /// Samples of a batch, over all ranks
    #[arg(long, default_value_t = 256)]
    batch: usize,
    /// Bytes of a bucket of gradients
    #[arg(long, default_value_t = 1 << 20)]
    bucket: usize,
    /// Write checkpoints to this file
    #[arg(long)]
    save: Option<PathBuf>,
    /// Steps between two checkpoints; 0 writes one only when a step fails
    #[arg(long, default_value_t = 1)]
    every: u64,
    /// Go on from this checkpoint
    #[arg(long)]
    from: Option<PathBuf>,
    /// For tests: this rank is killed in the middle of a step ..
    #[arg(long)]
    kill_rank: Option<usize>,
    /// .. after so many whole ones
    #[arg(long, default_value_t = 4)]
    kill_after: u64,
}

/// Cross entropy that kills its own process at the given call.
struct Mortal {
    left: AtomicU64,
}

impl Loss for Mortal {
    fn loss(&self, output: &Tensor, target: &Tensor) -> tinytorch_core::Result<Tensor> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            let pid = std::process::id().to_string();
            // As the system would do it when memory runs out: no destructor runs.
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
        CrossEntropyLoss::new().loss(output, target)
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let comm: Arc<dyn Communicator> = Arc::new(MpiCommunicator::start()?);
    let (rank, size) = (comm.rank(), comm.size());

    let (images, _) = scans::split(&datasets::digits()?);
    let [x, y] = images.to_tensors()?;
    let n = images.len();
    let data = TensorDataset::new([x.reshape([n, scans::PIXELS])?, y])?;
    let mut loader =
        DataLoader::builder(data).batch_size(args.batch).shuffle(Rng::seed(2)).build()?;

    let rng = &mut Rng::seed(1);
    let model = Sequential::new()
        .push(Linear::new(scans::PIXELS, args.width, rng)?)
        .push(Relu)
        .push(Linear::new(args.width, args.width, rng)?)
        .push(Relu)
        .push(Linear::new(args.width, scans::CLASSES, rng)?);
    let rule = SgdOpts { lr: 0.05, momentum: 0.9, ..SgdOpts::default() };
    let mut sgd = Sgd::new(model.parameters(), rule)?;
    let mut parallel = DataParallel::with_buckets(comm.clone(), &model, args.bucket)?;

    let saved = args.from.as_ref().map(Checkpoint::read).transpose().context("--from")?;
    let save = args.save.map(|path| Save { path, every: args.every });
    let run = Run { epochs: args.epochs, from: saved.as_ref(), save: save.as_ref() };
    let left = if args.kill_rank == Some(rank) { args.kill_after } else { u64::MAX };
    let loss = Mortal { left: AtomicU64::new(left) };
    comm.barrier()?;
    let begin = Instant::now();
    let losses = parallel.fit(&model, &loss, &mut sgd, &mut loader, &run)?;
    comm.barrier()?;
    let seconds = begin.elapsed().as_secs_f64();
    if rank == 0 {
        let begun = saved.as_ref().map_or(Ok(0), |saved| saved.counter("steps"))?;
        let report = json!({
            "ranks": size,
            "parameters": model.num_parameters(),
            "buckets": parallel.buckets(),
            "begun": begun,
            "seconds": seconds,
            "losses": losses,
        });
        println!("{report}");
    }
    Ok(())
}
