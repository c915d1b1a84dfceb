//! Duty cycles and batteries.

use kits_hal::board::{Battery, DutyCycle};
use serde_json::Value;

use super::{compare::within, single};

/// A dozen operations in single precision on positive numbers: within 1e-6.
pub(super) fn duty_cycle(case: &Value) -> Result<(), String> {
    let f = |name: &str| single(&case[name]);
    let cycle = DutyCycle {
        volts: f("v_load"),
        sense_ma: f("i_sense_ma"),
        sense_ms: f("t_sense_ms"),
        active_ma: f("i_active_ma"),
        active_ms: f("t_active_ms"),
        sleep_ua: f("i_sleep_ua"),
        period_ms: f("period_ms"),
        regulator: f("regulator_eff"),
    };
    let battery = Battery {
        mah: f("battery_mah"),
        volts: f("battery_v"),
        usable: f("usable"),
        self_discharge_percent: f("self_discharge_pct_month"),
    };
    // The vectors do not ask whether the parts fit the period.
    let energies = cycle.linear().map_err(|e| e.to_string())?;
    let life = battery.life_hours(energies.average_mw).map_err(|e| e.to_string())?;
    let found = [energies.period_uj, energies.average_mw, life, energies.inference_uj];
    let expected = ["energy_per_period_uj", "average_mw", "life_h", "energy_per_inference_uj"]
        .map(|name| case["expect"][name].as_f64().expect("a number"));
    within(&found, &expected, |_, e| 1e-6 * e)
}
