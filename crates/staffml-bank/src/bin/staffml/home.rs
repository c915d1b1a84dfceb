//! `staffml` without a command: the first screen, or what is to do today.

use serde_json::json;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::output;

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let learner = Learner::read(args)?;
    let today = learner.clock.today();
    let due = learner.state.due(today).len();
    let streak = learner.state.streak(today);
    if args.json {
        output::object(&json!({
            "schema": "staffml-home/1",
            "new": learner.is_new(),
            "data": learner.data.display().to_string(),
            "day": today.to_string(),
            "due": due,
            "streak": streak,
            "answers": learner.state.n_answers(),
            "templates": learner.course.catalog.items().len(),
        }))?;
    } else if learner.is_new() {
        output::text(&welcome(&learner))?;
        output::text(
            "Begin with one of these:\n  staffml placement               twelve questions find your level\n  staffml plan start first-week   a week of twenty minutes a day\n  staffml practice                the most useful question, again and again\n  staffml daily                   three questions, the same for everybody today\n\n`staffml --help` lists everything.\n",
        )?;
    } else {
        let mut out = format!("{today}: {due} due");
        if streak.current > 0 {
            out.push_str(&format!(", day {} of a streak", streak.current));
        }
        out.push('\n');
        if let Some((plan, _)) = learner.state.plan() {
            out.push_str(&format!("  staffml plan today      your plan {}\n", plan.plan));
        }
        if due > 0 {
            out.push_str("  staffml review          what is due\n");
        }
        let open = learner.state.profile().drills();
        if let Some(family) = open.first().and_then(|f| learner.course.catalog.families().get(*f)) {
            out.push_str(&format!(
                "  staffml drill           wrong turns of the family {}\n",
                family.id
            ));
        }
        out.push_str("  staffml practice        the most useful questions\n  staffml daily           three questions, the same for everybody today\n  staffml gaps            what you do not know that you do not know\n");
        output::text(&out)?;
    }
    Ok(Outcome::Yes)
}

/// What this is and where the data lies.
pub(crate) fn welcome(learner: &Learner) -> String {
    let n = learner.course.catalog.items().len();
    let mut out = output::wrap(&format!(
        "Machine-learning-systems questions with numbers and units: {n} templates, other numbers each time. Answers are computed, wrong ones are traced to the step that went wrong, and what you miss comes back when it is about to be forgotten."
    ));
    out.push_str(&output::wrap(&format!(
        "Your answers stay on this machine, in {}. There is no account, and nothing is sent anywhere.\n",
        learner.data.display()
    )));
    out
}
