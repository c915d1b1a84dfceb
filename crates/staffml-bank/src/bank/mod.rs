//! A folder of questions.
//!
//! ```text
//! bank.toml            name, version, allowed licenses
//! misconceptions.toml  the registry of wrong turns
//! facts.toml           constants that a question may use without showing them
//! ids.txt              every id ever given, one `id<TAB>date` per line, append-only
//! q/<area>/<id>.toml   one template per file
//! chains/<id>.toml     questions of rising level on one topic
//! plans/<id>.toml      study plans
//! taxonomy.toml        prerequisites of topics beside those of the crate, if any
//! releases/<v>.json    what the bank held at earlier times, if it was released
//! ```
//!
//! The folders below `q` are for browsing; nothing is read from a path.
//! [`Bank::embedded`] is the bank that ships with the crate, [`Bank::load`] reads any other.

mod embedded;
mod files;
pub mod hash;
mod ids;
pub mod layout;
mod query;
pub mod quota;
pub mod release;
pub mod stats;

#[cfg(test)]
mod tests;

pub use query::{Order, Query};
pub use release::Release;

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::model::{
    Chain, Edge, EdgeKind, Facts, Misconceptions, Plan, Template, Topic, read_chain, read_edges,
    read_plan, read_template,
};
use crate::oracle::{Oracle, OracleId};
use crate::problem::Problem;
use crate::read::{Source, nearest};
use crate::sched::prerequisites;
use crate::variant::{Draw, Instance, Question, instantiate, question, thread};

/// A set of templates with their registry of misconceptions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Bank {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Known wrong turns.
    pub misconceptions: Misconceptions,
    /// Constants that questions may use without showing them.
    pub facts: Facts,
    templates: Vec<Arc<Template>>,
    chains: Vec<Chain>,
    plans: Vec<Plan>,
    edges: Vec<Edge>,
    releases: Vec<Release>,
    /// Path and text of every file.
    sources: Arc<Vec<(String, String)>>,
}

impl Bank {
    /// The file of edges between topics.
    pub(crate) const EDGES: &'static str = "taxonomy.toml";

    /// Returns the bank that ships with this crate.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_files(embedded::FILES.iter().map(|(path, text)| (*path, *text))).0
    }

    /// Reads a bank folder. Files with mistakes are left out and their mistakes returned.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder, or a file in it, cannot be read at all.
    pub fn load(folder: &Path) -> Result<(Self, Vec<Problem>)> {
        let files = files::read(folder)?;
        Ok(Self::from_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
    }

    /// Builds a bank from files in memory: their paths within the bank, and their texts.
    #[must_use]
    pub fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Problem>) {
        let mut files: Vec<(&str, &str)> = files.into_iter().collect();
        files.sort_unstable();
        let text = |path: &str| files.iter().find(|(p, _)| *p == path).map(|(_, text)| *text);
        let mut problems = Vec::new();
        let mut missing = |path: &str| {
            let fix = "a bank has bank.toml, misconceptions.toml, ids.txt and q/";
            problems.push(Problem::new("V-BANK", path, 0, "there is no such file", fix));
            ""
        };
        let manifest = text("bank.toml").unwrap_or_else(|| missing("bank.toml"));
        let registry =
            text("misconceptions.toml").unwrap_or_else(|| missing("misconceptions.toml"));
        let ids = text("ids.txt").unwrap_or_else(|| missing("ids.txt"));
        let (name, version, licenses, found) = read_manifest(manifest);
        problems.extend(found);
        let (misconceptions, found) = Misconceptions::read("misconceptions.toml", registry);
        problems.extend(found);
        let (ids, found) = ids::read(ids);
        problems.extend(found);
        // A bank whose questions show all they use needs no facts.
        let (facts, found) = text("facts.toml")
            .map_or_else(Default::default, |text| Facts::read("facts.toml", text));
        problems.extend(found);

        let context = crate::model::ReadContext {
            misconceptions: &misconceptions,
            facts: &facts,
            licenses: &licenses,
        };
        let mut templates: Vec<Arc<Template>> = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("q/")) {
            let (template, found) = read_template(path, text, context);
            problems.extend(found);
            let Some(template) = template else { continue };
            if let Some(twin) = templates.iter().find(|t| t.id() == template.id()) {
                let what = format!("id `{}` is taken by {}", template.id(), twin.file);
                problems.push(Problem::new("V-ID", path, 1, what, "choose another id"));
                continue;
            }
            if !ids.iter().any(|id| id == template.id()) {
                let what = format!("id `{}` is not in ids.txt", template.id());
                problems.push(Problem::new(
                    "V-ID-REG",
                    path,
                    1,
                    what,
                    "append it to ids.txt with its date",
                ));
            }
            templates.push(Arc::new(template));
        }
        templates.sort_by(|a, b| a.id().cmp(b.id()));
        let (mut chains, mut plans) = (Vec::new(), Vec::new());
        for (path, text) in &files {
            if path.starts_with("chains/") {
                let (chain, found) = read_chain(path, text);
                problems.extend(found);
                chains.extend(chain);
            } else if path.starts_with("plans/") {
                let (plan, found) = read_plan(path, text);
                problems.extend(found);
                plans.extend(plan);
            }
        }
        let (edges, found) =
            text(Self::EDGES).map_or_else(Default::default, |text| read_edges(Self::EDGES, text));
        problems.extend(found);
        let (releases, found) = read_releases(&files, &ids);
        problems.extend(found);
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        let sources = Arc::new(files.iter().map(owned).collect());
        let bank = Self {
            name,
            version,
            misconceptions,
            facts,
            templates,
            chains,
            plans,
            edges,
            releases,
            sources,
        };
        (bank, problems)
    }

    /// Returns the templates, ordered by id.
    #[must_use]
    pub fn templates(&self) -> &[Arc<Template>] {
        &self.templates
    }

    /// Returns the bank with only these templates, and without chains and plans.
    #[must_use]
    pub fn only(&self, ids: &[&str]) -> Self {
        let mut out = self.clone();
        out.templates.retain(|t| ids.contains(&t.id()));
        out.chains.clear();
        out.plans.clear();
        out
    }

    /// Returns the fingerprint of a template: the SHA-256 of its content without its history.
    #[must_use]
    pub fn content_hash(&self, id: &str) -> Option<String> {
        hash::content_hash(self.source(&self.get(id).ok()?.file)?)
    }

    /// Returns the text of a file of the bank.
    #[must_use]
    pub fn source(&self, path: &str) -> Option<&str> {
        self.sources.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str())
    }

    /// Returns the edges between topics that the bank adds to those of the crate.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Returns the releases of the bank, oldest first.
    #[must_use]
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// Returns the topics that come directly before a topic, by the crate and by the bank.
    pub fn prerequisites(&self, topic: Topic) -> impl Iterator<Item = Topic> + '_ {
        let is_own = move |e: &&Edge| e.to == topic && e.kind == EdgeKind::Prerequisite;
        let own = self.edges.iter().filter(is_own).map(|e| e.from);
        let known = prerequisites(topic);
        known.iter().copied().chain(own.filter(|t| !known.contains(t)))
    }

    /// Returns the fingerprint of the bank together with an oracle: equal fingerprints mean equal variants, answers and
    /// distractors, bit for bit.
    #[must_use]
    pub fn hash(&self, oracle: &OracleId) -> String {
        hash::bank_hash(self, oracle)
    }

    /// Returns the chains, ordered by file.
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Returns a chain.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChain`] with the nearest known id.
    pub fn chain(&self, id: &str) -> Result<&Chain> {
        self.chains.iter().find(|c| c.id == id).ok_or_else(|| Error::UnknownChain {
            id: id.to_owned(),
            near: nearest(id, self.chains.iter().map(|c| c.id.as_str())).map(str::to_owned),
        })
    }

    /// Returns the study plans, ordered by file.
    #[must_use]
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// Returns a study plan.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownPlan`] with the nearest known id.
    pub fn plan(&self, id: &str) -> Result<&Plan> {
        self.plans.iter().find(|p| p.id == id).ok_or_else(|| Error::UnknownPlan {
            id: id.to_owned(),
            near: nearest(id, self.plans.iter().map(|p| p.id.as_str())).map(str::to_owned),
        })
    }

    /// Returns a template.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTemplate`] with the nearest known id.
    pub fn get(&self, id: &str) -> Result<&Arc<Template>> {
        let found = self.templates.binary_search_by(|t| t.id().cmp(id));
        found.ok().and_then(|i| self.templates.get(i)).ok_or_else(|| Error::UnknownTemplate {
            id: id.to_owned(),
            near: nearest(id, self.templates.iter().map(|t| t.id())).map(str::to_owned),
        })
    }

    /// Returns a variant of a template of any kind.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTemplate`], or as [`question`].
    pub fn question(&self, id: &str, oracle: &dyn Oracle, draw: &Draw) -> Result<Question> {
        question(self.get(id)?, oracle, draw)
    }

    /// Returns the questions of a chain, with one value for each parameter of its thread.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChain`], [`Error::UnknownTemplate`], or as [`thread`].
    pub fn thread(&self, chain: &str, oracle: &dyn Oracle, seed: u64) -> Result<Vec<Question>> {
        let chain = self.chain(chain)?;
        let members: Result<Vec<Arc<Template>>> =
            chain.members.iter().map(|id| self.get(id).cloned()).collect();
        thread(chain, &members?, oracle, seed)
    }

    /// Returns a variant of a template that asks for one number.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTemplate`], or as [`instantiate`].
    pub fn instantiate(&self, id: &str, oracle: &dyn Oracle, draw: &Draw) -> Result<Instance> {
        instantiate(self.get(id)?, oracle, draw)
    }
}

/// Reads the releases, oldest first. Their ids must still be in the register.
fn read_releases(files: &[(&str, &str)], ids: &[String]) -> (Vec<Release>, Vec<Problem>) {
    let (mut releases, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("releases/")) {
        match Release::parse(text) {
            Ok(release) => releases.push(release),
            Err(why) => problems.push(Problem::new("V-RELEASE", path, 0, why, "restore the file")),
        }
    }
    releases.sort_by_key(|r| r.version);
    if let Some(last) = releases.last() {
        for entry in last.templates.iter().filter(|e| !ids.contains(&e.id)) {
            let what = format!("id `{}` of release {} is gone", entry.id, last.version);
            let fix = "put it back; ids are never given again";
            problems.push(Problem::new("V-ID-REG", ids::FILE, 0, what, fix));
        }
    }
    (releases, problems)
}

/// Reads `bank.toml`: name, version, allowed licenses.
fn read_manifest(text: &str) -> (String, String, Vec<String>, Vec<Problem>) {
    let source = Source::new("bank.toml", text);
    let read = if text.is_empty() {
        None
    } else {
        source.read(|top| {
            if let Some(format) = top.need("format", top.integer("format"))
                && format.value != 1
            {
                let what = format!("format {} is not known", format.value);
                source.report("V-FORMAT", format.line, what, "this version reads format 1");
            }
            let name = top.need_string("name");
            let version = top.need_string("version");
            let licenses = top.need("licenses", top.strings("licenses"));
            Some((name?.value, version?.value, licenses?.value))
        })
    };
    let (name, version, licenses) = read.unwrap_or_default();
    let licenses = licenses.into_iter().map(|l| l.value).collect();
    (name, version, licenses, source.into_problems())
}
