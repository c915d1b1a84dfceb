//! Closed forms and simulations, each as the other's second opinion.
//!
//! Every run has a fixed seed, so a comparison that holds once holds always.

use mlsysim::simulate::{
    Arrivals, Engine, Job, Law, LinearCost, Queue, QueueRun, Request, Served, Summary, Traffic,
    requests, run_job, run_queue, serve,
};
use mlsysim::units::{Hertz, Seconds};
use mlsysim::walls::fleet::fragility::{Goodput, GoodputIn};
use mlsysim::walls::node::tail_latency::{MeanWaitIn, MeanWaits, Quantile, QuantileIn};
use mlsysim::walls::solve;
use mlsysim::{Convention, Error};
use proptest::prelude::*;

/// The share of customers of an M/M/c queue that wait (Erlang 1917), by the recursion over servers.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let mut blocked = 1.0;
    for j in 1..=servers {
        blocked = load * blocked / (f64::from(j) + load * blocked);
    }
    let c = f64::from(servers);
    c * blocked / (c - load * (1.0 - blocked))
}

fn run(gaps: Law, service: Law, servers: u32) -> QueueRun {
    let queue = Queue { gaps, service, servers, customers: 1_000_000 };
    run_queue(&queue, 20_261_127).expect("a sensible queue")
}

/// Holds a simulated mean against a computed one: four standard errors, which one comparison in 16,000 misses.
fn agrees(what: &str, simulated: &Summary, computed: f64) {
    let distance = (simulated.mean - computed).abs();
    assert!(
        distance <= 4.0 * simulated.standard_error,
        "{what}: simulated {} ± {}, computed {computed}",
        simulated.mean,
        simulated.standard_error
    );
    assert!(simulated.standard_error < 0.05 * computed, "{what}: the run is too short to tell");
}

#[test]
fn one_and_many_exponential_servers() {
    for (servers, utilization) in [(1, 0.5), (1, 0.8), (2, 0.7), (8, 0.9), (32, 0.9)] {
        let load = utilization * f64::from(servers);
        let out =
            run(Law::Exponential { mean: 1.0 / load }, Law::Exponential { mean: 1.0 }, servers);
        let wait = erlang_c(servers, load) / (f64::from(servers) - load);
        let wall = QuantileIn {
            arrival_rate: Hertz(load),
            service_time: Seconds(1.0),
            servers: f64::from(servers),
            quantile: 0.99,
        };
        let wall = solve::<Quantile>(&wall, Convention::Reference).expect("a stable queue");
        // The wall and the recursion add in another order.
        assert!((wall.mean_wait.0 / wait - 1.0).abs() < 1e-12);
        // The 99th percentile of a million dependent samples, at heavy load known to some 3 %.
        assert!((out.sojourn.p99 / wall.latency.0 - 1.0).abs() < 0.04, "M/M/{servers}: p99");
        agrees(&format!("M/M/{servers} at {utilization}"), &out.wait, wait);
        assert!((out.utilization - utilization).abs() < 0.01, "{}", out.utilization);
    }
}

#[test]
fn fixed_and_spread_service() {
    // Pollaczek (1930) and Khinchine (1932): the mean wait grows with the spread of service.
    for (service, cv) in [
        (Law::Fixed(1.0), 0.0),
        (Law::Uniform { low: 0.5, high: 1.5 }, 1.0 / 12.0_f64.sqrt()),
        (Law::LogNormal { mean: 1.0, cv: 1.5 }, 1.5),
    ] {
        for utilization in [0.3, 0.7] {
            let out = run(Law::Exponential { mean: 1.0 / utilization }, service, 1);
            let wall = MeanWaitIn {
                utilization,
                service_time: Seconds(1.0),
                service_cv: cv,
                arrival_cv: 1.0,
            };
            let wall = solve::<MeanWaits>(&wall, Convention::Reference).expect("a stable queue");
            let wait = utilization / (1.0 - utilization) * (1.0 + cv * cv) / 2.0;
            assert!((wall.mean_wait.0 / wait - 1.0).abs() < 1e-12, "the wall's own formula");
            agrees(&format!("M/G/1 {service:?} at {utilization}"), &out.wait, wait);
        }
    }
}

#[test]
fn the_tail_of_one_exponential_server() {
    // The sojourn of M/M/1 is exponential with rate mu - lambda.
    let out = run(Law::Exponential { mean: 2.0 }, Law::Exponential { mean: 1.0 }, 1);
    for (got, q) in [(out.sojourn.p50, 0.5_f64), (out.sojourn.p90, 0.9), (out.sojourn.p99, 0.99)] {
        let exact = -libm::log(1.0 - q) / 0.5;
        // The quantile of a million dependent samples: about 1 % at the tail.
        assert!((got / exact - 1.0).abs() < 0.02, "{q}: {got} against {exact}");
    }
}

/// Exact goodput of a job under exponential failures (Daly 2006).
fn daly(interval: f64, save: f64, mtbf: f64, recovery: f64) -> f64 {
    interval / (mtbf * libm::exp(recovery / mtbf) * libm::expm1((interval + save) / mtbf))
}

#[test]
fn goodput_of_a_failing_job() {
    let (save, recovery, mtbf) = (60.0, 300.0, 10_000.0);
    for interval in [300.0, 1095.0, 5000.0] {
        let job = Job {
            work: Seconds(interval * 200_000.0),
            interval: Seconds(interval),
            save: Seconds(save),
            recovery: Seconds(recovery),
            failures: Law::Exponential { mean: mtbf },
        };
        let out = run_job(&job, 5).expect("a sensible job");
        let exact = daly(interval, save, mtbf, recovery);
        // Relative error of the lost time is about 1/sqrt(failures); there are above 6,000 of them.
        assert!(out.failures > 6_000, "{}", out.failures);
        assert!((out.goodput / exact - 1.0).abs() < 0.01, "{interval}: {} {exact}", out.goodput);
    }
}

#[test]
fn goodput_at_the_interval_that_the_wall_names() {
    let (save, recovery, mtbf) = (Seconds(60.0), Seconds(300.0), Seconds(10_000.0));
    let wall = GoodputIn {
        fleet_mtbf: mtbf,
        duration: Seconds(1e6),
        checkpoint_time: save,
        recovery_time: recovery,
    };
    let wall = solve::<Goodput>(&wall, Convention::Reference).expect("a sensible fleet");
    let job = Job {
        work: Seconds(wall.optimal_interval.0 * 200_000.0),
        interval: wall.optimal_interval,
        save,
        recovery,
        failures: Law::Exponential { mean: mtbf.0 },
    };
    let out = run_job(&job, 11).expect("a sensible job");
    // Some 20,000 failures: the lost share of 15 % is known to a hundredth of itself.
    assert!((out.goodput / wall.goodput - 1.0).abs() < 0.005, "{} {}", out.goodput, wall.goodput);
}

#[test]
fn the_best_interval_of_a_failing_job_is_near_young() {
    // Young (1974): the square root of twice the save time times the time between failures.
    let (save, mtbf) = (60.0_f64, 10_000.0);
    let young = (2.0 * save * mtbf).sqrt();
    let goodput = |interval: f64| {
        let job = Job {
            work: Seconds(2e8),
            interval: Seconds(interval),
            save: Seconds(save),
            recovery: Seconds(0.0),
            failures: Law::Exponential { mean: mtbf },
        };
        run_job(&job, 9).expect("a sensible job").goodput
    };
    let best = goodput(young);
    assert!(best > goodput(young / 3.0) && best > goodput(young * 3.0));
}

fn engine() -> Engine {
    Engine { pages: 4096, page: 16, max_batch: 64, max_tokens: 2048 }
}

fn cost() -> LinearCost {
    LinearCost {
        step: Seconds(8e-3),
        token: Seconds(2e-5),
        pair: Seconds(1e-9),
        cached: Seconds(4e-8),
    }
}

fn chat(rate: f64) -> Traffic {
    Traffic {
        rate: Hertz(rate),
        prompt: Law::LogNormal { mean: 400.0, cv: 1.0 },
        output: Law::Exponential { mean: 150.0 },
        most: 4096,
    }
}

#[test]
fn a_full_batch_takes_its_steps_by_hand() {
    // Eight equal requests at once: one step fills eight prompts of 100 tokens, 19 steps decode.
    let list = [Request { arrival: Seconds(0.0), prompt: 100, output: 20 }; 8];
    let c = cost();
    let out = serve(&list, Arrivals::Open, &engine(), &c).expect("it fits");
    let prefill = c.step.0 + c.token.0 * 800.0 + c.pair.0 * 8.0 * (100.0 * 101.0 / 2.0);
    let decode: f64 = (0..19)
        .map(|i| c.step.0 + c.token.0 * 8.0 + c.cached.0 * 8.0 * (101.0 + f64::from(i)))
        .sum();
    assert_eq!(out.steps, 20);
    // Sums in another order.
    assert!((out.ttft.mean - prefill).abs() < 1e-12);
    assert!((out.makespan.0 - prefill - decode).abs() < 1e-12);
    assert!((out.tpot.mean - decode / 19.0).abs() < 1e-12);
}

#[test]
fn one_slot_is_a_queue_of_one_server() {
    // With a batch of one and steps of equal time, a request is a customer of an M/D/1 queue.
    let (output, step) = (25, 0.004);
    let service = f64::from(output) * step;
    let utilization = 0.6;
    let law = Traffic {
        rate: Hertz(utilization / service),
        prompt: Law::Fixed(10.0),
        output: Law::Fixed(f64::from(output)),
        most: 100,
    };
    let list = requests(&law, 60_000, 4).expect("sensible traffic");
    let alone = Engine { max_batch: 1, ..engine() };
    let flat = LinearCost { step: Seconds(step), ..LinearCost::default() };
    let out = serve(&list, Arrivals::Open, &alone, &flat).expect("it fits");
    let wait = utilization / (1.0 - utilization) * service / 2.0;
    agrees("M/D/1", &out.latency, wait + service);
}

#[test]
fn callers_keep_the_service_full() {
    // In a closed loop of n equal callers every step decodes n answers, but for the prompts in between.
    let list = [Request { arrival: Seconds(0.0), prompt: 16, output: 100 }; 640];
    let callers = Arrivals::Closed { concurrency: 32 };
    let out = serve(&list, callers, &engine(), &cost()).expect("it fits");
    // 99 of 100 tokens come from decodes.
    assert!((out.mean_decodes - 32.0 * 0.99).abs() < 1e-9, "{}", out.mean_decodes);
    assert!(out.ttft.max < 0.03, "nobody waits for a slot: {}", out.ttft.max);
}

#[test]
fn a_small_pool_preempts_and_still_answers_everybody() {
    let list = requests(&chat(50.0), 500, 8).expect("sensible traffic");
    let small = Engine { pages: 700, ..engine() };
    let tight = serve(&list, Arrivals::Open, &small, &cost()).expect("it fits");
    let ample = Engine { pages: 100_000, ..engine() };
    let free = serve(&list, Arrivals::Open, &ample, &cost()).expect("it fits");
    assert!(tight.preemptions > 0 && free.preemptions == 0);
    assert!(tight.peak_pages <= 700);
    assert_eq!((tight.latency.count, free.latency.count), (500, 500));
    assert!(tight.makespan > free.makespan);
}

#[test]
fn equal_seeds_give_equal_bits() {
    let serve_seed = |seed| {
        let list = requests(&chat(20.0), 2000, seed).expect("sensible traffic");
        serve(&list, Arrivals::Open, &engine(), &cost()).expect("it fits")
    };
    let bits = |out: Served| {
        [out.ttft.p99, out.tpot.mean, out.makespan.0, out.page_waste].map(f64::to_bits)
    };
    assert_eq!(bits(serve_seed(1)), bits(serve_seed(1)));
    assert_ne!(bits(serve_seed(1)), bits(serve_seed(2)));
}

#[test]
fn what_cannot_be_is_refused() {
    let one = Request { arrival: Seconds(0.0), prompt: 10, output: 10 };
    let refused = |list: &[Request], engine: Engine, cost: LinearCost| {
        serve(list, Arrivals::Open, &engine, &cost).expect_err("refused")
    };
    let name = |error: Error| match error {
        Error::OutOfRange { name, .. } => name,
        other => panic!("{other}"),
    };
    assert_eq!(name(refused(&[one], Engine { pages: 1, ..engine() }, cost())), "pages");
    assert_eq!(name(refused(&[one], Engine { page: 0, ..engine() }, cost())), "page");
    assert_eq!(name(refused(&[one], engine(), LinearCost::default())), "cost");
    assert_eq!(name(refused(&[Request { prompt: 0, ..one }], engine(), cost())), "prompt");
    let late = Request { arrival: Seconds(5.0), ..one };
    assert_eq!(name(refused(&[late, one], engine(), cost())), "arrival");
    let nan = Request { arrival: Seconds(f64::NAN), ..one };
    assert_eq!(name(refused(&[nan], engine(), cost())), "arrival");
    let huge = Request { prompt: u32::MAX, output: u32::MAX, ..one };
    assert_eq!(name(refused(&[huge], engine(), cost())), "pages");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_token_is_served_whatever_the_limits(
        seed in any::<u64>(),
        page in 1_u32..40,
        spare in 0_u32..200,
        max_batch in 1_u32..40,
        max_tokens in 1_u32..600,
        rate in 0.1_f64..500.0,
    ) {
        let list = requests(&Traffic { most: 200, ..chat(rate) }, 60, seed).expect("sensible traffic");
        let engine = Engine { pages: 400_u32.div_ceil(page) + spare, page, max_batch, max_tokens };
        let out = serve(&list, Arrivals::Open, &engine, &cost()).expect("it fits");
        prop_assert_eq!(out.latency.count, 60);
        // No answer comes before its steps could have been played.
        for (summary, least) in [(out.ttft, cost().step.0), (out.tpot, cost().step.0)] {
            prop_assert!(summary.count == 0 || summary.p50 >= least * (1.0 - 1e-12));
        }
        prop_assert!(out.mean_decodes <= f64::from(max_batch));
        prop_assert!(out.peak_pages <= engine.pages);
        prop_assert!((0.0..1.0).contains(&out.page_waste), "{}", out.page_waste);
        let tokens: f64 = list.iter().map(|r| f64::from(r.output)).sum();
        prop_assert!((out.tokens_per_second * out.makespan.0 - tokens).abs() < 1e-6 * tokens);
        prop_assert!(out.latency.max <= out.makespan.0);
    }
}
