//! What a parcel goes through, from two seconds of acceleration, and whether such a motion was ever seen before.
//!
//! Three axes at 62.5 Hz → 63 spectral features → a network of 20 and 10 neurons → one of four classes; and, from seven of the
//! features, the distance to the clusters of all motions seen in training.
//! Network, clusters and test windows are made by `src/main.rs` from synthetic motions.
#![no_std]

use kits_hal::dsp::{DspError, Spectral, SpectralConfig};
use kits_hal::post::{KMeans, PostError};
use kits_hal::pre::quantize;
use kits_hal::{RunError, Session};

/// Samples per second.
pub const RATE: f32 = 62.5;
/// Axes of the sensor.
pub const AXES: usize = 3;
/// Samples of each axis: two seconds.
pub const SAMPLES: usize = 125;
/// Numbers of a window, axis by axis at each moment, in mm/s².
pub const WINDOW: usize = AXES * SAMPLES;
/// Points of a spectrum.
pub const FFT: usize = 32;
/// Features of each axis.
pub const PER_AXIS: usize = 5 + FFT / 2;
/// Features of a window.
pub const FEATURES: usize = AXES * PER_AXIS;
/// Elements of scratch memory.
pub const SCRATCH: usize = SAMPLES + FFT + FFT / 2 + 1;
/// What the network tells apart.
pub const CLASSES: [&str; 4] = ["idle", "lift", "maritime", "terrestrial"];
/// Features that the clusters are made of: of each axis the root of the mean square and the lowest frequency, and the
/// kurtosis of the last.
pub const SELECTED: [u16; 7] = [0, 5, 21, 26, 42, 47, 44];
/// Clusters of known motions.
pub const CLUSTERS: usize = 32;

/// The network, as a container.
pub static KIT: &[u8] = include_bytes!("../data/motion.kit");
/// Windows to test with, numbers of 16 bits in little-endian order; those of each class in turn, then unknown motions.
pub static WINDOWS: &[u8] = include_bytes!("../data/windows.bin");
/// Windows of each class, and of unknown motions, in [`WINDOWS`].
pub const WINDOWS_EACH: usize = 3;

/// What training found out about features and clusters.
#[derive(Debug)]
pub struct Tables {
    /// Mean of every feature.
    pub means: [f32; FEATURES],
    /// Standard deviation of every feature.
    pub scales: [f32; FEATURES],
    /// Centroids in the space of the selected features, one after the other.
    pub centroids: [f32; CLUSTERS * SELECTED.len()],
    /// Largest distance from each centroid seen in training.
    pub max_errors: [f32; CLUSTERS],
}

/// The tables of the trained network.
pub static TABLES: Tables = include!("../data/tables.in");

/// Why a window could not be judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Refused {
    /// The features could not be computed.
    Dsp(DspError),
    /// The network could not run.
    Run(RunError),
    /// The clusters do not fit the features.
    Post(PostError),
    /// The network has no input.
    NoInput,
}

impl From<DspError> for Refused {
    fn from(error: DspError) -> Self {
        Self::Dsp(error)
    }
}

impl From<RunError> for Refused {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<PostError> for Refused {
    fn from(error: PostError) -> Self {
        Self::Post(error)
    }
}

/// Memory for one window.
#[derive(Debug)]
pub struct Memory {
    window: [f32; WINDOW],
    scratch: [f32; SCRATCH],
    features: [f32; FEATURES],
}

impl Default for Memory {
    fn default() -> Self {
        Self { window: [0.0; WINDOW], scratch: [0.0; SCRATCH], features: [0.0; FEATURES] }
    }
}

/// What a window shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The class, a position in [`CLASSES`].
    pub class: usize,
    /// The outputs of the network.
    pub scores: [i8; CLASSES.len()],
    /// How far the motion is from all that is known; above 0.3 it is unknown.
    pub anomaly: f32,
}

impl Memory {
    /// Returns the features of a window of numbers of 16 bits.
    ///
    /// # Errors
    ///
    /// [`Refused::Dsp`]: none for these sizes.
    pub fn features(
        &mut self,
        window: impl Iterator<Item = i16>,
    ) -> Result<&[f32; FEATURES], Refused> {
        for (to, from) in self.window.iter_mut().zip(window) {
            *to = f32::from(from) / 1000.0;
        }
        let spectral = Spectral::new(SpectralConfig::new(RATE, FFT))?;
        spectral.run(&self.window, AXES, &mut self.scratch, &mut self.features)?;
        Ok(&self.features)
    }

    /// Judges a window.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the network is not that of this package.
    pub fn judge(
        &mut self,
        window: impl Iterator<Item = i16>,
        tables: &Tables,
        session: &mut Session<'_, '_>,
    ) -> Result<Answer, Refused> {
        let features = *self.features(window)?;
        let anomaly = tables.clusters(|clusters| clusters.score_selected(&features, &SELECTED))?;
        let info = session.model().input(0).ok_or(Refused::NoInput)?;
        let zero = i8::try_from(info.zero_point).unwrap_or(0);
        let normal = tables.normal(&features);
        for (to, from) in session.input::<i8>(0)?.iter_mut().zip(normal) {
            *to = quantize(from, info.scale, zero);
        }
        session.run()?;
        let mut scores = [0; CLASSES.len()];
        session.read_output(0, &mut scores)?;
        let best = scores.iter().enumerate();
        let best = best.fold((0, i8::MIN), |best, (i, y)| if *y > best.1 { (i, *y) } else { best });
        Ok(Answer { class: best.0, scores, anomaly })
    }
}

impl Tables {
    /// Returns features less their mean, in standard deviations, within ±4.
    #[must_use]
    pub fn normal(&self, features: &[f32; FEATURES]) -> [f32; FEATURES] {
        let mut normal = *features;
        for ((x, mean), scale) in normal.iter_mut().zip(&self.means).zip(&self.scales) {
            *x = ((*x - mean) / scale).clamp(-4.0, 4.0);
        }
        normal
    }

    /// Lends the clusters.
    fn clusters(
        &self,
        score: impl FnOnce(KMeans<'_>) -> Result<f32, PostError>,
    ) -> Result<f32, PostError> {
        let [means, scales] = [&self.means, &self.scales]
            .map(|all| SELECTED.map(|i| all.get(usize::from(i)).copied().unwrap_or(1.0)));
        score(KMeans::new(&means, &scales, &self.centroids, &self.max_errors)?)
    }
}

/// Returns the windows of [`WINDOWS`], each as its numbers.
pub fn windows() -> impl Iterator<Item = impl Iterator<Item = i16> + Clone> {
    let (numbers, _) = WINDOWS.as_chunks::<2>();
    numbers.chunks_exact(WINDOW).map(|window| window.iter().map(|two| i16::from_le_bytes(*two)))
}
