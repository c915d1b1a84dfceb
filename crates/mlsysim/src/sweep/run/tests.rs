//! The grid against nested loops, conditions against counting, threads against each other.

use super::*;
use crate::units::{Bytes, BytesPerSecond};
use crate::walls;

fn bits(table: &Table) -> Vec<Vec<u64>> {
    let column = |column: &Column| {
        (0..table.rows()).map(|row| column.number(row).map_or(u64::MAX, f64::to_bits)).collect()
    };
    table.columns.iter().map(column).collect()
}

#[test]
fn a_sweep_is_the_equation_called_in_nested_loops() {
    let axes = ["bandwidth=1 TB/s,2 TB/s,4 TB/s", "bytes_moved=1GB..9GB:5"];
    let table = equation("memory.step_time", &axes, &Options::default()).unwrap();
    let mut row = 0;
    for bandwidth in [1e12, 2e12, 4e12] {
        for bytes in [1e9, 3e9, 5e9, 7e9, 9e9] {
            let inputs = [
                ("bytes_moved", Bytes(bytes).into()),
                ("bandwidth", BytesPerSecond(bandwidth).into()),
            ];
            let alone =
                walls::evaluate("memory.step_time", &inputs, Convention::Reference).unwrap();
            let time = alone.quantity("memory_time").map(|quantity| quantity.value.to_bits());
            assert_eq!(table.numbers("memory_time").map(|times| times[row].to_bits()), time);
            row += 1;
        }
    }
    assert_eq!((table.rows(), table.statistics.kept), (15, 15));
    assert_eq!(table.columns[0].heading(), "bandwidth [B/s]");
}

#[test]
fn any_number_of_threads_gives_equal_bits() {
    let axes = [
        "hardware=h100,a100,nano33ble",
        "model=llama3_8b,resnet50",
        "batch=1..2000",
        "context=16,4096,9999",
        "efficiency=0.1,0.5",
    ];
    let registry = Registry::shipped();
    let run = |threads| {
        let options = Options {
            conditions: vec!["fits and time < 50 ms".into()],
            sort: Some("throughput:desc".into()),
            threads: Some(threads),
            ..Options::default()
        };
        evaluations(&registry, &axes, &options).unwrap()
    };
    let one = run(1);
    assert!(one.statistics.points > 8 * CHUNK && one.rows() > 1000, "{:?}", one.statistics);
    for threads in [2, 3, 7] {
        let other = run(threads);
        assert_eq!(bits(&one), bits(&other), "{threads} threads");
        assert_eq!(one.statistics, other.statistics);
    }
}

#[test]
fn the_top_rows_are_the_first_of_all_rows_sorted() {
    let axes = ["bytes_moved=1GB..2GB:300", "bandwidth=1TB/s..2TB/s:200"];
    let all = Options { sort: Some("memory_time".into()), ..Options::default() };
    let top = Options { top: Some(17), ..all.clone() };
    let all = equation("memory.step_time", &axes, &all).unwrap();
    let top = equation("memory.step_time", &axes, &top).unwrap();
    assert_eq!((all.rows(), top.rows(), top.statistics.kept), (60_000, 17, 60_000));
    let times = all.numbers("memory_time").unwrap();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(top.numbers("memory_time").unwrap(), &times[..17]);
}

#[test]
fn conditions_tell_what_each_of_them_costs() {
    // T = V / BW: 1 to 10 ms by 1 ms.
    let axes = ["bytes_moved=1GB..10GB:10", "bandwidth=1TB/s"];
    let options = Options {
        conditions: vec!["memory_time <= 7 ms".into(), "bytes_moved >= 5 GB".into()],
        ..Options::default()
    };
    let statistics = equation("memory.step_time", &axes, &options).unwrap().statistics;
    assert_eq!((statistics.points, statistics.kept), (10, 3), "5, 6 and 7");
    let costs: Vec<_> = statistics.conditions.iter().map(|c| (c.rejected, c.alone)).collect();
    // No point breaks both, so each is alone in what it rejects.
    assert_eq!(costs, [(3, 3), (4, 4)]);
}

#[test]
fn points_that_an_equation_refuses_are_counted_and_told() {
    let axes = ["bytes_moved=1 GB,1e308 B", "bandwidth=1e-10 B/s,1 TB/s"];
    let table = equation("memory.step_time", &axes, &Options::default()).unwrap();
    assert_eq!((table.rows(), table.statistics.points), (3, 4));
    let refused = &table.statistics.refused;
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].points, refused[0].about.as_str()),
        (1, "memory.step_time: memory_time does not fit a 64-bit float")
    );
    let none = equation(
        "memory.step_time",
        &["bytes_moved=1e308 B", "bandwidth=1e-10 B/s"],
        &Options::default(),
    );
    assert!(none.unwrap_err().to_string().contains("memory_time came out as infinite"));
}

#[test]
fn every_mistake_is_told_at_once() {
    let axes = ["bytes_moved=16 Gb", "bandwith=1 TB/s", "speed", "memory_efficiency=2"];
    let error = equation("memory.step_time", &axes, &Options::default()).unwrap_err();
    assert_eq!(error.problems.len(), 6, "{error}");
    assert!(
        error.to_string().contains("there is no input `bandwith`; did you mean bandwidth?"),
        "{error}"
    );
    let error = evaluations(
        &Registry::shipped(),
        &["hardware=h10,a100", "model=gpt2", "batch=0", "precision=fp12"],
        &Options::default(),
    )
    .unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
    let options = Options {
        conditions: vec!["memory_time < 3".into(), "tme > 1 s".into()],
        sort: Some("lenght".into()),
        ..Options::default()
    };
    let error = equation("memory.step_time", &["bytes_moved=1GB", "bandwidth=1TB/s"], &options)
        .unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
    let huge = [
        "bytes_moved=1GB..2GB:100000000",
        "bandwidth=1TB/s..2TB/s:100000000",
        "memory_efficiency=0.1..1:100000000",
    ];
    assert!(
        equation("memory.step_time", &huge, &Options { top: Some(1), ..Options::default() })
            .is_err()
    );
}
