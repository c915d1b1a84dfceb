//! Any text is a plan or a list of mistakes, each with a place in the text; a plan can be evaluated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mlsysim::plan::Plan;
use mlsysim::registry::Registry;
use mlsysim::{Convention, Error};
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::shipped);

fuzz_target!(|text: &str| {
    for file in ["plan.yaml", "plan.toml"] {
        match Plan::read(file, text, &[], &REGISTRY) {
            Ok(plan) => drop(plan.evaluate(Convention::Reference)),
            Err(Error::Records { problems, .. }) => {
                assert!(problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1));
            }
            Err(error) => panic!("{error}"),
        }
    }
});
