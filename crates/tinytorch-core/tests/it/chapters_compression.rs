//! The figures and the program of chapter 16.

use tinytorch_core::{
    DType, Rng, Tensor,
    compress::{Csr, CurveOpts, Scope, break_even_rank, magnitude_prune, pruning_curve, svd},
    datasets::{digits, scans},
    milestones::digits::{Network, Recipe, train},
    nn::{Kind, Linear},
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::Rng;
    use tinytorch_core::compress::{
        Layer, Pair, Scope, low_rank, magnitude_prune, shrink, sparsity,
    };
    use tinytorch_core::nn::{Linear, ModuleExt};

    let rng = &mut Rng::seed(0);
    let (first, second) = (Linear::new(64, 32, rng)?, Linear::new(32, 10, rng)?);
    // Zeros: the layer stores as many numbers as before, half of them 0.
    let mask = magnitude_prune(&first, 0.5, Scope::Global)?;
    assert_eq!((sparsity(&first)?.zeros, first.num_parameters()), (1_024, 2_080));
    assert_eq!(mask.sparsity().share(), 0.5);
    // Units: the first layer writes fewer numbers, the second reads fewer.
    let (small, reader, left) = shrink(Pair::Linear(&first, &second), 0.5)?;
    let (Layer::Linear(small), Layer::Linear(reader)) = (small, reader) else { return Ok(()) };
    assert_eq!((left.len(), small.num_parameters(), reader.num_parameters()), (16, 1_040, 170));
    // Rank: two thin layers for one.
    let (down, up) = low_rank(&first, 8)?;
    assert_eq!(down.num_parameters() + up.num_parameters(), 8 * (64 + 32) + 32);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("16-compression.md") {
        chapter.shows_program_of(include_str!("chapters_compression.rs"));
    }
}

#[test]
fn accuracy_as_weights_go() {
    let curve = pruning_curve(&CurveOpts::default(), &mut ()).unwrap();
    println!("{}", curve.markdown());
    // What the text says beside the table: half of the weights cost little, and training on gives most of the rest back.
    let at = |share: f64| curve.points.iter().find(|p| p.share == share).unwrap();
    assert!(at(0.0).pruned - at(0.5).pruned <= 0.02, "{:?}", at(0.5));
    assert!(at(0.8).tuned > at(0.0).pruned - 0.02, "{:?}", at(0.8));
    assert!(at(0.95).pruned < 0.6 && at(0.95).tuned > at(0.95).pruned + 0.2, "{:?}", at(0.95));
    let Some(chapter) = Chapter::open("16-compression.md") else { return };
    for (point, row) in curve.points.iter().zip(curve.markdown().lines().skip(2)) {
        let cells: Vec<&str> = row.split(" | ").collect();
        // Counts and bytes are the same everywhere; accuracies come below.
        let printed = chapter.row(&cells[..2].join(" | "));
        assert_eq!(printed[4..], cells[4..], "{row}");
        // Another processor adds up in another order, so other weights are learned: as far apart as two seeds. Where pruning has
        // broken the network, what is left of it says little.
        let broken = if point.share >= 0.9 { 30.0 } else { 4.0 };
        for (at, margin) in [(2, broken), (3, 4.0)] {
            let percent = |cell: &str| cell.trim_end_matches(" %").parse::<f64>().unwrap();
            let (here, there) = (percent(cells[at]), percent(&printed[at]));
            assert!((here - there).abs() <= margin, "{row}: the chapter says {there} %");
        }
    }
    // The picture is of the figures in the chapter. `UPDATE_PICTURES=1` draws it anew.
    let picture = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/guide/tinytorch/img/16-pruning.svg");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(picture.parent().unwrap()).unwrap();
        std::fs::write(&picture, curve.to_svg()).unwrap();
    }
    let drawn = std::fs::read_to_string(&picture).unwrap();
    if chapter.contains(&curve.markdown()) {
        assert_eq!(drawn, curve.to_svg());
    } else {
        assert_eq!(drawn.matches("<polyline").count(), curve.to_svg().matches("<polyline").count());
    }
}

#[test]
fn bytes_of_sparse_matrices() {
    let row = |share: f64| {
        let layer = Linear::new(256, 256, &mut Rng::seed(1)).unwrap();
        magnitude_prune(&layer, share, Scope::Global).unwrap();
        let dense = layer.weight().tensor().detach();
        let sparse = Csr::from_dense(&dense).unwrap().bytes();
        let ratio = dense.nbytes() as f64 / sparse as f64;
        format!(
            "| {:.0} % | {} | {} | {ratio:.2} |",
            100.0 * share,
            grouped(dense.nbytes()),
            grouped(sparse)
        )
    };
    let rows = [0.0, 0.33, 0.34, 0.5, 0.9, 0.95].map(row);
    println!("{}", rows.join("\n"));
    if let Some(chapter) = Chapter::open("16-compression.md") {
        chapter.says(rows.join("\n"));
    }
}

#[test]
fn what_a_rank_keeps() {
    let (train_set, test_set) = scans::split(&digits().unwrap());
    let recipe = Recipe { epochs: 20, ..Recipe::new(Network::Mlp { hidden: 32 }, 0) };
    let trained = train(&recipe, &train_set, &test_set, false, &mut ()).unwrap();
    let kinds = trained.model.kinds();
    let Kind::Linear(layer) = kinds[0] else { panic!("the first layer is linear") };
    let learned = svd(&layer.weight().tensor().detach()).unwrap().s;
    let noise = svd(&Tensor::randn([32, 64], DType::F32, &mut Rng::seed(0)).unwrap()).unwrap().s;
    let kept = |s: &[f64], rank: usize| {
        let energy = |s: &[f64]| s.iter().map(|v| v * v).sum::<f64>();
        100.0 * energy(&s[..rank]) / energy(s)
    };
    let rows = [2, 4, 8, 16, 21, 32].map(|rank| {
        let numbers = grouped(rank * (32 + 64));
        (format!("| {rank} | {numbers}"), kept(&learned, rank), kept(&noise, rank))
    });
    println!("{rows:?}");
    let even = break_even_rank(32, 64);
    assert!((even - 21.33).abs() < 0.01);
    let Some(chapter) = Chapter::open("16-compression.md") else { return };
    for (start, learned, noise) in rows {
        let printed = chapter.row(&start);
        let percent = |cell: &str| cell.trim_end_matches([' ', '%', '|']).parse::<f64>().unwrap();
        // Learned weights differ a little between processors, random ones do not.
        assert!((percent(&printed[2]) - learned).abs() <= 3.0, "{start}: {learned}");
        assert_eq!(printed[3], format!("{noise:.1} % |"));
    }
    chapter.says(format!("at rank {even:.1}"));
}
