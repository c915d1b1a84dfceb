//! The figures and the program of chapter 20.

use tinytorch_core::{
    DType, Rng, Tensor,
    nn::{Linear, Relu, Sequential},
    olympics::{Contender, Event, Network},
    quant::{QuantizeOpts, quantize},
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::Rng;
    use tinytorch_core::nn::{Linear, Relu, Sequential};
    use tinytorch_core::olympics::{
        About, Event, Files, Network, Outcome, Submission, TestSet, benchmark, verify,
    };

    // A model and data that nobody has trained on; here both are small and random.
    let rng = &mut Rng::seed(1);
    let model = |hidden, rng: &mut Rng| -> tinytorch_core::Result<Sequential> {
        Ok(Sequential::new()
            .push(Linear::new(4, hidden, rng)?)
            .push(Relu)
            .push(Linear::new(hidden, 2, rng)?))
    };
    let large = Network::from_floats("large", &model(16, rng)?)?;
    let small = Network::from_floats("small", &model(4, rng)?)?;
    let x = tinytorch_core::Tensor::randn([50, 4], tinytorch_core::DType::F32, rng)?;
    let data = TestSet::new(&x, (0..50).map(|i| i % 2).collect())?;

    let before = benchmark(&large, data.x(), data.labels(), 20)?;
    let after = benchmark(&small, data.x(), data.labels(), 20)?;
    let about = About {
        version: "0.1.0".into(),
        timestamp: "today".into(),
        platform: "here".into(),
        student: None,
    };
    let techniques = ["fewer units".to_owned()];
    let mut submission = Submission::build(&about, &before, Some((&after, &techniques)))?;
    assert!(submission.validate().is_empty());
    assert!(Event::AllAround.qualifies(submission.contender().1)?);

    // Somebody else runs the model again.
    let (large, small) = (large.to_bytes(), small.to_bytes());
    let files = Files { baseline: Some(&large), optimized: Some(&small) };
    assert!(verify(&submission, files, &data)?.passed());
    // A size that is edited by hand, with an improvement to match, is valid on its face and found all the same.
    if let (Some(optimized), Some(change)) =
        (&mut submission.optimized, &mut submission.improvements)
    {
        optimized.metrics.model_size_mb /= 2.0;
        change.compression_ratio *= 2.0;
    }
    assert!(submission.validate().is_empty());
    let found = verify(&submission, files, &data)?;
    let wrong: Vec<_> = found.checks.iter().filter(|c| c.outcome == Outcome::Differs).collect();
    assert_eq!(wrong[0].path, "optimized.metrics.model_size_mb");
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("20-capstone.md") {
        chapter.shows_program_of(include_str!("chapters_capstone.rs"));
    }
}

#[test]
fn events_and_their_rules() {
    let rows: Vec<String> = Event::ALL
        .iter()
        .map(|e| {
            format!(
                "| `{}` | {} | {} |",
                e.name(),
                e.rule(),
                e.normalization().trim_start_matches("score: ")
            )
        })
        .collect();
    println!("{}", rows.join("\n"));
    if let Some(chapter) = Chapter::open("20-capstone.md") {
        chapter.says(rows.join("\n"));
    }
}

#[test]
fn bytes_of_what_is_submitted() {
    let rng = &mut Rng::seed(0);
    let mut network = |hidden: usize| {
        let layers = [Linear::new(64, hidden, rng).unwrap(), Linear::new(hidden, 10, rng).unwrap()];
        let [first, second] = layers;
        Sequential::new().push(first).push(Relu).push(second)
    };
    let (wide, narrow) = (network(32), network(16));
    let x = Tensor::rand([20, 64], DType::F32, &mut Rng::seed(1)).unwrap();
    let options = QuantizeOpts { softmax: false, ..QuantizeOpts::default() };
    let floats = |m: &Sequential| Network::from_floats("f", m).unwrap().bytes();
    let eight = |m: &Sequential| {
        Network::from_eight_bits("q", &quantize(m, &x, &options).unwrap()).unwrap().bytes()
    };
    let whole = floats(&wide) as f64;
    let row = |name: &str, bytes: usize| {
        format!("| {name} | {} | {:.2} |", grouped(bytes), whole / bytes as f64)
    };
    let rows = [
        row("64-32-10", floats(&wide)),
        row("64-16-10, half of the hidden units out", floats(&narrow)),
        row("64-32-10 in eight bits", eight(&wide)),
        row("64-16-10 in eight bits", eight(&narrow)),
    ];
    println!("{}", rows.join("\n"));
    if let Some(chapter) = Chapter::open("20-capstone.md") {
        chapter.says(rows.join("\n"));
    }
}
