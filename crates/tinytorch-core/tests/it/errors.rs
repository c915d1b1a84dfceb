//! Every cause of failure, provoked as a user would: three lines that say what, why and what to do.

use std::{collections::BTreeSet, fs, path::Path};

use tinytorch_core::{
    DType, Error, Param, Result, Rng, Tensor,
    autograd::{
        GradCheck, GradOpts, Grads, Op, Saved, checkpoint, detect_anomaly, grad, gradcheck,
    },
    io::npy,
    nn::{Linear, ModuleExt},
    train::distributed::{Alone, Communicator as _},
};

/// Doubles, but claims a slope of 1.
struct Wrong;

impl Op for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        inputs[0].mul_scalar(2.0)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

fn leaf<const N: usize>(values: [f64; N]) -> Tensor {
    Tensor::from(values).requiring_grad().unwrap()
}

/// A name of a variant, an error of that kind, and a piece of each of its three lines.
type Case = (&'static str, Error, [&'static str; 3]);

fn of_operands() -> Vec<Case> {
    let (a, b) = (Tensor::from([[1.0f32; 3]; 2]), Tensor::from([[1.0f32; 4]; 2]));
    let ids = Tensor::from([0i64, 7]);
    vec![
        (
            "ShapeMismatch",
            a.matmul(&b).unwrap_err(),
            ["matmul: [2, 3] with [2, 4]: inner sizes 3 and 2 differ", "axis", "t()"],
        ),
        (
            "ShapeMismatch",
            a.add(&b).unwrap_err(),
            ["add: [2, 3] with [2, 4]", "must be equal or one of them 1", "reshape"],
        ),
        (
            "AxisOutOfRange",
            a.sum(2, false).unwrap_err(),
            ["sum: axis 2 of a tensor of rank 2", "-2 up to 2", "unsqueeze"],
        ),
        (
            "DTypeMismatch",
            a.mul(&a.to_dtype(DType::F64).unwrap()).unwrap_err(),
            ["mul: f32 with f64", "one element type", "to_dtype(f32) or to_dtype(f64)"],
        ),
        (
            "DTypeUnsupported",
            ids.exp().unwrap_err(),
            ["exp: not defined for i64", "exp needs elements of type f32", "to_dtype"],
        ),
        (
            "IndexOutOfRange",
            a.embedding(&ids, None).unwrap_err(),
            ["embedding: index 7 at position 1 for an axis of size 2", "from 0 to", "ids"],
        ),
        (
            "InvalidArgument",
            Tensor::arange(0.0, 1.0, 0.0, DType::F32).unwrap_err(),
            ["arange: range is 0 to 1 by 0", "only when range is finite", "change range"],
        ),
        ("InvalidArgument", a.reshape([-1, -1]).unwrap_err(), ["reshape", "only when", "change"]),
    ]
}

fn of_graphs() -> Vec<Case> {
    let x = leaf([1.0, 4.0]);
    let y = x.square().unwrap().sum(.., false).unwrap();
    y.backward().unwrap();
    let released = y.backward().unwrap_err();
    let w = Param::new(Tensor::from([2.0f64])).unwrap();
    let modified = w.tensor().exp().unwrap().mul(&w.tensor()).unwrap();
    w.update::<f64, _>(|v| v[0] = 3.0).unwrap();
    let rounded = x.round().unwrap().sum(.., false).unwrap();
    let zero = leaf([0.0]);
    let line = line!() + 1;
    let root = zero.sqrt().unwrap();
    let infinite = detect_anomaly(|| root.backward()).unwrap_err();
    assert!(infinite.to_string().contains(&format!("errors.rs:{line}:")), "{infinite}");
    let unused =
        grad(&[&x.exp().unwrap().sum(.., false).unwrap()], &[&x, &w.tensor()], GradOpts::default());
    let wrong = gradcheck(|i| Tensor::apply(Wrong, &[&i[0]]), &[x.detach()], GradCheck::default());
    let w2 = Param::new(Tensor::from([2.0f64])).unwrap();
    let inner = w2.clone();
    let part = checkpoint(move |i, _| i[0].mul(&inner.tensor()), &[&x], &mut Rng::seed(0)).unwrap();
    w2.update::<f64, _>(|v| v[0] = 3.0).unwrap();
    let part = part.sum(.., false).unwrap().backward().unwrap_err();
    vec![
        (
            "NoGraph",
            x.detach().sum(.., false).unwrap().backward().unwrap_err(),
            ["backward: the tensor has no graph", "requires them", "requiring_grad"],
        ),
        ("GraphReleased", released, ["backward: the graph of s", "frees", "retain_graph"]),
        (
            "SavedTensorModified",
            modified.backward().unwrap_err(),
            ["backward: a tensor saved by mul was modified", "no longer exist", "before updating"],
        ),
        ("SavedTensorModified", part, ["saved by checkpoint", "no longer exist", "again"]),
        (
            "NotDifferentiable",
            rounded.backward().unwrap_err(),
            ["backward: round has no derivative", "silently wrong", "detach"],
        ),
        (
            "NonFiniteGradient",
            infinite,
            ["backward: sqrt, called at ", "reached sqrt was finite", "away from values"],
        ),
        (
            "UnusedInput",
            unused.unwrap_err(),
            ["grad: the outputs do not depend on input 1", "mistake", "allow_unused"],
        ),
        (
            "GradientMismatch",
            wrong.unwrap_err(),
            ["gradcheck: input 0, element 0: gradient 0.5, difference 0.9999", "central", "factor"],
        ),
    ]
}

fn of_files() -> Vec<Case> {
    let layer = Linear::new(2, 3, &mut Rng::seed(0)).unwrap();
    let mut short = layer.state_dict();
    short.remove("bias");
    let mut long = layer.state_dict();
    long.insert("scale".to_owned(), Tensor::scalar(1.0f32));
    let missing = Path::new(env!("CARGO_MANIFEST_DIR")).join("no such file.npy");
    vec![
        (
            "MissingParameter",
            layer.load_state_dict(&short, true).unwrap_err(),
            ["load: parameter bias is missing", "every parameter", "strict = false"],
        ),
        (
            "UnexpectedParameter",
            layer.load_state_dict(&long, true).unwrap_err(),
            ["load: parameter scale is unknown", "every entry", "strict = false"],
        ),
        (
            "Io",
            npy::read(missing).unwrap_err(),
            ["no such file.npy", "could not be used", "path and the permissions"],
        ),
        (
            "Format",
            npy::from_bytes(b"no array").unwrap_err(),
            ["npy: the file does not start with", "npy format", "complete"],
        ),
        (
            "Communication",
            Alone.broadcast(&mut [0], 1).unwrap_err(),
            ["broadcast: rank 0: asked for the bytes of rank 1 of 1", "same order", "checkpoint"],
        ),
    ]
}

fn cases() -> Vec<Case> {
    [of_operands(), of_graphs(), of_files()].concat()
}

#[test]
fn each_says_what_why_and_what_to_do() {
    for (name, error, parts) in cases() {
        let text = error.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{name}: {text}");
        for (line, part) in lines.iter().zip(parts) {
            assert!(line.contains(part), "{name}: no \"{part}\" in \"{line}\"");
            // Sentences of the house: no capital at the start, no full stop at the end.
            assert!(!line.ends_with('.') && line.trim() == *line, "{name}: \"{line}\"");
        }
        let debug = format!("{error:?}");
        assert!(debug.starts_with(name), "a case named {name} gave {debug}");
    }
}

/// A new cause of failure needs a case here.
#[test]
fn no_variant_is_left_out() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error.rs");
    let source = fs::read_to_string(source).unwrap();
    let body = source.split("pub enum Error {").nth(1).unwrap().split("\n}\n").next().unwrap();
    let mut declared: BTreeSet<&str> = body
        .lines()
        .filter_map(|l| l.strip_prefix("    "))
        .filter(|l| l.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter_map(|l| l.split([' ', '(', ',']).next())
        .collect();
    assert!(declared.len() >= 17, "{declared:?}");
    // What a student's slots do wrong is provoked where a course is installed.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/course_parts");
    let parts =
        fs::read_dir(folder).unwrap().map(|f| fs::read_to_string(f.unwrap().path()).unwrap());
    let courses: String = parts.collect();
    for name in ["Unsolved", "SelfCall", "SlotResult"] {
        assert!(courses.contains(&format!("Error::{name}")), "no test of a course provokes {name}");
        assert!(declared.remove(name), "{name} is not declared");
    }
    let provoked: BTreeSet<&str> = cases().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(declared, provoked);
}
