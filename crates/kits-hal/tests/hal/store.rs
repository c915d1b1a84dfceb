//! Models from a store: cut, too long, failing, broken.

use kits_hal::LoadError;
use kits_hal::hal::{ModelStore, SliceStore, StoreError, load_model};

const KIT: &[u8] = include_bytes!("../golden/data/small.kit");

/// A store whose n-th read fails.
struct Failing {
    bytes: Vec<u8>,
    in_reads: u32,
}

impl ModelStore for Failing {
    type Error = &'static str;

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), &'static str> {
        if self.in_reads == 0 {
            self.in_reads = u32::MAX;
            return Err("busy");
        }
        self.in_reads -= 1;
        SliceStore(&self.bytes).read(at, out).map_err(|_| "range")
    }

    fn len(&self) -> u32 {
        self.bytes.len() as u32
    }
}

#[test]
fn a_store_that_fails_is_named_with_the_range_and_can_be_tried_again() {
    let len = KIT.len() as u32;
    for (in_reads, bytes) in [(0, 12), (1, len)] {
        let mut store = Failing { bytes: KIT.to_vec(), in_reads };
        let mut buffer = vec![0; KIT.len()];
        let error = load_model(&mut store, &mut buffer).unwrap_err();
        assert_eq!(error, StoreError::Read { at: 0, bytes, error: "busy" });
        assert_eq!(load_model(&mut store, &mut buffer).unwrap().len(), KIT.len());
    }
}

#[test]
fn every_length_is_checked_before_anything_is_copied() {
    let need = KIT.len() as u32;
    let mut buffer = vec![0x55; KIT.len()];
    let cut = need - 1;
    let error = load_model(&mut SliceStore(&KIT[..KIT.len() - 1]), &mut buffer).unwrap_err();
    assert_eq!(error, StoreError::Load(LoadError::Truncated { need, have: cut }));
    let error = load_model(&mut SliceStore(&KIT[..11]), &mut buffer).unwrap_err();
    assert_eq!(error, StoreError::Load(LoadError::Truncated { need: 12, have: 11 }));
    let error = load_model(&mut SliceStore(KIT), &mut buffer[..KIT.len() - 1]).unwrap_err();
    assert_eq!(error, StoreError::BufferTooSmall { need, have: cut });
    let error = load_model(&mut SliceStore(&[0xFF; 64]), &mut buffer).unwrap_err();
    assert_eq!(error, StoreError::Load(LoadError::BadMagic));
    assert!(buffer.iter().all(|b| *b == 0x55));
    assert!(load_model(&mut SliceStore(KIT), &mut buffer).is_ok());
}

#[test]
fn a_flipped_byte_is_found_by_the_checksum() {
    let mut bytes = KIT.to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let mut buffer = vec![0; KIT.len()];
    let error = load_model(&mut SliceStore(&bytes), &mut buffer).unwrap_err();
    assert!(matches!(error, StoreError::Load(LoadError::Checksum { .. })), "{error}");
}
