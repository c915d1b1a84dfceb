//! The narrow model against the wide one whose weights were rounded the same way.

use half::bf16;

use super::*;
use crate::{
    Rng,
    generate::{Sampler, batch_invariant, generate, generate_cached},
    nn::GptConfig,
};

fn wide(tied_head: bool) -> Gpt {
    let config = GptConfig { tied_head, ..GptConfig::new(30, 32, 2, 4, 24) };
    Gpt::new(&config, &mut Rng::seed(5)).unwrap()
}

/// The same model with its matrices rounded as `kept` says, by a formula of its own.
fn rounded(model: &Gpt, kept: WeightType) -> Gpt {
    let mut state = model.state_dict();
    for tensor in state.values_mut().filter(|t| t.rank() == 2) {
        let k = tensor.dims()[1];
        let mut data = tensor.to_vec::<f32>().unwrap();
        for row in data.chunks_mut(k) {
            let step = row.iter().fold(0.0_f32, |most, v| most.max(v.abs())) / 127.0;
            row.iter_mut().for_each(|v| {
                *v = match kept {
                    WeightType::Bf16 => bf16::from_f32(*v).to_f32(),
                    WeightType::I8 => (*v / step).round_ties_even() * step,
                }
            });
        }
        *tensor = Tensor::from_vec(data, [tensor.dims()[0], k]).unwrap();
    }
    let out = wide(model.config().tied_head);
    out.load_state_dict(&state, true).unwrap();
    out
}

fn ids(batch: usize, len: usize) -> Tensor {
    let ids: Vec<i64> = (0..batch * len).map(|i| (i * 7 % 30) as i64).collect();
    Tensor::from_vec(ids, [batch, len]).unwrap()
}

#[test]
fn scores_are_those_of_the_rounded_model() {
    for kept in [WeightType::Bf16, WeightType::I8] {
        for tied in [false, true] {
            let model = wide(tied);
            let narrow = NarrowGpt::new(&model, kept).unwrap();
            let want = rounded(&model, kept);
            for (batch, len) in [(1, 1), (2, 3), (1, 24), (3, 11)] {
                let ids = ids(batch, len);
                let (a, b) = (narrow.forward(&ids).unwrap(), want.forward(&ids).unwrap());
                assert_eq!(a.dims(), b.dims());
                let (a, b) = (a.to_vec_as::<f64>(), b.to_vec_as::<f64>());
                let most = b.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
                // Two blocks of sums over at most 128 terms in f32, in another order.
                assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5 * most), "{kept:?}");
            }
        }
    }
}

#[test]
fn a_cache_gives_the_bits_of_a_whole_evaluation() {
    for kept in [WeightType::Bf16, WeightType::I8] {
        let narrow = NarrowGpt::new(&wide(true), kept).unwrap();
        batch_invariant(|| {
            let whole = narrow.forward(&ids(1, 20)).unwrap();
            let mut cache = narrow.new_cache(1, CacheType::F32).unwrap();
            for (from, n) in [(0, 9), (9, 1), (10, 10)] {
                let part = ids(1, 20).narrow(1, from, n).unwrap();
                let scores = narrow.forward_cached(&part, &mut cache).unwrap();
                assert!(scores.same_values(&whole.narrow(1, from, n).unwrap()), "{from}");
            }
        });
        let run = |tokens: &[u32]| {
            generate(&narrow, tokens, 8, &[], &mut Sampler::greedy(), |_| true).unwrap()
        };
        let mut cache = narrow.new_cache(1, CacheType::F32).unwrap();
        let mut sampler = Sampler::greedy();
        let cached =
            generate_cached(&narrow, &mut cache, &[3, 1], 8, &[], &mut sampler, |_| true).unwrap();
        assert_eq!(cached, run(&[3, 1]));
    }
}

#[test]
fn memory_is_a_half_and_a_quarter() {
    let model = wide(true);
    let weights: usize = 30 * 32 + 24 * 32 + 2 * 12 * 32 * 32;
    let bytes = |kept| NarrowGpt::new(&model, kept).unwrap().bytes();
    assert_eq!(bytes(WeightType::Bf16), 2 * weights);
    // Rows: the tables, and 3 + 1 + 4 + 1 times the width in each block.
    assert_eq!(bytes(WeightType::I8), weights + 4 * (30 + 24 + 2 * 9 * 32));
}

#[test]
fn what_cannot_be_evaluated() {
    let model = wide(false);
    let narrow = NarrowGpt::new(&model, WeightType::I8).unwrap();
    let index = narrow.forward(&Tensor::from([[0_i64, 30]])).unwrap_err();
    assert!(matches!(index, Error::IndexOutOfRange { index: 30, size: 30, position: 1, .. }));
    assert!(narrow.forward(&Tensor::from([[-1_i64]])).is_err());
    assert!(matches!(narrow.forward(&ids(1, 25)), Err(Error::InvalidArgument { .. })));
    assert!(narrow.forward(&Tensor::from([0_i64])).is_err());
    assert!(narrow.forward(&Tensor::from([[0.0_f32]])).is_err());
    assert!(narrow.forward(&ids(1, 0)).is_err());
    let mut other =
        KvCache::new(KvShape { layers: 1, kv_heads: 4, head_dim: 8 }, 1, 24, CacheType::F32)
            .unwrap();
    assert!(narrow.forward_cached(&ids(1, 1), &mut other).is_err());
    let mut state = model.state_dict();
    state.insert("head.weight".to_owned(), Tensor::full([30, 32], f64::NAN, DType::F32).unwrap());
    model.load_state_dict(&state, true).unwrap();
    let error = NarrowGpt::new(&model, WeightType::I8).unwrap_err().to_string();
    assert!(error.contains("NaN at element 0"), "{error}");
    assert!(NarrowGpt::new(&model, WeightType::Bf16).is_ok());
}
