//! The program killed in the middle of a drill: of the answers whose verdict was shown none is lost.
//!
//! What is typed when the kill falls is the one answer that may go. `cargo xtask kill-test` runs this a thousand times.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use serde_json::Value;
use staffml_bank::log::{What, read};
use staffml_bank::variant::rng::SplitMix64;

/// How many kills the long run makes.
const TIMES: &str = "STAFFML_KILLS";

/// What a learner types at what a line of JSON shows; nothing once the session is over.
fn reply(view: &Value) -> Option<&'static str> {
    Some(match (view["stage"].as_str()?, view["form"]["form"].as_str()) {
        ("ask", Some("number")) => "1.5 GB",
        ("ask", Some("choice")) => "1",
        ("ask", Some("card")) if view["form"]["back"].is_null() => "",
        ("ask", Some("card")) => "y",
        ("ask", Some("text")) => "It waits for memory.",
        ("ask", _) => "0",
        ("confidence", _) => "3",
        ("feedback", _) => "",
        _ => return None,
    })
}

/// Drills until it is killed: `wait` after the process began, or after its first question and so many verdicts were
/// shown. Returns how many verdicts were shown.
fn one_kill(folder: &Path, seed: u64, after: Option<u64>, wait: Duration) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_staffml"))
        .args(["drill", "--topic", "kv-cache-management", "-n", "1000", "--json", "--seed"])
        .arg(seed.to_string())
        .arg("--data")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let output = child.stdout.take().expect("its output is a pipe");
    let mut input = child.stdin.take().expect("its input is a pipe");
    let (shown, first) = mpsc::channel();
    let learner = std::thread::spawn(move || {
        let mut verdicts = 0;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // The last line may be cut; it then shows nothing to anybody.
            let Ok(view) = serde_json::from_str::<Value>(&line) else { break };
            let judged = view["stage"] == "feedback";
            verdicts += u64::from(judged);
            if judged || verdicts == 0 {
                let _ = shown.send(verdicts);
            }
            let Some(reply) = reply(&view) else { break };
            if writeln!(input, "{reply}").is_err() {
                break;
            }
        }
        verdicts
    });
    if let Some(after) = after {
        while first.recv_timeout(Duration::from_secs(60)).expect("one more verdict") < after {}
    }
    std::thread::sleep(wait);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    learner.join().expect("the learner ends")
}

/// Kills a drill so many times; all of them share one log.
fn kills(times: u64) {
    let folder = std::env::temp_dir().join(format!("staffml-kill-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    let mut rng = SplitMix64::new(4);
    let (begun, mut spent) = (Instant::now(), Duration::ZERO);
    let (mut shown, mut kept, mut lost, mut unshown, mut torn, mut idle) = (0, 0, 0, 0, 0, 0);
    for i in 0..times {
        // One in four falls on the start, where the log is opened and repaired; the others on the answers of the drill,
        // some milliseconds each, however fast the machine is.
        let after = rng.below(4).checked_sub(1);
        let most = if after.is_none() { 100_000 } else { 10_000 };
        let wait = Duration::from_micros(rng.below(most));
        let start = Instant::now();
        let verdicts = one_kill(&folder, i, after, wait);
        spent += start.elapsed();
        let reading = read(&folder).expect("the log can be read");
        assert!(!reading.is_damaged(), "kill {i}: {:?}", reading.problems);
        let events = reading.events.timeline().events;
        let now = events.iter().filter(|e| matches!(e.what, What::Answer(_))).count() as u64;
        let new = now.saturating_sub(kept);
        // One may be on the disk whose verdict was not shown yet. None that was shown may be missing.
        assert!(
            (verdicts..=verdicts + 1).contains(&new),
            "kill {i}: {new} answers kept of {verdicts} verdicts shown"
        );
        lost += verdicts.saturating_sub(new);
        unshown += new - verdicts.min(new);
        torn += u64::from(!reading.problems.is_empty());
        idle += u64::from(verdicts == 0);
        shown += verdicts;
        kept = now;
    }
    std::fs::remove_dir_all(&folder).ok();
    eprintln!(
        "program: {times} kills in {:.0} s ({:.0} s of drills), {shown} verdicts shown, {kept} answers kept, {lost} lost, \
         {unshown} kept unshown, {torn} torn ends, {idle} killed before a verdict",
        begun.elapsed().as_secs_f64(),
        spent.as_secs_f64()
    );
    assert!(
        // Three in four waited for one verdict on average.
        shown >= times / 2,
        "{shown} verdicts in {times} drills: the kills came too early to tell anything"
    );
}

#[test]
fn ten_kills_of_the_program_lose_nothing_that_was_judged() {
    kills(10);
}

#[test]
#[ignore = "takes some minutes"]
fn many_kills_of_the_program_lose_nothing_that_was_judged() {
    kills(std::env::var(TIMES).ok().and_then(|n| n.parse().ok()).unwrap_or(1000));
}
