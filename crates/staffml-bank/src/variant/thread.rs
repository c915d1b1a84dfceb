//! The questions of a chain, drawn so that they tell one story.

use std::sync::Arc;

use super::draw::Draw;
use super::question::{Question, question};
use super::rng::mix;
use crate::error::{Error, Result};
use crate::model::{Chain, Template};
use crate::oracle::Oracle;

/// Threads tried before giving up.
const ATTEMPTS: u64 = 50;

/// Returns the questions of a chain in order. The parameters of its thread are drawn once, by the first member that
/// has them, and keep their value in every later member that has them.
///
/// # Errors
///
/// [`Error::Exhausted`] if fifty threads in a row fit no variant of a member; otherwise as [`question`].
pub fn thread(
    chain: &Chain,
    members: &[Arc<Template>],
    oracle: &dyn Oracle,
    seed: u64,
) -> Result<Vec<Question>> {
    let mut why = String::new();
    for attempt in 0..ATTEMPTS {
        // The first thread of a seed uses the seed itself, so that its first question is the usual one.
        let seed = if attempt == 0 { seed } else { mix(seed ^ attempt) };
        match once(chain, members, oracle, seed) {
            Err(error @ (Error::Exhausted { .. } | Error::Require { .. })) => {
                why = error.to_string();
            }
            other => return other,
        }
    }
    let attempts = u32::try_from(ATTEMPTS).unwrap_or(u32::MAX);
    Err(Error::Exhausted { template: chain.id.clone(), seed, attempts, why })
}

fn once(
    chain: &Chain,
    members: &[Arc<Template>],
    oracle: &dyn Oracle,
    seed: u64,
) -> Result<Vec<Question>> {
    let mut out: Vec<Question> = Vec::with_capacity(members.len());
    for member in members {
        let mut draw = Draw::seed(seed).track(chain.track);
        for name in chain.thread.iter().filter(|name| member.param(name).is_some()) {
            let earlier = out.iter().flat_map(|q| &q.params).find(|(n, _)| n == name);
            let drawn = member.param(name).is_some_and(|p| p.kind.name() != "derived");
            if let Some((_, value)) = earlier.filter(|_| drawn) {
                draw = draw.value(name, value);
            }
        }
        out.push(question(member, oracle, &draw)?);
    }
    Ok(out)
}
