//! Questions about the other walls: walls 21 and 22.
