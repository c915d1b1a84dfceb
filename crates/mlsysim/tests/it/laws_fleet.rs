//! Physics of wall 14 and training layouts on random inputs.
