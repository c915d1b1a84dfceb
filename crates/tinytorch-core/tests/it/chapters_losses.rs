//! The figures and the program of chapter 04.

use tinytorch_core::{
    DType, Tensor,
    autograd::GraphView,
    nn::{BceLoss, BceWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, Loss, MseLoss},
    ops::Reduction,
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::Tensor;
    use tinytorch_core::nn::{BceWithLogitsLoss, CrossEntropyLoss, HuberLoss, Loss};

    let logits = Tensor::from([[2.0_f64, 0.0, 0.0], [0.0, 0.0, 0.0]]).requiring_grad()?;
    let targets = Tensor::from([0_i64, 2]);
    let loss = CrossEntropyLoss::new().loss(&logits, &targets)?;
    let by_hand = ((2.0 * (-2.0_f64).exp()).ln_1p() + 3.0_f64.ln()) / 2.0;
    assert!((loss.item::<f64>()? - by_hand).abs() < 1e-15);
    loss.backward()?;
    let slope = logits.grad().expect("a leaf").to_vec::<f64>()?;
    assert!((slope[5] - (1.0 / 3.0 - 1.0) / 2.0).abs() < 1e-15); // (p - 1)/N
    let far = HuberLoss::new().loss(&Tensor::from([100.0_f64]), &Tensor::from([0.0_f64]))?;
    assert_eq!(far.item::<f64>()?, 99.5);
    let (logit, yes) = (Tensor::from([50.0_f64]), Tensor::from([1.0_f64]));
    let sure = BceWithLogitsLoss::new().loss(&logit, &yes)?;
    assert!(sure.item::<f64>()? > 0.0); // 1.9e-22; through a probability it would be 0
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("04-losses.md") {
        chapter.shows_program_of(include_str!("chapters_losses.rs"));
    }
}

fn value(loss: &dyn Loss, output: &Tensor, target: &Tensor) -> f64 {
    loss.loss(output, target).unwrap().item().unwrap()
}

/// The slope of a loss of one number at this error.
fn slope(loss: &dyn Loss, error: f64) -> f64 {
    let y = Tensor::from([error]).requiring_grad().unwrap();
    loss.loss(&y, &Tensor::from([0.0_f64])).unwrap().backward().unwrap();
    y.grad().unwrap().to_vec::<f64>().unwrap()[0]
}

#[test]
fn figures_of_numbers() {
    let Some(chapter) = Chapter::open("04-losses.md") else { return };
    let losses: [(&str, &dyn Loss); 3] =
        [("d²", &MseLoss::new()), ("d\\|", &L1Loss::new()), ("δ/2)` beyond", &HuberLoss::new())];
    for (name, loss) in losses {
        let line = format!("| {} | {} |", slope(loss, 0.1), slope(loss, 100.0));
        chapter.says(format!("{name}{} {line}", if name.ends_with("beyond") { "" } else { "`" }));
    }
}

#[test]
fn figures_of_classes() {
    let Some(chapter) = Chapter::open("04-losses.md") else { return };
    let loss = CrossEntropyLoss::new();
    for p in [0.99_f64, 0.9, 0.5, 0.1, 0.01] {
        // Logits ln p and ln(1 - p) have the probabilities p and 1 - p.
        let logits = Tensor::from([[p.ln(), (1.0 - p).ln()]]);
        let got = value(&loss, &logits, &Tensor::from([0_i64]));
        chapter.says(format!("| {p:.2} | {got:.3} |"));
    }
    let guess = |classes: usize| {
        let logits = Tensor::zeros([1, classes], DType::F64).unwrap();
        value(&loss, &logits, &Tensor::from([0_i64]))
    };
    let (few, many) = (guess(10), guess(50_000));
    chapter.says(format!("{few:.3} for ten classes, {many:.3} for a vocabulary of 50,000"));

    let logits = Tensor::zeros([1, 10], DType::F64).unwrap().requiring_grad().unwrap();
    loss.loss(&logits, &Tensor::from([3_i64])).unwrap().backward().unwrap();
    let slopes = logits.grad().unwrap().to_vec::<f64>().unwrap();
    chapter
        .says(format!("{:.1} for the right class and {:.1} for each other", slopes[3], slopes[0]));

    // The loss is smallest where the probabilities are the smoothed targets themselves.
    let best = |s: f64| {
        let q = |right: bool| if right { 1.0 - s + s / 10.0 } else { s / 10.0 };
        let logits: Vec<f64> = (0..10).map(|k| q(k == 3).ln()).collect();
        let logits = Tensor::from_vec(logits, [1, 10]).unwrap();
        value(&loss.clone().label_smoothing(s), &logits, &Tensor::from([3_i64]))
    };
    chapter.says(format!("can be reached is {:.3}.", best(0.1)));
    let none = value(&loss, &Tensor::from([[1.0_f64, 2.0]]), &Tensor::from([-100_i64]));
    assert!(none.is_nan());
}

#[test]
fn figures_of_extremes() {
    let Some(chapter) = Chapter::open("04-losses.md") else { return };
    let x = Tensor::from([1000.0_f64, 0.0, -1000.0]);
    let two = x.softmax(0).unwrap().log().unwrap().to_vec::<f64>().unwrap();
    let one = x.log_softmax(0).unwrap().to_vec::<f64>().unwrap();
    assert_eq!(two[0], 0.0);
    chapter.says(format!("the two steps give {} for the last two", two[1]));
    assert_eq!(two[1], two[2]);
    chapter.says(format!("one step gives {}, {}, {}, which", one[0], one[1], one[2]));
    let stop = value(&BceLoss::new(), &Tensor::from([0.0_f64]), &Tensor::from([1.0_f64]));
    chapter.says(format!("`-ln 1e-7 = {stop:.2}`"));
    let (wrong, no) = (Tensor::from([1000.0_f64]), Tensor::from([0.0_f64]));
    let wrong = value(&BceWithLogitsLoss::new(), &wrong, &no);
    chapter.says(format!("the loss of the logit 1000 against \"no\" is {wrong}."));
}

#[test]
fn figures_of_batches_and_memory() {
    let Some(chapter) = Chapter::open("04-losses.md") else { return };
    let of = |reduction: Reduction| {
        let y = Tensor::ones([32], DType::F64).unwrap().requiring_grad().unwrap();
        let zeros = Tensor::zeros([32], DType::F64).unwrap();
        MseLoss::new().reduction(reduction).loss(&y, &zeros).unwrap().backward().unwrap();
        y.grad().unwrap().to_vec::<f64>().unwrap()[0]
    };
    let ratio = of(Reduction::Sum) / of(Reduction::Mean);
    chapter.says(format!("{ratio} times for 32 samples"));

    let logits = Tensor::zeros([128, 50_000], DType::F32).unwrap().requiring_grad().unwrap();
    let targets = Tensor::zeros([128], DType::I64).unwrap();
    let loss = CrossEntropyLoss::new().loss(&logits, &targets).unwrap();
    let kept = GraphView::of(&loss).nodes().last().unwrap().saved_bytes;
    chapter.says(format!("in `f32` take {} bytes", grouped(logits.nbytes())));
    // The logits themselves are among what the rule keeps.
    chapter.says(format!("beside them, {} bytes more", grouped(kept - logits.nbytes())));
}
