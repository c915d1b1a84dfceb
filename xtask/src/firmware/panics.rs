//! No image holds a symbol of `core::panicking`.

use anyhow::{Context as _, Result, bail};

use super::elf::Elf;
use super::image;

/// Builds every image and reads its symbols.
///
/// # Errors
///
/// If a build fails, or an image that must not panic holds such a symbol; the text names them.
pub(super) fn run() -> Result<()> {
    let mut clean = 0;
    for (image, elf) in image::build_all(&image::all())? {
        let file = std::fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
        clean += u32::from(look(&image.name(), &file, image.may_panic)?);
    }
    println!("panics: {clean} images without a symbol of core::panicking");
    Ok(())
}

/// Reads one image; returns whether it is clean.
///
/// # Errors
///
/// If it holds such a symbol and must not.
pub(super) fn look(name: &str, file: &[u8], may_panic: bool) -> Result<bool> {
    let elf = Elf::read(file).with_context(|| name.to_owned())?;
    let symbols = elf.symbols().with_context(|| name.to_owned())?;
    let found: Vec<&str> = symbols.iter().copied().filter(|symbol| panics(symbol)).collect();
    if found.is_empty() {
        println!("{name}: {} symbols, none of core::panicking", symbols.len());
        return Ok(true);
    }
    if may_panic {
        println!("{name}: {} symbols of core::panicking: its library allocates", found.len());
        return Ok(false);
    }
    bail!("{name}: {} symbols of core::panicking: {}", found.len(), found.join(", "));
}

/// Returns whether a mangled symbol lies in the module `core::panicking`, in the old mangling or the new one.
fn panics(symbol: &str) -> bool {
    symbol.contains("4core9panicking")
        || (symbol.starts_with("_R") && symbol.contains("4core") && symbol.contains("9panicking"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_manglings_of_the_module_are_found() {
        assert!(panics("_ZN4core9panicking18panic_bounds_check17h0123456789abcdefE"));
        assert!(panics("_RNvNtCs1234_4core9panicking5panic"));
        assert!(!panics("_RNvNtCs1234_8kits_hal4exec3run"));
        assert!(!panics("rust_begin_unwind"));
    }
}
