//! The commands of the course, with the reference as the lesson of every module.

use tinytorch_core::course::{Course, Reference, cli};

fn main() -> std::process::ExitCode {
    let course = Course::new().m01(Reference).m02(Reference).m03(Reference).m04(Reference);
    let course = course.m05(Reference).m06(Reference).m07(Reference).m08(Reference);
    let course = course.m09(Reference).m10(Reference).m11(Reference).m12(Reference);
    cli::main(&course.m13(Reference))
}
