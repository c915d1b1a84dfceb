//! Walls and composites know equations and no machine: nothing in them names the registry.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn equations_do_not_reach_into_the_registry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for folder in ["walls", "composite", "units"] {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() >= 15, "the folders have moved");
    for path in found {
        let text = fs::read_to_string(&path).expect("a readable file");
        assert!(!text.contains("crate::registry"), "{} names the registry", path.display());
    }
}
