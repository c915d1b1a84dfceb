//! How compressed weights are stored: with scales, or with positions.

use super::POSITION_BITS;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::Bytes;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const GPTQ: &str = "Frantar et al. (2023), GPTQ; Lin et al. (2024), AWQ";
const AMPERE: &str = "NVIDIA (2020), A100 Tensor Core GPU Architecture";
const COUNTING: &str = "counting";

record! {
    /// Quantized weights in groups that share a scale.
    pub struct GroupIn {
        /// Bits of one weight.
        bits: f64, "b", POSITIVE;
        /// Bits of the scale of a group.
        scale_bits: f64, "b_s", NOT_NEGATIVE, default 16.0;
        /// Bits of the zero point of a group.
        zero_bits: f64, "b_z", NOT_NEGATIVE, default 0.0;
        /// Weights in a group.
        group: f64, "g", COUNT, default 128.0;
        /// Bits of one weight before.
        base_bits: f64, "b_0", POSITIVE, default 16.0;
    }
}

record! {
    /// What a weight takes with its share of the scale.
    pub struct GroupOut {
        /// Bits per weight.
        effective_bits: f64, "b_eff", POSITIVE;
        /// Size before over size after.
        ratio: f64, "r", POSITIVE;
    }
}

/// The equation `fidelity.effective_bits`.
#[derive(Debug, Clone, Copy)]
pub struct EffectiveBits;

impl Equation for EffectiveBits {
    type In = GroupIn;
    type Out = GroupOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fidelity.effective_bits",
        wall: 13,
        also: &[],
        question: "How many bits does a quantized weight take with its share of the scale?",
        formula: "b_eff = b + (b_s + b_z) / g; r = b_0 / b_eff",
        source: GPTQ,
        inputs: GroupIn::FIELDS,
        outputs: GroupOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &GroupIn, _: Convention, trace: &mut R) -> GroupOut {
        let effective_bits = x.bits + (x.scale_bits + x.zero_bits) / x.group;
        let reads: &'static [&'static str] = &["bits", "scale_bits", "zero_bits", "group"];
        let formula = "b + (b_s + b_z) / g";
        trace.computed("effective_bits", "b_eff", effective_bits, formula, reads, GPTQ);
        let ratio = x.base_bits / effective_bits;
        let reads: &'static [&'static str] = &["base_bits", "effective_bits"];
        trace.computed("ratio", "r", ratio, "b_0 / b_eff", reads, GPTQ);
        GroupOut { effective_bits, ratio }
    }
}

record! {
    /// Weights of which two in every four are kept.
    pub struct SemiStructuredIn {
        /// Bits of one weight.
        bits: f64, "b", POSITIVE, default 16.0;
        /// Bits that say where in its four a kept weight stands.
        position_bits: f64, "b_p", NOT_NEGATIVE, default POSITION_BITS;
    }
}

record! {
    /// What they take.
    pub struct SemiStructuredOut {
        /// Bits per weight of the original.
        effective_bits: f64, "b_eff", POSITIVE;
        /// Size before over size after.
        ratio: f64, "r", POSITIVE;
    }
}

/// The equation `fidelity.two_four`.
#[derive(Debug, Clone, Copy)]
pub struct SemiStructured;

impl Equation for SemiStructured {
    type In = SemiStructuredIn;
    type Out = SemiStructuredOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fidelity.two_four",
        wall: 13,
        also: &[],
        question: "How much smaller are weights of which two in every four are kept?",
        formula: "r = 2 × b / (b + b_p)",
        source: AMPERE,
        inputs: SemiStructuredIn::FIELDS,
        outputs: SemiStructuredOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &SemiStructuredIn,
        _: Convention,
        trace: &mut R,
    ) -> SemiStructuredOut {
        let effective_bits = (x.bits + x.position_bits) / 2.0;
        let reads: &'static [&'static str] = &["bits", "position_bits"];
        let formula = "(b + b_p) / 2";
        trace.computed("effective_bits", "b_eff", effective_bits, formula, reads, AMPERE);
        let ratio = x.bits / effective_bits;
        let reads: &'static [&'static str] = &["bits", "effective_bits"];
        trace.computed("ratio", "r", ratio, "b / b_eff", reads, AMPERE);
        SemiStructuredOut { effective_bits, ratio }
    }
}

record! {
    /// A matrix stored as its non-zero elements, row by row.
    pub struct CsrIn {
        /// Rows.
        rows: f64, "m", COUNT;
        /// Columns.
        columns: f64, "n", COUNT;
        /// Share of the elements that are not zero.
        density: f64, "d", SHARE, default 0.1;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Bytes of one column index or row pointer.
        index: Bytes, "i", POSITIVE, default 4.0;
    }
}

record! {
    /// What it takes, beside the full matrix.
    pub struct CsrOut {
        /// Elements that are not zero.
        non_zeros: f64, "nnz", NOT_NEGATIVE;
        /// Bytes of elements, indices and row pointers.
        sparse_bytes: Bytes, "V_s", POSITIVE;
        /// Bytes of the full matrix.
        dense_bytes: Bytes, "V_d", POSITIVE;
        /// The full over the sparse; below 1 the sparse form is larger.
        ratio: f64, "r", POSITIVE;
        /// Density at which both are equally large; 0 if the sparse form is never smaller.
        break_even_density: f64, "d*", SHARE;
    }
}

/// The equation `fidelity.csr`.
#[derive(Debug, Clone, Copy)]
pub struct Csr;

impl Equation for Csr {
    type In = CsrIn;
    type Out = CsrOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fidelity.csr",
        wall: 13,
        also: &[],
        question: "How many bytes does a sparse matrix take in compressed sparse rows?",
        formula: "V_s = nnz × (b + i) + (m + 1) × i",
        source: COUNTING,
        inputs: CsrIn::FIELDS,
        outputs: CsrOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &CsrIn, _: Convention, trace: &mut R) -> CsrOut {
        let elements = x.rows * x.columns;
        let non_zeros = elements * x.density;
        let reads: &'static [&'static str] = &["rows", "columns", "density"];
        trace.computed("non_zeros", "nnz", non_zeros, "m × n × d", reads, COUNTING);
        let pointers = x.index * (x.rows + 1.0);
        let sparse_bytes = (x.element + x.index) * non_zeros + pointers;
        let reads: &'static [&'static str] = &["non_zeros", "element", "index", "rows"];
        let formula = "nnz × (b + i) + (m + 1) × i";
        trace.computed("sparse_bytes", "V_s", sparse_bytes, formula, reads, COUNTING);
        let dense_bytes = x.element * elements;
        let reads: &'static [&'static str] = &["rows", "columns", "element"];
        trace.computed("dense_bytes", "V_d", dense_bytes, "m × n × b", reads, COUNTING);
        let ratio = dense_bytes / sparse_bytes;
        let reads: &'static [&'static str] = &["dense_bytes", "sparse_bytes"];
        trace.computed("ratio", "r", ratio, "V_d / V_s", reads, COUNTING);
        let left = (dense_bytes - pointers).max(Bytes::ZERO);
        let break_even_density = (left / ((x.element + x.index) * elements)).min(1.0);
        let reads: &'static [&'static str] =
            &["dense_bytes", "element", "index", "rows", "columns"];
        let formula = "max(0, V_d − (m + 1) × i) / (m × n × (b + i))";
        trace.computed("break_even_density", "d*", break_even_density, formula, reads, COUNTING);
        CsrOut { non_zeros, sparse_bytes, dense_bytes, ratio, break_even_density }
    }
}
