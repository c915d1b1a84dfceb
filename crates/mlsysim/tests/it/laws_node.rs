//! Physics of walls 3 to 7 and 12 on random inputs.
