//! Rings, meshes, tori and hypercubes of an exact side, cut and counted.

use super::SOURCE;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A grid with the same side in every dimension.
    pub struct Grid {
        /// Nodes along one dimension.
        side: f64, "k", COUNT;
        /// Dimensions.
        dimensions: f64, "m", DIMENSIONS, default 3.0;
    }
}

record! {
    /// A hypercube.
    pub struct HypercubeIn {
        /// Dimensions.
        dimensions: f64, "m", DIMENSIONS;
    }
}

record! {
    /// What counting gives.
    pub struct NetworkOut {
        /// Nodes.
        nodes: f64, "n", POSITIVE;
        /// Links that the thinnest cut across one dimension crosses, each counted once.
        cut_links: f64, "cut", NOT_NEGATIVE;
        /// Those links over half of the nodes, at most 1; 1 for one node.
        bisection_fraction: f64, "β", SHARE;
        /// Links on the shortest way, averaged over pairs of different nodes; 0 for one node.
        mean_hops: f64, "hops", NOT_NEGATIVE;
        /// Links on the longest of the shortest ways.
        diameter: f64, "D", NOT_NEGATIVE;
    }
}

/// Links across the middle of a grid of `n` nodes and side `k`.
pub(super) fn cut(k: f64, n: f64, closed: bool) -> f64 {
    match (n < 2.0, closed && k > 2.0) {
        (true, _) => 0.0,
        (false, true) => 2.0 * n / k,
        // A ring of two has one link.
        (false, false) => n / k,
    }
}

/// Cut links over half of the nodes.
pub(super) fn fraction(cut: f64, n: f64) -> f64 {
    if n < 2.0 { 1.0 } else { (cut / (n / 2.0)).min(1.0) }
}

/// Mean hops of a grid of side `k` in `m` dimensions with `n` nodes.
///
/// The mean over all pairs, a node and itself among them, is `m` times that of one dimension.
pub(super) fn mean_hops(k: f64, m: f64, n: f64, closed: bool) -> f64 {
    if n < 2.0 {
        return 0.0;
    }
    let odd = libm::fmod(k, 2.0) > 0.5 && libm::floor(k).to_bits() == k.to_bits();
    let along = match (closed, odd) {
        (true, false) => k / 4.0,
        (true, true) => (k - 1.0 / k) / 4.0,
        (false, _) => (k - 1.0 / k) / 3.0,
    };
    m * along * (n / (n - 1.0))
}

/// `k^m` by multiplication, which is exact while the result is.
fn power(k: f64, m: f64) -> f64 {
    let mut product = 1.0;
    let mut done = 0.0;
    while done < m {
        product *= k;
        done += 1.0;
    }
    product
}

/// The formulas of one kind of network, for its trace.
struct Words {
    cut: &'static str,
    hops: &'static str,
    diameter: &'static str,
}

const DIMENSIONS: &[&str] = &["dimensions"];
const SIDES: &[&str] = &["side", "dimensions"];

#[inline]
fn record_all<R: Recorder>(
    out: &NetworkOut,
    size: &'static str,
    given: &'static [&'static str],
    words: &Words,
    trace: &mut R,
) {
    trace.computed("nodes", "n", out.nodes, size, given, SOURCE);
    trace.computed("cut_links", "cut", out.cut_links, words.cut, given, SOURCE);
    let reads: &'static [&'static str] = &["cut_links", "nodes"];
    let formula = "min(1, cut / (n / 2))";
    trace.computed("bisection_fraction", "β", out.bisection_fraction, formula, reads, SOURCE);
    trace.computed("mean_hops", "hops", out.mean_hops, words.hops, given, SOURCE);
    trace.computed("diameter", "D", out.diameter, words.diameter, given, SOURCE);
}

#[inline]
fn count<R: Recorder>(x: &Grid, closed: bool, words: &Words, trace: &mut R) -> NetworkOut {
    let nodes = power(x.side, x.dimensions);
    let cut_links = cut(x.side, nodes, closed);
    let reach = if closed { libm::floor(x.side / 2.0) } else { x.side - 1.0 };
    let out = NetworkOut {
        nodes,
        cut_links,
        bisection_fraction: fraction(cut_links, nodes),
        mean_hops: mean_hops(x.side, x.dimensions, nodes, closed),
        diameter: x.dimensions * reach,
    };
    record_all(&out, "k^m", SIDES, words, trace);
    out
}

/// The equation `locality.torus`; in one dimension, a ring.
#[derive(Debug, Clone, Copy)]
pub struct Torus;

impl Equation for Torus {
    type In = Grid;
    type Out = NetworkOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "locality.torus",
        wall: 10,
        also: &[14],
        question: "How wide and how far is a torus?",
        formula: "cut = 2 × k^{m−1}; hops = m × k / 4 × n / (n − 1), (k² − 1) / (4 × k) for k / 4 if k is odd",
        source: SOURCE,
        inputs: Grid::FIELDS,
        outputs: NetworkOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &Grid, _: Convention, trace: &mut R) -> NetworkOut {
        const WORDS: Words = Words {
            cut: "2 × k^{m−1}; half of it if k = 2",
            hops: "m × k / 4 × n / (n − 1), (k² − 1) / (4 × k) for k / 4 if k is odd",
            diameter: "m × ⌊k / 2⌋",
        };
        count(x, true, &WORDS, trace)
    }
}

/// The equation `locality.mesh`.
#[derive(Debug, Clone, Copy)]
pub struct Mesh;

impl Equation for Mesh {
    type In = Grid;
    type Out = NetworkOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "locality.mesh",
        wall: 10,
        also: &[14],
        question: "How wide and how far is a mesh?",
        formula: "cut = k^{m−1}; hops = m × (k² − 1) / (3 × k) × n / (n − 1)",
        source: SOURCE,
        inputs: Grid::FIELDS,
        outputs: NetworkOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &Grid, _: Convention, trace: &mut R) -> NetworkOut {
        const WORDS: Words = Words {
            cut: "k^{m−1}",
            hops: "m × (k² − 1) / (3 × k) × n / (n − 1)",
            diameter: "m × (k − 1)",
        };
        count(x, false, &WORDS, trace)
    }
}

/// The equation `locality.hypercube`.
#[derive(Debug, Clone, Copy)]
pub struct Hypercube;

impl Equation for Hypercube {
    type In = HypercubeIn;
    type Out = NetworkOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "locality.hypercube",
        wall: 10,
        also: &[14],
        question: "How wide and how far is a hypercube?",
        formula: "cut = n / 2; hops = m / 2 × n / (n − 1); n = 2^m",
        source: SOURCE,
        inputs: HypercubeIn::FIELDS,
        outputs: NetworkOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &HypercubeIn, _: Convention, trace: &mut R) -> NetworkOut {
        const WORDS: Words = Words { cut: "n / 2", hops: "m / 2 × n / (n − 1)", diameter: "m" };
        let nodes = power(2.0, x.dimensions);
        let cut_links = nodes / 2.0;
        let out = NetworkOut {
            nodes,
            cut_links,
            bisection_fraction: fraction(cut_links, nodes),
            mean_hops: x.dimensions / 2.0 * (nodes / (nodes - 1.0)),
            diameter: x.dimensions,
        };
        record_all(&out, "2^m", DIMENSIONS, &WORDS, trace);
        out
    }
}
