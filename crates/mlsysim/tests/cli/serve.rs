//! `mlsysim serve`: text, JSON, a model that does not fit, mistakes.

use super::{check, mlsysim, refused};
use expect_test::expect;

#[test]
fn a_batch_of_requests() {
    check(
        &["serve", "llama3_8b", "h100", "--batch", "8"],
        0,
        &expect![[r#"
        Llama 3 8B, batch 8, on NVIDIA H100 SXM5 80 GB, fp16

        time to first token   550.3 ms  reading the prompts of the batch
        time between tokens   6.958 ms  limited by memory
        tokens per second     1150      the whole batch, decoding
        passes over a prompt  1
        longest pass          550.3 ms  decoding beside it stands still so long
        weights               16.06 GB
        keys and values       2.147 GB  when the answers end
        memory                18.21 GB  21.2 % of it, fits
    "#]],
    );
}

#[test]
fn the_numbers_agree_with_the_library() {
    use mlsysim::registry::Registry;
    use mlsysim::resolve::serving::{Serve, serving};
    let run =
        mlsysim(&["serve", "llama3_8b", "a100", "-b", "4", "-s", "1000", "-e", "0.4", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let zoo = Registry::shipped();
    let request = Serve { batch: 4, efficiency: 0.4, ..Serve::new(1000) };
    let (model, machine) =
        (zoo.model("llama3_8b").expect("known"), zoo.hardware("a100").expect("known"));
    let out = serving(model, machine, &request, mlsysim::Convention::Reference).expect("served");
    assert_eq!(json["schema"], "mlsysim.serve/1");
    assert_eq!(
        (json["ttft_s"].as_f64(), json["itl_s"].as_f64()),
        (Some(out.ttft.0), Some(out.itl.0))
    );
    assert_eq!(json["tokens_per_s"].as_f64(), Some(4.0 / out.itl.0));
}

#[test]
fn what_does_not_fit_is_a_negative_answer() {
    let run = mlsysim(&["serve", "llama3_70b", "a100"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("does not fit") && run.err.contains("does not fit"), "{}", run.out);
}

#[test]
fn mistakes_are_told_together() {
    refused(
        &["serve", "lama3_8b", "h1000"],
        &expect![[r#"
            mlsysim: unknown model `lama3_8b`; did you mean llama3_8b?
            unknown hardware `h1000`; did you mean h100?
        "#]],
    );
    refused(
        &["serve", "resnet50", "h100"],
        &expect![[r#"
        mlsysim: ResNet-50, 224 pixels: a cache of keys and values that grows token by token is not recorded; ask about a decoder
    "#]],
    );
}
