//! A course embeds a short quiz: three questions on one topic, graded at once, with feedback on wrong turns.
//!
//! Run with `cargo run -p staffml-bank --example course`; `-- --ask` reads answers from the keyboard.
#![expect(clippy::print_stdout, reason = "the quiz is its output")]

use std::io::{self, BufRead as _, Write as _};

use staffml_bank::Bank;
use staffml_bank::bank::Order;
use staffml_bank::model::taxonomy::{Area, Kind, Level};
use staffml_bank::oracle::Builtin;
use staffml_bank::text::wrap;
use staffml_bank::variant::{Draw, Instance, Style};

/// The questions of a chapter, easy ones first. The seed is that of the reader, so two readers see different numbers.
fn chapter_quiz(bank: &Bank, seed: u64) -> Result<Vec<Instance>, Box<dyn core::error::Error>> {
    let chosen = bank
        .query()
        .area(Area::Memory)
        .levels(Level::L1..=Level::L3)
        .kind(Kind::Numeric)
        .order(Order::Level)
        .limit(3)
        .run()?;
    let mut quiz = Vec::new();
    for template in &chosen {
        quiz.push(bank.instantiate(template.id(), &Builtin, &Draw::seed(seed))?);
    }
    Ok(quiz)
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let bank = Bank::embedded();
    let asks = std::env::args().any(|a| a == "--ask");
    let mut score = 0.0;
    let quiz = chapter_quiz(&bank, 2026)?;
    for (i, question) in quiz.iter().enumerate() {
        println!("{}. {}", i + 1, wrap(&question.stem, 76, "   "));
        // Without a keyboard the reader falls for the first known wrong turn of every second question.
        let answer = if asks {
            print!("   > ");
            io::stdout().flush()?;
            io::stdin().lock().lines().next().transpose()?.unwrap_or_default()
        } else if let Some(wrong) = question.wrong.first().filter(|_| i % 2 == 1) {
            question.key.display_value(wrong.value)
        } else {
            question.key.display()
        };
        let verdict = question.grade(&answer);
        score += verdict.score();
        println!("   {answer}: {}", verdict.message);
        if let Some(diagnosis) = question.diagnosis(&verdict.code) {
            println!("   Next time: {}", diagnosis.remedy);
        }
        if !verdict.is_correct() {
            println!("{}", question.solution(Style::Plain));
        }
    }
    println!("{score} of {} points", quiz.len());
    Ok(())
}
