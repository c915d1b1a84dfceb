//! Counts against the numbers that the makers' own checkpoints have.

use super::*;
use crate::convention::Convention;
use crate::precision::Precision;
use crate::units::{Bytes, Params};
use alloc::string::ToString;

/// A configuration file, and the parameters of the checkpoint it belongs to.
const FILES: [(&str, f64); 12] = [
    (
        r#"{"model_type": "llama", "num_hidden_layers": 80, "hidden_size": 8192, "num_attention_heads": 64,
        "num_key_value_heads": 8, "intermediate_size": 28672, "vocab_size": 128256, "tie_word_embeddings": false,
        "attention_bias": false, "mlp_bias": false, "rope_scaling": null}"#,
        70_553_706_496.0,
    ),
    (
        // Llama 3.2 1B: tied embeddings.
        r#"{"model_type": "llama", "num_hidden_layers": 16, "hidden_size": 2048, "num_attention_heads": 32,
        "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 8192, "vocab_size": 128256,
        "tie_word_embeddings": true}"#,
        1_235_814_400.0,
    ),
    (
        r#"{"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096, "num_attention_heads": 32,
        "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151936,
        "tie_word_embeddings": false, "sliding_window": null, "use_sliding_window": false}"#,
        8_190_735_360.0,
    ),
    (
        r#"{"model_type": "qwen3_moe", "num_hidden_layers": 48, "hidden_size": 2048, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768,
        "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936, "tie_word_embeddings": false}"#,
        30_532_122_624.0,
    ),
    (
        // Qwen2.5 7B: biases of queries, keys and values.
        r#"{"model_type": "qwen2", "num_hidden_layers": 28, "hidden_size": 3584, "num_attention_heads": 28,
        "num_key_value_heads": 4, "intermediate_size": 18944, "vocab_size": 152064, "tie_word_embeddings": false,
        "sliding_window": 131072, "use_sliding_window": false}"#,
        7_615_616_512.0,
    ),
    (
        r#"{"model_type": "gpt_oss", "num_hidden_layers": 24, "hidden_size": 2880, "num_attention_heads": 64,
        "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 2880, "num_local_experts": 32,
        "num_experts_per_tok": 4, "vocab_size": 201088, "sliding_window": 128, "attention_bias": true}"#,
        20_914_757_184.0,
    ),
    (
        r#"{"model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168, "num_attention_heads": 128,
        "num_key_value_heads": 128, "intermediate_size": 18432, "moe_intermediate_size": 2048,
        "n_routed_experts": 256, "num_experts_per_tok": 8, "n_shared_experts": 1, "first_k_dense_replace": 3,
        "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128,
        "v_head_dim": 128, "vocab_size": 129280}"#,
        671_026_419_200.0,
    ),
    (
        r#"{"model_type": "mixtral", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "num_local_experts": 8, "num_experts_per_tok": 2,
        "vocab_size": 32000, "sliding_window": null}"#,
        46_702_792_704.0,
    ),
    (
        r#"{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
        "vocab_size": 50257, "n_inner": null}"#,
        124_439_808.0,
    ),
    (
        r#"{"model_type": "gpt_neox", "num_hidden_layers": 6, "hidden_size": 512, "num_attention_heads": 8,
        "intermediate_size": 2048, "vocab_size": 50304, "tie_word_embeddings": false}"#,
        70_426_624.0,
    ),
    (
        r#"{"model_type": "opt", "num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12,
        "ffn_dim": 3072, "vocab_size": 50272, "max_position_embeddings": 2048}"#,
        125_239_296.0,
    ),
    (
        r#"{"model_type": "mpt", "n_layers": 32, "d_model": 4096, "n_heads": 32, "expansion_ratio": 4,
        "max_seq_len": 2048, "no_bias": true, "vocab_size": 50432}"#,
        6_649_286_656.0,
    ),
];

#[test]
fn every_checkpoint_is_counted_to_the_last_parameter() {
    for (text, parameters) in FILES {
        let model = Model::from_hugging_face("m", text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(model.parameters, Some(Params(parameters)), "{text}");
    }
}

#[test]
fn windows_and_latent_vectors_shape_the_cache() {
    let cache = |text: &str, tokens| {
        let model = Model::from_hugging_face("m", text).unwrap();
        model.kv_cache(tokens, 1, Precision::Bf16, Convention::Reference).unwrap()
    };
    // gpt-oss-20b: 12 of 24 layers keep 128 tokens of 2 × 8 × 64 × 2 bytes.
    assert_eq!(cache(FILES[5].0, 1000), Bytes(2048.0 * (12.0 * 1000.0 + 12.0 * 128.0)));
    // DeepSeek-V3: 61 × (512 + 64) × 2.
    assert_eq!(cache(FILES[6].0, 1), Bytes(70_272.0));
    // Qwen2.5 names a window that it does not use: 2 × 28 × 4 × 128 × 2 a token.
    assert_eq!(cache(FILES[4].0, 200_000), Bytes(57_344.0 * 200_000.0));
}

#[test]
fn all_missing_keys_are_named_at_once() {
    let error = Model::from_hugging_face("m", r#"{"model_type": "llama", "vocab_size": "many"}"#);
    let text = error.unwrap_err().to_string();
    for part in [
        "m/config.json:1:1: needs num_hidden_layers or n_layer",
        "needs hidden_size",
        "needs num_attention_heads",
        "needs intermediate_size",
        "vocab_size: expected a whole number of at least 1, got \"many\"",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn strange_files_are_refused() {
    for (text, part) in [
        ("{", "m/config.json:1:"),
        ("[]", "expected an object"),
        ("{}", "needs model_type"),
        (r#"{"model_type": "bert"}"#, "`bert` is not known; known are llama, mistral"),
        (r#"{"model_type": "llama", "num_hidden_layers": -1}"#, "got -1"),
        (r#"{"model_type": "llama", "num_hidden_layers": 1e99}"#, "num_hidden_layers: expected"),
    ] {
        let error = Model::from_hugging_face("m", text).unwrap_err().to_string();
        assert!(error.contains(part), "{part} is missing in {error}");
    }
    let uneven = FILES[0].0.replace("8192", "8191").replace("\"num_key", "\"x");
    let error = Model::from_hugging_face("m", &uneven).unwrap_err().to_string();
    assert!(error.contains("64 heads do not divide the width 8191"), "{error}");
}
