//! The daily set: one easy, one middling, one hard template, the same for everyone with the same bank.
//!
//! Templates are ranked by a hash keyed by date and track, so a new template changes a day only where it wins a rank;
//! an index modulo the number of templates would reshuffle every day on every addition.

use crate::model::taxonomy::{Area, Level, Track};
use crate::variant::rng::{fnv1a64, mix};

/// A template that may be picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its level.
    pub level: Level,
    /// Its area.
    pub area: Area,
}

/// A picked template and the seed of its variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// Its id.
    pub id: String,
    /// The seed.
    pub seed: u64,
}

/// Returns the set of a day (`YYYY-MM-DD`, the learner's study day): one template of levels 1 and 2, one of level 3,
/// one above, from different areas if possible. A band without candidates gives none.
#[must_use]
pub fn daily(pool: &[Candidate<'_>], date: &str, track: Track) -> Vec<Pick> {
    let seed = fnv1a64(format!("daily/{date}/{track}").as_bytes());
    let mut ranked: Vec<(u64, &Candidate<'_>)> =
        pool.iter().map(|c| (mix(fnv1a64(c.id.as_bytes()) ^ seed), c)).collect();
    ranked.sort_by(|a, b| (a.0, a.1.id).cmp(&(b.0, b.1.id)));
    let mut areas: Vec<Area> = Vec::new();
    let mut picks = Vec::new();
    for (least, most) in [(1, 2), (3, 3), (4, 6)] {
        let band = || {
            ranked.iter().map(|(_, c)| *c).filter(|c| (least..=most).contains(&c.level.ordinal()))
        };
        let fresh = band().find(|c| !areas.contains(&c.area));
        if let Some(pick) = fresh.or_else(|| band().next()) {
            areas.push(pick.area);
            picks.push(Pick {
                id: pick.id.to_owned(),
                seed: mix(seed ^ fnv1a64(pick.id.as_bytes())),
            });
        }
    }
    picks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_changes_a_day_only_where_it_wins() {
        let names: Vec<String> = (0..60).map(|i| format!("t{i:02}-item")).collect();
        let candidate = |i: usize| Candidate {
            id: &names[i],
            level: Level::ALL[i % 6],
            area: Area::ALL[i % Area::ALL.len()],
        };
        let pool: Vec<Candidate<'_>> = (0..59).map(candidate).collect();
        let more: Vec<Candidate<'_>> = (0..60).map(candidate).collect();
        let days: Vec<String> = (1..=28).map(|d| format!("2026-02-{d:02}")).collect();
        let changed = days
            .iter()
            .filter(|day| daily(&pool, day, Track::Cloud) != daily(&more, day, Track::Cloud));
        assert!(
            changed.count() <= 8,
            "one template among thirty of its band wins about one day in thirty"
        );
        assert_eq!(daily(&pool, "2026-02-01", Track::Cloud).len(), 3);
        assert_eq!(daily(&[], "2026-02-01", Track::Cloud), []);
    }
}
