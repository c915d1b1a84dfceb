//! Damaged files through the public readers: an error, or a tensor that can be written and read again; never a panic.

use std::collections::BTreeMap;

use tinytorch_core::{
    Error, Rng, Tensor,
    io::{npy, npz},
};

/// Pieces that headers are made of, to hit what single bytes seldom do.
const PIECES: [&[u8]; 14] = [
    b"18446744073709551615",
    b"-1",
    b"[0,0]",
    b"(0,)",
    b"{}",
    b"\"F64\"",
    b"<f8",
    b"True",
    b"null",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0\0\0\0\0",
    b"PK\x05\x06",
    b"PK\x01\x02",
    b"1e400",
];

/// Changes, cuts, doubles or splices a few places.
fn damaged(good: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut out = good.to_vec();
    for _ in 0..=rng.below(3) {
        let at = rng.below(out.len().max(1)).min(out.len());
        match rng.below(5) {
            0 => out.truncate(at),
            1 => {
                let piece = PIECES[rng.below(PIECES.len())];
                let end = (at + piece.len()).min(out.len());
                out.splice(at..end, piece.iter().copied());
            }
            2 => {
                let piece = PIECES[rng.below(PIECES.len())];
                out.splice(at..at, piece.iter().copied());
            }
            3 => {
                let end = (at + rng.below(40)).min(out.len());
                let copy = out[at..end].to_vec();
                out.extend(copy);
            }
            _ => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = rng.next_u64().to_le_bytes()[0];
                }
            }
        }
    }
    out
}

fn arrays() -> BTreeMap<String, Tensor> {
    [
        ("a".to_owned(), Tensor::from([[1.0f32, -2.0], [3.0, 0.5]])),
        ("b.c".to_owned(), Tensor::from([1i64, 2, 3])),
        ("empty".to_owned(), Tensor::zeros([0, 3], tinytorch_core::DType::F64).unwrap()),
    ]
    .into()
}

/// Runs `read` on 20,000 damaged copies. It returns whether the file was readable after all.
fn survive(good: &[u8], read: impl Fn(&[u8]) -> Result<(), Error>) {
    let mut rng = Rng::seed(17);
    let mut refused = 0;
    assert!(read(good).is_ok());
    for _ in 0..20_000 {
        if let Err(error) = read(&damaged(good, &mut rng)) {
            refused += 1;
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
        }
    }
    assert!(
        refused > 2_000,
        "only {refused} files were refused: the damage does not reach the reader"
    );
}

#[test]
fn damaged_npy_files() {
    survive(&npy::to_bytes(&arrays()["a"]).unwrap(), |bytes| {
        let t = npy::from_bytes(bytes)?;
        assert!(npy::from_bytes(&npy::to_bytes(&t)?)?.dims() == t.dims());
        Ok(())
    });
}

#[test]
fn damaged_npz_files() {
    survive(&npz::to_bytes(&arrays()).unwrap(), |bytes| {
        let found = npz::from_bytes(bytes)?;
        assert!(npz::from_bytes(&npz::to_bytes(&found)?)?.keys().eq(found.keys()));
        Ok(())
    });
}

#[cfg(feature = "safetensors")]
#[test]
fn damaged_safetensors_files() {
    use tinytorch_core::io::safetensors::SafeTensors;

    let mut file = SafeTensors { tensors: arrays(), ..SafeTensors::default() };
    file.metadata.insert("format".to_owned(), "pt".to_owned());
    survive(&file.to_bytes(), |bytes| {
        let found = SafeTensors::from_bytes(bytes)?;
        assert!(
            SafeTensors::from_bytes(&found.to_bytes())?.tensors.keys().eq(found.tensors.keys())
        );
        Ok(())
    });
}
