//! Cached evaluation against whole evaluation.

use super::*;
use crate::{
    Rng,
    autograd::no_grad,
    generate::{CachedModel, Sampler, Sampling, batch_invariant, generate, generate_cached},
    nn::{Gpt, GptConfig, Llama, LlamaConfig, Module, ModuleExt},
};

const LEN: usize = 24;

fn models() -> [Box<dyn CachedModel>; 3] {
    let rng = &mut Rng::seed(11);
    let llama = LlamaConfig {
        vocab: 19,
        width: 24,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        hidden: 40,
        max_len: LEN,
        rope_base: 10_000.0,
        norm_eps: 1e-6,
        tied_head: true,
    };
    let gpt = GptConfig { tied_head: true, ..GptConfig::new(19, 32, 2, 4, LEN) };
    [
        Box::new(Gpt::new(&gpt, rng).unwrap()),
        Box::new(Gpt::new(&GptConfig { tied_head: false, ..gpt }, rng).unwrap()),
        Box::new(Llama::new(&llama, rng).unwrap()),
    ]
}

fn ids(batch: usize, len: usize) -> Tensor {
    let ids = (0..batch * len).map(|i| (i * i + 3 * i + i / len) as i64 % 19).collect();
    Tensor::from_vec(ids, [batch, len]).unwrap()
}

/// Scores of `x` taken in pieces of these lengths.
fn in_pieces(model: &dyn CachedModel, x: &Tensor, pieces: &[usize], kept: CacheType) -> Tensor {
    let mut cache = model.new_cache(x.dims()[0], kept).unwrap();
    let mut out = Vec::new();
    for &n in pieces {
        let part = x.narrow(1, cache.len(), n).unwrap();
        out.push(no_grad(|| model.forward_cached(&part, &mut cache)).unwrap());
    }
    assert_eq!(cache.len(), x.dims()[1]);
    Tensor::cat(&out.iter().collect::<Vec<_>>(), 1).unwrap()
}

fn apart(a: &Tensor, b: &Tensor) -> f32 {
    let (a, b) = (a.to_vec_as::<f32>(), b.to_vec_as::<f32>());
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

const PIECES: [&[usize]; 4] = [&[1; 17], &[17], &[5, 1, 1, 7, 3], &[16, 1]];

#[test]
fn every_position_agrees_with_the_whole() {
    for model in models() {
        for batch in [1, 3] {
            let x = ids(batch, 17);
            let whole = no_grad(|| model.forward(&x)).unwrap();
            for pieces in PIECES {
                let got = in_pieces(&*model, &x, pieces, CacheType::F32);
                // Scores of size 1 from sums of at most 128 terms: the bound the field uses for f32.
                assert!(apart(&got, &whole) < 1e-5, "{pieces:?}: {}", apart(&got, &whole));
            }
        }
    }
}

#[test]
fn in_batch_invariant_evaluation_every_bit_agrees() {
    for model in models() {
        let x = ids(3, 17);
        let (whole, alone) = batch_invariant(|| {
            let alone = x.narrow(0, 1, 1).unwrap();
            no_grad(|| (model.forward(&x).unwrap(), model.forward(&alone).unwrap()))
        });
        assert!(alone.same_values(&whole.narrow(0, 1, 1).unwrap()), "a row in company");
        for pieces in PIECES {
            let got = batch_invariant(|| in_pieces(&*model, &x, pieces, CacheType::F32));
            assert!(got.same_values(&whole), "{pieces:?}");
        }
        // The switch does something, and stays inside.
        let fast = no_grad(|| model.forward(&x)).unwrap();
        assert!(apart(&fast, &whole) < 1e-5 && !fast.same_values(&whole));
    }
}

#[test]
fn texts_are_those_without_a_cache() {
    let how = Sampling { temperature: 0.9, ..Sampling::default() };
    for model in models() {
        for sampler in [Sampler::greedy(), Sampler::new(how, 5).unwrap()] {
            let prompt = [3, 1, 4, 1];
            let whole =
                generate(&*model, &prompt, 20, &[], &mut sampler.clone(), |_| true).unwrap();
            let mut cache = model.new_cache(1, CacheType::F32).unwrap();
            let mut run = |prompt: &[u32], n, sampler: &mut Sampler| {
                generate_cached(&*model, &mut cache, prompt, n, &[], sampler, |_| true).unwrap()
            };
            let mut sampler = sampler;
            let first = run(&prompt, 8, &mut sampler);
            assert_eq!(first, whole[..8]);
            // The last token drawn is not in the cache yet.
            assert_eq!(run(&first[7..], 12, &mut sampler), whole[8..]);
        }
    }
}

#[test]
fn a_fork_and_a_shorter_cache_go_their_own_way() {
    for model in models() {
        let step = |cache: &mut KvCache, id: i64| {
            no_grad(|| model.forward_cached(&Tensor::from([[id]]), cache)).unwrap()
        };
        let mut trunk = model.new_cache(1, CacheType::F32).unwrap();
        no_grad(|| model.forward_cached(&ids(1, 6), &mut trunk)).unwrap();
        let (mut a, mut b) = (trunk.fork(), trunk.fork());
        let first = step(&mut a, 7);
        step(&mut b, 8);
        let on = step(&mut a, 2);
        assert_eq!((trunk.len(), a.len(), b.len()), (6, 8, 7));
        assert!(step(&mut trunk, 7).same_values(&first), "forks have not written into it");
        a.truncate(6).unwrap();
        step(&mut a, 8);
        assert!(!step(&mut a, 2).same_values(&on));
        a.truncate(6).unwrap();
        assert!(step(&mut a, 7).same_values(&first) && step(&mut a, 2).same_values(&on));
        a.reset();
        assert!(a.is_empty());
        assert!(a.truncate(1).is_err());
    }
}

#[test]
fn fewer_bits_stay_near() {
    for model in models() {
        let x = ids(2, 17);
        let whole = no_grad(|| model.forward(&x)).unwrap();
        // Half an unit of the last place of a key or value, relative: 2^-11, 2^-9, 1/254. Scores of size 1 move by a few of them.
        for (kept, bound) in
            [(CacheType::F16, 5e-3), (CacheType::Bf16, 4e-2), (CacheType::I8, 4e-2)]
        {
            let got = in_pieces(&*model, &x, &[1; 17], kept);
            let off = apart(&got, &whole);
            assert!(off < bound && off > 1e-6, "{kept:?}: {off}");
            // Pieces see what was kept, not what was computed, so their length does not matter.
            let other = in_pieces(&*model, &x, &[9, 8], kept);
            assert!(apart(&got, &other) < bound, "{kept:?}");
        }
    }
}

/// The table of the field: GPT-2 small and XL at 1,024 tokens, GPT-3 at 2,048, Llama-2 7B at 4,096, one text each.
#[test]
fn bytes_of_known_models() {
    let bytes = |layers, kv_heads, head_dim, len, kept| {
        KvShape { layers, kv_heads, head_dim }.bytes(1, len, kept)
    };
    assert_eq!(bytes(12, 12, 64, 1024, CacheType::F32), 75_497_472);
    assert_eq!(bytes(48, 25, 64, 1024, CacheType::F32), 629_145_600);
    assert_eq!(bytes(96, 96, 128, 2048, CacheType::F32), 19_327_352_832);
    assert_eq!(bytes(32, 32, 128, 4096, CacheType::F32), 4_294_967_296);
    assert_eq!(bytes(32, 32, 128, 4096, CacheType::F16), 2_147_483_648);
    assert_eq!(bytes(32, 32, 128, 4096, CacheType::Bf16), 2_147_483_648);
    // One byte for each of 128 numbers and four for their scale.
    assert_eq!(bytes(32, 32, 128, 4096, CacheType::I8), 4_294_967_296 / 512 * 132);
    assert_eq!(bytes(usize::MAX, usize::MAX, 2, 2, CacheType::F32), u64::MAX);
}

#[test]
fn what_does_not_fit_is_named_and_changes_nothing() {
    let [model, _, llama] = models();
    let mut cache = model.new_cache(2, CacheType::I8).unwrap();
    let run = |ids: &Tensor, cache: &mut KvCache| no_grad(|| model.forward_cached(ids, cache));
    let first = run(&ids(2, 20), &mut cache).unwrap();
    let text = |r: Result<Tensor>| r.unwrap_err().to_string();
    assert!(text(run(&ids(2, 5), &mut cache)).contains("5 more after 20"));
    assert!(text(run(&ids(1, 1), &mut cache)).contains("[2, at least 1]"));
    assert!(text(run(&ids(2, 20).narrow(1, 0, 0).unwrap(), &mut cache)).contains("at least 1"));
    assert!(text(run(&Tensor::from([1_i64]), &mut cache)).contains("ids"));
    assert!(text(model.forward_cached(&ids(2, 1), &mut cache)).contains("no_grad"));
    assert!(matches!(
        run(&Tensor::from([[0_i64], [19]]), &mut cache),
        Err(Error::IndexOutOfRange { index: 19, .. })
    ));
    let other = no_grad(|| llama.forward_cached(&ids(2, 1), &mut cache));
    assert!(text(other).contains("new_cache"));
    assert_eq!(cache.len(), 20);
    cache.reset();
    assert!(run(&ids(2, 20), &mut cache).unwrap().same_values(&first));

    let mut one = model.new_cache(1, CacheType::F32).unwrap();
    let go = |cache: &mut KvCache, prompt: &[u32], n| {
        generate_cached(&*model, cache, prompt, n, &[], &mut Sampler::greedy(), |_| true)
            .unwrap_err()
            .to_string()
    };
    assert!(go(&mut one, &[], 1).contains("prompt"));
    assert!(go(&mut one, &[1], LEN).contains("24 tokens"));
    assert!(go(&mut one, &[1], usize::MAX).contains("length"));
    assert!(go(&mut cache, &[1], 1).contains("for 2 texts"));
    let shape = model.kv_shape();
    assert!(KvCache::new(shape, 0, 1, CacheType::F32).unwrap_err().to_string().contains("batch"));
    for len in [usize::MAX, usize::MAX / 4096] {
        assert!(KvCache::new(shape, 1, len, CacheType::F32).is_err());
    }
    // Each block is small, all of them are not.
    let deep = KvShape { layers: 1 << 44, ..shape };
    assert!(KvCache::new(deep, 1, 64, CacheType::F32).unwrap_err().to_string().contains("bytes"));
    let dropping = GptConfig { dropout: 0.1, ..GptConfig::new(19, 16, 1, 2, 8) };
    let dropping = Gpt::new(&dropping, &mut Rng::seed(1)).unwrap();
    let mut cache = dropping.new_cache(1, CacheType::F32).unwrap();
    let mut run = || no_grad(|| dropping.forward_cached(&ids(1, 2), &mut cache));
    assert!(run().unwrap_err().to_string().contains("train(false)"));
    dropping.train(false);
    assert!(run().is_ok());
}
