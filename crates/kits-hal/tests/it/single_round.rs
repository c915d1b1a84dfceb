//! Models made for requantization in one step: exact where the build has it, refused where it does not.

use kits_hal::convert::{Options, import};
use kits_hal::{Check, Model};

use crate::support::random;

fn once() -> Options {
    Options { single_round: true, ..Options::default() }
}

#[test]
#[cfg(feature = "single-round")]
fn random_networks_round_once_where_they_ask_for_it() {
    use crate::support::{Rng, naive, run, run_plain};
    let (mut differ, mut bytes) = (0, 0);
    for seed in 0..400 {
        let net = random::network(seed);
        let file = net.to_file();
        let input = Rng(seed ^ 0xabcd).bytes(net.tensor(net.inputs[0]).len());
        let kit = import(&file, &once()).expect("it imports").kit;
        assert!(Model::parse(&kit, Check::Full).expect("a whole container").rounds_once());
        let expected = naive::run_once(&net, &input);
        assert_eq!(run(&kit, &input, 0xa5), expected, "seed {seed}");
        assert_eq!(run_plain(&kit, &input), expected, "seed {seed}, plain");
        // The same build still rounds twice where the model was made for that.
        let twice = import(&file, &Options::default()).expect("it imports").kit;
        let expected_twice = naive::run(&net, &input);
        assert_eq!(run(&twice, &input, 0), expected_twice, "seed {seed}, two steps");
        differ += expected.iter().zip(&expected_twice).filter(|(a, b)| a != b).count();
        bytes += expected.len();
    }
    // Two arithmetics that never differed would be one.
    assert!(differ > bytes / 1000, "{differ} of {bytes} output bytes differ");
}

#[test]
#[cfg(not(feature = "single-round"))]
fn a_build_that_rounds_twice_refuses_such_a_model() {
    use kits_hal::{LoadError, Section, convert::ImportError};
    let file = random::small_classifier().to_file();
    let wrong = LoadError::BadSection { section: Section::Header, at: 16 };
    let errors = import(&file, &once()).expect_err("no kernels for it");
    assert_eq!(errors.reasons(), [ImportError::Rejected(wrong)]);
    // The same container, with the flag set by hand.
    let mut kit = import(&file, &Options::default()).expect("it imports").kit;
    assert!(!Model::parse(&kit, Check::Full).expect("a whole container").rounds_once());
    kit[16] |= 1;
    assert_eq!(Model::parse(&kit, Check::Header).err(), Some(wrong));
}
