//! Judges the motions of `motion` on an emulated board: windows of acceleration, features, network, clusters.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use kits_hal::{Check, Model, Session};
use motion::{CLASSES, KIT, Memory, TABLES};
use support::device::Device;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "motion");
    let arena = core::mem::take(&mut device.memory);
    let Ok(model) = Model::parse_core(core::hint::black_box(KIT), Check::Full) else {
        device.fail("load", "the container was refused");
    };
    let Ok(mut session) = Session::core(&model, arena) else {
        device.fail("arena", "the model needs more memory than the board has");
    };
    let mut memory = Memory::default();
    for (index, window) in motion::windows().enumerate() {
        let start = device.counter.as_ref().map_or(0, |counter| counter.ticks());
        let Ok(answer) = memory.judge(window, &TABLES, &mut session) else {
            device.fail("run", "a window was refused");
        };
        let out = &mut device.out;
        out.text("result").field("index", index as u64);
        if let Some(counter) = &device.counter {
            let ticks = counter.ticks().saturating_sub(start);
            out.field("instructions", counter.instructions(ticks));
        }
        out.text(" class=").text(CLASSES.get(answer.class).copied().unwrap_or("?"));
        out.text(" anomaly_bits=").hex(&answer.anomaly.to_be_bytes().map(u8::cast_signed));
        out.text(" outputs=").hex(&answer.scores).end();
    }
    device.end(true)
}
