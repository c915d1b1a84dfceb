//! Comparing results with references.

use tinytorch_core::Tensor;

/// Accepted difference: `atol + rtol·|reference|`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    pub rtol: f64,
    pub atol: f64,
}

/// Compares floats. Infinities must agree in sign; NaN never passes.
pub(crate) fn floats(
    what: &str,
    got: &Tensor,
    want: &Tensor,
    tolerance: Tolerance,
) -> Result<(), String> {
    shapes(what, got, want)?;
    let (got, want) = (got.to_vec_as::<f64>(), want.to_vec_as::<f64>());
    for (n, (g, w)) in got.iter().zip(&want).enumerate() {
        let close = if w.is_infinite() || g.is_infinite() {
            g == w
        } else {
            (g - w).abs() <= tolerance.atol + tolerance.rtol * w.abs()
        };
        if !close {
            return Err(format!("{what}[{n}] is {g}, reference {w}, difference {:e}", g - w));
        }
    }
    Ok(())
}

/// Compares integers exactly.
pub(crate) fn integers(what: &str, got: &Tensor, want: &Tensor) -> Result<(), String> {
    shapes(what, got, want)?;
    let (got, want) = (got.to_vec_as::<i64>(), want.to_vec_as::<i64>());
    match got.iter().zip(&want).position(|(g, w)| g != w) {
        Some(n) => Err(format!("{what}[{n}] is {}, reference {}", got[n], want[n])),
        None => Ok(()),
    }
}

fn shapes(what: &str, got: &Tensor, want: &Tensor) -> Result<(), String> {
    if got.shape() == want.shape() {
        return Ok(());
    }
    Err(format!("{what} has shape {}, reference {}", got.shape(), want.shape()))
}
