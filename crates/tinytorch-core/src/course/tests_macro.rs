//! One test per check, in the student's own crate.

use super::{Course, MODULES, Outcome};

/// Makes one `#[test]` of each check, named `mNN::slot::case`, so that `cargo test m01` runs one module.
///
/// The argument is an expression for the course. Modules that it leaves to the reference are passed over; name modules after
/// a semicolon to demand them: `course_tests!(student::course(); m01 m02)`.
#[macro_export]
macro_rules! course_tests {
    ($course:expr; $($module:ident)+) => {
        $($crate::course_tests!(@module $module $course, true);)+
    };
    ($course:expr) => {
        $crate::course_tests!(@module m01 $course, false);
        $crate::course_tests!(@module m02 $course, false);
        $crate::course_tests!(@module m03 $course, false);
        $crate::course_tests!(@module m04 $course, false);
        $crate::course_tests!(@module m05 $course, false);
        $crate::course_tests!(@module m06 $course, false);
        $crate::course_tests!(@module m07 $course, false);
        $crate::course_tests!(@module m08 $course, false);
        $crate::course_tests!(@module m09 $course, false);
        $crate::course_tests!(@module m10 $course, false);
        $crate::course_tests!(@module m11 $course, false);
        $crate::course_tests!(@module m12 $course, false);
        $crate::course_tests!(@module m13 $course, false);
    };
    (@module m01 $course:expr, $demanded:expr) => { $crate::__course_m01!($course, $demanded); };
    (@module m02 $course:expr, $demanded:expr) => { $crate::__course_m02!($course, $demanded); };
    (@module m03 $course:expr, $demanded:expr) => { $crate::__course_m03!($course, $demanded); };
    (@module m04 $course:expr, $demanded:expr) => { $crate::__course_m04!($course, $demanded); };
    (@module m05 $course:expr, $demanded:expr) => { $crate::__course_m05!($course, $demanded); };
    (@module m06 $course:expr, $demanded:expr) => { $crate::__course_m06!($course, $demanded); };
    (@module m07 $course:expr, $demanded:expr) => { $crate::__course_m07!($course, $demanded); };
    (@module m08 $course:expr, $demanded:expr) => { $crate::__course_m08!($course, $demanded); };
    (@module m09 $course:expr, $demanded:expr) => { $crate::__course_m09!($course, $demanded); };
    (@module m10 $course:expr, $demanded:expr) => { $crate::__course_m10!($course, $demanded); };
    (@module m11 $course:expr, $demanded:expr) => { $crate::__course_m11!($course, $demanded); };
    (@module m12 $course:expr, $demanded:expr) => { $crate::__course_m12!($course, $demanded); };
    (@module m13 $course:expr, $demanded:expr) => { $crate::__course_m13!($course, $demanded); };
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
