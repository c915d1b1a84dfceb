//! The figures and the program of chapter 08.

use tinytorch_core::{
    DType, Param, Rng, Tensor,
    nn::{Linear, ModuleExt, Sequential},
    optim::{
        Adam, AdamOpts, Optimizer, clip_grad_norm,
        lr::{Cosine, Schedule},
    },
    train::Checkpoint,
};

use crate::chapter::{Chapter, grouped};

#[rustfmt::skip]
fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::data::{DataLoader, TensorDataset};
    use tinytorch_core::nn::{CrossEntropyLoss, Linear, ModuleExt};
    use tinytorch_core::optim::{Adam, AdamOpts, Clip, NonFinite, lr::Cosine};
    use tinytorch_core::train::{Checkpoint, EarlyStop, Monitor, Trainer};
    use tinytorch_core::{Rng, Tensor};

    let x = Tensor::from_vec(vec![0.0_f32, 1.0, 2.0, 3.0], [4, 1])?;
    let y = Tensor::from([0_i64, 0, 1, 1]);
    let mut loader = DataLoader::builder(TensorDataset::new([x, y])?).batch_size(1).shuffle(Rng::seed(1)).build()?;
    let model = Linear::new(1, 2, &mut Rng::seed(0))?;
    let mut adam = Adam::new(model.parameters(), AdamOpts::default())?;
    let (loss, schedule) = (CrossEntropyLoss::new(), Cosine::new(0.3, 0.01, 60)?);
    let trainer = Trainer::new(&model, &mut adam, &loss).schedule_epochs(&schedule).accumulate(2)?;
    let mut trainer = trainer.clip(Clip::Norm(5.0), NonFinite::Error)?;
    let mut stop = EarlyStop::new(Monitor::TrainingLoss, 20);
    let history = trainer.fit(&mut loader, 60, &mut stop)?;
    assert_eq!(history.epochs.last().and_then(|e| e.accuracy), Some(1.0));
    let saved = Checkpoint::of(&model, &adam)?.with_counter("epoch", 60);
    Checkpoint::from_bytes(&saved.to_bytes())?.restore(&model, &mut adam)?;
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("08-training.md") {
        chapter.shows_program_of(include_str!("chapters_training.rs"));
    }
}

#[test]
fn figures() {
    let mut rng = Rng::seed(0);
    let model = Sequential::new()
        .push(Linear::new(64, 32, &mut rng).unwrap())
        .push(Linear::new(32, 10, &mut rng).unwrap());
    let mut adam = Adam::new(model.parameters(), AdamOpts::default()).unwrap();
    let grads: Vec<Option<Tensor>> = model
        .parameters()
        .iter()
        .map(|p| Some(Tensor::full(p.shape(), 1.0, DType::F32).unwrap()))
        .collect();
    adam.step_with(&grads).unwrap();
    let bytes = |tensors: Vec<Tensor>| tensors.iter().map(Tensor::nbytes).sum::<usize>();
    let weights = bytes(model.parameters().iter().map(Param::tensor).collect());
    let (counts, moments): (Vec<_>, Vec<_>) =
        adam.state_dict().unwrap().into_values().partition(|t| t.dtype() == DType::I64);
    let (counts, moments) = (bytes(counts), bytes(moments));
    let all = weights + bytes(grads.into_iter().flatten().collect()) + moments;
    let file = Checkpoint::of(&model, &adam).unwrap().to_bytes().len();

    let p = Param::new(Tensor::from([0.0_f64, 0.0])).unwrap();
    p.set_grad(&Tensor::from([3.0_f64, 4.0])).unwrap();
    let norm = clip_grad_norm(core::slice::from_ref(&p), 1.0).unwrap();
    let short = p.grad().unwrap().to_vec::<f64>().unwrap();
    let cosine = Cosine::new(0.1, 0.01, 100).unwrap();
    let lr = [25, 50, 75].map(|e| format!("{:.4} at {e}", cosine.lr(e)));

    let Some(chapter) = Chapter::open("08-training.md") else { return };
    chapter.says(format!("it is {}.", lr.join(", ")));
    chapter.says(format!(
        "(3, 4) with the norm {norm} becomes ({:.1}, {:.1}) for a limit of 1",
        short[0], short[1]
    ));
    chapter.says(format!(
        "has {} parameters: {} bytes of weights in `f32`, as much for gradients, twice as much for Adam, {} in all",
        grouped(model.num_parameters()),
        grouped(weights),
        grouped(all)
    ));
    chapter.says(format!(
        "its numbers are {} bytes, the counts of steps {counts}, and the whole file {}.",
        grouped(weights + moments),
        grouped(file)
    ));
}
