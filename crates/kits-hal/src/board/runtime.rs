//! The flash that the runtime itself takes, by the operators it can run.

use super::runtime_sizes;
use crate::Model;

/// What of the runtime a program links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Runtime {
    /// The seven operators of the core set with the plain kernels: [`Session::core_plain`](crate::Session::core_plain).
    CorePlain,
    /// The core set with the fast kernels: [`Session::core`](crate::Session::core).
    Core,
    /// Every operator with the fast kernels: [`Session::new`](crate::Session::new).
    All,
}

impl Runtime {
    /// Returns the smallest runtime with fast kernels that runs `model`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use kits_hal::board::{Need, Runtime};
    /// use kits_hal::{Check, Model};
    ///
    /// # let bytes: &[u8] = &[];
    /// let model = Model::parse(bytes, Check::Full)?;
    /// let code_bytes = Runtime::of(&model).flash_bytes();
    /// let need = Need { code_bytes, stack_bytes: 8_192, ..Need::for_model(&model) };
    /// # let _ = need;
    /// # Ok::<(), kits_hal::LoadError>(())
    /// ```
    #[must_use]
    pub fn of(model: &Model<'_>) -> Self {
        if model.ops().all(|op| op.code.is_core()) { Self::Core } else { Self::All }
    }

    /// Returns the flash in bytes of an image that loads and runs models, without a model: start-up, vector table, runtime.
    ///
    /// Measured on images for a Cortex-M4, compiled for size (`opt-level = "s"`) with link-time optimisation. Other cores
    /// differ by some; code for speed takes about twice as much.
    ///
    /// # Source
    ///
    /// The table `firmware/sizes.txt`; `cargo xtask firmware size` measures.
    #[must_use]
    pub const fn flash_bytes(self) -> u32 {
        match self {
            Self::CorePlain => runtime_sizes::CORE_PLAIN,
            Self::Core => runtime_sizes::CORE,
            Self::All => runtime_sizes::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Runtime;

    #[test]
    fn more_kernels_take_more_flash() {
        let [plain, core, all] =
            [Runtime::CorePlain, Runtime::Core, Runtime::All].map(Runtime::flash_bytes);
        // 20 000 B is the limit of the smallest one, without the 1 440 B that an empty image takes.
        assert!(plain <= 21_440 && plain < core && core < all, "{plain} {core} {all}");
    }
}
