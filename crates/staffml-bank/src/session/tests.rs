//! Sessions typed line by line.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Bank;
use crate::log::{Event, Mode, Moment, Outcome, What};
use crate::model::taxonomy::{Kind, Level, Track};
use crate::oracle::Builtin;
use crate::sched::{Aim, Rating};
use crate::state::{Filter, State};

pub(super) fn at(seconds: i64) -> Moment {
    Moment::from_ms(1_772_366_400_000 + seconds * 1000)
}

fn course() -> Course {
    Course::new(Arc::new(Bank::embedded()), Arc::new(Builtin))
}

pub(super) fn only(id: &str) -> Filter {
    Filter::default().id(id)
}

pub(super) fn start(setup: Setup, journal: &mut MemoryJournal) -> Runner {
    let course = course();
    let state = State::new(Arc::clone(&course.catalog));
    Runner::start(course, state, setup, at(0), journal).unwrap()
}

/// The right answer to the question on the table.
fn right(runner: &Runner) -> String {
    let (id, seed) = match runner.view(at(0)).stage {
        Stage::Ask(ask) => (ask.id, ask.seed),
        other => panic!("no question: {other:?}"),
    };
    let draw = crate::variant::Draw::seed(seed);
    let question = Bank::embedded().question(&id, &Builtin, &draw).unwrap();
    question.numbers().first().map_or_else(String::new, |number| number.key.display())
}

/// The line that picks the right option of the choice on the table.
fn right_option(runner: &Runner, n: usize, off: usize) -> String {
    let Stage::Ask(ask) = runner.view(at(0)).stage else { panic!("no question") };
    let draw = crate::variant::Draw::seed(ask.seed);
    let question = Bank::embedded().question(&ask.id, &Builtin, &draw).unwrap();
    let right = match &question.form {
        crate::variant::Form::Choice(menu, _) => menu.right(),
        _ => question.numbers()[0].menu().right(),
    };
    ((right + off) % n + 1).to_string()
}

/// The line that answers a part of the question on the table.
fn right_part(runner: &Runner, part: usize) -> String {
    let Stage::Ask(ask) = runner.view(at(0)).stage else { panic!("no question") };
    let draw = crate::variant::Draw::seed(ask.seed);
    let question = Bank::embedded().question(&ask.id, &Builtin, &draw).unwrap();
    let crate::variant::Form::Multi(parts) = &question.form else { panic!("{}", ask.id) };
    match parts.numbers.get(part) {
        Some(number) => number.key.display(),
        None => (parts.decision.as_ref().unwrap().menu.right() + 1).to_string(),
    }
}

fn answers(journal: &MemoryJournal) -> Vec<&crate::log::Answer> {
    let of = |event: &'_ Event| matches!(event.what, What::Answer(_));
    journal
        .events
        .iter()
        .filter(|e| of(e))
        .map(|e| match &e.what {
            What::Answer(answer) => answer,
            _ => unreachable!("filtered"),
        })
        .collect()
}

#[test]
fn a_question_from_asking_to_the_verdict() {
    let mut journal = MemoryJournal::default();
    let setup = Setup::practice(1, only("w02-flash-for-weights"), Aim::Practice);
    let mut session = start(setup, &mut journal);
    assert_eq!(session.prompt(), Prompt::Number);
    session.line("?", at(5), &mut journal).unwrap();
    session.line("= 2*3 GB in MB", at(6), &mut journal).unwrap();
    let Stage::Ask(ask) = session.view(at(6)).stage else { panic!() };
    assert_eq!(ask.hints, ["Turn the width of a weight into bytes first."]);
    assert_eq!((ask.message.as_deref(), ask.hints_left), (Some("= 6000 MB"), 0));
    assert_eq!(ask.form, Form::Number { wants: "bytes".to_owned() });
    let answer = right(&session);
    session.line(&answer, at(20), &mut journal).unwrap();
    assert_eq!(session.prompt(), Prompt::Confidence);
    assert_eq!(journal.events.len(), 1, "only the beginning is written yet");
    session.line("9", at(21), &mut journal).unwrap();
    assert!(matches!(session.view(at(21)).stage, Stage::Confidence(s) if s.message.is_some()));
    session.line("5", at(22), &mut journal).unwrap();
    let got = answers(&journal)[0];
    assert_eq!((got.outcome, got.rating, got.hints), (Outcome::Correct, Some(Rating::Hard), 1));
    assert_eq!((got.ms, got.confidence, got.text.as_deref()), (20_000, Some(0.95), Some(&*answer)));
    let Stage::Feedback(feedback) = session.view(at(23)).stage else { panic!() };
    assert_eq!(feedback.due_in_days, Some(1)); // 1.2931 days after a hard first answer
    session.line("", at(30), &mut journal).unwrap();
    assert!(matches!(session.view(at(30)).stage, Stage::Ask(_)));
    session.line("q", at(31), &mut journal).unwrap();
    let Stage::Done(done) = session.view(at(31)).stage else { panic!() };
    assert_eq!((done.why, done.answered, done.right), (Ending::Left, 1, 1));
}

#[test]
fn unreadable_thrice_and_a_missing_unit_once() {
    let mut journal = MemoryJournal::default();
    let setup = Setup::practice(1, only("w02-flash-for-weights"), Aim::Practice);
    let mut session = start(setup, &mut journal);
    for line in ["12 bananas", "", "7", "many"] {
        session.line(line, at(9), &mut journal).unwrap();
        let Stage::Ask(ask) = session.view(at(9)).stage else { panic!("{line}") };
        assert!(ask.message.is_some(), "{line}");
    }
    // The unit was missing once: a right answer is now one of a second try.
    let answer = right(&session);
    session.line(&answer, at(10), &mut journal).unwrap();
    session.line("3", at(10), &mut journal).unwrap();
    assert_eq!((answers(&journal)[0].tries, answers(&journal)[0].rating), (2, Some(Rating::Hard)));
    session.line("", at(11), &mut journal).unwrap();
    for line in ["x", "y", "z", "nonsense"] {
        session.line(line, at(12), &mut journal).unwrap();
    }
    session.line("1", at(12), &mut journal).unwrap();
    let last = answers(&journal)[1];
    assert_eq!((last.outcome, last.rating), (Outcome::Unparsable, Some(Rating::Again)));
    session.line("", at(13), &mut journal).unwrap();
    session.line("7", at(13), &mut journal).unwrap();
    session.line("7", at(13), &mut journal).unwrap();
    session.line("1", at(13), &mut journal).unwrap();
    assert_eq!(answers(&journal)[2].outcome, Outcome::WrongUnit);
}

#[test]
fn a_rating_can_be_lowered_and_never_raised() {
    let mut journal = MemoryJournal::default();
    let setup = Setup::practice(1, only("w02-flash-for-weights"), Aim::Practice);
    let mut session = start(setup, &mut journal);
    let answer = right(&session);
    session.line(&answer, at(40), &mut journal).unwrap();
    session.line("3", at(41), &mut journal).unwrap();
    assert_eq!(answers(&journal)[0].rating, Some(Rating::Good));
    session.line("good", at(41), &mut journal).unwrap();
    assert_eq!(journal.events.len(), 2, "nothing to lower");
    session.line("again", at(42), &mut journal).unwrap();
    let erased: Vec<_> = journal
        .events
        .iter()
        .filter(|e| matches!(&e.what, What::Erase(e) if e.ids.len() == 1))
        .collect();
    assert_eq!((erased.len(), answers(&journal)[1].rating), (1, Some(Rating::Again)));
    session.line("", at(43), &mut journal).unwrap();
    let card = session.state().cards().get("w02-flash-for-weights").unwrap();
    assert_eq!(card.reviews, 1);
    assert!((card.memory.stability - 0.212).abs() < 1e-12);
}

/// Fails from one append on, as a full disk does.
pub(super) struct Full(pub(super) MemoryJournal, pub(super) usize);

impl Journal for Full {
    fn append(&mut self, at: Moment, tz: i16, what: What) -> Result<Event, String> {
        if self.0.events.len() >= self.1 {
            Err("disk full".to_owned())
        } else {
            self.0.append(at, tz, what)
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_typed() {
    let mut journal = Full(MemoryJournal::default(), 1);
    let course = course();
    let state = State::new(Arc::clone(&course.catalog));
    let setup = Setup::practice(1, only("w02-flash-for-weights"), Aim::Practice);
    let mut session = Runner::start(course, state, setup, at(0), &mut journal).unwrap();
    let answer = right(&session);
    session.line(&answer, at(9), &mut journal).unwrap();
    let error = session.line("4", at(10), &mut journal).unwrap_err();
    assert_eq!(error, SessionError::Journal("disk full".to_owned()));
    assert_eq!(session.prompt(), Prompt::Confidence, "the answer still waits");
    journal.1 = 9;
    session.line("4", at(11), &mut journal).unwrap();
    assert!(matches!(session.view(at(11)).stage, Stage::Feedback(_)));
}

#[test]
fn nothing_to_ask_leaves_no_trace() {
    let mut journal = MemoryJournal::default();
    let course = course();
    let state = State::new(Arc::clone(&course.catalog));
    let none =
        Runner::start(course, state, Setup::review(1, Filter::default()), at(0), &mut journal);
    assert!(matches!(none, Err(SessionError::Nothing(_))));
    assert!(journal.events.is_empty());
}

#[test]
fn a_gauntlet_reveals_nothing_and_ends_with_its_time() {
    let mut journal = MemoryJournal::default();
    let catalog = course().catalog;
    let setup =
        gauntlet::setup(&catalog, gauntlet::Preset::Quick, Track::Cloud, Level::L3, 7).unwrap();
    let mut session = start(setup, &mut journal);
    assert_eq!(session.view(at(0)).progress.seconds_left, Some(600));
    assert_eq!(session.view(at(0)).progress.of, Some(5));
    session.line("k", at(31), &mut journal).unwrap();
    let view = session.view(at(31));
    assert!(matches!(view.stage, Stage::Ask(_)) && view.progress.right.is_none());
    session.line("?", at(32), &mut journal).unwrap();
    session.tick(at(599), &mut journal);
    assert!(!session.is_done());
    session.line("2", at(600), &mut journal).unwrap();
    let Stage::Done(done) = session.view(at(601)).stage else { panic!() };
    assert_eq!(done.why, Ending::Time);
    assert_eq!((done.answered, done.timed_out, done.lines.len()), (1, 4, 5));
}

#[test]
fn a_gauntlet_is_resumed_with_the_time_that_is_left() {
    let mut journal = MemoryJournal::default();
    let course = course();
    let setup =
        gauntlet::setup(&course.catalog, gauntlet::Preset::Quick, Track::Cloud, Level::L3, 7)
            .unwrap();
    let mut session = start(setup, &mut journal);
    session.line("k", at(31), &mut journal).unwrap();
    session.line("s", at(40), &mut journal).unwrap();
    let Stage::Ask(third) = session.view(at(40)).stage else { panic!() };
    drop(session); // the machine is switched off
    let state = State::fold(Arc::clone(&course.catalog), &journal.events);
    let resumed =
        gauntlet::resume(course.clone(), state.clone(), 0, at(400), &mut journal).unwrap();
    let view = resumed.view(at(400));
    assert_eq!((view.progress.seconds_left, view.progress.number), (Some(200), 3));
    assert!(
        matches!(view.stage, Stage::Ask(ask) if (&ask.id, ask.seed) == (&third.id, third.seed))
    );
    let late = gauntlet::resume(course.clone(), state, 0, at(4000), &mut journal).unwrap();
    let Stage::Done(done) = late.view(at(4000)).stage else { panic!() };
    assert_eq!((done.answered, done.skipped, done.timed_out), (1, 1, 3));
    let state = State::fold(Arc::clone(&course.catalog), &journal.events);
    assert!(matches!(
        gauntlet::resume(course, state, 0, at(4001), &mut journal),
        Err(SessionError::Resume(_))
    ));
}

#[test]
fn a_code_gives_the_same_questions_to_everybody() {
    let catalog = course().catalog;
    let of = |seed| {
        gauntlet::questions(&catalog, gauntlet::Preset::Standard, Track::Cloud, Level::L3, seed)
            .unwrap()
    };
    assert_eq!(of(7), of(7));
    let mut places: Vec<usize> = of(7).iter().map(|p| p.place).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), of(7).len(), "no item twice");
    assert!((0..20).any(|seed| of(seed) != of(7)));
}

#[test]
fn a_quiz_asks_choices_with_misconceptions_as_options() {
    let mut journal = MemoryJournal::default();
    let course = course();
    let state = State::new(Arc::clone(&course.catalog));
    let filter = Filter::default().area(crate::model::taxonomy::Area::Memory);
    let setup = quiz(&state, &filter, "memory", 3, 1).unwrap();
    let mut session = start(setup, &mut journal);
    let mut choices = 0;
    for n in 0..40 {
        match session.prompt() {
            Prompt::Choice(options) => {
                choices += 1;
                let line = right_option(&session, options, 1);
                session.line(&line, at(n), &mut journal).unwrap();
            }
            Prompt::Verdict => session.line("", at(n), &mut journal).unwrap(),
            Prompt::Closed => break,
            _ => session.line("k", at(n), &mut journal).unwrap(),
        }
    }
    assert!(session.is_done());
    assert!(choices >= 3);
    let got = answers(&journal);
    assert!(got[..3].iter().all(|a| a.options.is_some() && !a.outcome.is_correct()));
    assert!(got[..3].iter().any(|a| a.outcome == Outcome::Misconception));
    assert!(got.iter().all(|a| a.mode == Some(Mode::Quiz)));
}

#[test]
fn a_placement_ends_after_twelve_items_with_a_level() {
    let mut journal = MemoryJournal::default();
    let mut session = start(Setup::placement(3, Filter::default()), &mut journal);
    for n in 0..60 {
        match session.prompt() {
            Prompt::Number => {
                let answer = right(&session);
                session.line(&answer, at(n), &mut journal).unwrap();
            }
            Prompt::Choice(options) => {
                let line = right_option(&session, options, 0);
                session.line(&line, at(n), &mut journal).unwrap();
            }
            Prompt::Confidence => session.line("4", at(n), &mut journal).unwrap(),
            _ => break,
        }
    }
    let Stage::Done(done) = session.view(at(99)).stage else { panic!() };
    let placed = done.placed.unwrap();
    assert!(placed.n_items <= 12 && placed.skill > 0.3, "{placed:?}");
    let event = journal.events.iter().find_map(|e| match &e.what {
        What::Placement(p) => Some(p),
        _ => None,
    });
    assert!((event.unwrap().skill - placed.skill).abs() < 1e-12);
    assert!((session.state().skills().global() - placed.skill).abs() < 1e-12);
}

#[test]
fn a_thorough_placement_counts_parts_as_answers() {
    let mut journal = MemoryJournal::default();
    let mut session = start(Setup::thorough_placement(3, Filter::default()), &mut journal);
    // Right answers to all parts of the first question, then away.
    let mut parts = 0;
    while answers(&journal).is_empty() {
        let line = match session.prompt() {
            Prompt::Confidence => "4".to_owned(),
            _ => {
                parts += 1;
                right_part(&session, parts - 1)
            }
        };
        session.line(&line, at(1), &mut journal).unwrap();
    }
    session.line("q", at(300), &mut journal).unwrap();
    let Stage::Done(done) = session.view(at(301)).stage else { panic!() };
    let placed = done.placed.unwrap();
    // One question in parts, all right: as many answers as parts, and a skill above that of one right answer.
    assert!(parts >= 4 && (placed.n_items, placed.n_answers) == (1, parts), "{placed:?}");
    assert!(placed.skill > 0.8, "{placed:?}");
}

#[test]
fn a_refutation_drill_starts_with_a_choice_and_ends_after_three_clean_answers() {
    let mut journal = MemoryJournal::default();
    let family = course().catalog.family("unit-scale").unwrap();
    let mut session =
        start(Setup::refute(1, family, "unit-scale", Filter::default()), &mut journal);
    assert_eq!(session.prompt(), Prompt::Choice(4));
    for n in 0..20 {
        match session.prompt() {
            Prompt::Choice(options) => {
                let line = right_option(&session, options, 0);
                session.line(&line, at(n), &mut journal).unwrap();
            }
            Prompt::Number => {
                let answer = right(&session);
                session.line(&answer, at(n), &mut journal).unwrap();
            }
            Prompt::Verdict => session.line("", at(n), &mut journal).unwrap(),
            _ => break,
        }
    }
    assert!(session.is_done());
    assert_eq!(answers(&journal).len(), 3);
    assert!(answers(&journal).iter().all(|a| a.rating.is_none()), "drills are not scheduled");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_typed_the_log_folds_to_the_state(
        lines in proptest::collection::vec(
            proptest::sample::select(&["?", "s", "k", "", "1", "4", "5", "8.97 kB", "7", "= 2*3", "again", "x y z", "\u{0}", "1e999 GB"]),
            0..40,
        ),
        kind in 0..5,
    ) {
        let course = course();
        let mut journal = MemoryJournal::default();
        let state = State::new(Arc::clone(&course.catalog));
        let setup = match kind {
            0 => Setup::practice(1, Filter::default(), Aim::Stretch),
            1 => Setup::placement(1, Filter::default()),
            2 => Setup::repeat(1, "all", Filter::default()),
            3 => quiz(&state, &Filter::default(), "all", 4, 1).unwrap(),
            _ => gauntlet::setup(&course.catalog, gauntlet::Preset::Quick, Track::Cloud, Level::L2, 1).unwrap(),
        };
        let mut session = Runner::start(course.clone(), state, setup, at(0), &mut journal).unwrap();
        for (n, line) in lines.iter().enumerate() {
            session.line(line, at(i64::try_from(n).unwrap() * 20), &mut journal).unwrap();
            let _ = session.view(at(0));
        }
        session.input(Input::Quit, at(900), &mut journal).unwrap();
        prop_assert!(session.is_done());
        let erased: Vec<_> = journal.events.iter().flat_map(|e| match &e.what {
            What::Erase(erase) => erase.ids.clone(),
            _ => Vec::new(),
        }).collect();
        let kept = journal.events.iter().filter(|e| !erased.contains(&e.id));
        let folded = State::fold(course.catalog, kept);
        prop_assert_eq!(folded.skills(), session.state().skills());
        prop_assert_eq!(folded.profile(), session.state().profile());
        prop_assert_eq!(folded.n_answers(), session.state().n_answers());
        prop_assert_eq!(folded.cards().len(), session.state().cards().len());
    }
}

/// The first item of a kind in the shipped bank.
pub(super) fn of_kind(kind: Kind) -> Option<String> {
    let bank = Bank::embedded();
    bank.templates().iter().find(|t| t.head.kind == kind).map(|t| t.id().to_owned())
}

#[test]
fn a_card_is_turned_and_then_judged_by_the_learner() {
    let mut journal = MemoryJournal::default();
    let id = of_kind(Kind::Recall).expect("the bank has cards");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
    assert_eq!(session.prompt(), Prompt::Card);
    session.line("y", at(1), &mut journal).unwrap();
    assert_eq!(session.prompt(), Prompt::Card, "first it is turned");
    session.line("", at(2), &mut journal).unwrap();
    let Stage::Ask(ask) = session.view(at(2)).stage else { panic!() };
    assert!(matches!(ask.form, Form::Card { back: Some(back) } if !back.is_empty()));
    session.line("y", at(3), &mut journal).unwrap();
    assert_eq!(answers(&journal)[0].outcome, Outcome::Correct);
    assert!(matches!(session.view(at(3)).stage, Stage::Feedback(_)), "no confidence for cards");
}

#[test]
fn a_concept_choice_names_the_misconception_of_the_option() {
    let mut journal = MemoryJournal::default();
    let id = of_kind(Kind::Choice).expect("the bank has choices");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
    let Prompt::Choice(n) = session.prompt() else { panic!() };
    let Stage::Ask(ask) = session.view(at(0)).stage else { panic!() };
    let draw = crate::variant::Draw::seed(ask.seed);
    let question = Bank::embedded().question(&id, &Builtin, &draw).unwrap();
    let crate::variant::Form::Choice(menu, _) = &question.form else { panic!() };
    let wrong = (menu.right() + 1) % n;
    session.line(&(wrong + 1).to_string(), at(9), &mut journal).unwrap();
    session.line("5", at(9), &mut journal).unwrap();
    let got = answers(&journal)[0];
    assert_eq!(
        (got.outcome, &got.code),
        (Outcome::Misconception, &menu.options[wrong].misconception)
    );
    assert_eq!(got.options, u32::try_from(n).ok());
}

#[test]
fn nobody_is_asked_how_sure_they_are_of_nothing() {
    let id = of_kind(Kind::Multi).expect("the bank has questions in parts");
    for typed in [false, true] {
        let mut journal = MemoryJournal::default();
        let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
        if typed {
            let first = right(&session); // of the first part
            session.line(&first, at(1), &mut journal).unwrap();
        }
        for n in 2..20 {
            let Stage::Ask(_) = session.view(at(n)).stage else { break };
            session.line("k", at(n), &mut journal).unwrap();
        }
        assert_eq!(session.prompt() == Prompt::Confidence, typed);
        if !typed {
            assert!(matches!(session.view(at(30)).stage, Stage::Feedback(_)));
            let answer = answers(&journal)[0];
            assert_eq!((answer.outcome, answer.confidence), (Outcome::DontKnow, None));
        }
    }
}
