//! The figures and the program of chapter 02.

use tinytorch_core::{DType, Rng, Tensor, autograd::GraphView, ops::GeluKind};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::{Tensor, ops::GeluKind};

    let x = Tensor::from([-2.0f64, 0.0, 2.0]).requiring_grad()?;
    let y = x.relu()?;
    assert_eq!(y.to_vec::<f64>()?, [0.0, 0.0, 2.0]);
    y.sum(.., false)?.backward()?;
    assert_eq!(x.grad().expect("a leaf").to_vec::<f64>()?, [0.0, 0.0, 1.0]);
    let gelu = x.gelu(GeluKind::Exact)?.to_vec::<f64>()?;
    assert!((gelu[2] - 2.0 * 0.977_249_868_051_820_8).abs() < 1e-15); // 2·Φ(2)
    let p = Tensor::from([1000.0f64, 1001.0, 1002.0]).softmax(0)?;
    assert!((p.sum(.., false)?.item::<f64>()? - 1.0).abs() < 1e-15);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("02-activations.md") {
        chapter.shows_program_of(include_str!("chapters_activations.rs"));
    }
}

type Function = fn(&Tensor) -> tinytorch_core::Result<Tensor>;

const FUNCTIONS: [(&str, Function); 6] = [
    ("relu", Tensor::relu),
    ("sigmoid", Tensor::sigmoid),
    ("tanh", Tensor::tanh),
    ("gelu", |x| x.gelu(GeluKind::Exact)),
    ("silu", Tensor::silu),
    ("softmax", |x| x.softmax(0)),
];

/// Values of `f` on a fine grid over -8 to 8.
fn on_grid(f: Function) -> Vec<f64> {
    f(&grid()).unwrap().to_vec().unwrap()
}

fn grid() -> Tensor {
    Tensor::linspace(-8.0, 8.0, 16_001, DType::F64).unwrap()
}

/// The largest slope on the grid.
fn steepest(f: Function) -> f64 {
    let x = grid().requiring_grad().unwrap();
    f(&x).unwrap().sum(.., false).unwrap().backward().unwrap();
    x.grad().unwrap().to_vec::<f64>().unwrap().into_iter().fold(0.0, f64::max)
}

#[test]
fn figures() {
    let Some(chapter) = Chapter::open("02-activations.md") else { return };
    let n = 1_000_000;
    let x = Tensor::randn([n], DType::F32, &mut Rng::seed(0)).unwrap().requiring_grad().unwrap();
    for (name, f) in FUNCTIONS {
        let y = f(&x).unwrap();
        let kept = GraphView::of(&y).nodes().last().unwrap().saved_bytes;
        chapter.says(format!("| `{name}` | {} | {} |", grouped(y.nbytes()), grouped(kept)));
    }
    let zeros =
        x.relu().unwrap().to_vec::<f32>().unwrap().into_iter().filter(|v| *v == 0.0).count();
    chapter.says(format!("{:.2} % of a million normal numbers", 100.0 * zeros as f64 / n as f64));

    let slope = steepest(Tensor::sigmoid);
    chapter.says(format!("at most {slope:.2}"));
    chapter.says(format!("{:.1e} after ten layers", slope.powi(10)));
    chapter.says(format!("slope of `tanh` is {:.0}", steepest(Tensor::tanh)));
    chapter.says(format!("of `gelu` {:.3}", steepest(|x| x.gelu(GeluKind::Exact))));

    let exact = on_grid(|x| x.gelu(GeluKind::Exact));
    let farthest =
        |other: Vec<f64>| exact.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let by_tanh = farthest(on_grid(|x| x.gelu(GeluKind::Tanh)));
    let by_sigmoid = farthest(on_grid(|x| x.gelu(GeluKind::Sigmoid)));
    chapter.says(format!("`Tanh` is off by at most {by_tanh:.5}, `Sigmoid` by {by_sigmoid:.3}"));

    let p = Tensor::from([1000.0f64, 1001.0, 1002.0]).softmax(0).unwrap().to_vec::<f64>().unwrap();
    chapter.says(format!("{:.4}, {:.4}, {:.4}", p[0], p[1], p[2]));
    let overflow = (0..).find(|&k| f32::exp(k as f32).is_infinite()).unwrap();
    chapter.says(format!("from x = {overflow} on"));
}
