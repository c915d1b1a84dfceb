//! Correspondences for many machines: walls 14 to 16.

use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[];
