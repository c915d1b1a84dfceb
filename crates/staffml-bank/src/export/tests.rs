//! Each format is read back by a reader that shares nothing with its writer, and gives the same numbers and texts.

use roxmltree::{Document, Node};

use super::*;
use crate::Bank;
use crate::oracle::Builtin;
use crate::quantity::Unit;

/// Texts that mean something to one of the formats.
const HOSTILE: [&str; 8] = [
    "{=~#:\\}",
    "a ]]> b <![CDATA[ &amp; <b>\"'",
    "first\n\nsecond\n\\n third",
    "// no comment\n::no title::",
    "tab\there, \"quotes\", #html:true",
    "π ≈ 3 µs 漢字 🚀 ½ e\u{301}",
    "*no* _em_ `code` [x](y) <br> |",
    "\u{1}\u{8}\u{b}-- --> ?> %100%",
];

fn drawn() -> Set {
    let bank = Bank::embedded();
    let ids = ["w02-flash-for-weights", "w01-gemm-time", "w02-ridge-point", "w02-flash-shortfall"];
    Set::freeze(&bank, &Builtin, &ids, 0..5).unwrap()
}

/// The drawn questions with hostile texts in every place.
fn hostile() -> Set {
    let mut set = drawn();
    for (i, question) in set.questions.iter_mut().enumerate() {
        let text = |k: usize| HOSTILE[(i + k) % HOSTILE.len()].to_owned();
        question.stem = text(0);
        question.title = text(1);
        question.takeaway = text(2);
        question.solution = text(3);
        for (k, wrong) in question.wrong.iter_mut().enumerate() {
            wrong.say = text(4 + k);
        }
    }
    set
}

/// Two numbers that differ by no more than the last digits of a product or a quotient may.
#[track_caller]
fn same(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got} instead of {want}");
}

// ---- GIFT ----

/// An answer of a numerical question: weight, value, tolerance, feedback.
type GiftAnswer = (f64, f64, f64, String);

/// A reader of GIFT as its documentation describes it: name, text, answers, general feedback.
fn read_gift(text: &str) -> Vec<(String, String, Vec<GiftAnswer>, String)> {
    let without: String =
        text.lines().filter(|l| !l.starts_with("//")).map(|l| format!("{l}\n")).collect();
    let blocks = without.split("\n\n").map(str::trim).filter(|b| !b.is_empty());
    blocks.map(read_gift_question).collect()
}

/// Splits at an unescaped sign.
fn split_at(text: &str, sign: &str) -> Vec<String> {
    let (mut out, mut part, mut rest) = (Vec::new(), String::new(), text);
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let n = c.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8);
            part.push_str(&rest[..n]);
            rest = &rest[n..];
        } else if rest.starts_with(sign) {
            out.push(core::mem::take(&mut part));
            rest = &rest[sign.len()..];
        } else {
            part.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.push(part);
    out
}

fn unescape(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some(escaped)) => out.push(escaped),
            (c, _) => out.push(c),
        }
    }
    out
}

fn read_gift_question(block: &str) -> (String, String, Vec<GiftAnswer>, String) {
    let parts = split_at(block, "::");
    assert_eq!(parts.len(), 3, "a name between two pairs of colons: {block}");
    let braces = split_at(&parts[2], "{");
    assert_eq!(braces.len(), 2, "one brace opens: {block}");
    let stem = braces[0].strip_prefix("[plain]").expect("plain text");
    let body = split_at(&braces[1], "}");
    assert_eq!((body.len(), body[1].trim()), (2, ""), "and closes at the end: {block}");
    let body = body[0].strip_prefix('#').expect("a numerical question");
    let general = split_at(body, "####");
    let answers = split_at(&general[0], "=").into_iter().skip(1).map(|answer| {
        let answer = answer.trim().strip_prefix('%').expect("a weight");
        let (weight, rest) = answer.split_once('%').unwrap();
        let fields = split_at(rest, "#");
        assert_eq!(fields.len(), 2, "number and feedback: {rest}");
        let (value, tolerance) = match fields[0].split_once("..") {
            Some((low, high)) => {
                let (low, high): (f64, f64) = (low.parse().unwrap(), high.parse().unwrap());
                (f64::midpoint(low, high), (high - low) / 2.0)
            }
            None => {
                let (value, tolerance) = fields[0].split_once(':').unwrap();
                (value.parse().unwrap(), tolerance.parse().unwrap())
            }
        };
        (weight.parse().unwrap(), value, tolerance, unescape(&fields[1]))
    });
    (unescape(&parts[1]), unescape(stem), answers.collect(), unescape(general[1].trim_end()))
}

#[test]
fn gift_reads_back() {
    for set in [drawn(), hostile()] {
        let read = read_gift(&gift(&set));
        assert_eq!(read.len(), set.questions.len());
        for ((name, stem, answers, general), question) in read.iter().zip(&set.questions) {
            assert_eq!(*name, question.name());
            let plain = |text: &str| text.replace('\r', "");
            assert_eq!(*stem, plain(&question.stem_with_unit()));
            assert_eq!(*general, question.solution.trim_end());
            assert_eq!(answers.len(), 1 + question.wrong.len());
            assert_eq!(answers[0].3, question.takeaway.trim_end());
            let wanted = core::iter::once((100.0, question.value, question.accepted))
                .chain(question.wrong.iter().map(|w| (0.0, w.value, w.accepted)));
            for ((weight, value, tolerance, _), want) in answers.iter().zip(wanted) {
                same(*weight, want.0);
                same(value - tolerance, want.2.0);
                same(value + tolerance, want.2.1);
            }
            for (answer, wrong) in answers[1..].iter().zip(&question.wrong) {
                assert_eq!(answer.3, wrong.say.trim_end());
            }
        }
    }
}

// ---- Moodle XML ----

fn child<'a>(node: Node<'a, 'a>, tag: &str) -> Node<'a, 'a> {
    let found = node.children().find(|n| n.has_tag_name(tag));
    found.unwrap_or_else(|| panic!("<{tag}> in <{}>", node.tag_name().name()))
}

fn text_of(node: Node<'_, '_>) -> String {
    let parts = node.descendants().filter(Node::is_text);
    parts.map(|n| n.text().unwrap_or_default()).collect()
}

/// What XML can hold of a text, and nothing else.
fn in_xml(text: &str) -> String {
    text.chars().filter(|c| *c >= ' ' || matches!(c, '\n' | '\t' | '\r')).collect()
}

#[test]
fn moodle_xml_reads_back() {
    for set in [drawn(), hostile()] {
        let xml = moodle_xml(&set);
        let document = Document::parse(&xml).unwrap();
        let all: Vec<Node<'_, '_>> =
            document.root_element().children().filter(Node::is_element).collect();
        assert_eq!(all[0].attribute("type"), Some("category"));
        assert_eq!(all.len(), 1 + set.questions.len());
        for (node, question) in all[1..].iter().zip(&set.questions) {
            assert_eq!(node.attribute("type"), Some("numerical"));
            assert_eq!(text_of(child(*node, "questiontext")), in_xml(&question.stem));
            assert_eq!(text_of(child(*node, "generalfeedback")), in_xml(&question.solution));
            assert!(text_of(child(*node, "name")).contains(&in_xml(&question.title)));
            let answers: Vec<Node<'_, '_>> =
                node.children().filter(|n| n.has_tag_name("answer")).collect();
            let mut wanted = vec![("100", question.accepted, question.takeaway.clone())];
            wanted.extend(question.wrong.iter().map(|w| ("0", w.accepted, w.say.clone())));
            assert_eq!(answers.len(), wanted.len());
            for (answer, (fraction, (low, high), say)) in answers.iter().zip(wanted) {
                assert_eq!(answer.attribute("fraction"), Some(fraction));
                assert_eq!(text_of(child(*answer, "feedback")), in_xml(&say));
                let number = |tag| text_of(child(*answer, tag)).parse::<f64>().unwrap();
                same(number("text") - number("tolerance"), low);
                same(number("text") + number("tolerance"), high);
            }
            for unit in child(*node, "units").children().filter(|n| n.has_tag_name("unit")) {
                let name = text_of(child(unit, "unit_name"));
                let multiplier: f64 = text_of(child(unit, "multiplier")).parse().unwrap();
                // The value in this unit, typed by a learner, is graded as right by our own grader.
                let (own, other) =
                    (Unit::parse(&question.unit).unwrap(), Unit::parse(&name).unwrap());
                same(question.value * multiplier * other.factor(), question.value * own.factor());
            }
            assert!(child(*node, "units").children().filter(Node::is_element).count() <= 8);
        }
    }
}

#[test]
fn units_of_a_moodle_question_are_worth_the_same() {
    let set = drawn();
    let xml = moodle_xml(&set);
    // By hand: 1 kB is 1000 B and a thousandth of a MB.
    assert!(xml.contains("<multiplier>1</multiplier><unit_name>kB</unit_name>"));
    assert!(xml.contains("<multiplier>1000</multiplier><unit_name>B</unit_name>"));
    assert!(xml.contains("<multiplier>0.001</multiplier><unit_name>MB</unit_name>"));
}

// ---- QTI ----

#[test]
fn qti_reads_back() {
    for set in [drawn(), hostile()] {
        let files = qti3(&set);
        let manifest = Document::parse(&files[0].1).unwrap();
        let listed: Vec<&str> = manifest
            .descendants()
            .filter(|n| {
                n.has_tag_name(("http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1", "resource"))
            })
            .map(|n| n.attribute("href").unwrap())
            .collect();
        let paths: Vec<&str> = files[1..].iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(listed, paths);
        let mut unique = paths.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), set.questions.len());
        for ((_, text), question) in files[1..].iter().zip(&set.questions) {
            let item = Document::parse(text).unwrap();
            let find = |tag: &'static str| {
                let all = item
                    .descendants()
                    .filter(move |n| n.is_element() && n.tag_name().name() == tag);
                all.collect::<Vec<Node<'_, '_>>>()
            };
            assert_eq!(
                item.root_element().attribute("title").unwrap(),
                in_xml(&question.title).replace(['\n', '\t'], " ")
            );
            let stem: String =
                find("p").iter().map(|p| text_of(*p)).collect::<Vec<String>>().join("\n");
            for line in in_xml(&question.stem).lines().map(str::trim) {
                assert!(stem.contains(line), "{line} in {stem}");
            }
            same(text_of(find("qti-correct-response")[0]).parse().unwrap(), question.value);
            let mut wanted = vec![(question.value, question.accepted, 1.0, &question.takeaway)];
            wanted.extend(question.wrong.iter().map(|w| (w.value, w.accepted, 0.0, &w.say)));
            let conditions = find("qti-equal");
            assert_eq!(conditions.len(), wanted.len());
            for (equal, (value, (low, high), score, say)) in conditions.iter().zip(wanted) {
                same(text_of(*equal).parse().unwrap(), value);
                let tolerance = equal.attribute("tolerance").unwrap_or("0 0");
                let percent: Vec<f64> = tolerance.split(' ').map(|t| t.parse().unwrap()).collect();
                match equal.attribute("tolerance-mode") {
                    Some("relative") => {
                        same(value * (1.0 - percent[0] / 100.0), low);
                        same(value * (1.0 + percent[1] / 100.0), high);
                    }
                    Some("absolute") => {
                        same(value - percent[0], low);
                        same(value + percent[1], high);
                    }
                    mode => assert_eq!((mode, low.to_bits()), (Some("exact"), high.to_bits())),
                }
                let branch = equal.parent().unwrap();
                let set: Vec<Node<'_, '_>> = branch
                    .children()
                    .filter(|n| n.tag_name().name() == "qti-set-outcome-value")
                    .collect();
                same(text_of(set[0]).parse().unwrap(), score);
                let id = text_of(set[1]);
                let feedback = find("qti-modal-feedback")
                    .into_iter()
                    .find(|f| f.attribute("identifier") == Some(&id))
                    .unwrap();
                assert_eq!(text_of(feedback), in_xml(say));
            }
        }
    }
}

/// A reader of archives that goes by the directory at their end, as unpackers do.
fn read_zip(bytes: &[u8]) -> Vec<(String, String)> {
    let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let long = |at: usize| short(at) + (short(at + 2) << 16);
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let (n, mut at) = (short(end + 10), long(end + 16));
    let mut files = Vec::new();
    for _ in 0..n {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        assert_eq!(short(at + 10), 0, "stored");
        let (size, name, local) = (long(at + 24), short(at + 28), long(at + 42));
        let text =
            |from: usize, len: usize| String::from_utf8(bytes[from..from + len].to_vec()).unwrap();
        assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");
        assert_eq!(short(local + 26), name);
        let start = local + 30 + name + short(local + 28);
        files.push((text(at + 46, name), text(start, size)));
        at += 46 + name + short(at + 30) + short(at + 32);
    }
    assert_eq!(at, end);
    files
}

#[test]
fn the_qti_package_holds_the_files() {
    let set = hostile();
    assert_eq!(read_zip(&qti3_package(&set)), qti3(&set));
}

// ---- Anki ----

/// A reader of tab-separated text with quoted fields, character by character.
fn read_tsv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            '\t' if !quoted => row.push(core::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(core::mem::take(&mut field));
                rows.push(core::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && row.is_empty(), "it ends with a whole line");
    rows
}

#[test]
fn cards_read_back() {
    for set in [drawn(), hostile()] {
        let text = anki(&set);
        let (head, body) = text.split_at(text.find("#guid column:4\n").unwrap() + 15);
        assert_eq!(head.lines().next(), Some("#separator:tab"));
        assert!(head.lines().all(|l| l.starts_with('#')));
        let rows = read_tsv(body);
        assert_eq!(rows.len(), set.questions.len());
        for (row, question) in rows.iter().zip(&set.questions) {
            assert_eq!(row.len(), 4);
            assert_eq!(row[0], question.stem.replace('\t', " "));
            assert!(row[1].starts_with(&question.display) && row[1].contains(&question.license));
            assert_eq!(row[3], format!("{}@{}:{}", question.id, question.major, question.seed));
        }
    }
}

// ---- paper ----

#[test]
fn sheets_show_each_question_and_the_key_only_if_asked() {
    let set = drawn();
    for text in [markdown(&set, false), html(&set, false)] {
        for question in &set.questions {
            let first = question.stem.split(['<', '*', '#', '&']).next().unwrap();
            assert!(text.contains(first), "{first}");
            assert!(!text.contains(&question.wrong[0].say), "no key");
        }
    }
    for question in &set.questions {
        assert!(markdown(&set, true).contains(&question.solution_markdown));
    }
}

#[test]
fn hostile_texts_stay_texts_on_paper() {
    let set = hostile();
    let page = html(&set, true).replace("<br>", "\n");
    // Written as XML, so a strict reader can take it apart.
    let body = &page[page.find("<body>").unwrap()..page.find("</html>").unwrap()];
    let document = Document::parse(body).unwrap();
    let text = text_of(document.root_element());
    for question in &set.questions {
        assert!(text.contains(&in_xml(&question.stem)), "{}", question.stem);
    }
    let sheet = markdown(&set, false);
    assert!(sheet.contains(r"\*no\* \_em\_ \`code\` \[x\](y) \<br\> \|"), "{sheet}");
}

// ---- a class ----

#[test]
fn each_student_has_own_numbers_and_the_same_ones_again() {
    let bank = Bank::embedded();
    let ids = ["w02-flash-for-weights", "w01-gemm-time"];
    let students = ["Ada", "Grace", "Linus", "漢字 | *x*"];
    let class = quiz(&bank, &Builtin, &ids, &students, 7).unwrap();
    assert_eq!(class, quiz(&bank, &Builtin, &ids, &students, 7).unwrap());
    let stems =
        |i: usize| class.sheets[i].questions.iter().map(|q| q.stem.as_str()).collect::<Vec<&str>>();
    for (i, student) in students.iter().enumerate().skip(1) {
        assert_ne!(stems(0), stems(i), "{student}");
    }
    // One alone gets what he gets among all.
    let alone = quiz(&bank, &Builtin, &ids, &["Linus"], 7).unwrap();
    assert_eq!(alone.sheets[0], class.sheets[2]);
    assert_ne!(quiz(&bank, &Builtin, &ids, &["Linus"], 8).unwrap().sheets[0], class.sheets[2]);
    let (sheets, key) = (class.markdown(), class.key_markdown());
    for sheet in &class.sheets {
        for question in &sheet.questions {
            assert!(!sheets.contains(&question.wrong[0].say));
            assert!(key.contains(&question.name()) && class.key_html().contains(&question.name()));
            // The key is right by our own grader.
            let drawn = bank
                .instantiate(&question.id, &Builtin, &crate::variant::Draw::seed(question.seed))
                .unwrap();
            assert!(drawn.grade(&question.display).is_correct());
        }
    }
    assert_eq!(class.html().matches("<section>").count(), students.len());
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let bank = Bank::embedded();
    let refuse = |ids: &[&str], students: &[&str]| {
        quiz(&bank, &Builtin, ids, students, 1).unwrap_err().to_string()
    };
    assert!(refuse(&["w01-gemm-time"], &["Ada", "Ada"]).contains("`Ada` is in it twice"));
    assert!(refuse(&["w01-gemm-time"], &[]).contains("it holds no names"));
    assert!(refuse(&[], &["Ada"]).contains("name at least one template"));
    assert!(refuse(&["w01-gem-time"], &["Ada"]).contains("did you mean `w01-gemm-time`?"));
}

#[test]
fn choices_have_one_right_option_and_no_two_alike() {
    for question in drawn().questions {
        let options = question.choice.expect("enough wrong values");
        assert_eq!(options.iter().filter(|o| o.is_right).count(), 1);
        let mut texts: Vec<&str> = options.iter().map(|o| o.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), options.len());
    }
}
