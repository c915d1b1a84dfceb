//! An interviewer draws a set: not too easy, no two from one topic, nothing the candidate saw this week; and a sheet with
//! the key.
//!
//! Run with `cargo run -p staffml-bank --example interviewer`.
#![expect(clippy::print_stdout, reason = "the sheet is its output")]

use staffml_bank::Bank;
use staffml_bank::bank::Order;
use staffml_bank::export::{Frozen, Set, markdown};
use staffml_bank::log::{Answer, Moment, Outcome, TemplateRef};
use staffml_bank::log::{DeviceId, Event, EventId};
use staffml_bank::model::Topic;
use staffml_bank::model::taxonomy::{Kind, Level};
use staffml_bank::oracle::Builtin;
use staffml_bank::sched::Rating;
use staffml_bank::state::Cards;
use staffml_bank::variant::Draw;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let bank = Bank::embedded();
    // What the candidate practiced lately, from a log; here one answer.
    let now = Moment::parse("2026-11-27T09:00:00.000Z").ok_or("no moment")?;
    let seen = Answer::new(TemplateRef::new("w02-roofline-time", 1), 1, Outcome::Correct, 60_000)
        .rated(Rating::Good);
    let mut cards = Cards::default();
    cards.apply(&Event::new(EventId::new(now, 1), now, 0, DeviceId::new(1), 1, seen.into()));

    let candidates = bank
        .query()
        .kind(Kind::Numeric)
        .levels(Level::L2..=Level::L4)
        .not_seen_within(7, &cards, now.study_day(0))
        .order(Order::Seeded(41))
        .run()?;
    let (mut topics, mut questions): (Vec<Topic>, Vec<Frozen>) = (Vec::new(), Vec::new());
    for template in candidates {
        if questions.len() < 3 && !topics.contains(&template.class.topic) {
            topics.push(template.class.topic);
            questions.push(Frozen::of(&bank.question(template.id(), &Builtin, &Draw::seed(41))?));
        }
    }
    let minutes = questions.iter().map(|q| q.time_s).sum::<u32>().div_ceil(60);
    let set = Set::of(&bank, questions).titled(&format!("Interview, about {minutes} minutes"));
    print!("{}", markdown(&set, true));
    Ok(())
}
