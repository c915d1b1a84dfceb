//! Physics of walls 21 and 22 and searches on random inputs.
