//! The worked solution: the trace, line by line.

use super::instance::Instance;
use super::value::ParamValue;
use crate::model::{Bind, Rounding};
use crate::oracle::{Node, Source, Trace};
use crate::text::{columns, wrap};

/// How a solution is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Style {
    /// Plain text for a terminal.
    #[default]
    Plain,
    /// Markdown.
    Markdown,
}

impl Style {
    /// A line that names what follows.
    pub(super) fn heading(self, text: &str) -> String {
        match self {
            Self::Plain => wrap(text, 78, "   "),
            Self::Markdown => format!("\n**{text}**\n\n"),
        }
    }

    /// A paragraph.
    pub(super) fn paragraph(self, text: &str) -> String {
        match self {
            Self::Plain => wrap(text, 78, ""),
            Self::Markdown => format!("{text}\n\n"),
        }
    }

    /// An entry of a list.
    pub(super) fn item(self, text: &str) -> String {
        match self {
            Self::Plain => format!("  {}", wrap(text, 76, "     ")),
            Self::Markdown => format!("- {text}\n"),
        }
    }
}

/// Writes inputs, steps and answer. Reading the last line gives the right answer.
pub(super) fn render(instance: &Instance, sentences: &[(String, String)], style: Style) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    let trace = &instance.trace;
    line(match style {
        Style::Plain => "Given",
        Style::Markdown => "**Given**\n",
    });
    for node in trace.inputs() {
        line(&given(node, style));
    }
    for (i, node) in trace.steps().enumerate() {
        let sentence = sentences.iter().find(|(name, _)| *name == node.name);
        let title = sentence.map_or_else(|| capital(&node.meaning), |(_, text)| text.clone());
        match style {
            Style::Plain => {
                line(wrap(&format!("{}. {title}", i + 1), 78, "   ").trim_end());
                line(&format!("  {} = {}", node.symbol, node.formula));
                let indent = " ".repeat(node.symbol.chars().count());
                if node.numbers != node.formula && !node.numbers.is_empty() {
                    line(&format!("  {indent} = {}", node.numbers));
                }
                line(&format!("  {indent} = {}", node.show()));
            }
            Style::Markdown => {
                line(&format!("\n{}. {title}\n", i + 1));
                let parts = [&node.symbol, &node.formula, &node.numbers, &node.show()];
                let parts: Vec<&str> =
                    parts.into_iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
                line(&format!("   `{}`", parts.join(" = ")));
            }
        }
    }
    let sources = sources(instance);
    if !sources.is_empty() {
        line(match style {
            Style::Plain => "Sources",
            Style::Markdown => "\n**Sources**\n",
        });
        for source in &sources {
            line(&match style {
                Style::Plain => format!("  {}", wrap(source, 76, "    ").trim_end()),
                Style::Markdown => format!("- {source}"),
            });
        }
    }
    match instance.computed.answer.rounding {
        Rounding::None => {}
        Rounding::Ceil => line("Rounded up to a whole number."),
        Rounding::Floor => line("Rounded down to a whole number."),
        Rounding::Nearest => line("Rounded to the nearest whole number."),
    }
    match style {
        Style::Plain => line(&format!("Answer\n  = {}", instance.key.display())),
        Style::Markdown => line(&format!("\n**Answer**\n\n= {}", instance.key.display())),
    }
    out
}

/// Where the formulas and the figures of machines come from.
fn sources(instance: &Instance) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for node in instance.trace.steps() {
        if let Source::Formula(source) = &node.source
            && source != "counting"
            && !out.contains(source)
        {
            out.push(source.clone());
        }
    }
    for (_, value) in &instance.params {
        if let ParamValue::Record(record) = value {
            out.push(format!("{}: {}", record.name, record.source));
        }
    }
    for (name, fact) in &instance.template.hidden {
        let binds = instance.computed.answer.bind.iter();
        let used =
            |bind: &Bind| matches!(bind, Bind::Expr(e) if e.names().contains(&name.as_str()));
        if binds.clone().any(|(_, bind)| used(bind)) {
            out.push(format!("{}: {}", fact.what, fact.source));
        }
    }
    out
}

/// `T = n/f = 24.5 ms`
pub(super) fn line(node: &Node) -> String {
    if node.is_input() {
        format!("{} = {}", node.symbol, node.show())
    } else {
        format!("{} = {} = {}", node.symbol, node.formula, node.show())
    }
}

/// Writes two evaluations of one equation in two columns, up to the first step that differs.
pub(super) fn compare(right: &Trace, wrong: &Trace) -> Option<String> {
    let (parted, _) = right.first_difference(wrong)?;
    let mut out = columns("right", "yours", 37);
    let shared = right.nodes.iter().filter(|n| parted.is_input() || !n.is_input());
    for node in shared {
        let Some(other) = wrong.node(&node.name) else { continue };
        let differs = node.name == parted.name;
        let mark = if differs { "> " } else { "  " };
        let (a, b) = (format!("{mark}{}", line(node)), format!("{mark}{}", line(other)));
        out.push_str(&columns(&a, &b, 37));
        if differs {
            break;
        }
    }
    Some(out)
}

fn given(node: &Node, style: Style) -> String {
    let value = format!("{} = {}", node.symbol, node.show());
    match style {
        Style::Plain => format!("  {value:<26} {}", node.meaning),
        Style::Markdown => format!("- `{value}`: {}", node.meaning),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
