//! Bringing data to the machine: walls 8 to 10.
