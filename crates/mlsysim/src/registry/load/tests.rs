//! The audit of the shipped records, and what the reader says about broken ones.

use super::*;
use crate::convention::Convention;
use crate::error::Error;
use crate::near::fold;
use crate::precision::Precision;
use crate::provenance::{Basis, Origins};
use crate::registry::Class;
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Hertz, Params, Quantity};
use alloc::string::ToString;
use alloc::vec::Vec;

fn audit_origin(owner: &str, field: &str, provenance: &Provenance) {
    let note = provenance.note.as_deref().unwrap_or("");
    assert!(!provenance.source.is_empty() || !note.is_empty(), "{owner}.{field} has no source");
    let explained =
        matches!(provenance.basis, Basis::Derived | Basis::Estimate | Basis::Convention);
    assert!(
        !explained || !note.is_empty(),
        "{owner}.{field} is {} and has no note",
        provenance.basis.key()
    );
    let printed = matches!(provenance.basis, Basis::Datasheet | Basis::Literature);
    assert!(
        !printed || provenance.url.is_some(),
        "{owner}.{field} is from a document without address"
    );
    if let Some(day) = &provenance.verified {
        let digits = day.bytes().filter(u8::is_ascii_digit).count();
        assert!(day.len() == 10 && digits == 8, "{owner}.{field}: `{day}` is not a day");
    }
}

#[test]
fn every_shipped_value_has_an_origin() {
    let registry = Registry::shipped();
    let mut leaves = 0;
    let mut audit = |owner: &str, values: Vec<(String, Quantity)>, origins: &Origins| {
        for (field, value) in values {
            audit_origin(owner, &field, origins.of(&field));
            assert!(value.value.is_finite(), "{owner}.{field}");
            leaves += 1;
        }
    };
    for r in registry.all_hardware() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_models() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_facts() {
        audit(&r.id, r.values.clone(), &r.origins);
    }
    for r in registry.all_grids() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_sites() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_fabrics() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_nodes() {
        audit(&r.id, r.values(), &r.origins);
    }
    for r in registry.all_fleets() {
        audit(&r.id, r.values(), &r.origins);
    }
    assert!(leaves > 1500, "{leaves} values");
}

#[test]
fn the_whole_registry_of_the_package_is_here() {
    let registry = Registry::shipped();
    let key = |names: &[String], start: &str| names.iter().filter(|n| n.starts_with(start)).count();
    let machines: usize =
        registry.all_hardware().iter().map(|m| key(&m.aliases, "Hardware.")).sum();
    let models: usize = registry.all_models().iter().map(|m| key(&m.aliases, "Models.")).sum();
    assert_eq!((machines, models), (52, 42));
    assert_eq!(registry.all_grids().len(), 12);
    assert_eq!(registry.all_sites().len(), 7);
    assert_eq!(registry.all_fabrics().len(), 14);
    assert_eq!(registry.all_nodes().len(), 8);
    assert_eq!(registry.all_fleets().len(), 18);
    let fleet = registry.fleet("Systems.Clusters.Meta_Llama3_16K_H100").unwrap();
    assert_eq!((fleet.nodes, fleet.node.accelerators), (2048, 8));
    assert_eq!(registry.grid("Infrastructure.Grids.Quebec").unwrap().id, "quebec");
    assert_eq!(registry.fabric("IB NDR").unwrap().bandwidth, BytesPerSecond(50e9));
    let site = registry.site("quebec_hydro").unwrap();
    assert_eq!(site.pue().to_bits(), 1.06_f64.to_bits());
    assert_eq!(registry.hardware("Hardware.Cloud.Cerebras_CS3").unwrap().id, "cerebras_cs3");
}

#[test]
fn errata_are_corrected_and_the_old_values_kept() {
    let registry = Registry::shipped();
    let machine = |name: &str| registry.hardware(name).unwrap();
    let old = |m: &Hardware, field: &str| m.upstream.iter().any(|(name, _)| name == field);
    // 12 ports of 100 Gbit/s.
    let wafer = machine("cerebras_cs3");
    assert_eq!(wafer.host.map(|link| link.one_way()), Some(BytesPerSecond(150e9)));
    assert!(old(wafer, "host_link"));
    // 16 chips make 20.8 PFLOP/s of FP8 and 46 TB/s.
    let trainium = machine("trainium2");
    let (rate, _) = trainium.rate(Precision::Fp8, Convention::Reference).unwrap();
    assert!((16.0 * rate.0 / 20.8e15 - 1.0).abs() < 1e-3 && old(trainium, "peak.fp8"));
    assert!((16.0 * trainium.bandwidth.0 / 46e12 - 1.0).abs() < 0.01);
    // 72 parts of 2.5 PFLOP/s.
    let rack = machine("gb200_nvl72");
    assert_eq!(rack.peak, FlopPerSecond(72.0 * 2.5e15));
    assert!(machine("b200").rates.iter().all(|(precision, _)| *precision != Precision::Int4));
    let node = registry.node("server_8x_mi300x").unwrap();
    assert_eq!(node.intra_bandwidth, BytesPerSecond(7.0 * 64e9));
    let host = node.upstream.first().map(|(field, _)| field.as_str());
    assert_eq!(host, Some("link"));
    assert_eq!(registry.model("DeepSeek-V3").unwrap().heads, Some(128));
}

#[test]
fn shipped_machines_are_physical() {
    for machine in Registry::shipped().all_hardware() {
        let id = &machine.id;
        let ridge = machine.ridge_point(None, Convention::Reference).unwrap().0;
        assert!(ridge > 0.0 && ridge < 5000.0, "{id}: ridge point {ridge}");
        assert!(machine.power.is_none_or(|power| power.0 <= 150e3), "{id}: power");
        // A narrower format is never slower on the same machine, and a rate is not a count in disguise.
        for (precision, rate) in &machine.rates {
            assert!(rate.0 >= 1e6 && rate.0 <= 1e18, "{id}: {precision} {rate}");
        }
        if let Some([fast, mean, slow]) = machine.int8_efficiency() {
            assert!(
                1.0 >= fast && fast >= mean && mean >= slow && slow > 0.0,
                "{id}: int8 efficiency"
            );
        }
    }
}

#[test]
fn shipped_models_are_consistent() {
    let registry = Registry::shipped();
    for model in registry.all_models() {
        let id = &model.id;
        assert!(model.ops_per_item(Convention::Reference).is_ok(), "{id}: operations");
        if model.family.is_transformer() {
            let width = model.head_width(Convention::Reference).unwrap();
            assert!((32..=256).contains(&width), "{id}: head width {width}");
        }
        assert!(
            model.active_parameters.is_none_or(|n| Some(n) < model.parameters),
            "{id}: active parameters"
        );
    }
    // Counted from the configuration: embeddings, attention, gated feed-forward and norms of 32 layers.
    let (vocab, d, ffn, layers, kv) = (128_256.0, 4096.0, 14_336.0, 32.0, 1024.0);
    let counted =
        2.0 * vocab * d + layers * (2.0 * d * d + 2.0 * d * kv + 3.0 * d * ffn + 2.0 * d) + d;
    assert_eq!(registry.model("llama3_8b").unwrap().parameters, Some(Params(counted)));
}

#[test]
fn the_boards_have_the_sizes_that_their_makers_print() {
    let registry = Registry::shipped();
    let kib = |n: f64| Bytes(n * 1024.0);
    for (id, clock_mhz, ram_kib, flash_kib) in [
        ("nano33ble", 64.0, 256.0, 1024.0),
        ("microbit", 16.0, 16.0, 256.0),
        ("lm3s6965", 50.0, 64.0, 256.0),
        ("nicla_vision", 480.0, 512.0, 2048.0),
        ("xiao_esp32s3", 240.0, 512.0, 8192.0),
        ("grove_vision_ai_v2", 400.0, 2457.6, 16384.0),
    ] {
        let board = registry.hardware(id).unwrap();
        assert_eq!(board.class, Class::Board, "{id}");
        assert_eq!(board.clock, Some(Hertz(clock_mhz * 1e6)), "{id}");
        assert!((board.capacity / kib(ram_kib) - 1.0).abs() < 1e-9, "{id}: {}", board.capacity);
        assert_eq!(board.flash.map(|flash| flash.capacity), Some(kib(flash_kib)), "{id}");
    }
    for id in ["rpi_zero2w", "rpi4", "rpi5"] {
        assert!(registry.hardware(id).unwrap().flash.is_none(), "{id} keeps weights in RAM");
    }
}

#[test]
fn an_int8_rate_follows_from_the_clock() {
    let registry = Registry::shipped();
    let board = registry.hardware("nano33ble").unwrap();
    let (rate, _) = board.rate(Precision::Int8, Convention::Reference).unwrap();
    assert_eq!(rate, FlopPerSecond(256e6), "2 operations × 64 MHz × 2 multiply-accumulates");
    let origin = board.origins.of("peak.int8");
    assert_eq!(origin.basis, Basis::Derived);
    assert!(origin.to_string().contains("SMLAD"), "{origin}");
    assert!(
        registry
            .hardware("lm3s6965")
            .unwrap()
            .rate(Precision::Fp32, Convention::Reference)
            .is_err()
    );
}

#[test]
fn names_are_found_in_any_spelling() {
    let registry = Registry::shipped();
    for name in ["h100", "H100", "H100_SXM", "nvidia h100 sxm5 80 gb"] {
        assert_eq!(registry.hardware(name).map(|m| m.id.as_str()), Ok("h100"), "{name}");
    }
    assert_eq!(registry.model("Llama-3 8B").map(|m| m.id.as_str()), Ok("llama3_8b"));
    let error = registry.hardware("nano33bl").unwrap_err().to_string();
    assert!(error.starts_with("unknown hardware `nano33bl`; did you mean nano33ble"), "{error}");
    assert_eq!(registry.model("zebra").unwrap_err().to_string(), "unknown model `zebra`");
}

#[test]
fn names_are_unique_after_folding() {
    let registry = Registry::shipped();
    let mut seen = Vec::new();
    let mut check = |what: &str, id: &str, aliases: &[String]| {
        for name in core::iter::once(id).chain(aliases.iter().map(String::as_str)) {
            let folded = (String::from(what), fold(name));
            assert!(!seen.contains(&folded), "{what} {name} twice");
            seen.push(folded);
        }
    };
    for machine in registry.all_hardware() {
        check("hardware", &machine.id, &machine.aliases);
    }
    for model in registry.all_models() {
        check("model", &model.id, &model.aliases);
    }
    for (facts, aliases) in registry.facts.all() {
        check("facts", &facts.id, aliases);
    }
    for (fleet, aliases) in registry.fleets.all() {
        check("fleet", &fleet.id, aliases);
    }
    for (node, aliases) in registry.nodes.all() {
        check("node", &node.id, aliases);
    }
    for (fabric, aliases) in registry.fabrics.all() {
        check("fabric", &fabric.id, aliases);
    }
    for (grid, aliases) in registry.grids.all() {
        check("grid", &grid.id, aliases);
    }
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_place() {
    let text = r#"[hardware.desk]
peak = { fp32 = "1.2 TFLOPs" }
bandwidth = 51.2
capacity = "32 Gb"
pover = "65 W"
memory_efficiency = 1.5

[modles.mine]
"#;
    let mut registry = Registry::new();
    let Err(Error::Records { file, problems }) = registry.add("mine.toml", text) else {
        panic!("broken records were taken");
    };
    assert_eq!(file, "mine.toml");
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "1:1: hardware.desk: needs a peak rate, for example peak = { fp32 = \"1.2 TFLOP/s\" }",
        "1:1: hardware.desk: needs a bandwidth",
        "1:1: hardware.desk: needs a capacity",
        "2:17: peak.fp32: `1.2 TFLOPs` is ambiguous, since `TFLOPs` may be operations or operations per second: \
         write FLOP or FLOP/s; expected operations per time, for example `312 TFLOP/s`",
        "3:13: hardware.desk.bandwidth: expected data per time in quotes, for example \"3.35 TB/s\", got the number 51.2",
        "4:12: hardware.desk.capacity: `32 Gb` is ambiguous, since `Gb` may be bits or bytes: write bit or B; \
         expected data, for example `16 GiB`",
        "5:1: hardware.desk: unknown field `pover`; did you mean `power`?",
        "6:21: hardware.desk.memory_efficiency must be finite and from 0.000000001 to 1, got 1.5",
        "8:2: unknown section `modles`; expected one of sources, hardware, spec_sheets, models, facts, grids, sites, fabrics, nodes, \
         fleets; did you mean nodes or models?",
    ];
    assert_eq!(lines, expected);
    assert!(registry.all_hardware().is_empty(), "nothing is added");
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_is_read_as_toml_is() {
    let toml = "[hardware.desk]\npeak = { fp32 = \"1.2 TFLOP/s\" }\nbandwidth = \"51.2 GB/s\"\ncapacity = \"32 GiB\"\n\
                compute_units = 8\n[hardware.desk.origin]\ncapacity = { basis = \"estimate\", note = \"seen\" }\n";
    let yaml = "hardware:\n  desk:\n    peak: {fp32: 1.2 TFLOP/s}\n    bandwidth: 51.2 GB/s\n    capacity: 32 GiB\n    \
                compute_units: 8\n    origin:\n      capacity: {basis: estimate, note: seen}\n";
    let (mut one, mut other) = (Registry::new(), Registry::new());
    one.add("mine", toml).unwrap();
    other.add("mine.yaml", yaml).unwrap();
    let (one, other) = (one.hardware("desk").unwrap(), other.hardware("desk").unwrap());
    assert_eq!(one.values(), other.values());
    assert_eq!(one.origins.of("capacity"), other.origins.of("capacity"));
}

#[cfg(feature = "yaml")]
#[test]
fn five_mistakes_of_yaml_have_five_places() {
    let yaml = "hardware:\n  desk:\n    peak: {fp32: 1.2 GB}\n    bandwidth: 51.2\n    capacity: -1 GiB\n    \
                memory_efficiency: .nan\n    compute_units: 2.5\n";
    let Err(Error::Records { problems, .. }) = Registry::new().add("mine.yaml", yaml) else {
        panic!("broken records were taken");
    };
    let places: Vec<(usize, usize)> = problems.iter().map(|p| (p.line, p.column)).collect();
    // The first two say that without these values no machine is complete.
    let missing = problems.iter().filter(|p| p.message.contains("needs a")).count();
    assert_eq!(missing, 3, "{problems:?}");
    for place in [(3, 18), (4, 16), (5, 15), (6, 24), (7, 20)] {
        assert!(places.contains(&place), "{place:?} in {problems:?}");
    }
}

#[test]
fn broken_toml_is_reported_with_its_place() {
    let Err(Error::Records { problems, .. }) =
        Registry::new().add("x", "[hardware.a]\nname = \nclass =")
    else {
        panic!("broken TOML was taken");
    };
    assert!(problems.iter().any(|problem| problem.line == 2), "{problems:?}");
}

#[test]
fn a_spec_sheet_is_ten_lines() {
    let mut registry = Registry::new();
    let text = "[spec_sheets.next]\nname = \"Next\"\npeak = \"4 PFLOP/s\"\npeak_8bit = \"8 PFLOP/s\"\n\
                capacity = \"288 GB\"\nbandwidth = \"8 TB/s\"\nlink = \"900 GB/s\"\nnic = \"400 Gbps\"\n\
                power = \"1200 W\"\ncompute_units = 160\n";
    registry.add("next.toml", text).unwrap();
    let machine = registry.hardware("next").unwrap();
    assert_eq!(machine.architecture, None, "it belongs to no family");
    assert_eq!(machine.nic, Some(BytesPerSecond(50e9)));
    assert!(machine.origins.record.source.contains("next.toml"));
    let error =
        registry.add("next.toml", "[spec_sheets.x]\npeak = \"4 TB\"\nfoo = 1\n").unwrap_err();
    let Error::Records { problems, .. } = error else { panic!("{error}") };
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn unbelievable_machines_are_refused() {
    let text = "[hardware.x]\npeak = \"9 PFLOP/s\"\nbandwidth = \"1 GB/s\"\ncapacity = \"1 GB\"\n";
    let error = Registry::new().add("x.toml", text).unwrap_err().to_string();
    assert!(error.contains("hardware.bounds: the ridge point must be"), "{error}");
}

#[test]
fn yours_replace_the_shipped_ones() {
    let mut registry = Registry::shipped();
    let before = registry.all_hardware().len();
    registry
        .add(
            "mine",
            "[hardware.t4]\npeak = \"9 TFLOP/s\"\nbandwidth = \"1 TB/s\"\ncapacity = \"1 GB\"",
        )
        .unwrap();
    assert_eq!(registry.all_hardware().len(), before);
    let mine = registry.hardware("t4").unwrap();
    assert_eq!(mine.rates, [(Precision::Fp32, FlopPerSecond(9e12))]);
    assert_eq!(mine.origins.of("bandwidth").kind(), crate::provenance::Kind::Assumed);
}

#[test]
fn odd_text_never_panics() {
    let text = include_str!("../../../data/boards.toml");
    // Cut at every place, also inside a character's neighborhood.
    for end in (0..text.len()).step_by(97).filter(|end| text.is_char_boundary(*end)) {
        let mut registry = Registry::new();
        let _ = registry.add("cut", &text[..end]);
    }
    for text in [
        "hardware = 3",
        "[hardware]\na = 3",
        "[sources.x]",
        "\u{0}",
        "[models.m]\nlayers = 1e99",
        "a = [[]]",
    ] {
        assert!(Registry::new().add("odd", text).is_err(), "{text}");
    }
}
