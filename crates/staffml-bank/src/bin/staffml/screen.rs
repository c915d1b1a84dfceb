//! Views as plain lines of at most 80 columns.
//!
//! Colour only repeats what the words say: a verdict is a word first.

use staffml_bank::log::Outcome;
use staffml_bank::session::{Ask, Feedback, Form, Line, Progress, Stage, Summary, Sure, View};

use crate::output::{indent, wrap};

/// How much may be made of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether words may be coloured.
    pub(crate) color: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Blue for right, orange for wrong: told apart by every kind of color vision.
    fn verdict(self, outcome: Outcome, text: &str) -> String {
        match outcome {
            Outcome::Correct => self.paint("1;34", text),
            Outcome::Close => self.paint("1;36", text),
            _ => self.paint("1;33", text),
        }
    }
}

/// What of a view is new since the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fresh {
    /// Another question.
    pub(crate) question: bool,
    /// Another part of it, or the back of a card.
    pub(crate) step: bool,
}

/// Writes what is new in a view.
pub(crate) fn view(view: &View, style: Style, fresh: Fresh) -> String {
    match &view.stage {
        Stage::Ask(asked) => ask(asked, view, style, fresh),
        Stage::Confidence(s) => sure(s),
        Stage::Feedback(f) => feedback(f, style),
        Stage::Done(s) => done(s, view, style),
        _ => String::new(),
    }
}

/// The prompt in front of the cursor.
pub(crate) fn prompt(view: &View) -> &'static str {
    match &view.stage {
        Stage::Ask(_) => "> ",
        Stage::Confidence(_) => "sure? 1-5 > ",
        Stage::Feedback(f) if is_text(f) => "Enter keeps the marks > ",
        Stage::Feedback(_) => "Enter goes on > ",
        _ => "",
    }
}

fn ask(ask: &Ask, view: &View, style: Style, fresh: Fresh) -> String {
    let mut out = String::new();
    if fresh.question {
        let head = format!("{}  {}  {}", number(&view.progress), ask.level, ask.topic);
        out.push_str(&format!("\n{}{}\n", style.bold(&head), time(&view.progress)));
        if ask.changed {
            out.push_str("This question was changed since you last saw it.\n");
        }
        out.push('\n');
        out.push_str(&wrap(&ask.stem));
    }
    if !fresh.question && !fresh.step {
        if let Some(message) = &ask.message {
            out.push_str(&wrap(message));
        } else if let Form::Mark { levels, anchors, .. } = &ask.form {
            out.push_str(&rows(levels, anchors));
        } else if let Some(hint) = ask.hints.last() {
            out.push_str(&wrap(&format!("Hint: {hint}")));
        }
        return out;
    }
    if let Some(part) = &ask.part {
        let text = format!("({} of {}) {}", part.number, part.of, part.ask);
        out.push_str(&format!("\n{}", wrap(&text)));
    }
    let keys = keys(ask);
    match &ask.form {
        Form::Number { wants } => out.push_str(&wrap(&format!("\nWanted: {wants}. {keys}"))),
        Form::Choice { options } => {
            out.push('\n');
            for (i, option) in options.iter().enumerate() {
                out.push_str(&indent(&format!("{}. {option}", i + 1), 2, 5));
            }
            out.push_str(&wrap(&format!("\nType a number. {keys}")));
        }
        Form::Card { back: None } => {
            out.push_str(&wrap(&format!("\nSay it to yourself, then press Enter. {keys}")));
        }
        Form::Card { back: Some(back) } => {
            out.push_str(&wrap(&format!("\n{back}\n\nDid you know it? y or n")));
        }
        Form::Mark { levels, anchors, quoted } => {
            out.push_str(&rows(levels, anchors));
            let quote = if *quoted { " and the words of your text that earn it" } else { "" };
            let keys = "[? examples, k for 0, q leave]";
            out.push_str(&wrap(&format!("Type a mark{quote}. {keys}")));
        }
        _ => out.push_str(&wrap(&keys)),
    }
    out
}

/// What earns each mark, and examples where they were asked for.
fn rows(levels: &[String], anchors: &[String]) -> String {
    let mut out = String::new();
    for (i, level) in levels.iter().enumerate() {
        out.push_str(&indent(&format!("{i}: {level}"), 2, 5));
        if let Some(anchor) = anchors.get(i) {
            out.push_str(&indent(&format!("for example: {anchor}"), 5, 5));
        }
    }
    out
}

/// Whether a verdict is about a text whose marks may still be changed.
pub(crate) fn is_text(f: &Feedback) -> bool {
    !f.marks.is_empty() && !f.answer.is_empty()
}

/// The marks of a text, each with the words that earn it.
pub(crate) fn marks(f: &Feedback) -> Vec<String> {
    let row = |(i, m): (usize, &staffml_bank::session::Marked)| {
        let most = m.levels.len().saturating_sub(1);
        let earns = m.levels.get(usize::from(m.mark)).map_or("", String::as_str);
        let before = if m.mark == m.blind { String::new() } else { format!(", blind {}", m.blind) };
        let quote = m.quote.as_ref().map(|q| format!(" (\u{201c}{q}\u{201d})")).unwrap_or_default();
        format!("{}. {}: {} of {most}{before}, {earns}{quote}", i + 1, m.ask, m.mark)
    };
    f.marks.iter().enumerate().map(row).collect()
}

fn keys(ask: &Ask) -> String {
    let mut keys = Vec::new();
    if ask.hints_left > 0 {
        keys.push("? hint");
    }
    keys.extend(["s skip", "k don't know"]);
    // Where a text is written, a line that begins with = is part of it.
    if ask.calculator && !matches!(ask.form, Form::Text | Form::Card { .. }) {
        keys.push("= calculator");
    }
    keys.push("q leave");
    format!("[{}]", keys.join(", "))
}

fn number(progress: &Progress) -> String {
    match progress.of {
        Some(of) => format!("{}/{of}", progress.number),
        None => format!("{}.", progress.number),
    }
}

fn time(progress: &Progress) -> String {
    let left = progress.seconds_left.map(|s| format!("   {}:{:02} left", s / 60, s % 60));
    let mut out = left.unwrap_or_default();
    if progress.over_its_share {
        out.push_str("   (over its share)");
    }
    out
}

fn sure(sure: &Sure) -> String {
    match &sure.message {
        Some(message) => wrap(message),
        None => {
            let words = sure.choices.iter().enumerate().map(|(i, w)| format!("{} {w}", i + 1));
            wrap(&format!("How sure are you? {}", words.collect::<Vec<_>>().join(", ")))
        }
    }
}

fn feedback(f: &Feedback, style: Style) -> String {
    let mut out = String::from("\n");
    if let Some(note) = &f.note {
        return wrap(note);
    }
    if f.revised {
        out.push_str(&wrap(&format!("{}: {}", word(f), f.message)));
        marks(f).iter().for_each(|row| out.push_str(&indent(row, 2, 5)));
        return out;
    }
    let word = word(f);
    let text = format!("{word}: {}", f.message);
    // The word is painted after wrapping, so that the codes do not count as columns.
    out.push_str(&wrap(&text).replacen(word, &style.verdict(f.outcome, word), 1));
    for (i, part) in f.parts.iter().enumerate() {
        let Some(judged) = part.outcome else { continue };
        let own = if part.answer.is_empty() { "-" } else { &part.answer };
        let text =
            format!("{}. {}: you {own}, answer {}", i + 1, outcome(judged), part.right_answer);
        out.push_str(&indent(&text, 2, 5));
    }
    if !f.marks.is_empty() {
        out.push_str("Rows of the rubric:\n");
    }
    marks(f).iter().for_each(|row| out.push_str(&indent(row, 2, 5)));
    if let Some(d) = &f.diagnosis {
        if let (Some(wrong), Some(right)) = (&d.wrong, &d.right) {
            out.push_str(&indent(&format!("your step: {wrong}"), 2, 4));
            out.push_str(&indent(&format!("right step: {right}"), 2, 4));
        }
        out.push_str(&wrap(&format!("Next time: {}", d.remedy)));
    }
    if f.parts.is_empty() {
        out.push_str(&wrap(&format!("Answer: {}", f.right_answer)));
    }
    if !f.outcome.is_correct() || is_text(f) {
        out.push('\n');
        out.push_str(&f.solution);
    }
    out.push_str(&wrap(&format!("\n{}", f.takeaway)));
    if is_text(f) {
        out.push_str(&wrap(
            "\nCompare with the model answer. `2 0` changes the mark of row 2 to 0; a mark above your own blind one needs new words of your text, as in `2 1 and the words`.",
        ));
    }
    if let Some(days) = f.due_in_days {
        let when = if days == 1 { "tomorrow".to_owned() } else { format!("in {days} days") };
        out.push_str(&format!("It comes back {when}.\n"));
    }
    out
}

/// The word for a verdict; what a learner marked has no other judge.
pub(crate) fn word(f: &Feedback) -> &'static str {
    if is_text(f) { "Your marks" } else { outcome(f.outcome) }
}

/// The word for an outcome.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Correct => "Right",
        Outcome::Close => "Close",
        Outcome::Misconception => "A known wrong turn",
        Outcome::WrongUnit => "Wrong unit",
        Outcome::WrongDimension => "Another kind of quantity",
        Outcome::Incorrect => "Wrong",
        Outcome::Unparsable => "Not readable",
        Outcome::DontKnow => "Not known",
        _ => "Judged",
    }
}

fn done(s: &Summary, view: &View, style: Style) -> String {
    let mut out = format!("\n{}\n", style.bold(&view.title));
    if let Some(message) = &s.message {
        out.push_str(&wrap(message));
    }
    if s.answered + s.skipped + s.timed_out > 0 {
        let score = number_text(s.score);
        let rest = [(s.skipped, "skipped"), (s.timed_out, "left when time was over")];
        let rest: String =
            rest.iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!(", {n} {w}")).collect();
        out.push_str(&format!("{} of {} right, score {score}{rest}\n", s.right, s.answered));
    }
    let hidden = view.progress.seconds_left.is_some() || s.placed.is_some();
    for line in s.lines.iter().filter(|_| hidden) {
        out.push_str(&row(line));
    }
    if view.progress.seconds_left.is_some() && s.answered > 0 {
        out.push_str(&breakdown(&s.lines));
        let took: f64 = s.lines.iter().map(|l| l.seconds).sum();
        let want: u32 = s.lines.iter().filter(|l| l.outcome.is_some()).map(|l| l.time_s).sum();
        let n = f64::from(s.answered.max(1));
        out.push_str(&format!(
            "Pace: {:.0} s an item, planned {:.0} s\n",
            took / n,
            f64::from(want) / n
        ));
    }
    if s.answered > 0 && s.placed.is_none() {
        let (before, after) = s.skill;
        let half = 1.645 * s.skill_error;
        let (low, high) = (after - half, after + half);
        out.push_str(&format!(
            "Skill: {before:+.2}, now {after:+.2} ({low:+.2} to {high:+.2} nine times in ten)\n"
        ));
    }
    if !s.earlier.is_empty() {
        let shares: Vec<String> = s.earlier.iter().map(|e| format!("{:.0} %", e * 100.0)).collect();
        let own = 100.0 * s.score / s.lines.len().max(1) as f64;
        let shares = shares.join(", ");
        out.push_str(&wrap(&format!("{own:.0} % of the full score; earlier runs: {shares}")));
    }
    if let Some(placed) = &s.placed {
        let (low, high) =
            (placed.skill - 1.645 * placed.error, placed.skill + 1.645 * placed.error);
        out.push_str(&format!(
            "Skill {:+.2}, between {low:+.2} and {high:+.2} nine times in ten\n",
            placed.skill
        ));
        let mut areas = placed.areas.clone();
        areas.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (area, theta) in areas {
            out.push_str(&format!("  {:<14} {:+.2}\n", area.name(), placed.skill + theta));
        }
        out.push_str(&format!("Suggested level: {}\n", placed.level));
        // Wider than half a level each way: say what would narrow it.
        if placed.n_answers == placed.n_items && placed.error > 0.35 {
            let more = "`staffml placement --thorough` is surer: it takes about two hours";
            out.push_str(&wrap(more));
        }
    }
    if let Some(brier) = s.brier {
        out.push_str(&format!("Calibration: Brier score {brier:.3} (0 is best, guessing 0.25)\n"));
    }
    for (family, n) in &s.families {
        let times = if *n == 1 { "once".to_owned() } else { format!("{n} times") };
        out.push_str(&format!("Wrong turn of the family {family}, {times}\n"));
    }
    for command in &s.next {
        out.push_str(&format!("  {command}\n"));
    }
    out
}

fn row(line: &Line) -> String {
    let word =
        line.outcome.map_or(if line.code == "timeout" { "no time" } else { "skipped" }, outcome);
    let code = if line.code.is_empty() || line.code == "timeout" {
        String::new()
    } else {
        format!(" ({})", line.code)
    };
    let own = if line.answer.is_empty() { String::new() } else { format!("you {}, ", line.answer) };
    let text = format!(
        "{} {}. {word}{code}: {own}answer {}, {:.0} s",
        line.level, line.title, line.right_answer, line.seconds
    );
    indent(&text, 2, 5)
}

/// Scores by area and by level.
fn breakdown(lines: &[Line]) -> String {
    let mut rows: Vec<(String, f64, u32)> = Vec::new();
    for line in lines {
        let score = line.outcome.map_or(0.0, Outcome::score);
        for name in [line.area.name().to_owned(), line.level.name().to_owned()] {
            match rows.iter_mut().find(|r| r.0 == name) {
                Some(row) => {
                    row.1 += score;
                    row.2 += 1;
                }
                None => rows.push((name, score, 1)),
            }
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let text: Vec<String> =
        rows.iter().map(|(name, s, n)| format!("{name} {}/{n}", number_text(*s))).collect();
    wrap(&format!("Score: {}", text.join(", ")))
}

/// `3` or `2.5`.
fn number_text(score: f64) -> String {
    if (score - score.round()).abs() < 1e-9 { format!("{score:.0}") } else { format!("{score:.1}") }
}
