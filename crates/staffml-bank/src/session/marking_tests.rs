//! Texts that are written, marked blind, and marked again beside the model answer.

use super::tests::{Full, at, of_kind, only, start};
use super::*;
use crate::log::{Event, Outcome, What};
use crate::model::taxonomy::Kind;
use crate::sched::Aim;

#[test]
fn an_open_question_takes_figures_a_text_and_quoted_marks() {
    let mut journal = MemoryJournal::default();
    let id = of_kind(Kind::Open).expect("the bank has open questions");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
    let mut quoted = 0;
    for n in 0..40 {
        match session.prompt() {
            Prompt::Number => session.line("k", at(n), &mut journal).unwrap(),
            Prompt::Text => {
                session
                    .line(
                        "It is bound by memory, since decoding streams every weight.",
                        at(n),
                        &mut journal,
                    )
                    .unwrap();
            }
            Prompt::Mark(most) => {
                session.line("1 words that are not there", at(n), &mut journal).unwrap();
                quoted += u32::from(matches!(session.prompt(), Prompt::Mark(_)));
                if let Prompt::Mark(_) = session.prompt() {
                    session.line(&format!("{most} bound by memory"), at(n), &mut journal).unwrap();
                }
            }
            _ => break,
        }
    }
    assert!(quoted > 0, "a mark without its words is refused");
    let Stage::Feedback(feedback) = session.view(at(60)).stage else { panic!() };
    assert!(feedback.solution.contains("Model answer"), "{}", feedback.solution);
    let rubric = journal.events.iter().find_map(|e| match &e.what {
        What::Rubric(rubric) => Some(rubric),
        _ => None,
    });
    // The figures were not computed: full marks are worth no more than the cap.
    let score = rubric.unwrap().score;
    assert!(score > 0.3 && score <= crate::model::Open::CAP, "{score}");
    session.line("", at(61), &mut journal).unwrap();
    assert_eq!(session.state().days().values().map(|d| d.answers).sum::<u32>(), 1);
}

/// A session on an open question whose text is written and marked blind: 1 in each row, quoting `bound by memory`.
fn marked_blind(journal: &mut MemoryJournal) -> Runner {
    let id = of_kind(Kind::Open).expect("the bank has open questions");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), journal);
    for n in 0..40 {
        match session.prompt() {
            Prompt::Number => session.line("k", at(n), journal).unwrap(),
            Prompt::Text => {
                let text = "It is bound by memory, since decoding streams every weight.";
                session.line(text, at(n), journal).unwrap();
            }
            Prompt::Mark(_) => session.line("1 bound by memory", at(n), journal).unwrap(),
            _ => break,
        }
    }
    session
}

fn rubrics(journal: &MemoryJournal) -> Vec<&crate::log::Rubric> {
    fn of(event: &Event) -> Option<&crate::log::Rubric> {
        match &event.what {
            What::Rubric(rubric) => Some(rubric),
            _ => None,
        }
    }
    journal.events.iter().filter_map(of).collect()
}

fn feedback(session: &Runner) -> Feedback {
    match session.view(at(90)).stage {
        Stage::Feedback(feedback) => *feedback,
        other => panic!("no verdict: {other:?}"),
    }
}

#[test]
fn marks_fall_freely_beside_the_model_answer_and_rise_with_new_words_only() {
    let mut journal = MemoryJournal::default();
    let mut session = marked_blind(&mut journal);
    let rows = feedback(&session).marks.len();
    assert_eq!(session.prompt(), Prompt::Revise(rows));
    assert!(feedback(&session).marks.iter().all(|m| (m.blind, m.mark) == (1, 1)));
    // Without words, with the old ones, with words of somebody else.
    for line in ["1 2", "1 2 bound by memory", "1 2 Bound by MEMORY.", "1 2 the roofline says so"] {
        session.line(line, at(61), &mut journal).unwrap();
        let feedback = feedback(&session);
        assert!(feedback.note.is_some_and(|n| n.contains("new words")), "{line}");
        assert_eq!(feedback.marks[0].mark, 1, "{line}");
    }
    for line in ["9 1", "1 9 streams every weight", "1", "x"] {
        session.line(line, at(61), &mut journal).unwrap();
        assert!(feedback(&session).note.is_some(), "{line}");
    }
    let before = feedback(&session).share.unwrap();
    session.line("1 2 decoding streams every weight", at(62), &mut journal).unwrap();
    session.line("2 0", at(63), &mut journal).unwrap();
    session.line("3 0", at(63), &mut journal).unwrap();
    // Back to the blind mark needs no words.
    session.line("3 1", at(64), &mut journal).unwrap();
    let now = feedback(&session);
    let marks: Vec<(u8, u8)> = now.marks.iter().take(3).map(|m| (m.blind, m.mark)).collect();
    assert_eq!(marks, [(1, 2), (1, 0), (1, 1)]);
    assert_eq!(now.marks[0].quote.as_deref(), Some("decoding streams every weight"));
    assert!((now.share.unwrap() - before).abs() < 0.35 && now.note.is_none() && now.revised);
    assert_eq!(rubrics(&journal).len(), 1, "written once the learner goes on");
    session.line("", at(65), &mut journal).unwrap();
    let (blind, last) = (rubrics(&journal)[0], rubrics(&journal)[1]);
    assert!(blind.marks.iter().all(|m| m.last == 1));
    assert_eq!((last.marks[0].blind, last.marks[0].last), (1, 2));
    assert!((last.score - now.share.unwrap()).abs() < 1e-12);
    let erased: Vec<_> =
        journal.events.iter().filter(|e| matches!(e.what, What::Erase(_))).collect();
    assert_eq!(erased.len(), 1);
    // The state knows one answer, and is the fold of what is not erased.
    assert_eq!(session.state().days().values().map(|d| d.answers).sum::<u32>(), 1);
}

#[test]
fn marks_that_stay_are_written_once() {
    let mut journal = MemoryJournal::default();
    let mut session = marked_blind(&mut journal);
    session.line("", at(61), &mut journal).unwrap();
    assert_eq!(rubrics(&journal).len(), 1);
    assert!(!journal.events.iter().any(|e| matches!(e.what, What::Erase(_))));
}

#[test]
fn second_thoughts_survive_a_full_disk() {
    let mut inner = MemoryJournal::default();
    let mut session = marked_blind(&mut inner);
    session.line("1 0", at(61), &mut inner).unwrap();
    // Room for the new marks, none for the erasure of the old ones.
    let room = inner.events.len() + 1;
    let mut journal = Full(inner, room);
    assert!(session.line("", at(62), &mut journal).is_err());
    assert!(matches!(session.prompt(), Prompt::Revise(_)), "the marks still wait");
    journal.1 = 99;
    session.line("", at(63), &mut journal).unwrap();
    assert_eq!(rubrics(&journal.0).len(), 2, "the new marks are not written again");
    let erased: Vec<_> =
        journal.0.events.iter().filter(|e| matches!(e.what, What::Erase(_))).collect();
    assert_eq!(erased.len(), 1);
}

#[test]
fn examples_of_marks_are_shown_on_demand_and_texts_are_not_thrown_away() {
    let mut journal = MemoryJournal::default();
    let id = of_kind(Kind::Open).expect("the bank has open questions");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
    while session.prompt() == Prompt::Number {
        session.line("k", at(1), &mut journal).unwrap();
    }
    let text = "Nothing here fits the rubric.";
    session.line(text, at(2), &mut journal).unwrap();
    let anchors = |session: &Runner| match session.view(at(3)).stage {
        Stage::Ask(ask) => match ask.form {
            Form::Mark { anchors, levels, .. } => (anchors.len(), levels.len()),
            other => panic!("no row: {other:?}"),
        },
        other => panic!("no question: {other:?}"),
    };
    assert_eq!(anchors(&session).0, 0);
    session.line("?", at(3), &mut journal).unwrap();
    assert_eq!(anchors(&session).0, anchors(&session).1);
    session.line("s", at(4), &mut journal).unwrap();
    assert!(matches!(session.prompt(), Prompt::Mark(_)), "a skip would throw the text away");
    session.line("0", at(5), &mut journal).unwrap();
    assert_eq!(anchors(&session).0, 0, "the next row is blind again");
    session.line("q", at(6), &mut journal).unwrap();
    let note = journal.events.iter().find_map(|e| match &e.what {
        What::Note(note) => Some(note),
        _ => None,
    });
    assert_eq!(note.map(|n| n.text.as_str()), Some(text));
}

#[test]
fn nothing_written_gets_nothing_without_asking() {
    let mut journal = MemoryJournal::default();
    let id = of_kind(Kind::Open).expect("the bank has open questions");
    let mut session = start(Setup::practice(1, only(&id), Aim::Practice), &mut journal);
    while matches!(session.prompt(), Prompt::Number | Prompt::Text) {
        session.line("k", at(1), &mut journal).unwrap();
    }
    assert_eq!(session.prompt(), Prompt::Verdict);
    let feedback = feedback(&session);
    assert_eq!((feedback.outcome, feedback.share), (Outcome::DontKnow, Some(0.0)));
    assert!(rubrics(&journal)[0].marks.iter().all(|m| (m.blind, m.last) == (0, 0)));
}
