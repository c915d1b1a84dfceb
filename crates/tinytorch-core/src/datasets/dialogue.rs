//! Short questions with their answers, made by a small grammar.
//!
//! The levels ask for more and more: a polite reply, a fact to remember, a sum to work out, a story to follow. The text has
//! the form that a language model reads:
//!
//! ```text
//! Q: What is 7 plus 5?
//! A: 12.
//! ```

use super::{
    Description,
    description::{OURS, OWN},
    fingerprint, out_of_range,
};
use crate::{Result, Rng, data::Dataset};

/// How much an exchange asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A reply that fits the occasion.
    Greeting,
    /// Something known by heart.
    Fact,
    /// One sum or difference of numbers below 20.
    Arithmetic,
    /// A short story with two changes of a number.
    TwoStep,
}

impl Level {
    /// Every level, the easiest first.
    pub const ALL: [Self; 4] = [Self::Greeting, Self::Fact, Self::Arithmetic, Self::TwoStep];
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What is asked.
    pub question: String,
    /// What is answered.
    pub answer: String,
    /// How hard it is.
    pub level: Level,
}

/// Questions with their answers.
///
/// As a [`Dataset`] a sample is an [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    exchanges: Vec<Exchange>,
}

const GREETINGS: [(&str, &str); 8] = [
    ("Hello!", "Hello! How are you?"),
    ("Good morning.", "Good morning! Did you sleep well?"),
    ("Good night.", "Sleep well."),
    ("How are you?", "I am well, thank you."),
    ("Thank you!", "You are welcome."),
    ("What is your name?", "I am a small network."),
    ("Goodbye.", "Goodbye, and come again."),
    ("Can you help me?", "Yes. Ask me something."),
];

const COLORS: [(&str, &str); 8] = [
    ("snow", "white"),
    ("coal", "black"),
    ("grass", "green"),
    ("a lemon", "yellow"),
    ("a ripe tomato", "red"),
    ("a clear sky", "blue"),
    ("a carrot", "orange"),
    ("an elephant", "gray"),
];

const LEGS: [(&str, u32); 6] =
    [("a spider", 8), ("a bee", 6), ("a horse", 4), ("a hen", 2), ("a snake", 0), ("a crab", 10)];

const OPPOSITES: [(&str, &str); 7] = [
    ("hot", "cold"),
    ("long", "short"),
    ("early", "late"),
    ("heavy", "light"),
    ("open", "closed"),
    ("full", "empty"),
    ("loud", "quiet"),
];

const NAMES: [&str; 8] = ["Ada", "Ben", "Cleo", "Dev", "Emma", "Finn", "Gita", "Hugo"];
const THINGS: [&str; 6] = ["apples", "shells", "stamps", "marbles", "pencils", "boats"];

/// Returns `n` exchanges of random levels among `levels`; none if that is empty.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Rng, datasets::dialogue::{self, Level}};
///
/// let talk = dialogue::generate(200, &Level::ALL, &mut Rng::seed(1));
/// assert_eq!(talk.exchanges().len(), 200);
/// assert!(talk.to_text().starts_with("Q: "));
/// ```
#[must_use]
pub fn generate(n: usize, levels: &[Level], rng: &mut Rng) -> Dialogue {
    let n = if levels.is_empty() { 0 } else { n };
    Dialogue { exchanges: (0..n).map(|_| one(pick(levels, rng), rng)).collect() }
}

impl Dialogue {
    /// Returns the exchanges in order.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Returns the exchanges as text: a line `Q: ..`, a line `A: ..` and an empty line for each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |e: &Exchange| format!("Q: {}\nA: {}\n\n", e.question, e.answer);
        self.exchanges.iter().map(line).collect()
    }

    /// Returns a number that changes when the text does.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        fingerprint(self.to_text().bytes())
    }

    /// Returns the facts about these exchanges; the classes are the levels that occur.
    #[must_use]
    pub fn describe(&self) -> Description {
        let occurs = |level: &Level| self.exchanges.iter().any(|e| e.level == *level);
        Description {
            name: "dialogue".to_owned(),
            samples: self.exchanges.len(),
            shape: vec![],
            classes: Level::ALL.iter().filter(|l| occurs(l)).count(),
            bytes: self.to_text().len(),
            origin: OURS.to_owned(),
            license: OWN,
            citation: "tinytorch-core, datasets::dialogue",
        }
    }
}

impl Dataset for Dialogue {
    type Item = Exchange;

    fn len(&self) -> usize {
        self.exchanges.len()
    }

    fn get(&self, index: usize) -> Result<Exchange> {
        self.exchanges.get(index).cloned().ok_or_else(|| out_of_range(index, self.exchanges.len()))
    }
}

fn pick<T: Copy>(items: &[T], rng: &mut Rng) -> T {
    items[rng.below(items.len())]
}

fn one(level: Level, rng: &mut Rng) -> Exchange {
    let (question, answer) = match level {
        Level::Greeting => {
            let (q, a) = pick(&GREETINGS, rng);
            (q.to_owned(), a.to_owned())
        }
        Level::Fact => fact(rng),
        Level::Arithmetic => sum(rng),
        Level::TwoStep => story(rng),
    };
    Exchange { question, answer, level }
}

fn fact(rng: &mut Rng) -> (String, String) {
    match rng.below(3) {
        0 => {
            let (thing, color) = pick(&COLORS, rng);
            (format!("What color is {thing}?"), format!("It is {color}."))
        }
        1 => {
            let (animal, legs) = pick(&LEGS, rng);
            (format!("How many legs has {animal}?"), format!("It has {legs} legs."))
        }
        _ => {
            let (a, b) = pick(&OPPOSITES, rng);
            let (a, b) = if rng.below(2) == 0 { (a, b) } else { (b, a) };
            (format!("What is the opposite of {a}?"), format!("It is {b}."))
        }
    }
}

fn sum(rng: &mut Rng) -> (String, String) {
    let (a, b) = (rng.below(20), rng.below(20));
    if rng.below(2) == 0 {
        (format!("What is {a} plus {b}?"), format!("{}.", a + b))
    } else {
        let (large, small) = (a.max(b), a.min(b));
        (format!("What is {large} minus {small}?"), format!("{}.", large - small))
    }
}

fn story(rng: &mut Rng) -> (String, String) {
    let (name, thing) = (pick(&NAMES, rng), pick(&THINGS, rng));
    let (start, more) = (2 + rng.below(9), 2 + rng.below(9));
    let less = 2 + rng.below(start + more - 2);
    let first = rng.below(2) == 0 || less > start;
    let tale = if first {
        format!("{name} has {start} {thing}, finds {more} and loses {less}.")
    } else {
        format!("{name} has {start} {thing}, loses {less} and finds {more}.")
    };
    let left = start + more - less;
    (format!("{tale} How many are left?"), format!("{name} has {left} {thing}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_says_the_same() {
        let talk = generate(350, &Level::ALL, &mut Rng::seed(7));
        let text = talk.to_text();
        assert_eq!(talk.checksum(), 0x6505_ff55_1d07_78b6);
        assert_eq!(text.lines().filter(|l| l.starts_with("A: ")).count(), 350);
        assert!(text.is_ascii());
        assert!(generate(5, &[], &mut Rng::seed(7)).is_empty());
        assert_eq!(talk.get(349).unwrap(), talk.exchanges()[349]);
        assert!(matches!(
            talk.get(350),
            Err(crate::Error::IndexOutOfRange { index: 350, size: 350, .. })
        ));
        assert_eq!((talk.describe().classes, talk.describe().bytes), (4, text.len()));
    }

    /// Reads the numbers of each question again and does the sum.
    #[test]
    fn answers_are_right() {
        let mut rng = Rng::seed(9);
        for e in generate(2000, &[Level::Arithmetic, Level::TwoStep], &mut rng).exchanges() {
            let numbers = |text: &str| -> Vec<i64> {
                text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
            };
            let expected = match numbers(&e.question)[..] {
                [a, b] if e.question.contains("plus") => a + b,
                [a, b] => a - b,
                [a, b, c]
                    if e.question.contains("finds")
                        && e.question.find("finds") < e.question.find("loses") =>
                {
                    a + b - c
                }
                [a, b, c] => {
                    assert!(b <= a, "{}", e.question); // nobody loses what is not there
                    a - b + c
                }
                _ => panic!("{}", e.question),
            };
            assert_eq!(numbers(&e.answer), [expected], "{}", e.question);
            assert!(expected >= 0);
        }
    }

    #[test]
    fn only_the_chosen_levels_appear() {
        for level in Level::ALL {
            let talk = generate(50, &[level], &mut Rng::seed(1));
            assert!(
                talk.exchanges()
                    .iter()
                    .all(|e| e.level == level && !e.question.is_empty() && !e.answer.is_empty())
            );
        }
    }
}
