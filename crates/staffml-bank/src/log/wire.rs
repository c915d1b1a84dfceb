//! One event as one line: canonical JSON, then its checksum.
//!
//! ```text
//! {"conf":0.8,"dev":"aaaaaaaa",…,"v":1,"verdict":"correct","crc":"c36fafdb"}
//! ```
//!
//! Keys are sorted, there are no spaces, `crc` stands last and covers the same object without it.
//! `prev` holds the first 16 hexadecimal digits of the SHA-256 of the line before, so that a line cannot be changed,
//! dropped or moved without notice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::crc::Crc;
use super::{Damage, DeviceId, Event, EventId, Moment, What};

/// Version of the form of a line.
const VERSION: u64 = 1;
/// What stands between the object and its checksum.
pub(super) const BEFORE_CRC: &str = ",\"crc\":\"";

/// The keys every event has.
#[derive(Debug, Serialize, Deserialize)]
struct Head<'a> {
    v: u64,
    id: EventId,
    t: Moment,
    #[serde(default)]
    tz: i16,
    dev: DeviceId,
    seq: u64,
    #[serde(with = "hex16")]
    prev: u64,
    kind: &'a str,
}

/// A line that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decoded {
    pub(super) event: Event,
    /// The hash of the line before, as this line has it.
    pub(super) prev: u64,
    /// Why the event is of an unknown kind, where this version should know it.
    pub(super) odd: Option<String>,
}

/// Returns the hash that the next line refers to.
pub(super) fn hash(line: &[u8]) -> u64 {
    let digest = Sha256::digest(line);
    digest.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}

/// Returns an event as a line, without its newline; nothing if its kind is unknown to this version.
pub(super) fn encode(event: &Event, prev: u64) -> Result<Option<String>, serde_json::Error> {
    let Some(fields) = event.what.fields() else { return Ok(None) };
    let head = Head {
        v: VERSION,
        id: event.id,
        t: event.at,
        tz: event.tz_minutes,
        dev: event.device,
        seq: event.seq,
        prev,
        kind: event.what.kind(),
    };
    let (Value::Object(mut object), Value::Object(fields)) = (serde_json::to_value(head)?, fields?)
    else {
        return Ok(None); // structs become objects
    };
    if event.tz_minutes == 0 {
        object.remove("tz");
    }
    object.extend(fields);
    let mut line = String::with_capacity(320);
    write_sorted(&Value::Object(object), &mut line)?;
    line.pop();
    Ok(Some(seal(line)))
}

/// Ends an object that lacks its closing brace with its checksum.
fn seal(mut body: String) -> String {
    let crc = Crc::new().update(body.as_bytes()).update(b"}").value();
    body.push_str(&format!("{BEFORE_CRC}{crc:08x}\"}}"));
    body
}

/// Returns a whole line with another hash of the line before it.
pub(super) fn chain_anew(line: &str, from: u64, to: u64) -> String {
    let (old, new) = (format!("\"prev\":\"{from:016x}\""), format!("\"prev\":\"{to:016x}\""));
    split(line).map_or_else(|| line.to_owned(), |(body, _)| seal(body.replacen(&old, &new, 1)))
}

/// Writes a value with the keys of its objects sorted, whatever order its maps keep.
fn write_sorted(value: &Value, out: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                out.push(if i == 0 { '{' } else { ',' });
                out.push_str(&serde_json::to_string(key)?);
                out.push(':');
                write_sorted(value, out)?;
            }
            out.push_str(if map.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_sorted(item, out)?;
            }
            out.push(']');
        }
        _ => out.push_str(&serde_json::to_string(value)?),
    }
    Ok(())
}

/// Reads a line, without its newline.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Damage> {
    let text = core::str::from_utf8(bytes).map_err(|_| Damage::NoChecksum)?;
    let (body, written) = split(text).ok_or(Damage::NoChecksum)?;
    let actual = Crc::new().update(body.as_bytes()).update(b"}").value();
    if actual != written {
        return Err(Damage::Checksum { written, actual });
    }
    let head: Head<'_> = serde_json::from_str(text).map_err(|e| Damage::Form(e.to_string()))?;
    let unknown = || What::Unknown(head.kind.to_owned());
    let (what, odd) = if head.v == VERSION {
        match What::read(head.kind, text) {
            Ok(what) => (what, None),
            Err(error) => (unknown(), Some(error.to_string())),
        }
    } else {
        (unknown(), Some(format!("form {} of a line; this version reads {VERSION}", head.v)))
    };
    let event = Event::new(head.id, head.t, head.tz, head.dev, head.seq, what);
    Ok(Decoded { event, prev: head.prev, odd })
}

/// Parts the object, without its closing brace, from its checksum.
fn split(text: &str) -> Option<(&str, u32)> {
    let rest = text.strip_suffix("\"}")?;
    let at = rest.len().checked_sub(8)?;
    let (body, digits) = (rest.get(..at)?, rest.get(at..)?);
    let body = body.strip_suffix(BEFORE_CRC)?;
    let plain = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let crc = if plain { u32::from_str_radix(digits, 16).ok()? } else { return None };
    Some((body, crc))
}

/// A number as 16 hexadecimal digits.
mod hex16 {
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
    pub(super) fn serialize<S: Serializer>(hash: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{hash:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        let plain = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let hash = if plain { u64::from_str_radix(text, 16).ok() } else { None };
        hash.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no hash of 16 digits")))
    }
}
