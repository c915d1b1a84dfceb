//! The images of a Cortex-M55 hold the vector instructions that the kernels are written with.
//!
//! A build without the name of the processor leaves them out, gives the same results, and takes three times as long.
//! Encodings: Armv8-M Architecture Reference Manual, chapter C2; each was compared with what a disassembler makes of it.

use anyhow::{Context as _, Result, bail};

use super::elf::Elf;

/// An instruction of two half-words: its name, which bits are looked at, and what they are.
type Instruction = (&'static str, [u16; 2], [u16; 2]);

/// Four dot products of a vector at once: any accumulator, any two vectors.
const VMLADAVA: Instruction = ("vmladava.s8", [0xfff1, 0x1ff1], [0xeef0, 0x0f20]);
/// Rounding high product, by a vector and by a register.
const VQRDMULH: Instruction = ("vqrdmulh.s32", [0xffff, 0xffff], [0xff20, 0x0b42]);
const VQRDMULH_BY: Instruction = ("vqrdmulh.s32", [0xffff, 0xfff0], [0xfe21, 0x0e60]);
/// Rounding shift.
const VRSHL: Instruction = ("vrshl.s32", [0xffff, 0xffff], [0xef24, 0x0540]);
/// Products of the even and of the odd bytes.
const VMULLB: Instruction = ("vmullb.s8", [0xffff, 0xffff], [0xee01, 0x4e02]);
const VMULLT: Instruction = ("vmullt.s8", [0xffff, 0xffff], [0xee01, 0x7e02]);
/// Begin and end of a loop whose last vector is cut off.
const DLSTP_8: Instruction = ("dlstp.8", [0xfff0, 0xffff], [0xf000, 0xe001]);
const DLSTP_32: Instruction = ("dlstp.32", [0xfff0, 0xffff], [0xf020, 0xe001]);
const LETP: Instruction = ("letp", [0xffff, 0xf001], [0xf01f, 0xc001]);
/// Mask of the lanes that count.
const VCTP: Instruction = ("vctp.8", [0xfff0, 0xffff], [0xf000, 0xe801]);

/// The functions of `kits_hal::fast::simd::mve`, and how often each of their instructions is there.
const LOOPS: [(&str, &[(Instruction, usize)]); 5] = [
    ("4rows", &[(DLSTP_8, 1), (VMLADAVA, 4), (LETP, 1)]),
    ("7columns", &[(VCTP, 1), (VMULLB, 1), (VMULLT, 1)]),
    ("5bytes", &[(DLSTP_32, 1), (VQRDMULH, 1), (VRSHL, 1), (LETP, 1)]),
    ("5scale", &[(DLSTP_32, 1), (VQRDMULH_BY, 1), (VRSHL, 1), (LETP, 1)]),
    ("5lines", &[(DLSTP_8, 1), (LETP, 1)]),
];

/// Looks for the vector loops of an image that runs every kernel.
///
/// # Errors
///
/// If a function or one of its instructions is missing.
pub(super) fn look(name: &str, file: &[u8]) -> Result<()> {
    let elf = Elf::read(file).with_context(|| name.to_owned())?;
    let mut all = 0;
    for (function, wanted) in LOOPS {
        let code = elf.code(&["3mve", "3imp", function]).with_context(|| name.to_owned())?;
        for (instruction, times) in wanted {
            let found = count(code, instruction);
            if found != *times {
                bail!(
                    "{name}: {function} of the vector loops holds {} {found} times, not {times}",
                    instruction.0
                );
            }
            all += found;
        }
    }
    println!("{name}: {all} vector instructions in {} loops", LOOPS.len());
    Ok(())
}

/// Returns how often an instruction is in Thumb code.
fn count(code: &[u8], &(_, mask, value): &Instruction) -> usize {
    let halves = code.as_chunks::<2>().0;
    let (mut at, mut found) = (0, 0);
    while let Some(first) = halves.get(at) {
        let first = u16::from_le_bytes(*first);
        // The five uppermost bits of an instruction of two half-words are 29 or more.
        if first >> 11 < 29 {
            at += 1;
            continue;
        }
        let second = halves.get(at + 1).map_or(0, |second| u16::from_le_bytes(*second));
        found += usize::from(first & mask[0] == value[0] && second & mask[1] == value[1]);
        at += 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a disassembler shows for a loop of the kernels, as bytes in memory.
    const CODE: [u8; 22] = [
        0x0e, 0xf0, 0x01, 0xe0, // dlstp.8 lr, lr
        0xb9, 0xec, 0x10, 0x1e, // vldrb.u8 q0, [r9], #16
        0x08, 0xbf, // nop-like, of one half-word
        0xf0, 0xee, 0x22, 0x0f, // vmlava.s8 r0, q0, q1
        0xf0, 0xee, 0x22, 0xcf, // vmlava.s8 r12, q0, q1
        0x1f, 0xf0, 0x15, 0xc0, // letp lr, #-40
    ];

    #[test]
    fn instructions_are_counted_where_they_begin() {
        assert_eq!(count(&CODE, &DLSTP_8), 1);
        assert_eq!(count(&CODE, &VMLADAVA), 2);
        assert_eq!(count(&CODE, &LETP), 1);
        assert_eq!(count(&CODE, &DLSTP_32), 0);
        assert_eq!(count(&CODE, &VCTP), 0);
        // The second half of one instruction and the first of the next are none.
        assert_eq!(count(&CODE[2..], &VMLADAVA), 2);
        assert_eq!(count(&CODE[..12], &VMLADAVA), 0, "cut off");
        // vqrdmulh.s32 q0, q0, q1; vqrdmulh.s32 q0, q0, r2; vrshl.s32 q0, q0, q2
        let code = [0x20, 0xff, 0x42, 0x0b, 0x21, 0xfe, 0x62, 0x0e, 0x24, 0xef, 0x40, 0x05];
        assert_eq!([VQRDMULH, VQRDMULH_BY, VRSHL].map(|i| count(&code, &i)), [1, 1, 1]);
    }
}
