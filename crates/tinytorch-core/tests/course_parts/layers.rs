//! Layers made of other slots: whose code runs inside them, and what becomes of results that do not fit.

use tinytorch_core::{
    DType, Error, Param, Result, Rng, Tensor,
    course::{
        Course, Part, Reference, m03::LayerLesson, m08::TrainingLesson, m11::EmbeddingLesson,
        m12::*, m13::*,
    },
    generate::generate,
    nn::{
        AttentionOpts, CrossEntropyLoss, Dropout, EmbeddingLayer, Gpt, GptConfig, Llama,
        LlamaConfig, Loss, Mlp, Module, ModuleExt, MultiHeadAttention, PositionKind,
        TransformerBlock,
    },
    ops::attention::RopeOpts,
    optim::{Adam, AdamOpts, Optimizer, clip_grad_norm},
};

/// Everybody gets the mean of all values, whatever the scores.
struct Even;

impl AttentionLesson for Even {
    fn attention(&self, scores: &Tensor, v: &Tensor) -> Result<Tensor> {
        scores.mul_scalar(0.0)?.softmax(-1)?.matmul(v)
    }
}

fn wave(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let data = (0..n).map(|i| (i as f32 * 0.7).sin()).collect();
    Tensor::from_vec(data, shape).expect("as many numbers as the shape has")
}

fn served(course: &Course, id: &str) -> (u64, u64) {
    course.work().find(|w| w.slot.id == id).map_or((0, 0), |w| (w.student, w.reference))
}

/// With even weights every position of a layer has the same output, with and without dropout, and the weights say why.
#[test]
fn a_students_attention_carries_the_layer() {
    let x = wave(&[1, 4, 8]);
    let rope = Some(RopeOpts::default());
    for dropout in [0.0, 0.5] {
        let opts = AttentionOpts { dropout, rope, kv_heads: Some(2), ..AttentionOpts::default() };
        let layer = MultiHeadAttention::new(8, 4, &opts, &mut Rng::seed(1)).unwrap();
        let course = Course::new().m12(Even);
        let (out, (again, weights)) = course.run(|| {
            (layer.forward(&x).unwrap(), layer.attend_with_weights(&x, Mask::None).unwrap())
        });
        assert_eq!(weights.dims(), [1, 4, 4, 4]);
        assert_eq!(weights.to_vec::<f32>().unwrap(), [0.25; 64]);
        assert_eq!(served(&course, "m12.attention"), (2, 0), "dropout {dropout}");
        assert_eq!(served(&course, "m12.mha_forward"), (0, 2));
        if dropout == 0.0 {
            for out in [out, again] {
                let rows = out.to_vec::<f32>().unwrap();
                assert!(rows.chunks(8).all(|row| *row == rows[..8]));
            }
        } else {
            assert!(!out.same_values(&again), "dropout still acts on the weights");
        }
    }
}

/// Half of every weight is gone: the mask is drawn by the student and acts on the student's weights.
#[test]
fn a_students_mask_acts_inside_attention() {
    struct Halves;
    impl LayerLesson for Halves {
        fn dropout_mask(&self, n: usize, _: f64, _: &mut Rng) -> Result<Vec<f32>> {
            Ok(vec![0.5; n])
        }
    }
    let opts = AttentionOpts { dropout: 0.1, bias: false, ..AttentionOpts::default() };
    let layer = MultiHeadAttention::new(8, 2, &opts, &mut Rng::seed(2)).unwrap();
    let x = wave(&[2, 3, 8]);
    let course = Course::new().m03(Halves).m12(Even);
    let halved = course.run(|| layer.forward(&x)).unwrap();
    layer.train(false);
    let whole = Course::new().m12(Even).run(|| layer.forward(&x)).unwrap();
    // Halves are exact, so only the order of sums could differ, and it does not.
    assert!(halved.same_values(&whole.mul_scalar(0.5).unwrap()));
    assert_eq!(served(&course, "m03.dropout_mask"), (1, 0));
    assert_eq!(served(&course, "m03.dropout_forward").1, 1, "made by the reference of the mask");
    // Doubles are not for students.
    let course = Course::new().m03(Halves);
    let layer = Dropout::new(1.0, &mut Rng::seed(1)).unwrap();
    let y = course.run(|| layer.forward(&wave(&[3]).to_dtype(DType::F64).unwrap())).unwrap();
    assert!(y.to_vec::<f64>().unwrap().iter().all(|v| *v == 0.0));
    assert_eq!(served(&course, "m03.dropout_mask"), (0, 1));
}

/// With the reference as the lesson of every module, nothing in a training step of a GPT or in a text of a Llama goes around the
/// slots, and the results are those of the library up to rounding.
#[test]
fn nothing_goes_around_the_slots() {
    let everything = || {
        let course = Course::new().m01(Reference).m02(Reference).m03(Reference).m04(Reference);
        let course = course.m06(Reference).m07(Reference).m08(Reference).m11(Reference);
        course.m12(Reference).m13(Reference)
    };
    let step = || {
        let config = GptConfig { dropout: 0.1, ..GptConfig::new(11, 8, 2, 2, 6) };
        let model = Gpt::new(&config, &mut Rng::seed(4)).unwrap();
        let mut adam = Adam::new(model.parameters(), AdamOpts::default()).unwrap();
        let (ids, next) =
            (Tensor::from([[1i64, 5, 3], [9, 0, 2]]), Tensor::from([5i64, 3, 4, 0, 2, 7]));
        let logits = model.forward(&ids).unwrap().reshape([6, 11]).unwrap();
        let loss = CrossEntropyLoss::new().loss(&logits, &next).unwrap();
        loss.backward().unwrap();
        let norm = clip_grad_norm(&model.parameters(), 0.5).unwrap();
        adam.step().unwrap();
        model.train(false);
        (loss.to_f64().unwrap(), norm, model.forward(&ids).unwrap().to_vec::<f32>().unwrap())
    };
    let course = everything();
    let ((a, norm_a, ys), (b, norm_b, zs)) = (course.run(step), step());
    // Sums of some ten numbers of size 1 in another order: a few roundings of f32, and Adam makes steps of 1e-3 of the signs.
    assert!((a - b).abs() < 1e-5 && (norm_a - norm_b).abs() < 1e-4, "{a} {b} {norm_a} {norm_b}");
    assert!(ys.iter().zip(&zs).all(|(y, z)| (y - z).abs() < 1e-3));
    let names = |ids: &[&str]| {
        for id in ids {
            let (student, reference) = served(&course, id);
            assert!(student > 0 && reference == 0, "{id}: {student} by the lesson, {reference}");
        }
    };
    names(&["m03.dropout_mask", "m03.dropout_forward", "m08.clip_grad_norm"]);
    names(&["m11.embedding_layer_forward", "m11.embedding_forward", "m12.mha_forward"]);
    names(&["m13.layer_norm", "m13.mlp_forward", "m13.block_forward", "m13.gpt_forward"]);

    let config = LlamaConfig {
        vocab: 12,
        width: 8,
        layers: 1,
        heads: 4,
        kv_heads: 2,
        hidden: 12,
        max_len: 8,
        rope_base: 10_000.0,
        norm_eps: 1e-6,
        tied_head: false,
    };
    let write = || {
        let model = Llama::new(&config, &mut Rng::seed(5)).unwrap();
        generate(&model, &[1, 2], 4, &[], &mut Sampler::greedy(), |_| true).unwrap()
    };
    let course = everything();
    assert_eq!(course.run(write), write());
    let names = |ids: &[&str]| ids.iter().all(|id| matches!(served(&course, id), (1.., 0)));
    assert!(names(&["m12.mha_forward", "m13.block_forward", "m13.sample_next", "m13.generate"]));
}

/// Every slot returns something of the wrong size.
struct Wrong;

fn odd() -> Result<Tensor> {
    Tensor::zeros([1, 2, 3, 4, 5], DType::F32)
}

impl LayerLesson for Wrong {
    fn dropout_mask(&self, _: usize, _: f64, _: &mut Rng) -> Result<Vec<f32>> {
        Ok(vec![1.0; 7])
    }
}

impl TrainingLesson for Wrong {
    fn clip_grad_norm(&self, grads: &[Tensor], _: f64, _: f64) -> Result<(Vec<Tensor>, f64)> {
        Ok((vec![odd()?; grads.len()], 1.0))
    }
}

impl EmbeddingLesson for Wrong {
    fn embedding_layer_forward(
        &self,
        _: &Tensor,
        _: Option<&Tensor>,
        _: &Tensor,
        _: usize,
        _: bool,
    ) -> Result<Tensor> {
        odd()
    }
}

impl AttentionLesson for Wrong {
    fn mha_forward(&self, x: &Tensor, _: Mask<'_>, _: &MultiHead<'_>) -> Result<Tensor> {
        x.to_dtype(DType::F64)
    }
}

impl TransformerLesson for Wrong {
    fn mlp_forward(&self, x: &Tensor, fc1: Part<'_>, _: Part<'_>, _: Part<'_>) -> Result<Tensor> {
        fc1(x)
    }

    fn gpt_forward(&self, ids: &Tensor, _: usize, _: &Decoder<'_>) -> Result<Tensor> {
        Ok(ids.clone())
    }

    fn generate(
        &self,
        _: &dyn LanguageModel,
        prompt: &[u32],
        _: usize,
        _: &[u32],
        _: &mut Sampler,
        _: &mut dyn FnMut(u32) -> bool,
    ) -> Result<Vec<u32>> {
        Ok(prompt.repeat(3))
    }
}

#[test]
fn results_that_do_not_fit_are_errors_of_their_slot() {
    let course = Course::new().m03(Wrong).m08(Wrong).m11(Wrong).m12(Wrong).m13(Wrong);
    let rng = &mut Rng::seed(6);
    let x = wave(&[1, 3, 8]);
    let check = |id: &str, result: Result<Tensor>| {
        let Err(error) = result else { panic!("{id} was taken") };
        assert!(matches!(error, Error::SlotResult { lesson, .. } if lesson == id), "{error}");
        assert_eq!(error.to_string().lines().count(), 3);
    };
    let dropout = Dropout::new(0.5, rng).unwrap();
    let embedding = EmbeddingLayer::new(5, 4, 6, PositionKind::Learned, rng).unwrap();
    let attention = MultiHeadAttention::new(8, 2, &AttentionOpts::default(), rng).unwrap();
    let mlp = Mlp::new(8, 32, 0.0, rng).unwrap();
    let gpt = Gpt::new(&GptConfig::new(5, 8, 1, 2, 6), rng).unwrap();
    let ids = Tensor::from([[1i64, 2, 3]]);
    let param = Param::new(Tensor::from([1.0f32])).unwrap();
    param.set_grad(&Tensor::from([2.0f32])).unwrap();
    course.run(|| {
        check("m03.dropout_mask", dropout.forward(&x));
        check("m11.embedding_layer_forward", embedding.forward(&ids));
        check("m12.mha_forward", attention.forward(&x));
        check("m12.mha_forward", attention.attend_with_weights(&x, Mask::None).map(|out| out.1));
        check("m13.mlp_forward", mlp.forward(&x));
        check("m13.gpt_forward", gpt.forward(&ids));
        let text = generate(&gpt, &[1, 2], 4, &[], &mut Sampler::greedy(), |_| true);
        check("m13.generate", text.map(|_| x.clone()));
        let norm = clip_grad_norm(core::slice::from_ref(&param), 1.0);
        check("m08.clip_grad_norm", norm.map(|_| x.clone()));
    });
    assert_eq!(param.grad().unwrap().to_vec::<f32>().unwrap(), [2.0], "the gradient stayed");

    struct Squeezed;
    impl TransformerLesson for Squeezed {
        fn block_forward(
            &self,
            x: &Tensor,
            _: Part<'_>,
            _: Part<'_>,
            _: Part<'_>,
            _: Part<'_>,
            _: NormOrder,
        ) -> Result<Tensor> {
            x.narrow(1, 0, 1)
        }
    }
    let block = TransformerBlock::new(8, 2, NormOrder::PreLn, 0.0, rng).unwrap();
    check("m13.block_forward", Course::new().m13(Squeezed).run(|| block.forward(&x)));
}
