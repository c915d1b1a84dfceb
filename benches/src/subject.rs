//! What is timed: a computation that can be repeated, and read once.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result};

/// One contestant's version of a case.
pub trait Subject {
    /// Computes the result once and returns it, or the agreed sample of it.
    ///
    /// # Errors
    ///
    /// If the computation fails.
    fn answer(&mut self) -> Result<Vec<f32>>;

    /// Repeats the computation `n` times and returns the time of all.
    ///
    /// # Errors
    ///
    /// If the computation fails.
    fn time(&mut self, n: u64) -> Result<Duration>;

    /// Returns to the state before the first computation, untimed.
    ///
    /// # Errors
    ///
    /// If that fails.
    fn reset(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Returns a subject that repeats `run`, whose result `read` turns into numbers.
///
/// Results are dropped inside the timed loop, as in use.
pub fn repeated<T, F, R>(run: F, read: R) -> Box<dyn Subject>
where
    F: FnMut() -> Result<T> + 'static,
    R: FnMut(T) -> Result<Vec<f32>> + 'static,
{
    Box::new(Repeated { run, read })
}

/// Returns a subject that trains: `build` makes model, optimizer and data, `step` advances them and returns the loss.
///
/// The answer is the loss of the first steps. Each round starts from a fresh model, so that no contestant is timed
/// on the vanishing numbers of a finished training.
pub fn trained<M, B, S>(build: B, step: S) -> Box<dyn Subject>
where
    M: 'static,
    B: FnMut() -> Result<M> + 'static,
    S: FnMut(&mut M) -> Result<f32> + 'static,
{
    Box::new(Trained { build, step, model: None })
}

/// Steps whose losses are compared.
pub const COMPARED_STEPS: usize = 4;

struct Repeated<F, R> {
    run: F,
    read: R,
}

impl<T, F: FnMut() -> Result<T>, R: FnMut(T) -> Result<Vec<f32>>> Subject for Repeated<F, R> {
    fn answer(&mut self) -> Result<Vec<f32>> {
        (self.read)((self.run)()?)
    }

    fn time(&mut self, n: u64) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..n {
            black_box((self.run)()?);
        }
        Ok(start.elapsed())
    }
}

struct Trained<M, B, S> {
    build: B,
    step: S,
    model: Option<M>,
}

impl<M, B: FnMut() -> Result<M>, S: FnMut(&mut M) -> Result<f32>> Subject for Trained<M, B, S> {
    fn answer(&mut self) -> Result<Vec<f32>> {
        let mut model = (self.build)()?;
        (0..COMPARED_STEPS).map(|_| (self.step)(&mut model)).collect()
    }

    fn time(&mut self, n: u64) -> Result<Duration> {
        let model = self.model.as_mut().context("timed before it was reset")?;
        let start = Instant::now();
        for _ in 0..n {
            black_box((self.step)(model)?);
        }
        Ok(start.elapsed())
    }

    fn reset(&mut self) -> Result<()> {
        self.model = None; // first, so that two models are never alive
        self.model = Some((self.build)()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_subject_runs_as_often_as_asked() {
        let counter = std::rc::Rc::new(core::cell::Cell::new(0));
        let inner = counter.clone();
        let mut subject = repeated(
            move || {
                inner.set(inner.get() + 1);
                Ok(2.5)
            },
            |x| Ok(vec![x]),
        );
        assert_eq!(subject.answer().unwrap(), [2.5]);
        subject.time(10).unwrap();
        assert_eq!(counter.get(), 11);
    }

    #[test]
    fn a_trained_subject_starts_afresh() {
        let mut subject = trained(
            || Ok(8.0),
            |x: &mut f32| {
                *x /= 2.0;
                Ok(*x)
            },
        );
        assert_eq!(subject.answer().unwrap(), [4.0, 2.0, 1.0, 0.5]);
        assert!(subject.time(1).is_err());
        subject.reset().unwrap();
        subject.time(5).unwrap();
        assert_eq!(subject.answer().unwrap()[0], 4.0);
    }
}
