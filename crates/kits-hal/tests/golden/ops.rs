//! Graphs of one operator, with and without shared memory.

use std::path::Path;

use kits_hal::convert::Planner;
use serde_json::Value;

use crate::{
    data::{Runner, bytes, compare, files, json, list, stem},
    report::{Compared, Report},
};

pub(crate) fn run(dir: &Path, report: &mut Report) {
    for path in files(&dir.join("ops"), "json") {
        let group = stem(&path);
        if group == "fixed_point" || !report.wants(&group) {
            continue;
        }
        let graphs = json(&path);
        for graph in list(&graphs) {
            let name = graph["name"].as_str().unwrap_or("?");
            let file = graph["file"].as_str().expect("a file name");
            let model = std::fs::read(dir.join("ops/tflite").join(file)).expect("the graph");
            for (planner, plan) in [(Planner::Disjoint, "disjoint"), (Planner::Overlap, "overlap")]
            {
                match Runner::new(&model, planner, false) {
                    Ok(mut runner) => {
                        for (i, sample) in list(&graph["samples"]).iter().enumerate() {
                            let outcome = check(&mut runner, graph, sample);
                            report.compared(&group, &format!("{name} {plan} {i}"), outcome);
                        }
                    }
                    Err(e) if e.contains("unsupported operator") => {
                        report.unsupported(&group, name, &e);
                    }
                    Err(e) => report.case(&group, &format!("{name} {plan}"), Err(e)),
                }
            }
        }
    }
}

fn check(runner: &mut Runner, graph: &Value, sample: &Value) -> Result<Compared, String> {
    let width = |end: &str, i: usize| {
        let tensor = graph[end][i].as_u64().and_then(|t| usize::try_from(t).ok());
        match graph["tensors"][tensor.unwrap_or(0)]["dtype"].as_str() {
            Some("int16") => 2,
            Some("int32" | "float32") => 4,
            _ => 1,
        }
    };
    let side = |key: &str, end: &str| -> Vec<Vec<u8>> {
        let values = list(&sample[key]).iter().enumerate();
        values.map(|(i, v)| bytes(v, width(end, i))).collect()
    };
    let found = runner.run(&side("inputs", "graph_inputs"))?;
    let expected = side("outputs", "graph_outputs").concat();
    Ok(compare(&found, &expected, width("graph_outputs", 0)))
}
