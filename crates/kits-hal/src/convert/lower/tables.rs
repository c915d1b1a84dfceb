//! Maps of one byte, written down as 256 answers: LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, RELU.

use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, blank},
    },
    dtype::DType,
    fixed::{encode, exp_neg, ratio, recip_1p, round_shift},
    model::OpCode,
};

type Result<T> = core::result::Result<T, ImportError>;
/// Scale and zero point.
type Quantization = (f32, i32);
/// Multiplies by a factor and rounds, as the model is made for.
type Rescale = fn(i32, i32, i32) -> i32;

pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>, code: OpCode) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    im.read_activation(x)?;
    im.int8(y)?;
    let (qx, qy) = (im.quantization(x)?, im.quantization(y)?);
    let bad = ImportError::BadQuantization { tensor: number(y) };
    let rescale = im.rescale();
    let table = match code {
        OpCode::Logistic => {
            fixed_output(im, y, 1.0 / 256.0, -128)?;
            logistic(qx, rescale).ok_or(bad)?
        }
        OpCode::Tanh => {
            fixed_output(im, y, 1.0 / 128.0, 0)?;
            tanh(qx, rescale).ok_or(bad)?
        }
        OpCode::HardSwish => hard_swish(qx, qy).ok_or(bad)?,
        OpCode::LeakyRelu => {
            let alpha = node.get(0, 0.0_f32)?;
            if !alpha.is_finite() {
                return Err(node.option());
            }
            leaky_relu(qx, qy, alpha, rescale).ok_or(bad)?
        }
        _ => relu(qx, qy, rescale).ok_or(bad)?,
    };
    emit(im, node, code, table)
}

/// Adds an operator that looks every byte up.
pub(super) fn emit(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    code: OpCode,
    table: [u8; 256],
) -> Result<()> {
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
        record: blank(code),
        inputs: vec![input],
        output,
        weights: table.to_vec(),
        params: Vec::new(),
        sources: vec![node.index],
    });
    Ok(())
}

/// Requires the quantization that an operator's output always has.
pub(super) fn fixed_output(im: &Importer<'_>, y: usize, scale: f32, zero: i32) -> Result<()> {
    let (found, z) = im.quantization(y)?;
    if (found - scale).abs() <= scale * 1e-3 && z == zero {
        Ok(())
    } else {
        Err(ImportError::BadQuantization { tensor: number(y) })
    }
}

/// Fills a table from a map of signed values; entry `i` answers the byte `i`.
fn fill(f: impl Fn(i32) -> i32) -> [u8; 256] {
    core::array::from_fn(|i| {
        let byte = u8::try_from(i).unwrap_or(0);
        byte_of(f(byte.cast_signed().into()))
    })
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
fn byte_of(value: i32) -> u8 {
    (value.clamp(-128, 127) as i8).cast_unsigned()
}

/// Encodes a factor that must be finite, positive and small enough for a byte's difference.
fn factor(real: f64) -> Option<(i32, i32)> {
    let (m, s) = encode(real);
    (real.is_finite() && s <= 22).then_some((m, s))
}

/// The input of LOGISTIC and TANH in Q4.27: multiplier, shift, and where the curve is flat.
fn curve((scale, _): Quantization) -> Option<(i32, i32, i32)> {
    let (m, s) = encode(f64::from(scale) * f64::from(1_u32 << 27));
    if m == 0 || !(-31..=30).contains(&s) {
        return None;
    }
    // 15 · 2^27 / 2^s
    let radius = if s >= 0 { (15_i64 << 27) >> s } else { (15_i64 << 27) << -s };
    Some((m, s, i32::try_from(radius).unwrap_or(i32::MAX)))
}

fn logistic(qx: Quantization, rescale: Rescale) -> Option<[u8; 256]> {
    let (m, s, radius) = curve(qx)?;
    Some(fill(|x| {
        let d = x - qx.1;
        if d <= -radius {
            return -128;
        }
        if d >= radius {
            return 127;
        }
        let q = rescale(d, m, s);
        let value = if q == 0 {
            1 << 30
        } else {
            let p = recip_1p(exp_neg(-q.saturating_abs(), 4));
            if q > 0 { p } else { i32::MAX - p }
        };
        round_shift(value, 23) - 128
    }))
}

fn tanh(qx: Quantization, rescale: Rescale) -> Option<[u8; 256]> {
    let (m, s, radius) = curve(qx)?;
    Some(fill(|x| {
        let d = x - qx.1;
        if d <= -radius {
            return -128;
        }
        if d >= radius {
            return 127;
        }
        let q = rescale(d, m, s);
        if q == 0 {
            return 0;
        }
        // tanh(x) = (1 − e^(−2x)) / (1 + e^(−2x)): one integer bit more doubles the argument.
        let p = ratio(exp_neg(-q.saturating_abs(), 5));
        round_shift(if q > 0 { p } else { p.wrapping_neg() }, 24)
    }))
}

fn relu(qx: Quantization, qy: Quantization, rescale: Rescale) -> Option<[u8; 256]> {
    let (m, s) = factor(f64::from(qx.0 / qy.0))?;
    Some(fill(|x| (rescale(x - qx.1, m, s).saturating_add(qy.1)).max(qy.1)))
}

fn leaky_relu(
    qx: Quantization,
    qy: Quantization,
    alpha: f32,
    rescale: Rescale,
) -> Option<[u8; 256]> {
    let (m, s) = factor(f64::from(qx.0 / qy.0))?;
    let slope = qx.0 * alpha / qy.0;
    let (ma, sa) = factor(f64::from(slope.abs()))?;
    Some(fill(|x| {
        let d = x - qx.1;
        let value = if d >= 0 {
            rescale(d, m, s)
        } else if slope < 0.0 {
            rescale(d, ma, sa).saturating_neg()
        } else {
            rescale(d, ma, sa)
        };
        value.saturating_add(qy.1)
    }))
}

fn hard_swish(qx: Quantization, qy: Quantization) -> Option<[u8; 256]> {
    let high = qx.0 / 128.0;
    let (m, e) = encode(f64::from(high / qy.0));
    let (r, f) = encode(f64::from(high / (3.0 / 32768.0)));
    if m == 0 || e > 0 || f > 16 {
        return None;
    }
    let (m16, r16) = (to16(m), to16(r));
    Some(fill(|x| {
        let d = (x - qx.1) << 7;
        let pre = high_mul16(d, m16);
        // The gate (x + 3) / 6 in Q0.15, saturated at both ends.
        let mut gate = d;
        if f > 0 {
            gate = sat16(i64::from(gate) << (f - 1));
        }
        gate = high_mul16(gate, r16);
        if f > 0 {
            gate = sat16(i64::from(gate) << 1);
        }
        if f < 0 {
            gate = round_shift(gate, -f);
        }
        gate = (gate + 32768) >> 1;
        let product = gate * pre / 32768; // truncated towards 0
        round_shift(product, -e).saturating_add(qy.1)
    }))
}

fn to16(m: i32) -> i32 {
    if m >= 0x7FFF_0000 { 32767 } else { (m + (1 << 15)) >> 16 }
}

fn sat16(v: i64) -> i32 {
    i32::try_from(v.clamp(-32768, 32767)).unwrap_or(0)
}

/// Returns `(a·b + 2^14) >> 15` of two 16-bit values.
fn high_mul16(a: i32, b: i32) -> i32 {
    let (a, b) = (sat16(a.into()), sat16(b.into()));
    if a == -32768 && b == -32768 { 32767 } else { (a * b + (1 << 14)) >> 15 }
}

/// A change of scale, zero point or sign between bytes; the index is the raw byte.
pub(super) fn requantize(
    (from, qx): (DType, Quantization),
    (to, qy): (DType, Quantization),
    rescale: Rescale,
) -> Option<[u8; 256]> {
    let (m, s) = factor(f64::from(qx.0) / f64::from(qy.0))?;
    Some(core::array::from_fn(|i| {
        let byte = u8::try_from(i).unwrap_or(0);
        let x = if from == DType::I8 { byte.cast_signed().into() } else { i32::from(byte) };
        let value = rescale(x - qx.1, m, s).saturating_add(qy.1);
        if to == DType::I8 {
            byte_of(value)
        } else {
            u8::try_from(value.clamp(0, 255)).unwrap_or(0)
        }
    }))
}
