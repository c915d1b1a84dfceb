//! The example scripts run as they stand, and say what they are for.
#![cfg(unix)]

use std::process::Command;

#[track_caller]
fn run(script: &str, args: &[&str]) -> String {
    let output = Command::new("sh")
        .arg(format!("{}/examples/{script}", env!("CARGO_MANIFEST_DIR")))
        .args(args)
        .env("MLSYSIM", env!("CARGO_BIN_EXE_mlsysim"))
        .output()
        .expect("a shell");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {err}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_roofline_study() {
    let folder = std::env::temp_dir().join(format!("mlsysim-study-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let out = run("roofline_study.sh", &[&folder.display().to_string()]);
    assert!(out.contains("both wait for memory"), "{out}");
    for plot in ["throughput.svg", "roofline.svg"] {
        let svg = std::fs::read_to_string(folder.join(plot)).expect(plot);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{plot}");
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_capacity_plan() {
    let out = run("capacity_plan.sh", &[]);
    assert!(out.contains("feasibility  PASS") && out.contains("batch"), "{out}");
}

#[test]
fn a_sweep_in_another_tool() {
    let out = run("sweep_to_tool.sh", &[]);
    assert!(out.starts_with("least energy: ") && out.contains("batch 256"), "{out}");
}

#[test]
fn a_placement_by_carbon() {
    let out = run("carbon_placement.sh", &[]);
    let first: Vec<&str> = out
        .split("region")
        .skip(1)
        .filter_map(|table| table.lines().nth(1)?.split_whitespace().next())
        .collect();
    // Coal for nothing, then water: 0.08 USD/kWh dearer at most and 1.2 kg/kWh cleaner, PUE included.
    assert_eq!(
        (first.first(), first.last(), first.len()),
        (Some(&"coal"), Some(&"hydro"), 3),
        "{out}"
    );
}
