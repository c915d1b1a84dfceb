//! Dialogues: each command, each default, each error, with the lines written out by hand from the
//! table of the protocol.

use crate::support::{Device, Grow, Model, Time, say, settings};
use kits_hal::bench::{NoPin, Protocol};

/// Runs a dialogue: lines with `>` are sent, all others expected, each ending with CR LF.
#[track_caller]
fn dialogue(script: &str) {
    let time = Time::default();
    time.pass(1_000_000);
    let mut buffer = [0; 12];
    let mut device =
        Protocol::new(settings("microbit"), &mut buffer, Model::new(&time), &time, NoPin);
    play(&mut device, script);
}

#[track_caller]
fn play(device: &mut Device<'_, '_>, script: &str) {
    let mut got = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("> ") {
            Some(command) => {
                assert_eq!(got, "", "lines that the script does not have, before {line}");
                got = say(device, command.as_bytes());
            }
            None => {
                let expected = format!("{line}\r\n");
                assert!(got.starts_with(&expected), "expected {expected:?}, got {got:?}");
                got.drain(..expected.len());
            }
        }
    }
    assert_eq!(got, "", "lines at the end that the script does not have");
}

#[test]
fn the_device_says_that_it_is_there() {
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
    let mut out = Vec::new();
    device.start(&mut Grow(&mut out)).unwrap();
    assert_eq!(out, b"m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n");
}

#[test]
fn a_whole_session() {
    // 0xC0 − 128 = 64: 64/256 = 0.250. 0x7F − 128 = −1: −1/256 = −0.00390625.
    dialogue(
        "> name%
        m-name-dut-[acme]
        m-ready
        > profile%
        m-profile-[fw 1.0]
        m-model-[kws01]
        m-ready
        > timestamp%
        m-lap-us-1000000
        m-ready
        > db load 10%
        m-[Expecting 10 bytes]
        m-ready
        > db c07f0203%
        m-ready
        > db 040506070809%
        m-load-done
        m-ready
        > db print%
        m-buffer-c0-7f-02-03-04-05-06-07
        m-buffer-08-09
        m-ready
        > infer 4 2%
        m-warmup-start-2
        m-warmup-done
        m-infer-start-4
        m-lap-us-1000500
        m-lap-us-1001500
        m-infer-done
        m-results-[0.250,-0.004]
        m-ready
        > results%
        m-results-[0.250,-0.004]
        m-ready",
    );
}

#[test]
fn one_run_after_ten_unless_told_otherwise() {
    dialogue(
        "> infer%
        m-warmup-start-10
        m-warmup-done
        m-infer-start-1
        m-lap-us-1002500
        m-lap-us-1002750
        m-infer-done
        m-results-[-0.500,-0.500]
        m-ready
        > infer 3%
        m-warmup-start-10
        m-warmup-done
        m-infer-start-3
        m-lap-us-1005250
        m-lap-us-1006000
        m-infer-done
        m-results-[-0.500,-0.500]
        m-ready
        > infer 1 0%
        m-warmup-start-0
        m-warmup-done
        m-infer-start-1
        m-lap-us-1006000
        m-lap-us-1006250
        m-infer-done
        m-results-[-0.500,-0.500]
        m-ready",
    );
}

#[test]
fn every_error_of_the_table() {
    dialogue(
        "> infer 0%
        e-[Inference iterations must be >0]
        m-ready
        > infer -1 5%
        e-[Inference iterations must be >0]
        m-ready
        > infer many%
        e-[Inference iterations must be >0]
        m-ready
        > infer 1 -1%
        e-[Inference warmup must be >=0]
        m-ready
        > infer 1001%
        e-[Inference iterations must be <=1000]
        m-ready
        > infer 1 99999999999999999999%
        e-[Inference iterations must be <=1000]
        m-ready
        > db%
        e-[Command 'db' requires a subcommand]
        m-ready
        > db load%
        e-[Command 'db load' requires the # of bytes]
        m-ready
        > db load 0%
        e-[Command 'db load' must be >0 bytes]
        m-ready
        > db load -4%
        e-[Command 'db load' must be >0 bytes]
        m-ready
        > db load 13%
        e-[Buffer has 12 bytes, 13 announced]
        m-ready
        > db load 4%
        m-[Expecting 4 bytes]
        m-ready
        > db 012%
        e-[Insufficent number of hex digits]
        m-ready
        > db 01g2%
        e-[Invalid hex digit 'g']
        m-ready
        > nonsense%
        e-[Unknown command: nonsense]
        m-ready
        > NAME now%
        e-[Unknown command: NAME]
        m-ready
        > %
        e-[Unknown command: ]
        m-ready",
    );
}

#[test]
fn digits_never_pass_the_announced_size_and_a_refused_line_can_be_repeated() {
    dialogue(
        "> db 01%
        e-[Expecting 0 bytes, 1 sent]
        m-ready
        > db load 3%
        m-[Expecting 3 bytes]
        m-ready
        > db 0102%
        m-ready
        > db 0304%
        e-[Expecting 1 bytes, 2 sent]
        m-ready
        > db zz%
        e-[Invalid hex digit 'z']
        m-ready
        > db AB%
        m-load-done
        m-ready
        > db 05%
        e-[Expecting 0 bytes, 1 sent]
        m-ready
        > db print%
        m-buffer-01-02-ab
        m-ready
        > db load 99%
        e-[Buffer has 12 bytes, 99 announced]
        m-ready
        > db print%
        m-ready
        > db load 2%
        m-[Expecting 2 bytes]
        m-ready
        > db print%
        m-buffer-00-00
        m-ready",
    );
}

#[test]
fn commands_of_our_own() {
    // The micro:bit has 256 KiB of flash and 16 KiB of RAM; 9600 + 2000 B are asked of the latter.
    dialogue(
        "> k-mem%
        m-mem-[arena=9536,scratch=64,stack=1392]
        m-ready
        > k-ops%
        m-op-[0,CONV_2D,us=250]
        m-op-[1,SOFTMAX,us=250]
        m-ops-done-[2,us=500]
        m-ready
        > k-fit%
        m-fit-[microbit,ok]
        m-fit-region-[flash,used=1000,have=262144]
        m-fit-region-[RAM,used=11600,have=16384]
        m-ready",
    );
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings("none"), &mut buffer, Model::new(&time), &time, NoPin);
    play(&mut device, "> k-fit%\ne-[No board to check against]\nm-ready");
}

#[test]
fn line_ends_and_doubled_spaces_change_nothing() {
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
    assert_eq!(say(&mut device, b"\r\nna\r\nme%\n"), "m-name-dut-[acme]\r\nm-ready\r\n");
    let expected = "m-[Expecting 2 bytes]\r\nm-ready\r\n";
    assert_eq!(say(&mut device, b"  db   load  2 %"), expected);
}

#[test]
fn eighty_characters_are_a_command_and_eighty_one_are_none() {
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
    for (length, expected) in [
        (80, format!("e-[Unknown command: {}]\r\nm-ready\r\n", "x".repeat(80))),
        (81, String::from("e-[Command longer than 80 characters]\r\nm-ready\r\n")),
        (10_000, String::from("e-[Command longer than 80 characters]\r\nm-ready\r\n")),
    ] {
        let command = format!("{}%", "x".repeat(length));
        assert_eq!(say(&mut device, command.as_bytes()), expected);
    }
    // What does not print is shown as `?`.
    let expected = "e-[Unknown command: ?a?]\r\nm-ready\r\n";
    assert_eq!(say(&mut device, b"\xFFa\x07%"), expected);
    assert_eq!(say(&mut device, b"name%"), "m-name-dut-[acme]\r\nm-ready\r\n");
}

#[test]
fn a_model_that_fails_says_why_and_the_device_goes_on() {
    let time = Time::default();
    for (fails_at, lines) in [
        (1, "m-warmup-start-2\r\n"),
        (3, "m-warmup-start-2\r\nm-warmup-done\r\nm-infer-start-2\r\n"),
    ] {
        let mut buffer = [0; 4];
        let mut model = Model::new(&time);
        model.fails_at = Some(fails_at);
        let mut device = Protocol::new(settings(""), &mut buffer, model, &time, NoPin);
        let expected = format!("{lines}e-[Inference failed: arena lost]\r\nm-ready\r\n");
        assert_eq!(say(&mut device, b"infer 2 2%"), expected);
        assert!(say(&mut device, b"infer 2 2%").contains("m-infer-done\r\n"));
    }
}

#[test]
fn help_is_free_text_without_marks() {
    let time = Time::default();
    let mut buffer = [0; 4];
    let mut device = Protocol::new(settings(""), &mut buffer, Model::new(&time), &time, NoPin);
    let help = say(&mut device, b"help%");
    let text = help.strip_suffix("m-ready\r\n").unwrap();
    assert!(text.starts_with("fw 1.0\r\n"));
    assert!(text.lines().all(|line| !line.starts_with("m-") && !line.starts_with("e-")));
    for command in ["name%", "profile%", "timestamp%", "db load", "db print%", "infer", "results%"]
    {
        assert!(text.contains(command), "{command}");
    }
}
