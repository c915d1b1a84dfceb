//! Networks of vision: built from the words of an index, filled under the names of the stored parameters.

use tinytorch_core::{
    DType, Result, Rng, Tensor,
    nn::{
        AvgPool2d, BatchNorm2d, Conv2d, Flatten, Gelu, Init, Linear, MaxPool2d, Module, ModuleExt,
        Relu, Sigmoid, Silu, StateDict, Tanh, Visitor, visit_child,
    },
    ops::Conv2dOpts,
};

use crate::{data::Folder, models::text};

/// Layers one after the other, each under the name that the file gives it.
#[derive(Default)]
pub(crate) struct Net(Vec<(String, Box<dyn Module>)>);

impl Module for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.0.iter().try_fold(x.clone(), |x, (_, layer)| layer.forward(&x))
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        for (name, layer) in &self.0 {
            visit_child(visitor, name, &**layer);
        }
    }

    fn name(&self) -> &'static str {
        "Net"
    }
}

/// What a description says of one layer; sizes that it does not say come from the stored weights.
enum Layer {
    Conv { padding: usize, stride: usize },
    BatchNorm { momentum: f64, eps: f64 },
    Activation(&'static str),
    MaxPool(usize),
    AvgPool(usize),
    Flatten,
    Linear,
}

/// Reads a description such as "conv 1-8 3x3 pad 1, batch norm (momentum 0.1), relu, max pool 2, flatten (64), linear
/// 64-10; cross entropy". The error names the words that mean no layer known here.
fn layers(architecture: &str) -> Result<Vec<Layer>, String> {
    let chain = architecture.split(';').next().unwrap_or_default();
    let chain = chain.split_once(": ").map_or(chain, |(_, chain)| chain);
    let (mut momentum, mut eps) = (0.1, 1e-5);
    let mut layers = Vec::new();
    for part in split(chain) {
        let words: Vec<&str> = part.split([' ', '(', ')', ',']).filter(|w| !w.is_empty()).collect();
        let number = |key: &str| -> Option<f64> {
            words.windows(2).find(|w| w[0] == key).and_then(|w| w[1].parse().ok())
        };
        let size = |key: &str, default: usize| number(key).map_or(default, |n| n as usize);
        layers.push(match words.as_slice() {
            ["conv", ..] => {
                Layer::Conv { padding: size("pad", size("padding", 0)), stride: size("stride", 1) }
            }
            ["batch", "norm", ..] => {
                // A later one without settings has those of the one before.
                momentum = number("momentum").unwrap_or(momentum);
                eps = number("eps").unwrap_or(eps);
                Layer::BatchNorm { momentum, eps }
            }
            ["relu"] => Layer::Activation("relu"),
            ["tanh"] => Layer::Activation("tanh"),
            ["sigmoid"] => Layer::Activation("sigmoid"),
            ["silu"] => Layer::Activation("silu"),
            ["gelu"] => Layer::Activation("gelu"),
            ["max", "pool", k] => Layer::MaxPool(k.parse().map_err(text)?),
            ["avg" | "average" | "mean", "pool", k] => Layer::AvgPool(k.parse().map_err(text)?),
            ["flatten", ..] => Layer::Flatten,
            ["linear", ..] => Layer::Linear,
            _ => return Err(format!("layer \"{part}\" of network {architecture}")),
        });
    }
    Ok(layers)
}

/// Splits at the commas outside of parentheses.
fn split(chain: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = chain.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

/// The layers of a network that a curve names by one word: convolutions, each with relu and a pool of 2, then linear
/// layers with relu between. The padding is the one that fits the first linear layer.
fn layers_by_name(folder: &Folder, file: &str, net: &str) -> Result<Vec<Layer>, String> {
    if !["mlp", "cnn", "lenet"].iter().any(|known| net.starts_with(known)) {
        return Err(format!("network {net}"));
    }
    let weights = |kind: &str| -> Vec<Vec<usize>> {
        let shapes = (1..).map_while(|n| weight(folder, file, kind, n).ok());
        shapes.map(|(_, w)| w.dims().to_vec()).collect()
    };
    let (convs, dense) = (weights("conv"), weights("fc"));
    let features = dense.first().ok_or_else(|| format!("network {net} without linear layer"))?[1];
    let fits = |padding: usize| {
        let side = convs
            .iter()
            .try_fold(8_usize, |side, w| (side + 2 * padding + 1).checked_sub(w[2]).map(|n| n / 2));
        convs.last().is_none_or(|w| side.is_some_and(|n| n * n * w[0] == features))
    };
    let padding =
        (0..4).find(|&p| fits(p)).ok_or_else(|| format!("network {net}: no padding fits"))?;
    let mut layers = Vec::new();
    for _ in &convs {
        layers.extend([
            Layer::Conv { padding, stride: 1 },
            Layer::Activation("relu"),
            Layer::MaxPool(2),
        ]);
    }
    layers.push(Layer::Flatten);
    for n in 0..dense.len() {
        layers.extend((n > 0).then_some(Layer::Activation("relu")));
        layers.push(Layer::Linear);
    }
    Ok(layers)
}

/// Returns the weight of the `n`-th layer of a kind with the layer's name; the only one may have no number.
fn weight(folder: &Folder, file: &str, kind: &str, n: usize) -> Result<(String, Tensor), String> {
    let numbered = format!("{kind}{n}");
    let load = |name: &str| folder.tensor(file, &format!("param/{name}.weight"));
    match load(&numbered) {
        Ok(weight) => Ok((numbered, weight)),
        Err(why) if n == 1 => load(kind).map(|w| (kind.to_owned(), w)).map_err(|_| why),
        Err(why) => Err(why),
    }
}

/// Builds a network of random weights from its description or name, then replaces them all by the stored ones.
///
/// The outer error is a failure, the inner one what the crate or this runner does not offer.
pub(crate) fn build(
    folder: &Folder,
    file: &str,
    architecture: &str,
    dtype: DType,
) -> Result<Result<Net, String>, String> {
    let described = architecture.contains(' ');
    let layers =
        if described { layers(architecture) } else { layers_by_name(folder, file, architecture) };
    let layers = match layers {
        Ok(layers) => layers,
        Err(missing) => return Ok(Err(missing)),
    };
    let rng = &mut Rng::seed(0);
    let (mut convs, mut norms, mut dense) = (0, 0, 0);
    let mut net = Net::default();
    for layer in layers {
        let part: (String, Box<dyn Module>) = match layer {
            Layer::Conv { padding, stride } => {
                convs += 1;
                let (name, w) = weight(folder, file, "conv", convs)?;
                let &[maps, channels, kh, kw] = w.dims() else {
                    return Err(format!("{name}.weight has the shape {}", w.shape()));
                };
                let opts = Conv2dOpts {
                    padding: [padding; 2],
                    stride: [stride; 2],
                    ..Conv2dOpts::default()
                };
                let conv = Conv2d::with_opts(channels, maps, [kh, kw], opts, Init::HeNormal, rng);
                (name, Box::new(conv.map_err(text)?))
            }
            Layer::BatchNorm { momentum, eps } => {
                norms += 1;
                let (name, w) = weight(folder, file, "bn", norms)?;
                let norm = BatchNorm2d::new(w.numel()).and_then(|n| n.with_momentum(momentum));
                (name, Box::new(norm.map_err(text)?.with_eps(eps)))
            }
            Layer::Linear => {
                dense += 1;
                let (name, w) = weight(folder, file, "fc", dense)?;
                let &[n_out, n_in] = w.dims() else {
                    return Err(format!("{name}.weight has the shape {}", w.shape()));
                };
                (name, Box::new(Linear::new(n_in, n_out, rng).map_err(text)?))
            }
            Layer::Activation(name) => {
                let layer: Box<dyn Module> = match name {
                    "tanh" => Box::new(Tanh),
                    "sigmoid" => Box::new(Sigmoid),
                    "silu" => Box::new(Silu),
                    "gelu" => Box::new(Gelu::default()),
                    _ => Box::new(Relu),
                };
                (name.to_owned(), layer)
            }
            Layer::AvgPool(k) => ("pool".to_owned(), Box::new(AvgPool2d::new(k).map_err(text)?)),
            Layer::MaxPool(k) => ("pool".to_owned(), Box::new(MaxPool2d::new(k).map_err(text)?)),
            Layer::Flatten => ("flatten".to_owned(), Box::new(Flatten)),
        };
        net.0.push(part);
    }
    net.to_dtype(dtype).map_err(text)?;
    let mut state = StateDict::new();
    for name in net.state_dict().into_keys() {
        let kind = if name.contains(".running_") { "stats" } else { "param" };
        if name.ends_with(".num_batches_tracked") {
            continue; // counts the batches of this run only
        }
        let stored = folder.tensor(file, &format!("{kind}/{name}"))?;
        state.insert(name, stored.to_dtype(dtype).map_err(text)?);
    }
    net.load_state_dict(&state, false).map_err(text)?;
    Ok(Ok(net))
}
