//! Test: a question about the numbers that were just produced.

use std::io::{BufRead as _, Write};

use anyhow::{Context as _, Result};
use serde::Serialize;
use staffml_bank::Bank;
use staffml_bank::grade::{Reprompts, Verdict};
use staffml_bank::oracle::Mlsysim;
use staffml_bank::variant::{Draw, Instance, Style};

use super::Options;
use super::deploy::Compiled;
use crate::page::Page;

/// The template: from multiply-accumulates and a clock to a time.
const TEMPLATE: &str = "w01-board-latency";
/// Multiply-accumulates per cycle in the question, where the board's own figure is not known.
const DEFAULT_RATE: f64 = 0.5;

/// The question and how answers to it are graded.
#[derive(Debug, Serialize)]
pub struct Test {
    /// Identifier of the template.
    pub template: &'static str,
    /// The question.
    pub question: String,
    /// The right answer, with its unit.
    pub answer: String,
    /// Verdicts on the right answer and on a recognizable wrong one.
    pub graded: Graded,
    /// What was typed, in order.
    pub typed: Vec<String>,
    /// Whether the last typed answer was right; absent when nobody was asked.
    pub typed_right: Option<bool>,
}

/// Verdicts of the grader.
#[derive(Debug, Serialize)]
pub struct Graded {
    /// On the answer of the worked solution.
    pub right: String,
    /// On the answer of somebody with a misconception.
    pub wrong: String,
    /// What the grader says to that.
    pub wrong_message: String,
}

/// Makes a question of this run's numbers, asks or solves it, and shows how answers are graded.
///
/// # Errors
///
/// If the question cannot be made, or its own answer is not graded as right.
pub fn run<W: Write>(options: &Options, compiled: &Compiled, page: &mut Page<W>) -> Result<Test> {
    page.heading("5 Test: a question about these numbers")?;
    let question = question(options, compiled)?;
    page.text(&question.stem)?;
    let mut typed = Vec::new();
    let mut typed_right = None;
    if options.ask {
        let verdict = ask(&question, page, &mut typed)?;
        typed_right = Some(verdict.is_some_and(|verdict| verdict.is_correct()));
    }
    page.text(format!("\nWorked solution:\n\n{}", question.solution(Style::Plain)))?;

    let answer = question.key.display();
    let right = question.grade(&answer);
    anyhow::ensure!(
        right.is_correct(),
        "the question's own answer {answer} is graded {}",
        right.class.name()
    );
    let turn = question.wrong.first().context("the question has no recognizable wrong answer")?;
    let mistaken = question.key.display_value(turn.value);
    let wrong = question.grade(&mistaken);
    page.text(format!("\nGraded: \"{answer}\" is {}.", right.class.name()))?;
    page.text(format!(
        "Graded: \"{mistaken}\" is a {} ({}): {}",
        wrong.class.name(),
        wrong.code,
        wrong.message
    ))?;
    let graded = Graded {
        right: right.class.name().to_owned(),
        wrong: wrong.class.name().to_owned(),
        wrong_message: wrong.message,
    };
    Ok(Test {
        template: TEMPLATE,
        question: question.stem.trim().to_owned(),
        answer,
        graded,
        typed,
        typed_right,
    })
}

/// Puts this run's multiply-accumulates and this board's clock into the template.
fn question(options: &Options, compiled: &Compiled) -> Result<Instance> {
    let core = options.board.cores.first().context("a board without a core")?;
    let clock_mhz = core.clock_hz.value.low as f64 / 1e6;
    let registry = mlsysim::registry::Registry::shipped();
    let cycles = registry.hardware(options.board.id)?.cycles_per_mac;
    let rate = cycles
        .map_or(DEFAULT_RATE, |(fewest, most)| (2.0 / (fewest + most) * 100.0).round() / 100.0);
    let draw = Draw::given()
        .number("macs", compiled.kit()?.macs() as f64)
        .number("f", clock_mhz)
        .number("r", rate);
    Bank::embedded().instantiate(TEMPLATE, &Mlsysim, &draw).context("making the question")
}

/// Asks at the terminal until an answer counts; returns its verdict, or nothing at the end of the input.
fn ask<W: Write>(
    question: &Instance,
    page: &mut Page<W>,
    typed: &mut Vec<String>,
) -> Result<Option<Verdict>> {
    let mut reprompts = Reprompts::default();
    loop {
        page.text("\nYour answer, with a unit (for example `1.5 ms`):")?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).context("reading the answer")? == 0 {
            page.text("No answer.")?;
            return Ok(None);
        }
        let verdict = question.grade(line.trim());
        typed.push(line.trim().to_owned());
        page.text(format!("{}: {}", verdict.class.name(), verdict.message))?;
        if !reprompts.ask_again(&verdict) {
            return Ok(Some(verdict));
        }
    }
}
