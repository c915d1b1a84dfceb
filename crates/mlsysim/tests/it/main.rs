//! Laws that hold for any input, and agreement of the three ways to call an equation.

mod forms;
mod formulas;
mod laws;
mod laws_analysis;
mod laws_data;
mod laws_fleet;
mod laws_kernels;
mod laws_machine;
mod laws_node;
mod laws_operations;
mod layers;
mod published;
mod simulation;
mod units;
