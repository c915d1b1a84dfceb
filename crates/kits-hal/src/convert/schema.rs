//! The parts of the `.tflite` schema that matter here, read into plain structs.

use std::borrow::Cow;

use super::{
    builtin::FileType,
    error::ImportError,
    flatbuf::{OutOfFile, Read, Table},
};

/// The only subgraph of a file.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) tensors: Vec<Tensor<'a>>,
    pub(super) operators: Vec<Operator<'a>>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Tensor<'a> {
    pub(super) name: String,
    pub(super) shape: Vec<i32>,
    pub(super) ty: FileType,
    /// The bytes of a constant.
    pub(super) data: Option<Cow<'a, [u8]>>,
    pub(super) scale: Vec<f32>,
    pub(super) zero: Vec<i64>,
    /// The dimension that `scale` runs along.
    pub(super) axis: i32,
    /// A dimension other than a batch of 1 is unknown until run time.
    pub(super) dynamic: bool,
    /// Keeps its value from run to run.
    pub(super) variable: bool,
}

#[derive(Debug)]
pub(super) struct Operator<'a> {
    /// Built-in code.
    pub(super) code: i32,
    /// Version of the operator's definition; 1 if the file says nothing.
    pub(super) version: i32,
    /// Name of a custom operator.
    pub(super) custom: String,
    /// Tensors read; `None` for one that is left out.
    pub(super) inputs: Vec<Option<usize>>,
    pub(super) outputs: Vec<usize>,
    pub(super) options: Option<Table<'a>>,
}

/// The code of custom operators.
pub(super) const CUSTOM: i32 = 32;

impl From<OutOfFile> for ImportError {
    fn from(_: OutOfFile) -> Self {
        Self::Truncated
    }
}

/// Reads a file.
pub(super) fn read(file: &[u8]) -> Result<Graph<'_>, ImportError> {
    match file.get(4..8) {
        None => return Err(ImportError::Truncated),
        Some(b"TFL3") => {}
        Some(_) => return Err(ImportError::NotTflite),
    }
    // A file cannot hold more vector elements than bytes.
    let mut budget = file.len();
    let model = Table::root(file)?;
    let found = model.scalar(0, 0_u32)?;
    if found != 3 {
        return Err(ImportError::SchemaVersion { found });
    }
    let codes =
        model.tables(1, &mut budget)?.iter().map(op_code).collect::<Result<Vec<_>, OutOfFile>>()?;
    let subgraphs = model.tables(2, &mut budget)?;
    let [subgraph] = subgraphs.as_slice() else {
        return Err(ImportError::Subgraphs { found: small(subgraphs.len()) });
    };
    let buffers = model.tables(4, &mut budget)?;

    let tables = subgraph.tables(0, &mut budget)?;
    at_most("tensors", tables.len(), 65_535)?;
    let mut tensors = Vec::with_capacity(tables.len());
    for table in &tables {
        tensors.push(tensor(file, table, &buffers, &mut budget)?);
    }

    let tables = subgraph.tables(3, &mut budget)?;
    at_most("operators", tables.len(), 65_535)?;
    let mut operators = Vec::with_capacity(tables.len());
    for table in &tables {
        operators.push(operator(table, &codes, tensors.len(), &mut budget)?);
    }

    let mut ends = |field| -> Result<Vec<usize>, ImportError> {
        let list = subgraph.numbers::<i32>(field, &mut budget)?;
        at_most("inputs or outputs", list.len(), 255)?;
        list.into_iter().map(|i| index(i.into(), tensors.len())).collect()
    };
    let (inputs, outputs) = (ends(1)?, ends(2)?);
    Ok(Graph { tensors, operators, inputs, outputs })
}

/// What operators share: a built-in code, its version, the name of a custom one.
struct OperatorCode {
    code: i32,
    version: i32,
    custom: String,
}

/// Reads one. Codes above 127 exist only in the newer field; the larger counts.
fn op_code(table: &Table<'_>) -> Read<OperatorCode> {
    let old = i32::from(table.scalar(0, 0_i8)?);
    let new = table.scalar(3, 0_i32)?;
    let (version, custom) = (table.scalar(2, 1_i32)?, table.text(1)?);
    Ok(OperatorCode { code: old.max(new), version, custom })
}

fn tensor<'a>(
    file: &'a [u8],
    table: &Table<'a>,
    buffers: &[Table<'a>],
    budget: &mut usize,
) -> Result<Tensor<'a>, ImportError> {
    let shape = table.numbers::<i32>(0, budget)?;
    let signature = table.numbers::<i32>(7, budget)?;
    let number = table.scalar(2, 0_u32)?;
    let buffer =
        buffers.get(number as usize).ok_or(ImportError::BadIndex { index: number.into() })?;
    let mut data = buffer.bytes(0)?;
    // Large files keep data behind the flatbuffer, at an offset of 2 or more.
    let (offset, size) = (buffer.scalar(1, 0_u64)?, buffer.scalar(2, 0_u64)?);
    if data.is_empty() && offset > 1 {
        let from = usize::try_from(offset).map_err(|_| OutOfFile)?;
        let len = usize::try_from(size).map_err(|_| OutOfFile)?;
        data = crate::bytes::slice(file, from, len).ok_or(OutOfFile)?;
    }
    let (mut scale, mut zero, mut axis) = (Vec::new(), Vec::new(), 0);
    if let Some(quantization) = table.table(4)? {
        scale = quantization.numbers::<f32>(2, budget)?;
        zero = quantization.numbers::<i64>(3, budget)?;
        axis = quantization.scalar(6, 0_i32)?;
    }
    // Converters write -1 for the batch and fix it to 1 in the shape.
    let dynamic =
        signature.iter().enumerate().any(|(i, &d)| d < 0 && !(i == 0 && shape.first() == Some(&1)));
    let mut name = table.text(3)?;
    *budget = budget.checked_sub(name.len()).ok_or(OutOfFile)?;
    name.shrink_to_fit();
    Ok(Tensor {
        name,
        shape,
        ty: FileType(table.scalar(1, 0_u8)?),
        data: if data.is_empty() { None } else { Some(Cow::Borrowed(data)) },
        scale,
        zero,
        axis,
        dynamic,
        variable: table.scalar(5, false)?,
    })
}

fn operator<'a>(
    table: &Table<'a>,
    codes: &[OperatorCode],
    tensors: usize,
    budget: &mut usize,
) -> Result<Operator<'a>, ImportError> {
    let number = table.scalar(0, 0_u32)?;
    let of = codes.get(number as usize).ok_or(ImportError::BadIndex { index: number.into() })?;
    *budget = budget.checked_sub(of.custom.len()).ok_or(OutOfFile)?;
    let inputs = table
        .numbers::<i32>(1, budget)?
        .into_iter()
        .map(|i| if i == -1 { Ok(None) } else { index(i.into(), tensors).map(Some) })
        .collect::<Result<_, _>>()?;
    let outputs = table
        .numbers::<i32>(2, budget)?
        .into_iter()
        .map(|i| index(i.into(), tensors))
        .collect::<Result<_, _>>()?;
    Ok(Operator {
        code: of.code,
        version: of.version,
        custom: of.custom.clone(),
        inputs,
        outputs,
        options: table.table(4)?,
    })
}

fn index(i: i64, len: usize) -> Result<usize, ImportError> {
    usize::try_from(i).ok().filter(|&i| i < len).ok_or(ImportError::BadIndex { index: i })
}

fn at_most(what: &'static str, found: usize, limit: u64) -> Result<(), ImportError> {
    let found = found as u64;
    if found > limit { Err(ImportError::TooMany { what, found, limit }) } else { Ok(()) }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
