//! Einstein summation: products and sums of tensors written as index equations.

mod diagonal;
mod equation;

use equation::Equation;

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor};

/// A tensor whose axes have names.
struct Named {
    tensor: Tensor,
    labels: Vec<char>,
}

impl Named {
    /// Keeps one axis per label: repeated labels become the diagonal.
    fn new(tensor: &Tensor, labels: &[char]) -> Result<Self> {
        let mut out = Self { tensor: tensor.clone(), labels: labels.to_vec() };
        let mut at = 0;
        while at < out.labels.len() {
            match out.labels[..at].iter().position(|l| *l == out.labels[at]) {
                Some(first) => {
                    out.tensor = out.tensor.diagonal(first as isize, at as isize)?;
                    // The diagonal takes the place of its first axis.
                    out.labels.remove(at);
                }
                None => at += 1,
            }
        }
        Ok(out)
    }

    /// Sums over the axes whose labels nobody needs.
    fn keep(self, needed: impl Fn(char) -> bool) -> Result<Self> {
        let gone: Vec<usize> =
            (0..self.labels.len()).filter(|&a| !needed(self.labels[a])).collect();
        if gone.is_empty() {
            return Ok(self);
        }
        let labels = self.labels.into_iter().filter(|&l| needed(l)).collect();
        Ok(Self { tensor: self.tensor.sum(&gone, false)?, labels })
    }

    /// Puts the axes into the given order.
    fn order(&self, labels: &[char]) -> Result<Tensor> {
        let order: Vec<isize> = labels
            .iter()
            .filter_map(|l| self.labels.iter().position(|m| m == l))
            .map(|a| a as isize)
            .collect();
        self.tensor.permute(&order)
    }

    fn size(&self, label: char) -> usize {
        self.labels.iter().position(|&l| l == label).map_or(1, |a| self.tensor.dims()[a])
    }

    /// Multiplies two operands and sums over the labels that nobody needs afterwards.
    fn product(&self, other: &Self, needed: impl Fn(char) -> bool) -> Result<Self> {
        let both = |l: &&char| other.labels.contains(l);
        let batch: Vec<char> =
            self.labels.iter().filter(both).filter(|&&l| needed(l)).copied().collect();
        let summed: Vec<char> =
            self.labels.iter().filter(both).filter(|&&l| !needed(l)).copied().collect();
        let left: Vec<char> = self.labels.iter().filter(|l| !both(l)).copied().collect();
        let right: Vec<char> =
            other.labels.iter().filter(|l| !self.labels.contains(l)).copied().collect();
        let count =
            |labels: &[char], t: &Self| labels.iter().map(|&l| t.size(l)).product::<usize>();
        let [b, m, k, n] =
            [count(&batch, self), count(&left, self), count(&summed, self), count(&right, other)];
        let lhs = self.order(&[&batch[..], &left, &summed].concat())?.reshape([b, m, k])?;
        let rhs = other.order(&[&batch[..], &summed, &right].concat())?.reshape([b, k, n])?;
        let labels = [batch, left, right].concat();
        let size = |&l: &char| if self.labels.contains(&l) { self.size(l) } else { other.size(l) };
        let shape: Vec<usize> = labels.iter().map(size).collect();
        Ok(Self { tensor: lhs.matmul(&rhs)?.reshape(&shape)?, labels })
    }
}

impl Tensor {
    /// Returns the sum of products that an index equation describes, such as `"bij,bjk->bik"`.
    ///
    /// Each letter names an axis. Equal letters walk together; letters missing on the right are summed over. Without
    /// `->` the result has the letters that occur once, in alphabetical order. Operands are combined from left to right.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for an equation that cannot be read or does not fit the operands;
    /// [`Error::ShapeMismatch`] if one letter stands for two sizes; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(Tensor::einsum("ii->", &[&a])?.item::<f32>()?, 5.0);
    /// assert_eq!(Tensor::einsum("ij,ij->i", &[&a, &a])?.to_vec::<f32>()?, [5.0, 25.0]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Self]) -> Result<Self> {
        let eq = Equation::parse(equation, operands)?;
        let mut rest = eq.operands.as_slice();
        let needed = |rest: &[Vec<char>], l: char| {
            eq.output.contains(&l) || rest.iter().any(|o| o.contains(&l))
        };
        let mut done: Option<Named> = None;
        for (tensor, labels) in operands.iter().zip(&eq.operands) {
            rest = &rest[1..];
            let next = Named::new(tensor, labels)?;
            done = Some(match done {
                None => next.keep(|l| needed(rest, l))?,
                Some(before) => {
                    let next = next.keep(|l| needed(rest, l) || before.labels.contains(&l))?;
                    before.product(&next, |l| needed(rest, l))?
                }
            });
        }
        match done {
            Some(done) => done.order(&eq.output),
            None => Err(Error::argument("einsum", "operands", "empty", "a list of at least one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, gradcheck};

    fn wave(shape: &[usize], step: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f64 * step).sin()).collect(), shape).unwrap()
    }

    /// The definition: a sum over every combination of all letters.
    fn plain(equation: &str, operands: &[&Tensor]) -> Vec<f64> {
        let eq = Equation::parse(equation, operands).unwrap();
        let mut letters = eq.output.clone();
        eq.operands.iter().flatten().for_each(|l| {
            if !letters.contains(l) {
                letters.push(*l);
            }
        });
        let size = |l: &char| {
            operands
                .iter()
                .zip(&eq.operands)
                .find_map(|(t, o)| o.iter().position(|m| m == l).map(|a| t.dims()[a]))
                .unwrap()
        };
        let sizes: Vec<usize> = letters.iter().map(size).collect();
        let inner: usize = sizes[eq.output.len()..].iter().product();
        let mut out = vec![0.0; sizes[..eq.output.len()].iter().product()];
        for n in 0..sizes.iter().product() {
            let mut index = vec![0; sizes.len()];
            let mut rest = n;
            for a in (0..sizes.len()).rev() {
                index[a] = rest % sizes[a];
                rest /= sizes[a];
            }
            let factor = |(t, o): (&&Tensor, &Vec<char>)| {
                let at: Vec<usize> =
                    o.iter().map(|l| index[letters.iter().position(|m| m == l).unwrap()]).collect();
                t.typed::<f64>().get(&at).unwrap()
            };
            out[n / inner] += operands.iter().zip(&eq.operands).map(factor).product::<f64>();
        }
        out
    }

    #[test]
    fn equations_agree_with_the_definition() {
        let (a, b, c) = (wave(&[2, 3, 4], 0.7), wave(&[2, 4, 5], 1.1), wave(&[3, 3], 0.3));
        for (equation, operands) in [
            ("bij,bjk->bik", &[&a, &b][..]),
            ("bij,bjk->", &[&a, &b]),
            ("bij,bjk->kib", &[&a, &b]),
            ("bij,bjk,ii->bk", &[&a, &b, &c]),
            ("ii->i", &[&c]),
            ("ii", &[&c]),
            ("ij->ji", &[&c]),
            ("ij,kl->ikjl", &[&c, &c]),
            ("bij->bj", &[&a]),
            ("bij,cjk->bckij", &[&a, &b]),
            ("ij,ij->ij", &[&c, &c]),
        ] {
            let got = Tensor::einsum(equation, operands).unwrap().to_vec::<f64>().unwrap();
            let want = plain(equation, operands);
            assert_eq!(got.len(), want.len(), "{equation}");
            assert!(
                got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-13),
                "{equation}: {got:?} {want:?}"
            );
            let owned: Vec<Tensor> = operands.iter().map(|&t| t.clone()).collect();
            let f = |i: &[Tensor]| Tensor::einsum(equation, &i.iter().collect::<Vec<_>>());
            gradcheck(f, &owned, GradCheck::default()).unwrap();
        }
    }

    #[test]
    fn bad_equations_are_named() {
        let a = wave(&[2, 3], 1.0);
        for equation in [
            "ij",
            "i->i",
            "ij->k",
            "ij->ii",
            "i j->ij",
            "ij,jk->ik",
            "i1->i",
            "ij->ij->",
            "ii->i",
            "...",
        ] {
            let result = Tensor::einsum(equation, &[&a]);
            if equation == "ij" {
                assert!(result.is_ok());
            } else {
                assert!(result.is_err(), "{equation}");
            }
        }
        assert!(Tensor::einsum("", &[]).is_err());
        assert!(matches!(
            Tensor::einsum("ij,ij->i", &[&a, &a.t().unwrap()]),
            Err(Error::ShapeMismatch { .. })
        ));
    }
}
