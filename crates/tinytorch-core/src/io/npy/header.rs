//! The dictionary at the start of a `.npy` file.

use super::{MAGIC, bad};
use crate::Result;
use crate::nostd::prelude::*;

/// Element types that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    Bool,
}

/// NumPy's letter and number for each.
const CODES: [(Kind, &str, usize); 11] = [
    (Kind::F16, "f2", 2),
    (Kind::F32, "f4", 4),
    (Kind::F64, "f8", 8),
    (Kind::I8, "i1", 1),
    (Kind::I16, "i2", 2),
    (Kind::I32, "i4", 4),
    (Kind::I64, "i8", 8),
    (Kind::U8, "u1", 1),
    (Kind::U16, "u2", 2),
    (Kind::U32, "u4", 4),
    (Kind::Bool, "b1", 1),
];

impl Kind {
    /// Bytes of one element in the file.
    pub(super) fn size(self) -> usize {
        CODES.iter().find(|c| c.0 == self).map_or(0, |c| c.2)
    }
}

/// What the dictionary says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The highest byte of an element comes first.
    pub(super) big: bool,
    /// The first axis runs fastest.
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// Returns everything before the elements: magic number, version 1.0, and a header padded to a multiple of 64 bytes.
pub(super) fn write(kind: Kind, shape: &[usize]) -> Vec<u8> {
    let code = CODES.iter().find(|c| c.0 == kind).map_or("", |c| c.1);
    let order = if kind.size() == 1 { '|' } else { '<' };
    let sizes: String = match shape {
        [one] => format!("{one},"),
        many => many.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
    };
    let mut text =
        format!("{{'descr': '{order}{code}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let before = MAGIC.len() + 4;
    let padded = (before + text.len() + 1).next_multiple_of(64) - before;
    text.extend(core::iter::repeat_n(' ', padded - text.len() - 1));
    text.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    out.extend((padded as u16).to_le_bytes()); // eight sizes of 20 digits fit
    out.extend(text.bytes());
    out
}

/// Reads the dictionary.
pub(super) fn parse(text: &[u8]) -> Result<Header> {
    let mut p = Parser { text, at: 0 };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    p.expect(b'{')?;
    while !p.eat(b'}') {
        let key = p.string()?;
        p.expect(b':')?;
        match key {
            b"descr" => descr = Some(p.descr()?),
            b"fortran_order" => fortran = Some(p.boolean()?),
            b"shape" => shape = Some(p.tuple()?),
            other => {
                return Err(
                    p.wrong(&format!("the key {:?} is not known", String::from_utf8_lossy(other)))
                );
            }
        }
        if !p.eat(b',') {
            p.expect(b'}')?;
            break;
        }
    }
    p.space();
    if p.at < text.len() {
        return Err(p.wrong("text after the dictionary"));
    }
    let missing = |key: &str| bad(format!("the header has no {key:?}"));
    let (kind, big) = descr.ok_or_else(|| missing("descr"))?;
    let fortran = fortran.ok_or_else(|| missing("fortran_order"))?;
    Ok(Header { kind, big, fortran, shape: shape.ok_or_else(|| missing("shape"))? })
}

/// A reader of the few Python literals that occur.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn wrong(&self, detail: &str) -> crate::Error {
        bad(format!("header, position {}: {detail}", self.at))
    }

    fn space(&mut self) {
        self.at += self.text[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    fn eat(&mut self, sign: u8) -> bool {
        self.space();
        let found = self.text.get(self.at) == Some(&sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: u8) -> Result<()> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(self.wrong(&format!("need {:?}", char::from(sign))))
        }
    }

    fn string(&mut self) -> Result<&'a [u8]> {
        self.space();
        let text: &'a [u8] = &self.text[self.at..];
        let (&quote @ (b'\'' | b'"'), inner) =
            text.split_first().ok_or_else(|| self.wrong("need a string"))?
        else {
            return Err(self.wrong("need a string"));
        };
        let end = inner
            .iter()
            .position(|&b| b == quote)
            .ok_or_else(|| self.wrong("the string does not end"))?;
        self.at += end + 2;
        Ok(&inner[..end])
    }

    fn word(&mut self) -> &'a [u8] {
        self.space();
        let text: &'a [u8] = &self.text[self.at..];
        let word = &text[..text.iter().take_while(|b| b.is_ascii_alphanumeric()).count()];
        self.at += word.len();
        word
    }

    fn boolean(&mut self) -> Result<bool> {
        match self.word() {
            b"True" => Ok(true),
            b"False" => Ok(false),
            _ => Err(self.wrong("need True or False")),
        }
    }

    fn descr(&mut self) -> Result<(Kind, bool)> {
        if self.eat(b'[') {
            return Err(self.wrong("elements are structures, need plain numbers"));
        }
        let code = self.string()?;
        let kind = code.get(1..).and_then(|c| CODES.iter().find(|known| known.1.as_bytes() == c));
        match (code.first(), kind) {
            (Some(b'<'), Some(&(kind, ..))) => Ok((kind, false)),
            (Some(b'>'), Some(&(kind, ..))) => Ok((kind, true)),
            (Some(b'|'), Some(&(kind, _, 1))) => Ok((kind, false)),
            _ => {
                let names = CODES.map(|c| c.1).join(", ");
                let got = String::from_utf8_lossy(code);
                Err(self
                    .wrong(&format!("elements are {got:?}, need one of {names} after <, > or |")))
            }
        }
    }

    fn tuple(&mut self) -> Result<Vec<usize>> {
        self.expect(b'(')?;
        let mut sizes = Vec::new();
        while !self.eat(b')') {
            let word = self.word();
            let digits = word.strip_suffix(b"L").unwrap_or(word); // long integers of Python 2
            let size = core::str::from_utf8(digits).ok().and_then(|d| d.parse().ok());
            sizes.push(size.ok_or_else(|| self.wrong("need a size"))?);
            if !self.eat(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: (Kind, bool, bool, &[usize])) {
        let (kind, big, fortran, shape) = expected;
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            Header { kind, big, fortran, shape: shape.to_vec() }
        );
    }

    #[test]
    fn headers_by_hand() {
        check(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n",
            (Kind::F32, false, false, &[3, 4]),
        );
        check(
            "{'descr': '|b1', 'fortran_order': False, 'shape': (), }",
            (Kind::Bool, false, false, &[]),
        );
        check(
            "{\"shape\":(7L,),\"descr\":\">i8\",\"fortran_order\":True}",
            (Kind::I64, true, true, &[7]),
        );
    }

    #[track_caller]
    fn check_bad(text: &str, expected: &str) {
        let error = parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn faults_name_their_place() {
        check_bad("", "position 0: need '{'");
        check_bad("{'descr", "the string does not end");
        check_bad("{'descr': '<f4'", "need '}'");
        check_bad("{'descr': '<u8'", "elements are \"<u8\", need one of f2, f4");
        check_bad("{'descr': '|f4'", "elements are \"|f4\"");
        check_bad("{'descr': ''", "elements are \"\"");
        check_bad("{'descr': [('a', '<f4')]", "structures");
        check_bad("{'fortran_order': Maybe", "need True or False");
        check_bad("{'shape': (3, x)", "need a size");
        check_bad("{'shape': (99999999999999999999999,)", "need a size");
        check_bad("{'shape': (-1,)", "need a size");
        check_bad("{'color': 3", "\"color\" is not known");
        check_bad("{'descr': '<f4', 'shape': ()}", "no \"fortran_order\"");
        check_bad("{'descr': '<f4', 'shape': (), 'fortran_order': True} more", "text after");
    }

    #[test]
    fn written_headers_are_aligned_and_come_back() {
        for shape in [&[][..], &[3], &[2, 3], &[usize::MAX; 8]] {
            let out = write(Kind::F64, shape);
            assert_eq!((out.len() % 64, out.last()), (0, Some(&b'\n')));
            assert_eq!(out.len() - 10, usize::from(u16::from_le_bytes([out[8], out[9]])));
            assert_eq!(parse(&out[10..]).unwrap().shape, shape);
        }
    }
}
