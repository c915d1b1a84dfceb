//! Each format is read back by a reader that shares nothing with its writer, and gives the same numbers and texts.

use roxmltree::{Document, Node};

use super::*;
use crate::Bank;
use crate::model::taxonomy::Kind;
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
    let ids: Vec<&str> = KINDS.iter().flat_map(|kind| of_kind(&bank, *kind)).collect();
    let mut set = Set::freeze(&bank, &Builtin, &ids, 0..3).unwrap();
    set.questions.extend(Set::freeze_choices(&bank, &Builtin, &ids[..2], 7..9).unwrap().questions);
    set
}

const KINDS: [Kind; 5] = [Kind::Numeric, Kind::Choice, Kind::Recall, Kind::Multi, Kind::Open];

/// The first templates of a kind; of some kinds there may be none yet.
fn of_kind(bank: &Bank, kind: Kind) -> Vec<&str> {
    let found = bank.templates().iter().filter(|t| t.head.kind == kind).map(|t| t.id());
    found.take(if kind == Kind::Numeric { 12 } else { 4 }).collect()
}

fn wrongs(item: &mut Item) -> Vec<&mut String> {
    match &mut item.wants {
        Wants::Number(number) => number.wrong.iter_mut().map(|w| &mut w.say).collect(),
        Wants::Choice(options) => {
            options.iter_mut().flat_map(|o| [&mut o.text, &mut o.say]).collect()
        }
        Wants::Text(text) => vec![text],
    }
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
        for item in &mut question.items {
            item.ask = if item.ask.is_empty() { String::new() } else { text(4) };
            for (k, slot) in wrongs(item).into_iter().enumerate() {
                // Options stay apart from each other.
                *slot = format!("{} {k}", text(5 + k).trim());
            }
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

/// A question as read: name, text, answers, general feedback.
struct GiftQuestion {
    name: String,
    stem: String,
    answers: GiftAnswers,
    general: String,
}

/// Answers as read.
enum GiftAnswers {
    /// Weight, value, tolerance, feedback.
    Numbers(Vec<(f64, f64, f64, String)>),
    /// Whether it is right, text, feedback.
    Options(Vec<(bool, String, String)>),
    /// An essay.
    None,
}

/// A reader of GIFT as its documentation describes it.
fn read_gift(text: &str) -> Vec<GiftQuestion> {
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

fn read_gift_question(block: &str) -> GiftQuestion {
    let parts = split_at(block, "::");
    assert_eq!(parts.len(), 3, "a name between two pairs of colons: {block}");
    let braces = split_at(&parts[2], "{");
    assert_eq!(braces.len(), 2, "one brace opens: {block}");
    let stem = braces[0].strip_prefix("[plain]").expect("plain text");
    let body = split_at(&braces[1], "}");
    assert_eq!((body.len(), body[1].trim()), (2, ""), "and closes at the end: {block}");
    let general = split_at(&body[0], "####");
    let answers = match general[0].strip_prefix('#') {
        Some(numbers) => {
            let numbers = split_at(numbers, "=").into_iter().skip(1);
            GiftAnswers::Numbers(numbers.map(|n| read_gift_number(&n)).collect())
        }
        None if general[0].trim().is_empty() => GiftAnswers::None,
        None => GiftAnswers::Options(read_gift_options(&general[0])),
    };
    GiftQuestion {
        name: unescape(&parts[1]),
        stem: unescape(stem),
        answers,
        general: unescape(general[1].trim_end()),
    }
}

fn read_gift_number(answer: &str) -> (f64, f64, f64, String) {
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
}

fn read_gift_options(text: &str) -> Vec<(bool, String, String)> {
    let one = |line: &str| {
        let is_right = line.starts_with('=');
        assert!(is_right || line.starts_with('~'), "{line}");
        let fields = split_at(&line[1..], "#");
        assert_eq!(fields.len(), 2, "option and feedback: {line}");
        (is_right, unescape(&fields[0]), unescape(&fields[1]))
    };
    text.trim().lines().map(one).collect()
}

#[test]
fn gift_reads_back() {
    for set in [drawn(), hostile()] {
        let read = read_gift(&gift(&set));
        assert_eq!(read.len(), set.items().count());
        for (read, (question, item)) in read.iter().zip(set.items()) {
            assert_eq!(read.name, question.item_name(item));
            assert_eq!(read.stem, question.text_with_unit(item).trim_end());
            assert_eq!(read.general, question.solution.trim_end());
            match (&read.answers, &item.wants) {
                (GiftAnswers::Numbers(answers), Wants::Number(number)) => {
                    let right = (100.0, number.accepted, &question.takeaway);
                    let wrong = number.wrong.iter().map(|w| (0.0, w.accepted, &w.say));
                    let wanted: Vec<_> = core::iter::once(right).chain(wrong).collect();
                    assert_eq!(answers.len(), wanted.len());
                    for ((weight, value, tolerance, say), want) in answers.iter().zip(wanted) {
                        same(*weight, want.0);
                        same(value - tolerance, want.1.0);
                        same(value + tolerance, want.1.1);
                        assert_eq!(say, want.2.trim_end());
                    }
                }
                (GiftAnswers::Options(read), Wants::Choice(options)) => {
                    let wanted = options
                        .iter()
                        .map(|o| (o.is_right, o.text.clone(), o.say.trim_end().to_owned()));
                    assert_eq!(read, &wanted.collect::<Vec<_>>());
                }
                (GiftAnswers::None, Wants::Text(_)) => {}
                _ => panic!("{} became another kind of question", read.name),
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
        assert_eq!(all.len(), 1 + set.items().count());
        for (node, (question, item)) in all[1..].iter().zip(set.items()) {
            assert_eq!(text_of(child(*node, "questiontext")), in_xml(&question.text(item)));
            assert_eq!(text_of(child(*node, "generalfeedback")), in_xml(&question.solution));
            assert!(text_of(child(*node, "name")).contains(&in_xml(&question.title)));
            let answers: Vec<Node<'_, '_>> =
                node.children().filter(|n| n.has_tag_name("answer")).collect();
            match &item.wants {
                Wants::Number(number) => {
                    assert_eq!(node.attribute("type"), Some("numerical"));
                    moodle_number(*node, &answers, number, &question.takeaway);
                }
                Wants::Choice(options) => {
                    assert_eq!(node.attribute("type"), Some("multichoice"));
                    assert_eq!(answers.len(), options.len());
                    for (answer, option) in answers.iter().zip(options) {
                        let fraction = if option.is_right { "100" } else { "0" };
                        assert_eq!(answer.attribute("fraction"), Some(fraction));
                        assert_eq!(text_of(child(*answer, "text")), in_xml(&option.text));
                        assert_eq!(text_of(child(*answer, "feedback")), in_xml(&option.say));
                    }
                }
                Wants::Text(model) => {
                    assert_eq!((node.attribute("type"), answers.len()), (Some("essay"), 0));
                    assert_eq!(text_of(child(*node, "graderinfo")), in_xml(model));
                }
            }
        }
    }
}

fn moodle_number(node: Node<'_, '_>, answers: &[Node<'_, '_>], number: &Number, takeaway: &str) {
    let mut wanted = vec![("100", number.accepted, takeaway)];
    wanted.extend(number.wrong.iter().map(|w| ("0", w.accepted, w.say.as_str())));
    assert_eq!(answers.len(), wanted.len());
    for (answer, (fraction, (low, high), say)) in answers.iter().zip(wanted) {
        assert_eq!(answer.attribute("fraction"), Some(fraction));
        assert_eq!(text_of(child(*answer, "feedback")), in_xml(say));
        let read = |tag| text_of(child(*answer, tag)).parse::<f64>().unwrap();
        same(read("text") - read("tolerance"), low);
        same(read("text") + read("tolerance"), high);
    }
    if number.unit.is_empty() {
        return;
    }
    let units: Vec<Node<'_, '_>> =
        child(node, "units").children().filter(Node::is_element).collect();
    assert!((1..=8).contains(&units.len()));
    for unit in units {
        let name = text_of(child(unit, "unit_name"));
        let multiplier: f64 = text_of(child(unit, "multiplier")).parse().unwrap();
        let (own, other) = (Unit::parse(&number.unit).unwrap(), Unit::parse(&name).unwrap());
        same(number.value * multiplier * other.factor(), number.value * own.factor());
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
        assert_eq!(unique.len(), set.items().count());
        for ((_, text), (question, part)) in files[1..].iter().zip(set.items()) {
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
            for line in in_xml(&question.text(part)).lines().map(str::trim) {
                assert!(stem.contains(line), "{line} in {stem}");
            }
            let right = || text_of(find("qti-correct-response")[0]);
            let mut wanted: Vec<(f64, &str)> = Vec::new();
            match &part.wants {
                Wants::Number(number) => {
                    same(right().parse().unwrap(), number.value);
                    wanted.push((1.0, &question.takeaway));
                    wanted.extend(number.wrong.iter().map(|w| (0.0, w.say.as_str())));
                    let mut values = vec![(number.value, number.accepted)];
                    values.extend(number.wrong.iter().map(|w| (w.value, w.accepted)));
                    let conditions = find("qti-equal");
                    assert_eq!(conditions.len(), values.len());
                    for (equal, (value, accepted)) in conditions.into_iter().zip(values) {
                        qti_equal(equal, value, accepted);
                    }
                }
                Wants::Choice(options) => {
                    let shown = find("qti-simple-choice");
                    assert_eq!(shown.len(), options.len());
                    for (node, option) in shown.into_iter().zip(options) {
                        assert_eq!(text_of(node), in_xml(&option.text));
                        assert_eq!(node.attribute("identifier") == Some(&right()), option.is_right);
                        wanted.push((f64::from(u8::from(option.is_right)), &option.say));
                    }
                }
                Wants::Text(_) => assert_eq!(find("qti-extended-text-interaction").len(), 1),
            }
            let branches: Vec<Node<'_, '_>> =
                [find("qti-response-if"), find("qti-response-else-if")].concat();
            assert_eq!(branches.len(), wanted.len());
            for (branch, (score, say)) in branches.iter().zip(wanted) {
                let set: Vec<Node<'_, '_>> = branch
                    .children()
                    .filter(|n| n.tag_name().name() == "qti-set-outcome-value")
                    .collect();
                same(text_of(set[0]).trim().parse().unwrap(), score);
                let id = text_of(set[1]);
                let mut all = find("qti-modal-feedback").into_iter();
                let feedback = all.find(|f| f.attribute("identifier") == Some(id.trim())).unwrap();
                assert_eq!(text_of(feedback), in_xml(say));
            }
        }
    }
}

#[track_caller]
fn qti_equal(equal: Node<'_, '_>, value: f64, (low, high): (f64, f64)) {
    same(text_of(equal).parse().unwrap(), value);
    let tolerance = equal.attribute("tolerance").unwrap_or("0 0");
    let off: Vec<f64> = tolerance.split(' ').map(|t| t.parse().unwrap()).collect();
    match equal.attribute("tolerance-mode") {
        Some("relative") => {
            same(value * (1.0 - off[0] / 100.0), low);
            same(value * (1.0 + off[1] / 100.0), high);
        }
        Some("absolute") => {
            same(value - off[0], low);
            same(value + off[1], high);
        }
        mode => assert_eq!((mode, low.to_bits()), (Some("exact"), high.to_bits())),
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
            assert!(row[0].starts_with(&question.stem.replace('\t', " ")));
            for item in &question.items {
                assert!(row[0].contains(&item.ask.replace('\t', " ")));
                assert!(row[1].contains(&item.right().replace('\t', " ")), "{}", item.right());
            }
            assert!(row[1].ends_with(&question.license));
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
            let first =
                question.stem.split(['<', '>', '*', '#', '&', '~', '_', '\n']).next().unwrap();
            assert!(text.contains(first), "{first}");
            for item in &question.items {
                assert!(item.wrong().iter().all(|(_, say)| !text.contains(say)), "no key");
            }
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
            assert!(question.items[0].wrong().iter().all(|(_, say)| !sheets.contains(say)));
            assert!(key.contains(&question.name()) && class.key_html().contains(&question.name()));
            // The key is right by our own grader.
            let drawn = bank
                .instantiate(&question.id, &Builtin, &crate::variant::Draw::seed(question.seed))
                .unwrap();
            assert!(drawn.grade(&question.items[0].right()).is_correct());
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
    let bank = Bank::embedded();
    let set = Set::freeze_choices(&bank, &Builtin, &of_kind(&bank, Kind::Numeric), 0..4).unwrap();
    for (question, item) in set.items() {
        let Wants::Choice(options) = &item.wants else { panic!("{}", question.name()) };
        assert_eq!(options.iter().filter(|o| o.is_right).count(), 1);
        let mut texts: Vec<&str> = options.iter().map(|o| o.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), options.len());
        let drawn = bank
            .instantiate(&question.id, &Builtin, &crate::variant::Draw::seed(question.seed))
            .unwrap();
        for option in options {
            assert_eq!(drawn.grade(&option.text).is_correct(), option.is_right, "{}", option.text);
        }
    }
}
