//! `staffml plan`: list, start, today, stop, from-gaps.

use serde_json::json;
use staffml_bank::log::{Log, Mode, Plan as PlanEvent, Step};
use staffml_bank::session::{
    Offer, Planned, Schedule, SessionError, Setup, StudyPlan, from_gaps, plans,
};

use crate::args::Args;
use crate::clock::Clock;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::output;
use crate::play;
use crate::wishes::{Plan, PlanCommand};

pub(crate) fn run(args: &Args, command: &Plan) -> Result<Outcome, Failure> {
    match &command.command {
        PlanCommand::List => list(args),
        PlanCommand::Show { id } => {
            let learner = Learner::read(args)?;
            let plan = find(&learner, id)?;
            let schedule = plan.schedule(&learner.state, learner.clock.today(), 0);
            show(args, &schedule)
        }
        PlanCommand::Start { id } => {
            let (learner, log) = Learner::open(args)?;
            {
                let plan = find(&learner, id)?;
                begin(args, &learner, log, &plan)
            }
        }
        PlanCommand::FromGaps { track } => {
            let (learner, log) = Learner::open(args)?;
            let today = learner.clock.today();
            match from_gaps(&learner.state, today, *track) {
                Some(plan) => begin(args, &learner, log, &plan),
                None => output::done(
                    args,
                    "staffml-plan/1",
                    "there is no gap to close yet; answer some questions first",
                ),
            }
        }
        PlanCommand::Today => today(args),
        PlanCommand::Stop => {
            let (learner, mut log) = Learner::open(args)?;
            let Some((plan, _)) = learner.state.plan() else {
                return output::done(args, "staffml-plan/1", "no plan is under way");
            };
            let mut end = PlanEvent::new(plan.plan.clone(), Step::End);
            end.why = Some("stopped".to_owned());
            let (now, tz) = (learner.clock.now(), learner.clock.tz_minutes);
            log.append(end, now, tz)?;
            output::done(args, "staffml-plan/1", &format!("stopped {}", plan.plan))
        }
    }
}

fn find(learner: &Learner, id: &str) -> Result<StudyPlan, SessionError> {
    let all = plans(&learner.course.bank);
    let known: Vec<&str> = all.iter().map(|p| p.id.as_str()).collect();
    let known = known.join(", ");
    let unknown = SessionError::Unknown { what: "plan", name: id.to_owned(), known };
    all.into_iter().find(|p| p.id == id).ok_or(unknown)
}

fn list(args: &Args) -> Result<Outcome, Failure> {
    let all = plans(&Learner::read(args)?.course.bank);
    if args.json {
        output::object(&json!({ "schema": "staffml-plans/1", "plans": all }))?;
    } else {
        for plan in &all {
            output::text(&format!(
                "{:<22} {:>2} days, {:>2} min  {}\n",
                plan.id, plan.days, plan.minutes, plan.title
            ))?;
        }
    }
    Ok(Outcome::Yes)
}

fn begin(
    args: &Args,
    learner: &Learner,
    mut log: Log,
    plan: &StudyPlan,
) -> Result<Outcome, Failure> {
    let schedule = plan.schedule(&learner.state, learner.clock.today(), 0);
    let mut start = PlanEvent::new(plan.id.clone(), Step::Start);
    start.track = plan.track;
    start.days = Some(plan.days);
    start.minutes = Some(plan.minutes);
    start.areas = plan.areas.iter().map(|(area, weight)| (*area, f64::from(*weight))).collect();
    log.append(start, learner.clock.now(), learner.clock.tz_minutes)?;
    show(args, &schedule)
}

fn show(args: &Args, schedule: &Schedule) -> Result<Outcome, Failure> {
    if args.json {
        output::object(&json!({ "schema": "staffml-plan/1", "schedule": schedule }))?;
        return Ok(Outcome::Yes);
    }
    let plan = &schedule.plan;
    let mut out = format!("{}: {}\n", plan.id, plan.title);
    for day in &schedule.days {
        let chain = day.chain.as_ref().map_or_else(String::new, |c| format!(", chain {c}"));
        let gauntlet = if day.checkpoint { ", then a gauntlet" } else { "" };
        out.push_str(&format!(
            "  day {:>2}: {:>2} reviews, {:>2} new{chain}{gauntlet} ({} min)\n",
            day.number,
            day.reviews,
            day.items.len(),
            day.minutes
        ));
    }
    if schedule.left_over > 0 {
        out.push_str(&output::wrap(&format!(
            "{} new questions do not fit. Ways out:",
            schedule.left_over
        )));
    }
    for offer in &schedule.offers {
        let text = match offer {
            Offer::Minutes { minutes } => format!("{minutes} minutes a day"),
            Offer::Days { days } => format!("{days} days"),
            Offer::Drop { area, items, cells } => {
                format!("without {area}: {items} questions and {cells} cells less")
            }
            _ => continue,
        };
        out.push_str(&format!("  {text}\n"));
    }
    out.push_str("`staffml plan today` begins the day.\n");
    output::text(&out)?;
    Ok(Outcome::Yes)
}

fn today(args: &Args) -> Result<Outcome, Failure> {
    let (learner, log) = Learner::open(args)?;
    let today = learner.clock.today();
    let Some((event, begun)) = learner.state.plan() else {
        return output::done(
            args,
            "staffml-plan/1",
            "no plan is under way; `staffml plan list` shows them, `staffml plan start ID` begins one",
        );
    };
    let plan = if event.plan == "from-gaps" {
        from_gaps(&learner.state, today, event.track)
    } else {
        Some(find(&learner, &event.plan)?)
    };
    let Some(plan) = plan else {
        return output::done(args, "staffml-plan/1", "every gap of the plan is closed");
    };
    let done = today.since(begun);
    if done >= plan.days {
        return output::done(
            args,
            "staffml-plan/1",
            &format!("{} is over; `staffml progress` shows what came of it", plan.id),
        );
    }
    let schedule = plan.schedule(&learner.state, today, done);
    let Some(day) = schedule.days.first() else {
        return output::done(args, "staffml-plan/1", "nothing is planned for today");
    };
    let items = learner.course.catalog.items();
    let due = learner.state.due(today).into_iter().filter(|p| plan.covers(&items[*p]));
    let reviews = due.take(usize::try_from(day.reviews).unwrap_or(usize::MAX));
    let list: Vec<Planned> = reviews.chain(day.new.iter().copied()).map(Planned::item).collect();
    if list.is_empty() {
        return output::done(args, "staffml-plan/1", "nothing is left for today");
    }
    let title = format!("{}, day {} of {}", plan.title, day.number, plan.days);
    if let Some(chain) = day.chain.as_ref().filter(|_| !args.json) {
        output::text(&format!("Afterwards: staffml chain {chain}\n"))?;
    }
    if day.checkpoint && !args.json {
        output::text("Today ends with a checkpoint: staffml gauntlet --preset quick\n")?;
    }
    let mut setup = Setup::listed(Mode::Plan, &title, Clock::entropy(), list);
    setup.preset = Some(plan.id.clone());
    play::start(args, learner, log, setup)
}
