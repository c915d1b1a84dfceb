//! The program and the figures of chapter 17 of the book.

use crate::chapter::{Chapter, grouped};
use tinytorch_core::accel::{
    GELU_FLOPS, GELU_PASSES, amdahl, elementwise_intensity, largest_tile, matmul_intensity,
    serial_share,
};

fn acceleration() -> tinytorch_core::Result<()> {
    use tinytorch_core::{DType, Rng, Tensor, accel, ops::GeluKind};

    let rng = &mut Rng::seed(17);
    let a = Tensor::randn([65, 130], DType::F32, rng)?;
    let b = Tensor::randn([130, 33], DType::F32, rng)?;
    // The same sums in the same order: the same bits.
    let naive = accel::matmul_naive(&a, &b)?.to_vec::<f32>()?;
    assert_eq!(accel::matmul_ikj(&a, &b)?.to_vec::<f32>()?, naive);
    let tile = accel::largest_tile(32 << 10, 4);
    assert_eq!(accel::matmul_tiled(&a, &b, tile)?.to_vec::<f32>()?, naive);
    // Other sums, the same on one thread and on all.
    let packed = accel::matmul_packed(&a, &b)?.to_vec::<f32>()?;
    assert_eq!(accel::matmul_parallel(&a, &b)?.to_vec::<f32>()?, packed);
    // A layer and its activation in one step, with a gradient.
    let w = Tensor::randn([8, 130], DType::F32, rng)?.requiring_grad()?;
    let fused = accel::fused_linear_gelu(&a, &w, None)?;
    let steps = a.linear(&w, None)?.gelu(GeluKind::Tanh)?;
    assert!(fused.sub(&steps)?.abs()?.amax(.., false)?.item::<f32>()? < 1e-4);
    fused.sum(.., false)?.backward()?;
    assert!(w.grad().is_some());
    Ok(())
}

#[test]
fn the_program_runs() {
    acceleration().unwrap();
    if let Some(chapter) = Chapter::open("17-acceleration.md") {
        chapter.shows_program_of(include_str!("chapters_acceleration.rs"));
    }
}

#[test]
fn figures_of_the_tables() {
    let Some(chapter) = Chapter::open("17-acceleration.md") else { return };
    let products = 512_usize.pow(3);
    chapter.says(format!("size 512 takes {} operations", grouped(2 * products)));
    let bytes = |tile: usize| grouped(3 * tile * tile * 4);
    for (cache, tile) in [(32, 48), (48, 64)] {
        let largest = largest_tile(cache << 10, 4);
        assert!(tile <= largest && 3 * tile * tile * 4 <= cache << 10);
        chapter.says(format!(
            "| {cache} KiB | {largest} | {tile}, which takes {} bytes |",
            bytes(tile)
        ));
    }
    let from_memory = (2 * products + 24) / 48; // to the nearest
    chapter.says(format!("{} instead of {}.", grouped(from_memory), grouped(products)));

    let [eight, one] = GELU_PASSES;
    for (row, intensity) in [
        ("| sum of two arrays |", elementwise_intensity(1, 3, 4)),
        ("| GELU in eight steps |", elementwise_intensity(GELU_FLOPS, eight, 4)),
        ("| GELU in one step |", elementwise_intensity(GELU_FLOPS, one, 4)),
        ("| a row times a matrix of size 4,096 |", matmul_intensity([1, 4096, 4096], 4)),
    ] {
        chapter.says(format!("{row} {intensity:.3} |"));
    }
    for n in [64, 512] {
        let intensity = matmul_intensity([n; 3], 4);
        assert!((intensity - n as f64 / 6.0).abs() < 1e-12);
        chapter.says(format!("| product of size {n} | {intensity:.1} |"));
    }
    let scores = 2048 * 2048_usize;
    chapter.says(format!(
        "are {} numbers for each head, {} MiB",
        grouped(scores),
        (4 * scores) >> 20
    ));
    chapter.says(format!("| `gelu_unfused` | {eight} |"));
    chapter.says(format!("| `gelu_fused` | {one} |"));
    chapter.says(format!("{} times fewer bytes", eight / one));

    for percent in [50_u8, 90, 99] {
        let p = f64::from(percent) / 100.0;
        let faster = [2, 4, 64].map(|n| format!("{:.2}", amdahl(p, n).unwrap())).join(" | ");
        chapter.says(format!("| {percent} % | {faster} | {:.0} |", 1.0 / (1.0 - p)));
    }
    let serial = 100.0 * serial_share(1.8, 2).unwrap();
    chapter.says(format!("1.8 times as fast with two threads is {serial:.1} %"));
}
