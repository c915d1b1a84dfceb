//! The best of a list of designs under constraints, with every refusal counted.
//!
//! A design is anything that can be evaluated into named metrics.
//! Objective and constraints are short texts over those names, with units: `minimize(performance.latency)`,
//! `performance.mfu > 0.3`, `performance.latency < 50 ms`.

use crate::error::{Error, Result, SearchError};
use crate::units::{Quantity, parse};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// Whether small or large is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Small is good.
    Minimize,
    /// Large is good.
    Maximize,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// Whether small or large is good.
    pub sense: Sense,
    /// Name of the metric.
    pub metric: String,
}

impl Objective {
    /// Reads `minimize: METRIC`, `minimize(METRIC)`, and the same with `maximize`.
    ///
    /// # Errors
    ///
    /// [`SearchError::Objective`] for any other text.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::evaluate::search::{Objective, Sense};
    ///
    /// let objective = Objective::parse("minimize(performance.latency)")?;
    /// assert_eq!((objective.sense, objective.metric.as_str()), (Sense::Minimize, "performance.latency"));
    /// assert!(Objective::parse("best: latency").is_err());
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let refused = || Error::from(SearchError::Objective { text: text.into() });
        let trimmed = text.trim();
        let (sense, rest) = [("minimize", Sense::Minimize), ("maximize", Sense::Maximize)]
            .into_iter()
            .find_map(|(word, sense)| Some((sense, trimmed.strip_prefix(word)?.trim())))
            .ok_or_else(refused)?;
        let inside = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let metric = inside.or_else(|| rest.strip_prefix(':')).map(str::trim);
        match metric {
            Some(metric) if is_name(metric) => Ok(Self { sense, metric: metric.into() }),
            _ => Err(refused()),
        }
    }
}

/// How a metric is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

impl Comparison {
    /// Every comparison; a longer sign stands before the shorter one that it begins with.
    const ALL: [(&'static str, Self); 5] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("<", Self::Below),
        (">", Self::Above),
    ];

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::Above => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left.to_bits() == right.to_bits(),
        }
    }
}

/// A condition on a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// Name of the metric.
    pub metric: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub bound: Quantity,
}

impl Constraint {
    /// Reads `METRIC < BOUND`, with one of `<`, `<=`, `>`, `>=`, `==`, and a bound with its unit.
    ///
    /// # Errors
    ///
    /// [`SearchError::Constraint`] for a text of another form, a [`crate::units::ParseError`] for its bound.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = || Error::from(SearchError::Constraint { text: text.into() });
        let split = Comparison::ALL.into_iter().find_map(|(sign, comparison)| {
            let (metric, bound) = text.split_once(sign)?;
            Some((metric.trim(), comparison, bound.trim()))
        });
        let (metric, comparison, bound) = split.ok_or_else(refused)?;
        if !is_name(metric) {
            return Err(refused());
        }
        Ok(Self { metric: metric.into(), comparison, bound: parse(bound)? })
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Comparison::ALL.iter().find(|(_, known)| *known == self.comparison);
        write!(f, "{} {} {}", self.metric, sign.map_or("?", |(sign, _)| sign), self.bound)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// The metrics of one design, and whether it can exist at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluated {
    /// Why it cannot, if it cannot.
    pub infeasible: Option<String>,
    /// Names and values.
    pub metrics: Vec<(String, Quantity)>,
}

impl Evaluated {
    fn metric(&self, name: &str) -> Result<Quantity> {
        self.metrics.iter().find(|(known, _)| known == name).map(|(_, value)| *value).ok_or_else(
            || {
                let names = self.metrics.iter().map(|(known, _)| known.as_str());
                let near = crate::near::nearest(name, names);
                SearchError::Metric { name: name.into(), near }.into()
            },
        )
    }
}

/// A design and its value of the objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<D> {
    /// The design.
    pub design: D,
    /// Its value.
    pub value: Quantity,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<D> {
    /// The designs that satisfy every constraint, best first; of equal ones the earlier.
    pub ranked: Vec<Ranked<D>>,
    /// Designs evaluated.
    pub evaluated: usize,
    /// Designs that cannot exist.
    pub infeasible: usize,
    /// Designs that each constraint refused, among those that can exist.
    pub refused: Vec<usize>,
}

/// Evaluates every design and ranks those that satisfy all constraints.
///
/// # Errors
///
/// - [`SearchError::Metric`] if objective or constraint name a metric that an existing design lacks.
/// - [`Error::DimensionMismatch`] if a bound measures something else than its metric.
/// - [`SearchError::Nothing`] with the counts if no design is left.
/// - What `evaluate` returns.
///
/// # Examples
///
/// ```
/// use mlsysim::evaluate::search::{Constraint, Evaluated, Objective, search};
/// use mlsysim::units::{Quantity, Seconds};
///
/// // A batch of n takes 5 + n ms.
/// let evaluate = |n: &u32| {
///     let time = Seconds(0.005 + 0.001 * f64::from(*n));
///     let rate = f64::from(*n) / time.0;
///     let metrics = vec![("time".into(), time.into()), ("rate".into(), Quantity::number(rate))];
///     Ok(Evaluated { infeasible: None, metrics })
/// };
/// let objective = Objective::parse("maximize(rate)")?;
/// let found = search(1..=64, evaluate, &objective, &[Constraint::parse("time <= 15.5 ms")?])?;
/// assert_eq!(found.ranked[0].design, 10);
/// assert_eq!((found.evaluated, found.refused[0]), (64, 54));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn search<D>(
    designs: impl IntoIterator<Item = D>,
    evaluate: impl Fn(&D) -> Result<Evaluated>,
    objective: &Objective,
    constraints: &[Constraint],
) -> Result<Found<D>> {
    let mut found = Found {
        ranked: Vec::new(),
        evaluated: 0,
        infeasible: 0,
        refused: alloc::vec![0; constraints.len()],
    };
    for design in designs {
        found.evaluated += 1;
        let evaluated = evaluate(&design)?;
        if evaluated.infeasible.is_some() {
            found.infeasible += 1;
            continue;
        }
        let value = evaluated.metric(&objective.metric)?;
        let mut holds = true;
        for (constraint, refused) in constraints.iter().zip(&mut found.refused) {
            let metric = evaluated.metric(&constraint.metric)?;
            constraint.bound.expect("search", &constraint.metric, metric.dimension)?;
            if !constraint.comparison.holds(metric.value, constraint.bound.value) {
                *refused += 1;
                holds = false;
            }
        }
        if holds {
            found.ranked.push(Ranked { design, value });
        }
    }
    if found.ranked.is_empty() {
        return Err(SearchError::Nothing {
            evaluated: found.evaluated,
            infeasible: found.infeasible,
            refused: constraints.iter().map(ToString::to_string).zip(found.refused).collect(),
        }
        .into());
    }
    found.ranked.sort_by(|a, b| {
        let (a, b) = (a.value.value, b.value.value);
        match objective.sense {
            Sense::Minimize => a.total_cmp(&b),
            Sense::Maximize => b.total_cmp(&a),
        }
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;
    use alloc::borrow::ToOwned as _;

    fn one(time: f64) -> Result<Evaluated> {
        let metrics = alloc::vec![("time".to_owned(), Seconds(time).into())];
        Ok(Evaluated { infeasible: (time > 9.0).then(|| "too long".into()), metrics })
    }

    #[test]
    fn equal_designs_stay_in_order_and_hopeless_ones_are_counted() {
        let objective = Objective::parse("minimize: time").unwrap();
        let designs = [("a", 2.0), ("b", 1.0), ("c", 10.0), ("d", 1.0)];
        let found = search(designs, |(_, time)| one(*time), &objective, &[]).unwrap();
        let names: Vec<&str> = found.ranked.iter().map(|ranked| ranked.design.0).collect();
        assert_eq!((names, found.infeasible), (alloc::vec!["b", "d", "a"], 1));
    }

    #[test]
    fn mistakes_are_told_apart() {
        let minimize = |metric: &str| Objective { sense: Sense::Minimize, metric: metric.into() };
        let run = |objective: &Objective, constraint: &str| {
            let constraint = Constraint::parse(constraint).unwrap();
            search([1.0], |time| one(*time), objective, &[constraint]).unwrap_err().to_string()
        };
        assert!(run(&minimize("tme"), "time < 1 s").contains("did you mean time"));
        assert!(run(&minimize("time"), "time < 1 GB").contains("time must be time"));
        assert!(
            run(&minimize("time"), "time < 1 ms").contains("`time < 1 ms` refuses 1"),
            "{}",
            run(&minimize("time"), "time < 1 ms")
        );
        for text in ["time ! 3", "< 3 s", "time <", "a b < 3 s"] {
            assert!(Constraint::parse(text).is_err(), "{text}");
        }
        assert_eq!(Constraint::parse("time >= 2 s").unwrap().comparison, Comparison::AtLeast);
    }
}
