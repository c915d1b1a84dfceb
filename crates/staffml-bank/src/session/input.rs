//! What a learner can do, and how a typed line says it.

use crate::sched::Rating;

/// One thing a learner does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// Types an answer.
    Answer(String),
    /// Picks an option, from 0.
    Pick(usize),
    /// Turns a card.
    Turn,
    /// Says whether a card was known.
    Known(bool),
    /// Marks the learner's own text: the mark, and the sentence that earns it.
    Mark(u32, String),
    /// Marks a row of the rubric again, beside the model answer: the row from 0, the mark, and words that earn a higher one.
    Revise(usize, u32, String),
    /// Says how sure: 0 for a guess to 4 for certain.
    Confidence(usize),
    /// Asks for a hint; where a text is marked, for examples of the marks.
    Hint,
    /// Passes a question over; its card stays as it is.
    Skip,
    /// Does not know.
    DontKnow,
    /// Types a line into the calculator.
    Calculate(String),
    /// Lowers the rating of the answer just judged; a rating is never raised.
    Lower(Rating),
    /// Goes on from the verdict.
    Next,
    /// Leaves. What was answered stays answered.
    Quit,
}

/// Where a line is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// Behind a question that is answered by a number.
    Number,
    /// Behind a question with this many options.
    Choice(usize),
    /// Before a card is turned.
    Card,
    /// After a card is turned.
    Known,
    /// Behind a question that is answered by a text.
    Text,
    /// Behind a row of a rubric with this highest mark.
    Mark(u32),
    /// Behind "how sure?".
    Confidence,
    /// Behind a verdict.
    Verdict,
    /// Beside the model answer of a text that was marked in this many rows.
    Revise(usize),
    /// After the end.
    Closed,
}

impl Input {
    /// Reads a typed line: an empty line turns a card, `y` and `n` say whether it was known; `2 a sentence` marks a text.
    ///
    /// Further: `?` hint, `s` skip, `k` don't know, `= 2*3 GB` calculator, `q` quit; digits or letters for
    /// options, 1 to 5 for confidence; beside a model answer `2 0` marks the second row anew; behind a verdict an empty line goes on, and `again`, `hard` or `good` lower the
    /// rating. Anything else is an answer.
    ///
    /// # Errors
    ///
    /// One sentence that says what can be typed.
    pub fn line(prompt: Prompt, line: &str) -> Result<Self, String> {
        let text = line.trim();
        let asks = !matches!(
            prompt,
            Prompt::Confidence | Prompt::Verdict | Prompt::Revise(_) | Prompt::Closed
        );
        match (prompt, text) {
            (Prompt::Closed, _) | (_, "q" | "quit") => return Ok(Self::Quit),
            (_, "?") if asks => return Ok(Self::Hint),
            (_, "s") if asks => return Ok(Self::Skip),
            (_, "k") if asks => return Ok(Self::DontKnow),
            _ => {}
        }
        match prompt {
            Prompt::Number => Ok(match text.strip_prefix('=') {
                Some(sum) => Self::Calculate(sum.trim().to_owned()),
                None => Self::Answer(text.to_owned()),
            }),
            Prompt::Choice(n) => match text.strip_prefix('=') {
                Some(sum) => Ok(Self::Calculate(sum.trim().to_owned())),
                None => pick(text, n).map(Self::Pick).ok_or_else(|| {
                    format!(
                        "type a number from 1 to {n}, ? for a hint, k for don't know, s to skip"
                    )
                }),
            },
            Prompt::Card => match text {
                "" | "t" => Ok(Self::Turn),
                _ => Err("press Enter to turn the card".to_owned()),
            },
            Prompt::Known => match text {
                "y" | "yes" => Ok(Self::Known(true)),
                "n" | "no" => Ok(Self::Known(false)),
                _ => Err("type y if you knew it, n if not".to_owned()),
            },
            Prompt::Text if text.is_empty() => {
                Err("type your answer; k if you have none".to_owned())
            }
            Prompt::Text => Ok(Self::Answer(text.to_owned())),
            Prompt::Mark(most) => {
                let (mark, quote) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                match mark.parse::<u32>().ok().filter(|m| *m <= most) {
                    Some(mark) => Ok(Self::Mark(mark, quote.trim().to_owned())),
                    None => {
                        Err(format!("type a mark from 0 to {most} and the sentence that earns it"))
                    }
                }
            }
            Prompt::Revise(rows) => {
                if matches!(text, "" | "n") {
                    return Ok(Self::Next);
                }
                let (row, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                let rest = rest.trim_start();
                let (mark, quote) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let row = row.parse::<usize>().ok().and_then(|row| row.checked_sub(1));
                match (row.filter(|row| *row < rows), mark.parse().ok()) {
                    (Some(row), Some(mark)) => Ok(Self::Revise(row, mark, quote.trim().to_owned())),
                    _ => Err(format!(
                        "press Enter to keep your marks, or type a row from 1 to {rows} and its new mark; a higher mark needs new words of your text behind it"
                    )),
                }
            }
            Prompt::Confidence => match text {
                "1" | "2" | "3" | "4" | "5" => {
                    Ok(Self::Confidence(usize::from(text.as_bytes()[0] - b'1')))
                }
                _ => Err("type a number from 1, a guess, to 5, certain".to_owned()),
            },
            Prompt::Verdict => match text {
                "" | "n" => Ok(Self::Next),
                "again" => Ok(Self::Lower(Rating::Again)),
                "hard" => Ok(Self::Lower(Rating::Hard)),
                "good" => Ok(Self::Lower(Rating::Good)),
                _ => Err("press Enter to go on; again, hard or good lower the rating".to_owned()),
            },
            Prompt::Closed => Ok(Self::Quit),
        }
    }
}

/// `2` or `b` for the second of `n` options, from 0.
fn pick(text: &str, n: usize) -> Option<usize> {
    let picked = match text.as_bytes() {
        [letter @ (b'a'..=b'i' | b'A'..=b'I')] => usize::from(letter.to_ascii_lowercase() - b'a'),
        _ => text.parse::<usize>().ok()?.checked_sub(1)?,
    };
    (picked < n).then_some(picked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_they_say() {
        let read = |prompt, line| Input::line(prompt, line);
        assert_eq!(read(Prompt::Number, " 8.97 kB\n"), Ok(Input::Answer("8.97 kB".to_owned())));
        assert_eq!(read(Prompt::Number, "= 2*3"), Ok(Input::Calculate("2*3".to_owned())));
        assert_eq!(read(Prompt::Number, "k"), Ok(Input::DontKnow));
        assert_eq!(read(Prompt::Number, "5 k"), Ok(Input::Answer("5 k".to_owned())));
        assert_eq!(read(Prompt::Choice(4), "2"), Ok(Input::Pick(1)));
        assert_eq!(read(Prompt::Choice(4), "D"), Ok(Input::Pick(3)));
        for wrong in ["5", "0", "-1", "e", "", "99999999999999999999"] {
            assert!(read(Prompt::Choice(4), wrong).is_err(), "{wrong}");
        }
        assert_eq!(read(Prompt::Confidence, "5"), Ok(Input::Confidence(4)));
        assert!(read(Prompt::Confidence, "6").is_err() && read(Prompt::Confidence, "").is_err());
        assert_eq!(read(Prompt::Verdict, ""), Ok(Input::Next));
        assert_eq!(read(Prompt::Verdict, "hard"), Ok(Input::Lower(Rating::Hard)));
        assert!(read(Prompt::Verdict, "easy").is_err());
        assert_eq!(read(Prompt::Card, ""), Ok(Input::Turn));
        assert_eq!(read(Prompt::Known, "y"), Ok(Input::Known(true)));
        assert!(read(Prompt::Known, "").is_err() && read(Prompt::Text, "").is_err());
        assert_eq!(
            read(Prompt::Mark(2), "2 it says so"),
            Ok(Input::Mark(2, "it says so".to_owned()))
        );
        assert!(read(Prompt::Mark(2), "3 it says so").is_err());
        assert_eq!(read(Prompt::Revise(3), ""), Ok(Input::Next));
        assert_eq!(read(Prompt::Revise(3), "q"), Ok(Input::Quit));
        let revised = |row, mark, words: &str| Ok(Input::Revise(row, mark, words.to_owned()));
        assert_eq!(read(Prompt::Revise(3), "2 0"), revised(1, 0, ""));
        assert_eq!(read(Prompt::Revise(3), " 3  2  it says so "), revised(2, 2, "it says so"));
        for wrong in ["0 1", "4 1", "2", "s", "x y", "2 -1", "99999999999999999999 1"] {
            assert!(read(Prompt::Revise(3), wrong).is_err(), "{wrong}");
        }
        assert_eq!(read(Prompt::Closed, "anything"), Ok(Input::Quit));
    }
}
