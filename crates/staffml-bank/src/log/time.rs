//! Moments and study days, as numbers: the crate itself reads no clock.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Day;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// A study day ends at four in the morning, not at midnight.
const ROLLOVER_MS: i64 = 4 * 3_600_000;
/// The first moment of the year 0 and the last of the year 9999: outside of them a date has no four-digit year.
const RANGE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as `2026-03-01T08:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(i64);

impl Moment {
    /// Returns the moment so many milliseconds after the beginning of 1970, held within the years 0 to 9999.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        let ms = if ms < RANGE.0 { RANGE.0 } else { ms };
        Self(if ms > RANGE.1 { RANGE.1 } else { ms })
    }

    /// Returns the milliseconds since the beginning of 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Returns the study day of a learner whose clock is `tz_minutes` ahead of UTC: the local date, where the day
    /// begins at 04:00.
    #[must_use]
    pub fn study_day(self, tz_minutes: i16) -> StudyDay {
        let local = self.0 + i64::from(tz_minutes) * 60_000 - ROLLOVER_MS;
        // Within the years 0 to 9999 a day number has at most seven digits.
        StudyDay(i32::try_from(local.div_euclid(DAY_MS)).unwrap_or(0))
    }

    /// Reads `2026-03-01T08:00:00.000Z`; the fraction of the second may be absent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let day = StudyDay::parse(date)?;
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "000"));
        let mut parts = clock.splitn(3, ':').map(|part| digits(part, 2));
        let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
        let ms = digits(fraction, 3)?;
        (h < 24 && m < 60 && s < 60)
            .then(|| Self(i64::from(day.0) * DAY_MS + ((h * 60 + m) * 60 + s) * 1000 + ms))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = StudyDay(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(0));
        let ms = self.0.rem_euclid(DAY_MS);
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{day}T{h:02}:{m:02}:{s:02}.{:03}Z", ms % 1000)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
            .ok_or_else(|| format!("`{text}` is no moment such as 2026-03-01T08:00:00.000Z"))
    }
}

/// A day of a learner's calendar, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StudyDay(i32);

impl StudyDay {
    /// Returns the day with this number; 1970-01-01 is 0. Days outside of the years 0 to 9999 become the nearest day
    /// within.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        let edge = |ms: i64| i32::try_from(ms.div_euclid(DAY_MS)).unwrap_or(0);
        Self(number.clamp(edge(RANGE.0), edge(RANGE.1)))
    }

    /// Returns the number of the day; 1970-01-01 is 0.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Returns the days from `earlier` to this day; 0 if `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        u32::try_from(i64::from(self.0) - i64::from(earlier.0)).unwrap_or(0)
    }

    /// Returns the day `days` later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self::from_number(self.0.saturating_add_unsigned(days))
    }

    /// Returns the calendar date.
    #[must_use]
    pub fn date(self) -> Day {
        // Hinnant (2013), "chrono-compatible low-level date algorithms": years begin with March.
        let days = i64::from(self.0) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Day {
            year: u16::try_from(year_of_era + era * 400 + i64::from(month <= 2)).unwrap_or(0),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day_of_year - (153 * shifted + 2) / 5 + 1).unwrap_or(1),
        }
    }

    /// Returns the day of a calendar date.
    #[must_use]
    pub fn of(date: Day) -> Self {
        let (month, day) = (i64::from(date.month), i64::from(date.day));
        let year = i64::from(date.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted = (month + 9) % 12;
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(i32::try_from(era * 146_097 + day_of_era - 719_468).unwrap_or(0))
    }

    /// Reads `2026-03-01`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let year = u16::try_from(digits(parts.next()?, 4)?).ok()?;
        let month = u8::try_from(digits(parts.next()?, 2)?).ok()?;
        let day = u8::try_from(digits(parts.next()?, 2)?).ok()?;
        let date = Day { year, month, day };
        let number = Self::of(date);
        ((1..=12).contains(&month) && number.date() == date).then_some(number)
    }
}

impl fmt::Display for StudyDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// Exactly `n` digits.
fn digits(text: &str, n: usize) -> Option<i64> {
    let plain = text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_back_as_written() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-03-01T08:00:00.000Z", 1_772_352_000_000), // date -u -d … +%s
            ("2000-02-29T12:30:15.250Z", 951_827_415_250),
            ("0000-01-01T00:00:00.000Z", RANGE.0),
            ("9999-12-31T23:59:59.999Z", RANGE.1),
        ] {
            assert_eq!(Moment::parse(text), Some(Moment::from_ms(ms)), "{text}");
            assert_eq!(Moment::from_ms(ms).to_string(), text);
        }
        assert_eq!(
            Moment::parse("2026-03-01T08:00:00Z"),
            Moment::parse("2026-03-01T08:00:00.000Z")
        );
        assert_eq!(Moment::from_ms(i64::MAX).ms(), RANGE.1);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "Z",
            "2026-03-01",
            "2026-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-03-01T24:00:00.000Z",
            "2026-03-01T08:00:00.000",
            "2026-03-01T08:00:00.0000Z",
            "2026-03-01T+8:00:00.000Z",
            "２026-03-01T08:00:00.000Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_is_its_own_date() {
        let first = StudyDay::parse("0000-01-01").unwrap();
        let last = StudyDay::parse("9999-12-31").unwrap();
        let mut before = None;
        for number in first.number()..=last.number() {
            let date = StudyDay::from_number(number).date();
            assert_eq!(StudyDay::of(date).number(), number);
            assert!(before < Some(date));
            before = Some(date);
        }
        assert_eq!(StudyDay::from_number(i32::MAX), last);
        assert_eq!(StudyDay::from_number(i32::MIN), first);
    }

    #[test]
    fn a_study_day_begins_at_four() {
        let day = |text: &str, tz| Moment::parse(text).unwrap().study_day(tz).to_string();
        assert_eq!(day("2026-03-02T03:59:59.999Z", 0), "2026-03-01");
        assert_eq!(day("2026-03-02T04:00:00.000Z", 0), "2026-03-02");
        assert_eq!(day("2026-03-02T02:00:00.000Z", 120), "2026-03-02");
        assert_eq!(day("2026-03-02T08:00:00.000Z", -300), "2026-03-01");
    }
}
