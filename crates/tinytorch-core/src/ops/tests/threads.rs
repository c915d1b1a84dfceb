//! The same bits for any number of threads.

use super::{Function, evaluate};
use crate::{
    DType, Rng, Tensor,
    ops::{Conv2dOpts, GeluKind, Pool2dOpts},
};

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let big: &[(&str, Function, [&[usize]; 2])] = &[
        ("sum", |i| i[0].sum(.., false), [&[300_007], &[1]]),
        ("sum rows", |i| i[0].sum(0, false), [&[700, 300], &[1]]),
        ("mean columns", |i| i[0].mean(1, false), [&[700, 300], &[1]]),
        ("matmul", |i| i[0].matmul(&i[1]), [&[150, 257], &[257, 190]]),
        ("batched matmul", |i| i[0].matmul(&i[1]), [&[9, 40, 64], &[9, 64, 48]]),
        ("linear", |i| i[0].linear(&i[1], None), [&[130, 200], &[150, 200]]),
        ("softmax", |i| i[0].softmax(-1), [&[300, 500], &[1]]),
        ("layer_norm", |i| i[0].layer_norm(&[500], Some(&i[1]), None, 1e-5), [&[300, 500], &[500]]),
        (
            "conv2d",
            |i| i[0].conv2d(&i[1], None, &Conv2dOpts::default()),
            [&[9, 8, 20, 20], &[16, 8, 3, 3]],
        ),
        ("max_pool2d", |i| i[0].max_pool2d(&Pool2dOpts::square(2)), [&[9, 8, 40, 40], &[1]]),
        ("gelu", |i| i[0].gelu(GeluKind::Exact), [&[200_000], &[1]]),
        ("add", |i| i[0].add(&i[1]), [&[500, 400], &[400]]),
    ];
    for (name, f, shapes) in big {
        let mut rng = Rng::seed(3);
        let inputs = shapes.map(|s| Tensor::randn(s, DType::F32, &mut rng).unwrap());
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| evaluate(*f, &inputs)).unwrap_or_else(|e| panic!("{name}: {e}"))
        };
        let one = with(1);
        for threads in [2, 4] {
            for (a, b) in one.iter().zip(with(threads)) {
                assert!(a.same_values(&b), "{name} on {threads} threads");
            }
        }
    }
}
