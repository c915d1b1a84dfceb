//! QTI 3: a content package with one item per question.
//!
//! # Source
//!
//! 1EdTech, "Question and Test Interoperability (QTI) 3.0: Information Model", text entry, `qti-equal`, modal feedback.

use super::xml::{escape, identifier};
use super::{Frozen, Set, zip};

const NAMESPACE: &str = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0";

/// Returns the files of a QTI 3 package: their paths and texts, the manifest first.
#[must_use]
pub fn qti3(set: &Set) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut resources = String::new();
    for question in &set.questions {
        let id = item_id(question);
        let path = format!("items/{id}.xml");
        resources.push_str(&format!(
            "    <resource identifier=\"{id}\" type=\"imsqti_item_xmlv3p0\" href=\"{path}\"><file href=\"{path}\"/></resource>\n"
        ));
        files.push((path, item(question, &id)));
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

fn item_id(question: &Frozen) -> String {
    identifier(&format!("{}.v{}.s{}", question.id, question.major, question.seed))
}

fn item(question: &Frozen, id: &str) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<qti-assessment-item xmlns=\"{NAMESPACE}\" identifier=\"{id}\" title=\"{}\" adaptive=\"false\" time-dependent=\"false\" xml:lang=\"en\" tool-name=\"staffml-bank\">\n",
        escape(&question.title)
    );
    out.push_str(&format!(
        "  <qti-response-declaration identifier=\"RESPONSE\" cardinality=\"single\" base-type=\"float\"><qti-correct-response><qti-value>{}</qti-value></qti-correct-response></qti-response-declaration>\n",
        question.value
    ));
    out.push_str("  <qti-outcome-declaration identifier=\"SCORE\" cardinality=\"single\" base-type=\"float\"><qti-default-value><qti-value>0</qti-value></qti-default-value></qti-outcome-declaration>\n");
    out.push_str("  <qti-outcome-declaration identifier=\"FEEDBACK\" cardinality=\"single\" base-type=\"identifier\"/>\n");
    out.push_str("  <qti-item-body>\n");
    paragraphs(&question.stem, &mut out);
    let ask = if question.unit.is_empty() {
        "Answer: ".to_owned()
    } else {
        format!("Answer in {}: ", question.unit)
    };
    out.push_str(&format!(
        "    <p>{}<qti-text-entry-interaction response-identifier=\"RESPONSE\" expected-length=\"12\"/></p>\n  </qti-item-body>\n",
        escape(&ask)
    ));
    out.push_str("  <qti-response-processing>\n    <qti-response-condition>\n");
    condition("qti-response-if", question.value, question.accepted, 1, "right", &mut out);
    for wrong in &question.wrong {
        condition(
            "qti-response-else-if",
            wrong.value,
            wrong.accepted,
            0,
            &identifier(&wrong.id),
            &mut out,
        );
    }
    out.push_str("    </qti-response-condition>\n  </qti-response-processing>\n");
    feedback("right", &question.takeaway, &mut out);
    for wrong in &question.wrong {
        feedback(&identifier(&wrong.id), &wrong.say, &mut out);
    }
    out.push_str(&format!("  <!-- {} -->\n", escape(&question.license).replace("--", "- -")));
    out.push_str("</qti-assessment-item>\n");
    out
}

fn paragraphs(text: &str, out: &mut String) {
    for paragraph in text.split('\n').filter(|p| !p.trim().is_empty()) {
        out.push_str(&format!("    <p>{}</p>\n", escape(paragraph.trim())));
    }
}

/// One branch: the response within the tolerance of a value, given in percent of it where that is possible.
fn condition(
    tag: &str,
    value: f64,
    (low, high): (f64, f64),
    score: u32,
    feedback: &str,
    out: &mut String,
) {
    let (below, above) = (value - low, high - value);
    let equal = if below + above <= 0.0 {
        "tolerance-mode=\"exact\"".to_owned()
    } else if value > 0.0 {
        let percent = |off: f64| 100.0 * off / value;
        format!("tolerance-mode=\"relative\" tolerance=\"{} {}\"", percent(below), percent(above))
    } else {
        format!("tolerance-mode=\"absolute\" tolerance=\"{below} {above}\"")
    };
    out.push_str(&format!(
        "      <{tag}>\n        <qti-equal {equal}><qti-variable identifier=\"RESPONSE\"/><qti-base-value base-type=\"float\">{value}</qti-base-value></qti-equal>\n        <qti-set-outcome-value identifier=\"SCORE\"><qti-base-value base-type=\"float\">{score}</qti-base-value></qti-set-outcome-value>\n        <qti-set-outcome-value identifier=\"FEEDBACK\"><qti-base-value base-type=\"identifier\">{feedback}</qti-base-value></qti-set-outcome-value>\n      </{tag}>\n"
    ));
}

fn feedback(id: &str, say: &str, out: &mut String) {
    out.push_str(&format!(
        "  <qti-modal-feedback outcome-identifier=\"FEEDBACK\" identifier=\"{id}\" show-hide=\"show\"><qti-content-body><p>{}</p></qti-content-body></qti-modal-feedback>\n",
        escape(say)
    ));
}
