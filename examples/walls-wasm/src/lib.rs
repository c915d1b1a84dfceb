//! The golden cases of `mlsysim` as a function of text, compiled natively or as a WebAssembly module.
//!
//! The code that turns a case into a call of the library is the golden test's own; here its results leave as the bits of
//! every number, so that two builds can be compared byte by byte.
//! The module speaks in words of eight bytes, so that no side touches the other's memory.

#![expect(unsafe_code, reason = "three exported names; nothing behind them is unsafe")]

// The golden test's files serve a second program here.
#[path = "../../../crates/mlsysim/tests/golden/case.rs"]
mod case;
#[path = "../../../crates/mlsysim/tests/golden/compare.rs"]
mod compare;
#[path = "../../../crates/mlsysim/tests/golden/groups/mod.rs"]
mod groups;
#[path = "../../../crates/mlsysim/tests/golden/objects.rs"]
mod objects;

use core::fmt::Write as _;
use serde_json::Value;
use std::sync::Mutex;

/// Returns a line for each case of a golden file: group, case, status, and name and bits of every output.
///
/// # Errors
///
/// A message if the text is not a golden file.
pub fn answers(text: &str) -> Result<String, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let group = file["resolver"].as_str().ok_or("the file has no `resolver`")?;
    let cases = file["cases"].as_array().ok_or("the file has no `cases`")?;
    let mut lines = String::new();
    for case in cases {
        let status = match groups::run(group, case, &file["objects"]) {
            compare::Verdict::Passed => "passed".into(),
            compare::Verdict::Failed(why) => format!("failed {why}"),
            compare::Verdict::Unsupported(why) => format!("unsupported {why}"),
        };
        let id = case["id"].as_str().unwrap_or("?");
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{group} {id} {status}{}", compare::take_bits());
    }
    Ok(lines)
}

/// Bytes on their way into or out of the module.
static MAIL: Mutex<(Vec<u8>, usize)> = Mutex::new((Vec::new(), 0));

fn with_mail<T>(action: impl FnOnce(&mut (Vec<u8>, usize)) -> T) -> T {
    action(&mut MAIL.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Appends the `count` lower bytes of a word to the text of the next question.
#[unsafe(no_mangle)]
pub extern "C" fn walls_put(word: u64, count: u32) {
    let count = usize::try_from(count).unwrap_or(8).min(8);
    with_mail(|(bytes, _)| bytes.extend_from_slice(&word.to_le_bytes()[..count]));
}

/// Answers the question that was put in; returns the bytes of the answer, which [`walls_take`] gives one word at a time.
#[unsafe(no_mangle)]
pub extern "C" fn walls_ask() -> u64 {
    with_mail(|(bytes, read)| {
        let text = String::from_utf8_lossy(bytes);
        let answer = answers(&text).unwrap_or_else(|error| format!("error {error}\n"));
        *bytes = answer.into_bytes();
        *read = 0;
        bytes.len() as u64
    })
}

/// Returns the next eight bytes of the answer, with zeros after its end; the last word empties the mailbox.
#[unsafe(no_mangle)]
pub extern "C" fn walls_take() -> u64 {
    with_mail(|(bytes, read)| {
        let mut word = [0; 8];
        for (slot, byte) in word.iter_mut().zip(bytes.iter().skip(*read)) {
            *slot = *byte;
        }
        *read += 8;
        if *read >= bytes.len() {
            bytes.clear();
            *read = 0;
        }
        u64::from_le_bytes(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_goes_through_the_mailbox_word_by_word() {
        let question = r#"{"resolver": "RidgePoint", "objects": {}, "cases": []}"#;
        for chunk in question.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            walls_put(u64::from_le_bytes(word), u32::try_from(chunk.len()).unwrap());
        }
        assert_eq!(walls_ask(), 0, "no cases, no lines");
        walls_put(u64::from_le_bytes(*b"nonsense"), 8);
        let length = walls_ask();
        let mut answer = Vec::new();
        while (answer.len() as u64) < length {
            answer.extend_from_slice(&walls_take().to_le_bytes());
        }
        assert!(answer.starts_with(b"error "), "{}", String::from_utf8_lossy(&answer));
    }
}
