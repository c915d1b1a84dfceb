//! Text to a serial port, without the panics of writing whole buffers.

use core::fmt;

use embedded_io::Write;

/// Why an answer was not sent whole. The device takes the next command as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PortError<E> {
    /// The port failed.
    #[error("serial port: {0:?}")]
    Failed(E),
    /// The port took nothing, or said that it took more than it was given; a port must wait until
    /// it can take a byte.
    #[error("serial port: took {taken} of {given} bytes")]
    Count {
        /// Bytes given.
        given: usize,
        /// Bytes it says it took.
        taken: usize,
    },
}

/// Text for the port; keeps the port's error, which `core::fmt` cannot carry.
pub(super) struct Port<'o, W: Write> {
    out: &'o mut W,
    error: Option<PortError<W::Error>>,
}

impl<W: Write> Port<'_, W> {
    // Not `Write::write_all`: it panics if the port takes nothing or lies.
    fn send(&mut self, mut bytes: &[u8]) -> Result<(), PortError<W::Error>> {
        while !bytes.is_empty() {
            let (given, taken) =
                (bytes.len(), self.out.write(bytes).map_err(PortError::Failed)?);
            bytes = match bytes.get(taken..) {
                Some(rest) if taken > 0 => rest,
                _ => return Err(PortError::Count { given, taken }),
            };
        }
        Ok(())
    }
}

impl<W: Write> fmt::Write for Port<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.send(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// Lends the port to `text`, flushes it, and gives back the port's own error.
pub(super) fn say<W: Write>(
    out: &mut W,
    text: impl FnOnce(&mut Port<'_, W>) -> fmt::Result,
) -> Result<(), PortError<W::Error>> {
    let mut port = Port { out, error: None };
    // A failure to write leaves its error in the port; nothing else makes `text` fail.
    let _ = text(&mut port);
    match port.error {
        Some(error) => Err(error),
        None => port.out.flush().map_err(PortError::Failed),
    }
}
