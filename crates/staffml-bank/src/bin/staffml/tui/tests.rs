//! A session by keys alone, drawn on screens that exist in memory only.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use staffml_bank::Bank;
use staffml_bank::log::Moment;
use staffml_bank::model::taxonomy::Kind;
use staffml_bank::oracle::Builtin;
use staffml_bank::sched::Aim;
use staffml_bank::session::{Course, Input, MemoryJournal, Runner, Setup, Stage, View};
use staffml_bank::state::{Filter, State};

use super::{Act, Ui, draw, edit::Line, keys};

pub(super) struct Desk {
    runner: Runner,
    journal: MemoryJournal,
    pub(super) ui: Ui,
    seconds: i64,
}

impl Desk {
    pub(super) fn new(id: &str) -> Self {
        let course = Course::new(Arc::new(Bank::embedded()), Arc::new(Builtin));
        let state = State::new(Arc::clone(&course.catalog));
        let mut journal = MemoryJournal::default();
        let setup = Setup::practice(1, Filter::default().id(id), Aim::Practice);
        let runner = Runner::start(course, state, setup, at(0), &mut journal).unwrap();
        Self { runner, journal, ui: Ui::default(), seconds: 0 }
    }

    fn view(&self) -> View {
        self.runner.view(at(self.seconds))
    }

    pub(super) fn press(&mut self, code: KeyCode) -> Act {
        self.seconds += 1;
        let before = self.view();
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let act = keys::press(&mut self.ui, &before, self.runner.prompt(), key);
        let now = at(self.seconds);
        match act.clone() {
            Act::Stay => return act,
            Act::Input(input) => self.runner.input(input, now, &mut self.journal).unwrap(),
            Act::Line(line) => self.runner.line(&line, now, &mut self.journal).unwrap(),
        }
        self.ui.settle(&before, &self.runner.view(now));
        act
    }

    pub(super) fn type_line(&mut self, text: &str) {
        text.chars().for_each(|c| {
            self.press(KeyCode::Char(c));
        });
        self.press(KeyCode::Enter);
    }

    /// With colors, as on a terminal that has them.
    pub(super) fn color(&mut self) {
        self.ui.color = true;
    }

    /// What waits: the name of a prompt.
    pub(super) fn stage(&self) -> String {
        let name = format!("{:?}", self.runner.prompt()).to_lowercase();
        name.split('(').next().unwrap_or_default().to_owned()
    }

    pub(super) fn buffer(&self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw::draw(frame, &self.view(), &self.ui)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as lines.
    fn screen(&self, width: u16, height: u16) -> Vec<String> {
        let buffer = self.buffer(width, height);
        (0..height)
            .map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>())
            .collect()
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_ms(1_772_352_000_000 + seconds * 1000)
}

#[test]
fn a_question_is_answered_by_keys_alone() {
    let mut desk = Desk::new("w02-flash-for-weights");
    let screen = desk.screen(80, 24).join("\n");
    for part in [" Question ", " Answer: ", "question 1", "F1 hint", "Esc leave"] {
        assert!(screen.contains(part), "{screen}");
    }
    desk.press(KeyCode::Tab);
    assert!(desk.ui.in_calculator);
    desk.type_line("2*3 kB");
    assert!(desk.screen(80, 24).join("\n").contains("6 kB"), "{:?}", desk.screen(80, 24));
    desk.press(KeyCode::Tab);
    desk.type_line("12 bananas");
    assert!(desk.screen(80, 24).join("\n").contains(" Note "));
    desk.type_line("1 B");
    assert!(matches!(desk.view().stage, Stage::Confidence(_)));
    assert!(desk.screen(80, 24).join("\n").contains("How sure are you?"));
    desk.press(KeyCode::Char('7'));
    assert!(matches!(desk.view().stage, Stage::Confidence(_)));
    desk.press(KeyCode::Char('5'));
    let Stage::Feedback(feedback) = desk.view().stage else { panic!("no verdict") };
    let screen = desk.screen(80, 24).join("\n");
    assert!(screen.contains("Worked solution") && screen.contains("you     1 B"), "{screen}");
    assert!(!feedback.outcome.is_correct());
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Esc);
    assert!(desk.runner.is_done());
}

/// Nothing is lost or broken at the sizes that people and pipes use, down to none.
#[test]
fn every_size_of_screen_can_be_drawn() {
    let mut desk = Desk::new("w02-flash-for-weights");
    for stage in 0..3 {
        for (width, height) in [(200, 60), (80, 24), (72, 10), (40, 12), (10, 4), (1, 1), (0, 0)] {
            let screen = desk.screen(width, height);
            if (width, height) == (40, 12) {
                assert!(screen.iter().any(|line| line.contains('─')), "{stage} {screen:?}");
            }
        }
        match stage {
            0 => desk.type_line("1 B"),
            _ => {
                desk.press(KeyCode::Char('3'));
            }
        }
    }
}

#[test]
fn long_answers_keep_their_cursor_in_sight() {
    let mut desk = Desk::new("w02-flash-for-weights");
    for _ in 0..300 {
        desk.press(KeyCode::Char('漢'));
    }
    desk.press(KeyCode::Char('!'));
    assert!(desk.screen(80, 24).join("").contains('!'));
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Delete);
    desk.press(KeyCode::End);
    desk.press(KeyCode::Backspace);
    assert_eq!(desk.ui.answer.text().chars().count(), 299);
}

#[test]
fn control_keys_leave_and_strange_keys_do_nothing() {
    let mut desk = Desk::new("w02-flash-for-weights");
    let view = desk.view();
    for code in [KeyCode::F(12), KeyCode::Insert, KeyCode::Null, KeyCode::CapsLock] {
        assert_eq!(desk.press(code), Act::Stay);
    }
    assert_eq!(desk.view().stage, view.stage);
    let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let act = keys::press(&mut desk.ui, &view, desk.runner.prompt(), key);
    assert_eq!(act, Act::Input(Input::Quit));
}

#[test]
fn a_line_edits_as_lines_do() {
    let mut line = Line::default();
    line.insert("a\nb\u{7}é");
    assert_eq!((line.text(), line.before()), ("a bé", 4));
    line.left();
    line.left();
    line.insert("x");
    assert_eq!(line.text(), "a xbé");
    line.home();
    line.backspace();
    line.delete();
    line.end();
    line.right();
    line.backspace();
    assert_eq!(line.text(), " xb");
}

/// An open question by keys: marks, examples, second thoughts beside the model answer.
#[test]
fn a_text_is_marked_by_keys_alone() {
    let bank = Bank::embedded();
    let open = bank.templates().iter().find(|t| t.head.kind == Kind::Open).unwrap();
    let mut desk = Desk::new(open.id());
    while desk.stage() == "number" {
        desk.press(KeyCode::F(3));
    }
    desk.type_line("It is bound by memory, since decoding streams every weight.");
    assert_eq!(desk.stage(), "mark");
    assert!(!desk.screen(80, 40).join("\n").contains("for example"));
    desk.press(KeyCode::F(1));
    assert!(desk.screen(80, 40).join("\n").contains("for example"));
    desk.type_line("1 words that are not there");
    assert_eq!(desk.ui.answer.text(), "1 words that are not there", "refused words can be mended");
    for _ in 0..30 {
        desk.press(KeyCode::Backspace);
    }
    while desk.stage() == "mark" {
        desk.type_line("1 bound by memory");
    }
    let screen = desk.screen(80, 24).join("\n");
    assert!(screen.contains("Model answer") && screen.contains("Your marks"), "{screen}");
    desk.type_line("1 0");
    let Stage::Feedback(feedback) = desk.view().stage else { panic!("no verdict") };
    assert_eq!((feedback.marks[0].blind, feedback.marks[0].mark), (1, 0));
    assert!(desk.ui.answer.text().is_empty());
    desk.press(KeyCode::Enter);
    assert_ne!(desk.stage(), "revise");
}
