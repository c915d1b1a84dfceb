//! A release: which questions a bank held at one time, with their fingerprints.
//!
//! A release is a small JSON file in the folder `releases` of a bank, named after the version. Held against it, a bank
//! tells what was added, removed or changed since, and whether a published question changed without saying so in its
//! version: answers in old logs refer to a question by id, major version and seed, and must stay replayable.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Bank;
use super::hash::{CANON_VERSION, content_hash, core_hash};
use crate::model::Version;
use crate::model::taxonomy::Status;
use crate::oracle::OracleId;
use crate::problem::Problem;

/// What a bank held at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// Form of the file: `staffml-release/1`.
    pub schema: String,
    /// Name of the bank.
    pub bank: String,
    /// Version of the release.
    pub version: Version,
    /// Version of the canonical form behind the fingerprints.
    pub canon: u32,
    /// The oracle that computed the answers.
    pub oracle: OracleId,
    /// Fingerprint of the bank together with the oracle.
    pub bank_hash: String,
    /// Questions by kind, level and status.
    pub counts: BTreeMap<String, u32>,
    /// The questions, ordered by id.
    pub templates: Vec<Entry>,
}

/// One question of a [`Release`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Identifier.
    pub id: String,
    /// Version.
    pub version: Version,
    /// Where it stood on its way to learners.
    pub status: Status,
    /// Fingerprint of its content.
    pub hash: String,
    /// Fingerprint of what decides its numbers: parameters, conditions, answer, wrong answers.
    pub core: String,
}

/// How a question differs between two states of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Difference {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its texts or its classification changed.
    Wording,
    /// Its parameters, its answer or its wrong answers changed.
    Answer,
    /// Only its status changed.
    Status,
}

/// One question that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Identifier.
    pub id: String,
    /// How it differs.
    pub difference: Difference,
    /// Version before.
    pub from: Option<Version>,
    /// Version now.
    pub to: Option<Version>,
    /// Status before and now.
    pub status: (Option<Status>, Option<Status>),
    /// Why its version does not say so, if it does not.
    pub stale: Option<String>,
}

impl fmt::Display for Change {
    /// Writes `answer  some-id  1.0.0 -> 2.0.0`, with what is wrong about the version behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.difference {
            Difference::Added => "added",
            Difference::Removed => "removed",
            Difference::Wording => "wording",
            Difference::Answer => "answer",
            Difference::Status => "status",
        };
        write!(f, "{word:<8} {:<32} ", self.id)?;
        match (self.difference, self.from, self.to, self.status) {
            (Difference::Status, _, _, (Some(from), Some(to))) => write!(f, "{from} -> {to}")?,
            (_, Some(from), Some(to), _) if from == to => write!(f, "{to}")?,
            (_, Some(from), Some(to), _) => write!(f, "{from} -> {to}")?,
            (_, from, to, _) => {
                if let Some(version) = from.or(to) {
                    write!(f, "{version}")?;
                }
            }
        }
        self.stale.as_ref().map_or(Ok(()), |why| write!(f, "; {why}"))
    }
}

/// The form of the file.
const SCHEMA: &str = "staffml-release/1";

impl Bank {
    /// Returns this bank as a release.
    #[must_use]
    pub fn release(&self, version: Version, oracle: &OracleId) -> Release {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut templates = Vec::with_capacity(self.templates().len());
        for template in self.templates() {
            let (head, class) = (&template.head, &template.class);
            for key in [
                format!("kind {}", head.kind),
                format!("level {}", class.level),
                format!("status {}", head.status),
            ] {
                *counts.entry(key).or_default() += 1;
            }
            let text = self.source(&template.file).unwrap_or_default();
            templates.push(Entry {
                id: head.id.clone(),
                version: head.version,
                status: head.status,
                hash: content_hash(text).unwrap_or_default(),
                core: core_hash(text).unwrap_or_default(),
            });
        }
        Release {
            schema: SCHEMA.to_owned(),
            bank: self.name.clone(),
            version,
            canon: CANON_VERSION,
            oracle: oracle.clone(),
            bank_hash: self.hash(oracle),
            counts,
            templates,
        }
    }
}

impl Release {
    /// Reads a release.
    ///
    /// # Errors
    ///
    /// A sentence that says why the text is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let release: Self = serde_json::from_str(text)
            .map_err(|e| format!("this is no release as `staffml bank release` writes it: {e}"))?;
        if release.schema != SCHEMA {
            return Err(format!("its form is `{}`; this version reads `{SCHEMA}`", release.schema));
        }
        if release.canon != CANON_VERSION {
            let canon = release.canon;
            return Err(format!(
                "its fingerprints are of canonical form {canon}, those of this version of form {CANON_VERSION}; \
                 make a new release"
            ));
        }
        Ok(release)
    }

    /// Returns the release as the text of a file.
    #[must_use]
    pub fn text(&self) -> String {
        // A structure of numbers, texts and lists cannot fail to be written.
        serde_json::to_string_pretty(self)
            .map_or_else(|_| String::new(), |json| format!("{json}\n"))
    }

    /// Returns the question of that id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.templates.iter().find(|e| e.id == id)
    }

    /// Returns what changed from this release to a later state, ordered by id.
    #[must_use]
    pub fn changes(&self, later: &Self) -> Vec<Change> {
        let mut out = Vec::new();
        for now in &later.templates {
            out.extend(change(self.entry(&now.id), Some(now)));
        }
        let gone = self.templates.iter().filter(|e| later.entry(&e.id).is_none());
        out.extend(gone.filter_map(|before| change(Some(before), None)));
        out.sort_by(|a, b| a.id.cmp(&b.id));
        out
    }

    /// Reports questions that were published in this release and changed since without saying so in their version.
    #[must_use]
    pub fn stale(&self, bank: &Bank) -> Vec<Problem> {
        let mut problems = Vec::new();
        for change in self.changes(&bank.release(self.version, &self.oracle)) {
            let published = change.status.0 == Some(Status::Published);
            let (Some(why), true, Ok(template)) = (&change.stale, published, bank.get(&change.id))
            else {
                continue;
            };
            let text = bank.source(&template.file).unwrap_or_default();
            let line = text.lines().position(|l| l.trim_start().starts_with("version"));
            problems.push(Problem::new(
                "V-VERSION-STALE",
                &template.file,
                line.map_or(0, |n| n + 1),
                format!("published in release {}, {why}", self.version),
                "raise the major version for another answer, the minor one for other words, and `updated`",
            ));
        }
        problems
    }
}

/// How one question differs.
fn change(before: Option<&Entry>, now: Option<&Entry>) -> Option<Change> {
    let entry = before.or(now)?;
    let difference = match (before, now) {
        (None, _) => Difference::Added,
        (_, None) => Difference::Removed,
        (Some(a), Some(b)) if a.core != b.core => Difference::Answer,
        (Some(a), Some(b)) if a.hash != b.hash => Difference::Wording,
        (Some(a), Some(b)) if a.status != b.status => Difference::Status,
        _ => return None,
    };
    let stale = before.zip(now).and_then(|(a, b)| {
        let (old, new) = (a.version, b.version);
        match difference {
            _ if new < old => Some(format!("its version went back from {old} to {new}")),
            Difference::Answer if new.major == old.major => {
                Some(format!("its numbers changed and its major version is still {}", new.major))
            }
            Difference::Wording if new == old => {
                Some(format!("its content changed and its version is still {new}"))
            }
            _ => None,
        }
    });
    let status = (before.map(|e| e.status), now.map(|e| e.status));
    let (from, to) = (before.map(|e| e.version), now.map(|e| e.version));
    Some(Change { id: entry.id.clone(), difference, from, to, status, stale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Options, check};
    use crate::oracle::{Builtin, Oracle as _};

    const GOOD: &str = include_str!("../../bank/q/memory/w02-flash-headroom.toml");

    fn published() -> String {
        let text = GOOD.replacen("status = \"draft\"", "status = \"published\"", 1);
        let review = "reviewed = { by = \"b\", on = 2026-11-22, note = \"recomputed\" }\n\ntracks";
        text.replacen("\ntracks", review, 1)
    }

    /// A bank of one question, with a release of that question as it is in `GOOD` but published.
    fn bank(text: &str, release: Option<&Release>) -> (Bank, Vec<Problem>) {
        let release = release.map(Release::text);
        let mut files = vec![
            ("bank.toml", include_str!("../../bank/bank.toml")),
            ("ids.txt", include_str!("../../bank/ids.txt")),
            ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
            ("q/memory/w02-flash-headroom.toml", text),
        ];
        files.extend(release.as_deref().map(|text| ("releases/1.0.0.json", text)));
        Bank::from_files(files)
    }

    fn release() -> Release {
        let (bank, problems) = bank(&published(), None);
        assert!(problems.is_empty(), "{problems:?}");
        bank.release(Version::parse("1.0.0").unwrap(), &Builtin.id())
    }

    #[test]
    fn a_published_question_changes_with_its_version_only() {
        let release = release();
        for (from, to, found) in [
            ("", "", None),
            ("updated = 2026-11-21", "updated = 2026-11-22", None),
            ("status = \"published\"", "status = \"retired\"", None),
            ("Add what must be stored.", "Add both.", Some("content changed")),
            ("walls = [2]", "walls = [2, 3]", Some("content changed")),
            ("[512, 1024, 2048]", "[512, 1024, 4096]", Some("numbers changed")),
            ("n*b + code <= 0.9*flash", "n*b + code <= 0.8*flash", Some("numbers changed")),
            ("tol = { rel = 0.005 }", "tol = { rel = 0.05 }", Some("numbers changed")),
        ] {
            let text = published();
            assert!(text.contains(from), "{from}");
            let text = text.replacen(from, to, 1);
            let (bank, problems) = bank(&text, Some(&release));
            assert!(problems.is_empty(), "{problems:?}");
            let report = check(&bank, &Builtin, Options::FAST);
            let stale: Vec<&Problem> =
                report.problems.iter().filter(|p| p.code == "V-VERSION-STALE").collect();
            assert_eq!(stale.len(), usize::from(found.is_some()), "{to}: {stale:?}");
            if let (Some(words), [problem]) = (found, stale.as_slice()) {
                assert!(problem.what.contains(words) && problem.line == 3, "{problem}");
            }
        }
    }

    #[test]
    fn a_version_that_says_so_is_right() {
        let release = release();
        for (version, from, to, stale) in [
            ("1.1.0", "Add what must be stored.", "Add both.", false),
            ("1.1.0", "[512, 1024, 2048]", "[512, 1024, 4096]", true),
            ("2.0.0", "[512, 1024, 2048]", "[512, 1024, 4096]", false),
            ("0.9.0", "", "", true),
        ] {
            let text = published().replacen("1.0.0", version, 1).replacen(from, to, 1);
            let stale_now = release.stale(&bank(&text, None).0);
            assert_eq!(!stale_now.is_empty(), stale, "{version}: {to}: {stale_now:?}");
        }
        // A draft is free.
        let draft = bank(GOOD, None).0.release(release.version, &release.oracle);
        let changed = GOOD.replacen("[512, 1024, 2048]", "[512, 1024, 4096]", 1);
        assert!(draft.stale(&bank(&changed, None).0).is_empty());
    }

    #[test]
    fn what_differs_is_told_by_id() {
        let whole = Bank::embedded();
        let version = Version::parse("1.0.0").unwrap();
        let all = whole.release(version, &Builtin.id());
        assert_eq!(all.changes(&all), []);
        assert_eq!(all.templates.len(), whole.templates().len());
        let one = whole.only(&["w01-gemm-time"]).release(version, &Builtin.id());
        let (more, fewer) = (one.changes(&all), all.changes(&one));
        assert!(more.iter().all(|c| c.difference == Difference::Added));
        assert!(fewer.iter().all(|c| c.difference == Difference::Removed));
        assert_eq!((more.len(), fewer.len()), (all.templates.len() - 1, all.templates.len() - 1));
        let published = release().changes(&one);
        assert_eq!(published.len(), 2, "{published:?}");
        assert!(published[1].to_string().starts_with("removed  w02-flash-headroom"));
    }

    #[test]
    fn a_release_reads_back_and_other_files_are_refused() {
        let release = release();
        assert_eq!(Release::parse(&release.text()), Ok(release.clone()));
        let other = |from: &str, to: &str| {
            let text = release.text().replacen(from, to, 1);
            Release::parse(&text).unwrap_err()
        };
        assert!(other("release/1", "release/9").contains("staffml-release/9"));
        assert!(other("\"canon\": 1", "\"canon\": 7").contains("canonical form 7"));
        assert!(other("1.0.0", "one").contains("`one` is no version"));
        assert!(other("{", "").contains("this is no release"));
        let files = [("releases/1.0.0.json", "{}")];
        let (_, problems) = Bank::from_files(files);
        assert!(problems.iter().any(|p| p.code == "V-RELEASE"), "{problems:?}");
    }

    #[test]
    fn an_id_of_a_release_stays_in_the_register() {
        let release = release().text();
        let files = [
            ("bank.toml", include_str!("../../bank/bank.toml")),
            ("ids.txt", "some-other-id\t2026-11-21\n"),
            ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
            ("releases/1.0.0.json", release.as_str()),
        ];
        let (_, problems) = Bank::from_files(files);
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(found.len() == 1 && found[0].starts_with("ids.txt:0: V-ID-REG"), "{found:?}");
    }

    #[test]
    fn the_latest_release_counts_and_versions_are_numbers() {
        let old = release();
        let mut new = old.clone();
        new.version = Version::parse("1.10.0").unwrap();
        let mut between = old.clone();
        between.version = Version::parse("1.9.0").unwrap();
        let texts = [old.text(), new.text(), between.text()];
        let files = [
            ("releases/1.0.0.json", texts[0].as_str()),
            ("releases/1.10.0.json", texts[1].as_str()),
            ("releases/1.9.0.json", texts[2].as_str()),
        ];
        let (bank, _) = Bank::from_files(files);
        let last = bank.releases().last().map(|r| r.version.to_string());
        assert_eq!(last.as_deref(), Some("1.10.0"));
    }
}
