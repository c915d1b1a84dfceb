//! The check of the check: faults planted in good questions, every one of which must be found.
//!
//! A check that finds nothing proves little until it is known to find what is there.
//! [`audit`] plants one fault of each [`Fault`] class in each numeric template and runs the checks that ran on the good
//! one. A fault counts as caught only if a code appears that belongs to its class and was not there before.

use core::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{Options, one};
use crate::bank::Bank;
use crate::error::Error;
use crate::expr::{BinaryOp, Expr};
use crate::model::taxonomy::{Kind, Level};
use crate::model::{
    Bind, Body, Change, Choice, Computed, Param, ParamKind, Phrase, Piece, Template,
};
use crate::oracle::Oracle;
use crate::quantity::Unit;
use crate::variant::{Draw, Instance, attempt};

/// A class of faults, after the defects that reviews of question banks find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The key is computed from other numbers than the stem gives.
    WrongKey,
    /// The stem speaks of a number that the solution knows nothing of.
    StemDisagrees,
    /// The numbers are of no machine on earth.
    Absurd,
    /// The stem names hardware that is in no registry.
    InventedHardware,
    /// The level is not that of the solution.
    WrongLevel,
    /// A wrong answer is right as well.
    WrongIsRight,
    /// A hint gives the answer away.
    GivenAway,
    /// The stem leaves out a number that the answer needs.
    Unanswerable,
}

impl Fault {
    /// All classes.
    pub const ALL: [Self; 8] = [
        Self::WrongKey,
        Self::StemDisagrees,
        Self::Absurd,
        Self::InventedHardware,
        Self::WrongLevel,
        Self::WrongIsRight,
        Self::GivenAway,
        Self::Unanswerable,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong key",
            Self::StemDisagrees => "stem disagrees",
            Self::Absurd => "absurd numbers",
            Self::InventedHardware => "invented hardware",
            Self::WrongLevel => "wrong level",
            Self::WrongIsRight => "wrong is right",
            Self::GivenAway => "given away",
            Self::Unanswerable => "unanswerable",
        }
    }

    /// Returns the codes that tell this fault.
    #[must_use]
    pub const fn codes(self) -> &'static [&'static str] {
        match self {
            Self::WrongKey => &["V-CROSS"],
            Self::StemDisagrees => &["V-DECOY"],
            Self::Absurd => &["V-PLAUSIBLE"],
            Self::InventedHardware => &["V-VENDOR"],
            Self::WrongLevel => &["W-LEVEL-FIT"],
            Self::WrongIsRight => &["V-MISC-SAME"],
            Self::GivenAway => &["V-HINT-LEAK"],
            Self::Unanswerable => &["V-BIND-SHOWN"],
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of the faults of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Caught {
    /// The class.
    pub fault: Fault,
    /// Templates in which it was planted and found.
    pub caught: usize,
    /// Templates in which it was planted and not found.
    pub missed: Vec<String>,
    /// Templates in which it could not be planted, so that nothing is known of them.
    pub unplanted: Vec<String>,
}

/// Plants each fault in each numeric template of a bank and counts those that are found.
#[must_use]
pub fn audit(bank: &Bank, oracle: &dyn Oracle, options: Options) -> Vec<Caught> {
    let mut out: Vec<Caught> = Fault::ALL
        .into_iter()
        .map(|fault| Caught { fault, caught: 0, missed: Vec::new(), unplanted: Vec::new() })
        .collect();
    let numeric = bank.templates().iter().filter(|t| t.head.kind == Kind::Numeric);
    for template in numeric {
        let codes = |template: &Arc<Template>| -> Vec<(&'static str, usize)> {
            one(template, oracle, options).0.iter().map(|p| (p.code, p.line)).collect()
        };
        let before = codes(template);
        for line in &mut out {
            let Some(planted) = plant(template, line.fault, oracle) else {
                line.unplanted.push(template.id().to_owned());
                continue;
            };
            let after = codes(&Arc::new(planted));
            let new = after.iter().filter(|found| !before.contains(found));
            if new.clone().any(|(code, _)| line.fault.codes().contains(code)) {
                line.caught += 1;
            } else {
                line.missed.push(template.id().to_owned());
            }
        }
    }
    out
}

/// Returns the template with a fault in it, or nothing if this fault cannot be planted there.
fn plant(template: &Arc<Template>, fault: Fault, oracle: &dyn Oracle) -> Option<Template> {
    let mut out = Template::clone(template);
    let computed = template.computed()?;
    match fault {
        Fault::WrongKey => return scaled(template, oracle, &[1.5, 0.5, 3.0], 1.01),
        Fault::Absurd => return scaled(template, oracle, &[1e6, 1e-6, 1e3, 1e-3], 10.0),
        Fault::StemDisagrees => {
            let values = vec![Choice::Number(2.0), Choice::Number(3.0)];
            out.params.push(Param {
                name: "planted".to_owned(),
                unit: Unit::pure(),
                kind: ParamKind::Choice(values),
                line: 1,
            });
            let place = Piece::Place { name: "planted".to_owned(), spec: String::new() };
            out.stem = extended(&template.stem, [Piece::Text(" There are ".to_owned()), place]);
        }
        Fault::InventedHardware => {
            let text = " It runs on a Jetson T9000.".to_owned();
            out.stem = extended(&template.stem, [Piece::Text(text)]);
        }
        Fault::WrongLevel => {
            // The level farthest from what the structure bears.
            let order = [Level::L6Plus, Level::L1, Level::L2, Level::L5, Level::L4, Level::L3];
            let fits = |level: Level| super::structure::level_fits(template, oracle, level);
            out.class.level = order.into_iter().find(|level| !fits(*level))?;
        }
        Fault::WrongIsRight => {
            let signature = oracle.signature(&computed.answer.equation)?;
            let last = computed.answer.output.clone();
            let last = last.or_else(|| signature.nodes.last().map(|n| n.name.clone()))?;
            let mut changed = Computed::clone(computed);
            let first = changed.misconceptions.first_mut()?;
            first.change =
                Change::Mutate { set: Vec::new(), scale: vec![(last, Expr::Number(1.0))] };
            first.when = None;
            out.body = Body::Numeric(Arc::new(changed));
        }
        Fault::GivenAway => {
            let instance = drawn(template, oracle)?;
            out.hints.push(format!("You should arrive at {}.", instance.key.display()));
        }
        Fault::Unanswerable => {
            let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
            let used = computed.answer.bind.iter().find_map(|(_, bind)| match bind {
                Bind::Expr(expr) => expr.names().first().map(|name| base(name)),
                Bind::Literal(_) => None,
            });
            // A derived parameter is reached through those that the stem shows.
            let used = shown_behind(template, &used?)?;
            let keeps =
                |piece: &&Piece| !matches!(piece, Piece::Place { name, .. } if base(name) == used);
            out.stem = Phrase::of(template.stem.pieces().iter().filter(keeps).cloned().collect());
        }
    }
    Some(out)
}

/// The shown parameter that stands for `name`: itself, or one that it is derived from.
fn shown_behind(template: &Template, name: &str) -> Option<String> {
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    if template.stem.names().any(|shown| base(shown) == name) {
        return Some(name.to_owned());
    }
    match &template.param(name)?.kind {
        ParamKind::Derived(expr) => {
            expr.names().into_iter().find_map(|inner| shown_behind(template, &base(inner)))
        }
        _ => None,
    }
}

/// The template with one input of its equation multiplied: of all inputs and factors that which moves the answer most,
/// if that is at least `least` times or, for a share that cannot move so far, out of the range of all right answers.
fn scaled(
    template: &Arc<Template>,
    oracle: &dyn Oracle,
    factors: &[f64],
    least: f64,
) -> Option<Template> {
    let computed = template.computed()?;
    let right = drawn(template, oracle)?.key.value;
    let all: Vec<f64> = (0..40)
        .filter_map(|seed| attempt(template, oracle, &Draw::seed(seed), 0).ok())
        .filter_map(|question| question.numbers().first().map(|n| n.key.value))
        .collect();
    let is_new = |value: f64| all.iter().all(|v| *v < value) || all.iter().all(|v| *v > value);
    let mut best: Option<(f64, Template)> = None;
    for factor in factors {
        for i in 0..computed.answer.bind.len() {
            let mut changed = Computed::clone(computed);
            let bind = &mut changed.answer.bind.get_mut(i)?.1;
            let Bind::Expr(expr) = bind else { continue };
            let (old, factor) = (Box::new(expr.clone()), Box::new(Expr::Number(*factor)));
            *bind = Bind::Expr(Expr::Binary(BinaryOp::Mul, old, factor));
            let mut out = Template::clone(template);
            out.body = Body::Numeric(Arc::new(changed));
            let out = Arc::new(out);
            let Some(wrong) = drawn(&out, oracle).map(|instance| instance.key.value) else {
                continue;
            };
            let moved = (wrong / right).abs();
            let moved = moved.max(1.0 / moved);
            let enough = moved >= least || is_new(wrong);
            if moved.is_finite() && enough && best.as_ref().is_none_or(|(most, _)| moved > *most) {
                best = Some((moved, Template::clone(&out)));
            }
        }
    }
    best.map(|(_, out)| out)
}

/// The first variant that the checks see, or nothing if there is none to be had: where one of the first cannot be evaluated the
/// checks say that and look no further.
fn drawn(template: &Arc<Template>, oracle: &dyn Oracle) -> Option<Instance> {
    let mut first = None;
    for seed in 0..20 {
        match attempt(template, oracle, &Draw::seed(seed), 0) {
            Ok(question) if first.is_none() => {
                first = question.numbers().first().map(|instance| Instance::clone(instance));
            }
            Ok(_) | Err(Error::Require { .. }) => {}
            Err(_) => return None,
        }
    }
    first
}

fn extended(stem: &Phrase, more: impl IntoIterator<Item = Piece>) -> Phrase {
    Phrase::of(stem.pieces().iter().cloned().chain(more).collect())
}
