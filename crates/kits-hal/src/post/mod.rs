//! From outputs to decisions: classes, keywords, objects, anomalies.
//!
//! | question | here |
//! | --- | --- |
//! | which class, and how sure | [`top_k`], [`classify`] |
//! | has a keyword been said | [`Smoother`] |
//! | where are objects, as points | [`Centroids`] |
//! | where are objects, as boxes | [`YoloHead`], [`Detections`] |
//! | is this like what was seen in training | [`KMeans`], [`Reconstruction`] |
//! | is it worth running the model at all | [`Gate`] |
//!
//! Scores are integers from 0 to 256, where 256 is certainty: [`score`] turns the output of an `int8` softmax into one.
//! Everything works in memory of fixed size or in slices that you lend.

mod boxes;
mod centroids;
mod classify;
mod error;
mod gate;
mod kmeans;
mod reconstruction;
mod smooth;
mod yolo;

pub use boxes::{Detection, Detections};
pub use centroids::{Centroid, Centroids};
pub use classify::{Ranked, UNSURE, Verdict, classify, score, top_k};
pub use error::{PostError, Slice};
pub use gate::{Activity, Detector, Gate, Loudness};
pub use kmeans::{ANOMALY_THRESHOLD, KMeans};
pub use reconstruction::Reconstruction;
#[cfg(feature = "std")]
pub use reconstruction::auc;
pub use smooth::{Smoother, SmootherConfig};
pub use yolo::{BoxCode, YoloHead};
