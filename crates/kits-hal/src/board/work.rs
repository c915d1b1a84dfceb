//! The work of one inference, split by what it costs.

use crate::{Model, OpCode};

/// Multiply-accumulates by kind of layer, and what is written and read.
///
/// A multiply-accumulate of one layer takes several times as long as that of another: a depthwise convolution reads a
/// byte for each, a dense layer reads each weight once, and a convolution over fewer than four channels leaves lanes
/// of a vector empty.
///
/// # Examples
///
/// ```
/// use kits_hal::board::Work;
/// use kits_hal::{Check, Model};
///
/// let model = Model::parse(include_bytes!("../../tests/golden/data/small.kit"), Check::Full)?;
/// let work = Work::of(&model);
/// // One input channel: 8·8·8 outputs × 9; then 4·4·12 × 72, and 48 × 10.
/// assert_eq!((work.thin_conv, work.conv, work.dense), (4_608, 13_824, 480));
/// assert_eq!(work.macs(), model.macs());
/// # Ok::<(), kits_hal::LoadError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Work {
    /// Multiply-accumulates of convolutions over four input channels and more.
    pub conv: u64,
    /// Multiply-accumulates of convolutions over one to three input channels.
    pub thin_conv: u64,
    /// Multiply-accumulates of depthwise convolutions.
    pub depthwise: u64,
    /// Multiply-accumulates of dense and recurrent layers.
    pub dense: u64,
    /// Elements written, by all operators.
    pub outputs: u64,
    /// Bytes of weights and tables read.
    pub weight_bytes: u64,
}

/// Convolutions over fewer input channels than this are thin: a 32-bit word holds four.
const THIN: u16 = 4;

impl Work {
    /// Returns the work of one inference of `model`.
    #[must_use]
    pub fn of(model: &Model<'_>) -> Self {
        let mut work = Self::default();
        for op in model.ops() {
            let kind = match op.code {
                OpCode::DepthwiseConv2d => &mut work.depthwise,
                OpCode::Conv2d | OpCode::TransposeConv if op.input_dims[3] < THIN => {
                    &mut work.thin_conv
                }
                OpCode::Conv2d | OpCode::TransposeConv => &mut work.conv,
                _ => &mut work.dense,
            };
            *kind = kind.saturating_add(op.macs);
            let elements = op.output_dims.iter().fold(1_u64, |n, &d| n.saturating_mul(d.into()));
            work.outputs = work.outputs.saturating_add(elements);
            work.weight_bytes = work.weight_bytes.saturating_add(op.weight_bytes.into());
        }
        work
    }

    /// Returns all multiply-accumulates.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.conv
            .saturating_add(self.thin_conv)
            .saturating_add(self.depthwise)
            .saturating_add(self.dense)
    }
}
