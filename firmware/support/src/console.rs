//! Lines of text to the machine that runs the emulator.
//!
//! Each piece is appended to a small buffer and sent when the buffer is full or the line ends, because every transfer
//! stops the core. Numbers are written here rather than through `core::fmt`, which would bring panics into the image.

use core::fmt;

use cortex_m_semihosting::hio::{HostStream, hstdout};

const BUFFER: usize = 256;

/// Standard output of the host.
pub struct Console {
    host: Option<HostStream>,
    buffer: [u8; BUFFER],
    len: usize,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console {
    /// Opens the host's standard output; without a host all text is dropped.
    #[must_use]
    pub fn open() -> Self {
        Self { host: hstdout().ok(), buffer: [0; BUFFER], len: 0 }
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for &byte in text.as_bytes() {
            self.byte(byte);
        }
        self
    }

    /// Appends ` name=value`.
    pub fn field(&mut self, name: &str, value: u64) -> &mut Self {
        self.text(" ").text(name).text("=").number(value)
    }

    /// Appends ` name=` and two hexadecimal digits for each value.
    pub fn hex(&mut self, bytes: &[i8]) -> &mut Self {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        for &value in bytes {
            for nibble in [value.cast_unsigned() >> 4, value.cast_unsigned() & 15] {
                self.byte(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?'));
            }
        }
        self
    }

    /// Ends the line and sends it.
    pub fn end(&mut self) {
        self.byte(b'\n');
        self.flush();
    }

    fn number(&mut self, mut value: u64) -> &mut Self {
        // u64::MAX has 20 digits.
        let mut digits = [b'0'; 20];
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.wrapping_add(u8::try_from(value % 10).unwrap_or(0));
            value /= 10;
            count += 1;
            if value == 0 {
                break;
            }
        }
        for &digit in digits.iter().skip(20 - count) {
            self.byte(digit);
        }
        self
    }

    fn byte(&mut self, byte: u8) {
        if self.len >= BUFFER {
            self.flush();
        }
        if let Some(slot) = self.buffer.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    fn flush(&mut self) {
        if let (Some(host), Some(bytes)) = (&mut self.host, self.buffer.get(..self.len)) {
            // A host that does not listen is no reason to stop the device.
            let _ = host.write_all(bytes);
        }
        self.len = 0;
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.text(s);
        Ok(())
    }
}
