//! CIFAR-10 in its binary version: files of 3,073-byte records.
//!
//! A record is a class from 0 to 9 and a color image of 32×32 pixels: all red values row by row, then green, then blue. The
//! files are named `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.

use std::{fs, path::Path};

use super::{Images, images::About};
use crate::{Error, Result};

/// Names of the ten classes.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const PIXELS: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PIXELS;

/// Reads one or more files, in the order given.
///
/// # Errors
///
/// [`Error::Io`] if a file cannot be read; [`Error::Format`] if its length is no multiple of a record, or a class is above 9,
/// with the name of the file.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Images> {
    let mut all = images(
        paths.iter().map(|p| p.as_ref().display().to_string()).collect::<Vec<_>>().join(", "),
    );
    for path in paths {
        let path = path.as_ref();
        let file = fs::read(path).map_err(|e| Error::io("read", path, e))?;
        append(&mut all, &file).map_err(|detail| bad(format!("{}: {detail}", path.display())))?;
    }
    Ok(all)
}

/// Returns the images in the contents of one file.
///
/// # Errors
///
/// [`Error::Format`] if the length is no multiple of a record, or a class is above 9.
pub fn parse(file: &[u8]) -> Result<Images> {
    let mut all = images("bytes in memory".to_owned());
    append(&mut all, file).map_err(bad)?;
    Ok(all)
}

fn images(origin: String) -> Images {
    let about = About {
        name: "CIFAR-10",
        origin,
        license: "that of the files, which are not part of this crate",
        citation: "A. Krizhevsky (2009), Learning multiple layers of features from tiny images",
    };
    Images {
        pixels: Vec::new(),
        labels: Vec::new(),
        shape: [3, 32, 32],
        white: 255,
        classes: 10,
        about,
    }
}

fn append(all: &mut Images, file: &[u8]) -> Result<(), String> {
    let (records, rest) = file.as_chunks::<RECORD>();
    if !rest.is_empty() || records.is_empty() {
        return Err(format!(
            "{} bytes long, need a multiple of {RECORD}: a class and {PIXELS} pixel values",
            file.len()
        ));
    }
    for (n, record) in records.iter().enumerate() {
        if record[0] > 9 {
            return Err(format!("record {n} has class {}, need 0 to 9", record[0]));
        }
        all.labels.push(record[0]);
        all.pixels.extend(&record[1..]);
    }
    Ok(())
}

fn bad(detail: String) -> Error {
    Error::format("CIFAR-10", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(class: u8, red: u8, blue: u8) -> Vec<u8> {
        let mut out = vec![class];
        out.extend([red; 1024]);
        out.extend([0; 1024]);
        out.extend([blue; 1024]);
        out
    }

    #[test]
    fn small_files_by_hand() {
        let set = parse(&[record(3, 255, 0), record(9, 0, 51)].concat()).unwrap();
        assert_eq!((set.len(), set.shape(), set.labels()), (2, [3, 32, 32], &[3, 9][..]));
        let [x, y] = set.to_tensors().unwrap();
        let x = x.to_vec::<f32>().unwrap();
        assert_eq!(
            [x[0], x[1023], x[1024], x[PIXELS], x[2 * PIXELS - 1]],
            [1.0, 1.0, 0.0, 0.0, 0.2]
        );
        assert_eq!(CLASSES[y.to_vec::<i64>().unwrap()[0] as usize], "cat");
    }

    #[test]
    fn faults_are_named() {
        let good = record(3, 1, 2);
        for end in (0..RECORD).step_by(97) {
            assert!(matches!(parse(&good[..end]), Err(Error::Format { .. })), "{end}");
        }
        let error = parse(&[good, record(10, 0, 0)].concat()).unwrap_err().to_string();
        assert!(error.contains("record 1 has class 10"), "{error}");
        let error = load(&["/no/such/data_batch_1.bin"]).unwrap_err();
        assert!(
            matches!(&error, Error::Io { path, .. } if path == "/no/such/data_batch_1.bin"),
            "{error}"
        );
    }

    #[test]
    fn several_files_make_one_set() {
        let folder = std::env::temp_dir().join(format!("tinytorch-cifar-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let paths = [folder.join("a.bin"), folder.join("b.bin")];
        fs::write(&paths[0], [record(1, 0, 0), record(2, 0, 0)].concat()).unwrap();
        fs::write(&paths[1], record(4, 0, 0)).unwrap();
        assert_eq!(load(&paths).unwrap().labels(), [1, 2, 4]);
        fs::write(&paths[1], &record(4, 0, 0)[1..]).unwrap();
        let error = load(&paths).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.contains("b.bin: 3072 bytes long"), "{error}");
    }
}
