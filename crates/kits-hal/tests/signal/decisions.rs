//! Anomalies and gates.

use kits_hal::post::{
    Activity, Detector, Gate, KMeans, Loudness, PostError, Reconstruction, Slice, auc,
};

use crate::Random;

#[test]
fn scores_of_clusters_agree_with_double_precision() {
    let mut random = Random(16);
    for _ in 0..200 {
        let (d, k) = (1 + random.below(9), 1 + random.below(33));
        let mut reals = |n: usize, least: f64| -> Vec<f32> {
            (0..n).map(|_| (random.real() * 2.0 + least) as f32).collect()
        };
        let (means, scales) = (reals(d, 0.0), reals(d, 2.5));
        let (centroids, errors) = (reals(d * k, 0.0), reals(k, 2.0));
        let features = reals(d + 3, 0.0);
        let clusters = KMeans::new(&means, &scales, &centroids, &errors).unwrap();
        let selected: Vec<u16> = (0..d as u16).rev().collect();
        let point: Vec<f32> = selected.iter().map(|i| features[usize::from(*i)]).collect();
        let exact = (0..k)
            .map(|j| {
                let square = |i: usize| {
                    let z = (f64::from(point[i]) - f64::from(means[i])) / f64::from(scales[i]);
                    let off = z - f64::from(centroids[j * d + i]);
                    off * off
                };
                (0..d).map(square).sum::<f64>().sqrt() - f64::from(errors[j])
            })
            .fold(f64::INFINITY, f64::min);
        let found = clusters.score(&point).unwrap();
        assert!((f64::from(found) - exact).abs() <= 1e-4, "{found} is not {exact}");
        assert_eq!(
            clusters.score_selected(&features, &selected).unwrap().to_bits(),
            found.to_bits()
        );
        let wrong =
            PostError::Length { slice: Slice::Features, need: d as u32, have: d as u32 + 3 };
        assert_eq!(clusters.score(&features), Err(wrong));
        let none = PostError::NoSuchFeature { index: 900, have: d as u32 + 3 };
        assert_eq!(clusters.score_selected(&features, &vec![900; d]), Err(none));
        let broken = vec![f32::NAN; d];
        assert_eq!(clusters.score(&broken), Ok(f32::INFINITY));
    }
}

#[test]
fn clusters_that_do_not_fit_each_other_are_refused() {
    let length = |slice, need, have| Err(PostError::Length { slice, need, have });
    let make = |m: &'static [f32], s: &'static [f32], c: &'static [f32], e: &'static [f32]| {
        KMeans::new(m, s, c, e).map(|_| ())
    };
    assert_eq!(make(&[], &[], &[], &[1.0]), length(Slice::Means, 1, 0));
    assert_eq!(make(&[1.0], &[1.0], &[], &[]), length(Slice::MaxErrors, 1, 0));
    assert_eq!(make(&[1.0], &[1.0; 2], &[1.0], &[1.0]), length(Slice::Scales, 1, 2));
    assert_eq!(make(&[1.0; 2], &[1.0; 2], &[1.0; 5], &[1.0; 3]), length(Slice::Centroids, 6, 5));
    for scales in [&[1.0, 0.0], &[1.0, f32::NAN], &[1.0, f32::NEG_INFINITY]] {
        let bad = Err(PostError::BadScale { index: 1 });
        assert_eq!(make(&[1.0; 2], scales, &[1.0; 2], &[1.0]), bad);
    }
}

#[test]
fn reconstructions_are_compared_in_real_units() {
    let mut error = Reconstruction::new((0.5, -3), (0.25, 10));
    // 0.5·(1 + 3) = 2 against 0.25·(18 − 10) = 2; 0.5·(5 + 3) = 4 against 0.25·(2 − 10) = −2.
    assert_eq!(error.push(&[1, 5], &[18, 2]), Ok(18.0));
    assert_eq!(error.push(&[1], &[18]), Ok(0.0));
    assert_eq!(error.mean(), Some(9.0));
    let wrong = PostError::Length { slice: Slice::Reconstruction, need: 2, have: 1 };
    assert_eq!(error.push(&[1, 2], &[1]), Err(wrong));
    assert_eq!(
        error.push(&[], &[]).unwrap_err(),
        PostError::Length { slice: Slice::Features, need: 1, have: 0 }
    );
    error.reset();
    assert_eq!(error.mean(), None);
}

#[test]
fn the_area_is_1_for_order_half_for_chance_and_none_for_one_kind() {
    let mut random = Random(17);
    let scores: Vec<f32> = (0..400).map(|i| i as f32).collect();
    let late: Vec<bool> = (0..400).map(|i| i >= 250).collect();
    assert_eq!(auc(&scores, &late), Ok(Some(1.0)));
    let early: Vec<bool> = late.iter().map(|t| !t).collect();
    assert_eq!(auc(&scores, &early), Ok(Some(0.0)));
    assert_eq!(auc(&[7.0; 400], &late), Ok(Some(0.5)));
    let any: Vec<bool> = (0..400).map(|_| random.below(2) == 0).collect();
    // Chance: the deviation for 200 against 200 is 0.029.
    assert!((auc(&scores, &any).unwrap().unwrap() - 0.5).abs() < 0.12);
    assert_eq!(auc(&scores, &[true; 400]), Ok(None));
    assert!(auc(&scores, &[true]).is_err());
}

#[test]
fn detectors_follow_their_definitions_and_gates_count() {
    let mut random = Random(18);
    for _ in 0..300 {
        let window: Vec<i16> = (0..1 + random.below(50)).map(|_| random.bits() as i16).collect();
        let square: f64 = window.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        let mean = (square / window.len() as f64) as u32;
        assert!(Loudness { mean_square: mean }.active(&window));
        assert!(!Loudness { mean_square: mean + 1 }.active(&window));
    }
    assert!(Loudness { mean_square: 1 << 30 }.active(&[i16::MIN; 9]));
    assert!(!Loudness { mean_square: 0 }.active(&[]));
    // Gravity in any position is rest; ±1 on one axis has the variance 1.
    let rest = [[0.0, 6.9, 6.9]; 20];
    assert!(!Activity { variance: 1e-3 }.active(&rest));
    let shaken: Vec<[f32; 3]> =
        (0..20).map(|i| [if i % 2 == 0 { 1.0 } else { -1.0 }, 0.0, 9.8]).collect();
    assert!(Activity { variance: 0.99 }.active(&shaken));
    assert!(!Activity { variance: 1.01 }.active(&shaken));
    assert!(!Activity { variance: 0.0 }.active(&[[f32::NAN; 3]; 4]));
    let none: [[f32; 3]; 0] = [];
    assert!(!Activity { variance: 0.0 }.active(&none));

    let mut gate = Gate::new(Loudness { mean_square: 100 }, 2);
    let pattern = [0, 20, 0, 0, 0, 20, 0, 20, 0, 0, 0];
    let opened = pattern.map(|x| gate.opens(&[x; 4]));
    let expected = [0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0].map(|x| x == 1);
    assert_eq!(opened, expected);
    assert_eq!((gate.windows(), gate.opened()), (11, 8));
    assert!((gate.rate() - 8.0 / 11.0).abs() < 1e-6);
    gate.reset();
    assert_eq!(gate.rate().to_bits(), 0);
}
