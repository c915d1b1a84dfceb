//! Objects as points, exactly; and distances from clusters.

use kits_hal::post::{Centroid, Centroids, KMeans};
use serde_json::{Value, json};

use super::{compare::within, short, singles};
use crate::{
    data::{bytes, list},
    report::Report,
};

/// The grid of the vectors has 8 pixels a cell.
const STRIDE: u16 = 8;

pub(super) fn centroids(case: &Value) -> Result<(), String> {
    let shape = Centroids {
        rows: short(&case["h"]),
        columns: short(&case["w"]),
        classes: short(&case["c"]),
        stride: case["stride"].as_u64().map_or(STRIDE, |_| short(&case["stride"])),
        threshold: byte(&case["threshold"]),
    };
    let map: Vec<i8> =
        bytes(&json!({ "hex": case["hex"] }), 1).into_iter().map(u8::cast_signed).collect();
    let expected = list(&case["boxes"]);
    let mut found = vec![Centroid::default(); expected.len() + 1];
    let mut labels = vec![0; shape.cells()];
    let n = shape.find(&map, &mut labels, &mut found).map_err(|e| e.to_string())?;
    if n != expected.len() {
        return Err(format!("{n} objects instead of {}", expected.len()));
    }
    for (i, (found, wanted)) in found.iter().zip(expected).enumerate() {
        let field = |name: &str| short(&wanted[name]);
        let wide = |name: &str| u32::from(field(name));
        let wanted = Centroid {
            class: field("cls"),
            columns: [field("x0"), field("x1")],
            rows: [field("y0"), field("y1")],
            centre: [wide("cx"), wide("cy")],
            score: byte(&wanted["score"]),
            cells: wide("cells"),
        };
        if *found != wanted {
            return Err(format!("object {i} is {found:?}, expected {wanted:?}"));
        }
    }
    Ok(())
}

fn byte(value: &Value) -> i8 {
    value.as_i64().and_then(|v| i8::try_from(v).ok()).expect("a byte")
}

/// Scores within 1e-4.
pub(super) fn clusters(report: &mut Report, group: &str, all: &Value) {
    let flat: Vec<f32> = list(&all["centroids"]).iter().flat_map(singles).collect();
    let (means, scales) = (singles(&all["mean"]), singles(&all["scale"]));
    let max_errors = singles(&all["max_error"]);
    let clusters = match KMeans::new(&means, &scales, &flat, &max_errors) {
        Ok(clusters) => clusters,
        Err(e) => return report.case(group, "clusters", Err(e.to_string())),
    };
    for (i, (point, score)) in list(&all["points"]).iter().zip(list(&all["scores"])).enumerate() {
        let outcome = clusters
            .score(&singles(point))
            .map_err(|e| e.to_string())
            .and_then(|found| within(&[found], &[score.as_f64().expect("a number")], |_, _| 1e-4));
        report.case(group, &i.to_string(), outcome);
    }
}
