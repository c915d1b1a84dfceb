//! `staffml oracle diff`: two computations of each equation.

use super::{ends, fits, json, staffml};

#[test]
fn both_computations_agree() {
    let output = staffml(&["oracle", "diff", "-n", "5"]);
    ends(&output, 0, "they agree");
    fits(&output);
    let told = json(&staffml(&["oracle", "diff", "compute.time", "-n", "50", "--json"]));
    assert_eq!(told["schema"], "staffml-oracle-diff/1");
    let line = &told["equations"][0];
    assert_eq!((&line["equation"], &line["n_compared"]), (&"compute.time".into(), &50.into()));
    assert!(line["largest"].as_f64() <= Some(1e-12));
}

#[test]
fn what_cannot_be_compared_is_told() {
    ends(&staffml(&["oracle", "diff", "compute.tim"]), 2, "no equation `compute.tim`");
    ends(&staffml(&["oracle", "diff", "-n", "0"]), 2, "-n");
    // A bank without questions draws no inputs: nothing compared is no agreement.
    let folder = super::Folder::new("oracle", &[]);
    ends(&folder.run(&["oracle", "diff", "-n", "5"]), 1, "NOT COMPARED");
}
