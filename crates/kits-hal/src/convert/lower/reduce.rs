//! MEAN and SUM over axes.

use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, blank},
    },
    fixed::encode,
    model::OpCode,
};

pub(super) fn lower(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    code: OpCode,
) -> Result<(), ImportError> {
    let (x, axes, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let input = im.read_activation(x)?;
    im.int8(y)?;
    let mut record = blank(code);
    for axis in im.integers(axes)? {
        record.axis |= 1 << im.axis(x, axis).ok_or_else(|| node.option())?;
    }
    let dims = im.dims(x)?;
    let mut reduced = dims;
    let mut n = 1_i64;
    for (i, d) in reduced.iter_mut().enumerate() {
        if record.axis >> i & 1 == 1 {
            n *= i64::from(*d);
            *d = 1;
        }
    }
    check_shape(im, node, &record.axis, x, y)?;
    let ((s_in, z_in), (s_out, z_out)) = (im.quantization(x)?, im.quantization(y)?);
    let real = f64::from(s_in) / f64::from(s_out);
    let (m, s) = encode(real);
    if !real.is_finite() || s > 22 {
        return Err(ImportError::BadQuantization { tensor: number(y) });
    }
    record.aux = if code == OpCode::Mean { divide(m, s, n) } else { [m, s] };
    record.in_zero = i16::try_from(z_in).unwrap_or(0);
    record.out_zero = i16::try_from(z_out).unwrap_or(0);

    // The kernel writes the shape with its ones; the file may leave them out.
    let named = im.describe(y)?;
    let mut whole = named.clone();
    whole.dims = reduced;
    if whole.bytes() != named.bytes() {
        return Err(node.shape());
    }
    let output = im.net.add(whole);
    im.map[y] = Some(if named.dims == reduced { output } else { im.net.alias(output, named) });
    im.emit(NetOp {
        record,
        inputs: vec![input],
        output,
        weights: Vec::new(),
        params: Vec::new(),
        sources: vec![node.index],
    });
    Ok(())
}

/// Divides a multiplier by the number of elements without losing more bits than necessary.
fn divide(m: i32, s: i32, n: i64) -> [i32; 2] {
    let log2 = 63 - i32::try_from(n.leading_zeros()).unwrap_or(0);
    let k = log2.min(32).min(31 + s).max(0);
    let scaled = (i64::from(m) << k) / n;
    [i32::try_from(scaled).unwrap_or(i32::MAX), s - k]
}

/// Requires that the output is the input without the reduced dimensions, or with ones there.
fn check_shape(
    im: &Importer<'_>,
    node: &Node<'_>,
    mask: &u8,
    x: usize,
    y: usize,
) -> Result<(), ImportError> {
    let (from, to) = (&im.graph.tensors[x].shape, &im.graph.tensors[y].shape);
    let lead = 4 - from.len().min(4);
    let is_reduced = |i: usize| mask >> (i + lead) & 1 == 1;
    let with_ones: Vec<i32> =
        from.iter().enumerate().map(|(i, &d)| if is_reduced(i) { 1 } else { d }).collect();
    let without: Vec<i32> =
        from.iter().enumerate().filter(|(i, _)| !is_reduced(*i)).map(|(_, &d)| d).collect();
    if from.len() <= 4 && (*to == with_ones || *to == without) { Ok(()) } else { Err(node.shape()) }
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn division_keeps_the_value() {
        for n in [1_i64, 2, 3, 9, 36, 49, 1000, 65_535] {
            let [m, s] = divide(1_518_500_250, -3, n);
            let (whole, divided) = (1_518_500_250.0 / 8.0, f64::from(m) / (1_u64 << -s) as f64);
            // One unit of a multiplier of at least 2^29 is lost by the integer division.
            let error = (divided * n as f64 - whole).abs() / whole;
            assert!(error < 1.0 / f64::from(1 << 29), "n = {n}: {error}");
        }
    }
}
