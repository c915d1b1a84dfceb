//! One case with the records it refers to.

use crate::compare::Out;
use crate::objects;
use mlsysim::registry::{Fabric, Fleet, Grid, Hardware, Model, Recompute, Site, Training};
use mlsysim::units::Unit;
use mlsysim::{Convention, Precision, Result};
use serde_json::Value;

pub(crate) const UPSTREAM: Convention = Convention::Upstream030;

/// A case with the records it refers to.
pub(crate) struct Case<'a> {
    pub(crate) case: &'a Value,
    pub(crate) objects: &'a Value,
}

impl Case<'_> {
    pub(crate) fn input(&self, name: &str) -> &Value {
        &self.case["inputs"][name]
    }

    pub(crate) fn number(&self, name: &str, default: f64) -> f64 {
        self.input(name).as_f64().unwrap_or(default)
    }

    pub(crate) fn count(&self, name: &str, default: u32) -> u32 {
        objects::count(self.input(name)).unwrap_or(default)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.input(name).as_bool().unwrap_or(false)
    }

    pub(crate) fn word(&self, name: &str, default: &'static str) -> String {
        self.input(name).as_str().unwrap_or(default).to_owned()
    }

    pub(crate) fn precision(&self) -> Result<Precision> {
        self.word("precision", "fp16").parse()
    }

    pub(crate) fn record(&self, name: &str) -> &Value {
        &self.objects[self.input(name).as_str().expect("the name of a record")]
    }

    pub(crate) fn hardware(&self) -> Hardware {
        objects::hardware(self.record("hardware"))
    }

    pub(crate) fn fleet(&self) -> Fleet {
        objects::fleet(self.record("fleet"))
    }

    pub(crate) fn fabric(&self) -> Fabric {
        objects::fabric(self.record("fabric"))
    }

    pub(crate) fn grid(&self, name: &str) -> Grid {
        objects::grid(self.record(name))
    }

    pub(crate) fn site(&self, name: &str) -> Site {
        objects::site(self.record(name))
    }

    pub(crate) fn model(&self) -> Model {
        objects::model(self.record("model"))
    }

    /// The training step, with the switches named as the resolver `resolver` names them.
    pub(crate) fn training(&self, recompute: Recompute) -> Training {
        let adam = self.word("optimizer", "adam") == "adam";
        Training {
            batch: self.count("batch_size", 1),
            seq_len: self.count("seq_len", 2048),
            recompute,
            optimizer_bytes: if adam { 12.0 } else { 4.0 },
            zero_stage: u8::try_from(self.count("zero_stage", 0)).unwrap_or(u8::MAX),
            data_parallel: self.count("dp_size", 1),
            lora_rank: self.flag("is_lora").then(|| self.count("lora_rank", 16)),
        }
    }
}

pub(crate) fn amount(value: impl Unit) -> Out {
    Out::Number(value.base())
}
