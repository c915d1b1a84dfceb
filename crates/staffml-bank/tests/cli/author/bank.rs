//! `staffml bank`: quotas, fingerprints, releases.

use super::{Folder, SHIPPED, ends, fits, json, staffml, text};

const HEADROOM: &str = "q/memory/w02-flash-headroom.toml";

fn two(name: &str) -> Folder {
    Folder::new(name, &["memory/w02-flash-headroom", "memory/w02-flash-for-weights"])
}

/// Marks the question as published, as its reviewer would.
fn publish(folder: &Folder) {
    folder.edit(HEADROOM, "status = \"draft\"", "status = \"published\"");
    let review =
        "reviewed = { by = \"somebody\", on = 2026-11-22, note = \"recomputed\" }\n\ntracks";
    folder.edit(HEADROOM, "\ntracks", review);
}

#[test]
fn quotas_are_told_with_what_is_short_in_words() {
    let shipped = json(&staffml(&["bank", "stats", "--json"]));
    assert_eq!(shipped["schema"], "staffml-stats/1");
    let lines = shipped["lines"].as_array().unwrap();
    let short = lines.iter().filter(|l| l["missing"].as_u64() > Some(0)).count();
    assert_eq!(shipped["short"], short);
    // 65 of areas, 30 of levels, 5 kinds, 2 for each of 22 walls, 87 topics, 12 entries, 6 of chains, 24 families.
    assert_eq!((lines.len(), &shipped["quotas"]), (273, &273.into()));
    let whole = staffml(&["bank", "stats"]);
    assert_eq!(whole.status.code(), Some(i32::from(short > 0)));
    fits(&whole);

    let folder = two("stats");
    let small = folder.run(&["bank", "stats"]);
    ends(&small, 1, "quotas short");
    fits(&small);
    let out = text(&small.stdout);
    let row = |start: &str| {
        let mut lines = out.lines().filter(|l| l.trim_start().starts_with(start));
        lines.next().unwrap_or_else(|| panic!("{start} is not in {out}")).to_owned()
    };
    // Two questions of memory, one of level L1 and one of L2, for tinyml and edge.
    assert!(row("memory ").contains("0/14 short"), "{}", row("memory "));
    assert!(row("memory ").contains("2/7 short"), "{}", row("memory "));
    assert!(row("2 memory").contains("SHORT: 2 missing"), "{}", row("2 memory"));
    assert!(row("all tracks").contains("SHORT: 20 missing"), "{}", row("all tracks"));
    let only = text(&folder.run(&["bank", "stats", "--short"]).stdout);
    let mut rows = only.lines().filter(|line| line.starts_with("  "));
    assert!(rows.all(|row| row.contains("SHORT: ") || row.contains("TOO MANY: ")), "{only}");
    assert_eq!(json(&folder.run(&["bank", "stats", "--json"]))["templates"], 2);

    let cards = Folder::new("stats-cards", &["precision/r13-bytes-per-format"]);
    ends(&cards.run(&["bank", "stats"]), 1, "TOO MANY: 9 others make up for it");
}

#[test]
fn equal_banks_have_equal_fingerprints() {
    let own = staffml(&["bank", "hash"]);
    ends(&own, 0, "builders-stack");
    assert_eq!(own.stdout, staffml(&["bank", "hash", "--bank", SHIPPED]).stdout);
    let folder = two("hash");
    let before = json(&folder.run(&["bank", "hash", "--all", "--json"]));
    assert_eq!(before["schema"], "staffml-hash/1");
    let one = text(&folder.run(&["bank", "hash", "w02-flash-headroom"]).stdout);
    assert_eq!(before["templates"]["w02-flash-headroom"], one.trim());
    folder.edit(HEADROOM, "walls = [2]", "walls = [ 2 ] # the same");
    assert_eq!(json(&folder.run(&["bank", "hash", "--json"]))["hash"], before["hash"]);
    folder.edit(HEADROOM, "Add what must be stored.", "Add both.");
    let after = json(&folder.run(&["bank", "hash", "--all", "--json"]));
    assert_ne!(after["hash"], before["hash"]);
    let key = "w02-flash-for-weights";
    assert_eq!(after["templates"][key], before["templates"][key]);
    ends(&folder.run(&["bank", "hash", "w02-flash-hedroom"]), 2, "did you mean");
}

#[test]
fn a_release_holds_its_questions_to_their_versions() {
    let folder = two("release");
    publish(&folder);
    ends(&folder.run(&["bank", "diff"]), 2, "was never released");
    let dry = folder.run(&["bank", "release", "1.0.0", "--dry-run"]);
    ends(&dry, 0, "would write");
    assert!(!folder.0.join("releases").exists());
    let made = folder.run(&["bank", "release", "1.0.0", "--json"]);
    assert_eq!(json(&made)["schema"], "staffml-released/1");
    let released = folder.read("releases/1.0.0.json");
    assert!(released.contains("staffml-release/1"));
    ends(&folder.run(&["bank", "diff"]), 0, "the banks are equal");
    ends(&folder.run(&["bank", "release", "1.0.0"]), 2, "does not come after 1.0.0");
    ends(&folder.run(&["bank", "release", "one"]), 2, "write three numbers");

    // Another number under the old version: told by diff and check, refused by release.
    folder.edit(HEADROOM, "[512, 1024, 2048]", "[512, 1024]");
    let diff = folder.run(&["bank", "diff"]);
    ends(&diff, 1, "its numbers changed and its major version is still 1");
    let told = json(&folder.run(&["bank", "diff", "--json"]));
    assert_eq!((&told["schema"], &told["stale"]), (&"staffml-diff/1".into(), &1.into()));
    assert_eq!(told["changes"][0]["difference"], "answer");
    ends(&folder.run(&["check"]), 1, "w02-flash-headroom.toml:3: V-VERSION-STALE");
    ends(&folder.run(&["bank", "release", "1.1.0"]), 1, "release 1.1.0 was not written");
    assert!(!folder.0.join("releases/1.1.0.json").exists());

    folder.edit(HEADROOM, "version = \"1.0.0\"", "version = \"2.0.0\"");
    ends(&folder.run(&["bank", "diff"]), 1, "1.0.0 -> 2.0.0");
    ends(&folder.run(&["bank", "release", "1.1.0"]), 0, "wrote");
    let old = folder.0.join("releases/1.0.0.json");
    ends(&folder.run(&["bank", "diff", old.to_str().unwrap()]), 1, "1.0.0 -> 2.0.0");
    assert_eq!(folder.read("releases/1.0.0.json"), released, "an old release is never touched");

    // The shipped bank has all that this one has, and more.
    ends(&folder.run(&["bank", "diff", folder.path(), SHIPPED]), 1, "added ");
    ends(&folder.run(&["bank", "diff", "/nowhere"]), 3, "cannot read /nowhere");
    folder.write("releases/1.2.0.json", "{}");
    ends(&folder.run(&["check"]), 1, "releases/1.2.0.json:0: V-RELEASE");
    ends(&staffml(&["bank", "release", "1.0.0"]), 2, "--bank DIR");
}
