//! The clock of the program: the system's, or a day given on the command line.

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use staffml_bank::log::{Moment, StudyDay};
use staffml_bank::variant::rng::mix;

/// What time it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    base_ms: i64,
    /// How many minutes the local time is ahead of UTC.
    pub(crate) tz_minutes: i16,
}

impl Clock {
    /// The system's clock; with a day, noon of that day, from where it goes on.
    pub(crate) fn new(day: Option<StudyDay>) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
        let tz_minutes = tz_minutes(seconds);
        let base_ms = match day {
            Some(day) => {
                (i64::from(day.number()) * 24 + 12) * 3_600_000 - i64::from(tz_minutes) * 60_000
            }
            None => i64::try_from(now.as_millis()).unwrap_or(0),
        };
        Self { started: Instant::now(), base_ms, tz_minutes }
    }

    pub(crate) fn now(&self) -> Moment {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(0);
        Moment::from_ms(self.base_ms.saturating_add(passed))
    }

    pub(crate) fn today(&self) -> StudyDay {
        self.now().study_day(self.tz_minutes)
    }

    /// A number that differs from start to start.
    pub(crate) fn entropy() -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let process = u64::from(std::process::id());
        mix(now.as_secs() ^ u64::from(now.subsec_nanos()).rotate_left(32) ^ mix(process))
    }
}

/// Minutes that the local time is ahead of UTC at a moment, by the zone file of the system; 0 if there is none.
fn tz_minutes(seconds: i64) -> i16 {
    let file = match std::env::var("TZ") {
        Ok(zone) if zone.is_empty() || zone == "UTC" => return 0,
        Ok(zone) => {
            let zone = zone.trim_start_matches(':');
            if zone.starts_with('/') || zone.contains("..") {
                PathBuf::from(zone)
            } else {
                PathBuf::from("/usr/share/zoneinfo").join(zone)
            }
        }
        Err(_) => PathBuf::from("/etc/localtime"),
    };
    let bytes = std::fs::read(file).unwrap_or_default();
    let offset = zone_offset(&bytes, seconds).unwrap_or(0);
    i16::try_from(offset / 60).ok().filter(|m| m.abs() <= 26 * 60).unwrap_or(0)
}

/// The offset in seconds that a zone file (RFC 8536) gives for a moment: that of the last transition before it.
fn zone_offset(bytes: &[u8], seconds: i64) -> Option<i64> {
    let count = |at: usize| -> Option<usize> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(four)).ok()
    };
    let is_zone = |at: usize| bytes.get(at..at + 4) == Some(b"TZif");
    if !is_zone(0) {
        return None;
    }
    // The first block has moments of four bytes; from version 2 on a second block has moments of eight.
    let (mut head, mut width) = (0, 4);
    if bytes.get(4).is_some_and(|v| *v >= b'2') {
        let n = |k: usize| count(20 + 4 * k);
        let (utc, std, leaps, times, types, chars) = (n(0)?, n(1)?, n(2)?, n(3)?, n(4)?, n(5)?);
        head = 44 + times.checked_mul(5)? + types.checked_mul(6)? + chars + leaps * 8 + std + utc;
        width = 8;
        if !is_zone(head) {
            return None;
        }
    }
    let (times, types) = (count(head + 32)?, count(head + 36)?);
    let start = head + 44;
    let moment = |i: usize| -> Option<i64> {
        let raw = bytes.get(start + i * width..start + (i + 1) * width)?;
        Some(if width == 8 {
            i64::from_be_bytes(raw.try_into().ok()?)
        } else {
            i64::from(i32::from_be_bytes(raw.try_into().ok()?))
        })
    };
    let mut last = None;
    for i in 0..times {
        if moment(i)? > seconds {
            break;
        }
        last = Some(i);
    }
    let kinds = start + times.checked_mul(width)?;
    let kind = last.map_or(Some(0), |i| bytes.get(kinds + i).map(|k| usize::from(*k)))?;
    let at = kinds + times + kind.min(types.saturating_sub(1)) * 6;
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(i64::from(i32::from_be_bytes(four)))
}

#[cfg(test)]
mod tests {
    use super::zone_offset;

    /// A version 1 file with two kinds (+1 h, +2 h) and two transitions.
    fn file() -> Vec<u8> {
        let mut out = b"TZif\0".to_vec();
        out.extend([0; 15]);
        for n in [0_u32, 0, 0, 2, 2, 4] {
            out.extend(n.to_be_bytes());
        }
        for at in [1000_i32, 2000] {
            out.extend(at.to_be_bytes());
        }
        out.extend([1, 0]);
        for offset in [3600_i32, 7200] {
            out.extend(offset.to_be_bytes());
            out.extend([0, 0]);
        }
        out.extend(b"XYZ\0");
        out
    }

    #[test]
    fn the_last_transition_counts_and_no_file_fails_badly() {
        let file = file();
        let at = |seconds| zone_offset(&file, seconds);
        assert_eq!((at(0), at(1500), at(5000)), (Some(3600), Some(7200), Some(3600)));
        assert_eq!(zone_offset(b"no zone", 0), None);
        for end in 0..file.len() {
            let _ = zone_offset(&file[..end], 1500);
        }
        let mut huge = file;
        huge[32..36].copy_from_slice(&[0xff; 4]);
        assert_eq!(zone_offset(&huge, 1500), None);
    }
}
