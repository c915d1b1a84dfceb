//! The host's side against the device's, in memory: whole benchmarks, silence, noise, errors.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use kits_hal::bench::host::{HostError, Rules, Runner, median};
use kits_hal::bench::{NoPin, Protocol};

use crate::support::{Device, Grow, Model, Time, settings};

/// A cable to a device, with faults.
struct Cable<'d, 'b, 't> {
    device: &'d mut Device<'b, 't>,
    time: &'t Time,
    /// What is on its way to the host.
    queue: VecDeque<u8>,
    /// Everything the host sent.
    sent: Vec<u8>,
    /// Bytes of the host that are lost before the device hears anything.
    lost: usize,
}

impl<'d, 'b, 't> Cable<'d, 'b, 't> {
    fn new(device: &'d mut Device<'b, 't>, time: &'t Time) -> Self {
        Self { device, time, queue: VecDeque::new(), sent: Vec::new(), lost: 0 }
    }
}

impl Read for Cable<'_, '_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.time.pass(100);
        // Seven bytes at a time, so that lines come in pieces.
        let n = out.len().min(7).min(self.queue.len());
        for (to, from) in out.iter_mut().zip(self.queue.drain(..n)) {
            *to = from;
        }
        if n == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(n) }
    }
}

impl Write for Cable<'_, '_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.sent.push(*byte);
            if self.lost > 0 {
                self.lost -= 1;
                continue;
            }
            let mut out = Vec::new();
            self.device.push(*byte, &mut Grow(&mut out)).expect("a vector takes everything");
            self.queue.extend(out);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Short rules: half a second, a timeout of 10 ms.
const RULES: Rules = Rules {
    bytes_per_line: 31,
    least_us: 500_000,
    warmup: 3,
    most: 100_000,
    timeout_us: 10_000,
    patience_us: 5_000_000,
};

fn with_device<R>(
    time: &Time,
    setup: impl FnOnce(&mut Model<'_>),
    test: impl FnOnce(Cable<'_, '_, '_>) -> R,
) -> R {
    let mut buffer = [0; 100];
    let mut model = Model::new(time);
    setup(&mut model);
    let settings = kits_hal::bench::Settings { max_iterations: 100_000, ..settings("microbit") };
    let mut device = Protocol::new(settings, &mut buffer, model, time, NoPin);
    test(Cable::new(&mut device, time))
}

#[test]
fn five_inputs_each_long_enough_and_the_median() {
    let time = Time::default();
    let inputs: Vec<Vec<u8>> = (0..5_u8).map(|i| vec![128 + 16 * i; 100]).collect();
    with_device(
        &time,
        |_| (),
        |cable| {
            let mut runner = Runner::new(cable, &time, RULES);
            let report = runner.benchmark(&inputs).unwrap();
            assert_eq!(report.device.vendor, "acme");
            assert_eq!(report.device.firmware, "fw 1.0");
            assert_eq!(report.device.model, "kws01");
            assert_eq!(report.runs.len(), 5);
            for (i, run) in report.runs.iter().enumerate() {
                // One inference takes 250 us: 500 ms are 2000, and a twentieth more is asked for.
                assert_eq!((run.iterations, run.elapsed_us), (2101, 525_250));
                let result = i as f64 / 16.0;
                for got in &run.results {
                    // Half a thousandth, and the rounding of this subtraction.
                    assert!((got - result).abs() <= 0.0005 + 1e-12, "{got} {result}");
                }
            }
            assert!((report.median_us - 250.0).abs() < 1e-9);

            let sent = String::from_utf8(runner.release().sent).unwrap();
            let commands: Vec<&str> = sent.split_terminator('%').collect();
            assert!(commands.iter().all(|command| command.len() <= 80));
            let lines: Vec<usize> = commands
                .iter()
                .filter(|c| c.starts_with("db ") && !c.starts_with("db load"))
                .map(|c| (c.len() - 3) / 2)
                .collect();
            assert_eq!(lines, [31, 31, 31, 7].repeat(5), "31 bytes a line");
            let infers: Vec<&&str> = commands.iter().filter(|c| c.starts_with("infer")).collect();
            assert_eq!(infers, [&"infer 1 3", &"infer 2101 3"].repeat(5));
        },
    );
}

#[test]
fn a_slow_model_needs_one_run_and_the_fastest_is_refused() {
    let time = Time::default();
    with_device(
        &time,
        |model| model.us = 600_000,
        |cable| {
            let mut runner = Runner::new(cable, &time, RULES);
            runner.connect().unwrap();
            let run = runner.measure(&[0; 100]).unwrap();
            assert_eq!((run.iterations, run.elapsed_us), (1, 600_000));
        },
    );
    with_device(
        &time,
        |model| model.us = 0,
        |cable| {
            let mut runner = Runner::new(cable, &time, RULES);
            runner.connect().unwrap();
            let error = runner.measure(&[0; 100]).unwrap_err();
            let expected = "device: 100000 inferences took 0 us, less than 500000 us";
            assert_eq!(error.to_string(), expected);
        },
    );
}

#[test]
fn a_device_in_the_middle_of_anything_is_brought_into_step() {
    let time = Time::default();
    let before: [&[u8]; 5] = [b"", b"db 01", b"\xFF\x00garbage", b"name%profile%", &[b'x'; 500]];
    for before in before {
        with_device(
            &time,
            |_| (),
            |mut cable| {
                let mut out = Vec::new();
                cable.device.start(&mut Grow(&mut out)).unwrap();
                cable.queue.extend(out);
                cable.write_all(before).unwrap();
                let mut runner = Runner::new(cable, &time, RULES);
                assert_eq!(runner.connect().unwrap().vendor, "acme", "{before:?}");
                assert_eq!(runner.infer(2, 0, 10_000).unwrap().elapsed_us, 500);
            },
        );
    }
}

#[test]
fn a_device_that_boots_slowly_is_asked_again_and_a_dead_one_given_up() {
    let time = Time::default();
    with_device(
        &time,
        |_| (),
        |mut cable| {
            cable.lost = 10; // two questions
            let mut runner = Runner::new(cable, &time, RULES);
            assert_eq!(runner.connect().unwrap().vendor, "acme");
            assert_eq!(runner.release().sent, b"name%name%name%profile%");
        },
    );
    with_device(
        &time,
        |_| (),
        |mut cable| {
            cable.lost = usize::MAX;
            let start = time.0.get();
            let error = Runner::new(cable, &time, RULES).connect().unwrap_err();
            assert!(
                matches!(error, HostError::Timeout { waiting_for: "m-name-dut-[", .. }),
                "{error}"
            );
            // Five times a fifth of the timeout, and a read or two of 100 us each time.
            assert!((10_000..12_000).contains(&(time.0.get() - start)));
        },
    );
}

#[test]
fn error_lines_are_given_to_the_caller_and_the_runner_stays_in_step() {
    let time = Time::default();
    with_device(
        &time,
        |model| model.fails_at = Some(2),
        |cable| {
            let mut runner = Runner::new(cable, &time, RULES);
            runner.connect().unwrap();
            let error = runner.load(&[0; 101]).unwrap_err();
            assert_eq!(error.to_string(), "device: e-[Buffer has 100 bytes, 101 announced]");
            let error = runner.measure(&[0; 100]).unwrap_err();
            assert_eq!(error.to_string(), "device: e-[Inference failed: arena lost]");
            assert_eq!(
                runner.command("k-mem%", 10_000).unwrap(),
                ["m-mem-[arena=9536,scratch=64,stack=1392]"]
            );
            assert!(matches!(runner.benchmark(&[]), Err(HostError::NoInput)));
        },
    );
}

/// A port that gives fixed bytes, then one kind of end.
struct Fixed<'t> {
    bytes: &'static [u8],
    again: bool,
    end: Result<usize, io::ErrorKind>,
    time: &'t Time,
}

impl Read for Fixed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.time.pass(1);
        if self.bytes.is_empty() {
            return self.end.map_err(io::Error::from);
        }
        let n = out.len().min(self.bytes.len());
        out[..n].copy_from_slice(&self.bytes[..n]);
        if !self.again {
            self.bytes = &self.bytes[n..];
        }
        Ok(n)
    }
}

impl Write for Fixed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn ports_that_end_fail_or_never_stop_are_errors_and_not_hangs() {
    let time = Time::default();
    let ask = |bytes, again, end| {
        let port = Fixed { bytes, again, end, time: &time };
        let rules = Rules { timeout_us: 1_000_000, ..RULES };
        Runner::new(port, &time, rules).command("results%", 2_000_000).unwrap_err().to_string()
    };
    let closed = "port: closed by its other end while waiting for `m-ready`";
    assert_eq!(ask(b"m-res", false, Ok(0)), closed);
    let gone = ask(b"", false, Err(io::ErrorKind::BrokenPipe));
    assert_eq!(gone, "port: read failed: broken pipe");
    let chatty = ask(b"m-hello\r\n", true, Ok(0));
    assert!(chatty.starts_with("device: no `m-ready` within 2000"), "{chatty}");
    let long = ask(b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", true, Ok(0));
    assert_eq!(long, "device: a line of more than 1048576 bytes");
}

#[test]
fn answers_that_are_not_as_the_protocol_says() {
    let time = Time::default();
    let infer = |bytes| {
        let port = Fixed { bytes, again: false, end: Ok(0), time: &time };
        Runner::new(port, &time, RULES).infer(1, 0, 10_000).unwrap_err()
    };
    let one = infer(b"m-lap-us-5\r\nm-results-[1.000]\r\nm-ready\r\n");
    assert!(matches!(one, HostError::Missing { .. }), "{one}");
    let none = infer(b"m-lap-us-5\r\nm-lap-us-6\r\nm-ready\r\n");
    assert!(matches!(none, HostError::Missing { .. }), "{none}");
    let back = infer(b"m-lap-us-6\r\nm-lap-us-5\r\nm-results-[1.000]\r\nm-ready\r\n");
    assert!(matches!(back, HostError::Unreadable { .. }), "{back}");
    let words = infer(b"m-lap-us-5\r\nm-lap-us-x\r\nm-results-[1.000]\r\nm-ready\r\n");
    assert_eq!(words.to_string(), "device: cannot read `x`");
    let results = infer(b"m-lap-us-5\r\nm-lap-us-6\r\nm-results-[1.0,y]\r\nm-ready\r\n");
    assert_eq!(results.to_string(), "device: cannot read `1.0,y`");
}

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median(vec![]), None);
    assert_eq!(median(vec![3.0]), Some(3.0));
    assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
    assert_eq!(median(vec![9.0, 1.0, 5.0, 2.0]), Some(3.5));
}
