//! A quiz for a class: the same questions, own numbers for each student, one key for the instructor.

use serde::Serialize;

use super::sheet::{
    foot, head, indented, key_section, markdown_key, markdown_text, plain, section,
};
use super::{Frozen, Item, Set};
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::oracle::Oracle;
use crate::variant::Draw;
use crate::variant::rng::{fnv1a64, mix};

/// A quiz for a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Quiz {
    /// Title.
    pub title: String,
    /// Name and version of the bank, and licenses.
    pub imprint: String,
    /// The seed of the quiz.
    pub seed: u64,
    /// One sheet per student, in the order of the list.
    pub sheets: Vec<Sheet>,
}

/// The questions of one student.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sheet {
    /// The student.
    pub student: String,
    /// The questions.
    pub questions: Vec<Frozen>,
}

/// Returns a quiz: for each student one variant of each template.
///
/// The numbers of a student follow from the seed, the name and the template alone, so a sheet can be made again
/// without the rest of the list.
///
/// # Errors
///
/// [`Error::BadList`] for a list without names, or with one name twice, whose sheets would be equal;
/// [`Error::UnknownTemplate`], or as [`Bank::question`].
pub fn quiz(
    bank: &Bank,
    oracle: &dyn Oracle,
    ids: &[&str],
    students: &[&str],
    seed: u64,
) -> Result<Quiz> {
    let bad = |why: String| Error::BadList { what: "students", why };
    if students.is_empty() {
        return Err(bad("it holds no names; write one per line".to_owned()));
    }
    if let Some(twice) = students.iter().enumerate().find(|(i, s)| students[..*i].contains(s)) {
        return Err(bad(format!("`{}` is in it twice; make the names differ", twice.1)));
    }
    if ids.is_empty() {
        return Err(Error::BadList {
            what: "questions",
            why: "it is empty; name at least one template".to_owned(),
        });
    }
    let mut sheets = Vec::new();
    for student in students {
        let mut questions = Vec::new();
        for id in ids {
            let own = mix(seed ^ mix(fnv1a64(student.as_bytes())) ^ fnv1a64(id.as_bytes()));
            questions.push(Frozen::of(&bank.question(id, oracle, &Draw::seed(own))?));
        }
        sheets.push(Sheet { student: (*student).to_owned(), questions });
    }
    let all: Vec<Frozen> = sheets.iter().flat_map(|s| s.questions.clone()).collect();
    let imprint = super::sheet::imprint(&Set::of(bank, all));
    Ok(Quiz { title: "Quiz".to_owned(), imprint, seed, sheets })
}

impl Quiz {
    /// Returns the quiz with another title.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Returns the sheets as Markdown, one after the other.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for sheet in &self.sheets {
            out.push_str(&format!("# {}\n\n{}\n\n", plain(&self.title), plain(&sheet.student)));
            for (i, question) in sheet.questions.iter().enumerate() {
                let text = indented(&markdown_text(question));
                out.push_str(&format!("{}. {text}\n\n", i + 1));
            }
            out.push_str("---\n\n");
        }
        out.push_str(&plain(&self.imprint));
        out.push('\n');
        out
    }

    /// Returns the key as Markdown: a table of all answers, then what wrong values mean.
    #[must_use]
    pub fn key_markdown(&self) -> String {
        let n = self.sheets.first().map_or(0, |s| s.questions.len());
        let mut out = format!("# Key: {}, seed {}\n\n| student |", plain(&self.title), self.seed);
        (1..=n).for_each(|i| out.push_str(&format!(" {i} |")));
        out.push_str("\n|---|");
        out.push_str(&"---|".repeat(n));
        out.push('\n');
        for sheet in &self.sheets {
            out.push_str(&format!("| {} |", plain(&sheet.student)));
            for question in &sheet.questions {
                let right: Vec<String> = question.items.iter().map(Item::right).collect();
                out.push_str(&format!(" {} |", plain(&right.join("; "))));
            }
            out.push('\n');
        }
        for sheet in &self.sheets {
            out.push_str(&format!("\n## {}\n", plain(&sheet.student)));
            for (i, question) in sheet.questions.iter().enumerate() {
                out.push_str(&format!("\n{}. {}\n\n", i + 1, plain(&question.name())));
                markdown_key(question, "   ", &mut out);
            }
        }
        out
    }

    /// Returns the sheets as a page for printing, each on a page of its own.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = head(&self.title);
        for sheet in &self.sheets {
            section(&self.title, &sheet.student, &sheet.questions, &mut out);
        }
        out.push_str(&foot(&self.imprint));
        out
    }

    /// Returns the key as a page for printing.
    #[must_use]
    pub fn key_html(&self) -> String {
        let title = format!("Key: {}, seed {}", self.title, self.seed);
        let mut out = head(&title);
        for sheet in &self.sheets {
            key_section(&sheet.student, &sheet.questions, &mut out);
        }
        out.push_str(&foot(&self.imprint));
        out
    }
}
