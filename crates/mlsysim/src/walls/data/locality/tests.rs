//! Networks counted node by node against the formulas.

use super::*;
use alloc::vec;
use alloc::vec::Vec;

/// Hops from one node to every other along `links`, or `None` for a node without a way.
fn distances(links: &[Vec<usize>], from: usize) -> Vec<Option<u32>> {
    let mut found = vec![None; links.len()];
    found[from] = Some(0);
    let mut queue = vec![from];
    let mut next = 0;
    while next < queue.len() {
        let node = queue[next];
        next += 1;
        for &other in &links[node] {
            if found[other].is_none() {
                found[other] = found[node].map(|d: u32| d + 1);
                queue.push(other);
            }
        }
    }
    found
}

/// Mean and largest distance between different switches, weighted by the nodes below each.
fn measured(links: &[Vec<usize>], nodes_at: &[usize]) -> (f64, f64) {
    let total: usize = nodes_at.iter().sum();
    let (mut sum, mut longest) = (0.0, 0.0_f64);
    for from in 0..links.len() {
        for (to, distance) in distances(links, from).into_iter().enumerate() {
            let hops = f64::from(distance.expect("connected"));
            let pairs = u32::try_from(nodes_at[from] * nodes_at[to]).unwrap();
            sum += hops * f64::from(pairs);
            if pairs > 0 {
                longest = longest.max(hops);
            }
        }
    }
    let total = f64::from(u32::try_from(total).unwrap());
    (sum / (total * (total - 1.0)), longest)
}

/// Neighbors in a grid of side `k` in `m` dimensions.
fn grid(k: usize, m: u32, closed: bool) -> Vec<Vec<usize>> {
    let n = k.pow(m);
    let mut links = vec![Vec::new(); n];
    for node in 0..n {
        for dimension in 0..m {
            let stride = k.pow(dimension);
            let at = node / stride % k;
            let next = if at + 1 < k {
                Some(node + stride)
            } else {
                closed.then(|| node + stride - k * stride)
            };
            if let Some(next) = next.filter(|next| *next != node) {
                links[node].push(next);
                links[next].push(node);
            }
        }
    }
    links
}

/// Roundings of a few operations.
const ROUNDING: f64 = 1e-12;

#[test]
fn grids_by_breadth_first_search() {
    for (k, m) in [(2, 1), (3, 1), (7, 1), (8, 1), (2, 3), (3, 2), (5, 2), (6, 2), (4, 3), (5, 3)] {
        for closed in [true, false] {
            let (mean, longest) = measured(&grid(k, m, closed), &vec![1; k.pow(m)]);
            let side = f64::from(u32::try_from(k).unwrap());
            let x = Grid { side, dimensions: f64::from(m) };
            let out = if closed {
                solve::<Torus>(&x, Convention::Reference).unwrap()
            } else {
                solve::<Mesh>(&x, Convention::Reference).unwrap()
            };
            assert!((out.mean_hops - mean).abs() < ROUNDING, "{k}^{m} {closed}: {mean}");
            assert!((out.diameter - longest).abs() < ROUNDING, "{k}^{m} {closed}: {longest}");
        }
    }
}

#[test]
fn a_hypercube_is_a_torus_of_side_two() {
    for m in [1.0, 2.0, 5.0, 10.0] {
        let cube =
            solve::<Hypercube>(&HypercubeIn { dimensions: m }, Convention::Reference).unwrap();
        let torus =
            solve::<Torus>(&Grid { side: 2.0, dimensions: m }, Convention::Reference).unwrap();
        assert_eq!(cube, torus);
    }
}

#[test]
fn small_cuts_by_trying_every_half() {
    // The least number of links between any two halves, over all of them.
    for (k, m, closed) in [(4, 1, true), (8, 1, true), (4, 2, true), (4, 2, false), (2, 4, true)] {
        let links = grid(k, m, closed);
        let n = links.len();
        let mut least = usize::MAX;
        for side in 0..1_u32 << n {
            if side.count_ones() as usize * 2 != n {
                continue;
            }
            let across = |from: usize| {
                let here = side >> from & 1;
                links[from].iter().filter(|to| side >> **to & 1 != here).count()
            };
            least = least.min((0..n).map(across).sum::<usize>() / 2);
        }
        // Side-two rings have each link twice in the lists.
        let least = if k == 2 { least / 2 } else { least };
        let x = Grid { side: f64::from(u32::try_from(k).unwrap()), dimensions: f64::from(m) };
        let out = if closed {
            solve::<Torus>(&x, Convention::Reference).unwrap()
        } else {
            solve::<Mesh>(&x, Convention::Reference).unwrap()
        };
        assert_eq!(out.cut_links, f64::from(u32::try_from(least).unwrap()), "{k}^{m} {closed}");
    }
}

#[test]
fn fat_trees_by_breadth_first_search() {
    // Two tiers of radix 4: four leaves with two nodes each, two spines; three tiers: the classic k = 4 network.
    let leaf_spine: Vec<Vec<usize>> =
        vec![vec![4, 5], vec![4, 5], vec![4, 5], vec![4, 5], vec![0, 1, 2, 3], vec![0, 1, 2, 3]];
    let (mean, longest) = measured(&leaf_spine, &[2, 2, 2, 2, 0, 0]);
    assert_eq!(longest, 2.0);
    assert!((fat_tree_hops(8.0, 2.0) - mean).abs() < ROUNDING, "{mean}");

    // Edges 0..8, aggregation 8..16, cores 16..20; pod p has edges 2p, 2p+1 and aggregations 8+2p, 9+2p.
    let mut links = vec![Vec::new(); 20];
    let mut join = |a: usize, b: usize| {
        links[a].push(b);
        links[b].push(a);
    };
    for pod in 0..4 {
        for i in 0..2 {
            for j in 0..2 {
                join(2 * pod + i, 8 + 2 * pod + j);
                join(8 + 2 * pod + i, 16 + 2 * i + j);
            }
        }
    }
    let mut nodes_at = vec![0; 20];
    nodes_at[..8].fill(2);
    let (mean, longest) = measured(&links, &nodes_at);
    assert_eq!(longest, 4.0);
    assert!((fat_tree_hops(16.0, 3.0) - mean).abs() < ROUNDING, "{mean}");
}

#[test]
fn a_dragonfly_by_breadth_first_search() {
    // h = 2: four switches of two nodes in each of nine groups, n = 72. Switch s of group a has global links to the
    // groups at offsets 2·s + 1 and 2·s + 2 around the circle.
    let mut links = vec![Vec::new(); 36];
    for group in 0..9 {
        for switch in 0..4 {
            let here = group * 4 + switch;
            links[here].extend((0..4).filter(|s| *s != switch).map(|s| group * 4 + s));
            for offset in [2 * switch + 1, 2 * switch + 2] {
                let other = (group + offset) % 9;
                // Seen from there this group lies at offset 9 − offset.
                links[here].push(other * 4 + (8 - offset) / 2);
            }
        }
    }
    let (mean, longest) = measured(&links, &[2; 36]);
    assert_eq!(longest, 3.0);
    let shape = dragonfly(72.0);
    // By minimal routing: one local link at each end unless the switch there has the global one itself.
    let mut sum = 0.0;
    for from in 0..36 {
        for to in 0..36 {
            let (a, b) = (from / 4, to / 4);
            let gateway = |here: usize, there: usize| here * 4 + ((there + 9 - here) % 9 - 1) / 2;
            sum += match (from == to, a == b) {
                (true, _) => 0.0,
                (false, true) => 4.0,
                (false, false) => {
                    let detours = [from != gateway(a, b), to != gateway(b, a)];
                    4.0 * (1.0 + detours.map(|d| f64::from(u8::from(d))).iter().sum::<f64>())
                }
            };
        }
    }
    let minimal = sum / (72.0 * 71.0);
    assert!((shape.hops - minimal).abs() < ROUNDING, "{} {minimal}", shape.hops);
    // The search may use two global links in a row, so it is never longer.
    assert!(mean <= minimal);
    // 9²/4 of 36 nodes on each side.
    assert!((shape.fraction - 0.5625).abs() < ROUNDING);
}

#[test]
fn one_node_talks_to_nobody() {
    for topology in Topology::ALL {
        let out = fabric(BytesPerSecond(50e9), topology, 1.0).unwrap();
        assert_eq!(
            (out.bisection_bandwidth, out.mean_hops),
            (BytesPerSecond(0.0), 0.0),
            "{topology}"
        );
        assert_eq!(out.effective_bandwidth, BytesPerSecond(50e9));
    }
}

#[test]
fn defects_of_upstream_are_gone() {
    let solved = |topology, nodes, convention| {
        let x = FabricIn {
            link: BytesPerSecond(1.0),
            topology,
            nodes,
            oversubscription: 1.0,
            tiers: 3.0,
        };
        solve::<Fabric>(&x, convention).unwrap().bisection_fraction
    };
    let both = [Convention::Reference, Convention::Upstream030];
    // 8³ nodes: 2 × 64 links of 256; upstream has half.
    assert_eq!(both.map(|c| solved(Topology::Torus3d, 512.0, c)), [0.5, 0.25]);
    assert_eq!(both.map(|c| solved(Topology::Ring, 16.0, c)), [0.25, 0.125]);
    assert_eq!(both.map(|c| solved(Topology::Ring, 1.0, c)), [1.0, 2.0]);
}

#[test]
fn misspelt_names_are_refused_with_the_nearest() {
    assert_eq!(Topology::named("fat-tree", Convention::Reference), Ok(Topology::FatTree));
    let error = Topology::named("torus3", Convention::Reference).unwrap_err();
    assert_eq!(alloc::format!("{error}"), "unknown topology `torus3`; did you mean torus_3d?");
    assert_eq!(Topology::named("torus3", Convention::Upstream030), Ok(Topology::FatTree));
}
