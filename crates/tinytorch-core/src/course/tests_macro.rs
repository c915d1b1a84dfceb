//! One test per check, in the student's own crate.

use super::{Course, MODULES, Outcome};

/// Makes one `#[test]` of each check, named `mNN::slot::case`, so that `cargo test m01` runs one module.
///
/// The argument is an expression for the course. Modules that it leaves to the reference are passed over; name modules after
/// a semicolon to demand them: `course_tests!(student::course(); m01 m02)`.
#[macro_export]
macro_rules! course_tests {
    ($course:expr; $($module:ident)+) => {
        $crate::course_tests!(@course $course);
        $($crate::course_tests!(@module $module, true);)+
    };
    ($course:expr) => {
        $crate::course_tests!(@course $course);
        $crate::course_tests!(@module m01, false);
        $crate::course_tests!(@module m02, false);
        $crate::course_tests!(@module m03, false);
        $crate::course_tests!(@module m04, false);
        $crate::course_tests!(@module m05, false);
        $crate::course_tests!(@module m06, false);
        $crate::course_tests!(@module m07, false);
        $crate::course_tests!(@module m08, false);
        $crate::course_tests!(@module m09, false);
        $crate::course_tests!(@module m10, false);
        $crate::course_tests!(@module m11, false);
        $crate::course_tests!(@module m12, false);
        $crate::course_tests!(@module m13, false);
        $crate::course_tests!(@module m14, false);
        $crate::course_tests!(@module m15, false);
        $crate::course_tests!(@module m16, false);
        $crate::course_tests!(@module m17, false);
        $crate::course_tests!(@module m18, false);
        $crate::course_tests!(@module m19, false);
        $crate::course_tests!(@module m20, false);
    };
    (@course $course:expr) => {
        /// The course that the tests ask.
        fn course_under_test() -> $crate::course::Course {
            $course
        }
    };
    (@module m01, $demanded:expr) => { $crate::__course_m01!($demanded); };
    (@module m02, $demanded:expr) => { $crate::__course_m02!($demanded); };
    (@module m03, $demanded:expr) => { $crate::__course_m03!($demanded); };
    (@module m04, $demanded:expr) => { $crate::__course_m04!($demanded); };
    (@module m05, $demanded:expr) => { $crate::__course_m05!($demanded); };
    (@module m06, $demanded:expr) => { $crate::__course_m06!($demanded); };
    (@module m07, $demanded:expr) => { $crate::__course_m07!($demanded); };
    (@module m08, $demanded:expr) => { $crate::__course_m08!($demanded); };
    (@module m09, $demanded:expr) => { $crate::__course_m09!($demanded); };
    (@module m10, $demanded:expr) => { $crate::__course_m10!($demanded); };
    (@module m11, $demanded:expr) => { $crate::__course_m11!($demanded); };
    (@module m12, $demanded:expr) => { $crate::__course_m12!($demanded); };
    (@module m13, $demanded:expr) => { $crate::__course_m13!($demanded); };
    (@module m14, $demanded:expr) => { $crate::__course_m14!($demanded); };
    (@module m15, $demanded:expr) => { $crate::__course_m15!($demanded); };
    (@module m16, $demanded:expr) => { $crate::__course_m16!($demanded); };
    (@module m17, $demanded:expr) => { $crate::__course_m17!($demanded); };
    (@module m18, $demanded:expr) => { $crate::__course_m18!($demanded); };
    (@module m19, $demanded:expr) => { $crate::__course_m19!($demanded); };
    (@module m20, $demanded:expr) => { $crate::__course_m20!($demanded); };
}

/// Panics with what was asked, expected and found unless the check passes. Used by [`course_tests!`](crate::course_tests).
///
/// # Panics
///
/// If the check fails, if there is no check of this name, or if the module is `demanded` and has no lesson.
pub fn assert_check(course: &Course, id: &str, demanded: bool) {
    let check = MODULES.iter().flat_map(|m| m.checks).find(|c| c.id == id);
    let Some(check) = check else { panic!("{id}: there is no such check") };
    match check.run(course) {
        Outcome::Pass => {}
        Outcome::NotInstalled if !demanded => {}
        Outcome::NotInstalled => panic!("{id}: the course has no lesson for this module"),
        Outcome::Unwritten => panic!("{id}: not written yet\n  hint: {}", check.slot.hint),
        Outcome::Fail(failure) => panic!("{id}:\n{failure}\n  hint: {}", check.hint),
    }
}
