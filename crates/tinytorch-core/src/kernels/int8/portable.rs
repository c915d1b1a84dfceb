//! Products of eight-bit numbers without any special instruction.

use super::{DEPTH, Group, LANES, Tile, Words};

/// What every processor has.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Tile for Portable {
    type Word = [i8; DEPTH];

    const ROWS: usize = 4;
    const OFFSET: bool = false;

    fn word(four: [i8; DEPTH]) -> Self::Word {
        four
    }

    fn add(self, a: Words<'_, Self::Word>, panel: &[Group], sums: &mut [[i32; LANES]]) {
        for (i, sums) in sums.iter_mut().enumerate() {
            for (x, group) in a.row(i, panel.len()).iter().zip(panel) {
                for (sum, w) in sums.iter_mut().zip(group) {
                    // Four products of eight bits: at most 2^16.
                    let dot: i32 =
                        x.iter().zip(w).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum();
                    *sum = sum.wrapping_add(dot);
                }
            }
        }
    }
}
