//! Letters to copy or to reverse: tasks that need attention and nothing else.
//!
//! The vocabulary has 29 ids: 0 is padding, 1 to 26 are the letters A to Z, [`REVERSE`] and [`COPY`] name the task in a
//! mixed set. A network sees the whole input and has to give the target at every position.

use super::{
    Description, Sample,
    description::{OURS, OWN},
    fingerprint, out_of_range,
};
use crate::{Error, Result, Rng, Tensor, data::Dataset};

/// Number of different ids.
pub const VOCAB_SIZE: usize = 29;
/// The id that asks for the letters in reverse order.
pub const REVERSE: u8 = 27;
/// The id that asks for the letters as they are.
pub const COPY: u8 = 28;

/// What is to be done with the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// The target is the input from the end to the start.
    Reverse,
    /// The target is the input.
    Copy,
    /// The first id of each input, [`REVERSE`] or [`COPY`], says which of the two; it is repeated in the target.
    Mixed,
}

/// Inputs and targets of one length.
///
/// As a [`Dataset`] a sample is input and target, both `i64` `[T]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequences {
    inputs: Vec<u8>,
    targets: Vec<u8>,
    len: usize,
    task: Task,
}

/// Returns `n` sequences of `letters` random letters; mixed ones are one id longer.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for 0 letters.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Rng, datasets::sequences::{self, Task}};
///
/// let set = sequences::generate(Task::Reverse, 600, 6, &mut Rng::seed(2017))?;
/// let (input, target) = set.pair(0).unwrap();
/// assert!(input.iter().eq(target.iter().rev()));
/// assert_eq!(sequences::spell(&[8, 5, 25]), "HEY");
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn generate(task: Task, n: usize, letters: usize, rng: &mut Rng) -> Result<Sequences> {
    if letters == 0 {
        return Err(Error::argument("sequences", "letters", 0, "at least 1"));
    }
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let reverse = match task {
            Task::Reverse => true,
            Task::Copy => false,
            Task::Mixed => {
                let reverse = rng.below(2) == 0;
                let prefix = if reverse { REVERSE } else { COPY };
                inputs.push(prefix);
                targets.push(prefix);
                reverse
            }
        };
        let word: Vec<u8> = (0..letters).map(|_| 1 + rng.below(26) as u8).collect();
        if reverse {
            targets.extend(word.iter().rev());
        } else {
            targets.extend(&word);
        }
        inputs.extend(word);
    }
    Ok(Sequences { inputs, targets, len: letters + usize::from(task == Task::Mixed), task })
}

/// Returns ids as text: letters, `<` for [`REVERSE`], `=` for [`COPY`], `_` for padding and `?` for anything else.
#[must_use]
pub fn spell(ids: &[u8]) -> String {
    let letter = |&id: &u8| match id {
        0 => '_',
        1..=26 => char::from(b'A' + id - 1),
        REVERSE => '<',
        COPY => '=',
        _ => '?',
    };
    ids.iter().map(letter).collect()
}

impl Sequences {
    /// Returns the number of sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.len() / self.len
    }

    /// Returns whether there is no sequence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Returns the ids in one sequence.
    #[must_use]
    pub fn seq_len(&self) -> usize {
        self.len
    }

    /// Returns input and target of sequence `index`.
    #[must_use]
    pub fn pair(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let range = index.checked_mul(self.len)?..(index + 1).checked_mul(self.len)?;
        Some((self.inputs.get(range.clone())?, self.targets.get(range)?))
    }

    /// Returns all inputs and all targets, both `i64` `[N, T]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the memory cannot be had.
    pub fn to_tensors(&self) -> Result<Sample> {
        let ids = |ids: &[u8]| {
            Tensor::from_vec(ids.iter().map(|&id| i64::from(id)).collect(), [self.len(), self.len])
        };
        Ok([ids(&self.inputs)?, ids(&self.targets)?])
    }

    /// Returns the first `n` sequences and the others.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there are not that many.
    pub fn split_at(mut self, n: usize) -> Result<(Self, Self)> {
        if n > self.len() {
            return Err(Error::argument(
                "split_at",
                "n",
                n,
                format!("at most {}, the number of sequences", self.len()),
            ));
        }
        let inputs = self.inputs.split_off(n * self.len);
        let targets = self.targets.split_off(n * self.len);
        let rest = Self { inputs, targets, ..self };
        Ok((self, rest))
    }

    /// Returns a number that changes when an id does.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        fingerprint(self.inputs.iter().chain(&self.targets).copied())
    }

    /// Returns the facts about these sequences.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description {
            name: format!("{:?} of letters", self.task).to_lowercase(),
            samples: self.len(),
            shape: vec![self.len],
            classes: VOCAB_SIZE,
            bytes: self.inputs.len() + self.targets.len(),
            origin: OURS.to_owned(),
            license: OWN,
            citation: "tinytorch-core, datasets::sequences",
        }
    }
}

impl Dataset for Sequences {
    type Item = Sample;

    fn len(&self) -> usize {
        self.inputs.len() / self.len
    }

    fn get(&self, index: usize) -> Result<Sample> {
        let (input, target) = self.pair(index).ok_or_else(|| out_of_range(index, self.len()))?;
        let ids = |ids: &[u8]| {
            Tensor::from_vec(ids.iter().map(|&id| i64::from(id)).collect(), [self.len])
        };
        Ok([ids(input)?, ids(target)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_letters() {
        let sum = |task| generate(task, 600, 6, &mut Rng::seed(2017)).unwrap().checksum();
        assert_eq!(
            [Task::Reverse, Task::Copy, Task::Mixed].map(sum),
            [0x914f_62d3_ed86_e073, 0x078b_51d9_6c8d_d77d, 0x4793_c363_3475_9189]
        );
    }

    #[test]
    fn targets_follow_the_task() {
        let copy = generate(Task::Copy, 20, 5, &mut Rng::seed(1)).unwrap();
        assert!((0..20).all(|i| copy.pair(i).is_some_and(|(x, y)| x == y && x.len() == 5)));
        let mixed = generate(Task::Mixed, 400, 6, &mut Rng::seed(1)).unwrap();
        let mut reversed = 0;
        for i in 0..400 {
            let (input, target) = mixed.pair(i).unwrap();
            assert_eq!((input.len(), input[0]), (7, target[0]));
            let mut word = input[1..].to_vec();
            if input[0] == REVERSE {
                word.reverse();
                reversed += 1;
            }
            assert_eq!(word, target[1..]);
            assert!(word.iter().all(|id| (1..=26).contains(id)));
        }
        assert!((150..=250).contains(&reversed), "{reversed}"); // five deviations of 10 around 200
        assert_eq!(mixed.pair(400), None);
    }

    #[test]
    fn samples_and_splits() {
        let set = generate(Task::Mixed, 10, 3, &mut Rng::seed(4)).unwrap();
        let [x, y] = set.to_tensors().unwrap();
        assert_eq!((x.dims(), y.dims()), (&[10, 4][..], &[10, 4][..]));
        let [_, target] = set.get(9).unwrap();
        assert_eq!(target.to_vec::<i64>().unwrap(), y.to_vec::<i64>().unwrap()[36..]);
        let (a, b) = set.clone().split_at(4).unwrap();
        assert_eq!((a.len(), b.len(), b.pair(5)), (4, 6, set.pair(9)));
        assert!(set.get(10).is_err() && a.split_at(5).is_err());
        assert!(matches!(
            generate(Task::Copy, 1, 0, &mut Rng::seed(0)),
            Err(Error::InvalidArgument { .. })
        ));
        assert_eq!(spell(&[REVERSE, 1, 26, COPY, 0, 99]), "<AZ=_?");
        assert_eq!(
            b.describe().to_string().lines().next().unwrap(),
            "mixed of letters: 6 samples of shape [4], 29 classes, 48 bytes"
        );
    }
}
