//! Windows: a sensor that fails in the middle, is silent, or lies about what it wrote.

use core::cell::Cell;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::i2c::{Mock as I2c, Transaction as T};
use kits_hal::hal::{
    Chip, Clock, FillError, Lsm6ds, Lsm6dsError, PaceError, Pacer, SampleSource, fill, fill_paced,
};

/// Time that passes only by waiting.
#[derive(Default)]
struct Time(Cell<u64>);

impl Clock for &Time {
    fn micros(&self) -> u64 {
        self.0.get() / 1000
    }
}

impl DelayNs for &Time {
    fn delay_ns(&mut self, ns: u32) {
        self.0.set(self.0.get() + u64::from(ns));
    }
}

/// Answers of a sensor, in turn: samples, nothing, an error, or a lie.
struct Script<'s>(&'s [Result<usize, u8>], i16);

impl SampleSource<i16, 1> for Script<'_> {
    type Error = u8;

    const HZ_MILLI: u32 = 100_000;

    fn read(&mut self, out: &mut [[i16; 1]]) -> Result<usize, u8> {
        let Some((now, rest)) = self.0.split_first() else { return Ok(0) };
        self.0 = rest;
        let n = (*now)?;
        for slot in out.iter_mut().take(n) {
            self.1 += 1;
            *slot = [self.1];
        }
        Ok(n)
    }
}

#[test]
fn a_failure_in_the_middle_says_how_far_the_window_came_and_it_can_be_continued() {
    let mut sensor = Script(&[Ok(2), Ok(0), Ok(1), Err(7), Ok(1), Ok(1)], 0);
    let mut window = [[0]; 5];
    let error = fill(&mut sensor, &mut window, &mut &Time::default()).unwrap_err();
    assert_eq!(error, FillError::Sensor { filled: 3, need: 5, error: 7 });
    assert_eq!(error.to_string(), "window: sensor failed after 3 of 5 samples: 7");
    assert_eq!(window, [[1], [2], [3], [0], [0]]);
    fill(&mut sensor, &mut window[3..], &mut &Time::default()).unwrap();
    assert_eq!(window, [[1], [2], [3], [4], [5]]);
}

#[test]
fn silence_ends_after_sixteen_periods() {
    let time = Time::default();
    let mut window = [[0]; 2];
    let error = fill(&mut Script(&[Ok(1)], 0), &mut window, &mut &time).unwrap_err();
    // 100 Hz: 16 periods of 10 ms, polled every 2.5 ms.
    assert_eq!(error, FillError::NoSample { filled: 1, need: 2, waited_us: 160_000 });
    assert_eq!((&time).micros(), 160_000);
}

#[test]
fn a_sensor_that_reports_more_than_fits_is_caught() {
    let error = fill(&mut Script(&[Ok(9)], 0), &mut [[0]; 4], &mut &Time::default()).unwrap_err();
    assert_eq!(error, FillError::Excess { filled: 0, need: 4, read: 9, room: 4 });
}

#[test]
fn paced_windows_take_one_sample_per_tick() {
    let time = Time::default();
    let mut pacer = Pacer::new(&time, &time, 62_500);
    let answers: Vec<Result<usize, u8>> = vec![Ok(1); 9];
    let mut sensor = Script(&answers, 0);
    let mut window = [[0]; 5];
    fill_paced(&mut sensor, &mut window, &mut pacer).unwrap();
    assert_eq!(window, [[1], [2], [3], [4], [5]]);
    // The first tick is at once, the fifth after four periods of 16 ms.
    assert_eq!((&time).micros(), 64_000);
    // The second window goes on where the first ended: no tick is lost between them.
    fill_paced(&mut sensor, &mut window[..4], &mut pacer).unwrap();
    assert_eq!((&time).micros(), 128_000);
    assert_eq!(pacer.overruns(), 0);
}

#[test]
fn paced_failures_say_how_far_they_came() {
    let time = Time::default();
    let mut pacer = Pacer::new(&time, &time, 62_500);
    let mut window = [[0]; 4];
    let mut sensor = Script(&[Ok(1), Ok(0), Ok(1), Err(3), Ok(1), Ok(1)], 0);
    let error = fill_paced(&mut sensor, &mut window, &mut pacer).unwrap_err();
    assert_eq!(error, FillError::Sensor { filled: 2, need: 4, error: 3 });
    fill_paced(&mut sensor, &mut window[2..], &mut pacer).unwrap();
    assert_eq!(window, [[1], [2], [3], [4]]);
    let error = fill_paced(&mut sensor, &mut window, &mut pacer).unwrap_err();
    assert_eq!(error, FillError::NoSample { filled: 0, need: 4, waited_us: 16_000 });

    struct Stopped;
    impl Clock for Stopped {
        fn micros(&self) -> u64 {
            3
        }
    }
    let mut stopped = Pacer::new(Stopped, &time, 62_500);
    let error = fill_paced(&mut Script(&[Ok(1)], 0), &mut window, &mut stopped).unwrap_err();
    let error_expected = PaceError::ClockStopped { at_us: 3, due_us: 16_003 };
    assert_eq!(error, FillError::Pace { filled: 1, need: 4, error: error_expected });
}

/// The whole chain: a window from the real driver, with the bus failing inside a burst.
#[test]
fn a_bus_error_inside_a_burst_of_a_window_loses_no_sample_before_it() {
    let status = |bits| T::write_read(0x6A, vec![0x1E], vec![bits]);
    let sample = |x: u8| T::write_read(0x6A, vec![0x28], vec![x, 0, 0, 0, 0, 0]);
    let mut bus = I2c::new(&[
        T::write_read(0x6A, vec![0x0F], vec![0x6A]),
        T::write(0x6A, vec![0x12, 0x44]),
        T::write(0x6A, vec![0x10, 0x48]),
        T::write(0x6A, vec![0x11, 0x44]),
        status(1),
        sample(1),
        status(0),
        status(1),
        sample(2),
        status(1),
        sample(3).with_error(ErrorKind::Overrun),
        status(1),
        sample(4),
    ]);
    let mut imu = Lsm6ds::<_, 104_000>::new(bus.clone(), Chip::Lsm6ds3trC);
    imu.init().unwrap();
    let mut window = [[0_i16; 3]; 3];
    let error = fill(&mut imu, &mut window, &mut &Time::default()).unwrap_err();
    let bus_error = Lsm6dsError::Bus { register: 0x28, error: ErrorKind::Overrun };
    assert_eq!(error, FillError::Sensor { filled: 2, need: 3, error: bus_error });
    fill(&mut imu, &mut window[2..], &mut &Time::default()).unwrap();
    assert_eq!(window, [[1, 0, 0], [2, 0, 0], [4, 0, 0]]);
    bus.done();
}
