//! Wall 10, locality: how far apart two devices are, and what lies between the halves of a fleet.
//!
//! Cut a network into equal halves along its thinnest place: what crosses the cut bounds every exchange in which each
//! half wants something from the other.
//! Hops count the links between switches on the shortest way; in rings, meshes, tori and hypercubes every node is its
//! own switch, while fat trees and dragonflies have nodes below their switches.
//! Routing is taken to be perfect; congestion, adaptive detours and link failures are not modeled.

mod grid;

pub use grid::{Grid, Hypercube, HypercubeIn, Mesh, NetworkOut, Torus};

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::BytesPerSecond;
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str = "Leiserson (1985), Fat-Trees, IEEE Transactions on Computers C-34(10); Dally & Towles (2003), \
Principles and Practices of Interconnection Networks; Kim et al. (2008), Technology-Driven, Highly-Scalable Dragonfly \
Topology, ISCA; Al-Fares et al. (2008), A Scalable, Commodity Data Center Network Architecture, SIGCOMM";

/// Returns what a fabric of `nodes` nodes leaves of the bandwidth of one port when every node talks across it.
///
/// `BW_eff = BW_link × β / o` with the share `β` of the ports' bandwidth that crosses the thinnest cut.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `link` is above 0 and `nodes` a whole number of at least 1.
/// - [`crate::Error::Overflow`] if a bandwidth does not fit a 64-bit float.
///
/// # Source
///
/// Leiserson (1985); Kim et al. (2008); Dally & Towles (2003).
///
/// # Examples
///
/// ```
/// use mlsysim::units::BytesPerSecond;
/// use mlsysim::walls::data::locality::{Topology, fabric};
///
/// // A ring of 8: two of its links join the halves, four ports on each side want through.
/// let out = fabric(BytesPerSecond(50e9), Topology::Ring, 8.0)?;
/// assert_eq!((out.bisection_fraction, out.bisection_bandwidth), (0.5, BytesPerSecond(100e9)));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn fabric(link: BytesPerSecond, topology: Topology, nodes: f64) -> Result<FabricOut> {
    let x = FabricIn { link, topology, nodes, oversubscription: 1.0, tiers: 3.0 };
    solve::<Fabric>(&x, Convention::Reference)
}

labels! {
    /// How the ports of a network are wired.
    pub enum Topology {
        /// A folded Clos network.
        FatTree = "fat_tree",
        /// Groups that are wired all to all.
        Dragonfly = "dragonfly",
        /// A three-dimensional torus.
        Torus3d = "torus_3d",
        /// A ring.
        Ring = "ring",
        /// A three-dimensional mesh: a torus without the links that close its rows.
        Mesh3d = "mesh_3d",
        /// A hypercube.
        Hypercube = "hypercube",
    }
}

impl Topology {
    /// Every topology.
    pub const ALL: [Self; 6] =
        [Self::FatTree, Self::Dragonfly, Self::Torus3d, Self::Ring, Self::Mesh3d, Self::Hypercube];

    /// The topology of a name, with `-` and `_` taken for the same.
    ///
    /// [`Convention::Upstream030`] takes any other name for a fat tree, as that package does.
    ///
    /// # Errors
    ///
    /// [`crate::Error::UnknownEntry`] under [`Convention::Reference`], with the nearest names.
    pub fn named(name: &str, convention: Convention) -> Result<Self> {
        let wanted = crate::near::fold(name);
        let found = Self::ALL.into_iter().find(|known| crate::near::fold(known.key()) == wanted);
        match (found, convention) {
            (Some(topology), _) => Ok(topology),
            (None, Convention::Upstream030) => Ok(Self::FatTree),
            (None, Convention::Reference) => Err(crate::Error::UnknownEntry {
                what: "topology",
                name: name.into(),
                near: crate::near::nearest(name, Self::WORDS.iter().copied()),
            }),
        }
    }
}

record! {
    /// A network and how many nodes it joins.
    pub struct FabricIn {
        /// Bandwidth of one port, one direction.
        link: BytesPerSecond, "BW_l", POSITIVE;
        /// How the ports are wired.
        topology: Topology, "shape", ONE_OF_6, default 0.0;
        /// Nodes on the network.
        nodes: f64, "n", COUNT;
        /// Bandwidth into a switch over bandwidth out of it.
        oversubscription: f64, "o", POSITIVE, default 1.0;
        /// Layers of switches in a fat tree.
        tiers: f64, "t", DIMENSIONS, default 3.0;
    }
}

record! {
    /// What the network leaves.
    pub struct FabricOut {
        /// Share of the ports' bandwidth that crosses the thinnest cut into halves.
        bisection_fraction: f64, "β", NOT_NEGATIVE;
        /// Bandwidth of one port when every node sends across that cut.
        effective_bandwidth: BytesPerSecond, "BW_eff", NOT_NEGATIVE;
        /// Bandwidth between the halves, one direction.
        bisection_bandwidth: BytesPerSecond, "BW_bis", NOT_NEGATIVE;
        /// Links between switches on the shortest way, averaged over pairs of different nodes.
        mean_hops: f64, "hops", NOT_NEGATIVE;
    }
}

/// The equation `locality.fabric`.
///
/// Node counts that a shape does not have exactly (a cube of 100 nodes) are interpolated with a real-valued side;
/// [`Torus`], [`Mesh`] and [`Hypercube`] take the exact shape.
#[derive(Debug, Clone, Copy)]
pub struct Fabric;

impl Equation for Fabric {
    type In = FabricIn;
    type Out = FabricOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "locality.fabric",
        wall: 10,
        also: &[14],
        question: "What does a network leave of a port's bandwidth when every node talks across it?",
        formula: "BW_eff = BW_l × β / o; BW_bis = BW_l × β × n / 2 / o; β = min(1, cut / (n / 2))",
        source: SOURCE,
        inputs: FabricIn::FIELDS,
        outputs: FabricOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &FabricIn, convention: Convention, trace: &mut R) -> FabricOut {
        let shape = match convention {
            Convention::Reference => reference(x),
            Convention::Upstream030 => upstream(x),
        };
        let reads: &'static [&'static str] = &["topology", "nodes"];
        trace.computed("bisection_fraction", "β", shape.fraction, shape.cut, reads, SOURCE);
        let through = x.link * shape.fraction / x.oversubscription;
        let reads: &'static [&'static str] = &["link", "bisection_fraction", "oversubscription"];
        trace.computed("effective_bandwidth", "BW_eff", through, "BW_l × β / o", reads, SOURCE);
        // One node has no other half.
        let lonely = convention == Convention::Reference && x.nodes < 2.0;
        let pairs = if lonely { 0.0 } else { x.nodes / 2.0 };
        let bisection_bandwidth = through * pairs;
        let reads: &'static [&'static str] = &["effective_bandwidth", "nodes"];
        let formula = "BW_eff × n / 2; 0 for one node";
        trace.computed(
            "bisection_bandwidth",
            "BW_bis",
            bisection_bandwidth,
            formula,
            reads,
            SOURCE,
        );
        let reads: &'static [&'static str] = &["topology", "nodes", "tiers"];
        trace.computed("mean_hops", "hops", shape.hops, shape.way, reads, SOURCE);
        FabricOut {
            bisection_fraction: shape.fraction,
            effective_bandwidth: through,
            bisection_bandwidth,
            mean_hops: shape.hops,
        }
    }
}

/// A network's two figures and the formulas behind them.
struct Shape {
    fraction: f64,
    cut: &'static str,
    hops: f64,
    way: &'static str,
}

/// By cutting and by counting shortest ways.
fn reference(x: &FabricIn) -> Shape {
    let n = x.nodes;
    if n < 2.0 {
        return Shape {
            fraction: 1.0,
            cut: "one node: nothing to cut",
            hops: 0.0,
            way: "one node",
        };
    }
    match x.topology {
        Topology::FatTree => Shape {
            fraction: 1.0,
            cut: "1: a fat tree is as wide at the root as at the leaves",
            hops: fat_tree_hops(n, x.tiers),
            way: "(2 × (t − 1) × n − 2 × Σ_{j<t} (n/2)^{j/t}) / (n − 1)",
        },
        Topology::Dragonfly => dragonfly(n),
        Topology::Ring => Shape {
            fraction: grid::fraction(grid::cut(n, n, true), n),
            cut: "min(1, 2 / (n / 2))",
            hops: grid::mean_hops(n, 1.0, n, true),
            way: "n² / (4 × (n − 1)) if n is even, else (n + 1) / 4",
        },
        Topology::Torus3d => {
            let k = side(n);
            Shape {
                fraction: grid::fraction(grid::cut(k, n, true), n),
                cut: "min(1, 2 × k² / (n / 2)), k = n^{1/3}",
                hops: grid::mean_hops(k, 3.0, n, true),
                way: "3 × k / 4 × n / (n − 1), or (k² − 1) / (4 × k) in place of k / 4 if k is odd",
            }
        }
        Topology::Mesh3d => {
            let k = side(n);
            Shape {
                fraction: grid::fraction(grid::cut(k, n, false), n),
                cut: "min(1, k² / (n / 2)), k = n^{1/3}",
                hops: grid::mean_hops(k, 3.0, n, false),
                way: "3 × (k² − 1) / (3 × k) × n / (n − 1)",
            }
        }
        Topology::Hypercube => Shape {
            fraction: 1.0,
            cut: "min(1, (n / 2) / (n / 2))",
            hops: libm::log2(n) / 2.0 * n / (n - 1.0),
            way: "log2(n) / 2 × n / (n − 1)",
        },
    }
}

/// The formulas of the Python package, which knows four shapes and takes any other for a fat tree.
fn upstream(x: &FabricIn) -> Shape {
    let (n, cube) = (x.nodes, libm::cbrt(x.nodes));
    let (fraction, cut, hops, way) = match x.topology {
        Topology::Dragonfly => (0.85, "0.85", 3.0, "3"),
        Topology::Torus3d => (2.0 / cube, "2 × n^{−1/3}", 0.75 * cube, "0.75 × n^{1/3}"),
        Topology::Ring => (2.0 / n, "2 / n", n / 4.0, "n / 4"),
        Topology::FatTree | Topology::Mesh3d | Topology::Hypercube => (1.0, "1", 4.0, "4"),
    };
    Shape { fraction, cut, hops, way }
}

/// The side of a cube of `n` nodes: whole if there is such a cube.
fn side(n: f64) -> f64 {
    let real = libm::cbrt(n);
    let whole = libm::round(real);
    if (whole * whole * whole).to_bits() == n.to_bits() { whole } else { real }
}

/// Mean links between switches of a fat tree of `t` tiers with `n = 2·h^t` nodes, `h` of them below each switch.
///
/// Two nodes whose ways meet at tier `l` are `2·(l − 1)` links apart.
fn fat_tree_hops(n: f64, t: f64) -> f64 {
    let h = libm::pow(n / 2.0, 1.0 / t);
    // Σ_l 2·(l − 1)·(number of partners that meet at tier l), summed by parts.
    let mut closer = 0.0;
    let mut group = 1.0;
    let mut tier = 1.0;
    while tier < t {
        group *= h;
        closer += group;
        tier += 1.0;
    }
    2.0 * ((t - 1.0) * n - closer) / (n - 1.0)
}

/// A balanced dragonfly: `h` nodes and `h` global links at each switch, `2·h` switches in each of `2·h² + 1` groups,
/// and one link between any two groups.
fn dragonfly(n: f64) -> Shape {
    // n = 4·h⁴ + 2·h², a quadratic equation of h².
    let h2 = (libm::sqrt(1.0 + 4.0 * n) - 1.0) / 4.0;
    let h = libm::sqrt(h2);
    let switches = 2.0 * h;
    // Of g²/4 global links and n/2 = h²·g nodes on each side.
    let fraction = ((2.0 * h2 + 1.0) / (4.0 * h2)).min(1.0);
    // Between groups: the global link, and one local link at each end unless the switch has it itself.
    let group = switches * h;
    let near = (switches - 1.0) * h;
    let far = 1.0 + 2.0 * (1.0 - 1.0 / switches);
    let hops = (near + (n - group) * far) / (n - 1.0);
    Shape {
        fraction,
        cut: "min(1, (g² / 4) / (n / 2)), g = 2 × h² + 1, n = 2 × h² × g",
        hops,
        way: "((2 × h − 1) × h + (n − 2 × h²) × (3 − 1 / h)) / (n − 1)",
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "small whole numbers and their quotients by powers of two are exact"
)]
mod tests;
