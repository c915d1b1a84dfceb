//! An evaluation without a trace takes nothing from the heap.
#![expect(
    unsafe_code,
    reason = "an allocator that counts can only be installed through an unsafe trait"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::black_box;
use mlsysim::composite::roofline::{Step, StepIn};
use mlsysim::composite::single_node::evaluate;
use mlsysim::composite::training_step::{
    Cluster, Layout as Division, Plan, Shape, Tuning, step_estimate,
};
use mlsysim::composite::{Device, Settings};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds, Watts};
use mlsysim::{Convention, WorkloadSpec, walls};
use std::alloc::System;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system allocator unchanged; the counter is a plain cell of this thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending has no counter left; its allocations are nobody's business here.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, which is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl Fn()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    run();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn evaluation_without_a_trace_allocates_nothing() {
    let device = Device {
        power: Some(Watts(400.0)),
        layer_time: Seconds(1e-5),
        ..Device::new(FlopPerSecond(312e12), BytesPerSecond(2.039e12), Bytes(80e9))
    };
    let work = WorkloadSpec {
        ops: Flop(16e9),
        bytes_moved: Bytes(16e9),
        weight_bytes: Bytes(16e9),
        layers: 32,
        ..WorkloadSpec::default()
    };
    for convention in [Convention::Reference, Convention::Upstream030] {
        let count = allocations(|| {
            for _ in 0..100 {
                let _ = black_box(evaluate(
                    black_box(&work),
                    &device,
                    &Settings::default(),
                    convention,
                    &mut NoTrace,
                ));
            }
        });
        assert_eq!(count, 0, "single node, {convention}");
    }
    let step = StepIn {
        ops: Flop(1e12),
        bytes_moved: Bytes(1e9),
        peak: FlopPerSecond(312e12),
        bandwidth: BytesPerSecond(2e12),
        efficiency: 0.5,
        memory_efficiency: 0.8,
        overhead: Seconds(1e-5),
        overlap: 1.0,
    };
    let count = allocations(|| {
        let _ = black_box(walls::solve::<Step>(black_box(&step), Convention::Reference));
    });
    assert_eq!(count, 0, "roofline.step");
}

#[test]
fn a_training_step_without_a_trace_allocates_nothing() {
    let device = (FlopPerSecond(312e12), BytesPerSecond(2.039e12), Bytes(80e9));
    let cluster = Cluster::new(1024, 8, device, BytesPerSecond(300e9), BytesPerSecond(25e9));
    let shape = Shape::dense(96, 12_288, 96, Params(175e9));
    let tuning = Tuning { batch: 1536, ..Tuning::default() };
    let plan = Plan::new(shape, cluster, tuning).expect("in range");
    let layout = Division { tp: 8, pp: 8, interleave: 2, ..Division::copies(16) };
    let count = allocations(|| {
        for _ in 0..100 {
            let step = step_estimate(black_box(&plan), black_box(&layout), &mut NoTrace);
            assert!(black_box(step).is_ok());
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(black_box(Box::new(1)))) >= 1);
}
