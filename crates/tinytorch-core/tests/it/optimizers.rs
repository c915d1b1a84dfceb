//! Optimizers on parameters: whole runs, skipped parameters, groups, saved state, refused settings.

use tinytorch_core::{
    DType, Error, Param, Tensor,
    optim::{
        AdaGrad, AdaGradOpts, Adam, AdamOpts, Lion, LionOpts, Optimizer, RmsProp, RmsPropOpts, Sgd,
        SgdOpts,
    },
};

fn param(values: &[f64]) -> Param {
    Param::new(Tensor::from_slice(values, [values.len()]).unwrap()).unwrap()
}

fn values(p: &Param) -> Vec<f64> {
    p.tensor().to_vec::<f64>().unwrap()
}

/// Gradient of Σ cᵢ·xᵢ²/2 for curvatures c = 1, 10.
fn gradient(p: &Param) -> Option<Tensor> {
    let x = values(p);
    Some(Tensor::from_vec(vec![x[0], 10.0 * x[1]], [2]).unwrap())
}

fn run(optimizer: &mut dyn Optimizer, p: &Param, steps: usize) {
    for _ in 0..steps {
        optimizer.step_with(&[gradient(p)]).unwrap();
    }
}

fn momentum() -> SgdOpts {
    SgdOpts { lr: 0.05, momentum: 0.9, weight_decay: 0.01, ..SgdOpts::default() }
}

fn adamw() -> AdamOpts {
    AdamOpts { lr: 0.05, ..AdamOpts::adamw() }
}

/// Plain descent on a parabola contracts by 1 − η·c each step: a closed form.
#[test]
fn descent_on_a_parabola_follows_the_closed_form() {
    let p = param(&[3.0, -2.0]);
    let mut sgd = Sgd::new(vec![p.clone()], SgdOpts { lr: 0.02, ..SgdOpts::default() }).unwrap();
    run(&mut sgd, &p, 50);
    let expected = [3.0 * 0.98_f64.powi(50), -2.0 * 0.8_f64.powi(50)];
    for (x, e) in values(&p).iter().zip(expected) {
        assert!((x - e).abs() < 1e-12, "{x} {e}");
    }
}

#[test]
fn every_rule_finds_the_minimum() {
    let p = param(&[3.0, -2.0]);
    let mut sgd = Sgd::new(vec![p.clone()], SgdOpts { weight_decay: 0.0, ..momentum() }).unwrap();
    run(&mut sgd, &p, 400);
    // With μ = 0.9 the error shrinks by √0.9 a step: 400 steps give 7e-10 of it.
    assert!(values(&p).iter().all(|x| x.abs() < 1e-7), "{:?}", values(&p));
    let p = param(&[3.0, -2.0]);
    let mut adam =
        Adam::new(vec![p.clone()], AdamOpts { lr: 0.05, ..AdamOpts::default() }).unwrap();
    run(&mut adam, &p, 2_000);
    assert!(values(&p).iter().all(|x| x.abs() < 1e-3), "{:?}", values(&p));
}

/// Stopping, saving, loading into a fresh optimizer and going on gives the same bits as never stopping.
#[test]
fn a_restored_state_continues_bit_for_bit() {
    fn check<O: Optimizer>(fresh: impl Fn(Vec<Param>) -> O) {
        let (straight, halted) = (param(&[3.0, -2.0]), param(&[3.0, -2.0]));
        run(&mut fresh(vec![straight.clone()]), &straight, 14);
        let mut first = fresh(vec![halted.clone()]);
        run(&mut first, &halted, 6);
        let (state, again) = (first.state_dict().unwrap(), param(&values(&halted)));
        run(&mut first, &halted, 3); // what the first one does later does not reach the copy
        let mut second = fresh(vec![again.clone()]);
        second.load_state_dict(&state).unwrap();
        run(&mut second, &again, 8);
        assert_eq!(values(&again), values(&straight));
    }
    check(|p| Sgd::new(p, momentum()).unwrap());
    check(|p| Adam::new(p, adamw()).unwrap());
    check(|p| Adam::new(p, AdamOpts { amsgrad: true, ..adamw() }).unwrap());
    check(|p| RmsProp::new(p, rmsprop()).unwrap());
    check(|p| RmsProp::new(p, RmsPropOpts::default()).unwrap());
    check(|p| AdaGrad::new(p, adagrad()).unwrap());
    check(|p| Lion::new(p, lion()).unwrap());
}

fn rmsprop() -> RmsPropOpts {
    RmsPropOpts { momentum: 0.5, centered: true, weight_decay: 0.01, ..RmsPropOpts::default() }
}

fn adagrad() -> AdaGradOpts {
    AdaGradOpts { lr: 0.5, lr_decay: 0.01, initial: 0.1, ..AdaGradOpts::default() }
}

fn lion() -> LionOpts {
    LionOpts { lr: 0.01, weight_decay: 0.1, ..LionOpts::default() }
}

/// Bytes remembered for each byte of parameters, and what they are called.
#[test]
fn state_is_as_large_as_it_says() {
    fn names(mut optimizer: impl Optimizer) -> String {
        let g = Tensor::from_vec(vec![1.0_f64; 100], [100]).unwrap();
        optimizer.step_with(&[Some(g)]).unwrap();
        let state = optimizer.state_dict().unwrap();
        let large = state.iter().filter(|(_, t)| t.numel() == 100);
        large.map(|(name, _)| name[2..].to_owned()).collect::<Vec<_>>().join(" ")
    }
    let p = || vec![param(&[1.0; 100])];
    assert_eq!(names(Sgd::new(p(), SgdOpts::default()).unwrap()), "");
    assert_eq!(names(Sgd::new(p(), momentum()).unwrap()), "momentum");
    assert_eq!(names(Adam::new(p(), AdamOpts::default()).unwrap()), "m v");
    let amsgrad = AdamOpts { amsgrad: true, ..AdamOpts::default() };
    assert_eq!(names(Adam::new(p(), amsgrad).unwrap()), "m most v");
    assert_eq!(names(RmsProp::new(p(), RmsPropOpts::default()).unwrap()), "square");
    assert_eq!(names(RmsProp::new(p(), rmsprop()).unwrap()), "mean momentum square");
    assert_eq!(names(AdaGrad::new(p(), adagrad()).unwrap()), "sum");
    assert_eq!(names(Lion::new(p(), lion()).unwrap()), "m");
}

/// A large gradient, then small ones: plain Adam forgets the large one and steps farther, amsgrad does not.
#[test]
fn amsgrad_does_not_forget() {
    let run = |amsgrad| {
        let p = param(&[0.0]);
        let options = AdamOpts { betas: [0.0, 0.5], amsgrad, ..AdamOpts::default() };
        let mut adam = Adam::new(vec![p.clone()], options).unwrap();
        for g in [8.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0] {
            adam.step_with(&[Some(Tensor::from([g]))]).unwrap();
        }
        let before = values(&p)[0];
        adam.step_with(&[Some(Tensor::from([1.0]))]).unwrap();
        before - values(&p)[0]
    };
    // v after ten steps: 64·2⁻¹⁰ + 1 − 2⁻⁹; the largest was 32 after the first. Both divide by 1 − 2⁻¹⁰.
    let corrected = 1.0 - 1.0 / 1024.0_f64;
    let plain = 1e-3 / ((64.0 / 1024.0 + 1.0 - 1.0 / 512.0) / corrected).sqrt();
    let bounded = 1e-3 / (32.0 / corrected).sqrt();
    // 10⁻⁸ of the divisor is ε.
    assert!((run(false) / plain - 1.0).abs() < 1e-7, "{} {plain}", run(false));
    assert!((run(true) / bounded - 1.0).abs() < 1e-7, "{} {bounded}", run(true));
}

#[test]
fn rules_wait_and_refuse_alike() {
    fn check<O: Optimizer>(fresh: impl Fn(Vec<Param>) -> Result<O, Error>) {
        let (a, b) = (param(&[1.0]), param(&[1.0]));
        let mut optimizer = fresh(vec![a.clone(), b.clone()]).unwrap();
        let g = Some(Tensor::from([0.5_f64]));
        optimizer.step_with(&[g.clone(), None]).unwrap();
        assert_eq!(values(&b), [1.0]);
        assert!(!optimizer.state_dict().unwrap().contains_key("1.step"));
        optimizer.step_with(&[None, g]).unwrap();
        assert_eq!(values(&b), values(&a), "its own first step");
        let state = optimizer.state_dict().unwrap();
        assert_eq!(state["1.step"].item::<i64>().unwrap(), 1);
        let name = state.keys().find(|name| *name != "0.step").unwrap().clone();
        let mut wrong = state.clone();
        wrong.insert(name.clone(), Tensor::zeros([2], DType::F64).unwrap());
        assert!(matches!(optimizer.load_state_dict(&wrong), Err(Error::ShapeMismatch { .. })));
        wrong.remove(&name);
        assert!(matches!(optimizer.load_state_dict(&wrong), Err(Error::MissingParameter { .. })));
        let mut wrong = state.clone();
        wrong.remove("0.step");
        assert!(matches!(optimizer.load_state_dict(&wrong), Err(Error::MissingParameter { .. })));
        wrong.clone_from(&state);
        wrong.insert("2.step".to_owned(), Tensor::scalar(1_i64));
        assert!(matches!(
            optimizer.load_state_dict(&wrong),
            Err(Error::UnexpectedParameter { .. })
        ));
        assert!(matches!(optimizer.set_lr(-1.0), Err(Error::InvalidArgument { name: "lr", .. })));
        assert!(fresh(vec![]).is_err() && fresh(vec![a.clone(), a]).is_err());
    }
    check(|p| Adam::new(p, AdamOpts { amsgrad: true, ..AdamOpts::default() }));
    check(|p| RmsProp::new(p, rmsprop()));
    check(|p| AdaGrad::new(p, adagrad()));
    check(|p| Lion::new(p, lion()));
    let p = || vec![param(&[1.0])];
    let d = RmsPropOpts::default();
    let rmsprop = |o| RmsProp::new(p(), o).map(|_| ()).unwrap_err().to_string();
    assert!(rmsprop(RmsPropOpts { alpha: 1.0, ..d }).contains("alpha is 1"));
    assert!(rmsprop(RmsPropOpts { lr: 0.0, ..d }).contains("lr is 0"));
    assert!(rmsprop(RmsPropOpts { momentum: -1.0, ..d }).contains("momentum is -1"));
    let adagrad = |o| AdaGrad::new(p(), o).map(|_| ()).unwrap_err().to_string();
    assert!(adagrad(AdaGradOpts { initial: -1.0, ..self::adagrad() }).contains("initial is -1"));
    let lion = |o| Lion::new(p(), o).map(|_| ()).unwrap_err().to_string();
    assert!(lion(LionOpts { betas: [0.9, f64::NAN], ..self::lion() }).contains("betas is NaN"));
}

#[test]
fn a_parameter_without_gradient_waits() {
    let (a, b) = (param(&[1.0]), param(&[1.0]));
    let mut adam = Adam::new(vec![a.clone(), b.clone()], AdamOpts::default()).unwrap();
    let g = Some(Tensor::from_vec(vec![0.5_f64], [1]).unwrap());
    adam.step_with(&[g.clone(), None]).unwrap();
    assert_eq!(values(&b), [1.0]);
    let after_one = values(&a);
    adam.step_with(&[None, g]).unwrap();
    // Its first own step is the same as the other's first step, at a step count of one.
    assert_eq!(values(&b), after_one);
    assert_eq!(adam.state_dict().unwrap()["1.step"].item::<i64>().unwrap(), 1);
}

#[test]
fn groups_have_their_own_settings() {
    let (a, b) = (param(&[1.0]), param(&[1.0]));
    let option = |lr| SgdOpts { lr, ..SgdOpts::default() };
    let mut sgd = Sgd::new(vec![a.clone()], option(0.5))
        .unwrap()
        .group(vec![b.clone()], option(0.25))
        .unwrap();
    let g = Some(Tensor::from_vec(vec![1.0_f64], [1]).unwrap());
    sgd.step_with(&[g.clone(), g.clone()]).unwrap();
    assert_eq!((values(&a), values(&b)), (vec![0.5], vec![0.75]));
    sgd.set_lr(0.125).unwrap();
    sgd.step_with(&[g.clone(), g]).unwrap();
    assert_eq!((values(&a), values(&b)), (vec![0.375], vec![0.625]));
}

#[test]
fn step_takes_the_gradients_that_parameters_hold() {
    let p = param(&[1.0, 2.0]);
    let mut sgd = Sgd::new(vec![p.clone()], SgdOpts { lr: 0.25, ..SgdOpts::default() }).unwrap();
    sgd.step().unwrap(); // nothing to do yet
    p.tensor().mul(&p.tensor()).unwrap().sum(.., false).unwrap().backward().unwrap();
    sgd.step().unwrap();
    assert_eq!(values(&p), [0.5, 1.0]);
    sgd.zero_grad();
    assert!(p.grad().is_none());
}

#[test]
fn bad_settings_are_refused_by_name() {
    let p = || vec![param(&[1.0])];
    let sgd = |o: SgdOpts| Sgd::new(p(), o).map(|_| ()).unwrap_err().to_string();
    let d = SgdOpts::default();
    assert!(sgd(SgdOpts { lr: 0.0, ..d }).contains("lr is 0"));
    assert!(sgd(SgdOpts { lr: f64::NAN, ..d }).contains("lr is NaN"));
    assert!(sgd(SgdOpts { momentum: -0.1, ..d }).contains("momentum is -0.1"));
    assert!(sgd(SgdOpts { weight_decay: f64::INFINITY, ..d }).contains("weight_decay"));
    assert!(sgd(SgdOpts { dampening: f64::NAN, ..d }).contains("dampening"));
    assert!(sgd(SgdOpts { nesterov: true, ..d }).contains("nesterov"));
    let adam = |o: AdamOpts| Adam::new(p(), o).map(|_| ()).unwrap_err().to_string();
    let d = AdamOpts::default();
    assert!(adam(AdamOpts { betas: [0.9, 1.0], ..d }).contains("betas is 1"));
    assert!(adam(AdamOpts { eps: -1.0, ..d }).contains("eps is -1"));
    let one = param(&[1.0]);
    let twice = Sgd::new(vec![one.clone(), one.clone()], SgdOpts::default()).unwrap_err();
    assert!(twice.to_string().contains("given once"), "{twice}");
    let again = Sgd::new(vec![one.clone()], SgdOpts::default())
        .unwrap()
        .group(vec![one], SgdOpts::default());
    assert!(again.is_err());
    assert!(Adam::new(vec![], AdamOpts::default()).is_err());
    let half = Param::new(Tensor::zeros([2], DType::F16).unwrap()).unwrap();
    assert!(matches!(
        Sgd::new(vec![half], SgdOpts::default()),
        Err(Error::DTypeUnsupported { .. })
    ));
}

#[test]
fn gradients_and_states_that_do_not_fit_change_nothing() {
    let (a, b) = (param(&[1.0]), param(&[1.0, 2.0]));
    let mut sgd = Sgd::new(vec![a.clone(), b.clone()], momentum()).unwrap();
    let g = Some(Tensor::from_vec(vec![1.0_f64], [1]).unwrap());
    assert!(matches!(sgd.step_with(&[g.clone(), g.clone()]), Err(Error::ShapeMismatch { .. })));
    assert!(sgd.step_with(core::slice::from_ref(&g)).is_err(), "one gradient for two parameters");
    let single = Some(Tensor::from_vec(vec![1.0_f32], [1]).unwrap());
    assert!(matches!(sgd.step_with(&[single, None]), Err(Error::DTypeMismatch { .. })));
    assert_eq!((values(&a), values(&b)), (vec![1.0], vec![1.0, 2.0]));
    sgd.step_with(&[g, None]).unwrap();
    let mut state = sgd.state_dict().unwrap();
    state.insert("2.momentum".to_owned(), Tensor::scalar(1.0_f64));
    assert!(matches!(sgd.load_state_dict(&state), Err(Error::UnexpectedParameter { .. })));
    let mut adam = Adam::new(vec![a], AdamOpts::default()).unwrap();
    let half = [("0.step".to_owned(), Tensor::scalar(1_i64))].into_iter().collect();
    assert!(matches!(adam.load_state_dict(&half), Err(Error::MissingParameter { .. })));
}
