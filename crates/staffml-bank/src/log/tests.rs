//! Events as lines.

use proptest::prelude::*;

use super::*;
use crate::model::taxonomy::{Area, Level, Track};
use crate::sched::Rating;

fn event(seq: u64, what: impl Into<What>) -> Event {
    let at = Moment::from_ms(1_772_352_000_000);
    Event::new(EventId::new(at, u128::from(seq)), at, 60, DeviceId::new(0xaaaa), seq, what.into())
}

/// One event of every kind with every field filled, and one with only what is required.
pub(super) fn one_of_each() -> Vec<What> {
    let template = TemplateRef::new("w02-weight-footprint", 1);
    let mut answer = Answer::new(template.clone(), u64::MAX, Outcome::WrongUnit, 41_000)
        .rated(Rating::Hard)
        .confident(0.55)
        .typed("\"1.4 \u{b5}s\"\n\t{}\\ \u{1f680}")
        .within(Mode::Gauntlet, "s1");
    answer.given.insert("n".to_owned(), "8970".to_owned());
    answer.part = Some("b".to_owned());
    answer.code = "prefix-slip".to_owned();
    (answer.hints, answer.tries, answer.options) = (2, 3, Some(4));
    let mut session = Session::new("s1".to_owned(), Step::Start, Mode::Gauntlet, 7);
    session.preset = Some("quick".to_owned());
    session.track = Some(Track::Tinyml);
    session.level = Some(Level::L6Plus);
    session.limit_s = Some(600);
    session.items = vec![Item { template: template.clone(), seed: 1 }];
    let mut skip = Skip::new(template.clone(), 3);
    (skip.why, skip.ms) = (SkipReason::Timeout, 5);
    let mark = Mark { row: "bottleneck".to_owned(), blind: 2, last: 1, quote: None };
    let mut plan = Plan::new("llm-serving-2w".to_owned(), Step::End);
    plan.areas.insert(Area::CrossCutting, 0.25);
    let mut placement = Placement::new("s2".to_owned(), -0.5, 0.44);
    placement.areas.insert(Area::Memory, 1.25);
    placement.level = Some(Level::L3);
    vec![
        answer.into(),
        Answer::new(template.clone(), 0, Outcome::DontKnow, 0).into(),
        session.into(),
        Session::new("s1".to_owned(), Step::End, Mode::Plan, 0).into(),
        skip.into(),
        Skip::new(template.clone(), 0).into(),
        Rubric::new(template.clone(), 1, vec![mark], 0.6).into(),
        Config::new("retention".to_owned(), "0.9".to_owned()).into(),
        Note::new(String::new()).into(),
        Suspend::new(template.clone(), true).into(),
        plan.into(),
        placement.into(),
        Import::new("laptop".to_owned(), 3).into(),
        Broken::new(template, 1, "no".to_owned()).into(),
        Erase::new(vec![EventId::new(Moment::from_ms(0), 1)]).into(),
    ]
}

#[test]
fn every_kind_reads_back_as_written() {
    for (i, what) in one_of_each().into_iter().enumerate() {
        let written = Record::write(event(i as u64 + 1, what), 0x0123_4567_89ab_cdef).unwrap();
        let read = Record::parse(written.line().as_bytes()).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.odd(), None);
    }
}

#[test]
fn a_line_is_as_the_document_has_it() {
    // Made by another program: sorted keys, no spaces, CRC-32 of zlib.
    let line = r#"{"conf":0.8,"dev":"aaaaaaaa","id":"01J000000000000000000000A1","kind":"answer","ms":41000,"prev":"0000000000000000","rating":3,"seed":1,"seq":1,"t":"2026-03-01T08:00:00.000Z","tpl":"w02-weight-footprint@1","v":1,"verdict":"correct","crc":"c36fafdb"}"#;
    let read = Record::parse(line.as_bytes()).unwrap();
    assert_eq!(Record::write(read.event().clone(), 0).unwrap().line(), line);
    assert_eq!(read.hash(), 0xd5bf_f6a8_6cfb_406a, "as the line after it says");
}

#[test]
fn kinds_of_the_future_are_kept_and_not_written() {
    let mut known =
        Record::write(event(1, Note::new("x".to_owned())), 0).unwrap().line().to_owned();
    for (from, to) in
        [("\"note\"", "\"dream\""), ("\"text\":\"x\"", "\"text\":7"), ("\"v\":1", "\"v\":2")]
    {
        let end = known.rfind(",\"crc\"").unwrap();
        let body = format!("{}}}", &known[..end]).replace(from, to);
        let crc = super::crc::Crc::new().update(body.as_bytes()).value();
        known = format!("{},\"crc\":\"{crc:08x}\"}}", &body[..body.len() - 1]);
        let read = Record::parse(known.as_bytes()).unwrap();
        assert!(matches!(&read.event().what, What::Unknown(_)), "{known}");
        assert!(Record::write(read.event().clone(), 0).is_err());
    }
}

#[test]
fn any_flipped_bit_is_seen() {
    let line = Record::write(event(1, one_of_each().remove(0)), 0).unwrap().line().to_owned();
    for i in 0..line.len() {
        for bit in 0..8 {
            let mut bytes = line.clone().into_bytes();
            bytes[i] ^= 1 << bit;
            assert!(Record::parse(&bytes).is_err(), "bit {bit} of byte {i}");
        }
        assert!(Record::parse(&line.as_bytes()[..i]).is_err(), "cut at {i}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::parse(&bytes);
        // With a checksum that fits, so that the reader of the object is reached.
        let body = format!("{{{}", String::from_utf8_lossy(&bytes));
        let crc = super::crc::Crc::new().update(body.as_bytes()).update(b"}").value();
        let _ = Record::parse(format!("{body},\"crc\":\"{crc:08x}\"}}").as_bytes());
    }

    #[test]
    fn any_text_survives(text in any::<String>()) {
        let written = Record::write(event(1, Note::new(text)), 0).unwrap();
        prop_assert!(!written.line().contains('\n'));
        prop_assert_eq!(Record::parse(written.line().as_bytes()).unwrap(), written);
    }
}
