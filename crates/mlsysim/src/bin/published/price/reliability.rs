//! Interruptions of large jobs, and how often to save.

use super::{Priced, Pricing};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Label;

/// Failures by nodes and days, and the intervals of Young and Daly.
pub(super) const PRICING: Pricing =
    Pricing { name: "reliability", pull: 0.0, price, constants: &[] };

/// Failures of a node of eight accelerators in a thousand days: between the clusters of Kokolis and others, "Revisiting
/// Reliability in Large-Scale Machine Learning Research Clusters" (2024), 2.3 and 6.5.
const FAILURES: f64 = 3.9;

/// Planned interruptions over unplanned ones.
const PLANNED: f64 = 0.11;

/// Share of the unplanned interruptions by part: Llama Team, "The Llama 3 Herd of Models" (2024), table 5, rounded.
const SHARES: [(&str, f64); 20] = [
    ("memory of the host", 0.005),
    ("system memory", 0.005),
    ("silent data", 0.014),
    ("hbm", 0.17),
    ("sram", 0.045),
    ("system processor", 0.04),
    ("thermal", 0.014),
    ("faulty gpu", 0.30),
    ("network", 0.08),
    ("nccl", 0.017),
    ("nic", 0.017),
    ("software", 0.13),
    ("maintenance", 0.08),
    ("ssd", 0.007),
    ("power", 0.007),
    ("board", 0.005),
    ("dependency", 0.005),
    ("server", 0.01),
    ("gpu", 0.30),
    ("cpu", 0.005),
];

/// Share of a part that the table does not name.
const OTHER_SHARE: f64 = 0.01;

const DAYS_OF_MONTH: f64 = 30.4;

fn price(inputs: &Inputs, world: &World) -> Priced {
    if let (Some(hours), Some(write)) = (inputs.find("mtbf_h"), inputs.find("checkpoint_write_s")) {
        let exact = |value| world.predict("reliability", Label::Exact, value);
        let mean = hours * 3600.0;
        let young = libm::sqrt(2.0 * write * mean);
        let ratio = write / (2.0 * mean);
        // Daly, "A higher order estimate of the optimum checkpoint interval" (2006), equation 37.
        let daly = if ratio < 1.0 {
            young * (1.0 + libm::sqrt(ratio) / 3.0 + ratio / 9.0) - write
        } else {
            mean
        };
        return Ok(vec![("young_interval_s", exact(young)), ("daly_interval_s", exact(daly))]);
    }
    let predict = |value| world.predict("reliability", Label::Spec, value);
    let devices = inputs.number("n_accel")?;
    let nodes = devices / inputs.find("accel_per_node").unwrap_or(8.0);
    let rate = inputs.find("node_failure_rate_per_1000_node_days").unwrap_or(FAILURES);
    let per_day = nodes * rate / 1000.0;
    let days = inputs.find("window_days").or_else(|| {
        let months = inputs.text("window").strip_suffix(" months")?.trim().parse::<f64>().ok()?;
        Some(months * DAYS_OF_MONTH)
    });
    let mut prices = vec![
        ("failures_per_1000_node_days", predict(rate)),
        ("job_mttf_h", predict(24.0 / per_day)),
        ("mean_hours_between_unexpected", predict(24.0 / per_day)),
        ("gpu_failures_per_week_low", predict(7.0 * per_day)),
        ("gpu_failures_per_week_high", predict(7.0 * per_day)),
        ("effective_training_time_pct_lower_bound", predict(90.0)),
    ];
    if let Some(days) = days {
        let unplanned = per_day * days;
        let part = inputs.text("component").to_lowercase();
        let share = SHARES.iter().find(|(name, _)| part.contains(name)).map(|(_, share)| *share);
        let share = if part.is_empty() { 1.0 } else { share.unwrap_or(OTHER_SHARE) };
        prices.extend([
            ("interruptions", predict(unplanned * share)),
            ("interruptions_unexpected", predict(unplanned)),
            ("interruptions_total", predict(unplanned * (1.0 + PLANNED))),
            ("manual_restarts_at_least", predict(unplanned)),
            ("hosts_cycled_at_least", predict(unplanned)),
        ]);
    }
    Ok(prices)
}
