//! 06a, measured and made small (MLPerf, begun in 2018): what a smaller network costs, found out and not assumed.
//!
//! The digit reader of 03b is trained again and then made small in three ways: every weight in eight bits; the smaller half
//! of the weights set to zero; half of the hidden units, taught by the large network. Each result is measured on the 360 test
//! images against the network it came from, with the interval in which the true accuracy lies; the time for one image
//! is taken many times over. Nothing here is a constant that somebody once wrote down.
//!
//! Source of the ways: Han, Mao & Dally (2016), "Deep Compression"; Hinton, Vinyals & Dean (2015), "Distilling the Knowledge
//! in a Neural Network".

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    digits::{self, Network, Recipe, Rule, Trained},
    measured::{self, Figure},
    mlp::{self, Run},
    plot::Bars,
    report::Finding,
};
use crate::{
    Result, Rng,
    autograd::no_grad,
    bench::Bench,
    compress::{Distillation, Mask, Scope, distill_loss, magnitude_prune, sparsity},
    data::DataLoader,
    datasets::Images,
    dispatch,
    nn::{CrossEntropyLoss, Module, ModuleExt, Sequential},
    optim::SgdOpts,
    quant::QModel,
    train::{Callback, StepReport, Trainer, evaluate},
};

/// The network that learns from the large one.
pub const STUDENT: Network = Network::Mlp { hidden: 16 };

/// What milestone 06a measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Test images behind every share below.
    pub test_images: usize,
    /// The network that everything is compared with.
    pub teacher: Run,
    /// Its parameters.
    pub parameters: usize,
    /// Floating-point operations for one image.
    pub flops: u64,
    /// Bytes of its parameters in `f32`, and of the constants of its eight-bit twin.
    pub bytes: [usize; 2],
    /// Share of the test images that the eight-bit twin reads correctly.
    pub int8: f64,
    /// The network with half of its weights.
    pub pruned: Pruned,
    /// Parameters of the student, and its share of the test images.
    pub student: (usize, f64),
    /// What the clock said.
    pub times: Option<Times>,
}

/// A network of which many weights are zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pruned {
    /// Share of the weights that is zero, after fine-tuning.
    pub zeros: f64,
    /// Share of the test images read correctly right after pruning.
    pub accuracy: f64,
    /// The same after three more epochs, in which the zeros stayed.
    pub tuned: f64,
}

/// Seconds for one image, from input to scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// In `f32`.
    pub f32: Figure,
    /// In eight bits, input codes included.
    pub int8: Figure,
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let (train, test) = mlp::data()?;
    let epochs = if opts.quick { 8 } else { 10 };
    // Decay keeps the weights small that are not needed, so that they can be left out.
    let rule = SgdOpts { lr: 0.1, momentum: 0.9, weight_decay: 1e-3, ..SgdOpts::default() };
    let recipe = Recipe { epochs, rule: Rule::Sgd(rule), ..mlp::recipe(opts) };
    let teacher =
        digits::train(&recipe, &train, &test, true, &mut *(opts.progress)("06a teacher"))?;
    let twin = teacher.quantize()?;
    let cost = teacher.cost()?;
    let pruned = prune(&teacher, &train, &test, &mut *(opts.progress)("06a pruned"))?;
    let student = distill(&teacher, &train, 15)?;
    Ok(Findings {
        test_images: test.len(),
        parameters: cost.parameters(),
        flops: cost.flops(),
        bytes: [cost.parameter_bytes(), twin.constant_bytes()],
        int8: teacher.int8_accuracy(&twin, &test)?,
        pruned,
        student: (student.num_parameters(), accuracy(&student, STUDENT, &test)?),
        times: Some(time(&teacher, &twin, &test, opts.quick)?),
        teacher: Run::of(&teacher),
    })
}

/// The share of `digits` that a network reads correctly.
fn accuracy(model: &Sequential, network: Network, digits: &Images) -> Result<f64> {
    let mut loader = DataLoader::builder(network.dataset(digits)?).batch_size(120).build()?;
    let found = evaluate(model, &mut loader, &CrossEntropyLoss::new())?;
    Ok(found.accuracy.unwrap_or(0.0))
}

fn loader(
    digits: &Images,
    order: Rng,
) -> Result<DataLoader<Box<dyn crate::data::Dataset<Item = [crate::Tensor; 2]> + Send + Sync>>> {
    let [x, y] = mlp::NETWORK.dataset(digits)?.tensors().clone();
    DataLoader::builder(dispatch::dataset([x, y])?).batch_size(32).shuffle(order).build()
}

/// Puts the pruned weights back to zero after every step.
struct Hold<'a> {
    mask: Mask,
    progress: &'a mut dyn Callback,
}

impl Callback for Hold<'_> {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        self.mask.apply()?;
        self.progress.on_step(report)
    }
}

/// Sets the smaller half of the weights to zero and trains the others for three epochs, with a tenth of the step size.
fn prune(
    teacher: &Trained,
    train: &Images,
    test: &Images,
    progress: &mut dyn Callback,
) -> Result<Pruned> {
    let mut rng = Rng::seed(teacher.recipe.seed ^ 0x9a7e);
    let model = mlp::NETWORK.build(&mut rng)?;
    model.load_state_dict(&teacher.model.state_dict(), true)?;
    let mask = magnitude_prune(&model, 0.5, Scope::Global)?;
    let at_once = accuracy(&model, mlp::NETWORK, test)?;
    let opts = SgdOpts { lr: 0.01, momentum: 0.9, ..SgdOpts::default() };
    let mut sgd = dispatch::sgd(model.parameters(), opts)?;
    let mut batches = loader(train, rng.split())?;
    Trainer::new(&model, &mut *sgd, &CrossEntropyLoss::new()).fit(
        &mut batches,
        3,
        &mut Hold { mask, progress },
    )?;
    Ok(Pruned {
        zeros: sparsity(&model)?.share(),
        accuracy: at_once,
        tuned: accuracy(&model, mlp::NETWORK, test)?,
    })
}

/// Trains the student on what the teacher says about the training images, and on their labels.
fn distill(teacher: &Trained, train: &Images, epochs: usize) -> Result<Sequential> {
    let mut rng = Rng::seed(teacher.recipe.seed ^ 0x57ad);
    let student = STUDENT.build(&mut rng.split())?;
    let rule = SgdOpts { lr: 0.1, momentum: 0.9, ..SgdOpts::default() };
    let mut sgd = dispatch::sgd(student.parameters(), rule)?;
    let mut batches = loader(train, rng.split())?;
    for _ in 0..epochs {
        for batch in batches.epoch() {
            let [x, labels] = batch?;
            let said = no_grad(|| teacher.model.forward(&x))?;
            let scores = student.forward(&x)?;
            let loss = distill_loss(&scores, &said, &labels, &Distillation::default())?;
            sgd.zero_grad();
            loss.backward()?;
            sgd.step()?;
        }
    }
    Ok(student)
}

/// Times both networks on one test image.
fn time(teacher: &Trained, twin: &QModel, test: &Images, quick: bool) -> Result<Times> {
    let [x, _] = mlp::NETWORK.dataset(test)?.tensors().clone();
    let x = x.narrow(0, 0, 1)?;
    let bench = match quick {
        true => Bench::new().samples(5).warmup_ms(2).sample_time_ms(1),
        false => Bench::new(),
    };
    let of = |m: crate::bench::Measured| Figure::new(&m.seconds);
    Ok(Times {
        f32: of(bench.try_run(|| no_grad(|| teacher.model.forward(&x)))?)?,
        int8: of(bench.try_run(|| twin.forward(&x))?)?,
    })
}

impl Findings {
    /// Bytes of the eight-bit twin as a share of those in `f32`.
    fn share(&self) -> f64 {
        self.bytes[1] as f64 / self.bytes[0] as f64
    }
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, need| Gate { name, measured, need };
        let full = self.teacher.accuracy;
        let lost = |accuracy: f64| full - accuracy;
        vec![
            gate("test digits read correctly", full, Need::AtLeast(0.9)),
            gate("bytes of int8, as a share of f32's", self.share(), Need::AtMost(0.3)),
            gate("accuracy lost in int8", lost(self.int8), Need::AtMost(0.01)),
            gate("weights set to zero", self.pruned.zeros, Need::AtLeast(0.5)),
            gate("accuracy lost by pruning", lost(self.pruned.accuracy), Need::AtMost(0.02)),
            gate("accuracy lost after fine-tuning", lost(self.pruned.tuned), Need::AtMost(0.01)),
            gate("accuracy the student lacks", lost(self.student.1), Need::AtMost(0.03)),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let share = |accuracy| measured::share(accuracy, self.test_images);
        let mut sentences = vec![
            format!(
                "{} parameters, {} operations for one image: {} of {} test digits",
                self.parameters,
                self.flops,
                share(self.teacher.accuracy),
                self.test_images
            ),
            format!(
                "in int8, {} bytes in the place of {}: {}",
                self.bytes[1],
                self.bytes[0],
                share(self.int8)
            ),
            format!(
                "with {:.1} % of the weights zero: {}; after three more epochs {}",
                100.0 * self.pruned.zeros,
                share(self.pruned.accuracy),
                share(self.pruned.tuned)
            ),
            format!(
                "a student of 16 units, {} parameters: {}",
                self.student.0,
                share(self.student.1)
            ),
        ];
        sentences.extend(self.times.map(|t| {
            let (f32, int8) = (t.f32.text(1e6, "µs"), t.int8.text(1e6, "µs"));
            format!("one image takes {f32} in f32, {int8} in int8")
        }));
        sentences
    }

    fn json(&self) -> Value {
        let share = |accuracy: f64| json!({"accuracy": accuracy, "interval_95": measured::interval(accuracy, self.test_images)});
        json!({
            "test_images": self.test_images,
            "teacher": mlp::run_json(&self.teacher),
            "parameters": self.parameters,
            "flops": self.flops,
            "f32_bytes": self.bytes[0],
            "int8_bytes": self.bytes[1],
            "f32": share(self.teacher.accuracy),
            "int8": share(self.int8),
            "zeros": self.pruned.zeros,
            "pruned": share(self.pruned.accuracy),
            "tuned": share(self.pruned.tuned),
            "student_parameters": self.student.0,
            "student": share(self.student.1),
            "seconds_per_image": self.times.map(|t| json!({"f32": t.f32.json(), "int8": t.int8.json()})),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let networks = [
            ("f32", self.teacher.accuracy),
            ("int8", self.int8),
            ("half of the weights", self.pruned.accuracy),
            ("fine-tuned", self.pruned.tuned),
            ("student", self.student.1),
        ];
        let bars = Bars {
            title: "Smaller networks on the test digits".to_owned(),
            axis: "accuracy".to_owned(),
            series: vec!["read correctly".to_owned()],
            groups: networks.map(|(name, a)| (name.to_owned(), vec![a])).into(),
        };
        let names = ["06a-accuracy", "06a-loss"];
        let mut all = mlp::pictures(names, "Digits, 64-32-10", &[("teacher", &self.teacher)]);
        all.push(Picture { name: "06a-smaller", svg: bars.to_svg() });
        all
    }
}
