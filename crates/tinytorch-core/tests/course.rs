//! The course: its checks, its guard, and the library running on a student's slots.
#![cfg(feature = "course")]

use tinytorch_core::course::{self, Course};

#[test]
fn the_audit_holds() {
    let audit = course::audit();
    for module in &audit.modules {
        println!("{module:?}");
        assert!(module.problems.is_empty(), "{}:\n{}", module.module, module.problems.join("\n"));
    }
    assert!(Course::new().borrowed().is_empty());
}
