//! What must hold for every number of every drawn variant.

use super::Findings;
use crate::grade::Class;
use crate::oracle::Oracle;
use crate::quantity::Quantity;
use crate::variant::{Draw, Instance, Names, ParamValue, Question, Style, attempt};

/// Largest relative difference of two computations of one key.
pub(super) const AGREE: f64 = 1e-9;

/// How often misconceptions of one number fell to the right answer or together.
pub(super) struct Coincidences {
    n_values: u32,
    /// In how many variants each misconception applies.
    applies: Vec<u32>,
    same: Vec<u32>,
    pairs: Vec<u32>,
}

impl Coincidences {
    pub(super) fn new(n_wrong: usize) -> Self {
        Self {
            n_values: 0,
            applies: vec![0; n_wrong],
            same: vec![0; n_wrong],
            pairs: vec![0; n_wrong * n_wrong],
        }
    }

    /// Counts one variant.
    pub(super) fn count(&mut self, instance: &Instance) {
        self.n_values += 1;
        let computed = &instance.computed;
        let tolerance = computed.answer.tolerance;
        let value = |i: usize| {
            let id = &computed.misconceptions[i].id;
            instance.candidates.iter().find(|(known, _)| known == id).map(|(_, value)| *value)
        };
        let n = self.same.len();
        for i in 0..n {
            let Some(here) = value(i) else { continue };
            self.applies[i] += 1;
            if !tolerance.separates(here, instance.key.value) {
                self.same[i] += 1;
                continue;
            }
            for j in i + 1..n {
                if value(j).is_some_and(|there| !tolerance.separates(here, there)) {
                    self.pairs[i * n + j] += 1;
                }
            }
        }
    }

    /// Reports what fell together in more than 40 % of the variants.
    pub(super) fn report(&self, found: &mut Findings<'_>, computed: &crate::model::Computed) {
        let n_values = self.n_values;
        let often = |n: u32| n_values >= 5 && n * 10 > n_values * 4;
        let n_wrong = self.same.len();
        for (i, wrong) in computed.misconceptions.iter().enumerate() {
            let (same, applies, sometimes) = (self.same[i], self.applies[i], wrong.when.is_some());
            if sometimes && n_values >= 5 && applies * 20 < n_values {
                let what = format!("`{}` applies in {applies} of {n_values} variants", wrong.id);
                found.add("V-MISC-WHEN", wrong.line, what, "drop it or widen the parameters");
            }
            if often(same) || (sometimes && same * 10 > applies * 4) {
                let what = format!(
                    "`{}` leads to the right answer in {same} of {applies} variants",
                    wrong.id
                );
                let fix = "declare another misconception or widen the parameters";
                found.add("V-MISC-SAME", wrong.line, what, fix);
            }
            for (j, other) in computed.misconceptions.iter().enumerate().skip(i + 1) {
                let n = self.pairs[i * n_wrong + j];
                if often(n) {
                    let what = format!(
                        "`{}` and `{}` coincide in {n} of {n_values} variants",
                        wrong.id, other.id
                    );
                    found.add("V-MISC-PAIR", other.line, what, "keep one, or widen the parameters");
                }
            }
        }
    }
}

/// What must hold for every single variant.
pub(super) fn holds(found: &mut Findings<'_>, instance: &Instance) {
    let template = instance.template.clone();
    let computed = &instance.computed;
    let answer = &computed.answer;
    let seed = instance.seed;
    for (id, why) in &instance.broken {
        let line = computed.misconceptions.iter().find(|m| m.id == *id).map_or(0, |m| m.line);
        let what = format!("`{id}`, seed {seed}: {why}");
        found.add("V-MISC-EVAL", line, what, "correct the misconception");
    }
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
                computed.misconceptions.iter().find(|m| m.id == wrong.id).map_or(0, |m| m.line);
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
}

/// The printed form of a number must read back as the number used.
pub(super) fn round_trip(found: &mut Findings<'_>, name: &str, value: &ParamValue, seed: u64) {
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
pub(super) fn scaling(found: &mut Findings<'_>, oracle: &dyn Oracle, question: &Question) {
    let template = question.template.clone();
    for (i, instance) in question.numbers().into_iter().enumerate() {
        for (name, exponent) in &instance.computed.answer.scales {
            let mut draw = Draw::seed(instance.seed);
            for param in &template.params {
                let value = question.params.iter().find(|(n, _)| *n == param.name);
                let Some((_, value)) = value.filter(|_| param.kind.name() != "derived") else {
                    continue;
                };
                draw = match value {
                    ParamValue::Number { number, unit } if param.name == *name => {
                        let doubled =
                            ParamValue::Number { number: 2.0 * number, unit: unit.clone() };
                        draw.value(name, &doubled)
                    }
                    other => draw.value(&param.name, other),
                };
            }
            // A doubled value may break a condition of the template; then this variant says nothing.
            let Ok(doubled) = attempt(&template, oracle, &draw, 0) else { continue };
            let Some(doubled) = doubled.numbers().into_iter().nth(i).map(|d| d.key.value) else {
                continue;
            };
            let (ratio, want) = (doubled / instance.key.value, libm::pow(2.0, *exponent));
            if (ratio - want).abs() > AGREE * want {
                let what =
                    format!("doubling `{name}` multiplies the answer by {ratio}, not by {want}");
                let line = instance.computed.answer.line;
                found.add("V-SCALE", line, what, "correct the binding or `scales`");
            }
        }
    }
}
