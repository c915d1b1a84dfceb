//! The slots and modules of the course as values.

/// Room for the slots of all modules: see [`Slot::index`].
pub(crate) const SLOTS: usize = 256;

/// A set of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bits([u128; SLOTS / 128]);

impl Bits {
    /// No slot.
    pub(crate) const NONE: Self = Self([0; SLOTS / 128]);

    /// All slots.
    pub(crate) const ALL: Self = Self([u128::MAX; SLOTS / 128]);

    /// True if the two have a slot in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// The slots of both.
    pub(crate) fn with(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i] | other.0[i]))
    }
}

/// Who writes a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The student: until it is written its checks fail.
    Core,
    /// The reference, unless the student wants to.
    Given,
}

/// One algorithm that can be written by a student.
#[derive(Debug)]
pub struct Slot {
    /// `mNN.name`
    pub id: &'static str,
    /// Number of the module, 1 to 20.
    pub module: u8,
    /// Place within the module.
    pub place: u8,
    /// Name of the method.
    pub name: &'static str,
    /// Who writes it.
    pub role: Role,
    /// First step for someone who is stuck.
    pub hint: &'static str,
    /// The method as it stands in an `impl` block.
    pub signature: &'static str,
}

impl Slot {
    /// Place among all slots; a module has at most ten.
    pub(crate) fn index(&self) -> usize {
        (usize::from(self.module) - 1) * 10 + usize::from(self.place)
    }

    /// The set of this slot alone.
    pub(crate) fn bit(&self) -> Bits {
        let mut bits = [0; 2];
        bits[self.index() / 128] = 1 << (self.index() % 128);
        Bits(bits)
    }

    /// True if the student is to write it.
    #[must_use]
    pub fn is_core(&self) -> bool {
        self.role == Role::Core
    }
}

/// One module of the course.
#[derive(Debug)]
pub struct Module {
    /// 1 to 20.
    pub number: u8,
    /// `m01`
    pub id: &'static str,
    /// What it is about.
    pub name: &'static str,
    /// Part of the course it belongs to.
    pub tier: &'static str,
    /// Name of the trait to implement.
    pub lesson: &'static str,
    /// Modules worth knowing before; nothing is refused without them.
    pub prerequisites: &'static [u8],
    /// Its slots.
    pub slots: &'static [Slot],
    /// Its checks.
    pub checks: &'static [super::Check],
    /// Names of the seeded mistakes of each slot.
    pub mutants: &'static [(&'static str, &'static [&'static str])],
    /// Hours that a first attempt takes, an estimate.
    pub hours: u8,
}

impl Module {
    /// Sum of the points of its checks.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|c| c.points).sum()
    }

    /// Returns the slot of this name.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&'static Slot> {
        self.slots.iter().find(|s| s.name == name)
    }
}
