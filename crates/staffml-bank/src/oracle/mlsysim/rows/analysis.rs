//! Correspondences for analysis: walls 21 and 22.

use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[];
