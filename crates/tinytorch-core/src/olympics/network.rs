//! A dense network as the file that goes with a submission.
//!
//! A file is in the safetensors format, with `"format": "tinytorch-olympics/1"` and `"numbers"` among its texts. Layers are counted by
//! two, as in a chain where a ReLU stands between them, so the floats are those of PyTorch's `nn.Sequential` under the same names:
//!
//! | tensor | in floats | in eight bits |
//! |---|---|---|
//! | `2i.weight` | `f32` `[out, in]` | `i8` `[out, in]` |
//! | `2i.bias` | `f32` `[out]` | `i32` `[out]`, in units of input scale times weight scale |
//! | `2i.weight_scale` | | `f32` `[out]` |
//! | `2i.output_scale`, `2i.output_zero` | | `f32` `[1]`, `i32` `[1]` |
//! | `input_scale`, `input_zero` | | `f32` `[1]`, `i32` `[1]` |

use alloc::collections::BTreeMap;

use super::Contender;
use crate::{
    DType, Error, Result, Tensor,
    io::safetensors::SafeTensors,
    nn::{Kind, Linear, Relu, Sequential},
    quant::{
        Engine, QGraph, QModel,
        graph::{FusedActivation, QData, QOp, QTensor, Quantization},
    },
    tensor::Element,
    train::predict,
};

const FORMAT: &str = "tinytorch-olympics/1";
const OP: &str = "olympics network";

/// A chain of linear layers with a ReLU between each two, in floats or in eight bits.
#[derive(Debug)]
pub struct Network {
    name: String,
    file: SafeTensors,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Floats(Sequential),
    Bytes(QModel),
}

fn unfit(got: &str) -> Error {
    Error::argument(OP, "layer", got, "a Linear with a bias, or the Relu between two of them")
}

fn broken(detail: impl Into<String>) -> Error {
    Error::format(FORMAT, detail)
}

impl Network {
    /// Takes a network in floats.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for layers other than [`Linear`] with a bias and the [`Relu`] between two of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::nn::{Linear, Relu, Sequential};
    /// use tinytorch_core::olympics::{Contender, Network};
    /// use tinytorch_core::Rng;
    ///
    /// let rng = &mut Rng::seed(0);
    /// let model = Sequential::new().push(Linear::new(64, 32, rng)?).push(Relu).push(Linear::new(32, 10, rng)?);
    /// let network = Network::from_floats("mlp", &model)?;
    /// assert_eq!((network.parameters(), network.bytes()), (2_410, 9_640));
    /// let again = Network::from_bytes("mlp", &network.to_bytes())?;
    /// assert_eq!(again.parameters(), 2_410);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn from_floats(name: &str, model: &Sequential) -> Result<Self> {
        let mut tensors = BTreeMap::new();
        for (i, kind) in model.kinds().into_iter().enumerate() {
            match kind {
                Kind::Linear(layer) if i % 2 == 0 => {
                    let bias = layer.bias().ok_or_else(|| unfit("a Linear without a bias"))?;
                    tensors.insert(format!("{i}.weight"), layer.weight().tensor().detach());
                    tensors.insert(format!("{i}.bias"), bias.tensor().detach());
                }
                Kind::Relu if i % 2 == 1 => {}
                other => return Err(unfit(other.name())),
            }
        }
        Self::new(name, tensors, "f32")
    }

    /// Takes a network in eight bits, made without a softmax at its end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for operators other than fully connected ones with a ReLU between each two.
    pub fn from_eight_bits(name: &str, model: &QModel) -> Result<Self> {
        let graph = model.graph();
        let mut tensors = BTreeMap::new();
        let mut params = |name: &str, quant: &Quantization| -> Result<()> {
            tensors.insert(format!("{name}_scale"), Tensor::from_slice(&quant.scales[..1], [1])?);
            tensors
                .insert(format!("{name}_zero"), Tensor::from_slice(&quant.zero_points[..1], [1])?);
            Ok(())
        };
        params("input", &graph.tensors[graph.input].quant)?;
        for (i, op) in graph.ops.iter().enumerate() {
            let &QOp::FullyConnected { output, activation, .. } = op else {
                return Err(unfit("an operator that is not fully connected"));
            };
            if (activation == FusedActivation::Relu) != (i + 1 < graph.ops.len()) {
                return Err(unfit("a layer whose clamp is missing, or one too many"));
            }
            params(&format!("{}.output", 2 * i), &graph.tensors[output].quant)?;
        }
        for (i, op) in graph.ops.iter().enumerate() {
            let &QOp::FullyConnected { weight, bias, .. } = op else { continue };
            let (weight, bias) = (&graph.tensors[weight], &graph.tensors[bias]);
            let (QData::I8(w), QData::I32(b)) = (&weight.data, &bias.data) else {
                return Err(unfit("an operator without constant weights"));
            };
            let at = |part: &str| format!("{}.{part}", 2 * i);
            tensors.insert(at("weight"), Tensor::from_slice(w, &weight.shape[..])?);
            tensors.insert(at("bias"), Tensor::from_slice(b, &bias.shape[..])?);
            let scales = &weight.quant.scales;
            tensors.insert(at("weight_scale"), Tensor::from_slice(scales, [scales.len()])?);
        }
        Self::new(name, tensors, "int8")
    }

    /// Returns the network in the bytes of a file.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if it is no safetensors file, or does not hold such a network, all of it and nothing else.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self> {
        let file = SafeTensors::from_bytes(bytes)?;
        if let Some(format) = file.metadata.get("format").filter(|f| *f != FORMAT && *f != "pt") {
            return Err(broken(format!("the format of the file is {format}")));
        }
        let numbers = match file.tensors.get("0.weight").map(Tensor::dtype) {
            Some(DType::I8) => "int8",
            Some(DType::F32) => "f32",
            Some(other) => return Err(broken(format!("0.weight is {other}, not f32 or i8"))),
            None => return Err(broken("there is no tensor 0.weight")),
        };
        Self::new(name, file.tensors, numbers)
    }

    fn new(name: &str, tensors: BTreeMap<String, Tensor>, numbers: &str) -> Result<Self> {
        let texts = [("format", FORMAT), ("numbers", numbers)];
        let metadata = texts.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect();
        let file = SafeTensors { tensors, metadata };
        let parts = Parts { file: &file, layers: layers(&file)? };
        let numbers = match numbers {
            "int8" => Numbers::Bytes(parts.bytes()?),
            _ => Numbers::Floats(parts.floats()?),
        };
        Ok(Self { name: name.to_owned(), file, numbers })
    }

    /// Returns the bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.file.to_bytes()
    }

    /// Returns the widths, from the inputs to the classes.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let weights = (0..).map_while(|i| self.file.tensors.get(&format!("{}.weight", 2 * i)));
        let mut widths: Vec<usize> = Vec::new();
        for weight in weights {
            if let &[outs, ins] = weight.dims() {
                if widths.is_empty() {
                    widths.push(ins);
                }
                widths.push(outs);
            }
        }
        widths
    }
}

impl Contender for Network {
    fn predict(&self, x: &Tensor) -> Result<Vec<usize>> {
        match &self.numbers {
            Numbers::Floats(model) => predict(model, x),
            Numbers::Bytes(model) => model.predict(x),
        }
    }

    /// Weights and biases, without the scales of eight bits.
    fn parameters(&self) -> usize {
        let counts = |name: &str| name.ends_with(".weight") || name.ends_with(".bias");
        self.file.tensors.iter().filter(|(name, _)| counts(name)).map(|(_, t)| t.numel()).sum()
    }

    /// All tensors of the file, scales included.
    fn bytes(&self) -> usize {
        self.file.tensors.values().map(Tensor::nbytes).sum()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// The number of layers, and a refusal of tensors that belong to none.
fn layers(file: &SafeTensors) -> Result<usize> {
    let layers =
        (0..).take_while(|i| file.tensors.contains_key(&format!("{}.weight", 2 * i))).count();
    let known = ["weight", "bias", "weight_scale", "output_scale", "output_zero"];
    let belongs = |name: &str| {
        ["input_scale", "input_zero"].contains(&name)
            || (0..layers).any(|i| known.iter().any(|part| name == format!("{}.{part}", 2 * i)))
    };
    match file.tensors.keys().find(|name| !belongs(name)) {
        Some(name) => Err(broken(format!("tensor {name} belongs to no layer"))),
        None if layers == 0 => Err(broken("there is no tensor 0.weight")),
        None => Ok(layers),
    }
}

/// The tensors of a file while they become a network.
struct Parts<'a> {
    file: &'a SafeTensors,
    layers: usize,
}

impl Parts<'_> {
    fn get(&self, name: &str, dtype: DType, rank: usize) -> Result<&Tensor> {
        let tensor = self.file.tensors.get(name);
        let tensor = tensor.ok_or_else(|| broken(format!("there is no tensor {name}")))?;
        if tensor.dtype() != dtype || tensor.rank() != rank {
            let (got, shape) = (tensor.dtype(), tensor.shape());
            return Err(broken(format!("{name} is {got} {shape}, not {dtype} of rank {rank}")));
        }
        Ok(tensor)
    }

    fn numbers<T: Element>(&self, name: &str, rank: usize) -> Result<Vec<T>> {
        self.get(name, T::DTYPE, rank)?.to_vec::<T>()
    }

    /// The one number of a tensor of one.
    fn one<T: Element>(&self, name: &str) -> Result<T> {
        let values = self.numbers::<T>(name, 1)?;
        match values[..] {
            [value] => Ok(value),
            _ => Err(broken(format!("{name} has {} elements, not 1", values.len()))),
        }
    }

    fn floats(&self) -> Result<Sequential> {
        let mut model = Sequential::new();
        for i in 0..self.layers {
            let weight = self.get(&format!("{}.weight", 2 * i), DType::F32, 2)?.clone();
            let bias = self.get(&format!("{}.bias", 2 * i), DType::F32, 1)?.clone();
            if i > 0 {
                model = model.push(Relu);
            }
            model = model.push(Linear::from_tensors(weight, Some(bias))?);
        }
        let mut width = None;
        for kind in model.kinds() {
            let Kind::Linear(layer) = kind else { continue };
            let (ins, outs) = layer.sizes();
            if let Some(width) = width.filter(|w| *w != ins) {
                return Err(broken(format!("a layer with {ins} inputs follows {width} outputs")));
            }
            width = Some(outs);
        }
        Ok(model)
    }

    fn bytes(&self) -> Result<QModel> {
        let mut graph = QGraph { tensors: Vec::new(), ops: Vec::new(), input: 0, output: 0 };
        let mut push = |name: &str, shape: Vec<usize>, quant, data| {
            graph.tensors.push(QTensor { name: name.to_owned(), shape, quant, data });
            graph.tensors.len() - 1
        };
        let params = |name: &str| -> Result<Quantization> {
            let scale = self.one::<f32>(&format!("{name}_scale"))?;
            Ok(Quantization::per_tensor(scale, self.one::<i32>(&format!("{name}_zero"))?))
        };
        let width = self.get("0.weight", DType::I8, 2)?.dims()[1];
        let mut scale = self.one::<f32>("input_scale")?;
        let mut at = push("input", vec![1, width], params("input")?, QData::Activation);
        let mut ops = Vec::new();
        for i in 0..self.layers {
            let name = |part: &str| format!("{}.{part}", 2 * i);
            let shape = self.get(&name("weight"), DType::I8, 2)?.dims().to_vec();
            let scales = self.numbers::<f32>(&name("weight_scale"), 1)?;
            let biases = self.numbers::<i32>(&name("bias"), 1)?;
            let outs = shape[0];
            let bias_scales = scales.iter().map(|s| s * scale).collect();
            let weights = QData::I8(self.numbers::<i8>(&name("weight"), 2)?);
            let weight = push(&name("weight"), shape, Quantization::per_channel(scales), weights);
            let bias = push(
                &name("bias"),
                vec![biases.len()],
                Quantization::per_channel(bias_scales),
                QData::I32(biases),
            );
            let output =
                push(&name("output"), vec![1, outs], params(&name("output"))?, QData::Activation);
            scale = self.one::<f32>(&name("output_scale"))?;
            let activation = match i + 1 < self.layers {
                true => FusedActivation::Relu,
                false => FusedActivation::None,
            };
            ops.push(QOp::FullyConnected { input: at, weight, bias, output, activation });
            at = output;
        }
        graph.ops = ops;
        graph.output = at;
        QModel::new(Engine::new(graph)?, &[width])
    }
}
