//! Published language models: tiny files in their layout, written here, against forward passes written out in loops.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor,
    io::{
        pretrained::{
            self, gpt2_config, llama_config, load, load_gpt2, load_llama, save_gpt2, save_llama,
        },
        safetensors::SafeTensors,
    },
    nn::{Module, ModuleExt},
};

type Weights = BTreeMap<String, Tensor>;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, config: &str, files: &[(&str, &Weights)]) -> Self {
        let path = std::env::temp_dir().join(format!("tinytorch-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("config.json"), config).unwrap();
        for (file, weights) in files {
            let tensors = (*weights).clone();
            SafeTensors { tensors, ..SafeTensors::default() }.write(path.join(file)).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn draw(weights: &mut Weights, rng: &mut Rng, name: String, shape: &[usize]) {
    let value = Tensor::randn(shape, DType::F32, rng).unwrap().mul_scalar(0.3).unwrap();
    weights.insert(name, value);
}

// ----------------------------------------------------------------------------------------------------------------------
// The formulas in loops over rows of doubles.

type Rows = Vec<Vec<f64>>;

fn rows(weights: &Weights, name: &str) -> Rows {
    let t = &weights[name];
    let width = *t.dims().last().unwrap();
    t.to_vec_as::<f64>().chunks(width).map(<[f64]>::to_vec).collect()
}

/// `x·W + b` with `W` as `[in, out]`: how GPT-2 stores its layers.
fn conv1d(w: &Weights, name: &str, x: &Rows) -> Rows {
    let (m, b) = (rows(w, &format!("{name}.weight")), &rows(w, &format!("{name}.bias"))[0]);
    let column = |row: &[f64], j: usize| row.iter().zip(&m).map(|(x, m)| x * m[j]).sum::<f64>();
    x.iter().map(|row| (0..b.len()).map(|j| column(row, j) + b[j]).collect()).collect()
}

/// `x·Wᵀ` with `W` as `[out, in]`.
fn linear(w: &Weights, name: &str, x: &Rows) -> Rows {
    let m = rows(w, name);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    x.iter().map(|row| m.iter().map(|m| dot(row, m)).collect()).collect()
}

fn plus(a: &Rows, b: &Rows) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

fn layer_norm(w: &Weights, name: &str, x: &Rows) -> Rows {
    let (g, b) = (&rows(w, &format!("{name}.weight"))[0], &rows(w, &format!("{name}.bias"))[0]);
    let one = |row: &Vec<f64>| {
        let n = row.len() as f64;
        let mean = row.iter().sum::<f64>() / n;
        let var = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        row.iter()
            .zip(g)
            .zip(b)
            .map(|((v, g), b)| (v - mean) / (var + 1e-5).sqrt() * g + b)
            .collect()
    };
    x.iter().map(one).collect()
}

fn rms_norm(w: &Weights, name: &str, x: &Rows) -> Rows {
    let g = &rows(w, name)[0];
    let one = |row: &Vec<f64>| {
        let square = row.iter().map(|v| v * v).sum::<f64>() / row.len() as f64;
        row.iter().zip(g).map(|(v, g)| v / (square + 1e-5).sqrt() * g).collect()
    };
    x.iter().map(one).collect()
}

/// Causal attention; head `h` of the queries uses head `h / share` of keys and values.
fn attention([q, k, v]: [&Rows; 3], d: usize, share: usize) -> Rows {
    let heads = q[0].len() / d;
    let mut out = vec![vec![0.0; heads * d]; q.len()];
    for h in 0..heads {
        let (at, kv) = (h * d, h / share * d);
        for i in 0..q.len() {
            let score = |j: usize| {
                (0..d).map(|c| q[i][at + c] * k[j][kv + c]).sum::<f64>() / (d as f64).sqrt()
            };
            let weights: Vec<f64> = (0..=i).map(|j| score(j).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (j, weight) in weights.iter().enumerate() {
                (0..d).for_each(|c| out[i][at + c] += weight / sum * v[j][kv + c]);
            }
        }
    }
    out
}

fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + ((2.0 / core::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
}

/// `x·cos + rotate_half(x)·sin`, where `rotate_half` puts the negated second half before the first.
fn rotate(x: &Rows, d: usize, base: f64) -> Rows {
    let turn = |(p, row): (usize, &Vec<f64>)| {
        let mut out = row.clone();
        for head in (0..row.len()).step_by(d) {
            for c in 0..d {
                let half = d / 2;
                let angle = p as f64 * base.powf(-((c % half) as f64) * 2.0 / d as f64);
                let other = if c < half { -row[head + c + half] } else { row[head + c - half] };
                out[head + c] = row[head + c] * angle.cos() + other * angle.sin();
            }
        }
        out
    };
    x.iter().enumerate().map(turn).collect()
}

#[track_caller]
fn agree(model: &dyn Module, ids: &[u8], want: &Rows) {
    let x = Tensor::from_slice(ids, [1, ids.len()]).unwrap().to_dtype(DType::I64).unwrap();
    let got = model.forward(&x).unwrap().to_vec_as::<f64>();
    let want = want.concat();
    assert_eq!(got.len(), want.len());
    // Two blocks of sums of a dozen numbers below 10, in f32.
    got.iter().zip(&want).for_each(|(g, w)| assert!((g - w).abs() < 2e-5, "{g} and {w}"));
}

// ----------------------------------------------------------------------------------------------------------------------
// GPT-2

const GPT2: &str = r#"{"model_type": "gpt2", "vocab_size": 11, "n_positions": 7, "n_embd": 8, "n_layer": 2,
    "n_head": 2, "n_inner": null, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "resid_pdrop": 0.1}"#;

fn gpt2_weights(prefix: &str) -> Weights {
    let (mut w, rng) = (Weights::new(), &mut Rng::seed(4));
    let mut add = |name: &str, shape: &[usize]| draw(&mut w, rng, format!("{prefix}{name}"), shape);
    add("wte.weight", &[11, 8]);
    add("wpe.weight", &[7, 8]);
    for i in 0..2 {
        for (name, n_in, n_out) in [
            ("attn.c_attn", 8, 24),
            ("attn.c_proj", 8, 8),
            ("mlp.c_fc", 8, 32),
            ("mlp.c_proj", 32, 8),
        ] {
            add(&format!("h.{i}.{name}.weight"), &[n_in, n_out]);
            add(&format!("h.{i}.{name}.bias"), &[n_out]);
        }
        for name in ["ln_1", "ln_2"] {
            add(&format!("h.{i}.{name}.weight"), &[8]);
            add(&format!("h.{i}.{name}.bias"), &[8]);
        }
        // The causal mask, which the first files hold.
        add(&format!("h.{i}.attn.bias"), &[1, 1, 7, 7]);
    }
    add("ln_f.weight", &[8]);
    add("ln_f.bias", &[8]);
    w
}

fn gpt2_by_hand(w: &Weights, prefix: &str, head: &str, ids: &[u8]) -> Rows {
    let p = |name: &str| format!("{prefix}{name}");
    let (tokens, positions) = (rows(w, &p("wte.weight")), rows(w, &p("wpe.weight")));
    let embed = ids.iter().zip(&positions).map(|(&id, p)| {
        tokens[usize::from(id)].iter().zip(p).map(|(t, p)| t + p).collect::<Vec<f64>>()
    });
    let mut x: Rows = embed.collect();
    for i in 0..2 {
        let name = |what: &str| p(&format!("h.{i}.{what}"));
        let qkv = conv1d(w, &name("attn.c_attn"), &layer_norm(w, &name("ln_1"), &x));
        let [q, k, v] =
            [0, 8, 16].map(|at| qkv.iter().map(|r| r[at..at + 8].to_vec()).collect::<Rows>());
        x = plus(&x, &conv1d(w, &name("attn.c_proj"), &attention([&q, &k, &v], 4, 1)));
        let hidden = conv1d(w, &name("mlp.c_fc"), &layer_norm(w, &name("ln_2"), &x));
        let hidden = hidden.iter().map(|r| r.iter().map(|&v| gelu(v)).collect()).collect();
        x = plus(&x, &conv1d(w, &name("mlp.c_proj"), &hidden));
    }
    linear(w, head, &layer_norm(w, &p("ln_f"), &x))
}

#[test]
fn gpt2_files_compute_what_the_formulas_say() {
    let ids = [3, 0, 10, 7, 7];
    for prefix in ["", "transformer."] {
        let mut weights = gpt2_weights(prefix);
        let table = format!("{prefix}wte.weight");
        let want = gpt2_by_hand(&weights, prefix, &table, &ids);
        let folder = Folder::new("gpt2", GPT2, &[("model.safetensors", &weights)]);
        let model = load_gpt2(&folder.0).unwrap();
        assert!(model.config().tied_head && model.config().dropout == 0.0);
        agree(&model, &ids, &want);
        // A copy of the table under the name of the output layer is the same model; another matrix is not.
        weights.insert("lm_head.weight".to_owned(), weights[&table].clone());
        let folder = Folder::new("gpt2-copy", GPT2, &[("model.safetensors", &weights)]);
        agree(&load_gpt2(&folder.0).unwrap(), &ids, &want);
        draw(&mut weights, &mut Rng::seed(5), "lm_head.weight".to_owned(), &[11, 8]);
        let folder = Folder::new("gpt2-other", GPT2, &[("model.safetensors", &weights)]);
        let error = load_gpt2(&folder.0).unwrap_err();
        assert!(error.to_string().contains("tie_word_embeddings"), "{error}");
        let own = GPT2.replace("\"n_layer\"", "\"tie_word_embeddings\": false, \"n_layer\"");
        let folder = Folder::new("gpt2-own", &own, &[("model.safetensors", &weights)]);
        let want = gpt2_by_hand(&weights, prefix, "lm_head.weight", &ids);
        agree(&load_gpt2(&folder.0).unwrap(), &ids, &want);
    }
}

// ----------------------------------------------------------------------------------------------------------------------
// Llama

const LLAMA: &str = r#"{"model_type": "llama", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 12, "max_position_embeddings": 9,
    "rms_norm_eps": 1e-5, "rope_theta": 500.0, "hidden_act": "silu", "rope_scaling": null}"#;

fn llama_weights() -> Weights {
    let (mut w, rng) = (Weights::new(), &mut Rng::seed(6));
    let mut add = |name: &str, shape: &[usize]| draw(&mut w, rng, name.to_owned(), shape);
    add("model.embed_tokens.weight", &[11, 8]);
    for i in 0..2 {
        for (name, shape) in [
            ("self_attn.q_proj", vec![8, 8]),
            ("self_attn.k_proj", vec![4, 8]),
            ("self_attn.v_proj", vec![4, 8]),
            ("self_attn.o_proj", vec![8, 8]),
            ("mlp.gate_proj", vec![12, 8]),
            ("mlp.up_proj", vec![12, 8]),
            ("mlp.down_proj", vec![8, 12]),
            ("input_layernorm", vec![8]),
            ("post_attention_layernorm", vec![8]),
        ] {
            add(&format!("model.layers.{i}.{name}.weight"), &shape);
        }
        add(&format!("model.layers.{i}.self_attn.rotary_emb.inv_freq"), &[1]);
    }
    add("model.norm.weight", &[8]);
    add("lm_head.weight", &[11, 8]);
    w
}

fn llama_by_hand(w: &Weights, head: &str, ids: &[u8]) -> Rows {
    let tokens = rows(w, "model.embed_tokens.weight");
    let mut x: Rows = ids.iter().map(|&id| tokens[usize::from(id)].clone()).collect();
    for i in 0..2 {
        let name = |what: &str| format!("model.layers.{i}.{what}.weight");
        let y = rms_norm(w, &name("input_layernorm"), &x);
        let [q, k, v] = ["q_proj", "k_proj", "v_proj"]
            .map(|part| linear(w, &name(&format!("self_attn.{part}")), &y));
        let (q, k) = (rotate(&q, 2, 500.0), rotate(&k, 2, 500.0));
        x = plus(&x, &linear(w, &name("self_attn.o_proj"), &attention([&q, &k, &v], 2, 2)));
        let y = rms_norm(w, &name("post_attention_layernorm"), &x);
        let (gate, up) =
            (linear(w, &name("mlp.gate_proj"), &y), linear(w, &name("mlp.up_proj"), &y));
        let silu = |g: f64| g / (1.0 + (-g).exp());
        let both = |(g, u): (&Vec<f64>, &Vec<f64>)| {
            g.iter().zip(u).map(|(&g, u)| silu(g) * u).collect::<Vec<f64>>()
        };
        let hidden: Rows = gate.iter().zip(&up).map(both).collect();
        x = plus(&x, &linear(w, &name("mlp.down_proj"), &hidden));
    }
    linear(w, head, &rms_norm(w, "model.norm.weight", &x))
}

#[test]
fn llama_files_compute_what_the_formulas_say_also_in_parts_and_halves() {
    let ids = [3, 0, 10, 7, 7, 1];
    let weights = llama_weights();
    let want = llama_by_hand(&weights, "lm_head.weight", &ids);
    let folder = Folder::new("llama", LLAMA, &[("model.safetensors", &weights)]);
    let model = load_llama(&folder.0).unwrap();
    agree(&model, &ids, &want);

    let (mut first, mut second) = (weights.clone(), Weights::new());
    for name in ["model.layers.1.mlp.up_proj.weight", "lm_head.weight"] {
        second.insert(name.to_owned(), first.remove(name).unwrap());
    }
    let folder =
        Folder::new("llama-parts", LLAMA, &[("a.safetensors", &first), ("b.safetensors", &second)]);
    let file =
        |name: &String| if second.contains_key(name) { "b.safetensors" } else { "a.safetensors" };
    let map: Vec<String> = weights.keys().map(|n| format!("{n:?}: {:?}", file(n))).collect();
    let list = format!("{{\"weight_map\": {{{}}}}}", map.join(", "));
    let list_path = folder.0.join("model.safetensors.index.json");
    fs::write(&list_path, &list).unwrap();
    agree(&load_llama(&folder.0).unwrap(), &ids, &want);
    for bad in [list.replace("a.safe", "../a.safe"), "{}".to_owned(), "[".to_owned()] {
        fs::write(&list_path, bad).unwrap();
        assert!(matches!(load_llama(&folder.0), Err(Error::Format { .. })));
    }

    // Weights of 16 bits are those numbers, widened.
    let cast = |t: &Tensor, dtype| t.to_dtype(dtype).unwrap();
    let short: Weights = weights.iter().map(|(n, t)| (n.clone(), cast(t, DType::BF16))).collect();
    let rounded: Weights = short.iter().map(|(n, t)| (n.clone(), cast(t, DType::F32))).collect();
    let folder = Folder::new("llama-bf16", LLAMA, &[("model.safetensors", &short)]);
    let model = load_llama(&folder.0).unwrap();
    assert!(model.parameters().iter().all(|p| p.dtype() == DType::F32));
    agree(&model, &ids, &llama_by_hand(&rounded, "lm_head.weight", &ids));

    let mut tied = weights;
    tied.remove("lm_head.weight");
    let config = LLAMA.replace("\"hidden_act\"", "\"tie_word_embeddings\": true, \"hidden_act\"");
    let folder = Folder::new("llama-tied", &config, &[("model.safetensors", &tied)]);
    let want = llama_by_hand(&tied, "model.embed_tokens.weight", &ids);
    agree(&load_llama(&folder.0).unwrap(), &ids, &want);
}

// ----------------------------------------------------------------------------------------------------------------------
// What does not fit

/// Loads both models with one change to their weights.
fn changed(change: impl Fn(&mut Weights, &str)) -> [Error; 2] {
    let (mut gpt2, mut llama) = (gpt2_weights(""), llama_weights());
    change(&mut gpt2, "h.1.mlp.c_fc.weight");
    change(&mut llama, "model.layers.1.mlp.up_proj.weight");
    let folders = [
        Folder::new("changed-gpt2", GPT2, &[("model.safetensors", &gpt2)]),
        Folder::new("changed-llama", LLAMA, &[("model.safetensors", &llama)]),
    ];
    let unwrap = |path: &Path, load: fn(&Path) -> Result<()>| load(path).unwrap_err();
    [
        unwrap(&folders[0].0, |path| load_gpt2(path).map(drop)),
        unwrap(&folders[1].0, |path| load_llama(path).map(drop)),
    ]
}

#[test]
fn tensors_that_are_missing_left_over_or_misshaped_are_named() {
    for error in changed(|w, name| drop(w.remove(name))) {
        assert!(
            matches!(&error, Error::MissingParameter { name } if name.contains(".1.mlp.")),
            "{error}"
        );
    }
    for error in changed(|w, _| draw(w, &mut Rng::seed(1), "h.2.extra".to_owned(), &[1])) {
        assert!(
            matches!(&error, Error::UnexpectedParameter { name } if name == "h.2.extra"),
            "{error}"
        );
    }
    for error in changed(|w, name| draw(w, &mut Rng::seed(1), name.to_owned(), &[8, 8])) {
        assert!(
            matches!(error, Error::ShapeMismatch { .. }) && error.to_string().contains(".1.mlp."),
            "{error}"
        );
    }
    for error in
        changed(|w, name| drop(w.insert(name.to_owned(), w[name].to_dtype(DType::I64).unwrap())))
    {
        assert!(matches!(error, Error::DTypeUnsupported { .. }), "{error}");
    }
    // Sizes far beyond the file are refused before anything is made for them.
    let huge = GPT2.replace("\"vocab_size\": 11", "\"vocab_size\": 1099511627776");
    let folder = Folder::new("huge", &huge, &[("model.safetensors", &gpt2_weights(""))]);
    assert!(matches!(load_gpt2(&folder.0), Err(Error::ShapeMismatch { .. })));
    let deep = LLAMA.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1099511627776");
    let folder = Folder::new("deep", &deep, &[("model.safetensors", &llama_weights())]);
    assert!(matches!(load_llama(&folder.0), Err(Error::MissingParameter { .. })));
    let empty = Folder::new("empty", GPT2, &[]);
    assert!(matches!(load_gpt2(&empty.0), Err(Error::Io { .. })));
    assert!(matches!(load_gpt2(empty.0.join("nowhere")), Err(Error::Io { .. })));
}

#[test]
fn configurations_that_ask_for_more_are_refused() {
    let gpt2 = |from: &str, to: &str| gpt2_config(&GPT2.replace(from, to)).unwrap_err().to_string();
    assert!(gpt2("gelu_new", "relu").contains("activation_function"));
    assert!(gpt2("\"n_inner\": null", "\"n_inner\": 16").contains("n_inner"));
    assert!(gpt2("\"n_embd\": 8, ", "").contains("there is no n_embd"));
    assert!(gpt2("\"n_head\": 2", "\"n_head\": 0").contains("n_head is 0"));
    assert!(gpt2("\"gpt2\"", "\"bert\"").contains("model_type"));
    assert!(gpt2("1e-5", "\"small\"").contains("layer_norm_epsilon"));
    assert!(
        gpt2("\"n_inner\": null", "\"scale_attn_by_inverse_layer_idx\": true").contains("inverse")
    );
    let llama =
        |from: &str, to: &str| llama_config(&LLAMA.replace(from, to)).unwrap_err().to_string();
    assert!(
        llama("\"rope_scaling\": null", "\"rope_scaling\": {\"factor\": 8.0}")
            .contains("rope_scaling")
    );
    assert!(llama("\"hidden_act\"", "\"head_dim\": 16, \"hidden_act\"").contains("head_dim"));
    assert!(
        llama("\"hidden_act\"", "\"attention_bias\": true, \"hidden_act\"")
            .contains("attention_bias")
    );
    assert!(llama("silu", "gelu").contains("hidden_act"));
    assert!(llama("500.0", "-1").contains("rope_theta"));
    for text in ["", "[]", "{", "{\"hidden_size\": 1e99}"] {
        assert!(matches!(llama_config(text), Err(Error::Format { .. })), "{text}");
    }
    // The newer place of the base, and heads that are not shared unless said.
    let new = LLAMA.replace(
        "\"rope_theta\": 500.0",
        "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 7.0}",
    );
    let config = llama_config(&new.replace("\"num_key_value_heads\": 2, ", "")).unwrap();
    assert!(config.rope_base == 7.0 && config.kv_heads == 4);
    assert!(llama_config(&new.replace("default", "yarn")).is_err());
}

// ----------------------------------------------------------------------------------------------------------------------
// Writing

/// What is written has the names, shapes and values of the file that was read: the layout is the published one.
#[test]
fn written_files_are_those_that_were_read() {
    for (name, config, weights) in [
        ("write-gpt2", GPT2.to_owned(), gpt2_weights("transformer.")),
        ("write-llama", LLAMA.to_owned(), llama_weights()),
    ] {
        let folder = Folder::new(name, &config, &[("model.safetensors", &weights)]);
        let again = Folder::new(&format!("{name}-again"), "", &[]);
        let model = load(&folder.0).unwrap();
        assert!(name.ends_with(model.architecture()) && model.vocab() == 11);
        let save = |dtype| match &model {
            pretrained::Pretrained::Gpt2(model) => save_gpt2(model, &again.0, dtype),
            pretrained::Pretrained::Llama(model) => save_llama(model, &again.0, dtype),
        };
        save(DType::F32).unwrap();
        let written = SafeTensors::read(again.0.join("model.safetensors")).unwrap();
        // Masks and frequencies, which the model does not need, are not written.
        let spare = |n: &str| n.ends_with(".attn.bias") || n.ends_with("inv_freq");
        let wanted: Vec<&String> = weights.keys().filter(|n| !spare(n)).collect();
        assert!(written.tensors.keys().eq(wanted.iter().copied()));
        assert!(wanted.iter().all(|n| written.tensors[*n].same_values(&weights[*n])));
        let ids = Tensor::from([[3_i64, 0, 10, 7]]);
        let scores = |path: &Path| load(path).unwrap().model().forward(&ids).unwrap();
        assert!(scores(&again.0).same_values(&scores(&folder.0)));
        // Half the bytes for half the digits.
        save(DType::BF16).unwrap();
        let [short, long] = [scores(&again.0), scores(&folder.0)].map(|t| t.to_vec_as::<f64>());
        let apart = short.iter().zip(&long).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart > 0.0 && apart < 0.2, "{apart}");
        assert!(matches!(save(DType::I64), Err(Error::DTypeUnsupported { .. })));
    }
    let bert = Folder::new("bert", "{\"model_type\": \"bert\"}", &[]);
    let error = load(&bert.0).unwrap_err();
    assert!(matches!(error, Error::Format { .. }) && error.to_string().contains("bert"), "{error}");
    let none = Folder::new("typeless", "{}", &[]);
    assert!(matches!(load(&none.0), Err(Error::Format { .. })));
}
