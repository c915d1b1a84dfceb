//! QTI 3: a content package with one item per question.
//!
//! # Source
//!
//! 1EdTech, "Question and Test Interoperability (QTI) 3.0: Information Model", text entry, `qti-equal`, modal feedback.

use super::xml::{escape, identifier};
use super::{Frozen, Item, Set, Wants, zip};

const NAMESPACE: &str = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0";

/// Returns the files of a QTI 3 package: their paths and texts, the manifest first.
#[must_use]
pub fn qti3(set: &Set) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut resources = String::new();
    for (question, part) in set.items() {
        let id = item_id(question, part);
        let path = format!("items/{id}.xml");
        resources.push_str(&format!(
            "    <resource identifier=\"{id}\" type=\"imsqti_item_xmlv3p0\" href=\"{path}\"><file href=\"{path}\"/></resource>\n"
        ));
        files.push((path, item(question, part, &id)));
    }
    let about = format!("{}; bank {}; licenses {}", set.title, set.bank, set.licenses().join(", "));
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- {} -->\n<manifest xmlns=\"http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1\" identifier=\"staffml\">\n  <metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>\n  <organizations/>\n  <resources>\n{resources}  </resources>\n</manifest>\n",
        escape(&about).replace("--", "- -")
    );
    files.insert(0, ("imsmanifest.xml".to_owned(), manifest));
    files
}

/// Returns the package as a zip archive.
#[must_use]
pub fn qti3_package(set: &Set) -> Vec<u8> {
    zip::stored(&qti3(set))
}

fn item_id(question: &Frozen, item: &Item) -> String {
    let part = if item.part.is_empty() { String::new() } else { format!(".{}", item.part) };
    identifier(&format!("{}.v{}.s{}{part}", question.id, question.major, question.seed))
}

fn item(question: &Frozen, item: &Item, id: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<qti-assessment-item xmlns=\"{NAMESPACE}\" identifier=\"{id}\" title=\"{}\" adaptive=\"false\" time-dependent=\"false\" xml:lang=\"en\" tool-name=\"staffml-bank\">\n",
        escape(&question.title)
    );
    let (base, right) = match &item.wants {
        Wants::Number(number) => ("float", Some(number.value.to_string())),
        Wants::Choice(options) => {
            ("identifier", options.iter().position(|o| o.is_right).map(option_id))
        }
        Wants::Text(_) => ("string", None),
    };
    let right = right.map_or_else(String::new, |right| {
        format!("<qti-correct-response><qti-value>{right}</qti-value></qti-correct-response>")
    });
    out.push_str(&format!(
        "  <qti-response-declaration identifier=\"RESPONSE\" cardinality=\"single\" base-type=\"{base}\">{right}</qti-response-declaration>\n"
    ));
    out.push_str("  <qti-outcome-declaration identifier=\"SCORE\" cardinality=\"single\" base-type=\"float\"><qti-default-value><qti-value>0</qti-value></qti-default-value></qti-outcome-declaration>\n");
    out.push_str("  <qti-outcome-declaration identifier=\"FEEDBACK\" cardinality=\"single\" base-type=\"identifier\"/>\n");
    out.push_str("  <qti-item-body>\n");
    paragraphs(&question.text(item), &mut out);
    interaction(&item.wants, &mut out);
    out.push_str("  </qti-item-body>\n");
    processing(question, &item.wants, &mut out);
    out.push_str(&format!("  <!-- {} -->\n", escape(&question.license).replace("--", "- -")));
    out.push_str("</qti-assessment-item>\n");
    out
}

fn option_id(place: usize) -> String {
    format!("option_{}", place + 1)
}

/// Where the learner answers.
fn interaction(wants: &Wants, out: &mut String) {
    match wants {
        Wants::Number(number) => {
            let ask = if number.unit.is_empty() {
                "Answer: ".to_owned()
            } else {
                format!("Answer in {}: ", number.unit)
            };
            out.push_str(&format!(
                "    <p>{}<qti-text-entry-interaction response-identifier=\"RESPONSE\" expected-length=\"12\"/></p>\n",
                escape(&ask)
            ));
        }
        Wants::Choice(options) => {
            out.push_str("    <qti-choice-interaction response-identifier=\"RESPONSE\" shuffle=\"false\" max-choices=\"1\">\n");
            for (i, option) in options.iter().enumerate() {
                out.push_str(&format!(
                    "      <qti-simple-choice identifier=\"{}\">{}</qti-simple-choice>\n",
                    option_id(i),
                    escape(&option.text)
                ));
            }
            out.push_str("    </qti-choice-interaction>\n");
        }
        Wants::Text(_) => out.push_str(
            "    <qti-extended-text-interaction response-identifier=\"RESPONSE\" expected-lines=\"8\"/>\n",
        ),
    }
}

/// One branch for the right answer and one for each recognized wrong one, each with its feedback. Texts are marked by
/// people.
fn processing(question: &Frozen, wants: &Wants, out: &mut String) {
    let mut branches: Vec<(String, u32, String, &str)> = Vec::new(); // test, score, feedback and its text
    match wants {
        Wants::Number(number) => {
            let right = equal(number.value, number.accepted);
            branches.push((right, 1, "right".to_owned(), &question.takeaway));
            for wrong in &number.wrong {
                let test = equal(wrong.value, wrong.accepted);
                branches.push((test, 0, identifier(&wrong.id), &wrong.say));
            }
        }
        Wants::Choice(options) => {
            for (i, option) in options.iter().enumerate() {
                let id = option_id(i);
                let test = format!(
                    "<qti-match><qti-variable identifier=\"RESPONSE\"/><qti-base-value base-type=\"identifier\">{id}</qti-base-value></qti-match>"
                );
                branches.push((test, u32::from(option.is_right), format!("for_{id}"), &option.say));
            }
        }
        Wants::Text(_) => return,
    }
    out.push_str("  <qti-response-processing>\n    <qti-response-condition>\n");
    for (i, (test, score, id, _)) in branches.iter().enumerate() {
        let tag = if i == 0 { "qti-response-if" } else { "qti-response-else-if" };
        out.push_str(&format!(
            "      <{tag}>\n        {test}\n        <qti-set-outcome-value identifier=\"SCORE\"><qti-base-value base-type=\"float\">{score}</qti-base-value></qti-set-outcome-value>\n        <qti-set-outcome-value identifier=\"FEEDBACK\"><qti-base-value base-type=\"identifier\">{id}</qti-base-value></qti-set-outcome-value>\n      </{tag}>\n"
        ));
    }
    out.push_str("    </qti-response-condition>\n  </qti-response-processing>\n");
    for (_, _, id, say) in branches {
        feedback(&id, say, out);
    }
}

fn paragraphs(text: &str, out: &mut String) {
    for paragraph in text.split('\n').filter(|p| !p.trim().is_empty()) {
        out.push_str(&format!("    <p>{}</p>\n", escape(paragraph.trim())));
    }
}

/// The response within the tolerance of a value, given in percent of it where that is possible.
fn equal(value: f64, (low, high): (f64, f64)) -> String {
    let (below, above) = (value - low, high - value);
    let mode = if below + above <= 0.0 {
        "tolerance-mode=\"exact\"".to_owned()
    } else if value > 0.0 {
        let percent = |off: f64| 100.0 * off / value;
        format!("tolerance-mode=\"relative\" tolerance=\"{} {}\"", percent(below), percent(above))
    } else {
        format!("tolerance-mode=\"absolute\" tolerance=\"{below} {above}\"")
    };
    format!(
        "<qti-equal {mode}><qti-variable identifier=\"RESPONSE\"/><qti-base-value base-type=\"float\">{value}</qti-base-value></qti-equal>"
    )
}

fn feedback(id: &str, say: &str, out: &mut String) {
    out.push_str(&format!(
        "  <qti-modal-feedback outcome-identifier=\"FEEDBACK\" identifier=\"{id}\" show-hide=\"show\"><qti-content-body><p>{}</p></qti-content-body></qti-modal-feedback>\n",
        escape(say)
    ));
}
