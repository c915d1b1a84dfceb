//! Which milestones there are, and where each one comes from.

use core::{fmt, str::FromStr};

use crate::Error;

/// A milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// 01: one neuron that learns, 1958.
    Perceptron,
    /// 02: what one neuron cannot learn, 1969.
    XorCrisis,
    /// 03a: a hidden layer learns it.
    XorSolved,
    /// 03b: a multilayer perceptron reads digits, 1986.
    Digits,
    /// 04: a convolutional network reads them better, 1998.
    Cnn,
    /// 05: attention reverses and copies, 2017.
    Transformer,
    /// 06a: a trained network is measured and made small, 2018.
    Mlperf,
    /// 06b: text comes faster when nothing is computed twice.
    KvCache,
    /// 07: a language model continues prose, 2020.
    Language,
}

/// What is known about a milestone before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Number on the command line, such as `03a`.
    pub code: &'static str,
    /// Another name on the command line.
    pub alias: &'static str,
    /// Title.
    pub title: &'static str,
    /// Year of the work that it repeats.
    pub year: u16,
    /// That work.
    pub source: &'static str,
    /// What is shown, in one sentence.
    pub shows: &'static str,
    /// Modules of the course that it stands on.
    pub modules: &'static [u8],
}

impl Id {
    /// Every milestone, oldest first.
    pub const ALL: [Self; 9] = [
        Self::Perceptron,
        Self::XorCrisis,
        Self::XorSolved,
        Self::Digits,
        Self::Cnn,
        Self::Transformer,
        Self::Mlperf,
        Self::KvCache,
        Self::Language,
    ];

    /// Returns what is known about the milestone.
    #[must_use]
    pub fn about(self) -> &'static About {
        match self {
            Self::Perceptron => &About {
                code: "01",
                alias: "perceptron",
                title: "Perceptron",
                year: 1958,
                source: "Rosenblatt (1958), \"The Perceptron: A Probabilistic Model for Information Storage and \
                         Organization in the Brain\", Psychological Review 65(6)",
                shows: "one neuron separates two clouds of points: not with random weights, but with weights set by \
                        hand, and with weights that it finds itself, by Rosenblatt's rule and by gradient descent",
                modules: &[1, 2, 3],
            },
            Self::XorCrisis => &About {
                code: "02",
                alias: "xor-crisis",
                title: "XOR crisis",
                year: 1969,
                source: "Minsky & Papert (1969), \"Perceptrons: An Introduction to Computational Geometry\", MIT Press",
                shows: "no single neuron computes exclusive or: of all weights on a grid none gets more than three of \
                        the four corners, and training does not either; the run passes when it fails as predicted",
                modules: &[1, 2, 3],
            },
            Self::XorSolved => &About {
                code: "03a",
                alias: "xor",
                title: "XOR solved",
                year: 1986,
                source: "Rumelhart, Hinton & Williams (1986), \"Learning representations by back-propagating errors\", \
                         Nature 323",
                shows: "eight hidden units learn exclusive or; with four rectifiers some runs get stuck, because a \
                        rectifier that is off for every point receives no gradient",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8],
            },
            Self::Digits => &About {
                code: "03b",
                alias: "mlp",
                title: "Digits with a multilayer perceptron",
                year: 1986,
                source: "Rumelhart, Hinton & Williams (1986), \"Learning internal representations by error \
                         propagation\", in Parallel Distributed Processing 1, MIT Press",
                shows: "2,410 parameters read handwritten digits; a step size ten times smaller, without momentum, \
                        gets far less done in the same time",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8],
            },
            Self::Cnn => &About {
                code: "04",
                alias: "cnn",
                title: "Convolutional network",
                year: 1998,
                source: "LeCun, Bottou, Bengio & Haffner (1998), \"Gradient-Based Learning Applied to Document \
                         Recognition\", Proceedings of the IEEE 86(11)",
                shows: "810 parameters read digits as well as 2,410, and lose less when the images move by one pixel",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8, 9],
            },
            Self::Transformer => &About {
                code: "05",
                alias: "transformer",
                title: "Transformer",
                year: 2017,
                source: "Vaswani et al. (2017), \"Attention Is All You Need\", NeurIPS 30",
                shows: "attention reverses and copies words, on request; without positions, or with averages in the \
                        place of attention, reversal fails",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13],
            },
            Self::Mlperf => &About {
                code: "06a",
                alias: "mlperf",
                title: "Measured and made small",
                year: 2018,
                source: "MLPerf, begun in 2018: Reddi et al. (2020), \"MLPerf Inference Benchmark\", ISCA; the three ways \
                         to a smaller network are those of Han, Mao & Dally (2016), \"Deep Compression\", ICLR, and Hinton, \
                         Vinyals & Dean (2015), \"Distilling the Knowledge in a Neural Network\"",
                shows: "the digit reader of 03b in a quarter of its bytes, with half of its weights, or taught to a network \
                        of half its size, and how little each of these costs on images that training has not seen",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 19],
            },
            Self::KvCache => &About {
                code: "06b",
                alias: "kv-cache",
                title: "Nothing computed twice",
                year: 2018,
                source: "Liu et al. (2018), \"Generating Wikipedia by Summarizing Long Sequences\", ICLR, a decoder alone; \
                         Shazeer (2019), \"Fast Transformer Decoding: One Write-Head is All You Need\", on what it keeps",
                shows: "with the keys and values of earlier tokens kept, the same text comes several times faster: every \
                        token is the same, and every score to five digits, before any time is taken",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 18],
            },
            Self::Language => &About {
                code: "07",
                alias: "language",
                title: "Generative language model",
                year: 2020,
                source: "Brown et al. (2020), \"Language Models are Few-Shot Learners\", NeurIPS 33",
                shows: "a network of the GPT kind learns to continue prose, letter by letter; a run that is stopped and \
                        goes on from its checkpoint has the same curve, to the bit",
                modules: &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13],
            },
        }
    }
}

/// The code, such as `03a`.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().code)
    }
}

/// Reads a code or an alias.
///
/// # Examples
///
/// ```
/// use tinytorch_core::milestones::Id;
///
/// assert_eq!("03a".parse::<Id>()?, Id::XorSolved);
/// assert_eq!("cnn".parse::<Id>()?, Id::Cnn);
/// assert!("08".parse::<Id>().unwrap_err().to_string().contains("01, 02, 03a"));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
impl FromStr for Id {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::InvalidArgument`] listing the milestones.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_it = |id: &&Self| [id.about().code, id.about().alias].contains(&text);
        Self::ALL.iter().find(is_it).copied().ok_or_else(|| {
            let codes = Self::ALL.map(|id| id.about().code).join(", ");
            let aliases = Self::ALL.map(|id| id.about().alias).join(", ");
            Error::argument(
                "milestone",
                "id",
                format!("`{text}`"),
                format!("one of {codes}, or {aliases}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_milestone_has_its_own_names() {
        let mut names: Vec<&str> =
            Id::ALL.iter().flat_map(|id| [id.about().code, id.about().alias]).collect();
        for id in Id::ALL {
            assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
            assert_eq!(id.about().alias.parse::<Id>().unwrap(), id);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2 * Id::ALL.len());
        assert!(Id::ALL.is_sorted_by_key(|id| id.about().year), "oldest first");
    }

    #[test]
    fn unknown_names_are_answered_with_the_known_ones() {
        for text in ["", "3", "04 ", "XOR", "olympics"] {
            let error = text.parse::<Id>().unwrap_err().to_string();
            assert_eq!(error.lines().count(), 3, "{error}");
            assert!(error.contains("01, 02, 03a, 03b, 04, 05, 06a, 06b, 07"), "{error}");
        }
    }
}
