//! Module 14, Profiling: what a layer costs, counted.

/// The part of a layer's shape that decides its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// `rows` inputs of `n_in` numbers become outputs of `n_out`.
    Linear {
        /// Rows of the input.
        rows: usize,
        /// Numbers in a row of the input.
        n_in: usize,
        /// Numbers in a row of the output.
        n_out: usize,
    },
    /// `outputs` sums over `window` products each: channels of a group times height and width of the kernel.
    Conv2d {
        /// Elements of the output.
        outputs: usize,
        /// Products in a sum.
        window: usize,
    },
    /// Nothing that counts: comparisons, clamps, copies.
    Free,
}

/// Returns the floating-point operations of a layer: a multiplication and an addition for each product.
#[must_use]
pub fn count_flops(work: Work) -> u64 {
    let product =
        |factors: &[usize]| factors.iter().map(|&f| f as u64).fold(2, u64::saturating_mul);
    match work {
        Work::Linear { rows, n_in, n_out } => product(&[rows, n_in, n_out]),
        Work::Conv2d { outputs, window } => product(&[outputs, window]),
        Work::Free => 0,
    }
}

/// Returns how many numbers parameters of these shapes hold together.
#[must_use]
pub fn count_parameters(shapes: &[&[usize]]) -> usize {
    shapes.iter().map(|shape| numel(shape)).fold(0, usize::saturating_add)
}

/// Returns the bytes of an activation of this shape at `element` bytes for each number.
#[must_use]
pub fn activation_bytes(shape: &[usize], element: usize) -> usize {
    numel(shape).saturating_mul(element)
}

/// A count too large to hold stays at the largest one.
fn numel(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, &size| n.saturating_mul(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked figure of the field: 32 images of 3x224x224, 64 filters 3x3, padded by 1.
    #[test]
    fn flops_of_a_first_layer() {
        let work = Work::Conv2d { outputs: 32 * 64 * 224 * 224, window: 3 * 3 * 3 };
        assert_eq!(count_flops(work), 2 * 2_774_532_096);
        assert_eq!(count_flops(Work::Linear { rows: 1, n_in: 128, n_out: 64 }), 16_384);
        assert_eq!(count_parameters(&[&[256, 784], &[256]]), 200_704 + 256);
        assert_eq!(activation_bytes(&[64, 224, 224], 4), 12_845_056);
    }
}
