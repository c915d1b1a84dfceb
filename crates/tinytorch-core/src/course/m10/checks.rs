//! Checks of module 10.

use super::{BTreeMap, Pair, Word, ask};
use crate::course::{
    check::{Verdict, equal, refused, value},
    lesson::checks,
};

fn symbols(text: &str) -> Vec<String> {
    text.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

fn pair(a: &str, b: &str) -> Pair {
    (a.to_owned(), b.to_owned())
}

fn word(text: &str, count: u64) -> Word {
    Word { symbols: symbols(text), count }
}

/// The example of Sennrich, Haddow & Birch (2016).
fn corpus() -> [Word; 4] {
    [
        word("l o w </w>", 5),
        word("l o w e r </w>", 2),
        word("n e w e s t </w>", 6),
        word("w i d e s t </w>", 3),
    ]
}

const CORPUS: &str = "low 5 times, lower 2, newest 6, widest 3";

fn merged(text: &str, a: &str, b: &str, out: &str) -> Verdict {
    equal(
        format!("[{text}], pair {a} {b}"),
        ask::bpe_merge(&symbols(text), &pair(a, b)),
        symbols(out),
    )
}

fn learned(words: &[Word], n: usize, input: &str, out: &[(&str, &str)]) -> Verdict {
    let out: Vec<Pair> = out.iter().map(|(a, b)| pair(a, b)).collect();
    equal(format!("{input}, {n} joins"), ask::bpe_train(words, n), out)
}

fn encoded(text: &str, merges: &[(&str, &str)], out: &str) -> Verdict {
    let pairs: Vec<Pair> = merges.iter().map(|(a, b)| pair(a, b)).collect();
    equal(
        format!("[{text}], joins {merges:?}"),
        ask::bpe_encode(&symbols(text), &pairs),
        symbols(out),
    )
}

const VOCAB: [char; 4] = [' ', 'a', 'b', 'ß'];

checks! {
    $ __course_m10 m10;
    char_build_vocab {
        by_hand Hand 2 "each character once, in ascending order, from all texts" => {
            equal("hello; he: ß", ask::char_build_vocab(&["hello", "he: ß"]), vec![' ', ':', 'e', 'h', 'l', 'o', 'ß'])
        };
        nothing Hand 1 "no text has no characters" => {
            let got = value("no text", ask::char_build_vocab(&[]))?;
            equal("no text", Ok(got.len()), 0usize)?;
            equal("zab", ask::char_build_vocab(&["zab", "b"]), vec!['a', 'b', 'z'])
        };
    }
    char_encode {
        by_hand Hand 2 "the place in the vocabulary plus 1; unknown ones are 0" => {
            equal("ab ßx with [space, a, b, ß]", ask::char_encode("ab ßx", &VOCAB), vec![2, 3, 1, 4, 0])
        };
        runs Property 1 "one id per character" => {
            equal("ßßxß", ask::char_encode("ßßxß", &VOCAB), vec![4, 4, 0, 4])
        };
    }
    char_decode {
        by_hand Hand 2 "id k is character k - 1; id 0 is written <UNK>" => {
            equal("2 3 1 4 0 with [space, a, b, ß]", ask::char_decode(&[2, 3, 1, 4, 0], &VOCAB), "ab ß<UNK>")
        };
        too_large Error 1 "an id above the last has no character" => {
            refused!("5 with four characters", ask::char_decode(&[1, 5], &VOCAB), IndexOutOfRange)
        };
    }
    bpe_count_pairs {
        by_hand Hand 3 "every neighbor in every word, times the occurrences of the word" => {
            let counts = value(CORPUS, ask::bpe_count_pairs(&corpus()))?;
            let of = |a, b| counts.get(&pair(a, b)).copied().unwrap_or(0);
            equal(format!("{CORPUS}: e s, w e, l o, t </w>, w n"), Ok([of("e", "s"), of("w", "e"), of("l", "o"), of("t", "</w>"), of("</w>", "n")]), [9, 8, 7, 9, 0])
        };
        overlap Hand 1 "a a a holds the pair a a twice" => {
            equal("a a a, 4 times", ask::bpe_count_pairs(&[word("a a a", 4)]), BTreeMap::from([(pair("a", "a"), 8)]))
        };
    }
    bpe_merge {
        by_hand Hand 2 "every occurrence becomes one symbol" => {
            merged("a b c a b", "a", "b", "ab c ab")?;
            merged("a c b a", "a", "b", "a c b a")
        };
        runs Hand 1 "from left to right, without overlap" => {
            merged("a a a b a", "a", "a", "aa a b a")?;
            merged("a a a b a a", "a", "b", "a a ab a a")
        };
    }
    bpe_train {
        by_hand Hand 3 "count again after each join; equal counts go by the text" => {
            learned(&corpus(), 7, CORPUS, &[("e", "s"), ("es", "t"), ("est", "</w>"), ("l", "o"), ("lo", "w"), ("e", "w"), ("ew", "est</w>")])
        };
        few_symbols Hand 1 "stop when there is nothing left to join" => learned(&[word("a b", 2)], 9, "ab twice", &[("a", "b")]);
    }
    bpe_encode {
        by_hand Hand 2 "the join that was learned first comes first" => {
            encoded("l o w e s t", &[("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")], "low est")?;
            encoded("a b c", &[("b", "c"), ("a", "b")], "a bc")
        };
        several Hand 1 "each join is applied everywhere" => {
            encoded("a b x a b", &[("a", "b"), ("x", "ab")], "ab xab")?;
            encoded("b a", &[("a", "b")], "b a")
        };
    }
    tokenizer {
        by_hand Hand 1 "characters in ascending order from 1 on, 0 for all others" => {
            let t = value("trained on `banana`", ask::tokenizer(&["banana"]))?;
            equal("trained on `banana`: number of ids", Ok(t.vocab_size()), 4usize)?;
            equal("trained on `banana`: `nab?`", t.encode("nab?"), vec![3u32, 1, 2, 0])?;
            equal("trained on `banana`: 2, 1, 3", t.decode(&[2, 1, 3]), "ban")
        };
        back Property 1 "a text of known characters comes back" => {
            let text = "größer als null";
            let t = value("trained on itself", ask::tokenizer(&[text]))?;
            equal(format!("`{text}`, there and back"), t.encode(text).and_then(|ids| t.decode(&ids)), text)
        };
        end Error 1 "an id that there is not" => {
            let t = value("trained on `banana`", ask::tokenizer(&["banana"]))?;
            refused!("trained on `banana`: id 4", t.decode(&[1, 4]), IndexOutOfRange)
        };
    }
}
