//! A chain as a session: questions of rising level with one machine and one model all along.

use crate::log::Mode;
use crate::model::ParamKind;
use crate::quantity::format;
use crate::variant::{ParamValue, Question};

use super::course::Course;
use super::error::SessionError;
use super::setup::Setup;
use super::source::Planned;

/// Returns the session of a chain: its members in order, with the values of its thread.
///
/// # Errors
///
/// [`SessionError::Bank`] if there is no such chain, or it cannot be drawn.
pub fn chain(course: &Course, id: &str, seed: u64) -> Result<Setup, SessionError> {
    let chain = course.bank.chain(id)?;
    let questions = course.bank.thread(id, course.oracle.as_ref(), seed)?;
    let plan = |question: &Question| {
        let place = course.catalog.place(question.template.id())?;
        let given = given(question);
        Some(Planned { given, ..Planned::variant(place, question.seed) })
    };
    let list = questions.iter().filter_map(plan).collect();
    let title = format!("Chain: {}", chain.title);
    let mut setup = Setup::listed(Mode::Chain, &title, seed, list);
    setup.preset = Some(chain.id.clone());
    setup.track = Some(chain.track);
    Ok(setup)
}

/// The drawn values of a question as text, so that the log says which variant it was.
fn given(question: &Question) -> Vec<(String, String)> {
    let drawn = |name: &str| {
        let param = question.template.param(name);
        param.is_some_and(|p| !matches!(p.kind, ParamKind::Derived(_)))
    };
    let text = |value: &ParamValue| match value {
        ParamValue::Number { number, unit } if unit.text().is_empty() => format::full(*number),
        ParamValue::Number { number, unit } => format!("{} {unit}", format::full(*number)),
        ParamValue::Text(text) => text.clone(),
        ParamValue::Record(record) => record.key.clone(),
    };
    let values = question.params.iter().filter(|(name, _)| drawn(name));
    values.map(|(name, value)| (name.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Bank;
    use crate::oracle::Builtin;
    use crate::session::source::Source;

    #[test]
    fn every_chain_of_the_bank_asks_the_questions_of_its_thread() {
        let course = Course::new(Arc::new(Bank::embedded()), Arc::new(Builtin));
        for known in course.bank.chains() {
            let setup = chain(&course, &known.id, 5).unwrap();
            let drawn = course.bank.thread(&known.id, &Builtin, 5).unwrap();
            let Source::Listed(list) = &setup.source else { panic!() };
            assert_eq!(list.len(), drawn.len());
            for (planned, question) in list.iter().zip(&drawn) {
                let put = crate::session::question::Put::make(
                    &course,
                    planned.place,
                    planned.seed.unwrap(),
                    &planned.given,
                    false,
                    None,
                );
                assert_eq!(put.unwrap().question.stem, question.stem, "{}", known.id);
            }
        }
        assert!(matches!(chain(&course, "no-such-chain", 5), Err(SessionError::Bank(_))));
    }
}
