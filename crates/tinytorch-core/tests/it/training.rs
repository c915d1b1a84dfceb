//! Training runs: the same bits from the same seed, whatever looks on and however many threads work.

use core::ops::ControlFlow;

use tinytorch_core::{
    Error, Result,
    datasets::{Images, digits, scans},
    milestones::digits::{Network, Recipe, Trained, train},
    nn::ModuleExt,
    train::{Callback, EpochStats, StepReport},
};

const NETWORKS: [Network; 2] = [Network::Mlp { hidden: 32 }, Network::Cnn { channels: 8 }];

fn recipe(network: Network, seed: u64) -> Recipe {
    Recipe { epochs: 2, ..Recipe::new(network, seed) }
}

fn data() -> (Images, Images) {
    scans::split(&digits().unwrap())
}

fn run(recipe: &Recipe, curve: bool) -> Trained {
    let (train_set, test_set) = data();
    train(recipe, &train_set, &test_set, curve, &mut ()).unwrap()
}

/// Every bit of every parameter.
fn bits(trained: &Trained) -> Vec<u32> {
    let values =
        trained.model.parameters().into_iter().flat_map(|p| p.tensor().to_vec::<f32>().unwrap());
    values.map(f32::to_bits).collect()
}

#[test]
fn a_seed_fixes_every_bit() {
    for network in NETWORKS {
        let first = run(&recipe(network, 7), false);
        let again = run(&recipe(network, 7), true);
        assert_eq!(bits(&first), bits(&again), "{network:?}: measuring in between must not matter");
        assert_eq!(first.history.epochs, again.history.epochs);
        assert_eq!(again.history.validation.last(), Some(&first.test));
        assert_ne!(bits(&first), bits(&run(&recipe(network, 8), false)), "{network:?}");
    }
}

#[test]
#[cfg(feature = "parallel")]
fn the_number_of_threads_does_not_matter() {
    let wide = Network::Mlp { hidden: 512 }; // products large enough to be shared out
    for network in [NETWORKS[0], NETWORKS[1], wide] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                bits(&run(&Recipe { epochs: 1, batch_size: 128, ..recipe(network, 3) }, false))
            })
        };
        let one = with(1);
        assert_eq!(one, with(2), "{network:?} on two threads");
        assert_eq!(one, with(4), "{network:?} on four threads");
    }
}

/// Two epochs are enough to read most digits: ten equally likely answers would give 10 %.
#[test]
fn networks_learn() {
    for network in NETWORKS {
        let trained = run(&recipe(network, 1), false);
        let [first, second] = trained.history.epochs[..] else { panic!("two epochs") };
        assert!(second.loss < 0.5 * first.loss, "{network:?}: {} then {}", first.loss, second.loss);
        assert!(trained.test.accuracy.unwrap() > 0.8, "{network:?}: {:?}", trained.test);
        assert_eq!((second.samples, second.steps, trained.test.samples), (1_437, 45, 360));
    }
}

#[derive(Default)]
struct Watcher {
    steps: Vec<(usize, usize, usize)>,
    epochs: usize,
    stop_after: usize,
}

impl Callback for Watcher {
    fn on_step(&mut self, r: &StepReport) -> Result<()> {
        assert_eq!((r.n_epochs, r.n_steps), (5, 45));
        assert!(r.loss.is_finite());
        self.steps.push((r.epoch, r.step, r.samples));
        Ok(())
    }

    fn on_epoch(&mut self, stats: &EpochStats) -> Result<ControlFlow<()>> {
        self.epochs = stats.epoch + 1;
        Ok(if self.epochs == self.stop_after {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

#[test]
fn callbacks_see_every_step_and_may_stop() {
    let (train_set, test_set) = data();
    let recipe = Recipe { epochs: 5, ..recipe(NETWORKS[0], 0) };
    let mut watcher = Watcher { stop_after: 2, ..Watcher::default() };
    let trained = train(&recipe, &train_set, &test_set, false, &mut watcher).unwrap();
    assert_eq!((trained.history.epochs.len(), watcher.epochs), (2, 2));
    assert_eq!(watcher.steps.len(), 90);
    assert_eq!(watcher.steps[44], (0, 44, 1_437 - 44 * 32), "the last batch is short");
    assert_eq!(watcher.steps[45], (1, 0, 32));
}

#[test]
fn an_error_of_a_callback_ends_the_training() {
    struct Fails;
    impl Callback for Fails {
        fn on_step(&mut self, _: &StepReport) -> Result<()> {
            Err(Error::Format { format: "log", detail: "full".into() })
        }
    }
    let (train_set, test_set) = data();
    let got = train(&recipe(NETWORKS[0], 0), &train_set, &test_set, false, &mut Fails);
    assert!(matches!(got, Err(Error::Format { .. })));
}

#[test]
fn recipes_out_of_range_are_refused() {
    let (train_set, test_set) = data();
    let fails = |recipe: Recipe| train(&recipe, &train_set, &test_set, false, &mut ()).is_err();
    assert!(fails(recipe(Network::Mlp { hidden: 0 }, 0)));
    assert!(fails(recipe(Network::Cnn { channels: 0 }, 0)));
    assert!(fails(Recipe { batch_size: 0, ..recipe(NETWORKS[0], 0) }));
}
