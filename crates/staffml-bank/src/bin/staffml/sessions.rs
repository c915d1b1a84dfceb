//! `staffml practice`, `drill`, `review`, `daily`, `quiz`, `gauntlet`, `placement`: which session to start.

use staffml_bank::log::Mode;
use staffml_bank::model::Topic;
use staffml_bank::model::taxonomy::{Level, Track};
use staffml_bank::session::{
    Candidate, Planned, SessionError, Setup, Share, chain, daily, gauntlet, quiz,
};
use staffml_bank::state::{Filter, State};

use crate::args::Args;
use crate::clock::Clock;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::output;
use crate::play;
use crate::wishes::{Chain, Daily, Drill, Gauntlet, Pick, Placement, Practice, Quiz, Review};

/// Which questions the options admit.
pub(crate) fn filter(pick: &Pick) -> Filter {
    let mut filter = Filter::default();
    filter.tracks.clone_from(&pick.track);
    filter.areas.clone_from(&pick.area);
    filter.topics.clone_from(&pick.topic);
    filter.levels.clone_from(&pick.level);
    filter.zones.clone_from(&pick.zone);
    filter.modes.clone_from(&pick.mode);
    filter.tags.clone_from(&pick.tag);
    filter
}

fn seed(seed: Option<u64>) -> u64 {
    seed.unwrap_or_else(Clock::entropy)
}

pub(crate) fn practice(args: &Args, command: &Practice) -> Result<Outcome, Failure> {
    let (mut learner, log) = Learner::open(args)?;
    if let Some(new) = command.new {
        learner.state.allow_new(new);
    }
    let mut setup = Setup::practice(seed(command.seed), filter(&command.pick), command.aim.into());
    setup.most = Some(command.n);
    setup.enough_s = command.minutes.map(|m| m.saturating_mul(60));
    if learner.is_new() && !args.json {
        output::text(&crate::home::welcome(&learner))?;
    }
    play::start(args, learner, log, setup)
}

pub(crate) fn review(args: &Args, command: &Review) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let filter = filter(&command.pick);
    let today = learner.clock.today();
    let items = learner.course.catalog.items();
    let due = learner.state.due(today).into_iter().filter(|p| filter.admits(&items[*p])).count();
    if due == 0 {
        let next = (0..items.len()).filter_map(|p| learner.state.due_day(p)).min();
        let next = next.map_or_else(
            || "nothing was answered yet; `staffml practice` begins".to_owned(),
            |day| format!("nothing is due today; the next review is on {day}"),
        );
        return output::done(args, "staffml-review/1", &next);
    }
    let mut setup = Setup::review(seed(command.seed), filter);
    let due = u32::try_from(due).unwrap_or(u32::MAX);
    setup.most = Some(command.n.unwrap_or(due).min(due));
    play::start(args, learner, log, setup)
}

pub(crate) fn drill(args: &Args, command: &Drill) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let seed = seed(command.seed);
    let mut filter = Filter::default();
    filter.tracks.clone_from(&command.track);
    let mut setup = if let Some(name) = &command.family {
        let family = learner.course.catalog.family(name).ok_or_else(|| {
            let families = learner.course.catalog.families();
            let known: Vec<&str> = families.iter().map(|f| f.id.as_str()).collect();
            let known = known.join(", ");
            SessionError::Unknown { what: "family", name: name.clone(), known }
        })?;
        Setup::refute(seed, family, name, filter)
    } else if let Some(topic) = command.topic {
        filter.topics = vec![topic];
        Setup::repeat(seed, topic.name(), filter)
    } else {
        let open = learner.state.profile().drills();
        let Some(family) = open.first().copied() else {
            let message = "no family of wrong turns shows often enough to be drilled; name one with --family, or a --topic";
            return output::done(args, "staffml-drill/1", message);
        };
        let name = learner.course.catalog.families()[family].id.clone();
        Setup::refute(seed, family, &name, filter)
    };
    setup.most = Some(command.n);
    play::start(args, learner, log, setup)
}

/// The track asked for, or the one of the plan or placement, or cloud.
pub(crate) fn track(state: &State, asked: Option<Track>) -> Track {
    let plan = state.plan().and_then(|(plan, _)| plan.track);
    let placed = state.placed().and_then(|(placed, _)| placed.track);
    asked.or(plan).or(placed).unwrap_or(Track::Cloud)
}

pub(crate) fn daily_set(args: &Args, command: &Daily) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let setup = daily_setup(&learner, command.track);
    play::start(args, learner, log, setup)
}

/// The three questions of today.
pub(crate) fn daily_setup(learner: &Learner, track: Option<Track>) -> Setup {
    let track = self::track(&learner.state, track);
    let catalog = &learner.course.catalog;
    let on = catalog.items().iter().filter(|item| item.tracks.contains(&track));
    let pool: Vec<Candidate<'_>> =
        on.map(|item| Candidate { id: &item.id, level: item.level, area: item.area() }).collect();
    let today = learner.clock.today().to_string();
    let picks = daily(&pool, &today, track);
    let list = picks.iter().filter_map(|p| Some(Planned::variant(catalog.place(&p.id)?, p.seed)));
    let list: Vec<Planned> = list.collect();
    let title = format!("Daily set of {today}, {track}");
    let seed = picks.first().map_or(0, |p| p.seed);
    let mut setup = Setup::listed(Mode::Daily, &title, seed, list);
    setup.track = Some(track);
    setup
}

pub(crate) fn section_quiz(args: &Args, command: &Quiz) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let mut filter = Filter::default();
    filter.topics.extend(command.topic);
    filter.tags.extend(command.tag.clone());
    let name = command.topic.map(Topic::name).or(command.tag.as_deref()).unwrap_or_default();
    let setup = quiz(&learner.state, &filter, name, command.n, seed(command.seed))?;
    play::start(args, learner, log, setup)
}

pub(crate) fn timed(args: &Args, command: &Gauntlet) -> Result<Outcome, Failure> {
    let (learner, mut log) = Learner::open(args)?;
    let clock = learner.clock;
    if command.resume {
        let (course, state) = (learner.course, learner.state);
        let mut runner = gauntlet::resume(course, state, clock.tz_minutes, clock.now(), &mut log)?;
        return play::play(args, &mut runner, &mut log, clock);
    }
    let catalog = &learner.course.catalog;
    let bank = gauntlet::fingerprint(catalog);
    let share = match &command.code {
        Some(code) => Share::read(code, bank)?,
        None => {
            let preset = command.preset;
            let track = track(&learner.state, command.track);
            let placed = learner.state.placed().and_then(|(p, _)| p.level);
            let level = command.level.or(placed).unwrap_or(Level::L3);
            let seed = match command.seed {
                Some(seed) => seed,
                None => {
                    let start = u32::try_from(Clock::entropy() >> 32).unwrap_or(0);
                    let today = clock.today();
                    gauntlet::own_seed(&learner.state, preset, track, level, start, today)?
                }
            };
            Share { preset, track, level, seed, bank }
        }
    };
    let mut setup = gauntlet::setup(catalog, share.preset, share.track, share.level, share.seed)?;
    setup.calculator = !command.no_calculator;
    if !args.json {
        let minutes = share.preset.minutes();
        output::text(&format!(
            "{minutes} minutes, nothing is revealed before the end. To share these questions:\n  staffml gauntlet --code {}\n",
            share.code()
        ))?;
    }
    play::start(args, learner, log, setup)
}

pub(crate) fn placement(args: &Args, command: &Placement) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let mut filter = Filter::default();
    filter.tracks.extend(command.track);
    let begin = if command.thorough { Setup::thorough_placement } else { Setup::placement };
    let mut setup = begin(seed(command.seed), filter);
    setup.track = command.track;
    if !args.json {
        let what = if command.thorough {
            "At most twelve questions in parts, about ten minutes each"
        } else {
            "At most twelve questions"
        };
        output::text(&output::wrap(&format!(
            "{what}; the verdicts come at the end. Say k where you do not know: guessing only makes the result worse.",
        )))?;
    }
    play::start(args, learner, log, setup)
}

pub(crate) fn walk(args: &Args, command: &Chain) -> Result<Outcome, Failure> {
    let Some(id) = command.id.as_ref().filter(|id| *id != "list") else {
        let learner = Learner::read(args)?;
        let chains = learner.course.bank.chains();
        if args.json {
            let list: Vec<_> = chains
                .iter()
                .map(|c| serde_json::json!({ "id": c.id, "title": c.title, "track": c.track, "topic": c.topic, "members": c.members }))
                .collect();
            output::object(&serde_json::json!({ "schema": "staffml-chains/1", "chains": list }))?;
        } else {
            for c in chains {
                let row =
                    format!("{:<28} {} steps, {}  {}", c.id, c.members.len(), c.track, c.title);
                output::text(&format!("{row}\n"))?;
            }
        }
        return Ok(Outcome::Yes);
    };
    let (learner, log) = Learner::open(args)?;
    let setup = chain(&learner.course, id, seed(command.seed))?;
    play::start(args, learner, log, setup)
}
