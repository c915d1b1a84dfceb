//! Wall 22 asked about recorded models and parts: what a target asks for, and the cheapest way to have it.

use crate::composite::Settings;
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Hardware, Inference, Model};
use crate::trace::{NoTrace, Recorder};
use crate::units::{Seconds, Usd};
use crate::walls::analysis::synthesis::{
    Devices, DevicesIn, DevicesOut, Outcome, Requirements, RequirementsIn, RequirementsOut,
};
use crate::walls::{solve, solve_traced};
use crate::workload::Workload as _;
use alloc::vec::Vec;

/// Returns the least machine that does one inference step of `model` in `target`.
///
/// - [`Convention::Reference`]: the step's operations, the bytes it reads (of a sparse model the experts that the batch
///   reaches) and its cache; `overhead` comes off the target.
/// - [`Convention::Upstream030`]: one item, all weights once, no overhead.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for a target that is not above 0.
/// - As [`Model::inference`] and [`crate::walls::solve`].
#[expect(clippy::too_many_arguments, reason = "a step, a target, and how the code runs")]
pub fn required_machine<R: Recorder>(
    model: &Model,
    precision: Precision,
    step: &Inference,
    target: Seconds,
    overhead: Seconds,
    efficiency: f64,
    convention: Convention,
    trace: &mut R,
) -> Result<RequirementsOut> {
    let x = match convention {
        Convention::Reference => {
            let work = model.inference(step, precision, convention, &mut NoTrace)?;
            RequirementsIn {
                ops: work.ops(),
                bytes_moved: work.bytes_moved(),
                memory: work.footprint(),
                target,
                overhead,
                efficiency,
            }
        }
        Convention::Upstream030 => {
            let weights = model.weight_bytes(precision, convention)?;
            RequirementsIn {
                ops: model.ops_per_item(convention)?,
                bytes_moved: weights,
                memory: weights,
                target,
                overhead,
                efficiency,
            }
        }
    };
    solve_traced::<Requirements, _>(&x, convention, trace)
}

/// What a part has to say to a target.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// So many of them meet it, for so much, if their price is known.
    Meets {
        /// The count, and what asks for it.
        devices: DevicesOut,
        /// The price of all of them; `None` if unknown, which is not free.
        price: Option<Usd>,
    },
    /// It would take more than are allowed.
    TooMany {
        /// The count, and what asks for it.
        devices: DevicesOut,
    },
    /// Its fixed time alone takes as long as the target.
    OverheadTooLong {
        /// That fixed time.
        overhead: Seconds,
    },
    /// It has no rate for the number format.
    NoRate,
}

/// Every part's answer, and the cheapest.
#[derive(Debug, Clone, PartialEq)]
pub struct Offers {
    /// One answer per part, in the order given.
    pub answers: Vec<Answer>,
    /// Index of the cheapest part that meets the target, the first among equals; `None` if none with a known price does.
    pub cheapest: Option<usize>,
}

/// Returns how many of each part do one inference step of `model` in `target`, and the cheapest of them.
///
/// Work splits evenly over the devices; the time to exchange results is not counted, so counts above one are lower
/// bounds.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for a target that is not above 0.
/// - As [`Model::inference`] if the model's record lacks something.
pub fn cheapest_part(
    model: &Model,
    parts: &[Hardware],
    precision: Precision,
    step: &Inference,
    target: Seconds,
    most: u32,
) -> Result<Offers> {
    let mut answers = Vec::with_capacity(parts.len());
    for part in parts {
        answers.push(answer(model, part, precision, step, target, most)?);
    }
    let price = |index: &usize| match answers[*index] {
        Answer::Meets { price: Some(price), .. } => Some((*index, price)),
        _ => None,
    };
    let cheapest = (0..answers.len())
        .filter_map(|index| price(&index))
        .min_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))
        .map(|(index, _)| index);
    Ok(Offers { answers, cheapest })
}

fn answer(
    model: &Model,
    part: &Hardware,
    precision: Precision,
    step: &Inference,
    target: Seconds,
    most: u32,
) -> Result<Answer> {
    let convention = Convention::Reference;
    let Ok(device) = part.device(precision, convention) else {
        return Ok(Answer::NoRate);
    };
    let Settings { efficiency, .. } = part.settings(precision);
    let work = model.inference(step, precision, convention, &mut NoTrace)?;
    let overhead = device.dispatch + device.layer_time * f64::from(work.layers());
    let x = RequirementsIn {
        ops: work.ops(),
        bytes_moved: work.bytes_moved(),
        memory: work.footprint(),
        target,
        overhead,
        efficiency,
    };
    let needed = solve::<Requirements>(&x, convention)?;
    if needed.outcome == Outcome::OverheadTooLong {
        return Ok(Answer::OverheadTooLong { overhead });
    }
    let x = DevicesIn {
        needed_peak: needed.peak,
        needed_bandwidth: needed.bandwidth,
        needed_capacity: needed.capacity,
        peak: device.peak,
        bandwidth: device.bandwidth * device.memory_efficiency,
        capacity: device.capacity,
    };
    let devices = solve::<Devices>(&x, convention)?;
    if devices.devices > f64::from(most) {
        return Ok(Answer::TooMany { devices });
    }
    Ok(Answer::Meets { devices, price: part.unit_cost.map(|cost| cost * devices.devices) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params};

    fn part(peak: f64, bandwidth: f64, price: Option<f64>, dispatch: f64) -> Hardware {
        let origin = Provenance::new(Basis::Datasheet, "a data sheet");
        let (peak, bandwidth) = (FlopPerSecond(peak), BytesPerSecond(bandwidth));
        let mut part = Hardware::new("p", peak, bandwidth, Bytes(1e9), origin);
        part.rates.push((Precision::Fp16, peak));
        part.unit_cost = price.map(Usd);
        part.dispatch = Some(Seconds(dispatch));
        part.layer_time = Some(Seconds::ZERO);
        part.efficiency = Some(1.0);
        part
    }

    #[test]
    fn infeasible_answers_are_told_apart() {
        // 1e12 operations on 1 GB of weights: 0.1 s ask for 1e13 per second and 10 GB/s.
        let mut model = Model::new("m", Family::Other, Provenance::new(Basis::Estimate, "made up"));
        model.parameters = Some(Params(0.5e9));
        model.ops = Some(Flop(1e12));
        model.activation_elements = Some(0.0);
        let mut wide_only = part(1e13, 1e12, Some(1.0), 0.0);
        wide_only.rates[0].0 = Precision::Int8;
        let parts = [
            part(2e12, 1e12, Some(100.0), 0.0),
            part(1e13, 1e12, Some(400.0), 0.0),
            part(1e13, 1e12, None, 0.0),
            part(1e10, 1e12, Some(1.0), 0.0),
            part(1e13, 1e12, Some(1.0), 0.2),
            wide_only,
        ];
        let step = Inference::default();
        let ask =
            |target: f64| cheapest_part(&model, &parts, Precision::Fp16, &step, Seconds(target), 8);
        let offers = ask(0.1).unwrap();
        let Answer::Meets { devices, price } = offers.answers[0] else { panic!("{offers:?}") };
        assert_eq!((devices.devices, price), (5.0, Some(Usd(500.0))));
        assert!(matches!(offers.answers[1], Answer::Meets { price: Some(Usd(400.0)), .. }));
        assert!(matches!(offers.answers[2], Answer::Meets { price: None, .. }));
        assert!(matches!(offers.answers[3], Answer::TooMany { .. }));
        assert_eq!(offers.answers[4], Answer::OverheadTooLong { overhead: Seconds(0.2) });
        assert_eq!(offers.answers[5], Answer::NoRate);
        assert_eq!(offers.cheapest, Some(1));
        assert!(ask(0.0).is_err());
    }
}
