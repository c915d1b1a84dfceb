//! Transformer parts against formulas put together by hand, and a training step of a GPT on several threads.

use tinytorch_core::{
    DType, Rng, Tensor,
    autograd::{GradCheck, gradcheck},
    nn::{
        AttentionOpts, Gpt, GptConfig, Mlp, Module, ModuleExt, MultiHeadAttention, NormOrder,
        StateDict, SwiGlu, TransformerBlock,
    },
    ops::{
        CrossEntropyOpts, GeluKind,
        attention::{Mask, RopeOpts, RopeStyle},
    },
    optim::{Adam, AdamOpts, Optimizer, clip_grad_norm},
};

fn input(rng: &mut Rng) -> Tensor {
    Tensor::randn([2, 5, 8], DType::F64, rng).unwrap()
}

/// `x·Wᵀ + b` of the layer `name`, from matrix products alone.
fn affine(state: &StateDict, name: &str, x: &Tensor) -> Tensor {
    let y = x.matmul(&state[&format!("{name}.weight")].t().unwrap()).unwrap();
    match state.get(&format!("{name}.bias")) {
        Some(bias) => y.add(bias).unwrap(),
        None => y,
    }
}

/// `(x - mean)/√(var + 1e-5)·weight + bias` of the norm `name`, from reductions.
fn normed(state: &StateDict, name: &str, x: &Tensor) -> Tensor {
    let mean = x.mean(-1, true).unwrap();
    let off = x.sub(&mean).unwrap();
    let var = off.square().unwrap().mean(-1, true).unwrap();
    let unit = off.div(&var.add_scalar(1e-5).unwrap().sqrt().unwrap()).unwrap();
    unit.mul(&state[&format!("{name}.weight")])
        .unwrap()
        .add(&state[&format!("{name}.bias")])
        .unwrap()
}

/// Causal attention of two heads, 4 wide, one head after the other.
fn attended(state: &StateDict, x: &Tensor) -> Tensor {
    let [q, k, v] = ["q", "k", "v"].map(|p| affine(state, &format!("attn.{p}_proj"), x));
    let future: Vec<bool> = (0..25).map(|i| i % 5 > i / 5).collect();
    let future = Tensor::from_vec(future, [5, 5]).unwrap();
    let head = |h: usize| {
        let part = |t: &Tensor| t.narrow(2, 4 * h, 4).unwrap();
        let scores = part(&q).matmul(&part(&k).t().unwrap()).unwrap().mul_scalar(0.5).unwrap();
        let weights = scores.masked_fill(&future, f64::NEG_INFINITY).unwrap().softmax(-1).unwrap();
        weights.matmul(&part(&v)).unwrap()
    };
    affine(state, "attn.out_proj", &Tensor::cat(&[&head(0), &head(1)], 2).unwrap())
}

fn hidden(state: &StateDict, prefix: &str, x: &Tensor) -> Tensor {
    let up = affine(state, &format!("{prefix}fc1"), x).gelu(GeluKind::Tanh).unwrap();
    affine(state, &format!("{prefix}fc2"), &up)
}

#[track_caller]
fn close(got: &Tensor, want: &Tensor) {
    assert_eq!(got.dims(), want.dims());
    let pairs = got.to_vec_as::<f64>().into_iter().zip(want.to_vec_as::<f64>());
    // Doubles of size 1 to 10, a few dozen roundings.
    pairs.for_each(|(g, w)| assert!((g - w).abs() < 1e-13 * (1.0 + w.abs()), "{g} and {w}"));
}

#[test]
fn blocks_of_both_orders_are_their_equations() {
    for order in [NormOrder::PreLn, NormOrder::PostLn] {
        let rng = &mut Rng::seed(3);
        let block = TransformerBlock::new(8, 2, order, 0.0, rng).unwrap();
        block.to_dtype(DType::F64).unwrap();
        // Norms that do something.
        for (name, param) in block.named_parameters() {
            if name.starts_with("ln") || name.ends_with("bias") {
                param.load(&Tensor::randn(param.shape(), DType::F64, rng).unwrap()).unwrap();
            }
        }
        let (state, x) = (block.state_dict(), input(rng));
        let plus = |a: &Tensor, b: Tensor| a.add(&b).unwrap();
        let want = if order == NormOrder::PreLn {
            let x = plus(&x, attended(&state, &normed(&state, "ln1", &x)));
            plus(&x, hidden(&state, "mlp.", &normed(&state, "ln2", &x)))
        } else {
            let x = normed(&state, "ln1", &plus(&x, attended(&state, &x)));
            normed(&state, "ln2", &plus(&x, hidden(&state, "mlp.", &x)))
        };
        close(&block.forward_masked(&x, Mask::Causal).unwrap(), &want);
        // Nothing is normalized after the last sum of the one, everything of the other.
        let rest = normed(&state, "ln2", &want).sub(&want).unwrap().abs().unwrap();
        assert!(rest.amax(.., false).unwrap().to_f64().unwrap() > 1e-3);
        let run = |i: &[Tensor]| block.forward_masked(&i[0], Mask::Causal);
        gradcheck(run, &[x], GradCheck::default()).unwrap();
        assert_eq!(block.num_parameters(), 12 * 64 + 13 * 8);
    }
}

#[test]
fn networks_inside_blocks_are_their_equations() {
    let rng = &mut Rng::seed(4);
    let x = input(rng);
    let mlp = Mlp::new(8, 20, 0.0, rng).unwrap();
    mlp.to_dtype(DType::F64).unwrap();
    close(&mlp.forward(&x).unwrap(), &hidden(&mlp.state_dict(), "", &x));
    assert_eq!(mlp.num_parameters(), 8 * 20 + 20 + 20 * 8 + 8);
    let gated = SwiGlu::new(8, 12, rng).unwrap();
    gated.to_dtype(DType::F64).unwrap();
    let state = gated.state_dict();
    let gate = affine(&state, "gate", &x);
    // silu(g) = g/(1 + e^-g)
    let silu = gate.div(&gate.neg().unwrap().exp().unwrap().add_scalar(1.0).unwrap()).unwrap();
    let both = silu.mul(&affine(&state, "up", &x)).unwrap();
    close(&gated.forward(&x).unwrap(), &affine(&state, "down", &both));
    assert_eq!(gated.num_parameters(), 3 * 8 * 12, "no biases");
    for module in [&mlp as &dyn Module, &gated] {
        gradcheck(|i| module.forward(&i[0]), &[x.narrow(0, 0, 1).unwrap()], GradCheck::default())
            .unwrap();
        assert!(module.forward(&Tensor::ones([2, 7], DType::F64).unwrap()).is_err());
    }
    assert!(Mlp::new(0, 4, 0.0, rng).is_err() && SwiGlu::new(4, 0, rng).is_err());
    // Dropout acts on the output, in training alone.
    let dropping = Mlp::new(8, 16, 0.5, rng).unwrap();
    let x = x.to_dtype(DType::F32).unwrap();
    let zeros = |y: &Tensor| y.to_vec_as::<f64>().iter().filter(|&&v| v == 0.0).count();
    assert!(zeros(&dropping.forward(&x).unwrap()) > 20);
    dropping.train(false);
    assert_eq!(zeros(&dropping.forward(&x).unwrap()), 0);
}

#[test]
fn heads_that_are_rotated_and_shared_have_gradients() {
    let rng = &mut Rng::seed(5);
    let rope = Some(RopeOpts { style: RopeStyle::Half, ..RopeOpts::default() });
    let opts = AttentionOpts { kv_heads: Some(1), bias: false, rope, ..AttentionOpts::default() };
    let layer = MultiHeadAttention::new(8, 2, &opts, rng).unwrap();
    layer.to_dtype(DType::F64).unwrap();
    let x = input(rng);
    gradcheck(
        |i| layer.attend(&i[0], Mask::Causal),
        core::slice::from_ref(&x),
        GradCheck::default(),
    )
    .unwrap();
    let (with, _) = layer.attend_with_weights(&x, Mask::Causal).unwrap();
    close(&layer.attend(&x, Mask::Causal).unwrap(), &with);
}

/// Trains a small GPT for two steps; returns the bits of the losses and of all parameters.
fn train(dropout: f64) -> Vec<u32> {
    let mut rng = Rng::seed(6);
    let config = GptConfig { dropout, ..GptConfig::new(50, 64, 2, 4, 70) };
    let model = Gpt::new(&config, &mut rng).unwrap();
    let mut adam = Adam::new(model.parameters(), AdamOpts::adamw()).unwrap();
    let mut bits = Vec::new();
    for _ in 0..2 {
        let mut ids = || {
            let ids = (0..5 * 70).map(|_| i64::try_from(rng.below(50)).unwrap()).collect();
            Tensor::from_vec(ids, [5, 70]).unwrap()
        };
        let (x, y) = (ids(), ids().reshape([5 * 70]).unwrap());
        let scores = model.forward(&x).unwrap().reshape([5 * 70, 50]).unwrap();
        let loss = scores.cross_entropy(&y, &CrossEntropyOpts::default()).unwrap();
        adam.zero_grad();
        loss.backward().unwrap();
        clip_grad_norm(&model.parameters(), 1.0).unwrap();
        adam.step().unwrap();
        bits.push(loss.item::<f32>().unwrap().to_bits());
    }
    for param in model.parameters() {
        bits.extend(param.tensor().to_vec::<f32>().unwrap().into_iter().map(f32::to_bits));
    }
    bits
}

#[test]
fn a_training_step_has_the_same_bits_in_every_run_and_for_any_number_of_threads() {
    for dropout in [0.0, 0.1] {
        let first = train(dropout);
        assert!(train(dropout) == first, "a second run differs");
        #[cfg(feature = "parallel")]
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(
                pool.install(|| train(dropout)) == first,
                "{threads} threads, dropout {dropout}"
            );
        }
    }
    assert!(train(0.0) != train(0.1), "the test can fail");
}
