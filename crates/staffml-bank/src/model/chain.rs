//! A chain: questions of rising level on one topic, with one machine and one model all along.

use super::misconceptions::format_is_one;
use super::taxonomy::{Tier, Track};
use super::topics::Topic;
use crate::problem::Problem;
use crate::read::{At, Source, Table};

/// Questions of rising level on one topic.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Chain {
    /// Identifier, equal to the stem of the file name.
    pub id: String,
    /// Title.
    pub title: String,
    /// Topic.
    pub topic: Topic,
    /// Track.
    pub track: Track,
    /// Whether it is a main path or a side path.
    pub tier: Tier,
    /// Parameters that keep their value along the chain.
    pub thread: Vec<String>,
    /// Identifiers of the questions, in order.
    pub members: Vec<String>,
    /// The file it was read from, relative to the bank.
    pub file: String,
    /// Lines of `thread` and of each member in the file.
    pub(crate) lines: (usize, Vec<usize>),
}

/// Reads a chain. It is `None` if any error was found.
pub(crate) fn read_chain(path: &str, text: &str) -> (Option<Chain>, Vec<Problem>) {
    let source = Source::new(path, text);
    let chain = source.read(chain);
    let sound = source.n_errors() == 0;
    (chain.filter(|_| sound), source.into_problems())
}

fn chain(top: &Table<'_, '_>) -> Option<Chain> {
    format_is_one(top);
    let id = named_after_file(top, "V-CHAIN-ID");
    let title = top.need_string("title");
    let topic = top.need_keyword::<Topic>("topic");
    let track = top.need_keyword::<Track>("track");
    let tier = top.need_keyword::<Tier>("tier");
    let thread = top.need("thread", top.strings("thread"));
    let members = top.need("members", top.strings("members"));
    if let Some(members) = &members {
        let n = members.value.len();
        if !(2..=6).contains(&n) {
            let what = format!("{n} members");
            top.source().report("V-CHAIN-LENGTH", members.line, what, "a chain has 2 to 6");
        }
        twice(top, "V-CHAIN-TWICE", &members.value);
    }
    if let Some(thread) = &thread {
        if thread.value.is_empty() {
            let fix = "name the parameters that all members share";
            top.source().report("V-CHAIN-THREAD", thread.line, "the thread is empty", fix);
        }
        twice(top, "V-CHAIN-TWICE", &thread.value);
    }
    let (thread, members) = (thread?, members?);
    let lines = (thread.line, members.value.iter().map(|m| m.line).collect());
    let texts = |list: Vec<At<String>>| list.into_iter().map(|t| t.value).collect();
    Some(Chain {
        id: id?,
        title: title?.value,
        topic: topic?,
        track: track?,
        tier: tier?,
        thread: texts(thread.value),
        members: texts(members.value),
        file: top.source().path().to_owned(),
        lines,
    })
}

/// Reads `id`, which must be the stem of the file name.
pub(super) fn named_after_file(top: &Table<'_, '_>, code: &'static str) -> Option<String> {
    let id = top.need_string("id")?;
    let stem = top.source().path().rsplit('/').next().and_then(|f| f.strip_suffix(".toml"));
    if stem != Some(id.value.as_str()) {
        let what = format!("`{}` stands in `{}`", id.value, top.source().path());
        top.source().report(code, id.line, what, "name the file after the id");
    }
    Some(id.value)
}

/// Reports words that are listed twice.
pub(super) fn twice(top: &Table<'_, '_>, code: &'static str, list: &[At<String>]) {
    for (i, word) in list.iter().enumerate() {
        if list[..i].iter().any(|earlier| earlier.value == word.value) {
            let what = format!("`{}` twice", word.value);
            top.source().report(code, word.line, what, "list it once");
        }
    }
}
