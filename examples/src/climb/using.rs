//! Use: what the thing is for, and what a simple rule already achieves.

use std::io::Write;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tinytorch_core::datasets::{Images, digits, scans};

use super::Options;
use crate::page::{Origin, Page, percent};

/// Characters from paper to ink.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Images that training sees and images it never sees.
#[derive(Debug)]
pub struct Task {
    /// Training images.
    pub train: Images,
    /// Held-out images.
    pub test: Images,
    /// The digits on the held-out images.
    pub test_labels: Vec<usize>,
}

/// The task and a baseline.
#[derive(Debug, Serialize)]
pub struct Using {
    /// Where the images come from.
    pub data: String,
    /// Images that training sees.
    pub train_images: usize,
    /// Images that are held out.
    pub test_images: usize,
    /// Share of held-out images named right by the nearest class mean.
    pub baseline_accuracy: f64,
}

/// Reads the digits, shows one, and measures the simplest rule that reads them.
///
/// # Errors
///
/// If the file of digits is missing, truncated or of another form.
pub fn run<W: Write>(options: &Options, page: &mut Page<W>) -> Result<(Task, Using)> {
    page.heading("1 Use: a program that reads handwritten digits")?;
    let images = match &options.digits {
        Some(path) => scans::load(path).with_context(|| {
            format!(
                "--digits {}: give a safetensors file with `images` and `labels`",
                path.display()
            )
        })?,
        None => digits()?,
    };
    let data = images.describe().to_string();
    let (train, test) = scans::split(&images);
    anyhow::ensure!(
        !train.is_empty() && !test.is_empty(),
        "too few digits to hold some out: {data}"
    );
    let test_labels: Vec<usize> = test.labels().iter().copied().map(usize::from).collect();
    page.text(data.trim_end())?;
    page.text(format!("\nThe first held-out image, a {}:\n\n{}\n", test_labels[0], draw(&test)))?;

    let (train_images, test_images) = (train.len(), test.len());
    page.value(
        "images",
        format!("{train_images} + {test_images}"),
        Origin::Sourced,
        "training + held out; the same writers on both sides",
    )?;
    let task = Task { train, test, test_labels };
    let baseline_accuracy = share_right(&nearest_mean(&task), &task.test_labels);
    page.value(
        "nearest class mean",
        percent(baseline_accuracy),
        Origin::Measured,
        "the rule to beat: ten averages, no training",
    )?;
    Ok((task, Using { data, train_images, test_images, baseline_accuracy }))
}

/// Draws the first image, two characters for each pixel.
fn draw(images: &Images) -> String {
    let darkest = SHADES.len() - 1;
    let shade =
        |ink: &u8| SHADES[(usize::from(*ink) * darkest / usize::from(scans::INK)).min(darkest)];
    let rows = images.pixels(0).unwrap_or_default().chunks(scans::SIDE);
    rows.map(|row| row.iter().flat_map(|ink| [shade(ink); 2]).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names each held-out image after the class whose mean training image is nearest.
fn nearest_mean(task: &Task) -> Vec<usize> {
    let mut means = vec![[0.0f64; scans::PIXELS]; scans::CLASSES];
    let mut counts = [0.0f64; scans::CLASSES];
    for (image, label) in images(&task.train).zip(task.train.labels()) {
        let label = usize::from(*label);
        counts[label] += 1.0;
        for (mean, ink) in means[label].iter_mut().zip(image) {
            *mean += f64::from(*ink);
        }
    }
    for (mean, count) in means.iter_mut().zip(counts) {
        mean.iter_mut().for_each(|sum| *sum /= count.max(1.0));
    }
    let squared = |mean: f64, ink: u8| (mean - f64::from(ink)) * (mean - f64::from(ink));
    let nearest = |image: &[u8]| {
        let distances = means
            .iter()
            .map(|mean| mean.iter().zip(image).map(|(m, ink)| squared(*m, *ink)).sum::<f64>());
        distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(class, _)| class)
    };
    images(&task.test).map(nearest).collect()
}

fn images(set: &Images) -> impl Iterator<Item = &[u8]> {
    (0..set.len()).filter_map(|index| set.pixels(index))
}

/// Returns the share of equal entries; 0 for no entries.
#[must_use]
pub fn share_right(answers: &[usize], labels: &[usize]) -> f64 {
    let right = answers.iter().zip(labels).filter(|(answer, label)| answer == label).count();
    right as f64 / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_right_answers() {
        assert!((share_right(&[1, 2, 3, 4], &[1, 2, 0, 0]) - 0.5).abs() < 1e-12);
        assert!(share_right(&[], &[]).abs() < 1e-12);
    }
}
