//! RESIZE_NEAREST_NEIGHBOR: which input row and column every output row and column copies.

use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node},
        net::{NetOp, blank},
    },
    model::OpCode,
};

pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
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
    let (align, half) = (node.get(0, false)?, node.get(1, false)?);
    let mut weights = Vec::new();
    for i in [1, 2] {
        for o in 0..to[i] {
            let source = nearest(o, from[i], to[i], align, half);
            weights.extend_from_slice(&source.to_le_bytes());
        }
    }
    let output = im.define_int8(y)?;
    im.emit(NetOp {
        record: blank(OpCode::ResizeNearestNeighbor),
        inputs: vec![input],
        output,
        weights,
        params: Vec::new(),
        sources: vec![node.index],
    });
    Ok(())
}

/// Returns the input position that output position `o` copies, computed in `f32` as defined.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the input before the cast"
)]
fn nearest(o: u16, input: u16, output: u16, align: bool, half: bool) -> u16 {
    let (n_in, n_out) = (f32::from(input), f32::from(output));
    let scale = if align && output > 1 { (n_in - 1.0) / (n_out - 1.0) } else { n_in / n_out };
    let at = (f32::from(o) + if half { 0.5 } else { 0.0 }) * scale;
    let at = if align { at.round() } else { at.floor() };
    at.clamp(0.0, n_in - 1.0) as u16
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn doubling_repeats_and_alignment_keeps_the_ends() {
        let plain: Vec<u16> = (0..6).map(|o| nearest(o, 3, 6, false, false)).collect();
        assert_eq!(plain, [0, 0, 1, 1, 2, 2]);
        let aligned: Vec<u16> = (0..5).map(|o| nearest(o, 3, 5, true, false)).collect();
        assert_eq!(aligned, [0, 1, 1, 2, 2]); // 0, 0.5, 1, 1.5, 2 rounded half away
        assert_eq!(nearest(0, 1, 7, true, true), 0);
    }
}
