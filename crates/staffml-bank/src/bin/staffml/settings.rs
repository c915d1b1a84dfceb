//! `staffml settings` and `optimize`.

use serde_json::json;
use staffml_bank::log::Config;
use staffml_bank::sched::{Fit, fit};
use staffml_bank::state::Settings as Values;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::output;
use crate::wishes::Settings;

pub(crate) fn run(args: &Args, command: &Settings) -> Result<Outcome, Failure> {
    let (Some(key), Some(value)) = (&command.key, &command.value) else {
        let learner = Learner::read(args)?;
        let settings = learner.state.settings();
        if args.json {
            output::object(&json!({ "schema": "staffml-settings/1", "settings": settings }))?;
        } else {
            let on = |b: bool| if b { "on" } else { "off" };
            output::text(&format!(
                "retention    {}\nnew-per-day  {}\nfuzz         {}\nconfidence   {}\ntexts        {}\nfsrs         {}\n",
                settings.retention,
                settings.new_per_day,
                on(settings.fuzz),
                on(settings.confidence),
                on(settings.texts),
                if settings.fsrs.is_some() { "fitted" } else { "default" }
            ))?;
        }
        return Ok(Outcome::Yes);
    };
    let Some((_, wants)) = Values::KEYS.iter().find(|(k, _)| k == key) else {
        let known: Vec<&str> = Values::KEYS.iter().map(|(k, _)| *k).collect();
        return Err(Failure::usage(format!("no setting `{key}`; known are {}", known.join(", "))));
    };
    if !Values::default().set(key, value) {
        return Err(Failure::usage(format!("`{key}` cannot be `{value}`: it takes {wants}")));
    }
    let (learner, mut log) = Learner::open(args)?;
    let config = Config::new(key.clone(), value.clone());
    log.append(config, learner.clock.now(), learner.clock.tz_minutes)?;
    output::done(args, "staffml-settings/1", &format!("{key} is {value} from now on"))
}

pub(crate) fn optimize(args: &Args) -> Result<Outcome, Failure> {
    let (learner, mut log) = Learner::open(args)?;
    let reviews: Vec<_> = learner.state.reviews().map(|(_, reviews)| reviews.to_vec()).collect();
    match fit(&reviews) {
        Fit::TooFew { reviews, need } => output::done(
            args,
            "staffml-optimize/1",
            &format!("{reviews} reviews can be predicted so far; a fit needs {need}"),
        ),
        Fit::NoBetter { before, after } => output::done(
            args,
            "staffml-optimize/1",
            &format!(
                "the usual parameters stay: a fit predicts later reviews with log loss {after:.4}, they with {before:.4}, and it must gain 1 %"
            ),
        ),
        Fit::Better { parameters, before, after } => {
            let text = parameters.map(|w| w.to_string()).join(",");
            let config = Config::new("fsrs".to_owned(), text);
            log.append(config, learner.clock.now(), learner.clock.tz_minutes)?;
            output::done(
                args,
                "staffml-optimize/1",
                &format!(
                    "fitted: later reviews are predicted with log loss {after:.4} instead of {before:.4}; `staffml settings fsrs default` takes it back"
                ),
            )
        }
        _ => Err(Failure::usage("this fit has an outcome unknown to this program")),
    }
}
