//! The published name and shape of every tensor, and the parameters that it becomes.

use crate::nn::{GptConfig, LlamaConfig};

/// A tensor of a file.
pub(super) struct Entry {
    /// Its published name.
    pub(super) name: String,
    /// Its shape in the file.
    pub(super) shape: Vec<usize>,
    /// Stored as `[in, out]`.
    pub(super) transposed: bool,
    /// The parameters that it becomes, each an equal share of the rows.
    pub(super) params: Vec<String>,
}

impl Entry {
    fn new(name: String, shape: &[usize], param: String) -> Self {
        Self { name, shape: shape.to_vec(), transposed: false, params: vec![param] }
    }
}

/// The tensors of a GPT-2 model, whose names begin with `prefix`.
pub(super) fn gpt2_entries<'a>(
    config: &'a GptConfig,
    prefix: &'a str,
) -> impl Iterator<Item = Entry> + 'a {
    let &GptConfig { vocab, width: d, layers, max_len, .. } = config;
    let outer = |name: &str, shape: &[usize], param: &str| {
        Entry::new(format!("{prefix}{name}"), shape, param.to_owned())
    };
    let first = [
        outer("wte.weight", &[vocab, d], "tok_emb.weight"),
        outer("wpe.weight", &[max_len, d], "pos_emb.weight"),
    ];
    let last = [outer("ln_f.weight", &[d], "ln_f.weight"), outer("ln_f.bias", &[d], "ln_f.bias")];
    let head = Entry::new(super::HEAD.to_owned(), &[vocab, d], "head.weight".to_owned());
    let head = (!config.tied_head).then_some(head);
    let blocks = (0..layers).flat_map(move |i| gpt2_block(i, d, prefix));
    first.into_iter().chain(blocks).chain(last).chain(head)
}

fn gpt2_block(i: usize, d: usize, prefix: &str) -> Vec<Entry> {
    let (d3, d4) = (d.saturating_mul(3), d.saturating_mul(4));
    let named = |name: &str| format!("{prefix}h.{i}.{name}");
    let ours = |name: &str| format!("blocks.{i}.{name}");
    let mut entries = Vec::new();
    for (theirs, norm) in [("ln_1", "ln1"), ("ln_2", "ln2")] {
        for what in ["weight", "bias"] {
            let name = named(&format!("{theirs}.{what}"));
            entries.push(Entry::new(name, &[d], ours(&format!("{norm}.{what}"))));
        }
    }
    let qkv: &[&str] = &["attn.q_proj", "attn.k_proj", "attn.v_proj"];
    let matrices = [
        ("attn.c_attn", [d, d3], qkv),
        ("attn.c_proj", [d, d], &["attn.out_proj"]),
        ("mlp.c_fc", [d, d4], &["mlp.fc1"]),
        ("mlp.c_proj", [d4, d], &["mlp.fc2"]),
    ];
    for (theirs, shape, layers) in matrices {
        let params = |what: &str| layers.iter().map(|l| ours(&format!("{l}.{what}"))).collect();
        entries.push(Entry {
            name: named(&format!("{theirs}.weight")),
            shape: shape.to_vec(),
            transposed: true,
            params: params("weight"),
        });
        entries.push(Entry {
            name: named(&format!("{theirs}.bias")),
            shape: vec![shape[1]],
            transposed: false,
            params: params("bias"),
        });
    }
    entries
}

/// The tensors of a Llama model.
pub(super) fn llama_entries(config: &LlamaConfig) -> impl Iterator<Item = Entry> + '_ {
    let &LlamaConfig { vocab, width, layers, .. } = config;
    let outer = |name: &str, shape: &[usize], param: &str| {
        Entry::new(name.to_owned(), shape, param.to_owned())
    };
    let first = outer("model.embed_tokens.weight", &[vocab, width], "tok_emb.weight");
    let last = outer("model.norm.weight", &[width], "norm_f.weight");
    let head = (!config.tied_head).then(|| outer(super::HEAD, &[vocab, width], "head.weight"));
    let blocks = (0..layers).flat_map(move |i| llama_block(i, config));
    [first].into_iter().chain(blocks).chain([last]).chain(head)
}

fn llama_block(i: usize, config: &LlamaConfig) -> [Entry; 9] {
    let &LlamaConfig { width: d, heads, kv_heads, hidden, .. } = config;
    let shared = (d / heads.max(1)).saturating_mul(kv_heads);
    let entry = |theirs: &str, shape: &[usize], ours: &str| {
        let (name, param) = (format!("model.layers.{i}.{theirs}"), format!("blocks.{i}.{ours}"));
        Entry::new(format!("{name}.weight"), shape, format!("{param}.weight"))
    };
    [
        entry("input_layernorm", &[d], "norm1"),
        entry("self_attn.q_proj", &[d, d], "attn.q_proj"),
        entry("self_attn.k_proj", &[shared, d], "attn.k_proj"),
        entry("self_attn.v_proj", &[shared, d], "attn.v_proj"),
        entry("self_attn.o_proj", &[d, d], "attn.out_proj"),
        entry("post_attention_layernorm", &[d], "norm2"),
        entry("mlp.gate_proj", &[hidden, d], "mlp.gate"),
        entry("mlp.up_proj", &[hidden, d], "mlp.up"),
        entry("mlp.down_proj", &[d, hidden], "mlp.down"),
    ]
}
