//! The rule that keeps the library crates independent.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::workspace::{self, LIBRARIES, text};

/// Edges that are allowed, as asker and answerer: optional, off by default, opaque.
const ALLOWED: [(&str, &str); 1] = [("staffml-bank", "mlsysim")];

/// Checks that no library crate depends on another outside the allow-list, not even for its tests.
///
/// # Errors
///
/// If an edge is not allowed, or an allowed one is not optional or is switched on by default.
pub(crate) fn run() -> Result<()> {
    let packages = workspace::packages()?;
    let problems = problems(&packages);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    println!("layers: {} library crates, no edge outside the allow-list", LIBRARIES.len());
    Ok(())
}

fn problems(packages: &[Value]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages.iter().filter(|package| LIBRARIES.contains(&text(package, "name"))) {
        let asker = text(package, "name");
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let answerer = text(dependency, "name");
            let inside = workspace_member(packages, answerer);
            if !inside || answerer == asker {
                continue;
            }
            if !ALLOWED.contains(&(asker, answerer)) {
                problems.push(format!(
                    "{asker} depends on {answerer}: library crates do not see each other; put the adapter into examples/src/adapters"
                ));
            } else if dependency["optional"].as_bool() != Some(true)
                || !dependency["kind"].is_null()
            {
                problems.push(format!(
                    "{asker} depends on {answerer}: the edge must be an optional normal dependency"
                ));
            } else if is_default(package, answerer) {
                problems.push(format!("{asker} switches {answerer} on by default: it must be off"));
            }
        }
    }
    problems
}

fn workspace_member(packages: &[Value], name: &str) -> bool {
    packages.iter().any(|package| text(package, "name") == name)
}

/// Returns whether the default features of `package` reach the dependency `name`.
fn is_default(package: &Value, name: &str) -> bool {
    let mut open = vec!["default".to_owned()];
    let mut seen = Vec::new();
    while let Some(feature) = open.pop() {
        if feature == name
            || feature == format!("dep:{name}")
            || feature.starts_with(&format!("{name}/"))
        {
            return true;
        }
        if seen.contains(&feature) {
            continue;
        }
        for next in package["features"][feature.as_str()].as_array().into_iter().flatten() {
            open.extend(next.as_str().map(str::to_owned));
        }
        seen.push(feature);
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependencies: &Value, features: &Value) -> Value {
        json!({ "name": name, "dependencies": dependencies, "features": features })
    }

    fn two(dependency: &Value, features: &Value) -> Vec<Value> {
        vec![
            package("staffml-bank", &json!([dependency]), features),
            package("mlsysim", &json!([]), &json!({})),
            package("kits-hal", &json!([]), &json!({})),
        ]
    }

    #[test]
    fn an_optional_allowed_edge_passes() {
        let edge = json!({ "name": "mlsysim", "optional": true, "kind": null });
        assert_eq!(
            problems(&two(&edge, &json!({ "default": [], "mlsysim": ["dep:mlsysim"] }))),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_edge_outside_the_list_is_named() {
        let edge = json!({ "name": "kits-hal", "optional": true, "kind": null });
        let problems = problems(&two(&edge, &json!({})));
        assert!(problems[0].starts_with("staffml-bank depends on kits-hal"), "{problems:?}");
    }

    #[test]
    fn an_edge_for_tests_counts() {
        let edge = json!({ "name": "mlsysim", "optional": false, "kind": "dev" });
        assert_eq!(problems(&two(&edge, &json!({}))).len(), 1);
    }

    #[test]
    fn a_default_feature_that_reaches_the_neighbor_is_refused() {
        let edge = json!({ "name": "mlsysim", "optional": true, "kind": null });
        let features =
            json!({ "default": ["cli"], "cli": ["mlsysim"], "mlsysim": ["dep:mlsysim"] });
        assert_eq!(problems(&two(&edge, &features)).len(), 1);
    }
}
