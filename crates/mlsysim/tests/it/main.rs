//! Laws that hold for any input, and agreement of the three ways to call an equation.

mod forms;
mod laws;
mod layers;
mod units;
