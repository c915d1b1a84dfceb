//! Shapes of networks: how much crosses the middle, how far it is, and what sharing costs.

use super::formulas;
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Meters, Seconds, Tokens};

/// Speed of light in glass fibre, in meters per second, rounded as usual.
const FIBRE_SPEED: f64 = 2e8;
/// Mean radius of the Earth.
const EARTH_RADIUS: Meters = Meters(6_371e3);

formulas! { network;
    /// Returns the throughput of a step whose communication share meets an oversubscribed network, as a share of what it was.
    ///
    /// `x = 1 / ((1−f) + f·r)`
    source "Amdahl (1967), Validity of the single processor approach, AFIPS 30, with communication as the slowed part";
    /// // Half of the time takes thrice as long: 0.5 + 1.5.
    /// assert_eq!(network::oversubscribed_throughput(0.5, 3.0)?, 0.5);
    fn oversubscribed_throughput(communication_share: f64, SHARE; oversubscription: f64, AT_LEAST_ONE) -> f64, SHARE {
        1.0 / ((1.0 - communication_share) + communication_share * oversubscription).max(1.0)
    }

    /// Returns the least bandwidth between two halves of a network.
    ///
    /// `BW = links × β / r`, counting the links that cross the cut.
    source "Dally & Towles (2003), Principles and Practices of Interconnection Networks, ch. 3";
    /// assert_eq!(network::bisection_bandwidth(16.0, BytesPerSecond(50e9), 2.0)?, BytesPerSecond(400e9));
    fn bisection_bandwidth(links: f64, COUNT_OR_NONE; bandwidth: BytesPerSecond, POSITIVE; oversubscription: f64, AT_LEAST_ONE) -> BytesPerSecond, NOT_NEGATIVE {
        bandwidth * (links / oversubscription)
    }

    /// Returns how many hosts a fat tree has whose switches have `h` ports down and `h` ports up.
    ///
    /// `hosts = 2·h^L`
    source "Al-Fares, Loukissas & Vahdat (2008), A scalable, commodity data center network architecture, SIGCOMM";
    /// // Three tiers of 64-port switches.
    /// assert_eq!(network::fat_tree_hosts(32.0, 3.0)?, 65_536.0);
    fn fat_tree_hosts(ports_down: f64, COUNT; tiers: f64, COUNT) -> f64, POSITIVE {
        2.0 * libm::pow(ports_down, tiers)
    }

    /// Returns how many switches such a fat tree has.
    ///
    /// `switches = (2L−1) × h^(L−1)`
    source "Al-Fares, Loukissas & Vahdat (2008), A scalable, commodity data center network architecture, SIGCOMM";
    /// assert_eq!(network::fat_tree_switches(2.0, 3.0)?, 20.0);
    fn fat_tree_switches(ports_down: f64, COUNT; tiers: f64, COUNT) -> f64, POSITIVE {
        (2.0 * tiers - 1.0) * libm::pow(ports_down, tiers - 1.0)
    }

    /// Returns how many switches the longest path through a fat tree passes.
    ///
    /// `2L − 1`
    source "Al-Fares, Loukissas & Vahdat (2008), A scalable, commodity data center network architecture, SIGCOMM";
    /// assert_eq!(network::fat_tree_path(3.0)?, 5.0);
    fn fat_tree_path(tiers: f64, COUNT) -> f64, POSITIVE {
        2.0 * tiers - 1.0
    }

    /// Returns how many links a cut through the middle of a torus crosses.
    ///
    /// `2·s^(m−1)` for `s` nodes along each of `m` dimensions, counting both links of a wrapped pair if `s = 2`;
    /// nothing crosses if `s = 1`.
    source "Dally & Towles (2003), Principles and Practices of Interconnection Networks, ch. 5";
    /// assert_eq!(network::torus_cut(4.0, 3.0)?, 32.0);
    fn torus_cut(side: f64, COUNT; dimensions: f64, COUNT) -> f64, NOT_NEGATIVE {
        if side > 1.0 { 2.0 * libm::pow(side, dimensions - 1.0) } else { 0.0 }
    }

    /// Returns how many links the longest of the shortest paths through a torus has.
    ///
    /// `m × ⌊s/2⌋`
    source "Dally & Towles (2003), Principles and Practices of Interconnection Networks, ch. 5";
    /// assert_eq!(network::torus_diameter(5.0, 3.0)?, 6.0);
    fn torus_diameter(side: f64, COUNT; dimensions: f64, COUNT) -> f64, NOT_NEGATIVE {
        dimensions * libm::floor(side / 2.0)
    }

    /// Returns the least tokens per device at which ring attention hides its key and value blocks behind arithmetic.
    ///
    /// `n = b × Peak / (2·β)`
    source "Liu, Zaharia & Abbeel (2023), Ring attention with blockwise transformers, arXiv:2310.01889";
    /// assert_eq!(network::ring_attention_chunk(Bytes(2.0), FlopPerSecond(300e12), BytesPerSecond(300e9))?, Tokens(1000.0));
    fn ring_attention_chunk(element: Bytes, POSITIVE; peak: FlopPerSecond, POSITIVE; bandwidth: BytesPerSecond, POSITIVE) -> Tokens, NOT_NEGATIVE {
        Tokens(element.0 * peak.0 / (2.0 * bandwidth.0))
    }

    /// Returns the time that light needs through glass fibre and back.
    ///
    /// `T = 2 × distance / (2e8 m/s)`
    source "refractive index of silica fibre near 1.5, so two thirds of the speed of light";
    /// assert_eq!(network::fibre_round_trip(Meters(100e3))?, Seconds(0.001));
    fn fibre_round_trip(distance: Meters, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        Seconds(2.0 * distance.0 / FIBRE_SPEED)
    }

    /// Returns the distance between two places along the surface of a round Earth of 6,371 km radius.
    ///
    /// `d = 2R × asin √(sin²(Δφ/2) + cos φ1 × cos φ2 × sin²(Δλ/2))`
    source "Sinnott (1984), Virtues of the haversine, Sky and Telescope 68(2)";
    /// // A quarter of the equator.
    /// let d = network::great_circle(0.0, 0.0, 0.0, 90.0)?;
    /// assert!((d.0 - 6_371e3 * core::f64::consts::FRAC_PI_2).abs() < 1e-6);
    fn great_circle(latitude: f64, LATITUDE; longitude: f64, LONGITUDE; other_latitude: f64, LATITUDE; other_longitude: f64, LONGITUDE) -> Meters, NOT_NEGATIVE {
        let half_sine = |degrees: f64| {
            let sine = libm::sin(degrees.to_radians() / 2.0);
            sine * sine
        };
        let cosine = |degrees: f64| libm::cos(degrees.to_radians());
        let h = half_sine(other_latitude - latitude)
            + cosine(latitude) * cosine(other_latitude) * half_sine(other_longitude - longitude);
        EARTH_RADIUS * (2.0 * libm::asin(libm::sqrt(h.min(1.0))))
    }
}
