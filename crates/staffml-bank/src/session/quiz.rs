//! Quizzes of a section: a few choices on one topic or tag, easiest first, then two numbers on what was missed.

use std::collections::VecDeque;

use crate::log::Mode;
use crate::model::taxonomy::Kind;
use crate::state::{Filter, Nothing, State};

use super::error::SessionError;
use super::setup::Setup;
use super::source::{Planned, Source};

/// Fewest and most choices.
const CHOICES: (usize, usize) = (3, 5);

/// Returns a quiz of `n` choices (three to five) among the items that pass. A topic with fewer items repeats some with
/// other numbers.
///
/// # Errors
///
/// [`SessionError::Nothing`] if no item passes.
pub fn quiz(
    state: &State,
    filter: &Filter,
    name: &str,
    n: usize,
    seed: u64,
) -> Result<Setup, SessionError> {
    let n = n.clamp(CHOICES.0, CHOICES.1);
    let items = state.catalog().items();
    let fits = |place: &usize| {
        items
            .get(*place)
            .is_some_and(|i| filter.admits(i) && matches!(i.kind, Kind::Numeric | Kind::Choice))
    };
    let mut places: Vec<usize> = (0..items.len()).filter(fits).collect();
    if places.is_empty() {
        return Err(SessionError::Nothing(Nothing::NoItem));
    }
    // Least seen first, so that the second quiz of a topic has other items; then the easiest.
    let key = |place: &usize| {
        let item = items.get(*place);
        (state.shown(*place).map_or(0, |s| s.times), item.map(|i| (i.level, i.time_s)))
    };
    places.sort_by_key(key);
    let mut chosen: Vec<usize> = places.iter().copied().cycle().take(n).collect();
    chosen.sort_by_key(|place| items.get(*place).map(|i| (i.level, i.time_s)));
    let list: VecDeque<Planned> = chosen
        .iter()
        .enumerate()
        .map(|(i, place)| {
            let before = chosen.iter().take(i).filter(|p| *p == place).count() as u64;
            Planned {
                as_choice: true,
                seed: Some(state.next_seed(*place, before)),
                ..Planned::item(*place)
            }
        })
        .collect();
    let title = format!("Quiz: {name}");
    let mut setup = Setup::new(Mode::Quiz, &title, seed, Source::Quiz { list, followed: 0 });
    setup.confidence = false;
    setup.preset = Some(name.to_owned());
    Ok(setup)
}
