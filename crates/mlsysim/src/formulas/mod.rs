//! Pure functions of the literature that several walls share.
