//! Checks on drawn variants.

use super::{Findings, TemplateReport};
use crate::error::Error;
use crate::grade::Class;
use crate::model::ParamKind;
use crate::model::taxonomy::Level;
use crate::quantity::{Quantity, Unit, format};
use crate::variant::{Draw, Instance, Names, ParamValue, Style, one_attempt};

/// Largest relative difference of two computations of one key.
const AGREE: f64 = 1e-9;

pub(super) fn check(
    found: &mut Findings<'_>,
    oracle: &dyn crate::oracle::Oracle,
    n_seeds: u32,
) -> TemplateReport {
    let template = found.template.clone();
    let n_wrong = template.misconceptions.len();
    let (mut n_usable, mut n_kept, mut n_drawn) = (0_u32, 0_u32, 0_u32);
    let mut same = vec![0_u32; n_wrong];
    let mut pairs = vec![0_u32; n_wrong * n_wrong];
    let mut applies = vec![0_u32; n_wrong];
    let mut n_values = 0_u32;
    for seed in 0..n_seeds {
        n_drawn += 1;
        let instance = match one_attempt(&template, oracle, &Draw::seed(u64::from(seed)), 0) {
            Ok(instance) => instance,
            Err(Error::Require { .. }) => continue,
            Err(error) => {
                found.add(
                    "E-EVAL",
                    template.answer.line,
                    format!("seed {seed}: {error}"),
                    "correct the template",
                );
                break;
            }
        };
        n_values += 1;
        if instance.wrong.len() >= 2 {
            n_usable += 1;
        }
        n_kept += u32::try_from(instance.wrong.len()).unwrap_or(u32::MAX);
        coincide(&instance, &mut same, &mut pairs);
        for (n, wrong) in applies.iter_mut().zip(&template.misconceptions) {
            *n += u32::from(instance.candidates.iter().any(|(id, _)| *id == wrong.id));
        }
        for (id, why) in &instance.broken {
            let line = template.misconceptions.iter().find(|m| m.id == *id).map_or(0, |m| m.line);
            found.add(
                "V-MISC-EVAL",
                line,
                format!("`{id}`, seed {seed}: {why}"),
                "correct the misconception",
            );
        }
        instance_holds(found, &instance);
        scaling(found, oracle, &instance);
    }
    let often = |n: u32| n_values >= 5 && n * 10 > n_values * 4;
    for (i, wrong) in template.misconceptions.iter().enumerate() {
        if wrong.when.is_some() && n_values >= 5 && applies[i] * 20 < n_values {
            let what = format!("`{}` applies in {} of {n_values} variants", wrong.id, applies[i]);
            found.add("V-MISC-WHEN", wrong.line, what, "drop it or widen the parameters");
        }
        if often(same[i]) || (wrong.when.is_some() && same[i] * 10 > applies[i] * 4) {
            let what = format!(
                "`{}` leads to the right answer in {} of {} variants",
                wrong.id, same[i], applies[i]
            );
            found.add(
                "V-MISC-SAME",
                wrong.line,
                what,
                "declare another misconception or widen the parameters",
            );
        }
        for (j, other) in template.misconceptions.iter().enumerate().skip(i + 1) {
            let n = pairs[i * n_wrong + j];
            if often(n) {
                let what = format!(
                    "`{}` and `{}` coincide in {n} of {n_values} variants",
                    wrong.id, other.id
                );
                found.add("V-MISC-PAIR", other.line, what, "keep one, or widen the parameters");
            }
        }
    }
    let space = template
        .params
        .iter()
        .try_fold(1_u64, |product, param| product.checked_mul(n_values_of(&param.kind, oracle)));
    let needed = if template.class.level == Level::L1 { 64 } else { 200 };
    if space.is_some_and(|n| n < needed) {
        let what = format!("{} variants at most", space.unwrap_or(0));
        found.add("V-SPACE", 0, what, &format!("a template of this level has at least {needed}"));
    }
    if n_drawn > 0 && n_usable * 4 < n_drawn {
        let what = format!("{n_usable} of {n_drawn} draws are usable");
        found.add("W-GEN-LOW", 0, what, "narrow the parameters to what the conditions allow");
    }
    TemplateReport {
        id: template.id().to_owned(),
        n_drawn,
        n_usable,
        mean_survivors: f64::from(n_kept) / f64::from(n_values.max(1)),
        space,
    }
}

/// Counts the misconceptions that fall to the right answer, and pairs that fall together.
fn coincide(instance: &Instance, same: &mut [u32], pairs: &mut [u32]) {
    let template = &instance.template;
    let tolerance = template.answer.tolerance;
    let value = |i: usize| {
        let id = &template.misconceptions[i].id;
        instance.candidates.iter().find(|(known, _)| known == id).map(|(_, value)| *value)
    };
    let n = same.len();
    for i in 0..n {
        let Some(here) = value(i) else { continue };
        if !tolerance.separates(here, instance.key.value) {
            same[i] += 1;
            continue;
        }
        for j in i + 1..n {
            if value(j).is_some_and(|there| !tolerance.separates(here, there)) {
                pairs[i * n + j] += 1;
            }
        }
    }
}

/// How many values a parameter can take; records are counted in the registry.
fn n_values_of(kind: &ParamKind, oracle: &dyn crate::oracle::Oracle) -> u64 {
    if let Some(n) = kind.n_values() {
        return n;
    }
    let ParamKind::Record { registry, tags, .. } = kind else { return 1 };
    let carries = |key: &String| {
        oracle.lookup(*registry, key).is_some_and(|r| tags.iter().all(|t| r.tags.contains(t)))
    };
    oracle.keys(*registry).iter().filter(|key| carries(key)).count() as u64
}

/// What must hold for every single variant.
fn instance_holds(found: &mut Findings<'_>, instance: &Instance) {
    let template = instance.template.clone();
    let answer = &template.answer;
    let seed = instance.seed;
    if let Some((low, high)) = answer.plausible
        && !(low..=high).contains(&instance.key.value)
    {
        let what = format!("seed {seed}: the answer is {}", instance.key.display());
        found.add(
            "V-PLAUSIBLE",
            answer.line,
            what,
            &format!("{low} to {high} {} is plausible", answer.unit),
        );
    }
    if let Some(check) = &answer.check {
        let names = Names { values: &instance.params, plain: true };
        match check.quantity(&names, "check") {
            Ok(value) => {
                let value = answer.rounding.apply(value.value());
                let size = value.abs().max(instance.key.value.abs());
                if (value - instance.key.value).abs() > AGREE * size {
                    let what = format!(
                        "seed {seed}: the oracle says {}, the closed form {value}",
                        instance.key.value
                    );
                    found.add("V-CROSS", answer.line, what, "one of the two is wrong");
                }
            }
            Err(error) => found.add(
                "V-CROSS",
                answer.line,
                format!("seed {seed}: {error}"),
                "correct `check`",
            ),
        }
    }
    let displayed = instance.key.display();
    let solution = instance.solution(Style::Plain);
    let last = solution.lines().last().unwrap_or_default();
    for text in [displayed.as_str(), last] {
        let verdict = instance.grade(text);
        if !verdict.is_correct() {
            let what = format!(
                "seed {seed}: `{text}` is graded {} {}",
                verdict.class.name(),
                verdict.code
            );
            found.add("V-SELF-GRADE", answer.line, what, "widen the tolerance or change the unit");
        }
    }
    for wrong in &instance.wrong {
        let text = instance.key.display_value(wrong.value);
        let verdict = instance.grade(&text);
        if verdict.class != Class::Misconception || verdict.code != wrong.id.as_str() {
            let line =
                template.misconceptions.iter().find(|m| m.id == wrong.id).map_or(0, |m| m.line);
            let what = format!(
                "seed {seed}: `{text}` is graded {} {}",
                verdict.class.name(),
                verdict.code
            );
            found.add("V-MISC-GRADE", line, what, "tell it further apart");
        }
    }
    for hint in &template.hints {
        if hint.contains(&displayed) {
            found.add(
                "V-HINT-LEAK",
                0,
                format!("a hint gives `{displayed}` away"),
                "reword the hint",
            );
        }
    }
    for (name, value) in &instance.params {
        round_trip(found, name, value, seed);
    }
}

/// The printed form of a number must read back as the number used.
fn round_trip(found: &mut Findings<'_>, name: &str, value: &ParamValue, seed: u64) {
    let ParamValue::Number { number, unit } = value else { return };
    let line = found.template.param(name).map_or(0, |p| p.line);
    for spec in ["", ","] {
        let printed = value.print(None, spec).unwrap_or_default();
        let read = Quantity::parse(&printed).map(|q| q.value().to_bits());
        if read != Ok(Quantity::new(*number, unit).value().to_bits()) {
            let what = format!(
                "seed {seed}: `{name}` prints as `{printed}`, which reads back differently"
            );
            found.add("V-PARAM-ROUNDTRIP", line, what, "give it values with fewer digits");
        }
    }
}

/// Doubling a parameter must multiply the answer by the declared power of two.
fn scaling(found: &mut Findings<'_>, oracle: &dyn crate::oracle::Oracle, instance: &Instance) {
    let template = instance.template.clone();
    for (name, exponent) in &template.answer.scales {
        let mut draw = Draw::seed(instance.seed);
        for (param, value) in &instance.params {
            if template.param(param).is_some_and(|p| p.kind.name() == "derived") {
                continue;
            }
            draw = match value {
                ParamValue::Number { number, unit } => {
                    let number = if param == name { 2.0 * number } else { *number };
                    if unit.text().is_empty() || *unit == declared(&template, param) {
                        draw.number(param, number)
                    } else {
                        draw.text(param, &format!("{} {unit}", format::full(number)))
                    }
                }
                ParamValue::Text(text) => draw.text(param, text),
                ParamValue::Record(record) => draw.text(param, &record.key),
            };
        }
        // A doubled value may break a condition of the template; then this variant says nothing.
        let Ok(doubled) = one_attempt(&template, oracle, &draw, 0) else { continue };
        let (ratio, want) = (doubled.key.value / instance.key.value, libm::pow(2.0, *exponent));
        if (ratio - want).abs() > AGREE * want {
            let what = format!("doubling `{name}` multiplies the answer by {ratio}, not by {want}");
            found.add("V-SCALE", template.answer.line, what, "correct the binding or `scales`");
        }
    }
}

fn declared(template: &crate::model::Template, param: &str) -> Unit {
    template.param(param).map_or_else(Unit::pure, |p| p.unit.clone())
}
