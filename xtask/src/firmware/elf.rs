//! Reads what an image holds: sizes of its sections and names of its symbols, from a 32-bit little-endian ELF file.
//!
//! Source of the layout: System V Application Binary Interface, chapter 4, "Object Files".

use anyhow::{Result, bail};

/// Section header flags and types.
const WRITE: u32 = 1;
const ALLOC: u32 = 2;
const EXECUTE: u32 = 4;
const SYMBOLS: u32 = 2;
const NO_BITS: u32 = 8;

/// Bytes of an image by what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sizes {
    /// Code.
    pub(crate) text: u64,
    /// Constants and vector table.
    pub(crate) rodata: u64,
    /// Initialised statics: in flash, and copied to RAM.
    pub(crate) data: u64,
    /// Zeroed statics.
    pub(crate) bss: u64,
}

impl Sizes {
    /// Returns the bytes of flash.
    pub(crate) const fn flash(&self) -> u64 {
        self.text + self.rodata + self.data
    }
}

/// One section header.
struct Section {
    kind: u32,
    flags: u32,
    /// Where it is loaded.
    address: usize,
    offset: usize,
    bytes: usize,
    /// For symbols: the section that holds their names.
    link: usize,
}

/// An ELF file.
pub(crate) struct Elf<'f> {
    file: &'f [u8],
    sections: Vec<Section>,
}

impl<'f> Elf<'f> {
    /// Reads the section headers.
    ///
    /// # Errors
    ///
    /// If the bytes are no 32-bit little-endian ELF file, or end early.
    pub(crate) fn read(file: &'f [u8]) -> Result<Self> {
        if !file.starts_with(b"\x7fELF\x01\x01") {
            bail!("not a 32-bit little-endian ELF file");
        }
        let table = word(file, 0x20)?;
        let (size, count) = (half(file, 0x2e)?, half(file, 0x30)?);
        let section = |index: usize| -> Result<Section> {
            let at = table + index * size;
            Ok(Section {
                kind: u32::try_from(word(file, at + 4)?)?,
                flags: u32::try_from(word(file, at + 8)?)?,
                address: word(file, at + 12)?,
                offset: word(file, at + 16)?,
                bytes: word(file, at + 20)?,
                link: word(file, at + 24)?,
            })
        };
        Ok(Self { file, sections: (0..count).map(section).collect::<Result<_>>()? })
    }

    /// Returns the sizes of all sections that are loaded.
    pub(crate) fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::default();
        for section in self.sections.iter().filter(|section| section.flags & ALLOC != 0) {
            let sum = if section.kind == NO_BITS {
                &mut sizes.bss
            } else if section.flags & EXECUTE != 0 {
                &mut sizes.text
            } else if section.flags & WRITE != 0 {
                &mut sizes.data
            } else {
                &mut sizes.rodata
            };
            *sum += section.bytes as u64;
        }
        sizes
    }

    /// Returns the names of all symbols, as the linker knows them.
    ///
    /// # Errors
    ///
    /// If the file has no symbols, or ends early: a stripped image proves nothing.
    pub(crate) fn symbols(&self) -> Result<Vec<&'f str>> {
        Ok(self.table()?.into_iter().map(|(name, _)| name).collect())
    }

    /// Returns the code of the one function whose name contains all given texts.
    ///
    /// # Errors
    ///
    /// If there is none or more than one, or the file ends early.
    pub(crate) fn code(&self, texts: &[&str]) -> Result<&'f [u8]> {
        let table = self.table()?;
        let mut found =
            table.iter().filter(|(name, _)| texts.iter().all(|text| name.contains(text)));
        let (Some((_, entry)), None) = (found.next(), found.next()) else {
            bail!("no symbol or several with {}", texts.join(" and "));
        };
        // The lowest bit of a function's address says that it is Thumb code.
        let (address, bytes) = (word(self.file, entry + 4)? & !1, word(self.file, entry + 8)?);
        let section = self.sections.get(half(self.file, entry + 14)?);
        let from = section
            .and_then(|section| Some(section.offset + address.checked_sub(section.address)?));
        match from.and_then(|from| self.file.get(from..from + bytes)) {
            Some(code) if !code.is_empty() => Ok(code),
            _ => bail!("the symbol with {} has no code", texts.join(" and ")),
        }
    }

    /// Returns the names of all symbols, and where their entries are.
    fn table(&self) -> Result<Vec<(&'f str, usize)>> {
        let Some(table) = self.sections.iter().find(|section| section.kind == SYMBOLS) else {
            bail!("the image has no symbols: it was stripped");
        };
        let Some(names) = self.sections.get(table.link) else {
            bail!("the symbols name no section of names");
        };
        let mut symbols = Vec::new();
        for at in (table.offset..table.offset + table.bytes).step_by(16) {
            let from = names.offset + word(self.file, at)?;
            let rest = self.file.get(from..).unwrap_or_default();
            let len = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
            let name = core::str::from_utf8(&rest[..len])?;
            if !name.is_empty() {
                symbols.push((name, at));
            }
        }
        Ok(symbols)
    }
}

fn word(file: &[u8], at: usize) -> Result<usize> {
    match file.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        Some(bytes) => Ok(u32::from_le_bytes(*bytes) as usize),
        None => bail!("the ELF file ends before byte {at}"),
    }
}

fn half(file: &[u8], at: usize) -> Result<usize> {
    match file.get(at..).and_then(<[u8]>::first_chunk::<2>) {
        Some(bytes) => Ok(u16::from_le_bytes(*bytes).into()),
        None => bail!("the ELF file ends before byte {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of four sections: none, 6 bytes of code, one symbol `run` beside the empty one, and the names.
    fn file() -> Vec<u8> {
        let mut file = b"\x7fELF\x01\x01".to_vec();
        file.resize(0x34, 0);
        file[0x20..0x24].copy_from_slice(&0x34_u32.to_le_bytes());
        file[0x2e..0x30].copy_from_slice(&40_u16.to_le_bytes());
        file[0x30..0x32].copy_from_slice(&4_u16.to_le_bytes());
        let headers = [
            [0; 10],
            [0, 1, ALLOC | EXECUTE, 0, 0, 6, 0, 0, 0, 0],
            [0, SYMBOLS, 0, 0, 0xd4, 32, 3, 0, 0, 0],
            [0, 3, 0, 0, 0xf4, 5, 0, 0, 0, 0],
        ];
        file.extend(headers.concat().iter().flat_map(|word| word.to_le_bytes()));
        assert_eq!(file.len(), 0xd4);
        file.extend([0; 16]);
        file.extend(1_u32.to_le_bytes());
        file.extend([0; 12]);
        file.extend(b"\0run\0");
        file
    }

    #[test]
    fn sizes_and_symbols_of_a_file_made_by_hand() {
        let file = file();
        let elf = Elf::read(&file).expect("an ELF file");
        assert_eq!(elf.sizes(), Sizes { text: 6, ..Sizes::default() });
        assert_eq!(elf.symbols().expect("symbols"), ["run"]);
    }

    #[test]
    fn code_of_a_function_made_by_hand() {
        let mut file = file();
        // The section of code is loaded at 0x100 and lies at 0xf4; `run` is Thumb code at 0x102, two bytes of it.
        file[0x34 + 40 + 12..][..8].copy_from_slice(&[0, 1, 0, 0, 0xf4, 0, 0, 0]);
        file[0xe4 + 4..0xe4 + 12].copy_from_slice(&[3, 1, 0, 0, 2, 0, 0, 0]);
        file[0xe4 + 14] = 1;
        let elf = Elf::read(&file).expect("an ELF file");
        assert_eq!(elf.code(&["r", "un"]).expect("code"), b"un");
        assert!(elf.code(&["ran"]).is_err());
    }

    #[test]
    fn a_file_that_ends_early_is_an_error() {
        let file = file();
        assert!(Elf::read(&file[..0x40]).is_err());
        let cut = &file[..0xe0];
        assert!(Elf::read(cut).expect("whole headers").symbols().is_err());
        assert!(Elf::read(b"\x7fELF\x02\x01").is_err());
    }
}
