//! Decoding the output of box detectors with a grid and anchors (YOLO).
//!
//! For every cell of the grid and every anchor the model gives `t_x, t_y, t_w, t_h`, how sure it is that there is an
//! object, and one number for each class; `σ` is the logistic function.
//!
//! | code | centre | size |
//! | --- | --- | --- |
//! | [`BoxCode::Exponential`] (version 3) | `(σ(t) + cell)·stride` | `anchor·e^t` |
//! | [`BoxCode::Square`] (version 5) | `(2σ(t) − 0.5 + cell)·stride` | `anchor·(2σ(t))²` |

use super::{Detection, Detections, PostError, Slice};

/// How a box is written in the output.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BoxCode {
    /// Centre within the cell, size exponential.
    Exponential,
    /// Centre up to half a cell outside, size quadratic.
    Square,
}

/// One output of a detector: `[rows, columns, anchors · (5 + classes)]`, quantised.
///
/// It holds the logistic function of all 256 codes, so that decoding a cell without an object is one comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct YoloHead<'a> {
    rows: u16,
    columns: u16,
    classes: u16,
    stride: u16,
    anchors: &'a [[f32; 2]],
    code: BoxCode,
    scale: f32,
    zero: i8,
    /// `32768·σ` of the codes −128 to 127.
    logistic: [u16; 256],
}

impl<'a> YoloHead<'a> {
    /// Describes an output: rows and columns of the grid, classes, pixels per cell, width and height of the anchors in
    /// pixels, scale and zero point of the tensor.
    ///
    /// # Errors
    ///
    /// [`PostError::BadScale`] if the scale is zero or not finite.
    pub fn new(
        [rows, columns]: [u16; 2],
        classes: u16,
        stride: u16,
        anchors: &'a [[f32; 2]],
        code: BoxCode,
        (scale, zero): (f32, i8),
    ) -> Result<Self, PostError> {
        if scale == 0.0 || !scale.is_finite() {
            return Err(PostError::BadScale { index: 0 });
        }
        let mut logistic = [0; 256];
        for (q, place) in (-128_i16..128).zip(&mut logistic) {
            let t = scale * f32::from(q.saturating_sub(zero.into()));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to 32768"
            )]
            let value = (32768.0 / (1.0 + libm::expf(-t)) + 0.5) as u16;
            *place = value;
        }
        Ok(Self { rows, columns, classes, stride, anchors, code, scale, zero, logistic })
    }

    /// Returns the elements of the output.
    #[must_use]
    pub const fn len(&self) -> usize {
        (self.rows as usize)
            .saturating_mul(self.columns as usize)
            .saturating_mul(self.anchors.len())
            .saturating_mul(self.per_anchor())
    }

    /// Returns whether the output has no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    const fn per_anchor(&self) -> usize {
        (self.classes as usize).saturating_add(5)
    }

    /// Adds all boxes whose score, object times class, is at least `threshold` of 256, clipped to the grid.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if the output does not fit the description.
    ///
    /// ```
    /// use kits_hal::post::{BoxCode, Detection, Detections, YoloHead};
    ///
    /// let head = YoloHead::new([1, 2], 1, 16, &[[10.0, 20.0]], BoxCode::Exponential, (0.1, 0))?;
    /// let mut output = [-128; 12];
    /// output[6..].copy_from_slice(&[0, 0, 0, 0, 100, 100]); // the second cell, and sure
    /// let mut memory = [Detection::default(); 4];
    /// let mut found = Detections::new(&mut memory);
    /// head.decode(&output, 128, &mut found)?;
    /// assert_eq!(found.as_slice()[0].from, [19, 0]); // centre (24, 8), 10 by 20, cut at the top
    /// assert_eq!(found.as_slice()[0].to, [29, 16]); // and at the bottom
    /// # Ok::<(), kits_hal::post::PostError>(())
    /// ```
    pub fn decode(
        &self,
        output: &[i8],
        threshold: u16,
        found: &mut Detections<'_>,
    ) -> Result<(), PostError> {
        PostError::exactly(Slice::Map, self.len(), output.len())?;
        let cells = (0..self.rows).flat_map(|y| (0..self.columns).map(move |x| [x, y]));
        let boxes = cells.flat_map(|cell| self.anchors.iter().map(move |anchor| (cell, *anchor)));
        for ((cell, anchor), values) in boxes.zip(output.chunks_exact(self.per_anchor())) {
            let Some((&[tx, ty, tw, th, object], classes)) = values.split_first_chunk() else {
                continue;
            };
            let object = self.logistic(object);
            for (class, q) in (0..).zip(classes) {
                // Q15 times Q15, to 256 for certainty.
                let product = u32::from(object).saturating_mul(u32::from(self.logistic(*q)));
                let score = u16::try_from(product >> 22).unwrap_or(u16::MAX);
                if score < threshold {
                    continue;
                }
                let (mut from, mut to) = ([0; 2], [0; 2]);
                let parts = [(tx, tw, self.columns), (ty, th, self.rows)];
                let axes = parts.into_iter().zip(cell).zip(anchor).zip(from.iter_mut().zip(&mut to));
                for ((((centre, size, cells), cell), anchor), (from, to)) in axes {
                    let middle = self.centre(centre, cell);
                    let half = 0.5 * self.size(size, anchor);
                    let end = f32::from(cells) * f32::from(self.stride);
                    *from = pixel(middle - half, end);
                    *to = pixel(middle + half, end);
                }
                found.push(Detection { class, score, from, to });
            }
        }
        Ok(())
    }

    /// Returns `32768·σ` of a code.
    fn logistic(&self, q: i8) -> u16 {
        self.logistic.get(usize::from(q.cast_unsigned() ^ 0x80)).copied().unwrap_or(0)
    }

    fn centre(&self, q: i8, cell: u16) -> f32 {
        let part = f32::from(self.logistic(q)) / 32768.0;
        let part = match self.code {
            BoxCode::Exponential => part,
            BoxCode::Square => 2.0 * part - 0.5,
        };
        (part + f32::from(cell)) * f32::from(self.stride)
    }

    fn size(&self, q: i8, anchor: f32) -> f32 {
        anchor
            * match self.code {
                BoxCode::Exponential => {
                    let q = i16::from(q).saturating_sub(self.zero.into());
                    libm::expf(self.scale * f32::from(q))
                }
                BoxCode::Square => {
                    let double = f32::from(self.logistic(q)) / 16384.0;
                    double * double
                }
            }
    }
}

/// Returns the nearest pixel edge from 0 to `end`; 0 for what is not a number.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn pixel(x: f32, end: f32) -> i16 {
    (x.max(0.0).min(end) + 0.5) as i16
}
