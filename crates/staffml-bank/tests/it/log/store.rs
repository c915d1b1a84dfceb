//! One writer, many readers; merging and compacting on disk.

use std::fs;

use staffml_bank::log::{
    Erase, EventSet, Log, LogError, Note, Outcome, Sync, What, export, export_anonymous, read,
    read_any,
};

use super::{Scratch, answer, noon};

fn fill(scratch: &Scratch, entropy: u64, days: core::ops::Range<u64>) -> EventSet {
    let (mut log, _) = Log::open(scratch.path(), entropy, Sync::Never).unwrap();
    for n in days {
        log.append(answer(n), noon(n), 60).unwrap();
    }
    read(scratch.path()).unwrap().events
}

/// Merges what stands in `from` and returns how many events were new.
fn merge(into: &Scratch, from: &Scratch) -> u64 {
    let (mut log, own) = Log::open(into.path(), 9, Sync::Never).unwrap();
    let other = read_any(from.path()).unwrap();
    log.merge(&own.events, &other.events).unwrap()
}

#[test]
fn what_is_appended_is_there_after_opening_again() {
    let scratch = Scratch::new();
    assert!(read(scratch.path()).unwrap().events.is_empty());
    let first = fill(&scratch, 1, 0..3);
    let second = fill(&scratch, 2, 3..6);
    assert_eq!((first.len(), second.len()), (3, 6));
    let reading = read(scratch.path()).unwrap();
    assert_eq!(reading.problems, []);
    let seqs: Vec<u64> = reading.events.timeline().events.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6], "the device keeps its name and counts on");
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let scratch = Scratch::new();
    let (mut log, _) = Log::open(scratch.path(), 1, Sync::Each).unwrap();
    log.append(answer(1), noon(1), 0).unwrap();
    let error = Log::open(scratch.path(), 2, Sync::Each).unwrap_err();
    assert_eq!(error.code(), "E-LOG-LOCKED");
    let process = std::process::id();
    assert!(error.to_string().contains(&format!("in use by process {process}")), "{error}");
    assert_eq!(read(scratch.path()).unwrap().events.len(), 1);
    drop(log);
    assert!(Log::open(scratch.path(), 2, Sync::Each).is_ok());
}

#[test]
fn two_devices_merge_to_the_same_events() {
    let (a, b) = (Scratch::new(), Scratch::new());
    fill(&a, 1, 0..4);
    fill(&b, 2, 2..9);
    assert_eq!(merge(&a, &b), 7);
    assert_eq!(merge(&b, &a), 4);
    assert_eq!((merge(&a, &b), merge(&b, &a)), (0, 0), "nothing new the second time");
    let (left, right) = (read(a.path()).unwrap(), read(b.path()).unwrap());
    assert_eq!(left.events, right.events);
    assert_eq!((left.events.len(), left.problems.len(), right.problems.len()), (11, 0, 0));
    // What came later follows in the same foreign file.
    fill(&b, 3, 9..11);
    assert_eq!(merge(&a, &b), 2);
    let again = read(a.path()).unwrap();
    assert_eq!((again.events.len(), again.problems.len(), again.files.len()), (13, 0, 2));
}

#[test]
fn a_copied_folder_that_went_on_is_kept_twice_and_told() {
    let (a, b) = (Scratch::new(), Scratch::new());
    fill(&a, 1, 0..2);
    fs::create_dir_all(b.path().join("log")).unwrap();
    fs::copy(a.path().join("device"), b.path().join("device")).unwrap();
    fs::copy(a.events(), b.path().join("log").join(a.events().file_name().unwrap())).unwrap();
    fill(&a, 2, 2..4);
    fill(&b, 3, 5..8);
    assert_eq!(merge(&a, &b), 3);
    let reading = read(a.path()).unwrap();
    let codes: Vec<&str> = reading.problems.iter().map(|p| p.code).collect();
    assert_eq!((reading.events.len(), codes), (7, vec!["W-LOG-FORK"]));
    // Writing goes on in the own file.
    fill(&a, 4, 8..9);
    assert!(!read(a.path()).unwrap().is_damaged());
    let (mut log, reading) = Log::open(a.path(), 5, Sync::Never).unwrap();
    log.compact(&reading, false).unwrap();
    drop(log);
    assert_eq!(read_any(&a.events()).unwrap().events.len(), 8);
}

#[test]
fn exports_are_merges() {
    let (a, b) = (Scratch::new(), Scratch::new());
    let events = fill(&a, 1, 0..5);
    let text = export(&events, "builders-stack 0.1.0");
    assert!(
        text.starts_with(
            r#"{"staffml":"progress","v":1,"bank":"builders-stack 0.1.0","events":5}"#
        )
    );
    let file = b.path().join("backup.jsonl");
    fs::write(&file, &text).unwrap();
    let read_back = read_any(&file).unwrap();
    assert_eq!((&read_back.events, read_back.problems.len()), (&events, 0));
    fs::write(&file, text.replacen("\"ms\":1002", "\"ms\":1003", 1)).unwrap();
    let damaged = read_any(&file).unwrap();
    assert_eq!(damaged.events.len(), 4);
    assert!(damaged.is_damaged());
}

#[test]
fn what_is_no_log_is_refused() {
    let scratch = Scratch::new();
    let file = scratch.path().join("notes.txt");
    fs::write(&file, "hello\nworld\n").unwrap();
    for path in [file.as_path(), scratch.path(), &scratch.path().join("absent")] {
        assert!(matches!(read_any(path), Err(LogError::NoLog { .. })), "{}", path.display());
    }
    assert!(matches!(read(&file), Err(LogError::NoLog { .. })));
    fs::write(scratch.path().join("device"), "my laptop").unwrap();
    let error = Log::open(scratch.path(), 1, Sync::Never).unwrap_err();
    assert!(error.to_string().contains("remove the file to go on under a new name"), "{error}");
}

#[test]
fn compaction_removes_damage_and_erased_events() {
    let scratch = Scratch::new();
    fill(&scratch, 1, 0..6);
    let path = scratch.events();
    let (mut log, reading) = Log::open(scratch.path(), 2, Sync::Never).unwrap();
    assert_eq!(log.compact(&reading, true).unwrap().devices, 0, "nothing to do");
    let secret = reading.events.timeline().events[3].id;
    log.append(Erase::new(vec![secret]), noon(7), 0).unwrap();
    drop(log);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1; // in the first line
    fs::write(&path, &bytes).unwrap();
    fs::write(path.with_extension("torn"), "half a line\n").unwrap();

    let (mut log, reading) = Log::open(scratch.path(), 3, Sync::Never).unwrap();
    assert!(reading.is_damaged());
    let done = log.compact(&reading, true).unwrap();
    assert_eq!((done.devices, done.quarantined, done.erased), (1, 1, 1));
    log.append(answer(8), noon(8), 0).unwrap();
    drop(log);
    assert!(!path.exists() && !path.with_extension("torn").exists());
    let text = fs::read_to_string(scratch.events()).unwrap();
    assert!(text.lines().all(|l| !l.contains(&format!("\"id\":\"{secret}\""))));
    let after = read(scratch.path()).unwrap();
    // Six answers and the erasure, without the damaged and the erased one, and one more.
    assert_eq!((after.events.len(), after.problems.len()), (6, 0));

    // Another device that still has the erased event does not bring it back.
    let other = Scratch::new();
    fs::write(other.path().join("old.jsonl"), &bytes).unwrap();
    let _ = merge(&scratch, &other);
    assert!(!read(scratch.path()).unwrap().events.contains(&secret));
}

#[test]
fn anonymous_exports_tell_no_texts_times_or_names() {
    let scratch = Scratch::new();
    let (mut log, _) = Log::open(scratch.path(), 1, Sync::Never).unwrap();
    log.append(
        answer(1).typed("my secret").within(staffml_bank::log::Mode::Drill, "s-1"),
        noon(1),
        60,
    )
    .unwrap();
    log.append(Note::new("another secret".to_owned()), noon(1), 60).unwrap();
    let events = read(scratch.path()).unwrap().events;
    let text = export_anonymous(&events, "b", 77).unwrap();
    for hidden in
        ["secret", "s-1", &log.device().to_string(), events.timeline().events[0].id.as_str()]
    {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    let file = scratch.path().join("anonymous.jsonl");
    fs::write(&file, &text).unwrap();
    let back = read_any(&file).unwrap();
    assert_eq!((back.events.len(), back.problems.len()), (1, 0));
    let events = back.events.timeline().events;
    let What::Answer(answer) = &events[0].what else { panic!("{text}") };
    assert_eq!((answer.outcome, answer.ms), (Outcome::Correct, 1001));
    assert_eq!(export_anonymous(&back.events, "b", 1).unwrap().lines().count(), 2);
}
