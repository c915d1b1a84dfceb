//! FULLY_CONNECTED.

use super::{
    clamp::fused,
    weights::{Weights, bias, pack},
};
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node},
        net::{NetOp, blank},
    },
    model::OpCode,
};

#[expect(
    clippy::cast_possible_truncation,
    reason = "the product of two scales is defined as an f32"
)]
pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    let (x, w, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let input = im.read_activation(x)?;
    let weights = Weights::read(im, w, 2, 0)?;
    let [_, _, c_out, c_in] = weights.shape;
    let biases = bias(im, node, node.optional(2), c_out)?;
    if node.get(1, 0_u8)? != 0 {
        return Err(node.option()); // weights shuffled for another runtime
    }
    let elements = |t: usize| -> Result<usize, ImportError> {
        Ok(im.dims(t)?.iter().map(|&d| usize::from(d)).product())
    };
    let (x_len, y_len) = (elements(x)?, elements(y)?);
    let rows = x_len / c_in;
    if rows * c_in != x_len || rows * c_out != y_len || usize::from(im.dims(y)?[3]) != c_out {
        return Err(node.shape());
    }
    let (s_in, z_in) = im.quantization(x)?;
    let (s_out, z_out) = im.quantization(y)?;
    let (z_in, z_w) = (i64::from(z_in), i64::from(weights.zero));
    let folded: Vec<i64> = biases
        .iter()
        .zip(weights.data.chunks_exact(c_in))
        .map(|(b, filter)| {
            let sum: i64 = filter.iter().map(|&w| i64::from(w)).sum();
            b - z_in * sum + z_in * z_w * c_in as i64
        })
        .collect();
    let per_channel = weights.scales.len() != 1;
    let real = |c: usize| {
        let s_w = weights.scale(c);
        if per_channel {
            f64::from(s_in) * f64::from(s_w) / f64::from(s_out)
        } else {
            f64::from(s_in * s_w) / f64::from(s_out)
        }
    };
    let params = pack(node, &folded, (0..c_out).map(real), y)?;
    let output = im.define_int8(y)?;
    let mut record = blank(OpCode::FullyConnected);
    record.flags = params.flags;
    record.n_params = u16::try_from(c_out).map_err(|_| node.shape())?;
    record.clamp = fused(node, node.get(0, 0_u8)?, (s_out, z_out))?;
    record.in_zero = z_in as i16;
    record.out_zero = z_out as i16;
    record.aux[0] = weights.zero;
    im.emit(NetOp {
        record,
        inputs: vec![input],
        output,
        weights: weights.bytes(),
        params: params.bytes,
        sources: vec![node.index],
    });
    Ok(())
}
