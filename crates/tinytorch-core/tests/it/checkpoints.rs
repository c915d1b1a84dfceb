//! Checkpoints: a run that stops and continues, a disk that is full, a process that is killed.

use core::time::Duration;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tinytorch_core::{
    DType, Error, Rng, Tensor,
    data::{DataLoader, TensorDataset},
    nn::{CrossEntropyLoss, Linear, ModuleExt},
    optim::{Adam, AdamOpts, Optimizer, Sgd, SgdOpts, lr::Cosine},
    train::{BestCheckpoint, Checkpoint, EpochStats, Monitor, Trainer},
};

/// An empty folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tinytorch-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

struct Run {
    model: Linear,
    adam: Adam,
    loader: DataLoader<TensorDataset>,
}

/// A linear classifier of 40 random points, shuffled with `order`, whose weights come from `seed`.
fn run(seed: u64, order: u64) -> Run {
    let mut points = Rng::seed(99);
    let x = Tensor::randn([40, 3], DType::F32, &mut points).unwrap();
    let y = Tensor::from_vec((0..40_i64).map(|i| i % 2).collect(), [40]).unwrap();
    let model = Linear::new(3, 2, &mut Rng::seed(seed)).unwrap();
    let adam = Adam::new(model.parameters(), AdamOpts::adamw()).unwrap();
    let set = TensorDataset::new([x, y]).unwrap();
    let loader = DataLoader::builder(set).batch_size(7).shuffle(Rng::seed(order)).build().unwrap();
    Run { model, adam, loader }
}

impl Run {
    fn epochs(&mut self, n: usize) -> Vec<EpochStats> {
        let loss = CrossEntropyLoss::new();
        let mut trainer = Trainer::new(&self.model, &mut self.adam, &loss);
        trainer.fit(&mut self.loader, n, &mut ()).unwrap().epochs
    }

    fn bits(&self) -> Vec<u32> {
        let params = self.model.parameters();
        let values = params.iter().flat_map(|p| p.tensor().to_vec::<f32>().unwrap());
        values.map(f32::to_bits).collect()
    }
}

/// Five epochs in one go, against two, a file, and three in a run that started from other weights and another order.
#[test]
fn a_resumed_run_is_the_run_that_never_stopped() {
    let path = folder("resume").join("run.safetensors");
    let mut straight = run(1, 2);
    let all = straight.epochs(5);

    let mut first = run(1, 2);
    first.epochs(2);
    let saved = Checkpoint::of(&first.model, &first.adam)
        .unwrap()
        .with_rng("order", first.loader.rng().unwrap())
        .with_counter("epoch", 2);
    first.epochs(1); // what happens later does not reach the checkpoint
    saved.save(&path).unwrap();

    let read = Checkpoint::read(&path).unwrap();
    let mut second = run(7, 8);
    read.restore(&second.model, &mut second.adam).unwrap();
    second.loader.set_rng(Some(read.rng("order").unwrap()));
    let rest = second.epochs(3);
    assert_eq!(read.counter("epoch").unwrap(), 2);
    assert_eq!(second.bits(), straight.bits());
    assert_eq!(second.loader.rng(), straight.loader.rng());
    for (a, b) in rest.iter().zip(&all[2..]) {
        assert_eq!((a.loss.to_bits(), a.accuracy), (b.loss.to_bits(), b.accuracy));
    }
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

/// The file of the callback is enough to go on: shuffling, random changes, schedule and all.
#[test]
fn a_run_goes_on_from_its_best_epoch() {
    let path = folder("best").join("run.safetensors");
    let fresh = |seed| {
        let run = run(seed, seed);
        let set = run.loader.dataset().clone();
        let change = |[x, y]: [Tensor; 2], rng: &mut Rng| Ok([x.add_scalar(rng.normal())?, y]);
        let builder = DataLoader::builder(set).batch_size(7).shuffle(Rng::seed(seed));
        let loader = builder.augment(Rng::seed(seed + 1), change).workers(2).build().unwrap();
        Run { loader, ..run }
    };
    let loss = CrossEntropyLoss::new();
    let schedule = Cosine::new(0.1, 0.001, 30).unwrap();
    let mut straight = fresh(3);
    let mut best = BestCheckpoint::new(Monitor::TrainingLoss, &path);
    Trainer::new(&straight.model, &mut straight.adam, &loss)
        .schedule_steps(&schedule)
        .fit(&mut straight.loader, 1, &mut best)
        .unwrap();
    Trainer::new(&straight.model, &mut straight.adam, &loss)
        .schedule_steps(&schedule)
        .resume(1, 6)
        .fit(&mut straight.loader, 3, &mut ())
        .unwrap();

    let file = Checkpoint::read(&path).unwrap();
    let mut again = fresh(9);
    file.restore(&again.model, &mut again.adam).unwrap();
    again.loader.set_rng(Some(file.rng("order").unwrap()));
    again.loader.set_augment_rng(Some(file.rng("augment").unwrap()));
    let done = ["epoch", "step"].map(|name| usize::try_from(file.counter(name).unwrap()).unwrap());
    assert_eq!(done, [1, 6]);
    Trainer::new(&again.model, &mut again.adam, &loss)
        .schedule_steps(&schedule)
        .resume(done[0], done[1])
        .fit(&mut again.loader, 3, &mut ())
        .unwrap();
    assert_eq!(again.bits(), straight.bits());
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

/// A state that the optimizer refuses leaves the model alone too.
#[test]
fn a_checkpoint_that_does_not_fit_changes_nothing() {
    let mut trained = run(1, 2);
    trained.epochs(1);
    let saved = Checkpoint::of(&trained.model, &trained.adam).unwrap();
    let other = run(5, 2);
    let before = other.bits();
    let mut sgd = Sgd::new(other.model.parameters(), SgdOpts::default()).unwrap();
    let error = saved.restore(&other.model, &mut sgd).unwrap_err();
    assert!(matches!(error, Error::UnexpectedParameter { .. }), "{error}");
    assert_eq!(other.bits(), before);
    assert!(sgd.state_dict().unwrap().is_empty());
    let wide = Linear::new(4, 2, &mut Rng::seed(0)).unwrap();
    let mut adam = Adam::new(wide.parameters(), AdamOpts::default()).unwrap();
    assert!(matches!(saved.restore(&wide, &mut adam), Err(Error::ShapeMismatch { .. })));
}

/// Elements of the tensor in the files below: 4 MB, long enough to be caught while writing.
const LARGE: usize = 1 << 20;

/// A checkpoint all of whose numbers are `i`.
fn numbered(i: u64, elements: usize) -> Checkpoint {
    let mut file = Checkpoint::default().with_counter("i", i);
    let all = Tensor::full([elements], i as f64, DType::F32).unwrap();
    file.model.insert("all".into(), all);
    file
}

/// The number of a checkpoint, after checking that the whole file has it.
fn number(path: &Path) -> u64 {
    let file = Checkpoint::read(path).unwrap();
    let i = file.counter("i").unwrap();
    let all = file.model["all"].to_vec::<f32>().unwrap();
    assert!(all.len() == LARGE && all.iter().all(|&v| v == i as f32), "a torn file at {i}");
    i
}

/// Runs this test program again with only the test `name`, which is otherwise ignored.
fn child(shell: &str, name: &str, path: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell} exec \"$0\" --exact checkpoints::{name} --ignored")])
        .arg(std::env::current_exe().unwrap())
        .env("TINYTORCH_CHECKPOINT", path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn path_from_parent() -> PathBuf {
    std::env::var_os("TINYTORCH_CHECKPOINT").expect("is started by another test").into()
}

#[test]
#[ignore = "saves until it is killed; started by a_killed_process_leaves_a_whole_file"]
fn child_saves_forever() {
    let path = path_from_parent();
    for i in 0.. {
        numbered(i % (1 << 20), LARGE).save(&path).unwrap();
    }
}

/// Twelve processes are killed at twelve different moments of saving; each time the file is whole.
#[test]
#[cfg(unix)]
fn a_killed_process_leaves_a_whole_file() {
    let folder = folder("killed");
    let path = folder.join("run.safetensors");
    for round in 0..12 {
        numbered(1 << 20, LARGE).save(&path).unwrap();
        let mut process = child("", "child_saves_forever", &path).spawn().unwrap();
        let start = std::time::Instant::now();
        while number(&path) == 1 << 20 {
            assert!(start.elapsed() < Duration::from_secs(60), "the child saved nothing");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(number(&path) < 1 << 20);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[ignore = "needs a limit on the size of files; started by a_full_disk_leaves_the_old_file"]
fn child_meets_a_full_disk() {
    let path = path_from_parent();
    let error = numbered(2, LARGE).save(&path).unwrap_err();
    assert!(matches!(error, Error::Io { op: "write", .. }), "{error}");
}

/// The operating system refuses to write past 1 MB of 4: what a full disk looks like from inside a process.
#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_file() {
    let folder = folder("full");
    let path = folder.join("run.safetensors");
    numbered(1, LARGE).save(&path).unwrap();
    let limit = "trap '' XFSZ; ulimit -f 2048;"; // blocks of 512 bytes, or of 1024
    let status = child(limit, "child_meets_a_full_disk", &path).status().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(number(&path), 1);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
    fs::remove_dir_all(&folder).unwrap();
}
