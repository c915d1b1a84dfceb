//! `staffml show` and `search`.

use super::{ends, fits, json, staffml, text};

#[test]
fn a_question_is_shown_as_its_author_sees_it() {
    let shown = staffml(&["show", "w02-flash-headroom"]);
    ends(&shown, 0, "w02-flash-headroom 1.0.0 (numeric, draft)");
    fits(&shown);
    let out = text(&shown.stdout);
    for part in [
        "chains     flash-budget",
        "eq: memory.fit",
        "id: runtime-ignored",
        "check: (flash - code)*1024",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    // Parameters stand in the order of the file.
    let places: Vec<_> =
        ["\n  flash:", "\n  code:", "\n  n:", "\n  b:"].map(|p| out.find(p)).into();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} in {out}");
    let told = json(&staffml(&["show", "w02-flash-headroom", "--json"]));
    assert_eq!(told["schema"], "staffml-show/1");
    assert_eq!(told["content"]["answer"]["output"], "spare");
    assert_eq!(told["content"]["created"], "2026-11-21");
    assert_eq!(told["chains"][0], "flash-budget");
    let hash = text(&staffml(&["bank", "hash", "w02-flash-headroom"]).stdout);
    assert_eq!(told["hash"], hash.trim());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/bank/q/memory/w02-flash-headroom.toml");
    let source = staffml(&["show", "w02-flash-headroom", "--source"]);
    assert_eq!(text(&source.stdout), std::fs::read_to_string(file).unwrap());
    for id in ["m24-incident", "o15-quiet-sensors", "c04-idle-multipliers", "r13-bytes-per-format"]
    {
        fits(&staffml(&["show", id]));
    }
    ends(&staffml(&["show", "w02-flash-hedroom"]), 2, "did you mean `w02-flash-headroom`?");
}

#[test]
fn an_equation_is_shown_with_its_terms_and_its_wall() {
    let shown = staffml(&["show", "memory.fit"]);
    ends(&shown, 0, "terms to drop: weights, other");
    fits(&shown);
    assert!(text(&shown.stdout).contains("w02-flash-headroom"));
    let told = json(&staffml(&["show", "compute.time", "--json"]));
    assert_eq!(
        (&told["equation"], &told["wall"]),
        (&"compute.time".into(), &"compute.step_time".into())
    );
    assert_eq!(told["inputs"][0]["unit"], "FLOP");
}

#[test]
fn words_find_questions_and_equations() {
    let found = staffml(&["search", "flash", "LEFT"]);
    ends(&found, 0, "w02-flash-headroom");
    fits(&found);
    let told = json(&staffml(&["search", "runtime-ignored", "--where", "level=L2", "--json"]));
    assert_eq!(told["schema"], "staffml-search/1");
    let list = told["found"].as_array().unwrap();
    assert!(list.iter().any(|t| t["id"] == "w02-flash-headroom" && t["in"] == "text"));
    assert!(list.iter().all(|t| t["level"] == "L2"));
    // Those that have it in their name come first.
    let told = json(&staffml(&["search", "headroom", "--json"]));
    assert_eq!(told["found"][0]["id"], "w02-flash-headroom");
    let found = staffml(&["search", "--equations", "footprint"]);
    ends(&found, 0, "memory.footprint");
    fits(&staffml(&["search", "--equations"]));
    ends(&staffml(&["search", "zzzzzz"]), 1, "no question has all these words");
    ends(&staffml(&["search", "--where", "area=memry"]), 2, "did you mean `memory`?");
    ends(&staffml(&["search"]), 2, "WORDS");
}
