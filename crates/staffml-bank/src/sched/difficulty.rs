//! Difficulty of items from the answers of many learners.
//!
//! Skills and difficulties of the Rasch model are estimated together, by turns of Newton steps. Both carry a weak normal
//! prior (standard deviation 2), so that a learner with no wrong answer, or an item with no right one, stays finite;
//! difficulties are anchored at the mean of their level priors, as a shift of all skills and difficulties together
//! explains the same answers. Discrimination is estimated for items with enough answers, by the slope of their answers
//! on the skills that the other items show.
//!
//! # Source
//!
//! Wright & Panchapakesan (1969), "A procedure for sample-free item analysis", Educational and Psychological
//! Measurement 29, for the joint estimate; Lord (1980), "Applications of item response theory to practical testing
//! problems", for the point-biserial correlation as a test of an item.

use serde::Serialize;

/// Answers an item needs before its difficulty, or its discrimination, is estimated.
const ENOUGH: (usize, usize) = (30, 200);
/// Distance from the prior of the level that is worth a look.
const FAR: f64 = 1.2;
/// Correlation of right answers with skill below which an item is bad.
const BAD: f64 = 0.1;
/// Variance of the prior of skills and difficulties.
const PRIOR: f64 = 4.0;
/// Turns of the joint estimate.
const TURNS: usize = 60;

/// One answer of one learner to one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// Number of the learner, from 0.
    pub learner: usize,
    /// Number of the item, from 0.
    pub item: usize,
    /// Score, 0 to 1.
    pub score: f64,
}

/// What the answers say of one item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measured {
    /// Number of the item.
    pub item: usize,
    /// Answers.
    pub n: usize,
    /// Difficulty `b`.
    pub difficulty: f64,
    /// Its standard error.
    pub error: f64,
    /// Discrimination `a`, from 200 answers on.
    pub discrimination: Option<f64>,
    /// Correlation of score and skill.
    pub point_biserial: f64,
    /// Code of what is odd about it: `W-LEVEL-DATA` if it is far from the prior of its level, `W-ITEM-BAD` if its right
    /// answers do not rise with skill.
    pub warning: Option<&'static str>,
}

/// Returns difficulties of the items that have at least 30 answers. `priors` are the difficulties of their levels.
///
/// Responses that name no item of `priors`, or hold no score, are left out.
#[must_use]
pub fn measure(responses: &[Response], priors: &[f64]) -> Vec<Measured> {
    let sound = |r: &&Response| r.item < priors.len() && r.score.is_finite();
    let responses: Vec<Response> = responses
        .iter()
        .filter(sound)
        .map(|r| Response { score: r.score.clamp(0.0, 1.0), ..*r })
        .collect();
    let learners = responses.iter().map(|r| r.learner + 1).max().unwrap_or(0);
    let mut theta = vec![0.0; learners];
    let mut b = priors.to_vec();
    for _ in 0..TURNS {
        turn(&mut theta, &responses, |r| r.learner, |r, own| own - b[r.item], 1.0, |_| 0.0);
        let skills = theta.clone();
        turn(&mut b, &responses, |r| r.item, |r, own| skills[r.learner] - own, -1.0, |i| priors[i]);
        anchor(&mut theta, &mut b, priors);
    }
    let (mut by_item, mut by_learner) =
        (vec![Vec::new(); priors.len()], vec![Vec::new(); learners]);
    for r in &responses {
        by_item[r.item].push(*r);
        by_learner[r.learner].push(*r);
    }
    let sides = (&by_item[..], &by_learner[..]);
    (0..priors.len()).filter_map(|item| one(item, sides, &theta, &b, priors[item])).collect()
}

/// The skill of a learner by all answers but those to one item.
fn skill_without(item: usize, answers: &[Response], start: f64, b: &[f64]) -> f64 {
    let mut theta = start;
    // From the skill with the item it is a small way; Newton steps double the digits.
    for _ in 0..4 {
        let (mut slope, mut curve) = (-theta / PRIOR, 1.0 / PRIOR);
        for r in answers.iter().filter(|r| r.item != item) {
            let p = 1.0 / (1.0 + libm::exp(b[r.item] - theta));
            slope += r.score - p;
            curve += p * (1.0 - p);
        }
        theta += (slope / curve).clamp(-1.0, 1.0);
    }
    theta
}

/// One Newton step for every learner, or every item; `sign` is the direction in which a right answer moves it.
fn turn(
    own: &mut [f64],
    responses: &[Response],
    place: impl Fn(&Response) -> usize,
    distance: impl Fn(&Response, f64) -> f64,
    sign: f64,
    mean: impl Fn(usize) -> f64,
) {
    let mut slope: Vec<f64> = own.iter().enumerate().map(|(i, x)| (mean(i) - x) / PRIOR).collect();
    let mut curve = vec![1.0 / PRIOR; own.len()];
    for r in responses {
        let i = place(r);
        let p = 1.0 / (1.0 + libm::exp(-distance(r, own[i])));
        slope[i] += sign * (r.score - p);
        curve[i] += p * (1.0 - p);
    }
    for ((x, slope), curve) in own.iter_mut().zip(slope).zip(curve) {
        *x += (slope / curve).clamp(-1.0, 1.0);
    }
}

/// Shifts skills and difficulties together, so that the mean difficulty is that of the priors.
fn anchor(theta: &mut [f64], b: &mut [f64], priors: &[f64]) {
    if b.is_empty() {
        return;
    }
    let off = b.iter().zip(priors).map(|(b, p)| b - p).sum::<f64>() / b.len() as f64;
    b.iter_mut().for_each(|b| *b -= off);
    theta.iter_mut().for_each(|t| *t -= off);
}

fn one(
    item: usize,
    (by_item, by_learner): (&[Vec<Response>], &[Vec<Response>]),
    theta: &[f64],
    b: &[f64],
    prior: f64,
) -> Option<Measured> {
    let own: Vec<(f64, f64)> = by_item[item].iter().map(|r| (theta[r.learner], r.score)).collect();
    if own.len() < ENOUGH.0 {
        return None;
    }
    let information: f64 = own
        .iter()
        .map(|(t, _)| {
            let p = 1.0 / (1.0 + libm::exp(b[item] - t));
            p * (1.0 - p)
        })
        .sum();
    // An answer that is part of the skill it is held against follows it a little whatever the item is: both figures are
    // taken against what the other items say.
    let rest: Vec<(f64, f64)> = by_item[item]
        .iter()
        .map(|r| (skill_without(item, &by_learner[r.learner], theta[r.learner], b), r.score))
        .collect();
    let point_biserial = correlation(&rest);
    let warning = if point_biserial < BAD {
        Some("W-ITEM-BAD")
    } else if (b[item] - prior).abs() > FAR {
        Some("W-LEVEL-DATA")
    } else {
        None
    };
    Some(Measured {
        item,
        n: own.len(),
        difficulty: b[item],
        error: 1.0 / libm::sqrt(information + 1.0 / PRIOR),
        discrimination: (own.len() >= ENOUGH.1).then(|| discrimination(&rest, b[item])),
        point_biserial,
        warning,
    })
}

/// Pearson's correlation; 0 if one side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    if xx > 0.0 && yy > 0.0 { xy / libm::sqrt(xx * yy) } else { 0.0 }
}

/// Slope of the logistic curve through the answers, by Newton steps with its place free; within 0.3 and 3.
fn discrimination(pairs: &[(f64, f64)], b: f64) -> f64 {
    let (mut a, mut c) = (1.0, -b); // p = σ(a·θ + c)
    for _ in 0..30 {
        let (mut ga, mut gc, mut haa, mut hac, mut hcc) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (t, y) in pairs {
            let p = 1.0 / (1.0 + libm::exp(-(a * t + c)));
            let w = p * (1.0 - p);
            ga += (y - p) * t;
            gc += y - p;
            haa += w * t * t;
            hac += w * t;
            hcc += w;
        }
        let det = haa * hcc - hac * hac;
        if det.abs() < 1e-12 {
            break;
        }
        a += ((hcc * ga - hac * gc) / det).clamp(-0.5, 0.5);
        c += ((haa * gc - hac * ga) / det).clamp(-0.5, 0.5);
    }
    a.clamp(0.3, 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::rng::SplitMix64;

    /// 400 learners answer 12 items whose difficulties and discriminations are known.
    fn answers(truth: &[(f64, f64)]) -> Vec<Response> {
        let mut rng = SplitMix64::new(3);
        let mut share = || (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
        let mut out = Vec::new();
        for learner in 0..400 {
            let theta = (0..12).map(|_| share()).sum::<f64>() - 6.0; // near normal
            for (item, (a, b)) in truth.iter().enumerate() {
                let p = 1.0 / (1.0 + libm::exp(-a * (theta - b)));
                out.push(Response { learner, item, score: f64::from(u8::from(share() < p)) });
            }
        }
        out
    }

    #[test]
    fn known_difficulties_are_found() {
        let truth: Vec<(f64, f64)> = (0..12).map(|i| (1.0, -1.65 + 0.3 * f64::from(i))).collect();
        let priors = vec![0.0; 12];
        let found = measure(&answers(&truth), &priors);
        assert_eq!(found.len(), 12);
        for (m, (_, b)) in found.iter().zip(&truth) {
            // Joint estimates of 12 items are stretched by 12/11; three standard errors of 0.12 beside it.
            assert!((m.difficulty - b * 12.0 / 11.0).abs() < 0.36 + 0.1, "{m:?}, {b}");
            assert!((m.error - 0.12).abs() < 0.04, "{m:?}");
        }
        let warned: Vec<usize> =
            found.iter().filter(|m| m.warning.is_some()).map(|m| m.item).collect();
        assert!(warned.contains(&0) && warned.contains(&11) && !warned.contains(&6), "{warned:?}");
    }

    #[test]
    fn items_that_do_not_follow_skill_are_named() {
        let mut truth = vec![(1.5, 0.0); 12];
        truth[4] = (-0.8, 0.0);
        truth[7] = (0.5, 0.0);
        let found = measure(&answers(&truth), &[0.0; 12]);
        assert_eq!(found[4].warning, Some("W-ITEM-BAD"));
        let a = |item: usize| found[item].discrimination.unwrap();
        // Three times in truth; against skills that eleven items tell only roughly, slopes come nearer to each other.
        assert!(a(0) > 1.5 * a(7), "{} and {}", a(0), a(7));
    }

    #[test]
    fn few_or_odd_responses_give_nothing() {
        assert!(measure(&[], &[0.0]).is_empty() && measure(&[], &[]).is_empty());
        let odd = Response { learner: 0, item: 9, score: f64::NAN };
        assert!(measure(&[odd; 40], &[0.0]).is_empty());
        let all_right: Vec<Response> =
            (0..40).map(|learner| Response { learner, item: 0, score: 1.0 }).collect();
        assert!(measure(&all_right, &[0.4])[0].difficulty.is_finite());
    }
}
