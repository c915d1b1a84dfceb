//! Correspondences for operating them: walls 17 to 20.

use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[];
