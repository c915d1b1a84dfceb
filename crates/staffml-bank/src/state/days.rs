//! Study days and streaks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::log::StudyDay;

/// What was done on one study day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct DayCount {
    /// Graded answers.
    pub answers: u32,
    /// Right answers.
    pub right: u32,
    /// Templates seen for the first time.
    pub new: u32,
    /// Time spent on answers, in milliseconds.
    pub ms: u64,
}

/// A run of study days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Streak {
    /// Days with answers in the run that reaches to today, or to yesterday while today is open.
    pub current: u32,
    /// Days with answers in the longest run.
    pub longest: u32,
    /// Whether there was an answer today.
    pub today: bool,
}

/// Returns the streak of some study days: days with at least one graded answer, where one day of rest in seven does not
/// end the run. Rest days do not count.
#[must_use]
pub fn streak(days: &BTreeMap<StudyDay, DayCount>, today: StudyDay) -> Streak {
    let mut out = Streak::default();
    let mut run = 0_u32;
    let mut last: Option<StudyDay> = None;
    let mut rest: Option<StudyDay> = None;
    let active = days.iter().filter(|(day, count)| count.answers > 0 && **day <= today);
    for day in active.map(|(day, _)| *day) {
        let goes_on = match last.map(|last| day.since(last)) {
            Some(1) => true,
            Some(2) => rested(&mut rest, day.number() - 1),
            _ => false,
        };
        if !goes_on {
            run = 0;
            rest = None;
        }
        run += 1;
        out.longest = out.longest.max(run);
        last = Some(day);
    }
    out.current = match last.map(|last| today.since(last)) {
        Some(0) => {
            out.today = true;
            run
        }
        Some(1) => run,
        Some(2) if rested(&mut rest, today.number() - 1) => run,
        _ => 0,
    };
    out
}

/// Takes a day of rest if the last one is at least seven days back.
fn rested(rest: &mut Option<StudyDay>, number: i32) -> bool {
    let day = StudyDay::from_number(number);
    let may = rest.is_none_or(|before| day.since(before) >= 7);
    if may {
        *rest = Some(day);
    }
    may
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[i32], today: i32) -> Streak {
        let one = DayCount { answers: 1, ..DayCount::default() };
        let days = numbers.iter().map(|n| (StudyDay::from_number(*n), one)).collect();
        streak(&days, StudyDay::from_number(today))
    }

    #[test]
    fn one_day_of_rest_in_seven() {
        let days = |current, longest, today| Streak { current, longest, today };
        assert_eq!(of(&[], 5), days(0, 0, false));
        assert_eq!(of(&[1, 2, 3], 3), days(3, 3, true));
        assert_eq!(of(&[1, 2, 3], 4), days(3, 3, false));
        assert_eq!(of(&[1, 2, 3], 5), days(3, 3, false)); // day 4 is the rest
        assert_eq!(of(&[1, 2, 3], 6), days(0, 3, false));
        assert_eq!(of(&[1, 3, 5], 5), days(1, 2, true)); // two rests, two days apart
        assert_eq!(of(&[1, 3, 4, 5, 6, 7, 8, 10], 10), days(8, 8, true)); // rests on 2 and 9
        assert_eq!(of(&[1, 3, 4, 5, 6, 7, 9], 9), days(1, 6, true)); // rests on 2 and 8
        assert_eq!(of(&[9], 3), days(0, 0, false)); // days to come do not count
    }
}
