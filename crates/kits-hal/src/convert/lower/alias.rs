//! RESHAPE, SQUEEZE, EXPAND_DIMS: another shape of the same bytes.

use crate::convert::{
    error::ImportError,
    importer::{Importer, Node, number},
};

pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    let (from, to) = (node.input(0)?, node.output(0)?);
    let x = im.read(from)?;
    let mut tensor = im.describe(to)?;
    let of = im.net.tensor(x);
    if tensor.dtype != of.dtype {
        let ty = im.graph.tensors[to].ty;
        return Err(ImportError::UnsupportedType { tensor: number(to), ty });
    }
    if tensor.bytes() != of.bytes() {
        return Err(node.shape());
    }
    // The target in the file may say less than the tensors do, but must not contradict them.
    if let Some(target) = node.optional(1)
        && node.code == super::RESHAPE
    {
        let wanted = im.integers(target)?;
        let given = &im.graph.tensors[to].shape;
        let agrees = wanted.len() == given.len()
            && wanted.iter().zip(given).all(|(&w, &g)| w == g || w == -1);
        if !agrees {
            return Err(node.shape());
        }
    }
    if tensor.scale == 0.0 {
        tensor.scale = of.scale;
        tensor.zero = of.zero;
    }
    let id = im.net.alias(x, tensor);
    im.map[to] = Some(id);
    Ok(())
}
