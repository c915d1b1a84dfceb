//! The closed vocabulary: tracks, levels, areas, topics, zones and their rules.
//!
//! Every classification of a template is a word from one of these lists.
//! Two rules tie them together: a topic belongs to one area and to certain tracks ([`Topic`](super::Topic)), and a
//! zone admits certain verbs ([`Zone::admits`]).

use core::fmt;

use crate::read::Keyword;

/// Defines an enum of words with `name`, `ALL`, `Display`, `Serialize`, `Deserialize` and reading from files.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vmeta])* #[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl $name {
            /// All words, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the word used in files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Returns what a word stands for, or nothing if it is not in the list.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl Keyword for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$variant),)*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_name(&name).ok_or_else(|| {
                    serde::de::Error::custom(format!("`{name}` is no {}", $what))
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a system runs.
    Track, "track", {
        Cloud = "cloud",
        Edge = "edge",
        Mobile = "mobile",
        Tinyml = "tinyml",
        Global = "global",
    }
}

words! {
    /// How much of a system one has to own to answer; ordered.
    Level, "level", {
        L1 = "L1",
        L2 = "L2",
        L3 = "L3",
        L4 = "L4",
        L5 = "L5",
        L6Plus = "L6+",
    }
}

words! {
    /// Competency area.
    Area, "area", {
        Compute = "compute",
        Memory = "memory",
        Latency = "latency",
        Precision = "precision",
        Power = "power",
        Architecture = "architecture",
        Optimization = "optimization",
        Parallelism = "parallelism",
        Networking = "networking",
        Deployment = "deployment",
        Reliability = "reliability",
        Data = "data",
        CrossCutting = "cross-cutting",
    }
}

words! {
    /// Which skills an item exercises.
    Zone, "zone", {
        Recall = "recall",
        Fluency = "fluency",
        Analyze = "analyze",
        Diagnosis = "diagnosis",
        Implement = "implement",
        Design = "design",
        Specification = "specification",
        Optimization = "optimization",
        Evaluation = "evaluation",
        Realization = "realization",
        Mastery = "mastery",
    }
}

words! {
    /// What the learner does; ordered.
    Bloom, "verb", {
        Remember = "remember",
        Understand = "understand",
        Apply = "apply",
        Analyze = "analyze",
        Evaluate = "evaluate",
        Create = "create",
    }
}

words! {
    /// How one reasons.
    Mode, "mode", {
        ConceptRecall = "concept-recall",
        NapkinMath = "napkin-math",
        SymptomToCause = "symptom-to-cause",
        TradeoffAnalysis = "tradeoff-analysis",
        RequirementsToArchitecture = "requirements-to-architecture",
        OptimizationTask = "optimization-task",
        FailureToRootCause = "failure-to-root-cause",
    }
}

words! {
    /// Which phase of a model's life is meant.
    Phase, "phase", {
        Training = "training",
        Inference = "inference",
        Both = "both",
    }
}

words! {
    /// Form of a template.
    Kind, "kind", {
        Numeric = "numeric",
        Choice = "choice",
        Recall = "recall",
        Multi = "multi",
        Open = "open",
    }
}

words! {
    /// Where a template stands on its way to learners.
    Status, "status", {
        Draft = "draft",
        Review = "review",
        Published = "published",
        Retired = "retired",
    }
}

words! {
    /// Who wrote a template.
    Origin, "origin", {
        Original = "original",
        Contributed = "contributed",
    }
}

impl Level {
    /// Returns the number of the level, 1 to 6.
    #[must_use]
    pub const fn ordinal(self) -> u8 {
        self as u8 + 1
    }
}

impl Zone {
    /// Returns whether an item of this zone may ask for this verb.
    #[must_use]
    pub const fn admits(self, verb: Bloom) -> bool {
        let (least, most) = match self {
            Self::Recall => (Bloom::Remember, Bloom::Understand),
            Self::Fluency => (Bloom::Remember, Bloom::Apply),
            Self::Analyze => (Bloom::Apply, Bloom::Analyze),
            Self::Diagnosis => (Bloom::Apply, Bloom::Evaluate),
            Self::Implement => (Bloom::Understand, Bloom::Create),
            Self::Design => (Bloom::Apply, Bloom::Create),
            Self::Specification => (Bloom::Apply, Bloom::Create),
            Self::Optimization => (Bloom::Apply, Bloom::Create),
            Self::Evaluation => (Bloom::Analyze, Bloom::Evaluate),
            Self::Realization => (Bloom::Apply, Bloom::Create),
            Self::Mastery => (Bloom::Analyze, Bloom::Create),
        };
        least as u8 <= verb as u8 && verb as u8 <= most as u8
    }
}

/// The 22 walls by number, 1 to 22.
pub const WALLS: [&str; 22] = [
    "compute",
    "memory",
    "software",
    "serving",
    "batching",
    "streaming",
    "tail-latency",
    "ingestion",
    "transformation",
    "locality",
    "complexity",
    "reasoning",
    "fidelity",
    "communication",
    "fragility",
    "multi-tenant",
    "capital",
    "sustainability",
    "checkpoint",
    "safety",
    "sensitivity",
    "synthesis",
];
