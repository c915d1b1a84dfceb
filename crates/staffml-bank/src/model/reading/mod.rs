//! Reads one template file into a [`Template`], reporting every mistake.

mod answer;
mod body;
mod head;
mod params;
mod wrong;

use super::{Misconceptions, Template};
use crate::expr::Expr;
use crate::model::Phrase;
use crate::problem::Problem;
use crate::read::{At, Source, Table};

/// What a template is read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) misconceptions: &'c Misconceptions,
    /// Licenses a template may carry.
    pub(crate) licenses: &'c [String],
}

/// Reads a template. It is `None` if any error was found; warnings do not stop it.
pub(crate) fn read_template(
    path: &str,
    text: &str,
    context: Context<'_>,
) -> (Option<Template>, Vec<Problem>) {
    let source = Source::new(path, text);
    let template = source.read(|top| template(top, context));
    let sound = source.n_errors() == 0;
    (template.filter(|_| sound), source.into_problems())
}

/// Reads every part before giving up, so that one mistake does not hide the next.
fn template(top: &Table<'_, '_>, context: Context<'_>) -> Option<Template> {
    let head = head::head(top, context);
    let class = head::classification(top);
    let params = params::params(top);
    let stem = body::stem(top);
    let require = body::conditions(top, "require");
    let draw_if = body::conditions(top, "draw_if");
    let decoys = body::names(top, "decoys");
    let answer = answer::answer(top);
    let misconceptions = wrong::misconceptions(top, context.misconceptions);
    let hints = body::hints(top);
    let steps = body::steps(top);
    let takeaway = body::takeaway(top);
    let references = body::references(top);
    let out = Template {
        head: head?,
        class: class?,
        stem: stem?,
        params,
        require,
        draw_if,
        decoys: decoys.into_iter().map(|d| d.value).collect(),
        answer: answer?,
        misconceptions,
        hints,
        steps,
        takeaway: takeaway?,
        references,
        file: top.source().path().to_owned(),
    };
    body::names_are_known(top, &out);
    Some(out)
}

/// Reads an expression, reporting why it is none.
fn expr(top: &Table<'_, '_>, text: &At<String>) -> Option<Expr> {
    Expr::parse(&text.value)
        .map_err(|e| {
            top.source().report("V-EXPR", text.line, e.to_string(), "correct the expression");
        })
        .ok()
}

/// Reads a text with placeholders, reporting what is wrong with them.
fn phrase(top: &Table<'_, '_>, text: &At<String>) -> Option<Phrase> {
    Phrase::parse(&text.value)
        .map_err(|e| top.source().report("V-PLACEHOLDER", text.line, e, "write `{name}`"))
        .ok()
}

/// Reports a text that is too short or too long, in characters.
fn length(
    top: &Table<'_, '_>,
    code: &'static str,
    what: &str,
    text: &At<String>,
    least: usize,
    most: usize,
) {
    let n = text.value.trim().chars().count();
    if !(least..=most).contains(&n) {
        let message = format!("{what} has {n} characters");
        top.source().report(code, text.line, message, format!("write {least} to {most}"));
    }
}
