//! Wall 15, fragility, as a budget: what a failure costs, what preemption costs, and how losses multiply.

use crate::convention::Convention;
use crate::formulas::reliability::raw;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Hertz, Seconds, Usd, UsdPerSecond};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const RECOVERY: &str = "Kokolis et al. (2024), Revisiting reliability in large-scale machine learning research clusters, arXiv:2410.21680";
const YOUNG: &str =
    "Young (1974), A first order approximation to the optimum checkpoint interval, CACM 17(9)";
const GOODPUT: &str = "Wongpanich et al. (2025), Machine learning fleet efficiency: analyzing and optimizing large-scale Google TPU systems with ML productivity goodput, arXiv:2502.06982";

record! {
    /// A failure and what follows it.
    pub struct RecoveryIn {
        /// Time until the failure is noticed.
        detection: Seconds, "t_d", NOT_NEGATIVE, default 60.0;
        /// Time to start the job again.
        restart: Seconds, "t_r", NOT_NEGATIVE, default 180.0;
        /// Bytes to read back.
        checkpoint: Bytes, "C", NOT_NEGATIVE;
        /// Bandwidth of reading them.
        bandwidth: BytesPerSecond, "β", POSITIVE, default 100e9;
        /// Time until steps are as fast as before.
        warm_up: Seconds, "t_w", NOT_NEGATIVE, default 120.0;
        /// Mean time between failures.
        failure_interval: Seconds, "M", POSITIVE;
        /// Accelerators that wait.
        devices: f64, "n", COUNT, default 1.0;
    }
}

record! {
    /// What failures cost.
    pub struct RecoveryOut {
        /// Time to read the checkpoint.
        reload: Seconds, "C/β", NOT_NEGATIVE;
        /// Time from the failure to the next useful step.
        recovery_time: Seconds, "R", NOT_NEGATIVE;
        /// Failures per time.
        failure_rate: Hertz, "1/M", NOT_NEGATIVE;
        /// Recovery per time; above 1 the job never runs.
        lost_share: f64, "R/M", NOT_NEGATIVE;
        /// Accelerators that are lost on average.
        lost_devices: f64, "n·R/M", NOT_NEGATIVE;
    }
}

/// The equation `fragility.recovery`.
#[derive(Debug, Clone, Copy)]
pub struct Recovery;

impl Equation for Recovery {
    type In = RecoveryIn;
    type Out = RecoveryOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fragility.recovery",
        wall: 15,
        also: &[19],
        question: "How long does recovery from a failure take, and how much of the fleet does it cost?",
        formula: "R = t_d + t_r + C/β + t_w",
        source: RECOVERY,
        inputs: RecoveryIn::FIELDS,
        outputs: RecoveryOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &RecoveryIn, _: Convention, trace: &mut R) -> RecoveryOut {
        let reload = x.checkpoint / x.bandwidth;
        trace.computed("reload", "C/β", reload, "C / β", &["checkpoint", "bandwidth"], RECOVERY);
        let recovery_time = x.detection + x.restart + reload + x.warm_up;
        trace.computed(
            "recovery_time",
            "R",
            recovery_time,
            "t_d + t_r + C/β + t_w",
            &["detection", "restart", "reload", "warm_up"],
            RECOVERY,
        );
        let failure_rate = 1.0 / x.failure_interval;
        trace.computed(
            "failure_rate",
            "1/M",
            failure_rate,
            "1 / M",
            &["failure_interval"],
            RECOVERY,
        );
        let lost_share = recovery_time / x.failure_interval;
        trace.computed(
            "lost_share",
            "R/M",
            lost_share,
            "R / M",
            &["recovery_time", "failure_interval"],
            RECOVERY,
        );
        let lost_devices = lost_share * x.devices;
        trace.computed(
            "lost_devices",
            "n·R/M",
            lost_devices,
            "n × R/M",
            &["devices", "lost_share"],
            RECOVERY,
        );
        RecoveryOut { reload, recovery_time, failure_rate, lost_share, lost_devices }
    }
}

record! {
    /// Machines that may be taken away, with a warning too short to save anything.
    pub struct PreemptionIn {
        /// Accelerators of the job.
        devices: f64, "n", COUNT;
        /// Work since the last checkpoint.
        lost_work: Seconds, "t_l", NOT_NEGATIVE;
        /// Time to start the job again.
        restart: Seconds, "t_r", NOT_NEGATIVE, default 180.0;
        /// Bytes to read back.
        checkpoint: Bytes, "C", NOT_NEGATIVE;
        /// Bandwidth of reading them.
        bandwidth: BytesPerSecond, "β", POSITIVE, default 100e9;
        /// Time until steps are as fast as before.
        warm_up: Seconds, "t_w", NOT_NEGATIVE, default 120.0;
        /// Preemptions per time.
        preemption_rate: Hertz, "λ", NOT_NEGATIVE;
        /// Price of one accelerator per time.
        device_rate: UsdPerSecond, "p", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// What preemption costs.
    pub struct PreemptionOut {
        /// Time to be back at work.
        relaunch: Seconds, "t_b", NOT_NEGATIVE;
        /// Time that one preemption costs.
        per_event: Seconds, "t_e", NOT_NEGATIVE;
        /// Money that one preemption costs.
        cost_per_event: Usd, "n·t_e·p", NOT_NEGATIVE;
        /// Time lost per time; above 1 the job never runs.
        lost_share: f64, "λ·t_e", NOT_NEGATIVE;
        /// Accelerators that are lost on average.
        lost_devices: f64, "n·λ·t_e", NOT_NEGATIVE;
    }
}

/// The equation `fragility.preemption`.
#[derive(Debug, Clone, Copy)]
pub struct Preemption;

impl Equation for Preemption {
    type In = PreemptionIn;
    type Out = PreemptionOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fragility.preemption",
        wall: 15,
        also: &[17],
        question: "What does it cost to run on machines that may be taken away?",
        formula: "t_e = t_l + t_r + C/β + t_w; cost = n × t_e × p",
        source: RECOVERY,
        inputs: PreemptionIn::FIELDS,
        outputs: PreemptionOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &PreemptionIn, _: Convention, trace: &mut R) -> PreemptionOut {
        let relaunch =
            raw::recovery(Seconds::ZERO, x.restart, x.checkpoint, x.bandwidth, x.warm_up);
        trace.computed(
            "relaunch",
            "t_b",
            relaunch,
            "t_r + C/β + t_w",
            &["restart", "checkpoint", "bandwidth", "warm_up"],
            RECOVERY,
        );
        let per_event = x.lost_work + relaunch;
        trace.computed(
            "per_event",
            "t_e",
            per_event,
            "t_l + t_b",
            &["lost_work", "relaunch"],
            RECOVERY,
        );
        let cost_per_event = x.device_rate * per_event * x.devices;
        trace.computed(
            "cost_per_event",
            "n·t_e·p",
            cost_per_event,
            "n × t_e × p",
            &["devices", "per_event", "device_rate"],
            RECOVERY,
        );
        let lost_share = x.preemption_rate * per_event;
        trace.computed(
            "lost_share",
            "λ·t_e",
            lost_share,
            "λ × t_e",
            &["preemption_rate", "per_event"],
            RECOVERY,
        );
        let lost_devices = lost_share * x.devices;
        trace.computed(
            "lost_devices",
            "n·λ·t_e",
            lost_devices,
            "n × λ·t_e",
            &["devices", "lost_share"],
            RECOVERY,
        );
        PreemptionOut { relaunch, per_event, cost_per_event, lost_share, lost_devices }
    }
}

record! {
    /// A job's losses by cause.
    pub struct RuntimeIn {
        /// Mean time between failures.
        mtbf: Seconds, "M", POSITIVE;
        /// Time to write one checkpoint.
        checkpoint_time: Seconds, "δ", NOT_NEGATIVE;
        /// Time from a failure to the next useful step.
        recovery_time: Seconds, "R", NOT_NEGATIVE;
        /// Time to start the job, once.
        startup: Seconds, "t_0", NOT_NEGATIVE, default 0.0;
        /// Length of the job.
        window: Seconds, "T", POSITIVE;
        /// Share of the time that steps wait for input.
        input_wait: f64, "w", SHARE, default 0.0;
        /// Preemptions per time.
        preemption_rate: Hertz, "λ", NOT_NEGATIVE, default 0.0;
        /// Time that one preemption costs.
        preemption_cost: Seconds, "t_e", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// What the losses leave.
    pub struct RuntimeOut {
        /// Interval between checkpoints that loses least to failures.
        interval: Seconds, "τ", NOT_NEGATIVE;
        /// Share that checkpoints and repeated work take at that interval.
        checkpoint_share: f64, "√(2δ/M)", NOT_NEGATIVE;
        /// Share that recovery takes.
        recovery_share: f64, "R/M", NOT_NEGATIVE;
        /// Share that starting takes.
        startup_share: f64, "t_0/T", NOT_NEGATIVE;
        /// Share that preemption takes.
        preemption_share: f64, "λ·t_e", NOT_NEGATIVE;
        /// All losses.
        loss: f64, "l", NOT_NEGATIVE;
        /// What is left; 0 where the losses exceed everything.
        goodput: f64, "g", SHARE;
        /// Mean time between interruptions of either kind.
        interruption_interval: Seconds, "M_i", POSITIVE;
        /// Interval between checkpoints that loses least to both kinds.
        interruption_checkpoint_interval: Seconds, "τ_i", NOT_NEGATIVE;
    }
}

/// The equation `fragility.runtime_goodput`.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeGoodput;

impl Equation for RuntimeGoodput {
    type In = RuntimeIn;
    type Out = RuntimeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fragility.runtime_goodput",
        wall: 15,
        also: &[19],
        question: "Which share of its machine time does a job turn into progress?",
        formula: "g = 1 − (t_0/T + w + √(2δ/M) + R/M + λ·t_e)",
        source: GOODPUT,
        inputs: RuntimeIn::FIELDS,
        outputs: RuntimeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &RuntimeIn, _: Convention, trace: &mut R) -> RuntimeOut {
        let interval = raw::young_interval(x.checkpoint_time, x.mtbf);
        trace.computed("interval", "τ", interval, "√(2·δ·M)", &["checkpoint_time", "mtbf"], YOUNG);
        let checkpoint_share = libm::sqrt(2.0 * (x.checkpoint_time / x.mtbf));
        trace.computed(
            "checkpoint_share",
            "√(2δ/M)",
            checkpoint_share,
            "δ/τ + τ/(2M) = √(2δ/M)",
            &["checkpoint_time", "mtbf"],
            YOUNG,
        );
        let recovery_share = x.recovery_time / x.mtbf;
        trace.computed(
            "recovery_share",
            "R/M",
            recovery_share,
            "R / M",
            &["recovery_time", "mtbf"],
            RECOVERY,
        );
        let startup_share = x.startup / x.window;
        trace.computed(
            "startup_share",
            "t_0/T",
            startup_share,
            "t_0 / T",
            &["startup", "window"],
            GOODPUT,
        );
        let preemption_share = x.preemption_rate * x.preemption_cost;
        trace.computed(
            "preemption_share",
            "λ·t_e",
            preemption_share,
            "λ × t_e",
            &["preemption_rate", "preemption_cost"],
            GOODPUT,
        );
        let loss =
            startup_share + x.input_wait + checkpoint_share + recovery_share + preemption_share;
        trace.computed(
            "loss",
            "l",
            loss,
            "t_0/T + w + √(2δ/M) + R/M + λ·t_e",
            &[
                "startup_share",
                "input_wait",
                "checkpoint_share",
                "recovery_share",
                "preemption_share",
            ],
            GOODPUT,
        );
        let goodput = (1.0 - loss).max(0.0);
        trace.computed("goodput", "g", goodput, "max(0, 1 − l)", &["loss"], GOODPUT);
        let interruption_interval = x.mtbf / (1.0 + x.preemption_rate * x.mtbf);
        trace.computed(
            "interruption_interval",
            "M_i",
            interruption_interval,
            "1 / (1/M + λ)",
            &["mtbf", "preemption_rate"],
            GOODPUT,
        );
        let interruption_checkpoint_interval =
            raw::young_interval(x.checkpoint_time, interruption_interval);
        trace.computed(
            "interruption_checkpoint_interval",
            "τ_i",
            interruption_checkpoint_interval,
            "√(2·δ·M_i)",
            &["checkpoint_time", "interruption_interval"],
            YOUNG,
        );
        RuntimeOut {
            interval,
            checkpoint_share,
            recovery_share,
            startup_share,
            preemption_share,
            loss,
            goodput,
            interruption_interval,
            interruption_checkpoint_interval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn recovery_by_hand() {
        let x = RecoveryIn {
            detection: Seconds(60.0),
            restart: Seconds(180.0),
            checkpoint: Bytes(4e12),
            bandwidth: BytesPerSecond(1e11),
            warm_up: Seconds(120.0),
            failure_interval: Seconds(4000.0),
            devices: 1000.0,
        };
        // 60 + 180 + 40 + 120 s of every 4,000.
        let out = solve::<Recovery>(&x, Convention::Reference).unwrap();
        assert_eq!(
            (out.recovery_time, out.lost_share, out.lost_devices),
            (Seconds(400.0), 0.1, 100.0)
        );
    }

    #[test]
    fn preemption_by_hand() {
        let x = PreemptionIn {
            devices: 10.0,
            lost_work: Seconds(500.0),
            restart: Seconds(300.0),
            checkpoint: Bytes(1e12),
            bandwidth: BytesPerSecond(1e10),
            warm_up: Seconds(100.0),
            preemption_rate: Hertz(1e-4),
            device_rate: UsdPerSecond(0.001),
        };
        // 500 s lost and 500 s to come back, ten accelerators at 1 USD per 1,000 s.
        let out = solve::<Preemption>(&x, Convention::Reference).unwrap();
        assert_eq!(
            (out.relaunch, out.cost_per_event, out.lost_share),
            (Seconds(500.0), Usd(10.0), 0.1)
        );
    }

    #[test]
    fn losses_add_up() {
        let x = RuntimeIn {
            mtbf: Seconds(20_000.0),
            checkpoint_time: Seconds(100.0),
            recovery_time: Seconds(1000.0),
            startup: Seconds(1000.0),
            window: Seconds(1e5),
            input_wait: 0.02,
            preemption_rate: Hertz(5e-5),
            preemption_cost: Seconds(2000.0),
        };
        // 0.01 + 0.02 + 0.1 + 0.05 + 0.1; interruptions twice as often as failures.
        let out = solve::<RuntimeGoodput>(&x, Convention::Reference).unwrap();
        assert!((out.goodput - 0.72).abs() < 1e-15);
        assert_eq!(out.interruption_interval, Seconds(10_000.0));
        // √(2 × 100 × 10,000).
        assert!((out.interruption_checkpoint_interval.0 - 1414.2136).abs() < 1e-4);
    }
}
