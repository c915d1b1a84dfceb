//! Seed or given values to the values of a template's parameters.

use super::rng::stream;
use super::scope::Names;
use super::value::ParamValue;
use crate::error::{Error, Result};
use crate::expr::{ExprError, Value};
use crate::model::taxonomy::Track;
use crate::model::{Choice, Param, ParamKind, Template};
use crate::oracle::Oracle;
use crate::quantity::{Expect, Unit, format, parse};

/// Where the numbers of a variant come from: a seed, values given by the caller, or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draw {
    seed: u64,
    given: Vec<(String, Given)>,
    track: Option<Track>,
}

#[derive(Debug, Clone, PartialEq)]
enum Given {
    Number(f64),
    Text(String),
}

impl Draw {
    /// Draws everything from a seed.
    #[must_use]
    pub const fn seed(seed: u64) -> Self {
        Self { seed, given: Vec::new(), track: None }
    }

    /// Starts with no given values; what is not given afterwards is drawn from seed 0.
    #[must_use]
    pub const fn given() -> Self {
        Self::seed(0)
    }

    /// Gives a parameter a number in its own unit. The value need not be in the parameter's list.
    #[must_use]
    pub fn number(mut self, name: &str, value: f64) -> Self {
        self.given.push((name.to_owned(), Given::Number(value)));
        self
    }

    /// Gives a parameter a value as text: `64 MHz`, `FP16`, or the key of a device.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.given.push((name.to_owned(), Given::Text(value.to_owned())));
        self
    }

    /// Asks for the wording of a track, where the template has one.
    #[must_use]
    pub const fn track(mut self, track: Track) -> Self {
        self.track = Some(track);
        self
    }

    /// Gives a parameter the value that it has in another variant.
    #[must_use]
    pub fn value(self, name: &str, value: &ParamValue) -> Self {
        match value {
            ParamValue::Number { number, unit } if unit.text().is_empty() => {
                self.number(name, *number)
            }
            ParamValue::Number { number, unit } => {
                self.text(name, &format!("{} {unit}", format::full(*number)))
            }
            ParamValue::Text(text) => self.text(name, text),
            ParamValue::Record(record) => self.text(name, &record.key),
        }
    }

    /// Returns the seed.
    pub(super) const fn the_seed(&self) -> u64 {
        self.seed
    }

    /// Returns the track.
    pub(super) const fn the_track(&self) -> Option<Track> {
        self.track
    }

    /// Checks that the given values have parameters, each once.
    pub(super) fn fits(&self, template: &Template) -> Result<()> {
        for (i, (name, _)) in self.given.iter().enumerate() {
            let param = template.param(name).filter(|p| !matches!(p.kind, ParamKind::Derived(_)));
            if param.is_none() || self.given[..i].iter().any(|(n, _)| n == name) {
                let known = template.params.iter();
                let known = known.filter(|p| !matches!(p.kind, ParamKind::Derived(_)));
                let known: Vec<&str> = known.map(|p| p.name.as_str()).collect();
                return Err(Error::UnknownParam {
                    template: template.id().to_owned(),
                    name: name.clone(),
                    known: known.join(", "),
                });
            }
        }
        Ok(())
    }

    /// Returns whether every parameter that could be drawn and enters the answer is given.
    pub(super) fn covers(&self, template: &Template) -> bool {
        let is_free = |p: &Param| {
            matches!(p.kind, ParamKind::Derived(_)) || template.decoys.contains(&p.name)
        };
        let is_given = |p: &Param| self.given.iter().any(|(name, _)| *name == p.name);
        template.params.iter().all(|p| is_free(p) || is_given(p))
    }
}

/// Draws or takes the values once: parameters, then hidden constants. They satisfy the conditions of the template.
pub(super) fn values(
    template: &Template,
    oracle: &dyn Oracle,
    draw: &Draw,
    attempt: u32,
) -> Result<Vec<(String, ParamValue)>> {
    let mut values: Vec<(String, ParamValue)> =
        Vec::with_capacity(template.params.len() + template.hidden.len());
    for param in &template.params {
        let given = draw.given.iter().find(|(name, _)| *name == param.name);
        let value = match (&param.kind, given) {
            (_, Some((_, given))) => take(template, oracle, param, given)?,
            (ParamKind::Derived(expr), None) => {
                let value = expr.eval(&Names { values: &values, plain: false });
                let failed = |source| Error::Expr {
                    template: template.id().to_owned(),
                    place: format!("params.{}", param.name),
                    source,
                };
                derived(param, value.map_err(failed)?).map_err(failed)?
            }
            (_, None) => random(template, oracle, param, draw.seed, attempt)?,
        };
        values.push((param.name.clone(), value));
    }
    let drawn = if draw.covers(template) { &[][..] } else { &template.draw_if };
    for (text, condition) in template.require.iter().chain(drawn) {
        let holds = condition.truth(&Names { values: &values, plain: false }, "a condition");
        let holds = holds.map_err(|source| Error::Expr {
            template: template.id().to_owned(),
            place: format!("condition `{text}`"),
            source,
        })?;
        if !holds {
            return Err(Error::Require {
                template: template.id().to_owned(),
                condition: text.clone(),
                values: show(&values),
            });
        }
    }
    for (name, fact) in &template.hidden {
        let value = ParamValue::Number { number: fact.number, unit: fact.unit.clone() };
        values.push((name.clone(), value));
    }
    Ok(values)
}

/// `n = 8970, b = 8 bit`
pub(super) fn show(values: &[(String, ParamValue)]) -> String {
    let parts = values.iter().filter_map(|(n, v)| Some(format!("{n} = {}", v.print(None, "")?)));
    parts.collect::<Vec<String>>().join(", ")
}

fn derived(param: &Param, value: Value) -> core::result::Result<ParamValue, ExprError> {
    match value {
        Value::Text(text) => Ok(ParamValue::Text(text)),
        Value::Quantity(q) => {
            let unit = if param.unit.dim() == q.dim() {
                param.unit.clone()
            } else {
                Unit::canonical(q.dim())
            };
            // What is printed and what is used must be the same digits.
            let number = format::round_to(q.value() / unit.factor(), 15);
            Ok(ParamValue::Number { number, unit })
        }
        Value::Bool(_) => Err(ExprError::Type {
            op: "derived".to_owned(),
            want: "a number",
            got: "a truth value".to_owned(),
        }),
    }
}

/// A value given by the caller.
fn take(
    template: &Template,
    oracle: &dyn Oracle,
    param: &Param,
    given: &Given,
) -> Result<ParamValue> {
    let bad = |value: String, why: String| Error::BadValue {
        template: template.id().to_owned(),
        name: param.name.clone(),
        value,
        why,
    };
    if let ParamKind::Record { registry, .. } = &param.kind {
        let key = match given {
            Given::Text(key) => key.clone(),
            Given::Number(n) => format::full(*n),
        };
        let record = oracle.lookup(*registry, &key);
        return record.map(|r| ParamValue::Record(Box::new(r))).ok_or_else(|| {
            bad(key, format!("the registry has {}", oracle.keys(*registry).join(", ")))
        });
    }
    let unit = unit_of(param);
    match (given, unit) {
        (Given::Number(n), Some(unit)) if n.is_finite() => {
            Ok(ParamValue::Number { number: *n, unit: unit.clone() })
        }
        (Given::Number(n), Some(_)) => Err(bad(format::full(*n), "not a finite number".to_owned())),
        (Given::Number(n), None) => {
            Err(bad(format::full(*n), "it is a name, not a number".to_owned()))
        }
        (Given::Text(text), None) => Ok(ParamValue::Text(text.clone())),
        (Given::Text(text), Some(unit)) => {
            let typed = parse(text, Expect::dim(unit.dim()))
                .map_err(|e| bad(text.clone(), e.to_string()))?;
            if typed.has_unit {
                // A parameter with a unit of its own keeps it; where each value brings its unit, so does this one.
                let own = text.trim().split_once(' ').and_then(|(_, u)| Unit::parse(u).ok());
                let own = own.filter(|_| param.unit.text().is_empty());
                let unit = own.as_ref().unwrap_or(unit);
                let number = typed
                    .quantity
                    .in_unit(unit)
                    .filter(|_| typed.quantity.dim() == want_dim(param));
                let number = number.ok_or_else(|| {
                    bad(
                        text.clone(),
                        format!("it is {}, not {}", typed.quantity.dim(), want_dim(param)),
                    )
                })?;
                Ok(ParamValue::Number { number: format::round_to(number, 15), unit: unit.clone() })
            } else if unit.dim().is_none() {
                Ok(ParamValue::Number { number: typed.quantity.value(), unit: unit.clone() })
            } else {
                Err(bad(text.clone(), format!("give a unit, for example `{text} {unit}`")))
            }
        }
    }
}

fn want_dim(param: &Param) -> crate::quantity::Dim {
    unit_of(param).map_or(crate::quantity::Dim::NONE, Unit::dim)
}

/// The unit of a parameter's numbers; `None` if its values are names.
fn unit_of(param: &Param) -> Option<&Unit> {
    match &param.kind {
        ParamKind::Choice(values) => values.iter().find_map(|v| match v {
            Choice::Quantity(_, unit) => Some(unit),
            Choice::Number(_) => Some(&param.unit),
            Choice::Text(_) => None,
        }),
        _ => Some(&param.unit),
    }
}

/// A value drawn from the parameter's own stream.
fn random(
    template: &Template,
    oracle: &dyn Oracle,
    param: &Param,
    seed: u64,
    attempt: u32,
) -> Result<ParamValue> {
    let mut rng = stream(template.id(), template.head.version.major, &param.name, seed, attempt);
    let index = |rng: &mut super::rng::SplitMix64, n: usize| {
        usize::try_from(rng.below(n as u64)).unwrap_or(0).min(n.saturating_sub(1))
    };
    let number = |number| ParamValue::Number { number, unit: param.unit.clone() };
    let none = |why: &str| Error::BadValue {
        template: template.id().to_owned(),
        name: param.name.clone(),
        value: "a draw".to_owned(),
        why: why.to_owned(),
    };
    match &param.kind {
        ParamKind::Choice(values) => match values.get(index(&mut rng, values.len())) {
            Some(Choice::Number(n)) => Ok(number(*n)),
            Some(Choice::Quantity(q, unit)) => {
                let number = format::round_to(q.value() / unit.factor(), 15);
                Ok(ParamValue::Number { number, unit: unit.clone() })
            }
            Some(Choice::Text(text)) => Ok(ParamValue::Text(text.clone())),
            None => Err(none("there is nothing to choose from")),
        },
        ParamKind::Int { min, max, step } => {
            let count = param.kind.n_values().unwrap_or(1);
            let k = i64::try_from(rng.below(count)).unwrap_or(0);
            let value = k.checked_mul(*step).and_then(|o| min.checked_add(o)).unwrap_or(*max);
            Ok(number(exact_f64(value)))
        }
        ParamKind::Grid { mantissas, low, high } => {
            let mantissa = mantissas.get(index(&mut rng, mantissas.len())).copied().unwrap_or(1.0);
            let decades = u64::try_from(i16::from(*high) - i16::from(*low)).unwrap_or(0) + 1;
            let decade = i64::from(*low) + i64::try_from(rng.below(decades)).unwrap_or(0);
            // The decimal reader rounds once; a product with a power of ten would round twice.
            Ok(number(format!("{mantissa}e{decade}").parse().unwrap_or(mantissa)))
        }
        ParamKind::Record { registry, keys, tags } => {
            let candidates: Vec<String> = if keys.is_empty() {
                let all = oracle.keys(*registry).into_iter();
                let carries = |key: &String| {
                    let record = oracle.lookup(*registry, key);
                    record.is_some_and(|r| tags.iter().all(|t| r.tags.contains(t)))
                };
                all.filter(carries).collect()
            } else {
                keys.clone()
            };
            let key = candidates.get(index(&mut rng, candidates.len()));
            let record = key.and_then(|key| oracle.lookup(*registry, key));
            record
                .map(|r| ParamValue::Record(Box::new(r)))
                .ok_or_else(|| none("the oracle knows no such record"))
        }
        ParamKind::Derived(_) => Err(none("derived parameters are not drawn")),
    }
}

/// Whole numbers of templates are far below 2^53; beyond, the nearest float serves.
fn exact_f64(value: i64) -> f64 {
    format!("{value}").parse().unwrap_or(0.0)
}
