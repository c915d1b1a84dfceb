//! A display of 72 × 40 dots with an SSD1306 controller on an I²C bus.
//!
//! The controller drives 128 × 64 dots; the panel shows columns 28 to 99 of its upper 40 rows. A
//! page is 8 rows high, a byte one column of a page with its top dot in bit 0. Commands are those
//! of the controller's data sheet.

use embedded_hal::i2c::{I2c, SevenBitAddress};

use super::font;
use super::indicator::{ANOMALY, Indicator};

/// Dots per row.
const COLUMNS: usize = 72;
/// Pages of 8 rows.
const PAGES: usize = 5;
/// Bytes of the picture: one bit per dot.
pub const OLED_BYTES: usize = COLUMNS * PAGES;
/// Characters per line: five columns and a gap each.
const CHARACTERS: usize = COLUMNS / CELL;
const CELL: usize = font::WIDTH + 1;
/// First column of the panel.
const OFFSET: u8 = 28;
/// Before commands, before picture bytes.
const COMMANDS: u8 = 0x00;
const PICTURE: u8 = 0x40;

const SETUP: [u8; 27] = [
    COMMANDS, //
    0xAE, // off
    0xD5, 0x80, // clock: default frequency, not divided
    0xA8, 39, // 40 rows
    0xD3, 0x00, // not shifted
    0x40, // first row on top
    0xAD, 0x30, // internal current reference, larger current
    0x8D, 0x14, // charge pump on
    0x20, 0x02, // page addressing
    0xA1, // columns from the right: connector below
    0xC8, // rows from the bottom
    0xDA, 0x12, // rows wired alternately
    0x81, 0xAF, // contrast
    0xD9, 0x22, // precharge
    0xDB, 0x20, // deselect level
    0xA4, // show the picture
    0xA6, // lit dots are ones
];

/// Why the display shows nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OledError<E> {
    /// The bus failed while setting up.
    #[error("display: setting up failed: {0:?}")]
    Setup(E),
    /// The bus failed while sending a part of the picture; the picture in memory is whole.
    #[error("display: sending page {page} of 5 failed: {error:?}")]
    Page {
        /// Which page, from 0.
        page: u8,
        /// The bus's error.
        error: E,
    },
    /// There is no label for the class; the display is dark.
    #[error("display: no label for class {class}, there are {have}")]
    NoSuchClass {
        /// The class to show.
        class: u8,
        /// Labels.
        have: u8,
    },
}

/// The display: a picture of 360 bytes, text, and a result as label and percentage.
///
/// ```no_run
/// # fn i2c() -> embedded_hal_mock::eh1::i2c::Mock { unreachable!() }
/// use kits_hal::hal::{Indicator, Oled72x40};
///
/// let mut display = Oled72x40::new(i2c(), &["silence", "unknown", "yes", "no"]);
/// display.init()?;
/// display.show(Some(2), 93)?; // YES, and 93 % below it
/// # Ok::<(), kits_hal::hal::OledError<embedded_hal::i2c::ErrorKind>>(())
/// ```
#[derive(Debug)]
pub struct Oled72x40<'l, I2C> {
    bus: I2C,
    address: SevenBitAddress,
    labels: &'l [&'l str],
    picture: [[u8; COLUMNS]; PAGES],
}

impl<'l, I2C: I2c> Oled72x40<'l, I2C> {
    /// Takes the bus and the label of each class; the display is expected at `0x3C`.
    pub const fn new(bus: I2C, labels: &'l [&'l str]) -> Self {
        Self { bus, address: 0x3C, labels, picture: [[0; COLUMNS]; PAGES] }
    }

    /// Sets the controller up, sends the picture, dark at first, and turns the display on.
    ///
    /// It may be called again at any time.
    ///
    /// # Errors
    ///
    /// [`OledError::Setup`], [`OledError::Page`].
    pub fn init(&mut self) -> Result<(), OledError<I2C::Error>> {
        self.bus.write(self.address, &SETUP).map_err(OledError::Setup)?;
        self.flush()?;
        self.bus.write(self.address, &[COMMANDS, 0xAF]).map_err(OledError::Setup)
    }

    /// Makes the picture dark.
    pub const fn clear(&mut self) {
        self.picture = [[0; COLUMNS]; PAGES];
    }

    /// Writes a line of text into the picture: 12 characters fit, more are left out; lines 0 to 4.
    pub fn text(&mut self, line: usize, text: &str) {
        let Some(page) = self.picture.get_mut(line) else { return };
        page.fill(0);
        let characters = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
        for (cell, character) in page.chunks_mut(CELL).zip(characters.take(CHARACTERS)) {
            for (column, dots) in cell.iter_mut().zip(font::glyph(character)) {
                *column = dots;
            }
        }
    }

    /// Returns the picture: five pages from the top, 72 columns each.
    pub fn picture(&self) -> &[u8] {
        self.picture.as_flattened()
    }

    /// Sends the picture.
    ///
    /// # Errors
    ///
    /// [`OledError::Page`]; calling it again sends the whole picture.
    pub fn flush(&mut self) -> Result<(), OledError<I2C::Error>> {
        for (columns, page) in self.picture.iter().zip(0_u8..) {
            let refused = |error| OledError::Page { page, error };
            let place = [COMMANDS, 0xB0 | page, OFFSET & 0x0F, 0x10 | (OFFSET >> 4)];
            self.bus.write(self.address, &place).map_err(refused)?;
            let mut bytes = [PICTURE; COLUMNS + 1];
            for (to, from) in bytes.iter_mut().skip(1).zip(columns) {
                *to = *from;
            }
            self.bus.write(self.address, &bytes).map_err(refused)?;
        }
        Ok(())
    }

    /// Gives the bus back.
    pub fn release(self) -> I2C {
        self.bus
    }
}

impl<I2C: I2c> Indicator for Oled72x40<'_, I2C> {
    type Error = OledError<I2C::Error>;

    /// Shows the label on the second line and the percentage on the fourth; `ANOMALY` without a
    /// label of its own is shown by that word.
    fn show(&mut self, class: Option<u8>, score: u8) -> Result<(), Self::Error> {
        self.clear();
        let label = match class {
            None => return self.flush(),
            Some(class) => match self.labels.get(usize::from(class)) {
                Some(label) => label,
                None if class == ANOMALY => "ANOMALY",
                None => {
                    self.flush()?;
                    let have = u8::try_from(self.labels.len()).unwrap_or(u8::MAX);
                    return Err(OledError::NoSuchClass { class, have });
                }
            },
        };
        self.text(1, label);
        let score = score.min(100);
        let digit = |value: u8| b'0'.saturating_add(value % 10);
        let text = [digit(score / 100), digit(score / 10), digit(score), b' ', b'%'];
        // Without leading zeros.
        let skipped = usize::from(score < 100).saturating_add((score < 10).into());
        let shown = text.get(skipped..).and_then(|text| core::str::from_utf8(text).ok());
        self.text(3, shown.unwrap_or_default());
        self.flush()
    }
}
