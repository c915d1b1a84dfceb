//! `explain`, `compare`, `diff` and `completions`.

use super::{check, mlsysim, refused};
use expect_test::expect;

#[test]
fn an_equation_as_a_derivation() {
    check(
        &[
            "explain",
            "memory.step_time",
            "bytes_moved=16 GB",
            "bandwidth=2 TB/s",
            "memory_efficiency=80 %",
        ],
        0,
        &expect![[r#"
            How long does one step take if memory traffic alone limits it?
            T_m = V / (BW × η_m)
            Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)

            Given
              V    = 16 GB   bytes moved        [1]
              BW   = 2 TB/s  bandwidth          [1]
              η_m  = 0.8     memory efficiency  [1]

            Then
              1. BW·η_m = BW × η_m   (sustained bandwidth) [2]
                        = 2 TB/s × 0.8
                        = 1.6 TB/s
              2. T_m = V / BW·η_m   (memory time) [2]
                     = 16 GB / 1.6 TB/s
                     = 10 ms

            Sources
              [1] assumed: given by the caller
              [2] computed: Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)
        "#]],
    );
}

#[test]
fn a_wall_and_a_step_are_explained() {
    let wall = mlsysim(&["explain", "2"]);
    assert_eq!((wall.code, wall.err.as_str()), (0, ""));
    assert_eq!(wall.out, mlsysim(&["walls", "2", "--explain"]).out);
    let step = mlsysim(&["explain", "--hardware", "h100", "--model", "llama3_8b", "--batch", "8"]);
    assert_eq!((step.code, step.err.as_str()), (0, ""));
    for part in
        ["Given\n", "Then\n", "Sources\n", "limited by", "KV = 2 × L × H_kv × d_h × S × B × b"]
    {
        assert!(step.out.contains(part), "{part} is missing in\n{}", step.out);
    }
    let json = mlsysim(&["explain", "--hardware", "h100", "--model", "gpt2", "-o", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["schema"], "mlsysim.explain/1");
    refused(
        &["explain"],
        &expect![[r#"
        mlsysim: name a wall (1 to 22), an equation with its inputs, or --hardware and --model
    "#]],
    );
    refused(
        &["explain", "2", "-o", "csv"],
        &expect![[r#"
        mlsysim: explain has no output `csv`; try `-o text` or `-o json`
    "#]],
    );
    refused(
        &["explain", "23"],
        &expect![[r#"
        mlsysim: there is no wall 23: they are numbered 1 to 22
    "#]],
    );
}

#[test]
fn two_machines_side_by_side() {
    check(
        &["compare", "--hardware", "a100,h100", "--model", "llama3_8b", "--batch", "8"],
        0,
        &expect![[r#"
            A: Llama 3 8B, batch 8 on NVIDIA A100 SXM 80 GB, fp16
            B: Llama 3 8B, batch 8 on NVIDIA H100 SXM5 80 GB, fp16

                                  A                 B                 B / A
            time                  11.23 ms          6.958 ms          0.6199
            compute_time          878.7 us          277.2 us          0.3155
            memory_time           10.89 ms          6.628 ms          0.6087
            overhead              335 us            330 us            0.9851
            throughput            712.7 Hz          1.15 kHz          1.613
            arithmetic_intensity  7.528 FLOP/B      7.528 FLOP/B      1
            ridge_point           93.3 FLOP/B       180 FLOP/B        1.929
            sustained_peak        156 TFLOP/s       494.5 TFLOP/s     3.17
            effective_bandwidth   1.672 TB/s        2.747 TB/s        1.643
            mfu                   0.03914           0.01992           0.5089
            memory_need           18.21 GB          18.21 GB          1
            memory_has            85.9 GB           85.9 GB           1
            energy                1.47 J            1.529 J           1.04
            limited by            memory bandwidth  memory bandwidth

            B is 1.613 times as fast as A; both wait for memory: the traffic takes 1.643 times as long on A, of which 1.643 is bandwidth.
        "#]],
    );
}

#[test]
fn a_comparison_in_every_format() {
    let with =
        |format| ["compare", "--hardware", "h100", "--model", "llama3_8b,llama3_70b", "-o", format];
    for format in ["json", "csv", "markdown", "svg"] {
        let run = mlsysim(&with(format));
        // 70 billion parameters of two bytes do not fit 80 GiB: a negative answer with the numbers all the same.
        assert_eq!(run.code, 1, "{format}: {}", run.err);
        assert!(run.err.contains("does not fit"), "{}", run.err);
        assert!(run.out.lines().count() > 10, "{format}: {}", run.out);
    }
    let json: serde_json::Value = serde_json::from_str(&mlsysim(&with("json")).out).expect("JSON");
    assert_eq!(
        (&json["schema"], &json["b"]["limited_by"]),
        (&"mlsysim.compare/1".into(), &"capacity".into())
    );
    // The ratio is the one of the two values.
    let time = |side: &str| json[side]["values"]["time"]["value"].as_f64().expect("a time");
    assert_eq!(json["ratios"]["time"].as_f64(), Some(time("b") / time("a")));
    let svg = mlsysim(&with("svg")).out;
    assert_eq!(
        (svg.matches("memory traffic</text>").count(), svg.contains("time [s], all bars from 0")),
        (2, true)
    );
    refused(
        &["compare", "--hardware", "h100", "--model", "gpt2"],
        &expect![[r#"
        mlsysim: compare two machines, or two models, or two of each: --hardware h100,a100 --model llama3_8b
    "#]],
    );
    refused(
        &["compare", "--hardware", "h10,a10x", "--model", "gpt2"],
        &expect![[r#"
            mlsysim: unknown hardware `h10`; did you mean h100 or h100_nvl or h100_pcie?
            unknown hardware `a10x`; did you mean a100?
        "#]],
    );
}

#[test]
fn conventions_side_by_side_name_the_defects() {
    check(
        &["diff", "--hardware", "a100", "--model", "llama3_8b", "--batch", "8"],
        0,
        &expect![[r#"
            Llama 3 8B, batch 8 on NVIDIA A100 SXM 80 GB, fp16

                                  reference      upstream030    ratio
            ops                   137.07 GFLOP   128.48 GFLOP   0.93733
            bytes_moved           18.208 GB      28.909 GB      1.5877
            working_bytes         2.1475 GB      0 B            0
            time                  11.225 ms      14.513 ms      1.2929
            compute_time          878.68 us      823.62 us      0.93733
            memory_time           10.89 ms       14.178 ms      1.3019
            throughput            712.69 Hz      551.23 Hz      0.77345
            arithmetic_intensity  7.5282 FLOP/B  4.4444 FLOP/B  0.59037
            ridge_point           93.303 FLOP/B  76.508 FLOP/B  0.82
            effective_bandwidth   1.672 TB/s     2.039 TB/s     1.2195
            mfu                   0.039139       0.028375       0.72498
            memory_need           18.208 GB      16.061 GB      0.88206
            energy                1.47 J         1.8569 J       1.2632

            6 further values are equal.

            Known differences that may be behind this:
              D-01  upstream: a language model's step does one token's operations per sequence, whatever its context
                    reference: operations of every token, with attention over the context
              D-02  upstream: traffic is the weights and a tenth of them per item
                    reference: activations of the model, and its key-value cache
              D-03  upstream: memory runs at the data sheet's bandwidth
                    reference: a sustained share of it
        "#]],
    );
    check(
        &["diff", "memory.step_time", "bytes_moved=16 GB", "bandwidth=2 TB/s"],
        0,
        &expect![[r#"
            memory.step_time: How long does one step take if memory traffic alone limits it?

            Both conventions give the same 2 values.
        "#]],
    );
    let json = mlsysim(&["diff", "--hardware", "a100", "--model", "llama3_8b", "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["schema"], "mlsysim.diff/1");
    assert!(
        json["defects"]
            .as_array()
            .is_some_and(|list| list.iter().any(|defect| defect["id"] == "D-02"))
    );
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = mlsysim(&["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{shell}");
        assert!(run.out.contains("sweep") && run.out.contains("compare"), "{shell}");
    }
    assert_eq!(mlsysim(&["completions", "tcsh"]).code, 2);
}

#[test]
fn the_help_of_every_command_shows_units_and_an_example() {
    let commands = mlsysim(&["--help"]).out;
    let list = commands.split("Commands:").nth(1).expect("a list of commands");
    let names: Vec<&str> = list
        .lines()
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let help = mlsysim(&[name, "--help"]).out;
        assert!(
            help.contains(&format!("mlsysim {name}")) && help.contains("Example"),
            "{name}:\n{help}"
        );
        // Lists and scripts have no amounts.
        let plain = ["completions", "schema"].contains(&name);
        let units = ["[USD/kgCO2e]", "[B/s]", "[FLOP/s]", "[B]", "[s]", "[count]", "FLOP/s", "B/s"];
        assert!(
            plain || units.iter().any(|unit| help.contains(unit)),
            "{name} shows no unit:\n{help}"
        );
    }
}
