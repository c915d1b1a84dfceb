//! The program and the figures of chapter 14 of the book.

use crate::chapter::{Chapter, grouped};
use tinytorch_core::{
    DType, Rng, Tensor,
    accel::{elementwise_intensity, matmul_intensity},
    count,
    nn::{Conv2d, Linear, Sequential},
    no_grad,
    profile::{self, Bound, Machine},
    slots,
};

#[expect(clippy::print_stdout, reason = "the program of the chapter reports")]
fn profiling() -> tinytorch_core::Result<()> {
    use tinytorch_core::nn::{Linear, Module, Relu, Sequential};
    use tinytorch_core::profile::{self, Bound, Machine};
    use tinytorch_core::{DType, Rng, Tensor};

    let rng = &mut Rng::seed(14);
    let mlp = Sequential::new()
        .push(Linear::new(256, 512, rng)?)
        .push(Relu)
        .push(Linear::new(512, 10, rng)?);
    let x = Tensor::randn([64, 256], DType::F32, rng)?;
    let (y, seen) = profile::trace(|| mlp.forward(&x)?.sum(.., false));
    assert_eq!(seen.known_flops().0, 2 * 64 * (256 * 512 + 512 * 10) + 64 * 10);
    // Nothing was recorded for x: the backward pass makes gradients of the parameters alone.
    let (done, back) = profile::trace(|| y?.backward());
    done?;
    assert!(back.events.iter().any(|event| event.name == "linear"));
    println!("{}\n{}", seen.part_table(), back.table());
    // Under the roof of a machine with known figures.
    let placed = seen.roofline(&Machine::new(100e9, 10e9));
    let linear = placed.iter().find(|p| p.row.name == "linear").expect("two layers are linear");
    assert_eq!(linear.bound, Bound::Compute);
    let latency = profile::measure_latency(2, 20, || mlp.forward(&x))?;
    assert!(latency.min <= latency.median && latency.median <= latency.p99);
    Ok(())
}

#[test]
fn the_program_runs() {
    profiling().unwrap();
    if let Some(chapter) = Chapter::open("14-profiling.md") {
        chapter.shows_program_of(include_str!("chapters_profiling.rs"));
    }
}

#[test]
fn counts_of_the_table() {
    let Some(chapter) = Chapter::open("14-profiling.md") else { return };
    let rng = &mut Rng::seed(0);
    let linear =
        |n_in, n_out, rng: &mut Rng| Sequential::new().push(Linear::new(n_in, n_out, rng).unwrap());
    let conv = Sequential::new().push(Conv2d::new(3, 64, 3, rng).unwrap().with_padding(1));
    let cases = [
        ("| `Linear(128, 64)` | 1 row |", linear(128, 64, rng), vec![1, 128]),
        ("| `Linear(784, 256)` | 32 rows |", linear(784, 256, rng), vec![32, 784]),
        (
            "| `Conv2d(3, 64, 3)`, padded by 1 | 32 images of 224 by 224 |",
            conv,
            vec![32, 3, 224, 224],
        ),
    ];
    for (row, model, shape) in cases {
        let cost = count::count(&model, &shape).unwrap();
        let flops = usize::try_from(cost.flops()).unwrap();
        let figures = [flops, cost.parameters(), cost.layers[0].activation_bytes].map(grouped);
        chapter.says(format!("{row} {} |", figures.join(" | ")));
    }
}

#[test]
fn bytes_and_times_of_the_text() {
    let Some(chapter) = Chapter::open("14-profiling.md") else { return };
    let x = Tensor::zeros([1000], DType::F32).unwrap();
    let (_c, seen) = profile::trace(|| {
        no_grad(|| {
            let a = x.add_scalar(1.0).unwrap();
            let b = a.mul_scalar(2.0).unwrap();
            drop(a);
            b.add_scalar(3.0).unwrap()
        })
    });
    let bytes = |n: u64| grouped(usize::try_from(n).unwrap());
    let (made, peak) = (bytes(seen.made_bytes), bytes(seen.peak_bytes));
    chapter.says(format!("{made} bytes are made, but only {peak} exist at once"));

    let times = [1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6];
    let s = slots::profile::latency_stats(&times).unwrap();
    let figures = [s.mean, s.median, s.p95, s.p99, s.max].map(|v| format!("{v:.2}"));
    chapter.says(format!("| {} |", figures.join(" | ")));
}

#[test]
fn roofs_of_the_table() {
    let Some(chapter) = Chapter::open("14-profiling.md") else { return };
    let machine = Machine::new(100e9, 10e9);
    chapter.says(format!("whose ridge is at {:.0}", machine.ridge()));
    for (row, intensity) in [
        ("| sum of two arrays |", elementwise_intensity(1, 3, 4)),
        ("| a row times a matrix of size 1,024 |", matmul_intensity([1, 1024, 1024], 4)),
        ("| product of size 32 |", matmul_intensity([32; 3], 4)),
        ("| product of size 256 |", matmul_intensity([256; 3], 4)),
    ] {
        let bound = slots::profile::classify_bottleneck(intensity, 100e9, 10e9).unwrap();
        let by = if bound == Bound::Memory { "memory" } else { "arithmetic" };
        let most = machine.attainable(intensity) / 1e9;
        chapter.says(format!("{row} {intensity:.3} | {most:.1} | {by} |"));
    }
}
