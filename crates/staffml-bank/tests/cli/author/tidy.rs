//! `staffml fmt`: looks change, content and comments do not.

use super::{Folder, SHIPPED, ends, json, staffml};

const HEADROOM: &str = "q/memory/w02-flash-headroom.toml";

#[test]
fn a_file_is_laid_out_once() {
    let folder = Folder::new("fmt", &["memory/w02-flash-headroom"]);
    let good = folder.read(HEADROOM);
    ends(&folder.run(&["fmt"]), 0, "0 changed, 0 refused");
    let mangled = good
        .replace("walls = [2]", "walls=[2 ]   # one")
        .replace("\n[answer]", "\n\n\n[answer]")
        .replace('\n', "\r\n");
    folder.write(HEADROOM, &mangled);
    let check = folder.run(&["fmt", "--check"]);
    ends(&check, 1, "would change");
    assert_eq!(folder.read(HEADROOM), mangled);
    let told = json(&folder.run(&["fmt", "--json"]));
    assert_eq!((&told["schema"], &told["files"]), (&"staffml-fmt/1".into(), &4.into()));
    assert_eq!(told["changed"].as_array().unwrap().len(), 1);
    assert_eq!(folder.read(HEADROOM), good.replace("walls = [2]", "walls = [2] # one"));
    ends(&folder.run(&["fmt", "--check"]), 0, "0 would change");
    let left: Vec<_> = folder.snapshot().into_iter().map(|f| f.0).collect();
    assert_eq!(left.len(), 5, "nothing is left beside the files: {left:?}");
}

#[test]
fn what_cannot_be_laid_out_is_left_as_it_is() {
    let folder = Folder::new("fmt-bad", &[]);
    folder.write("bad.toml", "a = 1\nb = \n");
    std::fs::write(folder.0.join("bytes.toml"), [0xff, 0xfe]).unwrap();
    let before = folder.snapshot();
    let output = folder.run(&["fmt"]);
    ends(&output, 1, "bad.toml: line 2: this is no TOML");
    ends(&output, 1, "bytes.toml: cannot be read");
    assert_eq!(folder.snapshot(), before);
    ends(&staffml(&["fmt"]), 2, "--bank DIR");
    ends(&staffml(&["fmt", "/nowhere/x.toml"]), 3, "cannot read /nowhere/x.toml");
    let empty = folder.0.join("empty");
    std::fs::create_dir(&empty).unwrap();
    ends(&staffml(&["fmt", empty.to_str().unwrap()]), 2, "no `.toml` file");
}

#[test]
fn the_shipped_bank_can_be_laid_out() {
    let told = json(&staffml(&["fmt", "--check", "--json", SHIPPED]));
    assert_eq!(told["refused"], serde_json::json!([]));
    assert!(told["files"].as_u64() > Some(270));
}
