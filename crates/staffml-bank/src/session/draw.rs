//! From the machine to its views.

use crate::grade::Class;
use crate::log::{Mode, Moment, Outcome, Placement};
use crate::sched::{CONFIDENCE_WORDS, Calibration, Scheduler as _};
use crate::variant::Style;

use super::question::{Step, wants};
use super::runner::{Given, Judged, Now, Open, Runner};
use super::view::{
    Ask, Ending, Feedback, Form, Line, Marked, PartOf, PartVerdict, Parting, Progress, Stage,
    Summary, Sure, View,
};

pub(super) fn view(runner: &Runner, now: Moment) -> View {
    let stage = match &runner.stage {
        Now::Ask(open) => Stage::Ask(Box::new(ask(runner, open))),
        Now::Sure(both) => Stage::Confidence(Box::new(sure(runner, &both.0, &both.1))),
        Now::Verdict(judged) => Stage::Feedback(Box::new(feedback(runner, judged, now))),
        Now::Done(why, message) => Stage::Done(Box::new(summary(runner, *why, message.clone()))),
    };
    let (mode, title) = (runner.setup.mode, runner.setup.title.clone());
    View { mode, title, progress: progress(runner, now), stage }
}

fn progress(runner: &Runner, now: Moment) -> Progress {
    let done = u32::try_from(runner.lines.len()).unwrap_or(u32::MAX);
    let waits = matches!(runner.stage, Now::Ask(_) | Now::Sure(_));
    let listed = runner.setup.source.n().map(|left| u32::try_from(left).unwrap_or(u32::MAX));
    let open = match &runner.stage {
        Now::Ask(open) => Some(open.as_ref()),
        Now::Sure(both) => Some(&both.0),
        _ => None,
    };
    let right = runner.lines.iter().filter(|l| l.outcome.is_some_and(Outcome::is_correct)).count();
    let reveal = runner.setup.reveal || runner.is_done();
    Progress {
        number: done + u32::from(waits),
        of: listed.map(|left| left + done + u32::from(waits)).or(runner.setup.most),
        right: reveal.then(|| u32::try_from(right).unwrap_or(u32::MAX)),
        seconds_left: runner.setup.limit_s.map(|limit| {
            u32::try_from((i64::from(limit) - runner.seconds(now)).max(0)).unwrap_or(0)
        }),
        over_its_share: open.is_some_and(|open| {
            let share = i64::from(open.put.question.template.class.time_s) * 1000;
            now.ms() - open.shown_at.ms() > share
        }),
    }
}

fn ask(runner: &Runner, open: &Open) -> Ask {
    let template = &open.put.question.template;
    let (head, class) = (&template.head, &template.class);
    let hints = &template.hints;
    let changed = runner.state.cards().get(&head.id).is_some_and(|c| c.major != head.version.major);
    let (number, of) = (open.answers.len(), open.put.n_steps());
    // After the last answer the last step stays on the table.
    let step = open.put.step(number.min(of.saturating_sub(1)));
    let part = step.and_then(|(_, ask)| ask).map(|ask| PartOf {
        number: u32::try_from(number.min(of.saturating_sub(1)) + 1).unwrap_or(u32::MAX),
        of: u32::try_from(of).unwrap_or(u32::MAX),
        ask: ask.to_owned(),
        before: open.answers.clone(),
    });
    Ask {
        id: head.id.clone(),
        title: head.title.clone(),
        seed: open.put.question.seed,
        level: class.level,
        area: class.area,
        topic: class.topic,
        time_s: class.time_s,
        stem: open.put.question.stem.clone(),
        part,
        form: match step {
            Some((Step::Number(instance), _)) => Form::Number { wants: wants(instance) },
            Some((Step::Menu(menu), _)) => {
                Form::Choice { options: menu.options.iter().map(|o| o.text.clone()).collect() }
            }
            Some((Step::Card(back), _)) => {
                Form::Card { back: open.turned.then(|| back.to_owned()) }
            }
            Some((Step::Mark(row), _)) => Form::Mark {
                levels: row.levels.iter().map(|l| l.earns.clone()).collect(),
                anchors: if open.anchors {
                    row.levels.iter().map(|l| l.anchor.clone()).collect()
                } else {
                    Vec::new()
                },
                quoted: row.quoted,
            },
            Some((Step::Text, _)) | None => Form::Text,
        },
        hints: hints.iter().take(open.hints).cloned().collect(),
        hints_left: if runner.setup.hints {
            u32::try_from(hints.len().saturating_sub(open.hints)).unwrap_or(0)
        } else {
            0
        },
        message: open.message.clone(),
        calculator: runner.setup.calculator,
        changed,
    }
}

fn sure(runner: &Runner, open: &Open, given: &Given) -> Sure {
    let question = Ask { message: None, ..ask(runner, open) };
    Sure {
        question,
        answer: given.text.clone(),
        choices: CONFIDENCE_WORDS.map(str::to_owned).to_vec(),
        message: open.message.clone(),
    }
}

fn feedback(runner: &Runner, judged: &Judged, now: Moment) -> Feedback {
    let put = &judged.open.put;
    let template = &put.question.template;
    let answer = &judged.answer;
    let verdict = judged.given.verdict.as_ref();
    let diagnosis = put.turn(&answer.code).and_then(|number| number.diagnosis(&answer.code));
    let message = match verdict {
        None if !put.rows().is_empty() => {
            let percent = runner.score(&judged.open) * 100.0;
            let mut text = format!("{percent:.0} % of the full score");
            if runner.is_capped(&judged.open) {
                let most = crate::model::Open::CAP * 100.0;
                text.push_str(&format!(
                    ", and {most:.0} % is the most while a figure that must be computed is wrong"
                ));
            }
            text
        }
        None => "here is how it goes".to_owned(),
        Some(v) if v.class == Class::Unparsable => {
            format!("{}; three times not readable counts as not known", v.message)
        }
        Some(v) => v.message.clone(),
    };
    let due = answer.rating.map(|rating| {
        let card = runner.state.cards().get(put.id());
        let today = runner.today(now);
        let elapsed = card.map_or(0, |card| today.since(card.last));
        let scheduler = runner.state.scheduler();
        let memory = scheduler.review(card.map(|card| &card.memory), rating, elapsed);
        scheduler.due_days(&memory, runner.state.settings().retention)
    });
    Feedback {
        question: Ask { message: None, ..ask(runner, &judged.open) },
        answer: judged.given.text.clone(),
        outcome: answer.outcome,
        code: answer.code.clone(),
        message,
        right_answer: put.right_answer(),
        parts: parts(runner, judged),
        marks: marks(judged),
        revised: judged.revised,
        share: (!judged.open.marks.is_empty()).then(|| runner.score(&judged.open)),
        diagnosis: diagnosis.map(|d| Parting { right: d.right, wrong: d.wrong, remedy: d.remedy }),
        solution: put.question.solution(Style::Plain),
        takeaway: template.takeaway.clone(),
        rating: answer.rating,
        due_in_days: due,
        note: judged.note.clone(),
    }
}

/// The marks of the learner's own text.
fn marks(judged: &Judged) -> Vec<Marked> {
    let row = |(row, mark): (&crate::model::Row, &crate::log::Mark)| Marked {
        ask: row.ask.clone(),
        levels: row.levels.iter().map(|l| l.earns.clone()).collect(),
        blind: mark.blind,
        mark: mark.last,
        quote: mark.quote.clone(),
    };
    judged.open.put.rows().iter().zip(&judged.open.marks).map(row).collect()
}

/// The verdicts on the parts of a question that has several.
fn parts(runner: &Runner, judged: &Judged) -> Vec<PartVerdict> {
    let put = &judged.open.put;
    let answers = &judged.open.answers;
    if put.n_steps() < 2 {
        return Vec::new();
    }
    let texts: Vec<&str> = answers.iter().map(String::as_str).collect();
    let verdicts = put.grade_parts(&runner.course, &texts);
    let part = |(i, answer): (usize, &String)| {
        let (_, ask) = put.step(i)?;
        let verdict = verdicts.get(i);
        let blank = answer.is_empty();
        Some(PartVerdict {
            ask: ask.unwrap_or_default().to_owned(),
            answer: answer.clone(),
            outcome: verdict.map(|v| if blank { Outcome::DontKnow } else { v.class.into() }),
            message: verdict.filter(|_| !blank).map_or_else(String::new, |v| v.message.clone()),
            right_answer: put.right(i),
        })
    };
    answers.iter().enumerate().filter_map(part).collect()
}

/// The result of a placement as an event, if this is one and it has answers.
pub(super) fn placement_event(runner: &Runner) -> Option<Placement> {
    if runner.setup.mode != Mode::Placement || runner.seen.placement.n_items() == 0 {
        return None;
    }
    let placed = runner.seen.placement.result();
    let mut event = Placement::new(runner.session.clone(), placed.skill, placed.error);
    event.areas = placed.areas.iter().copied().collect();
    event.track = runner.setup.track;
    event.level = Some(placed.level);
    event.n_items = u32::try_from(placed.n_items).unwrap_or(u32::MAX);
    Some(event)
}

fn summary(runner: &Runner, why: Ending, message: Option<String>) -> Summary {
    let lines = runner.lines.clone();
    let count = |wanted: &dyn Fn(&&Line) -> bool| {
        u32::try_from(lines.iter().filter(wanted).count()).unwrap_or(u32::MAX)
    };
    let stated: Vec<(f64, bool)> =
        lines.iter().filter_map(|l| Some((l.confidence?, l.outcome?.is_correct()))).collect();
    let mut families: Vec<(String, u32)> = Vec::new();
    for line in &lines {
        let catalog = &runner.course.catalog;
        let family = catalog.family_of(&line.code).and_then(|f| catalog.families().get(f));
        let Some(family) = family else { continue };
        match families.iter_mut().find(|(id, _)| *id == family.id) {
            Some((_, n)) => *n += 1,
            None => families.push((family.id.clone(), 1)),
        }
    }
    families.sort_by_key(|(_, n)| core::cmp::Reverse(*n));
    let is_placement = runner.setup.mode == Mode::Placement;
    let placed = is_placement.then(|| runner.seen.placement.result());
    Summary {
        why,
        message,
        answered: count(&|l| l.outcome.is_some()),
        right: count(&|l| l.outcome.is_some_and(Outcome::is_correct)),
        // From 0: the sum of no numbers is −0.
        score: lines.iter().filter_map(|l| l.outcome).map(Outcome::score).fold(0.0, |a, b| a + b),
        skipped: count(&|l| l.outcome.is_none() && l.code != "timeout"),
        timed_out: count(&|l| l.code == "timeout"),
        skill: (runner.skill_before, runner.state.skills().global()),
        skill_error: skill_error(runner, &lines),
        earlier: earlier(runner),
        brier: Calibration::of(&stated).map(|c| c.brier),
        next: next(runner, &lines, &families),
        families,
        placed,
        lines,
    }
}

/// One over the root of the information of the answers at the skill they led to, the prior N(0, 1) counting as 1.
fn skill_error(runner: &Runner, lines: &[Line]) -> f64 {
    let theta = runner.state.skills().global();
    let catalog = &runner.course.catalog;
    let answered = lines.iter().filter(|l| l.outcome.is_some());
    let items = answered.filter_map(|l| catalog.item(catalog.place(&l.id)?));
    // The skill learns from an item as a whole, also where it has parts.
    let told = items.map(|item| item.curve().information(theta));
    1.0 / libm::sqrt(1.0 + told.sum::<f64>())
}

/// Scores of earlier gauntlets of the same preset; other sessions are not compared.
fn earlier(runner: &Runner) -> Vec<f64> {
    if runner.setup.mode != Mode::Gauntlet {
        return Vec::new();
    }
    let same = |past: &&crate::state::Past| {
        past.start.mode == Mode::Gauntlet
            && past.start.preset == runner.setup.preset
            && past.start.session != runner.session
            && !past.start.items.is_empty()
    };
    let share = |past: &crate::state::Past| {
        let score = past.answers.iter().map(|(_, a)| a.score()).fold(0.0, |a, b| a + b);
        score / past.start.items.len() as f64
    };
    runner.state.sessions().iter().filter(same).map(share).collect()
}

/// Commands that lead on, at most three.
fn next(runner: &Runner, lines: &[Line], families: &[(String, u32)]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let catalog = &runner.course.catalog;
    let drills = runner.state.profile().drills();
    let open = |id: &str| catalog.family(id).is_some_and(|f| drills.contains(&f));
    if let Some((family, _)) = families.iter().find(|(id, n)| open(id) || *n > 1) {
        out.push(format!("staffml drill --family {family}"));
    }
    if runner.setup.mode == Mode::Placement {
        out.push("staffml practice".to_owned());
    }
    let missed = lines.iter().find(|l| l.outcome.is_some_and(|o| !o.is_correct()));
    if let Some(topic) = missed.and_then(|l| catalog.item(catalog.place(&l.id)?)).map(|i| i.topic) {
        out.push(format!("staffml drill --topic {topic}"));
    }
    if lines.iter().any(|l| l.confidence.is_some()) {
        out.push("staffml gaps".to_owned());
    }
    out.push("staffml progress".to_owned());
    out.dedup();
    out.truncate(3);
    out
}
