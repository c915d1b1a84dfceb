//! 04, a convolutional network (LeCun, Bottou, Bengio & Haffner, 1998): weights that are shared between places.
//!
//! Eight 3×3 filters look at every place of the image, 2×2 pooling keeps the strongest answer nearby, one linear layer
//! decides: 8·(9 + 1) + 72·10 + 10 = 810 parameters, a third of the multilayer perceptron's 2,410. What a filter learns at
//! one place it knows everywhere, and pooling forgives small shifts. So when every test image moves by one pixel, to the
//! left, right, up or down, the convolutional network loses less than the perceptron, which has to learn each place anew.

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    digits::{self, Network, Recipe, Rule, Trained},
    mlp::{self, Run},
    plot::Bars,
    report::{Finding, percent},
};
use crate::{Result, datasets::Images, nn::ModuleExt, optim::AdamOpts};

/// The network.
pub const NETWORK: Network = Network::Cnn { channels: 8 };

/// Moves by one pixel: columns to the right, rows down.
const MOVES: [(&str, [isize; 2]); 4] =
    [("left", [-1, 0]), ("right", [1, 0]), ("up", [0, -1]), ("down", [0, 1])];

/// What milestone 04 measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The convolutional network.
    pub cnn: Reader,
    /// The multilayer perceptron of milestone 03b beside it.
    pub mlp: Reader,
}

/// A trained network and how it takes a shift.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// Numbers that training changes.
    pub parameters: usize,
    /// Its training.
    pub run: Run,
    /// Share of the test images read correctly after they all moved by one pixel to the left, right, up and down.
    pub shifted: [f64; 4],
}

impl Reader {
    fn new(trained: &Trained, test: &Images) -> Result<Self> {
        let mut shifted = [0.0; 4];
        for (share, (_, [right, down])) in shifted.iter_mut().zip(MOVES) {
            *share = trained.accuracy(&test.shifted(right, down))?;
        }
        Ok(Self { parameters: trained.model.num_parameters(), run: Run::of(trained), shifted })
    }

    /// Returns the mean accuracy on the moved images.
    #[must_use]
    pub fn after_shift(&self) -> f64 {
        self.shifted.iter().sum::<f64>() / 4.0
    }

    /// Returns how much accuracy a shift costs, as a share of all images.
    #[must_use]
    pub fn shift_loss(&self) -> f64 {
        self.run.accuracy - self.after_shift()
    }
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let (train, test) = mlp::data()?;
    let rule = Rule::Adam(AdamOpts { lr: 0.01, ..AdamOpts::default() });
    let recipe = Recipe { network: NETWORK, rule, ..mlp::recipe(opts) };
    let reader = |recipe: Recipe, name: &str| {
        let callback = &mut *(opts.progress)(name);
        Reader::new(&digits::train(&recipe, &train, &test, true, callback)?, &test)
    };
    Ok(Findings { cnn: reader(recipe, "04 cnn")?, mlp: reader(mlp::recipe(opts), "04 mlp")? })
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, need| Gate { name, measured, need };
        let half = self.mlp.parameters as f64 / 2.0;
        let beyond = self.cnn.shift_loss() - self.mlp.shift_loss();
        vec![
            gate("test digits read correctly", self.cnn.run.accuracy, Need::AtLeast(0.9)),
            gate(
                "parameters, against half of the perceptron's",
                self.cnn.parameters as f64,
                Need::Below(half),
            ),
            gate("accuracy lost by a shift, less the perceptron's loss", beyond, Need::Below(0.0)),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let reader = |name: &str, r: &Reader| {
            format!(
                "{name}, {} parameters: {} of the test digits, {} when they move by one pixel: {:.1} points lost",
                r.parameters,
                percent(r.run.accuracy),
                percent(r.after_shift()),
                100.0 * r.shift_loss()
            )
        };
        vec![reader("convolutional", &self.cnn), reader("perceptron", &self.mlp)]
    }

    fn json(&self) -> Value {
        let reader = |r: &Reader| {
            json!({
                "parameters": r.parameters,
                "run": mlp::run_json(&r.run),
                "shifted": MOVES.iter().zip(r.shifted).map(|((name, _), s)| ((*name).to_owned(), json!(s))).collect::<serde_json::Map<_, _>>(),
                "shift_loss": r.shift_loss(),
            })
        };
        json!({"cnn": reader(&self.cnn), "mlp": reader(&self.mlp)})
    }

    fn pictures(&self) -> Vec<Picture> {
        let heights = |i: usize| vec![self.cnn.shifted[i], self.mlp.shifted[i]];
        let still = vec![self.cnn.run.accuracy, self.mlp.run.accuracy];
        let mut groups = vec![("still".to_owned(), still)];
        groups.extend(
            MOVES.iter().enumerate().map(|(i, (name, _))| ((*name).to_owned(), heights(i))),
        );
        let bars = Bars {
            title: "Test images moved by one pixel".to_owned(),
            axis: "accuracy".to_owned(),
            series: vec!["convolutional".to_owned(), "perceptron".to_owned()],
            groups,
        };
        let runs = [("convolutional", &self.cnn.run), ("perceptron", &self.mlp.run)];
        let mut all = mlp::pictures(["04-accuracy", "04-loss"], "Digits, two networks", &runs);
        all.push(Picture { name: "04-shift", svg: bars.to_svg() });
        all
    }
}
