//! The images: package, board, profile, target, and the emulated machine that stands in for the board.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::check;
use crate::process::{cargo, need, need_target, output, run as run_command};
use crate::{nostd, tensors, workspace};

/// Targets of the boards.
const M0: &str = "thumbv6m-none-eabi";
const M3: &str = "thumbv7m-none-eabi";
const M4F: &str = nostd::THUMB;
const M55: &str = "thumbv8m.main-none-eabihf";

/// Holds what a run printed against answers from elsewhere, and says what agrees.
type Check = fn(&str) -> Result<String>;

/// One image.
#[derive(Clone, Copy)]
pub(crate) struct Image {
    pub(crate) package: &'static str,
    /// The program of the package.
    program: &'static str,
    /// For a package that can be linked for several boards: which one.
    pub(crate) board: Option<&'static str>,
    pub(crate) profile: &'static str,
    pub(crate) target: &'static str,
    /// The emulated machine; none for an image that is built and not run.
    pub(crate) machine: Option<&'static str>,
    /// Whether a panic may be linked: only where a library allocates.
    pub(crate) may_panic: bool,
    pub(crate) check: Check,
    /// Answers on its serial port until it is stopped, rather than printing and ending.
    pub(crate) talks: bool,
}

const fn image(package: &'static str, profile: &'static str, target: &'static str) -> Image {
    let (board, machine) = (None, None);
    let (program, may_panic, talks, check) = (package, false, false, check::done as Check);
    Image { package, program, board, profile, target, machine, may_panic, check, talks }
}

impl Image {
    const fn on(self, board: &'static str) -> Self {
        Self { board: Some(board), ..self }
    }

    const fn emulated(self, machine: &'static str, check: Check) -> Self {
        Self { machine: Some(machine), check, ..self }
    }

    const fn talking(self) -> Self {
        Self { talks: true, ..self }
    }

    const fn program(self, program: &'static str) -> Self {
        Self { program, ..self }
    }

    const fn allocating(self) -> Self {
        Self { may_panic: true, ..self }
    }
}

/// A program on each of the five emulated boards.
const fn everywhere(package: &'static str, check: Check) -> [Image; 5] {
    [
        image(package, "release", M0).on("microbit").emulated("microbit", check),
        image(package, "release", M3).on("lm3s6965").emulated("lm3s6965evb", check),
        image(package, "release", M4F).on("nano33ble").emulated("mps2-an386", check),
        image(package, "release", M4F).on("nicla_vision").emulated("mps2-an500", check),
        image(package, "release", M55).on("grove_vision_ai_v2").emulated("mps3-an547", check),
    ]
}

/// The images that read vectors, on every emulated board.
const SELFTESTS: [Image; 5] = everywhere("selftest", check::selftest);

/// Random layers, on a core of each family of kernels.
const LAYERS: [Image; 3] = [
    image("layers", "release", M0).on("microbit").emulated("microbit", check::layers),
    image("layers", "release", M4F).on("nano33ble").emulated("mps2-an386", check::layers),
    image("layers", "release", M55).on("grove_vision_ai_v2").emulated("mps3-an547", check::layers),
];

/// Digits in frames of a camera.
const PICTURES: [Image; 5] = everywhere("picture", check::picture);

/// A keyword in a recorded second of sound; the smallest board has 16 KiB.
const KEYWORDS: [Image; 2] = [
    image("kws", "release", M0).on("microbit").emulated("microbit", check::keyword),
    image("kws", "release", M4F).on("nano33ble").emulated("mps2-an386", check::keyword),
];

/// Motions of a parcel.
const MOTIONS: [Image; 2] = [
    image("motion-board", "release", M3).on("lm3s6965").emulated("lm3s6965evb", check::motions),
    image("motion-board", "release", M4F).on("nano33ble").emulated("mps2-an386", check::motions),
];

/// For chips that no emulator here stands in for.
const CHIPS: [Image; 4] = [
    image("rp2040", "release", M0),
    image("nrf52840", "release", M4F),
    image("stm32h7", "release", M4F),
    image("esp32c3", "release", "riscv32imc-unknown-none-elf"),
];

/// The others.
const OTHERS: [Image; 5] = [
    image("conformance", "release", M4F).on("nano33ble").emulated("mps2-an386", check::done),
    image("bench-device", "release", M4F)
        .on("nano33ble")
        .emulated("mps2-an386", check::done)
        .talking(),
    image("nano33ble", "release", M4F).emulated("mps2-an386", check::sample),
    image("tensors-board", "small", M4F).emulated("mps2-an386", tensors::check).allocating(),
    image("no-panic", "release", M4F),
];

/// Programs that measure a model: the machine must count instructions.
pub(crate) const MEASURES: [Image; 4] = [
    image("measure", "release", M0).on("counted_m0").emulated("mps2-an386", check::done),
    image("measure", "release", M4F).on("nano33ble").emulated("mps2-an386", check::done),
    image("measure", "release", M4F).on("nicla_vision").emulated("mps2-an500", check::done),
    image("measure", "release", M55).on("grove_vision_ai_v2").emulated("mps3-an547", check::done),
];

/// Programs whose size is held against a table.
pub(crate) const SIZED: [Image; 6] = [
    image("runtime-size", "small", M4F).program("runtime-empty"),
    image("runtime-size", "small", M4F).program("runtime-plain"),
    image("runtime-size", "small", M4F).program("runtime-core"),
    image("runtime-size", "small", M4F).program("runtime-all"),
    image("nano33ble", "small", M4F),
    image("no-panic", "small", M4F),
];

/// Returns all images.
pub(crate) fn all() -> Vec<Image> {
    [&SELFTESTS[..], &LAYERS, &PICTURES, &KEYWORDS, &MOTIONS, &OTHERS, &CHIPS, &SIZED].concat()
}

/// Builds images, as many as possible at a time, and returns each with its file.
///
/// # Errors
///
/// If a build fails, or a target is not installed.
pub(crate) fn build_all(images: &[Image]) -> Result<Vec<(Image, PathBuf)>> {
    let mut groups: Vec<Vec<Image>> = Vec::new();
    // Images for several boards first, so that the others find a group.
    let (boards, others): (Vec<&Image>, Vec<&Image>) =
        images.iter().partition(|image| image.board.is_some());
    for image in boards.into_iter().chain(others) {
        match groups.iter_mut().find(|group| group.iter().all(|other| image.goes_with(other))) {
            Some(group) => group.push(*image),
            None => groups.push(vec![*image]),
        }
    }
    let mut built = Vec::new();
    for group in groups {
        compile(&group, &[])?;
        for image in group {
            built.push((image, image.copy()?));
        }
    }
    Ok(built)
}

/// Runs cargo for images of one board, profile and target.
fn compile(images: &[Image], variables: &[(&str, &Path)]) -> Result<()> {
    let Some(first) = images.first() else { return Ok(()) };
    need_target(first.target)?;
    let mut command = cargo(&workspace::root().join("firmware"));
    command.args(["build", "--quiet", "--profile", first.profile, "--target", first.target]);
    let mut packages: Vec<&str> = images.iter().map(|image| image.package).collect();
    packages.sort_unstable();
    packages.dedup();
    for package in packages {
        command.args(["-p", package]);
    }
    // Without the processor's name the compiler leaves its vector instructions out.
    command.env("CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_RUSTFLAGS", "-C target-cpu=cortex-m55");
    if let Some(board) = images.iter().find_map(|image| image.board) {
        command.env("BOARD", board);
    }
    command.envs(variables.iter().copied());
    run_command(&mut command)
}

impl Image {
    /// Returns the name: program, board and profile where they differ between images.
    pub(crate) fn name(&self) -> String {
        let board = self.board.map_or_else(String::new, |board| format!("-{board}"));
        let profile = if self.profile == "release" { "" } else { "-small" };
        format!("{}{board}{profile}", self.program)
    }

    /// Returns whether its processor has vector instructions.
    pub(crate) fn has_vectors(&self) -> bool {
        self.target == M55
    }

    /// Builds the image alone with the given variables and returns a copy that the next build leaves alone.
    ///
    /// # Errors
    ///
    /// If the build fails, or the target is not installed.
    pub(crate) fn build(&self, variables: &[(&str, &Path)]) -> Result<PathBuf> {
        compile(&[*self], variables)?;
        self.copy()
    }

    /// Copies what was built, so that a build for another board leaves it alone.
    fn copy(&self) -> Result<PathBuf> {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let target = workspace::root().join("firmware").join(target);
        let built = target.join(self.target).join(self.profile).join(self.program);
        let images = target.join("images");
        let copy = images.join(format!("{}.elf", self.name()));
        std::fs::create_dir_all(&images)
            .and_then(|()| std::fs::copy(&built, &copy))
            .with_context(|| format!("cannot copy {} to {}", built.display(), copy.display()))?;
        Ok(copy)
    }

    /// Returns whether one run of cargo can build both: an image for one board takes no notice of `BOARD`, and one that may
    /// panic has another panic handler.
    fn goes_with(&self, other: &Self) -> bool {
        let board = self.board.is_none() || other.board.is_none() || self.board == other.board;
        board
            && self.target == other.target
            && self.profile == other.profile
            && !self.may_panic
            && !other.may_panic
    }

    /// Runs the image in the emulator and returns what it printed.
    ///
    /// # Errors
    ///
    /// If the emulator is missing, or the image ends with another status than 0 or without saying that it is done.
    pub(crate) fn emulate(&self, elf: &Path) -> Result<String> {
        let Some(machine) = self.machine else {
            bail!("{}: no emulated machine stands in for its board", self.name());
        };
        need("qemu-system-arm", "apt-get install qemu-system-arm")?;
        let mut command = Command::new("qemu-system-arm");
        command.args(["-M", machine, "-nographic", "-monitor", "none", "-serial", "none"]);
        command
            .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0"])
            .arg("-kernel")
            .arg(elf);
        let text = output(&mut command).with_context(|| self.name())?;
        if !text.contains("done ok") {
            bail!("{}: the image ended without saying that it is done", self.name());
        }
        Ok(text)
    }
}
