//! Points and boxes against slower methods that are plainly right.

use std::collections::BTreeSet;

use kits_hal::post::{
    BoxCode, Centroid, Centroids, Detection, Detections, PostError, Slice, YoloHead,
};

use crate::Random;

/// The objects of one class by visiting every cell from every first cell (flood fill).
fn flood(shape: &Centroids, map: &[i8], class: u16) -> Vec<Centroid> {
    let (w, h) = (i32::from(shape.columns), i32::from(shape.rows));
    let score =
        |x: i32, y: i32| map[((y * w + x) * i32::from(shape.classes) + i32::from(class)) as usize];
    let mut left: BTreeSet<(i32, i32)> = (0..h)
        .flat_map(|y| (0..w).map(move |x| (y, x)))
        .filter(|&(y, x)| score(x, y) >= shape.threshold)
        .collect();
    let mut found = Vec::new();
    while let Some(first) = left.pop_first() {
        let (mut todo, mut cells) = (vec![first], Vec::new());
        while let Some((y, x)) = todo.pop() {
            cells.push((y, x));
            for near in (y - 1..=y + 1).flat_map(|y| (x - 1..=x + 1).map(move |x| (y, x))) {
                if left.remove(&near) {
                    todo.push(near);
                }
            }
        }
        let range = |of: &dyn Fn(&(i32, i32)) -> i32| {
            let values = || cells.iter().map(of);
            [values().min(), values().max()].map(|v| v.expect("a cell") as u16)
        };
        let (rows, columns) = (range(&|c| c.0), range(&|c| c.1));
        let middle = |[a, b]: [u16; 2]| (u32::from(a + b) + 1) * u32::from(shape.stride) / 2;
        found.push(Centroid {
            class,
            columns,
            rows,
            centre: [middle(columns), middle(rows)],
            score: cells.iter().map(|&(y, x)| score(x, y)).max().expect("a cell"),
            cells: cells.len() as u32,
        });
    }
    found
}

#[test]
fn points_agree_with_flood_fill() {
    let mut random = Random(12);
    for round in 0..400 {
        let shape = Centroids {
            rows: 1 + random.below(20) as u16,
            columns: 1 + random.below(20) as u16,
            classes: 1 + random.below(4) as u16,
            stride: random.pick(&[1, 8, 16]),
            threshold: random.pick(&[-128, -100, 0, 60, 100]),
        };
        let map: Vec<i8> =
            (0..shape.cells() * usize::from(shape.classes)).map(|_| random.bits() as i8).collect();
        let expected: Vec<Centroid> =
            (1..shape.classes).flat_map(|class| flood(&shape, &map, class)).collect();
        let mut found = vec![Centroid::default(); expected.len()];
        let mut labels = vec![9; shape.cells()];
        assert_eq!(shape.find(&map, &mut labels, &mut found), Ok(expected.len()), "{round}");
        assert_eq!(found, expected, "{round}");
        if let Some(short) = expected.len().checked_sub(1) {
            let limit = short as u32;
            let many = Err(PostError::TooManyObjects { limit });
            assert_eq!(shape.find(&map, &mut labels, &mut found[..short]), many);
        }
    }
}

#[test]
fn a_winding_object_is_one_and_the_256th_is_too_many() {
    // A comb: many labels at first, one group in the end, more teeth than there are labels.
    let shape = Centroids { rows: 3, columns: 1001, classes: 2, stride: 8, threshold: 0 };
    let comb = |rows: u16, full: u16| -> Vec<i8> {
        (0..rows)
            .flat_map(|y| (0..1001).map(move |x| (x, y)))
            .flat_map(|(x, y)| [-128, if y == full || x % 2 == 0 { 50 } else { -128 }])
            .collect()
    };
    let mut labels = vec![0; shape.cells()];
    let mut found = [Centroid::default(); 300];
    // With the full row first the teeth hang on it.
    assert_eq!(shape.find(&comb(3, 0), &mut labels, &mut found), Ok(1));
    assert_eq!(found[0].cells, 1001 + 2 * 501);
    // Teeth alone: 501 groups.
    let many = Err(PostError::TooManyObjects { limit: 255 });
    assert_eq!(shape.find(&comb(3, 9), &mut labels, &mut found), many);
    // 255 groups are told apart.
    let shape = Centroids { columns: 509, rows: 1, ..shape };
    let map: Vec<i8> = (0..509).flat_map(|x| [0, if x % 2 == 0 { 1 } else { -1 }]).collect();
    assert_eq!(shape.find(&map, &mut labels[..509], &mut found), Ok(255));
    // Freed labels are used again: pairs of columns meet in every second row.
    let shape = Centroids { columns: 401, rows: 9, ..shape };
    let map: Vec<i8> = (0..9)
        .flat_map(|y| (0..401).map(move |x| (x, y)))
        .flat_map(|(x, y)| [0, if y % 3 == 1 || (y % 3 == 0 && x % 2 == 0) { 9 } else { -9 }])
        .collect();
    assert_eq!(shape.find(&map, &mut vec![0; 401 * 9], &mut found), Ok(3));
}

#[test]
fn wrong_maps_are_refused() {
    let shape = Centroids { rows: 2, columns: 3, classes: 2, stride: 8, threshold: 0 };
    for n in (0..20).filter(|n| *n != 12) {
        let wrong = PostError::Length { slice: Slice::Map, need: 12, have: n as u32 };
        assert_eq!(shape.find(&vec![0; n], &mut [0; 6], &mut []), Err(wrong));
    }
    let wrong = PostError::Length { slice: Slice::Labels, need: 6, have: 5 };
    assert_eq!(shape.find(&[0; 12], &mut [0; 5], &mut []), Err(wrong));
    for shape in [Centroids { rows: 0, ..shape }, Centroids { classes: 0, ..shape }] {
        let mut labels = vec![0; shape.cells()];
        assert_eq!(shape.find(&[], &mut labels, &mut []), Ok(0));
    }
}

fn random_box(random: &mut Random) -> Detection {
    let corner = |random: &mut Random| random.below(12) as i16 - 2;
    Detection {
        class: random.below(2) as u16,
        score: random.below(257) as u16,
        from: [corner(random), corner(random)],
        to: [corner(random), corner(random)],
    }
}

#[test]
fn overlap_agrees_with_counting_pixels() {
    let mut random = Random(13);
    for _ in 0..3000 {
        let (a, b) = (random_box(&mut random), random_box(&mut random));
        let inside = |d: &Detection, x: i16, y: i16| {
            d.from[0] <= x && x < d.to[0] && d.from[1] <= y && y < d.to[1]
        };
        let (mut both, mut either) = (0, 0);
        for (x, y) in (-2..10).flat_map(|x| (-2..10).map(move |y| (x, y))) {
            both += i32::from(inside(&a, x, y) && inside(&b, x, y));
            either += i32::from(inside(&a, x, y) || inside(&b, x, y));
        }
        for thousandths in [0, 1, 450, 500, 1000, 1001] {
            let expected = either > 0 && both * 1000 >= i32::from(thousandths) * either;
            assert_eq!(a.overlaps(&b, thousandths), expected, "{a:?} {b:?} {thousandths}");
        }
    }
    let huge = Detection { from: [i16::MIN; 2], to: [i16::MAX; 2], ..Detection::default() };
    assert!(huge.overlaps(&huge, 1000) && !huge.overlaps(&Detection::default(), 1));
}

#[test]
fn suppression_keeps_the_best_of_what_overlaps() {
    let mut random = Random(14);
    for round in 0..500 {
        let all: Vec<Detection> = (0..random.below(20)).map(|_| random_box(&mut random)).collect();
        let capacity = random.below(24);
        let mut memory = vec![Detection::default(); capacity];
        let mut list = Detections::new(&mut memory);
        all.iter().for_each(|d| list.push(*d));
        let mut sorted = all;
        sorted.sort_by_key(|d| core::cmp::Reverse(d.score)); // stable, as pushing is
        sorted.truncate(capacity);
        assert_eq!(list.as_slice(), sorted, "{round}");
        list.suppress(300);
        let mut kept: Vec<Detection> = Vec::new();
        for d in sorted {
            if !kept.iter().any(|k| k.class == d.class && k.overlaps(&d, 300)) {
                kept.push(d);
            }
        }
        assert_eq!(list.as_slice(), kept, "{round}");
    }
}

#[test]
fn boxes_agree_with_real_numbers() {
    let mut random = Random(15);
    let anchors = [[10.0, 14.0], [23.0, 27.0], [37.0, 58.0]];
    for code in [BoxCode::Exponential, BoxCode::Square] {
        let (scale, zero) = (0.047, 5_i8);
        let head = YoloHead::new([3, 4], 2, 16, &anchors, code, (scale, zero)).unwrap();
        let output: Vec<i8> = (0..head.len()).map(|_| random.bits() as i8).collect();
        assert_eq!(output.len(), 3 * 4 * 3 * 7);
        let mut memory = [Detection::default(); 72];
        let mut list = Detections::new(&mut memory);
        head.decode(&output, 0, &mut list).unwrap();
        assert_eq!(list.as_slice().len(), 72);
        let real = |q: i8| f64::from(scale) * (f64::from(q) - f64::from(zero));
        let logistic = |q: i8| 1.0 / (1.0 + libm::exp(-real(q)));
        for (i, v) in output.chunks(7).enumerate() {
            let (cell, anchor) = (i / 3, anchors[i % 3]);
            let cell = [cell % 4, cell / 4];
            for class in 0..2 {
                let score = 256.0 * logistic(v[4]) * logistic(v[5 + class]);
                let mut edges = [[0.0; 2]; 2];
                for axis in 0..2 {
                    let (p, s) = (logistic(v[axis]), logistic(v[2 + axis]));
                    let (centre, size) = match code {
                        BoxCode::Exponential => (p, libm::exp(real(v[2 + axis]))),
                        _ => (2.0 * p - 0.5, 4.0 * s * s),
                    };
                    let centre = (centre + cell[axis] as f64) * 16.0;
                    let half = size * f64::from(anchor[axis]) / 2.0;
                    let end = if axis == 0 { 64.0 } else { 48.0 };
                    edges[0][axis] = (centre - half).clamp(0.0, end);
                    edges[1][axis] = (centre + half).clamp(0.0, end);
                }
                // Rounding to pixels, and a table of 15 bits times at most 16 pixels or an anchor of 58.
                let near = |a: i16, b: f64| (f64::from(a) - b).abs() <= 0.51;
                let fits = |d: &&Detection| {
                    usize::from(d.class) == class
                        && (f64::from(d.score) - score).abs() <= 1.01 // cut to a whole number
                        && (0..2).all(|a| near(d.from[a], edges[0][a]) && near(d.to[a], edges[1][a]))
                };
                assert!(
                    list.as_slice().iter().any(|d| fits(&d)),
                    "{code:?} {i} {class}: {edges:?}"
                );
            }
        }
        for n in [0, 251, 253] {
            let wrong = PostError::Length { slice: Slice::Map, need: 252, have: n as u32 };
            assert_eq!(head.decode(&vec![0; n], 0, &mut list), Err(wrong));
        }
    }
    let odd = [[f32::NAN, f32::INFINITY]];
    let head = YoloHead::new([1, 1], 1, 8, &odd, BoxCode::Square, (3e38, 0)).unwrap();
    let mut memory = [Detection::default(); 1];
    head.decode(&[127, -128, 127, 0, 127, 127], 0, &mut Detections::new(&mut memory)).unwrap();
    for scale in [0.0, f32::NAN, f32::INFINITY] {
        assert!(YoloHead::new([1, 1], 1, 8, &odd, BoxCode::Square, (scale, 0)).is_err());
    }
}
