//! Comparing numbers: exactly, or within a tolerance that its caller explains.

/// Compares integers; the error names the first difference.
pub(crate) fn equal<T: PartialEq + core::fmt::Debug>(
    found: &[T],
    expected: &[T],
) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} values instead of {}", found.len(), expected.len()));
    }
    match found.iter().zip(expected).position(|(f, e)| f != e) {
        None => Ok(()),
        Some(i) => Err(format!("value {i} is {:?}, expected {:?}", found[i], expected[i])),
    }
}

/// Compares reals: `|found − expected| ≤ tolerance(index, expected)`; the error names the worst one.
pub(crate) fn within(
    found: &[f32],
    expected: &[f64],
    tolerance: impl Fn(usize, f64) -> f64,
) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} values instead of {}", found.len(), expected.len()));
    }
    let mut worst = (0.0_f64, 0);
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let share = (f64::from(*f) - e).abs() / tolerance(i, *e);
        // A share that is not a number counts as the worst, and stays it.
        if share > worst.0 || share.is_nan() {
            worst = (share, i);
        }
    }
    let (share, i) = worst;
    if std::env::var_os("GOLDEN_WORST").is_some() {
        eprintln!("worst of {}: {:.4} of the tolerance", found.len(), share);
    }
    if share <= 1.0 {
        return Ok(());
    }
    Err(format!(
        "value {i} of {} is {}, expected {}: {share:.1} times the tolerance",
        found.len(),
        found[i],
        expected[i]
    ))
}
