//! Names the vector instructions of the target, which stable compilers do not show as `target_feature`.
//!
//! `dsp` and `mve` are unstable feature names on Arm, so `cfg(target_feature = "dsp")` is never true on a stable compiler.
//! The target triple and the flags of the build say the same.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    println!("cargo::rustc-check-cfg=cfg(kits_dsp, kits_mve, kits_thumb1)");
    let target = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let cpu = |names: &[&str]| names.iter().any(|name| flags.contains(name));
    // Helium is an option of ARMv8.1-M; these two cores have it.
    let vectors = target.starts_with("thumbv8m.main") && cpu(&["cortex-m55", "cortex-m85"]);
    // All ARMv7E-M cores have the instructions on pairs of half-words; of ARMv8-M those named here.
    let pairs = target.starts_with("thumbv7em")
        || (target.starts_with("thumbv8m.main") && cpu(&["cortex-m33", "cortex-m35p"]));
    if vectors {
        println!("cargo::rustc-cfg=kits_mve");
    } else if pairs {
        println!("cargo::rustc-cfg=kits_dsp");
    } else if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=kits_thumb1");
    }
}
