//! Whole models: outputs for random and real inputs, and a checksum after every layer.

use std::path::Path;

use kits_hal::{
    Check, Model, Session, Step,
    convert::{Converted, Options, Planner, import},
    crc32,
};
use serde_json::Value;

use crate::{
    data::{Runner, compare, files, fill, json, list, splitmix, stem},
    report::{Compared, Report},
};

pub(crate) fn run(dir: &Path, report: &mut Report) {
    for path in files(&dir.join("vectors"), "json") {
        let name = stem(&path);
        let group = format!("model.{name}");
        if !report.wants(&group) {
            continue;
        }
        let vectors = json(&path);
        let file = vectors["model"].as_str().expect("a file name");
        // A model may lie beside the vectors or among those that came without.
        let places = ["models", "extra/models", "../models"].map(|p| dir.join(p).join(file));
        let Some(model) = places.iter().find_map(|p| std::fs::read(p).ok()) else {
            report.case(&group, "file", Err(format!("models/{file} is missing")));
            continue;
        };
        let converted = match import(&model, &Options::default()) {
            Ok(converted) => converted,
            Err(e) if e.to_string().contains("unsupported operator") => {
                report.unsupported(&group, "import", &e.to_string());
                continue;
            }
            Err(e) => {
                report.case(&group, "import", Err(e.to_string()));
                continue;
            }
        };
        outputs(dir, &group, &vectors, &model, report);
        layers(&group, &vectors, &converted, report);
    }
}

/// Compares the outputs of the plan that is written and of one without shared memory.
fn outputs(dir: &Path, group: &str, vectors: &Value, model: &[u8], report: &mut Report) {
    let folder = dir.join("vectors");
    let read = |key: &str| {
        let name = vectors[key].as_str().or(vectors["real"][key].as_str());
        name.map_or(Vec::new(), |n| std::fs::read(folder.join(n)).unwrap_or_default())
    };
    let expected = read("outputs_file");
    let real = read("file");
    let per_sample = vectors["output_bytes_per_sample"].as_u64().unwrap_or(1);
    let per_sample = usize::try_from(per_sample).expect("a size");
    let lengths: Vec<usize> = list(&vectors["inputs"])
        .iter()
        .map(|i| {
            let shape = list(&i["shape"]).iter();
            shape.map(|d| usize::try_from(d.as_u64().unwrap_or(1)).expect("a size")).product()
        })
        .collect();
    let total: usize = lengths.iter().sum();
    let mut cases: Vec<(String, Vec<u8>)> = list(&vectors["random"]["seeds"])
        .iter()
        .map(|s| (format!("seed {s}"), splitmix(s.as_u64().expect("a seed"), total)))
        .collect();
    let names = list(&vectors["real"]["names"]);
    for (input, name) in real.chunks_exact(total.max(1)).zip(names) {
        cases.push((name.as_str().unwrap_or("?").to_owned(), input.to_vec()));
    }
    if expected.len() != cases.len() * per_sample {
        let detail = format!("{} output bytes for {} inputs", expected.len(), cases.len());
        report.case(group, "files", Err(detail));
        return;
    }
    for (planner, plan) in [(Planner::Overlap, "overlap"), (Planner::Disjoint, "disjoint")] {
        let mut runner = match Runner::new(model, planner, true) {
            Ok(runner) => runner,
            Err(e) => return report.case(group, plan, Err(e)),
        };
        for ((name, input), expected) in cases.iter().zip(expected.chunks_exact(per_sample)) {
            let mut rest = input.as_slice();
            let inputs: Vec<Vec<u8>> = lengths
                .iter()
                .map(|&n| {
                    let (head, tail) = rest.split_at(n);
                    rest = tail;
                    head.to_vec()
                })
                .collect();
            let outcome = runner.run(&inputs).map(|found| compare(&found, expected, 1));
            report.compared(group, &format!("{name} {plan}"), outcome);
        }
    }
}

/// Steps through the model and compares the checksum of every tensor with that of its layer.
fn layers(group: &str, vectors: &Value, converted: &Converted, report: &mut Report) {
    let model = Model::parse(&converted.kit, Check::Full).expect("the importer checked it");
    let mut arena = vec![0_u64; model.arena_len().div_ceil(8)];
    let mut session =
        Session::new(&model, bytemuck::cast_slice_mut(&mut arena)).expect("a whole arena");
    let inputs: Vec<Vec<u8>> = (0..model.n_inputs())
        .filter_map(|i| model.input(i))
        .map(|info| splitmix(1000, info.bytes as usize))
        .collect();
    if inputs.len() != 1 {
        return; // the seed is defined for the bytes of all inputs together
    }
    fill(&mut session, &inputs).expect("the announced lengths");
    let tensor_of =
        |number: u64| converted.report.tensors.iter().find(|t| u64::from(t.source) == number);
    let mut op = 0;
    while let Some(info) = converted.report.ops.get(op) {
        let step = session.step().expect("a checked model");
        let written = session.tensor_bytes(info.output).expect("a tensor").to_vec();
        for layer in list(&vectors["layers_seed_1000"]) {
            let number = layer["tensor"].as_u64().unwrap_or(u64::MAX);
            let Some(tensor) = tensor_of(number) else { continue };
            // The tensor itself, or another shape of it right behind.
            let mut number = tensor.number;
            while converted.report.tensors[usize::from(number)].is_alias {
                number -= 1;
            }
            if number != info.output {
                continue;
            }
            let (found, expected) = (u64::from(crc32(&written)), layer["crc32"].as_u64());
            let first = (Some(found) != expected)
                .then(|| format!("crc {found:08x} instead of {:08x}", expected.unwrap_or(0)));
            // A checksum does not tell how many bytes differ, so all count.
            let differing = if first.is_some() { written.len() } else { 0 };
            let outcome = Ok(Compared { elements: written.len(), differing, first });
            report.compared(group, &format!("layer {} {}", layer["op"], layer["kind"]), outcome);
        }
        op += 1;
        if step == Step::Done {
            break;
        }
    }
}
