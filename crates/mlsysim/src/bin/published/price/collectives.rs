//! Collectives inside one node.

use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::collective::{Collective, Constants, time};

/// Time of one collective, and the two bandwidths that benchmarks derive from it.
pub(super) const PRICING: Pricing = Pricing {
    name: "collectives",
    pull: 0.0,
    price,
    constants: &[
        constant("ampere.kernel_time", 1e-6, 3e-5),
        constant("hopper.kernel_time", 1e-6, 3e-5),
        constant("blackwell.kernel_time", 1e-6, 3e-5),
        constant("ada.kernel_time", 1e-6, 3e-5),
        constant("ampere.link_efficiency", 0.3, 1.0),
        constant("hopper.link_efficiency", 0.3, 1.0),
        constant("blackwell.link_efficiency", 0.3, 1.0),
        constant("ada.link_efficiency", 0.3, 1.0),
        constant("collective.hop", 0.01, 1.0),
        constant("collective.peer", 0.001, 1.0),
        constant("collective.rise", 0.01, 2.0),
        constant("collective.low_latency_share", 0.05, 1.0),
        constant("collective.pipeline_bytes", 1e5, 5e7),
        constant("collective.gap", 0.05, 1.0),
        constant("collective.reduce_gap", 0.01, 1.0),
        constant("collective.switch_share", 0.01, 1.0),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let members = inputs.number("n_accel")?;
    let bytes = inputs.number("message_bytes")?;
    let collective = match inputs.text("op") {
        "all_reduce" => Collective::AllReduce,
        "all_gather" => Collective::AllGather,
        "reduce_scatter" => Collective::ReduceScatter,
        "alltoall" | "all_to_all" => Collective::AllToAll,
        other => return Err(format!("no collective `{other}`")),
    };
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = time(&machine, collective, members, bytes, &constants).map_err(text)?;
    let algorithm = bytes / time / 1e9;
    // What each link carries for a byte of the message, as the benchmark counts it.
    let factor = match collective {
        Collective::AllReduce => 2.0 * (members - 1.0) / members,
        _ => (members - 1.0) / members,
    };
    let predict = |value| world.predict("collectives", machine.label, value);
    Ok(vec![
        ("latency_us", predict(time * 1e6)),
        ("algbw_gb_s", predict(algorithm)),
        ("busbw_gb_s", predict(algorithm * factor)),
    ])
}
