//! What a template asks for: each kind holds what it needs and no more.
//!
//! Whatever is a number is [`Computed`]: the answer of a numeric question, the right option of a computed choice, each
//! part of a multi-part question, each figure of an open one. [`Body`] says what stands around the numbers.

use core::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::answer::{Answer, Bind, Misconception};
use super::misconceptions::Family;
use super::phrase::Phrase;
use super::taxonomy::{Kind, words};
use crate::expr::Expr;
use crate::quantity::Unit;
use crate::read::Keyword;

/// A number to compute, its recognized wrong values and the words for its solution.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Computed {
    /// The right answer.
    pub answer: Answer,
    /// Recognized wrong answers.
    pub misconceptions: Vec<Misconception>,
    /// Sentences for steps of the worked solution, by node.
    pub steps: Vec<(String, Phrase)>,
}

/// What a template asks for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Body {
    /// A number with a unit.
    Numeric(Arc<Computed>),
    /// The right number among the wrong ones.
    Choice(Arc<Computed>),
    /// The right sentence among wrong ones.
    Concept(Vec<Alternative>),
    /// The back of a card.
    Recall(Phrase),
    /// Several numbers, and possibly a decision, about one set of parameters.
    Multi(Multi),
    /// A text, held against a rubric.
    Open(Open),
}

/// An option of a [concept choice](Body::Concept).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Alternative {
    /// What it claims.
    pub text: Phrase,
    /// Why it is right, or what is wrong with it.
    pub say: Phrase,
    /// The misconception behind a wrong option; absent for the right one.
    pub wrong: Option<WrongIdea>,
    /// Line in the file.
    pub line: usize,
}

/// A misconception that leads to an option.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WrongIdea {
    /// Identifier in the registry.
    pub id: String,
    /// Its family.
    pub family: Arc<Family>,
}

/// Several questions on one set of parameters.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Multi {
    /// The numbers asked for, in order. Later ones may use earlier ones as `carry.<id>`.
    pub parts: Vec<Part>,
    /// What follows from the numbers.
    pub decision: Option<Decision>,
}

/// One number of a [`Multi`] or [`Open`] question.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Part {
    /// Name, used in `carry.<id>`.
    pub id: String,
    /// What is asked.
    pub ask: Phrase,
    /// How it is computed.
    pub computed: Arc<Computed>,
    /// Line in the file.
    pub line: usize,
}

/// A choice whose right option is the one with the best computed value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Decision {
    /// Name.
    pub id: String,
    /// What is asked.
    pub ask: Phrase,
    /// Which value is best.
    pub best: Best,
    /// Unit in which the values are compared and shown.
    pub unit: Unit,
    /// What to choose from.
    pub options: Vec<Contender>,
    /// Line in the file.
    pub line: usize,
}

words! {
    /// Which of several values is best.
    Best, "ranking", {
        Max = "max",
        Min = "min",
    }
}

/// An option of a [`Decision`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Contender {
    /// What it proposes.
    pub text: Phrase,
    /// What it is worth.
    pub worth: Worth,
    /// Independent closed form of its worth: bare numbers in, a bare number in the unit of the decision out.
    pub check: Option<Expr>,
    /// What leads people to choose it when it is not best.
    pub wrong: WrongIdea,
    /// What to tell them.
    pub say: Phrase,
    /// Line in the file.
    pub line: usize,
}

/// How the value of a [`Contender`] comes about.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Worth {
    /// A node of an equation.
    Equation {
        /// Equation known to the oracle.
        equation: String,
        /// How its inputs follow from the parameters.
        bind: Vec<(String, Bind)>,
        /// The node taken; the last one if absent.
        output: Option<String>,
    },
    /// An expression of parameters and earlier parts, with dimensions.
    Expr(Expr),
}

/// A text to write, with figures to compute.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Open {
    /// The figures, in order.
    pub parts: Vec<Part>,
    /// Those without which the text cannot score more than [`Open::CAP`].
    pub must_compute: Vec<String>,
    /// What is marked.
    pub rows: Vec<Row>,
    /// An answer that would get full marks.
    pub model_answer: Phrase,
}

impl Open {
    /// The highest score of a text whose figures are wrong.
    pub const CAP: f64 = 0.6;
}

/// One line of a rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// Name.
    pub id: String,
    /// What to look for.
    pub ask: String,
    /// What it is about.
    pub about: About,
    /// The marks, from 0 up.
    pub levels: Vec<Mark>,
    /// How much the row counts.
    pub weight: u32,
    /// Whether a mark above 0 needs a sentence of the text as evidence.
    pub quoted: bool,
}

/// One mark of a [`Row`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mark {
    /// What earns it.
    pub earns: String,
    /// A sentence that would get it.
    pub anchor: String,
}

words! {
    /// What a row of a rubric is about.
    About, "subject of a row", {
        Number = "number",
        TradeOff = "trade-off",
        FailureMode = "failure-mode",
        Reasoning = "reasoning",
        Structure = "structure",
    }
}

impl Body {
    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Numeric(_) => Kind::Numeric,
            Self::Choice(_) | Self::Concept(_) => Kind::Choice,
            Self::Recall(_) => Kind::Recall,
            Self::Multi(_) => Kind::Multi,
            Self::Open(_) => Kind::Open,
        }
    }

    /// Returns everything that is computed, in order, with the name of its part; the name is empty where the number
    /// is the whole question.
    #[must_use]
    pub fn computed(&self) -> Vec<(&str, &Arc<Computed>)> {
        match self {
            Self::Numeric(computed) | Self::Choice(computed) => vec![("", computed)],
            Self::Concept(_) | Self::Recall(_) => Vec::new(),
            Self::Multi(Multi { parts, .. }) | Self::Open(Open { parts, .. }) => {
                parts.iter().map(|p| (p.id.as_str(), &p.computed)).collect()
            }
        }
    }

    /// Returns every misconception that an answer can be told to show, with its family.
    #[must_use]
    pub fn misconceptions(&self) -> Vec<(&str, &Arc<Family>)> {
        let mut out: Vec<(&str, &Arc<Family>)> = Vec::new();
        for (_, computed) in self.computed() {
            out.extend(computed.misconceptions.iter().map(|m| (m.id.as_str(), &m.family)));
        }
        match self {
            Self::Concept(options) => {
                let wrong = options.iter().filter_map(|o| o.wrong.as_ref());
                out.extend(wrong.map(|w| (w.id.as_str(), &w.family)));
            }
            Self::Multi(Multi { decision: Some(decision), .. }) => {
                let wrong = decision.options.iter().map(|o| &o.wrong);
                out.extend(wrong.map(|w| (w.id.as_str(), &w.family)));
            }
            _ => {}
        }
        out
    }
}
