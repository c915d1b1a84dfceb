//! `staffml check --report` and `--links`.

use super::{Folder, ends, json, staffml};

#[test]
fn a_report_has_the_figures_of_each_question() {
    let folder =
        Folder::new("report", &["memory/w02-flash-headroom", "memory/w02-flash-for-weights"]);
    let file = folder.0.join("figures.csv");
    let path = file.to_str().unwrap();
    ends(&folder.run(&["check", "--report", path]), 0, "0 errors");
    let table = folder.read("figures.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(rows.len(), 3);
    let columns = rows[0].len();
    assert!(rows.iter().all(|row| row.len() == columns), "{table}");
    let row = rows.iter().find(|row| row[0] == "w02-flash-headroom").unwrap();
    assert_eq!((row[1], row[2], row[4]), ("L2", "yes", "20"));
    // 3 sizes of flash, 5 of code, 121 numbers of weights, 3 widths.
    assert_eq!(row[8], (3 * 5 * 121 * 3).to_string());
    // A second report takes the place of the first.
    ends(&folder.run(&["check", "--full", "--report", path]), 0, "0 errors");
    assert!(folder.read("figures.csv").contains(",400,"));
    let file = folder.0.join("figures.json");
    ends(&folder.run(&["check", "--report", file.to_str().unwrap()]), 0, "0 errors");
    let figures: serde_json::Value = serde_json::from_str(&folder.read("figures.json")).unwrap();
    assert_eq!(figures["schema"], "staffml-check-report/1");
    let acceptance = figures["templates"][0]["acceptance"].as_f64().unwrap();
    assert!((0.25..=1.0).contains(&acceptance), "{acceptance}");
}

#[test]
fn a_report_takes_the_place_of_nothing_else() {
    let folder = Folder::new("report-bad", &["memory/w02-flash-headroom"]);
    let before = folder.snapshot();
    let question = folder.0.join("q/memory/w02-flash-headroom.toml");
    ends(&folder.run(&["check", "--report", question.to_str().unwrap()]), 3, "it is left as it is");
    ends(&folder.run(&["check", "--report", "/nowhere/x.csv"]), 3, "cannot write /nowhere/x.csv");
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn links_are_listed_and_not_followed() {
    let told = json(&staffml(&["check", "--links", "--json"]));
    assert_eq!(told["schema"], "staffml-links/1");
    let links = told["links"].as_array().unwrap();
    assert!(links.iter().all(|l| l["url"].as_str().unwrap().starts_with("https://")));
    let folder = Folder::new("links", &["memory/w02-flash-headroom"]);
    folder.edit(
        "q/memory/w02-flash-headroom.toml",
        "[[refs]]",
        "[[refs]]\ntitle = \"A page\"\nurl = \"https://example.org/a\"\n\n[[refs]]",
    );
    ends(&folder.run(&["check", "--links"]), 0, "https://example.org/a\tq/memory/");
}
