//! The 22 walls: limits that a machine-learning system runs into, each with its equation.
//!
//! A wall is one file under the folder of its domain.
//! It gives typed functions for programs, and equations that can also be called by name ([`evaluate`]) or over
//! columns ([`batch`]).
//! Walls know equations and no machine's name; values come from the caller, who may tell where they are from.

pub mod algorithm;
pub mod analysis;
mod batch;
mod by_name;
pub mod data;
pub mod equation;
pub mod fleet;
mod list;
pub mod node;
pub mod operations;
mod prepared;

pub use batch::{Column, Table, batch};
pub use by_name::{Evaluation, Given, evaluate, evaluate_given};
pub use equation::{EquationInfo, Field, Form, solve, solve_traced};
pub use prepared::Prepared;

use core::fmt;

/// Every equation of this crate in words, in order of its wall.
#[must_use]
pub fn equations() -> &'static [EquationInfo] {
    &list::INFOS
}

/// The part of a system that a wall belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Domain {
    /// One machine.
    Node,
    /// Bringing data to the machine.
    Data,
    /// What the model asks for.
    Algorithm,
    /// Many machines together.
    Fleet,
    /// Money, carbon, safety.
    Operations,
    /// Questions about the other walls.
    Analysis,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Node => "node",
            Self::Data => "data",
            Self::Algorithm => "algorithm",
            Self::Fleet => "fleet",
            Self::Operations => "operations",
            Self::Analysis => "analysis",
        })
    }
}

/// Whether the equations of a wall are in this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// They are, tested.
    Built,
    /// Not yet; [`Wall::equation`] says what it will be about.
    Later,
}

/// One of the 22 walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// Number, 1 to 22.
    pub number: u8,
    /// Name.
    pub name: &'static str,
    /// Where it belongs.
    pub domain: Domain,
    /// Its leading equation in symbols.
    pub equation: &'static str,
    /// Author and year of the literature.
    pub sources: &'static str,
    /// Whether it is in this version.
    pub status: Status,
}

impl Wall {
    /// The equations of this wall, and those that touch it.
    pub fn equations(self) -> impl Iterator<Item = &'static EquationInfo> {
        equations()
            .iter()
            .filter(move |info| info.wall == self.number || info.also.contains(&self.number))
    }
}

const fn row(
    number: u8,
    name: &'static str,
    domain: Domain,
    status: Status,
    equation: &'static str,
    sources: &'static str,
) -> Wall {
    Wall { number, name, domain, equation, sources, status }
}

use Domain::{Algorithm, Analysis, Data, Fleet, Node, Operations};
use Status::Built;

#[rustfmt::skip] // a table
static WALLS: [Wall; 22] = [
    row(1, "Compute", Node, Built, "T = OPs / (Peak × η)", "Williams et al. (2009)"),
    row(2, "Memory", Node, Built, "T = V / (BW × η_m); fits if need ≤ capacity", "Williams et al. (2009)"),
    row(3, "Software", Node, Built, "η = η_occ × η_tile × η_mem × η_launch", "Chowdhery et al. (2022); Dao et al. (2022)"),
    row(4, "Serving", Node, Built, "TTFT = OPs_prefill / (Peak × η); ITL = max(compute, (W + KV) / BW)", "Pope et al. (2023)"),
    row(5, "Batching", Node, Built, "N = ⌊M_KV / (k × p × E[⌈S/p⌉])⌋", "Kwon et al. (2023)"),
    row(6, "Streaming", Node, Built, "T_layer = max(W_layer / BW_inject, OPs_layer / (Peak × η))", "Lie et al. (2022)"),
    row(7, "Tail latency", Node, Built, "P(T > t) of an M/M/c queue", "Erlang (1917); Dean & Barroso (2013)"),
    row(8, "Ingestion", Data, Built, "ρ = BW_demand / BW_supply", "Mohan et al. (2021)"),
    row(9, "Transformation", Data, Built, "T = B / (n_workers × r_worker)", "Murray et al. (2021)"),
    row(10, "Locality", Data, Built, "BW_eff = BW_link × β / oversubscription", "Leiserson (1985); Dally & Towles (2003)"),
    row(11, "Complexity", Algorithm, Built, "C = 6·N·D; N* = √(C/120)", "Hoffmann et al. (2022)"),
    row(12, "Reasoning", Algorithm, Built, "T = TTFT + Σ ITL(context)", "Snell et al. (2024)"),
    row(13, "Fidelity", Algorithm, Built, "r = bits_base / bits", "Han et al. (2015); Gholami et al. (2021)"),
    row(14, "Communication", Fleet, Built, "T = 2(n−1)/n × M/BW + 2(n−1) × α", "Patarasuk & Yuan (2009)"),
    row(15, "Fragility", Fleet, Built, "MTBF = MTBF_node / n; τ* = √(2·δ·MTBF)", "Young (1974); Daly (2006)"),
    row(16, "Multi-tenant", Fleet, Built, "wait = ρ / (2·μ·(1−ρ))", "Little (1961); Jeon et al. (2019)"),
    row(17, "Capital", Operations, Built, "TCO = CapEx + OpEx", "Barroso et al. (2018)"),
    row(18, "Sustainability", Operations, Built, "CO2 = E × PUE × CI", "Patterson et al. (2022)"),
    row(19, "Checkpoint", Operations, Built, "blocked share = t / (τ + t)", "Eisenman et al. (2022)"),
    row(20, "Safety", Operations, Built, "ε(δ) of the subsampled Gaussian mechanism", "Abadi et al. (2016)"),
    row(21, "Sensitivity", Analysis, Built, "e_x = ∂ln T / ∂ln x", "Williams et al. (2009)"),
    row(22, "Synthesis", Analysis, Built, "BW_req = V / T_target", "Williams et al. (2009)"),
];

/// The 22 walls in order.
#[must_use]
pub fn all() -> &'static [Wall; 22] {
    &WALLS
}

/// The wall of a number, if it is 1 to 22.
#[must_use]
pub fn wall(number: u8) -> Option<&'static Wall> {
    WALLS.get(usize::from(number).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_up_and_domains_follow_in_order() {
        for (wall, number) in WALLS.iter().zip(1..) {
            assert_eq!(wall.number, number);
        }
        assert!(WALLS.windows(2).all(|pair| pair[0].domain as u8 <= pair[1].domain as u8));
    }

    #[test]
    fn a_wall_is_built_exactly_if_it_has_an_equation_of_its_own() {
        for wall in all() {
            let has = equations().iter().any(|info| info.wall == wall.number);
            assert_eq!(wall.status == Status::Built, has, "wall {}", wall.number);
        }
    }

    #[test]
    fn equations_are_well_formed() {
        for (i, info) in equations().iter().enumerate() {
            assert!(equations()[..i].iter().all(|other| other.id != info.id), "{} twice", info.id);
            assert!(
                info.inputs.len() <= equation::MAX_FIELDS
                    && info.outputs.len() <= equation::MAX_FIELDS
            );
            for field in info.inputs.iter().chain(info.outputs) {
                assert!(field.doc.ends_with('.'), "{}: {} has no sentence", info.id, field.name);
                assert!(
                    field.default.is_none_or(|d| field.range.contains(d)),
                    "{}: {}",
                    info.id,
                    field.name
                );
            }
        }
    }
}
