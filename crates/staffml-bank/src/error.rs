//! What can go wrong between a bank and a question.

use crate::expr::ExprError;
use crate::log::LogError;
use crate::oracle::OracleError;
use crate::quantity::ParseError;

/// Result of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// An error of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that is no quantity.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The progress log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file or folder that cannot be read.
    #[error("cannot read {path}: {why}")]
    Io {
        /// The path.
        path: String,
        /// The reason the system gives.
        why: String,
    },
    /// No template of that name.
    #[error("no template `{id}`{}", hint(near.as_deref()))]
    UnknownTemplate {
        /// The name.
        id: String,
        /// A known name like it.
        near: Option<String>,
    },
    /// No chain of that name.
    #[error("no chain `{id}`{}", hint(near.as_deref()))]
    UnknownChain {
        /// The name.
        id: String,
        /// A known name like it.
        near: Option<String>,
    },
    /// No study plan of that name.
    #[error("no plan `{id}`{}", hint(near.as_deref()))]
    UnknownPlan {
        /// The name.
        id: String,
        /// A known name like it.
        near: Option<String>,
    },
    /// A word that is not in its list.
    #[error("no {what} `{word}`{}", hint(near.as_deref()))]
    UnknownWord {
        /// What it should be, for example `topic`.
        what: &'static str,
        /// The word.
        word: String,
        /// A known word like it.
        near: Option<String>,
    },
    /// A list that cannot be used.
    #[error("the list of {what} cannot be used: {why}")]
    BadList {
        /// What it lists.
        what: &'static str,
        /// The reason and the remedy.
        why: String,
    },
    /// No parameter of that name, or one that cannot be given.
    #[error("{template} has no parameter `{name}` to give; it takes {known}")]
    UnknownParam {
        /// The template.
        template: String,
        /// The name.
        name: String,
        /// The parameters it has.
        known: String,
    },
    /// A value that its parameter cannot take.
    #[error("{template}: parameter `{name}` cannot be `{value}`: {why}")]
    BadValue {
        /// The template.
        template: String,
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// The reason.
        why: String,
    },
    /// The given values contradict a condition of the template.
    #[error("{template}: the values {values} do not satisfy `{condition}`")]
    Require {
        /// The template.
        template: String,
        /// The condition.
        condition: String,
        /// The values.
        values: String,
    },
    /// A question that does not ask for one number, where one is wanted.
    #[error("{template} is of kind `{kind}` and asks for no single number")]
    NoNumber {
        /// The template.
        template: String,
        /// Its kind.
        kind: String,
    },
    /// No variant could be drawn.
    #[error("{template}: no usable variant in {attempts} draws from seed {seed}; last: {why}")]
    Exhausted {
        /// The template.
        template: String,
        /// The seed.
        seed: u64,
        /// How many draws were made.
        attempts: u32,
        /// Why the last one was refused.
        why: String,
    },
    /// An expression of a template failed.
    #[error("{template}: {place}: {source}")]
    Expr {
        /// The template.
        template: String,
        /// Where the expression stands.
        place: String,
        /// What failed.
        source: ExprError,
    },
    /// The oracle gave no answer.
    #[error("{template}: {source}")]
    Oracle {
        /// The template.
        template: String,
        /// What failed.
        source: OracleError,
    },
}

impl Error {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Parse(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Io { .. } => "E-IO",
            Self::UnknownTemplate { .. } => "E-TEMPLATE",
            Self::UnknownChain { .. } => "E-CHAIN",
            Self::UnknownPlan { .. } => "E-PLAN",
            Self::UnknownWord { .. } => "E-WORD",
            Self::BadList { .. } => "E-LIST",
            Self::UnknownParam { .. } | Self::BadValue { .. } => "E-PARAM",
            Self::Require { .. } => "E-REQUIRE",
            Self::NoNumber { .. } => "E-KIND",
            Self::Exhausted { .. } => "E-GEN-EXHAUSTED",
            Self::Expr { .. } => "E-EXPR",
            Self::Oracle { source, .. } => source.code(),
        }
    }
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
