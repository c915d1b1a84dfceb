//! The figures and the program of chapter 07.

use tinytorch_core::{
    DType, Param, Tensor,
    optim::{
        AdaGrad, AdaGradOpts, Adam, AdamOpts, Lion, LionOpts, Optimizer, RmsProp, RmsPropOpts, Sgd,
        SgdOpts,
    },
};

use crate::chapter::Chapter;

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::optim::{Adam, AdamOpts, Optimizer};
    use tinytorch_core::{Param, Tensor};

    let p = Param::new(Tensor::from([1.0_f64]))?;
    let mut adam = Adam::new(vec![p.clone()], AdamOpts { lr: 0.25, ..AdamOpts::default() })?;
    p.set_grad(&Tensor::from([1e6_f64]))?;
    adam.step()?;
    assert!((p.tensor().item::<f64>()? - 0.75).abs() < 1e-12);
    let state = adam.state_dict()?;
    adam.load_state_dict(&state)?;
    adam.zero_grad();
    assert!(p.grad().is_none());
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("07-optimizers.md") {
        chapter.shows_program_of(include_str!("chapters_optimizers.rs"));
    }
}

/// Bytes of state for each byte of parameters, counts of steps aside.
fn state_bytes(mut optimizer: impl Optimizer) -> usize {
    let params = optimizer.params();
    let grad = Tensor::full(params[0].shape(), 1.0, DType::F32).unwrap();
    optimizer.step_with(&[Some(grad)]).unwrap();
    let state = optimizer.state_dict().unwrap();
    let kept = state.values().filter(|t| t.shape() == params[0].shape());
    kept.map(Tensor::nbytes).sum::<usize>() / params[0].tensor().nbytes()
}

#[test]
fn figures() {
    let p = || vec![Param::new(Tensor::zeros([1000], DType::F32).unwrap()).unwrap()];
    let momentum = SgdOpts { momentum: 0.9, ..SgdOpts::default() };
    let amsgrad = AdamOpts { amsgrad: true, ..AdamOpts::default() };
    let states = [
        ("SGD", state_bytes(Sgd::new(p(), SgdOpts::default()).unwrap())),
        ("SGD with momentum", state_bytes(Sgd::new(p(), momentum).unwrap())),
        ("AdaGrad", state_bytes(AdaGrad::new(p(), AdaGradOpts::default()).unwrap())),
        ("RMSprop", state_bytes(RmsProp::new(p(), RmsPropOpts::default()).unwrap())),
        ("Lion", state_bytes(Lion::new(p(), LionOpts::default()).unwrap())),
        ("Adam", state_bytes(Adam::new(p(), AdamOpts::default()).unwrap())),
        ("Adam with amsgrad", state_bytes(Adam::new(p(), amsgrad).unwrap())),
    ];

    let x = Param::new(Tensor::from([1.0_f64])).unwrap();
    let mut sgd = Sgd::new(vec![x.clone()], SgdOpts { lr: 0.1, ..SgdOpts::default() }).unwrap();
    for _ in 0..50 {
        sgd.step_with(&[Some(x.tensor().detach())]).unwrap();
    }
    let end = x.tensor().item::<f64>().unwrap();

    let x = Param::new(Tensor::from([1.0_f64])).unwrap();
    let options = AdamOpts { lr: 0.1, weight_decay: 0.1, eps: 0.0, ..AdamOpts::adamw() };
    let mut adamw = Adam::new(vec![x.clone()], options).unwrap();
    adamw.step_with(&[Some(Tensor::from([1.0_f64]))]).unwrap();
    let before = x.tensor().item::<f64>().unwrap();
    let after = (1.0 - 0.1) * (1.0 - 0.1 * 0.1);

    let Some(chapter) = Chapter::open("07-optimizers.md") else { return };
    for (name, state) in states {
        chapter.says(format!("| {name} | {state} | {} |", state + 2));
    }
    chapter.says(format!("fifty steps lead to {end:.5}."));
    chapter.says(format!("that gives {before:.2}; shrinking after the step would give {after:.3}"));
}
