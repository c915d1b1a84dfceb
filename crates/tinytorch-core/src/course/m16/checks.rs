//! Checks of module 16.

use super::{Distillation, Sparsity, Tensor, View, ask, svd};
use crate::{
    DType, Param, Result, Rng,
    compress::{Scope, magnitude_prune},
    course::{
        check::{Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
    nn::Linear,
    optim::{Optimizer, Sgd, SgdOpts},
};

fn counted(parameters: &[View<'_>], zeros: usize, weights: usize) -> Verdict {
    let shown: Vec<String> =
        parameters.iter().map(|p| format!("{:?} of {:?}", p.to_vec(), p.shape)).collect();
    equal(shown.join(", "), ask::sparsity(parameters), Sparsity { zeros, weights })
}

fn threshold(weights: &[f32], target: f64, want: (f32, usize)) -> Verdict {
    equal(format!("{weights:?}, {target} of them"), ask::magnitude_threshold(weights, target), want)
}

/// How many of the weights go, by the rule of the threshold.
fn gone(weights: &[f32], target: f64) -> Result<usize> {
    let (limit, ties) = ask::magnitude_threshold(weights, target)?;
    let below = weights.iter().filter(|w| w.abs() < limit).count();
    let equal = weights.iter().filter(|w| w.abs() == limit).count();
    Ok(below + ties.min(equal))
}

fn random(shape: [usize; 2], seed: u64) -> Result<Tensor> {
    let mut rng = Rng::seed(seed);
    Tensor::from_vec((0..shape[0] * shape[1]).map(|_| rng.normal()).collect::<Vec<f64>>(), shape)
}

/// The matrix that three factors stand for.
fn product((u, s, vt): &(Tensor, Vec<f64>, Tensor)) -> Result<Tensor> {
    u.mul(&Tensor::from_vec(s.clone(), [s.len()])?.to_dtype(u.dtype())?)?.matmul(vt)
}

/// Scores of a student and a teacher for two samples of two classes, and their labels.
fn lesson(how: Distillation) -> Result<Tensor> {
    let student = Tensor::from([[0.0f32, 3.0f32.ln()], [0.0, 0.0]]);
    let teacher = Tensor::from([[3.0f32.ln(), 0.0], [0.0, 0.0]]);
    ask::distill_loss(&student, &teacher, &Tensor::from([0i64, 1]), &how)
}

fn loss(temperature: f64, alpha: f64, scale_t_squared: bool, want: f64) -> Verdict {
    let how = Distillation { temperature, alpha, scale_t_squared };
    let input = format!(
        "student [[0, ln 3], [0, 0]], teacher [[ln 3, 0], [0, 0]], labels 0 and 1, {how:?}"
    );
    // A few roundings of numbers near 1 in single precision.
    close(input, lesson(how).and_then(|t| t.to_vec::<f32>()), &[want as f32], 2e-6)
}

const PLAIN: Distillation = Distillation { temperature: 1.0, alpha: 0.5, scale_t_squared: false };

checks! {
    $ __course_m16 m16;
    sparsity {
        matrices Hand 2 "zeros and weights of all matrices together" => {
            counted(&[
                View { data: &[0.0, 1.0, 0.0, 2.0, 3.0, 4.0], shape: &[2, 3], strides: &[3, 1] },
                View { data: &[0.0, 7.0], shape: &[1, 2], strides: &[2, 1] },
            ], 3, 8)
        };
        biases Hand 2 "one axis or none is no weight" => {
            counted(&[
                View { data: &[0.0, 5.0], shape: &[2, 1], strides: &[1, 1] },
                View { data: &[0.0, 0.0, 0.0], shape: &[3], strides: &[1] },
                View { data: &[0.0], shape: &[], strides: &[] },
            ], 1, 2)
        };
        tiny Hand 1 "what is small is not zero, minus zero is" => {
            counted(&[View { data: &[1e-30, -1e-30, -0.0, 0.0], shape: &[2, 2], strides: &[2, 1] }], 2, 4)
        };
        strided Property 1 "memory between the elements does not count" => {
            counted(&[View { data: &[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0], shape: &[2, 2], strides: &[4, 2] }], 2, 4)
        };
        filters Hand 1 "filters of convolutions are weights" => {
            counted(&[View { data: &[0.0, 1.0, 2.0, 0.0], shape: &[1, 1, 2, 2], strides: &[4, 4, 2, 1] }], 2, 4)
        };
        none Hand 1 "nothing has no zeros" => counted(&[], 0, 0);
    }
    magnitude_threshold {
        half Hand 2 "the smaller half by magnitude" => {
            threshold(&[4.0, -1.0, 2.0, -3.0], 0.5, (2.0, 1))
        };
        ties Hand 3 "of equal magnitudes only as many as are needed" => {
            threshold(&[1.0, -1.0, 1.0, 5.0, 1.0], 0.4, (1.0, 2))?;
            threshold(&[2.0, 0.5, -2.0, 2.0], 0.5, (2.0, 1))
        };
        none Hand 1 "a target of 0 lets all stay" => threshold(&[1.0, 0.0, 2.0], 0.0, (0.0, 0));
        all Hand 1 "a target of 1 lets none stay" => threshold(&[3.0, -1.0, 2.0], 1.0, (3.0, 1));
        rounds Hand 1 "a share that is no whole number is rounded" => {
            threshold(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5, (3.0, 1))?;
            threshold(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.29, (1.0, 1))
        };
        exact Property 2 "exactly the wanted number go, whatever the weights" => {
            let mut rng = Rng::seed(16);
            for n in [1, 7, 20, 33] {
                let weights: Vec<f32> = (0..n).map(|_| rng.below(5) as f32 - 2.0).collect();
                for tenths in 0..=10 {
                    let target = f64::from(tenths) / 10.0;
                    let want = (target * n as f64).round() as usize;
                    equal(format!("{n} weights from -2 to 2, {target} of them: how many go"), gone(&weights, target), want)?;
                }
            }
            Ok(())
        };
        in_the_library Systems 2 "magnitude_prune runs on the slot" => {
            let weight = Tensor::from([[4.0f32, -1.0, 2.0], [-3.0, 1.0, 5.0]]);
            let input = "a layer with the weights 4 -1 2 -3 1 5 and a bias of 0.1, half of them pruned";
            let layer = value(input, Linear::from_tensors(weight, Some(Tensor::from([0.1f32, 0.1]))))?;
            value(input, magnitude_prune(&layer, 0.5, Scope::Global))?;
            close(input, layer.weight().tensor().to_vec::<f32>(), &[4.0, 0.0, 0.0, -3.0, 0.0, 5.0], 0.0)?;
            let bias = layer.bias().map(|b| b.tensor().to_vec_as::<f32>()).unwrap_or_default();
            close(format!("{input}: bias"), Ok(bias), &[0.1, 0.1], 0.0)
        };
        bad Error 1 "shares lie between 0 and 1, and weights are numbers" => {
            refused!("1.5 of the weights", ask::magnitude_threshold(&[1.0, 2.0], 1.5), InvalidArgument)?;
            refused!("NaN of the weights", ask::magnitude_threshold(&[1.0, 2.0], f64::NAN), InvalidArgument)?;
            refused!("a weight of NaN", ask::magnitude_threshold(&[1.0, f32::NAN], 0.5), InvalidArgument)
        };
    }
    low_rank {
        one Hand 2 "the largest direction of a diagonal matrix" => {
            let m = Tensor::from([[3.0f64, 0.0], [0.0, 2.0]]);
            let got = ask::low_rank(&m, 0.5).and_then(|f| product(&f)).map(|p| p.to_vec_as::<f32>());
            close("[[3, 0], [0, 2]], half of the rank, multiplied out", got, &[3.0, 0.0, 0.0, 0.0], 1e-6)
        };
        ranks Hand 2 "a share of the smaller side, rounded down, at least 1" => {
            let m = value("random numbers", random([9, 6], 1))?;
            for (ratio, rank) in [(0.0, 1), (0.16, 1), (0.34, 2), (0.5, 3), (0.99, 5), (1.0, 6)] {
                let got = ask::low_rank(&m, ratio).map(|(u, s, vt)| (u.dims().to_vec(), s.len(), vt.dims().to_vec()));
                equal(format!("[9, 6], ratio {ratio}: sizes of U, values, Vᵀ"), got, (vec![9, rank], rank, vec![rank, 6]))?;
            }
            Ok(())
        };
        // Eckart and Young: nothing of this rank is nearer.
        error Golden 3 "the squared error is the sum of the squares left out" => {
            let m = value("random numbers", random([7, 10], 2))?;
            let all = value("random numbers", svd(&m))?.s;
            for (ratio, rank) in [(0.3, 2), (0.6, 4), (1.0, 7)] {
                let input = format!("random [7, 10], ratio {ratio}: squared error");
                let got = ask::low_rank(&m, ratio).and_then(|f| product(&f)?.sub(&m)).map(|d| d.to_vec_as::<f64>().iter().map(|v| v * v).sum::<f64>());
                let dropped: f64 = all[rank..].iter().map(|s| s * s).sum();
                holds(input, got, &dropped.to_string(), |e| (e - dropped).abs() < 1e-10)?;
            }
            Ok(())
        };
        orthonormal Property 2 "columns of U and rows of Vᵀ have length 1 and right angles" => {
            let m = value("random numbers", random([8, 5], 3))?;
            let (u, _, vt) = value("random [8, 5], ratio 0.6", ask::low_rank(&m, 0.6))?;
            let unit = [1., 0., 0., 0., 1., 0., 0., 0., 1.];
            let gram = |t: Tensor| t.t().and_then(|l| l.matmul(&t)).map(|g| g.to_vec_as::<f32>());
            close("random [8, 5], ratio 0.6: UᵀU", gram(u), &unit, 1e-6)?;
            close("random [8, 5], ratio 0.6: VᵀV", vt.t().and_then(gram), &unit, 1e-6)
        };
        descending Property 1 "the largest values are the ones kept" => {
            let m = Tensor::from([[1.0f64, 0.0, 0.0], [0.0, 7.0, 0.0], [0.0, 0.0, 4.0]]);
            let got = ask::low_rank(&m, 0.7).map(|f| f.1.iter().map(|s| *s as f32).collect());
            close("diagonal 1, 7, 4, ratio 0.7: values", got, &[7.0, 4.0], 1e-6)
        };
        dtype Hand 1 "factors have the type of the matrix" => {
            let m = Tensor::from([[3.0f32, 0.0], [0.0, 2.0]]);
            equal("a matrix of f32: types of U and Vᵀ", ask::low_rank(&m, 1.0).map(|f| (f.0.dtype(), f.2.dtype())), (DType::F32, DType::F32))
        };
        bad Error 1 "shares lie between 0 and 1, and a matrix has two axes" => {
            let m = Tensor::from([[3.0f64, 0.0], [0.0, 2.0]]);
            refused!("a ratio of -0.5", ask::low_rank(&m, -0.5), InvalidArgument)?;
            refused!("a ratio of 2", ask::low_rank(&m, 2.0), InvalidArgument)?;
            refused!("a vector", ask::low_rank(&Tensor::from([1.0f64, 2.0]), 0.5), InvalidArgument)
        };
    }
    distill_loss {
        // First sample: teacher (3/4, 1/4), student (1/4, 3/4): 3/4·ln 3 - 1/4·ln 3 = ln 3/2; second 0. Mean over two: ln 3/4.
        taught Hand 3 "the teacher's part: divergence of student from teacher" => loss(1.0, 1.0, false, 3.0_f64.ln() / 4.0);
        // -ln(1/4) and -ln(1/2), mean.
        told Hand 2 "the labels' part: cross entropy" => loss(1.0, 0.0, false, f64::midpoint(4.0_f64.ln(), 2.0_f64.ln()));
        mixed Hand 1 "alpha of the one, the rest of the other" => {
            loss(1.0, 0.25, false, 0.25 * 3.0_f64.ln() / 4.0 + 0.75 * f64::midpoint(4.0_f64.ln(), 2.0_f64.ln()))
        };
        // Scores halved: odds of √3. p = √3/(1 + √3); divergence (2p - 1)·ln √3, mean over two.
        warm Hand 2 "both are divided by T, the cross entropy is not" => {
            let p = 3.0_f64.sqrt() / (1.0 + 3.0_f64.sqrt());
            let taught = (2.0 * p - 1.0) * 3.0_f64.sqrt().ln() / 2.0;
            loss(2.0, 1.0, false, taught)?;
            loss(2.0, 0.5, false, 0.5 * taught + 0.5 * f64::midpoint(4.0_f64.ln(), 2.0_f64.ln()))?;
            loss(2.0, 1.0, true, 4.0 * taught)
        };
        same Property 1 "who says what the teacher says hears nothing from it" => {
            let scores = Tensor::from([[2.0f32, -1.0, 0.5]]);
            let how = Distillation { alpha: 1.0, ..Distillation::default() };
            let got = ask::distill_loss(&scores, &scores, &Tensor::from([0i64]), &how).and_then(|t| t.to_vec::<f32>());
            close("student and teacher [[2, -1, 0.5]], alpha 1", got, &[0.0], 1e-6)
        };
        student_alone Property 2 "the gradient reaches the student, not the teacher" => {
            let input = "student [[0, 1]], teacher [[1, 0]], label 0";
            let student = value(input, Tensor::from([[0.0f32, 1.0]]).requiring_grad())?;
            let teacher = value(input, Tensor::from([[1.0f32, 0.0]]).requiring_grad())?;
            let loss = value(input, ask::distill_loss(&student, &teacher, &Tensor::from([0i64]), &PLAIN))?;
            value(input, loss.backward())?;
            holds(input, Ok((student.grad().is_some(), teacher.grad().is_some())), "a gradient of the student alone", |g| *g == (true, false))
        };
        learns Systems 2 "the loss falls over ten steps" => {
            let input = "student [[0, 0, 0]] learns from [[3, 1, -2]], label 1, ten steps of 0.5";
            let scores = value(input, Param::new(Tensor::from([[0.0f32, 0.0, 0.0]])))?;
            let teacher = Tensor::from([[3.0f32, 1.0, -2.0]]);
            let mut sgd = value(input, Sgd::new(vec![scores.clone()], SgdOpts { lr: 0.5, ..SgdOpts::default() }))?;
            let how = Distillation { temperature: 2.0, alpha: 0.7, scale_t_squared: true };
            let mut losses = Vec::new();
            for _ in 0..10 {
                sgd.zero_grad();
                let loss = value(input, ask::distill_loss(&scores.tensor(), &teacher, &Tensor::from([1i64]), &how))?;
                losses.push(value(input, loss.item::<f32>())?);
                value(input, loss.backward().and_then(|()| sgd.step()))?;
            }
            holds(input, Ok(losses), "ten losses that fall", |l| l.windows(2).all(|w| w[1] < w[0]))
        };
        bad Error 1 "T is positive, alpha a share" => {
            for (temperature, alpha) in [(0.0, 0.5), (-1.0, 0.5), (f64::INFINITY, 0.5), (1.0, 1.5), (1.0, -0.1), (1.0, f64::NAN)] {
                let how = Distillation { temperature, alpha, scale_t_squared: false };
                refused!(format!("{how:?}"), lesson(how), InvalidArgument)?;
            }
            Ok(())
        };
    }
}
