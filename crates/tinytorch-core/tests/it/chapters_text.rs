//! The figures and the program of chapter 10.

use tinytorch_core::text::{BpeTokenizer, ByteBpeTokenizer, CharTokenizer, Stats, Tokenizer};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::text::{ByteBpeTokenizer, CharTokenizer, Tokenizer};

    let letters = CharTokenizer::train(&["hello"])?;
    assert_eq!(letters.encode("hole!")?, [2, 4, 3, 1, 0]);
    let bytes = ByteBpeTokenizer::train(&["so so so it is"], 260)?;
    let text = "so é 東";
    assert_eq!(bytes.decode(&bytes.encode(text)?)?, text);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("10-tokenization.md") {
        chapter.shows_program_of(include_str!("chapters_text.rs"));
    }
}

const PASSAGE: &str = "The sea was calm and the ship lay low. We rowed slower than the others, \
    and the water was lower than before; nobody knew where the newest rocks were, \
    but the widest channel lay ahead.\n";

#[test]
fn figures() {
    let text = PASSAGE.repeat(10);
    let row = |name: &str, tokenizer: &dyn Tokenizer| {
        let stats = Stats::of(tokenizer, &text).unwrap();
        format!(
            "| {name} | {} | {} | {:.2} | {} |",
            stats.vocab_size,
            grouped(stats.tokens),
            stats.compression(),
            grouped(stats.table_bytes(64))
        )
    };
    let bpe = |size| BpeTokenizer::train(&[&text], size).unwrap();
    let bytes = |size| ByteBpeTokenizer::train(&[&text], size).unwrap();
    let rows = [
        row("characters", &CharTokenizer::train(&[&text]).unwrap()),
        row("parts of words", &bpe(60)),
        row("parts of words", &bpe(90)),
        row("bytes", &bytes(256)),
        row("bytes, joined", &bytes(300)),
    ];

    // Words of the paper, as often as it says.
    let words = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)];
    let corpus: String = words.iter().map(|(w, n)| format!("{w} ").repeat(*n)).collect();
    let learned = BpeTokenizer::train(&[&corpus], 40).unwrap();
    let joins = learned.merges().iter().take(5).map(|(a, b)| format!("`{a} {b}`"));

    let Some(chapter) = Chapter::open("10-tokenization.md") else { return };
    chapter.says(format!("{} characters in which", grouped(text.chars().count())));
    chapter.says(format!("the first joins are {}.", joins.collect::<Vec<_>>().join(", ")));
    chapter.says(rows.join("\n"));
}
