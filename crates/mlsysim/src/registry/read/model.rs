//! Reads the record of a model.

use super::Reading;
use crate::document::{Fields, Problems};
use crate::provenance::{Basis, Provenance};
use crate::ranges::Range;
use crate::registry::{Architecture, Biases, Family, Model};
use alloc::format;

impl Reading<'_> {
    pub(super) fn read_model(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origin = self.record_origin(&mut entry, problems);
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
        model.facts = super::read_facts(&mut entry, problems);
        model.upstream = super::corrections(&mut entry, problems);
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
        super::check_fields(&model.origins.fields, &model.values(), &entry, problems);
        entry.finish(problems);
        let aliases = model.aliases.clone();
        self.added.models.put(model, aliases);
    }
}

/// The shape of a transformer; none without a vocabulary and a feed-forward width.
fn read_architecture(entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Architecture> {
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
fn count_from_architecture(model: &mut Model, entry: &Fields<'_, '_>, problems: &mut Problems) {
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
