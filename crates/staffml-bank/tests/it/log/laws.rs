//! Merging is set union: the laws on random pairs, and the order that follows from it.

use staffml_bank::log::{Config, DeviceId, Erase, Event, EventId, EventSet, Moment, Record, What};
use staffml_bank::variant::rng::SplitMix64;

use super::answer;

/// Events that overlap between devices often, with clocks years apart and now and then two that share a name.
fn random(rng: &mut SplitMix64) -> EventSet {
    let n = rng.below(12);
    let mut hash = 0;
    let records = (0..n).map(|_| {
        let number = rng.below(16);
        let device = DeviceId::new(u32::try_from(number % 3).unwrap());
        let at = Moment::from_ms(i64::try_from(number.pow(3) * 31_536_000_000 / 64).unwrap());
        let id = EventId::new(Moment::from_ms(0), u128::from(number));
        let what: What = match number {
            0 => Erase::new(vec![EventId::new(Moment::from_ms(0), 5)]).into(),
            1 => Config::new("a".to_owned(), rng.below(3).to_string()).into(), // not always the same
            _ => answer(number).into(),
        };
        // Another line before it: the same event, chained elsewhere.
        let record = Record::write(Event::new(id, at, 0, device, number, what), hash).unwrap();
        hash = rng.below(3);
        record
    });
    records.collect()
}

fn merged(a: &EventSet, b: &EventSet) -> EventSet {
    let mut out = a.clone();
    out.merge(b);
    out
}

#[test]
fn merging_is_commutative_associative_and_idempotent() {
    let mut rng = SplitMix64::new(20);
    for i in 0..10_000 {
        let (a, b, c) = (random(&mut rng), random(&mut rng), random(&mut rng));
        let ab = merged(&a, &b);
        assert_eq!(ab, merged(&b, &a), "pair {i}: commutative");
        assert_eq!(merged(&ab, &c), merged(&a, &merged(&b, &c)), "pair {i}: associative");
        assert_eq!(merged(&ab, &ab), ab, "pair {i}: idempotent");
        assert_eq!(merged(&ab, &b), ab, "pair {i}: nothing new in what was merged");
        assert_eq!(ab.timeline().events, merged(&b, &a).timeline().events);
        // An independent count: the union of the names.
        let mut names: Vec<EventId> =
            a.records().chain(b.records()).map(|r| r.event().id).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(ab.len(), names.len());
    }
}

#[test]
fn each_device_keeps_its_order_whatever_its_clock_says() {
    let mut rng = SplitMix64::new(21);
    for _ in 0..1000 {
        let n = 1 + rng.below(20);
        let records: Vec<Record> = (1..=n)
            .map(|seq| {
                let years = i64::try_from(rng.below(60)).unwrap();
                let at = Moment::from_ms(years * 31_536_000_000);
                let device = DeviceId::new(7);
                let id = EventId::new(at, u128::from(rng.next_u64()));
                Record::write(Event::new(id, at, 0, device, seq, answer(seq).into()), 0).unwrap()
            })
            .collect();
        let went_back = records.windows(2).any(|p| p[1].event().at < p[0].event().at);
        let set: EventSet = records.into_iter().collect();
        let timeline = set.timeline();
        let order: Vec<u64> = timeline.events.iter().map(|e| e.seq).collect();
        assert_eq!(order, (1..=n).collect::<Vec<u64>>());
        assert_eq!(timeline.problems.len(), usize::from(went_back));
    }
}

#[test]
fn erased_events_stay_away_on_every_device() {
    let at = Moment::from_ms(0);
    let event = |n: u64, what: What| {
        let id = EventId::new(at, u128::from(n));
        Record::write(Event::new(id, at, 0, DeviceId::new(1), n, what), 0).unwrap()
    };
    let first = event(1, answer(1).into());
    let erase = event(2, Erase::new(vec![first.event().id]).into());
    let a: EventSet = [first.clone(), erase.clone()].into_iter().collect();
    let b: EventSet = [first].into_iter().collect();
    for set in [merged(&a, &b), merged(&b, &a)] {
        let kinds: Vec<&str> = set.timeline().events.iter().map(|e| e.what.kind()).collect();
        assert_eq!(kinds, ["erase"]);
    }
}
