//! Checks on chains and plans: the right members, in the right order, on one thread.

use std::sync::Arc;

use crate::bank::Bank;
use crate::model::taxonomy::{Level, Status, Tier};
use crate::model::{Chain, Template};
use crate::oracle::Oracle;
use crate::problem::Problem;
use crate::read::nearest;

/// Threads drawn of each chain.
const SEEDS: u64 = 20;

/// Checks all chains and plans of a bank.
pub(super) fn check(bank: &Bank, oracle: &dyn Oracle) -> Vec<Problem> {
    let mut problems = Vec::new();
    for chain in bank.chains() {
        Check { bank, chain, problems: &mut problems }.run(oracle);
    }
    for plan in bank.plans() {
        for id in &plan.chains {
            if let Err(error) = bank.chain(id) {
                let fix = "name a chain of the bank";
                problems.push(Problem::new(
                    "V-PLAN",
                    &plan.file,
                    plan.line,
                    error.to_string(),
                    fix,
                ));
            }
        }
    }
    problems
}

struct Check<'c> {
    bank: &'c Bank,
    chain: &'c Chain,
    problems: &'c mut Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, code: &'static str, line: usize, what: impl Into<String>, fix: &str) {
        self.problems.push(Problem::new(code, &self.chain.file, line, what, fix));
    }

    fn run(&mut self, oracle: &dyn Oracle) {
        let chain = self.chain;
        let mut members: Vec<(Arc<Template>, usize)> = Vec::new();
        for (id, line) in chain.members.iter().zip(&chain.lines.1) {
            match self.bank.get(id) {
                Ok(template) => members.push((Arc::clone(template), *line)),
                Err(error) => {
                    self.add("V-CHAIN-MEMBER", *line, error.to_string(), "name a question");
                }
            }
        }
        for (member, line) in &members {
            self.member(member, *line);
        }
        for pair in members.windows(2) {
            if let [(before, _), (after, line)] = pair {
                self.step(before, after, *line);
            }
        }
        self.thread(&members);
        if members.len() == chain.members.len() && members.len() >= 2 {
            for seed in 0..SEEDS {
                if let Err(error) = self.bank.thread(&chain.id, oracle, seed) {
                    let what = format!("seed {seed}: {error}");
                    let fix = "let the members share values that suit them all";
                    self.add("V-CHAIN-DRAW", chain.lines.0, what, fix);
                    break;
                }
            }
        }
    }

    fn member(&mut self, member: &Template, line: usize) {
        let chain = self.chain;
        let (id, class) = (member.id(), &member.class);
        if !class.tracks.contains(&chain.track) {
            let what = format!("`{id}` is not for the track `{}`", chain.track);
            self.add("V-CHAIN-TRACK", line, what, "choose another member or track");
        }
        let before = |a, b| self.bank.prerequisites(a).any(|topic| topic == b);
        let (own, theirs) = (class.topic, chain.topic);
        if own != theirs && !before(own, theirs) && !before(theirs, own) {
            let what = format!("`{id}` is about {}, the chain about {}", class.topic, chain.topic);
            let fix = "choose a member on the topic or on one next to it";
            self.add("V-CHAIN-TOPIC", line, what, fix);
        }
        if member.head.status == Status::Retired {
            let what = format!("`{id}` is retired");
            self.add("V-CHAIN-STATUS", line, what, "choose another member");
        }
        let published =
            |id: &String| self.bank.get(id).is_ok_and(|t| t.head.status == Status::Published);
        if member.head.status != Status::Published && chain.members.iter().any(published) {
            let what = format!("`{id}` is not published, other members are");
            self.add("V-CHAIN-STATUS", line, what, "publish it or drop it");
        }
        let elsewhere = self
            .bank
            .chains()
            .iter()
            .filter(|other| other.id < chain.id && other.members.iter().any(|m| m == id));
        let n = elsewhere.count();
        let most = usize::from(class.level <= Level::L2);
        if n > most {
            let what = format!("`{id}` is in {} chains", n + 1);
            let fix = "a question is in one chain, in two if its level is L1 or L2";
            self.add("V-CHAIN-SHARED", line, what, fix);
        }
    }

    fn step(&mut self, before: &Template, after: &Template, line: usize) {
        let (low, high) = (before.class.level, after.class.level);
        let most = if self.chain.tier == Tier::Primary { 2 } else { 3 };
        let step = i16::from(high.ordinal()) - i16::from(low.ordinal());
        if !(1..=most).contains(&step) {
            let what = format!("`{}` is {low}, `{}` is {high}", before.id(), after.id());
            let fix = format!("levels rise by 1 to {most} from member to member");
            self.add("V-CHAIN-LEVEL", line, what, &fix);
        }
        let asks = |t: &Template| {
            let answer = t.computed().map(|c| &c.answer);
            answer.map(|a| (a.equation.clone(), a.output.clone()))
        };
        if asks(before).is_some() && asks(before) == asks(after) {
            let what = format!("`{}` and `{}` ask for the same result", before.id(), after.id());
            self.add("V-CHAIN-SAME", line, what, "put another question between them");
        }
    }

    fn thread(&mut self, members: &[(Arc<Template>, usize)]) {
        let chain = self.chain;
        let has = |name: &String, t: &Template| t.param(name).is_some();
        for name in &chain.thread {
            if !members.is_empty() && !members.iter().any(|(t, _)| has(name, t)) {
                let known = members.iter().flat_map(|(t, _)| &t.params).map(|p| p.name.as_str());
                let fix = nearest(name, known).map_or_else(
                    || "name a parameter of the members".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let what = format!("no member has a parameter `{name}`");
                self.add("V-CHAIN-THREAD", chain.lines.0, what, &fix);
            }
        }
        if !chain.thread.iter().any(|name| members.iter().all(|(t, _)| has(name, t))) {
            let what = "no parameter of the thread is in every member";
            let fix = "share at least one parameter";
            self.add("V-CHAIN-THREAD", chain.lines.0, what, fix);
        }
    }
}
