//! A variant that cannot be evaluated: noted, replaced at once, never shown again.

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use staffml_bank::Bank;
use staffml_bank::log::{Moment, What};
use staffml_bank::oracle::{
    Bindings, Builtin, Mutation, Oracle, OracleError, OracleId, Record, Registry, Signature, Trace,
};
use staffml_bank::session::{Course, MemoryJournal, Runner, Setup, Stage};
use staffml_bank::state::{Filter, State};

const ID: &str = "w02-flash-for-weights";

/// The built-in equations, of which the first few evaluations have no value.
struct Stumbling {
    left: AtomicU32,
}

impl Oracle for Stumbling {
    fn id(&self) -> OracleId {
        Builtin.id()
    }

    fn signature(&self, equation: &str) -> Option<Signature> {
        Builtin.signature(equation)
    }

    fn eval(
        &self,
        equation: &str,
        inputs: &Bindings,
        output: Option<&str>,
        mutations: &[Mutation],
    ) -> Result<Trace, OracleError> {
        let one_less = |n: u32| n.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            let (node, why) = ("bytes".to_owned(), "for this test".to_owned());
            return Err(OracleError::Domain { equation: equation.to_owned(), node, why });
        }
        Builtin.eval(equation, inputs, output, mutations)
    }

    fn lookup(&self, registry: Registry, key: &str) -> Option<Record> {
        Builtin.lookup(registry, key)
    }

    fn keys(&self, registry: Registry) -> Vec<String> {
        Builtin.keys(registry)
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_ms(1_772_352_000_000 + seconds * 1000)
}

#[test]
fn a_broken_variant_is_noted_and_never_shown_again() {
    let oracle = Stumbling { left: AtomicU32::new(2) };
    let course = Course::new(Arc::new(Bank::embedded()), Arc::new(oracle));
    let catalog = Arc::clone(&course.catalog);
    let mut journal = MemoryJournal::default();
    let setup = Setup::repeat(7, "test", Filter::default().id(ID));
    let state = State::new(Arc::clone(&catalog));
    let mut session = Runner::start(course, state, setup, at(0), &mut journal).unwrap();

    // The learner sees a question all the same.
    let Stage::Ask(ask) = session.view(at(0)).stage else { panic!("no question") };
    assert_eq!(ask.id, ID);
    let broken = |journal: &MemoryJournal| -> Vec<u64> {
        let seed = |what: &What| match what {
            What::Broken(broken) => Some(broken.seed),
            _ => None,
        };
        journal.events.iter().filter_map(|e| seed(&e.what)).collect()
    };
    let noted = broken(&journal);
    assert_eq!(noted.len(), 2);
    assert!(noted[0] != noted[1] && !noted.contains(&ask.seed), "{noted:?}, {}", ask.seed);

    // Thirty more questions: none with a seed of the last twenty, none with a broken one, nothing noted again.
    let mut seen = vec![ask.seed];
    for i in 1..=30 {
        session.line("k", at(i * 10), &mut journal).unwrap();
        session.line("", at(i * 10 + 5), &mut journal).unwrap();
        let Stage::Ask(ask) = session.view(at(i * 10 + 5)).stage else { break };
        let last = &seen[seen.len().saturating_sub(20)..];
        assert!(!last.contains(&ask.seed) && !noted.contains(&ask.seed), "question {i}");
        seen.push(ask.seed);
    }
    assert!(seen.len() > 20, "{} questions", seen.len());
    assert_eq!(broken(&journal), noted);

    // What was noted holds on the next day, from the log alone.
    let state = State::fold(Arc::clone(&catalog), &journal.events);
    let place = catalog.place(ID).unwrap();
    assert!((0..200).all(|retry| !noted.contains(&state.next_seed(place, retry))));
    let fresh = State::new(Arc::clone(&catalog));
    assert_eq!(fresh.next_seed(place, 0), noted[0], "without the log it would be the first");
}
