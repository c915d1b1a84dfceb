//! Reads how a plan trains, and finds where that contradicts the rest of the plan.

use super::{Length, Training};
use crate::composite::training_memory::Checkpointing;
use crate::document::{Fields, Problems};
use crate::optimize::layout::Named;
use crate::ranges::Range;
use crate::registry::Model;
use crate::units::Tokens;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What the rest of the plan says; `None` where it is missing or wrong, so that nothing follows from it.
pub(super) struct About<'a> {
    pub(super) model: Option<&'a Model>,
    pub(super) batch: Option<u32>,
    pub(super) seq_len: Option<u32>,
    pub(super) accelerators: Option<u32>,
}

const CHECKPOINTING: [Checkpointing; 3] =
    [Checkpointing::None, Checkpointing::Selective, Checkpointing::Full];

/// Reads `training`; `None` if something of it is wrong.
pub(super) fn read(
    mut fields: Fields<'_, '_>,
    about: &About<'_>,
    problems: &mut Problems,
) -> Option<Training> {
    let mut own = Problems::new();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is 0 to 3"
    )]
    let zero_stage = fields.number("zero_stage", Range::ZERO_STAGE, &mut own).map(|z| z as u8);
    let named = Named {
        tp: fields.count("tp", &mut own),
        pp: fields.count("pp", &mut own),
        cp: fields.count("cp", &mut own),
        ep: fields.count("ep", &mut own),
        dp: fields.count("dp", &mut own),
        micro_batch: fields.count("micro_batch", &mut own),
        interleave: fields.count("interleave", &mut own),
        zero_stage,
        checkpointing: fields.word("checkpointing", &CHECKPOINTING, Checkpointing::key, &mut own),
    };
    let overlap = fields.number("overlap", Range::SHARE, &mut own).unwrap_or(0.0);
    let tokens: Option<Tokens> = fields.amount("tokens", Range::POSITIVE, &mut own);
    let steps = fields.count("steps", &mut own);
    contradictions(&named, about, &fields, &mut own);
    length(about, &fields, &mut own);
    fields.finish(&mut own);
    let is_right = own.is_empty();
    problems.append(own);
    let length = tokens.map(Length::Tokens).or_else(|| steps.map(Length::Steps));
    is_right.then_some(Training { named, overlap, length })
}

/// A run has one length, and only words are counted in tokens.
fn length(about: &About<'_>, fields: &Fields<'_, '_>, problems: &mut Problems) {
    let (Some(tokens), steps) = (fields.place_of("tokens"), fields.place_of("steps")) else {
        return;
    };
    if steps.is_some() {
        problems.add(tokens, "plan.training.tokens: give tokens or steps, not both");
    }
    if let Some(model) = about.model.filter(|model| !model.family.is_transformer()) {
        let message =
            format!("plan.training.tokens: {} does not train on tokens; give steps", model.name);
        problems.add(tokens, message);
    }
}

/// Where the layout contradicts the devices, the model, the batch or itself.
fn contradictions(
    named: &Named,
    about: &About<'_>,
    fields: &Fields<'_, '_>,
    problems: &mut Problems,
) {
    let mut refuse = |field: &str, message: String| {
        let place = fields.place_of(field).unwrap_or(fields.place());
        problems.add(place, format!("plan.training.{field}: {message}"));
    };
    if let Some(message) = about.accelerators.and_then(|all| devices(named, about.model, all)) {
        let is_named = |field: &&str| fields.place_of(field).is_some();
        let field = ["dp", "tp", "pp", "ep", "cp"].into_iter().find(is_named).unwrap_or("dp");
        refuse(field, message);
    }
    let (tp, pp) = (named.tp.unwrap_or(1), named.pp.unwrap_or(1));
    let (ep, interleave) = (named.ep.unwrap_or(1), named.interleave.unwrap_or(1));
    if let Some(model) = about.model.filter(|model| model.family.is_transformer()) {
        if let Some(heads) = model.heads.filter(|heads| !heads.is_multiple_of(tp)) {
            refuse("tp", format!("{tp} does not divide the {heads} heads of {}", model.name));
        }
        let parts = u64::from(pp) * u64::from(interleave);
        if let Some(layers) = model.layers.filter(|layers| parts > u64::from(*layers)) {
            let field = if pp > layers { "pp" } else { "interleave" };
            let what = if interleave > 1 { "stages × parts" } else { "stages" };
            refuse(
                field,
                format!("{parts} {what} are more than the {layers} layers of {}", model.name),
            );
        }
        let experts = model.experts.unwrap_or(1);
        if experts <= 1 && ep > 1 {
            refuse("ep", format!("{} has no experts to divide", model.name));
        } else if !experts.is_multiple_of(ep) {
            refuse("ep", format!("{ep} does not divide the {experts} experts of {}", model.name));
        }
    }
    if interleave > 1 && named.pp == Some(1) {
        refuse("interleave", "one stage has no turns to take; give pp above 1".into());
    }
    if let (Some(cp), Some(seq_len)) = (named.cp, about.seq_len)
        && !seq_len.is_multiple_of(cp)
    {
        refuse("cp", format!("{cp} does not divide the sequence of {seq_len} tokens"));
    }
    if let Some((field, message)) = about.batch.and_then(|batch| split(named, about, batch)) {
        refuse(field, message);
    }
}

/// A product of counts; one beyond 128 bits is as large as these hold.
fn product(counts: impl IntoIterator<Item = u32>) -> u128 {
    counts.into_iter().fold(1, |product: u128, count| product.saturating_mul(u128::from(count)))
}

/// What the product of the degrees has against the accelerators.
fn devices(named: &Named, model: Option<&Model>, accelerators: u32) -> Option<String> {
    let given: Vec<(&str, u32)> =
        named.degrees().into_iter().filter_map(|(name, degree)| Some((name, degree?))).collect();
    let product = product(given.iter().map(|(_, degree)| *degree));
    let all = u128::from(accelerators);
    let words: Vec<String> =
        given.iter().map(|(name, degree)| format!("{name} {degree}")).collect();
    let words = words.join(" × ");
    if rest_is_one(named, model) && product != all {
        return Some(format!("{words} = {product}, but the plan has {accelerators} accelerators"));
    }
    if !all.is_multiple_of(product) {
        return Some(format!(
            "{words} = {product} does not divide the {accelerators} accelerators of the plan"
        ));
    }
    None
}

/// Whether no degree that is left out can be above 1: sequences are only divided where `cp` says so.
fn rest_is_one(named: &Named, model: Option<&Model>) -> bool {
    let Some(model) = model else { return false };
    if !model.family.is_transformer() {
        return named.dp.is_some();
    }
    let has_experts = model.experts.unwrap_or(1) > 1;
    let all = named.tp.is_some() && named.pp.is_some() && named.dp.is_some();
    all && (named.ep.is_some() || !has_experts)
}

/// What the copies and microbatches have against the batch.
fn split(named: &Named, about: &About<'_>, batch: u32) -> Option<(&'static str, String)> {
    // Copies follow from the other degrees where these are all named.
    let with_dp = Named { dp: named.dp.or(Some(1)), ..*named };
    let follows = || {
        let own = product(named.degrees().map(|(_, degree)| degree.unwrap_or(1)));
        let all = u128::from(about.accelerators?);
        let known = rest_is_one(&with_dp, about.model) && all.is_multiple_of(own);
        known.then(|| u32::try_from(all / own).ok()).flatten()
    };
    let parts =
        [("dp", named.dp.or_else(follows)), ("ep", named.ep), ("micro_batch", named.micro_batch)];
    let parts: Vec<(&'static str, u32)> =
        parts.into_iter().filter_map(|(name, count)| Some((name, count?))).collect();
    if u128::from(batch).is_multiple_of(product(parts.iter().map(|(_, count)| *count))) {
        return None;
    }
    let words: Vec<String> = parts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let field = if named.micro_batch.is_some() { "micro_batch" } else { "dp" };
    let message = format!("a batch of {batch} does not split into {}", words.join(" × "));
    Some((field, message))
}
