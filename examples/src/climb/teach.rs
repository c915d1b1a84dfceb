//! Teach: predicted against measured, and where the difference comes from.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::Options;
use super::deploy::Deploy;
use super::model::{Machines, Prediction};
use crate::page::{Origin, Page, seconds};

/// Predicted against measured.
#[derive(Debug, Serialize)]
pub struct Teach {
    /// Predicted time on this host in seconds: the roofline, a bound.
    pub host_predicted_s: f64,
    /// Measured time on this host in seconds.
    pub host_measured_s: f64,
    /// Measured by predicted.
    pub host_factor: f64,
    /// Predicted time on the board in seconds.
    pub board_predicted_s: f64,
    /// Emulated instructions at the board's clock, one a cycle, in seconds.
    pub board_emulated_s: Option<f64>,
    /// Emulated by predicted.
    pub board_factor: Option<f64>,
}

/// Compares, and shows the prediction's work.
///
/// # Errors
///
/// If the report cannot be written.
pub fn run<W: Write>(
    options: &Options,
    machines: &Machines,
    model: &Prediction,
    deploy: &Deploy,
    page: &mut Page<W>,
) -> Result<Teach> {
    page.heading("6 Teach: predicted against measured")?;
    let (host_predicted_s, host_measured_s) = (model.host.latency_s, deploy.host_latency_s);
    let host_factor = host_measured_s / host_predicted_s;
    page.value(
        "this host, predicted",
        seconds(host_predicted_s),
        Origin::Computed,
        "the roofline at full efficiency",
    )?;
    page.value(
        "this host, measured",
        seconds(host_measured_s),
        Origin::Measured,
        "portable int8 kernels, one thread",
    )?;
    page.value("factor", format!("{host_factor:.1}"), Origin::Computed, "measured / predicted")?;

    let board_predicted_s = model.board.latency_s;
    let clock_hz = options.board.cores.first().map(|core| core.clock_hz.value.low as f64);
    let emulated =
        deploy.emulated.instructions.filter(|_| deploy.emulated.board == Some(options.board.id));
    let board_emulated_s = emulated.zip(clock_hz).map(|(count, hz)| count as f64 / hz);
    let board_factor = board_emulated_s.map(|time| time / board_predicted_s);
    page.value(
        &format!("{}, predicted", options.board.id),
        seconds(board_predicted_s),
        Origin::Computed,
        "from recorded cycles per multiply-accumulate",
    )?;
    if let (Some(time), Some(factor)) = (board_emulated_s, board_factor) {
        page.value(
            &format!("{}, emulated", options.board.id),
            seconds(time),
            Origin::Emulated,
            "instructions at the board's clock, one a cycle assumed",
        )?;
        page.value("factor", format!("{factor:.1}"), Origin::Computed, "emulated / predicted")?;
    }
    page.text("\nHow the prediction for this host comes about:\n")?;
    page.text(machines.explain())?;
    page.text(verdict(host_factor))?;
    Ok(Teach {
        host_predicted_s,
        host_measured_s,
        host_factor,
        board_predicted_s,
        board_emulated_s,
        board_factor,
    })
}

/// Says in a sentence what the factor means.
fn verdict(factor: f64) -> String {
    let reason = if factor < 1.0 {
        "The run was faster than its bound, so a probed rate is not the machine's best: the probe's loops are compiled like the kernels, not tuned."
    } else if factor < 3.0 {
        "The bound is close: arithmetic and traffic explain the time."
    } else {
        "The bound counts arithmetic and traffic only. What it leaves out is the fixed cost of each operator and each output \
         channel, which a model this small cannot spread over enough work."
    };
    format!("\n{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_of_the_factor_has_its_own_reason() {
        let reasons: Vec<String> = [0.5, 2.0, 50.0].map(verdict).to_vec();
        assert!(reasons[0] != reasons[1] && reasons[1] != reasons[2]);
    }
}
