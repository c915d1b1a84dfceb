//! Reads one template file into a [`Template`], reporting every mistake.

mod answer;
mod body;
mod head;
mod kinds;
mod names;
mod open;
mod params;
mod wrong;

use super::{Body, Facts, Misconceptions, Template};
use crate::expr::Expr;
use crate::model::Phrase;
use crate::model::taxonomy::Kind;
use crate::problem::Problem;
use crate::read::{At, Source, Table};

/// What a template is read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) misconceptions: &'c Misconceptions,
    pub(crate) facts: &'c Facts,
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
    let kind = head::kind(top);
    let head = head::head(top, context, kind);
    // Of an unknown kind what stands there is read as a number, so that its other mistakes are told too.
    let kind = kind.unwrap_or(Kind::Numeric);
    let class = head::classification(top, kind);
    let params = params::params(top, kind == Kind::Numeric);
    let stem = body::stem(top, kind);
    let track_stems = body::track_stems(top, kind);
    let require = body::conditions(top, "require");
    let draw_if = body::conditions(top, "draw_if");
    let decoys = body::names(top, "decoys");
    let hidden = params::hidden(top, context.facts, &params);
    let infeasible_ok = body::infeasible(top);
    let body = match kind {
        Kind::Numeric => kinds::computed(top, context, 2).map(|c| Body::Numeric(c.into())),
        Kind::Choice => kinds::choice(top, context),
        Kind::Recall => kinds::back(top).map(Body::Recall),
        Kind::Multi => kinds::multi(top, context).map(Body::Multi),
        Kind::Open => open::open(top, context).map(Body::Open),
    };
    let hints = body::hints(top);
    let takeaway = body::takeaway(top);
    let references = body::references(top);
    let out = Template {
        head: head?,
        class: class?,
        stem: stem?,
        track_stems,
        params,
        require,
        draw_if,
        decoys: decoys.into_iter().map(|d| d.value).collect(),
        hidden,
        infeasible_ok,
        body: body?,
        hints,
        takeaway: takeaway?,
        references,
        file: top.source().path().to_owned(),
    };
    for (track, _) in &out.track_stems {
        if !out.class.tracks.contains(track) {
            let what = format!("a stem for the track `{track}`, which the template is not for");
            top.source().report("V-STEM", 0, what, "add the track or drop the stem");
        }
    }
    names::are_known(top, &out);
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
