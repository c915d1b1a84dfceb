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

words! {
    /// Whether a chain is a main path or a side path.
    Tier, "tier", {
        Primary = "primary",
        Secondary = "secondary",
    }
}

words! {
    /// A principle of reasoning.
    Principle, "principle", {
        /// Resource quantification:
        Rc1 = "RC-1",
        /// Bottleneck analysis:
        Rc2 = "RC-2",
        /// Hardware-compiler-algorithm co-design:
        Rc3 = "RC-3",
        /// Scaling:
        Rc4 = "RC-4",
        /// Representational efficiency:
        Rc5 = "RC-5",
        /// Latency decomposition:
        Rc6 = "RC-6",
        /// Faults and reliability:
        Rc7 = "RC-7",
        /// System design:
        Rc8 = "RC-8",
        /// Optimization method:
        Rc9 = "RC-9",
        /// Cost efficiency:
        Rc10 = "RC-10",
        /// Locality:
        Rc11 = "RC-11",
        /// Observability:
        Rc12 = "RC-12",
        /// Concurrency and asynchrony:
        Rc13 = "RC-13",
    }
}

words! {
    /// A field of knowledge.
    Knowledge, "field of knowledge", {
        /// Workflow:
        A1 = "A1",
        /// Neural computation:
        A2 = "A2",
        /// Architectures:
        A3 = "A3",
        /// Training dynamics:
        A4 = "A4",
        /// Data pipelines:
        A5 = "A5",
        /// Feature engineering:
        A6 = "A6",
        /// Data quality and drift:
        A7 = "A7",
        /// Number systems:
        B1 = "B1",
        /// Compute arithmetic:
        B2 = "B2",
        /// Accelerators:
        B3 = "B3",
        /// Parallel programming:
        B4 = "B4",
        /// Graph optimization:
        B5 = "B5",
        /// Compilers:
        B6 = "B6",
        /// Libraries and runtimes:
        B7 = "B7",
        /// Benchmarking:
        B8 = "B8",
        /// Memory hierarchy:
        C1 = "C1",
        /// Data movement:
        C2 = "C2",
        /// Interconnects:
        C3 = "C3",
        /// Collectives:
        C4 = "C4",
        /// Distributed training:
        C5 = "C5",
        /// Fault tolerance:
        C6 = "C6",
        /// Fleet orchestration:
        C7 = "C7",
        /// Distributed data:
        C8 = "C8",
        /// Storage:
        C9 = "C9",
        /// Compression:
        D1 = "D1",
        /// Quantization:
        D2 = "D2",
        /// Inference optimization:
        D3 = "D3",
        /// Serving:
        D4 = "D4",
        /// Edge and mobile:
        D5 = "D5",
        /// TinyML:
        D6 = "D6",
        /// MLOps:
        D7 = "D7",
        /// Power and sustainability:
        E1 = "E1",
        /// Security, privacy, robustness:
        E2 = "E2",
        /// Responsible AI:
        E3 = "E3",
        /// Compound systems:
        F1 = "F1",
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
