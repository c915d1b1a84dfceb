//! Physics of the model of real machines on random inputs.
