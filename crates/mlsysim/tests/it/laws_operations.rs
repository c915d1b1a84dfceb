//! Physics of walls 15 to 19 on random inputs.
