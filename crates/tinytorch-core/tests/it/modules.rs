//! What follows from walking a module: names, counts, saving, loading, modes.

use tinytorch_core::{
    DType, Error, Param, Result, Rng, Tensor,
    nn::{
        Buffer, Conv2d, CrossEntropyLoss, Flatten, Gpt, GptConfig, Init, Kind, Linear, Loss,
        MaxPool2d, Mode, Module, ModuleExt, Relu, Sequential, Visitor, visit_child,
    },
    train::{evaluate, predict},
};

fn mlp(seed: u64) -> Sequential {
    let rng = &mut Rng::seed(seed);
    Sequential::new()
        .push(Linear::new(4, 3, rng).unwrap())
        .push(Relu)
        .push(Linear::new(3, 2, rng).unwrap())
}

fn input() -> Tensor {
    Tensor::randn([5, 4], DType::F32, &mut Rng::seed(9)).unwrap()
}

/// Counts its passes in training, and adds what it counted.
struct Counter {
    passes: Buffer,
    mode: Mode,
    inner: Sequential,
}

impl Counter {
    fn new() -> Self {
        Self { passes: Buffer::new(&Tensor::scalar(0.0_f32)), mode: Mode::default(), inner: mlp(1) }
    }
}

impl Module for Counter {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if self.mode.is_training() {
            self.passes.set(&self.passes.tensor().add_scalar(1.0)?);
        }
        self.inner.forward(x)?.add(&self.passes.tensor())
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.mode(&self.mode);
        visitor.buffer("passes", &self.passes);
        visit_child(visitor, "inner", &self.inner);
    }

    fn name(&self) -> &'static str {
        "Counter"
    }
}

#[test]
fn names_are_paths_in_order() {
    let names =
        |m: &dyn Module| m.named_parameters().into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    assert_eq!(names(&mlp(0)), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    let nested = Sequential::new()
        .push(mlp(0))
        .push(Linear::new(2, 2, &mut Rng::seed(0)).unwrap().without_bias());
    assert_eq!(names(&nested), ["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias", "1.weight"]);
    assert_eq!(nested.num_parameters(), 4 * 3 + 3 + 3 * 2 + 2 + 4);
    assert_eq!(names(&Counter::new())[0], "inner.0.weight");
    let kinds = nested.kinds(); // nested chains are opened
    assert_eq!(
        kinds.iter().map(Kind::name).collect::<Vec<_>>(),
        ["Linear", "Relu", "Linear", "Linear"]
    );
}

#[test]
fn loading_a_state_makes_modules_equal() {
    let (a, b) = (mlp(1), mlp(2));
    let y = |m: &Sequential| m.forward(&input()).unwrap().to_vec::<f32>().unwrap();
    assert_ne!(y(&a), y(&b));
    b.load_state_dict(&a.state_dict(), true).unwrap();
    assert_eq!(y(&a), y(&b));
    // The copies are independent.
    b.parameters()[0].update::<f32, _>(|w| w.fill(0.0)).unwrap();
    assert_ne!(y(&a), y(&b));
}

#[test]
fn a_state_that_does_not_fit_changes_nothing() {
    let model = mlp(1);
    let before = model.forward(&input()).unwrap().to_vec::<f32>().unwrap();
    let mut missing = mlp(2).state_dict();
    missing.remove("2.bias");
    let err = model.load_state_dict(&missing, true).unwrap_err();
    assert!(matches!(&err, Error::MissingParameter { name } if name == "2.bias"), "{err}");
    let mut extra = mlp(2).state_dict();
    extra.insert("3.weight".to_owned(), Tensor::scalar(1.0_f32));
    let err = model.load_state_dict(&extra, true).unwrap_err();
    assert!(matches!(&err, Error::UnexpectedParameter { name } if name == "3.weight"), "{err}");
    let mut shape = mlp(2).state_dict();
    shape.insert("2.bias".to_owned(), Tensor::zeros([3], DType::F32).unwrap());
    assert!(matches!(model.load_state_dict(&shape, false), Err(Error::ShapeMismatch { .. })));
    shape.insert("2.bias".to_owned(), Tensor::zeros([2], DType::F64).unwrap());
    assert!(matches!(model.load_state_dict(&shape, false), Err(Error::DTypeMismatch { .. })));
    assert_eq!(model.forward(&input()).unwrap().to_vec::<f32>().unwrap(), before);
    // Not strict: what is there is taken.
    model.load_state_dict(&missing, false).unwrap();
    assert_ne!(model.forward(&input()).unwrap().to_vec::<f32>().unwrap(), before);
}

#[test]
fn buffers_are_saved_and_modes_switch() {
    let model = Counter::new();
    let passes = || model.buffers()[0].1.tensor().item::<f32>().unwrap();
    model.forward(&input()).unwrap();
    model.train(false);
    model.forward(&input()).unwrap();
    assert_eq!(passes(), 1.0, "only the pass in training counts");
    let other = Counter::new();
    other.load_state_dict(&model.state_dict(), true).unwrap();
    assert_eq!(other.state_dict()["passes"].item::<f32>().unwrap(), 1.0);
    assert_eq!(model.buffers().len() + model.parameters().len(), model.state_dict().len());
}

/// Measuring leaves modes as they were and counts nothing.
#[test]
fn evaluation_changes_nothing() {
    let model = Counter::new();
    let y = Tensor::zeros([5], DType::I64).unwrap();
    let pairs = tinytorch_core::data::TensorDataset::new([input(), y]).unwrap();
    let mut loader =
        tinytorch_core::data::DataLoader::builder(pairs).batch_size(2).build().unwrap();
    let measured = evaluate(&model, &mut loader, &CrossEntropyLoss::new()).unwrap();
    assert_eq!(measured.samples, 5);
    // The mean over batches of 2, 2, 1 is that over all five at once.
    model.train(false);
    let all = CrossEntropyLoss::new()
        .loss(&model.forward(&input()).unwrap(), &Tensor::zeros([5], DType::I64).unwrap())
        .unwrap()
        .to_f64()
        .unwrap();
    assert!((measured.loss - all).abs() < 1e-6, "{} {all}", measured.loss);
    let zeros = predict(&model, &input()).unwrap().iter().filter(|&&c| c == 0).count();
    assert_eq!(measured.accuracy, Some(zeros as f64 / 5.0));
    assert_eq!(model.buffers()[0].1.tensor().item::<f32>().unwrap(), 0.0);
    model.train(true);
    predict(&model, &input()).unwrap();
    model.forward(&input()).unwrap();
    assert_eq!(
        model.buffers()[0].1.tensor().item::<f32>().unwrap(),
        1.0,
        "training mode came back"
    );
}

#[test]
fn layers_compute_by_hand() {
    let w = Tensor::from_vec(vec![1.0_f32, 0.0, 0.0, -1.0], [1, 1, 2, 2]).unwrap();
    let conv =
        Conv2d::from_tensors(w, Some(Tensor::from_vec(vec![0.5_f32], [1]).unwrap())).unwrap();
    let x = Tensor::from_vec((1..=9_u8).map(f32::from).collect(), [1, 1, 3, 3]).unwrap();
    // x[i, j] - x[i+1, j+1] = -4 everywhere.
    let y = conv.forward(&x).unwrap();
    assert_eq!((y.dims(), y.to_vec::<f32>().unwrap()), (&[1, 1, 2, 2][..], vec![-3.5; 4]));
    let pool = MaxPool2d::new(2).unwrap().with_stride(1).unwrap();
    assert_eq!(pool.forward(&x).unwrap().to_vec::<f32>().unwrap(), [5.0, 6.0, 8.0, 9.0]);
    assert_eq!(Flatten.forward(&x).unwrap().dims(), [1, 9]);
    assert_eq!(Relu.forward(&y).unwrap().to_vec::<f32>().unwrap(), [0.0; 4]);
    let chain = Sequential::new().push_fn("Double", |x| x.mul_scalar(2.0)).push(Flatten);
    assert_eq!(chain.forward(&x).unwrap().to_vec::<f32>().unwrap()[8], 18.0);
}

#[test]
fn layers_take_empty_batches_and_any_rank() {
    let layer = Linear::new(4, 3, &mut Rng::seed(0)).unwrap();
    for shape in [&[0, 4][..], &[4], &[2, 5, 4], &[2, 1, 3, 4]] {
        let y = layer.forward(&Tensor::zeros(shape, DType::F32).unwrap()).unwrap();
        assert_eq!((y.dims().len(), y.dims().last()), (shape.len(), Some(&3)));
    }
    assert!(matches!(
        layer.forward(&Tensor::zeros([2, 3], DType::F32).unwrap()),
        Err(Error::ShapeMismatch { .. })
    ));
}

#[test]
fn bad_sizes_are_refused() {
    let rng = &mut Rng::seed(0);
    assert!(Linear::new(0, 3, rng).is_err());
    assert!(Linear::new(3, 0, rng).is_err());
    assert!(Linear::with_init(usize::MAX, 3, Init::TorchDefault, rng).is_err());
    assert!(Conv2d::new(1, 0, 3, rng).is_err());
    assert!(Conv2d::new(1, 1, 0, rng).is_err());
    assert!(MaxPool2d::new(0).is_err());
    assert!(MaxPool2d::new(2).unwrap().with_stride(0).is_err());
    let f32s = |shape: &[usize]| Tensor::zeros(shape, DType::F32).unwrap();
    assert!(Linear::from_tensors(f32s(&[3]), None).is_err());
    assert!(Linear::from_tensors(f32s(&[3, 2]), Some(f32s(&[2]))).is_err());
    assert!(
        Linear::from_tensors(f32s(&[3, 2]), Some(Tensor::zeros([3], DType::F64).unwrap())).is_err()
    );
    assert!(Param::new(Tensor::zeros([2], DType::I64).unwrap()).is_err());
}

#[test]
fn a_module_in_double_precision_is_one_model_still() {
    let model = Gpt::new(&GptConfig::new(9, 8, 1, 2, 4), &mut Rng::seed(1)).unwrap();
    let ids = Tensor::from([[1_i64, 5, 3]]);
    let single = model.forward(&ids).unwrap();
    single.sum(.., false).unwrap().backward().unwrap();
    let handle = model.parameters()[0].clone();
    let before = handle.tensor().to_vec_as::<f64>();
    assert!(matches!(model.to_dtype(DType::I64), Err(Error::DTypeUnsupported { .. })));
    assert!(handle.grad().is_some());
    model.to_dtype(DType::F64).unwrap();
    // The handle taken before sees the new type; the numbers are the same; the gradient of the old type is gone.
    assert_eq!((handle.dtype(), handle.tensor().to_vec::<f64>().unwrap()), (DType::F64, before));
    assert!(handle.grad().is_none());
    let double = model.forward(&ids).unwrap();
    assert_eq!(double.dtype(), DType::F64);
    let pairs = single.to_vec_as::<f64>().into_iter().zip(double.to_vec::<f64>().unwrap());
    // A dozen layers of f32 rounding on numbers of size 1.
    pairs.for_each(|(s, d)| assert!((s - d).abs() < 1e-5, "{s} and {d}"));
    double.sum(.., false).unwrap().backward().unwrap();
    assert_eq!(handle.grad().unwrap().dtype(), DType::F64);
}
