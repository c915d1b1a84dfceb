//! PRELU, ARG_MAX, RESIZE_BILINEAR and L2_NORMALIZATION.

use super::tables::fixed_output;
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, TensorId, blank},
    },
    fixed::encode,
    model::{OpCode, record::OpRecord},
};

type Result<T> = core::result::Result<T, ImportError>;

fn emit(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    record: OpRecord,
    inputs: Vec<TensorId>,
    output: TensorId,
    (weights, params): (Vec<u8>, Vec<u8>),
) {
    im.emit(NetOp { record, inputs, output, weights, params, sources: vec![node.index] });
}

pub(super) fn prelu(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, slopes, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let inputs = vec![im.read_activation(x)?, im.read_int8(slopes)?];
    im.int8(y)?;
    let (from, broadcast, to) = (im.dims(x)?, im.dims(slopes)?, im.dims(y)?);
    let fits = broadcast.iter().zip(&to).all(|(&a, &d)| a == d || a == 1);
    if from != to || !fits {
        return Err(node.shape());
    }
    let (qx, qa, qy) = (im.quantization(x)?, im.quantization(slopes)?, im.quantization(y)?);
    let above = f64::from(qx.0) / f64::from(qy.0);
    let below = f64::from(qx.0) * f64::from(qa.0) / f64::from(qy.0);
    let ((m1, s1), (m2, s2)) = (encode(above), encode(below));
    // A difference has 9 bits, its product with a slope 17: the shifted numbers must fit the word.
    if !above.is_finite() || !below.is_finite() || s1 > 22 || s2 > 14 {
        return Err(ImportError::BadQuantization { tensor: number(y) });
    }
    let mut record = blank(OpCode::Prelu);
    record.in_zero = i16::try_from(qx.1).unwrap_or(0);
    record.out_zero = i16::try_from(qy.1).unwrap_or(0);
    record.n_params = 4;
    let params = [m1, s1, m2, s2].into_iter().flat_map(i32::to_le_bytes).collect();
    let output = im.define_int8(y)?;
    emit(im, node, record, inputs, output, (Vec::new(), params));
    Ok(())
}

pub(super) fn arg_max(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let [axis] = im.integers(node.input(1)?)?[..] else { return Err(node.option()) };
    let input = im.read_activation(x)?;
    let axis = im.axis(x, axis).ok_or_else(|| node.option())?;
    let mut expected = im.graph.tensors[x].shape.clone();
    if expected.len() > 4 {
        return Err(node.shape());
    }
    expected.remove(axis + expected.len() - 4);
    if im.graph.tensors[y].shape != expected {
        return Err(node.shape());
    }
    let ty = im.graph.tensors[y].ty;
    if im.describe(y)?.dtype != crate::dtype::DType::I32 {
        return Err(ImportError::UnsupportedType { tensor: number(y), ty });
    }
    let mut record = blank(OpCode::ArgMax);
    record.axis = u8::try_from(axis).map_err(|_| node.option())?;
    let output = im.define(y)?;
    emit(im, node, record, vec![input], output, (Vec::new(), Vec::new()));
    Ok(())
}

pub(super) fn l2_normalization(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let input = im.read_activation(x)?;
    im.int8(y)?;
    let dims = im.dims(x)?;
    if dims != im.dims(y)? {
        return Err(node.shape());
    }
    if node.get(0, 0_u8)? != 0 {
        return Err(node.option());
    }
    fixed_output(im, y, 1.0 / 128.0, 0)?;
    // A sum of squares of differences of bytes must fit in i32.
    if u64::from(dims[3]) * 255 * 255 > i32::MAX.cast_unsigned().into() {
        return Err(ImportError::AccumulatorOverflow { op: node.index });
    }
    let mut record = blank(OpCode::L2Normalization);
    record.in_zero = i16::try_from(im.quantization(x)?.1).unwrap_or(0);
    let output = im.define_int8(y)?;
    emit(im, node, record, vec![input], output, (Vec::new(), Vec::new()));
    Ok(())
}

pub(super) fn resize_bilinear(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let size = im.integers(node.input(1)?)?;
    let input = im.read_activation(x)?;
    im.int8(y)?;
    im.same_quantization(x, y)?;
    let (from, to) = (im.image(x)?, im.image(y)?);
    let fits = size == [i32::from(to[1]), i32::from(to[2])] && from[0] == to[0] && from[3] == to[3];
    if !fits {
        return Err(node.shape());
    }
    // Fields 0 and 1 held the size in files older than any quantized one.
    let (align, half) = (node.get(2, false)?, node.get(3, false)?);
    if align && half {
        return Err(node.option());
    }
    let mut weights = Vec::new();
    for i in [1, 2] {
        for o in 0..to[i] {
            let (before, after, weight) =
                mix(o, from[i], to[i], align, half).ok_or_else(|| node.option())?;
            weights.extend_from_slice(&before.to_le_bytes());
            weights.extend_from_slice(&after.to_le_bytes());
            weights.extend_from_slice(&weight.to_le_bytes());
        }
    }
    let output = im.define_int8(y)?;
    emit(im, node, blank(OpCode::ResizeBilinear), vec![input], output, (weights, Vec::new()));
    Ok(())
}

/// Returns the two input positions an output position mixes, and the weight of the second in
/// 1024ths; `None` if rounding of the step would leave the image.
///
/// Source: the integer form in TensorFlow Lite's reference kernels, with 10 fractional bits.
fn mix(o: u16, input: u16, output: u16, align: bool, half: bool) -> Option<(u16, u16, i16)> {
    let [o, n_in, n_out] = [o, input, output].map(i64::from);
    let step = if align && output > 1 {
        ((n_in - 1) * 1024 + (n_out - 1) / 2) / (n_out - 1)
    } else {
        (n_in * 1024 + n_out / 2) / n_out
    };
    let at = o * step + if half { step / 2 - 512 } else { 0 };
    // Division cuts towards zero, and a place before the first pixel is the first pixel.
    let before = (at / 1024).max(0);
    let after = ((at + 1023) / 1024).min(n_in - 1);
    if before >= n_in {
        return None;
    }
    Some((
        u16::try_from(before).ok()?,
        u16::try_from(after).ok()?,
        i16::try_from(at - 1024 * before).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::mix;

    #[test]
    fn places_between_two_pixels() {
        // Doubling: 0, 1/2, 1, 3/2 of a pixel; the last one has nothing behind it.
        let plain: Vec<_> = (0..4).map(|o| mix(o, 2, 4, false, false)).collect();
        let expected = [(0, 0, 0), (0, 1, 512), (1, 1, 0), (1, 1, 512)];
        assert_eq!(plain, expected.map(Some));
        // Half-pixel centers: -1/4, 1/4, 3/4, 5/4; before the image both are the first pixel.
        let half: Vec<_> = (0..4).map(|o| mix(o, 2, 4, false, true)).collect();
        let expected = [(0, 0, -256), (0, 1, 256), (0, 1, 768), (1, 1, 256)];
        assert_eq!(half, expected.map(Some));
        // Aligned corners: the ends stay.
        let ends = [mix(0, 5, 9, true, false), mix(8, 5, 9, true, false)];
        assert_eq!(ends, [Some((0, 0, 0)), Some((4, 4, 0))]);
        // A step of half a 1024th, rounded up to one, walks out of a tiny image.
        assert_eq!(mix(3999, 2, 4000, false, false), None);
    }
}
