//! How many questions a useful bank holds, by what they are about.
//!
//! A placement is one question on one track: a question for two tracks counts twice.
//! These are the numbers to reach; [`stats`](super::stats) counts what a bank has.

use crate::model::taxonomy::{Area, Kind, Level, Track};

/// Numeric questions that each wall needs, and how many levels they stand on.
pub const WALL: (u32, u32) = (4, 2);
/// Questions that each topic needs.
pub const TOPIC: u32 = 1;
/// Levels that each topic without prerequisites needs.
pub const ENTRY_LEVELS: u32 = 3;
/// Primary chains of a whole bank.
pub const CHAINS: u32 = 20;
/// Questions that declare a wrong turn of each family.
pub const FAMILY: u32 = 3;

/// Returns how many questions of an area a useful bank has on a track.
#[must_use]
#[rustfmt::skip] // a table
pub const fn quota(area: Area, track: Track) -> u32 {
    let row: [u32; 5] = match area { // cloud, edge, mobile, tinyml, global
        Area::Compute => [10, 6, 5, 6, 5],
        Area::Memory => [14, 6, 6, 7, 3],
        Area::Latency => [12, 6, 6, 4, 3],
        Area::Precision => [4, 3, 3, 3, 2],
        Area::Power => [5, 5, 5, 6, 1],
        Area::Architecture => [7, 3, 4, 2, 4],
        Area::Optimization => [8, 5, 4, 3, 4],
        Area::Parallelism => [10, 1, 0, 0, 1],
        Area::Networking => [7, 3, 2, 1, 1],
        Area::Deployment => [5, 4, 3, 2, 1],
        Area::Reliability => [8, 5, 2, 3, 2],
        Area::Data => [6, 4, 2, 2, 1],
        Area::CrossCutting => [8, 3, 3, 2, 4],
    };
    on(track, row)
}

/// Returns how many questions of a level a useful bank has on a track.
#[must_use]
#[rustfmt::skip] // a table
pub const fn level_quota(level: Level, track: Track) -> u32 {
    let row: [u32; 5] = match level { // cloud, edge, mobile, tinyml, global
        Level::L1 => [8, 5, 5, 5, 4],
        Level::L2 => [23, 12, 10, 9, 8],
        Level::L3 => [29, 16, 13, 12, 8],
        Level::L4 => [25, 13, 10, 9, 6],
        Level::L5 => [13, 5, 4, 3, 4],
        Level::L6Plus => [6, 3, 3, 3, 2],
    };
    on(track, row)
}

/// Returns how many primary chains a useful bank has on a track.
#[must_use]
pub const fn chain_quota(track: Track) -> u32 {
    on(track, [3, 3, 3, 3, 1])
}

/// Which side of a number a bank should be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bound {
    /// So many or more.
    AtLeast,
    /// So many or fewer.
    AtMost,
}

/// Returns the share of a kind among all questions of a useful bank, in percent.
#[must_use]
pub const fn kind_share(kind: Kind) -> (Bound, u32) {
    match kind {
        Kind::Numeric => (Bound::AtLeast, 65),
        Kind::Choice => (Bound::AtMost, 15),
        Kind::Recall => (Bound::AtMost, 10),
        Kind::Multi | Kind::Open => (Bound::AtLeast, 5),
    }
}

const fn on(track: Track, row: [u32; 5]) -> u32 {
    let [cloud, edge, mobile, tinyml, global] = row;
    match track {
        Track::Cloud => cloud,
        Track::Edge => edge,
        Track::Mobile => mobile,
        Track::Tinyml => tinyml,
        Track::Global => global,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_add_up() {
        let track = |t| Area::ALL.iter().map(|a| quota(*a, t)).sum::<u32>();
        let sums: Vec<u32> = Track::ALL.iter().map(|t| track(*t)).collect();
        assert_eq!(sums, [104, 54, 45, 41, 32]);
        let area = |a| Track::ALL.iter().map(|t| quota(a, *t)).sum::<u32>();
        assert_eq!((area(Area::Memory), area(Area::Parallelism)), (36, 12));
        // Both tables part the same questions.
        let level = |t| Level::ALL.iter().map(|l| level_quota(*l, t)).sum::<u32>();
        assert!(Track::ALL.iter().map(|t| level(*t)).eq(sums));
    }

    #[test]
    fn placements_are_those_of_the_shared_table() {
        let data: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/data/taxonomy.json")).unwrap();
        for area in Area::ALL {
            for track in Track::ALL {
                let want = &data["quota_min_placements"][area.name()][track.name()];
                assert_eq!(want, quota(*area, *track), "{area} on {track}");
            }
        }
    }

    #[test]
    fn shares_can_be_met_together() {
        let least = Kind::ALL.iter().map(|k| kind_share(*k)).filter(|s| s.0 == Bound::AtLeast);
        assert!(least.map(|s| s.1).sum::<u32>() <= 100);
    }
}
