//! The emulated cores: one image for each, which measures whatever container the emulator loads beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Against, Column, Count, Subject, build, target_of};
use crate::nostd::THUMB;
use crate::process::{need_target, output};
use crate::workspace;

/// A core, the machine that has it, and what its counts are held against.
pub(super) struct Core {
    id: &'static str,
    title: &'static str,
    machine: &'static str,
    target: &'static str,
    flags: Option<&'static str>,
    /// Instructions per tick of the timer under `-icount shift=0`.
    per_tick: f64,
    /// The published counts: the portable kernels and the optimized ones.
    reference: Option<&'static str>,
    optimized: &'static str,
    limit: f64,
}

pub(super) const CORES: [Core; 3] = [
    Core {
        id: "m4",
        title: "Cortex-M4 (mps2-an386)",
        machine: "mps2-an386",
        target: THUMB,
        flags: None,
        per_tick: 40.0,
        reference: Some("tflm_ref_m4"),
        optimized: "tflm_cmsis_m4",
        limit: 0.90,
    },
    Core {
        id: "m0",
        title: "Cortex-M0+ code (ARMv6-M, on mps2-an386)",
        machine: "mps2-an386",
        target: "thumbv6m-none-eabi",
        flags: None,
        per_tick: 40.0,
        reference: None,
        optimized: "tflm_cmsis_m0",
        limit: 0.50,
    },
    Core {
        id: "m55",
        title: "Cortex-M55 (mps3-an547)",
        machine: "mps3-an547",
        target: "thumbv8m.main-none-eabihf",
        flags: Some("-C target-cpu=cortex-m55"),
        per_tick: 31.25,
        reference: None,
        optimized: "tflm_cmsis_m55",
        limit: 1.0,
    },
];

/// Where the image expects the container.
const KIT_AT: &str = "0x21000000";

/// Builds the image of a core and measures every model with it.
pub(super) fn column(core: &Core, subjects: &[Subject], measure: &Path) -> Result<Column> {
    need_target(core.target)?;
    let folder = workspace::root().join("firmware");
    build(&folder, &["--release", "-p", "meter", "--target", core.target], core.flags)?;
    let elf = target_of(&folder).join(core.target).join("release/meter");
    let mut column = Column {
        id: core.id,
        title: core.title,
        against: Against::Optimized,
        limit: core.limit,
        counts: std::collections::BTreeMap::new(),
    };
    for subject in subjects {
        let text = output(&mut emulator(core, &elf, &subject.kit))
            .with_context(|| format!("{} on {}", subject.name, core.title))?;
        let host = output(Command::new(measure).arg("check").arg(&subject.kit))?;
        equal(&text, &host).with_context(|| format!("{} on {}", subject.name, core.title))?;
        let (ticks, macs) = ticks(&text, core.per_tick)?;
        column.counts.insert(
            subject.name.clone(),
            Count {
                instructions: ticks * core.per_tick,
                macs,
                reference: core.reference.and_then(|key| subject.published(key)),
                optimized: subject.published(core.optimized),
                tract: None,
            },
        );
    }
    Ok(column)
}

fn emulator(core: &Core, elf: &Path, kit: &Path) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", core.machine, "-nographic", "-monitor", "none", "-serial", "none"]);
    command
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"])
        .arg(elf);
    let mut loader = PathBuf::from(kit).into_os_string();
    loader.push(format!(",addr={KIT_AT},force-raw=on"));
    let mut device = std::ffi::OsString::from("loader,file=");
    device.push(loader);
    command.arg("-device").arg(device);
    command
}

/// Returns the fields of a line that begins with `word`.
fn fields<'t>(line: &'t str, word: &str) -> Option<impl Fn(&str) -> Option<&'t str> + use<'t>> {
    let rest = line.strip_prefix(word)?.strip_prefix(' ')?;
    Some(move |name: &str| {
        rest.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    })
}

fn number(text: Option<&str>) -> Result<f64> {
    text.and_then(|text| text.parse().ok()).context("the image printed no number")
}

/// Returns the ticks of one inference and the multiply-accumulates of the model.
fn ticks(text: &str, per_tick: f64) -> Result<(f64, f64)> {
    let line = |word: &'static str| text.lines().find_map(move |line| fields(line, word));
    let calibration = line("calibration").context("no calibration")?;
    let counted = number(calibration("ticks"))? * per_tick;
    let real = number(calibration("loop_instructions"))?;
    // Reading the timer adds a few instructions; a percent is far more.
    if (counted - real).abs() > real / 100.0 {
        bail!("a loop of {real} instructions counts as {counted}");
    }
    let run = line("run").context("no run")?;
    let macs = number(line("model").context("no model")?("macs"))?;
    Ok((number(run("ticks"))? / number(run("runs"))?, macs))
}

/// Checks that the fast kernels of the core, its plain ones and those of the host left the same memory after each operator.
fn equal(image: &str, host: &str) -> Result<()> {
    let sums = |text: &str, word: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| fields(line, word))
            .map(|field| {
                format!(
                    "{} {} {}",
                    field("op").unwrap_or("?"),
                    field("name").unwrap_or("?"),
                    field("crc").unwrap_or("?")
                )
            })
            .collect()
    };
    let expected = sums(host, "fast");
    if expected.is_empty() {
        bail!("the host ran no operator");
    }
    for word in ["plain", "fast"] {
        let found = sums(image, word);
        if found.len() != expected.len() {
            bail!("{word}: {} operators ran instead of {}", found.len(), expected.len());
        }
        for (found, expected) in found.iter().zip(&expected) {
            if found != expected {
                bail!("{word} kernels: operator {found} instead of {expected}");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "calibration loop_instructions=2000000 ticks=50001\n\
        model kit_bytes=10 arena_bytes=1 scratch_bytes=0 macs=77\n\
        plain op=0 name=ADD macs=0 ticks=9 crc=5\nfast op=0 name=ADD macs=0 ticks=4 crc=5\n\
        run runs=4 ticks=40 outputs=00\n";

    #[test]
    fn ticks_are_those_of_one_run() {
        let (ticks, macs) = ticks(IMAGE, 40.0).expect("well formed");
        assert!((ticks - 10.0).abs() < 1e-9 && (macs - 77.0).abs() < 1e-9);
        let error = super::ticks(IMAGE, 31.25).expect_err("another timer");
        assert!(error.to_string().contains("2000000"), "{error}");
    }

    #[test]
    fn one_different_sum_is_named() {
        assert!(equal(IMAGE, "fast op=0 name=ADD crc=5\n").is_ok());
        let error = equal(IMAGE, "fast op=0 name=ADD crc=6\n").expect_err("they differ");
        assert_eq!(error.to_string(), "plain kernels: operator 0 ADD 5 instead of 0 ADD 6");
        assert!(equal(IMAGE, "").is_err());
        assert!(equal("", "fast op=0 name=ADD crc=6\n").is_err());
    }
}
