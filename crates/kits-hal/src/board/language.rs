//! Small language models on a single-board computer: does one fit, and how fast does it answer?
//!
//! `bytes = parameters × bits / 8 × 1.1 + kv`, the tenth for scales and for layers kept at more bits;
//! `kv = 2 × layers × key-value heads × head width × context × bytes per element`.
//! Each token reads all of them once, so `tokens/s = memory bandwidth / bytes`.

use core::fmt;

use super::provenance::{Sourced, Span};
use super::text::{Grouped, ShortText, Tenths};
use super::violation::{FitError, Resource};
use super::{Board, RegionKind};

/// A language model as its published configuration describes it, at one number of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageModel {
    /// Short name, as given on command lines.
    pub id: &'static str,
    /// The published name and the format of the weights.
    pub name: &'static str,
    /// Parameters.
    pub params: u64,
    /// Bits per parameter.
    pub bits: u8,
    /// Layers.
    pub layers: u16,
    /// Heads of keys and values.
    pub kv_heads: u16,
    /// Width of a head.
    pub head_dim: u16,
    /// What the labs saw on a Raspberry Pi 5 with 8 GiB: bytes of the model, and thousandths of a token per second.
    pub lab: (u64, Span),
}

/// The models of the lab.
///
/// Parameters, layers and heads are those of the published configurations; sizes and rates those of the lab.
pub static LANGUAGE_MODELS: [LanguageModel; 4] = [
    LanguageModel {
        id: "llama3.2-1b-q8",
        name: "Llama 3.2 1B, Q8_0",
        params: 1_235_814_400,
        bits: 8,
        layers: 16,
        kv_heads: 8,
        head_dim: 64,
        lab: (1_300_000_000, Span::one(9_000)),
    },
    LanguageModel {
        id: "llama3.2-3b-q4",
        name: "Llama 3.2 3B, Q4_0",
        params: 3_212_749_824,
        bits: 4,
        layers: 28,
        kv_heads: 8,
        head_dim: 128,
        lab: (2_000_000_000, Span::one(5_300)),
    },
    LanguageModel {
        id: "gemma2-2b-q4",
        name: "Gemma 2 2B, Q4_0",
        params: 2_614_341_888,
        bits: 4,
        layers: 26,
        kv_heads: 4,
        head_dim: 256,
        lab: (1_600_000_000, Span::one(5_000)),
    },
    LanguageModel {
        id: "phi3.5-3.8b-q4",
        name: "Phi-3.5 mini 3.8B, Q4_0",
        params: 3_821_079_552,
        bits: 4,
        layers: 32,
        kv_heads: 32,
        head_dim: 96,
        lab: (2_200_000_000, Span::new(2_250, 4_000)),
    },
];

/// How a language model is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk {
    /// Tokens of context kept.
    pub context: u32,
    /// Bytes per element of the keys and values; 2 for half precision.
    pub kv_element_bytes: u8,
    /// Memory kept for the operating system, in bytes.
    pub system_bytes: u64,
}

impl Default for Talk {
    /// 2048 tokens in half precision beside a system of 512 MiB.
    fn default() -> Self {
        Self { context: 2_048, kv_element_bytes: 2, system_bytes: 512 << 20 }
    }
}

/// A language model on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TalkReport {
    /// The id of the board.
    pub board: &'static str,
    /// Bytes of the weights.
    pub weight_bytes: u64,
    /// Bytes of the keys and values of a full context.
    pub kv_bytes: u64,
    /// Bytes kept for the system.
    pub system_bytes: u64,
    /// Memory of the board in bytes.
    pub memory_bytes: u64,
    /// Thousandths of a token per second with a full context to an empty one; `None` if the bandwidth is not known.
    pub milli_tokens: Option<Sourced<Span>>,
}

impl LanguageModel {
    /// Returns the model of that id.
    ///
    /// # Errors
    ///
    /// [`UnknownLanguageModel`] if there is none; its text lists the known ids.
    pub fn by_id(id: &str) -> Result<&'static Self, UnknownLanguageModel> {
        LANGUAGE_MODELS
            .iter()
            .find(|m| m.id == id)
            .ok_or_else(|| UnknownLanguageModel { given: ShortText::new(id) })
    }

    /// Returns the bytes of the weights, `parameters × bits / 8 × 1.1`, rounded down.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        self.params.saturating_mul(self.bits.into()).saturating_mul(11) / 80
    }

    /// Returns the bytes of keys and values for `context` tokens at `element_bytes` each.
    #[must_use]
    pub fn kv_bytes(&self, context: u32, element_bytes: u8) -> u64 {
        [
            self.layers.into(),
            self.kv_heads.into(),
            self.head_dim.into(),
            context,
            element_bytes.into(),
        ]
        .into_iter()
        .fold(2_u64, |product, factor: u32| product.saturating_mul(factor.into()))
    }

    /// Returns how the model runs on `board`, or the bytes that lack.
    ///
    /// # Errors
    ///
    /// [`FitError`] with one violation if weights, keys and values and the system exceed the main memory. A board
    /// without main memory is measured by its largest block.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::{Board, LanguageModel, Talk};
    ///
    /// let model = LanguageModel::by_id("llama3.2-1b-q8")?;
    /// assert_eq!(model.weight_bytes(), 1_359_395_840); // 1 235 814 400 bytes and a tenth
    /// assert_eq!(model.kv_bytes(2_048, 2), 67_108_864); // 2 · 16 · 8 · 64 · 2048 · 2
    /// assert!(model.on(Board::by_id("rpi5-8")?, &Talk::default()).is_ok());
    /// let refused = model.on(Board::by_id("rpi_zero2w")?, &Talk::default()).unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "rpi_zero2w: RAM: needs 1 963 375 616 B, has 536 870 912 B: short by 1 426 504 704 B"
    /// );
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[expect(
        clippy::result_large_err,
        reason = "the error of the fit check, and there is no allocator to put it elsewhere"
    )]
    pub fn on(&self, board: &Board, talk: &Talk) -> Result<TalkReport, FitError> {
        let weight_bytes = self.weight_bytes();
        let kv_bytes = self.kv_bytes(talk.context, talk.kv_element_bytes);
        let region = board
            .regions
            .iter()
            .filter(|r| r.holds_data())
            .max_by_key(|r| (r.kind == RegionKind::Dram, r.bytes.value));
        let (name, memory_bytes) = region.map_or(("RAM", 0), |r| (r.name, r.bytes.value));
        let need = weight_bytes.saturating_add(kv_bytes).saturating_add(talk.system_bytes);
        let mut error = FitError::new(board.id);
        error.demand(Resource::Memory(name), need, memory_bytes);
        if !error.is_empty() {
            return Err(error);
        }
        let rate = |bytes_per_s: u64, bytes: u64| {
            bytes_per_s.saturating_mul(1000).checked_div(bytes).unwrap_or(u64::MAX)
        };
        let milli_tokens = board.read_bytes_per_s.map(|b| Sourced {
            value: Span {
                low: rate(b.value.low, weight_bytes.saturating_add(kv_bytes)),
                high: rate(b.value.high, weight_bytes),
            },
            from: b.from,
        });
        Ok(TalkReport {
            board: board.id,
            weight_bytes,
            kv_bytes,
            system_bytes: talk.system_bytes,
            memory_bytes,
            milli_tokens,
        })
    }
}

impl TalkReport {
    /// Returns the bytes in use: weights, keys and values, system.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.weight_bytes.saturating_add(self.kv_bytes).saturating_add(self.system_bytes)
    }
}

impl fmt::Display for TalkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.used();
        writeln!(f, "{}: fits", self.board)?;
        writeln!(
            f,
            "  weights {} B, keys and values {} B, system {} B",
            Grouped(self.weight_bytes),
            Grouped(self.kv_bytes),
            Grouped(self.system_bytes)
        )?;
        write!(
            f,
            "  RAM: {} B used, {} B free of {} B",
            Grouped(used),
            Grouped(self.memory_bytes.saturating_sub(used)),
            Grouped(self.memory_bytes)
        )?;
        match self.milli_tokens {
            Some(rate) => write!(
                f,
                "\n  rate: {} to {} tokens per second [{}]",
                Tenths(rate.value.low),
                Tenths(rate.value.high),
                rate.from
            ),
            None => f.write_str("\n  rate: not known, the board table has no memory bandwidth"),
        }
    }
}

/// No language model has the given id; the text names it and lists the known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLanguageModel {
    given: ShortText,
}

impl fmt::Display for UnknownLanguageModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown language model `{}`: known are ", self.given)?;
        for (i, model) in LANGUAGE_MODELS.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(model.id)?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownLanguageModel {}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{Board, LANGUAGE_MODELS, LanguageModel, Talk};

    #[test]
    fn sizes_are_those_of_the_lab() {
        for m in &LANGUAGE_MODELS {
            let ratio = m.weight_bytes() as f64 / m.lab.0 as f64;
            // The lab gives sizes with two digits, and a four-bit format stores 4.5 bits.
            assert!((0.88..=1.12).contains(&ratio), "{}: {ratio}", m.id);
        }
    }

    /// The bandwidth of the table is the span that the lab's rates give, so their rates lie inside; the data sheet's
    /// 17.1 GB/s bounds it from above.
    #[test]
    fn the_lab_reads_what_the_table_says() {
        let board = Board::by_id("rpi5-8").expect("a known board");
        let span = board.read_bytes_per_s.expect("a bandwidth").value;
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for m in &LANGUAGE_MODELS {
            let read = |milli: u64| m.lab.0 as f64 * milli as f64 / 1e3;
            low = low.min(read(m.lab.1.low));
            high = high.max(read(m.lab.1.high));
            let report = m.on(board, &Talk { context: 512, ..Talk::default() }).expect("fits");
            let rate = report.milli_tokens.expect("a rate").value;
            // Sizes differ from the lab's by up to 12 %.
            assert!(
                rate.low as f64 <= 1.12 * m.lab.1.low as f64
                    && rate.high as f64 >= 0.88 * m.lab.1.high as f64,
                "{}: {rate}",
                m.id
            );
        }
        // The table holds tenths of a gigabyte per second.
        assert!(
            (span.low as f64 - low).abs() <= 5e7 && (span.high as f64 - high).abs() <= 5e7,
            "{low} {high}"
        );
        assert!(span.high < 17_100_000_000);
    }

    #[test]
    fn a_report_reads_as_a_table() {
        let model = LanguageModel::by_id("llama3.2-1b-q8").expect("known");
        let report =
            model.on(Board::by_id("rpi5-8").expect("known"), &Talk::default()).expect("fits");
        // 5.0e9 / 1 426 504 704 = 3.505; 11.7e9 / 1 359 395 840 = 8.607.
        assert_eq!(
            report.to_string(),
            "rpi5-8: fits\n  \
             weights 1 359 395 840 B, keys and values 67 108 864 B, system 536 870 912 B\n  \
             RAM: 1 963 375 616 B used, 6 626 558 976 B free of 8 589 934 592 B\n  \
             rate: 3.5 to 8.6 tokens per second [lab]"
        );
    }

    #[test]
    fn a_misspelt_model_lists_the_known_ones() {
        let error = LanguageModel::by_id("llama").expect_err("unknown");
        assert!(
            error
                .to_string()
                .starts_with("unknown language model `llama`: known are llama3.2-1b-q8, ")
        );
    }
}
