//! Layers: values by hand, gradients of inputs and parameters, names, element types, bad arguments.

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor,
    autograd::{GradCheck, gradcheck},
    nn::{
        AdaptiveAvgPool2d, AvgPool2d, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, ConvTranspose2d,
        Dropout, GroupNorm, Init, Kind, LayerNorm, Linear, MaxPool1d, MaxPool2d, Module, ModuleExt,
        Relu, RmsNorm, Sequential,
    },
    ops::{Conv2dOpts, Pool2dOpts},
};

fn wave(shape: &[usize], step: f64) -> Tensor {
    let n: usize = shape.iter().product();
    let values = (0..n).map(|i| (i as f64 * step + 0.3).sin()).collect();
    Tensor::from_vec(values, shape).unwrap()
}

fn values(module: &dyn Module, x: &Tensor) -> Vec<f32> {
    module.forward(x).unwrap().to_vec().unwrap()
}

#[test]
fn signals_by_hand() {
    let x = Tensor::from([[[1.0_f32, 2.0, 3.0, 4.0, 5.0]]]);
    let sum = || Conv1d::from_tensors(Tensor::from([[[1.0_f32, 1.0]]]), None).unwrap();
    assert_eq!(values(&sum(), &x), [3.0, 5.0, 7.0, 9.0]);
    assert_eq!(values(&sum().with_stride(2).unwrap(), &x), [3.0, 7.0]);
    assert_eq!(values(&sum().with_padding(1), &x), [1.0, 3.0, 5.0, 7.0, 9.0, 5.0]);
    let apart = sum().with_dilation(3).unwrap();
    assert_eq!(values(&apart, &x), [5.0, 7.0]);
    // Even windows keep the length by one zero more at the end; windows of reach 4 by 1 before and 2 after.
    assert_eq!(values(&sum().with_same_padding().unwrap(), &x), [3.0, 5.0, 7.0, 9.0, 5.0]);
    let apart = apart.with_same_padding().unwrap();
    assert_eq!(values(&apart, &x), [3.0, 5.0, 7.0, 3.0, 4.0]); // x[i - 1] + x[i + 2]

    let pool = MaxPool1d::with_opts(3, 2, 1).unwrap();
    assert_eq!(values(&pool, &x.neg().unwrap()), [-1.0, -2.0, -4.0]); // padding never wins
    // Two groups: the first map sees the first channel alone.
    let two = Tensor::from([[[1.0_f32, 2.0], [10.0, 20.0]]]);
    let groups = Conv1d::with_init(2, 2, 1, 2, Init::HeNormal, &mut Rng::seed(0)).unwrap();
    assert_eq!(groups.weight().shape().dims(), [2, 1, 1]);
    groups.weight().load(&Tensor::from([[[3.0_f32]], [[5.0]]])).unwrap();
    assert_eq!(values(&groups, &two), [3.0, 6.0, 50.0, 100.0]);
}

#[test]
fn images_by_hand() {
    let x = Tensor::from([[[[1.0_f32, 2.0], [3.0, 4.0]]]]);
    let ones = Tensor::ones([1, 1, 2, 2], DType::F32).unwrap();
    let sum = || Conv2d::from_tensors(ones.clone(), None).unwrap();
    let even = sum().with_same_padding().unwrap();
    assert_eq!(values(&even, &x), [10.0, 6.0, 7.0, 4.0]); // zeros below and to the right
    assert_eq!(even.output_size([7, 9]).unwrap(), [7, 9]);
    assert!(matches!(even.kind(), Kind::Other("Conv2d")), "its padding is not in its options");
    let wide = sum().with_dilation(2).unwrap().with_same_padding().unwrap();
    assert_eq!(wide.opts().padding, [1, 1]);
    assert!(matches!(wide.kind(), Kind::Conv2d(_)));
    assert_eq!(values(&wide, &x), [4.0, 3.0, 2.0, 1.0]); // of the four corners one lies inside
    let pair = sum().with_padding([0, 1]).with_stride([1, 2]).unwrap();
    assert_eq!(values(&pair, &x), [4.0, 6.0]);

    let padded = Pool2dOpts { kernel: [2, 2], stride: [2, 2], padding: [1, 1] };
    let mean = AvgPool2d::with_opts(padded).unwrap();
    assert_eq!(values(&mean, &x), [0.25, 0.5, 0.75, 1.0]); // one element of four
    assert_eq!(values(&mean.without_counting_padding(), &x), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values(&AdaptiveAvgPool2d::new(1).unwrap(), &x), [2.5]);
    assert_eq!(values(&AdaptiveAvgPool2d::new([1, 2]).unwrap(), &x), [2.0, 3.0]);
    let larger = AdaptiveAvgPool2d::new([2, 3]).unwrap();
    assert_eq!(values(&larger, &x), [1.0, 1.5, 2.0, 3.0, 3.5, 4.0]); // windows overlap
}

/// ⟨conv x, y⟩ = ⟨x, convᵀ y⟩ for the same filters.
#[test]
fn the_transposed_layer_is_the_adjoint() {
    let (x, w) = (wave(&[2, 3, 6, 5], 0.7), wave(&[4, 3, 3, 3], 1.3));
    let conv = Conv2d::from_tensors(w.clone(), None).unwrap().with_padding(1);
    let conv = conv.with_stride(2).unwrap();
    let back = ConvTranspose2d::from_tensors(w, None).unwrap().with_padding(1);
    // 6 and 5 pixels both have 3 windows; the first needs one row more on the way back.
    let back = back.with_stride(2).unwrap().with_output_padding([1, 0]);
    let y = wave(&[2, 4, 3, 3], 0.9);
    let inner = |a: Result<Tensor>, b: &Tensor| {
        a.unwrap().mul(b).unwrap().sum(.., false).unwrap().item::<f64>().unwrap()
    };
    let (left, right) = (inner(conv.forward(&x), &y), inner(back.forward(&y), &x));
    // 72 products of 27 terms in two orders.
    assert!((left - right).abs() < 1e-12 * left.abs().max(1.0), "{left} {right}");
    assert!(left.abs() > 1e-3, "the test must not compare zeros");
}

/// Gradients of the input and of every parameter of `layer` against differences, in `f64`.
fn check(layer: &dyn Module, shape: &[usize]) {
    layer.to_dtype(DType::F64).unwrap();
    let x = wave(shape, 0.7);
    let loss = |x: &Tensor| layer.forward(x)?.square()?.sum(.., false);
    gradcheck(|i| loss(&i[0]), core::slice::from_ref(&x), GradCheck::default())
        .unwrap_or_else(|e| panic!("{}: {e}", layer.name()));
    for (name, param) in layer.named_parameters() {
        // Away from the round numbers that parameters begin with.
        let n = param.numel();
        param.load(&wave(&[n], 1.1).reshape(*param.shape()).unwrap()).unwrap();
        param.zero_grad();
        loss(&x).unwrap().backward().unwrap();
        let grad = param.grad().unwrap().to_vec::<f64>().unwrap();
        for k in [0, n / 2, n - 1] {
            let moved = |by: f64| {
                param.update(|v: &mut [f64]| v[k] += by).unwrap();
                let value = loss(&x).unwrap().item::<f64>().unwrap();
                param.update(|v: &mut [f64]| v[k] -= by).unwrap();
                value
            };
            // The loss is a square: central differences are exact up to rounding, 1e-13 over 2e-5.
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (grad[k] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()),
                "{} {name}, element {k}: {} and {numeric}",
                layer.name(),
                grad[k]
            );
        }
    }
}

#[test]
fn gradients_of_inputs_and_parameters() {
    let rng = &mut Rng::seed(0);
    let padded = Pool2dOpts { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
    let opts = Conv2dOpts { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };
    check(&Linear::new(4, 3, rng).unwrap(), &[2, 4]);
    check(&Conv1d::new(2, 3, 4, rng).unwrap().with_same_padding().unwrap(), &[2, 2, 7]);
    check(&Conv2d::new(2, 3, 2, rng).unwrap().with_same_padding().unwrap(), &[2, 2, 4, 3]);
    check(&Conv2d::with_opts(4, 2, [3, 2], opts, Init::HeNormal, rng).unwrap(), &[1, 4, 5, 4]);
    let transposed = ConvTranspose2d::with_opts(4, 6, [3, 2], opts, Init::HeNormal, rng).unwrap();
    check(&transposed.with_output_padding([1, 1]), &[1, 4, 3, 3]);
    check(&MaxPool1d::new(2).unwrap(), &[2, 2, 7]);
    check(&MaxPool2d::with_opts(padded).unwrap(), &[2, 2, 5, 4]);
    check(&AvgPool2d::with_opts(padded).unwrap(), &[2, 2, 5, 4]);
    check(&AvgPool2d::with_opts(padded).unwrap().without_counting_padding(), &[2, 2, 5, 4]);
    check(&AdaptiveAvgPool2d::new([2, 3]).unwrap(), &[2, 2, 5, 4]);
    check(&GroupNorm::new(2, 4).unwrap(), &[2, 4, 3]);
    check(&LayerNorm::new(4).unwrap(), &[3, 4]);
    check(&RmsNorm::new(4).unwrap(), &[3, 4]);
    for training in [true, false] {
        let (rows, images) = (BatchNorm1d::new(3).unwrap(), BatchNorm2d::new(3).unwrap());
        rows.train(training);
        images.train(training);
        // In evaluation the statistics that passes in training would move stay where they are.
        check(&rows.with_momentum(0.0).unwrap(), &[4, 3]);
        check(&images, &[2, 3, 2, 2]);
    }
}

#[test]
fn names_are_those_of_pytorch() {
    let rng = &mut Rng::seed(0);
    let model = Sequential::new()
        .push(Conv2d::new(1, 2, 3, rng).unwrap())
        .push(BatchNorm2d::new(2).unwrap())
        .push(Relu)
        .push(ConvTranspose2d::new(2, 3, 2, rng).unwrap().without_bias())
        .push(GroupNorm::new(1, 3).unwrap());
    let state = model.state_dict();
    let names: Vec<&str> = state.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "0.bias",
            "0.weight",
            "1.bias",
            "1.num_batches_tracked",
            "1.running_mean",
            "1.running_var",
            "1.weight",
            "3.weight",
            "4.bias",
            "4.weight"
        ]
    );
    assert_eq!(state["3.weight"].dims(), [2, 3, 2, 2]); // [in, out, kh, kw]
    // A trained copy takes over everything, statistics included.
    let x = Tensor::randn([4, 1, 6, 6], DType::F32, rng).unwrap();
    model.forward(&x).unwrap();
    let copy = Sequential::new()
        .push(Conv2d::new(1, 2, 3, rng).unwrap())
        .push(BatchNorm2d::new(2).unwrap())
        .push(Relu)
        .push(ConvTranspose2d::new(2, 3, 2, rng).unwrap().without_bias())
        .push(GroupNorm::new(1, 3).unwrap());
    copy.load_state_dict(&model.state_dict(), true).unwrap();
    model.train(false);
    copy.train(false);
    assert_eq!(values(&model, &x), values(&copy, &x));
    assert_eq!(copy.state_dict()["1.num_batches_tracked"].item::<i64>().unwrap(), 1);
}

#[test]
fn a_module_changes_its_element_type() {
    let rng = &mut Rng::seed(3);
    let model = Sequential::new()
        .push(Conv2d::new(1, 2, 3, rng).unwrap())
        .push(BatchNorm2d::new(2).unwrap());
    let handles = model.parameters();
    let before = handles[0].tensor().to_vec_as::<f64>();
    model.to_dtype(DType::F64).unwrap();
    assert_eq!(handles[0].tensor().to_vec::<f64>().unwrap(), before, "handles see the change");
    let x = wave(&[2, 1, 5, 5], 0.7);
    let y = model.forward(&x).unwrap();
    y.square().unwrap().sum(.., false).unwrap().backward().unwrap();
    assert!(handles.iter().all(|p| p.grad().unwrap().dtype() == DType::F64));
    let state = model.state_dict();
    assert_eq!(state["1.running_var"].dtype(), DType::F64);
    assert_eq!(state["1.num_batches_tracked"].dtype(), DType::I64);
    // A graph of before leads to values that are no more.
    let old = model.forward(&x).unwrap().sum(.., false).unwrap();
    model.to_dtype(DType::F32).unwrap();
    assert!(matches!(old.backward(), Err(Error::SavedTensorModified { .. })));
    assert!(handles.iter().all(|p| p.grad().is_none()));
    let error = model.to_dtype(DType::I64).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 3);
    assert!(model.parameters().iter().all(|p| p.dtype() == DType::F32));
}

#[test]
fn bad_arguments_are_named_in_three_lines() {
    let rng = &mut Rng::seed(0);
    let f32s = |shape: &[usize]| Tensor::zeros(shape, DType::F32).unwrap();
    let ints = Tensor::zeros([1, 1, 4, 4], DType::I64).unwrap();
    let refused = |what: &str, result: Result<()>| match result {
        Err(e) => {
            let text = e.to_string();
            assert_eq!(text.lines().count(), 3, "{text}");
            assert!(text.contains(what), "{what} is not named by: {text}");
        }
        Ok(()) => panic!("{what} was accepted"),
    };
    let conv = || Conv2d::from_tensors(f32s(&[2, 3, 3, 3]), None).unwrap();
    refused("size", Conv1d::new(0, 1, 3, rng).map(drop));
    refused("groups", Conv1d::with_init(3, 4, 3, 2, Init::HeNormal, rng).map(drop));
    refused("weight", Conv1d::from_tensors(f32s(&[2, 2]), None).map(drop));
    refused("bias", Conv1d::from_tensors(f32s(&[2, 2, 3]), Some(f32s(&[3]))).map(drop));
    refused("stride", Conv1d::new(1, 1, 3, rng).and_then(|c| c.with_stride(0)).map(drop));
    refused("dilation", Conv1d::new(1, 1, 3, rng).and_then(|c| c.with_dilation(0)).map(drop));
    refused(
        "rank 3",
        Conv1d::new(1, 1, 2, rng)
            .and_then(|c| c.with_same_padding()?.forward(&f32s(&[1, 4])))
            .map(drop),
    );
    refused("stride", conv().with_stride([1, 0]).map(drop));
    refused("dilation", conv().with_dilation([0, 1]).map(drop));
    refused("stride", conv().with_stride(2).unwrap().with_same_padding().map(drop));
    refused("[N, C, H, W]", conv().with_same_padding().unwrap().forward(&f32s(&[3, 4])).map(drop));
    refused("4 channels", conv().forward(&f32s(&[1, 4, 4, 4])).map(drop));
    refused("kernel", conv().forward(&f32s(&[1, 3, 2, 4])).map(drop));
    refused(
        "padding",
        conv().with_padding([usize::MAX, 0]).forward(&f32s(&[1, 3, 4, 4])).map(drop),
    );
    refused("size", ConvTranspose2d::new(1, 0, 3, rng).map(drop));
    refused("weight", ConvTranspose2d::from_tensors(f32s(&[2, 2, 3]), None).map(drop));
    refused("bias", ConvTranspose2d::from_tensors(f32s(&[2, 4, 3, 3]), Some(f32s(&[2]))).map(drop));
    let transposed = || ConvTranspose2d::from_tensors(f32s(&[1, 1, 2, 2]), None).unwrap();
    refused("stride", transposed().with_stride(0).map(drop));
    refused(
        "output_padding",
        transposed().with_output_padding(1).forward(&f32s(&[1, 1, 2, 2])).map(drop),
    );
    refused("padding", transposed().with_padding(9).forward(&f32s(&[1, 1, 2, 2])).map(drop));
    refused("kernel", MaxPool1d::new(0).map(drop));
    refused("padding", MaxPool1d::with_opts(3, 1, 2).map(drop));
    refused("[N, C, L]", MaxPool1d::new(2).unwrap().forward(&f32s(&[2, 2])).map(drop));
    refused("kernel", AvgPool2d::new(0).map(drop));
    let padded = Pool2dOpts { kernel: [2, 2], stride: [1, 1], padding: [0, 2] };
    refused("padding", AvgPool2d::with_opts(padded).map(drop));
    refused("size", AdaptiveAvgPool2d::new([2, 0]).map(drop));
    refused("i64", AvgPool2d::new(2).unwrap().forward(&ints).map(drop));
    refused("i64", BatchNorm2d::new(1).unwrap().forward(&ints).map(drop));
    refused("p is", Dropout::new(f64::NAN, rng).map(drop));
}
