//! ADD, SUB, MUL, MAXIMUM and MINIMUM.

use super::clamp::fused;
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
    let (a, b, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let inputs = vec![im.read_int8(a)?, im.read_int8(b)?];
    im.int8(y)?;
    let (da, db, dy) = (im.dims(a)?, im.dims(b)?, im.dims(y)?);
    let fits = (0..4).all(|i| {
        let widest = da[i].max(db[i]);
        dy[i] == widest && [da[i], db[i]].iter().all(|&d| d == widest || d == 1)
    });
    if !fits {
        return Err(node.shape());
    }
    let (qa, qb, qy) = (im.quantization(a)?, im.quantization(b)?, im.quantization(y)?);
    let mut record = blank(code);
    let mut params = Vec::new();
    let bad = ImportError::BadQuantization { tensor: number(y) };
    match code {
        OpCode::Add | OpCode::Sub => {
            let reals =
                if code == OpCode::Add { add(qa.0, qb.0, qy.0) } else { sub(qa.0, qb.0, qy.0) };
            let pairs = reals.map(encode);
            // Both operands shrink, and so does the sum, or the fixed-point form does not hold.
            if reals.iter().any(|r| !r.is_finite()) || pairs.iter().any(|&(m, s)| m == 0 || s > 0) {
                return Err(bad);
            }
            let words = pairs.iter().map(|p| p.0).chain(pairs.iter().map(|p| p.1));
            params = words.flat_map(i32::to_le_bytes).collect();
            record.n_params = 6;
        }
        OpCode::Mul => {
            let real = f64::from(qa.0) * f64::from(qb.0) / f64::from(qy.0);
            let (m, s) = encode(real);
            // The product has 16 bits, so a shift of 14 still fits the word.
            if !real.is_finite() || s > 14 {
                return Err(bad);
            }
            record.aux = [m, s];
        }
        _ => {
            im.same_quantization(a, b)?;
            im.same_quantization(a, y)?;
        }
    }
    if matches!(code, OpCode::Add | OpCode::Sub | OpCode::Mul) {
        record.clamp = fused(node, node.get(0, 0_u8)?, qy)?;
    }
    record.in_zero = i16::try_from(qa.1).unwrap_or(0);
    record.out_zero = i16::try_from(qy.1).unwrap_or(0);
    let output = im.define_int8(y)?;
    im.emit(NetOp {
        record,
        inputs,
        output,
        weights: Vec::new(),
        params,
        sources: vec![node.index],
    });
    Ok(())
}

/// The three factors of ADD, computed in double precision.
fn add(s1: f32, s2: f32, s_out: f32) -> [f64; 3] {
    let (s1, s2, s_out) = (f64::from(s1), f64::from(s2), f64::from(s_out));
    let t = 2.0 * s1.max(s2);
    [s1 / t, s2 / t, t / (f64::from(1_u32 << 20) * s_out)]
}

/// The three factors of SUB, computed in single precision.
fn sub(s1: f32, s2: f32, s_out: f32) -> [f64; 3] {
    let t = 2.0 * s1.max(s2);
    [s1 / t, s2 / t, t / (1_048_576.0 * s_out)].map(f64::from)
}
