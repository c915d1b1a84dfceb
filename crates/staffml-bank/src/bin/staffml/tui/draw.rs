//! A view on the screen: question on the left, answer and calculator on the right, keys at the bottom.
//!
//! On a narrow screen the two stand one above the other. Words carry the meaning; colors only repeat it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Paragraph};
use staffml_bank::session::{Ask, Feedback, Form, Stage, Sure, View};
use staffml_bank::text::wrap;

use crate::screen;

use super::{Ui, edit, keys};

/// Columns from which on two panes stand side by side.
const WIDE: u16 = 72;

pub(super) fn draw(frame: &mut Frame<'_>, view: &View, ui: &Ui) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(title(view), head);
    frame.render_widget(Line::from(help(view, ui)), foot);
    let [left, right] = if body.width >= WIDE {
        Layout::horizontal([Constraint::Percentage(54), Constraint::Percentage(46)]).areas(body)
    } else {
        Layout::vertical([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(body)
    };
    match &view.stage {
        Stage::Ask(ask) => {
            text(frame, left, " Question ", question(ask), ui.scroll);
            asking(frame, right, ask, ui);
        }
        Stage::Confidence(sure) => {
            text(frame, left, " Question ", question(&sure.question), ui.scroll);
            text(frame, right, " How sure are you? ", confidence(sure), 0);
        }
        Stage::Feedback(f) if screen::is_text(f) => {
            let [said, typed] =
                Layout::vertical([Constraint::Min(3), Constraint::Length(4)]).areas(left);
            text(frame, said, " Your marks ", verdict(f, ui), ui.scroll);
            field(frame, typed, " Row, mark, words ".to_owned(), &ui.answer, true);
            text(frame, right, " Model answer ", solution(f), ui.scroll);
        }
        Stage::Feedback(f) => {
            text(frame, left, " Verdict ", verdict(f, ui), ui.scroll);
            text(frame, right, " Worked solution ", solution(f), ui.scroll);
        }
        _ => {}
    }
    if let Some(trouble) = &ui.trouble {
        let line = Line::from(format!("Not kept: {trouble}")).style(Modifier::REVERSED);
        frame.render_widget(line, foot);
    }
}

fn title(view: &View) -> Line<'static> {
    let p = &view.progress;
    let mut parts = vec![match p.of {
        Some(of) => format!("question {} of {of}", p.number),
        None => format!("question {}", p.number),
    }];
    parts.extend(p.right.map(|n| format!("{n} right")));
    parts.extend(p.seconds_left.map(|s| format!("{}:{:02} left", s / 60, s % 60)));
    if p.over_its_share {
        parts.push("over its share of the time".to_owned());
    }
    Line::from(vec![
        Span::styled(format!(" {} ", view.title), Modifier::BOLD | Modifier::REVERSED),
        Span::raw(format!("  {}", parts.join(", "))),
    ])
}

/// The keys that do something now.
fn help(view: &View, ui: &Ui) -> String {
    let keys = match &view.stage {
        Stage::Ask(_) if ui.in_calculator => "Enter compute  Tab back to the answer  Esc leave",
        Stage::Ask(ask) => {
            let first = match &ask.form {
                Form::Choice { .. } => "1-9 pick",
                Form::Card { back: None } => "Enter turn",
                Form::Card { .. } => "y knew it  n did not",
                _ => "Enter answer",
            };
            if matches!(ask.form, Form::Mark { .. }) {
                return "Enter mark  F1 examples  F3 mark 0  Up Down scroll  Esc leave".to_owned();
            }
            let tab = if keys::has_calculator(view) { "  Tab calculator" } else { "" };
            return format!("{first}  F1 hint  F2 skip  F3 don't know{tab}  Esc leave");
        }
        Stage::Confidence(_) => "1 a guess to 5 certain  Esc leave",
        Stage::Feedback(f) if screen::is_text(f) => {
            "Enter keep marks  `2 0` row 2 gets 0  Up Down scroll  Esc leave"
        }
        Stage::Feedback(_) => "Enter next  a h g lower the rating  Up Down scroll  Esc leave",
        _ => "",
    };
    keys.to_owned()
}

fn text(frame: &mut Frame<'_>, area: Rect, title: &'static str, text: Text<'_>, scroll: u16) {
    let width = usize::from(area.width.saturating_sub(2)).max(1);
    let rows: Vec<Line<'_>> = text.lines.into_iter().flat_map(|line| fold(line, width)).collect();
    // No further than to the last line.
    let most =
        u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_sub(area.height.saturating_sub(2));
    let more = if scroll < most { " more below " } else { "" };
    let block = Block::bordered().title(title).title_bottom(more);
    let inner = Paragraph::new(Text::from(rows));
    frame.render_widget(inner.block(block).scroll((scroll.min(most), 0)), area);
}

/// A line in rows of a pane. Further rows stand below the words of the first, behind its number or its indent.
fn fold(line: Line<'_>, width: usize) -> Vec<Line<'_>> {
    let plain = line.to_string();
    if line.width() <= width {
        return vec![line];
    }
    let indent = plain.chars().take_while(|c| *c == ' ').count();
    let numbered = plain.trim_start().split_once(['.', ':']).is_some_and(|(number, rest)| {
        rest.starts_with(' ') && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    });
    let hang = if numbered { indent + 3 } else { indent + 2 * usize::from(indent > 0) };
    let hang = " ".repeat(hang.min(width / 2));
    // Words as wide as the indent stand for it, so that wrapping keeps it.
    let marked = plain.replacen(&" ".repeat(indent), &"\u{1}".repeat(indent), 1);
    let style = line.spans.first().map_or(line.style, |span| line.style.patch(span.style));
    let folded = wrap(&marked, width, &hang);
    folded.lines().map(|row| Line::styled(row.replace('\u{1}', " "), style)).collect()
}

/// The worked solution for a narrow pane: columns closed up, paragraphs without their own line breaks, and the model
/// answer first where there is one.
fn solution(f: &Feedback) -> Text<'static> {
    let (figures, answer) = match f.solution.split_once("Model answer\n") {
        Some((figures, answer)) => (figures, Some(answer)),
        None => (f.solution.as_str(), None),
    };
    let mut out: Vec<String> = Vec::new();
    let mut long = false;
    let parts = answer.into_iter().chain(answer.map(|_| "\n")).chain([figures]);
    for line in parts.flat_map(str::lines) {
        let indent = line.chars().take_while(|c| *c == ' ').count();
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
        match out.last_mut() {
            Some(last) if long && indent == 0 && !line.is_empty() => {
                last.push(' ');
                last.push_str(line);
            }
            _ => out.push(format!("{}{}", " ".repeat(indent), words.join("  "))),
        }
        // Only a full line of prose goes on in the next one.
        long = indent == 0 && line.chars().count() > 60;
    }
    Text::from(out.into_iter().map(Line::from).collect::<Vec<_>>())
}

fn question(ask: &Ask) -> Text<'static> {
    let soft = Style::new().add_modifier(Modifier::DIM);
    let mut out = Text::from(Line::styled(
        format!("{}  {}  {}", ask.level, ask.area.name(), ask.topic.name()),
        soft,
    ));
    let before = ask.part.iter().flat_map(|part| &part.before).enumerate();
    let before: Vec<String> = before.map(|(i, own)| format!("{}. you: {own}", i + 1)).collect();
    let marks = matches!(ask.form, Form::Mark { .. });
    let stem = |out: &mut Text<'static>| {
        out.push_line("");
        ask.stem.lines().for_each(|line| out.push_line(line.to_owned()));
    };
    // Where one's own text is marked, that is what has to be in sight.
    if !marks {
        stem(&mut out);
    }
    if !before.is_empty() {
        out.push_line("");
        let style = if marks { Style::new() } else { soft };
        before.into_iter().for_each(|own| out.push_line(Line::styled(own, style)));
    }
    if marks {
        stem(&mut out);
    }
    if ask.changed {
        out.push_line("");
        out.push_line(Line::styled("This question was changed since you last saw it.", soft));
    }
    for hint in &ask.hints {
        out.push_line("");
        out.push_line(format!("Hint: {hint}"));
    }
    out
}

fn asking(frame: &mut Frame<'_>, area: Rect, ask: &Ask, ui: &Ui) {
    let calculator = if keys::takes_sums(ask) { 3 } else { 0 };
    let message = ask.message.as_deref().unwrap_or_default();
    // What is asked now stands beside the answer: below a long stem it would be out of sight.
    let part = ask.part.as_ref().map(|p| (format!(" {} of {} ", p.number, p.of), p.ask.as_str()));
    let width = usize::from(area.width.saturating_sub(2)).max(1);
    let height = part.as_ref().map_or(0, |(_, ask)| fold(Line::from(*ask), width).len() + 2);
    let height = u16::try_from(height).unwrap_or(u16::MAX).min(area.height / 2);
    let [asked, form, said, sum] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Min(3),
        Constraint::Length(if message.is_empty() { 0 } else { 5 }),
        Constraint::Length(calculator),
    ])
    .areas(area);
    if let Some((title, ask)) = part {
        let rows: Vec<Line<'_>> = fold(Line::from(ask), width);
        let block = Block::bordered().title(title);
        frame.render_widget(Paragraph::new(Text::from(rows)).block(block), asked);
    }
    match &ask.form {
        Form::Number { wants } => {
            let title = format!(" Answer: {wants} ");
            field(frame, form, title, &ui.answer, !ui.in_calculator);
        }
        Form::Choice { options } => {
            let lines =
                options.iter().enumerate().map(|(i, o)| Line::from(format!("{}. {o}", i + 1)));
            text(frame, form, " Options ", lines.collect(), ui.scroll);
        }
        Form::Card { back } => {
            let back = back.as_deref().unwrap_or("(press Enter to turn the card)");
            text(frame, form, " Back ", Text::from(back), ui.scroll);
        }
        Form::Text => field(frame, form, " Your answer ".to_owned(), &ui.answer, true),
        Form::Mark { levels, anchors, quoted } => {
            let [shown, typed] =
                Layout::vertical([Constraint::Min(3), Constraint::Length(4)]).areas(form);
            let mut lines = Text::default();
            for (mark, level) in levels.iter().enumerate() {
                lines.push_line(format!("{mark}: {level}"));
                if let Some(anchor) = anchors.get(mark).filter(|a| !a.is_empty()) {
                    lines.push_line(format!("   for example: {anchor}"));
                }
            }
            text(frame, shown, " Marks ", lines, ui.scroll);
            let title = if *quoted { " Mark and your sentence " } else { " Mark " };
            field(frame, typed, title.to_owned(), &ui.answer, true);
        }
        _ => {}
    }
    if !message.is_empty() {
        text(frame, said, " Note ", Text::from(message), 0);
    }
    if keys::takes_sums(ask) {
        field(frame, sum, " Calculator (Tab) ".to_owned(), &ui.sum, ui.in_calculator);
    }
}

/// A line being typed, with the cursor in it if keys go there.
fn field(frame: &mut Frame<'_>, area: Rect, title: String, line: &edit::Line, has_focus: bool) {
    let block = Block::bordered().title(title).border_style(if has_focus {
        Style::new().add_modifier(Modifier::BOLD)
    } else {
        Style::new().add_modifier(Modifier::DIM)
    });
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.width == 0 || inner.height == 0 {
        return;
    }
    // Cut into rows by columns, so that the place of the cursor is known; the last rows are shown.
    let (mut rows, mut at) = (vec![String::new()], (0, 0));
    let mut column = 0;
    for (i, c) in line.text().chars().chain([' ']).enumerate() {
        let width = Span::raw(c.to_string()).width().max(1);
        if column + width > usize::from(inner.width) {
            rows.push(String::new());
            column = 0;
        }
        if i == line.before() {
            at = (column, rows.len() - 1);
        }
        if let Some(row) = rows.last_mut() {
            row.push(c);
        }
        column += width;
    }
    let above = (at.1 + 1).saturating_sub(usize::from(inner.height));
    let shown: Vec<Line<'_>> =
        rows.iter().skip(above).map(|row| Line::from(row.as_str())).collect();
    frame.render_widget(Paragraph::new(shown), inner);
    if has_focus {
        let (x, y) = (u16::try_from(at.0).unwrap_or(0), u16::try_from(at.1 - above).unwrap_or(0));
        frame.set_cursor_position(Position::new(inner.x + x, inner.y + y));
    }
}

fn confidence(sure: &Sure) -> Text<'static> {
    let mut out = Text::from(format!("Your answer: {}", sure.answer));
    out.push_line("");
    for (i, word) in sure.choices.iter().enumerate() {
        out.push_line(format!("{}  {word}", i + 1));
    }
    if let Some(message) = &sure.message {
        out.push_line("");
        out.push_line(message.clone());
    }
    out
}

fn verdict(f: &Feedback, ui: &Ui) -> Text<'static> {
    let word = screen::word(f);
    // Blue and orange are told apart by every kind of color vision; the word says it without.
    let color = if f.outcome.is_correct() { Color::LightBlue } else { Color::Yellow };
    let mut style = Style::new().add_modifier(Modifier::BOLD);
    if ui.color {
        style = style.fg(color);
    }
    if screen::is_text(f) {
        style = Style::new().add_modifier(Modifier::BOLD);
    }
    let mut out = Text::from(Line::styled(word, style));
    if !f.message.eq_ignore_ascii_case(word) {
        out.push_line(f.message.clone());
    }
    out.push_line("");
    if screen::is_text(f) {
        screen::marks(f).into_iter().for_each(|row| out.push_line(row));
        out.push_line("");
        out.push_line("Your text and figures:");
    }
    let own = if f.answer.is_empty() { "-" } else { &f.answer };
    out.push_line(format!("you     {own}"));
    if f.parts.is_empty() && !f.right_answer.is_empty() {
        out.push_line(format!("answer  {}", f.right_answer));
    }
    for (i, part) in f.parts.iter().enumerate() {
        let Some(judged) = part.outcome else { continue };
        let judged = screen::outcome(judged);
        let own = if part.answer.is_empty() { "-" } else { &part.answer };
        out.push_line(format!("{}. {judged}: you {own}, answer {}", i + 1, part.right_answer));
    }
    if let Some(d) = &f.diagnosis {
        out.push_line("");
        if let (Some(wrong), Some(right)) = (&d.wrong, &d.right) {
            out.push_line(format!("your step   {wrong}"));
            out.push_line(format!("right step  {right}"));
        }
        out.push_line(format!("Next time: {}", d.remedy));
    }
    if let Some(note) = &f.note
        && screen::is_text(f)
    {
        // In sight whatever the scroll: above everything else.
        out.lines.insert(0, Line::styled(note.clone(), Modifier::REVERSED));
        out.lines.insert(1, Line::from(""));
    }
    for line in [&f.takeaway]
        .into_iter()
        .chain(f.note.iter().filter(|_| !screen::is_text(f)))
        .filter(|l| !l.is_empty())
    {
        out.push_line("");
        out.push_line(line.clone());
    }
    if let Some(days) = f.due_in_days {
        out.push_line("");
        out.push_line(match days {
            1 => "It comes back tomorrow.".to_owned(),
            days => format!("It comes back in {days} days."),
        });
    }
    out
}
