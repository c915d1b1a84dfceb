//! SOFTMAX.

use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, blank},
    },
    fixed::encode,
    model::OpCode,
};

pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let input = im.read_activation(x)?;
    im.int8(y)?;
    if im.dims(x)? != im.dims(y)? {
        return Err(node.shape());
    }
    let (s_in, _) = im.quantization(x)?;
    super::tables::fixed_output(im, y, 1.0 / 256.0, -128)?;
    let beta = node.get(0, 0.0_f32)?;
    if !beta.is_finite() || beta <= 0.0 {
        return Err(node.option());
    }
    // Differences are scaled to 5 integer bits: exp(-31) is far below one output step.
    let real = f64::from(beta) * f64::from(s_in) * f64::from(1_u32 << 26);
    let (m, s) = encode(real.min(f64::from(i32::MAX)));
    let shift = u8::try_from(s).ok().filter(|&s| s <= 31);
    let Some(shift) = shift.filter(|_| m > 0) else {
        return Err(ImportError::BadQuantization { tensor: number(x) });
    };
    let least = (31_i64 << 26) >> shift;
    let output = im.define_int8(y)?;
    let mut record = blank(OpCode::Softmax);
    record.axis = shift;
    record.aux = [m, -i32::try_from(least).map_err(|_| node.option())?];
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
