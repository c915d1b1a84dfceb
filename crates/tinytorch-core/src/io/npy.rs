//! One array in a file: the `.npy` format of NumPy, versions 1 to 3.
//!
//! A file is a magic number, a version, a header and the elements. The header is a Python dictionary of three entries:
//! the element type, whether the first axis runs fastest, and the shape.
//! The format is described in NumPy's documentation under `numpy.lib.format`.

mod header;

#[cfg(feature = "std")]
use std::{fs, path::Path};

use half::{bf16, f16};
use header::{Header, Kind};

#[cfg(feature = "std")]
use super::replace;
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    tensor::{Element, Shape},
};

/// First bytes of every file.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Reads the array in a file.
///
/// Elements may be `f2`, `f4`, `f8`, `i1`, `i4`, `i8`, `u1` or `b1` in either byte order, and `i2`, `u2` and `u4`, which become the
/// next wider signed type. Arrays in Fortran order come back as a view with the right shape.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, otherwise as [`from_bytes`].
#[cfg(feature = "std")]
pub fn read(path: impl AsRef<Path>) -> Result<Tensor> {
    let path = path.as_ref();
    from_bytes(&fs::read(path).map_err(|e| Error::io("read", path, e))?)
}

/// Writes a tensor to a file, in version 1.0 and row-major order.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written, otherwise as [`to_bytes`].
#[cfg(feature = "std")]
pub fn write(path: impl AsRef<Path>, tensor: &Tensor) -> Result<()> {
    replace(path.as_ref(), &to_bytes(tensor)?)
}

/// Returns the array in the contents of a file.
///
/// # Errors
///
/// [`Error::Format`] if the bytes do not follow the format, if elements are missing or left over, or if the elements are of
/// a type without counterpart here: `u8`, complex, text, dates, Python objects, structures.
/// [`Error::InvalidArgument`] for a shape that is no [`Shape`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, io::npy};
///
/// let x = Tensor::from([[1.0_f32, 2.0], [3.0, 4.0]]);
/// let again = npy::from_bytes(&npy::to_bytes(&x)?)?;
/// assert_eq!((again.dims(), again.to_vec::<f32>()?), (x.dims(), x.to_vec::<f32>()?));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn from_bytes(file: &[u8]) -> Result<Tensor> {
    let (header, data) = split(file)?;
    let Header { kind, big, fortran, mut shape } = header;
    let count = Shape::new(&shape)?.numel();
    let need = count * kind.size(); // a Shape keeps eight bytes per element addressable
    if data.len() != need {
        let detail = format!(
            "{} bytes of elements, need {need} for {count} elements of {} bytes",
            data.len(),
            kind.size()
        );
        return Err(bad(detail));
    }
    if fortran {
        shape.reverse();
    }
    let tensor = match kind {
        Kind::F16 => tensor(data, big, f16::from_ne_bytes, &shape),
        Kind::F32 => tensor(data, big, f32::from_ne_bytes, &shape),
        Kind::F64 => tensor(data, big, f64::from_ne_bytes, &shape),
        Kind::I8 => tensor(data, big, i8::from_ne_bytes, &shape),
        Kind::I16 => tensor(data, big, |b| i32::from(i16::from_ne_bytes(b)), &shape),
        Kind::I32 => tensor(data, big, i32::from_ne_bytes, &shape),
        Kind::I64 => tensor(data, big, i64::from_ne_bytes, &shape),
        Kind::U8 => tensor(data, big, u8::from_ne_bytes, &shape),
        Kind::U16 => tensor(data, big, |b| i32::from(u16::from_ne_bytes(b)), &shape),
        Kind::U32 => tensor(data, big, |b| i64::from(u32::from_ne_bytes(b)), &shape),
        Kind::Bool => tensor(data, big, |[b]: [u8; 1]| b != 0, &shape),
    }?;
    if fortran {
        let order: Vec<isize> = (0..shape.len() as isize).rev().collect();
        return tensor.permute(&order);
    }
    Ok(tensor)
}

/// Returns the contents of a file with this tensor.
///
/// # Errors
///
/// [`Error::DTypeUnsupported`] for bf16, which NumPy does not have.
pub fn to_bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    let kind = match tensor.dtype() {
        DType::F16 => Kind::F16,
        DType::F32 => Kind::F32,
        DType::F64 => Kind::F64,
        DType::I8 => Kind::I8,
        DType::I32 => Kind::I32,
        DType::I64 => Kind::I64,
        DType::U8 => Kind::U8,
        DType::Bool => Kind::Bool,
        DType::BF16 => {
            return Err(Error::dtype(
                "npy",
                DType::BF16,
                "any but bf16, which NumPy does not have",
            ));
        }
    };
    let mut out = header::write(kind, tensor.dims());
    match tensor.dtype() {
        DType::F16 => put(&mut out, tensor, f16::to_le_bytes),
        DType::F32 => put(&mut out, tensor, f32::to_le_bytes),
        DType::F64 => put(&mut out, tensor, f64::to_le_bytes),
        DType::I8 => put(&mut out, tensor, i8::to_le_bytes),
        DType::I32 => put(&mut out, tensor, i32::to_le_bytes),
        DType::I64 => put(&mut out, tensor, i64::to_le_bytes),
        DType::U8 => put(&mut out, tensor, u8::to_le_bytes),
        DType::Bool => put(&mut out, tensor, |b: bool| [u8::from(b)]),
        DType::BF16 => put(&mut out, tensor, bf16::to_le_bytes),
    }?;
    Ok(out)
}

/// The header and the bytes of the elements.
fn split(file: &[u8]) -> Result<(Header, &[u8])> {
    let cut = || bad("the file ends within the header");
    let rest =
        file.strip_prefix(MAGIC).ok_or_else(|| bad("the file does not start with \\x93NUMPY"))?;
    let (&[major, minor], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (len, rest) = match major {
        1 => {
            let (len, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        2 | 3 => {
            let (len, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            (u32::from_le_bytes(*len) as usize, rest)
        }
        _ => return Err(bad(format!("version {major}.{minor} of the format, need 1, 2 or 3"))),
    };
    let (header, data) = rest.split_at_checked(len).ok_or_else(cut)?;
    Ok((header::parse(header)?, data))
}

fn tensor<T: Element, const N: usize>(
    data: &[u8],
    big: bool,
    from: impl Fn([u8; N]) -> T,
    shape: &[usize],
) -> Result<Tensor> {
    let (items, _) = data.as_chunks::<N>(); // the caller has checked the length
    let swap = big != cfg!(target_endian = "big");
    let item = |bytes: &[u8; N]| {
        let mut bytes = *bytes;
        if swap {
            bytes.reverse();
        }
        from(bytes)
    };
    Tensor::from_vec(items.iter().map(item).collect(), shape)
}

fn put<T: Element, const N: usize>(
    out: &mut Vec<u8>,
    tensor: &Tensor,
    to: impl Fn(T) -> [u8; N],
) -> Result<()> {
    out.reserve(tensor.numel() * N);
    tensor.to_vec::<T>()?.into_iter().for_each(|v| out.extend(to(v)));
    Ok(())
}

#[cold]
fn bad(detail: impl Into<String>) -> Error {
    Error::format("npy", detail)
}

#[cfg(test)]
mod tests;
