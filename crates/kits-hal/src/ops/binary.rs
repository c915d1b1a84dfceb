//! Element-wise operators of two tensors, with broadcasting as in NumPy up to rank 4.

use super::{
    Mem, Task,
    place::{Place, run, store},
};
use crate::model::record::{TENSOR_CONSTANT, TensorRecord};

/// Elements read before any of them is written.
const BLOCK: usize = 64;

/// Where an operand comes from.
enum Source<'m> {
    Arena(Place),
    Constant(&'m [i8]),
}

/// An operand and the distance of its neighbors along each output axis (0 where it repeats).
struct Operand<'m> {
    source: Source<'m>,
    strides: [usize; 4],
}

impl<'m> Operand<'m> {
    fn of(task: &Task<'m, '_>, t: &TensorRecord) -> Option<Self> {
        let source = if t.has(TENSOR_CONSTANT) {
            let bytes = crate::bytes::slice(task.model.bytes(), t.at as usize, t.len as usize)?;
            Source::Constant(bytemuck::must_cast_slice(bytes))
        } else {
            Source::Arena(Place::of(t))
        };
        let [_, b, c, d] = t.dims.map(usize::from);
        let cd = c.checked_mul(d)?;
        let full = [b.checked_mul(cd)?, cd, d, 1];
        let mut strides = [0; 4];
        for (stride, (full, &dim)) in strides.iter_mut().zip(full.into_iter().zip(&t.dims)) {
            *stride = if dim == 1 { 0 } else { full };
        }
        Some(Self { source, strides })
    }

    /// Reads elements `at, at + step, …` into `block`.
    #[inline]
    fn read(&self, mem: &Mem<'_>, at: usize, step: usize, block: &mut [i8]) -> Option<()> {
        let all = match self.source {
            Source::Arena(place) => place.view(mem)?,
            Source::Constant(bytes) => bytes,
        };
        if step == 0 {
            block.fill(*all.get(at)?);
        } else {
            let from = run(all, at, block.len())?;
            for (to, from) in block.iter_mut().zip(from) {
                *to = *from;
            }
        }
        Some(())
    }

    fn at(&self, index: [usize; 3]) -> usize {
        let [a, b, c, _] = self.strides;
        let [i, j, k] = index;
        i.wrapping_mul(a).wrapping_add(j.wrapping_mul(b)).wrapping_add(k.wrapping_mul(c))
    }
}

/// Returns the second operand's record.
pub(crate) fn second(task: &Task<'_, '_>) -> Option<TensorRecord> {
    task.model.tensor_record(task.op.inputs[1])
}

/// Writes `f(a, b)` for every element of the output.
pub(super) fn each(task: &mut Task<'_, '_>, f: impl Fn(i8, i8) -> i8) -> Option<()> {
    let t = second(task)?;
    let a = Operand::of(task, &task.x)?;
    let b = Operand::of(task, &t)?;
    let y = task.y_place();
    if task.x.dims == t.dims {
        return row(&a, &b, task.mem, [0, 0, y.at], [1, 1], y.len, &f);
    }
    let [n0, n1, n2, n3] = task.y.dims.map(usize::from);
    let (step_a, step_b) = (*a.strides.last()?, *b.strides.last()?);
    let mut out = y.at;
    for i in 0..n0 {
        for j in 0..n1 {
            for k in 0..n2 {
                let at = [a.at([i, j, k]), b.at([i, j, k]), out];
                row(&a, &b, task.mem, at, [step_a, step_b], n3, &f)?;
                out = out.wrapping_add(n3);
            }
        }
    }
    Some(())
}

/// Computes `n` neighboring outputs; `at` holds the positions in `a`, `b` and the arena.
#[inline]
fn row(
    a: &Operand<'_>,
    b: &Operand<'_>,
    mem: &mut Mem<'_>,
    at: [usize; 3],
    steps: [usize; 2],
    n: usize,
    f: &impl Fn(i8, i8) -> i8,
) -> Option<()> {
    let (mut block_a, mut block_b) = ([0_i8; BLOCK], [0_i8; BLOCK]);
    let [at_a, at_b, at_y] = at;
    let [step_a, step_b] = steps;
    let mut done = 0_usize;
    while done < n {
        let len = n.saturating_sub(done).min(BLOCK);
        let (pa, pb) = (block_a.get_mut(..len)?, block_b.get_mut(..len)?);
        a.read(mem, at_a.wrapping_add(done.wrapping_mul(step_a)), step_a, pa)?;
        b.read(mem, at_b.wrapping_add(done.wrapping_mul(step_b)), step_b, pb)?;
        for (pa, pb) in pa.iter_mut().zip(&*pb) {
            *pa = f(*pa, *pb);
        }
        store(mem, at_y.wrapping_add(done), pa)?;
        done = done.wrapping_add(len);
    }
    Some(())
}
