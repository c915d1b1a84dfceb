//! The library on a student's slots: who served, what is refused, what other threads see.

use tinytorch_core::{
    DType, Error, Param, Result, Tensor,
    course::{
        Course, Outcome, View, m01::TensorLesson, m02::ActivationLesson, m06::AutogradLesson,
        m07::*, suite,
    },
    optim::{Optimizer, Sgd, SgdOpts},
};

/// Some slots right, one that calls itself, one that returns too little.
struct Mine;

impl TensorLesson for Mine {
    fn matmul(&self, a: View<'_>, b: View<'_>) -> Result<Vec<f32>> {
        let (&[m, k], &[_, n]) = (a.shape, b.shape) else { return Ok(Vec::new()) };
        let at = |v: View<'_>, i, j| v.get(&[i, j]).unwrap_or(0.0);
        Ok((0..m * n).map(|o| (0..k).map(|p| at(a, o / n, p) * at(b, p, o % n)).sum()).collect())
    }

    fn reduce_sum(&self, _: View<'_>, _: &[usize]) -> Result<Vec<f32>> {
        Ok(vec![1.0, 2.0, 3.0, 4.0, 5.0])
    }

    fn reduce_mean(&self, x: View<'_>, axes: &[usize]) -> Result<Vec<f32>> {
        let axes: Vec<isize> = axes.iter().map(|&a| a as isize).collect();
        Tensor::from_vec(x.to_vec(), x.shape)?.mean(&axes[..], false)?.to_vec::<f32>()
    }

    fn row_major_strides(&self, shape: &[usize]) -> Result<Vec<usize>> {
        if shape == [7, 7] {
            Ok(vec![100, 1])
        } else {
            Ok((0..shape.len()).map(|a| shape[a + 1..].iter().product::<usize>().max(1)).collect())
        }
    }
}

impl ActivationLesson for Mine {
    fn relu(&self, x: View<'_>) -> Result<Vec<f32>> {
        // Doubled, so that it shows who served.
        Ok(x.iter().map(|v| 2.0 * v.max(0.0)).collect())
    }
}

impl AutogradLesson for Mine {
    fn matmul_backward(
        &self,
        grad: View<'_>,
        a: View<'_>,
        b: View<'_>,
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let _ = grad;
        Ok((vec![3.0; a.numel()], vec![5.0; b.numel()]))
    }
}

impl OptimizerLesson for Mine {
    fn sgd_update(
        &self,
        p: &mut [f32],
        _: &[f32],
        _: Option<&mut [f32]>,
        _: bool,
        _: &SgdSettings<f32>,
    ) -> Result<()> {
        p.fill(42.0);
        Ok(())
    }
}

fn course() -> Course {
    Course::new().m01(Mine).m02(Mine).m06(Mine).m07(Mine)
}

fn served(course: &Course, id: &str) -> (u64, u64) {
    course.work().find(|w| w.slot.id == id).map_or((0, 0), |w| (w.student, w.reference))
}

#[test]
fn written_slots_serve_and_the_rest_is_borrowed() {
    let c = course();
    let x = Tensor::from([[-1.0f32, 2.0], [3.0, -4.0]]);
    let (y, s) = c.run(|| (x.matmul(&x).unwrap().relu().unwrap(), x.softmax(1).unwrap()));
    assert_eq!(y.to_vec::<f32>().unwrap(), [14.0, 0.0, 0.0, 44.0]); // x² = [[7, -10], [-15, 22]]
    assert_eq!(s.dims(), [2, 2]);
    assert_eq!(served(&c, "m01.matmul"), (1, 0));
    assert_eq!(served(&c, "m02.relu"), (1, 0));
    assert_eq!(served(&c, "m02.softmax"), (0, 1));
    assert!(c.borrowed().iter().any(|s| s.id == "m02.softmax"));
    // Outside, and for doubles, the reference works.
    assert_eq!(x.relu().unwrap().to_vec::<f32>().unwrap(), [0.0, 2.0, 3.0, 0.0]);
    let double = c.run(|| x.to_dtype(DType::F64).unwrap().relu().unwrap());
    assert_eq!(double.to_vec::<f64>().unwrap(), [0.0, 2.0, 3.0, 0.0]);
    assert_eq!(served(&c, "m02.relu"), (1, 1));
}

#[test]
fn results_of_a_wrong_size_are_errors() {
    let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    let error = course().run(|| x.sum(0, false)).unwrap_err();
    assert!(matches!(error, Error::SlotResult { lesson: "m01.reduce_sum", .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 3);
    // Strides that leave the storage surface with the operation around them.
    let error = course().run(|| Tensor::zeros([7, 7], DType::F32)?.relu()).unwrap_err();
    assert!(matches!(error, Error::SlotResult { lesson: "m01.row_major_strides", .. }), "{error}");
    // `contiguous` cannot fail, so it passes the error on.
    let error = course().run(|| {
        let x = Tensor::zeros([7, 14], DType::F32)?.slice(1, 0..14, 2)?;
        x.contiguous().relu()
    });
    assert!(matches!(error, Err(Error::SlotResult { .. })), "{error:?}");
    // One that nothing inside reported stays inside.
    assert!(course().run(|| Tensor::zeros([7, 7], DType::F32)).is_ok());
    assert!(x.relu().is_ok());
}

#[test]
fn the_loader_reports_wrong_orders_with_its_first_batch() {
    use tinytorch_core::{
        course::m05::DataLesson,
        data::{DataLoader, TensorDataset},
    };

    struct Short;
    impl DataLesson for Short {
        fn epoch_order(&self, n: usize, _: Option<&mut tinytorch_core::Rng>) -> Result<Vec<usize>> {
            Ok(vec![n; n])
        }
    }
    let data = TensorDataset::new([Tensor::from([1.0f32, 2.0]), Tensor::from([0i64, 1])]).unwrap();
    let mut loader = DataLoader::builder(data).batch_size(2).build().unwrap();
    let first = Course::new().m05(Short).run(|| loader.epoch().next().unwrap());
    let error = first.unwrap_err();
    assert!(matches!(error, Error::SlotResult { lesson: "m05.epoch_order", .. }), "{error}");
    assert!(loader.epoch().next().unwrap().is_ok());
}

#[test]
fn a_slot_that_calls_itself_is_stopped() {
    let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    let error = course().run(|| x.mean(0, false)).unwrap_err();
    assert!(matches!(error, Error::SelfCall { lesson: "m01.reduce_mean" }), "{error}");
    assert_eq!(error.to_string().lines().count(), 3);
    // Also when it hides behind a course of its own.
    struct Hiding;
    impl ActivationLesson for Hiding {
        fn relu(&self, x: View<'_>) -> Result<Vec<f32>> {
            let x = Tensor::from_vec(x.to_vec(), x.shape)?;
            Course::new().run(|| x.relu())?.to_vec::<f32>()
        }
    }
    let error = Course::new().m02(Hiding).run(|| x.relu()).unwrap_err();
    assert!(matches!(error, Error::SelfCall { lesson: "m02.relu" }), "{error}");
}

#[test]
fn backward_and_optimizers_use_the_slots() {
    let c = course();
    c.run(|| {
        let (a, b) = (
            Tensor::from([[1.0f32, 2.0]]).requiring_grad().unwrap(),
            Tensor::from([[3.0f32], [4.0]]).requiring_grad().unwrap(),
        );
        a.matmul(&b).unwrap().backward().unwrap();
        assert_eq!(a.grad().unwrap().to_vec::<f32>().unwrap(), [3.0, 3.0]);
        assert_eq!(b.grad().unwrap().to_vec::<f32>().unwrap(), [5.0, 5.0]);
        let p = Param::new(Tensor::from([1.0f32])).unwrap();
        p.set_grad(&Tensor::from([1.0f32])).unwrap();
        Sgd::new(vec![p.clone()], SgdOpts::default()).unwrap().step().unwrap();
        assert_eq!(p.tensor().to_vec::<f32>().unwrap(), [42.0]);
    });
    assert_eq!(served(&c, "m06.matmul_backward"), (1, 0));
    assert_eq!(served(&c, "m07.sgd_update"), (1, 0));
}

#[test]
fn checks_tell_wrong_from_unwritten_and_name_the_mistake() {
    let outcome = |id: &str| {
        let all = suite(1).iter().chain(suite(2)).chain(suite(9));
        all.into_iter().find(|c| c.id == id).map(|c| c.run(&course())).unwrap()
    };
    assert_eq!(outcome("m01.matmul.by_hand"), Outcome::Pass);
    assert_eq!(outcome("m01.reduce_max.by_hand"), Outcome::Unwritten);
    assert_eq!(outcome("m09.conv2d_forward.by_hand"), Outcome::NotInstalled);
    assert!(
        matches!(outcome("m02.relu.by_hand"), Outcome::Fail(f) if f.at == Some(3) && f.likely.is_none())
    );

    struct Absolute;
    impl ActivationLesson for Absolute {
        fn relu(&self, x: View<'_>) -> Result<Vec<f32>> {
            Ok(x.iter().map(f32::abs).collect())
        }
    }
    let check = suite(2).iter().find(|c| c.id == "m02.relu.by_hand").unwrap();
    match check.run(&Course::new().m02(Absolute)) {
        Outcome::Fail(f) => assert_eq!(f.likely, Some("returns the absolute value")),
        other => panic!("{other:?}"),
    }

    // Infinity by infinity: the message says what was left out.
    struct Overflowing;
    impl ActivationLesson for Overflowing {
        fn softmax(&self, x: View<'_>, _: usize) -> Result<Vec<f32>> {
            let e: Vec<f32> = x.iter().map(f32::exp).collect();
            let sum: f32 = e.iter().sum();
            Ok(e.iter().map(|v| v / sum).collect())
        }
    }
    let large = suite(2).iter().find(|c| c.id == "m02.softmax.large").unwrap();
    match large.run(&Course::new().m02(Overflowing)) {
        Outcome::Fail(f) => assert_eq!(f.likely, Some("does not subtract the largest element")),
        other => panic!("{other:?}"),
    }

    struct Panicking;
    impl ActivationLesson for Panicking {
        fn relu(&self, _: View<'_>) -> Result<Vec<f32>> {
            panic!("out of ideas")
        }
    }
    match check.run(&Course::new().m02(Panicking)) {
        Outcome::Fail(f) => assert!(f.got.contains("out of ideas")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_global_course_is_set_once() {
    // An empty course changes nothing for the other tests of this process.
    assert!(Course::new().global().is_ok());
    assert!(matches!(Course::new().global(), Err(Error::InvalidArgument { .. })));
}

#[test]
fn an_unwritten_slot_has_three_lines_and_a_hint() {
    struct Empty;
    impl ActivationLesson for Empty {}
    let x = [1.0];
    let view = View { data: &x, shape: &[1], strides: &[1] };
    let error = Empty.relu(view).unwrap_err();
    assert!(matches!(error, Error::Unsolved { lesson: "m02.relu", .. }));
    assert_eq!(error.to_string().lines().count(), 3);
}

/// Where a reference slot is made of another slot, its fast path must not pass the student's work by.
#[test]
fn fast_paths_step_back_for_the_slots_inside_them() {
    use tinytorch_core::{
        course::m10::{Pair, TokenLesson},
        text::{BpeTokenizer, Tokenizer},
    };

    let c = course();
    let (x, w) = (Tensor::from([[1.0f32, 2.0]]), Tensor::from([[3.0f32, 4.0], [5.0, 6.0]]));
    let y = c.run(|| x.linear(&w, Some(&Tensor::from([0.5f32, -0.5]))).unwrap());
    assert_eq!(y.to_vec::<f32>().unwrap(), [11.5, 16.5]);
    assert_eq!(served(&c, "m01.matmul"), (1, 0));

    struct Sums;
    impl TensorLesson for Sums {
        fn reduce_sum(&self, _: View<'_>, _: &[usize]) -> Result<Vec<f32>> {
            Ok(vec![10.0])
        }
    }
    let mean = Course::new().m01(Sums).run(|| w.mean(.., false).unwrap());
    assert_eq!(mean.to_vec::<f32>().unwrap(), [2.5]);

    struct Joins;
    impl TokenLesson for Joins {
        fn bpe_merge(&self, symbols: &[String], pair: &Pair) -> Result<Vec<String>> {
            let at = symbols.windows(2).position(|w| w[0] == pair.0 && w[1] == pair.1);
            let Some(at) = at else { return Ok(symbols.to_vec()) };
            let joined = [pair.0.clone() + &pair.1];
            Ok([&symbols[..at], &joined, &symbols[at + 2..]].concat())
        }
    }
    let c = Course::new().m10(Joins);
    let tokenizer = c.run(|| BpeTokenizer::train(&["ab ab"], 5)).unwrap();
    let learning = served(&c, "m10.bpe_merge").0;
    assert!(learning > 0);
    let ids = c.run(|| tokenizer.encode("ab")).unwrap();
    assert!(served(&c, "m10.bpe_merge").0 > learning);
    assert_eq!(ids, tokenizer.encode("ab").unwrap());
}

/// Strides that stay inside but have another order: results are wrong, and nothing panics.
#[test]
fn wrong_strides_never_panic() {
    struct Columns;
    impl TensorLesson for Columns {
        fn row_major_strides(&self, shape: &[usize]) -> Result<Vec<usize>> {
            Ok((0..shape.len()).map(|a| shape[..a].iter().product::<usize>().max(1)).collect())
        }
    }
    let c = Course::new().m01(Columns);
    c.run(|| {
        let x = Tensor::arange(0.0, 6.0, 1.0, DType::F32).unwrap().reshape([2, 3]);
        let Ok(x) = x.and_then(|x| x.requiring_grad()) else { return };
        let w = Tensor::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let _ = x.matmul(&w.t().unwrap()).and_then(|y| y.relu()).and_then(|y| y.sum(0, true));
        let _ = x
            .linear(&w, None)
            .and_then(|y| y.softmax(1))
            .and_then(|y| y.mean(.., false))
            .and_then(|y| y.backward());
        let _ = x.layer_norm(&[3], None, None, 1e-5);
        let _ =
            x.add(&w).and_then(|y| y.permute(&[1, 0])).and_then(|y| y.contiguous().reshape([6]));
        let _ = x
            .cross_entropy(&Tensor::from([0i64, 1]), &Default::default())
            .and_then(|y| y.backward());
        let image = Tensor::arange(0.0, 32.0, 1.0, DType::F32).unwrap().reshape([1, 2, 4, 4]);
        let kernel = Tensor::ones([3, 2, 2, 2], DType::F32).unwrap();
        let _ = image.and_then(|i| i.conv2d(&kernel, None, &Default::default()));
    });
    assert!(c.work().any(|w| w.slot.name == "row_major_strides" && w.student > 0));
}

/// The value of a loss is the student's, its slope that of the definition: 2·(p - t)/N.
#[test]
fn a_students_loss_has_the_gradient_of_the_definition() {
    use tinytorch_core::{course::m04::LossLesson, ops::Reduction};

    struct Seven;
    impl LossLesson for Seven {
        fn mse(&self, _: View<'_>, _: View<'_>) -> Result<f32> {
            Ok(7.0)
        }
    }
    Course::new().m04(Seven).run(|| {
        let p = Tensor::from([1.0f32, 5.0]).requiring_grad().unwrap();
        let t = Tensor::from([0.0f32, 8.0]).requiring_grad().unwrap();
        let loss = p.mse_loss(&t, Reduction::Mean).unwrap();
        assert_eq!(loss.to_vec::<f32>().unwrap(), [7.0]);
        loss.backward().unwrap();
        assert_eq!(p.grad().unwrap().to_vec::<f32>().unwrap(), [1.0, -3.0]);
        assert_eq!(t.grad().unwrap().to_vec::<f32>().unwrap(), [-1.0, 3.0]);
    });
}

/// Measurements go through the slots, and what they cannot be is refused.
#[test]
fn measurements_are_the_students() {
    use tinytorch_core::{
        bench::{Bench, Samples, accuracy},
        compress::{Scope, low_rank_tensors, magnitude_prune},
        course::{
            m16::{CompressLesson, Sparsity},
            m19::{BenchLesson, Verdict},
            m20::{About, BenchmarkReport, CapstoneLesson, Contender},
        },
        nn::Linear,
        olympics::{self, Metrics, Submission},
    };

    /// Every slot returns what no measurement can be.
    struct Odd;
    impl CompressLesson for Odd {
        fn sparsity(&self, parameters: &[View<'_>]) -> Result<Sparsity> {
            Ok(Sparsity { zeros: 77, weights: parameters.len() })
        }
        fn magnitude_threshold(&self, _: &[f32], _: f64) -> Result<(f32, usize)> {
            Ok((f32::NAN, 1000))
        }
        fn low_rank(&self, _: &Tensor, _: f64) -> Result<(Tensor, Vec<f64>, Tensor)> {
            let one = Tensor::from([[1.0f32]]);
            Ok((one.clone(), vec![1.0, 2.0], one))
        }
    }
    impl BenchLesson for Odd {
        fn percentile(&self, _: &[f64], share: f64) -> Result<f64> {
            Ok(100.0 * share)
        }
        fn run_latency(
            &self,
            _: &mut dyn FnMut() -> Result<()>,
            _: usize,
            _: usize,
            _: &mut dyn FnMut() -> f64,
        ) -> Result<Vec<f64>> {
            Ok(vec![1.0])
        }
        fn run_accuracy(
            &self,
            _: &mut dyn FnMut(&Tensor) -> Result<Vec<usize>>,
            _: &Tensor,
            _: &[usize],
            _: usize,
        ) -> Result<f64> {
            Ok(97.0)
        }
        fn compare(&self, _: &[f64], _: &[f64]) -> Result<(Verdict, f64)> {
            Ok((Verdict::Slower, 0.25))
        }
    }
    impl CapstoneLesson for Odd {
        fn benchmark_report(
            &self,
            model: &dyn Contender,
            _: &Tensor,
            _: &[usize],
            _: usize,
            _: &mut dyn FnMut() -> f64,
        ) -> Result<BenchmarkReport> {
            let metrics = Metrics {
                parameter_count: 1,
                model_size_mb: 1.0,
                accuracy: 92.0,
                latency_ms_mean: 1.0,
                latency_ms_std: None,
                latency_ms_median: None,
                throughput_samples_per_sec: None,
            };
            Ok(BenchmarkReport {
                model_name: model.name().into(),
                metrics,
                latencies_ms: vec![1.0],
            })
        }
    }
    struct Zero;
    impl Contender for Zero {
        fn predict(&self, x: &Tensor) -> Result<Vec<usize>> {
            Ok(vec![0; x.dims()[0]])
        }
        fn parameters(&self) -> usize {
            1
        }
        fn bytes(&self) -> usize {
            4
        }
        fn name(&self) -> &str {
            "zero"
        }
    }
    let slot_of = |error: Error| match error {
        Error::SlotResult { lesson, .. } => lesson,
        other => panic!("{other}"),
    };
    let c = Course::new().m16(Odd).m19(Odd).m20(Odd);
    let x = Tensor::from([[1.0f32], [2.0]]);
    c.run(|| {
        let layer = Linear::from_tensors(Tensor::from([[1.0f32, 2.0]]), None).unwrap();
        // A threshold that is no number takes nothing out.
        magnitude_prune(&layer, 0.5, Scope::Global).unwrap();
        assert_eq!(layer.weight().tensor().to_vec::<f32>().unwrap(), [1.0, 2.0]);
        assert_eq!(tinytorch_core::compress::sparsity(&layer).unwrap().zeros, 77);
        assert_eq!(slot_of(low_rank_tensors(&x, 1.0).unwrap_err()), "m16.low_rank");
        let samples = Samples::new(vec![1.0, 2.0, 3.0]).unwrap();
        assert!((samples.median() - 50.0).abs() < 1e-12);
        let verdict = tinytorch_core::bench::compare(&samples, &samples).unwrap();
        assert_eq!((verdict.verdict, verdict.effect), (Verdict::Slower, 0.25));
        let bench = Bench::new().warmup_ms(0).sample_time_ms(0).samples(3).run(|| 1);
        assert_eq!(slot_of(bench.unwrap_err()), "m19.run_latency");
        let share = accuracy(|x| Ok(vec![0; x.dims()[0]]), &x, &[0, 0], 1);
        assert_eq!(slot_of(share.unwrap_err()), "m19.run_accuracy");
        let few = olympics::benchmark(&Zero, &x, &[0, 0], 2);
        assert_eq!(slot_of(few.unwrap_err()), "m20.benchmark_report");
        // One time of one run is enough; its accuracy is caught where the submission is written.
        let report = olympics::benchmark(&Zero, &x, &[0, 0], 1).unwrap();
        let about = About {
            version: "1".into(),
            timestamp: "now".into(),
            platform: "here".into(),
            student: None,
        };
        assert!(Submission::build(&about, &report, None).unwrap().to_json().is_err());
    });
    assert_eq!(served(&c, "m20.build_submission"), (0, 1));
    assert!(olympics::OwnWork::of(&c).iter().any(|w| w.slot == "m16.low_rank" && w.student == 1));
}

/// The table of a submission says whose code measured.
#[test]
fn a_submission_knows_whose_work_it_is() {
    use tinytorch_core::olympics::{MakeOpts, make};

    let opts = MakeOpts { epochs: 1, runs: 3, hidden: 8, ..MakeOpts::default() };
    let made = Course::reference(20).run(|| make(&opts, &mut ())).unwrap();
    let work = made.submission.evidence.as_ref().map(|e| e.own_work.clone()).unwrap();
    let of =
        |slot: &str| work.iter().find(|w| w.slot == slot).map(|w| (w.core, w.student, w.reference));
    assert_eq!(of("m20.benchmark_report"), Some((true, 2, 0)));
    assert_eq!(of("m20.build_submission"), Some((true, 1, 0)));
    assert!(work.iter().any(|w| w.slot.starts_with("m01.") && w.student == 0 && w.reference > 0));
    assert_eq!(made.submission.validate(), []);
}
