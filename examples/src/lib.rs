//! Adapters between the library crates, and the pieces of the composed programs.
