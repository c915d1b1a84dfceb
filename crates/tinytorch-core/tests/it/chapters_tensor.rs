//! The figures and the program of chapter 01.

use tinytorch_core::{DType, Tensor};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::{DType, Tensor};

    let x = Tensor::arange(0.0, 6.0, 1.0, DType::F32)?.reshape([2, 3])?;
    let turned = x.t()?;
    assert_eq!((turned.dims(), turned.strides()), (&[3, 2][..], &[1, 3][..]));
    assert!(turned.shares_memory(&x));
    let centered = x.sub(&x.mean(1, true)?)?; // [2, 3] - [2, 1]
    assert_eq!(centered.to_vec::<f32>()?, [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]);
    let error = x.matmul(&x).unwrap_err();
    assert!(error.to_string().contains("inner sizes 3 and 2 differ"));
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("01-tensor.md") {
        chapter.shows_program_of(include_str!("chapters_tensor.rs"));
    }
}

#[test]
fn figures() {
    let Some(chapter) = Chapter::open("01-tensor.md") else { return };
    let million = Tensor::zeros([1000, 1000], DType::F32).unwrap();
    chapter.says(format!("{} bytes", grouped(million.nbytes())));
    for dtype in DType::ALL {
        let bytes = million.to_dtype(dtype).unwrap().nbytes();
        chapter.says(format!("| `{dtype}` | {} | {} |", dtype.size(), grouped(bytes)));
    }

    // A line of the cache holds 64 bytes.
    let per_line = 64 / DType::F32.size();
    chapter.says(format!("A cache line of 64 bytes holds {per_line} of them"));
    let n = 2000;
    let x = Tensor::zeros([n, n], DType::F32).unwrap();
    let lines_touched = |strides: &[usize]| {
        // Lines that a walk along the last axis enters: a step of one element enters a new one every 16 elements.
        let step = strides[1].min(per_line);
        n * n * step / per_line
    };
    let (rows, columns) = (lines_touched(x.strides()), lines_touched(x.t().unwrap().strides()));
    chapter.says(format!("{} lines row by row", grouped(rows)));
    chapter.says(format!(
        "{} column by column, {} times as many",
        grouped(columns),
        columns / rows
    ));

    // Broadcasting allocates the result alone.
    let (a, b) =
        (Tensor::zeros([n, 1], DType::F32).unwrap(), Tensor::zeros([1, n], DType::F32).unwrap());
    let sum = a.add(&b).unwrap();
    let repeated = a.repeat(&[1, n]).unwrap().nbytes() + b.repeat(&[n, 1]).unwrap().nbytes();
    chapter.says(format!(
        "{} bytes go in and {} come out",
        grouped(a.nbytes() + b.nbytes()),
        grouped(sum.nbytes())
    ));
    chapter.says(format!("another {} bytes", grouped(repeated)));

    // One product: 2·M·K·N operations on three matrices.
    let m = 512;
    let square = Tensor::zeros([m, m], DType::F32).unwrap();
    let (flops, bytes) = (2 * m * m * m, 3 * square.nbytes());
    chapter.says(format!("{} operations on {} bytes", grouped(flops), grouped(bytes)));
    chapter.says(format!("{:.0} operations for each byte", flops as f64 / bytes as f64));
    let added = square.numel() as f64 / bytes as f64;
    chapter.says(format!("{added:.3} for each byte"));
}

/// The views of the chapter's table share the memory of their source; a reshape of a turned matrix cannot.
#[test]
fn views_copy_nothing() {
    let x = Tensor::zeros([1000, 1000], DType::F32).unwrap();
    let views = [
        x.t().unwrap(),
        x.permute(&[1, 0]).unwrap(),
        x.narrow(0, 10, 20).unwrap(),
        x.slice(1, 0..1000, 2).unwrap(),
        x.select(0, -1).unwrap(),
        x.i((.., 0..1)).unwrap().expand([1000, 500]).unwrap(),
        x.reshape([10, -1]).unwrap(),
        x.t().unwrap().unsqueeze(0).unwrap(),
    ];
    assert!(views.iter().all(|v| v.shares_memory(&x)));
    assert!(!x.t().unwrap().reshape([-1]).unwrap().shares_memory(&x));
    if let Some(chapter) = Chapter::open("01-tensor.md") {
        let strides = |t: &Tensor| format!("{:?}", t.strides());
        chapter.says(format!("| `x` | `[1000, 1000]` | `{}` |", strides(&x)));
        chapter.says(format!("| `x.t()` | `[1000, 1000]` | `{}` |", strides(&views[0])));
        chapter.says(format!(
            "| `x.slice(1, 0..1000, 2)` | `[1000, 500]` | `{}` |",
            strides(&views[3])
        ));
        chapter.says(format!(
            "| `x.i((.., 0..1)).expand([1000, 500])` | `[1000, 500]` | `{}` |",
            strides(&views[5])
        ));
    }
}
