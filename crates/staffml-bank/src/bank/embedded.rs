//! The files of the bank that ships with the crate.

macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../bank/", $path))),)*]
    };
}

/// Path within the bank, and text. A test compares the list with the folder.
pub(super) const FILES: &[(&str, &str)] = files![
    "bank.toml",
    "ids.txt",
    "misconceptions.toml",
    "q/architecture/w02-weight-footprint.toml",
    "q/compute/w01-board-latency.toml",
    "q/compute/w01-conv-layer-flop.toml",
    "q/compute/w01-forward-flop-per-token.toml",
    "q/compute/w01-gemm-time.toml",
    "q/compute/w01-layer-intensity.toml",
    "q/compute/w01-mcu-inference-time.toml",
    "q/compute/w02-attainable-throughput.toml",
    "q/compute/w02-ridge-point.toml",
    "q/compute/w02-roofline-time.toml",
    "q/memory/w02-flash-for-weights.toml",
    "q/memory/w02-flash-headroom.toml",
    "q/memory/w02-flash-shortfall.toml",
    "q/memory/w02-ram-shortfall.toml",
    "q/memory/w02-tensor-arena-peak.toml",
    "q/memory/w02-weight-stream-time.toml",
];
