//! Normalization of groups of channels within one sample.

use super::{Module, Visitor};
use crate::{DType, Error, Param, Result, Tensor};

/// Group normalization: (x − mean)/√(var + ε)·weight + bias, with the statistics of a group of channels of one sample.
///
/// It does not look at the rest of the batch, so that training and evaluation compute the same. One group normalizes
/// the whole sample; as many groups as channels normalize each channel alone ("instance normalization").
///
/// # Shapes
///
/// `[N, C, ..]` to the same; weight and bias are `[C]`.
///
/// # Source
///
/// Wu and He (2018), "Group Normalization".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{GroupNorm, Module};
/// use tinytorch_core::Tensor;
///
/// let norm = GroupNorm::new(1, 2)?.with_eps(0.0);
/// assert_eq!(norm.forward(&Tensor::from([[1.0_f32, 3.0]]))?.to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GroupNorm {
    groups: usize,
    channels: usize,
    affine: Option<[Param; 2]>,
    eps: f64,
}

impl GroupNorm {
    /// Returns a layer for `channels` channels in `groups` groups with weight 1, bias 0 and ε = 1e-5.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a number is 0, the groups do not divide the channels, or the channels are too many
    /// for a tensor.
    pub fn new(groups: usize, channels: usize) -> Result<Self> {
        if groups == 0 || channels == 0 || !channels.is_multiple_of(groups) {
            let need = format!("a divisor of the {channels} channels, which are at least 1");
            return Err(Error::argument("group_norm", "groups", groups, need));
        }
        let weight = Param::new(Tensor::ones([channels], DType::F32)?)?;
        let bias = Param::new(Tensor::zeros([channels], DType::F32)?)?;
        Ok(Self { groups, channels, affine: Some([weight, bias]), eps: 1e-5 })
    }

    /// Returns the layer with another ε.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Returns the layer without weight and bias.
    #[must_use]
    pub fn without_affine(self) -> Self {
        Self { affine: None, ..self }
    }
}

impl Module for GroupNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if x.dims().get(1) != Some(&self.channels) {
            let need = format!("[N, {}, ..]", self.channels);
            let got = format!("of shape {}", x.shape());
            return Err(Error::argument("group_norm", "input", got, need));
        }
        let (w, b) = match &self.affine {
            Some([w, b]) => (Some(w.tensor()), Some(b.tensor())),
            None => (None, None),
        };
        x.group_norm(self.groups, w.as_ref(), b.as_ref(), self.eps)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        if let Some([weight, bias]) = &self.affine {
            visitor.param("weight", weight);
            visitor.param("bias", bias);
        }
    }

    fn name(&self) -> &'static str {
        "GroupNorm"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        autograd::{GradCheck, gradcheck},
        nn::ModuleExt,
    };

    #[test]
    fn groups_by_hand() {
        let norm = GroupNorm::new(2, 4).unwrap().with_eps(0.0);
        norm.to_dtype(DType::F64).unwrap();
        let [_, bias] = norm.affine.as_ref().unwrap();
        bias.load(&Tensor::from([0.0_f64, 0.0, 10.0, 20.0])).unwrap();
        // Groups (1, 3) and (-2, 2): means 2 and 0, standard deviations 1 and 2.
        let y = norm.forward(&Tensor::from([[1.0_f64, 3.0, -2.0, 2.0]])).unwrap();
        assert_eq!(y.to_vec::<f64>().unwrap(), [-1.0, 1.0, 9.0, 21.0]);
        let names: Vec<String> = norm.state_dict().into_keys().collect();
        assert_eq!(names, ["bias", "weight"]);
        assert_eq!(GroupNorm::new(2, 4).unwrap().without_affine().num_parameters(), 0);
    }

    #[test]
    fn gradients() {
        let norm = GroupNorm::new(2, 4).unwrap();
        norm.to_dtype(DType::F64).unwrap();
        let x: Vec<f64> = (0..24).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let x = Tensor::from_vec(x, [2, 4, 3]).unwrap();
        gradcheck(|i| norm.forward(&i[0])?.square(), &[x], GradCheck::default()).unwrap();
    }

    #[test]
    fn bad_arguments_are_named() {
        for (groups, channels) in [(0, 4), (3, 4), (1, 0)] {
            assert!(matches!(
                GroupNorm::new(groups, channels),
                Err(Error::InvalidArgument { name: "groups", .. })
            ));
        }
        for shape in [&[4][..], &[2, 3]] {
            let x = Tensor::ones(shape, DType::F32).unwrap();
            let error = GroupNorm::new(2, 4).unwrap().forward(&x).unwrap_err();
            assert_eq!(error.to_string().lines().count(), 3);
            assert!(error.to_string().contains("[N, 4, ..]"), "{error}");
        }
    }
}
