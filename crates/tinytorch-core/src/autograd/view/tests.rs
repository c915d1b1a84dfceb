//! Small graphs by hand, texts that need escaping, sizes, and great depth.

use serde_json::Value;

use super::*;
use crate::{
    Result, Rng,
    autograd::{Grads, Op, Saved},
};

fn leaf<T>(values: T) -> Tensor
where
    Tensor: From<T>,
{
    Tensor::from(values).requiring_grad().unwrap()
}

/// `sum(w·x) + w₀`, with `x` a constant.
fn small() -> (Tensor, Tensor) {
    let w = leaf([1.0f32, 2.0, 3.0]);
    let x = Tensor::from([4.0f32, 5.0, 6.0]);
    let y = w.mul(&x).unwrap().sum(.., false).unwrap();
    (y.add(&w.select(0, 0).unwrap()).unwrap(), w)
}

#[test]
fn dot_of_a_small_graph() {
    let (y, w) = small();
    let mut graph = GraphView::of(&y);
    assert!(graph.label(&w, "w"));
    assert!(!graph.label(&Tensor::from([1.0f32]), "not in the graph"));
    let expected = r#"digraph graph_of_operations {
  rankdir=TB;
  n0 [shape=box, label="w\nleaf\nf32 [3]"];
  n1 [shape=ellipse, label="mul\nf32 [3]\nkeeps 12 B"];
  n0 -> n1;
  n2 [shape=ellipse, label="sum\nf32 []"];
  n1 -> n2;
  n3 [shape=ellipse, label="slice\nf32 [1]"];
  n0 -> n3;
  n4 [shape=ellipse, label="reshape\nf32 []"];
  n3 -> n4;
  n5 [shape=ellipse, label="add\nf32 []"];
  n2 -> n5;
  n4 -> n5;
}
"#;
    assert_eq!(graph.to_dot(), expected);
}

#[test]
fn json_of_a_small_graph() {
    let (y, _) = small();
    let json: Value = serde_json::from_str(&GraphView::of(&y).to_json()).unwrap();
    assert_eq!(json["schema"], "graph/1");
    assert_eq!(json["held_bytes"], 12);
    let nodes = json["nodes"].as_array().unwrap();
    let ops: Vec<&str> = nodes.iter().map(|n| n["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["leaf", "mul", "sum", "slice", "reshape", "add"]);
    assert_eq!(nodes[1]["inputs"], serde_json::json!([0, null]));
    assert_eq!(nodes[1]["shape"], serde_json::json!([3]));
    assert_eq!(nodes[5]["inputs"], serde_json::json!([2, 4]));
    assert_eq!(nodes[0]["label"], Value::Null);
    assert!(nodes.iter().all(|n| n["file"].as_str().unwrap().ends_with("tests.rs")));
    assert!(nodes.iter().all(|n| n["line"].as_u64().unwrap() > 10));
}

struct Odd;

impl Op for Odd {
    fn name(&self) -> &'static str {
        "odd \"name\"\\\n\u{1}\u{fc}"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        inputs[0].neg()
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.neg()?].into())
    }
}

#[test]
fn odd_names_are_escaped() {
    let y = Tensor::apply(Odd, &[&leaf([1.0f32])]).unwrap();
    let mut graph = GraphView::of(&y);
    graph.label(&y, "a \"label\"\twith\r\n\\n");
    let json: Value = serde_json::from_str(&graph.to_json()).unwrap();
    assert_eq!(json["nodes"][1]["op"], Odd.name());
    assert_eq!(json["nodes"][1]["label"], "a \"label\"\twith\r\n\\n");
    let dot = graph.to_dot();
    let line = dot.lines().find(|l| l.contains("odd")).unwrap();
    assert_eq!(
        line,
        "  n1 [shape=ellipse, label=\"a \\\"label\\\" with \\n\\\\n\\nodd \\\"name\\\"\\\\\\n \u{fc}\\nf32 [1]\"];"
    );
}

#[test]
fn bytes_follow_what_is_kept() {
    let x = leaf([[1.0f64; 8]; 4]);
    let y = x.exp().unwrap(); // keeps its result
    let z = y.mul(&y).unwrap(); // keeps both factors: the same array
    let loss = z.sum(.., false).unwrap(); // keeps nothing
    let graph = GraphView::of(&loss);
    let bytes: Vec<usize> = graph.nodes().iter().map(|n| n.saved_bytes).collect();
    assert_eq!(bytes, [0, 256, 512, 0]);
    assert_eq!(graph.held_bytes(), 256);
    loss.backward().unwrap();
    let released = GraphView::of(&loss);
    assert_eq!((released.nodes().len(), released.held_bytes()), (4, 0));
    assert!(GraphView::of(&loss.detach()).nodes().is_empty());
}

#[test]
fn every_node_appears_once_and_after_its_inputs() {
    let x = Tensor::randn([3, 3], DType::F64, &mut Rng::seed(1)).unwrap().requiring_grad().unwrap();
    let mut h = x.clone();
    for _ in 0..20 {
        h = h.matmul(&h).unwrap().tanh().unwrap().add(&x).unwrap();
    }
    let graph = GraphView::of(&h);
    assert_eq!(graph.nodes().len(), 1 + 3 * 20);
    for (id, node) in graph.nodes().iter().enumerate() {
        assert!(node.inputs.iter().flatten().all(|&i| i < id), "{id}: {:?}", node.inputs);
    }
}

#[test]
fn depth_is_no_limit() {
    let work = || {
        let x = leaf([1.0f32]);
        let mut h = x.clone();
        for _ in 0..100_000 {
            h = h.add_scalar(1.0).unwrap();
        }
        let graph = GraphView::of(&h);
        assert_eq!(graph.nodes().len(), 100_001);
        assert_eq!(graph.to_dot().matches("->").count(), 100_000);
        assert_eq!(graph.to_json().matches("add_scalar").count(), 100_000);
    };
    // A small stack: recursion of any kind would overflow it.
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}
