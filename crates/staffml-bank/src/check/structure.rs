//! Checks that need the oracle's signature but no numbers.

use super::Findings;
use crate::model::taxonomy::Level;
use crate::model::{
    Bind, Body, Change, Computed, Day, ParamKind, Phrase, Rounding, Template, Worth,
};
use crate::oracle::{Oracle, Signature};

pub(super) fn check(found: &mut Findings<'_>, oracle: &dyn Oracle, today: Option<Day>) {
    let template = found.template.clone();
    if let Some(today) = today {
        for day in [template.head.created, template.head.updated] {
            if day > today {
                found.add("V-DATE", 0, format!("{day} lies in the future"), "correct the date");
            }
        }
    }
    shown_and_used(found, &template);
    for (_, computed) in template.body.computed() {
        let Some(signature) = oracle.signature(&computed.answer.equation) else {
            let what = format!("the oracle knows no equation `{}`", computed.answer.equation);
            found.add("V-ANSWER-EQ", computed.answer.line, what, "name one of its equations");
            continue;
        };
        inputs(found, computed, &signature);
        output(found, computed, &signature);
    }
    level(found, oracle, &template);
}

/// Parameters used must be shown, and parameters shown must be used or declared decoys.
fn shown_and_used(found: &mut Findings<'_>, t: &Template) {
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let mut used: Vec<String> = Vec::new();
    let of_binds = |bind: &[(String, Bind)]| {
        let exprs = bind.iter().filter_map(|(_, bind)| match bind {
            Bind::Expr(expr) => Some(expr),
            Bind::Literal(_) => None,
        });
        exprs.flat_map(|e| e.names().into_iter().map(base)).collect::<Vec<String>>()
    };
    for (_, computed) in t.body.computed() {
        used.extend(of_binds(&computed.answer.bind));
    }
    let mut beside: Vec<&Phrase> = Vec::new();
    match &t.body {
        Body::Numeric(_) | Body::Choice(_) => {}
        Body::Concept(options) => {
            let texts = options.iter().flat_map(|o| [&o.text, &o.say]);
            used.extend(texts.flat_map(|text| text.names().map(base).collect::<Vec<String>>()));
            beside.extend(options.iter().map(|o| &o.text));
        }
        Body::Recall(back) => used.extend(back.names().map(base)),
        Body::Multi(multi) => {
            beside.extend(multi.parts.iter().map(|p| &p.ask));
            if let Some(decision) = &multi.decision {
                beside.push(&decision.ask);
                beside.extend(decision.options.iter().map(|o| &o.text));
                for option in &decision.options {
                    match &option.worth {
                        Worth::Equation { bind, .. } => used.extend(of_binds(bind)),
                        Worth::Expr(expr) => used.extend(expr.names().into_iter().map(base)),
                    }
                }
            }
        }
        Body::Open(open) => {
            beside.extend(open.parts.iter().map(|p| &p.ask));
            used.extend(open.model_answer.names().map(base));
        }
    }
    let stems = core::iter::once(&t.stem).chain(t.track_stems.iter().map(|(_, stem)| stem));
    for (i, stem) in stems.enumerate() {
        let texts = core::iter::once(stem).chain(beside.iter().copied());
        let shown: Vec<String> =
            texts.flat_map(|text| text.names().map(base).collect::<Vec<String>>()).collect();
        compare(found, t, &shown, used.clone(), i > 0);
    }
    for (name, _) in &t.hidden {
        if !used.contains(name) {
            let what = format!("the hidden constant `{name}` is not used");
            found.add("V-HIDDEN", 0, what, "use it or drop it");
        }
    }
}

/// Compares what one wording shows with what the answers use.
fn compare(
    found: &mut Findings<'_>,
    t: &Template,
    shown: &[String],
    mut used: Vec<String>,
    is_variant: bool,
) {
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let of = if is_variant { " of this track" } else { "" };
    // A derived parameter stands for what it is computed from.
    for param in t.params.iter().rev() {
        if let ParamKind::Derived(expr) = &param.kind
            && used.contains(&param.name)
            && !shown.contains(&param.name)
        {
            used.retain(|name| *name != param.name);
            used.extend(expr.names().into_iter().map(base));
        }
    }
    for param in &t.params {
        let (is_shown, is_used) = (shown.contains(&param.name), used.contains(&param.name));
        if is_used && !is_shown {
            let what =
                format!("`{}` enters the answer but the stem{of} does not show it", param.name);
            found.add("V-BIND-SHOWN", param.line, what, "show it in the stem");
        }
        let is_decoy = t.decoys.contains(&param.name);
        if is_shown && !is_used && !is_decoy {
            let what = format!("`{}` is shown but the answer does not use it", param.name);
            found.add("V-DECOY", param.line, what, "use it or declare it a decoy");
        }
        if is_decoy && is_used {
            let what = format!("`{}` is declared a decoy but used", param.name);
            found.add("V-DECOY", param.line, what, "drop it from `decoys`");
        }
    }
}

fn inputs(found: &mut Findings<'_>, t: &Computed, signature: &Signature) {
    let line = t.answer.line;
    for (input, _) in &signature.inputs {
        if !t.answer.bind.iter().any(|(name, _)| name == input) {
            let what = format!("{} needs the input `{input}`", signature.id);
            found.add("V-ANSWER-BIND", line, what, "bind it");
        }
    }
    for (name, _) in &t.answer.bind {
        if signature.input(name).is_none() {
            let what = format!("{} has no input `{name}`", signature.id);
            found.add("V-ANSWER-BIND", line, what, "drop it");
        }
    }
    for wrong in &t.misconceptions {
        let known = |name: &str| signature.input(name).is_some() || signature.node(name).is_some();
        let names: Vec<&String> = match &wrong.change {
            Change::Mutate { set, scale } => {
                set.iter().map(|s| &s.0).chain(scale.iter().map(|s| &s.0)).collect()
            }
            Change::Swap(a, b) => vec![a, b],
            Change::Drop(terms) => {
                for (node, term) in terms {
                    if !signature.node(node).is_some_and(|n| n.terms.contains(term)) {
                        let what = format!("`{node}` has no term `{term}`");
                        found.add(
                            "V-MISC-DROP",
                            wrong.line,
                            what,
                            "name a term of a sum, min or max",
                        );
                    }
                }
                Vec::new()
            }
            Change::Equation { equation, .. } => {
                if equation == &signature.id {
                    let what = "the misconception evaluates the equation of the answer";
                    found.add(
                        "V-MISC-EQ",
                        wrong.line,
                        what,
                        "use `set`, `scale`, `drop` or `swap`",
                    );
                }
                Vec::new()
            }
            Change::Expr(_) => Vec::new(),
        };
        for name in names.into_iter().filter(|n| !known(n)) {
            let what = format!("{} has no input or node `{name}`", signature.id);
            found.add("V-MISC-NODE", wrong.line, what, "name one of its inputs or nodes");
        }
    }
    for (node, _) in &t.steps {
        if signature.node(node).is_none() {
            let what = format!("steps.{node}: {} computes no such node", signature.id);
            found.add("V-STEP-NODE", 0, what, "name one of its nodes");
        }
    }
}

fn output(found: &mut Findings<'_>, t: &Computed, signature: &Signature) {
    let node = match &t.answer.output {
        Some(name) => signature.node(name),
        None => signature.nodes.last(),
    };
    let Some(node) = node else {
        let what = format!(
            "{} computes no `{}`",
            signature.id,
            t.answer.output.as_deref().unwrap_or("result")
        );
        found.add("V-ANSWER-OUTPUT", t.answer.line, what, "name one of its nodes");
        return;
    };
    if node.unit.dim() != t.answer.unit.dim() {
        let what = format!(
            "`{}` is {}, the answer's unit is {}",
            node.name,
            node.unit.dim(),
            t.answer.unit.dim()
        );
        found.add("V-ANSWER-DIM", t.answer.line, what, "give a unit of that dimension");
    }
}

/// Compares the level with the structure of the question.
fn level(found: &mut Findings<'_>, oracle: &dyn Oracle, t: &Template) {
    let level = t.class.level;
    if let Some((false, is)) = structure(t, oracle, level) {
        let what = format!("{level} asks for {is}");
        found.add("W-LEVEL-FIT", 0, what, "correct the level or the question");
    }
}

/// Returns whether a level fits the structure of a question.
pub(super) fn level_fits(t: &Template, oracle: &dyn Oracle, level: Level) -> bool {
    structure(t, oracle, level).is_none_or(|(fits, _)| fits)
}

/// Returns whether a level fits, and what the question asks for; nothing if its equation is unknown.
pub(super) fn structure(t: &Template, oracle: &dyn Oracle, level: Level) -> Option<(bool, String)> {
    Some(match &t.body {
        Body::Numeric(computed) | Body::Choice(computed) => {
            let signature = oracle.signature(&computed.answer.equation)?;
            solution_fits(t, computed, &signature, level)
        }
        Body::Concept(_) => (level <= Level::L4, "one option to choose".to_owned()),
        Body::Recall(_) => (level <= Level::L2, "one fact to recall".to_owned()),
        Body::Multi(multi) => {
            let decides = multi.decision.is_some();
            let fits = level >= Level::L4 && (level == Level::L4 || decides);
            (
                fits,
                format!("several numbers {} a decision", if decides { "and" } else { "without" }),
            )
        }
        Body::Open(_) => (level >= Level::L4, "a text".to_owned()),
    })
}

/// Returns whether a level fits the steps of a solution, and what they are.
fn solution_fits(
    t: &Template,
    computed: &Computed,
    signature: &Signature,
    level: Level,
) -> (bool, String) {
    let answer = &computed.answer;
    let last = answer.output.as_deref().or_else(|| signature.nodes.last().map(|n| n.name.as_str()));
    let mut needed: Vec<&str> = last.into_iter().collect();
    let mut i = 0;
    while let Some(name) = needed.get(i).copied() {
        if let Some(node) = signature.node(name) {
            for used in &node.uses {
                if signature.node(used).is_some() && !needed.contains(&used.as_str()) {
                    needed.push(used);
                }
            }
        }
        i += 1;
    }
    let n_nodes = needed.len();
    let branches = needed.iter().filter_map(|n| signature.node(n)).any(|n| n.branches);
    let rounds = answer.rounding != Rounding::None;
    let rich = branches || rounds || !t.decoys.is_empty();
    let fits = match level {
        Level::L1 => n_nodes == 1,
        Level::L2 => n_nodes <= 2,
        Level::L3 => n_nodes <= 5 && (n_nodes >= 2 || answer.bind.len() >= 3),
        Level::L4 => rich,
        Level::L5 | Level::L6Plus => rich && n_nodes >= 2,
    };
    (fits, format!("{n_nodes} steps{}", if rich { " with a choice" } else { "" }))
}
