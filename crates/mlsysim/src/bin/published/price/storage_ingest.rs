//! Samples that emulated accelerators take in from storage.

use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Label;

/// The rate follows from the stated utilisation, less the time until the first batches are read.
pub(super) const PRICING: Pricing = Pricing {
    name: "storage_ingest",
    pull: 0.0,
    price,
    constants: &[constant("storage.fill_per_gigabyte", 1e-3, 0.2)],
};

/// Mean bytes of a sample in the benchmark's data, by name: its rules state them.
const SAMPLES: [(&str, f64); 3] =
    [("unet3d", 146_600_628.0), ("resnet50", 114_660.0), ("cosmoflow", 2_828_486.0)];

fn price(inputs: &Inputs, world: &World) -> Priced {
    let accelerators = inputs.number("n_accel")?;
    let batch = inputs.number("batch")?;
    let seconds = inputs.number("emulated_compute_s_per_batch")?;
    let busy = inputs.number("accelerator_utilisation_pct")? / 100.0;
    if seconds.is_nan() || seconds <= 0.0 {
        return Err("the compute time of a batch must be above zero".into());
    }
    let benchmark = inputs.text("benchmark");
    let size = SAMPLES.iter().find(|(name, _)| benchmark.contains(name)).map(|(_, bytes)| *bytes);
    let fill = world
        .calibration
        .constant("storage", "fill_per_gigabyte")
        .map_err(|error| error.to_string())?;
    let waits = 1.0 + fill * batch * size.unwrap_or(0.0) / 1e9;
    let samples = accelerators * batch / seconds * busy / waits;
    let say = |value| world.predict("storage_ingest", Label::Calibrated, value);
    let mut prices = vec![("samples_per_s", say(samples))];
    if let Some(bytes) = size {
        prices.push(("io_mib_per_s", say(samples * bytes / 1_048_576.0)));
    }
    Ok(prices)
}
