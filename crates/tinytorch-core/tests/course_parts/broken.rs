//! Milestones on a course with one slot broken: a gate must fail, or passing it means nothing.

use tinytorch_core::{
    Result,
    course::{Course, m07::*, m15::QuantLesson, m18::MemoLesson},
    milestones::{Id, Opts},
};

/// The names of the gates that a quick run does not pass.
fn failed(course: &Course, id: Id) -> Vec<&'static str> {
    let opts = Opts { seed: 1, quick: true, ..Opts::default() };
    let own = course.milestone(id, &opts).unwrap_or_else(|e| panic!("{id}: {e}"));
    own.report.gates.iter().filter(|g| !g.passed()).map(|g| g.name).collect()
}

/// An optimizer that climbs, and one that thinks and does nothing.
struct Lost;

impl OptimizerLesson for Lost {
    fn sgd_update(
        &self,
        p: &mut [f32],
        g: &[f32],
        _: Option<&mut [f32]>,
        _: bool,
        s: &SgdSettings<f32>,
    ) -> Result<()> {
        p.iter_mut().zip(g).for_each(|(p, g)| *p += s.lr * g);
        Ok(())
    }

    fn adam_update(
        &self,
        _: &mut [f32],
        _: &[f32],
        _: &[f32],
        _: u64,
        _: &AdamSettings,
    ) -> Result<()> {
        Ok(())
    }
}

/// Codes with one step of 64 in the place of 64 steps of one.
struct Coarse;

impl QuantLesson for Coarse {
    #[expect(clippy::cast_possible_truncation, reason = "codes beyond the range saturate")]
    fn quantize(&self, x: &[f32], scale: f64, zero: i32) -> Result<Vec<i8>> {
        let code = |x: &f32| (f64::from(*x) / scale / 64.0).round() * 64.0 + f64::from(zero);
        Ok(x.iter().map(|x| code(x) as i8).collect())
    }
}

/// A cache whose new tokens all land at the beginning.
struct Forgetful;

impl MemoLesson for Forgetful {
    fn kv_update(
        &self,
        rows: &mut [f32],
        new: &[f32],
        heads: usize,
        d: usize,
        _: usize,
    ) -> Result<()> {
        let (row, n) = (rows.len() / heads, new.len() / heads);
        for (row, new) in rows.chunks_mut(row).zip(new.chunks(n)) {
            row[..d].copy_from_slice(&new[n - d..]);
        }
        Ok(())
    }
}

#[test]
fn steps_uphill_teach_nothing() {
    let course = Course::new().m07(Lost);
    assert!(!failed(&course, Id::XorSolved).is_empty());
    assert_eq!(failed(&course, Id::Digits), ["test digits read correctly"]);
}

#[test]
fn coarse_codes_lose_digits() {
    let failed = failed(&Course::new().m15(Coarse), Id::Mlperf);
    assert!(failed.contains(&"accuracy lost in int8"), "{failed:?}");
}

#[test]
fn a_forgetful_cache_writes_another_text() {
    let failed = failed(&Course::new().m18(Forgetful), Id::KvCache);
    for gate in ["best tokens that are the same", "largest difference of a score"] {
        assert!(failed.contains(&gate), "{gate} in {failed:?}");
    }
}

#[test]
fn an_optimizer_that_does_nothing_learns_no_language() {
    let failed = failed(&Course::new().m07(Lost), Id::Language);
    assert!(failed.contains(&"training loss of the last epoch"), "{failed:?}");
}
