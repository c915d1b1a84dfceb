//! The motion sensor: what is sent on the bus, what samples mean, and what failures leave behind.

use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::i2c::{Mock as I2c, Transaction as T};
use embedded_hal_mock::eh1::spi::{Mock as Spi, Transaction as S};
use kits_hal::hal::{AccelRange, Chip, GyroRange, Lsm6ds, Lsm6dsError, Lsm6dsSpi, SampleSource};

type Sensor = Lsm6ds<I2c, 104_000>;

/// Identity, then control registers 3, 1, 2: 104 Hz is code 4, ±4 g code 2, ±500 °/s code 1.
fn setup(id: u8) -> [T; 4] {
    [
        T::write_read(0x6A, vec![0x0F], vec![id]),
        T::write(0x6A, vec![0x12, 0x44]),
        T::write(0x6A, vec![0x10, 0b0100_1000]),
        T::write(0x6A, vec![0x11, 0b0100_0100]),
    ]
}

/// A sensor that was set up and then follows `script`, and its bus for the final check.
fn sensor(script: &[T]) -> (Sensor, I2c) {
    let script: Vec<T> = setup(0x6A).iter().chain(script).cloned().collect();
    let bus = I2c::new(&script);
    let mut imu = Lsm6ds::new(bus.clone(), Chip::Lsm6ds3trC);
    imu.init().expect("the script begins with setting up");
    (imu, bus)
}

fn status(bits: u8) -> T {
    T::write_read(0x6A, vec![0x1E], vec![bits])
}

fn accel(bytes: [u8; 6]) -> T {
    T::write_read(0x6A, vec![0x28], bytes.to_vec())
}

#[test]
fn every_rate_and_range_is_written_as_the_data_sheet_says() {
    fn check<const HZ_MILLI: u32>(accel: AccelRange, gyro: GyroRange, ctrl1: u8, ctrl2: u8) {
        let mut bus = I2c::new(&[
            T::write_read(0x6B, vec![0x0F], vec![0x6C]),
            T::write(0x6B, vec![0x12, 0x44]),
            T::write(0x6B, vec![0x10, ctrl1]),
            T::write(0x6B, vec![0x11, ctrl2]),
        ]);
        let mut imu = Lsm6ds::<_, HZ_MILLI>::new(bus.clone(), Chip::Lsm6dsox)
            .with_address(0x6B)
            .with_accel(accel)
            .with_gyro(gyro);
        imu.init().unwrap();
        bus.done();
    }
    check::<12_500>(AccelRange::G2, GyroRange::Dps250, 0x10, 0x10);
    check::<26_000>(AccelRange::G16, GyroRange::Dps500, 0x24, 0x24);
    check::<52_000>(AccelRange::G4, GyroRange::Dps1000, 0x38, 0x38);
    check::<104_000>(AccelRange::G8, GyroRange::Dps2000, 0x4C, 0x4C);
    check::<208_000>(AccelRange::G2, GyroRange::Dps2000, 0x50, 0x5C);
}

#[test]
fn another_chip_is_refused_with_both_identities_and_nothing_is_written() {
    let mut bus = I2c::new(&[T::write_read(0x6A, vec![0x0F], vec![0x6C])]);
    let mut imu = Sensor::new(bus.clone(), Chip::Lsm6ds3trC);
    let error = imu.init().unwrap_err();
    assert_eq!(error, Lsm6dsError::WrongDevice { expected: 0x6A, found: 0x6C });
    assert_eq!(error.to_string(), "motion sensor: expected a chip with identity 0x6a, found 0x6c");
    let mut out = [[0.0_f32; 3]];
    assert_eq!(imu.read(&mut out), Err(Lsm6dsError::NotInitialised));
    bus.done();
}

#[test]
fn acceleration_is_little_endian_and_in_metres_per_second_squared() {
    // 0x4000 = 16 384, 0xFFFF = −1, 0x8000 = −32 768.
    let (mut imu, mut bus) = sensor(&[
        status(1),
        accel([0x00, 0x40, 0xFF, 0xFF, 0x00, 0x80]),
        status(1),
        accel([1, 0, 2, 0, 3, 1]),
    ]);
    let mut out = [[0.0_f32; 3]; 4];
    assert_eq!(imu.read(&mut out), Ok(1), "one sample, however much room");
    // ±4 g: 0.122 mg per step. 16 384 · 0.122 mg = 1.998 848 g = 19.602 002 m/s², and so on.
    let expected = [19.602_002_7, -0.001_196_411_3, -39.204_005_5];
    for (got, expected) in out[0].iter().zip(expected) {
        // Three roundings to 24 bits.
        assert!((f64::from(*got) - expected).abs() <= expected.abs() * 2e-7, "{got} {expected}");
    }
    assert_eq!(out[1..], [[0.0; 3]; 3]);
    let mut raw = [[0_i16; 3]];
    assert_eq!(imu.read(&mut raw), Ok(1));
    assert_eq!(raw, [[1, 2, 0x0103]]);
    bus.done();
}

#[test]
fn six_axes_are_one_burst_with_the_gyroscope_first_on_the_bus() {
    let bytes = vec![1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0];
    let burst = T::write_read(0x6A, vec![0x22], bytes);
    let (mut imu, mut bus) = sensor(&[status(3), burst.clone(), status(3), burst]);
    let mut raw = [[0_i16; 6]];
    assert_eq!(imu.read(&mut raw), Ok(1));
    assert_eq!(raw, [[4, 5, 6, 1, 2, 3]]);
    let mut out = [[0.0_f32; 6]];
    assert_eq!(imu.read(&mut out), Ok(1));
    // ±500 °/s: 17.5 m°/s per step.
    let [_, _, _, x, y, z] = out[0];
    for (got, expected) in [x, y, z].iter().zip([0.017_5, 0.035, 0.052_5]) {
        assert!((got - expected).abs() <= expected * 2e-7);
    }
    bus.done();
}

#[test]
fn nothing_fresh_is_no_sample_and_no_burst() {
    // The accelerometer alone is not enough for six axes.
    let (mut imu, mut bus) = sensor(&[status(0), status(2), status(1), status(2)]);
    let (mut three, mut six) = ([[9.0_f32; 3]], [[9.0_f32; 6]]);
    assert_eq!(imu.read(&mut three), Ok(0));
    assert_eq!(imu.read(&mut three), Ok(0));
    assert_eq!(imu.read(&mut six), Ok(0));
    assert_eq!(imu.read(&mut six), Ok(0));
    assert_eq!((three, six), ([[9.0; 3]], [[9.0; 6]]));
    let mut nowhere: [[f32; 3]; 0] = [];
    assert_eq!(imu.read(&mut nowhere), Ok(0), "no room, no transfer");
    bus.done();
}

/// Fails each transfer of setting up and reading in turn; the error names the register, and the
/// same driver then works.
#[test]
fn a_bus_error_in_any_transfer_names_it_and_leaves_the_driver_usable() {
    let good: Vec<T> =
        setup(0x6A).into_iter().chain([status(1), accel([1, 0, 2, 0, 3, 0])]).collect();
    for (at, register) in [0x0F, 0x12, 0x10, 0x11, 0x1E, 0x28].into_iter().enumerate() {
        let mut script: Vec<T> = good[..=at].to_vec();
        script[at] = script[at].clone().with_error(ErrorKind::ArbitrationLoss);
        // Setting up starts again from the identity, a sample from its status.
        script.extend_from_slice(if at < 4 { &good } else { &good[4..] });
        let mut bus = I2c::new(&script);
        let mut imu = Sensor::new(bus.clone(), Chip::Lsm6ds3trC);
        let mut out = [[0_i16; 3]];
        let error = Lsm6dsError::Bus { register, error: ErrorKind::ArbitrationLoss };
        if at < 4 {
            assert_eq!(imu.init(), Err(error));
            assert_eq!(imu.read(&mut out), Err(Lsm6dsError::NotInitialised));
            imu.init().unwrap();
        } else {
            imu.init().unwrap();
            assert_eq!(imu.read(&mut out), Err(error));
            assert_eq!(out, [[0; 3]], "half a sample is never seen");
        }
        assert_eq!(imu.read(&mut out), Ok(1));
        assert_eq!(out, [[1, 2, 3]]);
        bus.done();
    }
    let error = Lsm6dsError::Bus { register: 0x28, error: ErrorKind::Bus };
    assert_eq!(error.to_string(), "motion sensor: bus error at register 0x28: Bus");
}

#[test]
fn over_spi_reads_set_the_top_bit() {
    let start = || S::transaction_start();
    let end = || S::transaction_end();
    let script = [
        start(),
        S::write_vec(vec![0x8F]),
        S::read_vec(vec![0x6C]),
        end(),
        start(),
        S::write_vec(vec![0x12, 0x44]),
        end(),
        start(),
        S::write_vec(vec![0x10, 0x38]),
        end(),
        start(),
        S::write_vec(vec![0x11, 0x34]),
        end(),
        start(),
        S::write_vec(vec![0x9E]),
        S::read_vec(vec![0x01]),
        end(),
        start(),
        S::write_vec(vec![0xA8]),
        S::read_vec(vec![1, 0, 2, 0, 0xFD, 0xFF]),
        end(),
        start(),
        S::write_vec(vec![0x9E]),
        S::read_vec(vec![0x03]),
        end(),
        start(),
        S::write_vec(vec![0xA2]),
        S::read_vec(vec![1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]),
        end(),
    ];
    let mut bus = Spi::new(&script);
    let mut imu = Lsm6dsSpi::<_, 52_000>::new(bus.clone(), Chip::Lsm6dsox);
    imu.init().unwrap();
    let (mut three, mut six) = ([[0_i16; 3]], [[0_i16; 6]]);
    assert_eq!(imu.read(&mut three), Ok(1));
    assert_eq!(three, [[1, 2, -3]]);
    assert_eq!(imu.read(&mut six), Ok(1));
    assert_eq!(six, [[4, 5, 6, 1, 2, 3]]);
    bus.done();
}
