//! A drill is killed at random moments: at most the answer that was being written is lost.
//!
//! The child is this very test program, started again for the one test [`drill_until_killed`].

use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use staffml_bank::Bank;
use staffml_bank::bank::Order;
use staffml_bank::log::{Answer, Log, Sync, read};
use staffml_bank::model::taxonomy::Kind;
use staffml_bank::oracle::Builtin;
use staffml_bank::variant::Draw;
use staffml_bank::variant::rng::SplitMix64;

use super::{Scratch, noon};

const FOLDER: &str = "STAFFML_KILL_TEST_FOLDER";
/// How many kills the long run makes.
const TIMES: &str = "STAFFML_KILLS";

/// Answers questions and says after each that it is kept. Without the variable there is nothing to do.
#[test]
#[ignore = "the child of the kill test, started by it"]
fn drill_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let bank = Bank::embedded();
    let (mut log, before) =
        Log::open(Path::new(&folder), u64::from(std::process::id()), Sync::Each).unwrap();
    let numeric = bank.query().kind(Kind::Numeric).order(Order::Seeded(1)).limit(8).run().unwrap();
    let draw = |seed| {
        let id = numeric[usize::try_from(seed).unwrap() % numeric.len()].id();
        bank.instantiate(id, &Builtin, &Draw::seed(seed)).unwrap()
    };
    draw(0); // the first one reads the equations
    println!("begin {}", before.events.len());
    for seed in 0.. {
        let question = draw(seed);
        let text = question.key.display();
        let verdict = question.grade(&text);
        let answer = Answer::graded(&question, &verdict, 1000).typed(&text);
        let event = log.append(answer, noon(seed / 100), 0).unwrap();
        println!("kept {}", event.seq);
    }
}

/// Starts a drill, kills it a while after so many answers, and returns how many answers it said were kept.
fn one_kill(folder: &Path, answers: u64, wait: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log::kill::drill_until_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child starts");
    let output = child.stdout.take().expect("its output is a pipe");
    let (started, begin) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut acknowledged = 0;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // The name of the test stands before what it prints first.
            if let Some((_, n)) = line.split_once("begin ") {
                acknowledged = n.parse().unwrap();
            } else if let Some(n) = line.strip_prefix("kept ") {
                acknowledged = n.parse().unwrap_or(acknowledged); // its last line may be cut
            } else {
                continue;
            }
            let _ = started.send(());
        }
        acknowledged
    });
    for _ in 0..=answers {
        begin.recv().expect("the child opens the log and answers");
    }
    std::thread::sleep(wait);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    reader.join().expect("the reader ends")
}

/// Kills a drill so many times; all of them share one log.
fn kills(times: u32) {
    let scratch = Scratch::new();
    let mut rng = SplitMix64::new(9);
    let begun = Instant::now();
    let (mut torn, mut grown, mut last) = (0, 0, 0);
    for i in 0..times {
        // An answer takes some milliseconds, most of them waiting for the disk: kills fall on all of its steps.
        let (answers, wait) = (rng.below(4), Duration::from_micros(rng.below(5_000)));
        let acknowledged = one_kill(scratch.path(), answers, wait);
        let reading = read(scratch.path()).unwrap();
        let kept = reading.events.len() as u64;
        // One may have reached the disk before the child could say so; none that it said was kept is gone.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&kept),
            "kill {i}: {kept} kept of {acknowledged} acknowledged"
        );
        assert!(!reading.is_damaged(), "kill {i}: {:?}", reading.problems);
        torn += u32::from(!reading.problems.is_empty());
        grown += u32::from(kept > last);
        last = kept;
    }
    eprintln!(
        "log: {times} kills in {:.0} s, {last} answers kept, 0 acknowledged ones lost, {grown} drills got as far as an \
         answer, {torn} torn ends",
        begun.elapsed().as_secs_f64()
    );
    assert!(grown >= times / 2, "{grown} drills answered, though three in four were let to");
}

#[test]
fn thirty_kills_lose_nothing_acknowledged() {
    kills(30);
}

/// `cargo xtask kill-test` runs this, and its like for the whole program.
#[test]
#[ignore = "takes some minutes"]
fn many_kills_lose_nothing_acknowledged() {
    kills(std::env::var(TIMES).ok().and_then(|n| n.parse().ok()).unwrap_or(1000));
}
