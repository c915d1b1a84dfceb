//! Whether the checks themselves are worth anything.

use super::{Course, MODULES, Module, Mutant, Outcome};

/// Least number of seeded mistakes of a core slot.
const LEAST_MUTANTS: usize = 5;

/// The lesson without methods.
const EMPTY: &str = "an empty lesson";

/// What the checks of one module are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleAudit {
    /// `m01`
    pub module: &'static str,
    /// Number of slots, given ones included.
    pub slots: usize,
    /// Number of checks.
    pub checks: usize,
    /// Checks that the reference passes: must be all.
    pub reference: usize,
    /// Checks of core slots that a lesson without methods passes: must be none.
    pub empty: usize,
    /// Checks that a lesson passes whose slots call themselves: must be none.
    pub self_call: usize,
    /// Seeded mistakes.
    pub mutants: usize,
    /// Seeded mistakes that at least one check of their slot finds: must be all.
    pub found: usize,
    /// Failures of a check of another slot than the one with the mistake: must be none.
    pub misattributed: usize,
    /// What is wrong, in words.
    pub problems: Vec<String>,
}

/// What all checks are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// One entry per module of [`MODULES`].
    pub modules: Vec<ModuleAudit>,
}

impl Audit {
    /// True if every rule holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.modules.iter().all(|m| m.problems.is_empty())
    }
}

/// Holds every check against the reference, an empty lesson, a lesson that calls itself, and every seeded mistake.
#[must_use]
pub fn audit() -> Audit {
    Audit { modules: MODULES.iter().map(one).collect() }
}

fn one(module: &Module) -> ModuleAudit {
    let mut problems = Vec::new();
    let mut passing = |course: &Course, wanted: bool, who: &str| {
        // A lesson without methods has the reference's given slots.
        let asked = module.checks.iter().filter(|c| c.slot.is_core() || who != EMPTY);
        let passed: Vec<_> = asked.map(|c| (c, c.once(course).passed())).collect();
        for (check, _) in passed.iter().filter(|(_, p)| *p != wanted) {
            let verb = if wanted { "fails" } else { "passes" };
            let found = match check.once(course) {
                Outcome::Fail(failure) => format!("\n{failure}"),
                _ => String::new(),
            };
            problems.push(format!("{}: {who} {verb}{found}", check.id));
        }
        passed.iter().filter(|(_, p)| *p).count()
    };
    let reference = passing(&Course::reference(module.number), true, "the reference");
    let empty = passing(&Course::unwritten(module.number), false, EMPTY);
    let self_call =
        passing(&Course::self_calling(module.number), false, "a slot that calls itself");
    let (mut mutants, mut found, mut misattributed) = (0, 0, 0);
    for slot in module.slots {
        let names = module.mutants.iter().find(|m| m.0 == slot.name).map_or(&[][..], |m| m.1);
        if slot.is_core() && names.len() < LEAST_MUTANTS {
            problems.push(format!(
                "{}: {} mutants, {LEAST_MUTANTS} are needed",
                slot.id,
                names.len()
            ));
        }
        if !module.checks.iter().any(|c| c.slot.id == slot.id) {
            problems.push(format!("{}: no check", slot.id));
        }
        for (number, name) in names.iter().enumerate() {
            let course = Course::mutated(module.number, Mutant { slot: slot.name, number });
            let failing: Vec<_> = module
                .checks
                .iter()
                .filter(|c| !c.once(&course).passed())
                .map(|c| c.slot.id)
                .collect();
            mutants += 1;
            if failing.contains(&slot.id) {
                found += 1;
            } else {
                problems.push(format!("{}: no check finds the mutant that {name}", slot.id));
            }
            let other = failing.iter().filter(|id| **id != slot.id).count();
            if other > 0 {
                problems
                    .push(format!("{}: the mutant that {name} is blamed on {failing:?}", slot.id));
            }
            misattributed += other;
        }
    }
    ModuleAudit {
        module: module.id,
        slots: module.slots.len(),
        checks: module.checks.len(),
        reference,
        empty,
        self_call,
        mutants,
        found,
        misattributed,
        problems,
    }
}
