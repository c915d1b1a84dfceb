//! One vector: a container, inputs and the outputs to expect.

use core::fmt::Write as _;

use kits_hal::{Check, DType, Element, LoadError, Model, RunError, Session};
use support::console::Console;

/// One model and what it must answer.
#[derive(Debug)]
pub(crate) struct Case {
    /// What it is called in the vector files.
    pub(crate) name: &'static str,
    /// The `.kit` container.
    pub(crate) kit: &'static [u8],
    /// Inputs and outputs.
    pub(crate) samples: &'static [Sample],
}

/// One input and its output.
#[derive(Debug)]
pub(crate) struct Sample {
    /// All inputs, one after the other, in the order of memory.
    pub(crate) input: Input,
    /// All outputs, one after the other, in the order of memory.
    pub(crate) expected: &'static [u8],
}

/// Where input bytes come from.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "only whole models have seeds, and a build may be given none")]
pub(crate) enum Input {
    /// They are stored.
    Bytes(&'static [u8]),
    /// They are the stream of SplitMix64 with this seed.
    Seed(u64),
}

/// The bytes of the arena that a case needs, or what went wrong.
pub(crate) type Verdict = Result<usize, Wrong>;

/// Why a case failed.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// The container was refused.
    Load(LoadError),
    /// The run was refused.
    Run(RunError),
    /// A container one byte too short was not refused with both lengths.
    Truncated,
    /// An arena one byte too small was not refused with both sizes.
    SmallArena,
    /// An output differs.
    Output { plain: bool, sample: usize, byte: usize, found: u8, expected: u8 },
    /// There are more or fewer output bytes than expected.
    Length { plain: bool, sample: usize, found: usize, expected: usize },
}

impl From<LoadError> for Wrong {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

impl From<RunError> for Wrong {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl Wrong {
    /// Writes what went wrong to the end of a line.
    pub(crate) fn print(&self, out: &mut Console) {
        let kernels = |plain: &bool| if *plain { "plain" } else { "fast" };
        // The console never refuses text.
        let _ = match self {
            Self::Load(error) => write!(out, "text={error}"),
            Self::Run(error) => write!(out, "text={error}"),
            Self::Truncated => write!(out, "text=a container one byte short was not refused"),
            Self::SmallArena => write!(out, "text=an arena one byte short was not refused"),
            Self::Output { plain, sample, byte, found, expected } => write!(
                out,
                "kernels={} sample={sample} byte={byte} found={found} expected={expected}",
                kernels(plain)
            ),
            Self::Length { plain, sample, found, expected } => write!(
                out,
                "kernels={} sample={sample} found_bytes={found} expected_bytes={expected}",
                kernels(plain)
            ),
        };
    }
}

impl Case {
    /// Runs all samples in `arena`.
    pub(crate) fn run(&self, arena: &mut [u8]) -> Verdict {
        let kit = core::hint::black_box(self.kit);
        let model = Model::parse(kit, Check::Full)?;
        refuses_less(kit)?;
        let need = model.arena_len();
        if let Some(small) = need.checked_sub(1).and_then(|have| arena.get_mut(..have)) {
            let sizes = (u32::try_from(need), u32::try_from(need.saturating_sub(1)));
            match (Session::new(&model, small), sizes) {
                (Err(RunError::ArenaTooSmall { need, have }), sizes)
                    if sizes == (Ok(need), Ok(have)) => {}
                _ => return Err(Wrong::SmallArena),
            }
        }
        for plain in [false, true] {
            let mut session =
                if plain { Session::plain(&model, arena)? } else { Session::new(&model, arena)? };
            for (index, sample) in self.samples.iter().enumerate() {
                fill(&mut session, sample.input)?;
                session.run()?;
                compare(&session, sample.expected, plain, index)?;
            }
        }
        Ok(need)
    }
}

/// Checks that the container without its last byte is refused with both lengths.
fn refuses_less(kit: &[u8]) -> Result<(), Wrong> {
    let short = kit.split_last().map_or(kit, |(_, rest)| rest);
    let lengths = (u32::try_from(kit.len()), u32::try_from(short.len()));
    match Model::parse(short, Check::Full) {
        Err(LoadError::Truncated { need, have }) if lengths == (Ok(need), Ok(have)) => Ok(()),
        _ => Err(Wrong::Truncated),
    }
}

/// An element as it lies in the vector files: little endian, in at most four bytes.
trait Word: Element {
    fn from_low(word: [u8; 4]) -> Self;
    fn low(self) -> [u8; 4];
}

macro_rules! word {
    ($($rust:ty, $from:expr, $to:expr;)*) => {$(
        impl Word for $rust {
            fn from_low(word: [u8; 4]) -> Self {
                $from(word)
            }
            fn low(self) -> [u8; 4] {
                $to(self)
            }
        }
    )*};
}

word! {
    i8, |[a, ..]: [u8; 4]| a.cast_signed(), |v: Self| [v.cast_unsigned(), 0, 0, 0];
    u8, |[a, ..]: [u8; 4]| a, |v: Self| [v, 0, 0, 0];
    i16, |[a, b, ..]: [u8; 4]| Self::from_le_bytes([a, b]), |v: Self| {
        let [a, b] = v.to_le_bytes();
        [a, b, 0, 0]
    };
    i32, Self::from_le_bytes, Self::to_le_bytes;
    f32, Self::from_le_bytes, Self::to_le_bytes;
}

/// The bytes of an input, one after the other.
struct Stream {
    input: Input,
    /// Bytes given so far.
    at: usize,
    /// The last number of the generator.
    number: [u8; 8],
}

impl Stream {
    fn next(&mut self) -> u8 {
        let byte = match &mut self.input {
            Input::Bytes(bytes) => bytes.get(self.at).copied(),
            Input::Seed(state) => {
                if self.at.is_multiple_of(8) {
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mut z = *state;
                    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    self.number = (z ^ (z >> 31)).to_le_bytes();
                }
                self.number.get(self.at & 7).copied()
            }
        };
        self.at = self.at.wrapping_add(1);
        byte.unwrap_or(0)
    }

    fn write<T: Word>(&mut self, to: &mut [T]) {
        for element in to {
            let mut word = [0; 4];
            for byte in word.iter_mut().take(size_of::<T>()) {
                *byte = self.next();
            }
            *element = T::from_low(word);
        }
    }
}

/// Writes all inputs.
fn fill(session: &mut Session<'_, '_>, input: Input) -> Result<(), Wrong> {
    let mut stream = Stream { input, at: 0, number: [0; 8] };
    for index in 0..session.model().n_inputs() {
        match session.model().input(index).map(|info| info.dtype) {
            Some(DType::U8) => stream.write(session.input::<u8>(index)?),
            Some(DType::I16) => stream.write(session.input::<i16>(index)?),
            Some(DType::I32) => stream.write(session.input::<i32>(index)?),
            Some(DType::F32) => stream.write(session.input::<f32>(index)?),
            _ => stream.write(session.input::<i8>(index)?),
        }
    }
    Ok(())
}

/// Holds all outputs against the expected bytes.
fn compare(
    session: &Session<'_, '_>,
    expected: &[u8],
    plain: bool,
    sample: usize,
) -> Result<(), Wrong> {
    let mut seen = Seen { expected, at: 0, plain, sample };
    for index in 0..session.model().n_outputs() {
        match session.model().output(index).map(|info| info.dtype) {
            Some(DType::U8) => seen.look(session.output::<u8>(index)?)?,
            Some(DType::I16) => seen.look(session.output::<i16>(index)?)?,
            Some(DType::I32) => seen.look(session.output::<i32>(index)?)?,
            Some(DType::F32) => seen.look(session.output::<f32>(index)?)?,
            _ => seen.look(session.output::<i8>(index)?)?,
        }
    }
    if seen.at == expected.len() {
        return Ok(());
    }
    Err(Wrong::Length { plain, sample, found: seen.at, expected: expected.len() })
}

/// How far the outputs were compared.
struct Seen<'e> {
    expected: &'e [u8],
    at: usize,
    plain: bool,
    sample: usize,
}

impl Seen<'_> {
    fn look<T: Word>(&mut self, found: &[T]) -> Result<(), Wrong> {
        let (plain, sample) = (self.plain, self.sample);
        for element in found {
            for found in element.low().into_iter().take(size_of::<T>()) {
                let byte = self.at;
                let Some(&expected) = self.expected.get(byte) else {
                    let expected = self.expected.len();
                    return Err(Wrong::Length { plain, sample, found: byte + 1, expected });
                };
                if found != expected {
                    return Err(Wrong::Output { plain, sample, byte, found, expected });
                }
                self.at = byte.wrapping_add(1);
            }
        }
        Ok(())
    }
}
