//! Physics of walls 8 to 13 and 20 on random inputs.
