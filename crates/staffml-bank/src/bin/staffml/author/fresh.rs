//! `staffml new`: the file of a question that is still to be written.
//!
//! What only the author knows is left empty, so that `staffml check` names every place that waits for them.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::model::taxonomy::{Kind, Level};
use staffml_bank::oracle::{Builtin, Equation};

use super::args::New;
use super::write;
use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &New) -> Result<Outcome, Failure> {
    let Some(folder) = &args.bank else {
        return Err(Failure::usage("name the folder of your bank with --bank DIR"));
    };
    let (bank, _) = Bank::load(folder)?;
    let id = command.id.as_str();
    if !is_id(id) {
        return Err(Failure::usage(format!(
            "`{id}` is no id; take 4 to 60 characters: lower case words and digits joined by hyphens"
        )));
    }
    let register = bank.source("ids.txt").unwrap_or_default();
    if register.lines().any(|line| line.split('\t').next() == Some(id)) {
        return Err(Failure::usage(format!(
            "id `{id}` stands in ids.txt already; an id is given once, choose another"
        )));
    }
    let today = match args.date {
        Some(day) => day.to_string(),
        None => crate::check::today().map(|day| day.to_string()).unwrap_or_default(),
    };
    // The register is in order of days; a clock behind its last line does not change that.
    let last = register.lines().filter_map(|line| line.split('\t').nth(1)).next_back();
    let listed = last.filter(|last| *last > today.as_str()).unwrap_or(&today);
    let equation = match &command.eq {
        None => None,
        Some(name) => Some(equation(name)?),
    };
    let text = skeleton(command, equation, &license(&bank), &today);
    let file = format!("q/{}/{id}.toml", command.topic.area());
    let path = folder.join(&file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .map_err(|e| Failure::io(format!("cannot make {}: {e}", parent.display())))?;
    }
    write::create(&path, &text)?;
    let ends = if register.is_empty() || register.ends_with('\n') { "" } else { "\n" };
    if let Err(failure) = append(&folder.join("ids.txt"), &format!("{ends}{id}\t{listed}\n")) {
        // A question that is not in the register would only be told as a mistake.
        let _ = fs::remove_file(&path);
        return Err(failure);
    }
    if args.json {
        output::object(&json!({
            "schema": "staffml-new/1",
            "id": id,
            "file": path.display().to_string(),
        }))?;
    } else {
        output::text(&format!(
            "wrote {} and a line of ids.txt\n`staffml check {}` names what is still to be filled in\n",
            path.display(),
            folder.display()
        ))?;
    }
    Ok(Outcome::Yes)
}

fn is_id(id: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    (4..=60).contains(&id.len()) && id.split('-').all(is_word)
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let open = OpenOptions::new().append(true).create(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Failure::io(format!("cannot append to {}: {e}", path.display())))
}

fn equation(name: &str) -> Result<&'static Equation, Failure> {
    let found = Builtin::equations().iter().find(|e| e.id == name);
    found.ok_or_else(|| {
        Failure::usage(format!(
            "no equation `{name}`; `staffml search --equations WORD` finds them"
        ))
    })
}

/// The first license that the bank allows.
fn license(bank: &Bank) -> String {
    let manifest = bank.source("bank.toml").and_then(|text| text.parse::<toml::Table>().ok());
    let first = manifest
        .and_then(|table| Some(table.get("licenses")?.as_array()?.first()?.as_str()?.to_owned()));
    first.unwrap_or_default()
}

fn skeleton(command: &New, equation: Option<&Equation>, license: &str, today: &str) -> String {
    let New { id, kind, topic, level, .. } = command;
    let (zone, bloom, mode) = usual(*kind, *level);
    let area = topic.area();
    let list = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|w| format!("{w:?}")).collect();
        words.join(", ")
    };
    let tracks: Vec<String> = command.track.iter().map(|t| t.name().to_owned()).collect();
    let walls: Vec<String> = command.wall.iter().map(u8::to_string).collect();
    let time_s = match level {
        Level::L1 => 60,
        Level::L2 => 120,
        Level::L3 => 180,
        Level::L4 => 300,
        Level::L5 => 600,
        Level::L6Plus => 900,
    };
    let mut out = format!(
        "format = 1\nid = \"{id}\"\nversion = \"1.0.0\"\nkind = \"{kind}\"\ntitle = \"\"\nstatus = \"draft\"\n\
         license = \"{license}\"\norigin = \"original\"\nauthors = [{}]\ncreated = {today}\nupdated = {today}\n\n\
         tracks = [{}]\nlevel = \"{level}\"\narea = \"{area}\"\ntopic = \"{topic}\"\nzone = \"{zone}\"\n\
         bloom = \"{bloom}\"\nmode = \"{mode}\"\nphase = \"inference\"\nwalls = [{}]\ntime_s = {time_s}\n\n",
        list(&command.author),
        list(&tracks),
        walls.join(", "),
    );
    out.push_str(match kind {
        Kind::Recall => "front = \"\"\nback = \"\"\n",
        Kind::Open => "stem = \"\"\nmodel_answer = \"\"\n",
        _ => "stem = \"\"\n",
    });
    out.push_str("takeaway = \"\"\n");
    if *kind != Kind::Recall {
        out.push_str("hints = []\n");
    }
    out.push_str(&match kind {
        Kind::Numeric => numeric(equation, ""),
        Kind::Choice => OPTIONS.to_owned(),
        Kind::Recall => String::new(),
        Kind::Multi => parts(equation) + DECISION,
        Kind::Open => parts(equation) + RUBRIC,
    });
    for wall in command.wall.iter().take(1) {
        out.push_str(&format!("\n[[refs]]\nwall = {wall}\n"));
    }
    out
}

/// Zone, verb and mode that questions of a kind and level usually have.
const fn usual(kind: Kind, level: Level) -> (&'static str, &'static str, &'static str) {
    match (kind, level) {
        (Kind::Recall, _) => ("recall", "remember", "concept-recall"),
        (Kind::Choice, _) => ("diagnosis", "analyze", "symptom-to-cause"),
        (Kind::Multi, _) => ("evaluation", "evaluate", "tradeoff-analysis"),
        (Kind::Open, _) => ("design", "create", "requirements-to-architecture"),
        (_, Level::L1 | Level::L2 | Level::L3) => ("fluency", "apply", "napkin-math"),
        (_, Level::L4) => ("analyze", "analyze", "napkin-math"),
        _ => ("optimization", "evaluate", "optimization-task"),
    }
}

/// Parameters, answer and two wrong turns; `within` names the table they belong to.
fn numeric(equation: Option<&Equation>, within: &str) -> String {
    let mut out = String::new();
    if within.is_empty() {
        out.push('\n');
        out.push_str(&params(equation));
    }
    let prefix = if within.is_empty() { String::new() } else { format!("{within}.") };
    let gap = if within.is_empty() { "\n" } else { "" };
    let bind: Vec<String> = equation
        .map_or(&[][..], |e| &e.inputs)
        .iter()
        .map(|input| format!("{0} = \"{0}\"", input.name))
        .collect();
    let bind = if bind.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", bind.join(", ")) };
    let id = equation.map_or("", |e| e.id.as_str());
    let last = equation.and_then(|e| e.steps.last());
    out.push_str(&format!("{gap}[{prefix}answer]\neq = \"{id}\"\nbind = {bind}\n"));
    if let Some(last) = last {
        let steps: Vec<&str> =
            equation.map_or(&[][..], |e| &e.steps).iter().map(|s| s.name.as_str()).collect();
        out.push_str(&format!("output = \"{}\" # of {}\n", last.name, steps.join(", ")));
    }
    out.push_str(&format!(
        "unit = \"{}\"\ntol = {{ rel = 0.005 }}\nplausible = []\ncheck = \"\" # by hand, bare numbers, in the unit above\n",
        last.map_or_else(String::new, |s| s.unit.to_string())
    ));
    for _ in 0..2 {
        out.push_str(&format!(
            "{gap}[[{prefix}misconception]]\nid = \"\"\nscale = {{}}\nsay = \"\"\n"
        ));
    }
    out
}

fn params(equation: Option<&Equation>) -> String {
    let one = |name: &str, unit: &str, meaning: &str| {
        format!("[params.{name}] # {meaning}\nkind = \"choice\"\nunit = \"{unit}\"\nvalues = []\n")
    };
    equation.map_or_else(
        || one("n", "", "what it is"),
        |e| e.inputs.iter().map(|i| one(&i.name, i.unit.text(), &i.meaning)).collect(),
    )
}

/// Parameters and two parts.
fn parts(equation: Option<&Equation>) -> String {
    let part = |id: &str| {
        format!("\n[[parts]]\nid = \"{id}\"\nask = \"\"\n{}", numeric(equation, "parts"))
    };
    format!("\n{}{}{}", params(equation), part("first"), part("second"))
}

const OPTIONS: &str = r#"
[[options]]
text = ""
right = true
say = ""

[[options]]
text = ""
misconception = ""
say = ""

[[options]]
text = ""
misconception = ""
say = ""
"#;

const DECISION: &str = r#"
[[parts]]
id = "pick"
ask = ""
[parts.decision]
best = "max"
unit = ""
[[parts.decision.option]]
text = ""
value = ""
check = ""
misconception = ""
say = ""
[[parts.decision.option]]
text = ""
value = ""
check = ""
misconception = ""
say = ""
"#;

const RUBRIC: &str = r#"
[rubric]
must_compute = ["first"]
[[rubric.row]]
id = "number"
ask = ""
about = "number"
levels = ["", ""]
anchors = ["", ""]
[[rubric.row]]
id = "price"
ask = ""
about = "trade-off"
levels = ["", ""]
anchors = ["", ""]
[[rubric.row]]
id = "reason"
ask = ""
about = "reasoning"
levels = ["", ""]
anchors = ["", ""]
"#;
