//! Checks that need the oracle's signature but no numbers.

use super::Findings;
use crate::model::taxonomy::Level;
use crate::model::{Bind, Change, Day, ParamKind, Rounding, Template};
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
    let Some(signature) = oracle.signature(&template.answer.equation) else {
        let what = format!("the oracle knows no equation `{}`", template.answer.equation);
        found.add("V-ANSWER-EQ", template.answer.line, what, "name one of its equations");
        return;
    };
    inputs(found, &template, &signature);
    output(found, &template, &signature);
    level(found, &template, &signature);
}

/// Parameters used must be shown, and parameters shown must be used or declared decoys.
fn shown_and_used(found: &mut Findings<'_>, t: &Template) {
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let shown: Vec<String> = t.stem.names().map(base).collect();
    let mut used: Vec<String> = Vec::new();
    let mut use_all = |bind: &[(String, Bind)]| {
        for (_, bind) in bind {
            if let Bind::Expr(expr) = bind {
                used.extend(expr.names().into_iter().map(base));
            }
        }
    };
    use_all(&t.answer.bind);
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
            let what = format!("`{}` enters the answer but the stem does not show it", param.name);
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

fn inputs(found: &mut Findings<'_>, t: &Template, signature: &Signature) {
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

fn output(found: &mut Findings<'_>, t: &Template, signature: &Signature) {
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

/// Compares the level with the structure of the solution.
fn level(found: &mut Findings<'_>, t: &Template, signature: &Signature) {
    let last =
        t.answer.output.as_deref().or_else(|| signature.nodes.last().map(|n| n.name.as_str()));
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
    let rounds = t.answer.rounding != Rounding::None;
    let rich = branches || rounds || !t.decoys.is_empty();
    let fits = match t.class.level {
        Level::L1 => n_nodes == 1,
        Level::L2 => n_nodes <= 2,
        Level::L3 => n_nodes <= 5 && (n_nodes >= 2 || t.answer.bind.len() >= 3),
        Level::L4 => rich,
        Level::L5 | Level::L6Plus => rich && n_nodes >= 2,
    };
    if !fits {
        let what = format!(
            "{} asks for {n_nodes} steps{}",
            t.class.level,
            if rich { " with a choice" } else { "" }
        );
        found.add("W-LEVEL-FIT", 0, what, "correct the level or the question");
    }
}
