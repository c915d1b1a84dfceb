//! Looking at a recorded graph: which operations, of what size, and how much memory they keep.

use alloc::sync::Arc;
use core::{fmt::Write, panic::Location};

use super::Node;
use crate::nostd::collections::{HashMap, HashSet};
use crate::nostd::prelude::*;
use crate::{DType, Shape, Tensor};

/// One operation or leaf of a graph.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeView {
    /// Name of the operation, `leaf` for a tensor that no operation made.
    pub op: &'static str,
    /// Shape of the result.
    pub shape: Shape,
    /// Element type of the result.
    pub dtype: DType,
    /// For each input its position in [`GraphView::nodes`], `None` for an input that requires no gradient.
    pub inputs: Vec<Option<usize>>,
    /// Bytes of the tensors that the rule keeps; 0 once they are released. Memory that several rules share counts for
    /// each of them.
    pub saved_bytes: usize,
    /// Where the operation was called, or the leaf made.
    pub location: &'static Location<'static>,
    /// A name of your choice, see [`GraphView::label`].
    pub label: Option<String>,
}

/// A picture of the graph behind a tensor at one moment.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::GraphView};
///
/// let x = Tensor::from([1.0f32, 2.0]).requiring_grad()?;
/// let loss = x.mul(&x)?.sum(.., false)?;
/// let mut graph = GraphView::of(&loss);
/// graph.label(&x, "x");
/// let ops: Vec<&str> = graph.nodes().iter().map(|n| n.op).collect();
/// assert_eq!(ops, ["leaf", "mul", "sum"]);
/// assert_eq!(graph.nodes()[1].saved_bytes, 16); // x twice, two floats each
/// assert_eq!(graph.held_bytes(), 8); // but it is one array
/// assert!(graph.to_dot().starts_with("digraph"));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphView {
    nodes: Vec<NodeView>,
    places: HashMap<usize, usize>,
    held_bytes: usize,
}

impl GraphView {
    /// Returns the graph of `tensor`: every node it depends on, each after its inputs. Empty if nothing was recorded.
    #[must_use]
    pub fn of(tensor: &Tensor) -> Self {
        let order = tensor.node().map_or_else(Vec::new, inputs_first);
        let places: HashMap<usize, usize> =
            order.iter().enumerate().map(|(place, node)| (address(node), place)).collect();
        let mut arrays = HashSet::new();
        let mut held_bytes = 0;
        let nodes = order
            .iter()
            .map(|node| {
                let saved_bytes = node.look_at_saved(|saved| {
                    for t in saved.tensors() {
                        if arrays.insert(core::ptr::from_ref(t.storage()).addr()) {
                            held_bytes += t.storage().buffer.len() * t.dtype().size();
                        }
                    }
                    saved.tensors().map(Tensor::nbytes).sum()
                });
                let place = |input: &Option<Arc<Node>>| {
                    input.as_ref().and_then(|n| places.get(&address(n)).copied())
                };
                NodeView {
                    op: node.name(),
                    shape: *node.shape(),
                    dtype: node.dtype(),
                    inputs: node.inputs().iter().map(place).collect(),
                    saved_bytes: saved_bytes.unwrap_or(0),
                    location: node.location(),
                    label: None,
                }
            })
            .collect();
        Self { nodes, places, held_bytes }
    }

    /// Returns the nodes, each after its inputs; the last one made the tensor.
    #[must_use]
    pub fn nodes(&self) -> &[NodeView] {
        &self.nodes
    }

    /// Returns the bytes of the arrays that the rules keep alive, each array counted once and in full.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Gives the node of a tensor a name for the drawings. Returns false, and does nothing, if the tensor is not in the
    /// graph.
    pub fn label(&mut self, tensor: &Tensor, name: &str) -> bool {
        let place = tensor.node().and_then(|n| self.places.get(&address(n)));
        let node = place.and_then(|&p| self.nodes.get_mut(p));
        node.map(|node| node.label = Some(name.to_owned())).is_some()
    }

    /// Returns the graph in the DOT language of Graphviz: leaves as boxes, arrows along the flow of values.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out = "digraph graph_of_operations {\n  rankdir=TB;\n".to_owned();
        for (id, node) in self.nodes.iter().enumerate() {
            let mut text = node.label.as_ref().map_or_else(String::new, |l| format!("{l}\n"));
            let _ = write!(text, "{}\n{} {}", node.op, node.dtype, node.shape);
            if node.saved_bytes > 0 {
                let _ = write!(text, "\nkeeps {} B", node.saved_bytes);
            }
            let shape = if node.inputs.is_empty() { "box" } else { "ellipse" };
            let _ = writeln!(out, "  n{id} [shape={shape}, label=\"{}\"];", dot_text(&text));
            for input in node.inputs.iter().flatten() {
                let _ = writeln!(out, "  n{input} -> n{id};");
            }
        }
        out.push_str("}\n");
        out
    }

    /// Returns the graph as one JSON object:
    /// `{"schema":"graph/1","held_bytes":B,"nodes":[{"id","op","label","dtype","shape","inputs","saved_bytes","file","line"}]}`.
    ///
    /// `id` is the position in the list, `inputs` holds ids or `null`, `label` is a text or `null`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out =
            format!("{{\"schema\":\"graph/1\",\"held_bytes\":{},\"nodes\":[", self.held_bytes);
        for (id, node) in self.nodes.iter().enumerate() {
            let separator = if id == 0 { "" } else { "," };
            let label = node.label.as_ref().map_or_else(|| "null".to_owned(), |l| json_text(l));
            let shape: Vec<String> = node.shape.iter().map(ToString::to_string).collect();
            let inputs: Vec<String> = node
                .inputs
                .iter()
                .map(|i| i.map_or_else(|| "null".to_owned(), |i| i.to_string()))
                .collect();
            let _ = write!(
                out,
                "{separator}{{\"id\":{id},\"op\":{},\"label\":{label},\"dtype\":\"{}\",\"shape\":[{}],\"inputs\":[{}],\"saved_bytes\":{},\"file\":{},\"line\":{}}}",
                json_text(node.op),
                node.dtype,
                shape.join(","),
                inputs.join(","),
                node.saved_bytes,
                json_text(node.location.file()),
                node.location.line(),
            );
        }
        out.push_str("]}");
        out
    }
}

fn address(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node).addr()
}

/// Every node reachable from `root`, each after its inputs: depth-first post-order with a stack of its own.
fn inputs_first(root: &Arc<Node>) -> Vec<Arc<Node>> {
    let mut order = Vec::new();
    let mut seen = HashSet::from([address(root)]);
    let mut stack = vec![(root, 0)]; // (node, how many of its inputs were visited)
    while let Some((node, next)) = stack.pop() {
        match node.inputs().get(next) {
            Some(input) => {
                stack.push((node, next + 1));
                if let Some(input) = input.as_ref().filter(|n| seen.insert(address(n))) {
                    stack.push((input, 0));
                }
            }
            None => order.push(node.clone()),
        }
    }
    order
}

/// A text for a quoted string of DOT: quotes and backslashes escaped, `\n` for a new line.
fn dot_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A JSON string with its quotes (RFC 8259, section 7).
pub(crate) fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
