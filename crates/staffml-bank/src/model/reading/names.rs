//! Whether the names in texts and expressions mean anything.

use crate::expr::Expr;
use crate::model::answer::{Bind, Change};
use crate::model::body::{Body, Computed, Decision, Part, Worth};
use crate::model::{ParamKind, Phrase, Template};
use crate::read::{Source, Table, nearest};

/// Reports names that nothing defines.
pub(super) fn are_known(top: &Table<'_, '_>, t: &Template) {
    let mut known: Vec<String> = t.params.iter().map(|p| p.name.clone()).collect();
    for (i, param) in t.params.iter().enumerate() {
        if let ParamKind::Derived(expr) = &param.kind {
            let before = Names { source: top.source(), known: &known[..i] };
            before.exprs("V-EXPR", &format!("params.{}", param.name), param.line, expr);
        }
    }
    let shown = Names { source: top.source(), known: &known };
    let stems = t.track_stems.iter().map(|(track, stem)| (format!("stem_{track}"), stem));
    for (place, stem) in core::iter::once(("stem".to_owned(), &t.stem)).chain(stems) {
        shown.places(&place, 0, stem);
    }
    for name in &t.decoys {
        shown.one("V-DECOY", "decoys", 0, name);
    }
    for (text, expr) in t.require.iter().chain(&t.draw_if) {
        shown.exprs("V-EXPR", &format!("condition `{text}`"), 0, expr);
    }
    known.extend(t.hidden.iter().map(|(name, _)| name.clone()));
    match &t.body {
        Body::Numeric(computed) | Body::Choice(computed) => {
            Names { source: top.source(), known: &known }.computed("", computed);
        }
        Body::Concept(options) => {
            let names = Names { source: top.source(), known: &known };
            for option in options {
                names.places("an option", option.line, &option.text);
                names.places("an option", option.line, &option.say);
            }
        }
        Body::Recall(back) => Names { source: top.source(), known: &known }.places("back", 0, back),
        Body::Multi(multi) => {
            parts(top, &mut known, &multi.parts);
            if let Some(decision) = &multi.decision {
                Names { source: top.source(), known: &known }.decision(decision);
            }
        }
        Body::Open(open) => {
            parts(top, &mut known, &open.parts);
            let names = Names { source: top.source(), known: &known };
            names.places("model_answer", 0, &open.model_answer);
        }
    }
}

/// Checks the parts in order; each adds `carry.<id>` to the names of those behind it.
fn parts(top: &Table<'_, '_>, known: &mut Vec<String>, parts: &[Part]) {
    for part in parts {
        let names = Names { source: top.source(), known };
        let place = format!("part `{}`", part.id);
        // The question itself must not give an earlier answer away.
        let shown: Vec<String> =
            known.iter().filter(|n| !n.starts_with("carry.")).cloned().collect();
        Names { known: &shown, ..names }.places(&place, part.line, &part.ask);
        names.computed(&place, &part.computed);
        known.push(format!("carry.{}", part.id));
    }
}

#[derive(Clone, Copy)]
struct Names<'k, 't> {
    source: &'k Source<'t>,
    known: &'k [String],
}

impl Names<'_, '_> {
    fn one(&self, code: &'static str, place: &str, line: usize, name: &str) {
        let base = name.split('.').next().unwrap_or(name);
        if self.known.iter().any(|k| k == name || k == base) {
            return;
        }
        let fix = nearest(name, self.known.iter().map(String::as_str)).map_or_else(
            || "define the parameter".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let what = if base == "carry" {
            format!("{place}: `{name}` is the value of no earlier part")
        } else {
            format!("{place}: `{name}` is not a parameter")
        };
        self.source.report(code, line, what, fix);
    }

    fn exprs(&self, code: &'static str, place: &str, line: usize, expr: &Expr) {
        for name in expr.names() {
            self.one(code, place, line, name);
        }
    }

    fn places(&self, place: &str, line: usize, text: &Phrase) {
        for name in text.names() {
            self.one("V-PLACEHOLDER", place, line, name);
        }
    }

    fn binds(&self, place: &str, line: usize, bind: &[(String, Bind)]) {
        for (input, bind) in bind {
            if let Bind::Expr(expr) = bind {
                self.exprs("V-EXPR", &format!("{place}.{input}"), line, expr);
            }
        }
    }

    fn computed(&self, place: &str, computed: &Computed) {
        let at = |what: &str| {
            if place.is_empty() { what.to_owned() } else { format!("{place}: {what}") }
        };
        let answer = &computed.answer;
        if let Some(check) = &answer.check {
            self.exprs("V-EXPR", &at("answer.check"), answer.line, check);
        }
        for (name, _) in &answer.scales {
            self.one("V-SCALE", &at("answer.scales"), answer.line, name);
        }
        self.binds(&at("answer.bind"), answer.line, &answer.bind);
        for wrong in &computed.misconceptions {
            let place = at(&format!("misconception `{}`", wrong.id));
            match &wrong.change {
                Change::Mutate { set, scale } => {
                    self.binds(&place, wrong.line, set);
                    for (_, factor) in scale {
                        self.exprs("V-EXPR", &place, wrong.line, factor);
                    }
                }
                Change::Equation { bind, .. } => self.binds(&place, wrong.line, bind),
                Change::Expr(expr) => self.exprs("V-EXPR", &place, wrong.line, expr),
                Change::Drop(_) | Change::Swap(..) => {}
            }
            if let Some(when) = &wrong.when {
                self.exprs("V-EXPR", &place, wrong.line, when);
            }
            for name in wrong.say.names().filter(|n| !matches!(*n, "got" | "want")) {
                self.one("V-PLACEHOLDER", &place, wrong.line, name);
            }
        }
        for (node, text) in &computed.steps {
            self.places(&at(&format!("steps.{node}")), 0, text);
        }
    }

    fn decision(&self, decision: &Decision) {
        let place = format!("decision `{}`", decision.id);
        self.places(&place, decision.line, &decision.ask);
        for option in &decision.options {
            self.places(&place, option.line, &option.text);
            for name in option.say.names().filter(|n| !matches!(*n, "got" | "want")) {
                self.one("V-PLACEHOLDER", &place, option.line, name);
            }
            match &option.worth {
                Worth::Expr(expr) => self.exprs("V-EXPR", &place, option.line, expr),
                Worth::Equation { bind, .. } => self.binds(&place, option.line, bind),
            }
            if let Some(check) = &option.check {
                self.exprs("V-EXPR", &place, option.line, check);
            }
        }
    }
}
