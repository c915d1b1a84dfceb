//! A question as data: classification, text, parameters, answer, wrong turns.
//!
//! A [`Template`] is one TOML file. It holds no number that a learner is asked for: the answer and every recognized
//! wrong answer name an equation and how its inputs follow from the parameters.
//! Reading collects every mistake with its line ([`crate::problem::Problem`]) and stops at none.
//!
//! Reading order: [`taxonomy`] and [`Topic`] classify, [`Param`] and [`Phrase`] make the text, [`Answer`] and
//! [`Misconception`] make the numbers, [`Body`] says what each kind of question asks for; [`Chain`] and [`Plan`] put
//! questions in a row.

mod answer;
mod body;
mod chain;
mod edges;
mod facts;
mod head;
mod misconceptions;
mod param;
mod phrase;
mod plan;
mod reading;
pub mod taxonomy;
mod topics;

pub use answer::{Answer, Bind, Change, Misconception, Rounding};
pub use body::{
    About, Alternative, Best, Body, Computed, Contender, Decision, Mark, Multi, Open, Part, Row,
    Worth, WrongIdea,
};
pub use chain::Chain;
pub(crate) use chain::read_chain;
pub(crate) use edges::read_edges;
pub use edges::{Edge, EdgeKind};
pub use facts::{Fact, Facts};
pub use head::{Classification, Day, Difficulty, Head, Reference, Review, Version};
pub use misconceptions::{Family, Misconceptions};
pub use param::{Choice, Param, ParamKind};
pub use phrase::{Phrase, Piece};
pub use plan::Plan;
pub(crate) use plan::read_plan;
pub(crate) use reading::{Context as ReadContext, read_template};
pub use topics::Topic;

use std::sync::Arc;

use self::taxonomy::Track;
use crate::expr::Expr;

/// A question whose numbers are parameters.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Template {
    /// Identity and history.
    pub head: Head,
    /// Where it belongs.
    pub class: Classification,
    /// The question, or the situation that its parts ask about, or the front of a card.
    pub stem: Phrase,
    /// Other wordings of the question for some tracks.
    pub track_stems: Vec<(Track, Phrase)>,
    /// What varies, in the order of the file; each may use those before it.
    pub params: Vec<Param>,
    /// Conditions without which the question makes no sense, with their text.
    pub require: Vec<(String, Expr)>,
    /// Further conditions on drawn variants, so that they are realistic and their wrong answers differ. Values given
    /// by a caller need not satisfy them.
    pub draw_if: Vec<(String, Expr)>,
    /// Parameters that are shown and unused on purpose.
    pub decoys: Vec<String>,
    /// Constants used and not shown, by the name they have here.
    pub hidden: Vec<(String, Arc<Fact>)>,
    /// Why a model may be larger than the machine it meets.
    pub infeasible_ok: Option<String>,
    /// What is asked for.
    pub body: Body,
    /// Hints, weakest first.
    pub hints: Vec<String>,
    /// The one idea to keep.
    pub takeaway: String,
    /// Where to read more.
    pub references: Vec<Reference>,
    /// The file it was read from, relative to the bank.
    pub file: String,
}

impl Template {
    /// Returns the identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// Returns the parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|p| p.name == name)
    }

    /// Returns the number asked for, where the question asks for one number.
    #[must_use]
    pub const fn computed(&self) -> Option<&Arc<Computed>> {
        match &self.body {
            Body::Numeric(computed) | Body::Choice(computed) => Some(computed),
            _ => None,
        }
    }

    /// Returns the wording for a track.
    #[must_use]
    pub fn stem_for(&self, track: Option<Track>) -> &Phrase {
        let own = self.track_stems.iter().find(|(t, _)| Some(*t) == track);
        own.map_or(&self.stem, |(_, stem)| stem)
    }
}
