//! Checks on drawn variants.

use super::number::{self, Coincidences};
use super::{Findings, TemplateReport};
use crate::error::Error;
use crate::model::taxonomy::Level;
use crate::model::{Body, ParamKind};
use crate::oracle::Oracle;
use crate::variant::{Draw, Form, Menu, Names, Question, Ranking, attempt, question};

/// Draws behind a rate that is reported.
const RATE_SEEDS: u64 = 400;
/// Questions asked of a template whose draws are seldom usable.
const STUCK: u64 = 5;

pub(super) fn check(found: &mut Findings<'_>, oracle: &dyn Oracle, n_seeds: u32) -> TemplateReport {
    let template = found.template.clone();
    let computed = template.body.computed();
    let mut coincidences: Vec<Coincidences> =
        computed.iter().map(|(_, c)| Coincidences::new(c.misconceptions.len())).collect();
    let (mut n_usable, mut n_kept, mut n_drawn, mut n_values) = (0_u32, 0_u32, 0_u32, 0_u32);
    let line = computed.first().map_or(0, |(_, c)| c.answer.line);
    for seed in (0..n_seeds).map(u64::from) {
        n_drawn += 1;
        let question = match attempt(&template, oracle, &Draw::seed(seed), 0) {
            Ok(question) => question,
            Err(Error::Require { .. }) => continue,
            Err(error) => {
                let what = format!("seed {seed}: {error}");
                found.add("E-EVAL", line, what, "correct the template");
                break;
            }
        };
        n_values += 1;
        n_usable += u32::from(question.lacks().is_none());
        for (instance, counted) in question.numbers().into_iter().zip(&mut coincidences) {
            n_kept += u32::try_from(instance.wrong.len()).unwrap_or(u32::MAX);
            counted.count(instance);
            number::holds(found, instance);
        }
        for (name, value) in &question.params {
            number::round_trip(found, name, value, seed);
        }
        number::scaling(found, oracle, &question);
        choices(found, &question);
    }
    for (counted, (_, computed)) in coincidences.iter().zip(&computed) {
        counted.report(found, computed);
    }
    let space = template
        .params
        .iter()
        .try_fold(1_u64, |product, param| product.checked_mul(n_values_of(&param.kind, oracle)));
    let needed = if template.class.level == Level::L1 { 64 } else { 200 };
    if !computed.is_empty() && space.is_some_and(|n| n < needed) {
        let what = format!("{} variants at most", space.unwrap_or(0));
        found.add("V-SPACE", 0, what, &format!("a template of this level has at least {needed}"));
    }
    if n_drawn > 0 && n_usable * 4 < n_drawn {
        seldom(found, oracle, (n_usable, n_drawn));
    }
    let structure = super::structure::structure(&template, oracle, template.class.level);
    TemplateReport {
        id: template.id().to_owned(),
        n_drawn,
        n_usable,
        mean_survivors: f64::from(n_kept) / f64::from(n_values.max(1)),
        space,
        level_fits: structure.as_ref().is_none_or(|(fits, _)| *fits),
        structure: structure.map(|(_, is)| is),
    }
}

/// Reports a template whose draws are seldom usable. A few draws only raise the suspicion: the rate is that of many.
fn seldom(found: &mut Findings<'_>, oracle: &dyn Oracle, counted: (u32, u32)) {
    let template = found.template.clone();
    let (mut n_usable, mut n_drawn) = counted;
    for seed in u64::from(n_drawn)..RATE_SEEDS {
        match attempt(&template, oracle, &Draw::seed(seed), 0) {
            Ok(question) => n_usable += u32::from(question.lacks().is_none()),
            Err(Error::Require { .. }) => {}
            Err(_) => break, // told as E-EVAL
        }
        n_drawn += 1;
    }
    if n_usable * 4 >= n_drawn {
        return;
    }
    let fix = "narrow the parameters to what the conditions allow";
    found.add("W-GEN-LOW", 0, format!("{n_usable} of {n_drawn} draws are usable"), fix);
    // Seldom usable is a nuisance; a question that cannot be asked at all is an error.
    let draws = (0..STUCK).map(|seed| question(&template, oracle, &Draw::seed(seed)));
    if let Some(error) = draws.filter_map(Result::err).find(|e| e.code() == "E-GEN-EXHAUSTED") {
        found.add("E-GEN-EXHAUSTED", 0, error.to_string(), fix);
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

/// What must hold for the options of one variant.
fn choices(found: &mut Findings<'_>, question: &Question) {
    let seed = question.seed;
    match &question.form {
        Form::Choice(menu, instance) => {
            distinct(found, menu, seed);
            match instance {
                Some(instance) => alike(found, menu, instance),
                None => of_one_length(found, menu),
            }
        }
        Form::Multi(parts) => {
            if let Some(ranking) = &parts.decision {
                distinct(found, &ranking.menu, seed);
                worths(found, question, ranking);
            }
        }
        _ => {}
    }
}

/// Options are different texts, one of them right, and the letter of the right one is graded as right.
fn distinct(found: &mut Findings<'_>, menu: &Menu, seed: u64) {
    let n_right = menu.options.iter().filter(|o| o.misconception.is_empty()).count();
    let twin = |i: usize| menu.options[..i].iter().any(|o| o.text == menu.options[i].text);
    let graded = menu.grade(&Menu::letter(menu.right()).to_string());
    if n_right != 1 || (0..menu.options.len()).any(twin) || !graded.is_correct() {
        let what = format!("seed {seed}: {n_right} right options among {:?}", menu.lines());
        found.add("V-OPTIONS", 0, what, "make the options different, one of them right");
    }
}

/// Computed options have one unit and one number of significant figures.
fn alike(found: &mut Findings<'_>, menu: &Menu, instance: &crate::variant::Instance) {
    let figures = |text: &str| {
        let number = text.split(' ').next().unwrap_or_default();
        let mantissa = number.split('e').next().unwrap_or_default();
        mantissa.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count()
    };
    let unit = |text: &str| text.split_once(' ').map_or("", |(_, unit)| unit).to_owned();
    let whole = instance.key.tolerance == crate::grade::Tolerance::Exact;
    let first = menu.options.first().map(|o| (unit(&o.text), figures(&o.text)));
    let differ = menu.options.iter().any(|o| {
        first
            .as_ref()
            .is_some_and(|(u, n)| unit(&o.text) != *u || (!whole && figures(&o.text) < 3.min(*n)))
    });
    if differ {
        let what = format!("seed {}: {:?}", instance.seed, menu.lines());
        found.add("V-OPTION-TELL", instance.computed.answer.line, what, "print all options alike");
    }
}

/// The right option is neither the longest by far nor the shortest.
fn of_one_length(found: &mut Findings<'_>, menu: &Menu) {
    let length = |o: &crate::variant::MenuOption| o.text.chars().count();
    let wrong = menu.options.iter().filter(|o| !o.misconception.is_empty()).map(length);
    let (Some(least), Some(most)) = (wrong.clone().min(), wrong.max()) else { return };
    let right = menu.options.get(menu.right()).map_or(0, length);
    if right * 10 > most * 13 || right * 13 < least * 10 {
        let what = format!("the right option has {right} characters, the others {least} to {most}");
        found.add("V-OPTION-TELL", 1, what, "make the options equally long and equally exact");
    }
}

/// The worth of each option agrees with its closed form.
fn worths(found: &mut Findings<'_>, question: &Question, ranking: &Ranking) {
    let Body::Multi(multi) = &question.template.body else { return };
    let Some(decision) = &multi.decision else { return };
    let mut values = question.params.clone();
    for number in question.numbers() {
        let number_value = crate::variant::ParamValue::Number {
            number: number.key.value,
            unit: number.key.unit.clone(),
        };
        values.push((format!("carry.{}", number.part), number_value));
    }
    for option in &decision.options {
        let Some(check) = &option.check else { continue };
        let text = option.text.fill(&|name, spec| question.fill(name, spec));
        let place = ranking.menu.options.iter().position(|o| o.text == text);
        let Some(ours) = place.and_then(|i| ranking.values.get(i)) else { continue };
        let theirs = check.quantity(&Names { values: &values, plain: true }, "check");
        let agree = theirs.as_ref().is_ok_and(|t| {
            (t.value() - ours).abs() <= number::AGREE * ours.abs().max(t.value().abs())
        });
        if !agree {
            let theirs = theirs.map_or_else(|e| e.to_string(), |value| value.value().to_string());
            let what = format!(
                "seed {}: option `{text}` is worth {ours}, by its closed form {theirs}",
                question.seed
            );
            found.add("V-CROSS", option.line, what, "one of the two is wrong");
        }
    }
}
