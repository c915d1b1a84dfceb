//! A log cut at any byte, with any bit flipped, with lines removed: what is whole stays, and the rest is told.

use std::fs;

use staffml_bank::log::{Log, Sync, assemble, read, scan};

use super::{Scratch, answer, noon};

/// A log of five answers, as bytes.
fn five() -> Vec<u8> {
    let scratch = Scratch::new();
    let (mut log, _) = Log::open(scratch.path(), 1, Sync::Never).unwrap();
    for n in 0..5 {
        log.append(answer(n), noon(n), 0).unwrap();
    }
    fs::read(scratch.events()).unwrap()
}

fn codes(bytes: &[u8]) -> (usize, Vec<&'static str>) {
    let reading = assemble(vec![scan("a.jsonl", bytes)]);
    (reading.events.len(), reading.problems.iter().map(|p| p.code).collect())
}

#[test]
fn cut_at_any_byte_only_the_last_line_is_lost() {
    let whole = five();
    for end in 0..=whole.len() {
        let lines = whole[..end].iter().filter(|b| **b == b'\n').count();
        let is_torn = end > 0 && whole[end - 1] != b'\n';
        let want = if is_torn { vec!["W-LOG-TORN"] } else { vec![] };
        assert_eq!(codes(&whole[..end]), (lines, want), "cut at {end}");
    }
}

#[test]
fn a_cut_log_is_mended_and_goes_on() {
    let whole = five();
    for end in (0..whole.len()).step_by(13) {
        let scratch = Scratch::new();
        drop(Log::open(scratch.path(), 1, Sync::Never).unwrap());
        let path = scratch.events();
        fs::write(&path, &whole[..end]).unwrap();
        let lines = whole[..end].iter().filter(|b| **b == b'\n').count();
        let (mut log, found) = Log::open(scratch.path(), 2, Sync::Never).unwrap();
        assert_eq!(found.events.len(), lines);
        let event = log.append(answer(99), noon(9), 0).unwrap();
        assert_eq!(event.seq, lines as u64 + 1);
        let after = read(scratch.path()).unwrap();
        assert_eq!((after.events.len(), after.problems), (lines + 1, vec![]), "cut at {end}");
        let torn = path.with_extension("torn");
        let start = whole[..end].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let aside = fs::read(&torn).unwrap_or_default();
        let kept = aside.strip_suffix(b"\n").unwrap_or_default();
        assert_eq!(kept, &whole[start..end], "what was cut off stands aside");
    }
}

#[test]
fn a_flipped_bit_costs_one_line_and_is_told() {
    let whole = five();
    let ends: Vec<usize> = (0..whole.len()).filter(|i| whole[*i] == b'\n').collect();
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let line = ends.iter().filter(|end| **end < at).count();
        let (n, codes) = codes(&bytes);
        if ends.contains(&at) || bytes[at] == b'\n' {
            // Two lines became one, or one became two: more than one line is hit, never more than two.
            assert!(n >= 3 && !codes.is_empty(), "bit in byte {at}");
        } else if line == 4 {
            assert_eq!((n, codes), (4, vec!["W-LOG-TORN"]), "bit in byte {at}");
        } else {
            assert_eq!((n, codes), (4, vec!["E-LOG-CRC", "E-LOG-CHAIN"]), "bit in byte {at}");
        }
    }
}

#[test]
fn a_missing_line_breaks_the_chain() {
    let whole = five();
    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    for gone in 0..5 {
        let rest: Vec<u8> = lines
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != gone)
            .flat_map(|(_, l)| l.to_vec())
            .collect();
        let want = if gone == 4 { vec![] } else { vec!["E-LOG-CHAIN"] };
        assert_eq!(codes(&rest), (4, want), "without line {gone}");
    }
    let repeated: Vec<u8> = lines.iter().chain(&lines).flat_map(|l| l.to_vec()).collect();
    assert_eq!(codes(&repeated), (5, vec![]), "repeated lines are no news");
}

#[test]
fn anything_else_is_no_log_and_no_panic() {
    for bytes in [&b""[..], b"\n", b"\n\n\n", b"{}\n{}\n", b"\xff\xfe\n\0\0\n", b"hello"] {
        let (n, codes) = codes(bytes);
        assert_eq!(n, 0);
        assert_eq!(codes.is_empty(), bytes.is_empty(), "{bytes:?}");
    }
}
