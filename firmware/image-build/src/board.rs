//! The emulated boards an image can be built for.
//!
//! A program is one package; the environment variable `BOARD` of the build chooses the memory it is linked for.
//! Sizes are in `firmware/boards/BOARD.x`, what else differs is in [`BOARDS`].

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What a program has to know about its board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// The id of the board table of `kits_hal`, and the name of the linker script.
    pub id: &'static str,
    /// The Rust target of its core.
    pub target: &'static str,
    /// Bytes of flash, as the linker script says.
    pub flash: usize,
    /// Bytes of RAM, as the linker script says.
    pub ram: usize,
    /// Bytes of it kept for the stack.
    pub stack: usize,
    /// Clock of the SysTick timer of the emulated machine, in hertz; 0 if there is no timer to count with.
    pub timer_hz: u32,
}

const KIB: usize = 1024;
const M4F: &str = "thumbv7em-none-eabihf";

/// All emulated boards.
pub const BOARDS: [Board; 6] = [
    Board {
        id: "microbit",
        target: "thumbv6m-none-eabi",
        flash: 256 * KIB,
        ram: 16 * KIB,
        stack: 4 * KIB,
        timer_hz: 0,
    },
    Board {
        id: "lm3s6965",
        target: "thumbv7m-none-eabi",
        flash: 256 * KIB,
        ram: 64 * KIB,
        stack: 8 * KIB,
        timer_hz: 12_500_000,
    },
    Board {
        id: "nano33ble",
        target: M4F,
        flash: 1024 * KIB,
        ram: 256 * KIB,
        stack: 8 * KIB,
        timer_hz: 25_000_000,
    },
    Board {
        id: "nicla_vision",
        target: M4F,
        flash: 2048 * KIB,
        ram: 512 * KIB,
        stack: 8 * KIB,
        timer_hz: 25_000_000,
    },
    Board {
        id: "grove_vision_ai_v2",
        target: "thumbv8m.main-none-eabihf",
        flash: 512 * KIB,
        ram: 512 * KIB,
        stack: 8 * KIB,
        timer_hz: 32_000_000,
    },
    Board {
        id: "counted_m0",
        target: "thumbv6m-none-eabi",
        flash: 1024 * KIB,
        ram: 256 * KIB,
        stack: 8 * KIB,
        timer_hz: 25_000_000,
    },
];

impl Board {
    /// Returns the board that `BOARD` names; `nano33ble` if it is not set.
    ///
    /// # Errors
    ///
    /// If there is no such board, or the build is for the target of another core.
    pub fn chosen() -> Result<Self, String> {
        println!("cargo::rerun-if-env-changed=BOARD");
        let id = env::var("BOARD").unwrap_or_else(|_| String::from("nano33ble"));
        let Some(board) = BOARDS.into_iter().find(|board| board.id == id) else {
            let known = BOARDS.map(|board| board.id).join(", ");
            return Err(format!("BOARD={id}: no such board; there are {known}"));
        };
        let target = env::var("TARGET").unwrap_or_default();
        let bare = env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none");
        if bare && target != board.target {
            return Err(format!(
                "BOARD={id} is built for {}, not {target}: give --target {}",
                board.target, board.target
            ));
        }
        Ok(board)
    }

    /// Writes `board.rs`, the constant `BOARD` of the program, and the linker script of the board.
    pub(crate) fn place(&self, scripts: &Path, out: &Path) -> Result<(), String> {
        let script = scripts.join(format!("{}.x", self.id));
        println!("cargo::rerun-if-changed={}", script.display());
        fs::copy(&script, out.join("memory.x"))
            .map_err(|e| format!("{}: {e}", script.display()))?;
        let constant = format!(
            "/// The board this image is linked for.\nconst BOARD: support::Board = support::Board {{ id: {:?}, stack_bytes: {}, timer_hz: {} }};\n",
            self.id, self.stack, self.timer_hz
        );
        let file: PathBuf = out.join("board.rs");
        fs::write(&file, constant).map_err(|e| format!("{}: {e}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_linker_scripts() {
        for board in BOARDS {
            let script = Path::new("../boards").join(format!("{}.x", board.id));
            let text = fs::read_to_string(&script).expect("a script for every board");
            for (region, bytes) in [("FLASH", board.flash), ("RAM", board.ram)] {
                let line = text.lines().find(|line| line.trim_start().starts_with(region));
                let length = format!("LENGTH = {}K", bytes / KIB);
                assert!(line.is_some_and(|line| line.ends_with(&length)), "{}: {length}", board.id);
            }
            assert!(board.stack < board.ram, "{}", board.id);
        }
    }
}
