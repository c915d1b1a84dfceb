//! Correspondences for algorithms: walls 11 to 13.

use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[];
