//! Cross-validation: constants fitted without the rows they are judged on.

use crate::args::By;
use crate::fit::fit;
use crate::price::Pricing;
use crate::rows::{DataSet, Row};
use crate::score::{Scored, score};
use crate::world::World;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// What a row is parted by.
fn key(row: &Row, by: By) -> &str {
    match by {
        By::Group => &row.group,
        By::Hardware => row.inputs.text("hardware"),
        By::Model => row.inputs.text("model"),
    }
}

/// Prices every row with constants that were fitted without its part: whole groups, machines or models.
///
/// Only the constants of this data set are refitted; it uses those of the others as they are.
pub(crate) fn score_out_of_fold(
    set: &DataSet,
    pricing: Option<&Pricing>,
    world: &World,
    parts: usize,
    by: By,
) -> Result<Scored, String> {
    let Some(fitted) = pricing.filter(|pricing| !pricing.constants.is_empty()) else {
        return Ok(score(set, pricing, |_| world));
    };
    let keys: BTreeSet<&str> = set.rows.iter().map(|row| key(row, by)).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let parts = parts.clamp(1, keys.len().max(1));
    // Neighbours in the order of names are often alike, so the parts take turns.
    let part_of = |row: &Row| {
        keys.iter().position(|known| *known == key(row, by)).map_or(0, |place| place % parts)
    };
    let parts_of_rows: Vec<usize> = set.rows.iter().map(part_of).collect();
    let fit_without = |part: usize| {
        let rows: Vec<&Row> = set
            .rows
            .iter()
            .zip(&parts_of_rows)
            .filter(|(_, own)| **own != part)
            .map(|(row, _)| row)
            .collect();
        let mut world = world.clone();
        fit(fitted, &rows, &mut world)?;
        Ok(world)
    };
    let worlds: Vec<World> =
        (0..parts).into_par_iter().map(fit_without).collect::<Result<_, String>>()?;
    Ok(score(set, pricing, |index| &worlds[parts_of_rows[index]]))
}
