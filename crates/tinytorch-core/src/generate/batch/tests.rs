//! A batch against each of its texts alone.

use super::*;
use crate::{
    Rng,
    generate::{Sampling, generate},
    nn::{Gpt, GptConfig, Llama, LlamaConfig, Module, Visitor},
};

fn models() -> [Box<dyn LanguageModel>; 3] {
    let rng = &mut Rng::seed(7);
    let llama = LlamaConfig {
        vocab: 12,
        width: 16,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        hidden: 24,
        max_len: 80,
        rope_base: 10_000.0,
        norm_eps: 1e-6,
        tied_head: true,
    };
    let gpt = || GptConfig::new(12, 16, 2, 4, 80);
    [
        Box::new(Gpt::new(&gpt(), rng).unwrap()),
        Box::new(Llama::new(&llama, rng).unwrap()),
        Box::new(Plain(Gpt::new(&gpt(), rng).unwrap())),
    ]
}

/// A model that knows nothing of padding.
struct Plain(Gpt);

impl Module for Plain {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.0.forward(ids)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }

    fn name(&self) -> &'static str {
        "Plain"
    }
}

impl LanguageModel for Plain {
    fn max_len(&self) -> usize {
        self.0.max_len()
    }
}

/// Prompts of several lengths; the longest does not fit into one tile of attention.
fn prompts() -> Vec<Vec<u32>> {
    [1, 66, 3, 3, 20].iter().map(|&n| (0..n).map(|i| (i * 7 + n) % 12).collect()).collect()
}

#[test]
fn padded_scores_are_those_of_each_row_alone() {
    for model in models() {
        let prompts = prompts();
        let pads: Vec<usize> = prompts.iter().map(|p| 66 - p.len()).collect();
        let ids: Vec<i64> = prompts
            .iter()
            .zip(&pads)
            // What fills the rows must not matter.
            .flat_map(|(p, &pad)| {
                core::iter::repeat_n(5, pad).chain(p.iter().map(|&t| i64::from(t)))
            })
            .collect();
        let ids = Tensor::from_vec(ids, [prompts.len(), 66]).unwrap();
        let all = model.forward_padded(&ids, &pads).unwrap();
        assert_eq!(all.dims(), [prompts.len(), 66, 12]);
        for (row, (prompt, &pad)) in prompts.iter().zip(&pads).enumerate() {
            let alone: Vec<i64> = prompt.iter().map(|&t| i64::from(t)).collect();
            let alone = Tensor::from_vec(alone, [1, prompt.len()]).unwrap();
            let want = model.forward(&alone).unwrap().to_vec_as::<f64>();
            let got = all.narrow(0, row, 1).unwrap().narrow(1, pad, prompt.len()).unwrap();
            // Scores of size 1 after two blocks, sums in another order: some ten roundings of f32.
            for (g, w) in got.to_vec_as::<f64>().iter().zip(&want) {
                assert!((g - w).abs() < 1e-5, "{}: {g} and {w}", model.name());
            }
        }
        for bad in [&pads[1..], &[66; 5]] {
            let error = model.forward_padded(&ids, bad).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { name: "pads", .. }), "{error}");
        }
    }
}

#[test]
fn each_text_goes_on_as_it_would_alone() {
    for model in models() {
        let how = |row: u64| match row % 2 {
            0 => Sampler::greedy(),
            _ => Sampler::new(Sampling { temperature: 1.5, ..Sampling::default() }, row).unwrap(),
        };
        let prompts = prompts();
        let stops: [&[u32]; 5] = [&[], &[3], &[0, 1, 2, 4], &[], &[7]];
        let lengths = [14, 9, 12, 0, 5];
        let mut requests: Vec<Request<'_>> = (0..5)
            .map(|row| Request {
                prompt: &prompts[row],
                max_new: lengths[row],
                stop: stops[row],
                sampler: how(row as u64),
            })
            .collect();
        let mut seen = vec![Vec::new(); 5];
        let most = [usize::MAX, usize::MAX, usize::MAX, usize::MAX, 3];
        let new = generate_batch(&*model, &mut requests, |row, token| {
            seen[row].push(token);
            seen[row].len() < most[row]
        })
        .unwrap();
        assert_eq!(new, seen);
        for row in 0..5 {
            let mut count = 0;
            let alone = generate(
                &*model,
                &prompts[row],
                lengths[row],
                stops[row],
                &mut how(row as u64),
                |_| {
                    count += 1;
                    count < most[row]
                },
            );
            assert_eq!(new[row], alone.unwrap(), "{} {row}", model.name());
        }
        assert!(new[3].is_empty() && new[0].len() == 14);
    }
}

#[test]
fn requests_that_cannot_be_served_are_numbered() {
    let [model, ..] = models();
    let run = |prompts: [&[u32]; 2], max_new| {
        let request = |prompt| Request { prompt, max_new, stop: &[], sampler: Sampler::greedy() };
        generate_batch(&*model, &mut prompts.map(request), |_, _| panic!("nothing is drawn"))
    };
    for (prompts, max_new, name) in
        [([&[1][..], &[]], 1, "prompt"), ([&[1], &[2; 10]], 71, "length")]
    {
        let error = run(prompts, max_new).unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument { name: found, .. } if *found == name));
        assert!(error.to_string().contains("in request 1"), "{error}");
    }
    assert!(matches!(run([&[1], &[12]], 1), Err(Error::IndexOutOfRange { .. })));
    assert!(generate_batch(&*model, &mut [], |_, _| true).unwrap().is_empty());
}
