//! Correspondences for data: walls 8 to 10.

use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[];
