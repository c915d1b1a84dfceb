//! Every number shows its work.
//!
//! An evaluation can record a [`Trace`]: one [`Node`] per named value, inputs first, each result after the
//! values it is computed from.
//! The same list becomes the `--explain` table, a worked solution, or a graph to vary.
//!
//! Recording is a type parameter.
//! With [`NoTrace`] the calls compile to nothing, so a sweep pays neither time nor memory for it.

use crate::provenance::{Kind, Provenance};
use crate::units::Quantity;
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

/// A named value of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// An amount.
    Quantity(Quantity),
    /// Yes or no.
    Flag(bool),
    /// One of a few words.
    Label(&'static str),
}

impl Value {
    /// The amount, if it is one.
    #[must_use]
    pub const fn quantity(self) -> Option<Quantity> {
        match self {
            Self::Quantity(quantity) => Some(quantity),
            Self::Flag(_) | Self::Label(_) => None,
        }
    }
}

impl<T: Into<Quantity>> From<T> for Value {
    fn from(amount: T) -> Self {
        Self::Quantity(amount.into())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(quantity) => quantity.fmt(f),
            Self::Flag(true) => f.write_str("yes"),
            Self::Flag(false) => f.write_str("no"),
            Self::Label(word) => f.write_str(word),
        }
    }
}

/// One value of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name, unique in its trace.
    pub name: &'static str,
    /// Symbol in the formula.
    pub symbol: &'static str,
    /// The value.
    pub value: Value,
    /// The right-hand side it was computed by, in symbols; empty for a given value.
    pub formula: &'static str,
    /// Names of the nodes that the formula reads.
    pub reads: &'static [&'static str],
    /// What kind of knowledge it is.
    pub kind: Kind,
    /// The document or the reason behind the formula or the value.
    pub source: Cow<'static, str>,
}

/// Receives the values of an evaluation as they arise.
pub trait Recorder {
    /// Whether nodes are kept. Code that only prepares nodes asks first.
    const ACTIVE: bool;

    /// Takes one node. Callers build it inside the closure, so a recorder that ignores it costs nothing.
    fn record(&mut self, node: impl FnOnce() -> Node);

    /// Records the result of a formula.
    #[inline(always)]
    fn computed(
        &mut self,
        name: &'static str,
        symbol: &'static str,
        value: impl Into<Value>,
        formula: &'static str,
        reads: &'static [&'static str],
        source: &'static str,
    ) {
        self.record(|| Node {
            name,
            symbol,
            value: value.into(),
            formula,
            reads,
            kind: Kind::Computed,
            source: Cow::Borrowed(source),
        });
    }

    /// Records a value that no formula here produced: a demand, a constant, a property of a machine.
    ///
    /// `origin` is what the trace says about it, unless something else was announced.
    #[inline(always)]
    fn given(
        &mut self,
        name: &'static str,
        symbol: &'static str,
        value: impl Into<Value>,
        origin: &'static str,
    ) {
        self.record(|| Node {
            name,
            symbol,
            value: value.into(),
            formula: "",
            reads: &[],
            kind: Kind::Assumed,
            source: Cow::Borrowed(origin),
        });
    }
}

/// Records nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrace;

impl Recorder for NoTrace {
    const ACTIVE: bool = false;

    #[inline(always)]
    fn record(&mut self, _: impl FnOnce() -> Node) {}
}

impl<R: Recorder> Recorder for &mut R {
    const ACTIVE: bool = R::ACTIVE;

    #[inline(always)]
    fn record(&mut self, node: impl FnOnce() -> Node) {
        (**self).record(node);
    }
}

/// The nodes of one evaluation, in the order in which they were computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    nodes: Vec<Node>,
    sources: Vec<(&'static str, Kind, Cow<'static, str>)>,
}

impl Trace {
    /// An empty trace.
    #[must_use]
    pub const fn new() -> Self {
        Self { nodes: Vec::new(), sources: Vec::new() }
    }

    /// Tells where the given value `name` comes from; the node takes it over when it is recorded.
    ///
    /// Walls know equations and no machines, so whoever reads a value from a record announces its origin here.
    pub fn announce(
        &mut self,
        name: &'static str,
        kind: Kind,
        source: impl Into<Cow<'static, str>>,
    ) {
        let source = source.into();
        match self.sources.iter_mut().find(|(known, ..)| *known == name) {
            Some(slot) => *slot = (name, kind, source),
            None => self.sources.push((name, kind, source)),
        }
    }

    /// As [`Trace::announce`], from the origin of a recorded value.
    pub fn announce_provenance(&mut self, name: &'static str, provenance: &Provenance) {
        self.announce(name, provenance.kind(), provenance.to_string());
    }

    /// The nodes, in the order in which they were computed.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of that name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The amount of the node of that name, if it is one.
    #[must_use]
    pub fn quantity(&self, name: &str) -> Option<Quantity> {
        self.node(name).and_then(|node| node.value.quantity())
    }
}

impl Recorder for Trace {
    const ACTIVE: bool = true;

    /// Adds the node. Of two with one name the first stays, so a value handed from one equation to the next
    /// keeps the formula that produced it.
    fn record(&mut self, node: impl FnOnce() -> Node) {
        let mut node = node();
        if self.node(node.name).is_some() {
            return;
        }
        if node.formula.is_empty()
            && let Some((_, kind, source)) =
                self.sources.iter().find(|(name, ..)| *name == node.name)
        {
            node.kind = *kind;
            node.source = source.clone();
        }
        self.nodes.push(node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Bytes, BytesPerSecond};

    #[test]
    fn announced_sources_reach_given_values_only() {
        let mut trace = Trace::new();
        trace.announce("bandwidth", Kind::Sourced, "data sheet");
        trace.announce("time", Kind::Sourced, "data sheet");
        trace.given("bandwidth", "BW", BytesPerSecond(2.0), "given");
        trace.computed(
            "time",
            "T",
            Bytes(4.0) / BytesPerSecond(2.0),
            "V / BW",
            &["bandwidth"],
            "roofline",
        );
        let kinds: Vec<_> = trace.nodes().iter().map(|n| (n.kind, n.source.as_ref())).collect();
        assert_eq!(kinds, [(Kind::Sourced, "data sheet"), (Kind::Computed, "roofline")]);
    }

    #[test]
    fn the_first_of_two_equal_names_stays() {
        let mut trace = Trace::new();
        trace.computed("ops", "F", 1.0, "2·N", &[], "first");
        trace.given("ops", "F", 1.0, "second");
        assert_eq!(trace.nodes().len(), 1);
        assert_eq!(trace.nodes()[0].formula, "2·N");
    }
}
