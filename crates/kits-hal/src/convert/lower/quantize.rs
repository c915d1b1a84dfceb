//! QUANTIZE and DEQUANTIZE that stay in the graph.

use super::tables;
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, blank},
    },
    dtype::DType,
    fixed::encode,
    model::OpCode,
};

pub(super) fn quantize(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let input = im.read(x)?;
    let (from, to) = (im.net.tensor(input).dtype, im.describe(y)?.dtype);
    let qy = im.quantization(y)?;
    let bad = ImportError::BadQuantization { tensor: number(y) };
    let mut record = blank(OpCode::Quantize);
    if from != DType::F32 {
        let qx = im.quantization(x)?;
        if from.bytes() == 1 && to.bytes() == 1 {
            let table = tables::requantize((from, qx), (to, qy), im.rescale()).ok_or(bad)?;
            return tables::emit(im, node, OpCode::Quantize, table);
        }
        let real = f64::from(qx.0) / f64::from(qy.0);
        let (m, s) = encode(real);
        if !real.is_finite() || s > 14 {
            return Err(bad);
        }
        record.aux = [m, s];
    }
    emit(im, node, record)
}

pub(super) fn dequantize(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    im.quantization(node.input(0)?)?;
    emit(im, node, blank(OpCode::Dequantize))
}

fn emit(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    record: crate::model::record::OpRecord,
) -> Result<(), ImportError> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let input = im.read(x)?;
    if im.net.tensor(input).constant.is_some() {
        return Err(ImportError::ConstantInput { tensor: number(x) });
    }
    if im.dims(x)? != im.dims(y)? {
        return Err(node.shape());
    }
    let output = im.define(y)?;
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
