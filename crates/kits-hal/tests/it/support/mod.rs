//! What the tests share: a writer of `.tflite` files, random networks, and a second opinion on them.

#[path = "../../../src/convert/builder/flat.rs"]
#[allow(dead_code, reason = "the library checks lengths; the tests write small files")]
pub(crate) mod flat;
pub(crate) mod naive;
pub(crate) mod random;
pub(crate) mod sequence;
pub(crate) mod tflite;

use kits_hal::{
    Check, Model, Session,
    convert::{Converted, Options, Planner, import},
};

/// SplitMix64: small, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`.
    pub(crate) fn int(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::try_from(i64::from(high) - i64::from(low) + 1).expect("low <= high");
        low + i32::try_from(self.next() % span).expect("below the span")
    }

    /// A number in `low..high`.
    pub(crate) fn real(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.next() >> 40) as f32 / (1_u32 << 24) as f32;
        low + (high - low) * unit
    }

    pub(crate) fn bytes(&mut self, n: usize) -> Vec<i8> {
        (0..n).map(|_| self.int(-128, 127) as i8).collect()
    }
}

/// Converts with one of the planners, or says why not.
pub(crate) fn convert(file: &[u8], planner: Planner) -> Converted {
    let options = Options { planner, ..Options::default() };
    import(file, &options).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs a container on one `int8` input and returns its first output.
pub(crate) fn run(kit: &[u8], input: &[i8], fill: u8) -> Vec<i8> {
    let model = Model::parse(kit, Check::Full).expect("a whole container");
    let mut arena = vec![fill; model.arena_len()];
    finish(Session::new(&model, &mut arena).expect("the announced length"), input)
}

/// As [`run`], with the plain kernels.
pub(crate) fn run_plain(kit: &[u8], input: &[i8]) -> Vec<i8> {
    let model = Model::parse(kit, Check::Full).expect("a whole container");
    let mut arena = vec![0x11; model.arena_len()];
    finish(Session::plain(&model, &mut arena).expect("the announced length"), input)
}

fn finish(mut session: Session<'_, '_>, input: &[i8]) -> Vec<i8> {
    session.set_input(0, input).expect("the announced length");
    session.run().expect("a checked model");
    session.output::<i8>(0).expect("an int8 output").to_vec()
}
