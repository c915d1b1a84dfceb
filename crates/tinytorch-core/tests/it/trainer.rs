//! The trainer's options: windows of batches, schedules, limits on gradients, averages, callbacks.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tinytorch_core::{
    DType, Error, Param, Result, Rng, Tensor,
    data::{DataLoader, TensorDataset},
    nn::{Linear, Loss, ModuleExt},
    optim::{
        Clip, ExponentialMovingAverage, NonFinite, Sgd, SgdOpts, clip_grad_norm, clip_grad_norm_p,
        clip_grad_value, lr::Schedule,
    },
    train::{
        Callback, CsvLog, EarlyStop, EpochEnd, EpochStats, JsonLog, Monitor, StepReport, Trainer,
    },
};

/// Mean of the squared distances.
struct Squares;

impl Loss for Squares {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        let d = output.sub(target)?;
        d.mul(&d)?.mean(.., false)
    }
}

/// `n` random points on a plane with noise, in order.
fn loader(n: usize, batch_size: usize) -> DataLoader<TensorDataset> {
    let mut rng = Rng::seed(3);
    let x = Tensor::randn([n, 3], DType::F64, &mut rng).unwrap();
    let y = Tensor::randn([n, 1], DType::F64, &mut rng).unwrap();
    DataLoader::builder(TensorDataset::new([x, y]).unwrap()).batch_size(batch_size).build().unwrap()
}

fn model() -> Linear {
    let model = Linear::new(3, 1, &mut Rng::seed(5)).unwrap();
    Linear::from_tensors(
        model.parameters()[0].tensor().to_dtype(DType::F64).unwrap(),
        Some(model.parameters()[1].tensor().to_dtype(DType::F64).unwrap()),
    )
    .unwrap()
}

fn sgd(model: &Linear, lr: f64) -> Sgd {
    Sgd::new(model.parameters(), SgdOpts { lr, ..SgdOpts::default() }).unwrap()
}

fn values(model: &Linear) -> Vec<f64> {
    model.parameters().iter().flat_map(|p| p.tensor().to_vec::<f64>().unwrap()).collect()
}

/// Records the steps.
#[derive(Default)]
struct Steps(Vec<StepReport>);

impl Callback for Steps {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        self.0.push(*report);
        Ok(())
    }
}

/// Four batches of 8 in one window are one batch of 32; both orders of summation agree to rounding of some 40 additions.
#[test]
fn a_window_of_small_batches_is_one_large_batch() {
    let (large, small) = (model(), model());
    let (mut a, mut b) = (sgd(&large, 0.1), sgd(&small, 0.1));
    let whole = Trainer::new(&large, &mut a, &Squares).fit(&mut loader(64, 32), 3, &mut ());
    let mut steps = Steps::default();
    let parts = Trainer::new(&small, &mut b, &Squares).accumulate(4).unwrap().fit(
        &mut loader(64, 8),
        3,
        &mut steps,
    );
    for (x, y) in values(&large).iter().zip(values(&small)) {
        assert!((x - y).abs() < 1e-14, "{x} {y}");
    }
    for (x, y) in whole.unwrap().epochs.iter().zip(parts.unwrap().epochs) {
        assert!((x.loss - y.loss).abs() < 1e-14 && x.steps == y.steps, "{x:?} {y:?}");
    }
    assert_eq!((steps.0.len(), steps.0[0].samples, steps.0[0].n_steps), (6, 32, 2));
    assert!(Trainer::new(&small, &mut b, &Squares).accumulate(0).is_err());
}

/// Five batches in windows of four: the last window is one batch, which counts with its whole gradient.
#[test]
fn a_short_last_window_steps_with_its_own_mean() {
    let (long, hand) = (model(), model());
    let mut a = sgd(&long, 0.1);
    let mut steps = Steps::default();
    Trainer::new(&long, &mut a, &Squares)
        .accumulate(4)
        .unwrap()
        .fit(&mut loader(20, 4), 1, &mut steps)
        .unwrap();
    assert_eq!(steps.0.iter().map(|s| s.samples).collect::<Vec<_>>(), [16, 4]);
    // By hand: gradient 2/N·Σ error·(x, 1) of the first sixteen points, then of the last four.
    let [x, y] = loader(20, 20).epoch().next().unwrap().unwrap();
    let (x, y) = (x.to_vec::<f64>().unwrap(), y.to_vec::<f64>().unwrap());
    let mut w = values(&hand);
    for (points, report) in [(0..16, steps.0[0]), (16..20, steps.0[1])] {
        let n = points.len() as f64;
        let (mut g, mut loss) = ([0.0; 4], 0.0);
        for i in points {
            let p = [x[3 * i], x[3 * i + 1], x[3 * i + 2], 1.0];
            let error: f64 = p.iter().zip(&w).map(|(p, w)| p * w).sum::<f64>() - y[i];
            loss += error * error / n;
            g.iter_mut().zip(p).for_each(|(g, p)| *g += 2.0 * error * p / n);
        }
        w.iter_mut().zip(g).for_each(|(w, g)| *w -= 0.1 * g);
        assert!((report.loss - loss).abs() < 1e-13, "reported undivided: {} {loss}", report.loss);
    }
    for (x, y) in w.iter().zip(values(&long)) {
        assert!((x - y).abs() < 1e-14, "{x} {y}");
    }
}

/// A loss of exactly 0 has no gradient, and the window is finished all the same.
#[test]
fn a_window_without_loss_is_a_step_too() {
    struct Nothing;
    impl Loss for Nothing {
        fn loss(&self, output: &Tensor, _: &Tensor) -> Result<Tensor> {
            output.mul_scalar(0.0)?.sum(.., false)
        }
    }
    let model = model();
    let before = values(&model);
    let mut optimizer = sgd(&model, 0.1);
    let mut trainer = Trainer::new(&model, &mut optimizer, &Nothing).accumulate(2).unwrap();
    let history = trainer.fit(&mut loader(12, 4), 1, &mut ()).unwrap();
    assert_eq!((history.epochs[0].steps, trainer.steps(), history.epochs[0].loss), (2, 2, 0.0));
    assert_eq!(values(&model), before);
}

/// Records what was asked for.
#[derive(Default)]
struct Asked(Mutex<Vec<usize>>);

impl Schedule for Asked {
    fn lr(&self, t: usize) -> f64 {
        self.0.lock().unwrap().push(t);
        1e-3
    }
}

#[test]
fn schedules_count_steps_or_epochs_and_go_on_after_a_break() {
    let model = model();
    let mut optimizer = sgd(&model, 0.1);
    let (by_step, by_epoch) = (Asked::default(), Asked::default());
    let mut trainer = Trainer::new(&model, &mut optimizer, &Squares)
        .schedule_steps(&by_step)
        .schedule_epochs(&by_epoch)
        .resume(4, 12);
    let first = trainer.fit(&mut loader(12, 4), 2, &mut ()).unwrap();
    trainer.fit(&mut loader(12, 4), 1, &mut ()).unwrap();
    assert_eq!(first.epochs.iter().map(|e| e.epoch).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(*by_step.0.lock().unwrap(), (12..21).collect::<Vec<_>>());
    assert_eq!(*by_epoch.0.lock().unwrap(), [4, 5, 6]);
    assert_eq!(optimizer.options()[0].lr, 1e-3);
}

/// A step of size 1 along a gradient limited to norm ½ moves by ½, in the direction of the whole gradient.
#[test]
fn a_limit_on_the_norm_shortens_the_step() {
    let (free, limited) = (model(), model());
    let start = values(&free);
    let step = |model: &Linear, clip: Option<Clip>| -> Vec<f64> {
        let mut optimizer = sgd(model, 1.0);
        let mut trainer = Trainer::new(model, &mut optimizer, &Squares);
        if let Some(clip) = clip {
            trainer = trainer.clip(clip, NonFinite::Error).unwrap();
        }
        trainer.fit(&mut loader(8, 8), 1, &mut ()).unwrap();
        values(model).iter().zip(&start).map(|(v, s)| v - s).collect()
    };
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let (full, short) = (step(&free, None), step(&limited, Some(Clip::Norm(0.5))));
    assert!(norm(&full) > 0.5, "the limit matters: {}", norm(&full));
    // The 10⁻⁶ in the factor shortens by up to 10⁻⁶/norm.
    assert!((norm(&short) - 0.5).abs() < 1e-6, "{}", norm(&short));
    for (f, s) in full.iter().zip(&short) {
        assert!((f / norm(&full) - s / norm(&short)).abs() < 1e-12, "{f} {s}");
    }
    let boxed = step(&model(), Some(Clip::Value(0.125)));
    for (f, b) in full.iter().zip(&boxed) {
        assert!((f.clamp(-0.125, 0.125) - b).abs() < 1e-15, "{f} {b}");
    }
    let mut optimizer = sgd(&free, 1.0);
    for clip in [Clip::Norm(0.0), Clip::Norm(f64::NAN), Clip::Value(-1.0)] {
        assert!(
            Trainer::new(&free, &mut optimizer, &Squares).clip(clip, NonFinite::Error).is_err()
        );
    }
}

#[test]
fn gradients_that_are_not_finite_end_the_run_or_skip_the_step() {
    let broken = || {
        let x = Tensor::from_vec(vec![1.0_f64, 1.0, 1.0, f64::INFINITY, 1.0, 1.0], [2, 3]).unwrap();
        let y = Tensor::zeros([2, 1], DType::F64).unwrap();
        DataLoader::builder(TensorDataset::new([x, y]).unwrap()).batch_size(1).build().unwrap()
    };
    for clip in [Clip::Norm(1.0), Clip::Value(1.0)] {
        let model = model();
        let mut optimizer = sgd(&model, 0.1);
        let run = Trainer::new(&model, &mut optimizer, &Squares)
            .clip(clip, NonFinite::Error)
            .unwrap()
            .fit(&mut broken(), 1, &mut ());
        let message = run.unwrap_err().to_string();
        assert!(message.contains("norm of the gradients"), "{message}");
        let after_error = values(&model);
        let other = self::model();
        let mut optimizer = sgd(&other, 0.1);
        let mut trainer =
            Trainer::new(&other, &mut optimizer, &Squares).clip(clip, NonFinite::Skip).unwrap();
        trainer.fit(&mut broken(), 1, &mut ()).unwrap();
        assert_eq!((trainer.steps(), trainer.skipped()), (2, 1));
        assert_eq!(values(&other), after_error, "only the first step was taken");
        assert!(after_error.iter().all(|v| v.is_finite()));
    }
}

#[test]
fn clipping_by_hand() {
    let (a, b, c) = (
        Param::new(Tensor::from([0.0_f32; 2])),
        Param::new(Tensor::from([0.0_f64])),
        Param::new(Tensor::from([1.0_f64])),
    );
    let params = [a.unwrap(), b.unwrap(), c.unwrap()]; // the last one has no gradient
    params[0].set_grad(&Tensor::from([3.0_f32, -6.0])).unwrap();
    params[1].set_grad(&Tensor::from([2.0_f64])).unwrap();
    let grads = || -> Vec<f64> {
        params.iter().filter_map(Param::grad).flat_map(|g| g.to_vec_as::<f64>()).collect()
    };
    assert_eq!(clip_grad_norm(&params, 7.5).unwrap(), 7.0);
    assert_eq!(grads(), [3.0, -6.0, 2.0], "short enough");
    assert_eq!(clip_grad_norm_p(&params, 100.0, 1.0).unwrap(), 11.0);
    assert_eq!(clip_grad_norm_p(&params, 100.0, f64::INFINITY).unwrap(), 6.0);
    clip_grad_value(&params, 2.5).unwrap();
    assert_eq!(grads(), [2.5, -2.5, 2.0]);
    assert_eq!(params[0].grad().unwrap().dtype(), DType::F32);
    clip_grad_norm(&params, 1.0).unwrap();
    let norm = grads().iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!((norm - 1.0).abs() < 1e-6, "f32 and the 1e-6 of the factor: {norm}");
    assert!(params[2].grad().is_none());
    params[1].set_grad(&Tensor::from([f64::NAN])).unwrap();
    assert!(clip_grad_norm(&params, 1.0).is_err());
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(clip_grad_norm(&params, bad).is_err() && clip_grad_value(&params, bad).is_err());
    }
    assert!(clip_grad_norm_p(&params, 1.0, 0.5).is_err());
    assert_eq!(clip_grad_norm(&params[2..], 1.0).unwrap(), 0.0, "no gradients at all");
}

/// Weights 1, then a, b: after two updates the average is d²·1 + d(1−d)·a + (1−d)·b.
#[test]
fn averages_follow_the_steps() {
    let model = model();
    let start = values(&model);
    let mut average = ExponentialMovingAverage::new(model.parameters(), 0.75).unwrap();
    let mut optimizer = sgd(&model, 0.1);
    struct Seen(Vec<Vec<f64>>, Vec<Param>);
    impl Callback for Seen {
        fn on_step(&mut self, _: &StepReport) -> Result<()> {
            self.0.push(self.1.iter().flat_map(|p| p.tensor().to_vec::<f64>().unwrap()).collect());
            Ok(())
        }
    }
    let mut seen = Seen(Vec::new(), model.parameters());
    Trainer::new(&model, &mut optimizer, &Squares)
        .average(&mut average)
        .fit(&mut loader(8, 4), 1, &mut seen)
        .unwrap();
    let got: Vec<f64> =
        average.averages().iter().flat_map(|t| t.to_vec::<f64>().unwrap()).collect();
    for i in 0..4 {
        let want = 0.5625 * start[i] + 0.1875 * seen.0[0][i] + 0.25 * seen.0[1][i];
        assert!((got[i] - want).abs() < 1e-15, "{} {want}", got[i]);
    }
    let own = values(&model);
    let failed: Result<()> = average.apply(|| {
        assert_eq!(values(&model), got);
        Err(Error::NoGraph { op: "test" })
    });
    assert!(failed.is_err());
    assert_eq!(values(&model), own, "the own values are back after an error");
    let mut other = ExponentialMovingAverage::new(model.parameters(), 0.75).unwrap();
    other.load_state_dict(&average.state_dict()).unwrap();
    assert!(other.averages()[0].same_values(&average.averages()[0]));
    let mut state = average.state_dict();
    state.insert("9.average".to_owned(), Tensor::scalar(1.0_f64));
    assert!(matches!(other.load_state_dict(&state), Err(Error::UnexpectedParameter { .. })));
    state.remove("0.average");
    assert!(matches!(other.load_state_dict(&state), Err(Error::MissingParameter { .. })));
    for decay in [-0.1, 1.0, f64::NAN] {
        assert!(ExponentialMovingAverage::new(vec![], decay).is_err());
    }
}

/// Shows a callback epochs with these losses and returns how many it let pass.
fn shown(callback: &mut dyn Callback, losses: &[f64], held_out: bool) -> Result<usize> {
    let model = model();
    let optimizer = sgd(&model, 0.1);
    for (epoch, &loss) in losses.iter().enumerate() {
        let stats = EpochStats { epoch, loss, accuracy: None, samples: 10, steps: 2 };
        let measured = tinytorch_core::train::Evaluation { loss, accuracy: Some(0.5), samples: 3 };
        let end = EpochEnd {
            stats: &stats,
            validation: held_out.then_some(&measured),
            steps: 2 * (epoch + 1),
            model: &model,
            optimizer: &optimizer,
            order: None,
            augment: None,
        };
        if callback.on_epoch_end(&end)?.is_break() {
            return Ok(epoch + 1);
        }
    }
    Ok(losses.len())
}

#[test]
fn early_stop_waits_for_its_patience() {
    let losses = [3.0, 2.0, 2.5, 1.9, 2.0, 1.9, 1.0];
    let stop =
        |patience, delta: f64| EarlyStop::new(Monitor::TrainingLoss, patience).min_delta(delta);
    // After 1.9 two epochs bring nothing better; with a margin of ½ only 3, 2 and 1 count.
    assert_eq!(shown(&mut stop(2, 0.0), &losses, false).unwrap(), 6);
    assert_eq!(shown(&mut stop(3, 0.0), &losses, false).unwrap(), 7);
    assert_eq!(shown(&mut stop(2, 0.5), &losses, false).unwrap(), 4);
    assert_eq!(shown(&mut stop(1, 0.0), &[f64::NAN, 1.0], false).unwrap(), 1);
    let mut two = vec![stop(9, 0.0), stop(2, 0.0)];
    assert_eq!(shown(&mut two, &losses, false).unwrap(), 6);
    assert_eq!(two[0].best(), Some(1.9), "the first was told as well");
    // The accuracy is always ½: the first epoch is the best.
    let mut accuracy = EarlyStop::new(Monitor::ValidationAccuracy, 3);
    assert_eq!((shown(&mut accuracy, &losses, true).unwrap(), accuracy.best()), (4, Some(0.5)));
    let error = shown(&mut EarlyStop::new(Monitor::ValidationLoss, 3), &losses, false).unwrap_err();
    assert!(error.to_string().contains("fit_validated"), "{error}");
}

#[test]
#[cfg(feature = "safetensors")]
fn the_best_epoch_is_kept() {
    use tinytorch_core::train::{BestCheckpoint, Checkpoint};
    let path = std::env::temp_dir().join(format!("tinytorch-best-{}", std::process::id()));
    let mut best = BestCheckpoint::new(Monitor::TrainingLoss, &path);
    shown(&mut best, &[3.0, 1.0, 2.0, f64::NAN], false).unwrap();
    let file = Checkpoint::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((file.counter("epoch").unwrap(), file.counter("step").unwrap()), (2, 4));
    assert_eq!(file.model.len(), 2);
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[test]
fn logs_hold_a_line_for_each_epoch() {
    let (csv, json) = (Paper::default(), Paper::default());
    shown(&mut CsvLog::new("csv", Box::new(csv.clone())), &[0.25, f64::NAN], true).unwrap();
    shown(&mut JsonLog::new("json", Box::new(json.clone())), &[0.1, f64::INFINITY], false).unwrap();
    assert_eq!(
        csv.text(),
        "epoch,loss,accuracy,samples,steps,validation_loss,validation_accuracy\n\
         0,0.25,,10,2,0.25,0.5\n1,,,10,2,,0.5\n"
    );
    let lines: Vec<serde_json::Value> =
        json.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0]["loss"].as_f64(), lines[0]["steps"].as_u64()), (Some(0.1), Some(2)));
    assert!(lines[0]["validation_loss"].is_null() && lines[1]["loss"].is_null());

    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let error = shown(&mut JsonLog::new("full.jsonl", Box::new(Full)), &[1.0], false).unwrap_err();
    assert!(
        matches!(&error, Error::Io { op: "write", path, .. } if path == "full.jsonl"),
        "{error}"
    );
    assert!(matches!(
        CsvLog::create("/no such folder/log.csv"),
        Err(Error::Io { op: "create", .. })
    ));
}
