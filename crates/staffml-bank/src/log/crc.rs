//! CRC-32 as in Ethernet and zip: polynomial 0x04C11DB7, bits reversed.
//!
//! # Source
//!
//! IEEE 802.3, clause 3.2.9.

/// Remainders of the byte values, followed by zero to seven bytes of zeros, so that eight bytes are taken at once.
const TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (if crc & 1 == 1 { 0xedb8_8320 } else { 0 });
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[zeros - 1][byte];
            tables[zeros][byte] = (before >> 8) ^ tables[0][(before & 255) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// The CRC of bytes given piece by piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) const fn new() -> Self {
        Self(u32::MAX)
    }

    pub(crate) fn update(mut self, bytes: &[u8]) -> Self {
        let at = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
        let (eights, rest) = bytes.as_chunks::<8>();
        for &[a, b, c, d, e, f, g, h] in eights {
            let [w, x, y, z] = self.0.to_le_bytes();
            self.0 = at(7, a ^ w)
                ^ at(6, b ^ x)
                ^ at(5, c ^ y)
                ^ at(4, d ^ z)
                ^ at(3, e)
                ^ at(2, f)
                ^ at(1, g)
                ^ at(0, h);
        }
        for &byte in rest {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = (self.0 >> 8) ^ at(0, low ^ byte);
        }
        self
    }

    pub(crate) const fn value(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Crc;

    #[test]
    fn known_values() {
        // The check value of the catalogs of CRCs, and the empty message.
        assert_eq!(Crc::new().update(b"123456789").value(), 0xcbf4_3926);
        assert_eq!(Crc::new().value(), 0);
        let pieces = Crc::new().update(b"1234").update(b"").update(b"56789");
        assert_eq!(pieces.value(), 0xcbf4_3926);
    }

    #[test]
    fn eight_at_once_is_bit_by_bit() {
        let bytes: Vec<u8> = (0..=255_u8).cycle().take(1021).map(|b| b.wrapping_mul(167)).collect();
        for end in 0..bytes.len() {
            let slow = bytes[..end].iter().fold(u32::MAX, |crc, &byte| {
                (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                    if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
                })
            });
            assert_eq!(Crc::new().update(&bytes[..end]).value(), !slow);
        }
    }
}
