//! Options to choose from, in an order drawn from the seed.

use super::instance::Instance;
use super::rng::{ORDER, stream};
use crate::grade::{Class, Verdict};
use crate::model::{Misconceptions, Template};
use crate::quantity::{Quantity, format};

/// Wrong options beside the right one, where the options are computed.
const WRONG: usize = 3;
/// Name of the stream that selects among more wrong values than are shown.
const PICK: &str = "/pick";

/// Options to choose from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Menu {
    /// The options, in the order shown.
    pub options: Vec<MenuOption>,
}

/// One option of a [`Menu`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MenuOption {
    /// What it says.
    pub text: String,
    /// The misconception that leads to it; empty for the right option.
    pub misconception: String,
    /// What to say to somebody who chose it.
    pub say: String,
    /// What to do next time; empty for the right option.
    pub remedy: String,
}

impl Menu {
    /// Returns the options in the order of the seed; the first is the right one before.
    pub(super) fn shuffled(
        mut options: Vec<MenuOption>,
        template: &Template,
        seed: u64,
        attempt: u32,
    ) -> Self {
        let major = template.head.version.major;
        stream(template.id(), major, ORDER, seed, attempt).shuffle(&mut options);
        Self { options }
    }

    /// Returns the place of the right option.
    #[must_use]
    pub fn right(&self) -> usize {
        self.options.iter().position(|o| o.misconception.is_empty()).unwrap_or(0)
    }

    /// Returns the letter of an option: `A` for the first.
    #[must_use]
    pub fn letter(place: usize) -> char {
        u8::try_from(place).map_or('?', |i| char::from(b'A'.saturating_add(i)))
    }

    /// Returns the right option as a line: `A. 12 GB`. The text tells it also where options are numbered.
    pub(crate) fn right_line(&self) -> String {
        let mut lines = self.lines();
        let right = self.right();
        if right < lines.len() { lines.swap_remove(right) } else { String::new() }
    }

    /// Returns the place that typed text names: a letter, a number from 1, the text of an option, or both
    /// letter and text.
    #[must_use]
    pub fn place(&self, text: &str) -> Option<usize> {
        let plain = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '.' | ':' | '=');
        let text = text.trim_matches(plain);
        let by_text = self.options.iter().position(|o| o.text.trim_matches(plain) == text);
        if by_text.is_some() {
            return by_text;
        }
        let by_line = self.lines().iter().position(|line| line.trim_matches(plain) == text);
        if by_line.is_some() {
            return by_line;
        }
        let mut chars = text.chars();
        let place = match (chars.next(), chars.next()) {
            (Some(c), None) if c.is_ascii_alphabetic() => {
                usize::from(u8::try_from(c.to_ascii_uppercase()).ok()?.checked_sub(b'A')?)
            }
            (Some(c), None) => usize::try_from(c.to_digit(10)?).ok()?.checked_sub(1)?,
            _ => return None,
        };
        (place < self.options.len()).then_some(place)
    }

    /// Returns the verdict on typed text: right, or the misconception of the option.
    #[must_use]
    pub fn grade(&self, text: &str) -> Verdict {
        match self.place(text).and_then(|i| self.options.get(i)) {
            Some(option) if option.misconception.is_empty() => {
                Verdict::new(Class::Correct, "", "right")
            }
            Some(option) => {
                Verdict::new(Class::Misconception, option.misconception.clone(), option.say.clone())
            }
            None => {
                let last = Self::letter(self.options.len().saturating_sub(1));
                let message = format!("that is none of the options; type a letter, A to {last}");
                Verdict::new(Class::Unparsable, "E-Q-OPTION", message)
            }
        }
    }

    /// Returns the options as lines: `A. 12 GB`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |(i, o): (usize, &MenuOption)| format!("{}. {}", Self::letter(i), o.text);
        self.options.iter().enumerate().map(line).collect()
    }
}

impl Instance {
    /// Returns the question as a choice: the right value among up to three wrong ones, in an order drawn from the seed.
    ///
    /// Where fewer than three misconceptions can be told apart, values a prefix away fill the list. All options have
    /// the same unit and the same number of significant figures, so that none gives itself away.
    #[must_use]
    pub fn menu(&self) -> Menu {
        let major = self.template.head.version.major;
        let mut chosen: Vec<usize> = (0..self.wrong.len()).collect();
        if chosen.len() > WRONG {
            let mut rng = stream(self.template.id(), major, PICK, self.seed, self.attempt);
            rng.shuffle(&mut chosen);
            chosen.truncate(WRONG);
            chosen.sort_unstable();
        }
        let mut wrong: Vec<(f64, MenuOption)> = Vec::new();
        for turn in chosen.into_iter().filter_map(|i| self.wrong.get(i)) {
            wrong.push((turn.value, option("", &turn.id, &turn.say, &turn.remedy)));
        }
        let remedy = Misconceptions::embedded().family_of("prefix-slip");
        let remedy = remedy.map_or("", |family| family.remedy.as_str());
        let slip = "The digits are right, the prefix is not.";
        for factor in [1000.0, 0.001, 1e6] {
            let value = self.key.value * factor;
            let apart = |other: f64| self.key.tolerance.separates(value, other);
            if wrong.len() < WRONG && apart(self.key.value) && wrong.iter().all(|w| apart(w.0)) {
                wrong.push((value, option("", "prefix-slip", slip, remedy)));
            }
        }
        let right = (self.key.value, option("", "", "", ""));
        let all: Vec<(f64, MenuOption)> = core::iter::once(right).chain(wrong).collect();
        let texts = self.texts(&all.iter().map(|(value, _)| *value).collect::<Vec<f64>>());
        let options = all.into_iter().zip(texts).map(|((_, o), text)| MenuOption { text, ..o });
        Menu::shuffled(options.collect(), &self.template, self.seed, self.attempt)
    }

    /// Prints values with as many significant figures as the one that needs most.
    fn texts(&self, values: &[f64]) -> Vec<String> {
        let key = &self.key;
        let print = |value: f64, digits: usize| {
            let whole = key.tolerance == crate::grade::Tolerance::Exact;
            let digits = if whole { 17 } else { digits };
            let text = format::in_unit(&Quantity::new(value, &key.unit), &key.unit, digits);
            if whole { text } else { format::padded(&text, digits) }
        };
        let differ = |digits: &usize| {
            let texts: Vec<String> = values.iter().map(|v| print(*v, *digits)).collect();
            let twin = |i: usize| texts[..i].contains(&texts[i]);
            let enough = |v: &f64| key.tolerance.admits(format::round_to(*v, *digits), *v, 0.1);
            !(0..texts.len()).any(twin) && values.iter().all(enough)
        };
        let digits = (3..=17).find(differ).unwrap_or(17);
        values.iter().map(|v| print(*v, digits)).collect()
    }
}

fn option(text: &str, misconception: &str, say: &str, remedy: &str) -> MenuOption {
    MenuOption {
        text: text.to_owned(),
        misconception: misconception.to_owned(),
        say: say.to_owned(),
        remedy: remedy.to_owned(),
    }
}
