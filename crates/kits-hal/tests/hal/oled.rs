//! The display: bytes on the bus for set-up, pages and results; failures in the middle.

use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::i2c::{Mock as I2c, Transaction as T};
use kits_hal::hal::{ANOMALY, Indicator, OLED_BYTES, Oled72x40, OledError};

/// The transfers of a picture: place and columns of each page. Column 28 is 0x1C: low half 0x0C,
/// high half 0x11.
fn pages(picture: &[[u8; 72]; 5]) -> Vec<T> {
    let page = |(number, columns): (usize, &[u8; 72])| {
        let place = T::write(0x3C, vec![0x00, 0xB0 + number as u8, 0x0C, 0x11]);
        let bytes = [&[0x40], &columns[..]].concat();
        [place, T::write(0x3C, bytes)]
    };
    picture.iter().enumerate().flat_map(page).collect()
}

/// A picture with columns written at the start of some pages.
fn picture(parts: &[(usize, &[u8])]) -> [[u8; 72]; 5] {
    let mut picture = [[0; 72]; 5];
    for (page, columns) in parts {
        picture[*page][..columns.len()].copy_from_slice(columns);
    }
    picture
}

// Columns of the font, by hand from its drawings.
const N: [u8; 6] = [0x7F, 0x04, 0x08, 0x10, 0x7F, 0];
const O: [u8; 6] = [0x3E, 0x41, 0x41, 0x41, 0x3E, 0];
const SEVEN: [u8; 6] = [0x01, 0x71, 0x09, 0x05, 0x03, 0];
const ONE: [u8; 6] = [0x00, 0x42, 0x7F, 0x40, 0x00, 0];
const ZERO: [u8; 6] = [0x3E, 0x51, 0x49, 0x45, 0x3E, 0];
const BLANK: [u8; 6] = [0; 6];
const PERCENT: [u8; 6] = [0x23, 0x13, 0x08, 0x64, 0x62, 0];

#[test]
fn set_up_is_byte_for_byte_what_the_controller_needs() {
    let commands = vec![
        0x00, 0xAE, 0xD5, 0x80, 0xA8, 0x27, 0xD3, 0x00, 0x40, 0xAD, 0x30, 0x8D, 0x14, 0x20, 0x02,
        0xA1, 0xC8, 0xDA, 0x12, 0x81, 0xAF, 0xD9, 0x22, 0xDB, 0x20, 0xA4, 0xA6,
    ];
    let mut script = vec![T::write(0x3C, commands)];
    script.extend(pages(&picture(&[])));
    script.push(T::write(0x3C, vec![0x00, 0xAF]));
    let mut bus = I2c::new(&script);
    let mut display = Oled72x40::new(bus.clone(), &[]);
    display.init().unwrap();
    assert_eq!(display.picture(), [0; OLED_BYTES]);
    bus.done();
}

#[test]
fn a_result_is_a_label_and_a_percentage() {
    let label = [N, O].concat();
    let shown = [
        (Some(0), 7, [SEVEN, BLANK, PERCENT].concat()),
        (Some(0), 71, [SEVEN, ONE, BLANK, PERCENT].concat()),
        (Some(0), 100, [ONE, ZERO, ZERO, BLANK, PERCENT].concat()),
        (Some(0), 255, [ONE, ZERO, ZERO, BLANK, PERCENT].concat()),
    ];
    for (class, score, percent) in shown {
        let mut script = pages(&picture(&[(1, &label), (3, &percent)]));
        script.extend(pages(&picture(&[])));
        let mut bus = I2c::new(&script);
        let mut display = Oled72x40::new(bus.clone(), &["no"]);
        display.show(class, score).unwrap();
        display.show(None, 0).unwrap();
        bus.done();
    }
}

#[test]
fn a_class_without_a_label_leaves_the_display_dark() {
    let mut script = pages(&picture(&[]));
    let anomaly = |display: &mut Oled72x40<'_, I2c>| {
        display.clear();
        display.text(1, "ANOMALY");
        display.text(3, "0 %");
        display.picture().to_vec()
    };
    let mut scratch = Oled72x40::new(I2c::new(&[]), &[]);
    let drawn = anomaly(&mut scratch);
    scratch.release().done();
    let mut rows = [[0; 72]; 5];
    rows.as_flattened_mut().copy_from_slice(&drawn);
    script.extend(pages(&rows));
    let mut bus = I2c::new(&script);
    let mut display = Oled72x40::new(bus.clone(), &["no"]);
    assert_eq!(display.show(Some(1), 50), Err(OledError::NoSuchClass { class: 1, have: 1 }));
    display.show(Some(ANOMALY), 0).unwrap();
    bus.done();
}

#[test]
fn a_long_text_is_cut_and_a_wrong_line_ignored() {
    let mut display = Oled72x40::new(I2c::new(&[]), &[]);
    display.text(4, "77777777777777777777");
    let last = &display.picture()[4 * 72..];
    assert!(last.chunks(6).all(|cell| cell == SEVEN));
    assert_eq!(last.chunks(6).count(), 12);
    let before = display.picture().to_vec();
    display.text(5, "7");
    assert_eq!(display.picture(), before);
    display.text(4, "é\u{1F600}"); // unknown characters are question marks
    assert_eq!(display.picture()[4 * 72..4 * 72 + 5], display.picture()[4 * 72 + 6..4 * 72 + 11]);
    display.release().done();
}

#[test]
fn a_bus_error_in_any_page_names_it_and_the_next_flush_sends_all() {
    let blank = pages(&picture(&[]));
    for at in 0..10 {
        let mut script = blank[..=at].to_vec();
        script[at] = script[at].clone().with_error(ErrorKind::Bus);
        script.extend(pages(&picture(&[(0, &O)])));
        let mut bus = I2c::new(&script);
        let mut display = Oled72x40::new(bus.clone(), &[]);
        let error = display.flush().unwrap_err();
        assert_eq!(error, OledError::Page { page: (at / 2) as u8, error: ErrorKind::Bus });
        display.text(0, "o");
        display.flush().unwrap();
        bus.done();
    }
}
