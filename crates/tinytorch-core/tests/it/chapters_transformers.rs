//! The figures and the programs of chapters 11, 12 and 13.

use tinytorch_core::{
    DType, Rng, Tensor,
    autograd::GraphView,
    nn::{
        AttentionOpts, Embedding, GptConfig, LearnedPositions, Mlp, ModuleExt, MultiHeadAttention,
        NormOrder, TransformerBlock, sinusoidal_table,
    },
    ops::attention::{Mask, attention_weights, flash_attention},
};

use crate::chapter::{Chapter, grouped};

/// Bytes of an `f32`.
const F32: usize = size_of::<f32>();

fn embeddings() -> tinytorch_core::Result<()> {
    use tinytorch_core::{
        Rng, Tensor,
        nn::{Embedding, EmbeddingLayer, Module, PositionKind},
    };

    let table = Embedding::from_pretrained(Tensor::from([[0.0f32, 0.0], [1.0, 2.0], [3.0, 4.0]]))?;
    let y = table.forward(&Tensor::from([2_i64, 1, 2]))?;
    assert_eq!(y.to_vec::<f32>()?, [3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    // Id 2 stood in two places: its row receives both gradients.
    y.sum(.., false)?.backward()?;
    let grad = table.weight().grad().expect("the table is trained");
    assert_eq!(grad.to_vec::<f32>()?, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    // The same token at two places is two vectors.
    let layer = EmbeddingLayer::new(5, 8, 16, PositionKind::Sinusoidal, &mut Rng::seed(1))?;
    let x = layer.forward(&Tensor::from([[3_i64, 3]]))?;
    assert!(!x.narrow(1, 0, 1)?.same_values(&x.narrow(1, 1, 1)?));
    Ok(())
}

fn attention() -> tinytorch_core::Result<()> {
    use tinytorch_core::{
        DType, Rng, Tensor,
        nn::{AttentionOpts, MultiHeadAttention},
        ops::attention::{Mask, attention_weights, flash_attention, sdpa},
    };

    // One query, two keys: scores 0 and ln 3 give the weights 1/4 and 3/4.
    let q = Tensor::from([[1.0f64]]);
    let k = Tensor::from([[0.0f64], [3.0f64.ln()]]);
    let v = Tensor::from([[4.0f64], [8.0]]);
    let out = sdpa(&q, &k, &v, Mask::None, None)?;
    assert!((out.to_f64()? - 7.0).abs() < 1e-12);
    // Tiles give the same as the whole matrix.
    let x = Tensor::randn([2, 4, 100, 16], DType::F64, &mut Rng::seed(1))?;
    let whole = attention_weights(&x, &x, Mask::Causal, None)?.matmul(&x)?;
    let tiled = flash_attention(&x, &x, &x, Mask::Causal, None)?;
    assert!(whole.sub(&tiled)?.abs()?.amax(.., false)?.to_f64()? < 1e-13);
    // The weights can be looked at.
    let layer = MultiHeadAttention::new(32, 4, &AttentionOpts::default(), &mut Rng::seed(2))?;
    let x = Tensor::randn([1, 6, 32], DType::F32, &mut Rng::seed(3))?;
    let (_, weights) = layer.attend_with_weights(&x, Mask::Causal)?;
    assert_eq!(weights.dims(), [1, 4, 6, 6]);
    Ok(())
}

fn transformers() -> tinytorch_core::Result<()> {
    use tinytorch_core::{
        Rng, Tensor,
        generate::{Sampler, generate},
        nn::{Gpt, GptConfig, Module, ModuleExt},
        ops::CrossEntropyOpts,
        optim::{Adam, AdamOpts, Optimizer},
    };

    // A text of four letters that repeats, learned by heart.
    let model = Gpt::new(&GptConfig::new(4, 16, 1, 2, 16), &mut Rng::seed(1))?;
    let mut adam = Adam::new(model.parameters(), AdamOpts { lr: 0.02, ..AdamOpts::default() })?;
    let x = Tensor::from([[0_i64, 1, 2, 3, 0, 1, 2, 3]]);
    let y = Tensor::from([1_i64, 2, 3, 0, 1, 2, 3, 0]);
    for _ in 0..60 {
        let scores = model.forward(&x)?.reshape([8, 4])?;
        let loss = scores.cross_entropy(&y, &CrossEntropyOpts::default())?;
        adam.zero_grad();
        loss.backward()?;
        adam.step()?;
    }
    let new = generate(&model, &[0, 1], 5, &[], &mut Sampler::greedy(), |_| true)?;
    assert_eq!(new, [2, 3, 0, 1, 2]);
    Ok(())
}

#[test]
fn the_programs_run() {
    embeddings().unwrap();
    attention().unwrap();
    transformers().unwrap();
    for name in ["11-embeddings.md", "12-attention.md", "13-transformers.md"] {
        if let Some(chapter) = Chapter::open(name) {
            chapter.shows_program_of(include_str!("chapters_transformers.rs"));
        }
    }
}

#[test]
fn figures_of_embeddings() {
    let Some(chapter) = Chapter::open("11-embeddings.md") else { return };
    let (vocab, width, batch) = (50_257, 768, 8_192);
    let table = grouped(vocab * width * F32);
    chapter.says(format!("| table of 50,257 ids, 768 wide, in `f32` | {table} bytes |"));
    chapter.says(format!("| read for one token | {} bytes |", grouped(width * F32)));
    let share = 100.0 * f64::from(batch) / vocab as f64;
    chapter.says(format!("| rows that a batch of 8,192 tokens can touch | {share:.1} % |"));
    chapter.says(format!("| gradient of the whole table | {table} bytes |"));
    let touched = grouped(usize::try_from(batch).unwrap() * width * F32);
    chapter.says(format!("| gradient of the rows touched, at most | {touched} bytes |"));

    // A real batch: rows of the gradient that are not zero.
    let rng = &mut Rng::seed(1);
    let layer = Embedding::new(5_000, 8, rng).unwrap();
    let ids = (0..4 * 32).map(|_| i64::try_from(rng.below(5_000)).unwrap()).collect();
    let ids = Tensor::from_vec(ids, [4, 32]).unwrap();
    tinytorch_core::nn::Module::forward(&layer, &ids)
        .unwrap()
        .sum(.., false)
        .unwrap()
        .backward()
        .unwrap();
    let grad = layer.weight().grad().unwrap().to_vec::<f32>().unwrap();
    let rows = grad.chunks(8).filter(|row| row.iter().any(|&g| g != 0.0)).count();
    chapter.says(format!("of 4 × 32 random ids on a table of 5,000 rows touches {rows} of them"));

    let learned = LearnedPositions::new(1_024, 768, rng).unwrap().num_parameters();
    chapter.says(format!("| learned | a row of a second table | {} |", grouped(learned)));
    let waves = sinusoidal_table(1_024, 768).unwrap();
    assert!(!waves.requires_grad(), "nothing to train");
    let square = waves.square().unwrap().mean(.., false).unwrap().to_f64().unwrap();
    assert!((square - 0.5).abs() < 1e-6, "sin² + cos² = 1 in each pair");
    chapter.says("deviation `√½`");
}

#[test]
fn figures_of_attention() {
    let Some(chapter) = Chapter::open("12-attention.md") else { return };
    let [b, h, s, d] = [4, 8, 1_024, 512];
    chapter.says(format!("| `B·H·S²·4` | {} bytes |", grouped(b * h * s * s * F32)));
    let (scores, projections) = (4 * b * s * s * d, 8 * b * s * d * d);
    chapter.says(format!("| `4·B·S²·D` | {} |", grouped(scores)));
    chapter.says(format!("| `8·B·S·D²` | {} |", grouped(projections)));
    assert_eq!((scores, s), (projections, 2 * d));
    // The same from the shapes of a real layer: 2·m·k·n for each product.
    let mut layer_ops = 0;
    let opts = AttentionOpts::default();
    let layer = MultiHeadAttention::new(d, h, &opts, &mut Rng::seed(1)).unwrap();
    for (_, p) in layer.named_parameters().iter().filter(|(_, p)| p.shape().rank() == 2) {
        layer_ops += 2 * b * s * p.numel();
    }
    assert_eq!(layer_ops, projections);
    let shared = AttentionOpts { kv_heads: Some(1), ..opts };
    let shared = MultiHeadAttention::new(d, h, &shared, &mut Rng::seed(1)).unwrap();
    let rows = |layer: &MultiHeadAttention| layer.state_dict()["k_proj.weight"].dims()[0];
    assert_eq!(rows(&layer), 8 * rows(&shared));
    chapter.says("keys and values of 8 heads take an eighth");

    let mut rng = Rng::seed(2);
    let mut draw = || {
        let x = Tensor::randn([1, 8, 256, 64], DType::F32, &mut rng).unwrap();
        x.requiring_grad().unwrap()
    };
    let [q, k, v] = [draw(), draw(), draw()];
    let held = |out: Tensor| GraphView::of(&out).held_bytes();
    let weights = attention_weights(&q, &k, Mask::Causal, None).unwrap();
    let whole = held(weights.matmul(&v).unwrap());
    let tiled = held(flash_attention(&q, &k, &v, Mask::Causal, None).unwrap());
    chapter.says(format!("| scores, weights and their mask | {} |", grouped(whole)));
    chapter.says(format!("| tiles | {} |", grouped(tiled)));
    assert_eq!(tiled, 4 * q.nbytes() + 8 * 256 * F32, "operands, result, one number a query");
}

#[test]
fn figures_of_transformers() {
    let Some(chapter) = Chapter::open("13-transformers.md") else { return };
    let row = |about: &str, config: &GptConfig| {
        let n = usize::try_from(config.num_parameters()).unwrap();
        chapter.says(format!("| {about} | {} | {} |", grouped(n), grouped(n * F32)));
        n
    };
    let first = GptConfig::new(10_000, 512, 6, 8, 1_024);
    let n = row("V = 10,000, d = 512, S = 1,024, L = 6, own output layer", &first);
    let tied = GptConfig { tied_head: true, ..GptConfig::new(50_257, 768, 12, 12, 1_024) };
    row("GPT-2: V = 50,257, d = 768, S = 1,024, L = 12, tied", &tied);
    let rng = &mut Rng::seed(1);
    let block = TransformerBlock::new(512, 8, NormOrder::PreLn, 0.0, rng).unwrap();
    let (block, mlp) =
        (block.num_parameters(), Mlp::new(512, 2_048, 0.0, rng).unwrap().num_parameters());
    chapter.says(format!(
        "Of the {} parameters of a block of width 512 the network has {}, or {:.1} %.",
        grouped(block),
        grouped(mlp),
        100.0 * mlp as f64 / block as f64
    ));
    chapter.says(format!("{} for the first model", grouped(6 * n)));
    let evaluated: usize = (1..=1_000).sum();
    chapter.says(format!("after the first, {} tokens are evaluated", grouped(evaluated)));
}
