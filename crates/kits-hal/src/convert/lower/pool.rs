//! AVERAGE_POOL_2D and MAX_POOL_2D.

use super::{clamp::fused, conv::axis};
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node},
        net::{NetOp, blank},
    },
    model::OpCode,
};

pub(super) fn lower(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    code: OpCode,
) -> Result<(), ImportError> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let input = im.read_activation(x)?;
    im.int8(y)?;
    im.same_quantization(x, y)?;
    let (x_dims, y_dims) = (im.image(x)?, im.image(y)?);
    let mut record = blank(code);
    record.stride = [node.positive(2, 0)?, node.positive(1, 0)?];
    record.kernel = [node.positive(4, 0)?, node.positive(3, 0)?];
    let padding = node.get(0, 0_u8)?;
    for i in 0..2 {
        let options = (record.kernel[i], record.stride[i], 1);
        let (output, before) = axis(node, padding, usize::from(x_dims[i + 1]), options)?;
        if output != usize::from(y_dims[i + 1]) {
            return Err(node.shape());
        }
        record.pad[i] = before;
    }
    if x_dims[0] != y_dims[0] || x_dims[3] != y_dims[3] {
        return Err(node.shape());
    }
    record.clamp = fused(node, node.get(5, 0_u8)?, im.quantization(y)?)?;
    let output = im.define_int8(y)?;
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
