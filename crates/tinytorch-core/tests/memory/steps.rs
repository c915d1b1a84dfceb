//! Training leaves nothing behind.

use tinytorch_core::{DType, Param, Rng, Tensor, ops::CrossEntropyOpts};

use crate::allocator::{in_use, peak_of};

pub(crate) fn a_thousand_steps_hold_no_more_than_ten() {
    let mut rng = Rng::seed(1);
    let draw = |shape: [usize; 2], rng: &mut Rng| {
        let w = Tensor::randn(shape, DType::F32, rng).unwrap().mul_scalar(0.1).unwrap();
        Param::new(w).unwrap()
    };
    let weights = [draw([16, 8], &mut rng), draw([16, 16], &mut rng), draw([4, 16], &mut rng)];
    let step = |n: usize| {
        let mut rng = Rng::seed(n as u64);
        let x = Tensor::randn([12, 8], DType::F32, &mut rng).unwrap();
        let ids: Vec<i64> = (0..12).map(|_| rng.below(4) as i64).collect();
        let mut h = x;
        for (k, w) in weights.iter().enumerate() {
            h = h.linear(&w.tensor(), None).unwrap();
            if k + 1 < weights.len() {
                h = h.tanh().unwrap();
            }
        }
        let target = Tensor::from_vec(ids, [12]).unwrap();
        h.cross_entropy(&target, &CrossEntropyOpts::default()).unwrap().backward().unwrap();
        for w in &weights {
            let g = w.grad().unwrap().to_vec::<f32>().unwrap();
            w.update::<f32, _>(|w| w.iter_mut().zip(g).for_each(|(w, g)| *w -= 0.01 * g)).unwrap();
            w.zero_grad();
        }
    };
    (0..10).for_each(step);
    let after_ten = in_use();
    let ((), peak_of_ten) = peak_of(|| (10..20).for_each(step));
    let ((), peak_of_all) = peak_of(|| (20..1000).for_each(step));
    let grown = in_use().saturating_sub(after_ten);
    eprintln!(
        "{after_ten} B after ten steps, {grown} B more after a thousand, peak {peak_of_all} B"
    );
    // One step makes some 20 kB; one lost tensor a step would be 12·4·4 B · 990 = 190 kB. The harness itself may take a
    // few hundred bytes meanwhile.
    assert!(grown < 4096, "{grown} bytes were not given back");
    assert!(peak_of_all < peak_of_ten + 4096, "{peak_of_all} and {peak_of_ten}");
}
