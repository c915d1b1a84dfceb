//! How much of the curriculum each area is, by track: the number of questions a useful bank holds.

use crate::model::taxonomy::{Area, Track};

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
        assert_eq!(Track::ALL.iter().map(|t| track(*t)).collect::<Vec<_>>(), [104, 54, 45, 41, 32]);
        let area = |a| Track::ALL.iter().map(|t| quota(a, *t)).sum::<u32>();
        assert_eq!((area(Area::Memory), area(Area::Parallelism)), (36, 12));
    }
}
