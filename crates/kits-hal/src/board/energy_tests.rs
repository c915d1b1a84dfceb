//! Duty cycles against an independent calculation in double precision.

extern crate std;
use std::string::ToString;

use super::{Battery, DutyCycle, EnergyError, Input};

/// Battery mAh, regulator, sleep µA, sense mA and ms, active mA and ms, period ms;
/// then energy per period in µJ, average mW, life in hours, energy per inference in µJ.
/// Every battery has 3.7 V, 85 % usable and 2 % self-discharge a month; the supply is 3.3 V.
#[rustfmt::skip]
const CASES: [[f64; 12]; 8] = [
    [110., 0.9, 3., 2., 2000., 26., 60., 10_000., 18_426.606, 2.047_400_667, 168.055_074_1, 5148.],
    [110., 0.95, 374., 12., 2000., 26., 540., 2500., 125_482.632, 52.834_792_42, 6.546_387_096, 46_332.],
    [40., 0.9, 374., 12., 1000., 160., 60., 60_000., 144_023.748, 2.667_106_444, 47.095_622, 31_680.],
    [500., 0.8, 374., 12., 2000., 110., 210., 2500., 155_787.918, 77.893_959, 20.174_574_17, 76_230.],
    [300., 0.95, 3., 12., 1000., 110., 60., 60_000., 61_963.506, 1.087_079_053, 844.302_848_6, 21_780.],
    [500., 0.95, 14., 12., 2000., 26., 540., 60_000., 128_186.652, 2.248_888_632, 683.822_437_9, 46_332.],
    [300., 0.9, 14., 12., 1000., 160., 8., 60_000., 46_549.430_4, 0.862_026_489, 1_057.216_954, 4224.],
    [1200., 0.8, 3., 12., 1000., 110., 60., 10_000., 61_468.506, 7.683_563_25, 483.523_365_7, 21_780.],
];
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is what is tested"
)]
fn cycle_and_battery(case: [f64; 12]) -> (DutyCycle, Battery) {
    let [mah, regulator, sleep_ua, sense_ma, sense_ms, active_ma, active_ms, period_ms, ..] =
        case.map(|x| x as f32);
    (
        DutyCycle {
            volts: 3.3,
            sense_ma,
            sense_ms,
            active_ma,
            active_ms,
            sleep_ua,
            period_ms,
            regulator,
        },
        Battery { mah, volts: 3.7, usable: 0.85, self_discharge_percent: 2.0 },
    )
}

#[track_caller]
fn close(got: f32, expected: f64) {
    // A dozen single-precision operations on positive terms, each off by at most 6e-8.
    assert!((f64::from(got) - expected).abs() <= 1e-6 * expected, "{got} against {expected}");
}

#[test]
fn duty_cycles_agree_with_double_precision() {
    for case in CASES {
        let (cycle, battery) = cycle_and_battery(case);
        let [.., period_uj, average_mw, life_h, inference_uj] = case;
        let energies = cycle.linear().expect("valid inputs");
        close(energies.period_uj, period_uj);
        close(energies.average_mw, average_mw);
        close(energies.inference_uj, inference_uj);
        close(battery.life_hours(energies.average_mw).expect("a valid battery"), life_h);
    }
}

#[test]
fn an_overfull_period_says_by_how_much() {
    // The second case senses for 2000 ms and computes for 540 ms in a period of 2500 ms.
    for (i, case) in CASES.into_iter().enumerate() {
        let (cycle, _) = cycle_and_battery(case);
        let expected =
            if i == 1 { Err(EnergyError::Overrun { by_us: 40_000 }) } else { cycle.linear() };
        assert_eq!(cycle.energies(), expected);
    }
    let (cycle, _) = cycle_and_battery(CASES[1]);
    assert!(DutyCycle { period_ms: 2540.0, ..cycle }.energies().is_ok());
}

#[test]
fn bad_inputs_are_named() {
    let (cycle, battery) = cycle_and_battery(CASES[0]);
    let bad = DutyCycle { regulator: 0.0, ..cycle }
        .energies()
        .expect_err("no regulator is lossless or worse");
    assert_eq!(
        bad.to_string(),
        "duty cycle: regulator efficiency is 0.000: give a number above 0 and at most 1"
    );
    for (cycle, input) in [
        (DutyCycle { volts: f32::NAN, ..cycle }, Input::Volts),
        (DutyCycle { active_ma: -1.0, ..cycle }, Input::Current),
        (DutyCycle { sense_ms: f32::INFINITY, ..cycle }, Input::Time),
        (DutyCycle { period_ms: 0.0, ..cycle }, Input::Time),
    ] {
        assert!(
            matches!(cycle.energies(), Err(EnergyError::BadInput { input: i, .. }) if i == input)
        );
    }
    for (battery, input) in [
        (Battery { mah: 0.0, ..battery }, Input::Capacity),
        (Battery { usable: 1.5, ..battery }, Input::Usable),
        (Battery { self_discharge_percent: -2.0, ..battery }, Input::SelfDischarge),
    ] {
        assert!(
            matches!(battery.life_hours(1.0), Err(EnergyError::BadInput { input: i, .. }) if i == input)
        );
    }
    // Nothing empties this battery: its life is not a number.
    let ideal = Battery { self_discharge_percent: 0.0, ..battery };
    assert!(ideal.life_hours(0.0).is_err());
}

#[test]
fn values_print_without_floats() {
    let (cycle, _) = cycle_and_battery(CASES[0]);
    let text = |cycle: DutyCycle| cycle.energies().expect_err("out of range").to_string();
    assert_eq!(
        text(DutyCycle { active_ma: -1234.5, ..cycle }),
        "duty cycle: current is -1 234.500: give a number at least 0"
    );
    assert_eq!(
        text(DutyCycle { volts: f32::NAN, ..cycle }),
        "duty cycle: volts is not finite: give a number above 0"
    );
    assert_eq!(
        text(DutyCycle { period_ms: 1000.0, ..cycle }),
        "duty cycle: sensing and computing exceed the period by 1 060 000 us: lengthen the period"
    );
}
