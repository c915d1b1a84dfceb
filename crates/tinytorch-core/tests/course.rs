//! The course: its checks, its guard, and the library running on a student's slots.
#![cfg(feature = "course")]

mod course_parts {
    #[cfg(feature = "safetensors")]
    pub(crate) mod broken;
    pub(crate) mod cli;
    pub(crate) mod layers;
    pub(crate) mod library;
}

use tinytorch_core::course;

#[test]
fn the_audit_holds() {
    let audit = course::audit();
    let mut problems = Vec::new();
    for module in &audit.modules {
        println!("{module:?}");
        problems.extend(module.problems.clone());
        assert_eq!(module.reference, module.checks, "{}", module.module);
        assert_eq!(
            (module.empty, module.self_call, module.misattributed),
            (0, 0, 0),
            "{}",
            module.module
        );
        assert_eq!(module.found, module.mutants, "{}", module.module);
        // At least five for each core slot.
        assert!(module.mutants >= 5 * module.slots.saturating_sub(1), "{}", module.module);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(audit.passed());
}

#[test]
fn the_table_is_in_order() {
    assert!(course::MODULES.windows(2).all(|pair| pair[0].number < pair[1].number));
    for module in course::MODULES {
        assert_eq!(module.id, format!("m{:02}", module.number));
        assert!(module.prerequisites.iter().all(|p| *p < module.number));
        assert!(module.points() > 0 && module.slots.len() <= 10);
        for (place, slot) in module.slots.iter().enumerate() {
            assert_eq!((slot.module, usize::from(slot.place)), (module.number, place));
            assert_eq!(slot.id, format!("{}.{}", module.id, slot.name));
        }
        let ids: std::collections::BTreeSet<_> = module.checks.iter().map(|c| c.id).collect();
        assert_eq!(ids.len(), module.checks.len(), "two checks of {} share a name", module.id);
        assert!(module.mutants.iter().all(|m| module.slot(m.0).is_some()));
        assert_eq!(course::suite(module.number).len(), module.checks.len());
    }
    assert!(course::suite(0).is_empty());
}

// The macro makes a test of each check; on the reference all of them pass.
tinytorch_core::course_tests!(course::Course::reference(1); m01);

/// The one check that looks at the clock, in builds where that means something.
#[test]
fn the_definition_is_not_fast_enough() {
    use tinytorch_core::{
        Result,
        course::{Course, Outcome, m17::AccelLesson},
        slots::accel,
    };

    struct Slow;
    impl AccelLesson for Slow {
        fn matmul_ikj(&self, a: &[f32], b: &[f32], sizes: [usize; 3]) -> Result<Vec<f32>> {
            accel::matmul_naive(a, b, sizes)
        }
    }
    let check = course::suite(17).iter().find(|c| c.id == "m17.matmul_ikj.order").unwrap();
    assert!(check.run(&Course::reference(17)).passed());
    match check.run(&Course::new().m17(Slow)) {
        Outcome::Fail(failure) => {
            assert!(failure.expected.contains("half the time of the loops"), "{failure}");
        }
        outcome => {
            let skipped = std::env::var_os("TINYTORCH_SKIP_SPEED").is_some();
            assert!((cfg!(debug_assertions) || skipped) && outcome.passed(), "{outcome:?}");
        }
    }
}
