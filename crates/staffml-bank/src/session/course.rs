//! What sessions are made from: a bank, an oracle, and the catalog of both.

use std::sync::Arc;

use crate::Bank;
use crate::oracle::Oracle;
use crate::sched::Catalog;

/// A bank with the oracle that computes its answers. Cheap to clone.
#[derive(Clone)]
#[non_exhaustive]
pub struct Course {
    /// The questions.
    pub bank: Arc<Bank>,
    /// What computes their answers.
    pub oracle: Arc<dyn Oracle>,
    /// What scheduling knows of the questions.
    pub catalog: Arc<Catalog>,
}

impl Course {
    /// Returns the course of a bank.
    #[must_use]
    pub fn new(bank: Arc<Bank>, oracle: Arc<dyn Oracle>) -> Self {
        let catalog = Arc::new(Catalog::of(&bank));
        Self { bank, oracle, catalog }
    }
}

impl core::fmt::Debug for Course {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = &self.bank.name;
        f.debug_struct("Course")
            .field("bank", name)
            .field("oracle", &self.oracle.id())
            .finish_non_exhaustive()
    }
}
