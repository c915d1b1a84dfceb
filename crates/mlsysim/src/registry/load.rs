//! The registry: shipped records, and yours from TOML text.

use super::reader::{Problems, Reader};
use super::{Architecture, Biases, Class, Family, Hardware, Link, Model, Storage, rate_field};
use crate::composite::Tier;
use crate::error::{Error, Result};
use crate::near::{folded, nearest};
use crate::precision::Precision;
use crate::provenance::{Basis, Provenance};
use crate::ranges::Range;
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Hertz};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use toml::de::DeTable;

/// The files that ship with the crate: name and text.
const SHIPPED: [(&str, &str); 8] = [
    ("data/sources.toml", include_str!("../../data/sources.toml")),
    ("data/machines.toml", include_str!("../../data/machines.toml")),
    ("data/accelerators.toml", include_str!("../../data/accelerators.toml")),
    ("data/tpus.toml", include_str!("../../data/tpus.toml")),
    ("data/workstations.toml", include_str!("../../data/workstations.toml")),
    ("data/edge.toml", include_str!("../../data/edge.toml")),
    ("data/boards.toml", include_str!("../../data/boards.toml")),
    ("data/models.toml", include_str!("../../data/models.toml")),
];

/// Machines and models by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Registry {
    hardware: Vec<Hardware>,
    models: Vec<Model>,
    sources: Vec<(String, Provenance)>,
}

impl Registry {
    /// A registry without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { hardware: Vec::new(), models: Vec::new(), sources: Vec::new() }
    }

    /// The records that ship with the crate.
    ///
    /// # Cost
    ///
    /// Reads the embedded text: well under a millisecond. Keep the result.
    ///
    /// # Panics
    ///
    /// If the shipped files are broken, which a test excludes.
    #[must_use]
    pub fn shipped() -> Self {
        let mut registry = Self::new();
        for (file, text) in SHIPPED {
            registry.add(file, text).expect("shipped records are read by a test");
        }
        registry
    }

    /// Adds the records of a TOML text; a record of a known name replaces it. `file` is its name in messages.
    ///
    /// A machine needs a peak rate, a bandwidth and a capacity; everything else is optional.
    /// Values without a source count as assumed.
    ///
    /// # Errors
    ///
    /// [`Error::Records`] with every mistake and its line and column; then nothing is added.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::registry::Registry;
    ///
    /// let mut registry = Registry::shipped();
    /// registry.add(
    ///     "mine.toml",
    ///     r#"
    ///     [hardware.desk]
    ///     name = "The machine under my desk"
    ///     peak = { fp32 = "1.2 TFLOP/s" }
    ///     bandwidth = "51.2 GB/s"
    ///     capacity = "32 GiB"
    ///     "#,
    /// )?;
    /// assert_eq!(registry.hardware("desk")?.name, "The machine under my desk");
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn add(&mut self, file: &str, text: &str) -> Result<()> {
        let mut problems = Problems::new(text);
        let (document, mistakes) = DeTable::parse_recoverable(text);
        for mistake in mistakes {
            problems.add(mistake.span().map_or(0, |span| span.start), mistake.message());
        }
        let mut added = Self { sources: self.sources.clone(), ..Self::new() };
        // Sources first, wherever they stand in the file.
        for section in ["sources", "hardware", "models"] {
            for (key, value) in
                document.get_ref().iter().filter(|(key, _)| key.get_ref() == section)
            {
                let Some(table) = Reader::new(section.into(), value, &mut problems) else {
                    continue;
                };
                for (id, entry) in table.entries() {
                    let Some(entry) =
                        Reader::new(format!("{}.{id}", key.get_ref()), entry, &mut problems)
                    else {
                        continue;
                    };
                    match section {
                        "sources" => added.read_source(id, entry, &mut problems),
                        "hardware" => added.read_hardware(id, file, entry, &mut problems),
                        _ => added.read_model(id, file, entry, &mut problems),
                    }
                }
            }
        }
        for (key, _) in document.get_ref().iter() {
            if !matches!(key.get_ref().as_ref(), "sources" | "hardware" | "models") {
                let message = format!(
                    "unknown section `{}`; expected sources, hardware or models",
                    key.get_ref()
                );
                problems.add(key.span().start, message);
            }
        }
        if !problems.list.is_empty() {
            problems.list.sort_by_key(|problem| (problem.line, problem.column));
            return Err(Error::Records { file: file.into(), problems: problems.list });
        }
        self.sources = added.sources;
        for machine in added.hardware {
            self.hardware.retain(|known| known.id != machine.id);
            self.hardware.push(machine);
        }
        for model in added.models {
            self.models.retain(|known| known.id != model.id);
            self.models.push(model);
        }
        Ok(())
    }

    /// All machines, in the order in which they were added.
    #[must_use]
    pub fn all_hardware(&self) -> &[Hardware] {
        &self.hardware
    }

    /// All models, in the order in which they were added.
    #[must_use]
    pub fn all_models(&self) -> &[Model] {
        &self.models
    }

    /// The machine of a name: its identifier, an alias or its full name, whatever the case and punctuation.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] with the nearest names.
    pub fn hardware(&self, name: &str) -> Result<&Hardware> {
        let entries =
            self.hardware.iter().map(|m| (m, m.id.as_str(), m.name.as_str(), m.aliases.as_slice()));
        find("hardware", name, entries)
    }

    /// The model of a name, as [`Registry::hardware`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] with the nearest names.
    pub fn model(&self, name: &str) -> Result<&Model> {
        let entries =
            self.models.iter().map(|m| (m, m.id.as_str(), m.name.as_str(), m.aliases.as_slice()));
        find("model", name, entries)
    }

    fn read_source(&mut self, id: &str, mut entry: Reader<'_, '_>, problems: &mut Problems<'_>) {
        let basis = entry.word("basis", &Basis::ALL, Basis::key, problems);
        let title = entry.text("title", problems);
        let url = entry.text("url", problems);
        let verified = entry.text("verified", problems);
        let note = entry.text("note", problems);
        match (basis, title) {
            (Some(basis), Some(source)) => {
                self.sources.retain(|(known, _)| known != id);
                self.sources.push((id.into(), Provenance { basis, source, url, verified, note }));
            }
            _ => entry.complain("a source needs a basis and a title", problems),
        }
        entry.finish(problems);
    }

    /// The source of a key, or a mistake with the nearest key.
    fn source(
        &self,
        key: &str,
        entry: &Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<Provenance> {
        let found = self
            .sources
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, provenance)| provenance.clone());
        if found.is_none() {
            let near = nearest(key, self.sources.iter().map(|(known, _)| known.as_str()));
            let hint = if near.is_empty() {
                String::new()
            } else {
                format!("; did you mean {}?", near.join(" or "))
            };
            entry.complain(&format!("unknown source `{key}`{hint}"), problems);
        }
        found
    }

    /// The origin of a whole record.
    fn record_origin(
        &self,
        file: &str,
        entry: &mut Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Provenance {
        let key = entry.text("source", problems);
        let note = entry.text("note", problems);
        let own = || Provenance::new(Basis::Estimate, format!("given in {file}"));
        let provenance = key.map_or_else(|| Some(own()), |key| self.source(&key, entry, problems));
        let mut provenance = provenance.unwrap_or_else(own);
        if note.is_some() {
            provenance.note = note;
        }
        provenance
    }

    /// The origins of single fields: `origin.FIELD = { source = "KEY", note = "..." }`, with `basis` where it differs.
    fn field_origins(
        &self,
        entry: &mut Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<(String, Provenance)> {
        let Some(table) = entry.table("origin", problems) else { return Vec::new() };
        let mut origins = Vec::new();
        for (field, value) in table.entries() {
            let Some(mut origin) = Reader::new(format!("origin.{field}"), value, problems) else {
                continue;
            };
            let key = origin.text("source", problems);
            let note = origin.text("note", problems);
            let basis = origin.word("basis", &Basis::ALL, Basis::key, problems);
            let base = match (&key, basis) {
                (Some(key), _) => self.source(key, &origin, problems),
                (None, Some(basis)) if note.is_some() => Some(Provenance::new(basis, "")),
                (None, _) => {
                    origin.complain("an origin needs a source, or a basis and a note", problems);
                    None
                }
            };
            if let Some(mut provenance) = base {
                provenance.basis = basis.unwrap_or(provenance.basis);
                provenance.note = note.or(provenance.note);
                origins.push((field.into(), provenance));
            }
            origin.finish(problems);
        }
        origins
    }

    /// Values that were corrected: `upstream.FIELD = "text"`.
    fn corrections(
        entry: &mut Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<(String, String)> {
        let Some(table) = entry.table("upstream", problems) else { return Vec::new() };
        let texts = table
            .entries()
            .filter_map(|(field, value)| Some((field.into(), value.get_ref().as_str()?.into())));
        texts.collect()
    }

    fn read_hardware(
        &mut self,
        id: &str,
        file: &str,
        mut entry: Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) {
        let origin = self.record_origin(file, &mut entry, problems);
        let rates = read_rates(&mut entry, problems);
        let clock: Option<Hertz> = entry.amount("clock", Range::POSITIVE, problems);
        let macs_per_cycle = entry.number("macs_per_cycle", Range::POSITIVE, problems);
        let bandwidth = entry.amount("bandwidth", Range::POSITIVE, problems);
        let capacity = entry.amount("capacity", Range::POSITIVE, problems);
        let mut machine = Hardware::new(
            id,
            FlopPerSecond(1.0),
            bandwidth.unwrap_or(BytesPerSecond(1.0)),
            capacity.unwrap_or(Bytes(1.0)),
            origin,
        );
        machine.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        machine.aliases = entry.texts("aliases", problems);
        machine.class =
            entry.word("class", &Class::ALL, Class::key, problems).unwrap_or(Class::Cpu);
        machine.architecture = entry.text("architecture", problems);
        machine.rates = rates;
        machine.memory_efficiency = entry.number("memory_efficiency", Range::EFFICIENCY, problems);
        machine.efficiency = entry.number("efficiency", Range::EFFICIENCY, problems);
        machine.cache = read_tier(&mut entry, ["cache_capacity", "cache_bandwidth"], problems);
        machine.flash = read_tier(&mut entry, ["flash_capacity", "flash_bandwidth"], problems);
        machine.host =
            entry.amount("host_link", Range::POSITIVE, problems).map(Link::per_direction);
        machine.link = read_link(&mut entry, problems);
        machine.nic = entry.amount("nic", Range::POSITIVE, problems);
        machine.storage = read_storage(&mut entry, problems);
        machine.unit_cost = entry.amount("unit_cost", Range::NOT_NEGATIVE, problems);
        machine.embodied = entry.amount("embodied", Range::NOT_NEGATIVE, problems);
        machine.compute_units = entry.count("compute_units", problems);
        machine.last_cache = entry.amount("last_cache", Range::POSITIVE, problems);
        machine.power = entry.amount("power", Range::POSITIVE, problems);
        machine.idle_share = entry.number("idle_share", Range::SHARE, problems);
        machine.dispatch = entry.amount("dispatch", Range::NOT_NEGATIVE, problems);
        machine.layer_time = entry.amount("layer_time", Range::NOT_NEGATIVE, problems);
        machine.clock = clock;
        machine.macs_per_cycle = macs_per_cycle;
        machine.cycles_per_mac = entry.pair("cycles_per_mac", Range::POSITIVE, problems);
        machine.upstream = Self::corrections(&mut entry, problems);
        machine.origins.fields = self.field_origins(&mut entry, problems);
        derive_int8_rate(&mut machine);

        let native = entry.word("native", &Precision::ALL, Precision::key, problems);
        match machine
            .rates
            .iter()
            .find(|(precision, _)| native.is_none_or(|native| native == *precision))
        {
            Some((precision, rate)) => {
                let (precision, rate) = (*precision, *rate);
                let field = rate_field(precision);
                machine.peak = rate;
                machine.native = Some(precision);
                machine.origins.set("peak", machine.origins.of(&field).clone());
            }
            None => entry.complain(
                "needs a peak rate, for example peak = { fp32 = \"1.2 TFLOP/s\" }",
                problems,
            ),
        }
        let missing = [("a bandwidth", bandwidth.is_none()), ("a capacity", capacity.is_none())];
        for (what, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            entry.complain(&format!("needs {what}"), problems);
        }
        check_fields(&machine.origins.fields, &machine.values(), &entry, problems);
        entry.finish(problems);
        self.hardware.push(machine);
    }

    fn read_model(
        &mut self,
        id: &str,
        file: &str,
        mut entry: Reader<'_, '_>,
        problems: &mut Problems<'_>,
    ) {
        let origin = self.record_origin(file, &mut entry, problems);
        let family = entry.word("family", &Family::ALL, Family::key, problems);
        if family.is_none() {
            entry.complain("needs a family, for example family = \"decoder\"", problems);
        }
        let mut model = Model::new(id, family.unwrap_or(Family::Other), origin);
        model.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        model.aliases = entry.texts("aliases", problems);
        model.parameters = entry.amount("parameters", Range::POSITIVE, problems);
        model.active_parameters = entry.amount("active_parameters", Range::POSITIVE, problems);
        model.stored = entry.amount("stored", Range::POSITIVE, problems);
        model.ops = entry.amount("ops", Range::POSITIVE, problems);
        model.layers = entry.count("layers", problems);
        model.hidden = entry.count("hidden", problems);
        model.heads = entry.count("heads", problems);
        model.kv_heads = entry.count("kv_heads", problems);
        model.head_dim = entry.count("head_dim", problems);
        model.kv_lora_rank = entry.count("kv_lora_rank", problems);
        model.qk_rope_head_dim = entry.count("qk_rope_head_dim", problems);
        model.experts = entry.count("experts", problems);
        model.experts_per_token = entry.count("experts_per_token", problems);
        model.sliding_window = entry.count("sliding_window", problems);
        model.window_layers = entry.count("window_layers", problems);
        model.context = entry.count("context", problems);
        model.architecture = read_architecture(&mut entry, problems);
        model.state_size = entry.count("state_size", problems);
        model.denoising_steps = entry.count("denoising_steps", problems);
        model.activation_elements =
            entry.number("activation_elements", Range::NOT_NEGATIVE, problems);
        model.working_elements = entry.number("working_elements", Range::NOT_NEGATIVE, problems);
        model.upstream = Self::corrections(&mut entry, problems);
        model.origins.fields = self.field_origins(&mut entry, problems);
        if let (Some(hidden), Some(heads), None) = (model.hidden, model.heads, model.head_dim)
            && hidden % heads != 0
        {
            entry.complain(
                &format!("{heads} heads do not divide the width {hidden}: give head_dim"),
                problems,
            );
        }
        count_from_architecture(&mut model, &entry, problems);
        if model.parameters.is_none() && model.stored.is_none() {
            entry.complain("needs parameters, for example parameters = \"8.03 Gparam\"", problems);
        }
        check_fields(&model.origins.fields, &model.values(), &entry, problems);
        entry.finish(problems);
        self.models.push(model);
    }
}

/// Rates by number format; one text alone is the rate of single precision.
fn read_rates(
    entry: &mut Reader<'_, '_>,
    problems: &mut Problems<'_>,
) -> Vec<(Precision, FlopPerSecond)> {
    let Some(value) = entry.take("peak") else { return Vec::new() };
    if value.get_ref().is_str() {
        let rate = entry.amount_of("peak", value, Range::POSITIVE, problems);
        return rate.map(|rate| (Precision::Fp32, rate)).into_iter().collect();
    }
    let Some(mut table) = Reader::new("peak".into(), value, problems) else { return Vec::new() };
    let mut rates = Vec::new();
    for precision in Precision::ALL {
        if let Some(rate) = table.amount(precision.key(), Range::POSITIVE, problems) {
            rates.push((precision, rate));
        }
    }
    table.finish(problems);
    rates
}

fn read_tier(
    entry: &mut Reader<'_, '_>,
    fields: [&'static str; 2],
    problems: &mut Problems<'_>,
) -> Option<Tier> {
    let capacity = entry.amount(fields[0], Range::POSITIVE, problems);
    let bandwidth = entry.amount(fields[1], Range::POSITIVE, problems);
    if capacity.is_none() && bandwidth.is_some() {
        entry.complain(&format!("{} needs {}", fields[1], fields[0]), problems);
    }
    capacity.map(|capacity| Tier { capacity, bandwidth })
}

/// The shape of a transformer; none without a vocabulary and a feed-forward width.
fn read_architecture(
    entry: &mut Reader<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Architecture> {
    let vocab = entry.count("vocab", problems);
    let ffn = entry.count("ffn", problems);
    let mut a = Architecture::new(vocab.unwrap_or(1), ffn.unwrap_or(1));
    a.gated = entry.flag("gated", problems).unwrap_or(true);
    a.tied = entry.flag("tied", problems).unwrap_or(false);
    a.positions = entry.count("positions", problems).unwrap_or(0);
    a.biases = entry.word("biases", &Biases::ALL, Biases::key, problems).unwrap_or_default();
    a.norm_shift = entry.flag("norm_shift", problems).unwrap_or(false);
    a.norms = entry.count("norms", problems).unwrap_or(a.norms);
    a.qk_norm = entry.flag("qk_norm", problems).unwrap_or(false);
    a.sinks = entry.flag("sinks", problems).unwrap_or(false);
    a.expert_ffn = entry.count("expert_ffn", problems);
    a.shared_experts = entry.count("shared_experts", problems).unwrap_or(0);
    a.dense_layers = entry.count("dense_layers", problems).unwrap_or(0);
    a.router_bias = entry.flag("router_bias", problems).unwrap_or(false);
    a.q_lora_rank = entry.count("q_lora_rank", problems);
    a.qk_nope_head_dim = entry.count("qk_nope_head_dim", problems);
    a.v_head_dim = entry.count("v_head_dim", problems);
    if vocab.is_some() != ffn.is_some() {
        entry.complain("vocab and ffn belong together: give both", problems);
    }
    (vocab.is_some() && ffn.is_some()).then_some(a)
}

/// Counts the parameters that the record does not state.
fn count_from_architecture(model: &mut Model, entry: &Reader<'_, '_>, problems: &mut Problems<'_>) {
    let count = match model.count_parameters() {
        Ok(Some(count)) => count,
        Ok(None) => return,
        Err(error) => {
            entry.complain(&format!("{error}"), problems);
            return;
        }
    };
    let origin = || {
        let note = format!("counted from the widths; {}", model.origins.record);
        Provenance::new(Basis::Derived, "").with_note(note)
    };
    let origin = origin();
    if model.parameters.is_none() {
        model.parameters = Some(count.total);
        model.origins.set("parameters", origin.clone());
    }
    if model.experts.is_some() && model.active_parameters.is_none() {
        model.active_parameters = Some(count.active);
        model.origins.set("active_parameters", origin);
    }
}

/// A link of one direction, and its latency.
fn read_link(entry: &mut Reader<'_, '_>, problems: &mut Problems<'_>) -> Option<Link> {
    let bandwidth = entry.amount("link", Range::POSITIVE, problems);
    let latency = entry.amount("link_latency", Range::NOT_NEGATIVE, problems);
    if bandwidth.is_none() && latency.is_some() {
        entry.complain("link_latency needs link", problems);
    }
    bandwidth.map(|bandwidth| Link { latency, ..Link::per_direction(bandwidth) })
}

/// Storage, of which capacity and bandwidth must be known.
fn read_storage(entry: &mut Reader<'_, '_>, problems: &mut Problems<'_>) -> Option<Storage> {
    let capacity = entry.amount("storage_capacity", Range::POSITIVE, problems);
    let bandwidth = entry.amount("storage_bandwidth", Range::POSITIVE, problems);
    let latency = entry.amount("storage_latency", Range::NOT_NEGATIVE, problems);
    match (capacity, bandwidth) {
        (Some(capacity), Some(bandwidth)) => Some(Storage { capacity, bandwidth, latency }),
        (None, None) if latency.is_none() => None,
        _ => {
            entry.complain("storage needs storage_capacity and storage_bandwidth", problems);
            None
        }
    }
}

/// Computes the int8 rate of a core from its clock, where no rate is given.
fn derive_int8_rate(machine: &mut Hardware) {
    let known = machine.rates.iter().any(|(precision, _)| *precision == Precision::Int8);
    if let (false, Some(clock), Some(macs)) = (known, machine.clock, machine.macs_per_cycle) {
        machine.rates.push((Precision::Int8, FlopPerSecond(2.0 * clock.0 * macs)));
        let note = format!(
            "2 operations × {clock} × {macs} multiply-accumulates per cycle; {}",
            machine.origins.of("macs_per_cycle")
        );
        machine
            .origins
            .set(rate_field(Precision::Int8), Provenance::new(Basis::Derived, "").with_note(note));
    }
}

/// An origin must belong to a value of the record.
fn check_fields(
    origins: &[(String, Provenance)],
    values: &[(String, crate::units::Quantity)],
    entry: &Reader<'_, '_>,
    problems: &mut Problems<'_>,
) {
    for (field, _) in origins {
        if field != "peak" && !values.iter().any(|(name, _)| name == field) {
            entry.complain(
                &format!("origin of `{field}`, which the record does not have"),
                problems,
            );
        }
    }
}

/// The entry whose identifier, alias or name is `wanted` up to case and punctuation.
fn find<'a, T>(
    what: &'static str,
    wanted: &str,
    entries: impl Iterator<Item = (&'a T, &'a str, &'a str, &'a [String])> + Clone,
) -> Result<&'a T> {
    let same = |name: &str| folded(name).eq(folded(wanted));
    let found = entries.clone().find(|(_, id, name, aliases)| {
        same(id) || same(name) || aliases.iter().any(|alias| same(alias))
    });
    found.map(|(entry, ..)| entry).ok_or_else(|| Error::UnknownEntry {
        what,
        name: wanted.into(),
        near: nearest(
            wanted,
            entries.flat_map(|(_, id, _, aliases)| {
                core::iter::once(id).chain(aliases.iter().map(String::as_str))
            }),
        ),
    })
}

#[cfg(test)]
mod tests;
