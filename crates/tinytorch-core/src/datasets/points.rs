//! Points of the plane in two classes.

use super::{
    Description, Sample,
    description::{OURS, OWN},
    fingerprint, out_of_range,
};
use crate::{Result, Rng, Tensor, data::Dataset};

/// Points of the plane, each of class 0 or 1.
///
/// As a [`Dataset`] a sample is the point as `f32` `[2]` and its class as `f32` `[1]`, the shape of what one neuron returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    points: Vec<[f32; 2]>,
    labels: Vec<u8>,
    origin: String,
}

/// Returns `n` points, half of them around each of two centers, at normal distances with deviation `deviation`.
///
/// Class 0 lies around `centers[0]`. The order is random; of an odd number class 0 gets one more.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Rng, datasets::points};
///
/// let clouds = points::two_clouds(10, [[-2.0, -2.0], [2.0, 2.0]], 0.5, &mut Rng::seed(1958));
/// assert_eq!(clouds.labels().iter().filter(|&&l| l == 1).count(), 5);
/// ```
#[must_use]
pub fn two_clouds(n: usize, centers: [[f64; 2]; 2], deviation: f64, rng: &mut Rng) -> Points {
    let class = |i: usize| i % 2;
    let origin = format!(
        "{OURS}: normal around {:?} and {:?}, deviation {deviation}",
        centers[0], centers[1]
    );
    Points::draw(n, origin, rng, |i, rng| {
        let [x, y] = centers[class(i)];
        ([x + deviation * rng.normal(), y + deviation * rng.normal()], class(i) as u8)
    })
}

/// Returns `n` points around the corners of the unit square, at normal distances with deviation `noise`.
///
/// A point is of class 1 if exactly one coordinate of its corner is 1. No straight line separates the classes.
/// The order is random.
#[must_use]
pub fn xor(n: usize, noise: f64, rng: &mut Rng) -> Points {
    corners_called("exclusive or", n, noise, |a, b| a != b, rng)
}

/// Returns points as [`xor`] does, of class 1 where `class` of the two coordinates of their corner, as truth values, is true.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Rng, datasets::points};
///
/// let and = points::corners(100, 0.1, |a, b| a && b, &mut Rng::seed(1969));
/// assert_eq!(and.labels().iter().filter(|&&l| l == 1).count(), 25);
/// ```
#[must_use]
pub fn corners(n: usize, noise: f64, class: impl Fn(bool, bool) -> bool, rng: &mut Rng) -> Points {
    let table = [(false, false), (true, false), (false, true), (true, true)];
    let table = table.map(|(a, b)| u8::from(class(a, b)));
    corners_called(&format!("the function {table:?}"), n, noise, class, rng)
}

fn corners_called(
    name: &str,
    n: usize,
    noise: f64,
    class: impl Fn(bool, bool) -> bool,
    rng: &mut Rng,
) -> Points {
    let origin = format!("{OURS}: {name} of the corners of the unit square, deviation {noise}");
    Points::draw(n, origin, rng, |i, rng| {
        let (a, b) = (i & 1, i >> 1 & 1);
        let point = [a as f64 + noise * rng.normal(), b as f64 + noise * rng.normal()];
        (point, u8::from(class(a == 1, b == 1)))
    })
}

impl Points {
    fn draw(
        n: usize,
        origin: String,
        rng: &mut Rng,
        mut next: impl FnMut(usize, &mut Rng) -> ([f64; 2], u8),
    ) -> Self {
        let mut all: Vec<_> = (0..n).map(|i| next(i, rng)).collect();
        rng.shuffle(&mut all);
        let (points, labels) = all.into_iter().map(|(p, l)| (p.map(|c| c as f32), l)).unzip();
        Self { points, labels, origin }
    }

    /// Returns the number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Returns whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Returns the points.
    #[must_use]
    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    /// Returns the class of each point.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns all points as `f32` `[N, 2]` and their classes as `f32` `[N, 1]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the memory cannot be had.
    pub fn to_tensors(&self) -> Result<Sample> {
        let points = Tensor::from_vec(self.points.as_flattened().to_vec(), [self.len(), 2])?;
        let labels =
            Tensor::from_vec(self.labels.iter().map(|&l| f32::from(l)).collect(), [self.len(), 1])?;
        Ok([points, labels])
    }

    /// Returns a number that changes when a point or a label does.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        let coordinates = self.points.as_flattened().iter().flat_map(|c| c.to_le_bytes());
        fingerprint(coordinates.chain(self.labels.iter().copied()))
    }

    /// Returns the facts about these points.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description {
            name: "points of the plane".to_owned(),
            samples: self.len(),
            shape: vec![2],
            classes: 2,
            bytes: self.len() * 9,
            origin: self.origin.clone(),
            license: OWN,
            citation: "tinytorch-core, datasets::points",
        }
    }
}

impl Dataset for Points {
    type Item = Sample;

    fn len(&self) -> usize {
        self.points.len()
    }

    fn get(&self, index: usize) -> Result<Sample> {
        let (Some(&point), Some(&label)) = (self.points.get(index), self.labels.get(index)) else {
            return Err(out_of_range(index, self.len()));
        };
        Ok([Tensor::from(point), Tensor::from([f32::from(label)])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn the_same_seed_draws_the_same_points() {
        assert_eq!(xor(100, 0.1, &mut Rng::seed(1969)).checksum(), 0x236b_c4b4_bca9_fbf6);
        let clouds = |seed| two_clouds(10, [[-2.0, -2.0], [2.0, 2.0]], 0.5, &mut Rng::seed(seed));
        assert_eq!(clouds(1958).checksum(), 0x4249_7fac_618b_04e4);
        assert_ne!(clouds(1958).checksum(), clouds(1959).checksum());
    }

    #[test]
    fn classes_follow_their_corner() {
        let points = xor(400, 0.05, &mut Rng::seed(1));
        for (p, &l) in points.points().iter().zip(points.labels()) {
            let [a, b] = p.map(|c| c.round() as u8);
            assert_eq!(l, a ^ b);
        }
        assert_eq!(points.labels().iter().filter(|&&l| l == 1).count(), 200);
    }

    #[test]
    fn classes_follow_the_function_given() {
        let and = corners(100, 0.0, |a, b| a && b, &mut Rng::seed(1));
        assert!(
            and.points().iter().zip(and.labels()).all(|(p, l)| (*p == [1.0, 1.0]) == (*l == 1))
        );
        assert_eq!(and.labels().iter().filter(|&&l| l == 1).count(), 25);
        // The same points as those of exclusive or, which has another table.
        let xor = xor(100, 0.1, &mut Rng::seed(2));
        let or_not_and = corners(100, 0.1, |a, b| (a || b) && !(a && b), &mut Rng::seed(2));
        assert_eq!(xor.checksum(), or_not_and.checksum());
        assert!(or_not_and.describe().origin.contains("[0, 1, 1, 0]"));
    }

    #[test]
    fn clouds_have_their_centers_and_deviation() {
        let clouds = two_clouds(20_000, [[1.0, -3.0], [4.0, 5.0]], 0.5, &mut Rng::seed(2));
        for (class, center) in [(0, [1.0, -3.0]), (1, [4.0, 5.0])] {
            let own: Vec<_> =
                clouds.points().iter().zip(clouds.labels()).filter(|(_, l)| **l == class).collect();
            for axis in 0..2 {
                let n = own.len() as f64;
                let offset = |p: &[f32; 2]| f64::from(p[axis]) - center[axis];
                let mean = own.iter().map(|(p, _)| offset(p)).sum::<f64>() / n;
                let variance = own.iter().map(|(p, _)| offset(p) * offset(p)).sum::<f64>() / n;
                // Standard errors with 10^4 draws: 0.5/100 and 0.25·√2/100; five of each.
                assert!(
                    mean.abs() < 0.025 && (variance - 0.25).abs() < 0.0177,
                    "{mean} {variance}"
                );
            }
        }
    }

    #[test]
    fn samples_are_rows_of_the_whole() {
        let points = xor(5, 0.1, &mut Rng::seed(3));
        let [x, y] = points.to_tensors().unwrap();
        assert_eq!((x.dims(), y.dims()), (&[5, 2][..], &[5, 1][..]));
        let [p, l] = points.get(4).unwrap();
        assert_eq!(p.to_vec::<f32>().unwrap(), x.to_vec::<f32>().unwrap()[8..]);
        assert_eq!(l.to_vec::<f32>().unwrap(), y.to_vec::<f32>().unwrap()[4..]);
        assert!(matches!(points.get(5), Err(Error::IndexOutOfRange { index: 5, size: 5, .. })));
        assert_eq!(points.describe().samples, 5);
    }
}
