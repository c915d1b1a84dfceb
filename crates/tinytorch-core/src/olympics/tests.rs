//! Files that are right, files that are wrong in every way, and models that say something else than their submission.

use serde_json::{Value, json};

use super::*;
use crate::{
    DType, Error, Rng, Tensor, dispatch,
    nn::{Linear, Relu, Sequential},
    quant::{QuantizeOpts, quantize},
};

/// As the Python original writes it: fields and types are facts of its schema, the figures are invented.
fn python() -> Value {
    json!({
        "tinytorch_version": "0.1.0",
        "submission_type": "capstone_benchmark",
        "timestamp": "2026-11-02 10:30:00",
        "system_info": {"platform": "Linux-6.8-x86_64", "python_version": "3.12.3", "numpy_version": "2.1.0"},
        "student_name": "Ada",
        "baseline": {"model_name": "baseline_mlp", "metrics": {
            "parameter_count": 273, "model_size_mb": 0.001, "accuracy": 0.75,
            "latency_ms_mean": 0.042, "latency_ms_std": 0.004, "latency_ms_median": 0.04,
            "throughput_samples_per_sec": 24_000.0}},
        "optimized": {"model_name": "small_mlp", "metrics": {
            "parameter_count": 208, "model_size_mb": 0.0005, "accuracy": 0.5,
            "latency_ms_mean": 0.03, "latency_ms_median": 0.02},
            "techniques_applied": ["pruning"]},
        "improvements": {"speedup": 2.0, "compression_ratio": 2.0, "accuracy_delta": -0.25}
    })
}

fn read(value: &Value) -> core::result::Result<Submission, Vec<Fault>> {
    Submission::from_json(&value.to_string())
}

/// The paths of all faults of a file that `spoil` has changed.
#[track_caller]
fn paths(spoil: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut value = python();
    spoil(&mut value);
    read(&value).unwrap_err().into_iter().map(|f| f.path).collect()
}

#[test]
fn a_file_of_the_original_is_valid_and_comes_back() {
    let submission = read(&python()).unwrap();
    assert_eq!(submission.validate(), []);
    assert_eq!(submission.baseline.metrics.parameter_count, 273);
    assert_eq!(submission.system_info.numpy_version.as_deref(), Some("2.1.0"));
    let again: Value = serde_json::from_str(&submission.to_json().unwrap()).unwrap();
    assert_eq!(again, python());
    // What is optional there.
    let mut least = python();
    for name in ["student_name", "optimized", "improvements"] {
        least.as_object_mut().unwrap().remove(name);
    }
    least["system_info"] = json!({"platform": "any"});
    assert!(read(&least).is_ok());
    // Whatever else one wants to say has its place.
    least["extra"] = json!({"mood": ["good", 7]});
    assert_eq!(read(&least).unwrap().extra["mood"][1], 7);
}

#[test]
fn all_faults_are_reported_at_once_with_place_value_and_remedy() {
    let mut value = python();
    value["tinytorch_version"] = json!(0.1);
    value["baseline"]["metrics"]["accuracy"] = json!(92);
    value["baseline"]["metrics"]["parameter_count"] = json!(273.5);
    value["optimized"]["metrics"].as_object_mut().unwrap().remove("model_size_mb");
    value["optimized"]["metrics"]["latency_ms_mean"] = json!("0.03 ms");
    value["system_info"]["gpu"] = json!("none");
    value.as_object_mut().unwrap().remove("timestamp");
    let text = value.to_string().replace("0.042", "NaN").replace("0.004", "-Infinity");
    let faults = Submission::from_json(&text).unwrap_err();
    let found: Vec<(&str, &str)> =
        faults.iter().map(|f| (f.path.as_str(), f.value.as_str())).collect();
    let want = [
        ("tinytorch_version", "0.1"),
        ("timestamp", "missing"),
        ("system_info.gpu", "\"none\""),
        ("baseline.metrics.parameter_count", "273.5"),
        ("baseline.metrics.accuracy", "92"),
        ("baseline.metrics.latency_ms_mean", "NaN"),
        ("baseline.metrics.latency_ms_std", "-inf"),
        ("optimized.metrics.model_size_mb", "missing"),
        ("optimized.metrics.latency_ms_mean", "\"0.03 ms\""),
    ];
    assert_eq!(found, want);
    assert!(faults.iter().all(|f| !f.need.is_empty() && !f.remedy.is_empty()));
    let accuracy = faults[4].to_string();
    assert!(
        accuracy.starts_with("baseline.metrics.accuracy is 92: a share from 0 to 1 is needed;"),
        "{accuracy}"
    );
}

#[test]
fn each_rule_of_version_1() {
    let at = |path: &str, value: Value| {
        paths(|v| *v.pointer_mut(&format!("/{}", path.replace('.', "/"))).unwrap() = value)
    };
    for (path, value) in [
        ("submission_type", json!("homework")),
        ("student_name", json!(["Ada"])),
        ("student_name", json!(" ")),
        ("system_info", json!("Linux")),
        ("system_info.python_version", json!(3.12)),
        ("baseline.model_name", json!(null)),
        ("baseline.metrics", json!([])),
        ("baseline.metrics.parameter_count", json!(0)),
        ("baseline.metrics.parameter_count", json!(-1)),
        ("baseline.metrics.parameter_count", json!("273")),
        ("baseline.metrics.model_size_mb", json!(0)),
        ("baseline.metrics.accuracy", json!(-0.01)),
        ("baseline.metrics.accuracy", json!(true)),
        ("baseline.metrics.accuracy", json!(null)),
        ("baseline.metrics.latency_ms_mean", json!(0)),
        ("baseline.metrics.latency_ms_std", json!(-1)),
        ("baseline.metrics.latency_ms_median", json!(0)),
        ("baseline.metrics.throughput_samples_per_sec", json!(0)),
        ("optimized.techniques_applied", json!("pruning")),
        ("improvements.speedup", json!("twice")),
        // Improvements that do not follow from the metrics.
        ("improvements.speedup", json!(3.0)),
        ("improvements.compression_ratio", json!(4.0)),
        ("improvements.accuracy_delta", json!(0.25)),
    ] {
        assert_eq!(at(path, value.clone()), [path], "{value}");
    }
    assert_eq!(
        at("optimized.techniques_applied", json!(["a", 1])),
        ["optimized.techniques_applied[1]"]
    );
    // Rounded to four figures by hand is rounding, not editing.
    let mut rounded = python();
    rounded["baseline"]["metrics"]["latency_ms_median"] = json!(0.040_001);
    assert!(read(&rounded).is_ok());
    let alone = paths(|v| drop(v.as_object_mut().unwrap().remove("optimized")));
    assert_eq!(alone, ["improvements"]);
    assert_eq!(paths(|v| v["schema"] = json!("tinytorch-rs/3")), ["schema"]);
    assert_eq!(paths(|v| v["extra"] = json!([1])), ["extra"]);
    assert_eq!(paths(|v| *v = json!([])), [""]);
}

#[test]
fn what_is_no_json_is_one_fault() {
    for text in ["", "{", "{\"a\": 1e999}", "nul", "\u{feff}{}", &"[".repeat(10_000)] {
        let faults = Submission::from_json(text).unwrap_err();
        assert_eq!((faults.len(), faults[0].path.as_str()), (1, ""), "{text:.20}");
        assert!(faults[0].value.starts_with("broken: "), "{}", faults[0]);
    }
    let hidden = paths(|v| v["extra"] = json!({"deep": [{"er": "\u{0}NaN"}]}));
    assert_eq!(hidden, ["extra.deep[0].er"]);
}

#[test]
fn a_submission_with_faults_is_not_written() {
    let mut submission = read(&python()).unwrap();
    submission.baseline.metrics.accuracy = f64::NAN;
    submission.baseline.metrics.latency_ms_std = Some(f64::INFINITY);
    let faults = submission.to_json().unwrap_err();
    let found: Vec<(&str, &str)> =
        faults.iter().map(|f| (f.path.as_str(), f.value.as_str())).collect();
    assert_eq!(
        found,
        [("baseline.metrics.accuracy", "NaN"), ("baseline.metrics.latency_ms_std", "inf")]
    );
    let error = submission.write("/nowhere/at/all.json").unwrap_err();
    assert!(matches!(error, Error::Format { format: "submission", .. }), "{error}");
}

fn small() -> (Network, Network, TestSet) {
    let rng = &mut Rng::seed(3);
    let model = Sequential::new()
        .push(Linear::new(6, 8, rng).unwrap())
        .push(Relu)
        .push(Linear::new(8, 5, rng).unwrap())
        .push(Relu)
        .push(Linear::new(5, 3, rng).unwrap());
    let x = Tensor::randn([40, 6], DType::F32, rng).unwrap();
    let options = QuantizeOpts { softmax: false, ..QuantizeOpts::default() };
    let eight = quantize(&model, &x, &options).unwrap();
    // Right where the floats are, but for every eighth sample.
    let floats = Network::from_floats("floats", &model).unwrap();
    let mut labels = floats.predict(&x).unwrap();
    labels.iter_mut().step_by(8).for_each(|l| *l = (*l + 1) % 3);
    let bytes = Network::from_eight_bits("eight bits", &eight).unwrap();
    assert_eq!(bytes.predict(&x).unwrap(), eight.predict(&x).unwrap());
    (floats, bytes, TestSet::new(&x, labels).unwrap())
}

/// A submission of version 2 with the files it speaks of.
fn second() -> (Submission, Vec<u8>, Vec<u8>, TestSet) {
    let (floats, eight, data) = small();
    // A clock of its own: the figures, and so the bytes of the submission, are the same in every run.
    let (mut rng, mut now) = (Rng::seed(25), 0.0);
    let mut clock = || {
        now += rng.uniform();
        now
    };
    let mut measure = |m: &Network| {
        dispatch::benchmark_report(m, data.x(), data.labels(), 25, &mut clock).unwrap()
    };
    let (before, after) = (measure(&floats), measure(&eight));
    let about = About {
        version: "1".into(),
        timestamp: "now".into(),
        platform: "here".into(),
        student: None,
    };
    let made = Submission::build(&about, &before, Some((&after, &["int8".to_owned()]))).unwrap();
    let files = (floats.to_bytes(), eight.to_bytes());
    let evidence = Evidence {
        environment: [("threads".to_owned(), "2".to_owned())].into(),
        seeds: vec![3],
        latency_ms: TimesMs { baseline: before.latencies_ms, optimized: Some(after.latencies_ms) },
        sha256: Digests {
            baseline: sha256(&files.0),
            optimized: Some(sha256(&files.1)),
            data: data.sha256(),
        },
        own_work: vec![OwnWork {
            slot: "m20.qualifies".into(),
            core: true,
            student: 2,
            reference: 0,
        }],
    };
    (made.with_evidence(evidence), files.0, files.1, data)
}

#[test]
fn version_2_comes_back_and_its_figures_hold_together() {
    let (submission, ..) = second();
    let text = submission.to_json().unwrap();
    assert_eq!(Submission::from_json(&text).unwrap(), submission);
    let value: Value = serde_json::from_str(&text).unwrap();
    let spoiled = |spoil: &dyn Fn(&mut Value)| -> Vec<String> {
        let mut value = value.clone();
        spoil(&mut value);
        read(&value).unwrap_err().into_iter().map(|f| f.path).collect()
    };
    let remove = |v: &mut Value, name: &str| drop(v.as_object_mut().unwrap().remove(name));
    assert_eq!(spoiled(&|v| remove(v, "evidence")), ["evidence"]);
    assert_eq!(spoiled(&|v| remove(v, "improvements")), ["improvements"]);
    assert_eq!(spoiled(&|v| remove(v, "schema")), ["evidence"]);
    for name in ["environment", "seeds", "latency_ms", "sha256", "own_work"] {
        let path = format!("evidence.{name}");
        let gone = spoiled(&|v| remove(&mut v["evidence"], name));
        assert_eq!(gone, core::slice::from_ref(&path));
        assert_eq!(spoiled(&|v| v["evidence"][name] = json!(1)), [path]);
    }
    let evidence = |at: &str, value: Value| {
        spoiled(&|v| *v.pointer_mut(&format!("/evidence/{at}")).unwrap() = value.clone())
    };
    assert_eq!(evidence("environment/threads", json!(2)), ["evidence.environment.threads"]);
    assert_eq!(evidence("seeds/0", json!(-1)), ["evidence.seeds[0]"]);
    assert_eq!(evidence("own_work/0/student", json!(0.5)), ["evidence.own_work[0].student"]);
    assert_eq!(evidence("sha256/data", json!("abc")), ["evidence.sha256.data"]);
    assert_eq!(evidence("sha256/data", json!("G".repeat(64))), ["evidence.sha256.data"]);
    assert_eq!(evidence("latency_ms/baseline", json!([])), ["evidence.latency_ms.baseline"]);
    assert_eq!(evidence("latency_ms/baseline/3", json!(-1)), ["evidence.latency_ms.baseline[3]"]);
    // A single time edited: mean, deviation and throughput do not follow from it any more.
    let edited = evidence("latency_ms/baseline/3", json!(1e6));
    assert!(edited.contains(&"baseline.metrics.latency_ms_mean".to_owned()), "{edited:?}");
    assert!(edited.contains(&"baseline.metrics.latency_ms_std".to_owned()), "{edited:?}");
    // A figure edited: the times do not say so, and the improvement does not follow.
    let edited = spoiled(&|v| v["optimized"]["metrics"]["latency_ms_median"] = json!(1e-3));
    let want = ["improvements.speedup", "optimized.metrics.latency_ms_median"];
    assert_eq!(edited, want);
}

#[test]
fn what_is_as_it_was_is_verified() {
    let (submission, baseline, optimized, data) = second();
    let files = Files { baseline: Some(&baseline), optimized: Some(&optimized) };
    let found = verify(&submission, files, &data).unwrap();
    assert!(found.passed(), "{found}");
    let counted = |outcome| found.checks.iter().filter(|c| c.outcome == outcome).count();
    // Three hashes; parameters, size and accuracy of two models. Their times stay claims.
    assert_eq!((counted(Outcome::Agrees), counted(Outcome::Unverified)), (9, 2));
    // 40 samples, 5 of them relabelled: the floats are right in 35.
    assert_eq!(submission.baseline.metrics.accuracy, 0.875);
    let none = verify(&submission, Files::default(), &data).unwrap();
    assert!(!none.passed() && none.checks.iter().all(|c| c.outcome != Outcome::Differs));
}

#[test]
fn what_was_edited_is_found() {
    let (right, baseline, optimized, data) = second();
    let files = Files { baseline: Some(&baseline), optimized: Some(&optimized) };
    let differing = |submission: &Submission, files: Files<'_>, data: &TestSet| -> Vec<String> {
        let found = verify(submission, files, data).unwrap();
        assert!(!found.passed());
        let differs = |c: &Checked| (c.outcome == Outcome::Differs).then(|| c.path.clone());
        found.checks.iter().filter_map(differs).collect()
    };
    let edit = |change: &dyn Fn(&mut Metrics)| {
        let mut s = right.clone();
        change(&mut s.optimized.as_mut().unwrap().metrics);
        let after = &s.optimized.as_ref().unwrap().metrics;
        s.improvements = Some(Improvements::between(&s.baseline.metrics, after));
        assert_eq!(s.validate(), [], "valid on its face");
        s
    };
    let metric = |name: &str| vec![format!("optimized.metrics.{name}")];
    assert_eq!(differing(&edit(&|m| m.accuracy += 0.025), files, &data), metric("accuracy"));
    assert_eq!(
        differing(&edit(&|m| m.model_size_mb /= 2.0), files, &data),
        metric("model_size_mb")
    );
    assert_eq!(
        differing(&edit(&|m| m.parameter_count = 1), files, &data),
        metric("parameter_count")
    );
    // Another model under the same name, and other data.
    let swapped = Files { optimized: Some(&baseline), ..files };
    assert!(differing(&right, swapped, &data).contains(&"evidence.sha256.optimized".to_owned()));
    let mut labels = data.labels().to_vec();
    labels[1] = (labels[1] + 1) % 3;
    let other = TestSet::new(data.x(), labels).unwrap();
    assert!(differing(&right, files, &other).contains(&"evidence.sha256.data".to_owned()));
    // One weight of the model, moved by one code.
    let mut file = crate::io::safetensors::SafeTensors::from_bytes(&optimized).unwrap();
    let mut codes = file.tensors["0.weight"].to_vec::<i8>().unwrap();
    codes[0] = codes[0].wrapping_add(1);
    file.tensors.insert("0.weight".into(), Tensor::from_vec(codes, [8, 6]).unwrap());
    let moved = file.to_bytes();
    let found = differing(&right, Files { optimized: Some(&moved), ..files }, &data);
    assert!(found.contains(&"evidence.sha256.optimized".to_owned()));
    // A submission with faults is refused before anything runs.
    let mut broken = right;
    broken.baseline.metrics.accuracy = 2.0;
    assert!(matches!(verify(&broken, files, &data), Err(Error::Format { .. })));
}

#[test]
fn files_that_hold_no_such_network_are_refused() {
    let (floats, eight, data) = small();
    let spoiled = |network: &Network, spoil: &dyn Fn(&mut crate::io::safetensors::SafeTensors)| {
        let bytes = network.to_bytes();
        let mut file = crate::io::safetensors::SafeTensors::from_bytes(&bytes).unwrap();
        spoil(&mut file);
        Network::from_bytes("x", &file.to_bytes()).unwrap_err()
    };
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype).unwrap();
    let set = |name: &'static str, tensor: Tensor| {
        move |f: &mut crate::io::safetensors::SafeTensors| {
            drop(f.tensors.insert(name.to_owned(), tensor.clone()));
        }
    };
    spoiled(&floats, &|f| drop(f.tensors.remove("0.weight")));
    spoiled(&floats, &|f| drop(f.tensors.remove("2.bias")));
    spoiled(&floats, &set("9.weight", zeros(&[1, 1], DType::F32)));
    spoiled(&floats, &set("2.weight", zeros(&[5, 7], DType::F32)));
    spoiled(&floats, &set("2.bias", zeros(&[6], DType::F32)));
    spoiled(&floats, &set("2.weight", zeros(&[5, 8], DType::F16)));
    spoiled(&floats, &set("0.weight", zeros(&[5, 8], DType::I64)));
    spoiled(&floats, &|f| drop(f.metadata.insert("format".into(), "other/3".into())));
    spoiled(&eight, &|f| drop(f.tensors.remove("input_zero")));
    spoiled(&eight, &set("input_scale", zeros(&[1], DType::F32)));
    spoiled(&eight, &set("0.output_zero", zeros(&[2], DType::I32)));
    spoiled(&eight, &set("2.weight_scale", zeros(&[1], DType::F32)));
    spoiled(&eight, &set("2.weight", zeros(&[5, 9], DType::I8)));
    assert!(Network::from_bytes("x", b"no file").is_err());
    // A valid network of another shape does not read these samples.
    let rng = &mut Rng::seed(0);
    let wide = Sequential::new().push(Linear::new(7, 3, rng).unwrap());
    let wide = Network::from_floats("wide", &wide).unwrap();
    assert!(wide.predict(data.x()).is_err());
    assert_eq!((floats.widths(), eight.widths()), (vec![6, 8, 5, 3], vec![6, 8, 5, 3]));
    // 6·8 + 8 + 8·5 + 5 + 5·3 + 3 = 119 numbers; in eight bits 103 weights, 16 biases of four bytes, 16 scales, and for the
    // input and three outputs a scale and a zero point.
    assert_eq!((floats.parameters(), floats.bytes()), (119, 476));
    assert_eq!((eight.parameters(), eight.bytes()), (119, 103 + 64 + 64 + 4 * 8));
    let odd = Sequential::new().push(Relu).push(Linear::new(2, 2, rng).unwrap());
    assert!(Network::from_floats("odd", &odd).is_err());
    assert!(TestSet::new(data.x(), vec![0]).is_err());
}

/// Whatever happens to the bytes of a file, there is an answer.
#[test]
fn damaged_files_are_answered() {
    let (submission, baseline, optimized, data) = second();
    let text = submission.to_json().unwrap().into_bytes();
    let rng = &mut Rng::seed(20);
    let mut damaged = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        for _ in 0..=rng.below(3) {
            let (at, n) = (rng.below(bytes.len()), bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next_u64() as u8,
                1 => bytes.truncate(at + 1),
                2 => drop(bytes.drain(at..(at + 1 + rng.below(40)).min(n)).count()),
                _ => bytes[at] ^= 1 << rng.below(7),
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        bytes
    };
    let (mut valid, mut refused) = (0, 0);
    for _ in 0..1_000 {
        if let Ok(text) = String::from_utf8(damaged(&text)) {
            match Submission::from_json(&text) {
                Ok(read) => {
                    // What is accepted has no faults, and can be verified.
                    assert_eq!(read.validate(), []);
                    assert!(verify(&read, Files::default(), &data).is_ok());
                    valid += 1;
                }
                Err(faults) => {
                    assert!(!faults.is_empty());
                    refused += 1;
                }
            }
        }
        for file in [&baseline, &optimized] {
            if let Ok(network) = Network::from_bytes("damaged", &damaged(file)) {
                assert_eq!(network.predict(data.x()).map(|c| c.len()).unwrap_or(40), 40);
            }
        }
    }
    // A letter in a name changes little; a digit of a time breaks the sums.
    assert!(valid > 10 && refused > 500, "{valid} valid, {refused} refused");
}

/// A submission whose contender has these figures; the baseline has accuracy 0.9, 1 MiB, 1 ms.
fn entry(name: &str, accuracy: f64, size: f64, median: f64) -> (String, Submission) {
    let report = |accuracy, size, median| BenchmarkReport {
        model_name: name.to_owned(),
        metrics: Metrics {
            parameter_count: 10,
            model_size_mb: size,
            accuracy,
            latency_ms_mean: median,
            latency_ms_std: None,
            latency_ms_median: Some(median),
            throughput_samples_per_sec: None,
        },
        latencies_ms: vec![median],
    };
    let about = About {
        version: "1".into(),
        timestamp: "now".into(),
        platform: "here".into(),
        student: None,
    };
    let (before, after) = (report(0.9, 1.0, 1.0), report(accuracy, size, median));
    (name.to_owned(), Submission::build(&about, &before, Some((&after, &[]))).unwrap())
}

#[test]
fn each_event_has_its_own_order() {
    let all = [
        entry("fast", 0.86, 0.9, 0.1),
        entry("small", 0.9, 0.1, 0.8),
        entry("right", 0.99, 5.0, 2.0),
        entry("loose", 0.82, 0.05, 0.05),
        entry("wrong", 0.1, 0.2, 0.2),
    ];
    let order = |event: Event| -> String {
        let board = leaderboard(event, &all);
        assert_eq!(board.places.len() + board.out.len(), all.len());
        assert!(board.places.windows(2).all(|p| p[0].score >= p[1].score));
        let names: Vec<&str> = board.places.iter().map(|p| p.name.as_str()).collect();
        names.join(" ")
    };
    // Speed-ups 10, 1.25, 0.5; the others are below 0.85.
    assert_eq!(order(Event::LatencySprint), "fast small right");
    assert_eq!(order(Event::MemoryChallenge), "small fast right");
    assert_eq!(order(Event::AccuracyContest), "right small fast loose wrong");
    // Cubes: loose 20·20·0.911, small 1.25·10·1, fast 10·1.11·0.956, wrong 5·5·0.111, right 0.5·0.2·1.1.
    assert_eq!(order(Event::AllAround), "loose small fast wrong right");
    // loose 400, small 12.5, fast 11.1, right 0.1; wrong is below 0.80.
    assert_eq!(order(Event::ExtremePush), "loose small fast right");
}

#[test]
fn equal_scores_share_a_place_and_faults_have_none() {
    let mut broken = entry("broken", 0.9, 1.0, 1.0);
    broken.1.tinytorch_version.clear();
    let all = [
        entry("b", 0.9, 1.0, 0.5),
        entry("a", 0.9, 1.0, 0.5),
        entry("smaller", 0.9, 0.5, 0.5),
        entry("slow", 0.9, 1.0, 2.0),
        broken,
    ];
    let board = leaderboard(Event::LatencySprint, &all);
    let places: Vec<(usize, &str)> =
        board.places.iter().map(|p| (p.rank, p.name.as_str())).collect();
    assert_eq!(places, [(1, "smaller"), (1, "a"), (1, "b"), (4, "slow")]);
    assert!(board.out[0].1.starts_with("tinytorch_version is"), "{:?}", board.out);
    let text = board.to_string();
    assert!(text.contains(Event::LatencySprint.normalization()), "{text}");
    assert_eq!(text.lines().count(), 2 + 1 + 4 + 1);
    assert!(leaderboard(Event::AllAround, &[]).places.is_empty());
}

#[test]
fn events_have_names() {
    for event in Event::ALL {
        assert_eq!(event.name().parse::<Event>().unwrap(), event);
    }
    let text = "running".parse::<Event>().unwrap_err().to_string();
    assert!(text.contains("latency_sprint, memory_challenge, accuracy_contest"), "{text}");
}

/// Bytes of the data in an order that is written down, hashed by hand for a single sample.
#[test]
fn hashes_are_those_of_the_definition() {
    let x = Tensor::from([[0.5_f32, -2.0]]);
    let data = TestSet::new(&x, vec![7]).unwrap();
    let mut bytes = Vec::new();
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(2_u64.to_le_bytes());
    bytes.extend(0.5_f32.to_le_bytes());
    bytes.extend((-2.0_f32).to_le_bytes());
    bytes.extend(7_u64.to_le_bytes());
    assert_eq!(data.sha256(), sha256(&bytes));
    // Of nothing, from FIPS 180-4's test data.
    assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
