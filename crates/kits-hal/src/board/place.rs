//! Which part of a program goes into which memory.
//!
//! Code and weights belong in flash, the stack in the first fast memory, the arena and the buffers in any memory.
//! On a board without flash (a single-board computer) everything goes into its main memory.
//! Of all assignments the first without a shortage is taken, in the order fast memory before slow memory, and buffers
//! moved before the arena: a buffer is read once per inference, the arena on every operator.
//! Weights leave flash only when nothing else helps; they must then be loaded into slow memory at start.

use super::memory::{Region, RegionUse};
use super::need::Need;
use super::provenance::Provenance;
use super::{Board, MAX_REGIONS};

/// Where the movable parts of a program lie, as names of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Placement {
    /// The region with the weights.
    pub weights: &'static str,
    /// The region with the arena.
    pub arena: &'static str,
    /// The region with buffers and other static data.
    pub buffers: &'static str,
}

/// One assignment with what it takes from every region.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Placed {
    pub(super) placement: Placement,
    /// Latency factor in thousandths, and its source if it is not 1.
    pub(super) slowdown_milli: u32,
    pub(super) slowdown_from: Option<Provenance>,
    pub(super) uses: [Option<RegionUse>; MAX_REGIONS],
    shortage: u64,
}

/// Returns the first assignment without a shortage, else the one with the smallest; `None` if the board has no memory.
pub(super) fn place(board: &Board, need: &Need) -> Option<Placed> {
    let mut best: Option<Placed> = None;
    for weights in board.regions.iter().filter(|r| r.holds_weights()) {
        for arena in board.regions.iter().filter(|r| r.holds_data()) {
            for buffers in board.regions.iter().filter(|r| r.holds_data()) {
                let candidate = assign(board, need, [weights, arena, buffers]);
                if candidate.shortage == 0 {
                    return Some(candidate);
                }
                if best.is_none_or(|b| candidate.shortage < b.shortage) {
                    best = Some(candidate);
                }
            }
        }
    }
    best
}

/// Adds up what every region holds under one assignment.
fn assign(board: &Board, need: &Need, [weights, arena, buffers]: [&Region; 3]) -> Placed {
    let code_home = board.regions.iter().find(|r| r.holds_weights()).map(|r| r.name);
    let stack_home = board.regions.iter().find(|r| r.holds_data()).map(|r| r.name);
    let mut uses = [None; MAX_REGIONS];
    let mut shortage = 0_u64;
    for (region, slot) in board.regions.iter().zip(&mut uses) {
        let parts = [
            (weights.name == region.name, need.model_bytes),
            (code_home == Some(region.name), need.code_bytes),
            (arena.name == region.name, need.arena_bytes),
            (buffers.name == region.name, need.buffers),
            (stack_home == Some(region.name), need.stack_bytes),
        ];
        let used = parts
            .iter()
            .filter(|(here, _)| *here)
            .fold(0_u64, |sum, (_, bytes)| sum.saturating_add(u64::from(*bytes)));
        shortage = shortage.saturating_add(used.saturating_sub(region.bytes.value));
        *slot = Some(RegionUse {
            name: region.name,
            kind: region.kind,
            used,
            bytes: region.bytes.value,
            from: region.bytes.from,
        });
    }
    let slow =
        [weights, arena].into_iter().filter_map(|r| r.slowdown_milli).max_by_key(|s| s.value);
    Placed {
        placement: Placement { weights: weights.name, arena: arena.name, buffers: buffers.name },
        slowdown_milli: slow.map_or(1000, |s| s.value),
        slowdown_from: slow.map(|s| s.from),
        uses,
        shortage,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Board, Need};
    use super::{Placed, place};

    const KIB: u32 = 1024;
    const MIB: u32 = 1024 * KIB;

    #[track_caller]
    fn check(
        board: &str,
        need: Need,
        [weights, arena, buffers]: [&str; 3],
        slowdown_milli: u32,
    ) -> Placed {
        let placed =
            place(Board::by_id(board).expect("a known board"), &need).expect("a placement");
        let p = placed.placement;
        assert_eq!([p.weights, p.arena, p.buffers], [weights, arena, buffers]);
        assert_eq!(placed.slowdown_milli, slowdown_milli);
        placed
    }

    fn need(model: u32, arena: u32, buffers: u32) -> Need {
        Need {
            model_bytes: model,
            arena_bytes: arena,
            buffers,
            stack_bytes: 8 * KIB,
            ..Need::default()
        }
    }

    #[test]
    fn fast_memory_first() {
        check("xiao_esp32s3", need(MIB, 200 * KIB, 150 * KIB), ["flash", "RAM", "RAM"], 1000);
        check("nano33ble", need(MIB, 200 * KIB, 48 * KIB), ["flash", "RAM", "RAM"], 1000);
    }

    #[test]
    fn buffers_move_before_the_arena() {
        // 400 + 150 + 8 > 512 KiB; either alone fits.
        check("xiao_esp32s3", need(MIB, 400 * KIB, 150 * KIB), ["flash", "RAM", "PSRAM"], 1000);
    }

    #[test]
    fn an_arena_too_large_for_fast_memory_goes_to_slow_memory() {
        // MobileNetV2 1.0 at 224 x 224: 3.9 MiB of weights, 2.34 MiB of arena.
        let mobilenet = need(3_993 * KIB, 2_396 * KIB, 147 * KIB);
        check("xiao_esp32s3", mobilenet, ["flash", "PSRAM", "RAM"], 1250);
    }

    #[test]
    fn weights_leave_flash_last() {
        // 7.9 MiB of weights and 200 KiB of code do not share 8 MiB of flash.
        let heavy = Need { code_bytes: 200 * KIB, ..need(8_090 * KIB, 64 * KIB, 0) };
        check("xiao_esp32s3", heavy, ["PSRAM", "RAM", "RAM"], 1250);
    }

    #[test]
    fn a_second_block_of_fast_memory_is_used() {
        check("nicla_vision", need(MIB, 480 * KIB, 150 * KIB), ["flash", "RAM", "RAM D2"], 1000);
    }

    #[test]
    fn a_computer_loads_everything_into_main_memory() {
        let placed = check("rpi4", need(MIB, MIB, MIB), ["RAM", "RAM", "RAM"], 1000);
        assert_eq!(placed.uses[0].expect("a region").used, u64::from(3 * MIB + 8 * KIB));
    }

    #[test]
    fn without_a_fit_the_smallest_shortage_is_reported() {
        // 9 MiB of arena: slow memory lacks 1 MiB, fast memory 8.5 MiB and more.
        let placed = check("xiao_esp32s3", need(MIB, 9 * MIB, 0), ["flash", "PSRAM", "RAM"], 1250);
        assert_eq!(placed.shortage, u64::from(MIB));
    }
}
