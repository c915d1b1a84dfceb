//! One test for each check of the course, and the library running on these lessons.

tinytorch_core::course_tests!(student::course());

/// A network of two layers runs on the student's product and activation, and on the reference for the rest.
#[test]
fn the_library_runs_on_mine() {
    use tinytorch_core::Tensor;

    let course = student::course();
    let y = course.run(|| {
        let (x, w) = (Tensor::from([[1.0f32, -2.0]]), Tensor::from([[1.0f32, 2.0], [3.0, 1.0]]));
        x.matmul(&w)?.relu()?.matmul(&w)
    });
    assert_eq!(y.unwrap().to_vec::<f32>().unwrap(), [0.0, 0.0]); // [-5, 0] becomes [0, 0]
    let served = |id| course.work().find(|w| w.slot.id == id).map(|w| (w.student, w.reference));
    assert_eq!(served("m01.matmul"), Some((2, 0)));
    assert_eq!(served("m02.relu"), Some((1, 0)));
    assert!(course.borrowed().iter().any(|slot| slot.id == "m01.matmul_check"));
}
