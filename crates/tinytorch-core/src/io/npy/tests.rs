//! Files made by NumPy, files cut and damaged, and files of our own.

use super::*;
use crate::Rng;

/// A file as NumPy writes it, from the dictionary and the elements.
fn file(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    out.extend((dictionary.len() as u16).to_le_bytes());
    out.extend(dictionary.bytes());
    out.extend(data);
    out
}

/// `np.save` of `np.array([[1.5, -2], [0.25, 8], [0, 1]], dtype)` by NumPy 2.4, the header without its padding.
#[test]
fn every_type_in_both_byte_orders() {
    let cases: [(&str, &[u8], DType); 6] = [
        ("<f2", &[0x00, 0x3e, 0x00, 0xc0], DType::F16),
        (">f4", &[0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], DType::F32),
        ("<f8", &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], DType::F64),
        (">i2", &[0, 1, 0xff, 0xfe], DType::I32),
        ("<u4", &[1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], DType::I64),
        ("|b1", &[1, 0], DType::Bool),
    ];
    let values =
        [[1.5, -2.0], [1.5, -2.0], [1.5, -2.0], [1.0, -2.0], [1.0, 4_294_967_294.0], [1.0, 0.0]];
    for ((descr, data, dtype), values) in cases.into_iter().zip(values) {
        let t = from_bytes(&file(
            &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}"),
            data,
        ))
        .unwrap();
        assert_eq!((t.dtype(), t.to_vec_as::<f64>()), (dtype, values.to_vec()), "{descr}");
    }
}

/// The same six numbers, once row by row and once column by column.
#[test]
fn fortran_order_is_a_view() {
    let header = |fortran: &str| {
        format!("{{'descr': '|u1', 'fortran_order': {fortran}, 'shape': (2, 3), }}")
    };
    let rows = from_bytes(&file(&header("False"), &[1, 2, 3, 4, 5, 6])).unwrap();
    let columns = from_bytes(&file(&header("True"), &[1, 4, 2, 5, 3, 6])).unwrap();
    assert_eq!((rows.dims(), columns.dims()), (&[2, 3][..], &[2, 3][..]));
    assert_eq!(columns.strides(), [1, 2]);
    assert_eq!(rows.to_vec::<u8>().unwrap(), columns.to_vec::<u8>().unwrap());
}

#[test]
fn tensors_come_back() {
    let mut rng = Rng::seed(6);
    for dtype in DType::ALL.into_iter().filter(|&d| d != DType::BF16) {
        for dims in [&[][..], &[5], &[2, 3, 4], &[0, 3]] {
            let x = Tensor::randn(dims, DType::F64, &mut rng).unwrap().cast(dtype);
            let again = from_bytes(&to_bytes(&x).unwrap()).unwrap();
            assert_eq!((again.dims(), again.dtype()), (x.dims(), dtype));
            assert_eq!(again.to_vec_as::<f64>(), x.to_vec_as::<f64>());
        }
    }
    let x = Tensor::from([[1_i64, 2, 3], [4, 5, 6]]).t().unwrap();
    let again = from_bytes(&to_bytes(&x).unwrap()).unwrap();
    assert_eq!(
        (again.dims(), again.to_vec::<i64>().unwrap()),
        (&[3, 2][..], vec![1, 4, 2, 5, 3, 6])
    );
}

#[test]
fn every_cut_is_refused() {
    let good = to_bytes(&Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]])).unwrap();
    for end in 0..good.len() {
        assert!(matches!(from_bytes(&good[..end]), Err(Error::Format { .. })), "{end}");
    }
    let longer = [&good[..], &[0]].concat();
    assert!(from_bytes(&longer).unwrap_err().to_string().contains("17 bytes of elements, need 16"));
}

#[test]
fn damaged_and_arbitrary_files_do_not_panic() {
    let good = to_bytes(&Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]])).unwrap();
    let mut rng = Rng::seed(13);
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len());
            bytes[at] = match rng.below(3) {
                0 => rng.below(256) as u8,
                1 => b"(),'{}:09<>|fiub"[rng.below(16)],
                _ => bytes[rng.below(bytes.len())],
            };
        }
        if let Ok(t) = from_bytes(&bytes) {
            assert!(t.nbytes() <= 4 * good.len()); // i2 widens to i32, u1 stays
        }
    }
    for n in 0..200 {
        let bytes: Vec<u8> = (0..n).map(|_| rng.below(256) as u8).collect();
        assert!(from_bytes(&bytes).is_err());
        assert!(from_bytes(&[&MAGIC[..], &[1, 0], &bytes].concat()).is_err());
    }
}

#[test]
fn faults_are_named() {
    let dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }";
    assert!(matches!(from_bytes(&file(dictionary, &[])), Err(Error::InvalidArgument { .. })));
    let dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }";
    assert!(matches!(from_bytes(&file(dictionary, &[0; 4])), Err(Error::InvalidArgument { .. })));
    let mut future = to_bytes(&Tensor::from([1_u8])).unwrap();
    future[6] = 9;
    assert!(from_bytes(&future).unwrap_err().to_string().contains("version 9.0"));
    let bf = Tensor::ones([2], DType::BF16).unwrap();
    assert!(matches!(to_bytes(&bf), Err(Error::DTypeUnsupported { dtype: DType::BF16, .. })));
}

#[cfg(feature = "std")]
#[test]
fn files_that_cannot_be_used_are_errors() {
    let error = read("/no/such/file.npy").unwrap_err();
    assert!(
        matches!(&error, Error::Io { op: "read", path, .. } if path == "/no/such/file.npy"),
        "{error}"
    );
    assert!(matches!(
        write("/no/such/file.npy", &Tensor::from([1_u8])),
        Err(Error::Io { op: "write", .. })
    ));
}

/// Versions 2 and 3 differ in the width of the header's length.
#[test]
fn longer_headers() {
    for version in [2, 3] {
        let text = format!(
            "{{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }}{}\n",
            " ".repeat(70_000)
        );
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.bytes());
        bytes.extend(7_i32.to_le_bytes());
        assert_eq!(from_bytes(&bytes).unwrap().to_vec::<i32>().unwrap(), [7]);
    }
}
